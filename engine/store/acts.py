"""What the person does to posts: on the disk before it is acknowledged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from engine.errors import NotFoundError
from engine.store.connection import Connection
from engine.store.folded import refold
from engine.store.part import Part, ids_of, moment, stamp
from engine.store.readers import note_kept_unread
from engine.types import Changes

_AMONG = "post_id in (select value from json_each(:ids))"

# Undoing one's own hide leaves the post to the rules as before, unless one of them would hide it again at once.
# Bringing back what a rule hid or muffled beats all rules for that post, for ever.
_UNHIDE = f"""
update post_states set
  hidden = 0,
  muffled_by = iif(hidden_by_person = 1, muffled_by, null),
  hidden_by_person = iif(hidden_by_person = 1 and rule_id is null, null, 0)
where {_AMONG} and (hidden = 1 or muffled_by is not null)
returning post_id
"""
# A post that the person brings back was a mistake of the rules that had taken it.
_MISTAKES = """
insert or replace into rule_marks (rule_id, post_id, fits, at)
select h.rule_id, h.post_id, 0, :now from hits as h join post_states as s on s.post_id = h.post_id
where h.post_id in (select value from json_each(:ids)) and s.hidden_by_person is null
  and ((h.action = 'hide' and s.hidden = 1) or (h.action = 'muffle' and s.muffled_by is not null))
"""


def _note(connection: Connection, ids: Sequence[int], event: str, now: float) -> None:
    connection.executemany("insert or replace into events values (?, ?, ?)", [(i, event, now) for i in ids])


def _forget(connection: Connection, ids: Sequence[int], *events: str) -> None:
    connection.executemany(
        "delete from events where post_id = ? and event = ?", [(i, event) for i in ids for event in events]
    )


def _flag(connection: Connection, column: Literal["read", "saved"], ids: str, on: bool) -> list[int]:
    return ids_of(
        connection,
        f"update post_states set {column} = :on where {_AMONG} and {column} <> :on returning post_id",
        {"ids": ids, "on": int(on)},
    )


class ActsPart(Part):
    def mark(
        self, ids: Sequence[int], *, read: bool | None = None, saved: bool | None = None, hidden: bool | None = None
    ) -> Changes:
        """Set flags on posts. `updated` holds exactly the posts that were otherwise before: what an undo marks back.

        Bringing back (`hidden=False`) what a rule hid or muffled beats every rule for that post for ever. With a telling that
        stood for its story, `updated` holds the one that stands for it now, too.
        """
        now = stamp(self._clock())
        packed = json.dumps([int(post_id) for post_id in ids])

        def work(connection: Connection) -> Changes:
            changed: set[int] = set()
            if read is not None:
                now_so = _flag(connection, "read", packed, read)
                if not read:
                    note_kept_unread(connection, now_so)
                changed.update(now_so)
            if saved is not None:
                now_so = _flag(connection, "saved", packed, saved)
                if saved:
                    _note(connection, now_so, "saved", now)
                else:
                    _forget(connection, now_so, "saved")
                changed.update(now_so)
            if hidden:
                now_so = ids_of(
                    connection,
                    f"""
                    update post_states set hidden = 1, hidden_by_person = 1
                    where {_AMONG} and hidden_by_person is not 1 returning post_id
                    """,
                    {"ids": packed},
                )
                connection.execute(f"delete from rule_marks where fits = 0 and {_AMONG}", {"ids": packed})
                _note(connection, now_so, "hidden", now)
                changed.update(now_so)
            elif hidden is not None:
                connection.execute(_MISTAKES, {"ids": packed, "now": now})
                now_so = ids_of(connection, _UNHIDE, {"ids": packed})
                _forget(connection, now_so, "hidden", "dismissed")
                connection.execute(f"delete from judged_scores where event = 'dismissed' and {_AMONG}", {"ids": json.dumps(now_so)})
                changed.update(now_so)
            if hidden is not None:
                changed |= refold(connection, changed)
            return Changes(updated=frozenset(changed))

        return self._db.write(work, durable=True)

    def feedback(self, post_id: int, liked: bool | None) -> Changes:
        """Store a like (True), a dislike (False) or neither (None). Raises NotFoundError."""
        now = stamp(self._clock())
        value = {True: 1, False: -1, None: None}[liked]

        def work(connection: Connection) -> Changes:
            _require_post(connection, post_id)
            changed = ids_of(
                connection,
                "update post_states set liked = :liked where post_id = :id and liked is not :liked returning post_id",
                {"liked": value, "id": post_id},
            )
            if changed:
                _forget(connection, changed, "liked", "disliked")
                if liked is not None:
                    _note(connection, changed, "liked" if liked else "disliked", now)
            return Changes(updated=frozenset(changed))

        return self._db.write(work, durable=True)

    def record(self, post_id: int, event: Literal["opened", "dismissed"]) -> Changes:
        """Note that a post was opened or dismissed, for ranking. Raises NotFoundError."""
        if event not in ("opened", "dismissed"):
            raise ValueError(f"no such event: {event}")
        now = stamp(self._clock())

        def work(connection: Connection) -> Changes:
            _require_post(connection, post_id)
            _note(connection, [post_id], event, now)
            return Changes(updated=frozenset({post_id}))

        return self._db.write(work, durable=True)

    def feedback_history(self) -> list[tuple[int, str, datetime]]:
        """Return what holds now, oldest first: (post, "liked" | "disliked" | "saved" | "hidden" | "opened" |
        "dismissed", when last); each at most once per post. A like that was taken back is not there."""
        with self._db.read() as connection:
            rows = connection.execute("select post_id, event, at from events order by at, post_id, event").fetchall()
        return [(post_id, event, moment(at)) for post_id, event, at in rows]


def _require_post(connection: Connection, post_id: int) -> None:
    if connection.execute("select 1 from post_states where post_id = ?", (post_id,)).fetchone() is None:
        raise NotFoundError(f"There is no post {post_id}.")
