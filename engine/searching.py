"""Search by words and by meaning, and both fused.

The fused score is a convex combination of both scores, each on a scale from 0 to 1 (Bruch, Gai and Ingber, An Analysis of
Fusion Functions for Hybrid Retrieval, TOIS 2023, whose weight for this kind of vectors it takes). A cosine's scale is the
same for every query: where no post is close in meaning, the posts with the words lead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.models.catalogue import Model
from engine.scoring import Scorer
from engine.store import Store
from engine.store.tokens import without_exclusions
from engine.types import SearchHit, SearchQuery, SearchResult
from engine.workers.clients import EmbedWorker, ParseWorker

MEANING = 0.8  # the weight of meaning; the rest is words'
MIN_COSINE = 0.25  # below it a vector says nothing about a query
DEPTH = 200  # of each list that is fused


@dataclass(frozen=True, slots=True, kw_only=True)
class Searcher:
    store: Store
    scorer: Scorer
    embed: EmbedWorker | None
    parse: ParseWorker
    model: Model

    def search(self, query: SearchQuery, *, wait: bool) -> SearchResult:
        """Return the best hits first. With `wait` False nothing waits for a model to load."""
        if not query.text.strip():
            return SearchResult(hits=())
        words: list[tuple[int, float]] = []
        newest_only = False
        if query.mode != "meaning":
            words, newest_only = self.store.search_words(replace(query, limit=max(query.limit, DEPTH)))
        if query.mode == "words":
            hits = tuple(SearchHit(id=post_id, score=score, by="words") for post_id, score in words[: query.limit])
            return SearchResult(hits=hits, newest_only=newest_only)
        ready = self._ready(wait)
        meaning = self._meaning(query) if ready else []
        return SearchResult(
            hits=_fused(words, meaning)[: query.limit], newest_only=newest_only, meaning_ready=ready
        )

    def _ready(self, wait: bool) -> bool:
        return self.embed is not None and (wait or self.embed.known_info() is not None)

    def _meaning(self, query: SearchQuery) -> list[tuple[int, float]]:
        """Return posts by the cosine of their vectors to the query's, as far as the model speaks its language."""
        assert self.embed is not None
        text = without_exclusions(query.text)
        if not text.isascii():
            language = self.parse.languages([text])[0]
            if not self.model.speaks(language, query.text):
                return []
        vector = next(iter(self.embed.embed([text], urgent=True))).vectors[0]
        found = self.scorer.nearest(vector, 4 * DEPTH)
        near = {post_id: cosine for post_id, cosine in found if cosine >= MIN_COSINE}
        kept = self.store.filter_ids(list(near), query)
        return sorted(((post_id, near[post_id]) for post_id in kept), key=lambda item: -item[1])[:DEPTH]


def _fused(words: Sequence[tuple[int, float]], meaning: Sequence[tuple[int, float]]) -> tuple[SearchHit, ...]:
    scores: dict[int, float] = {}
    best = max((score for _, score in words), default=0.0)
    for post_id, score in words:
        scores[post_id] = (1 - MEANING) * (score / best if best > 0 else 1.0)
    for post_id, cosine in meaning:
        scores[post_id] = scores.get(post_id, 0.0) + MEANING * (cosine - MIN_COSINE) / (1 - MIN_COSINE)
    by_words, by_meaning = {post_id for post_id, _ in words}, {post_id for post_id, _ in meaning}
    order = sorted(scores, key=lambda post_id: (-scores[post_id], -post_id))
    return tuple(
        SearchHit(
            id=post_id,
            score=scores[post_id],
            by="both" if post_id in by_words and post_id in by_meaning else "words" if post_id in by_words else "meaning",
        )
        for post_id in order
    )
