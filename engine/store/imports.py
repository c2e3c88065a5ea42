"""What came from other readers: taken in as one act each, which can be undone to the post."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from engine.errors import NotFoundError
from engine.store.connection import Connection
from engine.store.feeds import _insert, came_back
from engine.store.folded import refold
from engine.store.ingest import _Ingest, clean, distinct, url_key
from engine.store.part import Part, ids_of, moment, moment_or_none, stamp
from engine.store.retention import _drop
from engine.types import Changes, FetchedPost, ImportedPost, PastImport, Subscription

ADDED, READ, SAVED = 1, 2, 4  # what an import did to a post

# What is said of a post by its number, which the next new post may get.
_SAID = (
    ("events", "post_id"), ("hits", "post_id"), ("rule_marks", "post_id"), ("forgotten", "post_id"), ("judged_scores", "post_id"),
    ("story_pairs", "post_id"), ("story_pairs", "other_id"), ("post_states", "post_id"), ("posts", "id"),
)  # fmt: skip
# A post stays that the person did something with since: then it is theirs.
_UNTOUCHED = """
select post_id from import_posts where import_id = :id and what & 1
  and post_id not in (select post_id from events where at > :until)
"""


class ImportsPart(Part):
    def begin_import(self, reader: str, name: str) -> int:
        """Open an import and return its id."""
        now = stamp(self._clock())

        def work(connection: Connection) -> int:
            row = connection.execute(
                "insert into imports (reader, name, at, until) values (?, ?, ?, ?) returning id", (reader, name, now, now)
            ).fetchone()
            return int(row[0])

        return self._db.write(work, durable=True)

    def import_feeds(self, import_id: int, wanted: Sequence[tuple[Subscription, bool]]) -> tuple[list[int], Changes]:
        """Follow feeds, each with whether its address may be private; return the id of each and what is new."""
        now = stamp(self._clock())

        def work(connection: Connection) -> tuple[list[int], Changes]:
            ids, added = [], []
            for subscription, private in wanted:
                feed_id = _insert(connection, now, subscription, private)
                if feed_id is not None:
                    added.append(feed_id)
                    connection.execute("insert or ignore into import_feeds values (?, ?)", (import_id, feed_id))
                else:
                    feed_id = connection.execute("select id from feeds where url = ?", (subscription.url,)).fetchone()[0]
                ids.append(int(feed_id))
            return ids, Changes(feeds=frozenset(added), updated=came_back(connection, added))

        return self._db.write(work, durable=True)

    def import_posts(self, import_id: int, posts: Sequence[ImportedPost]) -> Changes:
        """Store articles (`feed` is the feed's id) that are not there yet, and let those that are take on read and saved.

        A post is known by its guid, else by its address. What a known one says is left as it is; nothing becomes unread
        and nothing loses its star.
        """
        now = stamp(self._clock())
        by_feed: dict[int, list[ImportedPost]] = defaultdict(list)
        for post in posts:
            by_feed[post.feed].append(post)

        def work(connection: Connection) -> Changes:
            changes = Changes()
            ingest = _Ingest(connection, now)
            for feed_id, some in by_feed.items():
                changes |= _take(connection, ingest, import_id, feed_id, some, now)
            connection.execute("update imports set until = ? where id = ?", (now, import_id))
            return changes

        return self._db.write(work)

    def imports(self) -> list[PastImport]:
        """Return the imports, the newest first."""
        with self._db.read() as connection:
            rows = connection.execute(
                """
                select id, reader, name, at, undone_at,
                  (select count(*) from import_feeds where import_id = id),
                  (select count(*) from import_posts where import_id = id and what & 1)
                from imports order by id desc
                """
            ).fetchall()
        return [
            PastImport(
                id=row[0], reader=row[1], name=row[2], at=moment(row[3]), undone_at=moment_or_none(row[4]), feeds=row[5], posts=row[6]
            )
            for row in rows
        ]  # fmt: skip

    def undo_import(self, import_id: int) -> Changes:
        """Remove exactly what an import added. Posts that the person did something with since stay.

        Raises:
            NotFoundError: there is no such import, or it was undone.
        """
        now = stamp(self._clock())

        def work(connection: Connection) -> Changes:
            one = connection.execute
            row = one("select until from imports where id = ? and undone_at is null", (import_id,)).fetchone()
            if row is None:
                raise NotFoundError(f"There is no import {import_id} that could be undone.")
            values = {"id": import_id, "until": row[0]}
            gone = ids_of(connection, _UNTOUCHED, values)
            flagged = "select post_id from import_posts where import_id = :id and not what & 1 and what & "
            changed = ids_of(connection, f"update post_states set read = 0 where read = 1 and post_id in ({flagged} 2) returning post_id", values)
            unsaved = ids_of(connection, f"update post_states set saved = 0 where saved = 1 and post_id in ({flagged} 4) returning post_id", values)
            one(f"delete from events where event = 'saved' and at <= :until and post_id in ({flagged} 4)", values)
            _delete(connection, gone)
            feeds = ids_of(connection, "select feed_id from import_feeds where import_id = ?", (import_id,))
            hidden = []
            for feed_id in feeds:
                hidden += _leave(connection, feed_id, now)
            one("delete from import_posts where import_id = ?", (import_id,))
            one("delete from import_feeds where import_id = ?", (import_id,))
            one("update imports set undone_at = ? where id = ?", (now, import_id))
            updated = frozenset([*gone, *changed, *unsaved, *hidden])
            return Changes(feeds=frozenset(feeds), updated=updated, order=True)

        return self._db.write(work, durable=True)


def _take(
    connection: Connection, ingest: _Ingest, import_id: int, feed_id: int, some: Sequence[ImportedPost], now: float
) -> Changes:
    flags: dict[str, ImportedPost] = {}
    posts: list[FetchedPost] = []
    for item in some:
        post = clean(item.post)
        if post.guid in flags and flags[post.guid].post.canonical_url != post.canonical_url:
            post = replace(post, guid=f"{post.guid}\x1f{post.canonical_url}")
        if post.guid not in flags:
            posts.append(post)
        before = flags.get(post.guid, item)
        flags[post.guid] = replace(item, read=item.read and before.read, saved=item.saved or before.saved)
    known = {guid: found[0] for guid, found in ingest._known(feed_id, [post.guid for post in posts]).items()}
    fresh = [post for post in posts if post.guid not in known]
    if fresh:
        known |= _by_address(connection, import_id, feed_id, fresh)
        fresh = distinct(post for post in fresh if post.guid not in known)
    contents = ingest._contents(fresh)
    new = ingest._add(feed_id, fresh, contents)
    there = ingest._known(feed_id, [post.guid for post in fresh])
    known |= {guid: found[0] for guid, found in there.items()}
    what = dict.fromkeys(new, ADDED)
    for bit, column in ((READ, "read"), (SAVED, "saved")):
        ids = [known[guid] for guid, item in flags.items() if guid in known and getattr(item, column)]
        changed = ids_of(
            connection,
            f"""
            update post_states set {column} = 1
            where {column} = 0 and post_id in (select value from json_each(?)) returning post_id
            """,
            (json.dumps(ids),),
        )
        for post_id in changed:
            what[post_id] = what.get(post_id, 0) | bit
        if bit == SAVED:
            connection.executemany("insert or ignore into events values (?, 'saved', ?)", [(i, now) for i in changed])
    connection.executemany(
        """
        insert into import_posts values (?, ?, ?)
        on conflict (import_id, post_id) do update set what = what | excluded.what
        """,
        [(import_id, post_id, done) for post_id, done in what.items()],
    )
    return Changes(new=frozenset(new), updated=frozenset(set(what) - set(new)), feeds=frozenset({feed_id} if what else ()))


def _by_address(connection: Connection, import_id: int, feed_id: int, fresh: Sequence[FetchedPost]) -> dict[str, int]:
    """Find the posts of a feed, other than those of this import, that `fresh` ones are under another guid."""
    rows = connection.execute(
        """
        select p.id, p.url_key, c.url from posts p join contents c on c.id = p.content_id
        where p.feed_id = ? and p.id not in (select post_id from import_posts where import_id = ? and what & 1)
        """,
        (feed_id, import_id),
    ).fetchall()
    if not rows:
        return {}
    by_key = {row[1]: row[0] for row in rows if row[1]}
    by_url: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        if row[2]:
            by_url[row[2]].append(row[0])
    found: dict[str, int] = {}
    taken: set[int] = set()
    for post in fresh:
        match = by_key.get(url_key(post)) if post.canonical_url else None
        if match is None and len(by_url.get(post.url, ())) == 1:
            (match,) = by_url[post.url]
        if match is not None and match not in taken:
            taken.add(match)
            found[post.guid] = match
    return found


def _delete(connection: Connection, ids: Sequence[int]) -> None:
    """Remove posts with all that was derived from them and every state."""
    values = (json.dumps(list(ids)),)
    connection.execute("update post_states set read = 1, saved = 0 where post_id in (select value from json_each(?))", values)
    _drop(connection, list(ids))
    for table, column in _SAID:
        connection.execute(f"delete from {table} where {column} in (select value from json_each(?))", values)
    connection.execute("delete from interest_edits where kind = 'topic' and key in (select 'post:' || value from json_each(?))", values)


def _leave(connection: Connection, feed_id: int, now: float) -> list[int]:
    """Remove a feed that an import added; with posts from elsewhere it is left as `remove_feed` does. Returns these."""
    if connection.execute("select 1 from posts where feed_id = ? limit 1", (feed_id,)).fetchone() is None:
        for table, column in (("feed_auth", "feed_id"), ("feed_counts", "feed_id"), ("feeds", "id")):
            connection.execute(f"delete from {table} where {column} = ?", (feed_id,))
        connection.execute("delete from interest_edits where kind = 'source' and key = ?", (str(feed_id),))
        return []
    connection.execute("update feeds set removed_at = coalesce(removed_at, ?) where id = ?", (now, feed_id))
    gone = ids_of(
        connection, "update post_states set listed = 0 where feed_id = ? and listed = 1 returning post_id", (feed_id,)
    )
    return [*gone, *(refold(connection, gone) - set(gone))]
