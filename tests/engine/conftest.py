"""Real engines over temporary encrypted profiles, and a sample internet on loopback."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import keyring
import pytest

from engine import Engine, PlainPost, SampleInternet, open_engine, sample_internet
from engine.http import Client, Policy
from engine.store import Store
from tests import fakenet
from tests.engine.store_posts import Clock, opened
from tests.fakenet import Ledger
from tests.memory_keyring import MemoryKeyring

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    with opened(tmp_path, clock) as store:
        yield store


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_engine(tmp_path / "profile", key=secrets.token_bytes(32)) as opened:
        yield opened


@pytest.fixture
def reopen(tmp_path: Path) -> Callable[[], Engine]:
    """Opens one profile again and again with the same key."""
    key = secrets.token_bytes(32)
    return lambda: open_engine(tmp_path / "kept", key=key)


@pytest.fixture
def internet() -> Iterator[SampleInternet]:
    with sample_internet() as served:
        yield served


def plain_posts(count: int, *, topic: str = "pond", hours: float = 1.0) -> list[PlainPost]:
    """Posts of an hour's distance each, the first the newest."""
    return [
        PlainPost(
            title=f"{topic.title()} report number {number}",
            text=f"The {topic} is calm this morning. Entry {number} was written by the water.",
            url=f"https://{topic}.example/{number}",
            published_at=NOW - timedelta(hours=hours * (number + 1)),
        )
        for number in range(count)
    ]


@pytest.fixture
def client(ledger: Ledger) -> Iterator[Client]:
    """The door to the network, whose requests stand in `ledger`."""
    made = Client(fakenet.Clock(), Policy(), ledger)
    yield made
    made.close()


@pytest.fixture
def ring() -> Iterator[MemoryKeyring]:
    """The keyring of the test."""
    before, made = keyring.get_keyring(), MemoryKeyring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)
