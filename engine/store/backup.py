"""Copies of the database: made by SQLite itself, verified, then put in place; and damaged files moved aside."""

from __future__ import annotations

import logging
import os
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from engine.errors import StoreError
from engine.store.connection import FILE_NAME, Connection, connect, plain_errors, private_folder

log = logging.getLogger(__name__)

KEPT = 3
COUNTED = ("feeds", "posts", "post_states", "contents", "events", "rules")


def copy_verified(path: Path, key: bytes | None, target: Path) -> Path:
    """Write a consistent copy (same key) to `target`, which appears only once it has been read back whole.

    Raises:
        StoreError: it cannot be written, or does not read back as the original does.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)  # one that is there keeps its rights
    except OSError as error:
        raise StoreError(f"The backup {target} cannot be written: {error.strerror or error}.") from error
    # A plain copy of the file would lack what is still in the write-ahead log.
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with plain_errors():
            source = connect(path, key, read_only=True)
            try:
                source.execute("begin")
                wanted = _counts(source)
                source.execute("commit")
                source.execute("pragma query_only = off").fetchall()
                source.execute("vacuum into ?", (str(partial),))
            finally:
                source.close()
            _sync(partial)
            _verify(partial, key, wanted)
        os.replace(partial, target)
        _sync_folder(target.parent)
    except OSError as error:
        raise StoreError(f"The backup {target} cannot be written: {error.strerror or error}.") from error
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()
    log.info("backup bytes=%d", target.stat().st_size)
    return target


def _counts(connection: Connection) -> dict[str, int]:
    there = {row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")}
    return {
        name: connection.execute(f"select count(*) from {name}").fetchone()[0] for name in COUNTED if name in there
    }


def _verify(copy: Path, key: bytes | None, at_least: dict[str, int]) -> None:
    connection = connect(copy, key)
    try:
        (verdict,) = connection.execute("pragma quick_check(1)").fetchone()
        counts = _counts(connection)
    finally:
        connection.close()
    # Others may have written between the two looks: there may be more, never less.
    if verdict != "ok" or any(counts.get(name, -1) < count for name, count in at_least.items()):
        raise StoreError("The copy of the database does not read back as it should; it was thrown away.")


def _sync(path: Path) -> None:
    os.chmod(path, 0o600)
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_folder(path: Path) -> None:
    if os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def trim_backups(folder: Path, kept: int = KEPT) -> None:
    """Remove all but the newest copies that migrations made."""
    for old in sorted(folder.glob("before-m*.db"), key=lambda path: path.stat().st_mtime)[:-kept]:
        old.unlink()


def latest_backup(profile: Path) -> Path | None:
    copies = sorted((profile / "backups").glob("*.db"), key=lambda path: path.stat().st_mtime)
    return copies[-1] if copies else None


def set_aside(profile: Path) -> Path:
    """Move a damaged database, with its log, into a folder of its own, byte for byte, so that a new one can begin.

    Returns the folder.
    Raises:
        StoreError: there is none, or it cannot be moved.
    """
    files = [path for path in (profile / f"{FILE_NAME}{tail}" for tail in ("", "-wal", "-shm")) if path.exists()]
    if not files:
        raise StoreError(f"There is no database in {profile}.")
    folder = profile / f"damaged-{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"
    private_folder(folder)
    try:
        for path in reversed(files):  # the database last: without it nothing opens the log
            os.replace(path, folder / path.name)
    except OSError as error:
        raise StoreError(f"{profile} cannot be changed: {error.strerror or error}.") from error
    return folder


def restore(profile: Path, copy: Path, key: bytes | None) -> None:
    """Put a copy in the place of a database that was set aside.

    Raises:
        StoreError: there is a database still, or the copy is damaged.   LockedError: wrong key.
    """
    target = profile / FILE_NAME
    if target.exists():
        raise StoreError(f"{target} is still there. Set it aside first.")
    copy_verified(copy, key, target)
