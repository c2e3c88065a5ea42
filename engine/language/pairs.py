"""How much of a sentence stands together in a source: its pairs of near words, in order, within one sentence.

Skip-bigrams (Lin and Och, ACL 2004) of stems, weighed by how telling their words are. Where the source goes on with
"she", "the driver" or "and", who was spoken of just before may stand in that place too, for a little less.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import regex
from numpy.typing import NDArray

from engine.language import lexicon
from engine.language.sentences import words
from engine.language.tokens import stem

_REACH = 3  # words of the claim from one to the other of a pair
_SOURCE_REACH = 6  # words of the source
_MEANT = 0.7  # what a pair counts in which a name stands for a pronoun
_BACK = 2  # sentences before a pronoun in which the one meant is looked for
_JOINED = 0.95  # what a sentence counts that is joined from two
_PART_WORDS = 4
_SEAM = regex.compile(r"\s*[,;]?\s+(?:and|but|while)\s+|\s*;\s+", regex.IGNORECASE)
_SUBJECTS = 4  # telling words at a sentence's beginning that a pronoun may mean

_FUNCTION = frozenset(stem(word) for word in lexicon.FUNCTION_WORDS)
_PRONOUNS = frozenset(stem(word) for word in lexicon.PRONOUNS)
_PREPOSITIONS = frozenset(stem(word) for word in lexicon.PREPOSITIONS)
_GOES_ON = frozenset(stem(word) for word in ("and", "but"))  # "she rowed out and won": who won stands before
_ARTICLE = stem("the")


class Pairs:
    """The pairs of a source, which is read once; `lines` are the `stems` of its sentences."""

    def __init__(self, sentences: Sequence[str]) -> None:
        self._count = max(len(sentences), 1)
        self.lines = [stems(sentence) for sentence in sentences]
        lines = [[stem for stem, _ in line] for line in self.lines]
        self._spread = Counter(word for line in lines for word in set(line))
        self._near = {
            (word, later)
            for line in lines
            for place, word in enumerate(line)
            for later in line[place + 1 : place + 1 + _SOURCE_REACH]
        }
        self._beside = {
            (word, later) for line in lines for place, word in enumerate(line) for later in line[place + 1 : place + 3]
        }
        self._meant: set[tuple[str, str]] = set()
        subjects = [[word for word in line if telling(word)][:_SUBJECTS] for line in lines]
        for row, line in enumerate(lines):
            before = [word for earlier in subjects[max(0, row - _BACK) : row] for word in earlier]
            for place, word in enumerate(line):
                said_of = before if word in _PRONOUNS or (place < 3 and word == _ARTICLE) else []
                if said_of or word in _PRONOUNS or word in _GOES_ON:
                    here = [other for other in line[:place] if telling(other)][:_SUBJECTS]
                    following = line[place + 1 : place + 1 + _SOURCE_REACH]
                    self._meant.update((one, later) for one in {*said_of, *here} for later in following)

    def share(self, sentence: str) -> float:
        """Return how much of a sentence's pairs the source holds, in [0, 1]; 1 for a sentence of one word it holds.

        The parts that "and" joins may come from two places: pairs across the seam are then left out, for a little less.
        """
        whole = self._share(sentence)
        parts = _SEAM.split(sentence)
        sizes = [len(words(part)) for part in parts]
        if whole >= _JOINED or len(parts) < 2 or min(sizes) < _PART_WORDS:
            return whole
        each = sum(size * self._share(part) for size, part in zip(sizes, parts, strict=True)) / sum(sizes)
        return max(whole, _JOINED * each)

    def _share(self, sentence: str) -> float:
        said = [stem for stem, _ in stems(sentence)]
        have, total = self._held(said)
        if total.sum():
            return float(have.sum() / total.sum())
        return float(bool(said) and said[0] in self._spread)

    def of_each(self, sentence: str) -> list[tuple[str, str, float]]:
        """Return each word as written, its stem, and how much of the pairs that it makes with the words around it the
        source holds, in [0, 1]."""
        said = stems(sentence)
        have, total = self._held([stem for stem, _ in said])
        shares = have / np.where(total > 0, total, 1.0)
        return [(written, stem, float(share)) for (stem, written), share in zip(said, shares, strict=True)]

    def knows(self, stem: str) -> bool:
        """Whether the source has the word."""
        return stem in self._spread

    def placed_elsewhere(self, sentence: str) -> str:
        """Return a name before which another preposition stands in the source wherever it stands: "from Arden" of a
        source that says "to Arden"; "" where there is none."""
        said = stems(sentence)
        for (before, _), (word, written) in pairwise(said):
            if before not in _PREPOSITIONS or not written[:1].isupper() or (before, word) in self._beside:
                continue
            if telling(word) and any((other, word) in self._beside for other in _PREPOSITIONS):
                return written
        return ""

    def widened(self, sentence: str) -> bool:
        """Whether somebody's things are more than in the source: "Arden's boats" of "Arden's flat-bottomed boats"."""
        said = stems(sentence)
        return any(
            written.endswith(("'s", "’s")) and (word, later) in self._near and (word, later) not in self._beside
            for (word, written), (later, _) in pairwise(said)
        )

    def _held(self, said: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return for each word the weight of its pairs that the source holds, and of all of them."""
        have, total = np.zeros(len(said)), np.zeros(len(said))
        for place, word in enumerate(said):
            for step, later in enumerate(said[place + 1 : place + 1 + _REACH], 1):
                weight = self._weight(word) * self._weight(later) / math.sqrt(step)
                held = 1.0 if (word, later) in self._near else _MEANT if (word, later) in self._meant else 0.0
                for end in (place, place + step):
                    total[end] += weight
                    have[end] += held * weight
        return have, total

    def _weight(self, word: str) -> float:
        return math.log1p(self._count / (0.5 + self._spread.get(word, 0)))


def stems(text: str) -> list[tuple[str, str]]:
    """Return the stems of a text's words, and these as written; "three-day" is two, as some texts write it."""
    return [(stem(part), part) for word in words(text) for part in word.split("-") if part]


def telling(word: str) -> bool:
    return word not in _FUNCTION and word not in _PRONOUNS
