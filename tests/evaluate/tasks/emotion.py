"""Which of joy, sadness, anger and optimism a tweet shows most; and how honest each probability is by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from engine import Engine, Signals
from tests.evaluate import metrics
from tests.evaluate.judging import known_texts
from tests.evaluate.layouts import EMOTIONS, emotion_sets
from tests.evaluate.tasks import SetResult, sample


def evaluate(engine: Engine, data: Path, limit: int) -> Iterator[SetResult]:
    for found in emotion_sets(data / "signals"):
        rows, total = sample(range(len(found.texts)), limit)
        texts = [found.texts[row] for row in rows]
        yield SetResult(
            name=found.name,
            n=len(rows),
            metrics=judge([found.labels[row] for row in rows], engine.signals(texts)),
            sampled_from=total,
            trained_on=known_texts(texts),
        )


def judge(truth: Sequence[str], answers: Sequence[Signals]) -> dict[str, float]:
    """The likeliest emotion against the one that people named. `ece_NAME`: how far NAME's probability is from how often it
    was named; `ece` is their mean."""
    names = sorted(EMOTIONS)
    told = [(label, one.shares) for label, one in zip(truth, answers, strict=True) if one.shares.keys() >= EMOTIONS]
    said = [
        max(names, key=lambda name: one.shares[name]) if one.shares.keys() >= EMOTIONS else "" for one in answers
    ]
    measured = {
        "macro_f1": metrics.macro_f1(truth, said),
        "accuracy": metrics.accuracy(truth, said),
        "answered": len(told) / len(truth) if truth else metrics.NAN,
    }
    for name in names:
        measured[f"f1_{name}"] = _f1(truth, said, name)
    for name in names:
        measured[f"ece_{name}"] = metrics.ece([shares[name] for _, shares in told], [label == name for label, _ in told])
    return measured | {"ece": metrics.mean([measured[f"ece_{name}"] for name in names])}


def _f1(truth: Sequence[str], said: Sequence[str], name: str) -> float:
    hits = sum(a == b == name for a, b in zip(truth, said, strict=True))
    return 2 * hits / (truth.count(name) + said.count(name)) if name in truth else metrics.NAN
