"""Folds that no text straddles: equal normalised texts share theirs over all sets and tasks, and so do marked groups."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tests.evaluate import provenance

LARGE = 100  # texts in a group


def group_folds(
    texts: Sequence[str], groups: Sequence[str], count: int, *, early: int, seed: int = 0
) -> NDArray[np.int64]:
    """A fold for each text. `groups`: one name a text, "" where its words alone tell with whom it goes.

    The first `early` texts have the folds that they would have without the others.
    """
    found: dict[str, str] = {}

    def root(name: str) -> str:
        while found.setdefault(name, name) != name:
            found[name] = name = found[found[name]]
        return name

    words = ["text " + provenance.normalised(text) for text in texts]
    for word, group in zip(words, groups, strict=True):
        if group:
            found[root(word)] = root("group " + group)
    numbers: dict[str, int] = {}
    place = np.array([numbers.setdefault(root(word), len(numbers)) for word in words])
    sizes = np.bincount(place[:early])
    drawn = np.random.default_rng(seed)
    fold = np.concatenate([drawn.permutation(len(sizes)), drawn.permutation(len(numbers) - len(sizes))]) % count
    large = np.argsort(-sizes, kind="stable")[: int((sizes >= LARGE).sum())]
    fold[large] = np.arange(len(large)) % count  # or the only two of a kind might share one
    return np.asarray(fold[place], dtype=np.int64)
