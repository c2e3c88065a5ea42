"""What judging feeds needs, and several subscriptions made one, as one act that can be undone."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence

from engine.errors import InputError, NotFoundError
from engine.health import LOOKED_AT, PostKey, twins
from engine.store.connection import Connection
from engine.store.feeds import LOCAL, _bring_back, require_feed
from engine.store.folded import refold
from engine.store.part import Part, ids_of, moment, moment_or_none, stamp
from engine.types import Changes, FeedsMerged, RecentPost

# Hidden posts count too: a feed whose posts a rule hides is not silent.
_RECENT = """
select at, guid, (select url from contents where id = content_id) from (
  select * from (
    select s.published_at as at, p.guid as guid, p.content_id as content_id
    from post_states as s indexed by states_by_feed join posts as p on p.id = s.post_id
    where s.listed = 1 and s.hidden = 0 and s.feed_id = :feed order by s.published_at desc limit :n
  )
  union all
  select * from (
    select s.published_at as at, p.guid as guid, p.content_id as content_id
    from post_states as s join posts as p on p.id = s.post_id
    where :hidden and s.hidden = 1 and s.listed = 1 and s.feed_id = :feed order by s.published_at desc limit :n
  )
) order by at desc limit :n
"""
_FLAGS = ("read", "saved", "liked", "hidden_by_person", "muffled_by")
# `rule_id` is the rule that hides a post; what the person did stands above it.
_SET = """
update post_states set
  read = :read, saved = :saved, liked = :liked, hidden_by_person = :hidden_by_person,
  hidden = coalesce(:hidden_by_person, rule_id is not null),
  muffled_by = (select id from rules where id = :muffled_by)
where post_id = :id
"""
_COUNT = """
update feed_counts set (posts, unread, folded, saved, hidden) = (
  select coalesce(sum(listed), 0), coalesce(sum(listed and not hidden and not read), 0),
         coalesce(sum(listed and not hidden and not read and folded), 0),
         coalesce(sum(saved and not hidden), 0), coalesce(sum(listed and hidden), 0)
  from post_states where feed_id = :id
) where feed_id = :id
"""
_Flags = dict[str, int | None]


class HealthPart(Part):
    def recent_posts(self) -> dict[int, list[RecentPost]]:
        """Return the latest posts of each feed that is fetched, the newest first, at most `health.LOOKED_AT` each."""
        with self._db.read() as connection:
            feeds = connection.execute(
                "select id, hidden from feeds join feed_counts on feed_id = id where removed_at is null and kind <> ?", (LOCAL,)
            ).fetchall()
            return {
                feed_id: [
                    RecentPost(at=moment(row[0]), guid=row[1], url=row[2] or "")
                    for row in connection.execute(_RECENT, {"feed": feed_id, "n": LOOKED_AT, "hidden": hidden > 0})
                ]
                for feed_id, hidden in feeds
            }

    def merge_feeds(self, keep: int, others: Sequence[int], rules: Sequence[int] = ()) -> FeedsMerged:
        """Let one feed have the posts of others, which are then followed no longer.

        A post that both have stays once: read, saved, liked or hidden where either was; the kept one's own verdict wins
        where they differ. The more generous limit on what is kept holds.

        Args:
            rules: that are going to hold for the kept feed too; remembered for the undo.
        Raises:
            NotFoundError.   InputError: nothing to merge, or posts that were put in from elsewhere.
        """
        now = stamp(self._clock())
        leaving = [feed_id for feed_id in dict.fromkeys(others) if feed_id != keep]
        if not leaving:
            raise InputError("Name at least two different feeds: the one to keep, and those that it takes the place of.")

        def work(connection: Connection) -> FeedsMerged:
            one = connection.execute
            for feed_id in (keep, *leaving):
                require_feed(connection, feed_id)
                if one("select kind from feeds where id = ?", (feed_id,)).fetchone()[0] == LOCAL:
                    raise InputError("Posts that were put in from elsewhere cannot be merged with a feed.")
            limits = _widen(connection, keep, leaving)
            merge_id = one(
                "insert into merges (keep_id, at, rules, limits) values (?, ?, ?, ?) returning id",
                (keep, now, json.dumps(list(rules)), json.dumps(limits)),
            ).fetchone()[0]
            touched: set[int] = set()
            moved = united = 0
            for feed_id in leaving:
                one("insert into merge_feeds values (?, ?)", (merge_id, feed_id))
                pairs = twins(_keys(connection, keep), _keys(connection, feed_id))
                for post_id, twin_id in pairs.items():
                    _unite(connection, merge_id, feed_id, post_id, twin_id)
                alone = _move(connection, merge_id, feed_id, keep, set(pairs))
                one("update feeds set removed_at = ? where id = ?", (now, feed_id))
                unlisted = ids_of(connection, "update post_states set listed = 0 where feed_id = ? and listed = 1 returning post_id", (feed_id,))
                touched.update(*pairs.items(), alone, unlisted)
                moved, united = moved + len(alone), united + len(pairs)
            touched |= refold(connection, touched)
            _recount(connection, [keep, *leaving])
            changes = Changes(feeds=frozenset((keep, *leaving)), updated=frozenset(touched), order=True)
            return FeedsMerged(id=merge_id, keep_id=keep, feed_ids=tuple(leaving), moved=moved, united=united, at=moment(now), changes=changes)

        return self._db.write(work, durable=True)

    def undo_merge(self, merge_id: int) -> tuple[Changes, tuple[int, ...]]:
        """Follow the feeds again that a merge ended, with their posts. What was done with posts since stays.

        Returns:
            what changed, and the rules that were to hold for the kept feed too.
        Raises:
            NotFoundError: there is no such merge, or it was undone.
        """
        now = stamp(self._clock())

        def work(connection: Connection) -> tuple[Changes, tuple[int, ...]]:
            one = connection.execute
            row = one("select keep_id, rules, limits from merges where id = ? and undone_at is null", (merge_id,)).fetchone()
            if row is None:
                raise NotFoundError(f"There is no merge {merge_id} that could be undone.")
            keep, rules, limits = row[0], tuple(json.loads(row[1])), json.loads(row[2])
            feeds = ids_of(connection, "select feed_id from merge_feeds join feeds on id = feed_id where merge_id = ?", (merge_id,))
            touched: set[int] = set()
            # The latest first: a post that two feeds brought was changed twice.
            entries = one(
                "select post_id, twin_id, feed_id, guid, was, became, events from merge_posts where merge_id = ? order by number desc", (merge_id,)
            ).fetchall()
            for post_id, twin_id, feed_id, guid, was, became, events in entries:
                if feed_id not in feeds:
                    continue
                touched |= {post_id, twin_id} - {0}
                if twin_id:
                    _divide(connection, post_id, twin_id, json.loads(was), json.loads(became), json.loads(events))
                elif one("update or ignore posts set feed_id = ?, guid = ? where id = ? and feed_id = ?", (feed_id, guid, post_id, keep)).rowcount:
                    one("update post_states set feed_id = ? where post_id = ?", (feed_id, post_id))
            for feed_id in feeds:
                touched.update(_bring_back(connection, feed_id))
            one(
                "update feeds set keep_posts = ?, keep_days = ? where id = ? and keep_posts is ? and keep_days is ?",
                (*limits["was"], keep, *limits["became"]),
            )
            one("delete from merge_posts where merge_id = ?", (merge_id,))
            one("update merges set undone_at = ? where id = ?", (now, merge_id))
            touched |= refold(connection, touched)
            _recount(connection, [keep, *feeds])
            return Changes(feeds=frozenset((keep, *feeds)), updated=frozenset(touched), order=True), rules

        return self._db.write(work, durable=True)

    def merges(self) -> list[FeedsMerged]:
        """Return the merges, the newest first."""
        with self._db.read() as connection:
            rows = connection.execute(
                """
                select id, keep_id, at, undone_at,
                  (select count(*) from merge_posts where merge_id = id and twin_id = 0),
                  (select count(*) from merge_posts where merge_id = id and twin_id <> 0)
                from merges order by id desc
                """
            ).fetchall()
            feeds: dict[int, list[int]] = defaultdict(list)
            for merge_id, feed_id in connection.execute("select merge_id, feed_id from merge_feeds order by feed_id"):
                feeds[merge_id].append(feed_id)
        return [
            FeedsMerged(id=row[0], keep_id=row[1], feed_ids=tuple(feeds[row[0]]), at=moment(row[2]), undone_at=moment_or_none(row[3]), moved=row[4], united=row[5])
            for row in rows
        ]  # fmt: skip


def _keys(connection: Connection, feed_id: int) -> list[PostKey]:
    """A feed's posts whose content is there: what a limit dropped is no twin of anything."""
    rows = connection.execute(
        "select p.id, p.guid, c.url, p.text_key from posts as p join contents as c on c.id = p.content_id where p.feed_id = ? order by p.id",
        (feed_id,),
    )
    return [PostKey(*row) for row in rows]


def _flags(connection: Connection, post_id: int) -> _Flags:
    row = connection.execute(f"select {', '.join(_FLAGS)} from post_states where post_id = ?", (post_id,)).fetchone()
    return dict(zip(_FLAGS, row, strict=True))


def _note(connection: Connection, merge_id: int, *values: object) -> None:
    connection.execute(
        "insert into merge_posts (merge_id, post_id, twin_id, feed_id, guid, was, became, events) values (?, ?, ?, ?, ?, ?, ?, ?)",
        (merge_id, *values),
    )


def _unite(connection: Connection, merge_id: int, feed_id: int, post_id: int, twin_id: int) -> None:
    """Let `twin_id`, which stays, have what was done with `post_id`."""
    kept, other = _flags(connection, twin_id), _flags(connection, post_id)
    by_person = kept["hidden_by_person"] if kept["hidden_by_person"] is not None else other["hidden_by_person"]
    became: _Flags = {
        "read": max(kept["read"] or 0, other["read"] or 0),
        "saved": max(kept["saved"] or 0, other["saved"] or 0),
        "liked": kept["liked"] if kept["liked"] is not None else other["liked"],
        "hidden_by_person": by_person,
        "muffled_by": None if by_person == 0 else kept["muffled_by"],
    }
    events = ids_of(
        connection,
        """
        insert or ignore into events (post_id, event, at) select :twin, event, at from events
        where post_id = :post and not (event in ('liked', 'disliked') and exists (
          select 1 from events where post_id = :twin and event in ('liked', 'disliked')))
        returning event
        """,
        {"twin": twin_id, "post": post_id},
    )
    _note(connection, merge_id, post_id, twin_id, feed_id, "", json.dumps([kept, other]), json.dumps(became), json.dumps(events))
    if became != kept:
        connection.execute(_SET, {**became, "id": twin_id})
    if other["saved"]:  # it would stand under Saved twice
        connection.execute("update post_states set saved = 0 where post_id = ?", (post_id,))


def _divide(connection: Connection, post_id: int, twin_id: int, was: Sequence[_Flags], became: _Flags, events: Sequence[str]) -> None:
    """Undo `_unite`, but for what the person changed since."""
    (kept, other), current = was, _flags(connection, twin_id)
    back = {name: kept[name] if current[name] == became[name] else current[name] for name in _FLAGS}
    if back != current:
        connection.execute(_SET, {**back, "id": twin_id})
    for event in events:
        connection.execute(
            """
            delete from events where post_id = :twin and event = :event
              and at = (select at from events where post_id = :post and event = :event)
            """,
            {"twin": twin_id, "post": post_id, "event": event},
        )
    if other["saved"]:
        connection.execute("update post_states set saved = 1 where post_id = ?", (post_id,))


def _move(connection: Connection, merge_id: int, feed_id: int, keep: int, united: set[int]) -> list[int]:
    """Give the kept feed the posts that only the other has; a guid that it uses for another post gets an ending."""
    taken: set[str] = {row[0] for row in connection.execute("select guid from posts where feed_id = ?", (keep,))}
    moved: list[int] = []
    for post_id, guid in connection.execute("select id, guid from posts where feed_id = ? order by id", (feed_id,)).fetchall():
        if post_id in united:
            continue
        named = guid if guid not in taken else f"{guid}\x1f{feed_id}:{post_id}"
        taken.add(named)
        _note(connection, merge_id, post_id, 0, feed_id, guid, "", "", "")
        connection.execute("update posts set feed_id = ?, guid = ? where id = ?", (keep, named, post_id))
        connection.execute("update post_states set feed_id = ? where post_id = ?", (keep, post_id))
        moved.append(post_id)
    return moved


def _widen(connection: Connection, keep: int, others: Sequence[int]) -> dict[str, list[int | None]]:
    """Give the kept feed the widest limits of all, so that no post that comes over is dropped."""
    rows = [connection.execute("select keep_posts, keep_days from feeds where id = ?", (feed_id,)).fetchone() for feed_id in (keep, *others)]
    was = list(rows[0])
    became = [was[at] if not was[at] else max(row[at] for row in rows) if all(row[at] for row in rows) else None for at in (0, 1)]
    connection.execute("update feeds set keep_posts = ?, keep_days = ? where id = ?", (*became, keep))
    return {"was": was, "became": became}


def _recount(connection: Connection, feed_ids: Sequence[int]) -> None:
    for feed_id in feed_ids:
        connection.execute(_COUNT, {"id": feed_id})
