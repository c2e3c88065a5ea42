"""What summaries are compared with: the first sentences of a text, and LexRank."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from tests.evaluate import metrics

LEAD_SENTENCES = 3
_THRESHOLD = 0.1  # cosine from which on two sentences are linked
_DAMPING = 0.85

Count = Callable[[str], int]


def lead(sentences: Sequence[str], max_words: int, count: Count) -> list[str]:
    """The first three sentences, as far as they fit; the first one in any case."""
    return _within(sentences[:LEAD_SENTENCES], max_words, count) or list(sentences[:1])


def lexrank(sentences: Sequence[str], max_words: int, count: Count) -> list[str]:
    """Sentences by their rank in the graph of TF-IDF cosines (Erkan and Radev, JAIR 2004), those that fit, in the text's order."""
    if not sentences:
        return []
    ranks = _ranks([Counter(metrics.words(sentence)) for sentence in sentences])
    order = sorted(range(len(sentences)), key=lambda place: -ranks[place])
    chosen: list[int] = []
    room = max_words
    for place in order:
        if count(sentences[place]) <= room:
            chosen.append(place)
            room -= count(sentences[place])
    return [sentences[place] for place in sorted(chosen or order[:1])]


def _within(sentences: Sequence[str], max_words: int, count: Count) -> list[str]:
    kept: list[str] = []
    for sentence in sentences:
        if sum(map(count, kept)) + count(sentence) > max_words:
            break
        kept.append(sentence)
    return kept


def _ranks(bags: Sequence[Counter[str]]) -> list[float]:
    spread = Counter(word for bag in bags for word in bag)
    places = {word: place for place, word in enumerate(spread)}
    matrix = np.zeros((len(bags), max(len(places), 1)))
    for row, bag in enumerate(bags):
        for word, times in bag.items():
            matrix[row, places[word]] = times * math.log(len(bags) / spread[word] + 1e-9)
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    matrix /= np.where(norms > 0, norms, 1.0)
    links = (matrix @ matrix.T >= _THRESHOLD).astype(float)
    np.fill_diagonal(links, 1.0)
    links /= links.sum(axis=1, keepdims=True)
    ranks = np.full(len(bags), 1.0 / len(bags))
    for _ in range(100):
        after = (1 - _DAMPING) / len(bags) + _DAMPING * links.T @ ranks
        if float(np.abs(after - ranks).max()) < 1e-6:
            break
        ranks = after
    return [float(rank) for rank in ranks]
