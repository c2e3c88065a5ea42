"""What the person's yes and no on a handful of posts say about a rule: its threshold, its topic, how often it errs. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt

import numpy as np

from engine.types import Floats, RuleErrors

_AWAY = 0.5  # how far a counterexample pushes, beside an example's pull (Rocchio 1971)
_DESCRIPTION = 2.0  # examples that a description weighs as much as


def threshold(scores: Sequence[float], wanted: Sequence[bool], present: float) -> float:
    """The threshold that errs least on these posts; of several, the nearest to the present one.

    Args:
        scores: of judged posts.   wanted: whether the rule should take each.
    """
    if not scores:
        return present
    ordered = sorted(set(scores))
    candidates: list[float] = [present, ordered[0] - 0.01, *((a + b) / 2 for a, b in pairwise(ordered)), ordered[-1] + 0.01]

    def errors(at: float) -> tuple[int, float]:
        wrong = sum((score >= at) != yes for score, yes in zip(scores, wanted, strict=True))
        return wrong, abs(at - present)

    best: float = min(candidates, key=errors)
    return round(best, 3)


def topic_vector(description: Floats | None, examples: Floats, counterexamples: Floats) -> Floats | None:
    """The direction of a topic: description and examples pull, counterexamples push; None where there is nothing.

    Args:
        description: (d,) unit vector.   examples, counterexamples: (n, d) and (m, d) unit vectors, possibly of 0 rows.
    Returns:
        (d,) unit vector.
    """
    total: Floats | None = None if description is None else description * np.float32(_DESCRIPTION)
    for some, sign in ((examples, 1.0), (counterexamples, -_AWAY)):
        if len(some):
            part = (some.sum(axis=0) * np.float32(sign)).astype(np.float32)
            total = part if total is None else total + part
    if total is None:
        return None
    length = float(np.linalg.norm(total))
    return (total / np.float32(length)).astype(np.float32) if length > 1e-6 else None


def error_rate(judged: int, mistakes: int) -> RuleErrors:
    """The share of mistakes with its 95 % interval (Wilson 1927)."""
    if not judged:
        return RuleErrors(judged=0, mistakes=0, low=0.0, high=1.0)
    z = 1.959964
    share, room = mistakes / judged, 1 + z * z / judged
    middle = (share + z * z / (2 * judged)) / room
    reach = z * sqrt(share * (1 - share) / judged + z * z / (4 * judged * judged)) / room
    return RuleErrors(judged=judged, mistakes=mistakes, low=max(0.0, middle - reach), high=min(1.0, middle + reach))
