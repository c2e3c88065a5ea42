"""The measures, from their definitions. Everything is a fraction in [0, 1]; nan where a measure is undefined."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

NAN = float("nan")


# ---- classes ---------------------------------------------------------------------------------


def accuracy(truth: Sequence[Hashable], said: Sequence[Hashable]) -> float:
    return sum(a == b for a, b in zip(truth, said, strict=True)) / len(truth) if truth else NAN


def macro_recall(truth: Sequence[Hashable], said: Sequence[Hashable]) -> float:
    """The mean, over the classes that occur in the truth, of the share found."""
    total = Counter(truth)
    found = Counter(a for a, b in zip(truth, said, strict=True) if a == b)
    return sum(found[name] / total[name] for name in total) / len(total) if total else NAN


def macro_f1(truth: Sequence[Hashable], said: Sequence[Hashable]) -> float:
    """The mean, over the classes that occur in the truth, of F1."""
    total, claimed = Counter(truth), Counter(said)
    found = Counter(a for a, b in zip(truth, said, strict=True) if a == b)
    return sum(2 * found[name] / (total[name] + claimed[name]) for name in total) / len(total) if total else NAN


def ece(confidences: Sequence[float], right: Sequence[bool], *, bins: int = 15) -> float:
    """Expected calibration error: the gap between confidence and accuracy over equal-width bins, by their size."""
    if not confidences:
        return NAN
    values, hits = np.asarray(confidences), np.asarray(right, dtype=float)
    place = np.minimum((values * bins).astype(int), bins - 1)
    gap = 0.0
    for index in range(bins):
        inside = place == index
        if inside.any():
            gap += float(inside.mean()) * abs(float(values[inside].mean()) - float(hits[inside].mean()))
    return gap


def pearson(a: ArrayLike, b: ArrayLike) -> float:
    left, right = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if len(left) < 2 or left.std() == 0 or right.std() == 0:
        return NAN
    return float(np.corrcoef(left, right)[0, 1])


# ---- order -----------------------------------------------------------------------------------


def auc(truth: ArrayLike, scores: ArrayLike) -> float:
    """The chance that a random positive scores above a random negative; a tie counts one half."""
    wanted, values = np.asarray(truth, dtype=bool), np.asarray(scores, dtype=float)
    positive, negative = int(wanted.sum()), int((~wanted).sum())
    if not positive or not negative:
        return NAN
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    return (float(ranks[inverse][wanted].sum()) - positive * (positive + 1) / 2) / (positive * negative)


def ordered(truth: ArrayLike, scores: ArrayLike) -> NDArray[np.float64]:
    """The gains in the order of the scores, best first; of equal scores the earlier row first."""
    return np.asarray(truth, dtype=float)[np.argsort(-np.asarray(scores, dtype=float), kind="stable")]


def average_precision(gains: ArrayLike) -> float:
    """Of gains (> 0: relevant) in the order shown."""
    relevant = np.asarray(gains, dtype=float) > 0
    if not relevant.any():
        return NAN
    return float((np.cumsum(relevant) / np.arange(1, len(relevant) + 1))[relevant].mean())


def reciprocal_rank(gains: ArrayLike) -> float:
    places = np.flatnonzero(np.asarray(gains, dtype=float) > 0)
    return 1.0 / (int(places[0]) + 1) if len(places) else 0.0


def ndcg(gains: ArrayLike, k: int, *, ideal: ArrayLike | None = None) -> float:
    """Linear gains, log2 discount, cut at k. `ideal`: all gains there are, when the list shown is not all of them."""
    shown = np.asarray(gains, dtype=float)[:k]
    best = np.sort(np.asarray(gains if ideal is None else ideal, dtype=float))[::-1][:k]
    top = float((best / np.log2(np.arange(2, len(best) + 2))).sum())
    return float((shown / np.log2(np.arange(2, len(shown) + 2))).sum()) / top if top > 0 else NAN


# ---- groups ----------------------------------------------------------------------------------


def bcubed_f1(truth: Sequence[Hashable], said: Sequence[Hashable]) -> float:
    """BCubed F1 over items: how pure each item's cluster is, and how whole its true group."""
    both = Counter(zip(truth, said, strict=True))
    true_sizes, said_sizes = Counter(truth), Counter(said)
    n = len(truth)
    precision = sum(count * count / said_sizes[name] for (_, name), count in both.items()) / n if n else 0.0
    recall = sum(count * count / true_sizes[name] for (name, _), count in both.items()) / n if n else 0.0
    return f1(precision, recall)


def pairs(truth: Sequence[Hashable], said: Sequence[Hashable]) -> tuple[float, float, float]:
    """Precision, recall and F1 over pairs of items that share a group."""

    def within(counts: Mapping[Hashable, int]) -> int:
        return sum(count * (count - 1) // 2 for count in counts.values())

    both = within(Counter(zip(truth, said, strict=True)))
    claimed, true = within(Counter(said)), within(Counter(truth))
    precision = both / claimed if claimed else NAN
    recall = both / true if true else NAN
    return precision, recall, f1(precision, recall)


def f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0


# ---- words -----------------------------------------------------------------------------------

_WORDS = re.compile(r"[^\W_]+")
_CJK = re.compile(r"([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff])")


def words(text: str) -> list[str]:
    """Lower-case words; each Chinese, Japanese or Korean character is one."""
    return _WORDS.findall(_CJK.sub(r" \1 ", text.lower()))


def rouge_n(reference: Sequence[str], said: Sequence[str], n: int) -> float:
    """F1 of the n-grams that two lists of words share (Lin 2004), unstemmed."""
    true = Counter(tuple(reference[i : i + n]) for i in range(len(reference) - n + 1))
    claimed = Counter(tuple(said[i : i + n]) for i in range(len(said) - n + 1))
    shared = (true & claimed).total()
    if not shared:
        return 0.0
    return f1(shared / claimed.total(), shared / true.total())


def rouge_l(reference: Sequence[str], said: Sequence[str]) -> float:
    """F1 of the longest common subsequence of two lists of words."""
    shared = _common(reference, said)
    return f1(shared / len(said), shared / len(reference)) if shared else 0.0


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    """The length of the longest common subsequence, by bit-parallel rows (Hyyrö 2004)."""
    places: dict[str, int] = {}
    for index, word in enumerate(a):
        places[word] = places.get(word, 0) | (1 << index)
    full = (1 << len(a)) - 1
    row = full
    for word in b:
        matched = row & places.get(word, 0)
        row = ((row + matched) | (row - matched)) & full
    return len(a) - row.bit_count()


def shingle_overlap(truth: str, said: str, *, size: int = 4) -> tuple[float, float, float]:
    """True positives, false positives and false negatives of a page's text, each a share that sums to 1.

    Runs of `size` words, counted with their repeats: the measure of the public article-extraction benchmark.
    Both empty: a perfect page. Nothing said of a page that has text: all missed.
    """
    true, claimed = _shingles(truth, size), _shingles(said, size)
    hit = (true & claimed).total()
    extra, missed = claimed.total() - hit, true.total() - hit
    total = hit + extra + missed
    return (hit / total, extra / total, missed / total) if total else (1.0, 0.0, 0.0)


def _shingles(text: str, size: int) -> Counter[tuple[str, ...]]:
    tokens = re.findall(r"\w+", text)
    size = min(size, len(tokens)) or 1
    return Counter(tuple(tokens[i : i + size]) for i in range(len(tokens) - size + 1)) if tokens else Counter()


def mean(values: Sequence[float]) -> float:
    """The mean of what is defined; nan when nothing is."""
    kept = [value for value in values if not math.isnan(value)]
    return sum(kept) / len(kept) if kept else NAN
