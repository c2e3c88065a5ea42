"""Stories of the last days, kept in memory in step with the store: a new post finds its story without the past being read again.

Loading reads the posts of the window once, when the first post is to be folded.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np

from engine.sources.links import canonical_url
from engine.store import Fold, Store, StoredTelling
from engine.stories import TWO_ALIKE, WINDOW_HOURS, StoryIndex, Telling, links_of, taught_bar
from engine.types import Changes, Ids, Vectors

TAUGHT_PAIRS = 200  # of the person's, by which the bar is moved
MOST_POSTS = 60_000  # kept in memory; of a busier week the newest


class Folding:
    """Thread-safe. `model` names the embedding model whose vectors are used."""

    def __init__(self, store: Store, *, model: Callable[[], str]) -> None:
        self._store = store
        self._model = model
        self._lock = threading.RLock()
        self._index: StoryIndex | None = None
        self._first = self._last = 0.0  # the time that the index holds all posts of, in unix seconds

    def forget(self) -> None:
        """Drop the index; it is made again when it is needed."""
        with self._lock:
            self._index = None

    def fold(self, ids: Sequence[int]) -> Changes:
        """Put posts to their stories and store that; a post whose content changed is put anew."""
        with self._lock:
            found = self._store.tellings(ids)
            if not found:
                self._store.settle("stories", "", ids)
                return Changes()
            index = self._ready(found[0].published, found[-1].published)
            placed = index.place(self._tellings(found))
            gone = set(ids) - {telling.id for telling in found}
            folds = [Fold(post_id=p.id, beside=p.beside, joined=p.joined) for p in placed]
            changes, numbers = self._store.save_folds([*folds, *(Fold(post_id=post_id) for post_id in sorted(gone))])
            index.number(numbers)
            return changes

    def take(self, changes: Changes) -> None:
        """Take in what the person did to stories: see `Store.split_story`."""
        with self._lock:
            if self._index is not None:
                self._index.number(self._store.numbers_of_stories(changes.updated))
                self._index.forget_pairs()
                self._learn(self._index)

    def _ready(self, first: float, last: float) -> StoryIndex:
        """The index, holding what was told around this time."""
        reach = WINDOW_HOURS * 3600
        index = self._index
        if index is None or first - reach > self._last or last + reach < self._first:
            index = self._index = StoryIndex()
            self._first = self._last = first - reach
            self._load(index, first - reach, last + reach)
            self._first, self._last = first - reach, last + reach
            self._learn(index)
            return index
        if first - reach < self._first:
            self._load(index, first - reach, self._first)
            self._first = first - reach
        if last + reach > self._last:
            self._load(index, self._last, last + reach)
            self._last = last + reach
        if len(index) > MOST_POSTS or self._last - self._first > 3 * reach:
            self._first = max(self._first, first - reach)
            index.forget_before(self._first / 3600)
        return index

    def _learn(self, index: StoryIndex) -> None:
        """Take in what the person put together or apart, and move the bar by the latest of it."""
        pairs = self._store.story_pairs()
        index.keep(pairs)
        latest = pairs[-TAUGHT_PAIRS:]
        ids = sorted({post_id for one, other, _ in latest for post_id in (one, other)})
        told = {telling.id: telling for telling in self._tellings(self._store.tellings(ids))}
        judged = [(index.alike(told[one], told[other]), together) for one, other, together in latest if one in told and other in told]
        index.stricter = taught_bar(judged, TWO_ALIKE)

    def _load(self, index: StoryIndex, since: float, until: float) -> None:
        stored = [telling for telling in self._store.tellings_between(since, until, limit=MOST_POSTS) if telling.id not in index]
        stored.reverse()
        for first in range(0, len(stored), 2000):
            some = stored[first : first + 2000]
            stories = {telling.id: telling.story_id for telling in some if telling.story_id is not None}
            index.load(self._tellings(some), stories)

    def _tellings(self, stored: Sequence[StoredTelling]) -> list[Telling]:
        ids, codes, scales = self._store.vectors(self._model(), [telling.id for telling in stored])
        vectors = _by_id(ids, codes.astype(np.float32) * scales[:, None] if len(ids) else np.zeros((0, 0), np.float32))
        return [
            Telling(
                id=telling.id,
                title=telling.title,
                text=telling.text,
                links=links_of(telling.url, telling.body_html, telling.words, telling.quoted_url, canonical=canonical_url),
                hours=telling.published / 3600,
                source=telling.source,
                vector=vectors.get(telling.id),
            )
            for telling in stored
        ]


def _by_id(ids: Ids, vectors: Vectors) -> dict[int, Vectors]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return dict(zip(ids.tolist(), vectors / np.maximum(lengths, 1e-9), strict=True))


