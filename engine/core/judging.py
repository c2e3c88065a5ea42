"""Putting rules to posts: with what models and stories say of them, where a rule asks for that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from engine.core.parts import Parts
from engine.errors import EngineError
from engine.types import Changes, Condition, Floats, Ids, RuleHit, Vectors

if TYPE_CHECKING:
    from engine.filters import Matcher
    from engine.store.timeline import Matchable

BLOCK = 2000  # posts whose scores are made ready at once


class Judging(Parts):
    """Rules over posts."""

    def _reordered(self, changes: Changes) -> Changes:
        return changes | self._rescore() if changes.order and self._made("_scorer") is not None else changes

    def _settle(self, ids: Sequence[int]) -> Changes:
        """Apply the rules to posts that are new, or of which more is known than when they were judged."""
        if not ids:
            return Changes()
        matcher = self._matcher_now()
        hits: list[tuple[int, RuleHit]] = []
        if matcher:
            for post, topics in self._with_topics(matcher, ids):
                hits += [(post.id, hit) for hit in matcher.match(post, topics)]
        return self._store.save_hits(ids, hits)

    def _settle_by_model(self, ids: Sequence[int]) -> Changes:
        """The same, once models have seen the posts; nothing where no rule asks for what they say."""
        matcher = self._matcher_now()
        return self._settle(ids) if matcher.topics or matcher.needs_signals else Changes()

    def _settle_by_story(self, ids: Sequence[int]) -> Changes:
        """The same, once their stories have grown."""
        return self._settle(ids) if self._matcher_now().needs_outlets else Changes()

    def _with_topics(
        self, matcher: Matcher, ids: Sequence[int], topics: Topics | None = None, *, contents: bool = True
    ) -> Iterator[tuple[Matchable, Mapping[str, float]]]:
        """Yield posts with what their cosines to the matcher's topics are, which are computed where they are not given."""
        known = topics or self._topics(matcher.topics, ids)
        for post in self._store.matchables(ids, signals=matcher.needs_signals and self._switched_on("signals"), outlets=matcher.needs_outlets, contents=contents):
            yield post, known.of(post.id)

    def _topics(self, wanted: Mapping[str, Condition], ids: Sequence[int] | None) -> Topics:
        """Return the cosines of posts (None: all) with some topics; a topic that no model can be asked about is left out."""
        directions = {key: vector for key, condition in wanted.items() if (vector := self._topic(condition)) is not None}
        return Topics(self, directions, ids)

    def _topic(self, condition: Condition) -> Floats | None:
        """The direction of a topic: (d,) float32; None while no model can be asked, or none of its posts has a vector."""
        from engine import filters

        return filters.topic_vector(
            self._description(condition.value) if condition.value.strip() else None,
            self._vectors_of(condition.examples),
            self._vectors_of(condition.counterexamples),
        )

    def _description(self, text: str) -> Floats | None:
        import numpy as np

        kept = self._store.topic_vector(self._model_name(), text)
        if kept is not None:
            found: Floats = np.frombuffer(kept, dtype=np.float32)
            return found
        try:
            vector: Floats = self._models.embed([text])[0]
        except EngineError:
            return None
        self._store.save_topic_vector(self._model_name(), text, vector.astype("<f4").tobytes())
        return vector

    def _vectors_of(self, ids: Sequence[int]) -> Vectors:
        import numpy as np

        if not ids:
            return np.zeros((0, 0), np.float32)
        _, codes, scales = self._store.vectors(self._model_name(), list(ids))
        found: Vectors = codes.astype(np.float32) * scales[:, None]
        return found


class Topics:
    """Cosines of posts with some directions: of a few posts by their ids, of all by one pass over the vectors."""

    def __init__(self, rules: Judging, directions: Mapping[str, Floats], ids: Sequence[int] | None) -> None:
        import numpy as np

        self._names = list(directions)
        self._rows: dict[int, int] | None = None
        self._ids = np.zeros(0, np.int64)
        self._values = np.zeros((0, len(directions)), np.float32)
        if not directions:
            return
        matrix = np.stack(list(directions.values()))
        store, model = rules._store, rules._model_name()
        blocks = store.load_vectors(model) if ids is None or len(ids) > 20 * BLOCK else (
            store.vectors(model, list(ids[at : at + BLOCK])) for at in range(0, len(ids), BLOCK)
        )  # fmt: skip
        found, values = [self._ids], [self._values]
        for some, codes, scales in blocks:
            if len(some) and codes.shape[1] == matrix.shape[1]:
                found.append(some)
                values.append((codes.astype(np.float32) @ matrix.T) * scales[:, None])
        self._ids, self._values = np.concatenate(found), np.concatenate(values)

    def of(self, post_id: int) -> Mapping[str, float]:
        """By the topics' keys; empty for a post without a vector."""
        if not len(self._ids):
            return {}
        if self._rows is None:
            self._rows = {one: row for row, one in enumerate(self._ids.tolist())}
        row = self._rows.get(post_id)
        return {} if row is None else dict(zip(self._names, self._values[row].tolist(), strict=True))

    def columns(self, ids: Ids) -> dict[str, Floats]:
        """By the topics' keys: (n,) cosines of these posts, NaN where there is no vector."""
        return dict(zip(self._names, aligned(ids, self._ids, self._values).T, strict=True))


def aligned(ids: Ids, known: Ids, values: Floats) -> Floats:
    """Return (n, k) values in the order of `ids`, NaN for ids that are not among the `known` ones.

    Args:
        ids: (n,).   known: (m,), each once.   values: (m, k).
    """
    import numpy as np

    found = np.full((len(ids), values.shape[1]), np.nan, np.float32)
    if len(known):
        order = np.argsort(known, kind="stable")
        places = order[np.minimum(np.searchsorted(known, ids, sorter=order), len(known) - 1)]
        there = known[places] == ids
        found[there] = values[places[there]]
    return found
