"""The store as one object: every part of it over the same connections."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from engine.errors import DamagedError, InputError
from engine.settings import Value, by_name
from engine.store.accounts import AccountsPart
from engine.store.acts import ActsPart
from engine.store.algorithm import AlgorithmPart
from engine.store.articles import ArticlesPart
from engine.store.backup import copy_verified
from engine.store.briefings import BriefingsPart
from engine.store.connection import (
    FILE_NAME,
    Connection,
    Connections,
    connect,
    plain_errors,
    private_file,
    private_folder,
)
from engine.store.derived import DerivedPart
from engine.store.feeds import FeedsPart
from engine.store.flags import FlagsPart
from engine.store.health import HealthPart
from engine.store.imports import ImportsPart
from engine.store.ingest import IngestPart
from engine.store.ledger import LedgerPart
from engine.store.locks import LockName, lock
from engine.store.migrations import migrate
from engine.store.modelservers import ModelServersPart
from engine.store.outbox import OutboxPart
from engine.store.pictures import PicturesPart
from engine.store.readers import ReadersPart
from engine.store.reapplying import ReapplyingPart
from engine.store.retention import RetentionPart
from engine.store.rules import RulesPart
from engine.store.search import SearchPart
from engine.store.stories import StoriesPart
from engine.store.story_acts import StoryActsPart
from engine.store.switching import SwitchingPart
from engine.store.timeline import TimelinePart
from engine.store.upkeep import UpkeepPart
from engine.store.vectors import VectorsPart
from engine.store.written import WrittenPart
from engine.types import Changes

log = logging.getLogger(__name__)


class Store(
    FeedsPart,
    IngestPart,
    ImportsPart,
    HealthPart,
    TimelinePart,
    ActsPart,
    AlgorithmPart,
    DerivedPart,
    FlagsPart,
    VectorsPart,
    RulesPart,
    ReapplyingPart,
    SearchPart,
    StoriesPart,
    StoryActsPart,
    LedgerPart,
    RetentionPart,
    ArticlesPart,
    AccountsPart,
    ModelServersPart,
    SwitchingPart,
    ReadersPart,
    OutboxPart,
    PicturesPart,
    UpkeepPart,
    WrittenPart,
    BriefingsPart,
):
    """One profile's database. Every method may be called from any thread; a write returns after its commit."""

    def __init__(self, profile: Path, connections: Connections, key: bytes | None, clock: Callable[[], datetime]) -> None:
        self.profile = profile
        self._db = connections
        self._key = key
        self._clock = clock
        self._seen_version: int | None = None
        self._asked: Future[int] | None = None
        self.others_wrote()

    @classmethod
    def open(cls, profile: Path, *, key: bytes | None, clock: Callable[[], datetime]) -> Self:
        """Open a profile's database, making or migrating it where needed.

        Args:
            key: 32 bytes; None for a profile that is not encrypted.
            clock: returns the present as an aware datetime.
        Raises:
            LockedError: the key is wrong or missing.   NewerProfileError.
            StoreError: damaged, not writable, no database of Millpond's; the file is left as it is.
        """
        if key is not None:
            if len(key) != 32:
                raise ValueError("a key has 32 bytes")
            _forbid_core_dumps()
        path = profile / FILE_NAME
        private_folder(profile)
        _require_not_lost(profile)
        private_file(path)
        migrate(path, key, clock())
        return cls(profile, Connections(path, key), key, clock)

    def close(self) -> None:
        """Finish what waits to be written and close. Safe to call twice."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def lock(self, name: LockName) -> AbstractContextManager[None]:
        """Hold a lock of the profile between processes. Entering raises BusyError, which names the owner."""
        return lock(self.profile, name)

    def others_wrote(self) -> bool:
        """Whether another process wrote since the last call. Never waits: a busy writer answers at a later call."""
        # On the writer's own connection the number moves only when somebody else commits.
        asked, self._asked = self._asked, None
        if asked is None:
            asked = self._db.send(lambda c: int(c.execute("pragma data_version").fetchone()[0]), bare=True)
        try:
            version = asked.result(timeout=0.002)
        except TimeoutError:
            self._asked = asked
            return False
        before, self._seen_version = self._seen_version, version
        return before is not None and before != version

    def settings(self) -> dict[str, Value]:
        """Return the settings that were set; all others have their default."""
        with self._db.read() as connection:
            rows = connection.execute("select name, value from settings").fetchall()
        return {name: json.loads(value) for name, value in rows}

    def set_setting(self, name: str, value: object) -> Changes:
        """Raises InputError when there is no such setting, or the value is none of its."""
        parsed = by_name(name).parse(value)

        def work(connection: Connection) -> Changes:
            connection.execute("insert or replace into settings (name, value) values (?, ?)", (name, json.dumps(parsed)))
            return Changes(settings=True)

        return self._db.write(work, durable=True)

    def backup(self, path: Path) -> Path:
        """Write a verified copy under the same key; it appears only once it is whole.

        Raises:
            InputError: there is something of that name.   StoreError.
        """
        if path.exists() or path.is_symlink():
            raise InputError(f"There is something at {path} already. It was left as it is: give the copy another name.")
        return copy_verified(self.profile / FILE_NAME, self._key, path)

    def check(self) -> list[str]:
        """Return what is wrong with the database, in plain words; empty when all is well. Reads all of it."""
        problems: list[str] = []
        with plain_errors():
            connection = connect(self.profile / FILE_NAME, self._key)
            try:
                for (line,) in connection.execute("pragma quick_check(10)"):
                    if line != "ok":
                        problems.append(str(line))
                for table, *_ in connection.execute("pragma foreign_key_check"):
                    problems.append(f"A row of {table} refers to one that is not there.")
                unsearchable = connection.execute(
                    """
                    select count(*) from posts where content_id is not null
                      and id not in (select id from words_docsize)
                    """
                ).fetchone()[0]
                if unsearchable:
                    problems.append(f"{unsearchable} posts cannot be found by their words.")
            finally:
                connection.close()
        return problems

    def tidy(self) -> None:
        """For idle time: merge the word index a little, let SQLite look at its statistics, empty the log."""

        def work(connection: Connection) -> None:
            connection.execute("insert into words (words, rank) values ('merge', 2000)")
            connection.execute("pragma optimize").fetchall()
            connection.execute("pragma wal_checkpoint(truncate)").fetchall()

        self._db.send(work, bare=True).result()

    def sizes(self) -> dict[str, int]:
        """Return the bytes of the profile's files by name."""
        found: dict[str, int] = {}
        for path in sorted(self.profile.rglob("*")):
            with suppress(OSError):
                if path.is_file():
                    found[path.relative_to(self.profile).as_posix()] = path.stat().st_size
        return found


def _require_not_lost(profile: Path) -> None:
    """Refuse to begin anew where a database was: its copies, or its log, are still there."""
    path, log_file = profile / FILE_NAME, profile / f"{FILE_NAME}-wal"
    if path.exists() and path.stat().st_size:
        return
    if any((profile / "backups").glob("*.db")) or (log_file.exists() and log_file.stat().st_size):
        raise DamagedError(
            f"The database in {profile} is gone or empty, though there was one. Nothing was changed: "
            "`millpond doctor --restore` takes its last good copy. To begin anew instead, move the folder away."
        )


def _forbid_core_dumps() -> None:
    """A core dump would hold the key."""
    if sys.platform != "win32":
        import resource

        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
