"""The posts that may stand in the timeline, as columns that ranking reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.ranking.features import SKETCH_TERMS, Sketches
from engine.types import Ids

_COLUMNS: dict[str, Any] = {
    "ids": np.int64,
    "feeds": np.int32,
    "published": np.float64,  # seconds since 1970, UTC
    "seen": np.float32,  # 0 never shown, up to 1 opened
    "visible": np.bool_,  # False for hidden posts: they get no place in the order
}


class Candidates:
    """Columns of n posts by row, sorted by id; about 90 bytes a post.

    Not thread-safe: one thread changes it while no other reads. `ids`, `feeds`, `published`, `seen`, `visible` and
    `sketches` are views of the first n rows: write to `seen` and `visible` in place through `update`.
    """

    def __init__(self) -> None:
        self._count = 0
        self._columns: dict[str, NDArray[Any]] = {name: np.zeros(0, kind) for name, kind in _COLUMNS.items()}
        self._sketches: Sketches = np.zeros((0, SKETCH_TERMS), dtype=np.uint16)
        self.version = 0  # raised by every change of rows or sketches, for caches beside it

    def __len__(self) -> int:
        return self._count

    @property
    def ids(self) -> Ids:
        return self._columns["ids"][: self._count]

    @property
    def feeds(self) -> NDArray[np.int32]:
        return self._columns["feeds"][: self._count]

    @property
    def published(self) -> NDArray[np.float64]:
        return self._columns["published"][: self._count]

    @property
    def seen(self) -> NDArray[np.float32]:
        return self._columns["seen"][: self._count]

    @property
    def visible(self) -> NDArray[np.bool_]:
        return self._columns["visible"][: self._count]

    @property
    def sketches(self) -> Sketches:
        return self._sketches[: self._count]

    def rows_of(self, ids: Ids | Sequence[int]) -> NDArray[np.int64]:
        """Return the row of each id, -1 where there is none."""
        wanted = np.asarray(ids, dtype=np.int64)
        if not self._count:
            return np.full(wanted.shape, -1, dtype=np.int64)
        places = np.minimum(np.searchsorted(self.ids, wanted), self._count - 1)
        return np.where(self.ids[places] == wanted, places, -1)

    def put(
        self,
        ids: Ids | Sequence[int],
        *,
        feeds: NDArray[np.int32] | Sequence[int],
        published: NDArray[np.float64] | Sequence[float],
        sketches: Sketches,
        seen: NDArray[np.float32] | Sequence[float] | None = None,
        visible: NDArray[np.bool_] | Sequence[bool] | None = None,
    ) -> None:
        """Add posts, or replace those that are here already. Ids that grow from call to call are cheapest.

        Raises:
            ValueError: an id is given twice.
        """
        new = np.asarray(ids, dtype=np.int64)
        size = len(new)
        values: dict[str, Any] = {
            "ids": new,
            "feeds": feeds,
            "published": published,
            "seen": np.zeros(size, np.float32) if seen is None else seen,
            "visible": np.ones(size, np.bool_) if visible is None else visible,
        }
        order = np.argsort(new, kind="stable")
        if size > 1 and (np.diff(new[order]) == 0).any():
            raise ValueError("an id is given twice")
        columns = {name: np.asarray(values[name], kind)[order] for name, kind in _COLUMNS.items()}
        sketches = np.asarray(sketches, dtype=np.uint16)[order]
        rows = self.rows_of(columns["ids"])
        old = rows >= 0
        for name, column in columns.items():
            self._columns[name][rows[old]] = column[old]
        self._sketches[rows[old]] = sketches[old]
        fresh = ~old
        if fresh.any():
            in_order = not self._count or columns["ids"][fresh][0] > self.ids[-1]
            self._append({name: column[fresh] for name, column in columns.items()}, sketches[fresh])
            if not in_order:
                self._sort()
        self.version += 1

    def update(self, ids: Ids | Sequence[int], *, seen: float | None = None, visible: bool | None = None) -> None:
        """Set what the person did; ids that are not here are passed over."""
        rows = self.rows_of(ids)
        rows = rows[rows >= 0]
        if seen is not None:
            self.seen[rows] = seen
        if visible is not None:
            self.visible[rows] = visible

    def remove(self, ids: Ids | Sequence[int]) -> None:
        """Drop posts; ids that are not here are passed over."""
        rows = self.rows_of(ids)
        keep = np.ones(self._count, dtype=bool)
        keep[rows[rows >= 0]] = False
        for name, column in self._columns.items():
            self._columns[name] = column[: self._count][keep]
        self._sketches = self.sketches[keep]
        self._count = len(self._sketches)
        self.version += 1

    def _append(self, columns: dict[str, NDArray[Any]], sketches: Sketches) -> None:
        end = self._count + len(sketches)
        if end > len(self._sketches):
            room = max(end, len(self._sketches) * 5 // 4, 1024) - len(self._sketches)
            for name, column in self._columns.items():
                self._columns[name] = np.concatenate([column, np.zeros(room, column.dtype)])
            self._sketches = np.concatenate([self._sketches, np.zeros((room, SKETCH_TERMS), np.uint16)])
        for name, column in columns.items():
            self._columns[name][self._count : end] = column
        self._sketches[self._count : end] = sketches
        self._count = end

    def _sort(self) -> None:
        order = np.argsort(self.ids, kind="stable")
        for name, column in self._columns.items():
            self._columns[name][: self._count] = column[: self._count][order]
        self._sketches[: self._count] = self.sketches[order]
