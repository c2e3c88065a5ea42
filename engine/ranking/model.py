"""What was learnt of a person: a posterior over weights, and what it makes of posts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.ranking.candidates import NOT_ASKED, SHARES, Candidates
from engine.ranking.features import TERM_SPACE, Sketches
from engine.ranking.termspace import Table
from engine.types import Floats, Vectors
from engine.vectors import Int8Matrix, Mask

SHARPNESS = 3.0  # of exp(b * cosine): likes of several kinds stay apart
LINEAR_SHARE = 0.3
WORDS_SHARE = 0.3  # of words beside meaning
COST = 10.0  # the prior variance of a weight of meaning or words, in log-odds squared
# Prior variances of the other weights, in the same unit. An author's weight comes on top of that of the source.
SOURCE_VARIANCE = 1.0
AUTHOR_VARIANCE = 0.5
SIGNAL_VARIANCE = 1.0
HOUR_VARIANCE = 0.1
STORY_VARIANCE = 0.1
HOURS = 4  # numbers that say at which hour of the day a post came
_BLOCK = 8192
_DAY_SECONDS = 86400.0
_QUARTER_SECONDS = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """Parts of the interest in n posts, in log-odds about the ordinary post; each is 0 where it says nothing.

    `doubt` is the standard deviation of their sum, (n,) > 0.
    """

    meaning: Floats
    words: Floats
    source: Floats
    author: Floats | None = None
    signals: Floats | None = None
    hour: Floats | None = None
    story: Floats | None = None
    doubt: Floats | None = None

    def total(self) -> Floats:
        total = self.meaning + self.words + self.source
        for part in (self.author, self.signals, self.hour, self.story):
            if part is not None:
                total = total + part
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Weights of things that have names: s of them, by ascending id."""

    ids: NDArray[np.int32]  # (s,)
    weights: Floats  # (s,) log-odds
    variances: Floats  # (s,)
    acts: NDArray[np.int64]  # (s,) how many acts say so
    prior: float  # the variance of one that nothing is known of

    @staticmethod
    def nothing(prior: float) -> Known:
        return Known(
            ids=np.zeros(0, np.int32), weights=np.zeros(0, np.float32), variances=np.zeros(0, np.float32),
            acts=np.zeros(0, np.int64), prior=prior,
        )  # fmt: skip

    def of(self, ids: NDArray[np.int32], values: Floats, otherwise: float = 0.0) -> Floats:
        """(n,) the value of each id; `otherwise` for those that are not known, -1 among them."""
        if not len(self.ids):
            return np.full(len(ids), otherwise, np.float32)
        last = int(self.ids[-1]) + 1
        table = np.full(last + 1, otherwise, np.float32)
        table[self.ids] = values
        return table[np.minimum(ids, last)]  # -1 is the last place, too

    def without(self, ids: Collection[int]) -> Known:
        """The same, saying nothing of some."""
        keep = ~np.isin(self.ids, list(ids))
        return Known(
            ids=self.ids[keep], weights=self.weights[keep], variances=self.variances[keep], acts=self.acts[keep], prior=self.prior
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What was learnt. `acts` is the number of acts behind it; 0 means that it says nothing yet."""

    acts: int
    linear: Floats  # (d,)
    anchors: Vectors  # (a, d)
    anchor_weights: Floats  # (a,)
    told: Floats  # (a, a): the squared length of `near @ told` is how much of the variance by meaning the acts took away
    words: Table
    word_variances: Table  # of the weight of each term, before TF-IDF
    idf: Table
    sources: Known
    authors: Known
    signals: Floats  # (SHARES,)
    signal_variances: Floats  # (SHARES,)
    signal_middle: Floats  # (SHARES,) the mean share of each
    hours: Floats  # (HOURS,)
    story: float  # of each doubling of outlets
    middle: tuple[float, float] = (0.0, 0.0)  # what the ordinary post gets: meaning, words alone

    def interest(
        self,
        vectors: Int8Matrix,
        rows: NDArray[np.int64],
        posts: Candidates,
        *,
        doubt: bool = False,
        lengths: Floats | None = None,
    ) -> Interest:
        """Score n posts.

        Args:
            vectors: the store's vectors.
            rows: (n,) row of each post in `vectors`, -1 for posts without one.
            doubt: whether to say how unsure that is.
            lengths: of the posts' bags of words, from `lengths_of`; they are the same until words or posts change.
        """
        size = len(posts.feeds)
        nothing = np.zeros(size, dtype=np.float32)
        if not self.acts:
            return Interest(meaning=nothing, words=nothing, source=nothing)
        there = rows >= 0
        meaning, variance = nothing, None
        if there.any() and len(self.linear):
            found, taken = self._of_vectors(vectors, doubt=doubt)
            if len(found) == size and there.all() and (rows == np.arange(size)).all():
                meaning = found - np.float32(self.middle[0])
            else:
                meaning = nothing.copy()
                meaning[there] = found[rows[there]] - np.float32(self.middle[0])
            if taken is not None:
                variance = np.full(size, COST, np.float32)
                variance[there] -= taken[rows[there]]
        if lengths is None:
            lengths = lengths_of(posts.sketches, self.idf)
        words, word_variance = self.of_words(posts.sketches, there, lengths, doubt=doubt)
        sure = None
        if doubt:
            variance = (variance if variance is not None else np.zeros(size, np.float32)) + word_variance
            variance += self.sources.of(posts.feeds, self.sources.variances, self.sources.prior)
            variance += self.authors.of(posts.authors, self.authors.variances, self.authors.prior)
            sure = np.sqrt(np.maximum(variance, np.float32(1e-6)))
        return Interest(
            meaning=meaning,
            words=words,
            source=self.sources.of(posts.feeds, self.sources.weights),
            author=self.authors.of(posts.authors, self.authors.weights) if len(self.authors.ids) else None,
            signals=signals_part(posts.shares, self.signal_middle, self.signals) if self.signals.any() else None,
            hour=self._of_hours(posts.published) if self.hours.any() else None,
            story=doublings(posts.outlets) * np.float32(self.story) if self.story else None,
            doubt=sure,
        )

    def meaning(self, vectors: Vectors) -> Floats:
        """(n,) log-odds by meaning of (n, d) vectors, before the middle is taken off."""
        near = sharpened(vectors @ self.anchors.T)
        return np.asarray(vectors @ self.linear + near @ self.anchor_weights, dtype=np.float32)

    def meaning_variance(self, vectors: Vectors) -> Floats:
        """(n,) of the log-odds by meaning of (n, d) vectors."""
        taken = sharpened(vectors @ self.anchors.T) @ self.told
        return np.asarray(np.maximum(COST - (taken * taken).sum(axis=1), 1e-6), np.float32)

    def _of_vectors(self, vectors: Int8Matrix, *, doubt: bool) -> tuple[Floats, Floats | None]:
        """Log-odds by meaning of all vectors, and the variance that the acts took away."""
        close = vectors.dot(np.column_stack([self.linear, self.anchors.T]))
        result = close[:, 0].copy()
        taken = np.zeros(len(close), np.float32) if doubt else None
        sharp = np.float32(SHARPNESS)
        scale = np.float32(1.0) / np.expm1(sharp)
        for first in range(0, len(close), _BLOCK):
            near = np.expm1(close[first : first + _BLOCK, 1:] * sharp) * scale
            result[first : first + _BLOCK] += near @ self.anchor_weights
            if taken is not None:
                told = near @ self.told
                taken[first : first + _BLOCK] = np.minimum((told * told).sum(axis=1), np.float32(COST))
        return result, taken

    def _of_hours(self, published: NDArray[np.float64]) -> Floats:
        """(n,) log-odds by the hour of the day, to a quarter of an hour."""
        quarters = np.arange(0, _DAY_SECONDS, _QUARTER_SECONDS)
        places = (published % _DAY_SECONDS / _QUARTER_SECONDS).astype(np.intp)
        return np.asarray((hours_of(quarters) @ self.hours)[places], np.float32)

    def of_words(self, sketches: Sketches, there: Mask, lengths: Floats, *, doubt: bool) -> tuple[Floats, Floats]:
        """Log-odds by words of posts (`there`: which have a vector), and with `doubt` the variance of that."""
        result = np.empty(len(sketches), dtype=np.float32)
        variance = np.zeros(len(sketches) if doubt else 0, dtype=np.float32)
        table = self.words * self.idf
        table[0] = 0  # 0 is no term
        unsure = self.idf * self.idf * self.word_variances if doubt else table
        unsure[0] = 0
        share = np.float32(np.sqrt(WORDS_SHARE))
        ones = np.ones(sketches.shape[1], dtype=np.float32)
        for first in range(0, len(sketches), _BLOCK):
            part = sketches[first : first + _BLOCK]
            beside = np.where(there[first : first + _BLOCK], share, np.float32(1))
            length = lengths[first : first + _BLOCK]
            found = (table[part] @ ones) / length - np.float32(self.middle[1])
            found *= beside
            # A post without any word is no better or worse than the ordinary one.
            found[part[:, 0] == 0] = 0
            result[first : first + _BLOCK] = found
            if doubt:
                variance[first : first + _BLOCK] = (unsure[part] @ ones) / (length * length) * (beside * beside)
        return result, variance


def nothing_learnt(dim: int, idf: Table) -> Model:
    """A model that finds every post equally interesting."""
    none = np.zeros(TERM_SPACE, np.float32)
    return Model(
        acts=0, linear=np.zeros(dim, np.float32), anchors=np.zeros((0, dim), np.float32),
        anchor_weights=np.zeros(0, np.float32), told=np.zeros((0, 0), np.float32), words=none,
        word_variances=np.full(TERM_SPACE, COST, np.float32), idf=idf, sources=Known.nothing(SOURCE_VARIANCE),
        authors=Known.nothing(AUTHOR_VARIANCE), signals=np.zeros(SHARES, np.float32),
        signal_variances=np.full(SHARES, SIGNAL_VARIANCE, np.float32), signal_middle=np.zeros(SHARES, np.float32),
        hours=np.zeros(HOURS, np.float32), story=0.0,
    )  # fmt: skip


def sharpened(cosines: Floats) -> Floats:
    """exp(b * cosine) between 0 at a right angle and 1: likes of one kind say little of another kind."""
    sharp = np.float32(SHARPNESS)
    return np.asarray(np.expm1(cosines * sharp) / np.expm1(sharp), dtype=np.float32)


def shares_of(shares: NDArray[np.uint8], middle: Floats) -> Floats:
    """(n, SHARES) shares of signals about their means; 0 where nobody asked."""
    table = (np.arange(256, dtype=np.float32) / np.float32(254))[shares] - middle
    table[shares == NOT_ASKED] = 0
    return np.asarray(table, dtype=np.float32)


def signals_part(shares: NDArray[np.uint8], middle: Floats, weights: Floats) -> Floats:
    """(n,) sum of the posts' shares about their means, times weights: `shares_of(shares, middle) @ weights`."""
    result = np.zeros(len(shares), np.float32)
    values = np.arange(256, dtype=np.float32) / np.float32(254)
    for place in np.flatnonzero(weights).tolist():
        table = (values - middle[place]) * weights[place]
        table[NOT_ASKED] = 0
        result += table[shares[:, place]]
    return result


def lengths_of(sketches: Sketches, idf: Table) -> Floats:
    """(n,) lengths of the sketches' TF-IDF bags, at least 1."""
    squares = idf * idf
    squares[0] = 0  # 0 is no term
    ones = np.ones(sketches.shape[1], dtype=np.float32)  # times ones is three times as fast as sum
    result = np.empty(len(sketches), np.float32)
    for first in range(0, len(sketches), _BLOCK):
        result[first : first + _BLOCK] = squares[sketches[first : first + _BLOCK]] @ ones
    return np.sqrt(np.maximum(result, 1.0))


def hours_of(published: NDArray[np.float64]) -> Floats:
    """(n, HOURS) the hour of the day as a point on circles that are gone round once and twice a day."""
    turn = published % _DAY_SECONDS * (2 * np.pi / _DAY_SECONDS)
    return np.stack([np.sin(turn), np.cos(turn), np.sin(2 * turn), np.cos(2 * turn)], axis=1).astype(np.float32)


def doublings(outlets: NDArray[np.int32]) -> Floats:
    """(n,) how often a story's outlets double one."""
    return np.log2(np.maximum(outlets, 1).astype(np.float32))
