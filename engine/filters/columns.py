"""What rules say of many posts at once, as far as it goes by scores. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from engine.filters.rule import BY_SCORE, topic_key
from engine.types import Condition, Floats, Rule

_IN_CONTENTS = frozenset({"words", "phrase", "title", "regex", "author", "domain", "media", "length"})


def needs_contents(rule: Rule) -> bool:
    """Whether what the post itself says must be read to judge it."""
    return any(condition.field in _IN_CONTENTS for condition in rule.conditions)


def only_scores(rule: Rule) -> bool:
    """Whether `meets_scores` alone decides what the rule takes, within the feeds where it looks."""
    return all(condition.field in BY_SCORE for condition in rule.conditions)


def meets_scores(rule: Rule, size: int, signals: Mapping[str, Floats], topics: Mapping[str, Floats]) -> NDArray[np.bool_]:
    """Which posts meet every condition that goes by a score.

    Args:
        size: how many posts.   signals, topics: (n,) scores by name of the signal or key of the topic, NaN for unknown ones;
            a topic that is missing is known of no post.
    """
    met = np.ones(size, np.bool_)
    for condition in rule.conditions:
        if condition.field in BY_SCORE:
            met &= _meets(condition, scores_of(condition, size, signals, topics))
    return met


def scores_of(condition: Condition, size: int, signals: Mapping[str, Floats], topics: Mapping[str, Floats]) -> Floats:
    """The (n,) scores that one signal or topic goes by, NaN for unknown ones."""
    known = signals.get(condition.value) if condition.field == "signal" else topics.get(topic_key(condition))
    return known if known is not None else np.full(size, np.nan, np.float32)


def _meets(condition: Condition, scores: Floats) -> NDArray[np.bool_]:
    known = ~np.isnan(scores)
    within = known.copy()
    if condition.low is not None:
        within &= scores >= condition.low
    if condition.high is not None:
        within &= scores <= condition.high
    return known & ~within if condition.negated else within
