"""A summary that can be trusted: the model's sentences that stand in the text, else the text's own sentences."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import TypeVar

import numpy as np
import regex

from engine.errors import EngineError
from engine.language import extractive, injection, lexicon, output, prompts
from engine.language.evidence import Checker, Similarity
from engine.language.foreign import clean
from engine.language.model import TextModel
from engine.language.sentences import count_words, split
from engine.types import Floats, Summary, SummarySentence, Vectors
from engine.workers.supervisor import CancelledError

log = logging.getLogger(__name__)

Embed = Callable[[Sequence[str]], Vectors]
Cancelled = Callable[[], bool]
Steps = Generator[None, None, Summary]
Found = TypeVar("Found")

# Of a post that the model reads. A small model writes truer sentences about 2,400 characters than about 6,000, and
# reading is most of the time that a summary takes.
MODEL_CHARACTERS = 2400
PROMPT_TOKENS = 1200  # where characters are tokens, as in Chinese, the post is cut here
TOKENS_PER_WORD = 1.6
STRANGENESS = 2.0  # words that do not stand in the post are e² times less likely
FROM_WORDS = 45  # shorter texts are not worth a model's time
LEAST_WORDS = 3  # of a sentence
ENOUGH_WORDS = 8  # a summary with fewer supported words than this is none
WALL_SECONDS = 30.0  # what was written by then is what there is
STEP_SECONDS = 0.25
MAX_TRIES = 2  # in idle time, of a summary that was slow or failed
_PASSING = ("slow", "failed")
_FREE_WORDS = " ".join(sorted(lexicon.FUNCTION_WORDS | lexicon.REPORTING))

__all__ = ["count_words", "counted", "owed", "prompt_name", "summarise", "write"]


def owed(known: Summary | None) -> bool:
    """Whether a model should write, or write again, where this is what is kept; what was in its way may be gone."""
    if known is None or known.note in ("no_model", "off"):
        return True
    return known.note in _PASSING and known.tries < MAX_TRIES


def counted(found: Summary, before: Summary | None) -> Summary:
    """Return a summary that knows how often it was tried, given what was kept before."""
    again = found.note in _PASSING and before is not None and before.note in _PASSING
    return replace(found, tries=before.tries + 1) if again and before is not None else found
_REFERS = regex.compile(r"\W*(?:it|they|he|she|this|these|those|its|their|his|her)\b", regex.IGNORECASE)


def prompt_name(max_words: int, wish: str = "", article: str = "") -> str:
    """The key under which summaries of this prompt are kept; `article`: what was read in place of a post's own text."""
    name = f"{prompts.SUMMARY_VERSION}/{max_words}"
    if wish:
        name += f"/{hashlib.blake2b(wish.encode(), digest_size=8).hexdigest()}"
    return f"{name}/of {hashlib.blake2b(article.encode(), digest_size=8).hexdigest()}" if article else name


def summarise(
    text: str,
    *,
    title: str = "",
    generate: TextModel | None,
    template: str = "chatml",
    model: str = "",
    embed: Embed | None = None,
    max_words: int = 60,
    wish: str = "",
    off: bool = False,
    spoken: bool = True,
    cancelled: Cancelled | None = None,
    seconds: float = WALL_SECONDS,
) -> Summary:
    """Summarise a plain text; see `write`."""
    return finish(
        write(
            text,
            title=title,
            generate=generate,
            template=template,
            model=model,
            embed=embed,
            max_words=max_words,
            wish=wish,
            off=off,
            spoken=spoken,
            cancelled=cancelled,
            urgent=True,
            seconds=seconds,
        )
    )


def finish(steps: Generator[None, None, Found]) -> Found:
    """Take all steps and return what they return."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Found = end.value
            return found


def write(
    text: str,
    *,
    title: str = "",
    generate: TextModel | None,
    template: str = "chatml",
    model: str = "",
    embed: Embed | None = None,
    max_words: int = 60,
    wish: str = "",
    off: bool = False,
    spoken: bool = True,
    cancelled: Cancelled | None = None,
    urgent: bool = False,
    seconds: float = WALL_SECONDS,
) -> Steps:
    """Summarise a plain text in steps of about a quarter of a second; closing the generator stops the model.

    Every sentence of the model is put to `evidence.Checker`; those that fail are dropped and counted. When nothing
    worth showing is left, or there is no model, sentences are picked, and `Summary.note` says why.

    Args:
        wish: what the person asks of it besides, in their own words.
        cancelled: asked about twenty times a second.   urgent: a person waits for it.
        seconds: how long the model may take, waiting for its turn and loading included.
    Raises:
        CancelledError: `cancelled()` said so, or the worker was closed.
    """
    text = clean(text).text
    if generate is None:
        note = "off" if off else "no_model" if spoken else "language"
        return extractive.summarise(text, max_words=max_words, note=note)
    if count_words(text) < FROM_WORDS:
        return extractive.summarise(text, max_words=max_words, note="short")
    told = injection.blank(text)  # of equal length
    pieces = prompts.summary(template, title, told[:MODEL_CHARACTERS], max_words, wish=wish, fenced=prompts.takes_fences(generate.name))
    written, note = yield from model_text(
        generate, pieces, max_words=max_words, cancelled=cancelled, urgent=urgent, seconds=seconds
    )
    checker = Checker(told, similarity=similarity_of(embed), context=title)
    kept, rejected = kept_sentences(output.plain(written, [title, told]), checker, max_words)
    if worth_showing(kept):
        return Summary(sentences=tuple(kept), method="model", model=model, text=text, rejected=rejected)
    return replace(extractive.summarise(text, max_words=max_words, note=note or "rejected"), rejected=rejected)


def model_text(
    generate: TextModel,
    pieces: Sequence[prompts.Piece],
    *,
    max_words: int,
    cancelled: Cancelled | None = None,
    urgent: bool = False,
    seconds: float = WALL_SECONDS,
    strangeness: float = STRANGENESS,
    max_prompt_tokens: int = PROMPT_TOKENS,
) -> Generator[None, None, tuple[str, str]]:
    """Let the model write on from `pieces` in steps; returns what it wrote by then, and "slow" or "failed" where it
    did not come to its end.

    Args:
        strangeness: by how much words that the prompt has not are less likely, as a logarithm of the odds.
        max_prompt_tokens: the longest foreign text of a longer prompt loses its end.
    Raises:
        CancelledError: `cancelled()` said so, or the worker was closed.
    """
    deadline = time.monotonic() + seconds
    late = False

    def stop() -> bool:
        nonlocal late
        late = time.monotonic() > deadline
        return late or (cancelled is not None and cancelled())

    written = ""
    try:
        parts = generate.complete(
            pieces,
            cancelled=stop,
            urgent=urgent,
            max_tokens=max(round(TOKENS_PER_WORD * max_words), 40),
            max_prompt_tokens=max_prompt_tokens,
            stop_words=max_words,
            strangeness=strangeness,
            free_words=_FREE_WORDS,
        )
        stepped = time.monotonic()
        with closing(parts):
            for part in parts:
                written += part
                if time.monotonic() - stepped > STEP_SECONDS:
                    yield
                    stepped = time.monotonic()
    except CancelledError:
        if not late:
            raise
        log.info("writing took too long seconds=%.0f", seconds)
        return written, "slow"
    except EngineError as error:
        log.info("writing failed kind=%s", type(error).__name__)
        return written, "failed"
    return written, ""


def worth_showing(sentences: Sequence[SummarySentence]) -> bool:
    """Whether what is left of a model's text is a summary."""
    return sum(count_words(sentence.text) for sentence in sentences) >= ENOUGH_WORDS


def kept_sentences(written: str, checker: Checker, max_words: int) -> tuple[list[SummarySentence], int]:
    """Return the sentences that say what the checked text says nearly in its own words, within the length asked, and how
    many were refused.

    "They sail on Mondays" is kept only behind the sentence that stands before it in the text: elsewhere others would sail.
    """
    kept: list[SummarySentence] = []
    rejected, room = 0, max_words
    for sentence in sentences_of(written, max_words):
        length = count_words(sentence)
        if length > room or length < LEAST_WORDS:
            continue
        verdict = checker.check(sentence)
        before = kept[-1].evidence[-1] if kept else None
        if verdict.close and not sentence.endswith((":", "：")) and (not _REFERS.match(sentence) or checker.follows(verdict.spans[0], before)):
            kept.append(SummarySentence(text=sentence, evidence=verdict.spans))
            room -= length
        else:
            rejected += 1
    return kept, rejected


def sentences_of(written: str, max_words: int) -> list[str]:
    """The sentences that a model wrote, each once, without an unfinished last one and those longer than a whole summary."""
    spans = split(written)
    found: dict[str, str] = {}
    for place, span in enumerate(spans):
        sentence = " ".join(written[span.start : span.end].split())
        unfinished = place == len(spans) - 1 and sentence[-1:] not in '.!?…。！？"”’」』'
        if not unfinished and count_words(sentence) <= max_words:
            found.setdefault(sentence.casefold(), sentence)
    return list(found.values())


def similarity_of(embed: Embed | None) -> Similarity | None:
    """Cosines of a sentence to sentences of the source. Without vectors, because the worker fails, they are 0."""
    if embed is None:
        return None

    def similarity(sentence: str, sources: Sequence[str]) -> Sequence[float]:
        try:
            vectors = embed([sentence, *sources])
        except EngineError as error:
            log.info("no vectors for a summary kind=%s", type(error).__name__)
            return [0.0] * len(sources)
        cosines: Floats = vectors[1:] @ vectors[0]
        return [float(value) for value in np.asarray(cosines)]

    return similarity
