"""One good post far from what a person likes: what a ranking that learns would never show. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.ranking.candidates import NOT_ASKED, Candidates
from engine.ranking.score import PLACES, SHARE_NAMES, Doubles, Ranking
from engine.types import SURE_FROM, Floats

FAR = 0.25  # cosine to the nearest liked post up to which a post counts as far
_LIKED, _DISLIKED = 0.25, -0.5  # half-lives that what was learnt may say for it and against it
_BAD = ("hostility", "promotion", "clickbait", "spam", "scam")
_LEARNT = ("close_to_liked", "words_liked", "source_liked", "author_liked", "signals_liked")
_EDITED = ("more_topic", "more_word", "more_source", "more_author", "more_signal")
_GOOD = ("big_story", "rare_poster")


def outside(ranking: Ranking, candidates: Candidates, rows: NDArray[np.int64], closeness: Floats) -> NDArray[np.int64]:
    """Return those of some rows that are good and far from what the person likes, the best first; none while nothing is known.

    Good is what many outlets tell or what comes from a source that seldom posts, and that seems neither to sell nor to bait.
    What the person dislikes, or set down by hand, is never among them.

    Args:
        closeness: (m,) cosine of each of `rows` to the nearest liked post, NaN where that is not known.
    """
    if not ranking.warm or not len(rows):
        return rows[:0]
    learnt = _sum(ranking, _LEARNT, rows)
    shares = candidates.shares[rows][:, [SHARE_NAMES.index(name) for name in _BAD]]
    bad = ((shares >= SURE_FROM * 254) & (shares != NOT_ASKED)).any(axis=1)
    near = np.nan_to_num(closeness, nan=0.0)
    keep = (learnt <= _LIKED) & (learnt >= _DISLIKED) & (_sum(ranking, _EDITED, rows) == 0) & ~bad & (near <= FAR)
    worth = _sum(ranking, _GOOD, rows) + 0.3 * np.asarray(ranking.parts[PLACES["fresh"]])[rows] - 2.0 * np.maximum(near, 0.0)
    found = np.flatnonzero(keep)
    chosen: NDArray[np.int64] = rows[found[np.argsort(-worth[found], kind="stable")]]
    return chosen


def _sum(ranking: Ranking, names: tuple[str, ...], rows: NDArray[np.int64]) -> Doubles:
    found: Doubles = np.zeros(len(rows))
    for name in names:
        found = found + ranking.parts[PLACES[name]][rows]
    return found
