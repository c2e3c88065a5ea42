"""What the person did and set by hand, taken into what is in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from engine.ranking.drift import drifted, step_of
from engine.ranking.edits import Edits, Topic
from engine.ranking.features import terms_of_text
from engine.ranking.learner import STRENGTHS, Feedback, learn
from engine.scoring.loaded import Loaded, vectors_of
from engine.store import Store
from engine.types import Floats, Ids, Vectors

BACKGROUND_POSTS = 400
TEXT_CHARACTERS = 600  # of a post that words are named from, as in a sketch
TOPIC_POST = "post:"


class Learning:
    """Learns from the store's feedback and edits."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Callable[[], datetime],
        model: Callable[[], str],
        taste: Callable[[], tuple[str, float, float]],
        signals: Callable[[], bool] = lambda: True,
    ) -> None:
        self._store = store
        self._clock = clock
        self._model = model
        self._taste = taste
        self._signals = signals  # whether what heads said may count
        self._lock = threading.RLock()
        self._loaded: Loaded | None = None

    def _know_authors(self, loaded: Loaded, names: Sequence[str]) -> None:
        """Give authors numbers, and their posts these numbers."""
        for name in names:
            if name not in loaded.authors:
                loaded.authors[name] = len(loaded.authors)
                rows = loaded.candidates.rows_of(self._store.posts_by_author(name))
                loaded.candidates.authors[rows[rows >= 0]] = loaded.authors[name]

    def _learn(self, loaded: Loaded) -> None:
        strengths: dict[int, float] = {}
        forgotten = self._store.forgotten()
        for post_id, event, at in self._store.feedback_history():
            strength = STRENGTHS.get(event, 0.0)
            if abs(strength) > abs(strengths.get(post_id, 0.0)) and at.timestamp() > forgotten.get(post_id, -np.inf):
                strengths[post_id] = strength
        ids = np.fromiter(strengths, np.int64, len(strengths))
        there = loaded.candidates.rows_of(ids) >= 0
        acted = ids[there]
        strange = [post_id for post_id in acted.tolist() if post_id not in loaded.author_of]
        loaded.author_of |= dict.fromkeys(strange, "") | self._store.authors_of(strange)
        self._know_authors(loaded, [name for post_id in acted.tolist() if (name := loaded.author_of[post_id])])
        feedback = _feedback(loaded, acted, np.fromiter(strengths.values(), np.float32, len(ids))[there])
        plain = feedback.vectors
        feedback = replace(feedback, vectors=_drifted(loaded, acted, plain))
        size = len(loaded.candidates)
        others = loaded.candidates.ids[:: max(1, size // BACKGROUND_POSTS)]
        others = others[~np.isin(others, ids)]
        background = _feedback(loaded, others, np.zeros(len(others), np.float32))
        loaded.feedback, loaded.acted = feedback, acted
        loaded.learnt = learn(feedback, background, loaded.term_weights()) if len(ids) else None
        liked = feedback.strengths >= STRENGTHS["liked"]
        loaded.liked_ids, loaded.liked_vectors, loaded.liked_titles = acted[liked], plain[liked], {}
        loaded.interest = None
        loaded.stale = True

    def _take_edits(self, loaded: Loaded) -> None:
        by_kind: dict[str, dict[str, float]] = {kind: {} for kind in ("source", "author", "word", "signal", "topic")}
        for (kind, key), weight in self._store.interest_edits().items():
            by_kind[kind][key] = weight
        self._know_authors(loaded, list(by_kind["author"]))
        loaded.edits = Edits(
            feeds={int(key): weight for key, weight in by_kind["source"].items() if key.isdecimal()},
            authors={loaded.authors[name]: weight for name, weight in by_kind["author"].items()},
            words=by_kind["word"],
            signals=by_kind["signal"],
            topics=[topic for key, weight in by_kind["topic"].items() if (topic := self._topic(loaded, key, weight))],
        )
        loaded.interest = loaded.edited = None
        loaded.stale = True

    def _topic(self, loaded: Loaded, key: str, weight: float) -> Topic | None:
        """A subject by its description, or by a post: None where that post is gone."""
        if not key.startswith(TOPIC_POST):
            kept = self._store.topic_vector(self._model(), key)
            vector = np.frombuffer(kept, dtype="<f4").astype(np.float32) if kept is not None else None
            return Topic(weight=weight, vector=vector, terms=terms_of_text(key))
        row = int(loaded.candidates.rows_of([int(key.removeprefix(TOPIC_POST))])[0])
        if row < 0:
            return None
        (found,) = vectors_of(loaded, loaded.candidates.ids[row : row + 1])
        sketch = loaded.candidates.sketches[row]
        return Topic(
            weight=weight, vector=None if np.isnan(found).any() else found, terms=tuple(dict.fromkeys(sketch[sketch != 0].tolist()))
        )


def topic_posts(edits: Iterable[tuple[str, str]]) -> list[int]:
    """The posts that edits name as topics."""
    return [int(key.removeprefix(TOPIC_POST)) for kind, key in edits if kind == "topic" and key.startswith(TOPIC_POST)]


def _feedback(loaded: Loaded, ids: Ids, strengths: Floats) -> Feedback:
    candidates = loaded.candidates
    rows = candidates.rows_of(ids)
    return Feedback(
        vectors=vectors_of(loaded, ids),
        sketches=candidates.sketches[rows],
        feeds=candidates.feeds[rows],
        strengths=strengths,
        authors=candidates.authors[rows],
        shares=candidates.shares[rows],
        published=candidates.published[rows],
        outlets=candidates.outlets[rows],
    )


def _drifted(loaded: Loaded, ids: Ids, vectors: Vectors) -> Vectors:
    """The vectors of acts, moved towards their neighbours among all posts."""
    size = len(loaded.vectors)
    spoken = np.flatnonzero(~np.isnan(vectors).any(axis=1))
    if not len(spoken):
        return vectors
    if loaded.pool is None or size > 2 * loaded.pool_of:
        loaded.pool, loaded.pool_of, loaded.drifted = loaded.vectors.vectors(np.arange(0, size, step_of(size))), size, {}
    step = step_of(loaded.pool_of)
    new = spoken[[int(number) not in loaded.drifted for number in ids[spoken]]]
    if len(new):
        rows = loaded.vectors.rows_of(ids[new])
        own = np.where((rows % step == 0) & (rows < loaded.pool_of), rows // step, -1)
        loaded.drifted |= dict(zip(ids[new].tolist(), drifted(vectors[new], loaded.pool, own), strict=True))
    moved = vectors.copy()
    moved[spoken] = np.stack([loaded.drifted[int(number)] for number in ids[spoken]])
    return moved
