"""The order of the timeline: what was learnt, freshness, rare posters, what was seen, and variety of sources.

A score counts in half-lives of freshness: one point is worth as much as being one half-life younger. As every post
ages alike, the order does not change while time passes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.ranking.candidates import Candidates
from engine.ranking.learner import Interest
from engine.types import Explanation, Ids, Reason, RuleHit

Doubles = NDArray[np.float64]

_RATE_DAYS = 30.0
_BOOST_HALF_LIVES = 1.5  # what a rule that ranks higher is worth, at the usual strength
_DAY_SECONDS = 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How the reasons weigh against each other, in half-lives."""

    half_life_hours: float
    interest: float  # of one unit of log-odds by meaning and words
    source: float  # of one unit of log-odds by source
    rare_poster: float  # most that a post gains for coming from a feed that seldom posts
    seen: float  # what a post loses once it was opened
    variety: float  # what a post loses for each doubling of its feed's posts just above it
    window: float = 1.0  # how far "just above" reaches


PRESETS: Mapping[str, Weights] = {
    "balanced": Weights(half_life_hours=24, interest=1.2, source=0.6, rare_poster=0.7, seen=0.7, variety=0.45),
    "fresh": Weights(half_life_hours=8, interest=0.8, source=0.4, rare_poster=0.5, seen=0.7, variety=0.35),
    "favourites": Weights(half_life_hours=48, interest=2.0, source=1.2, rare_poster=0.5, seen=0.7, variety=0.25),
    "quiet": Weights(half_life_hours=48, interest=1.2, source=0.5, rare_poster=1.6, seen=0.7, variety=0.9),
}


def weights_of(preset: str) -> Weights:
    """Raises InputError when there is no such preset."""
    try:
        return PRESETS[preset]
    except KeyError:
        raise InputError(f"There is no preset “{preset}”. There are: {', '.join(PRESETS)}.") from None


# The parts of a score, in the order of the columns of `Ranking.parts`, each with the names of a gain and of a loss.
_PARTS: tuple[tuple[str, str], ...] = (
    ("fresh", "fresh"),
    ("close_to_liked", "close_to_disliked"),
    ("words_liked", "words_disliked"),
    ("source_liked", "source_disliked"),
    ("rare_poster", "rare_poster"),
    ("already_seen", "already_seen"),
    ("already_from_source", "already_from_source"),
    ("rule_boost", "rule_boost"),
)
_FRESH, _MEANING, _WORDS, _SOURCE, _RARE, _SEEN, _VARIETY, _BOOST = range(len(_PARTS))
_CARD_PARTS = (_MEANING, _WORDS, _SOURCE)
_CARD_LEAST = 0.15  # half-lives below which a reason is not worth a word on a card
_RARE_A_WEEK = 1.0  # posts a week below which a feed is called a rare poster,
_RARE_SHARE = 0.25  # as long as no more of all posts than this come from such feeds: where all are rare, none is
_CARD_NAMES = np.array([*(_PARTS[part][0] for part in (*_CARD_PARTS, _RARE)), ""], dtype=object)


@dataclass(frozen=True, slots=True)
class Ranking:
    """The order of the visible candidates, and every candidate's score."""

    ids: Ids  # (v,) best first
    order: NDArray[np.int64]  # (v,) their rows
    scores: Doubles  # (n,) by row; hidden posts keep the score that they would have
    parts: tuple[Doubles, ...]  # by the order of `_PARTS`, (n,) each; a score is their sum
    rare: NDArray[np.bool_]  # (n,) by row: from a feed that may be called a rare poster

    def card_reasons(self) -> list[str]:
        """For each row the name of the good reason that says most, "" where there is none."""
        found: list[str] = _CARD_NAMES[self._card_places(slice(None))].tolist()
        return found

    def card_reason(self, row: int) -> str:
        """The same for one row."""
        return str(_CARD_NAMES[self._card_places(slice(row, row + 1))][0])

    def _card_places(self, rows: slice) -> NDArray[np.intp]:
        """Where in `_CARD_NAMES` the reasons stand. What the person did says more than how rarely a feed posts."""
        columns = np.stack([self.parts[part][rows] for part in _CARD_PARTS])
        places: NDArray[np.intp] = np.argmax(columns, axis=0)
        silent = columns.max(axis=0, initial=-np.inf) < _CARD_LEAST
        rare = silent & self.rare[rows] & (self.parts[_RARE][rows] >= _CARD_LEAST)
        places[silent] = len(_CARD_PARTS) + 1
        places[rare] = len(_CARD_PARTS)
        return places


def rank(
    candidates: Candidates,
    interest: Interest | None,
    weights: Weights,
    *,
    strength: float,
    now: float,
    boosted: NDArray[np.bool_] | None = None,
) -> Ranking:
    """Order the candidates.

    With a strength of 0 the order is newest first and nothing else. Without interest (nothing was liked yet) it is
    newest first, with variety of sources.

    Args:
        interest: of each candidate by row; None while nothing is known.
        strength: 0 to 2.
        now: seconds since 1970 that ages are counted from; it moves all scores alike.
        boosted: (n,) by row, the posts that a rule of the person ranks higher.
    """
    size = len(candidates)
    zero = np.zeros(size)
    parts: list[NDArray[np.floating[Any]]] = [zero] * len(_PARTS)
    recent = _recent_posts(candidates, now)
    parts[_FRESH] = (candidates.published - now) / (weights.half_life_hours * 3600.0)
    if strength > 0:
        gentle = min(strength, 1.0)
        if interest is not None:
            parts[_MEANING] = interest.meaning * (weights.interest * strength)
            parts[_WORDS] = interest.words * (weights.interest * strength)
            parts[_SOURCE] = interest.source * (weights.source * strength)
            parts[_RARE] = _rare_poster(recent) * (weights.rare_poster * gentle)
            parts[_SEEN] = candidates.seen * (-weights.seen * gentle)
        if boosted is not None:
            parts[_BOOST] = boosted * (_BOOST_HALF_LIVES * gentle)
        before = _sum(parts)
        parts[_VARIETY] = _crowd(candidates, before, weights.window) * (-weights.variety * gentle)
    scores = _sum(parts)
    rows = np.flatnonzero(candidates.visible)[::-1]
    order = rows[np.argsort(-scores[rows], kind="stable")]  # ties: the higher id, which came later
    doubles = tuple(np.asarray(part, dtype=np.float64) for part in parts)
    return Ranking(candidates.ids[order], order, scores, doubles, _rarely_posts(recent))


def _sum(parts: Sequence[NDArray[np.floating[Any]]]) -> Doubles:
    total = np.zeros(len(parts[0]))
    for part in parts:
        total += part
    return total


def _rare_poster(recent: NDArray[np.int64]) -> Doubles:
    """1 for a feed that hardly posts, 1/2 at one post a day, towards 0 for floods: (n,)."""
    gain: Doubles = 1.0 / (1.0 + recent / _RATE_DAYS)
    return gain


def _rarely_posts(recent: NDArray[np.int64]) -> NDArray[np.bool_]:
    """True for the posts of feeds that post less than once a week, unless most do: (n,)."""
    rare: NDArray[np.bool_] = recent < _RARE_A_WEEK * _RATE_DAYS / 7
    if np.count_nonzero(rare) > _RARE_SHARE * len(rare):
        return np.zeros(len(rare), np.bool_)
    return rare


def _recent_posts(candidates: Candidates, now: float) -> NDArray[np.int64]:
    """How many posts each candidate's feed had in the last thirty days: (n,)."""
    recent = np.abs(candidates.published - now) < _RATE_DAYS * _DAY_SECONDS
    if not len(candidates):
        return np.zeros(0, np.int64)
    counts = np.bincount(candidates.feeds[recent], minlength=int(candidates.feeds.max()) + 1)
    found: NDArray[np.int64] = counts[candidates.feeds]
    return found


def _crowd(candidates: Candidates, scores: Doubles, window: float) -> Doubles:
    """log2(1 + how many visible posts of the same feed stand above within the window): (n,); 0 for hidden posts."""
    result = np.zeros(len(scores))
    rows = np.flatnonzero(candidates.visible)
    if not len(rows):
        return result
    shown = scores[rows]
    order = np.argsort(-shown, kind="stable")
    # Small unsigned integers sort by radix, which is fast and stable.
    groups = np.unique(candidates.feeds[rows], return_inverse=True)[1]
    groups = groups.astype(np.uint16 if groups.max() < 65536 else np.int64)
    order = order[np.argsort(groups[order], kind="stable")]
    span = float(shown.max() - shown.min()) + window + 1.0
    keys = groups[order] * span + (shown.max() - shown[order])
    firsts = np.searchsorted(keys, keys - window, side="left")
    result[rows[order]] = np.log2(1.0 + np.arange(len(keys)) - firsts)
    return result


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
    for (gain, loss), part in zip(_PARTS, ranking.parts, strict=True):
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
