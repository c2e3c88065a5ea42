"""Posts that nothing is known of teach, too: a vector moves towards its nearest neighbours, so that what lies along one
drift of posts counts as near (a step of diffusion on the graph of neighbours, after Zhou et al. 2004)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.types import Vectors
from engine.vectors import unit

POOL = 4096  # posts among which neighbours are looked for
_NEIGHBOURS = 8
_SHARE = 1.0  # how far a vector moves: at 1 it ends half-way to its neighbours' middle
_NEAR = 0.35  # the cosine of neighbours from which a vector moves all the way
_BLOCK = 1024


def step_of(count: int) -> int:
    """Every how many of `count` posts one goes into the pool."""
    return -(-count // POOL) or 1


def drifted(vectors: Vectors, pool: Vectors, own: NDArray[np.int64]) -> Vectors:
    """Move unit vectors towards the middle of their nearest neighbours in a pool, the nearer ones weighing more.

    Args:
        vectors: (n, d).   pool: (p, d).
        own: (n,) the place of each vector in the pool, -1 where it is not there: no vector is its own neighbour.
    Returns:
        (n, d) unit vectors.
    """
    count = min(_NEIGHBOURS, len(pool) - 1)
    if count < 1:
        return vectors
    result = np.empty_like(vectors)
    for first in range(0, len(vectors), _BLOCK):
        some, mine = vectors[first : first + _BLOCK], own[first : first + _BLOCK]
        cosines = some @ pool.T
        there = np.flatnonzero(mine >= 0)
        cosines[there, mine[there]] = 0
        nearest = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
        weights = np.maximum(np.take_along_axis(cosines, nearest, axis=1), 0) ** 2
        # Where all neighbours are far, there is no drift to follow.
        weights /= np.maximum(weights.sum(axis=1, keepdims=True), np.float32(count * _NEAR**2))
        result[first : first + _BLOCK] = some + np.float32(_SHARE) * np.einsum("nk,nkd->nd", weights, pool[nearest])
    return unit(result)
