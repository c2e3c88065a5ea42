"""Logistic regression in kernel form, by Newton steps with conjugate gradients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]


def fit_logistic(
    product: Callable[[Doubles], Doubles],
    diagonal: Doubles,
    labels: Doubles,
    weights: Doubles,
    *,
    cost: float,
    newton_steps: int = 8,
    gradient_steps: int = 40,
    tolerance: float = 1e-3,
) -> Doubles:
    """Find the dual weights of a regularised logistic regression.

    Minimises `sum(w * log(1 + exp(-y * f))) + a' K a / (2 * cost)` with `f = K a`.

    Args:
        product: multiplies the (n, n) kernel of the n examples with a vector.
        diagonal: (n,) of the kernel.
        labels: (n,) of +1 and -1.
        weights: (n,) >= 0.
    Returns:
        (n,) dual weights; a post's log-odds are the sum of its kernel values times these.
    """
    dual = np.zeros(len(labels))
    scores = np.zeros(len(labels))
    target = (labels + 1) / 2
    for _ in range(newton_steps):
        chance = 1 / (1 + np.exp(-np.clip(scores, -30, 30)))
        curvature = np.maximum(weights * chance * (1 - chance), 1e-6)
        ridge = 1 / (cost * curvature)
        # The Newton step in dual form: (K + ridge) a = scores + weights (target - chance) / curvature.
        wanted = scores + weights * (target - chance) / curvature
        residual = wanted - scores - ridge * dual
        start = float(np.abs(residual / ridge).max(initial=0.0))
        if start < tolerance:
            break
        dual = _conjugate_gradients(product, diagonal, ridge, dual, residual, gradient_steps, 0.05)
        scores = product(dual)
    return dual


def _conjugate_gradients(
    product: Callable[[Doubles], Doubles],
    diagonal: Doubles,
    ridge: Doubles,
    start: Doubles,
    residual: Doubles,
    steps: int,
    tolerance: float,
) -> Doubles:
    """Solve (K + ridge) x = b from `start`, where `residual` is b - (K + ridge) start; preconditioned by the diagonal."""
    scale = diagonal + ridge
    found = start.copy()
    residual = residual.copy()
    steered = residual / scale
    direction = steered.copy()
    size = float(residual @ steered)
    goal = size * tolerance**2
    for _ in range(steps):
        if size <= goal or size <= 1e-18:
            break
        moved = product(direction) + ridge * direction
        step = size / float(direction @ moved)
        found += step * direction
        residual -= step * moved
        steered = residual / scale
        before, size = size, float(residual @ steered)
        direction = steered + (size / before) * direction
    return found
