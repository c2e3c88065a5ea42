"""Subscriptions, and what polite fetching remembers of each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from engine.errors import InputError, NotFoundError
from engine.store.connection import Connection, chunks, marks
from engine.store.folded import members_of, refold, stories_of
from engine.store.part import Part, Row, ids_of, moment, moment_or_none, stamp, stamp_or_none
from engine.types import Changes, Feed, FeedInfo, FetchedPost, FetchState, Subscription

RHYTHM_DAYS = 28  # over which a feed's rhythm is taken
LOCAL = "local"  # the kind of feeds whose posts come from elsewhere than the network


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one fetch of a feed brought."""

    feed_id: int
    info: FeedInfo
    posts: Sequence[FetchedPost]
    state: FetchState


_FEED = """
select id, url, own_title, title, site_url, folder, kind, unread, posts, added_at, last_success_at, next_check_at,
       error, failures, stopped, options, account, folded
from feeds join feed_counts on feed_id = id
where removed_at is null
"""

_STATE = """
select id, url, etag, last_modified, body_hash, next_check_at, last_success_at, failures, not_found_since,
       moved_to, moved_since, moved_times, ttl_minutes, allow_private, stopped,
       kind, cursor, options, account
from feeds
where removed_at is null and kind <> 'local'
"""

_SAVE_STATE = """
update feeds set
  etag = :etag, last_modified = :last_modified, body_hash = :body_hash, next_check_at = :next_check_at,
  last_success_at = :last_success_at, failures = :failures, not_found_since = :not_found_since, moved_to = :moved_to,
  moved_since = :moved_since, moved_times = :moved_times, ttl_minutes = :ttl_minutes,
  allow_private = :allow_private, stopped = :stopped, error = :error, cursor = :cursor
where id = :id
"""


def feed_title(own_title: str, title: str, url: str) -> str:
    """The person's own, else the feed's, else the host."""
    return own_title or title or urlsplit(url).hostname or url


def _feed(row: Row) -> Feed:
    return Feed(
        id=row[0],
        url=row[1],
        title=feed_title(row[2], row[3], row[1]),
        site_url=row[4],
        folder=row[5],
        kind=row[6],
        unread=row[7],
        posts=row[8],
        added_at=moment(row[9]),
        last_success_at=moment_or_none(row[10]),
        next_check_at=moment_or_none(row[11]),
        error=row[12],
        failures=row[13],
        stopped=bool(row[14]),
        options=tuple(row[15].split()),
        account=row[16],
        folded=row[17],
    )


def _state(row: Row) -> FetchState:
    return FetchState(
        feed_id=row[0],
        url=row[1],
        etag=row[2],
        last_modified=row[3],
        body_hash=row[4],
        next_check_at=moment_or_none(row[5]),
        last_success_at=moment_or_none(row[6]),
        failures=row[7],
        not_found_since=moment_or_none(row[8]),
        moved_to=row[9],
        moved_since=moment_or_none(row[10]),
        moved_times=row[11],
        ttl_minutes=row[12],
        allow_private=bool(row[13]),
        stopped=bool(row[14]),
        kind=row[15],
        cursor=row[16],
        options=tuple(row[17].split()),
        account=row[18],
    )


def save_state(connection: Connection, state: FetchState, error: str) -> None:
    """Store a feed's fetch state, and its new address unless another feed has that one.

    A user name and password were given for the old address's host: a new one never sees them.
    """
    row = connection.execute("select url from feeds where id = ?", (state.feed_id,)).fetchone()
    if row is not None and row[0] != state.url:
        moved = connection.execute("update or ignore feeds set url = ? where id = ?", (state.url, state.feed_id)).rowcount
        if moved and not _same_keeper(row[0], state.url):
            connection.execute("delete from feed_auth where feed_id = ?", (state.feed_id,))
    connection.execute(
        _SAVE_STATE,
        {
            "id": state.feed_id,
            "etag": state.etag,
            "last_modified": state.last_modified,
            "body_hash": state.body_hash,
            "next_check_at": stamp_or_none(state.next_check_at),
            "last_success_at": stamp_or_none(state.last_success_at),
            "failures": state.failures,
            "not_found_since": stamp_or_none(state.not_found_since),
            "moved_to": state.moved_to,
            "moved_since": stamp_or_none(state.moved_since),
            "moved_times": state.moved_times,
            "ttl_minutes": state.ttl_minutes,
            "allow_private": state.allow_private,
            "stopped": state.stopped,
            "error": error,
            "cursor": state.cursor,
        },
    )


def _same_keeper(before: str, after: str) -> bool:
    """Whether a password for one address may go to the other: the same scheme, host and port, or http made https."""
    old, new = urlsplit(before), urlsplit(after)
    upgraded = (old.scheme, new.scheme) == ("http", "https") and old.port in (None, 80) and new.port in (None, 443)
    same = old.scheme == new.scheme and old.port == new.port
    return old.hostname == new.hostname and (same or upgraded)


def save_info(connection: Connection, feed_id: int, info: FeedInfo) -> None:
    """Store what a feed says of itself; what it stopped saying stays as it was."""
    connection.execute(
        """
        update feeds set
          title = iif(:title = '', title, :title), site_url = iif(:site = '', site_url, :site),
          description = iif(:about = '', description, :about), icon_url = iif(:icon = '', icon_url, :icon),
          language = iif(:language = '', language, :language), ttl_minutes = :ttl
        where id = :id
        """,
        {
            "id": feed_id,
            "title": info.title,
            "site": info.site_url,
            "about": info.description,
            "icon": info.icon_url,
            "language": info.language,
            "ttl": info.ttl_minutes,
        },
    )


def _insert(connection: Connection, now: float, subscription: Subscription, allow_private: bool) -> int | None:
    """Return the feed's id; None when it is followed already. A feed that was left comes back with its posts."""
    row = connection.execute("select id, removed_at from feeds where url = ?", (subscription.url,)).fetchone()
    if row is None:
        feed_id = connection.execute(
            """
            insert into feeds (url, kind, own_title, site_url, folder, allow_private, added_at, options, account)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?) returning id
            """,
            (
                subscription.url,
                subscription.kind or "feed",
                subscription.title,
                subscription.site_url,
                subscription.folder,
                allow_private,
                now,
                " ".join(subscription.options),
                subscription.account,
            ),
        ).fetchone()[0]
        return int(feed_id)
    if row[1] is None:
        return None
    connection.execute(
        """
        update feeds set own_title = iif(:title = '', own_title, :title), folder = :folder, kind = :kind, options = :options,
          account = :account, cursor = iif(kind = :kind, cursor, ''), allow_private = :private, stopped = 0, failures = 0, error = '', not_found_since = null, next_check_at = null
        where id = :id
        """,
        {
            "id": row[0],
            "title": subscription.title,
            "folder": subscription.folder,
            "kind": subscription.kind or "feed",
            "options": " ".join(subscription.options),
            "account": subscription.account,
            "private": allow_private,
        },
    )
    _bring_back(connection, row[0])
    return int(row[0])


def _bring_back(connection: Connection, feed_id: int) -> list[int]:
    connection.execute("update feeds set removed_at = null where id = ?", (feed_id,))
    back = ids_of(
        connection,
        """
        update post_states set listed = 1
        where feed_id = ? and listed = 0 and post_id in (select id from posts where feed_id = ? and content_id > 0)
        returning post_id
        """,
        (feed_id, feed_id),
    )
    return [*back, *(refold(connection, back) - set(back))]


def came_back(connection: Connection, feed_ids: Sequence[int]) -> frozenset[int]:
    """The posts that feeds had when they were followed again, and those that tell the same: one may stand for another now."""
    back = ids_of(
        connection, "select post_id from post_states where listed = 1 and feed_id in (select value from json_each(?))", (json.dumps(list(feed_ids)),)
    )
    others = members_of(connection, stories_of(connection, back)) if back else {}
    return frozenset(back).union(*others.values())


def require_feed(connection: Connection, feed_id: int, *, removed: bool = False) -> None:
    condition = "removed_at is not null" if removed else "removed_at is null"
    if connection.execute(f"select 1 from feeds where id = ? and {condition}", (feed_id,)).fetchone() is None:
        raise NotFoundError(f"There is no feed {feed_id}.")


class FeedsPart(Part):
    def allows_private(self, feed_id: int, url: str) -> bool:
        """Whether an address beside this feed may lie on this machine or its network: only where the person added the feed there."""
        host = urlsplit(url).netloc
        return any(state.allow_private and urlsplit(state.url).netloc == host for state in self.fetch_states([feed_id]))

    def add_feed(
        self,
        url: str,
        *,
        kind: str = "feed",
        title: str = "",
        folder: str = "",
        allow_private: bool = False,
        info: FeedInfo | None = None,
        options: Sequence[str] = (),
        account: str = "",
    ) -> tuple[int, Changes]:
        """Follow a feed and return its id. One that was left before comes back with its posts and their states.

        Raises:
            InputError: it is followed already.
        """
        now = stamp(self._clock())

        def work(connection: Connection) -> tuple[int, Changes]:
            wanted = Subscription(
                url=url, title=title, folder=folder, kind=kind, options=tuple(options), account=account
            )
            feed_id = _insert(connection, now, wanted, allow_private)
            if feed_id is None:
                raise InputError("You follow this feed already.")
            if info is not None:
                save_info(connection, feed_id, info)
            return feed_id, Changes(feeds=frozenset({feed_id}), updated=came_back(connection, [feed_id]))

        return self._db.write(work, durable=True)

    def add_feeds(self, subscriptions: Sequence[tuple[Subscription, bool]]) -> Changes:
        """Follow many feeds at once, each with whether its address may be private; known ones are left as they are."""
        now = stamp(self._clock())

        def work(connection: Connection) -> Changes:
            tried = [_insert(connection, now, wanted, private) for wanted, private in subscriptions]
            added = [feed_id for feed_id in tried if feed_id is not None]
            return Changes(feeds=frozenset(added), updated=came_back(connection, added))

        return self._db.write(work, durable=True)

    def feeds(self) -> list[Feed]:
        with self._db.read() as connection:
            rows = connection.execute(_FEED).fetchall()
        return sorted(map(_feed, rows), key=lambda feed: (feed.folder.casefold(), feed.title.casefold(), feed.id))

    def feed(self, feed_id: int) -> Feed:
        """Raises NotFoundError."""
        with self._db.read() as connection:
            row = connection.execute(f"{_FEED} and id = ?", (feed_id,)).fetchone()
        if row is None:
            raise NotFoundError(f"There is no feed {feed_id}.")
        return _feed(row)

    def update_feed(
        self,
        feed_id: int,
        *,
        title: str | None = None,
        folder: str | None = None,
        stopped: bool | None = None,
        keep_posts: int | None = None,
        keep_days: int | None = None,
        options: Sequence[str] | None = None,
    ) -> Changes:
        """Change what is given; other options start their source over. An empty title brings back the feed's own; a limit of 0 keeps posts for ever.

        Raises:
            NotFoundError.
        """
        wanted: dict[str, Any] = {
            "own_title": title,
            "folder": folder,
            "stopped": stopped,
            "keep_posts": keep_posts,
            "keep_days": keep_days,
            "options": None if options is None else " ".join(options),
        }
        given = {name: value for name, value in wanted.items() if value is not None}

        def work(connection: Connection) -> Changes:
            require_feed(connection, feed_id)
            if given:
                columns = ", ".join(f"{name} = :{name}" for name in given)
                connection.execute(f"update feeds set {columns} where id = :id", {**given, "id": feed_id})
            if options is not None:  # what was asked with others tells nothing of what these bring
                connection.execute(
                    "update feeds set cursor = '', etag = null, last_modified = null, body_hash = null where id = ?",
                    (feed_id,),
                )
            if stopped is False:
                connection.execute(
                    "update feeds set failures = 0, not_found_since = null, next_check_at = null where id = ?", (feed_id,)
                )
            return Changes(feeds=frozenset({feed_id}))

        return self._db.write(work, durable=True)

    def remove_feed(self, feed_id: int) -> Changes:
        """Leave a feed. Nothing is deleted: its posts are no longer listed (saved ones stay under Saved).

        Raises:
            NotFoundError.
        """
        now = stamp(self._clock())

        def work(connection: Connection) -> Changes:
            require_feed(connection, feed_id)
            connection.execute("update feeds set removed_at = ? where id = ?", (now, feed_id))
            gone = ids_of(
                connection,
                "update post_states set listed = 0 where feed_id = ? and listed = 1 returning post_id",
                (feed_id,),
            )
            return Changes(feeds=frozenset({feed_id}), updated=frozenset(gone) | refold(connection, gone))

        return self._db.write(work, durable=True)

    def restore_feed(self, feed_id: int) -> Changes:
        """Undo `remove_feed`. Raises NotFoundError when the feed was not removed."""

        def work(connection: Connection) -> Changes:
            require_feed(connection, feed_id, removed=True)
            return Changes(feeds=frozenset({feed_id}), updated=frozenset(_bring_back(connection, feed_id)), order=True)

        return self._db.write(work, durable=True)

    def fetch_states(self, feed_ids: Sequence[int] | None = None) -> list[FetchState]:
        """Return the fetch states of all feeds that are followed, or of these."""
        with self._db.read() as connection:
            if feed_ids is None:
                return [_state(row) for row in connection.execute(f"{_STATE} order by id")]
            found: list[FetchState] = []
            for some in chunks(list(feed_ids)):
                rows = connection.execute(f"{_STATE} and id in ({marks(len(some))}) order by id", some)
                found.extend(map(_state, rows))
            return found

    def rhythms(self) -> dict[int, timedelta]:
        """Return the time between two posts of each feed, over the last `RHYTHM_DAYS`; feeds younger than a week are left out.

        A feed without a post in that time counts as having one.
        """
        now = self._clock()
        since, week_ago = stamp(now - timedelta(days=RHYTHM_DAYS)), stamp(now - timedelta(days=7))
        with self._db.read() as connection:
            posts = dict(
                connection.execute(
                    """
                    select feed_id, count(*) from post_states where published_at >= ? and published_at <= ? group by feed_id
                    """,
                    (since, stamp(now)),
                )
            )
            feeds = connection.execute("select id, added_at from feeds where removed_at is null").fetchall()
        return {
            feed_id: timedelta(days=RHYTHM_DAYS) / max(posts.get(feed_id, 0), 1)
            for feed_id, added_at in feeds
            if posts.get(feed_id, 0) >= 3 or added_at < week_ago
        }

    def save_fetch_state(self, state: FetchState, error: str = "") -> Changes:
        """Store what a fetch taught; `error` is "" when it went well."""

        def work(connection: Connection) -> Changes:
            save_state(connection, state, error)
            return Changes(feeds=frozenset({state.feed_id}))

        return self._db.write(work)

    def replace_address(self, feed_id: int, url: str) -> None:
        """Store another spelling of the same address; a known move is forgotten, for it held the old one."""

        def work(connection: Connection) -> None:
            connection.execute(
                "update or ignore feeds set url = ?, moved_to = null, moved_since = null, moved_times = 0 where id = ?", (url, feed_id)
            )

        self._db.write(work, durable=True)

    def save_auth(self, feed_id: int, auth: tuple[str, str] | None) -> None:
        """Keep a user name and password for a feed; None forgets them."""

        def work(connection: Connection) -> None:
            connection.execute("delete from feed_auth where feed_id = ?", (feed_id,))
            if auth is not None:
                connection.execute("insert into feed_auth (feed_id, user, password) values (?, ?, ?)", (feed_id, *auth))

        self._db.write(work, durable=True)

    def auths(self) -> dict[int, tuple[str, str]]:
        """Return the user names and passwords by feed."""
        with self._db.read() as connection:
            rows = connection.execute("select feed_id, user, password from feed_auth").fetchall()
        return {feed_id: (user, password) for feed_id, user, password in rows}
