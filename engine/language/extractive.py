"""Summaries made of the text's own sentences: close to the text's centre, unlike each other, early ones first.

Centroid with maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998) over TF-IDF of the text's own words. On
English news, mail and talks and on Chinese meetings it lies above the lead, LexRank and the coverage of words; vectors of
a model in the place of TF-IDF do not change its ROUGE.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from engine.language.sentences import count_words, split, words
from engine.types import Floats, Span, Summary, SummarySentence, Vectors

_MAX_CHARACTERS = 40_000
_MAX_SENTENCES = 120  # of the source that are looked at
_LEAD_BONUS = 0.35  # of a news text's first sentence over its last
_NOVELTY = 0.6  # how much likeness to a chosen sentence counts against one
_TOO_SHORT_WORDS = 4


def summarise(text: str, *, max_words: int = 60, note: str = "") -> Summary:
    """Pick sentences of at most `max_words` words in all, at least one where there is any.

    Args:
        text: plain text; spans of the summary index it.   note: why no model wrote it, see `Summary.note`.
    """
    spans = split(text[:_MAX_CHARACTERS])[:_MAX_SENTENCES]
    if not spans:
        return Summary(sentences=(), method="extractive", model="", text=text, note=note)
    texts = [text[span.start : span.end] for span in spans]
    chosen = _choose(_tf_idf(texts), [count_words(part) for part in texts], max_words)
    sentences = tuple(_sentence(text, spans[index]) for index in chosen)
    return Summary(sentences=sentences, method="extractive", model="", text=text, note=note)


def _sentence(text: str, span: Span) -> SummarySentence:
    return SummarySentence(text=" ".join(text[span.start : span.end].split()), evidence=(span,))


def _choose(vectors: Vectors, lengths: Sequence[int], max_words: int) -> list[int]:
    """Return the places of the chosen sentences, in the text's order."""
    count = len(lengths)
    centre = vectors.mean(axis=0)
    norm = float(np.linalg.norm(centre))
    central: Floats = vectors @ (centre / norm) if norm > 0 else np.zeros(count, dtype=np.float32)
    lead = _LEAD_BONUS / (1.0 + np.arange(count, dtype=np.float32))
    worth = central + lead
    worth[[length < _TOO_SHORT_WORDS for length in lengths]] -= 0.5
    chosen: list[int] = []
    room = max_words
    while True:
        fits = [index for index in range(count) if index not in chosen and lengths[index] <= room]
        if not fits:
            break
        likeness = (vectors[fits] @ vectors[chosen].T).max(axis=1) if chosen else np.zeros(len(fits), np.float32)
        best = fits[int(np.argmax(worth[fits] - _NOVELTY * np.maximum(likeness, 0.0)))]
        chosen.append(best)
        room -= lengths[best]
    return sorted(chosen) or [int(np.argmax(worth))]


def _tf_idf(texts: Sequence[str]) -> Vectors:
    """Return (n, d) unit vectors of the sentences' words, weighed by how few sentences hold them."""
    bags = [Counter(word.casefold() for word in words(text)) for text in texts]
    spread = Counter(word for bag in bags for word in bag)
    places = {word: place for place, word in enumerate(spread)}
    matrix = np.zeros((len(texts), max(len(places), 1)), dtype=np.float32)
    for row, bag in enumerate(bags):
        for word, times in bag.items():
            matrix[row, places[word]] = (1.0 + math.log(times)) * math.log(1.0 + len(texts) / spread[word])
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    unit: Vectors = (matrix / np.where(norms > 0, norms, 1.0)).astype(np.float32)
    return unit
