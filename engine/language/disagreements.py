"""Where texts about one thing say otherwise: another number, another day, another name among the same words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal

from engine.language.sentences import split
from engine.language.tokens import DATES, Token, read
from engine.types import Span

Kind = Literal["number", "date", "name"]

MOST_SENTENCES = 60  # of one text
MOST_FOUND = 4
REACH = 4  # content words on each side that count as the surroundings of a number
LEAST_SHARED = 3  # words that two sentences must have in common …
SHARED_SHARE = 0.5  # … and of the shorter one's words
ROUNDED = 0.06  # numbers so near each other, one of them round, are one number
_SIGNS_BEFORE, _SIGNS_AFTER = "$€£¥₩", "%％"


@dataclass(frozen=True, slots=True)
class Said:
    """What one text says: the sentence, and the words in it that another text has otherwise."""

    text: int  # its place among the texts
    sentence: Span
    words: Span
    value: str  # equal values say the same


@dataclass(frozen=True, slots=True)
class Disagreement:
    kind: Kind
    said: tuple[Said, ...]  # by text, one each; at least two values


@dataclass(slots=True)
class _Line:
    """A sentence with its tokens."""

    span: Span
    tokens: list[Token]
    words: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.words = frozenset(token.key for token in self.tokens if token.family in ("word", "name") and not token.negation)

    def around(self, place: int) -> frozenset[str]:
        near = self.tokens[max(0, place - REACH) : place] + self.tokens[place + 1 : place + 1 + REACH]
        return frozenset(token.key for token in near)

    def beside(self, place: int) -> frozenset[str]:
        return frozenset(token.key for token in self.tokens[max(0, place - 1) : place] + self.tokens[place + 1 : place + 2])


def disagreements(texts: Sequence[str]) -> list[Disagreement]:
    """Return where the texts say otherwise, what most of them tell first.

    A number, date or name of one sentence stands against that of another when the sentences share their words, when the same
    words stand around the two, and when neither text knows the other's anywhere. A number that only rounds the other is the same.
    """
    read_texts = [_lines(text) for text in texts]
    known = [{token.key for line in lines for token in line.tokens} for lines in read_texts]
    groups: list[tuple[Kind, dict[tuple[int, int], Said], int]] = []
    for first, second in combinations(range(len(texts)), 2):
        for kind, one, other, shared in _against(first, second, texts, read_texts, known):
            ends = {(said.text, said.words.start): said for said in (one, other)}
            same = [group for group in groups if group[0] == kind and group[1].keys() & ends.keys()]
            merged = dict(ends)
            for group in same:
                merged |= group[1]
                groups.remove(group)
            groups.append((kind, merged, max([shared, *(group[2] for group in same)])))
    found = [(Disagreement(kind, _one_each(said.values())), shared) for kind, said, shared in groups]
    told = [(one, shared) for one, shared in found if len({said.value for said in one.said}) > 1]
    told.sort(key=lambda pair: (-len(pair[0].said), -pair[1], pair[0].said[0].sentence.start))
    return [one for one, _ in told[:MOST_FOUND]]


def _lines(text: str) -> list[_Line]:
    spans = split(text)[:MOST_SENTENCES]
    tokens = read(text, [(span.start, span.end) for span in spans])
    lines = [_Line(span, [token for token in tokens if token.sentence == place]) for place, span in enumerate(spans)]
    return [line for line in lines if line.tokens]


def _one_each(said: Iterable[Said]) -> tuple[Said, ...]:
    """The first of each text, in the texts' order."""
    by_text: dict[int, Said] = {}
    for one in sorted(said, key=lambda each: (each.text, each.sentence.start)):
        by_text.setdefault(one.text, one)
    return tuple(by_text.values())


def _against(
    first: int, second: int, texts: Sequence[str], lines: Sequence[Sequence[_Line]], known: Sequence[set[str]]
) -> Iterator[tuple[Kind, Said, Said, int]]:
    for one in lines[first]:
        for other in lines[second]:
            shared = len(one.words & other.words)
            if shared < LEAST_SHARED or shared < SHARED_SHARE * min(len(one.words), len(other.words)):
                continue
            yield from (
                (kind, _said(first, one, one.tokens[a]), _said(second, other, other.tokens[b]), shared)
                for kind, a, b in _pairs(one, other, texts[first], texts[second], known[first], known[second])
            )


def _said(text: int, line: _Line, token: Token) -> Said:
    return Said(text, line.span, Span(start=token.start, end=token.end), token.key)


def _pairs(
    one: _Line, other: _Line, text: str, other_text: str, mine: set[str], theirs: set[str]
) -> Iterator[tuple[Kind, int, int]]:
    """Places in two sentences whose tokens stand against each other, each with the one whose surroundings fit best."""
    fits: list[tuple[int, int, int]] = []
    for a, left in enumerate(one.tokens):
        if left.family == "word" or left.key in theirs:
            continue
        for b, right in enumerate(other.tokens):
            if right.key in mine or right.family != left.family or not _comparable(left, right, text, other_text):
                continue
            near = len(one.around(a) & other.around(b))
            close = len(one.beside(a) & other.beside(b))
            if (near >= 3 and close >= 1) if left.family == "name" else (near >= 2 or close >= 1):
                fits.append((2 * close + near, a, b))
    used: set[tuple[str, int]] = set()
    for _, a, b in sorted(fits, reverse=True):
        if ("a", a) in used or ("b", b) in used:
            continue
        used |= {("a", a), ("b", b)}
        family = one.tokens[a].family
        dated = family in DATES or any(t.family == "month" for t in one.tokens[max(0, a - 1) : a + 2])
        yield ("name" if family == "name" else "date" if dated else "number"), a, b


def _comparable(left: Token, right: Token, text: str, other_text: str) -> bool:
    """Numbers of one unit that do not round each other; names that are not forms of one name."""
    if left.family == "name":
        a, b = left.text.casefold(), right.text.casefold()
        return not (a.startswith(b) or b.startswith(a))
    if left.family != "number":
        return True
    if _signs(left, text) != _signs(right, other_text):
        return False
    small, large = sorted((float(left.key[1:]), float(right.key[1:])))
    round_one = small % 10 == 0 or large % 10 == 0 or (small != int(small)) != (large != int(large))
    return not (round_one and large and (large - small) / large <= ROUNDED)


def _signs(token: Token, text: str) -> str:
    before, after = text[max(0, token.start - 1) : token.start], text[token.end : token.end + 1]
    return (before if before in _SIGNS_BEFORE else "") + (after if after in _SIGNS_AFTER else "")
