"""Whether a sentence is one sentence of a source, shortened, or two of them put one behind the other.

Leaving out words is what a summary may do with a sentence (compression by deletion: Knight and Marcu, AIJ 2002). A sentence
that goes on in the middle with the words of another one says what neither says: "Pelican Inn is a pub in Lindow" of "Pelican
Inn is a pub in Arden. Heron Inn is a pub in Lindow."
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import regex

from engine.language import lexicon
from engine.language.pairs import stems, telling
from engine.language.tokens import stem

Word = tuple[str, str]  # its stem, and as it is written

NEW = 1 / 5  # of a sentence's telling words need not stand in that of the source, if no name, number or small word of weight
PART_WORDS = 4  # of each of two that are put together
NAME_WORDS = 5  # at a sentence's beginning, that may stand for a pronoun
LONGEST_LINE = 400  # words; a text without full stops has no sentences that could be shortened, and would take long to compare

_SEAM = regex.compile(r"\s*[,;:]?\s+(?:and|but|while)\s+|\s*[;,:]\s+|\s[–—-]\s|[，；]", regex.IGNORECASE)
_PREPOSITIONS = frozenset(stem(word) for word in lexicon.PREPOSITIONS)
_PRONOUNS = frozenset(stem(word) for word in lexicon.PRONOUNS)
_FIRM = frozenset(stem(word) for word in (*lexicon.WEIGHTY, "who", "which", "whose"))  # never new


def is_shortened(sentence: str, lines: Sequence[Sequence[Word]]) -> bool:
    """Whether one of a source's sentences says it in the same order, or each of two one part of it.

    Args:
        lines: the `stems` of each sentence of the source.
    """
    if _of_one(stems(sentence), lines):
        return True
    for seam in _SEAM.finditer(sentence):
        parts = stems(sentence[: seam.start()]), stems(sentence[seam.end() :])
        if min(map(len, parts)) >= PART_WORDS and _of_one(parts[0], lines) and _of_one(parts[1], lines, begins=True):
            return True
    return False


def _of_one(said: Sequence[Word], lines: Sequence[Sequence[Word]], *, begins: bool = False) -> bool:
    """`begins`: it must begin where a sentence of the source does."""
    needed = {word for word, _ in said if telling(word)}
    allowed = int(NEW * sum(telling(word) for word, _ in said))
    for row, line in enumerate(lines):
        meant = _meant(lines, row)
        if len(line) > LONGEST_LINE or len(needed - {word for word, _ in line} - meant) > allowed:
            continue
        places = _aligned([word for word, _ in said], [word for word, _ in line])
        if _leaves_out(said, line, places, allowed, meant) and (not begins or _starts(said, line, places)):
            return True
    return False


def _meant(lines: Sequence[Sequence[Word]], row: int) -> set[str]:
    """Who may be meant where a line begins with "they": the words of the two before it."""
    if not any(word in _PRONOUNS for word, _ in lines[row][:3]):
        return set()
    return {word for line in lines[max(0, row - 2) : row] for word, _ in line}


def _leaves_out(
    said: Sequence[Word], line: Sequence[Word], places: Sequence[int], allowed: int, meant: set[str]
) -> bool:
    """Whether all that is new is as little as is `allowed`, and what is left out changes nobody's preposition."""
    new, begun = 0, False
    for at, ((word, written), place) in enumerate(zip(said, places, strict=True)):
        if place >= 0:
            begun = True
            continue
        if not begun and at < NAME_WORDS and (not telling(word) or (word in meant and written[:1].isupper())):
            continue  # a name for a pronoun
        if word in _FIRM or any(letter.isdigit() for letter in written) or (at and written[:1].isupper()):
            return False
        new += telling(word)
    if new > allowed:
        return False
    there = [place for place in places if place >= 0]
    # "of two variations" of "of ten exercises with two variations"
    return not any(
        after - before > 1 and line[before][0] in _PREPOSITIONS and line[after - 1][0] in _PREPOSITIONS
        for before, after in pairwise(there)
    )


def _starts(said: Sequence[Word], line: Sequence[Word], places: Sequence[int]) -> bool:
    """Whether the first telling word is the first of the line."""
    first = next((place for (word, _), place in zip(said, places, strict=True) if telling(word)), -1)
    return first >= 0 and not any(telling(word) for word, _ in line[:first])


def _aligned(said: Sequence[str], line: Sequence[str]) -> list[int]:
    """Return for each word where it stands in the line, -1 for nowhere: a longest common subsequence."""
    longest = [[0] * (len(line) + 1) for _ in range(len(said) + 1)]
    for i in range(len(said) - 1, -1, -1):
        for j in range(len(line) - 1, -1, -1):
            same = said[i] == line[j]
            longest[i][j] = longest[i + 1][j + 1] + 1 if same else max(longest[i + 1][j], longest[i][j + 1])
    places, j = [-1] * len(said), 0
    for i in range(len(said)):
        if longest[i][j] == longest[i + 1][j]:
            continue
        while longest[i][j + 1] == longest[i][j]:
            j += 1
        places[i] = j
        j += 1
    return places
