"""Acts on networks, from the person's wish until the network has them."""

from __future__ import annotations

from datetime import datetime

from engine.errors import NotFoundError
from engine.store.connection import Connection
from engine.store.part import Part, Row, moment, moment_or_none, stamp, stamp_or_none
from engine.types import Act, Changes, Verb

_ACT = """
select id, post_id, url, account, verb, undo, text, key, state, made_at, attempts, next_try_at, error, result from outbox
"""


def _act(row: Row) -> Act:
    return Act(
        id=row[0],
        post_id=row[1],
        url=row[2],
        account=row[3],
        verb=row[4],
        undo=bool(row[5]),
        text=row[6],
        key=row[7],
        state=row[8],
        made_at=moment(row[9]),
        attempts=row[10],
        next_try_at=moment_or_none(row[11]),
        error=row[12],
        result=row[13],
    )


class OutboxPart(Part):
    def add_act(self, post_id: int, *, url: str, account: str, verb: Verb, undo: bool, text: str, key: str) -> tuple[Act | None, Changes]:
        """Queue an act. One that was never tried and its opposite cancel each other out: None.

        The same act twice is one; only replies may be repeated.
        """
        now = stamp(self._clock())

        def work(connection: Connection) -> tuple[Act | None, Changes]:
            changes = Changes(updated=frozenset({post_id}))
            if verb != "reply":
                row = connection.execute(
                    f"{_ACT} where post_id = ? and account = ? and verb = ? and state <> 'failed' order by id desc limit 1",
                    (post_id, account, verb),
                ).fetchone()
                last = _act(row) if row is not None else None
                if last is not None and last.undo == undo:
                    return last, Changes()
                if last is not None and last.state == "waiting" and last.attempts == 0:
                    connection.execute("delete from outbox where id = ?", (last.id,))
                    return None, changes
            row = connection.execute(
                """
                insert into outbox (post_id, url, account, verb, undo, text, key, state, made_at)
                values (?, ?, ?, ?, ?, ?, ?, 'waiting', ?) returning id
                """,
                (post_id, url, account, verb, undo, text, key, now),
            ).fetchone()
            return _act(connection.execute(f"{_ACT} where id = ?", (row[0],)).fetchone()), changes

        return self._db.write(work, durable=True)

    def acts(self, *, post_id: int | None = None, waiting: bool = False) -> list[Act]:
        """Return acts, the oldest first: of one post, or those that wait, or all."""
        conditions = ["state = 'waiting'"] * waiting + ["post_id = :post"] * (post_id is not None)
        where = f"where {' and '.join(conditions)}" if conditions else ""
        with self._db.read() as connection:
            return [_act(row) for row in connection.execute(f"{_ACT} {where} order by id", {"post": post_id})]

    def note_attempt(self, act_id: int) -> None:
        """Say that an act is about to be sent; from now on it may have arrived."""
        self._db.write(
            lambda connection: connection.execute("update outbox set attempts = attempts + 1 where id = ?", (act_id,)), durable=True
        )

    def settle_act(
        self, act: Act, *, state: str, error: str = "", next_try_at: datetime | None = None, result: str = ""
    ) -> Changes:
        """Store what came of sending an act."""

        def work(connection: Connection) -> Changes:
            connection.execute(
                "update outbox set state = ?, error = ?, next_try_at = ?, result = ? where id = ?",
                (state, error, stamp_or_none(next_try_at), result, act.id),
            )
            return Changes(updated=frozenset({act.post_id}))

        return self._db.write(work, durable=True)

    def remove_act(self, act_id: int) -> Changes:
        """Forget an act that waits or failed. Raises NotFoundError; one that was sent can only be undone."""

        def work(connection: Connection) -> Changes:
            row = connection.execute("delete from outbox where id = ? and state <> 'done' returning post_id", (act_id,)).fetchone()
            if row is None:
                raise NotFoundError(f"No act {act_id} waits.")
            return Changes(updated=frozenset({int(row[0])}))

        return self._db.write(work, durable=True)
