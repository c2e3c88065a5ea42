"""One story from many places: a stream folded as it arrives, titles of the same link, and pairs of paraphrases."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from engine import Engine, PlainPost
from tests.evaluate import metrics
from tests.evaluate.layouts import read_csv, read_jsonl, read_lines, sets
from tests.evaluate.tasks import SetResult, sample

Pairs = list[tuple[str, str, bool]]


def evaluate(engine: Engine, data: Path, limit: int) -> Iterator[SetResult]:
    root = data / "stories"
    for name, files in sets(root.rglob("*.csv")):
        rows = [row for path in files for row in read_csv(path)]
        if rows and {"TITLE", "STORY"} <= set(rows[0]):
            yield _stream(engine, _name(name, files, root), rows, limit)
    for name, files in sets(root.rglob("*.jsonl")):
        groups = [row for path in files for row in read_jsonl(path)]
        if groups and "posts" in groups[0]:
            yield _groups(engine, _name(name, files, root), groups, limit)
    pairs = [*sets(root.rglob("*.json")), *sets(root.rglob("*.tsv"))]
    for name, files in pairs:
        rows_of_pairs = [pair for path in files for pair in _pairs(path)]
        if rows_of_pairs:
            yield _paraphrases(engine, name, rows_of_pairs, limit)


def _name(name: str, files: list[Path], root: Path) -> str:
    return files[0].stem if files[0].parent == root else name


def _stream(engine: Engine, name: str, rows: list[dict[str, str]], limit: int) -> SetResult:
    """A stream must stay whole to be folded: of a longer one, its beginning."""
    rows = sorted(rows, key=lambda row: int(row.get("TIMESTAMP") or 0))
    kept = rows[: max(limit, 3000)]
    posts = [
        PlainPost(
            guid=str(index),
            title=row["TITLE"],
            url=row.get("URL") or "",
            source=row.get("HOSTNAME") or "",
            published_at=datetime.fromtimestamp(int(row["TIMESTAMP"]) / 1000, tz=UTC) if row.get("TIMESTAMP") else None,
        )
        for index, row in enumerate(kept)
    ]
    truth, said = [row["STORY"] for row in kept], engine.fold(posts)
    precision, recall, both = metrics.pairs(truth, said)
    return SetResult(
        name=name,
        n=len(kept),
        metrics={
            "bcubed_f1": metrics.bcubed_f1(truth, said),
            "pair_precision": precision,
            "pair_recall": recall,
            "pair_f1": both,
        },
        sampled_from=len(rows) if len(rows) > len(kept) else None,
    )


def _groups(engine: Engine, name: str, groups: list[dict[str, Any]], limit: int) -> SetResult:
    """Titles that different people gave to the same link; the links themselves are not shown to the engine."""
    chosen, total = sample(groups, limit)
    titles = [post["title"] for group in chosen for post in group["posts"]]
    truth = np.array([index for index, group in enumerate(chosen) for _ in group["posts"]])
    found = engine.similar(titles)
    matrix = np.array(found.matrix, dtype=np.float32)
    np.fill_diagonal(matrix, -np.inf)
    same = truth[:, None] == truth[None, :]
    upper = np.triu(np.ones(same.shape, dtype=bool), k=1)
    claimed = (matrix >= found.threshold) & upper
    hit, said, true = int((claimed & same).sum()), int(claimed.sum()), int((same & upper).sum())
    precision, recall = hit / said if said else metrics.NAN, hit / true if true else metrics.NAN
    return SetResult(
        name=name,
        n=len(chosen),
        metrics={
            "recall_1": float((truth[matrix.argmax(axis=1)] == truth).mean()),
            "pair_precision": precision,
            "pair_recall": recall,
            "pair_f1": metrics.f1(precision, recall) if said else 0.0,
        },
        sampled_from=total,
    )


def _paraphrases(engine: Engine, name: str, rows: Pairs, limit: int) -> SetResult:
    chosen, total = sample(rows, limit)
    scores: list[float] = []
    for start in range(0, len(chosen), 200):  # the engine compares all with all
        block = chosen[start : start + 200]
        found = engine.similar([text for a, b, _ in block for text in (a, b)])
        scores += [float(found.matrix[2 * i, 2 * i + 1]) for i in range(len(block))]
    truth = [same for _, _, same in chosen]
    said = [score >= found.threshold for score in scores]
    return SetResult(
        name=name,
        n=len(chosen),
        metrics={
            "auc": metrics.auc(truth, scores),
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
