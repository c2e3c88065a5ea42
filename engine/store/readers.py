"""Posts of Google Reader servers: what the person's side and the server's last agreed on, post by post."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.store.connection import Connection
from engine.store.part import Part, ids_of, moment, stamp
from engine.types import Changes


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderPost:
    """A post as it stands here, and as both sides last agreed (None: never)."""

    id: int
    guid: str  # the server's id of it
    read: bool
    saved: bool
    published_at: datetime
    agreed_read: bool | None = None
    agreed_saved: bool | None = None
    kept_unread: bool = False  # the person has marked it unread since
    gone: bool = False  # the server did not know it any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """What both sides now say of a post; None leaves what is known."""

    post: ReaderPost
    read: bool | None = None
    saved: bool | None = None
    gone: bool = False


_POSTS = """
select p.id, p.guid, s.read, s.saved, s.published_at, r.read, r.saved, coalesce(r.kept_unread, 0), coalesce(r.gone, 0)
from feeds f join posts p on p.feed_id = f.id join post_states s on s.post_id = p.id
left join reader_states r on r.post_id = p.id and r.guid = p.guid
where f.kind = 'greader' and f.account = ? and f.removed_at is null and p.content_id is not null
"""
# A mark that the person made while the server was asked stays for the next time.
_AGREE = """
insert into reader_states (post_id, guid, read, saved, gone) values (:id, :guid, :read, :saved, :gone)
on conflict (post_id) do update set
  read = iif(guid = excluded.guid, coalesce(excluded.read, read), excluded.read),
  saved = iif(guid = excluded.guid, coalesce(excluded.saved, saved), excluded.saved),
  kept_unread = iif(excluded.read is null, kept_unread, kept_unread and excluded.read and not :was_kept),
  gone = excluded.gone, guid = excluded.guid
"""


def note_kept_unread(connection: Connection, ids: Sequence[int]) -> None:
    """The person marked posts unread: a server that says otherwise does not take that back."""
    connection.execute(
        "update reader_states set kept_unread = 1 where post_id in (select value from json_each(?))", (json.dumps(list(ids)),)
    )


class ReadersPart(Part):
    def reader_posts(self, account: str) -> list[ReaderPost]:
        """Return the posts of all feeds that are read with an account of a Google Reader server."""
        with self._db.read() as connection:
            rows = connection.execute(_POSTS, (account,)).fetchall()
        return [
            ReaderPost(
                id=row[0], guid=row[1], read=bool(row[2]), saved=bool(row[3]), published_at=moment(row[4]),
                agreed_read=None if row[5] is None else bool(row[5]), agreed_saved=None if row[6] is None else bool(row[6]),
                kept_unread=bool(row[7]), gone=bool(row[8]),
            )
            for row in rows
        ]  # fmt: skip

    def reader_feed_urls(self, account: str) -> set[str]:
        """Return the addresses of an account's feeds, those that the person left included."""
        with self._db.read() as connection:
            return {row[0] for row in connection.execute("select url from feeds where kind = 'greader' and account = ?", (account,))}

    def agree(self, agreed: Sequence[Agreed], *, take_read: Sequence[ReaderPost] = (), take_saved: Sequence[ReaderPost] = ()) -> Changes:
        """Note what both sides agree on; posts of `take_…` turn to the other state first, unless the person did so meanwhile."""
        now = stamp(self._clock())

        def work(connection: Connection) -> Changes:
            changed: set[int] = set()
            for column, posts in (("read", take_read), ("saved", take_saved)):
                for on in (True, False):
                    ids = json.dumps([post.id for post in posts if getattr(post, column) is not on])
                    turned = ids_of(
                        connection,
                        f"""
                        update post_states set {column} = :on where {column} <> :on and post_id in (select value from json_each(:ids))
                        returning post_id
                        """,
                        {"on": int(on), "ids": ids},
                    )
                    changed.update(turned)
                    if column == "saved" and on:
                        connection.executemany("insert or ignore into events values (?, 'saved', ?)", [(i, now) for i in turned])
                    elif column == "saved":
                        connection.executemany("delete from events where post_id = ? and event = 'saved'", [(i,) for i in turned])
            connection.executemany(
                _AGREE,
                [
                    {
                        "id": each.post.id, "guid": each.post.guid, "read": each.read, "saved": each.saved, "gone": each.gone,
                        "was_kept": each.post.kept_unread,
                    }
                    for each in agreed
                ],
            )  # fmt: skip
            return Changes(updated=frozenset(changed))

        return self._db.write(work)

    def note_synced(self, name: str, error: str) -> Changes:
        """Note how making an account's posts agree went; `error` is "" when it went well."""
        now = stamp(self._clock())

        def work(connection: Connection) -> Changes:
            row = connection.execute("select error from accounts where name = ?", (name,)).fetchone()
            connection.execute("update accounts set error = ?, synced_at = iif(? = '', ?, synced_at) where name = ?", (error, error, now, name))
            return Changes(settings=row is not None and row[0] != error)

        return self._db.write(work)
