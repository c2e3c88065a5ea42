"""Trains the linear heads on words and characters: one column of weights for each yes-or-no question.

A feature counts by how much its share among the yes differs from that among the no (the log-count ratios of Wang and Manning
2012), so that what tells little costs the regression much; texts of all lengths get the same length as vectors.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from engine.signals.ngrams import BITS, features

RECIPE = "log-count ratios"  # kept tables are found again under it
STRENGTH = 4.0  # what a wrong answer costs beside the weights; more where there is more to learn from


def matrix(texts: Sequence[str]) -> csr_matrix:
    """(n, 2^BITS): what a text holds, divided by the root of how much it holds."""
    rows, buckets = features(texts)
    counts = np.bincount(rows, minlength=len(texts))
    values = (1 / np.sqrt(np.maximum(counts, 1)))[rows].astype(np.float32)
    starts = np.concatenate([[0], np.cumsum(counts)])
    return csr_matrix((values, buckets, starts), shape=(len(texts), 1 << BITS))


def fit_column(
    held: csr_matrix,
    wanted: NDArray[np.float32],
    weights: NDArray[np.float64],
    *,
    strength: float = STRENGTH,
    ratio: bool = True,
) -> tuple[NDArray[np.float32], float]:
    """Weights (2^BITS,) and the bias of a logistic regression: `wanted` (n,) are probabilities of yes."""
    used = np.flatnonzero(np.diff(held.tocsc().indptr) > 1)  # what one text alone holds teaches nothing about others
    part = held[:, used]
    seen = part.copy()
    seen.data = np.ones_like(seen.data)
    yes = seen.T @ (wanted * weights) + 1.0
    no = seen.T @ ((1 - wanted) * weights) + 1.0
    told = (
        np.abs(np.log(yes / (wanted * weights).sum()) - np.log(no / ((1 - wanted) * weights).sum()))
        if ratio
        else np.ones(len(used))
    )
    part = part.multiply(told[None, :].astype(np.float32)).tocsr()
    some, none = np.flatnonzero(wanted > 0), np.flatnonzero(wanted < 1)
    both = np.concatenate([some, none])
    heavy = np.concatenate([(wanted * weights)[some], ((1 - wanted) * weights)[none]])
    answer = np.concatenate([np.ones(len(some)), np.zeros(len(none))])
    model = LogisticRegression(C=strength, solver="liblinear", dual=True, max_iter=200, tol=1e-2, random_state=0)
    model.fit(part[both], answer, sample_weight=heavy)
    found = np.zeros(1 << BITS, dtype=np.float32)
    found[used] = model.coef_[0] * told
    return found, float(model.intercept_[0])
