"""The person's own algorithm: their timelines, what they edited of what was learnt, and what teaches nothing any more."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.errors import InputError, NotFoundError
from engine.settings import Value
from engine.store.connection import Connection, chunks, marks
from engine.store.part import Part, Row, ids_of, stamp
from engine.types import SIGNAL_NAMES, Changes, Ids, InterestKind, Timeline

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Edits = Mapping[tuple[InterestKind, str], float]
SIGNAL_COLUMNS = ("negative", "neutral", "positive", *SIGNAL_NAMES)
NOT_ASKED = 255  # of a share that is stored as 0 to 254
_TIMELINE = "select id, name, position, options from timelines"
# A judgement that says more stands above one that says less; the place stays that of the first.
_WEIGHTS = {"passed": 0, "opened": 1, "dismissed": 2, "saved": 3, "liked": 4, "disliked": 4}
# Twelve shares travel in two numbers: most of the time goes into making Python's objects of the rows.
_PACKED = [
    " + ".join(
        f"(coalesce(cast(round(g.{name} * 254) as integer), 255) << {8 * place})"
        for place, name in enumerate(SIGNAL_COLUMNS[first : first + 6])
    )
    for first in (0, 6)
]


def _timeline(row: Row) -> Timeline:
    options = json.loads(row[3])
    options["feed_ids"] = tuple(options["feed_ids"])
    return Timeline(id=row[0], name=row[1], position=row[2], **options)


def _options(timeline: Timeline) -> str:
    return json.dumps(
        {
            "preset": timeline.preset,
            "strength": timeline.strength,
            "exploration": timeline.exploration,
            "weights": dict(timeline.weights),
            "signals": dict(timeline.signals),
            "feed_ids": timeline.feed_ids,
            "folder": timeline.folder,
        },
        ensure_ascii=False,
    )


def _put_timeline(connection: Connection, timeline: Timeline) -> Timeline:
    twin = connection.execute("select id from timelines where name = ? and id <> ?", (timeline.name, timeline.id)).fetchone()
    if twin is not None:
        raise InputError(f"There is a timeline “{timeline.name}” already. Give this one another name.")
    values = (timeline.name, timeline.position, _options(timeline))
    if not timeline.id:
        (number,) = connection.execute(
            "insert into timelines (name, position, options) values (?, ?, ?) returning id", values
        ).fetchone()
        return replace(timeline, id=number)
    found = connection.execute(
        "update timelines set name = ?, position = ?, options = ? where id = ? returning id", (*values, timeline.id)
    ).fetchone()
    if found is None:
        raise NotFoundError(f"There is no timeline {timeline.id}.")
    return timeline


def _among(column: str, ids: Sequence[int] | None) -> tuple[str, tuple[str, ...]]:
    if ids is None:
        return "", ()
    return f"where {column} in (select value from json_each(?))", (json.dumps([int(post_id) for post_id in ids]),)


class AlgorithmPart(Part):
    def timelines(self) -> list[Timeline]:
        """Return the person's timelines as they stand in the sidebar."""
        with self._db.read() as connection:
            rows = connection.execute(f"{_TIMELINE} order by position, id").fetchall()
        return list(map(_timeline, rows))

    def save_timeline(self, timeline: Timeline) -> tuple[Timeline, Changes]:
        """Store a timeline, a new one when its id is 0. Raises InputError when another has its name, NotFoundError."""

        def work(connection: Connection) -> tuple[Timeline, Changes]:
            return _put_timeline(connection, timeline), Changes(order=True, settings=True)

        return self._db.write(work, durable=True)

    def delete_timeline(self, timeline_id: int) -> Changes:
        """Raises NotFoundError."""

        def work(connection: Connection) -> Changes:
            if not ids_of(connection, "delete from timelines where id = ? returning id", (timeline_id,)):
                raise NotFoundError(f"There is no timeline {timeline_id}.")
            return Changes(order=True, settings=True)

        return self._db.write(work, durable=True)

    def interest_edits(self) -> dict[tuple[InterestKind, str], float]:
        """Return what the person set by hand, by kind and key, the oldest first."""
        with self._db.read() as connection:
            rows = connection.execute("select kind, key, weight from interest_edits order by at, kind, key").fetchall()
        return {(kind, key): weight for kind, key, weight in rows}

    def edit_interest(self, kind: InterestKind, key: str, weight: float | None) -> Changes:
        """Set a weight by hand; None takes the edit back."""
        now = stamp(self._clock())

        def work(connection: Connection) -> Changes:
            if weight is None:
                connection.execute("delete from interest_edits where kind = ? and key = ?", (kind, key))
            else:
                connection.execute("insert or replace into interest_edits values (?, ?, ?, ?)", (kind, key, weight, now))
            return Changes(order=True)

        return self._db.write(work, durable=True)

    def forgotten(self) -> dict[int, float]:
        """Return the posts whose acts until then (unix seconds) teach nothing."""
        with self._db.read() as connection:
            return dict(connection.execute("select post_id, at from forgotten"))

    def forget_posts(self, ids: Iterable[int], *, forget: bool = True) -> Changes:
        """Let acts on posts teach nothing, or teach again. `updated` are those of which that was not so before."""
        now = stamp(self._clock())
        packed = json.dumps(sorted({int(post_id) for post_id in ids}))

        def work(connection: Connection) -> Changes:
            if forget:
                # A later act on a forgotten post counts again, until that is forgotten too.
                changed = ids_of(
                    connection,
                    """
                    insert into forgotten (post_id, at) select value, :now from json_each(:ids)
                    where exists (
                      select 1 from events as e where e.post_id = value
                        and e.at > coalesce((select f.at from forgotten as f where f.post_id = value), -1)
                    )
                    on conflict (post_id) do update set at = :now returning post_id
                    """,
                    {"ids": packed, "now": now},
                )
            else:
                changed = ids_of(
                    connection,
                    "delete from forgotten where post_id in (select value from json_each(?)) returning post_id",
                    (packed,),
                )
            return Changes(updated=frozenset(changed), order=bool(changed))

        return self._db.write(work, durable=True)

    def replace_algorithm(
        self, settings: Mapping[str, Value], timelines: Sequence[Timeline], edits: Edits
    ) -> Changes:
        """Set settings, and put these timelines and edits in the place of all there are, in one go."""
        now = stamp(self._clock())

        def work(connection: Connection) -> Changes:
            connection.executemany(
                "insert or replace into settings (name, value) values (?, ?)",
                [(name, json.dumps(value)) for name, value in settings.items()],
            )
            connection.execute(
                "delete from timelines where id not in (select value from json_each(?))",
                (json.dumps([timeline.id for timeline in timelines]),),
            )
            for timeline in timelines:
                _put_timeline(connection, timeline)
            connection.execute("delete from interest_edits")
            connection.executemany(
                "insert into interest_edits values (?, ?, ?, ?)",
                [(kind, key, weight, now + place * 1e-3) for place, ((kind, key), weight) in enumerate(edits.items())],
            )
            return Changes(order=True, settings=True)

        return self._db.write(work, durable=True)

    # ---- what the learner reads ------------------------------------------------------------------

    def authors_of(self, ids: Sequence[int]) -> dict[int, str]:
        """Return the authors of these posts, as far as they name one."""
        found: dict[int, str] = {}
        with self._db.read() as connection:
            for some in chunks(list(ids)):
                found.update(
                    connection.execute(
                        f"""
                        select p.id, c.author from posts as p join contents as c on c.id = p.content_id
                        where p.id in ({marks(len(some))}) and c.author <> ''
                        """,
                        some,
                    )
                )
        return found

    def authors(self) -> list[str]:
        """Return everybody who wrote a post, from an index alone."""
        with self._db.read() as connection:
            return [row[0] for row in connection.execute("select distinct author from contents where author <> ''")]

    def posts_by_author(self, author: str) -> list[int]:
        """Return the posts of an author, from an index alone."""
        with self._db.read() as connection:
            return ids_of(
                connection,
                """
                select p.id from contents as c join posts as p on p.content_id = c.id
                where c.author = ? and c.author <> '' order by p.id
                """,
                (author,),
            )

    def signal_shares(self, ids: Sequence[int] | None = None) -> tuple[Ids, NDArray[np.uint8]]:
        """Return what heads said of all posts, or of these.

        Returns:
            (n,) ids, ascending; (n, 12) shares in the order of `SIGNAL_COLUMNS`, 0 to 254, 255 where nobody asked.
        """
        import numpy as np

        where, values = _among("p.id", ids)
        with self._db.read() as connection:
            rows = connection.execute(
                f"""
                select p.id, {_PACKED[0]}, {_PACKED[1]} from posts as p
                join signals as g on g.content_id = p.content_id
                {where} order by p.id
                """,
                values,
            ).fetchall()
        table = np.array(rows, dtype="<i8").reshape(len(rows), 3)
        shares = np.ascontiguousarray(table[:, 1:]).view(np.uint8).reshape(len(rows), 2, 8)[:, :, :6]
        return table[:, 0].astype(np.int64), shares.reshape(len(rows), 12).copy()

    # ---- what the order was worth ----------------------------------------------------------------

    def judge_places(self, event: str, places: Mapping[int, tuple[float, float]]) -> None:
        """Keep where posts stood when the person acted on them: (in the order shown, in newest first), 0 the top, 1 the end.

        The place of the first act on a post stays; `event` becomes the one that says most: "liked", "disliked",
        "saved", "dismissed", "opened", "passed" (marked as read without being opened).
        """
        now, weight = stamp(self._clock()), _WEIGHTS[event]
        weaker = [name for name, other in _WEIGHTS.items() if other <= weight]

        def work(connection: Connection) -> None:
            connection.executemany(
                f"""
                insert into judged_scores (post_id, at, event, place, newest_place) values (?, ?, ?, ?, ?)
                on conflict (post_id) do update set event = excluded.event where event in ({marks(len(weaker))})
                """,
                [(post_id, now, event, *place, *weaker) for post_id, place in places.items()],
            )

        self._db.write(work)

    def unjudge(self, post_id: int, *events: str) -> None:
        """Forget the place of a post whose act was taken back."""
        self._db.write(
            lambda connection: connection.execute(
                f"delete from judged_scores where post_id = ? and event in ({marks(len(events))})", (post_id, *events)
            )
        )
