"""Whether a sentence denies what its source denies, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import regex
from numpy.typing import NDArray

from engine.language import lexicon
from engine.language.alignment import Places
from engine.language.sentences import words
from engine.language.tokens import Token, is_denial, stem

_CLAUSE = regex.compile(
    r"[,;:.!?()—–，。；：！？、]|\b(?:but|although|though|while|because|whereas)\b", regex.IGNORECASE
)
_NEAR_FIT = 0.45  # a place of the source counts as said of the same thing from this fit on

_BEFORE = 2  # words before what is said in which a hedge governs it
_HEDGES = lexicon.HEDGES

_OPPOSITES: dict[str, set[str]] = {}
for _one, _other in lexicon.OPPOSITES:
    _OPPOSITES.setdefault(stem(_one), set()).add(stem(_other))
    _OPPOSITES.setdefault(stem(_other), set()).add(stem(_one))


@dataclass(frozen=True, slots=True)
class Denial:
    """A negation: `at` is how many other content tokens stand before it."""

    token: Token
    at: int


def denials(tokens: Sequence[Token]) -> list[Denial]:
    """Return the negations among tokens, each with its place among the other tokens."""
    found: list[Denial] = []
    at = 0
    for token in tokens:
        if token.negation:
            found.append(Denial(token, at))
        else:
            at += 1
    return found


def mismatch(
    sentence: str,
    tokens: Sequence[Token],
    fits: NDArray[np.float64],
    source: str,
    places: Places,
    denied: Sequence[Denial],
) -> str:
    """Return the word that one side denies and the other does not, "" when they agree.

    Args:
        tokens: the sentence's, negations included.   fits: of the others, see `Places.fit`.
        denied: the negations of the source.
    """
    plain = [token for token in tokens if not token.negation]
    own = denials(tokens)
    best = [_best_place(token, fits[row], places) for row, token in enumerate(plain)]
    for denial in own:
        if not _source_denies(denial, plain, best, source, places, denied):
            following = plain[denial.at : denial.at + 1]
            return " ".join([denial.token.text, *(token.text for token in following)])
    for row, token in enumerate(plain):
        place = best[row]
        alone = len(plain) <= 2  # too few neighbours to tell places apart
        if place < 0 or (fits[row, place] < _NEAR_FIT and not alone) or _sentence_denies_near(row, plain, own):
            continue
        governing = _governing(place, places, denied, source)
        if governing is None:
            continue
        elsewhere = (
            other
            for other in places.by_key[token.key]
            if other != place and fits[row, other] >= 0.75 * fits[row, place]
        )
        if all(_governing(other, places, denied, source) is not None for other in elsewhere):
            return f"{governing.token.text} {token.text}"
    return ""


def opposite(tokens: Sequence[Token], fits: NDArray[np.float64], places: Places) -> str:
    """Return a word of the sentence where the source says the opposite word and not this one, else ""."""
    plain = [token for token in tokens if not token.negation]
    said = {token.key for token in plain}
    for row, token in enumerate(plain):
        against = _OPPOSITES.get(token.key, set()) - said
        own = max((fits[row, place] for place in places.by_key.get(token.key, ())), default=0.0)
        theirs = max((fits[row, place] for key in against for place in places.by_key.get(key, ())), default=0.0)
        if theirs >= _NEAR_FIT and theirs > 1.5 * own:
            return token.text
    return ""


def hedge(sentence: str, line: str) -> str:
    """Return the word that makes a line of the source less than an assertion where the sentence asserts, else "".

    Args:
        line: the sentence of the source that says most of it.
    """
    own = [word.casefold() for word in words(sentence)]
    if line.rstrip(" ”\"'’)").endswith(("?", "？")) and "?" not in sentence and "？" not in sentence:
        return "?"
    if _HEDGES & set(own):
        return ""
    said = {stem(word) for word in own if word not in lexicon.FUNCTION_WORDS}
    there = [word.casefold() for word in words(line)]
    at = [place for place, word in enumerate(there) if stem(word) in said]
    if not at:
        return ""
    before = max(0, at[0] - _BEFORE)
    return next((word for word in there[before : at[-1] + 1] if word in _HEDGES and stem(word) not in said), "")


def _best_place(token: Token, fits: NDArray[np.float64], places: Places) -> int:
    return max(places.by_key.get(token.key, ()), key=lambda place: float(fits[place]), default=-1)


def _source_denies(
    denial: Denial, plain: Sequence[Token], best: Sequence[int], source: str, places: Places, denied: Sequence[Denial]
) -> bool:
    """Whether the source, where it speaks of the words around a negation, denies too."""
    said = {token.key for token in plain}
    around = [row for row in (denial.at, denial.at + 1, denial.at - 1) if 0 <= row < len(plain)]
    around = [row for row in around if best[row] >= 0]
    for row in around[:2]:
        place = best[row]
        line = places.sentence[place]
        for other in denied:
            if other.token.sentence != line or not -3 <= other.at - place <= (1 if row >= denial.at else 3):
                continue
            ends = sorted(
                [(other.token.start, other.token.end), (places.tokens[place].start, places.tokens[place].end)]
            )
            if not _CLAUSE.search(source[ends[0][1] : ends[1][0]]):
                return True
        for near in range(max(0, place - 3), min(places.count, place + 3)):
            other_word = places.tokens[near]
            if places.sentence[near] == line and is_denial(other_word) and other_word.key not in said:
                return True
    return False


def _sentence_denies_near(row: int, plain: Sequence[Token], own: Sequence[Denial]) -> bool:
    if any(-3 <= denial.at - row <= 2 for denial in own):
        return True
    return any(is_denial(plain[near]) for near in range(max(0, row - 3), min(len(plain), row + 3)) if near != row)


def _governing(place: int, places: Places, denied: Sequence[Denial], source: str) -> Denial | None:
    """Return the negation that stands right before a place of the source, with at most one word between."""
    token = places.tokens[place]
    for denial in denied:
        if denial.at in (place, place - 1) and denial.token.sentence == token.sentence:
            between = source[denial.token.end : token.start]
            if not _CLAUSE.search(between):
                return denial
    return None
