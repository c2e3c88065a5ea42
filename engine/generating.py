"""On what a language model runs: the processor, layers on a graphics card, or a server of the person's own, and what failed before."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.errors import EngineError, ModelError, WorkerError
from engine.models import fit, gpu_build, memory
from engine.models.catalogue import Model
from engine.models.gguf_header import Header, read_file
from engine.types import DeviceFailure, LayerChoice, Machine
from engine.workers.clients import GenerateWorker
from engine.workers.supervisor import CancelledError

log = logging.getLogger(__name__)

TRIAL_PIECES = (("scaffold", "Hello"),)
MEASURE_PIECES = (("scaffold", "The village had a pond, and in the evening the people walked around it and talked about"),)
MEASURE_TOKENS = 48


class WatchedWorker(GenerateWorker):
    """A worker of which it is noted when a graphics card fails it, so that this is told and not tried again by itself."""

    def __init__(
        self,
        entry: Model,
        path: Path,
        choice: LayerChoice,
        *,
        threads: int,
        failed: Callable[[str], None] | None = None,
        free_bytes: Callable[[], int] = fit.free_bytes,
    ) -> None:
        """`failed` is told why a graphics card could not run it."""
        super().__init__(path, entry.template, name=entry.name, threads=threads, gpu_layers=choice.layers)
        self.entry = entry
        self.choice = choice
        self._failed = failed
        self._path = path
        self._free_bytes = free_bytes
        self._header: Header | None = None
        self._worked = False

    def complete(
        self,
        pieces: Sequence[Sequence[str]],
        *,
        cancelled: Callable[[], bool] | None = None,
        urgent: bool = False,
        **options: Any,
    ) -> Generator[str, None, None]:
        """See `GenerateWorker.complete`."""
        self._require_room()
        try:
            for text in super().complete(pieces, cancelled=cancelled, urgent=urgent, **options):
                self._worked = self._worked or bool(text)
                yield text
        except (ModelError, WorkerError) as error:
            raise self._noted(error) from error

    def choose(
        self,
        before: Sequence[Sequence[str]],
        items: Sequence[Sequence[Sequence[str]]],
        labels: Sequence[str],
        *,
        cancelled: Callable[[], bool] | None = None,
        urgent: bool = False,
    ) -> list[list[float]]:
        """See `GenerateWorker.choose`."""
        self._require_room()
        try:
            found: list[list[float]] = super().choose(before, items, labels, cancelled=cancelled, urgent=urgent)
        except (ModelError, WorkerError) as error:
            raise self._noted(error) from error
        self._worked = True
        return found

    def _require_room(self) -> None:
        """Before it is loaded on the processor: whether it fits into the memory that is free now. Raises ModelError."""
        if self.choice.layers or self.state().running:
            return
        with suppress(ModelError):  # a file that cannot be read so is the role's to refuse
            self._header = self._header or read_file(self._path)
        if self._header is None:
            return
        found = fit.of_header(self._header, self._free_bytes())
        if found.word == "does not fit":
            raise ModelError(
                f"{self.entry.name} does not fit into memory now: it needs {found.need_bytes / 1e9:.1f} GB and {found.free_bytes / 1e9:.1f} GB "
                "are free. Close other programs, or choose a smaller model."
            )

    def _noted(self, error: EngineError) -> EngineError:
        if isinstance(error, CancelledError) or not self.choice.layers or self._worked or self._failed is None:
            return error
        self._failed(str(error))
        return ModelError(
            f"{self.entry.name} could not be run on the graphics card ({str(error).rstrip('.')}); from now on it runs on the processor, "
            "until you let the Models page try again."
        )


def choose_layers(
    entry: Model, path: Path, models_dir: Path, *, wanted: bool, built_for: Sequence[str], machine: Callable[[], Machine]
) -> LayerChoice:
    """Say how many layers go to a graphics card, and why. Looks at the machine only where the build could use a card.

    Args:
        wanted: what the person's setting says.   built_for: graphics back ends that the installed llama.cpp has.
    """
    if not wanted:
        return LayerChoice(layers=0, of=0, why="you chose so in Settings")
    if not built_for:
        return LayerChoice(layers=0, of=0, why="the llama.cpp that is installed is built for the processor alone")
    found = machine()
    card = max((gpu for gpu in found.gpus if gpu.usable), key=lambda gpu: gpu.free_bytes, default=None)
    if card is None:
        trouble = f" ({found.trouble})" if found.trouble else ""
        return LayerChoice(layers=0, of=0, why=f"llama.cpp is built for {', '.join(built_for)} but finds no graphics card{trouble}")
    failed = memory.failure(models_dir, entry.files[0].sha256, card.backend)
    if failed is not None:
        return LayerChoice(layers=0, of=0, why=f"{card.name} failed with it on {failed.at:%d %b %Y}: {failed.why}")
    try:
        header = read_file(path)
    except ModelError as error:
        return LayerChoice(layers=0, of=0, why=str(error))
    need = fit.of_header(header, 0).need_bytes
    return fit.layers_for(header.layers + 1, need, card.free_bytes, device=card.name)


def backend(machine: Machine) -> str:
    card = max((gpu for gpu in machine.gpus if gpu.usable), key=lambda gpu: gpu.free_bytes, default=None)
    return card.backend if card is not None else ""


def note_failure(models_dir: Path, entry: Model, backend: str, why: str) -> None:
    memory.remember_failure(
        models_dir,
        DeviceFailure(model=entry.name, sha256=entry.files[0].sha256, backend=backend, at=datetime.now(UTC), why=why.rstrip(".")),
    )
    log.info("device failed model=%s backend=%s", entry.name, backend)


def try_text(entry: Model, path: Path, *, threads: int, cancelled: Callable[[], bool] | None = None) -> None:
    """Load a model in a process of its own, on the processor, and have it write one token.

    Raises:
        ModelError: it cannot be loaded; in one sentence.   CancelledError.
    """
    with GenerateWorker(path, entry.template, name=entry.name, threads=threads) as worker:
        try:
            for _ in worker.complete(TRIAL_PIECES, max_tokens=1, cancelled=cancelled):
                pass
        except CancelledError:
            raise
        except (ModelError, WorkerError) as error:
            raise ModelError(f"{entry.name} was not taken: {_lower(str(error))}") from error


def writing_speed(model: Any, cancelled: Callable[[], bool] | None = None) -> float:
    """Have a model write some tokens; returns how many a second, of those after the first."""
    moments: list[float] = []
    stopped = threading.Event()
    for text in model.complete(MEASURE_PIECES, max_tokens=MEASURE_TOKENS, temperature=0.8, cancelled=cancelled or stopped.is_set):
        if text:
            moments.append(time.monotonic())
    passed = moments[-1] - moments[0] if len(moments) > 1 else 0.0
    return (len(moments) - 1) / passed if passed > 0 else 0.0


def gpu_backends() -> tuple[str, ...]:
    return gpu_build.built_for()


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
