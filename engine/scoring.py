"""The timeline's order, kept in memory: what ranking needs of every post, kept in step with the store.

Loading reads the store once (about a second for 200,000 posts); until then the order that was stored last holds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from engine.ranking import score
from engine.ranking.candidates import Candidates
from engine.ranking.learner import STRENGTHS, Feedback, Interest, Model, corpus_idf, learn
from engine.ranking.score import Ranking, weights_of
from engine.store import Columns, Store
from engine.types import Changes, Explanation, Floats, Ids, PostRow, TimelineQuery, Vectors
from engine.vectors import Int8Matrix

BACKGROUND_POSTS = 400
RELOAD_FROM = 20_000  # changed posts from which reading everything anew is quicker
NEAR = 0.3  # cosine from which a liked post is worth naming
NAMES = ("", "close_to_liked", "words_liked", "source_liked", "rare_poster")


@dataclass(slots=True)
class _Loaded:
    """Columns of all candidates by row, and what was learnt."""

    candidates: Candidates
    vectors: Int8Matrix
    read: np.ndarray[tuple[int], np.dtype[np.bool_]]
    saved: np.ndarray[tuple[int], np.dtype[np.bool_]]
    folded: np.ndarray[tuple[int], np.dtype[np.bool_]]  # they keep their place; only lists of more than one feed lack them
    stories: Ids  # 0: none
    learnt: Model | None = None
    ranking: Ranking | None = None
    boosted: Ids = field(default_factory=lambda: np.zeros(0, np.int64))  # posts that rules rank higher
    stale: bool = True  # the ranking lacks what changed since; cards may still read it, lists may not
    liked_ids: Ids = field(default_factory=lambda: np.zeros(0, np.int64))
    liked_vectors: Vectors = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    liked_titles: dict[int, str] = field(default_factory=dict)
    unsaved: bool = False


class Scorer:
    """Thread-safe. `model` and `weights` (preset, strength) are asked each time, so that settings take effect."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Callable[[], datetime],
        model: Callable[[], str],
        weights: Callable[[], tuple[str, float]],
    ) -> None:
        self._store = store
        self._clock = clock
        self._model = model
        self._weights = weights
        self._lock = threading.RLock()
        self._loaded: _Loaded | None = None

    # ---- loading and keeping in step -------------------------------------------------------------

    def load(self) -> None:
        """Read what ranking needs from the store, unless that is done."""
        with self._lock:
            self._ready()

    def forget(self) -> None:
        """Drop everything; it is read anew when it is needed."""
        with self._lock:
            self._loaded = None

    def apply(self, changes: Changes) -> None:
        """Take in what a write changed."""
        with self._lock:
            loaded = self._loaded
            ids = sorted(changes.new | changes.updated)
            if loaded is not None and changes.rules:
                self._take_boosts(loaded)
            if loaded is None or not (ids or changes.unknown):
                return
            if changes.unknown or len(ids) > RELOAD_FROM:
                self._loaded = None
                return
            self._take(loaded, ids)

    def _ready(self) -> _Loaded:
        if self._loaded is None:
            candidates = Candidates()
            columns = self._store.candidates()
            _put(candidates, columns)
            vectors: Int8Matrix | None = None
            for ids, codes, scales in self._store.load_vectors(self._model()):
                vectors = vectors or Int8Matrix(codes.shape[1])
                vectors.append(ids, codes, scales)
            self._loaded = _Loaded(candidates, vectors or Int8Matrix(0), columns.read.copy(), columns.saved.copy(), columns.folded.copy(), columns.stories.copy())
            self._take_boosts(self._loaded)
            self._learn(self._loaded)
        return self._loaded

    def _take(self, loaded: _Loaded, ids: Sequence[int]) -> None:
        columns = self._store.candidates(ids)
        candidates = loaded.candidates
        wanted = np.asarray(ids, dtype=np.int64)
        gone = np.setdiff1d(wanted[candidates.rows_of(wanted) >= 0], columns.ids)
        rows = candidates.rows_of(columns.ids)
        known = rows >= 0
        moved = bool(len(gone)) or not known.all()
        moved = moved or bool((candidates.visible[rows[known]] == columns.hidden[known]).any())
        if len(gone) or not known.all():
            before = candidates.ids.copy()
            candidates.remove(gone)
            _put(candidates, columns)
            if len(before) > len(candidates) or (candidates.ids[: len(before)] != before).any():
                loaded.ranking = None  # its rows are others now
            kept = np.isin(before, candidates.ids)
            places = candidates.rows_of(before[kept])
            for name in ("read", "saved", "folded", "stories"):
                grown = np.zeros(len(candidates), getattr(loaded, name).dtype)
                grown[places] = getattr(loaded, name)[kept]
                setattr(loaded, name, grown)
        else:
            candidates.update(columns.ids[columns.hidden], visible=False)
            candidates.update(columns.ids[~columns.hidden], visible=True)
            candidates.update(columns.ids[columns.read], seen=1.0)
            candidates.update(columns.ids[~columns.read], seen=0.0)
        rows = candidates.rows_of(columns.ids)
        loaded.read[rows] = columns.read
        loaded.saved[rows] = columns.saved
        loaded.folded[rows] = columns.folded
        loaded.stories[rows] = columns.stories
        moved |= self._take_vectors(loaded, columns.ids)
        self._take_boosts(loaded)
        loaded.stale |= moved

    def _take_boosts(self, loaded: _Loaded) -> None:
        boosted = np.asarray(self._store.boosted(), dtype=np.int64)
        loaded.stale |= not np.array_equal(boosted, loaded.boosted)
        loaded.boosted = boosted

    def _take_vectors(self, loaded: _Loaded, ids: Ids) -> bool:
        if loaded.vectors.dim:
            ids = ids[loaded.vectors.rows_of(ids) < 0]
        if not len(ids):
            return False
        found, codes, scales = self._store.vectors(self._model(), ids.tolist())
        if not len(found):
            return False
        if loaded.vectors.dim:
            loaded.vectors.append(found, codes, scales)
        else:
            loaded.vectors = Int8Matrix(codes.shape[1])
            loaded.vectors.append(found, codes, scales)
            self._learn(loaded)  # what was learnt so far knew no vectors
        return True

    # ---- learning --------------------------------------------------------------------------------

    def relearn(self) -> Changes:
        """Learn from all feedback anew; the order follows at the next question."""
        with self._lock:
            loaded = self._ready()
            self._learn(loaded)
            return Changes(order=True)

    def _learn(self, loaded: _Loaded) -> None:
        strengths: dict[int, float] = {}
        for post_id, event, _ in self._store.feedback_history():
            strength = STRENGTHS.get(event, 0.0)
            if abs(strength) > abs(strengths.get(post_id, 0.0)):
                strengths[post_id] = strength
        ids = np.fromiter(strengths, np.int64, len(strengths))
        there = loaded.candidates.rows_of(ids) >= 0
        feedback = self._feedback(loaded, ids[there], np.fromiter(strengths.values(), np.float32, len(ids))[there])
        size = len(loaded.candidates)
        others = loaded.candidates.ids[:: max(1, size // BACKGROUND_POSTS)]
        others = others[~np.isin(others, ids)]
        background = self._feedback(loaded, others, np.zeros(len(others), np.float32))
        loaded.learnt = learn(feedback, background, corpus_idf(loaded.candidates.sketches)) if len(ids) else None
        liked = ids[there][feedback.strengths >= STRENGTHS["liked"]]
        loaded.liked_ids = liked
        loaded.liked_vectors = feedback.vectors[feedback.strengths >= STRENGTHS["liked"]]
        loaded.liked_titles = {text.id: text.title or text.text[:80] for text in self._store.texts(liked.tolist())}
        loaded.stale = True

    @staticmethod
    def _feedback(loaded: _Loaded, ids: Ids, strengths: Floats) -> Feedback:
        rows = loaded.candidates.rows_of(ids)
        return Feedback(
            vectors=_vectors_of(loaded, ids),
            sketches=loaded.candidates.sketches[rows],
            feeds=loaded.candidates.feeds[rows],
            strengths=strengths,
        )

    @staticmethod
    def _interest(loaded: _Loaded) -> Interest | None:
        if loaded.learnt is None or not loaded.learnt.acts:
            return None
        candidates = loaded.candidates
        rows = loaded.vectors.rows_of(candidates.ids) if loaded.vectors.dim else np.full(len(candidates), -1, np.int64)
        return loaded.learnt.interest(loaded.vectors, rows, candidates.sketches, candidates.feeds)

    # ---- the order -------------------------------------------------------------------------------

    def timeline(self, query: TimelineQuery, *, feed_ids: Sequence[int] | None) -> list[int] | None:
        """Return ids best first, None while nothing is loaded. `feed_ids` are the folder's feeds."""
        with self._lock:
            if self._loaded is None:
                return None
            loaded = self._loaded
            ranking = self._ranked(loaded)
            rows = ranking.order
            candidates = loaded.candidates
            keep = np.ones(len(rows), np.bool_)
            if query.feed_id is not None:
                keep &= candidates.feeds[rows] == query.feed_id
            if feed_ids is not None:
                keep &= np.isin(candidates.feeds[rows], np.asarray(feed_ids, np.int32))
            if query.feed_id is None and not query.saved:
                keep &= ~loaded.folded[rows] if feed_ids is None else _one_telling_each(loaded, rows, keep)
            if query.unread is not None:
                keep &= loaded.read[rows] != query.unread
            if query.saved is not None:
                keep &= loaded.saved[rows] == query.saved
            if query.since is not None:
                keep &= candidates.published[rows] >= query.since.timestamp()
            found = ranking.ids[keep]
            listed: list[int] = (found[: query.limit] if query.limit > 0 else found).tolist()
            return listed

    def save(self) -> Changes:
        """Store the order, so that the next window opens with it."""
        with self._lock:
            loaded = self._ready()
            ranking = self._ranked(loaded)
            places = {name: place for place, name in enumerate(NAMES)}
            reasons = np.array([places.get(name, 0) for name in ranking.card_reasons()], np.uint8)
            loaded.unsaved = False
            return self._store.save_scores(
                ranking.ids,
                ranking.scores[ranking.order].astype(np.float32),
                reasons=reasons[ranking.order],
                names=NAMES,
            )

    def save_if_changed(self) -> None:
        """Store the order when it is another than the stored one."""
        with self._lock:
            if self._loaded is not None and self._loaded.unsaved:
                self.save()

    def explain(self, post_id: int) -> Explanation:
        """Say why a post stands where it stands."""
        with self._lock:
            loaded = self._ready()
            row = int(loaded.candidates.rows_of([post_id])[0])
            if row < 0:
                return Explanation(post_id=post_id, score=0.0, reasons=(), position=None)
            near = self._nearest_liked(loaded, post_id)
            return replace(score.explain(self._ranked(loaded), row, nearest_liked=near), post_id=post_id)

    def with_reason(self, row: PostRow) -> PostRow:
        """Return a card's row with the strongest good reason that says something."""
        with self._lock:
            loaded = self._loaded
            if loaded is None:
                return row
            place = int(loaded.candidates.rows_of([row.id])[0])
            ranking = loaded.ranking
            if place < 0 or ranking is None or place >= len(ranking.scores):
                return row
            reason, detail = ranking.card_reason(place), ""
            if reason == "close_to_liked":
                near = self._nearest_liked(loaded, row.id)
                detail = near[0][1] if near else ""
            return replace(row, reason=reason, reason_detail=detail)

    def nearest(self, vector: Floats, count: int) -> list[tuple[int, float]]:
        """Return the posts whose vectors are nearest to `vector`, with their cosines, nearest first."""
        with self._lock:
            loaded = self._ready()
            if loaded.vectors.dim != len(vector) or not len(loaded.vectors):
                return []
            ids, cosines = loaded.vectors.top(vector, min(count, len(loaded.vectors)))
            return list(zip(ids.tolist(), cosines.tolist(), strict=True))

    def _ranked(self, loaded: _Loaded) -> Ranking:
        if loaded.ranking is None or loaded.stale:
            preset, strength = self._weights()
            loaded.ranking = score.rank(
                loaded.candidates,
                self._interest(loaded),
                weights_of(preset),
                strength=strength,
                now=self._clock().timestamp(),
                boosted=np.isin(loaded.candidates.ids, loaded.boosted) if len(loaded.boosted) else None,
            )
            loaded.stale = False
            loaded.unsaved = True
        return loaded.ranking

    @staticmethod
    def _nearest_liked(loaded: _Loaded, post_id: int) -> list[tuple[int, str, float]]:
        if not len(loaded.liked_ids) or not loaded.vectors.dim:
            return []
        vector = _vectors_of(loaded, np.asarray([post_id], np.int64))[0]
        cosines = np.nan_to_num(loaded.liked_vectors @ vector, nan=-1.0)
        cosines[loaded.liked_ids == post_id] = -1.0
        best = np.argsort(-cosines)[:3]
        return [
            (int(loaded.liked_ids[place]), loaded.liked_titles.get(int(loaded.liked_ids[place]), ""), float(cosines[place]))
            for place in best
            if cosines[place] >= NEAR
        ]


def _one_telling_each(loaded: _Loaded, rows: Ids, among: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """(n,) whether each post is the lead of its story or, where that is not among these, the first that tells it."""
    keep = ~loaded.folded[rows]
    behind = np.flatnonzero(loaded.folded[rows] & among)
    stories = loaded.stories[rows]
    behind = behind[~np.isin(stories[behind], stories[keep & among])]
    published, ids = loaded.candidates.published[rows[behind]], loaded.candidates.ids[rows[behind]]
    order = behind[np.lexsort((ids, published, stories[behind]))]
    _, firsts = np.unique(stories[order], return_index=True)
    keep[order[firsts]] = True
    return keep


def _put(candidates: Candidates, columns: Columns) -> None:
    candidates.put(
        columns.ids,
        feeds=columns.feeds,
        published=columns.published,
        sketches=columns.sketches,
        seen=columns.read.astype(np.float32),
        visible=~columns.hidden,
    )


def _vectors_of(loaded: _Loaded, ids: Ids) -> Vectors:
    """Return (n, d) vectors, NaN in the rows of posts that have none."""
    dim = max(loaded.vectors.dim, 1)
    found = np.full((len(ids), dim), np.nan, np.float32)
    if loaded.vectors.dim:
        rows = loaded.vectors.rows_of(ids)
        found[rows >= 0] = loaded.vectors.vectors(rows[rows >= 0])
    return found
