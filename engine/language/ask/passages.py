"""Which sentences of which posts answer a question: telling words, their closeness, meaning, and an answer of the right kind.

A sentence is judged together with those around it: what stands beside it, in the title and elsewhere in the post counts less the
farther it stands. Words count by their inverse document frequency among the posts at hand.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import regex

from engine.language.ask.answers import Short, find, unit_asked
from engine.language.ask.words import Key, Question, Term, alike, keys
from engine.language.sentences import count_words, split
from engine.types import AskSource, Span, Vectors

Embed = Callable[[Sequence[str]], Vectors]

MOST_TEXT = 8_000  # characters of a post that are read
MOST_SENTENCES = 120
LONGEST = 420  # characters of a sentence that is shown; longer ones (lists, tables without stops) are cut at commas and blanks
BESIDE, IN_TITLE, ELSEWHERE, PUBLISHED = 0.75, 0.8, 0.45, 0.5  # what a word is worth that stands not in the sentence itself
COVERAGE, MEANING, ANSWER, CLOSE = 0.55, 0.2, 0.15, 0.1  # the parts of a sentence's score
EMBEDDED = 24  # sentences whose vectors are asked for
FOUND = 0.62  # coverage from which on a post is taken to speak of what is asked, …
FOUND_HAN, RELATION_HAN = 0.58, 0.4  # the same where pairs of characters are compared, of which some run across two words
FOUND_NEAR = 0.45  # … where meaning agrees …
FOUND_SHORT, NEAR_SHORT = 0.8, 0.7  # the same where a name, a date or a number is asked for: a near miss there is a false statement
NEAR_COSINE = 0.6  # … by this cosine
MISSING_SHARP = 0.25  # share of the names, numbers and years of a question that a post may lack
ALIKE = 0.85  # what another word for the same is worth
RELATION = 0.5  # share of the words that are no names which has to stand in the sentence or close to it
WANTS = ("who", "when", "where", "how_many")  # kinds of questions whose answer can be recognised
HAN_WANTS = ("when", "how_many")  # in Chinese a name has no capital


@dataclass(frozen=True, slots=True)
class Reading:
    """A post as it is read: its sentences and the words in each."""

    source: AskSource
    spans: tuple[Span, ...]
    keys: tuple[dict[str, Key], ...]  # of each sentence
    all: frozenset[str]
    title: frozenset[str]  # words of the title; () where a sentence of its own is all there is
    titled: bool

    def sentence(self, index: int) -> str:
        span = self.spans[index]
        return self.source.text[span.start : span.end]


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence as an answer to a question."""

    reading: Reading
    index: int
    coverage: float  # of the question's telling words, in [0, 1]
    missing: float  # share of its names, numbers and years that the whole post lacks
    relation: float  # share of its other words that stand in the sentence, or near: what is said of the names
    headed: bool  # what is asked of the names stands in the sentence or beside it
    conflict: bool  # it speaks of another year than the question
    close: float  # how near to each other the words stand
    wants: bool  # the question's answer can be recognised
    chinese: bool  # the question is
    shorts: tuple[Short, ...]  # answers of the right kind, the likeliest first
    cosine: float | None
    score: float

    @property
    def text(self) -> str:
        return self.reading.sentence(self.index)

    @property
    def span(self) -> Span:
        return self.reading.spans[self.index]

    @property
    def answers(self) -> bool:
        """Whether the post speaks of what is asked at all."""
        near = self.cosine is not None and self.cosine >= NEAR_COSINE
        told = bool(self.shorts) or not self.wants
        alone, with_meaning = (FOUND_HAN, FOUND_HAN) if self.chinese else (FOUND_SHORT, NEAR_SHORT) if self.wants else (FOUND, FOUND_NEAR)
        spoken = self.coverage >= (with_meaning if near else alone)
        return told and spoken and self.missing <= MISSING_SHARP and self.relation >= (RELATION_HAN if self.chinese else RELATION) and self.headed and not self.conflict


def read(source: AskSource) -> Reading:
    """Read a post."""
    text = source.text[:MOST_TEXT]
    spans = [piece for span in split(text)[:MOST_SENTENCES] for piece in _short_enough(text, span)]
    found: list[dict[str, Key]] = [{} for _ in spans]
    for key in keys(text, [(span.start, span.end) for span in spans]):
        found[key.sentence].setdefault(key.key, key)
    titled = bool(source.title) and len(spans) > 1 and spans[0].end <= len(source.title) + 1
    title = frozenset(found[0]) if titled else frozenset()
    return Reading(source, tuple(spans), tuple(found), frozenset(key for one in found for key in one), title, titled)


def _short_enough(text: str, span: Span) -> list[Span]:
    pieces = []
    start = span.start
    while span.end - start > LONGEST:
        cut = max((text.rfind(mark, start + LONGEST // 2, start + LONGEST) for mark in (";", "；", "，", ", ", "、", "\t", " ")), default=-1)
        end = cut + 1 if cut > 0 else start + LONGEST
        pieces.append(Span(start=start, end=end))
        start = end
    pieces.append(Span(start=start, end=span.end))
    return [piece for one in pieces if (piece := _trimmed(text, one)).end > piece.start]


def _trimmed(text: str, span: Span) -> Span:
    start, end = span.start, span.end
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start=start, end=end)


def rank(question: Question, readings: Sequence[Reading], *, embed: Embed | None = None) -> list[Passage]:
    """Return every sentence that holds a telling word or could be meant, the best first.

    Args:
        embed: vectors of texts, where a model speaks the language; asked once, for the question and the likeliest sentences.
    """
    weights = _weights(question.terms, readings)
    own = frozenset(term.key for term in question.terms)
    passages = [
        passage
        for reading in readings
        for index in range(len(reading.spans))
        if (passage := _judge(question, weights, own, reading, index)) is not None
    ]
    passages.sort(key=lambda passage: -passage.score)
    if embed is not None and passages:
        passages = _with_meaning(question, passages, embed)
    return passages


def _weights(terms: Sequence[Term], readings: Sequence[Reading]) -> dict[str, float]:
    count = max(len(readings), 1)
    weights = {}
    for term in terms:
        held = sum(1 for reading in readings if term.key in reading.all)
        rarity = math.log(1 + count / max(held, 1)) / math.log(1 + count)
        weights[term.key] = term.weight * (0.6 + 0.4 * rarity)
    return weights


def _judge(question: Question, weights: dict[str, float], own: frozenset[str], reading: Reading, index: int) -> Passage | None:
    here = reading.keys[index]
    beside = [reading.keys[place] for place in (index - 1, index + 1) if 0 <= place < len(reading.keys)]
    published = reading.source.published_at
    covered, held, lacking, sharp, related, relations = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    heads, headed = 0, 0
    standing: list[Key] = []
    said: list[Key] = []  # what is said of the names
    for term in question.terms:
        weight = weights[term.key]
        others = alike(term.key)
        other = next((here[key] for key in others if key in here), None)
        share = 0.0
        if term.key in here:
            share = 1.0
            standing.append(here[term.key])
        elif other is not None:
            share = ALIKE
            standing.append(other)
        elif term.key in reading.title:
            share = IN_TITLE
        elif any(term.key in words or not others.isdisjoint(words) for words in beside):
            share = BESIDE
        elif term.key in reading.all:
            share = ELSEWHERE
        elif published is not None and term.key == f"#{published.year}":
            share = PUBLISHED
        covered += weight * share
        held += weight if share in (1.0, ALIKE) else 0.0
        if term.head:
            heads += 1
            # Who did it stands in the sentence that says what was done.
            headed += share >= ALIKE if question.kind == "who" and not question.chinese else share > ELSEWHERE
        if term.sharp:
            sharp += weight
            far = term.key.startswith("#") and share <= ELSEWHERE and share != PUBLISHED  # a year or a number says something only where it stands
            lacking += weight if far or not share else 0.0
        elif term.weight >= 0.8:
            relations += weight
            related += weight * (share if share > ELSEWHERE else 0.0)
            if share in (1.0, ALIKE):
                said.append(standing[-1])
    if not standing and not (reading.title & own):
        return None
    span = reading.spans[index]
    total = sum(weights.values())
    passage = Passage(
        reading=reading, index=index, coverage=covered / total if total else 0.0, missing=lacking / sharp if sharp else 0.0,
        relation=related / relations if relations else 1.0, headed=not heads or headed > 0, conflict=_other_year(question, here),
        close=_closeness(standing, held / total if total else 0.0), wants=question.kind in (HAN_WANTS if question.chinese else WANTS), shorts=_shorts(question, reading, span, standing, said),
        chinese=question.chinese,
        cosine=None, score=0.0,
    )  # fmt: skip
    return replace(passage, score=_score(passage))


def _other_year(question: Question, here: dict[str, Key]) -> bool:
    """Whether a sentence names years, and none of those that are asked about."""
    asked = {term.key for term in question.terms if _YEAR.fullmatch(term.key)}
    named = {key for key, found in here.items() if found.token.family == "year"}
    return bool(asked) and bool(named) and asked.isdisjoint(named)


def _score(passage: Passage) -> float:
    """In [0, 1]."""
    answer = 1.0 if passage.shorts else 0.0 if passage.wants else 0.6
    if passage.reading.titled and passage.index == 0:
        answer *= 0.7  # a headline says less than what stands below it
    if count_words(passage.text) < 4:
        answer *= 0.5
    score = COVERAGE * passage.coverage + ANSWER * answer + CLOSE * passage.close
    if passage.cosine is None:
        return score / (1 - MEANING)
    return score + MEANING * max(min(passage.cosine, 1.0), 0.0)


def _closeness(standing: Sequence[Key], held: float) -> float:
    """How near to each other the question's words stand in a sentence that holds this share of them, in [0, 1]."""
    if not standing:
        return 0.0
    places = sorted(key.start for key in standing)
    return held / (1 + (places[-1] - places[0]) / 160)


def _shorts(
    question: Question, reading: Reading, span: Span, standing: Sequence[Key], said: Sequence[Key]
) -> tuple[Short, ...]:
    """Return the short answers in a sentence, the likeliest first; what the question says itself is none."""
    text = reading.source.text
    asked = {key.key for key in keys(question.text)} | {term.key for term in question.terms}
    asked |= {other for key in asked for other in alike(key)}
    heads = {term.key for term in question.terms if term.head}
    doing = [key for key in said if key.key in heads or not heads.isdisjoint(alike(key.key))]
    said = doing or said
    unit = unit_asked(question.text) if question.kind == "how_many" else ""
    found: list[tuple[float, Short]] = []
    for short in find(text, span.start, span.end, question.kind):
        named = _without_asked(short, text, asked)
        if named is None or (unit in ("%", "money") and named.value[1] != unit):
            continue
        far = float(min((max(key.start - named.span.end, named.span.start - key.end, 0) for key in standing), default=200))
        if question.kind == "when":
            far -= 15 * named.exactness
        if question.kind == "who" and not question.chinese:
            role = _role(named, text, said, object_asked=bool(_OBJECT.search(question.text)))
            if role > 0 and doing:
                continue
            far += role
        if unit and question.kind == "how_many" and unit not in ("%", "money"):
            far -= 60 if unit in {key.key for key in keys(text[named.span.start : named.span.end + 30])} else 0
        found.append((far, named))
    return tuple(short for _, short in sorted(found, key=lambda pair: (pair[0], pair[1].span.start)))


_YEAR = regex.compile(r"#(?:1[5-9]|20)\d\d")
_OBJECT = regex.compile(r"\bwhom?\s(?:did|does|do|will|would)\s\p{L}+", regex.IGNORECASE)
_BY = regex.compile(r"^\W*(?:(?:\p{L}+\s){0,3}(?:by|to)\s(?:the\s)?(?:\p{L}+\s){0,2}|(?:is|was|are|were)\s|)\W*$", regex.IGNORECASE)


def _role(short: Short, text: str, said: Sequence[Key], *, object_asked: bool) -> float:
    """How unlikely a name is who did it: who does stands before the word that says what was done, or after "by"."""
    costs: list[float] = []
    for key in said:
        if short.span.end <= key.start:
            costs.append(10 if object_asked else -25)
        else:
            by = _BY.search(text[key.end : short.span.start])
            costs.append(-40 if by and not object_asked else 10 if not object_asked else -25)
    return min(costs, default=0.0)


def _without_asked(short: Short, text: str, asked: set[str]) -> Short | None:
    """Cut what the question says itself off a short answer; None when nothing is left.

    In a headline that is all in capitals a name runs on into what is said of it.
    """
    if short.kind in ("when", "how_many"):
        said = {key.key for key in keys(short.text)}
        return None if said and said <= asked else short
    if short.text.isupper() and len(short.text) > 5:
        return None
    inside = [key for key in keys(short.text) if key.key in asked]
    if not inside:
        return short
    if any(_HAN.search(key.key) for key in inside):
        return None
    start, best = 0, (0, 0)
    for begin, end in [*((key.start, key.end) for key in inside), (len(short.text), len(short.text))]:
        best = max(best, (start, begin), key=lambda piece: piece[1] - piece[0])
        start = end
    piece = short.text[best[0] : best[1]]
    left = piece.strip(" ,.-–'’&")
    if len(left) < 3 or not left[0].isupper() or left.casefold() in ("the", "and", "s"):
        return None
    first = short.span.start + best[0] + piece.index(left)
    again = find(text, first, first + len(left), "who")
    return replace(again[0], kind=short.kind) if again else None


_HAN = regex.compile(r"\p{Han}")


def _with_meaning(question: Question, passages: Sequence[Passage], embed: Embed) -> list[Passage]:
    nearest, others = list(passages[:EMBEDDED]), passages[EMBEDDED:]
    texts = [_around(passage) for passage in nearest]
    vectors = embed([question.text, *texts])
    cosines = vectors[1:] @ vectors[0]
    judged = []
    for passage, cosine in zip(nearest, np.asarray(cosines).tolist(), strict=True):
        passage = replace(passage, cosine=float(cosine))
        judged.append(replace(passage, score=_score(passage)))
    # Those without a vector are held to what they have: none of them may pass one that was looked at.
    floor = min(passage.score for passage in judged)
    rest = [replace(passage, score=min(passage.score * (1 - MEANING), floor)) for passage in others]
    return sorted(judged, key=lambda passage: -passage.score) + rest


def _around(passage: Passage) -> str:
    """A sentence with its title: alone it may not say what it is about."""
    title = passage.reading.source.title if passage.reading.titled and passage.index else ""
    return f"{title}. {passage.text}" if title else passage.text
