"""After damage: a database put together from the last good copy and all that can still be read of the damaged one.

The damaged file is only read, then moved aside byte for byte; the new one takes its place once it was read back whole.
"""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from sqlcipher3 import dbapi2 as sqlcipher

from engine.errors import StoreError
from engine.store.backup import copy_verified, restore, set_aside
from engine.store.connection import FILE_NAME, Connection, connect, plain_errors, private_file
from engine.store.folded import settle_stories
from engine.store.locks import lock
from engine.store.migrations import migrate
from engine.store.part import Row, ids_of
from engine.store.tokens import spaced
from engine.types import Rescue

log = logging.getLogger(__name__)

# What nobody could make again, each with the whole number by which its rows are cut; "" where there is none.
CARRIED = {
    "settings": "", "feeds": "rowid", "feed_auth": "rowid", "rules": "rowid", "post_states": "rowid", "events": "post_id",
    "posts": "rowid", "contents": "rowid", "bodies": "rowid", "extras": "rowid", "content_flags": "rowid", "counters": "rowid", "sketches": "rowid",
    "versions": "post_id", "hits": "rule_id", "imports": "rowid", "import_feeds": "import_id", "import_posts": "import_id",
    "ledger": "rowid", "pauses": "", "full_texts": "rowid", "full_text_feeds": "rowid", "accounts": "rowid", "outbox": "rowid", "picture_feeds": "rowid",
    "merges": "rowid", "merge_feeds": "merge_id", "merge_posts": "rowid", "rule_marks": "rule_id", "rule_progress": "rowid", "reader_states": "rowid",
    "stories": "rowid", "story_posts": "rowid", "story_pairs": "post_id", "story_acts": "rowid",
    "timelines": "rowid", "interest_edits": "", "forgotten": "rowid", "judged_scores": "rowid",
    "summary_wishes": "rowid", "briefings": "rowid", "briefed": "briefing_id", "model_servers": "rowid",
}  # fmt: skip
# What is counted or computed from those, and made again where it is missing.
MADE_AGAIN = frozenset(
    ("feed_counts", "stages", "models", "vectors", "signals", "summaries", "ranking", "ranking_reasons", "ranking_details", "marks", "pictures", "topics", "written", "summary_days")
)
_TRIES = 3_000  # failed looks at one table: pages that cannot be read are found by halving
_BATCH = 500


class _Damaged:
    """The damaged file, only read. SQLCipher's connection gives out nothing more after one bad page, so a new one follows."""

    def __init__(self, path: Path, key: bytes | None) -> None:
        self._path, self._key = path, key
        self._connection = connect(path, key, read_only=True)

    def rows(self, sql: str, parameters: tuple[int, ...] = ()) -> Iterator[Row]:
        try:
            yield from self._connection.execute(sql, parameters)
        except sqlcipher.Error:
            self.close()
            self._connection = connect(self._path, self._key, read_only=True)
            raise

    def close(self) -> None:
        self._connection.close()


def rescue(profile: Path, key: bytes | None, now: datetime) -> Rescue:
    """Replace a damaged database by the newest good copy with all that the damaged one still gives out.

    Raises:
        BusyError: Millpond has the profile open.   StoreError: nothing can be read and there is no copy, or the disk
        says no; then nothing was changed.
    """
    with lock(profile, "window"), lock(profile, "jobs"):
        work = Path(tempfile.mkdtemp(prefix="damaged-rescue-", dir=profile))
        try:
            made = work / FILE_NAME
            copy = _newest_good(profile, key, made)
            if copy is None:
                private_file(made)
            migrate(made, key, now)
            carried, partly, without_text = _carry(profile / FILE_NAME, made, key)
            if copy is None and not carried:
                raise StoreError(
                    "Nothing can be read of the damaged database, and there is no copy of it. It was left as it is."
                )
            _require_sound(made, key)
            folder = set_aside(profile) if (profile / FILE_NAME).exists() else None
            restore(profile, made, key)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    log.info("rescued rows=%d partly=%d", sum(carried.values()), len(partly))
    return Rescue(
        set_aside=folder,
        copy_made_at=None if copy is None else datetime.fromtimestamp(copy.stat().st_mtime, UTC),
        rows=carried,
        damaged_tables=tuple(partly),
        posts_without_text=without_text,
    )


def copies(profile: Path) -> list[Path]:
    """Return the copies in the profile's folder, the newest first. None has been looked into."""
    return sorted((profile / "backups").glob("*.db"), key=lambda path: path.stat().st_mtime, reverse=True)


def _newest_good(profile: Path, key: bytes | None, target: Path) -> Path | None:
    for copy in copies(profile):
        with suppress(StoreError):
            copy_verified(copy, key, target)
            return copy
    return None


def _carry(damaged: Path, made: Path, key: bytes | None) -> tuple[dict[str, int], list[str], int]:
    """Bring over what can be read: rows by table, tables of which some could not be read, posts left without a text."""
    rows: dict[str, int] = {}
    partly: list[str] = []
    # SQLite deletes the log of an empty file, so that is not even opened.
    if not damaged.exists() or damaged.stat().st_size == 0:
        return rows, [], 0
    try:
        source = _Damaged(damaged, key)
    except sqlcipher.Error:
        return rows, list(CARRIED), 0
    target = connect(made, key)
    try:
        try:
            there = {row[0] for row in source.rows("select name from sqlite_master where type = 'table'")}
        except sqlcipher.Error:
            return rows, list(CARRIED), 0
        with plain_errors():
            target.execute("pragma foreign_keys = off").fetchall()
            target.execute("begin immediate")
            target.execute("create temp table had as select p.id, c.hash from posts p join contents c on c.id = p.content_id")
            top = _highest(source, target, there)
            for table, cut in CARRIED.items():
                if table in there:
                    rows[table], whole = _table(source, target, table, cut, top)
                    if not whole:
                        partly.append(table)
            without_text = _mend(target)
            target.execute("commit")
    finally:
        source.close()
        target.close()
    return rows, partly, without_text


def _highest(source: _Damaged, target: Connection, there: set[str]) -> int:
    found = 0
    for table, cut in CARRIED.items():
        if cut == "rowid" and table in there:
            asked = f"select max(rowid) from {table}"
            with suppress(sqlcipher.Error):
                found = max(found, *(row[0] or 0 for row in (*source.rows(asked), *target.execute(asked))))
    return found + 10_000


def _table(source: _Damaged, target: Connection, table: str, cut: str, top: int) -> tuple[int, bool]:
    """Copy a table's readable rows; (how many, whether that was all). All of them replace the copy's: what is gone is gone."""
    try:
        known = {row[1] for row in source.rows(f"pragma table_info({table})")}
    except sqlcipher.Error:
        return 0, False
    columns = [row[1] for row in target.execute(f"pragma table_info({table})") if row[1] in known]
    select = f"select {', '.join(columns)} from {table}"
    insert = f"insert or replace into {table} ({', '.join(columns)}) values ({', '.join('?' * len(columns))})"
    target.execute("savepoint whole")
    count = 0
    try:
        target.execute(f"delete from {table}")
        found = source.rows(select)
        while batch := list(islice(found, _BATCH)):
            target.executemany(insert, batch)
            count += len(batch)
        target.execute("release whole")
        return count, True
    except sqlcipher.Error:
        target.execute("rollback to whole")
        target.execute("release whole")
    count = 0
    for row in _readable(source, select, cut, top):
        with suppress(sqlcipher.IntegrityError):  # damage in a file without encryption can be any bytes
            target.execute(insert, row)
            count += 1
    return count, False


def _readable(source: _Damaged, select: str, cut: str, top: int) -> Iterator[Row]:
    """Yield the rows that can be read, around those that cannot."""
    if not cut:
        for order in ("asc", "desc"):
            with suppress(sqlcipher.Error):
                yield from source.rows(f"{select} order by 1 {order}")
        return
    ranges, failed = [(0, top)], 0
    while ranges and failed < _TRIES:
        low, high = ranges.pop()
        try:
            found = list(source.rows(f"{select} where {cut} between ? and ?", (low, high)))
        except sqlcipher.Error:
            failed += 1
            if low < high:
                middle = (low + high) // 2
                ranges += [(middle + 1, high), (low, middle)]
            continue
        yield from found


def _mend(target: Connection) -> int:
    """Make rows agree again, and owed what was computed from those that changed; returns how many posts lost their text."""
    one = target.execute
    (lost,) = one("select count(*) from posts where content_id not in (select id from contents)").fetchone()
    # Asked for again in full, a feed can bring back what it still has.
    one(
        """
        update feeds set etag = null, last_modified = null, body_hash = null, cursor = '' where id in
          (select feed_id from posts where content_id is not null and content_id not in (select id from contents))
        """
    )
    one("update posts set content_id = null where content_id not in (select id from contents)")
    one("update post_states set listed = 0 where post_id not in (select id from posts where content_id is not null)")
    for table in ("versions", "bodies", "extras", "signals", "summaries", "content_flags"):
        one(f"delete from {table} where content_id not in (select id from contents)")
    one(
        """
        insert or ignore into post_states (post_id, feed_id, published_at, first_seen_at)
        select id, feed_id, coalesce(source_date, 0), coalesce(source_date, 0) from posts where content_id is not null
        """
    )
    one("insert or ignore into feeds (id, url, kind, added_at) select distinct feed_id, 'lost:' || feed_id, 'feed', 0 from posts where feed_id not in (select id from feeds)")
    one("delete from feed_auth where feed_id not in (select id from feeds)")
    one("delete from hits where rule_id not in (select id from rules)")
    one("delete from rule_marks where rule_id not in (select id from rules)")
    one("delete from story_posts where story_id not in (select id from stories) or post_id not in (select id from posts)")
    one("delete from stories where id not in (select story_id from story_posts)")
    one("update post_states set folded = 0 where post_id not in (select post_id from story_posts)")
    settle_stories(target, ids_of(target, "select id from stories"))  # a lead may be among what was lost
    one("delete from feed_counts")
    one(
        """
        insert into feed_counts (feed_id, posts, unread, folded, saved, hidden)
        select f.id, coalesce(sum(s.listed), 0), coalesce(sum(s.listed and not s.hidden and not s.read), 0),
               coalesce(sum(s.listed and not s.hidden and not s.read and s.folded), 0),
               coalesce(sum(s.saved and not s.hidden), 0), coalesce(sum(s.listed and s.hidden), 0)
        from feeds f left join post_states s on s.feed_id = f.id group by f.id
        """
    )
    changed = """
        (select p.id from posts p left join contents c on c.id = p.content_id left join had h on h.id = p.id
         where c.hash is not h.hash
         union select id from had where id not in (select id from posts)
         union select post_id from stages where post_id not in (select id from posts where content_id is not null))
    """
    one(f"create temp table changed as select id from {changed}")
    one("delete from stages where post_id in (select id from changed)")
    one("delete from vectors where key & ((1 << 40) - 1) in (select id from changed)")
    one("delete from signals where content_id in (select content_id from posts where id in (select id from changed))")
    one("delete from summaries where content_id in (select content_id from posts where id in (select id from changed))")
    one(
        """
        insert or replace into stages (post_id, published_at, language)
        select p.id, s.published_at, c.language <> '' from posts p join contents c on c.id = p.content_id
        join post_states s on s.post_id = p.id
        where p.id in (select id from changed) or p.id not in (select post_id from stages)
        """
    )
    for table in ("ranking", "ranking_details"):
        one(f"delete from {table}")
    _index_words(target)
    return int(lost)


def _index_words(target: Connection) -> None:
    target.execute("insert into words (words) values ('delete-all')")
    cursor = target.execute(
        "select p.id, c.title, c.text, c.author, c.categories from posts p join contents c on c.id = p.content_id order by p.id"
    )
    while batch := cursor.fetchmany(_BATCH):
        rows = [
            (post_id, spaced(title), spaced(text), spaced(" ".join((author, *(json.loads(categories) if categories else ())))))
            for post_id, title, text, author, categories in batch
        ]
        target.executemany("insert into words (rowid, title, text, other) values (?,?,?,?)", rows)


def _require_sound(path: Path, key: bytes | None) -> None:
    with plain_errors():
        connection = connect(path, key)
        try:
            connection.execute("pragma wal_checkpoint(truncate)").fetchall()
            (verdict,) = connection.execute("pragma quick_check(1)").fetchone()
            astray = connection.execute("pragma foreign_key_check").fetchall()
        finally:
            connection.close()
    if verdict != "ok" or astray:
        raise StoreError(f"What was put together is not sound, so nothing was changed ({verdict}, {len(astray)} astray).")
