"""The order of the timeline: what was learnt and edited, freshness, rare posters, what was seen, variety, curiosity.

A score counts in half-lives of freshness: one point is worth as much as being one half-life younger. As every post
ages alike, the order does not change while time passes. A score is the sum of its parts, so that each can be told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.ranking.candidates import NOT_ASKED, Candidates
from engine.ranking.model import Interest
from engine.types import SIGNAL_NAMES, SURE_FROM, Floats, Ids

Doubles = NDArray[np.float64]
Numbers = NDArray[np.floating[Any]]

SHARE_NAMES = ("negative", "neutral", "positive", *SIGNAL_NAMES)
_RATE_DAYS = 30.0
_BOOST_HALF_LIVES = 1.5  # what a rule that ranks higher is worth, at the usual strength
_DAY_SECONDS = 86400.0
_MOST_DOUBLINGS = 5.0  # of outlets that count


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How the reasons weigh against each other, in half-lives."""

    half_life_hours: float
    interest: float  # of one unit of log-odds by meaning, words, signals and hour
    source: float  # of one unit of log-odds by source
    author: float  # of one unit of log-odds by author
    rare_poster: float  # most that a post gains for coming from a feed that seldom posts
    seen: float  # what a post loses once it was opened
    variety: float  # what a post loses for each doubling of its feed's posts just above it
    topic_variety: float = 0.2  # the same, of posts near it in meaning
    story_variety: float = 1.0  # the same, of posts that tell its story
    story_size: float = 0.3  # what a post gains for each doubling of its story's outlets
    window: float = 1.0  # how far "just above" reaches


PRESETS: Mapping[str, Weights] = {
    "balanced": Weights(half_life_hours=24, interest=1.2, source=0.6, author=0.6, rare_poster=0.7, seen=0.7, variety=0.45),
    "fresh": Weights(half_life_hours=8, interest=0.8, source=0.4, author=0.4, rare_poster=0.5, seen=0.7, variety=0.35),
    "favourites": Weights(half_life_hours=48, interest=2.0, source=1.2, author=1.2, rare_poster=0.5, seen=0.7, variety=0.25),
    "quiet": Weights(half_life_hours=48, interest=1.2, source=0.5, author=0.5, rare_poster=1.6, seen=0.7, variety=0.9),
}
_NAMES = frozenset(each.name for each in fields(Weights))


def weights_of(preset: str, changed: Mapping[str, float] | None = None) -> Weights:
    """Return a preset's weights, some of them replaced. Raises InputError when there is no such preset or weight."""
    try:
        weights = PRESETS[preset]
    except KeyError:
        raise InputError(f"There is no preset “{preset}”. There are: {', '.join(PRESETS)}.") from None
    if strange := set(changed or {}) - _NAMES:
        raise InputError(f"There is no weight “{min(strange)}”. There are: {', '.join(sorted(_NAMES))}.")
    return replace(weights, **changed) if changed else weights


# The parts of a score, each with the names of a gain and of a loss.
PARTS: tuple[tuple[str, str], ...] = (
    ("fresh", "fresh"),
    ("close_to_liked", "close_to_disliked"),
    ("words_liked", "words_disliked"),
    ("source_liked", "source_disliked"),
    ("author_liked", "author_disliked"),
    ("signals_liked", "signals_disliked"),
    ("hour_liked", "hour_disliked"),
    ("more_topic", "less_topic"),
    ("more_word", "less_word"),
    ("more_source", "less_source"),
    ("more_author", "less_author"),
    ("more_signal", "less_signal"),
    ("weighed_down", "weighed_down"),
    ("big_story", "small_story"),
    ("unsure", "unsure"),
    ("rare_poster", "rare_poster"),
    ("already_seen", "already_seen"),
    ("rule_boost", "rule_boost"),
    ("already_from_source", "already_from_source"),
    ("already_on_topic", "already_on_topic"),
    ("already_in_story", "already_in_story"),
)
PLACES: Mapping[str, int] = {gain: place for place, (gain, _) in enumerate(PARTS)}
_LEARNT = (
    ("meaning", "close_to_liked", "interest"), ("words", "words_liked", "interest"), ("source", "source_liked", "source"),
    ("author", "author_liked", "author"), ("signals", "signals_liked", "interest"), ("hour", "hour_liked", "interest"),
    ("story", "big_story", "interest"),
)  # fmt: skip
_EDITED = (
    ("topic", "more_topic", "interest"), ("word", "more_word", "interest"), ("source", "more_source", "source"),
    ("author", "more_author", "author"), ("signal", "more_signal", "interest"),
)  # fmt: skip
# Posts of one group crowd each other: the part, its weight, and the column that holds the group.
CROWDS = (
    ("already_from_source", "variety", "feeds"), ("already_on_topic", "topic_variety", "topics"),
    ("already_in_story", "story_variety", "stories"),
)  # fmt: skip
_CARD_PARTS = (
    "close_to_liked", "words_liked", "source_liked", "author_liked", "signals_liked", "more_topic", "more_word", "more_source",
    "more_author", "more_signal",
)  # fmt: skip
_CARD_LEAST = 0.15  # half-lives below which a reason is not worth a word on a card
_RARE_A_WEEK = 1.0  # posts a week below which a feed is called a rare poster,
_RARE_SHARE = 0.25  # as long as no more of all posts than this come from such feeds: where all are rare, none is
CARD_NAMES = (*_CARD_PARTS, "rare_poster", "big_story", "unsure", "")
_CARD_NAMES = np.array(CARD_NAMES, dtype=object)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taste:
    """What a timeline weighs: the weights, and what the person wants of it."""

    weights: Weights
    strength: float = 1.0  # 0 is newest first and nothing else
    exploration: float = 0.0  # of how unsure the learner is
    signals: Mapping[str, float] = field(default_factory=dict)  # half-lives lost by one that is surely there


@dataclass(frozen=True, slots=True)
class Ranking:
    """The order of the visible candidates, and every candidate's score."""

    ids: Ids  # (v,) best first
    order: NDArray[np.int64]  # (v,) their rows
    scores: Doubles  # (n,) by row; hidden posts keep the score that they would have
    parts: tuple[Numbers, ...]  # by the order of `PARTS`, (n,) each; a score is their sum
    rare: NDArray[np.bool_]  # (n,) by row: from a feed that may be called a rare poster
    before: Doubles  # (n,) scores before posts crowd each other
    shown: NDArray[np.bool_]  # (n,) the posts that have a place
    taste: Taste
    warm: bool  # whether anything is known of what the person likes

    def card_reasons(self) -> list[str]:
        """For each row the name of the good reason that says most, "" where there is none."""
        found: list[str] = _CARD_NAMES[self._card_places(slice(None))].tolist()
        return found

    def card_reason(self, row: int) -> str:
        """The same for one row."""
        return str(_CARD_NAMES[self._card_places(slice(row, row + 1))][0])

    def _card_places(self, rows: slice) -> NDArray[np.intp]:
        """Where in `_CARD_NAMES` the reasons stand. What the person did says more than how rarely a feed posts."""
        best = np.array(self.parts[PLACES[_CARD_PARTS[0]]][rows], dtype=np.float64)
        places = np.zeros(len(best), np.intp)
        for place, name in enumerate(_CARD_PARTS[1:], 1):
            part = self.parts[PLACES[name]][rows]
            better = part > best
            best[better] = part[better]
            places[better] = place
        for name, may in (("rare_poster", self.rare[rows]), ("big_story", None), ("unsure", None)):
            part = self.parts[PLACES[name]][rows]
            least = _CARD_LEAST if name != "unsure" else 2 * _CARD_LEAST
            taken = (best < _CARD_LEAST) & (part >= least)
            taken &= may if may is not None else True
            places[taken] = CARD_NAMES.index(name)
            best[taken] = part[taken]
        places[best < _CARD_LEAST] = len(CARD_NAMES) - 1
        return places


def rank(
    candidates: Candidates,
    interest: Interest | None,
    taste: Taste,
    *,
    now: float,
    edited: Mapping[str, Floats] | None = None,
    boosted: NDArray[np.bool_] | None = None,
    shown: NDArray[np.bool_] | None = None,
) -> Ranking:
    """Order the candidates.

    With a strength of 0 the order is newest first and nothing else. Without interest (nothing was liked yet) it is
    newest first, with variety of sources.

    Args:
        interest: of each candidate by row; None while nothing is known.
        now: seconds since 1970 that ages are counted from; it moves all scores alike.
        edited: by kind ("source", "word", …), (n,) log-odds by row that the person set by hand.
        boosted: (n,) by row, the posts that a rule of the person ranks higher.
        shown: (n,) by row, the posts that get a place and crowd each other; None takes all that are visible.
    """
    weights, strength = taste.weights, taste.strength
    shown = candidates.visible.copy() if shown is None else shown & candidates.visible
    zero = np.zeros(len(candidates))
    parts: list[Numbers] = [zero] * len(PARTS)
    recent = _recent_posts(candidates, now)
    scores: Doubles = (candidates.published - now) / (weights.half_life_hours * 3600.0)
    parts[PLACES["fresh"]] = before = scores
    if strength > 0:
        gentle = min(strength, 1.0)
        if interest is not None:
            for name, part, weight in _LEARNT:
                values: Floats | None = getattr(interest, name)
                if values is not None:
                    parts[PLACES[part]] = values * np.float32(getattr(weights, weight) * strength)
            if taste.exploration > 0 and interest.doubt is not None:
                parts[PLACES["unsure"]] = _curiosity(interest.doubt) * np.float32(taste.exploration * weights.interest * strength)
            parts[PLACES["rare_poster"]] = _rare_poster(recent) * np.float32(weights.rare_poster * gentle)
            parts[PLACES["already_seen"]] = candidates.seen * np.float32(-weights.seen * gentle)
        for name, part, weight in _EDITED:
            if edited and name in edited:
                parts[PLACES[part]] = edited[name] * np.float32(getattr(weights, weight) * strength)
        if weights.story_size and candidates.outlets.max(initial=1) > 1:
            parts[PLACES["big_story"]] = parts[PLACES["big_story"]] + _story_size(candidates) * np.float32(weights.story_size * gentle)
        if (down := _weighed_down(candidates, taste.signals)) is not None:
            parts[PLACES["weighed_down"]] = down * np.float32(-gentle)
        if boosted is not None:
            parts[PLACES["rule_boost"]] = boosted * np.float32(_BOOST_HALF_LIVES * gentle)
        before = _sum(parts, zero)
        scores = before.copy()
        order = best_first(before, np.flatnonzero(shown))
        for part, weight, column in CROWDS:
            if getattr(weights, weight):
                crowd = crowding(candidates.column(column), before, order, weights.window)
                if crowd is not None:
                    parts[PLACES[part]] = crowd * (-getattr(weights, weight) * gentle)
                    scores += parts[PLACES[part]]
    order = best_first(scores, np.flatnonzero(shown))
    return Ranking(candidates.ids[order], order, scores, tuple(parts), _rarely_posts(recent), before, shown, taste, interest is not None)


def best_first(scores: Doubles, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Order rows by their scores; of equal ones the higher row, which came later, stands first.

    Args:
        rows: ascending.
    """
    mine = scores[rows]
    if len(rows) < 2:
        return rows
    # Sorting whole numbers that hold score and place is five times as fast as a stable sort of places by scores.
    top = mine.max()
    below = top - mine
    low_bits = len(rows).bit_length()
    scale = 2.0 ** (62 - low_bits - int(below.max() + 1).bit_length())
    keys = (below * scale).astype(np.int64) << low_bits
    keys |= np.arange(len(rows) - 1, -1, -1)
    keys.sort()
    places = len(rows) - 1 - (keys & ((1 << low_bits) - 1))
    ordered = mine[places]
    if (ordered[1:] > ordered[:-1]).any():  # closer to each other than the whole numbers tell
        places = len(rows) - 1 - np.argsort(-mine[::-1], kind="stable")
    found: NDArray[np.int64] = rows[places]
    return found


def _sum(parts: Sequence[Numbers], zero: Doubles) -> Doubles:
    total = np.zeros(len(zero))
    for part in parts:
        if part is not zero:
            total += part
    return total


def _curiosity(doubt: Floats) -> Floats:
    """How much less sure the learner is of each post than of the surest: (n,) >= 0."""
    return doubt - doubt.min(initial=np.float32(np.inf)) if len(doubt) else doubt


def _story_size(candidates: Candidates) -> Floats:
    """How often the outlets of each post's story double one: (n,), at most `_MOST_DOUBLINGS`."""
    doublings = np.log2(np.maximum(candidates.outlets, 1).astype(np.float32))
    return np.minimum(doublings, np.float32(_MOST_DOUBLINGS))


def _weighed_down(candidates: Candidates, signals: Mapping[str, float]) -> Floats | None:
    """Half-lives that each post loses by signals: (n,); None where no post loses any."""
    found: Floats | None = None
    for name, half_lives in signals.items():
        if half_lives and name in SHARE_NAMES:
            shares = candidates.shares[:, SHARE_NAMES.index(name)]
            there = (shares >= round(SURE_FROM * 254)) & (shares != NOT_ASKED)
            if there.any():
                lost = there.astype(np.float32) * np.float32(half_lives)
                found = lost if found is None else found + lost
    return found


def signals_that_weigh(candidates: Candidates, row: int, signals: Mapping[str, float]) -> list[str]:
    """The names of the signals that weigh a post down, those that take most first."""
    shares = candidates.shares[row]
    found = [
        name for name, half_lives in signals.items()
        if half_lives and name in SHARE_NAMES and round(SURE_FROM * 254) <= shares[SHARE_NAMES.index(name)] != NOT_ASKED
    ]  # fmt: skip
    return sorted(found, key=lambda name: -signals[name])


def _rare_poster(recent: NDArray[np.int64]) -> Floats:
    """1 for a feed that hardly posts, 1/2 at one post a day, towards 0 for floods: (n,)."""
    return (1.0 / (1.0 + recent / _RATE_DAYS)).astype(np.float32)


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


def crowding(groups: NDArray[np.int32], scores: Doubles, order: NDArray[np.int64], window: float) -> Doubles | None:
    """log2(1 + how many of the same group stand above within the window): (n,); 0 outside any group (below 0).

    Args:
        groups: (n,) by row.   scores: (n,) by row.   order: rows of the posts that crowd, best first.
    Returns:
        None where no two posts are of one group.
    """
    mine = groups[order]
    if len(mine) and mine.min() < 0:
        order = order[mine >= 0]
        mine = groups[order]
    if len(mine) < 2:
        return None
    most = int(mine.max())
    if most >= 65536:
        mine = np.unique(mine, return_inverse=True)[1].astype(np.int32)
        most = int(mine.max())
    # Small unsigned integers sort by radix, which is fast and stable.
    together = np.argsort(mine.astype(np.uint16) if most < 65536 else mine, kind="stable")
    order, mine = order[together], mine[together]
    if not (mine[1:] == mine[:-1]).any():
        return None
    shown = scores[order]
    top = float(shown.max())
    span = top - float(shown.min()) + window + 1.0
    keys = mine * span + (top - shown)
    firsts = np.searchsorted(keys, keys - window, side="left")
    result = np.zeros(len(scores))
    result[order] = np.log2(1.0 + np.arange(len(keys)) - firsts)
    return result
