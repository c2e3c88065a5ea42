"""How much of a sentence stands together in a source: its pairs of near words, in order, within one sentence.

Skip-bigrams (Lin and Och, ACL 2004) of stems, weighed by how telling their words are. Where the source goes on with
"she" or "the driver", who was spoken of just before may stand in that place too, for a little less.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from engine.language import lexicon
from engine.language.sentences import words
from engine.language.tokens import stem

_REACH = 3  # words of the claim from one to the other of a pair
_SOURCE_REACH = 6  # words of the source
_MEANT = 0.7  # what a pair counts in which a name stands for a pronoun
_BACK = 2  # sentences before a pronoun in which the one meant is looked for
_SUBJECTS = 4  # telling words at a sentence's beginning that a pronoun may mean

_FUNCTION = frozenset(stem(word) for word in lexicon.FUNCTION_WORDS)
_PRONOUNS = frozenset(stem(word) for word in lexicon.PRONOUNS)
_ARTICLE = stem("the")


class Pairs:
    """The pairs of a source, which is read once."""

    def __init__(self, sentences: Sequence[str]) -> None:
        self._count = max(len(sentences), 1)
        lines = [_stems(sentence) for sentence in sentences]
        self._spread = Counter(word for line in lines for word in set(line))
        self._near = {
            (word, later)
            for line in lines
            for place, word in enumerate(line)
            for later in line[place + 1 : place + 1 + _SOURCE_REACH]
        }
        self._meant: set[tuple[str, str]] = set()
        subjects = [[word for word in line if _telling(word)][:_SUBJECTS] for line in lines]
        for row, line in enumerate(lines):
            before = [word for earlier in subjects[max(0, row - _BACK) : row] for word in earlier]
            for place, word in enumerate(line):
                if word in _PRONOUNS or (place < 3 and word == _ARTICLE):
                    here = [other for other in line[:place] if _telling(other)][:_SUBJECTS]
                    following = line[place + 1 : place + 1 + _SOURCE_REACH]
                    self._meant.update((one, later) for one in {*before, *here} for later in following)

    def share(self, sentence: str) -> float:
        """Return how much of a sentence's pairs the source holds, in [0, 1]; 1 for a sentence of one word it holds."""
        said = _stems(sentence)
        have = total = 0.0
        for place, word in enumerate(said):
            for step, later in enumerate(said[place + 1 : place + 1 + _REACH], 1):
                weight = self._weight(word) * self._weight(later) / math.sqrt(step)
                total += weight
                if (word, later) in self._near:
                    have += weight
                elif (word, later) in self._meant:
                    have += _MEANT * weight
        if total:
            return have / total
        return float(bool(said) and said[0] in self._spread)

    def _weight(self, word: str) -> float:
        return math.log1p(self._count / (0.5 + self._spread.get(word, 0)))


def _stems(text: str) -> list[str]:
    """Return the stems of all words; "three-day" is two, as some texts write it."""
    return [stem(part) for word in words(text) for part in word.split("-") if part]


def _telling(word: str) -> bool:
    return word not in _FUNCTION and word not in _PRONOUNS
