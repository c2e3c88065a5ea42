"""Where in a source the words of a sentence stand together, and whether a word of it has taken another one's place.

For each token of the sentence its neighbours there are looked for around every place of the source; the nearer they
stand, and the more telling they are, the better the place fits. A true token stands where its neighbours stand. When a
number, date or name stands far from them, and another of its family stands among them, it was put in its place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.language.tokens import DATES, Token

REACH = 5  # tokens of the sentence on each side that count as neighbours
_HALF = 3.0  # tokens of distance in the source at which nearness has halved
_SIDE = {"number": 0.35, "year": 0.5}  # what a neighbour on the wrong side still counts
_ANY_SIDE = 0.7


class Places:
    """The content tokens of a source, ready to be compared with sentences.

    `fit(tokens)[i, p]` says how well place p of the source suits token i by its neighbours alone, in [0, about 1].
    """

    def __init__(self, tokens: Sequence[Token], sentences: int) -> None:
        self.tokens = [token for token in tokens if not token.negation]
        self.count = len(self.tokens)
        self.by_key: dict[str, list[int]] = {}
        for place, token in enumerate(self.tokens):
            self.by_key.setdefault(token.key, []).append(place)
        self.sentence = np.array([token.sentence for token in self.tokens], dtype=np.int64)
        spread = Counter(key for key, _ in {(token.key, token.sentence) for token in self.tokens})
        self._spread = spread
        self._sentences = max(sentences, 1)
        self.families: dict[str, list[int]] = {}
        for place, token in enumerate(self.tokens):
            self.families.setdefault(token.family, []).append(place)
        self.groups = _name_groups(self.tokens)

    def weight(self, key: str) -> float:
        """How telling a word is: less, the more sentences of the source hold it."""
        return float(np.log1p(self._sentences / (0.5 + self._spread.get(key, 0))))

    def fit(self, tokens: Sequence[Token], width: int = 1) -> NDArray[np.float64]:
        """Return (len(tokens), places) fits; tokens are a sentence's, without negations.

        With a `width`, row i is for the `width` tokens from i on together: none of them is another's neighbour.
        """
        left, right, weights = self._sides(tokens, width)
        total = weights.sum(axis=1)
        joined: NDArray[np.float64] = (left * weights[:, :1] + right * weights[:, 1:]) / np.where(
            total > 0, total, 1.0
        )[:, None]
        return joined

    def best_side(self, tokens: Sequence[Token], width: int = 1) -> NDArray[np.float64]:
        """As `fit`, but by the better of the two sides, where each has two neighbours at least.

        A sentence may join what the source says in two places: at the seam only one side fits.
        """
        left, right, weights = self._sides(tokens, width)
        total = weights.sum(axis=1)
        fits = (left * weights[:, :1] + right * weights[:, 1:]) / np.where(total > 0, total, 1.0)[:, None]
        rows = np.arange(len(tokens))
        fits[rows >= 2] = np.maximum(fits, left)[rows >= 2]
        ending = rows + width + 2 <= len(tokens)
        fits[ending] = np.maximum(fits, right)[ending]
        return fits

    def _sides(
        self, tokens: Sequence[Token], width: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the fits by the neighbours before and after each token, and what each side weighs, (n, 2)."""
        count = len(tokens)
        sides = np.zeros((2, count, self.count))
        ideals = np.zeros((count, 2))
        near = {key: self._nearness(self.by_key[key]) for key in {token.key for token in tokens} & self.by_key.keys()}
        weights = {token.key: self.weight(token.key) for token in tokens}
        for i, token in enumerate(tokens):
            wrong = _SIDE.get(token.family, _ANY_SIDE)
            for j in range(max(0, i - REACH), min(count, i + REACH + 1)):
                other = tokens[j]
                if i <= j < i + width or other.key == token.key:
                    continue
                side = int(j > i)
                share = weights[other.key] / abs(i - j)
                ideals[i, side] += share / (1.0 + abs(i - j) / _HALF)
                if other.key in near:
                    before, after = near[other.key]
                    same, opposite = (after, before) if side else (before, after)
                    sides[side, i] += share * np.maximum(same, wrong * opposite)
        sides /= np.where(ideals > 0, ideals, 1.0).T[:, :, None]
        return sides[0], sides[1], ideals

    def _nearness(self, at: list[int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """For every place, how near the closest of `at` is before it, and after it."""
        places = np.arange(self.count)
        marks = np.array(at)
        after = np.searchsorted(marks, places, side="right")
        before = np.searchsorted(marks, places, side="left") - 1
        right = np.where(after < len(marks), marks[np.minimum(after, len(marks) - 1)] - places, np.inf)
        left = np.where(before >= 0, places - marks[np.maximum(before, 0)], np.inf)
        return 1.0 / (1.0 + left / _HALF), 1.0 / (1.0 + right / _HALF)

    def rivals(self, token: Token, said: set[str]) -> list[int]:
        """Places where another of the token's family stands: what it could have taken the place of."""
        if token.family in ("number", "year"):
            return [
                place
                for family in ("number", "year")
                for place in self.families.get(family, ())
                if self.tokens[place].key != token.key and (family == token.family or token.family == "number")
            ]
        if token.family in DATES:
            return [p for p in self.families.get(token.family, ()) if self.tokens[p].key != token.key]
        own = {self.groups[place] for place in self.by_key.get(token.key, ()) if place in self.groups}
        own |= {self.groups[place] for key in said for place in self.by_key.get(key, ()) if place in self.groups}
        return [
            p for p in self.families.get("name", ()) if self.groups[p] not in own and self.tokens[p].key not in said
        ]


def _name_groups(tokens: Sequence[Token]) -> dict[int, str]:
    """Give the names that stand side by side, and their repetitions, one group: "Ada Marsh" and "Marsh"."""
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while parent.setdefault(key, key) != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    names = [place for place, token in enumerate(tokens) if token.family == "name"]
    for place in names:
        root(tokens[place].key)
        if place and tokens[place - 1].end + 1 == tokens[place].start and tokens[place - 1].text[:1].isupper():
            parent[root(tokens[place].key)] = root(tokens[place - 1].key)
    return {place: root(tokens[place].key) for place in names}
