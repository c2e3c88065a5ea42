"""The language of sentences, of two words and of one. A text of which no language is told counts as wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from engine import Engine
from tests.evaluate import metrics
from tests.evaluate.layouts import language_sets
from tests.evaluate.tasks import SetResult, sample

SAME = {"nb": "no", "nn": "no"}  # two ways to write Norwegian


def evaluate(engine: Engine, data: Path, limit: int) -> Iterator[SetResult]:
    for found in language_sets(data / "langid"):
        rows, total = sample(range(len(found.texts)), limit)
        truth = [found.labels[row] for row in rows]
        said = engine.languages([found.texts[row] for row in rows])
        yield SetResult(name=found.name, n=len(rows), metrics=judge(truth, said), sampled_from=total)


def judge(truth: Sequence[str], said: Sequence[str]) -> dict[str, float]:
    true, told = [SAME.get(code, code) for code in truth], [SAME.get(code, code) for code in said]
    answered = [(a, b) for a, b in zip(true, told, strict=True) if b]
    return {
        "accuracy": metrics.accuracy(true, told),
        "macro_recall": metrics.macro_recall(true, told),
        "answered": len(answered) / len(true) if true else metrics.NAN,
        "accuracy_when_answered": metrics.accuracy([a for a, _ in answered], [b for _, b in answered]),
    }
