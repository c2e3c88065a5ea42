"""Vectors of posts, by model: a narrow table of their own, read in the order of their keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from engine.store.connection import Connection, chunks, marks
from engine.store.part import Part, make_model_id, model_id
from engine.types import Floats, Ids

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Int8s = NDArray[np.int8]

_SHIFT = 40  # a key is the model's id, then 40 bits of post id: one model's vectors lie side by side


def _unpack(rows: Sequence[tuple[Any, ...]], first_key: int) -> tuple[Ids, Int8s, Floats]:
    import numpy as np

    keys, scales, codes = zip(*rows, strict=True)
    width = len(codes[0])
    return (
        np.array(keys, dtype=np.int64) - first_key,
        np.frombuffer(b"".join(codes), dtype=np.int8).reshape(len(rows), width),
        np.array(scales, dtype=np.float32),
    )


def _none() -> tuple[Ids, Int8s, Floats]:
    import numpy as np

    return np.zeros(0, np.int64), np.zeros((0, 0), np.int8), np.zeros(0, np.float32)


class VectorsPart(Part):
    def save_vectors(self, model: str, ids: Ids, codes: Int8s, scales: Floats) -> None:
        """Store posts' vectors and settle the stage "vectors" for them.

        Args:
            ids: (n,).   codes: (n, d) int8.   scales: (n,): component j of vector i is codes[i, j] * scales[i].
        Raises:
            ValueError: the lengths differ, or this model's vectors have another width.
        """
        import numpy as np

        if not len(ids) == len(codes) == len(scales):
            raise ValueError("ids, codes and scales differ in length")
        codes = np.ascontiguousarray(codes, dtype=np.int8)
        rows = [
            (post_id, scale, code.tobytes())
            for post_id, scale, code in zip(ids.tolist(), scales.tolist(), codes, strict=True)
        ]

        def work(connection: Connection) -> None:
            number = make_model_id(connection, model)
            first = number << _SHIFT
            known = connection.execute(
                "select length(codes) from vectors where key >= ? and key < ? limit 1", (first, first + (1 << _SHIFT))
            ).fetchone()
            if known is not None and rows and known[0] != codes.shape[1]:
                raise ValueError(f"vectors of {model} have {known[0]} components, not {codes.shape[1]}")
            connection.executemany(
                "insert or replace into vectors (key, scale, codes) values (?, ?, ?)",
                sorted((first + post_id, scale, code) for post_id, scale, code in rows),
            )
            connection.executemany(
                "update stages set vectors = ? where post_id = ?", [(number, row[0]) for row in rows]
            )

        self._db.write(work)

    def load_vectors(self, model: str, *, block: int = 4096) -> Iterator[tuple[Ids, Int8s, Floats]]:
        """Yield all vectors of a model by ascending post id, `block` at a time: (n,) ids, (n, d) codes, (n,) scales."""
        with self._db.read() as connection:
            number = model_id(connection, model)
            if number is None:
                return
            first = number << _SHIFT
            cursor = connection.execute(
                "select key, scale, codes from vectors where key >= ? and key < ? order by key",
                (first, first + (1 << _SHIFT)),
            )
            while rows := cursor.fetchmany(block):
                yield _unpack(rows, first)

    def vectors(self, model: str, ids: Sequence[int]) -> tuple[Ids, Int8s, Floats]:
        """Return the vectors of these posts, as far as there are any, by ascending post id."""
        with self._db.read() as connection:
            number = model_id(connection, model)
            if number is None:
                return _none()
            first = number << _SHIFT
            rows: list[tuple[Any, ...]] = []
            for some in chunks(sorted({int(post_id) for post_id in ids})):
                rows += connection.execute(
                    f"select key, scale, codes from vectors where key in ({marks(len(some))}) order by key",
                    [first + post_id for post_id in some],
                ).fetchall()
        return _unpack(rows, first) if rows else _none()

    def vector_count(self, model: str) -> int:
        with self._db.read() as connection:
            number = model_id(connection, model)
            if number is None:
                return 0
            first = number << _SHIFT
            row = connection.execute(
                "select count(*) from vectors where key >= ? and key < ?", (first, first + (1 << _SHIFT))
            ).fetchone()
        return int(row[0])

    def drop_vectors(self, model: str) -> None:
        """Forget a model's vectors: they are owed again."""

        def work(connection: Connection) -> None:
            number = model_id(connection, model)
            if number is not None:
                first = number << _SHIFT
                connection.execute("delete from vectors where key >= ? and key < ?", (first, first + (1 << _SHIFT)))
                connection.execute("update stages set vectors = 0 where vectors = ?", (number,))

        self._db.write(work)
