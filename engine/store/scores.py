"""The stored ranking: ids in order with score and reason, as blobs that are replaced whole.

A new ranking of 200,000 posts is then 2 MB written in one go, and no row of a post is touched.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from engine.store.connection import Connection, chunks, marks
from engine.store.part import Part
from engine.types import Changes, Floats, Ids

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# The first screen is shown from here: numpy, which takes longer to load than to read a ranking, comes when it is needed.

CHUNK = 8192  # posts to a row of the table; the first row is what a window opens with
_NOT_RANKED = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    score: float
    reason: str
    detail: str


class Ranking:
    """A stored ranking in memory, or its first chunk: 9 bytes a post, 8 more once a place below the top was asked for.

    Args:
        ids: uint32, best first.   scores: float32.   reasons: uint8, keys of `names`.
        newest: the highest id that was ranked; None takes that of `ids`.
        whole: False when there are more posts than `ids`.
    """

    def __init__(
        self,
        version: int,
        ids: bytes,
        scores: bytes,
        reasons: bytes,
        names: Mapping[int, str],
        *,
        newest: int | None = None,
        whole: bool = True,
    ) -> None:
        self.version = version
        self.ids = _little_endian("I", ids)
        self.newest: int = max(self.ids, default=0) if newest is None else newest
        self.whole = whole
        self._scores = scores
        self._reasons = reasons
        self._names = names
        self._top = {post_id: place for place, post_id in enumerate(self.ids[:CHUNK])}

    def covers(self, ids: Sequence[int]) -> bool:
        """Whether it knows the places of all these posts."""
        return self.whole or all(post_id in self._top or post_id > self.newest for post_id in ids)

    @cached_property
    def _places(self) -> NDArray[np.int32]:
        import numpy as np

        places = np.full(self.newest + 1, _NOT_RANKED, dtype=np.int32)
        places[np.asarray(self.ids)] = np.arange(len(self.ids), dtype=np.int32)
        return places

    def place(self, post_id: int) -> int | None:
        """Return the post's place, from 0."""
        place = self._top.get(post_id)
        if place is not None or not self.whole or len(self._top) == len(self.ids):
            return place
        if not 0 <= post_id <= self.newest or self._places[post_id] == _NOT_RANKED:
            return None
        return int(self._places[post_id])

    def score(self, place: int) -> float:
        return float(_little_endian("f", self._scores[4 * place : 4 * place + 4])[0])

    def in_order(self, newest_first: Sequence[int]) -> list[int]:
        """Order ids by rank: those that came after the ranking first, those it left out last, both as they stand."""
        import numpy as np

        ids = np.asarray(newest_first, dtype=np.int64)
        places = np.full(len(ids), -1, dtype=np.int32)
        inside = ids <= self.newest
        places[inside] = self._places[ids[inside]]
        ordered: list[int] = ids[np.argsort(places, kind="stable")].tolist()
        return ordered

    def reasons(self, connection: Connection, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
        """Return the name and detail of each post's strongest reason."""
        details: dict[int, str] = {}
        for some in chunks(list(ids)):
            details.update(
                connection.execute(
                    f"select post_id, detail from ranking_details where post_id in ({marks(len(some))})", some
                )
            )
        found: dict[int, tuple[str, str]] = {}
        for post_id in ids:
            place = self.place(post_id)
            if place is not None:
                found[post_id] = (self._names.get(int(self._reasons[place]), ""), details.get(post_id, ""))
        return found


def _little_endian(kind: str, packed: bytes) -> array[Any]:
    values: array[Any] = array(kind, packed)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def _load(connection: Connection, version: int, *, whole: bool) -> Ranking:
    names = dict(connection.execute("select number, name from ranking_reasons"))
    row = connection.execute("select value from marks where name = 'ranking_newest'").fetchone()
    newest: int | None = row[0] if row else None
    if newest is None:  # stored by a version that did not note it
        whole = True
    few = "" if whole else " limit 1"
    rows = connection.execute(f"select ids, scores, reasons from ranking order by chunk{few}").fetchall()
    if not whole:
        (chunks_stored,) = connection.execute("select count(*) from ranking").fetchone()
        whole = chunks_stored <= 1
    ids, scores, reasons = (b"".join(row[column] for row in rows) for column in range(3))
    return Ranking(version, ids, scores, reasons, names, newest=newest, whole=whole)


class ScoresPart(Part):
    _ranking: Ranking | None = None

    def ranking(self, connection: Connection, *, whole: bool = True) -> Ranking:
        """Return the stored ranking, read again only when another one was stored; not `whole`, its top may be all."""
        (version,) = connection.execute("select value from marks where name = 'ranking'").fetchone()
        ranking = self._ranking
        if ranking is None or ranking.version != version or (whole and not ranking.whole):
            connection.execute("begin")  # version and blobs of one moment
            try:
                (version,) = connection.execute("select value from marks where name = 'ranking'").fetchone()
                ranking = _load(connection, version, whole=whole)
            finally:
                connection.execute("commit")
            self._ranking = ranking
        return ranking

    def ranking_of(self, connection: Connection, ids: Sequence[int]) -> Ranking:
        """Return as much of the stored ranking as knows these posts."""
        ranking = self.ranking(connection, whole=False)
        return ranking if ranking.covers(ids) else self.ranking(connection)

    def save_scores(
        self,
        ids: Ids,
        scores: Floats,
        *,
        reasons: NDArray[np.uint8],
        names: Sequence[str],
        details: Mapping[int, str] | None = None,
    ) -> Changes:
        """Replace the whole ranking.

        Args:
            ids: (n,) best first.   scores: (n,).
            reasons: (n,) the strongest reason of each, as an index into `names`.
            details: what to show beside the reason, by post id, where there is something.
        """
        if not len(ids) == len(scores) == len(reasons):
            raise ValueError("ids, scores and reasons differ in length")

        def work(connection: Connection) -> Changes:
            for table in ("ranking", "ranking_reasons", "ranking_details"):
                connection.execute(f"delete from {table}")
            connection.executemany(
                "insert into ranking (chunk, ids, scores, reasons) values (?, ?, ?, ?)",
                [
                    (
                        number,
                        ids[start : start + CHUNK].astype("<u4").tobytes(),
                        scores[start : start + CHUNK].astype("<f4").tobytes(),
                        reasons[start : start + CHUNK].astype("u1").tobytes(),
                    )
                    for number, start in enumerate(range(0, len(ids), CHUNK))
                ],
            )
            connection.executemany("insert into ranking_reasons (number, name) values (?, ?)", list(enumerate(names)))
            connection.executemany(
                "insert into ranking_details (post_id, detail) values (?, ?)",
                sorted((post_id, detail) for post_id, detail in (details or {}).items() if detail),
            )
            connection.execute("update marks set value = value + 1 where name = 'ranking'")
            connection.execute(
                "insert or replace into marks (name, value) values ('ranking_newest', ?)", (int(ids.max(initial=0)),)
            )
            return Changes(order=True)

        return self._db.write(work)

    def scores(self, ids: Sequence[int]) -> dict[int, Ranked]:
        """Return what is stored of these posts; those that were never ranked are left out."""
        with self._db.read() as connection:
            ranking = self.ranking_of(connection, ids)
            reasons = ranking.reasons(connection, ids)
        found: dict[int, Ranked] = {}
        for post_id, (reason, detail) in reasons.items():
            place = ranking.place(post_id)
            assert place is not None
            found[post_id] = Ranked(score=ranking.score(place), reason=reason, detail=detail)
        return found

    def position(self, post_id: int) -> int | None:
        """Return the post's place in the stored ranking, from 1; None when it is not in it."""
        with self._db.read() as connection:
            place = self.ranking_of(connection, [post_id]).place(post_id)
        return None if place is None else place + 1
