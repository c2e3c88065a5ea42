"""Whether a sentence lets two names change places around a verb: "A beat B" of a source that says "B beat A"."""

from __future__ import annotations

from collections.abc import Sequence

import regex

from engine.language.alignment import Places
from engine.language.tokens import Token

_PASSIVE = regex.compile(
    r"\b(?:was|were|is|are|been|being|be|got)\s+(?:\w+\s+){0,2}?\w+(?:ed|en|t|wn|de|ld|ught)\b.*\bby\b",
    regex.IGNORECASE,
)
_LIST = regex.compile(r"\s*(?:,|and|or|&|/)\s*(?:and|the)?\s*$", regex.IGNORECASE)


def exchanged(sentence: str, tokens: Sequence[Token], source: str, places: Places) -> str:
    """Return the two names that stand the other way round wherever the source says the same, else "".

    The same is said by a sentence of the source that holds both names and, between them, the word that stands between
    them here; the passive voice on one side alone turns the order, and then nothing is concluded.
    """
    names = [row for row, token in enumerate(tokens) if token.family == "name"]
    if len(names) < 2:
        return ""
    lines: dict[int, list[int]] = {}
    for place, line in enumerate(places.sentence.tolist()):
        lines.setdefault(line, []).append(place)
    for left in names:
        for right in names:
            if not left < right or tokens[left].key == tokens[right].key:
                continue
            between = {token.key for token in tokens[left + 1 : right] if token.family == "word"}
            if not between or right - left > 8:
                continue
            passive = bool(_PASSIVE.search(sentence[tokens[left].end : tokens[right].start]))
            found = [
                order
                for line in {int(places.sentence[p]) for p in places.by_key.get(tokens[left].key, ())}
                if (order := _order(tokens[left], tokens[right], between, lines[line], source, places, passive))
                is not None
            ]
            if found and not any(found):
                return f"{tokens[left].text} … {tokens[right].text}"
    return ""


def _order(
    left: Token, right: Token, between: set[str], line: list[int], source: str, places: Places, passive: bool
) -> bool | None:
    """Whether a sentence of the source has the two names in this order; None when it does not speak of the same."""
    first = [p for p in line if places.tokens[p].key == left.key]
    second = [p for p in line if places.tokens[p].key == right.key]
    if not first or not second:
        return None
    verbs = [p for p in line if places.tokens[p].key in between]
    forward = any(a < v < b for a in first for v in verbs for b in second)
    backward = any(b < v < a for a in first for v in verbs for b in second)
    if not forward and not backward:
        return None
    start, end = places.tokens[min(*first, *second)].end, places.tokens[max(*first, *second)].start
    if passive != bool(_PASSIVE.search(source[start:end])):
        return None
    return forward
