"""One story from many places: a stream folded as it arrives, and titles of the same link."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from engine import Engine, PlainPost
from tests.evaluate import metrics
from tests.evaluate.layouts import read_csv, read_jsonl, sets
from tests.evaluate.tasks import SetResult, sample


def evaluate(engine: Engine, data: Path, limit: int) -> Iterator[SetResult]:
    root = data / "stories"
    for name, files in sets(root.rglob("*.csv")):
        rows = [row for path in files for row in read_csv(path)]
        if rows and {"TITLE", "STORY"} <= set(rows[0]):
            yield _stream(engine, name_of(name, files, root), rows, limit)
    for name, files in sets(root.rglob("*.jsonl")):
        groups = [row for path in files for row in read_jsonl(path)]
        if groups and "posts" in groups[0]:
            yield groups_of(engine, name_of(name, files, root), groups, limit)


def name_of(name: str, files: list[Path], root: Path) -> str:
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


def groups_of(engine: Engine, name: str, groups: list[dict[str, Any]], limit: int) -> SetResult:
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
