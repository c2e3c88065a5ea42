"""What a person likes, learnt from what they did: meaning, words, sources, authors, signals, hours and the size of stories.

A Bayesian logistic regression with a Gaussian prior, refitted whole in some ten milliseconds, so that every act counts at
once. Its most probable weights are found in dual form; their doubt is that of Laplace's approximation, taken apart by kind.
- meaning: the vector itself, and how close it is to at most 16 anchors that stand for the feedback's kinds (a
  Nyström approximation of exp(b * cosine), after Williams and Seeger 2001), so that likes of different kinds
  do not blur into one middle;
- words: the TF-IDF weights of the sketch's terms, which also carry the posts without vectors;
- sources and authors: one weight each, shrunk towards none; an author's comes on top of that of the source;
- signals, the hour of the day, and by how many outlets the story is told.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from engine.ranking.candidates import NOT_ASKED, SHARES
from engine.ranking.features import SKETCH_TERMS, TERM_SPACE, Sketches
from engine.ranking.logistic import Doubles, fit_logistic
from engine.ranking.model import (
    AUTHOR_VARIANCE,
    COST,
    HOUR_VARIANCE,
    HOURS,
    LINEAR_SHARE,
    SIGNAL_VARIANCE,
    SOURCE_VARIANCE,
    STORY_VARIANCE,
    WORDS_SHARE,
    Interest,
    Known,
    Model,
    doublings,
    hours_of,
    lengths_of,
    nothing_learnt,
    shares_of,
    sharpened,
)
from engine.ranking.termspace import Bags, Table, inverse_document_frequency
from engine.types import Floats, Vectors
from engine.vectors import unit

__all__ = ["STRENGTHS", "Feedback", "Interest", "Model", "corpus_idf", "learn"]

# How much each act says. A plain read says nothing; a dismissal is far from a dislike.
STRENGTHS = {"liked": 1.0, "saved": 0.7, "opened": 0.3, "dismissed": -0.15, "disliked": -1.0}
MOST_FEEDBACK = 2000  # the strongest, then newest, are learnt from

_ANCHORS = 16
_BACKGROUND = 96  # posts that stand for "anything" where little was disliked
_NOON = 43200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """n posts that the person acted on, newest last. What is left out says nothing."""

    vectors: Vectors  # (n, d); NaN in the rows of posts without a vector
    sketches: Sketches  # (n, SKETCH_TERMS)
    feeds: NDArray[np.int32]  # (n,)
    strengths: Floats  # (n,) in [-1, 1]: see STRENGTHS; the sum or strongest of a post's acts, as the caller likes
    authors: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))  # (n,); -1: none
    shares: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, SHARES), np.uint8))  # (n, SHARES) of signals
    published: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))  # (n,) unix seconds
    outlets: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))  # (n,)

    def __post_init__(self) -> None:
        size = len(self.feeds)
        for name, kind, width, default in (
            ("authors", np.int32, (), -1),
            ("shares", np.uint8, (SHARES,), NOT_ASKED),
            ("published", np.float64, (), np.nan),
            ("outlets", np.int32, (), 1),
        ):
            if len(getattr(self, name)) != size:
                object.__setattr__(self, name, np.full((size, *width), default, kind))

    @staticmethod
    def nothing(dim: int) -> Feedback:
        return Feedback(
            vectors=np.zeros((0, dim), np.float32),
            sketches=np.zeros((0, SKETCH_TERMS), np.uint16),
            feeds=np.zeros(0, np.int32),
            strengths=np.zeros(0, np.float32),
        )

    def picked(self, rows: NDArray[np.int64]) -> Feedback:
        return Feedback(
            vectors=self.vectors[rows], sketches=self.sketches[rows], feeds=self.feeds[rows], strengths=self.strengths[rows],
            authors=self.authors[rows], shares=self.shares[rows], published=self.published[rows], outlets=self.outlets[rows],
        )  # fmt: skip

    def with_more(self, other: Feedback) -> Feedback:
        names = ("vectors", "sketches", "feeds", "strengths", "authors", "shares", "published", "outlets")
        return Feedback(**{name: np.concatenate([getattr(self, name), getattr(other, name)]) for name in names})


def corpus_idf(sketches: Sketches) -> Table:
    """Term weights from the sketches of all stored posts: about 30 ms for 100,000."""
    frequency = np.bincount(sketches.ravel(), minlength=TERM_SPACE).astype(np.float32)
    frequency[0] = 0
    return inverse_document_frequency(frequency, len(sketches))


def learn(feedback: Feedback, background: Feedback, idf: Table) -> Model:
    """Fit a model to what the person did.

    Args:
        feedback: posts with the person's acts; those of strength 0 are passed over.
        background: some hundred other posts, evenly over what is stored (strengths are not read). They say what the
            ordinary post is like, and stand in for dislikes where the person gave fewer dislikes than likes.
        idf: from `corpus_idf`.
    Returns:
        A model; without acts it finds every post equally interesting.
    """
    used = _strongest(feedback.strengths)
    feedback = feedback.picked(used)
    dim = feedback.vectors.shape[1]
    if not len(used):
        return nothing_learnt(dim, idf)
    others = background.picked(np.arange(len(background.feeds))[:: max(1, len(background.feeds) // _BACKGROUND)])
    liked = float(feedback.strengths.clip(min=0).sum())
    disliked = float(-feedback.strengths.clip(max=0).sum())
    examples = _Examples(feedback, others, idf, max(liked - disliked, 0.0) / max(len(others.feeds), 1))
    model = examples.fitted()
    return _with_middle(model, others if len(others.feeds) else feedback)


def _strongest(strengths: Floats) -> NDArray[np.int64]:
    """The places of the acts to learn from, in order of time."""
    acts = np.flatnonzero(strengths)
    if len(acts) <= MOST_FEEDBACK:
        return acts
    weakest_first = acts[np.argsort(np.abs(strengths[acts]), kind="stable")]
    return np.sort(weakest_first[-MOST_FEEDBACK:])


class _Examples:
    """Acts and ordinary posts as the features of one regression."""

    def __init__(self, feedback: Feedback, others: Feedback, idf: Table, doubt: float) -> None:
        self._idf = idf
        self._acts = len(feedback.feeds)
        # Ordinary posts say nothing of their sources: a source is not to blame for posting much.
        nobody = np.full(len(others.feeds), -1, np.int32)
        both = feedback.with_more(replace(others, feeds=nobody, authors=nobody))
        self._labels = np.concatenate([np.sign(feedback.strengths), -np.ones(len(others.feeds))]).astype(np.float64)
        self._weights = np.concatenate([np.abs(feedback.strengths), np.full(len(others.feeds), doubt)]).astype(np.float64)
        spoken = np.asarray(~np.isnan(both.vectors).any(axis=1))
        self._beside = np.where(spoken, np.sqrt(WORDS_SHARE), 1.0)
        self._bags = Bags.of_sketches(both.sketches).weighted(idf)
        self._words = _WordsProduct(self._bags, self._beside)
        self._vectors = np.where(spoken[:, None], both.vectors, 0).astype(np.float32)
        self._sources = _Groups(both.feeds, SOURCE_VARIANCE, self._acts)
        self._authors = _Groups(both.authors, AUTHOR_VARIANCE, self._acts)
        asked = both.shares != NOT_ASKED
        middle = (both.shares * asked).sum(axis=0) / np.maximum(asked.sum(axis=0), 1) / 254
        self._middle = middle.astype(np.float32)
        hours = np.where(np.isnan(both.published)[:, None], 0, hours_of(np.nan_to_num(both.published, nan=_NOON)))
        # Scaled so that every weight has the prior variance COST, like those of meaning and words.
        self._scales = np.sqrt(
            np.concatenate([np.full(SHARES, SIGNAL_VARIANCE), np.full(HOURS, HOUR_VARIANCE), [STORY_VARIANCE]]) / COST
        )
        facts = np.hstack([shares_of(both.shares, self._middle), hours, doublings(both.outlets)[:, None]])
        self._facts = facts * self._scales
        known = self._vectors[: self._acts][spoken[: self._acts]]
        self._anchors = _anchors(known) if len(known) else np.zeros((0, both.vectors.shape[1]), np.float32)
        near = sharpened(self._vectors @ self._anchors.T)
        among = sharpened(self._anchors @ self._anchors.T)
        self._lower = np.linalg.cholesky(among.astype(np.float64) + 1e-3 * np.eye(len(among)))
        self._near = np.linalg.solve(self._lower, near.T.astype(np.float64)).T.astype(np.float32)
        self._dense = np.hstack([np.sqrt(np.float32(LINEAR_SHARE)) * self._vectors, self._near, self._facts.astype(np.float32)])

    def _product(self, dual: Doubles) -> Doubles:
        inner = self._dense @ (self._dense.T @ dual.astype(np.float32))
        return np.asarray(
            inner + self._words(dual) + self._sources(dual) + self._authors(dual) + dual.sum(), dtype=np.float64
        )

    def fitted(self) -> Model:
        diagonal = (self._dense * self._dense).sum(axis=1).astype(np.float64) + self._beside**2 + 1
        diagonal += self._sources.diagonal() + self._authors.diagonal()
        dual = fit_logistic(self._product, diagonal, self._labels, self._weights, cost=COST, newton_steps=4)
        chance = 1 / (1 + np.exp(-np.clip(self._product(dual), -30, 30)))
        told = self._weights * chance * (1 - chance)  # how much each example says of the weights
        dim = self._vectors.shape[1]
        facts = self._facts.T @ dual * self._scales
        seen = ((self._facts / self._scales) ** 2 * told[:, None]).sum(axis=0)
        prior = COST * self._scales**2
        variances = 1 / (1 / prior + seen)
        anchor_weights = np.linalg.solve(self._lower.T, self._near.T.astype(np.float64) @ dual)
        return Model(
            acts=self._acts,
            linear=(np.float32(LINEAR_SHARE) * (self._vectors.T @ dual.astype(np.float32))).reshape(dim),
            anchors=self._anchors,
            anchor_weights=anchor_weights.astype(np.float32),
            told=self._taken(told),
            words=self._bags.table(dual * self._beside),
            word_variances=self._word_variances(told),
            idf=self._idf,
            sources=self._sources.known(dual, told),
            authors=self._authors.known(dual, told),
            signals=facts[:SHARES].astype(np.float32),
            signal_variances=variances[:SHARES].astype(np.float32),
            signal_middle=self._middle,
            hours=facts[SHARES : SHARES + HOURS].astype(np.float32),
            story=float(facts[-1]),
        )

    def _taken(self, told: Doubles) -> Floats:
        """See `Model.told`: COST less the posterior variance, as a square root, for closeness to the anchors."""
        size = len(self._anchors)
        if not size:
            return np.zeros((0, 0), np.float32)
        near = self._near.astype(np.float64)
        posterior = np.linalg.inv(np.eye(size) / COST + near.T @ (near * told[:, None]))
        values, axes = np.linalg.eigh(COST * np.eye(size) - posterior)
        root = axes * np.sqrt(np.maximum(values, 0))
        return np.linalg.solve(self._lower.T, root).astype(np.float32)

    def _word_variances(self, told: Doubles) -> Table:
        squares = replace(self._bags, values=self._bags.values**2)
        seen = squares.table(told * self._beside**2)
        return (1 / (1 / COST + seen)).astype(np.float32)


class _Groups:
    """One weight for each source or author, as a block of the kernel."""

    def __init__(self, ids: NDArray[np.int32], variance: float, acts: int) -> None:
        self._ids, places = np.unique(ids[ids >= 0], return_inverse=True)
        self._rows = np.flatnonzero(ids >= 0)
        self._places = places
        self._size = len(ids)
        self._prior = variance
        self._scale = variance / COST

    def __call__(self, dual: Doubles) -> Doubles:
        result = np.zeros(self._size)
        if len(self._ids):
            sums = np.bincount(self._places, dual[self._rows], minlength=len(self._ids))
            result[self._rows] = sums[self._places] * self._scale
        return result

    def diagonal(self) -> Doubles:
        result = np.zeros(self._size)
        result[self._rows] = self._scale
        return result

    def known(self, dual: Doubles, told: Doubles) -> Known:
        """The weights, and their variances by what the acts on each say."""
        if not len(self._ids):
            return Known.nothing(self._prior)
        weights = np.bincount(self._places, dual[self._rows], minlength=len(self._ids)) * self._scale
        seen = np.bincount(self._places, told[self._rows], minlength=len(self._ids))
        return Known(
            ids=self._ids.astype(np.int32),
            weights=weights.astype(np.float32),
            variances=(1 / (1 / self._prior + seen)).astype(np.float32),
            acts=np.bincount(self._places, minlength=len(self._ids)),
            prior=self._prior,
        )


class _WordsProduct:
    """Multiplies the bags' Gram matrix with a vector, without making it; each bag counts by its share."""

    def __init__(self, bags: Bags, shares: Doubles) -> None:
        used, self._columns = np.unique(bags.terms, return_inverse=True)
        self._terms = len(used)
        self._rows = bags.rows()
        self._values = bags.values.astype(np.float64) * shares[self._rows]
        self._size = len(bags)

    def __call__(self, dual: Doubles) -> Doubles:
        table = np.bincount(self._columns, self._values * dual[self._rows], minlength=self._terms)
        return np.bincount(self._rows, self._values * table[self._columns], minlength=self._size).astype(np.float64)


def _anchors(vectors: Vectors) -> Vectors:
    """At most `_ANCHORS` unit vectors that stand for the given ones: farthest points, then three rounds of k-means."""
    if len(vectors) <= _ANCHORS:
        return vectors
    picked = [int(np.argmax(vectors @ vectors.mean(axis=0)))]
    closest = vectors @ vectors[picked[0]]
    while len(picked) < _ANCHORS:
        picked.append(int(np.argmin(closest)))
        closest = np.maximum(closest, vectors @ vectors[picked[-1]])
    return middles(vectors, vectors[picked], rounds=3)


def middles(vectors: Vectors, centres: Vectors, *, rounds: int) -> Vectors:
    """Move centres into the middle of the vectors that are nearest to each (k-means on the sphere)."""
    for _ in range(rounds):
        group = np.argmax(vectors @ centres.T, axis=1)
        member = (group[:, None] == np.arange(len(centres))).astype(np.float32)
        sums = member.T @ vectors
        centres = np.where(member.any(axis=0)[:, None], unit(sums), centres)
    return centres


def _with_middle(model: Model, others: Feedback) -> Model:
    """The model with what the ordinary post gets taken off each part, so that posts with and without vectors compare."""
    spoken = ~np.isnan(others.vectors).any(axis=1)
    meaning = float(model.meaning(others.vectors[spoken]).mean()) if spoken.any() else 0.0
    worded = others.sketches[others.sketches[:, 0] != 0]
    words = 0.0
    if len(worded):
        found, _ = model.of_words(worded, np.zeros(len(worded), np.bool_), lengths_of(worded, model.idf), doubt=False)
        words = float(found.mean())
    return replace(model, middle=(meaning, words))


