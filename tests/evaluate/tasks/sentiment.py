"""Sentiment of short texts, in three classes; of sets that know no neutral, the likelier of the other two.

A text whose language the head does not speak gets no answer, and no answer is a wrong one. `answered` says how many did.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine import Engine, Sentiment
from tests.evaluate import metrics, provenance
from tests.evaluate.layouts import NEGATIVE, NEUTRAL, POSITIVE, sentiment_sets
from tests.evaluate.tasks import SetResult, sample

HEADS = Path(__file__).resolve().parents[3] / "resources" / "heads"


def evaluate(engine: Engine, data: Path, limit: int) -> Iterator[SetResult]:
    known = provenance.known_rows(HEADS)
    for found in sentiment_sets(data / "signals"):
        rows, total = sample(range(len(found.texts)), limit)
        texts = [found.texts[row] for row in rows]
        truth = [found.labels[row] for row in rows]
        answers = [signals.sentiment for signals in engine.signals(texts)]
        measured = judge(truth, answers, classes=found.classes)
        if found.intensity is not None:
            balance = [0.0 if answer is None else answer.positive - answer.negative for answer in answers]
            measured["pearson"] = metrics.pearson([found.intensity[row] for row in rows], balance)
        yield SetResult(
            name=found.name,
            n=len(rows),
            metrics=measured,
            sampled_from=total,
            trained_on=provenance.trained_on(texts, known),
        )


def judge(truth: list[int], answers: list[Sentiment | None], *, classes: int) -> dict[str, float]:
    """Measure answers against classes 0 (negative), 1 (neutral) and 2 (positive)."""
    said = [None if answer is None else choice(answer, classes=classes) for answer in answers]
    spoken = [(a, b) for a, b in zip(truth, said, strict=True) if b is not None]
    measured = {
        "macro_recall": metrics.macro_recall(truth, [-1 if b is None else b[0] for b in said]),
        "macro_f1": metrics.macro_f1(truth, [-1 if b is None else b[0] for b in said]),
        "accuracy": metrics.accuracy(truth, [-1 if b is None else b[0] for b in said]),
        "ece": metrics.ece([b[1] for _, b in spoken], [a == b[0] for a, b in spoken]),
        "answered": len(spoken) / len(truth),
    }
    if classes == 3:
        sure = [(a, b) for a, b in zip(truth, answers, strict=True) if b is not None and b.label != "unsure"]
        names = {"negative": NEGATIVE, "neutral": NEUTRAL, "positive": POSITIVE}
        measured["unsure"] = 1 - len(sure) / len(spoken) if spoken else metrics.NAN
        measured["accuracy_when_sure"] = metrics.accuracy([a for a, _ in sure], [names[b.label] for _, b in sure])
    return measured


def choice(answer: Sentiment, *, classes: int) -> tuple[int, float]:
    """The likeliest class and its probability; without neutral, the rest is taken as the whole."""
    if classes == 2:
        share = answer.positive / max(answer.positive + answer.negative, 1e-9)
        return (POSITIVE, share) if share >= 0.5 else (NEGATIVE, 1 - share)
    values = (answer.negative, answer.neutral, answer.positive)
    best = max(range(3), key=values.__getitem__)
    return best, values[best]
