"""What is said in the comments below a post: each sentence stands in one comment, so that nobody is given another's words."""

from __future__ import annotations

from collections.abc import Sequence

import regex

from engine.language import extractive, output, prompts
from engine.language.evidence import Checker
from engine.language.foreign import clean
from engine.language.model import TextModel
from engine.language.sentences import count_words
from engine.language.summary import (
    FROM_WORDS,
    MODEL_CHARACTERS,
    WALL_SECONDS,
    Cancelled,
    Embed,
    Steps,
    model_text,
    sentences_of,
    similarity_of,
    worth_showing,
)
from engine.language.tokens import read
from engine.types import Comment, Span, Summary, SummarySentence

MOST_COMMENTS = 300
MODEL_COMMENTS = 12  # that the model reads
COMMENT_CHARACTERS = 600  # of one that it reads
WORTH_LOOKING = 0.6  # share of a sentence's words that a comment must have

_QUOTED = regex.compile(r"^\s*(?:>|＞)")


def comment_text(comments: Sequence[Comment]) -> tuple[str, list[Span]]:
    """Return one text of all comments, and where each stands in it; lines that only quote are left out."""
    text, spans = "", []
    for comment in comments[:MOST_COMMENTS]:
        lines = [line for line in clean(comment.text).text.splitlines() if not _QUOTED.match(line)]
        own = "\n".join(lines).strip()
        start = len(text)
        text += f"{own}\n\n" if own else ""
        spans.append(Span(start=start, end=start + len(own)))
    return text, spans


def write(
    comments: Sequence[Comment],
    *,
    title: str = "",
    generate: TextModel | None,
    template: str = "chatml",
    model: str = "",
    embed: Embed | None = None,
    max_words: int = 80,
    note: str = "no_model",
    cancelled: Cancelled | None = None,
    urgent: bool = False,
    seconds: float = WALL_SECONDS,
) -> Steps:
    """Sum up comments in steps, as `summary.write` does; spans of the result index `comment_text(comments)`.

    Args:
        note: why there is no model, where there is none.
    """
    text, spans = comment_text(comments)
    if generate is None or count_words(text) < FROM_WORDS:
        return extractive.summarise(text, max_words=max_words, note=note if generate is None else "short")
    asked = [text[span.start : span.end][:COMMENT_CHARACTERS] for span in _telling(comments, spans)]
    instructions = (
        f"You summarise what people wrote below a post in at most {max_words} words. Use only what they say, with their own "
        "numbers and names. Write two or three plain sentences. No introduction, no opinion, no list."
    )
    pieces = prompts.chat(template, instructions, asked, "Summarise these comments.")
    written, trouble = yield from model_text(
        generate, pieces, max_words=max_words, cancelled=cancelled, urgent=urgent, seconds=seconds
    )
    kept: list[SummarySentence] = []
    rejected, room = 0, max_words
    checks: dict[int, Checker] = {}
    for sentence in sentences_of(output.plain(written, [title, text]), max_words):
        yield
        if count_words(sentence) > room:
            continue
        found = _supported(sentence, text, spans, checks, embed)
        if found is None:
            rejected += 1
        else:
            kept.append(found)
            room -= count_words(sentence)
    if worth_showing(kept):
        return Summary(sentences=tuple(kept), method="model", model=model, text=text, rejected=rejected)
    picked = extractive.summarise(text, max_words=max_words, note=trouble or "rejected")
    return Summary(
        sentences=picked.sentences, method="extractive", model="", text=text, rejected=rejected, note=picked.note
    )


def _telling(comments: Sequence[Comment], spans: Sequence[Span]) -> list[Span]:
    """The comments that the model reads, in their order: what was voted up, answers to the post itself, the longer ones."""
    places = [place for place, span in enumerate(spans) if span.end > span.start]
    worth = {place: (comments[place].score or 0, -comments[place].depth, min(spans[place].end - spans[place].start, 400)) for place in places}
    chosen: list[int] = []
    room = MODEL_CHARACTERS
    for place in sorted(places, key=lambda place: worth[place], reverse=True):
        size = min(spans[place].end - spans[place].start, COMMENT_CHARACTERS)
        if len(chosen) < MODEL_COMMENTS and size <= room:
            chosen.append(place)
            room -= size
    return [spans[place] for place in sorted(chosen)]


def _supported(
    sentence: str, text: str, spans: Sequence[Span], checks: dict[int, Checker], embed: Embed | None
) -> SummarySentence | None:
    """The sentence with its words in the first comment that supports it all by itself; None where none does."""
    keys = {token.key for token in read(sentence) if not token.negation}
    for place, span in enumerate(spans):
        own = text[span.start : span.end]
        if not keys or len(keys & {token.key for token in read(own)}) < WORTH_LOOKING * len(keys):
            continue
        if place not in checks:
            checks[place] = Checker(own, similarity=similarity_of(embed))
        verdict = checks[place].check(sentence)
        if verdict.close:
            moved = tuple(Span(start=span.start + one.start, end=span.start + one.end) for one in verdict.spans)
            return SummarySentence(text=sentence, evidence=moved)
    return None
