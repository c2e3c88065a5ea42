"""Answering a question from posts: picked sentences at once, the language model's where every one of them stands in its source."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

import regex

from engine.errors import EngineError
from engine.language import output, prompts
from engine.language.ask.answers import find
from engine.language.ask.passages import Embed, Passage, read
from engine.language.ask.picking import Picked, overview, pick
from engine.language.ask.words import Question, keys, parts, understand
from engine.language.evidence import Checker
from engine.language.sentences import count_words, split
from engine.types import (
    Answer,
    AnswerSentence,
    AskDone,
    AskDraft,
    AskEvent,
    AskSource,
    Citation,
    Looked,
    Span,
)
from engine.workers.supervisor import CancelledError

log = logging.getLogger(__name__)

Cancelled = Callable[[], bool]

MODEL_CHARACTERS = 900  # of the passage that the model reads
MODEL_TOKENS = 70
WALL_SECONDS = 30.0  # what the model wrote by then is what there is
MOST_FOLLOW_UPS = 3

__all__ = ["Asked", "answer", "examples", "follow_up_questions", "understand"]
_HAN = regex.compile(r"\p{Han}")


class Writer(Protocol):
    """The part of a `TextModel` that an answer needs."""

    def complete(
        self, pieces: Sequence[Sequence[str]], *, cancelled: Cancelled | None = None, urgent: bool = False, **options: Any
    ) -> Generator[str, None, None]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked, and what may be used to answer it.

    `note`: why there is no model, as a key of `Answer.note`.
    """

    question: Question
    now: datetime
    model: Writer | None = None
    template: str = "chatml"  # of the model
    name: str = ""
    note: str = ""
    cancelled: Cancelled | None = None


def answer(
    asked: Asked, sources: Sequence[AskSource], looked: Looked, *, embed: Embed | None = None, drafts: bool = True
) -> Iterator[AskEvent]:
    """Answer from sources, the last event being `AskDone`.

    Args:
        embed: vectors where a model speaks the question's language.   drafts: tell what was picked before the model writes.
    Raises:
        CancelledError.
    """
    readings = [read(source) for source in sources]
    if asked.question.broad:
        picked = overview(readings)
        asked = replace(asked, model=None)
    else:
        picked = pick(parts(asked.question, now=asked.now), readings, embed=embed)
    looked = replace(looked, by_meaning=embed is not None)
    if picked is None:
        yield AskDone(answer=Answer(question=asked.question.text, asked=" ".join(asked.question.words), method="nothing", looked=looked))
        return
    found = _picked_answer(asked, picked, sources, looked)
    if asked.model is None or picked.disagreements:
        note = "disagreement" if picked.disagreements and asked.model is not None else asked.note
        yield AskDone(answer=replace(found, note=note))
        return
    if drafts:
        yield AskDraft(answer=found)
    yield AskDone(answer=_written(asked, asked.model, picked, found))


def _picked_answer(asked: Asked, picked: Picked, sources: Sequence[AskSource], looked: Looked) -> Answer:
    """Put an answer together of picked sentences; its sources are numbered anew in the order in which they are cited."""
    order = list(dict.fromkeys(citation.number for sentence in picked.sentences for citation in sentence.citations))
    for disagreement in picked.disagreements:
        order += [number for side in disagreement.sides for number in side.numbers if number not in order]
    new = {number: place for place, number in enumerate(order, 1)}
    by_number = {source.number: source for source in sources}
    sentences = tuple(
        replace(sentence, citations=tuple(replace(citation, number=new[citation.number]) for citation in sentence.citations))
        for sentence in picked.sentences
    )
    disagreements = tuple(
        replace(found, sides=tuple(replace(side, numbers=tuple(new[number] for number in side.numbers)) for side in found.sides))
        for found in picked.disagreements
    )
    cited = tuple(replace(by_number[number], number=place) for number, place in new.items())
    return Answer(
        question=asked.question.text, asked=" ".join(asked.question.words), method="picked", sentences=sentences, sources=cited,
        disagreements=disagreements, looked=looked, follow_ups=follow_up_questions(asked.question, picked.passages),
    )  # fmt: skip


# ---- the language model ------------------------------------------------------------------------------

_INSTRUCTIONS = (
    "You answer a question from a text. Use only what the text says, with its own names and numbers. "
    "Answer in one short, whole sentence. No introduction, no opinion."
)


def _written(asked: Asked, model: Writer, picked: Picked, found: Answer) -> Answer:
    """Put the model's sentence before the picked ones where the passage supports it and it gives the answer that was picked."""
    passage = picked.passages[0]
    text, _ = _context(passage)
    deadline = time.monotonic() + WALL_SECONDS
    late = False

    def stop() -> bool:
        nonlocal late
        late = time.monotonic() > deadline
        return late or (asked.cancelled is not None and asked.cancelled())

    written, note = "", ""
    try:
        pieces = model.complete(
            prompts.chat(asked.template, _INSTRUCTIONS, [text], f"Question: {asked.question.text}\n"),
            cancelled=stop, urgent=True, max_tokens=MODEL_TOKENS, max_prompt_tokens=900, stop=["\n\n", "[text", "[end"],
        )  # fmt: skip
        with closing(pieces):
            for piece in pieces:
                written += piece
    except CancelledError:
        if not late:
            raise
        note = "slow"
    except EngineError as error:
        log.info("an answer could not be written kind=%s", type(error).__name__)
        note = "failed"
    sentences, rejected = _kept(written, asked.question, passage, picked)
    if sentences and _flat(sentences[0].text) in _flat(text):
        return replace(found, rejected=rejected)  # it only says again what is shown: the post's words stay the post's
    if not sentences:
        return replace(found, note=note or "rejected", rejected=rejected)
    number = found.sentences[0].citations[0].number
    shown = tuple(replace(sentence, citations=tuple(replace(one, number=number) for one in sentence.citations)) for sentence in sentences)
    return replace(found, method="model", model=asked.name, rejected=rejected, sentences=(*shown, *found.sentences))


def _context(passage: Passage) -> tuple[str, int]:
    """Return the sentence with those around it, and where in the source that begins."""
    reading = passage.reading
    first = max(0, passage.index - 2)
    last = min(len(reading.spans) - 1, passage.index + 2)
    start, end = reading.spans[first].start, reading.spans[last].end
    if end - start > MODEL_CHARACTERS:
        start, end = passage.span.start, min(end, passage.span.start + MODEL_CHARACTERS)
    return reading.source.text[start:end], start


def _kept(written: str, question: Question, passage: Passage, picked: Picked) -> tuple[list[AnswerSentence], int]:
    """Return the first sentence of the model that the passage supports and that answers, and how many were refused."""
    text, offset = _context(passage)
    checker = Checker(text, context=f"{passage.reading.source.title} {question.text}")
    rejected = 0
    written = output.plain(written, [text])
    for span in split(written)[:2]:
        sentence = " ".join(written[span.start : span.end].split())
        if sentence[-1:] not in '.!?…。！？"”’』」' or count_words(sentence) < 3:
            continue
        verdict = checker.check(sentence)
        told = _told(sentence, picked)
        says = bool(told) or picked.short is None
        if "[" in sentence and "[" not in text:  # fences, and places left open
            rejected += 1
            continue
        if verdict.ok and verdict.spans and says and _of_the_question(sentence, question):
            spans = tuple(Span(start=span.start + offset, end=span.end + offset) for span in verdict.spans)
            citation = Citation(number=passage.reading.source.number, spans=spans)
            return [AnswerSentence(text=sentence, citations=(citation,), by="model", told=told)], rejected
        rejected += 1
    return [], rejected


def _flat(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".")


def _told(sentence: str, picked: Picked) -> tuple[Span, ...]:
    """Where the short answer stands in a sentence of the model."""
    if picked.short is None:
        return ()
    start = sentence.casefold().find(picked.short.text.casefold())
    return (Span(start=start, end=start + len(picked.short.text)),) if start >= 0 else ()


def _of_the_question(sentence: str, question: Question) -> bool:
    """Whether a sentence speaks of what is asked, and does not only repeat some other part of the passage."""
    said = {key.key for key in keys(sentence)}
    total = sum(term.weight for term in question.terms)
    return not total or sum(term.weight for term in question.terms if term.key in said) >= 0.3 * total


# ---- what else could be asked --------------------------------------------------------------------------


def follow_up_questions(question: Question, passages: Sequence[Passage]) -> tuple[str, ...]:
    """Return questions about names in the sources that the question did not name; no model makes them."""
    asked = {key.key for key in keys(question.text)} | {term.key for term in question.terms}
    counts: dict[str, tuple[int, str]] = {}
    for passage in passages:
        reading = passage.reading
        for index, span in enumerate(reading.spans):
            near = 3 if index == passage.index else 1
            for short in find(reading.source.text, span.start, span.end, "what" if question.chinese else "who"):
                said = {key.key for key in keys(short.text)}
                if not said or said & asked or len(short.text) > 40 or len(short.text.split()) > 4:
                    continue
                count, _ = counts.get(short.text, (0, ""))
                counts[short.text] = (count + near, short.text)
    best = sorted(counts.values(), key=lambda pair: -pair[0])[:MOST_FOLLOW_UPS]
    form = "关于{name}还有什么消息？" if question.chinese else "What else is said about {name}?"
    return tuple(form.format(name=name) for _, name in best)


def examples(titles: Sequence[str], feed: str = "") -> list[str]:
    """Return questions about names that stand in titles, those that stand in most of them first, about a feed, and one about the app."""
    counts: dict[str, int] = {}
    for title in titles:
        if title.isupper():
            continue
        for name in {short.text for short in find(title, 0, len(title), "what")}:
            if 3 <= len(name) <= 30 and len(name.split()) <= 3 and not title.startswith(name):
                counts[name] = counts.get(name, 0) + 1
    best = sorted(counts, key=lambda name: -counts[name])[:MOST_FOLLOW_UPS]
    forms = [("关于{name}有什么消息？" if _HAN.search(name) else "What is new about {name}?").format(name=name) for name in best]
    if feed:
        forms.append(("{feed}上周说了什么？" if _HAN.search(feed) else "What did {feed} write last week?").format(feed=feed))
    return [*forms, "How do I mute a topic?"]
