"""How alike each two of some texts are. Pure.

By their words (TF-IDF cosine; characters where a script has no spaces) and, where the embedding model speaks the language of
both, by the cosine of their vectors too. From that goes what is no merit of the pair: a text that is near to many is near to
anything (Conneau et al. 2018, cross-domain similarity local scaling; here in a few small steps on one collection).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.ranking.termspace import Bags, count_terms, inverse_document_frequency
from engine.stories.index import alone, together
from engine.types import Floats, PlainPost, Vectors
from engine.vectors import Mask

SAME_STORY = 0.46  # from here on two texts count as one story

_TEXT_CHARACTERS = 300
_NEIGHBOURS = 10  # by which is judged how near a text is to anything
_USUAL = 0.3  # how near a neighbour is that a small collection lacks
_STEPS, _STEP = 3, 0.25
_BACK = 0.35  # brings a text and itself to 1 again
_TERMS_AT_ONCE = 4096


def similarities(posts: Sequence[PlainPost], vectors: Vectors | None = None) -> Floats:
    """Return how alike all pairs of posts are, among these posts.

    Args:
        vectors: (n, d) unit vectors, NaN in the rows of posts whose language the model does not speak.
    Returns:
        (n, n) float32 from 0 to 1, symmetric; compare with `SAME_STORY`.
    """
    words = _word_cosines(posts)
    alike = alone(words)
    if vectors is not None and len(posts):
        spoken: Mask = np.asarray(np.isfinite(vectors).all(axis=1))
        kept = np.where(spoken[:, None], vectors, 0).astype(np.float32)
        both = spoken[:, None] & spoken[None, :]
        alike = np.where(both, together(np.clip(kept @ kept.T, 0, 1), words), alike)
    result = _among_others(alike)
    np.fill_diagonal(result, 1.0)
    return result


def _among_others(alike: Floats) -> Floats:
    """Take from each pair how near its two posts are to their nearest others, in a few small steps; 0 to 1."""
    alike = alike.copy()
    np.fill_diagonal(alike, -1.0)
    usual = _USUAL
    for _ in range(_STEPS):
        near = np.full((len(alike), _NEIGHBOURS), usual, dtype=np.float32)
        count = min(_NEIGHBOURS, len(alike))
        if count:
            near = np.concatenate([near, -np.partition(-alike, count - 1, axis=1)[:, :count]], axis=1)
        nearness = -np.partition(-near, _NEIGHBOURS - 1, axis=1)[:, :_NEIGHBOURS].mean(axis=1)
        usual -= 2 * _STEP * usual
        alike -= np.float32(_STEP) * (nearness[:, None] + nearness[None, :])
    return np.asarray(np.clip((alike + alike.T) / 2 + np.float32(_BACK), 0, 1), dtype=np.float32)


def _word_cosines(posts: Sequence[PlainPost]) -> Floats:
    """(n, n) TF-IDF cosines, a part of the terms at a time."""
    bags = Bags.of(count_terms(f"{post.title}\n{post.text[:_TEXT_CHARACTERS]}") for post in posts)
    bags = bags.weighted(inverse_document_frequency(bags.document_frequency(), len(bags)))
    result = np.zeros((len(posts), len(posts)), dtype=np.float32)
    if not len(bags.terms):
        return result
    _, columns, counts = np.unique(bags.terms, return_inverse=True, return_counts=True)
    rows: NDArray[np.int64] = bags.rows()
    shared = counts[columns] > 1  # a term of one post is in no pair
    rows, columns, values = rows[shared], columns[shared], bags.values[shared]
    order = np.unique(columns)
    for first in range(0, len(order), _TERMS_AT_ONCE):
        some = order[first : first + _TERMS_AT_ONCE]
        here = (columns >= some[0]) & (columns <= some[-1])
        dense = np.zeros((len(posts), len(some)), dtype=np.float32)
        dense[rows[here], np.searchsorted(some, columns[here])] = values[here]
        result += dense @ dense.T
    return np.clip(result, 0, 1)
