"""A summary that can be trusted: the model's sentences that stand in the text, else the text's own sentences."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import replace

import numpy as np

from engine.errors import EngineError
from engine.language import extractive, lexicon, prompts
from engine.language.evidence import Checker, Similarity
from engine.language.sentences import count_words, split
from engine.types import Floats, Summary, SummarySentence, Vectors
from engine.workers.clients import GenerateWorker
from engine.workers.supervisor import CancelledError

log = logging.getLogger(__name__)

Embed = Callable[[Sequence[str]], Vectors]
Cancelled = Callable[[], bool]
Steps = Generator[None, None, Summary]

# Of a post that the model reads. A small model writes truer sentences about 2,400 characters than about 6,000, and
# reading is most of the time that a summary takes.
MODEL_CHARACTERS = 2400
PROMPT_TOKENS = 1200  # where characters are tokens, as in Chinese, the post is cut here
TOKENS_PER_WORD = 1.6
STRANGENESS = 2.0  # words that do not stand in the post are e² times less likely
FROM_WORDS = 45  # shorter texts are not worth a model's time
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


def prompt_name(max_words: int) -> str:
    """The key under which summaries of this prompt are kept."""
    return f"{prompts.SUMMARY_VERSION}/{max_words}"


def summarise(
    text: str,
    *,
    title: str = "",
    generate: GenerateWorker | None,
    template: str = "chatml",
    model: str = "",
    embed: Embed | None = None,
    max_words: int = 60,
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
            off=off,
            spoken=spoken,
            cancelled=cancelled,
            urgent=True,
            seconds=seconds,
        )
    )


def finish(steps: Steps) -> Summary:
    """Take all steps and return what they return."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Summary = end.value
            return found


def write(
    text: str,
    *,
    title: str = "",
    generate: GenerateWorker | None,
    template: str = "chatml",
    model: str = "",
    embed: Embed | None = None,
    max_words: int = 60,
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
        cancelled: asked about twenty times a second.   urgent: a person waits for it.
        seconds: how long the model may take, waiting for its turn and loading included.
    Raises:
        CancelledError: `cancelled()` said so, or the worker was closed.
    """
    if generate is None:
        note = "off" if off else "no_model" if spoken else "language"
        return extractive.summarise(text, max_words=max_words, note=note)
    if count_words(text) < FROM_WORDS:
        return extractive.summarise(text, max_words=max_words, note="short")
    deadline = time.monotonic() + seconds
    late = False

    def stop() -> bool:
        nonlocal late
        late = time.monotonic() > deadline
        return late or (cancelled is not None and cancelled())

    note = "rejected"
    written = ""
    try:
        pieces = generate.complete(
            prompts.summary(template, title, text[:MODEL_CHARACTERS], max_words),
            cancelled=stop,
            urgent=urgent,
            max_tokens=max(round(TOKENS_PER_WORD * max_words), 40),
            max_prompt_tokens=PROMPT_TOKENS,
            stop_words=max_words,
            strangeness=STRANGENESS,
            free_words=_FREE_WORDS,
        )
        stepped = time.monotonic()
        with closing(pieces):
            for piece in pieces:
                written += piece
                if time.monotonic() - stepped > STEP_SECONDS:
                    yield
                    stepped = time.monotonic()
    except CancelledError:
        if not late:
            raise
        log.info("summary took too long seconds=%.0f", seconds)
        note = "slow"
    except EngineError as error:
        log.info("summary failed kind=%s", type(error).__name__)
        note = "failed"
    kept, rejected = _kept(written, text, title, embed, max_words)
    if sum(count_words(sentence.text) for sentence in kept) >= ENOUGH_WORDS:
        return Summary(sentences=tuple(kept), method="model", model=model, text=text, rejected=rejected)
    picked = extractive.summarise(text, max_words=max_words, note=note)
    return Summary(
        sentences=picked.sentences, method="extractive", model="", text=text, rejected=rejected, note=note
    )


def _kept(
    written: str, text: str, title: str, embed: Embed | None, max_words: int
) -> tuple[list[SummarySentence], int]:
    """Return the sentences that the text supports, within the length asked, and how many were refused."""
    checker = Checker(text, similarity=_similarity(embed) if embed is not None else None, context=title)
    kept: list[SummarySentence] = []
    seen: set[str] = set()
    rejected, room = 0, max_words
    spans = split(written)
    for place, span in enumerate(spans):
        sentence = " ".join(written[span.start : span.end].split())
        length = count_words(sentence)
        unfinished = place == len(spans) - 1 and sentence[-1:] not in '.!?…。！？"”’』」'
        if unfinished or length > room or sentence.casefold() in seen:
            continue
        seen.add(sentence.casefold())
        verdict = checker.check(sentence)
        if verdict.ok:
            kept.append(SummarySentence(text=sentence, evidence=verdict.spans))
            room -= length
        else:
            rejected += 1
    return kept, rejected


def _similarity(embed: Embed) -> Similarity:
    """Cosines of a sentence to sentences of the source. Without vectors, because the worker fails, they are 0."""

    def similarity(sentence: str, sources: Sequence[str]) -> Sequence[float]:
        try:
            vectors = embed([sentence, *sources])
        except EngineError as error:
            log.info("no vectors for a summary kind=%s", type(error).__name__)
            return [0.0] * len(sources)
        cosines: Floats = vectors[1:] @ vectors[0]
        return [float(value) for value in np.asarray(cosines)]

    return similarity
