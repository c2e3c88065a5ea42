"""Headlines that want to be clicked, and others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine import Engine
from tests.evaluate.judging import judged
from tests.evaluate.layouts import headline_sets
from tests.evaluate.tasks import SetResult


def evaluate(engine: Engine, data: Path, limit: int) -> Iterator[SetResult]:
    for found in headline_sets(data / "signals", "clickbait"):
        yield judged(engine, found, "clickbait", limit)
