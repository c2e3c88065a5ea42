"""Connections to the database: one thread that writes, a pool of read-only connections, errors in plain words."""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from sqlcipher3 import dbapi2 as sqlcipher

from engine.errors import BusyError, DamagedError, LockedError, StoreError

log = logging.getLogger(__name__)

Connection = Any  # sqlcipher3 has no type hints; its connections answer like the standard library's
T = TypeVar("T")

FILE_NAME = "millpond.db"
APPLICATION_ID = 0x4D504E44  # "MPND"
BUSY_MILLISECONDS = 5000
FIRST_SOUND_SQLITE = (3, 51, 3)  # earlier ones can damage a database that two connections checkpoint at once
GROUP = 64  # writes that share one commit at most
IDLE_READERS = 3
CHECKPOINT_PAGES = 4000  # 16 MB: each checkpoint waits for the disk twice

_PLAIN_WORDS = {
    sqlcipher.SQLITE_READONLY: "The profile cannot be written: its disk or folder is read-only. Nothing was changed.",
    sqlcipher.SQLITE_FULL: "The disk is full. What was being saved was not saved; all that was saved before is there.",
    sqlcipher.SQLITE_IOERR: "The disk reports an error. What was being saved was not saved; look at the disk first.",
    sqlcipher.SQLITE_CANTOPEN: "The profile's database cannot be opened: its folder is missing or may not be read.",
    sqlcipher.SQLITE_CORRUPT: "The profile's database is damaged. It was left as it is. Put it right with:  millpond doctor --restore",
    sqlcipher.SQLITE_PERM: "The profile cannot be read: this account has no right to its files.",
}


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what a person can act on (full, read-only, damaged, busy) into StoreError; a bug in SQL stays a bug."""
    try:
        yield
    except sqlcipher.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlcipher.SQLITE_BUSY, sqlcipher.SQLITE_LOCKED):
            raise BusyError("Another Millpond has been writing to this profile for too long. Try again.") from error
        if code == sqlcipher.SQLITE_NOTADB:  # a wrong key and a damaged first page look alike
            raise LockedError(
                "The key does not open this profile, or its database is damaged. It was left as it is."
            ) from error
        if code == sqlcipher.SQLITE_CORRUPT:
            raise DamagedError(_PLAIN_WORDS[code]) from error
        if code in _PLAIN_WORDS:
            raise StoreError(_PLAIN_WORDS[code]) from error
        raise


def connect(path: Path, key: bytes | None, *, read_only: bool = False, cache_kib: int = 8000) -> Connection:
    """Open a connection, for any thread, without transactions of its own making.

    Args:
        key: 32 bytes that SQLCipher uses as they are; None for a plain file.
    """
    if sqlcipher.sqlite_version_info < FIRST_SOUND_SQLITE:
        raise StoreError(f"SQLite {sqlcipher.sqlite_version} can damage databases; 3.51.3 or newer is needed.")
    mode = "ro" if read_only else "rw"
    connection = sqlcipher.connect(
        f"file:{quote(str(path.absolute()))}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    # First of all: otherwise a wrong key writes to stderr.
    connection.execute("pragma cipher_log_level = NONE").fetchall()
    if key is not None:
        connection.execute(f"pragma key = \"x'{key.hex()}'\"").fetchall()
    for pragma in (
        f"busy_timeout = {BUSY_MILLISECONDS}",
        "foreign_keys = on",
        "trusted_schema = off",
        f"cache_size = -{cache_kib}",
        "temp_store = memory",
        *(("query_only = on",) if read_only else ("secure_delete = on",)),
    ):
        connection.execute(f"pragma {pragma}").fetchall()
    return connection


def require_readable(connection: Connection, key: bytes | None) -> None:
    """Read the first page.

    Raises:
        LockedError: the key is not this file's.   StoreError: the disk says no.
    """
    try:
        with plain_errors():
            connection.execute("select count(*) from sqlite_master").fetchall()
    except StoreError as error:
        cause = error.__cause__
        if isinstance(cause, sqlcipher.Error) and getattr(cause, "sqlite_errorcode", 0) & 0xFF == sqlcipher.SQLITE_NOTADB:
            if key is None:
                raise LockedError(
                    "This profile is encrypted, or its database is damaged. It was left as it is: "
                    "open it with its passphrase, keyring or recovery key."
                ) from error
            raise LockedError(
                "The key does not open this profile, or its database is damaged. It was left as it is."
            ) from error
        raise


@dataclass(slots=True)
class _Job(Generic[T]):
    """A write that waits for its turn. It may run twice, when the commit that it shared failed."""

    work: Callable[[Connection], T]
    durable: bool  # a person's act: on the disk before it is acknowledged
    bare: bool  # outside of a transaction
    done: Future[T] = field(default_factory=Future)


class Connections:
    """The one writing connection with its thread, and the read-only ones.

    Writes that wait together share a commit; each is a savepoint, so that one failing takes none with it.
    """

    def __init__(self, path: Path, key: bytes | None) -> None:
        self.path = path
        self._key = key
        self._readers: list[Connection] = []
        self._guard = threading.Lock()
        self._closed = False
        with plain_errors():
            self._writer = connect(path, key, cache_kib=24000)
            require_readable(self._writer, key)
            self._writer.execute("pragma synchronous = normal").fetchall()
            self._writer.execute(f"pragma wal_autocheckpoint = {CHECKPOINT_PAGES}").fetchall()
            self._writer.execute("pragma journal_size_limit = 67108864").fetchall()
        self._jobs: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="store-writer", daemon=True)
        self._thread.start()

    def write(self, work: Callable[[Connection], T], *, durable: bool = False) -> T:
        """Run `work` in a transaction on the writer's thread and return its result after the commit."""
        return self.send(work, durable=durable).result()

    def send(self, work: Callable[[Connection], T], *, durable: bool = False, bare: bool = False) -> Future[T]:
        """As `write`, without waiting. `bare` runs outside of a transaction."""
        job = _Job(work, durable, bare)
        with self._guard:
            if self._closed:
                raise StoreError("The profile is closed.")
            self._jobs.put(job)
        return job.done

    def send_and_log(self, work: Callable[[Connection], T], what: str) -> None:
        """As `send`, for writes whose failure nobody waits for: it is logged."""

        def told(done: Future[T]) -> None:
            if (error := done.exception()) is not None:
                log.error("write failed what=%s error=%s", what, type(error).__name__)

        try:
            self.send(work).add_done_callback(told)
        except StoreError:
            log.info("write after closing what=%s", what)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Lend a read-only connection to the calling thread."""
        with self._guard:
            if self._closed:
                raise StoreError("The profile is closed.")
            connection = self._readers.pop() if self._readers else None
        with plain_errors():
            if connection is None:
                connection = connect(self.path, self._key, read_only=True)
            try:
                yield connection
            finally:
                self._give_back(connection)

    def close(self) -> None:
        """Write what waits, then close every connection. Safe to call twice."""
        with self._guard:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(None)
        self._thread.join()
        with self._guard:
            readers, self._readers = self._readers, []
        for connection in readers:
            connection.close()
        with suppress(sqlcipher.Error):  # the last connection checkpoints; a full disk leaves the log for next time
            self._writer.close()

    def _give_back(self, connection: Connection) -> None:
        with self._guard:
            if not self._closed and len(self._readers) < IDLE_READERS:
                self._readers.append(connection)
                return
        connection.close()

    # ---- the writer's thread ----

    def _write(self) -> None:
        while (job := self._jobs.get()) is not None:
            if job.bare:
                self._run_bare(job)
                continue
            group, last = [job], False
            following: _Job[Any] | None = None
            while len(group) < GROUP:
                try:
                    following = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if following is None:
                    last = True
                    break
                if following.bare:
                    break
                group.append(following)
                following = None
            self._run_group(group)
            if following is not None:
                self._run_bare(following)
            if last:
                return

    def _run_bare(self, job: _Job[Any]) -> None:
        try:
            with plain_errors():
                result = job.work(self._writer)
        except BaseException as error:  # noqa: BLE001 - handed to the caller who waits
            job.done.set_exception(error)
        else:
            job.done.set_result(result)

    def _run_group(self, group: Sequence[_Job[Any]]) -> None:
        """Run writes in one transaction; when its commit fails, each again in its own, to see which one fails."""
        outcomes: list[tuple[_Job[Any], Any, BaseException | None]] = []
        try:
            with plain_errors():
                # Within a transaction this pragma does nothing.
                durable = any(job.durable for job in group)
                self._writer.execute(f"pragma synchronous = {'full' if durable else 'normal'}").fetchall()
                self._writer.execute("begin immediate")
                for job in group:
                    outcomes.append((job, *self._run_one(job)))
                self._writer.execute("commit")
        except BaseException as error:  # noqa: BLE001 - handed to the callers who wait
            self._roll_back()
            if len(group) == 1 or isinstance(error, BusyError):
                for job in group:
                    job.done.set_exception(error)
                return
            for job in group:
                self._run_group([job])
            return
        for job, result, failure in outcomes:
            if failure is None:
                job.done.set_result(result)
            else:
                job.done.set_exception(failure)

    def _run_one(self, job: _Job[Any]) -> tuple[Any, BaseException | None]:
        self._writer.execute("savepoint job")
        try:
            with plain_errors():
                result = job.work(self._writer)
        except BaseException as error:
            if not self._writer.in_transaction:  # a full disk ends the whole transaction
                raise
            self._writer.execute("rollback to job")
            self._writer.execute("release job")
            return None, error
        self._writer.execute("release job")
        return result, None

    def _roll_back(self) -> None:
        if self._writer.in_transaction:
            try:
                self._writer.execute("rollback")
            except sqlcipher.Error as error:
                log.warning("rollback failed code=%s", getattr(error, "sqlite_errorcode", "?"))


def chunks(items: Sequence[T], size: int = 500) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def marks(count: int) -> str:
    """Return "?,?,?" for an `in (…)`."""
    return ",".join("?" * count)


def private_folder(path: Path) -> None:
    """Make a folder that only this account may enter."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        _only_mine(path, 0o700)
    except OSError as error:
        raise StoreError(f"The profile folder {path} cannot be made or entered: {error.strerror or error}.") from error


def private_file(path: Path) -> None:
    """Make an empty file of mode 0600 unless it is there; SQLite gives its log the same mode."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        _only_mine(path, 0o600)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}.") from error


def _only_mine(path: Path, mode: int) -> None:
    if os.name == "posix" and path.stat().st_mode & 0o777 != mode:
        os.chmod(path, mode)
