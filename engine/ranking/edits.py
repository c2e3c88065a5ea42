"""What the person set by hand in the place of what was learnt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from engine.ranking.candidates import Candidates
from engine.ranking.features import terms_of_word
from engine.ranking.model import Model, signals_part
from engine.ranking.score import SHARE_NAMES
from engine.ranking.termspace import Table
from engine.types import Floats
from engine.vectors import Int8Matrix

# Between these cosines with a topic a post comes to count as being about it; and between these shares of its words.
_NEAR = (0.25, 0.6)
_SHARED = (0.15, 0.6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A subject: its direction where a model could tell it, and its terms."""

    weight: float
    vector: Floats | None
    terms: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edits:
    """Weights that the person set, in log-odds, by what they are of."""

    feeds: Mapping[int, float] = field(default_factory=dict)
    authors: Mapping[int, float] = field(default_factory=dict)  # by the numbers in `Candidates.authors`
    words: Mapping[str, float] = field(default_factory=dict)
    signals: Mapping[str, float] = field(default_factory=dict)
    topics: Sequence[Topic] = ()

    def __bool__(self) -> bool:
        return bool(self.feeds or self.authors or self.words or self.signals or self.topics)

    def taken_from(self, model: Model) -> Model:
        """The model without what these stand in the place of."""
        words, signals = model.words, model.signals
        if self.words:
            words = words.copy()
            for word in self.words:
                words[list(terms_of_word(word))] = 0
        if self.signals:
            signals = signals.copy()
            signals[[SHARE_NAMES.index(name) for name in self.signals if name in SHARE_NAMES]] = 0
        return replace(
            model,
            words=words,
            signals=signals,
            sources=model.sources.without(self.feeds),
            authors=model.authors.without(self.authors),
        )

    def parts(
        self, candidates: Candidates, vectors: Int8Matrix, rows: NDArray[np.int64], idf: Table, middle: Floats
    ) -> dict[str, Floats]:
        """What each kind of edit adds to each post, in log-odds: (n,) by kind, for those kinds that there are.

        Args:
            rows: (n,) row of each post in `vectors`, -1 for posts without one.
            middle: the mean share of each signal.
        """
        found: dict[str, Floats] = {}
        for kind, column, weights in (("source", candidates.feeds, self.feeds), ("author", candidates.authors, self.authors)):
            if weights:
                table = np.zeros(max(int(column.max(initial=0)), *weights, 0) + 2, np.float32)
                for number, weight in weights.items():
                    if number >= 0:
                        table[number] = weight
                found[kind] = table[column]  # -1 is the last place, which is 0
        if self.words:
            found["word"] = self._words(candidates)
        if self.signals:
            weights_of_signals = np.zeros(len(SHARE_NAMES), np.float32)
            for name, weight in self.signals.items():
                if name in SHARE_NAMES:
                    weights_of_signals[SHARE_NAMES.index(name)] = weight
            found["signal"] = signals_part(candidates.shares, middle, weights_of_signals)
        if self.topics:
            found["topic"] = self._topics(candidates, vectors, rows, idf)
        return found

    def _words(self, candidates: Candidates) -> Floats:
        result = np.zeros(len(candidates), np.float32)
        for word, weight in self.words.items():
            numbers = terms_of_word(word)
            if numbers:
                there = np.ones(len(candidates), np.bool_)
                for number in numbers:
                    there &= (candidates.sketches == number).any(axis=1)
                result[there] += np.float32(weight)
        return result

    def _topics(self, candidates: Candidates, vectors: Int8Matrix, rows: NDArray[np.int64], idf: Table) -> Floats:
        result = np.zeros(len(candidates), np.float32)
        there = rows >= 0
        told = [topic for topic in self.topics if topic.vector is not None and len(topic.vector) == vectors.dim]
        if told and there.any():
            cosines = vectors.dot(np.stack([topic.vector for topic in told if topic.vector is not None], axis=1))
            sums = _ramp(cosines, _NEAR) @ np.array([topic.weight for topic in told], np.float32)
            result[there] = sums[rows[there]]
        for topic in self.topics:
            by_words = ~there if topic in told else np.ones(len(candidates), np.bool_)
            if topic.terms and by_words.any():
                table = np.zeros(len(idf), np.float32)
                table[list(topic.terms)] = idf[list(topic.terms)]
                shared = table[candidates.sketches[by_words]].sum(axis=1) / max(float(table.sum()), 1e-6)
                result[by_words] += _ramp(shared, _SHARED) * np.float32(topic.weight)
        return result


def _ramp(values: Floats, between: tuple[float, float]) -> Floats:
    low, high = between
    return np.asarray(np.clip((values - np.float32(low)) / np.float32(high - low), 0, 1), np.float32)
