"""For idle time: a copy each week from which a damaged database can be put together, and a ledger that does not grow for ever."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from datetime import UTC, timedelta

from engine.store.backup import copy_verified
from engine.store.connection import FILE_NAME, Connection
from engine.store.part import Part, stamp

log = logging.getLogger(__name__)

COPY_EVERY_DAYS = 7
COPIES_KEPT = 2
LEDGER_DAYS = 90
_BATCH = 500
_FREE_BYTES = 200_000_000  # left on the disk beside a copy


class UpkeepPart(Part):
    _key: bytes | None

    def upkeep(self) -> Iterator[None]:
        """Do what is due, in steps that hold the writer for a few milliseconds each; stop between any two.

        Raises:
            StoreError: the copy could not be made, for the database is damaged or the disk says no; older copies stay.
        """
        oldest = stamp(self._clock()) - LEDGER_DAYS * 86400.0
        sql = "delete from ledger where id in (select id from ledger where at < ? and id < (select max(id) from ledger) order by id limit ?)"

        def forget(connection: Connection) -> int:
            return int(connection.execute(sql, (oldest, _BATCH)).rowcount)

        while self._db.write(forget) > 0:
            yield
        self._weekly_copy()
        yield

    def _weekly_copy(self) -> None:
        source, folder = self.profile / FILE_NAME, self.profile / "backups"
        now = self._clock().astimezone(UTC)
        since = f"weekly-{now - timedelta(days=COPY_EVERY_DAYS):%Y%m%dT%H%M%S}.db"
        if any(path.name > since for path in folder.glob("weekly-2*.db")):
            return
        if shutil.disk_usage(self.profile).free < 2 * source.stat().st_size + _FREE_BYTES:
            log.info("no weekly copy: the disk is nearly full")
            return
        copy_verified(source, self._key, folder / f"weekly-{now:%Y%m%dT%H%M%S}.db")
        for old in sorted(folder.glob("weekly-2*.db"))[:-COPIES_KEPT]:
            old.unlink()
