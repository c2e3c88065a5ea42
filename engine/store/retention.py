"""Limits that a person set on what a feed keeps. Without one, posts are kept for ever."""

from __future__ import annotations

import json

from engine.store.connection import Connection
from engine.store.folded import leave_stories
from engine.store.part import Part, ids_of, stamp
from engine.types import Changes

_BEYOND = """
with ordered as (
  select s.post_id, s.published_at, s.saved, s.liked, s.hidden_by_person,
         row_number() over (order by s.published_at desc, s.post_id desc) as place
  from post_states as s join posts as p on p.id = s.post_id
  where s.feed_id = :feed and p.content_id is not null
)
select post_id from ordered
where saved = 0 and liked is null and hidden_by_person is null
  and ((:keep > 0 and place > :keep) or (:days > 0 and published_at < :now - :days * 86400.0))
"""


class RetentionPart(Part):
    def prune(self) -> Changes:
        """Drop the contents of posts beyond their feed's limits.

        Saved and liked posts, and those that the person hid or brought back, stay. Guid and state of a dropped post
        stay too, so that it never comes back as new.
        """
        now = stamp(self._clock())

        def work(connection: Connection) -> Changes:
            gone: list[int] = []
            feeds = connection.execute(
                """
                select id, coalesce(keep_posts, 0), coalesce(keep_days, 0) from feeds
                where removed_at is null and (keep_posts > 0 or keep_days > 0)
                """
            ).fetchall()
            for feed_id, keep, days in feeds:
                gone += ids_of(connection, _BEYOND, {"feed": feed_id, "keep": keep, "days": days, "now": now})
            return Changes(updated=frozenset(gone) | _drop(connection, gone))

        return self._db.write(work)


def _drop(connection: Connection, ids: list[int]) -> frozenset[int]:
    """Drop the contents of posts and all that was made from them; return the posts that stand for their stories instead, or alone."""
    among = "(select value from json_each(:ids))"
    values = {"ids": json.dumps(ids)}
    one = connection.execute
    contents = ids_of(
        connection,
        f"""
        select content_id from posts where id in {among}
        union select content_id from versions where post_id in {among}
        """,
        values,
    )
    one(f"update post_states set listed = 0 where post_id in {among}", values)
    one(f"update posts set content_id = null where id in {among}", values)
    for table, column in (("versions", "post_id"), ("sketches", "post_id"), ("stages", "post_id"), ("words", "rowid"), ("counters", "post_id"), ("full_texts", "post_id")):
        one(f"delete from {table} where {column} in {among}", values)
    connection.executemany(
        "delete from vectors where key in (select (id << 40) + ? from models)", [(post_id,) for post_id in ids]
    )
    unused = ids_of(
        connection,
        """
        select value from json_each(:ids)
        where value not in (select content_id from posts where content_id is not null)
          and value not in (select content_id from versions)
        """,
        {"ids": json.dumps(contents)},
    )
    one(f"delete from written where key in (select hash from contents where id in {among})", {"ids": json.dumps(unused)})  # rewrites
    derived = (("signals", "content_id"), ("summaries", "content_id"), ("bodies", "content_id"), ("extras", "content_id"), ("content_flags", "content_id"))
    for table, column in (*derived, ("contents", "id")):
        one(f"delete from {table} where {column} in {among}", {"ids": json.dumps(unused)})
    return leave_stories(connection, ids)
