"""What every part of the store stands on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.store.connection import Connection, Connections

Row = tuple[Any, ...]


class Part:
    """A group of the store's methods over its connections."""

    _db: Connections
    _clock: Callable[[], datetime]
    profile: Path


def stamp(when: datetime) -> float:
    return when.timestamp()


def stamp_or_none(when: datetime | None) -> float | None:
    return None if when is None else when.timestamp()


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def moment_or_none(seconds: float | None) -> datetime | None:
    return None if seconds is None else moment(seconds)


def ids_of(connection: Connection, sql: str, parameters: Any = ()) -> list[int]:
    """Return the first column of every row."""
    return [row[0] for row in connection.execute(sql, parameters)]


def model_id(connection: Connection, name: str) -> int | None:
    row = connection.execute("select id from models where name = ?", (name,)).fetchone()
    return None if row is None else int(row[0])


def make_model_id(connection: Connection, name: str) -> int:
    found = model_id(connection, name)
    if found is None:
        found = int(connection.execute("insert into models (name) values (?) returning id", (name,)).fetchone()[0])
    return found


def hash_key(content_hash: bytes) -> int:
    """The number by which a content's hash is indexed."""
    return int.from_bytes(content_hash[:8], "big", signed=True)
