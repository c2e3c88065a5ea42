"""The order itself, and why a post stands where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.ranking import score, why
from engine.ranking.candidates import SHARES
from engine.ranking.features import named_terms, terms_of_word
from engine.ranking.learner import Interest
from engine.ranking.outside import outside
from engine.ranking.score import CARD_NAMES, Ranking, Taste, weights_of
from engine.scoring.keeping import Keeping
from engine.scoring.learning import TEXT_CHARACTERS
from engine.scoring.loaded import Loaded, vectors_of
from engine.types import Changes, Explanation, Floats, PostRow, Timeline, TimelineQuery

NEAR = 0.3  # cosine from which a liked post is worth naming
NAMES = ("", *(name for name in CARD_NAMES if name))
KEPT_ORDERS = 4  # of timelines of the person's own
_TOLD_WORDS = 3  # of a post, for a reason


class Scorer(Keeping):
    """Thread-safe. `model` and `taste` (preset, strength, exploration) are asked each time, so that settings take effect."""

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

    def _details(self, loaded: Loaded, ranking: Ranking, row: int) -> dict[str, str]:
        candidates = loaded.candidates
        details = {"weighed_down": ", ".join(score.signals_that_weigh(candidates, row, ranking.taste.signals))}
        if candidates.outlets[row] > 1:
            details["big_story"] = str(int(candidates.outlets[row]))
        if (number := int(candidates.authors[row])) >= 0:
            names = list(loaded.authors)
            details |= dict.fromkeys(("author_liked", "author_disliked", "more_author", "less_author"), names[number])
        return details

    def _telling_words(self, loaded: Loaded, row: int) -> dict[str, str]:
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
                for number, name in named_terms(f"{text.title}\n{text.text[:TEXT_CHARACTERS]}"):
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

    def far_from_liked(self, ids: Sequence[int]) -> list[tuple[int, float | None]]:
        """Return those of some posts that are good and far from what the person likes, the best first.

        Returns:
            (post id, cosine to the nearest liked post; None where no vector tells).
        """
        with self._lock:
            loaded = self._ready()
            ranking = self._ranked(loaded)
            rows = loaded.candidates.rows_of(list(ids))
            rows = rows[rows >= 0]
            closeness = np.full(len(rows), np.nan, np.float32)
            if len(loaded.liked_ids) and loaded.vectors.dim:
                cosines = vectors_of(loaded, loaded.candidates.ids[rows]) @ loaded.liked_vectors.T
                known = ~np.isnan(cosines).all(axis=1)
                closeness[known] = np.nanmax(cosines[known], axis=1)
            found = outside(ranking, loaded.candidates, rows, closeness)
            near = dict(zip(rows.tolist(), closeness.tolist(), strict=True))
            return [(int(loaded.candidates.ids[row]), None if np.isnan(near[row]) else near[row]) for row in found.tolist()]

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

    def _ranked(self, loaded: Loaded, timeline: Timeline | None = None, feed_ids: Sequence[int] | None = None) -> Ranking:
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

    def _ranked_by(self, loaded: Loaded, taste: Taste, feed_ids: Sequence[int] | None) -> Ranking:
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
    def _shown(loaded: Loaded, feed_ids: Sequence[int] | None) -> NDArray[np.bool_]:
        """Which posts stand in a list of all feeds or of some: of each story one."""
        if feed_ids is None:
            return ~loaded.folded
        among = np.isin(loaded.candidates.feeds, np.asarray(feed_ids, np.int32)) & loaded.candidates.visible
        return among & _one_telling_each(loaded, among)

    @staticmethod
    def _interest(loaded: Loaded, *, doubt: bool) -> Interest | None:
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
    def _edited(loaded: Loaded) -> dict[str, Floats]:
        if not loaded.edits:
            return {}
        if loaded.edited is None:
            middle = loaded.learnt.signal_middle if loaded.learnt is not None else np.zeros(SHARES, np.float32)
            loaded.edited = loaded.edits.parts(
                loaded.candidates, loaded.vectors, loaded.rows_in_vectors(), loaded.term_weights(), middle
            )
        return loaded.edited

    def _nearest_liked(self, loaded: Loaded, post_id: int) -> list[tuple[int, str, float]]:
        if not len(loaded.liked_ids) or not loaded.vectors.dim:
            return []
        vector = vectors_of(loaded, np.asarray([post_id], np.int64))[0]
        cosines = np.nan_to_num(loaded.liked_vectors @ vector, nan=-1.0)
        cosines[loaded.liked_ids == post_id] = -1.0
        best = [place for place in np.argsort(-cosines)[:3] if cosines[place] >= NEAR]
        near = loaded.liked_ids[best].tolist()
        strange = [number for number in near if number not in loaded.liked_titles]
        loaded.liked_titles |= {text.id: text.title or text.text[:80] for text in self._store.texts(strange)} if strange else {}
        return [(number, loaded.liked_titles.get(number, ""), float(cosines[place])) for number, place in zip(near, best, strict=True)]


def _one_telling_each(loaded: Loaded, among: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(n,) whether each post is the lead of its story or, where that is not among these, the first that tells it."""
    keep = ~loaded.folded
    stories = loaded.candidates.stories
    behind = np.flatnonzero(loaded.folded & among)
    behind = behind[~np.isin(stories[behind], stories[keep & among])]
    order = behind[np.lexsort((loaded.candidates.ids[behind], loaded.candidates.published[behind], stories[behind]))]
    _, firsts = np.unique(stories[order], return_index=True)
    keep[order[firsts]] = True
    return keep


def _taste_of(timeline: Timeline) -> Taste:
    return Taste(
        weights=weights_of(timeline.preset, timeline.weights),
        strength=timeline.strength,
        exploration=timeline.exploration,
        signals=timeline.signals,
    )
