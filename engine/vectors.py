"""Unit vectors kept as int8 with one scale each, and dot products over many of them in little memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.types import Floats, Ids, Vectors

Int8s = NDArray[np.int8]  # (n, d)
Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

BLOCK_ROWS = 8192  # rows allocated at once: 3 MB at 384 dimensions
TILE_ROWS = 1024  # rows converted to float32 at once: 1.5 MB at 384 dimensions, which stays in a core's cache


def quantise(vectors: Vectors) -> tuple[Int8s, Floats]:
    """Round vectors to int8, each with its own scale (its largest component over 127).

    Args:
        vectors: (n, d) float32.
    Returns:
        ((n, d) int8, (n,) float32); row i is about `int8[i] * scale[i]`. A zero vector gets the scale 0. Every
        component is off by at most half its row's scale, so a unit vector keeps a cosine of at least
        sqrt(1 - d * scale**2 / 4) with its rounded self.
    """
    vectors = np.asarray(vectors, dtype=np.float32)
    scales = np.abs(vectors).max(axis=1, initial=0.0).astype(np.float32) / np.float32(127.0)
    divisors = np.where(scales > 0, scales, np.float32(1.0))
    codes = np.clip(np.rint(vectors / divisors[:, None]), -127, 127).astype(np.int8)
    return codes, scales


def dequantise(codes: Int8s, scales: Floats) -> Vectors:
    """Return (n, d) float32 from what `quantise` gave."""
    return np.multiply(codes, scales[:, None], dtype=np.float32)


def unit(vectors: Vectors) -> Vectors:
    """Return the rows scaled to length 1; zero rows stay zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(np.divide(vectors, lengths, out=np.zeros_like(vectors, dtype=np.float32), where=lengths > 0))


class Int8Matrix:
    """Quantised vectors by id: grows in blocks without copying, and multiplies block by block.

    Peak extra memory of every method is below 16 MB beside what it returns; numpy holds no GIL while it converts and
    multiplies. Not thread-safe: one thread changes it while no other reads.
    """

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self._blocks: list[Int8s] = []
        self._scales = np.zeros(0, dtype=np.float32)
        self._ids = np.zeros(0, dtype=np.int64)
        self._count = 0
        self._sorted: tuple[Ids, Rows] | None = None

    def __len__(self) -> int:
        return self._count

    @property
    def ids(self) -> Ids:
        """(n,) int64, in row order. A view: do not write to it."""
        return self._ids[: self._count]

    def rows_of(self, ids: Ids | Sequence[int]) -> Rows:
        """Return the row of each id, -1 where there is none. O(m log n)."""
        wanted = np.asarray(ids, dtype=np.int64)
        if self._sorted is None:
            order = np.argsort(self.ids, kind="stable")
            self._sorted = self.ids[order], order
        keys, order = self._sorted
        if not len(keys):
            return np.full(wanted.shape, -1, dtype=np.int64)
        places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[places] == wanted, order[places], -1)

    def append(self, ids: Ids | Sequence[int], codes: Int8s, scales: Floats) -> None:
        """Add rows; an id that is already here gets the new vector in its old row.

        Raises:
            ValueError: the width differs (the vectors come from another model) or an id is given twice.
        """
        new_ids = np.asarray(ids, dtype=np.int64)
        if codes.shape != (len(new_ids), self.dim):
            raise ValueError(f"expected ({len(new_ids)}, {self.dim}) codes, got {codes.shape}")
        if len(np.unique(new_ids)) != len(new_ids):
            raise ValueError("an id is given twice")
        rows = self.rows_of(new_ids)
        old = rows >= 0
        for row, source in zip(rows[old], np.flatnonzero(old), strict=True):
            self._blocks[row // BLOCK_ROWS][row % BLOCK_ROWS] = codes[source]
            self._scales[row] = scales[source]
        if old.any():
            new_ids, codes, scales = new_ids[~old], codes[~old], np.asarray(scales)[~old]
        if not len(new_ids):
            return
        start, end = self._count, self._count + len(new_ids)
        self._reserve(end)
        self._ids[start:end] = new_ids
        self._scales[start:end] = scales
        done = 0
        while done < len(new_ids):
            block, first = divmod(start + done, BLOCK_ROWS)
            take = min(BLOCK_ROWS - first, len(new_ids) - done)
            self._blocks[block][first : first + take] = codes[done : done + take]
            done += take
        self._count = end
        self._sorted = None

    def remove(self, ids: Ids | Sequence[int]) -> int:
        """Drop rows and return how many there were. The last rows move into the gaps: row numbers change."""
        rows = np.unique(self.rows_of(ids))
        rows = rows[rows >= 0]
        for row in rows[::-1]:
            last = self._count - 1
            self._blocks[row // BLOCK_ROWS][row % BLOCK_ROWS] = self._blocks[last // BLOCK_ROWS][last % BLOCK_ROWS]
            self._ids[row] = self._ids[last]
            self._scales[row] = self._scales[last]
            self._count = last
        del self._blocks[-(-self._count // BLOCK_ROWS) :]
        if len(rows):
            self._sorted = None
        return len(rows)

    def vectors(self, rows: Rows | Sequence[int]) -> Vectors:
        """Return (m, d) float32 for m row numbers."""
        wanted = np.asarray(rows, dtype=np.int64)
        result = np.empty((len(wanted), self.dim), dtype=np.float32)
        for place, row in enumerate(wanted):
            result[place] = self._blocks[row // BLOCK_ROWS][row % BLOCK_ROWS]
        result *= self._scales[wanted, None]
        return result

    def dot(self, query: Floats) -> Floats:
        """Return the dot product of every row with one query or several.

        Args:
            query: (d,) or (d, m) float32.
        Returns:
            (n,) or (n, m) float32.
        """
        query = np.ascontiguousarray(query, dtype=np.float32)
        if query.shape[0] != self.dim:
            raise ValueError(f"expected a query of {self.dim} dimensions, got {query.shape[0]}")
        result = np.empty((self._count, *query.shape[1:]), dtype=np.float32)
        tile = np.empty((min(TILE_ROWS, self._count), self.dim), dtype=np.float32)
        for start in range(0, self._count, TILE_ROWS):
            size = min(TILE_ROWS, self._count - start)
            block, first = divmod(start, BLOCK_ROWS)
            np.copyto(tile[:size], self._blocks[block][first : first + size])
            np.matmul(tile[:size], query, out=result[start : start + size])
        scales = self._scales[: self._count]
        result *= scales if query.ndim == 1 else scales[:, None]
        return result

    def top(self, query: Floats, k: int, mask: Mask | None = None) -> tuple[Ids, Floats]:
        """Return the ids and dot products of the k best rows, best first; ties by the smaller id.

        Args:
            query: (d,) float32.
            mask: (n,) bool; rows that are False are left out.
        """
        scores = self.dot(query)
        rows = np.arange(self._count) if mask is None else np.flatnonzero(mask)
        if k < len(rows):
            rows = rows[np.argpartition(-scores[rows], k - 1)[:k]] if k > 0 else rows[:0]
        rows = rows[np.lexsort((self.ids[rows], -scores[rows]))]
        return self.ids[rows].copy(), scores[rows]

    def _reserve(self, rows: int) -> None:
        while len(self._blocks) * BLOCK_ROWS < rows:
            self._blocks.append(np.empty((BLOCK_ROWS, self.dim), dtype=np.int8))
        if rows > len(self._ids):
            capacity = max(rows, len(self._ids) * 3 // 2, 1024)
            self._ids = np.concatenate([self._ids, np.zeros(capacity - len(self._ids), dtype=np.int64)])
            self._scales = np.concatenate([self._scales, np.zeros(capacity - len(self._scales), dtype=np.float32)])
