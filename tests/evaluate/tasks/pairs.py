"""Pairs of texts that tell the same, or do not: titles of one link among those of others, and paraphrases; at the shipped threshold."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from engine import Engine
from tests.evaluate import metrics
from tests.evaluate.layouts import read_jsonl, read_lines, sets
from tests.evaluate.tasks import SetResult, sample
from tests.evaluate.tasks.stories import groups_of, name_of

Pairs = list[tuple[str, str, bool]]


def evaluate(engine: Engine, data: Path, limit: int) -> Iterator[SetResult]:
    root = data / "stories"
    for name, files in sets(root.rglob("*.jsonl")):
        groups = [row for path in files for row in read_jsonl(path)]
        if groups and "posts" in groups[0]:
            yield groups_of(engine, name_of(name, files, root), groups, limit)
    for name, files in [*sets(root.rglob("*.json")), *sets(root.rglob("*.tsv"))]:
        rows = [pair for path in files for pair in _pairs(path)]
        if rows:
            yield _paraphrases(engine, name, rows, limit)


def _paraphrases(engine: Engine, name: str, rows: Pairs, limit: int) -> SetResult:
    chosen, total = sample(rows, limit)
    scores: list[float] = []
    for start in range(0, len(chosen), 200):  # the engine compares all with all
        block = chosen[start : start + 200]
        found = engine.similar([text for a, b, _ in block for text in (a, b)])
        scores += [float(found.matrix[2 * i, 2 * i + 1]) for i in range(len(block))]
    truth = [same for _, _, same in chosen]
    said = [score >= found.threshold for score in scores]
    hits = sum(one and other for one, other in zip(truth, said, strict=True))
    precision, recall = hits / max(sum(said), 1), hits / max(sum(truth), 1)
    return SetResult(
        name=name,
        n=len(chosen),
        metrics={
            "auc": metrics.auc(truth, scores),
            "pair_precision": precision,
            "pair_recall": recall,
            "pair_f1": metrics.f1(precision, recall) if any(said) else 0.0,
            "accuracy": metrics.accuracy(truth, said),
            "macro_f1": metrics.macro_f1(truth, said),
        },
        sampled_from=total,
    )


def _pairs(path: Path) -> Iterator[tuple[str, str, bool]]:
    """JSON lines `sentence1`, `sentence2`, `label`; or a tsv of quality, two ids and two sentences below a header."""
    if path.suffix == ".tsv":
        for cells in csv.reader(read_lines(path)[1:], delimiter="\t", quoting=csv.QUOTE_NONE):
            if len(cells) == 5 and cells[0] in ("0", "1"):
                yield cells[3], cells[4], cells[0] == "1"
        return
    for row in read_jsonl(path):
        if {"sentence1", "sentence2", "label"} <= set(row):
            yield row["sentence1"], row["sentence2"], str(row["label"]) == "1"
