"""The main text of web pages, by runs of four words, as in the public benchmark of article extraction.

Precision and recall are averaged over pages and F1 is taken of the two means.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine import Engine, EngineError
from tests.evaluate import metrics
from tests.evaluate.layouts import read_bytes
from tests.evaluate.tasks import SetResult, sample


@dataclass(frozen=True, slots=True)
class Page:
    html: bytes
    url: str
    text: str


def evaluate(engine: Engine, data: Path, limit: int) -> Iterator[SetResult]:
    for name, pages in collections(data / "articles"):
        chosen, total = sample(pages, limit)
        texts: list[str] = []
        failed = 0
        for page in chosen:
            try:
                texts.append(engine.article(page.html, page.url).text)
            except EngineError:
                failed += 1
                texts.append("")
        measured = compare([page.text for page in chosen], texts)
        notes = {"failed": failed} if failed else {}
        yield SetResult(name=name, n=len(chosen), metrics=measured, sampled_from=total, notes=dict(notes))


def compare(truth: list[str], said: list[str]) -> dict[str, float]:
    """F1, precision and recall over pages, and the share of pages taken word for word."""
    overlaps = [metrics.shingle_overlap(a, b) for a, b in zip(truth, said, strict=True)]
    precision = metrics.mean([hit / (hit + extra) for hit, extra, _ in overlaps if hit + extra > 0])
    recall = metrics.mean([hit / (hit + missed) for hit, _, missed in overlaps if hit + missed > 0])
    exact = metrics.mean([float(extra == 0 and missed == 0) for _, extra, missed in overlaps])
    return {"f1": metrics.f1(precision, recall), "precision": precision, "recall": recall, "accuracy": exact}


def collections(root: Path) -> Iterator[tuple[str, list[Page]]]:
    """A JSON object {id: {articleBody, url}} with html/{id}.html or .html.gz beside it."""
    for path in sorted(root.rglob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8-sig"))
        if not isinstance(document, dict):
            continue
        pages: list[Page] = []
        for key, row in document.items():
            html = next((file for file in _places(path.parent, key) if file.exists()), None)
            if html is not None and isinstance(row, dict) and "articleBody" in row:
                pages.append(Page(read_bytes(html), row.get("url", ""), row["articleBody"]))
        if pages:
            yield path.parent.name, pages


def _places(folder: Path, key: str) -> tuple[Path, ...]:
    return tuple(folder / "html" / f"{key}{suffix}" for suffix in (".html.gz", ".html"))
