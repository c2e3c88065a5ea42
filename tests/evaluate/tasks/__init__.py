"""The tasks: one file each. A file `NAME.py` with `evaluate(engine, data, limit)` is a task called NAME."""

from __future__ import annotations

import importlib
import math
import pkgutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from engine import Engine

T = TypeVar("T")
Value = float | int | bool | str | list[str]


@dataclass(frozen=True, slots=True)
class SetResult:
    """The figures of one set. Metrics are fractions; one that could not be measured is nan and is left out."""

    name: str
    n: int
    metrics: dict[str, float]
    sampled_from: int | None = None  # how many there are, when only n of them were judged
    trained_on: bool = False
    notes: dict[str, Value] = field(default_factory=dict)

    def as_json(self, seconds: float) -> dict[str, Value]:
        """The set's part of the report, rounded to six places."""
        row: dict[str, Value] = {
            name: round(float(value), 6) for name, value in self.metrics.items() if not math.isnan(value)
        }
        row["n"] = self.n
        row["seconds"] = round(seconds, 2)
        if self.sampled_from is not None:
            row["sampled_from"] = self.sampled_from
        if self.trained_on:
            row["trained_on"] = True
        return row | self.notes


Evaluate = Callable[[Engine, Path, int], Iterator[SetResult]]


def names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str) -> Evaluate:
    """Find a task.

    Raises:
        KeyError: there is no such task.
    """
    if name not in names():
        raise KeyError(name)
    evaluate: Evaluate = importlib.import_module(f"{__name__}.{name}").evaluate
    return evaluate


def timed(results: Iterator[SetResult]) -> Iterator[tuple[SetResult, float]]:
    """Each result with the seconds that it took."""
    start = time.perf_counter()
    for result in results:
        yield result, time.perf_counter() - start
        start = time.perf_counter()


def sample(rows: Sequence[T], limit: int) -> tuple[list[T], int | None]:
    """At most `limit` rows, evenly spread and the same each time; and how many there were if some were left out."""
    if len(rows) <= limit:
        return list(rows), None
    return [rows[index * len(rows) // limit] for index in range(limit)], len(rows)
