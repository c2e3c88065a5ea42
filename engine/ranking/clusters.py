"""Subjects: groups of posts that lie near each other, so that no subject fills a screen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.ranking.learner import middles
from engine.types import Vectors
from engine.vectors import Int8Matrix

_SAMPLE = 2048
_POSTS_TO_A_GROUP = 40
_MOST = 64
_LEAST_POSTS = 200
_NEAR = 0.35  # the cosine from which a post belongs to a subject at all
_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Clusters:
    """The middles of subjects: (k, d) unit vectors."""

    middles: Vectors
    posts: int  # there were when they were found

    @staticmethod
    def among(vectors: Int8Matrix) -> Clusters | None:
        """Find subjects by k-means over a sample, the same each time; None while there are too few posts."""
        size = len(vectors)
        if size < _LEAST_POSTS:
            return None
        sample = vectors.vectors(np.arange(0, size, -(-size // _SAMPLE)))
        count = min(_MOST, max(2, size // _POSTS_TO_A_GROUP), len(sample))
        start = sample[np.linspace(0, len(sample) - 1, count).astype(np.int64)]
        return Clusters(middles(sample, start, rounds=5), size)

    def of(self, vectors: Int8Matrix, rows: NDArray[np.int64]) -> NDArray[np.int32]:
        """The subject of some rows of `vectors`, -1 where it is none of them."""
        cosines = vectors.vectors(rows) @ self.middles.T
        return np.where(cosines.max(axis=1, initial=-1) >= _NEAR, cosines.argmax(axis=1), -1).astype(np.int32)

    def of_all(self, vectors: Int8Matrix) -> NDArray[np.int32]:
        """The same of all rows, in little memory."""
        best = np.full(len(vectors), _NEAR, np.float32)
        found = np.full(len(vectors), -1, np.int32)
        for first in range(0, len(self.middles), _AT_ONCE):
            cosines = vectors.dot(np.ascontiguousarray(self.middles[first : first + _AT_ONCE].T))
            places = cosines.argmax(axis=1)
            values = cosines[np.arange(len(cosines)), places]
            better = values > best
            best[better] = values[better]
            found[better] = first + places[better]
        return found
