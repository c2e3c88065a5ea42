"""Reading what ranking needs from the store, and keeping it in step with what is written."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.ranking import profile
from engine.ranking.candidates import Candidates
from engine.ranking.clusters import Clusters
from engine.ranking.learner import STRENGTHS
from engine.scoring.learning import TEXT_CHARACTERS, TOPIC_POST, Learning, topic_posts
from engine.scoring.loaded import Loaded
from engine.store import Columns
from engine.types import Changes, Ids, Profile
from engine.vectors import Int8Matrix

RELOAD_FROM = 20_000  # changed posts from which reading everything anew is quicker


class Keeping(Learning):
    """Holds what is loaded, under a lock."""

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

    def _ready(self) -> Loaded:
        if self._loaded is None:
            candidates = Candidates()
            columns = self._store.candidates()
            _put(candidates, columns, np.ones(len(columns.ids), np.bool_))
            vectors: Int8Matrix | None = None
            for ids, codes, scales in self._store.load_vectors(self._model()):
                vectors = vectors or Int8Matrix(codes.shape[1])
                vectors.append(ids, codes, scales)
            loaded = Loaded(candidates, vectors or Int8Matrix(0), columns.read.copy(), columns.saved.copy(), columns.folded.copy())
            self._take_stories(loaded, columns)
            self._take_shares(loaded, None)
            self._cluster(loaded)
            self._take_boosts(loaded)
            self._take_edits(loaded)
            self._learn(loaded)
            self._loaded = loaded
        return self._loaded

    def _take(self, loaded: Loaded, ids: Sequence[int]) -> None:
        columns = self._store.candidates(ids)
        candidates = loaded.candidates
        for post_id in ids:
            loaded.liked_titles.pop(post_id, None)
        wanted = np.asarray(ids, dtype=np.int64)
        gone = np.setdiff1d(wanted[candidates.rows_of(wanted) >= 0], columns.ids)
        known = candidates.rows_of(columns.ids) >= 0
        if len(gone) or not known.all():
            before = candidates.ids.copy()
            if len(gone):
                candidates.remove(gone)
            _put(candidates, columns, ~known)
            if len(before) > len(candidates) or (candidates.ids[: len(before)] != before).any():
                loaded.orders.clear()  # their rows are others now
            kept = np.isin(before, candidates.ids)
            places = candidates.rows_of(before[kept])
            for name in ("read", "saved", "folded"):
                grown = np.zeros(len(candidates), np.bool_)
                grown[places] = getattr(loaded, name)[kept]
                setattr(loaded, name, grown)
        rows = candidates.rows_of(columns.ids)
        moved = bool((candidates.visible[rows] == columns.hidden).any()) or bool((candidates.published[rows] != columns.published).any())
        reworded = bool((candidates.sketches[rows] != columns.sketches).any())
        candidates.visible[rows], candidates.seen[rows] = ~columns.hidden, columns.read
        candidates.feeds[rows], candidates.published[rows] = columns.feeds, columns.published
        if reworded:
            candidates.sketches[rows] = columns.sketches
            candidates.version += 1
        loaded.read[rows] = columns.read
        loaded.saved[rows] = columns.saved
        otherwise = reworded or bool(len(gone)) or not known.all()
        otherwise |= self._take_stories(loaded, columns)
        otherwise |= self._take_shares(loaded, columns.ids)
        otherwise |= self._take_authors(loaded, columns.ids[~known])
        otherwise |= self._take_vectors(loaded, columns.ids)
        if otherwise:
            loaded.interest = loaded.edited = None
        self._take_boosts(loaded)
        loaded.stale |= moved | otherwise

    def _take_boosts(self, loaded: Loaded) -> None:
        boosted = np.asarray(self._store.boosted(), dtype=np.int64)
        loaded.stale |= not np.array_equal(boosted, loaded.boosted)
        loaded.boosted = boosted

    @staticmethod
    def _take_stories(loaded: Loaded, columns: Columns) -> bool:
        """Take in which posts tell the same; returns whether that changed anything."""
        candidates = loaded.candidates
        rows = candidates.rows_of(columns.ids)
        stories = np.where(columns.stories > 0, columns.stories, -1).astype(np.int32)
        same = (
            np.array_equal(candidates.stories[rows], stories)
            and np.array_equal(candidates.outlets[rows], columns.outlets)
            and np.array_equal(loaded.folded[rows], columns.folded)
        )
        candidates.stories[rows], candidates.outlets[rows], loaded.folded[rows] = stories, columns.outlets, columns.folded
        return not same

    def _take_shares(self, loaded: Loaded, ids: Ids | None) -> bool:
        if not self._signals():
            return False
        posts, shares = self._store.signal_shares(None if ids is None else ids.tolist())
        rows = loaded.candidates.rows_of(posts)
        there = rows >= 0
        changed = bool((loaded.candidates.shares[rows[there]] != shares[there]).any())
        loaded.candidates.shares[rows[there]] = shares[there]
        return changed

    def _take_authors(self, loaded: Loaded, ids: Ids) -> bool:
        """Take in the authors of new posts, where they are known by an act or an edit."""
        if not loaded.authors or not len(ids):
            return False
        for post_id, author in self._store.authors_of(ids.tolist()).items():
            if author in loaded.authors:
                row = loaded.candidates.rows_of([post_id])
                loaded.candidates.authors[row[row >= 0]] = loaded.authors[author]
        return True

    def _take_vectors(self, loaded: Loaded, ids: Ids) -> bool:
        if loaded.vectors.dim:
            ids = ids[loaded.vectors.rows_of(ids) < 0]
        if not len(ids):
            return False
        found, codes, scales = self._store.vectors(self._model(), ids.tolist())
        if not len(found):
            return False
        if loaded.vectors.dim:
            loaded.vectors.append(found, codes, scales)
            if loaded.clusters is None or len(loaded.vectors) > 2 * loaded.clusters.posts:
                self._cluster(loaded)
            else:
                rows = loaded.candidates.rows_of(found)
                loaded.candidates.topics[rows[rows >= 0]] = loaded.clusters.of(loaded.vectors, loaded.vectors.rows_of(found[rows >= 0]))
        else:
            loaded.vectors = Int8Matrix(codes.shape[1])
            loaded.vectors.append(found, codes, scales)
            self._cluster(loaded)
            self._learn(loaded)  # what was learnt so far knew no vectors
        return True

    @staticmethod
    def _cluster(loaded: Loaded) -> None:
        """Group posts by subject, once there are enough of them."""
        rows = loaded.rows_in_vectors()
        loaded.clusters = Clusters.among(loaded.vectors) if loaded.vectors.dim else None
        if loaded.clusters is not None:
            loaded.candidates.topics[rows >= 0] = loaded.clusters.of_all(loaded.vectors)[rows[rows >= 0]]

    def forget_orders(self) -> None:
        """Order anew at the next question: what is weighed has changed."""
        with self._lock:
            if self._loaded is not None:
                self._loaded.stale = True

    def relearn(self) -> Changes:
        """Learn from all feedback anew; the order follows at the next question."""
        with self._lock:
            loaded = self._ready()
            self._learn(loaded)
            return Changes(order=True)

    def take_edits(self) -> Changes:
        """Take in what the person set by hand; the order follows at the next question."""
        with self._lock:
            self._take_edits(self._ready())
            return Changes(order=True)

    def profile(self) -> Profile:
        """Return all that was learnt and edited, in words."""
        with self._lock:
            loaded = self._ready()
            model, feedback, acted, authors = loaded.learnt, loaded.feedback, loaded.acted.tolist(), list(loaded.authors)
        assert feedback is not None
        edits = self._store.interest_edits()
        texts = {text.id: f"{text.title}\n{text.text[:TEXT_CHARACTERS]}" for text in self._store.texts(acted)}
        named = profile.Named(
            texts=[texts.get(post_id, "") for post_id in acted],
            feeds={feed.id: feed.title for feed in self._store.feeds()},
            authors=authors,
            topics={f"{TOPIC_POST}{text.id}": text.title or text.text[:80] for text in self._store.texts(topic_posts(edits))},
        )
        return Profile(
            acts=int(np.count_nonzero(feedback.strengths)),
            likes=int((feedback.strengths >= STRENGTHS["liked"]).sum()),
            dislikes=int((feedback.strengths <= STRENGTHS["disliked"]).sum()),
            learned=profile.learned(model, feedback, named, edits),
        )


def _put(candidates: Candidates, columns: Columns, which: NDArray[np.bool_]) -> None:
    candidates.put(
        columns.ids[which],
        feeds=columns.feeds[which],
        published=columns.published[which],
        sketches=columns.sketches[which],
        seen=columns.read[which],
        visible=~columns.hidden[which],
    )
