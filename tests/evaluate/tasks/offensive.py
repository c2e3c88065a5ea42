"""Whether a text attacks somebody, by the signal "hostility". `auc_worse`: how well it tells hate from everything else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine import Engine
from tests.evaluate.judging import judged
from tests.evaluate.layouts import hostility_sets
from tests.evaluate.tasks import SetResult


def evaluate(engine: Engine, data: Path, limit: int) -> Iterator[SetResult]:
    for found in hostility_sets(data / "signals"):
        yield judged(engine, found, "hostility", limit)
