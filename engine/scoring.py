"""The timeline's order, kept in memory: what ranking needs of every post, kept in step with the store.

Loading reads the store once (about a second for 200,000 posts); until then the order that was stored last holds.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from engine.ranking import profile, score, why
from engine.ranking.candidates import SHARES, Candidates
from engine.ranking.clusters import Clusters
from engine.ranking.drift import drifted, step_of
from engine.ranking.edits import Edits, Topic
from engine.ranking.features import named_terms, terms_of_text, terms_of_word
from engine.ranking.learner import STRENGTHS, Feedback, Interest, Model, corpus_idf, learn
from engine.ranking.model import lengths_of
from engine.ranking.score import CARD_NAMES, Ranking, Taste, weights_of
from engine.ranking.termspace import Table
from engine.store import Columns, Store
from engine.types import (
    Changes,
    Explanation,
    Floats,
    Ids,
    PostRow,
    Profile,
    Timeline,
    TimelineQuery,
    Vectors,
)
from engine.vectors import Int8Matrix

BACKGROUND_POSTS = 400
RELOAD_FROM = 20_000  # changed posts from which reading everything anew is quicker
NEAR = 0.3  # cosine from which a liked post is worth naming
NAMES = ("", *(name for name in CARD_NAMES if name))
KEPT_ORDERS = 4  # of timelines of the person's own
_TOLD_WORDS = 3  # of a post, for a reason
_TEXT_CHARACTERS = 600  # as in a sketch
_TOPIC_POST = "post:"
_TEXT_CHARACTERS = 600  # of a post that words are named from


@dataclass(slots=True)
class _Loaded:
    """Columns of all candidates by row, and what was learnt."""

    candidates: Candidates
    vectors: Int8Matrix
    read: NDArray[np.bool_]
    saved: NDArray[np.bool_]
    folded: NDArray[np.bool_]  # only lists of more than one feed lack them
    learnt: Model | None = None
    feedback: Feedback | None = None  # what that was learnt from
    acted: Ids = field(default_factory=lambda: np.zeros(0, np.int64))  # the posts of that
    words: tuple[int, Table, Floats] | None = None  # weights of terms and lengths of bags, by the version of the candidates
    clusters: Clusters | None = None
    pool: Vectors | None = None  # some vectors, evenly over all: see `drift`
    pool_of: int = 0  # how many there were then
    drifted: dict[int, Floats] = field(default_factory=dict)  # by post that the person acted on
    authors: dict[str, int] = field(default_factory=dict)  # of posts that the person acted on, and edited ones
    author_of: dict[int, str] = field(default_factory=dict)
    edits: Edits = field(default_factory=Edits)
    interest: Interest | None = None  # of all candidates; None where it must be asked anew
    edited: dict[str, Floats] | None = None
    orders: OrderedDict[int, Ranking] = field(default_factory=OrderedDict)  # by timeline; 0 is For you
    boosted: Ids = field(default_factory=lambda: np.zeros(0, np.int64))  # posts that rules rank higher
    stale: bool = True  # the orders lack what changed since; cards may still read them, lists may not
    liked_ids: Ids = field(default_factory=lambda: np.zeros(0, np.int64))
    liked_vectors: Vectors = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    unsaved: bool = False

    def rows_in_vectors(self) -> NDArray[np.int64]:
        return self.vectors.rows_of(self.candidates.ids) if self.vectors.dim else np.full(len(self.candidates), -1, np.int64)

    def term_weights(self) -> Table:
        return self._words()[1]

    def lengths(self) -> Floats:
        return self._words()[2]

    def _words(self) -> tuple[int, Table, Floats]:
        if self.words is None or self.words[0] != self.candidates.version:
            idf = corpus_idf(self.candidates.sketches)
            self.words = self.candidates.version, idf, lengths_of(self.candidates.sketches, idf)
        return self.words


class Scorer:
    """Thread-safe. `model` and `taste` (preset, strength, exploration) are asked each time, so that settings take effect."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Callable[[], datetime],
        model: Callable[[], str],
        taste: Callable[[], tuple[str, float, float]],
    ) -> None:
        self._store = store
        self._clock = clock
        self._model = model
        self._taste = taste
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
            _put(candidates, columns, np.ones(len(columns.ids), np.bool_))
            vectors: Int8Matrix | None = None
            for ids, codes, scales in self._store.load_vectors(self._model()):
                vectors = vectors or Int8Matrix(codes.shape[1])
                vectors.append(ids, codes, scales)
            loaded = _Loaded(candidates, vectors or Int8Matrix(0), columns.read.copy(), columns.saved.copy(), columns.folded.copy())
            self._take_stories(loaded, columns)
            self._take_shares(loaded, None)
            self._cluster(loaded)
            self._take_boosts(loaded)
            self._take_edits(loaded)
            self._learn(loaded)
            self._loaded = loaded
        return self._loaded

    def _take(self, loaded: _Loaded, ids: Sequence[int]) -> None:
        columns = self._store.candidates(ids)
        candidates = loaded.candidates
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

    def _take_boosts(self, loaded: _Loaded) -> None:
        boosted = np.asarray(self._store.boosted(), dtype=np.int64)
        loaded.stale |= not np.array_equal(boosted, loaded.boosted)
        loaded.boosted = boosted

    @staticmethod
    def _take_stories(loaded: _Loaded, columns: Columns) -> bool:
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

    def _take_shares(self, loaded: _Loaded, ids: Ids | None) -> bool:
        posts, shares = self._store.signal_shares(None if ids is None else ids.tolist())
        rows = loaded.candidates.rows_of(posts)
        there = rows >= 0
        changed = bool((loaded.candidates.shares[rows[there]] != shares[there]).any())
        loaded.candidates.shares[rows[there]] = shares[there]
        return changed

    def _take_authors(self, loaded: _Loaded, ids: Ids) -> bool:
        """Take in the authors of new posts, where they are known by an act or an edit."""
        if not loaded.authors or not len(ids):
            return False
        for post_id, author in self._store.authors_of(ids.tolist()).items():
            if author in loaded.authors:
                row = loaded.candidates.rows_of([post_id])
                loaded.candidates.authors[row[row >= 0]] = loaded.authors[author]
        return True

    def _know_authors(self, loaded: _Loaded, names: Sequence[str]) -> None:
        """Give authors numbers, and their posts these numbers."""
        for name in names:
            if name not in loaded.authors:
                loaded.authors[name] = len(loaded.authors)
                rows = loaded.candidates.rows_of(self._store.posts_by_author(name))
                loaded.candidates.authors[rows[rows >= 0]] = loaded.authors[name]

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
    def _cluster(loaded: _Loaded) -> None:
        """Group posts by subject, once there are enough of them."""
        rows = loaded.rows_in_vectors()
        loaded.clusters = Clusters.among(loaded.vectors) if loaded.vectors.dim else None
        if loaded.clusters is not None:
            loaded.candidates.topics[rows >= 0] = loaded.clusters.of_all(loaded.vectors)[rows[rows >= 0]]

    # ---- learning --------------------------------------------------------------------------------

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

    def _learn(self, loaded: _Loaded) -> None:
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
        loaded.liked_ids, loaded.liked_vectors = acted[liked], plain[liked]
        loaded.interest = None
        loaded.stale = True

    def _take_edits(self, loaded: _Loaded) -> None:
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

    def _topic(self, loaded: _Loaded, key: str, weight: float) -> Topic | None:
        """A subject by its description, or by a post: None where that post is gone."""
        if not key.startswith(_TOPIC_POST):
            kept = self._store.topic_vector(self._model(), key)
            vector = np.frombuffer(kept, dtype="<f4").astype(np.float32) if kept is not None else None
            return Topic(weight=weight, vector=vector, terms=terms_of_text(key))
        row = int(loaded.candidates.rows_of([int(key.removeprefix(_TOPIC_POST))])[0])
        if row < 0:
            return None
        (found,) = _vectors_of(loaded, loaded.candidates.ids[row : row + 1])
        sketch = loaded.candidates.sketches[row]
        return Topic(
            weight=weight, vector=None if np.isnan(found).any() else found, terms=tuple(dict.fromkeys(sketch[sketch != 0].tolist()))
        )

    def profile(self) -> Profile:
        """Return all that was learnt and edited, in words."""
        with self._lock:
            loaded = self._ready()
            model, feedback, acted, authors = loaded.learnt, loaded.feedback, loaded.acted.tolist(), list(loaded.authors)
        assert feedback is not None
        edits = self._store.interest_edits()
        texts = {text.id: f"{text.title}\n{text.text[:_TEXT_CHARACTERS]}" for text in self._store.texts(acted)}
        named = profile.Named(
            texts=[texts.get(post_id, "") for post_id in acted],
            feeds={feed.id: feed.title for feed in self._store.feeds()},
            authors=authors,
            topics={f"{_TOPIC_POST}{text.id}": text.title or text.text[:80] for text in self._store.texts(_topic_posts(edits))},
        )
        return Profile(
            acts=int(np.count_nonzero(feedback.strengths)),
            likes=int((feedback.strengths >= STRENGTHS["liked"]).sum()),
            dislikes=int((feedback.strengths <= STRENGTHS["disliked"]).sum()),
            learned=profile.learned(model, feedback, named, edits),
        )

    # ---- the order -------------------------------------------------------------------------------

    def timeline(
        self, query: TimelineQuery, *, feed_ids: Sequence[int] | None, timeline: Timeline | None = None, load: bool = False
    ) -> list[int] | None:
        """Return ids best first, None while nothing is loaded.

        Args:
            feed_ids: those of the folder, or of the timeline.
            timeline: of the person's own.
            load: reads the store first where that was not done.
        """
        with self._lock:
            if self._loaded is None and not load:
                return None
            loaded = self._ready()
            ranking = self._ranked(loaded, timeline, feed_ids if timeline is not None else None)
            candidates = loaded.candidates
            keep = ranking.shown.copy() if timeline is not None else candidates.visible.copy()
            if query.feed_id is not None:
                keep &= candidates.feeds == query.feed_id
            if feed_ids is not None:
                keep &= np.isin(candidates.feeds, np.asarray(feed_ids, np.int32))
            if query.unread is not None:
                keep &= loaded.read != query.unread
            if query.saved is not None:
                keep &= loaded.saved == query.saved
            if query.since is not None:
                keep &= candidates.published >= query.since.timestamp()
            if query.feed_id is None and not query.saved and timeline is None:
                keep &= ~loaded.folded if feed_ids is None else self._shown(loaded, feed_ids)
            if (keep <= ranking.shown).all():
                found = ranking.ids[keep[ranking.order]]
            else:  # posts behind another card have a score, but no place among all
                rows = np.flatnonzero(keep)[::-1]
                found = candidates.ids[rows[np.argsort(-ranking.scores[rows], kind="stable")]]
            listed: list[int] = (found[: query.limit] if query.limit > 0 else found).tolist()
            return listed

    def save(self) -> Changes:
        """Store the order, so that the next window opens with it."""
        with self._lock:
            loaded = self._ready()
            ranking = self._ranked(loaded)
            places = {name: place for place, name in enumerate(NAMES)}
            reasons = np.array([places[name] for name in ranking.card_reasons()], np.uint8)
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
            if self._loaded is not None and (self._loaded.unsaved or self._loaded.stale):
                self.save()

    def explain(self, post_id: int, *, timeline: Timeline | None = None, feed_ids: Sequence[int] | None = None) -> Explanation:
        """Say why a post stands where it stands, and what would move it."""
        with self._lock:
            loaded = self._ready()
            row = int(loaded.candidates.rows_of([post_id])[0])
            if row < 0:
                return Explanation(post_id=post_id, score=0.0, reasons=(), position=None)
            ranking = self._ranked(loaded, timeline, feed_ids)
            near = self._nearest_liked(loaded, post_id)
            return replace(
                why.explain(ranking, row, nearest_liked=near, details=self._details(loaded, ranking, row) | self._telling_words(loaded, row)),
                post_id=post_id,
                counterfactuals=why.counterfactuals(ranking, loaded.candidates, row),
            )

    def _details(self, loaded: _Loaded, ranking: Ranking, row: int) -> dict[str, str]:
        candidates = loaded.candidates
        details = {"weighed_down": ", ".join(score.signals_that_weigh(candidates, row, ranking.taste.signals))}
        if candidates.outlets[row] > 1:
            details["big_story"] = str(int(candidates.outlets[row]))
        if (number := int(candidates.authors[row])) >= 0:
            names = list(loaded.authors)
            details |= dict.fromkeys(("author_liked", "author_disliked", "more_author", "less_author"), names[number])
        return details

    def _telling_words(self, loaded: _Loaded, row: int) -> dict[str, str]:
        """The words of a post that say most for it and against it, and those of which the person wants more or less."""
        candidates = loaded.candidates
        terms = set(candidates.sketches[row].tolist())
        by_hand = {word: weight for word, weight in loaded.edits.words.items() if (held := terms_of_word(word)) and terms.issuperset(held)}
        found = {
            "more_word": sorted((word for word, weight in by_hand.items() if weight > 0), key=lambda word: -by_hand[word]),
            "less_word": sorted((word for word, weight in by_hand.items() if weight < 0), key=lambda word: by_hand[word]),
        }
        if loaded.learnt is not None and loaded.learnt.acts:
            model = loaded.edits.taken_from(loaded.learnt)
            weights: dict[str, float] = {}
            for text in self._store.texts([int(candidates.ids[row])]):
                for number, name in named_terms(f"{text.title}\n{text.text[:_TEXT_CHARACTERS]}"):
                    if number in terms and len(name) > 1:
                        weights.setdefault(name, float(model.words[number] * model.idf[number]))
            found["words_liked"] = sorted((name for name, weight in weights.items() if weight > 0), key=lambda name: -weights[name])
            found["words_disliked"] = sorted((name for name, weight in weights.items() if weight < 0), key=lambda name: weights[name])
        return {reason: ", ".join(words[:_TOLD_WORDS]) for reason, words in found.items()}

    def with_reason(self, row: PostRow) -> PostRow:
        """Return a card's row with the strongest good reason that says something."""
        with self._lock:
            loaded = self._loaded
            if loaded is None:
                return row
            place = int(loaded.candidates.rows_of([row.id])[0])
            ranking = loaded.orders.get(0)
            if place < 0 or ranking is None or place >= len(ranking.scores):
                return row
            reason, detail = ranking.card_reason(place), ""
            if reason == "close_to_liked":
                near = self._nearest_liked(loaded, row.id)
                detail = near[0][1] if near else ""
            elif reason:
                detail = self._details(loaded, ranking, place).get(reason, "")
            return replace(row, reason=reason, reason_detail=detail)

    def nearest(self, vector: Floats, count: int) -> list[tuple[int, float]]:
        """Return the posts whose vectors are nearest to `vector`, with their cosines, nearest first."""
        with self._lock:
            loaded = self._ready()
            if loaded.vectors.dim != len(vector) or not len(loaded.vectors):
                return []
            ids, cosines = loaded.vectors.top(vector, min(count, len(loaded.vectors)))
            return list(zip(ids.tolist(), cosines.tolist(), strict=True))

    def places(self, ids: Sequence[int]) -> dict[int, tuple[float, float]]:
        """Return where posts stand in For you as it was last asked for, and newest first: 0 the top, 1 the end.

        Empty while no order was asked for; posts without a place are left out.
        """
        with self._lock:
            loaded = self._loaded
            ranking = loaded.orders.get(0) if loaded is not None else None
            if loaded is None or ranking is None or len(ranking.order) < 2:
                return {}
            rows = loaded.candidates.rows_of(list(ids))
            rows = rows[(rows >= 0) & (rows < len(ranking.shown))]
            rows = rows[ranking.shown[rows]]
            last = len(ranking.order) - 1
            places = np.empty(len(ranking.shown), np.int64)
            places[ranking.order] = np.arange(len(ranking.order))
            published, mine = loaded.candidates.published[ranking.order], loaded.candidates.published[rows]
            if len(rows) > 16:
                above = last + 1 - np.searchsorted(np.sort(published), mine, side="right")
            else:
                above = np.array([np.count_nonzero(published > moment) for moment in mine], np.int64)
            return {
                int(loaded.candidates.ids[row]): (float(places[row]) / last, min(int(newer), last) / last)
                for row, newer in zip(rows, above, strict=True)
            }

    def _ranked(self, loaded: _Loaded, timeline: Timeline | None = None, feed_ids: Sequence[int] | None = None) -> Ranking:
        number = timeline.id if timeline is not None else 0
        if loaded.stale:
            loaded.orders.clear()
            loaded.stale = False
        if number in loaded.orders:
            loaded.orders.move_to_end(number)
            return loaded.orders[number]
        preset, strength, exploration = self._taste()
        taste = Taste(weights=weights_of(preset), strength=strength, exploration=exploration)
        ranking = self._ranked_by(loaded, taste if timeline is None else _taste_of(timeline), feed_ids)
        loaded.orders[number] = ranking
        others = [kept for kept in loaded.orders if kept]
        for kept in others[: max(0, len(others) - KEPT_ORDERS)]:
            del loaded.orders[kept]
        loaded.unsaved |= number == 0
        return ranking

    def _ranked_by(self, loaded: _Loaded, taste: Taste, feed_ids: Sequence[int] | None) -> Ranking:
        candidates = loaded.candidates
        return score.rank(
            candidates,
            self._interest(loaded, doubt=taste.exploration > 0),
            taste,
            now=self._clock().timestamp(),
            edited=self._edited(loaded),
            boosted=np.isin(candidates.ids, loaded.boosted) if len(loaded.boosted) else None,
            shown=self._shown(loaded, feed_ids),
        )

    def preview(self, timeline: Timeline, *, feed_ids: Sequence[int] | None, limit: int) -> list[int]:
        """Return what would stand on top of a timeline that is not kept yet."""
        with self._lock:
            loaded = self._ready()
            found: list[int] = self._ranked_by(loaded, _taste_of(timeline), feed_ids).ids[:limit].tolist()
            return found

    @staticmethod
    def _shown(loaded: _Loaded, feed_ids: Sequence[int] | None) -> NDArray[np.bool_]:
        """Which posts stand in a list of all feeds or of some: of each story one."""
        if feed_ids is None:
            return ~loaded.folded
        among = np.isin(loaded.candidates.feeds, np.asarray(feed_ids, np.int32)) & loaded.candidates.visible
        return among & _one_telling_each(loaded, among)

    @staticmethod
    def _interest(loaded: _Loaded, *, doubt: bool) -> Interest | None:
        if loaded.learnt is None or not loaded.learnt.acts:
            return None
        if loaded.interest is None or (doubt and loaded.interest.doubt is None):
            model = loaded.edits.taken_from(loaded.learnt)
            if model.idf is not loaded.term_weights():  # other posts have come since
                model = replace(model, idf=loaded.term_weights())
            loaded.interest = model.interest(
                loaded.vectors, loaded.rows_in_vectors(), loaded.candidates, doubt=doubt, lengths=loaded.lengths()
            )
        return loaded.interest

    @staticmethod
    def _edited(loaded: _Loaded) -> dict[str, Floats]:
        if not loaded.edits:
            return {}
        if loaded.edited is None:
            middle = loaded.learnt.signal_middle if loaded.learnt is not None else np.zeros(SHARES, np.float32)
            loaded.edited = loaded.edits.parts(
                loaded.candidates, loaded.vectors, loaded.rows_in_vectors(), loaded.term_weights(), middle
            )
        return loaded.edited

    def _nearest_liked(self, loaded: _Loaded, post_id: int) -> list[tuple[int, str, float]]:
        if not len(loaded.liked_ids) or not loaded.vectors.dim:
            return []
        vector = _vectors_of(loaded, np.asarray([post_id], np.int64))[0]
        cosines = np.nan_to_num(loaded.liked_vectors @ vector, nan=-1.0)
        cosines[loaded.liked_ids == post_id] = -1.0
        best = [place for place in np.argsort(-cosines)[:3] if cosines[place] >= NEAR]
        titles = {text.id: text.title or text.text[:80] for text in self._store.texts(loaded.liked_ids[best].tolist())}
        return [(number, titles.get(number, ""), float(cosines[place])) for place in best for number in (int(loaded.liked_ids[place]),)]


def _one_telling_each(loaded: _Loaded, among: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(n,) whether each post is the lead of its story or, where that is not among these, the first that tells it."""
    keep = ~loaded.folded
    stories = loaded.candidates.stories
    behind = np.flatnonzero(loaded.folded & among)
    behind = behind[~np.isin(stories[behind], stories[keep & among])]
    order = behind[np.lexsort((loaded.candidates.ids[behind], loaded.candidates.published[behind], stories[behind]))]
    _, firsts = np.unique(stories[order], return_index=True)
    keep[order[firsts]] = True
    return keep


def _topic_posts(edits: Iterable[tuple[str, str]]) -> list[int]:
    """The posts that edits name as topics."""
    return [int(key.removeprefix(_TOPIC_POST)) for kind, key in edits if kind == "topic" and key.startswith(_TOPIC_POST)]


def _put(candidates: Candidates, columns: Columns, which: NDArray[np.bool_]) -> None:
    candidates.put(
        columns.ids[which],
        feeds=columns.feeds[which],
        published=columns.published[which],
        sketches=columns.sketches[which],
        seen=columns.read[which],
        visible=~columns.hidden[which],
    )


def _taste_of(timeline: Timeline) -> Taste:
    return Taste(
        weights=weights_of(timeline.preset, timeline.weights),
        strength=timeline.strength,
        exploration=timeline.exploration,
        signals=timeline.signals,
    )


def _feedback(loaded: _Loaded, ids: Ids, strengths: Floats) -> Feedback:
    candidates = loaded.candidates
    rows = candidates.rows_of(ids)
    return Feedback(
        vectors=_vectors_of(loaded, ids),
        sketches=candidates.sketches[rows],
        feeds=candidates.feeds[rows],
        strengths=strengths,
        authors=candidates.authors[rows],
        shares=candidates.shares[rows],
        published=candidates.published[rows],
        outlets=candidates.outlets[rows],
    )


def _drifted(loaded: _Loaded, ids: Ids, vectors: Vectors) -> Vectors:
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


def _vectors_of(loaded: _Loaded, ids: Ids) -> Vectors:
    """Return (n, d) vectors, NaN in the rows of posts that have none."""
    dim = max(loaded.vectors.dim, 1)
    found = np.full((len(ids), dim), np.nan, np.float32)
    if loaded.vectors.dim:
        rows = loaded.vectors.rows_of(ids)
        found[rows >= 0] = loaded.vectors.vectors(rows[rows >= 0])
    return found
