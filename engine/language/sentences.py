"""Cutting text into sentences and words, with their places kept."""

from __future__ import annotations

import regex

from engine.types import Span

_ABBREVIATION = regex.compile(
    r"(?:^|[\s(\[“\"'])(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|Sr|Jr|St|vs|etc|e\.g|i\.e|approx|No|Inc|Ltd|Co|Corp|Gen|Sen|Rep|Gov|"
    r"Lt|Col|Capt|Sgt|Rev|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|U\.S|U\.K|U\.N|a\.m|p\.m|Fig|al|cf|ca)\.$"
)
_END = regex.compile(r"[.!?…]+[\"'”’)\]]*(?=\s|$)|[。！？]+[”’」』）]*|\n\s*\n|\n(?=\s*[-•*]\s)|\n")
_WORD = regex.compile(
    r"\p{Han}|[\p{Hiragana}\p{Katakana}]+|[[\p{L}\p{M}\p{N}]--\p{Han}]+(?:['’\-][[\p{L}\p{N}]--\p{Han}]+)*",
    regex.VERSION1,
)


def split(text: str) -> list[Span]:
    """Return the spans of a text's sentences, in order, without surrounding white space."""
    spans: list[Span] = []
    start = 0
    for mark in _END.finditer(text):
        if mark.group().startswith(".") and mark.group() in {".", ".”", '."'}:
            before = text[max(start, mark.start() - 12) : mark.start() + 1]
            following = text[mark.end() : mark.end() + 2].strip()
            if _ABBREVIATION.search(before) or following[:1].islower():
                continue
            if before[-3:-1].endswith(" ") and before[-3:-2].isdigit() and following[:1].isdigit():
                continue  # "1 . 7": text that was cut into words
        _keep(text, start, mark.end(), spans)
        start = mark.end()
    _keep(text, start, len(text), spans)
    return spans


def _keep(text: str, start: int, end: int, spans: list[Span]) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if end > start and _WORD.search(text, start, end):
        spans.append(Span(start=start, end=end))


def words(text: str) -> list[str]:
    """Return a text's words as written; a Han character is a word of its own."""
    return [match.group() for match in _WORD.finditer(text)]


def count_words(text: str) -> int:
    """Return how many words a text has; two Han characters count as one."""
    found = words(text)
    han = sum(1 for word in found if len(word) == 1 and "\u3400" <= word <= "\u9fff")
    return len(found) - han + (han + 1) // 2
