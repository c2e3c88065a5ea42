"""A summary that can be trusted: the model's sentences that stand in the text, else the text's own sentences."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from engine.errors import EngineError
from engine.language import extractive, prompts
from engine.language.evidence import Checker, Similarity
from engine.language.extractive import Embed
from engine.language.sentences import count_words, split
from engine.types import Summary, SummarySentence, Vectors
from engine.workers.clients import GenerateWorker

log = logging.getLogger(__name__)

MODEL_CHARACTERS = 6000  # of a post that the model reads
FROM_WORDS = 45  # shorter texts are not worth a model's time
ENOUGH_WORDS = 8  # a summary with fewer supported words than this is none

__all__ = ["count_words", "prompt_name", "summarise"]


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
) -> Summary:
    """Summarise a plain text.

    Every sentence of the model is put to `evidence.Checker`; those that fail are dropped and counted. When nothing
    worth showing is left, or there is no model, sentences are picked, and `Summary.note` says why.
    """
    if generate is None:
        note = "off" if off else "no_model" if spoken else "language"
        return extractive.summarise(text, max_words=max_words, embed=embed, note=note)
    if count_words(text) < FROM_WORDS:
        return extractive.summarise(text, max_words=max_words, embed=embed, note="short")
    read = text[:MODEL_CHARACTERS]
    try:
        written = "".join(
            generate.complete(prompts.summary(template, title, read, max_words), max_tokens=3 * max_words)
        )
    except EngineError as error:
        log.info("summary failed kind=%s", type(error).__name__)
        return extractive.summarise(text, max_words=max_words, embed=embed, note="failed")
    kept, rejected = _kept(written, text, title, embed, max_words)
    if sum(count_words(sentence.text) for sentence in kept) < ENOUGH_WORDS:
        picked = extractive.summarise(text, max_words=max_words, embed=embed, note="rejected")
        return Summary(
            sentences=picked.sentences, method="extractive", model="", text=text, rejected=rejected, note="rejected"
        )
    return Summary(sentences=tuple(kept), method="model", model=model, text=text, rejected=rejected)


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
    """Cosines of a sentence to the source's sentences, which are embedded once."""
    known: dict[tuple[str, ...], Vectors] = {}

    def similarity(sentence: str, sources: Sequence[str]) -> Sequence[float]:
        key = tuple(sources)
        if key not in known:
            known[key] = embed(sources)
        vectors = known[key]
        return [float(value) for value in vectors @ embed([sentence])[0]]

    return similarity
