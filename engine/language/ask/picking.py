"""Choosing the sentences that are shown, and seeing where sources contradict each other.

Every source votes for the short answer that its best sentences hold (Brill, Dumais and Banko, An Analysis of the AskMSR
Question-Answering System, EMNLP 2002: redundancy tells true answers from others). A short answer that other sources put
another in the place of is never shown alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from urllib.parse import urlsplit

from engine.language.ask.answers import Short
from engine.language.ask.passages import WANTS, Embed, Passage, Reading, rank
from engine.language.ask.words import Question
from engine.types import AnswerSentence, AskSide, Citation, Disagreement, Span

FULLEST = 0.85  # of the best sentence's score: one that gives the answer more fully is shown instead
ELIGIBLE = 0.72  # of the best sentence's score: others that may answer as well
MOST_ELIGIBLE = 16
PER_TOPIC = 4  # posts shown where a question only names what it is about
PER_PART = 2  # sentences shown for one question of several
MOST_SENTENCES = 4
MOST_OVERVIEW = 6
TWINS = 0.6  # share of words that two sentences have in common from which on they say the same thing of something
ALIKE_ENOUGH = 0.45  # of the shorter sentence's words, where two that contradict each other are worded otherwise, …
SURELY = 0.85  # … and this coverage of the question
RIVAL = 0.5  # of the votes of the first, from which on another short answer is a rival


@dataclass(frozen=True, slots=True)
class Picked:
    """What was picked for a question: its sentences, the passages behind them, and where sources disagree."""

    sentences: tuple[AnswerSentence, ...]
    passages: tuple[Passage, ...]
    disagreements: tuple[Disagreement, ...]
    short: Short | None = None  # the answer that most sources give


@dataclass(slots=True)
class _Group:
    """A short answer with the passages that give it, the best first."""

    short: Short
    passages: list[tuple[Passage, Short]]
    votes: float

    @property
    def numbers(self) -> list[int]:
        return list(dict.fromkeys(passage.reading.source.number for passage, _ in self.passages))


def pick(parts: Sequence[Question], readings: Sequence[Reading], *, embed: Embed | None = None) -> Picked | None:
    """Pick the sentences that answer a question's parts; None where no post speaks of any of them."""
    sentences: list[AnswerSentence] = []
    chosen: list[Passage] = []
    disagreements: list[Disagreement] = []
    short: Short | None = None
    for part in parts:
        passages = rank(part, readings, embed=embed)
        found = _eligible(passages)
        if not found:
            continue
        groups = _groups(found)
        rivals = _rivals(found, groups)
        if rivals:
            disagreements.append(_disagreement(rivals))
        short = short or (groups[0].short if groups else None)
        for passage, told in _to_show(found, groups, rivals, topic=part.kind in ("what", "open") and len(part.terms) <= 2):
            shown = _sentence(passage, told)
            if all(shown.text != other.text for other in sentences) and len(sentences) < MOST_SENTENCES + len(rivals):
                sentences.append(shown)
                chosen.append(passage)
    if not sentences:
        return None
    return Picked(tuple(sentences), tuple(chosen), tuple(disagreements), short if len(parts) == 1 else None)


def overview(readings: Sequence[Reading]) -> Picked | None:
    """Pick the first words of the first posts: for a question that asks for all there is."""
    passages = [
        Passage(
            reading=reading, index=0, coverage=1.0, missing=0.0, relation=1.0, headed=True, conflict=False, close=0.0, wants=False, shorts=(),
            chinese=False, cosine=None, score=0.0,
        )
        for reading in readings
        if reading.spans
    ][:MOST_OVERVIEW]  # fmt: skip
    return Picked(tuple(_sentence(passage, None) for passage in passages), tuple(passages), ()) if passages else None


def _eligible(passages: Sequence[Passage]) -> list[Passage]:
    answering = [passage for passage in passages[:60] if passage.answers]
    if not answering:
        return []
    least = ELIGIBLE * answering[0].score
    return [passage for passage in answering if passage.score >= least][:MOST_ELIGIBLE]


def _groups(passages: Sequence[Passage]) -> list[_Group]:
    """Group the passages by the short answer that they give, the most voted first."""
    votes = [
        (passage, short, passage.score * passage.score / (1 + place))
        for passage in passages
        for place, short in enumerate(passage.shorts[:4])
    ]
    # What says most comes first: "2020" then counts for a day of that year that somebody names, and not for every one.
    votes.sort(key=lambda vote: -vote[1].exactness)
    groups: list[_Group] = []
    for passage, short, worth in votes:
        fitting = [group for group in groups if group.short.agrees(short)]
        if fitting:
            group = max(fitting, key=lambda group: group.votes)
            if any(other is passage for other, _ in group.passages):
                continue
        else:
            group = _Group(short, [], 0.0)
            groups.append(group)
        if outlet(passage.reading) not in {outlet(other.reading) for other, _ in group.passages}:
            group.votes += worth
        group.passages.append((passage, short))
    for group in groups:
        group.passages.sort(key=lambda pair: -pair[0].score)
    return sorted(groups, key=lambda group: -group.votes)


def outlet(reading: Reading) -> str:
    """Who says it: the feed, else the address's host; copies of the same words are one voice."""
    source = reading.source
    return source.feed_title or urlsplit(source.url).netloc or " ".join(source.text.casefold().split())[:400]


def _rivals(passages: Sequence[Passage], groups: Sequence[_Group]) -> list[_Group]:
    """Return the short answers that contradict each other, the one with more voices first; [] where none do."""
    if not groups:
        return []
    found: list[_Group] = []
    for one, other in combinations(groups[:8], 2):
        if one.short.agrees(other.short) or _together(one, other):
            continue
        if any(_twins(mine, theirs) for mine in one.passages for theirs in other.passages):
            found += [group for group in (one, other) if group not in found]
    if not found:
        first = groups[0]
        found = [first] + [
            group for group in groups[1:] if group.votes >= RIVAL * first.votes and not _together(first, group) and _as_good(first, group)
        ]
        found = found if len(found) > 1 else []
    return sorted(found, key=lambda group: (-len({outlet(passage.reading) for passage, _ in group.passages}), -group.votes))[:3]


def _together(one: _Group, other: _Group) -> bool:
    """Whether a sentence names both: then they are no alternatives."""
    mine = {(passage.reading.source.number, passage.index) for passage, _ in one.passages}
    return any((passage.reading.source.number, passage.index) in mine for passage, _ in other.passages)


def _twins(mine: tuple[Passage, Short], theirs: tuple[Passage, Short]) -> bool:
    """Whether two sentences of different sources say the same in nearly the same words, but for the short answer."""
    if mine[0].reading is theirs[0].reading:
        return False
    first, second = _words(*mine), _words(*theirs)
    return len(first & second) >= 3 and len(first & second) >= TWINS * len(first | second)


def _words(passage: Passage, short: Short) -> set[str]:
    return {
        key
        for key, found in passage.reading.keys[passage.index].items()
        if found.end <= short.span.start or found.start >= short.span.end
    }


def _as_good(first: _Group, other: _Group) -> bool:
    """Whether another answer's sentence speaks of the question as fully as the first one's, and gives that answer first."""
    best, (passage, short) = first.passages[0], other.passages[0]
    mine, theirs = _words(*best), _words(passage, short)
    alike = len(mine & theirs) >= ALIKE_ENOUGH * min(len(mine), len(theirs))
    return (
        short.kind in WANTS and passage.shorts[0] is short and alike and passage.coverage >= max(0.95 * best[0].coverage, SURELY)
        and passage.missing == 0 and passage.close >= 0.8 * best[0].close
    )  # fmt: skip


def _disagreement(rivals: Sequence[_Group]) -> Disagreement:
    return Disagreement(
        sides=tuple(
            AskSide(
                value=group.short.text,
                numbers=tuple(group.numbers),
                outlets=len({outlet(passage.reading) for passage, _ in group.passages}),
            )
            for group in rivals
        )
    )


def _to_show(
    passages: Sequence[Passage], groups: Sequence[_Group], rivals: Sequence[_Group], *, topic: bool
) -> list[tuple[Passage, Short | None]]:
    if rivals:
        return [_fullest(group) for group in rivals]
    shown: list[tuple[Passage, Short | None]] = []
    if groups:
        shown.append(_fullest(groups[0]))
    for passage in passages:
        if len(shown) >= (PER_TOPIC if topic else PER_PART):
            break
        if topic and any(passage.reading is other.reading for other, _ in shown):
            continue
        if all(passage is not other and passage.text != other.text for other, _ in shown):
            shown.append((passage, _short_of(passage, groups)))
    return shown


def _fullest(group: _Group) -> tuple[Passage, Short]:
    """The best sentence of those that say as much as any: the day rather than the year, the full name rather than the surname."""
    best = group.passages[0][0].score
    enough = 3 if group.short.kind == "when" else 2
    return max(
        group.passages,
        key=lambda pair: (min(pair[1].exactness, enough) if pair[0].score >= FULLEST * best else 0, pair[0].score),
    )


def _short_of(passage: Passage, groups: Sequence[_Group]) -> Short | None:
    for group in groups[:1]:
        for other, short in group.passages:
            if other is passage:
                return short
    return passage.shorts[0] if passage.shorts else None


def _sentence(passage: Passage, told: Short | None) -> AnswerSentence:
    """A sentence as it stands in its post; line breaks inside become blanks, so that places keep."""
    span = passage.span
    text = "".join(" " if character.isspace() else character for character in passage.text)
    spans: tuple[Span, ...] = ()
    if told is not None:
        spans = (Span(start=told.span.start - span.start, end=told.span.end - span.start),)
    return AnswerSentence(text=text, citations=(Citation(number=passage.reading.source.number, spans=(span,)),), by="picked", told=spans)
