"""Tiny language models in processes of their own, to be killed, hung and starved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import Engine
from engine.workers.clients import GenerateWorker
from engine.workers.process import Limits
from tests import tiny_models
from tests.faults.workers import Tiny


@pytest.fixture(scope="session")
def tiny_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.write(tmp_path_factory.mktemp("tiny") / "tiny.gguf")


@pytest.fixture
def tiny(tiny_path: Path) -> Iterator[Tiny]:
    """Makes tiny models of the test's own limits, and sees that none is left."""
    made: list[GenerateWorker] = []

    def make(**limits: Any) -> GenerateWorker:
        made.append(GenerateWorker(tiny_path, "chatml", threads=1, limits=Limits(back_off_seconds=0.05, **limits)))
        return made[-1]

    yield make
    for worker in made:
        worker.close()


@pytest.fixture
def writing(engine: Engine, tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> Tiny:
    """Makes tiny models that the test's `engine` writes with."""

    def make(**limits: Any) -> GenerateWorker:
        worker = tiny(**limits)
        monkeypatch.setattr(engine._models, "generator", lambda: worker)
        return worker

    return make
