"""Where texts about one thing say otherwise: another number, another day, another name among the same words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import combinations
from typing import Literal

from engine.language.sentences import split
from engine.language.tokens import DATES, Token, is_reporting, read
from engine.types import Span

Kind = Literal["number", "date", "name"]

MOST_SENTENCES = 60  # of one text
MOST_FOUND = 4
REACH = 4  # content words on each side that count as the surroundings of a number
LEAST_SHARED = 3  # words that two sentences must have in common …
SHARED_SHARE = 0.5  # … and of the shorter one's words
ROUNDED = 0.06  # numbers so near each other, one of them round, are one number
LEAST_AROUND = {"number": 2, "weekday": 2, "month": 2, "year": 3, "season": 3, "name": 3}  # shared words around the two
SPELT_ALIKE = 0.6  # names so like each other are one name
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "dr", "sir", "lady", "inc", "corp", "co", "ltd", "plc"})
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

    def following(self, place: int) -> frozenset[str]:
        """What is counted: the words soon after a number."""
        return frozenset(token.key for token in self.tokens[place + 1 : place + 3])

    def called(self, place: int) -> str:
        """The capitalised word right before a name, "Mayor" or "Lena": without one, another word may mean the same ("UK")."""
        before = self.tokens[place - 1] if place else None
        if before is None or not before.text[:1].isupper() or self.tokens[place].start - before.end != 1:
            return ""
        return before.key

    def months(self, place: int) -> frozenset[str]:
        return frozenset(t.key for t in self.tokens[max(0, place - 1) : place + 2] if t.family == "month")

    def said_then(self, place: int) -> bool:
        """Whether a day is only that on which somebody said something."""
        return any(is_reporting(token) for token in self.tokens[max(0, place - 2) : place + 2])

    def beside(self, place: int) -> frozenset[str]:
        return frozenset(token.key for token in self.tokens[max(0, place - 1) : place] + self.tokens[place + 1 : place + 2])


def disagreements(texts: Sequence[str]) -> list[Disagreement]:
    """Return where the texts say otherwise, what most of them tell first.

    A number, date or name of one sentence stands against that of another when the sentences share their words, when the same
    words stand around the two, and when neither text knows the other's anywhere. A number that only rounds the other is the
    same, and so is another spelling of a name. Of 1,500 pairs of MSRP's news sentences 185 have such a difference; in those
    looked at, most say another number or date of the same thing, the others of another moment or a like thing.
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
        if left.family in ("word", "relative") or left.key in theirs:
            continue
        for b, right in enumerate(other.tokens):
            if right.key in mine or right.family != left.family:
                continue
            near, close = len(one.around(a) & other.around(b)), len(one.beside(a) & other.beside(b))
            if near >= LEAST_AROUND[left.family] and _comparable(one, a, other, b, text, other_text, close):
                fits.append((2 * close + near, a, b))
    used: set[tuple[str, int]] = set()
    for _, a, b in sorted(fits, reverse=True):
        if ("a", a) in used or ("b", b) in used:
            continue
        used |= {("a", a), ("b", b)}
        family = one.tokens[a].family
        dated = family in DATES or bool(one.months(a))
        yield ("name" if family == "name" else "date" if dated else "number"), a, b


def _comparable(one: _Line, a: int, other: _Line, b: int, text: str, other_text: str, close: int) -> bool:
    """Names between the same words that are not spellings of one name; days of what happened, not of when it was said;
    numbers of one thing that do not round each other."""
    left, right = one.tokens[a], other.tokens[b]
    if left.family == "name":
        called = one.called(a), other.called(b)
        return close > 1 and called[0] == called[1] != "" and not _one_name(left.text, right.text)
    if left.family == "weekday":
        return not (one.said_then(a) or other.said_then(b))
    if left.family != "number":
        return True
    if _signs(left, text) != _signs(right, other_text) or one.months(a) != other.months(b):
        return False
    if not (one.following(a) & other.following(b) or _signs(left, text) or one.months(a)):
        return False
    small, large = sorted((float(left.key[1:]), float(right.key[1:])))
    round_one = small % 10 == 0 or large % 10 == 0 or (small != int(small)) != (large != int(large))
    return not (round_one and large and (large - small) / large <= ROUNDED)


def _one_name(left: str, right: str) -> bool:
    a, b = ("".join(char for char in name.casefold() if char.isalnum()) for name in (left, right))
    return a in b or b in a or SequenceMatcher(None, a, b, autojunk=False).ratio() >= SPELT_ALIKE or {a, b} <= _TITLES


def _signs(token: Token, text: str) -> str:
    before, after = text[max(0, token.start - 1) : token.start], text[token.end : token.end + 1]
    return (before if before in _SIGNS_BEFORE else "") + (after if after in _SIGNS_AFTER else "")
