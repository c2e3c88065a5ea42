"""Advertising inside answers and among headlines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine import Engine
from tests.evaluate.judging import judged
from tests.evaluate.layouts import promotion_sets
from tests.evaluate.tasks import SetResult


def evaluate(engine: Engine, data: Path, limit: int) -> Iterator[SetResult]:
    for found in promotion_sets(data / "signals"):
        yield judged(engine, found, "promotion", limit)
