"""What a person likes, learnt from what they did: closeness in meaning, words, and sources.

A logistic regression over three kinds of features, refitted whole in some ten milliseconds:
- meaning: the vector itself, and how close it is to at most 16 anchors that stand for the feedback's kinds (a
  Nyström approximation of exp(b * cosine), after Williams and Seeger 2001), so that likes of different kinds
  do not blur into one middle;
- words: the TF-IDF weights of the sketch's terms, which also carry the posts without vectors;
- sources: log-odds per feed, shrunk towards none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.ranking.features import SKETCH_TERMS, TERM_SPACE, Sketches
from engine.ranking.logistic import Doubles, fit_logistic
from engine.ranking.termspace import Bags, Numbers, Table, inverse_document_frequency
from engine.types import Floats, Vectors
from engine.vectors import Int8Matrix, Mask, unit

# How much each act says. A plain read says nothing; a dismissal is far from a dislike.
STRENGTHS = {"liked": 1.0, "saved": 0.7, "opened": 0.3, "dismissed": -0.15, "disliked": -1.0}
MOST_FEEDBACK = 2000  # the strongest, then newest, are learnt from

_ANCHORS = 16
_SHARPNESS = 3.0
_LINEAR_SHARE = 0.3
_WORDS_SHARE = 0.3
_COST = 10.0
_BACKGROUND = 96  # posts that stand for "anything" where little was disliked
_SOURCE_PRIOR = 4.0  # acts' worth of doubt about a source
_BLOCK = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """n posts that the person acted on, newest last."""

    vectors: Vectors  # (n, d); NaN in the rows of posts without a vector
    sketches: Sketches  # (n, SKETCH_TERMS)
    feeds: NDArray[np.int32]  # (n,)
    strengths: Floats  # (n,) in [-1, 1]: see STRENGTHS; the sum or strongest of a post's acts, as the caller likes

    @staticmethod
    def nothing(dim: int) -> Feedback:
        return Feedback(
            vectors=np.zeros((0, dim), np.float32),
            sketches=np.zeros((0, SKETCH_TERMS), np.uint16),
            feeds=np.zeros(0, np.int32),
            strengths=np.zeros(0, np.float32),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """Parts of the interest in n posts, in log-odds about the ordinary post; each is 0 where it says nothing."""

    meaning: Floats
    words: Floats
    source: Floats

    def total(self) -> Floats:
        return self.meaning + self.words + self.source


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What was learnt. `acts` is the number of acts behind it; 0 means that it says nothing yet."""

    acts: int
    linear: Floats  # (d,)
    anchors: Vectors  # (a, d)
    anchor_weights: Floats  # (a,)
    words_beside: Table  # for posts with a vector
    words_alone: Table  # for posts without one
    idf: Table
    source_ids: NDArray[np.int32]  # (s,) sorted
    source_weights: Floats  # (s,)
    middle: tuple[float, float, float]  # what the ordinary post gets: meaning, words beside it, words alone

    def interest(
        self, vectors: Int8Matrix, rows: NDArray[np.int64], sketches: Sketches, feeds: NDArray[np.int32]
    ) -> Interest:
        """Score n posts.

        Args:
            vectors: the store's vectors.
            rows: (n,) row of each post in `vectors`, -1 for posts without one.
            sketches: (n, SKETCH_TERMS).
            feeds: (n,).
        """
        size = len(feeds)
        if not self.acts:
            nothing = np.zeros(size, dtype=np.float32)
            return Interest(meaning=nothing, words=nothing, source=nothing)
        there = rows >= 0
        meaning = np.zeros(size, dtype=np.float32)
        if there.any():
            meaning[there] = self._meaning_of(vectors)[rows[there]] - np.float32(self.middle[0])
        return Interest(meaning=meaning, words=self._words(sketches, there), source=self._source(feeds))

    def meaning(self, vectors: Vectors) -> Floats:
        """(n,) log-odds by meaning of (n, d) vectors, before the middle is taken off."""
        sharp = np.float32(_SHARPNESS)
        near = np.expm1(sharp * (vectors @ self.anchors.T)) / np.expm1(sharp)
        return np.asarray(vectors @ self.linear + near @ self.anchor_weights, dtype=np.float32)

    def _meaning_of(self, vectors: Int8Matrix) -> Floats:
        if not len(self.linear):
            return np.zeros(len(vectors), dtype=np.float32)
        close = vectors.dot(np.column_stack([self.linear, self.anchors.T]))
        result = close[:, 0].copy()
        sharp = np.float32(_SHARPNESS)
        weights = self.anchor_weights / np.expm1(sharp)
        for first in range(0, len(close), _BLOCK):
            near = np.expm1(close[first : first + _BLOCK, 1:] * sharp)
            result[first : first + _BLOCK] += near @ weights
        return result

    def _words(self, sketches: Sketches, there: Mask) -> Floats:
        result = np.empty(len(sketches), dtype=np.float32)
        squares = self.idf * self.idf
        squares[0] = 0  # 0 is no term
        ones = np.ones(sketches.shape[1], dtype=np.float32)  # times ones is three times as fast as sum
        for first in range(0, len(sketches), _BLOCK):
            part = sketches[first : first + _BLOCK]
            mask = there[first : first + _BLOCK]
            lengths = np.sqrt(np.maximum(squares[part] @ ones, 1.0))
            found = np.empty(len(part), dtype=np.float32)
            for table, which, middle in (
                (self.words_beside, mask, self.middle[1]),
                (self.words_alone, ~mask, self.middle[2]),
            ):
                if which.any():
                    picked = slice(None) if which.all() else which
                    found[picked] = (table[part[picked]] @ ones) / lengths[picked] - np.float32(middle)
            # A post without any word is no better or worse than the ordinary one.
            found[part[:, 0] == 0] = 0
            result[first : first + _BLOCK] = found
        return result

    def _source(self, feeds: NDArray[np.int32]) -> Floats:
        if not len(self.source_ids):
            return np.zeros(len(feeds), dtype=np.float32)
        places = np.minimum(np.searchsorted(self.source_ids, feeds), len(self.source_ids) - 1)
        return np.where(self.source_ids[places] == feeds, self.source_weights[places], 0).astype(np.float32)


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
    feedback = _picked(feedback, used)
    dim = feedback.vectors.shape[1]
    source_ids, source_weights = _source_affinity(feedback)
    if not len(used):
        none = np.zeros(TERM_SPACE, np.float32)
        return Model(
            acts=0, linear=np.zeros(dim, np.float32), anchors=np.zeros((0, dim), np.float32),
            anchor_weights=np.zeros(0, np.float32), words_beside=none, words_alone=none, idf=idf,
            source_ids=source_ids, source_weights=source_weights, middle=(0.0, 0.0, 0.0),
        )  # fmt: skip
    liked = float(feedback.strengths.clip(min=0).sum())
    disliked = float(-feedback.strengths.clip(max=0).sum())
    others = _picked(background, np.arange(len(background.feeds))[:: max(1, len(background.feeds) // _BACKGROUND)])
    doubt = max(liked - disliked, 0.0) / max(len(others.feeds), 1)
    labels = np.concatenate([np.sign(feedback.strengths), -np.ones(len(others.feeds))])
    weights = np.concatenate([np.abs(feedback.strengths), np.full(len(others.feeds), doubt)])
    sketches = np.concatenate([feedback.sketches, others.sketches])
    vectors = np.concatenate([feedback.vectors, others.vectors])
    bags = Bags.of_sketches(sketches).weighted(idf)
    spoken = ~np.isnan(vectors).any(axis=1)
    alone = _fit_words(bags, labels, weights) * idf
    linear: Numbers = np.zeros(dim, np.float32)
    anchors: Vectors = np.zeros((0, dim), np.float32)
    anchor_weights: Numbers = np.zeros(0, np.float32)
    beside = alone
    if spoken[: len(feedback.feeds)].any():
        anchors = _anchors(feedback.vectors[spoken[: len(feedback.feeds)]])
        linear, anchor_weights, beside = _fit_meaning(
            vectors[spoken], anchors, bags.picked(np.flatnonzero(spoken)), labels[spoken], weights[spoken]
        )
        beside = beside * idf
    model = Model(
        acts=len(used), linear=linear.astype(np.float32), anchors=anchors.astype(np.float32),
        anchor_weights=anchor_weights.astype(np.float32), words_beside=beside.astype(np.float32),
        words_alone=alone.astype(np.float32), idf=idf, source_ids=source_ids, source_weights=source_weights,
        middle=(0.0, 0.0, 0.0),
    )  # fmt: skip
    return _with_middle(model, others if len(others.feeds) else feedback)


def _strongest(strengths: Floats) -> NDArray[np.int64]:
    """The places of the acts to learn from, in order of time."""
    acts = np.flatnonzero(strengths)
    if len(acts) <= MOST_FEEDBACK:
        return acts
    weakest_first = acts[np.argsort(np.abs(strengths[acts]), kind="stable")]
    return np.sort(weakest_first[-MOST_FEEDBACK:])


def _picked(feedback: Feedback, rows: NDArray[np.int64]) -> Feedback:
    return Feedback(
        vectors=feedback.vectors[rows],
        sketches=feedback.sketches[rows],
        feeds=feedback.feeds[rows],
        strengths=feedback.strengths[rows],
    )


def _source_affinity(feedback: Feedback) -> tuple[NDArray[np.int32], Floats]:
    """Log-odds that an act on each feed's posts is a good one, shrunk by `_SOURCE_PRIOR` acts of doubt."""
    feeds, places = np.unique(feedback.feeds, return_inverse=True)
    good = np.bincount(places, feedback.strengths.clip(min=0), minlength=len(feeds))
    bad = np.bincount(places, -feedback.strengths.clip(max=0), minlength=len(feeds))
    half = _SOURCE_PRIOR / 2
    return feeds.astype(np.int32), np.log((good + half) / (bad + half)).astype(np.float32)


def _words_product(bags: Bags) -> Callable[[Doubles], Doubles]:
    """Multiplies the bags' Gram matrix with a vector, without making it."""
    used, columns = np.unique(bags.terms, return_inverse=True)
    rows, values, size = bags.rows(), bags.values.astype(np.float64), len(bags)

    def product(dual: Doubles) -> Doubles:
        table = np.bincount(columns, values * dual[rows], minlength=len(used))
        return np.bincount(rows, values * table[columns], minlength=size).astype(np.float64)

    return product


def _fit_words(bags: Bags, labels: Doubles, weights: Doubles) -> Table:
    """Term weights from words alone: (TERM_SPACE,)."""
    words = _words_product(bags)
    dual = fit_logistic(
        lambda a: words(a) + a.sum(), np.full(len(labels), 2.0), labels, weights, cost=_COST, newton_steps=4
    )
    return bags.table(dual)


def _fit_meaning(
    vectors: Vectors, anchors: Vectors, bags: Bags, labels: Doubles, weights: Doubles
) -> tuple[Numbers, Numbers, Table]:
    """Weights for the vector, for closeness to the anchors, and for the terms beside them."""
    sharp = np.float32(_SHARPNESS)
    among = np.expm1(sharp * (anchors @ anchors.T)) / np.expm1(sharp)
    lower = np.linalg.cholesky(among.astype(np.float64) + 1e-3 * np.eye(len(anchors)))
    near = np.expm1(sharp * (vectors @ anchors.T)) / np.expm1(sharp)
    features = np.hstack([np.sqrt(_LINEAR_SHARE) * vectors, np.linalg.solve(lower, near.T).T.astype(np.float32)])
    words = _words_product(bags)

    def product(dual: Doubles) -> Doubles:
        inner = features.T @ dual.astype(np.float32)
        return np.asarray(features @ inner + _WORDS_SHARE * words(dual) + dual.sum(), dtype=np.float64)

    diagonal = (features * features).sum(axis=1).astype(np.float64) + _WORDS_SHARE + 1
    dual = fit_logistic(product, diagonal, labels, weights, cost=_COST, newton_steps=4)
    linear = np.float32(_LINEAR_SHARE) * (vectors.T @ dual.astype(np.float32))
    inner = features[:, vectors.shape[1] :].T.astype(np.float64) @ dual
    return linear, np.linalg.solve(lower.T, inner), np.float32(_WORDS_SHARE) * bags.table(dual)


def _anchors(vectors: Vectors) -> Vectors:
    """At most `_ANCHORS` unit vectors that stand for the given ones: farthest points, then three rounds of k-means."""
    if len(vectors) <= _ANCHORS:
        return vectors
    picked = [int(np.argmax(vectors @ vectors.mean(axis=0)))]
    closest = vectors @ vectors[picked[0]]
    while len(picked) < _ANCHORS:
        picked.append(int(np.argmin(closest)))
        closest = np.maximum(closest, vectors @ vectors[picked[-1]])
    centres = vectors[picked]
    for _ in range(3):
        group = np.argmax(vectors @ centres.T, axis=1)
        member = (group[:, None] == np.arange(_ANCHORS)).astype(np.float32)
        sums = member.T @ vectors
        centres = np.where(member.any(axis=0)[:, None], unit(sums), centres)
    return centres


def _with_middle(model: Model, others: Feedback) -> Model:
    """The model with what the ordinary post gets taken off each part, so that posts with and without vectors compare."""
    spoken = ~np.isnan(others.vectors).any(axis=1)
    meaning = float(model.meaning(others.vectors[spoken]).mean()) if spoken.any() else 0.0
    worded = others.sketches[others.sketches[:, 0] != 0]
    if not len(worded):
        return replace(model, middle=(meaning, 0.0, 0.0))
    everywhere = np.ones(len(worded), dtype=np.bool_)
    beside = float(model._words(worded, everywhere).mean())
    alone = float(model._words(worded, ~everywhere).mean())
    return replace(model, middle=(meaning, beside, alone))
