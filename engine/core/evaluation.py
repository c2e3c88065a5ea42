"""How good rules and ranking are, measured by what the person did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from engine.core.parts import Parts
from engine.types import Evaluation, RankingQuality, RuleQuality

WEEKS = 26
FEWEST = 5  # acts on either side, without which a week says nothing
GOOD = frozenset({"liked", "saved", "opened"})
BAD = frozenset({"disliked", "dismissed", "passed"})


class Evaluating(Parts):
    """What the person's own marks say."""

    def evaluation(self, *, weeks: int = WEEKS) -> Evaluation:
        """Return how often hidden posts were restored, which rules err (those that surely err most first), and for each
        week how well the order had told what the person then liked from what they passed over.

        A week's figure is the area under the ROC curve of the places in the list that posts had when the person acted.
        """
        from engine import filters

        since = self._clock() - timedelta(weeks=weeks)
        counts, judgements = self._store.rule_counts(), self._store.rule_judgements()
        qualities = []
        for rule in self._store.rules():
            errors = filters.error_rate(*judgements.get(rule.id, (0, 0)))
            qualities.append(
                RuleQuality(
                    rule_id=rule.id, name=rule.name, taken=counts.get(rule.id, 0), judged=errors.judged, mistakes=errors.mistakes,
                    low=errors.low, high=errors.high,
                )
            )  # fmt: skip
        hidden, restored = self._store.hidden_and_restored()
        return Evaluation(
            hidden=hidden,
            restored=restored,
            rules=tuple(sorted(qualities, key=lambda one: (-one.low, -one.mistakes, -one.taken))),
            weeks=tuple(_weeks(self._store.judged_scores(since.timestamp()))),
        )


def _weeks(acts: Sequence[tuple[float, str, float, float]]) -> list[RankingQuality]:
    by_week = defaultdict(list)
    for at, event, place, newest_place in acts:
        if event in GOOD or event in BAD:
            day = datetime.fromtimestamp(at, UTC).date()
            by_week[day - timedelta(days=day.weekday())].append((event in GOOD, place, newest_place))
    return [
        RankingQuality(
            week=week,
            liked=sum(good for good, _, _ in rows),
            passed=sum(not good for good, _, _ in rows),
            auc=_auc([place for good, place, _ in rows if good], [place for good, place, _ in rows if not good]),
            newest_first=_auc([place for good, _, place in rows if good], [place for good, _, place in rows if not good]),
        )
        for week, rows in sorted(by_week.items(), reverse=True)
    ]


def _auc(good: Sequence[float], bad: Sequence[float]) -> float | None:
    """How often a good one stands above a bad one (place 0 is the top), a tie being half; None where there are too few."""
    import numpy as np

    if min(len(good), len(bad)) < FEWEST:
        return None
    places = np.sort(np.asarray(bad, np.float64))
    below = len(places) - np.searchsorted(places, good, side="right")
    level = len(places) - np.searchsorted(places, good, side="left") - below
    return float((below + level / 2).sum() / (len(good) * len(places)))
