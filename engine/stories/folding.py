"""Which posts tell the same story: similarity of two posts, and folding a stream of them. Pure.

Posts are alike by the words they share (TF-IDF cosine; characters where a script has no spaces) and, where the
embedding model speaks the language of both, by the cosine of their vectors too. Words keep apart what vectors blur: two
posts about different matches of one tournament.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.ranking.features import TERM_SPACE, normalise
from engine.ranking.termspace import Bags, count_terms, inverse_document_frequency
from engine.types import Floats, PlainPost, Vectors
from engine.vectors import Mask

SAME_STORY = 0.45  # from here on two posts count as one story
WINDOW_HOURS = 96.0  # a story takes no post that is further from its newest one

_WORDS_SHARE = 0.35  # beside the vectors' cosine
# Shared words alone score lower than words and meaning together: the exponent lifts them to one threshold.
_WORDS_ALONE_EXPONENT = 1.5
_FOLD = 0.32  # a story takes a post whose mean similarity to its nearest members reaches this
_NEAREST = 3  # members that a new post is compared with
_TEXT_CHARACTERS = 300
_BLOCK = 64
_LEAST_TITLE = 12  # characters from which an equal title means an equal story


def similarities(posts: Sequence[PlainPost], vectors: Vectors | None = None) -> Floats:
    """Return how alike all pairs of posts are.

    Args:
        vectors: (n, d) unit vectors, NaN in the rows of posts whose language the model does not speak.
    Returns:
        (n, n) float32 from 0 to 1, symmetric; compare with `SAME_STORY`.
    """
    compared = _Compared(posts, vectors)
    result = np.ones((len(posts), len(posts)), dtype=np.float32)
    for row in range(len(posts)):
        result[row, :row] = result[:row, row] = compared.with_earlier(row, 0)
    return result


def fold_posts(posts: Sequence[PlainPost], vectors: Vectors | None = None) -> list[int]:
    """Put each post, in order of arrival, to the story it is most alike, or let it begin one.

    The same link, or the same longer title within the window, is the same story at once.

    Args:
        vectors: as in `similarities`.
    Returns:
        One story number for each post: 0 for the first story, counted up by first appearance.
    """
    compared = _Compared(posts, vectors)
    hours = np.array([post.published_at.timestamp() / 3600 if post.published_at else np.nan for post in posts])
    stories = np.zeros(len(posts), dtype=np.int64)
    newest: list[float] = []  # by story: hours of its newest post, NaN while unknown
    by_link: dict[str, int] = {}
    by_title: dict[str, int] = {}
    first = 0
    for row, post in enumerate(posts):
        while first < row and _apart(hours[first], hours[row]):
            first += 1
        link, title = _link(post.url), " ".join(normalise(post.title).split())
        story = by_link.get(link) if link else None
        if story is None and len(title) >= _LEAST_TITLE:
            story = by_title.get(title)
            if story is not None and _apart(newest[story], hours[row]):
                story = None
        if story is None:
            alike = compared.with_earlier(row, first)
            story = _closest(alike, stories[first:row], np.array(newest), hours[row])
        if story is None:
            story = len(newest)
            newest.append(np.nan)
        stories[row] = story
        newest[story] = float(np.fmax(newest[story], hours[row]))
        if link:
            by_link.setdefault(link, story)
        by_title[title] = story
    return [int(story) for story in stories]


def _apart(newest: float, hours: float) -> bool:
    """Whether a post lies outside the window; never when a time is unknown."""
    return abs(hours - newest) > WINDOW_HOURS


def _closest(alike: Floats, stories: NDArray[np.int64], newest: NDArray[np.float64], hours: float) -> int | None:
    """The story whose nearest members are most alike a post, if they are alike enough."""
    near = np.flatnonzero(alike >= _FOLD / 2)
    near = near[~(np.abs(newest[stories[near]] - hours) > WINDOW_HOURS)]
    if not len(near):
        return None
    sizes = np.bincount(stories, minlength=len(newest))
    order = near[np.lexsort((-alike[near], stories[near]))]
    groups = stories[order]
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
    place = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    sums = np.bincount(groups, np.where(place < _NEAREST, alike[order], 0), minlength=len(newest))
    means = sums / np.maximum(np.minimum(sizes, _NEAREST), 1)
    best = int(np.argmax(means))
    return best if means[best] >= _FOLD else None


def _link(url: str) -> str:
    return url.partition("#")[0].rstrip("/")


class _Compared:
    """Posts made ready to be compared with those before them."""

    def __init__(self, posts: Sequence[PlainPost], vectors: Vectors | None) -> None:
        bags = Bags.of(count_terms(f"{post.title}\n{post.text[:_TEXT_CHARACTERS]}") for post in posts)
        self._bags = bags.weighted(inverse_document_frequency(bags.document_frequency(), len(bags)))
        if vectors is None:
            vectors = np.full((len(posts), 1), np.nan, dtype=np.float32)
        self._spoken: Mask = np.asarray(np.isfinite(vectors).all(axis=1))
        self._rows = bags.rows()
        self._block = np.zeros((0, 0), dtype=np.float32)
        self._block_begin = -1
        self._weights = np.zeros(TERM_SPACE, dtype=np.float32)  # of the terms of one post at a time
        self._vectors = np.where(self._spoken[:, None], vectors, 0).astype(np.float32)

    def with_earlier(self, row: int, first: int) -> Floats:
        """(row - first,) similarities of a post with those from `first` up to it."""
        words = self._shared_words(row, first)
        alone = 1 - np.power(np.clip(1 - words, 0, 1), np.float32(_WORDS_ALONE_EXPONENT))
        if not self._spoken[row]:
            return np.asarray(alone, dtype=np.float32)
        close = np.clip(self._cosines(row)[first:row], 0, 1)
        both = (1 - _WORDS_SHARE) * close + _WORDS_SHARE * words
        return np.where(self._spoken[first:row], both, alone).astype(np.float32)

    def _cosines(self, row: int) -> Floats:
        """Cosines of a post with all before it; made for a block of posts at once, which is many times faster."""
        begin = row - row % _BLOCK
        if begin != self._block_begin:
            end = min(begin + _BLOCK, len(self._vectors))
            self._block = self._vectors[begin:end] @ self._vectors[:end].T
            self._block_begin = begin
        return np.asarray(self._block[row - begin])

    def _shared_words(self, row: int, first: int) -> Floats:
        """TF-IDF cosines of a post with those from `first` up to it."""
        begin, middle, end = self._bags.starts[[first, row, row + 1]]
        terms, values = self._bags.terms, self._bags.values
        own = terms[middle:end]
        self._weights[own] = values[middle:end]
        weights = self._weights[terms[begin:middle]]
        hits = np.flatnonzero(weights)
        self._weights[own] = 0
        sums = np.bincount(
            self._rows[begin:middle][hits] - first, weights[hits] * values[begin:middle][hits], minlength=row - first
        )
        return sums.astype(np.float32)
