"""Why a post stands where it stands, and what would have to change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.ranking.candidates import Candidates
from engine.ranking.score import CROWDS, PARTS, PLACES, Doubles, Ranking, best_first, crowding
from engine.types import Counterfactual, Explanation, Reason, RuleHit

_YOUNGER_HOURS = (6.0, 24.0)
_WITHOUT = 3  # of the strongest reasons that the person can do something about
_EXCHANGEABLE = frozenset(
    {
        "close_to_liked", "words_liked", "source_liked", "author_liked", "signals_liked", "hour_liked", "more_topic", "more_word",
        "more_source", "more_author", "more_signal", "weighed_down", "big_story", "unsure", "rare_poster", "rule_boost",
    }
)  # fmt: skip
_MORE_OF_SOURCE = 1.0  # log-odds


def explain(
    ranking: Ranking,
    row: int,
    *,
    nearest_liked: Sequence[tuple[int, str, float]] = (),
    details: Mapping[str, str] | None = None,
    hit: RuleHit | None = None,
) -> Explanation:
    """Say why a candidate stands where it stands.

    Args:
        row: its row among the candidates.
        nearest_liked: (post id, title, cosine) of liked posts, nearest first: the first title is shown beside
            `close_to_liked`.
        details: data to show beside a reason, by its name (such as the feed's title beside `source_liked`).
    Returns:
        Reasons other than 0, strongest first; their contributions sum to the score within 1e-6.
    """
    shown = dict(details or {})
    if nearest_liked:
        shown.setdefault("close_to_liked", nearest_liked[0][1])
    reasons = []
    for (gain, loss), part in zip(PARTS, ranking.parts, strict=True):
        contribution = float(part[row])
        if contribution:
            name = gain if contribution > 0 else loss
            reasons.append(Reason(name=name, contribution=contribution, detail=shown.get(name, "")))
    reasons.sort(key=lambda reason: -abs(reason.contribution))
    places = np.flatnonzero(ranking.order == row)
    return Explanation(
        post_id=0,
        score=float(ranking.scores[row]),
        reasons=tuple(reasons),
        position=int(places[0]) + 1 if len(places) else None,
        hit=hit,
        nearest_liked=tuple(nearest_liked),
    )


def counterfactuals(ranking: Ranking, candidates: Candidates, row: int) -> tuple[Counterfactual, ...]:
    """Say where a visible candidate would stand, were one thing otherwise; what would move nothing is left out.

    Exact: the posts whose crowd it would join or leave are scored anew, the others keep their scores.
    """
    if not ranking.shown[row]:
        return ()
    now = _position(ranking.scores, ranking.shown, row)
    taste = ranking.taste
    weights, gentle = taste.weights, min(taste.strength, 1.0)
    found: list[Counterfactual] = []
    if taste.strength > 0:
        own = [(float(ranking.parts[place][row]), gain, loss) for place, (gain, loss) in enumerate(PARTS) if gain in _EXCHANGEABLE]
        own.sort(key=lambda part: -abs(part[0]))
        for value, gain, loss in own[:_WITHOUT]:
            if value:
                found.append(_moved(ranking, candidates, row, -value, "without", gain if value > 0 else loss, value))
        more = _MORE_OF_SOURCE * weights.source * taste.strength
        for sign in (1.0, -1.0):
            found.append(_moved(ranking, candidates, row, sign * more, "feed_weight", "more_source" if sign > 0 else "less_source", sign * _MORE_OF_SOURCE))
        seen = float(candidates.seen[row])
        if weights.seen and ranking.warm:
            turned = weights.seen * gentle * (seen if seen else -1.0)
            found.append(_moved(ranking, candidates, row, turned, "unread" if seen else "read", "already_seen", turned))
    for hours in _YOUNGER_HOURS:
        found.append(_moved(ranking, candidates, row, hours / weights.half_life_hours, "younger", "fresh", hours))
    if taste.strength > 0:
        place = _position(candidates.published, ranking.shown, row)
        found.append(Counterfactual(change="strength", name="", amount=0.0, position=place))
    return tuple(each for each in found if each.position != now)


def _moved(
    ranking: Ranking, candidates: Candidates, row: int, by: float, change: str, name: str, amount: float
) -> Counterfactual:
    place = _position(_rescored(ranking, candidates, row, by), ranking.shown, row)
    return Counterfactual(change=change, name=name, amount=amount, position=place)


def _rescored(ranking: Ranking, candidates: Candidates, row: int, by: float) -> Doubles:
    """All scores, had this post `by` more before posts crowd each other."""
    scores = ranking.scores.copy()
    scores[row] += by
    before = ranking.before.copy()
    before[row] += by
    weights, gentle = ranking.taste.weights, min(ranking.taste.strength, 1.0)
    for part, weight, column in CROWDS:
        groups = candidates.column(column)
        if groups[row] < 0 or not getattr(weights, weight) or not gentle:
            continue
        members = np.flatnonzero((groups == groups[row]) & ranking.shown)
        if len(members) < 2:
            continue
        crowd = crowding(groups, before, best_first(before, members), weights.window)
        if crowd is not None:
            scores[members] += crowd[members] * (-getattr(weights, weight) * gentle) - ranking.parts[PLACES[part]][members]
    return scores


def _position(scores: Doubles, shown: NDArray[np.bool_], row: int) -> int:
    """The place of a shown post, from 1; of equal ones the higher row stands first."""
    above = np.count_nonzero(shown & (scores > scores[row]))
    equal = np.count_nonzero((shown & (scores == scores[row]))[row + 1 :])
    return int(above + equal) + 1
