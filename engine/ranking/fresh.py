"""A fresh learner over texts at hand: what `Engine.rank` does for scripts and evaluation.

Unlike the learner behind the timeline it reads whole texts, not sketches, and compares each post with every
liked and disliked one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.ranking.drift import drifted, step_of
from engine.ranking.features import host_of, host_term
from engine.ranking.logistic import fit_logistic
from engine.ranking.termspace import Bags, Numbers, TermSpace, count_terms, inverse_document_frequency
from engine.types import Floats, PlainPost, Vectors
from engine.vectors import Mask

_TEXT_CHARACTERS = 2000
_MEANING_SHARPNESS = 3.0  # of exp(b * cosine): likes of several kinds stay apart
_WORDS_SHARE = 0.3  # of words beside meaning
_LATENT_SHARE = 0.3  # of the latent space beside shared words, where there is no meaning
_SOURCE_SHARE = 0.3
SPACE_POSTS = 20_000  # enough to learn a space from
_CONTRAST = 0.25  # how far what is common among the posts to rank counts against them when nothing was disliked
_COST = 10.0


def learn_space(posts: Sequence[PlainPost]) -> TermSpace:
    """Learn term weights and a latent space from posts, best from all that the person has; a few seconds at most.

    Of more than `SPACE_POSTS` some are left out, evenly.
    """
    posts = posts[:: -(-len(posts) // SPACE_POSTS) or 1]
    return TermSpace.fit(Bags.of(count_terms(f"{post.title}\n{post.text[:_TEXT_CHARACTERS]}") for post in posts))


def rank_fresh(
    posts: Sequence[PlainPost],
    liked: Sequence[PlainPost],
    disliked: Sequence[PlainPost],
    *,
    vectors: Vectors | None = None,
    space: TermSpace | None = None,
) -> Floats:
    """Score posts for a person who liked and disliked others: the higher, the more they will like it.

    A post's title, text, link host, source and vector are read, nothing else. Posts with and without a vector get
    scores on one scale (log-odds where both kinds of feedback exist, else deviations from the posts' mean).

    Args:
        vectors: (len(posts) + len(liked) + len(disliked), d) unit vectors in that order, NaN in the rows of posts whose
            language the model does not speak; None when there are none at all.
        space: from `learn_space` over many posts; without it words weigh by how rare they are among those given.
    Returns:
        (len(posts),) float32; zeros when nothing was liked or disliked.
    """
    feedback = [*liked, *disliked]
    if not posts or not feedback:
        return np.zeros(len(posts), dtype=np.float32)
    labels = np.concatenate([np.ones(len(liked)), -np.ones(len(disliked))])
    words = _Words([*feedback, *posts], len(feedback), space)
    meaning = _Meaning(vectors, len(posts), len(feedback))
    has_vector = meaning.has_vector[len(feedback) :]
    scores = np.zeros(len(posts), dtype=np.float32)
    for group, share, latent in ((has_vector, _WORDS_SHARE, 0.0), (~has_vector, 1.0, _LATENT_SHARE)):
        if not group.any():
            continue
        kernel = words.gram(latent) * share + words.same_source_gram() * _SOURCE_SHARE + 1.0
        if share < 1:
            kernel += meaning.gram()
        if labels.min() != labels.max():
            dual = fit_logistic(kernel.__matmul__, kernel.diagonal().copy(), labels, np.ones(len(labels)), cost=_COST)
        else:
            dual = labels / len(labels)
        found: Numbers = words.scores(dual, latent) * share + words.source_scores(dual) * _SOURCE_SHARE + dual.sum()
        if share < 1:
            found += meaning.scores(dual)
        if labels.min() == labels.max():
            common = words.common(group, latent) * share
            if share < 1:
                common += meaning.common(group)
            found -= _CONTRAST * labels[0] * common
            found = (found - found[group].mean()) / max(float(found[group].std()), 1e-6)
        scores[group] = found[group]
    return scores


class _Words:
    """Shared words and sources of the feedback (the first `feedback` posts) and the posts to rank."""

    def __init__(self, posts: Sequence[PlainPost], feedback: int, space: TermSpace | None) -> None:
        self._feedback = feedback
        titles = Bags.of(count_terms(post.title) for post in posts)
        whole = Bags.of(
            count_terms(f"{post.title}\n{post.text[:_TEXT_CHARACTERS]}", [host_term(host)] if host else ())
            for post in posts
            for host in (host_of(post.url),)
        )
        idf = space.idf if space else inverse_document_frequency(whole.document_frequency(), len(posts))
        self._views = [titles.weighted(idf), whole.weighted(idf)]
        self._places = np.zeros((len(posts), 0), dtype=np.float32)
        if space and space.dims:
            self._places = space.places(whole.weighted(space.idf))
        names = {post.source: index for index, post in enumerate(posts)}
        self._sources = np.array([names[post.source] if post.source else -1 - i for i, post in enumerate(posts)])

    def gram(self, latent: float) -> Floats:
        """(f, f) kernel of the feedback."""
        title, whole = (view.head(self._feedback).gram() for view in self._views)
        places = self._places[: self._feedback]
        return np.asarray((title + whole) / 2 + latent * (places @ places.T))

    def scores(self, dual: Numbers, latent: float) -> Numbers:
        """(p,) for the posts to rank: their kernel with the feedback, times the dual weights."""
        return self._against(np.concatenate([dual, np.zeros(len(self._places) - len(dual))]), latent)

    def common(self, group: Mask, latent: float) -> Numbers:
        """(p,) mean kernel of each post to rank with the posts to rank of a group."""
        return self._against(np.concatenate([np.zeros(self._feedback), group / group.sum()]), latent)

    def _against(self, weights: Numbers, latent: float) -> Numbers:
        title, whole = (view.sums(view.table(weights))[self._feedback :] for view in self._views)
        middle = weights @ self._places
        return np.asarray((title + whole) / 2 + latent * (self._places[self._feedback :] @ middle))

    def same_source_gram(self) -> Numbers:
        names = self._sources[: self._feedback]
        return np.asarray(names[:, None] == names[None, :], dtype=np.float32)

    def source_scores(self, dual: Numbers) -> Numbers:
        same = self._sources[self._feedback :, None] == self._sources[None, : self._feedback]
        return np.asarray(same @ dual)


class _Meaning:
    """Closeness of vectors, sharpened so that a like of one kind says little of another kind."""

    def __init__(self, vectors: Vectors | None, posts: int, feedback: int) -> None:
        self._feedback = feedback
        if vectors is None:
            vectors = np.full((posts + feedback, 1), np.nan, dtype=np.float32)
        ordered = np.concatenate([vectors[posts:], vectors[:posts]])
        self.has_vector = ~np.isnan(ordered).any(axis=1)
        self._vectors = np.zeros(ordered.shape, np.float32)
        known = ordered[self.has_vector].astype(np.float32)
        step = step_of(len(known))
        places = np.arange(len(known))
        self._vectors[self.has_vector] = drifted(known, known[::step], np.where(places % step == 0, places // step, -1))

    def _kernel(self, left: Vectors, right: Vectors) -> Floats:
        sharp = np.float32(_MEANING_SHARPNESS)
        return np.asarray(np.expm1(sharp * (left @ right.T)) / np.expm1(sharp))

    def gram(self) -> Floats:
        head = self._vectors[: self._feedback]
        return self._kernel(head, head)

    def scores(self, dual: Numbers) -> Numbers:
        tail = self._vectors[self._feedback :]
        head = self._vectors[: self._feedback]
        parts = [self._kernel(tail[i : i + 1024], head) @ dual for i in range(0, len(tail), 1024)]
        return np.concatenate(parts)

    def common(self, group: Mask) -> Floats:
        """(p,) mean kernel of each post to rank with at most 512 of a group."""
        tail = self._vectors[self._feedback :]
        sample = tail[group][:: max(1, int(group.sum()) // 512)]
        return np.concatenate(
            [self._kernel(tail[i : i + 1024], sample).mean(axis=1) for i in range(0, len(tail), 1024)]
        )
