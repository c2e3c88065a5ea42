"""What one telling of a story says that no other says. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.ranking.features import STOP_WORDS, normalise, terms

_SENTENCE = re.compile(r"[^.!?。！？\n]+(?:[.!?](?=\s|$|[\"”’)])[\"”’)]*|[。！？][”’」』]?|(?=\n)|$)|[^\n]+?(?:\n|$)")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_WORD = re.compile(r"[^\W\d_]+")
_SAID_ELSEWHERE = 0.6  # share of a sentence's words that stand in one sentence of another telling, or …
_SAID_SOMEWHERE = 0.85  # … anywhere in one other telling
_LEAST_WORDS = 3
_MOST_SENTENCES = 400  # of one telling


def only_here(tellings: Sequence[str]) -> list[tuple[str, ...]]:
    """Return for each text its sentences that no other text contains, in their order.

    A sentence is in another text when most of its words stand in one sentence there, or nearly all of them somewhere in it, and
    all of its numbers do: "12 hurt" is not said by a text that knows of nine.

    Args:
        tellings: plain texts of one story.
    """
    read = [[_Sentence(text) for text in sentences(telling)] for telling in tellings]
    wholes = [_Sentence(telling) for telling in tellings]
    found: list[tuple[str, ...]] = []
    for place, own in enumerate(read):
        others = [other for there, other in enumerate(read) if there != place]
        whole = [other for there, other in enumerate(wholes) if there != place]
        found.append(tuple(s.text for s in own if s.says_something and not _said(s, others, whole)))
    return found


def sentences(text: str) -> list[str]:
    """Cut a text into sentences, of scripts with and without spaces."""
    found = (" ".join(match.group().split()) for match in _SENTENCE.finditer(text))
    return [sentence for sentence in found if sentence][:_MOST_SENTENCES]


class _Sentence:
    __slots__ = ("numbers", "says_something", "text", "words")

    def __init__(self, text: str) -> None:
        folded = normalise(text)
        self.text = text
        self.words = frozenset(terms(text))
        self.numbers = frozenset(number.replace(",", "") for number in _NUMBER.findall(folded))
        self.says_something = len(self.words) >= _LEAST_WORDS or (any(
            word not in STOP_WORDS for word in _WORD.findall(folded)
        ) and bool(self.numbers))


def _said(sentence: _Sentence, others: Sequence[Sequence[_Sentence]], wholes: Sequence[_Sentence]) -> bool:
    for other, whole in zip(others, wholes, strict=True):
        if not sentence.numbers <= whole.numbers:
            continue
        size = max(len(sentence.words), 1)
        if len(sentence.words & whole.words) < _SAID_ELSEWHERE * size:
            continue
        if len(sentence.words & whole.words) >= _SAID_SOMEWHERE * size:
            return True
        if any(sentence.numbers <= s.numbers and len(sentence.words & s.words) >= _SAID_ELSEWHERE * size for s in other):
            return True
    return False
