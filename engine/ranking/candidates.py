"""The posts that may stand in the timeline, as columns that ranking reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.ranking.features import SKETCH_TERMS, Sketches
from engine.types import Ids

SHARES = 12  # negative, neutral, positive and SIGNAL_NAMES
NOT_ASKED = 255  # of a share that is kept as 0 to 254

# Each column's kind, its width, and what a post has of which nothing is known.
_COLUMNS: dict[str, tuple[Any, tuple[int, ...], Any]] = {
    "ids": (np.int64, (), 0),
    "feeds": (np.int32, (), 0),
    "published": (np.float64, (), 0.0),  # seconds since 1970, UTC
    "seen": (np.float32, (), 0.0),  # 0 never shown, up to 1 opened
    "visible": (np.bool_, (), True),  # False for hidden posts: they get no place in the order
    "authors": (np.int32, (), -1),  # numbers that the caller gives; -1: none, or none that matters
    "topics": (np.int32, (), -1),  # likewise, of groups of posts near each other
    "stories": (np.int32, (), -1),  # likewise, of posts that tell the same
    "outlets": (np.int32, (), 1),  # that tell its story
    "shares": (np.uint8, (SHARES,), NOT_ASKED),  # of signals, 0 to 254
    "sketches": (np.uint16, (SKETCH_TERMS,), 0),
}
_ROOM_AT_LEAST = 1024


class Candidates:
    """Columns of n posts by row, sorted by id; about 125 bytes a post.

    Not thread-safe: one thread changes it while no other reads. The columns are views of the first n rows: write to
    all but `ids` in place.
    """

    def __init__(self) -> None:
        self._count = 0
        self._columns: dict[str, NDArray[Any]] = {name: np.zeros((0, *width), kind) for name, (kind, width, _) in _COLUMNS.items()}
        self.version = 0  # raised by every change of rows or sketches, for caches beside it

    def __len__(self) -> int:
        return self._count

    def column(self, name: str) -> NDArray[Any]:
        return self._columns[name][: self._count]

    @property
    def ids(self) -> Ids:
        return self.column("ids")

    @property
    def feeds(self) -> NDArray[np.int32]:
        return self.column("feeds")

    @property
    def published(self) -> NDArray[np.float64]:
        return self.column("published")

    @property
    def seen(self) -> NDArray[np.float32]:
        return self.column("seen")

    @property
    def visible(self) -> NDArray[np.bool_]:
        return self.column("visible")

    @property
    def authors(self) -> NDArray[np.int32]:
        return self.column("authors")

    @property
    def topics(self) -> NDArray[np.int32]:
        return self.column("topics")

    @property
    def stories(self) -> NDArray[np.int32]:
        return self.column("stories")

    @property
    def outlets(self) -> NDArray[np.int32]:
        return self.column("outlets")

    @property
    def shares(self) -> NDArray[np.uint8]:
        return self.column("shares")

    @property
    def sketches(self) -> Sketches:
        return self.column("sketches")

    def rows_of(self, ids: Ids | Sequence[int]) -> NDArray[np.int64]:
        """Return the row of each id, -1 where there is none."""
        wanted = np.asarray(ids, dtype=np.int64)
        if not self._count:
            return np.full(wanted.shape, -1, dtype=np.int64)
        places = np.minimum(np.searchsorted(self.ids, wanted), self._count - 1)
        return np.where(self.ids[places] == wanted, places, -1)

    def put(self, ids: Ids | Sequence[int], **columns: Any) -> None:
        """Add posts, or replace those that are here already. Ids that grow from call to call are cheapest.

        Args:
            columns: values by name, (n,) or (n, width); those not given become what is known of nothing.
        Raises:
            ValueError: an id is given twice.
        """
        new = np.asarray(ids, dtype=np.int64)
        order = np.argsort(new, kind="stable")
        if len(new) > 1 and (np.diff(new[order]) == 0).any():
            raise ValueError("an id is given twice")
        given = {"ids": new, **columns}
        values = {
            name: np.asarray(given[name], kind)[order] if name in given else np.full((len(new), *width), default, kind)
            for name, (kind, width, default) in _COLUMNS.items()
        }
        rows = self.rows_of(values["ids"])
        old = rows >= 0
        for name, column in values.items():
            self._columns[name][rows[old]] = column[old]
        fresh = ~old
        if fresh.any():
            in_order = not self._count or values["ids"][fresh][0] > self.ids[-1]
            self._append({name: column[fresh] for name, column in values.items()})
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
        self._count = int(keep.sum())
        self.version += 1

    def _append(self, columns: dict[str, NDArray[Any]]) -> None:
        end = self._count + len(columns["ids"])
        if end > len(self._columns["ids"]):
            room = max(end, len(self._columns["ids"]) * 5 // 4, _ROOM_AT_LEAST) - len(self._columns["ids"])
            for name, column in self._columns.items():
                self._columns[name] = np.concatenate([column, np.zeros((room, *column.shape[1:]), column.dtype)])
        for name, column in columns.items():
            self._columns[name][self._count : end] = column
        self._count = end

    def _sort(self) -> None:
        order = np.argsort(self.ids, kind="stable")
        for column in self._columns.values():
            column[: self._count] = column[: self._count][order]
