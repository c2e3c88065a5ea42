"""What the engine calls of the `generate` worker."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import WorkerError
from engine.workers.client import Cancelled, Client, expect_text
from engine.workers.process import Limits
from engine.workers.supervisor import CancelledError, Supervisor
from engine.workers.wire import WireError

GENERATE_SPARE_BYTES = 1 << 30  # beside the model file: context, library, interpreter
GENERATE_IDLE_SECONDS = 300.0
GENERATE_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateInfo:
    """How a language model runs here. Speeds are 0 before they were measured."""

    architecture: str
    device: str  # where it really runs: "CPU, 2 threads", "GPU 20 of 30 layers, …"
    why: str  # why not where it was asked to; "" when it does
    context_tokens: int
    vocabulary: int
    reading_tokens_per_second: float  # of prompts
    writing_tokens_per_second: float
    can_roll_back: bool  # its memory can be cut in the middle, so that a shared beginning is read once

    def __str__(self) -> str:
        return self.device


class GenerateWorker(Client):
    """Writes text with a local language model, and says which of some labels fits a text. `pieces` keep the scaffold and
    foreign text apart: ["scaffold", text] is tokenised with the model's special tokens, ["foreign", text] without."""

    can_choose = True
    can_keep_to_grammar = True

    def __init__(
        self,
        model_path: Path,
        template: str,
        *,
        name: str = "",
        threads: int = 0,
        gpu_layers: int = 0,
        context_tokens: int = 0,
        silence_seconds: float = GENERATE_SECONDS,
        limits: Limits | None = None,
    ) -> None:
        """
        Args:
            gpu_layers: how many go to a graphics card, all below 0.   context_tokens: 0 for the usual.
            silence_seconds: after so long without an answer to a job its process is ended.
        """
        self.name = name or model_path.stem
        self.template = template
        self._silence_seconds = silence_seconds
        self._info: GenerateInfo | None = None
        size = model_path.stat().st_size if model_path.is_file() else 0
        config = {
            "model_path": str(model_path.absolute()),
            "threads": threads,
            "gpu_layers": gpu_layers,
            "context_tokens": context_tokens,
        }
        chosen = limits or Limits(
            resident_bytes=2 * size + GENERATE_SPARE_BYTES,
            start_seconds=300.0,
            idle_seconds=GENERATE_IDLE_SECONDS,
            nice=5,
        )
        super().__init__(Supervisor("generate", config, chosen))

    def complete(
        self,
        pieces: Sequence[Sequence[str]],
        *,
        cancelled: Cancelled | None = None,
        urgent: bool = False,
        **options: Any,
    ) -> Generator[str, None, None]:
        """The text as it is written, piece by piece, empty ones while the prompt is read; closing the iterator stops
        the model after its current token.

        Args:
            urgent: a person waits for it.
            options: max_tokens, temperature (0: greedy), seed, stop (texts before which it ends), grammar (GBNF), stop_words,
                repeat_penalty, strangeness and free_words: see the role.
        Raises:
            InputError: the grammar cannot be read.   ModelError: the model cannot be loaded.   WorkerError.
        """
        payload: dict[str, Any] = {"pieces": [list(piece) for piece in pieces], **options}
        for reply in self._ask("complete", payload, cancelled, urgent=urgent, repeatable=False):
            with self._sense():
                text = expect_text(reply["text"])
            yield text

    def choose(
        self,
        before: Sequence[Sequence[str]],
        items: Sequence[Sequence[Sequence[str]]],
        labels: Sequence[str],
        *,
        cancelled: Cancelled | None = None,
        urgent: bool = False,
    ) -> list[list[float]]:
        """For each item, the probability of each label as what follows `before` and the item's own pieces; rows sum to 1.

        Read from the model's logits, nothing is written. See `engine.language.model.TextModel`.

        Raises:
            InputError: a label is more than one token of this model, or two labels begin alike.   ModelError.   WorkerError.
        """
        if not items:
            return []
        found: list[list[float]] = [[] for _ in items]
        for last_try in (False, True):  # a process that dies in the middle costs what it has not answered yet
            owed = [place for place, row in enumerate(found) if not row]
            payload = {
                "before": [list(piece) for piece in before],
                "items": [[list(piece) for piece in items[place]] for place in owed],
                "labels": list(labels),
            }
            try:
                for reply in self._ask("choose", payload, cancelled, urgent=urgent, repeatable=False):
                    with self._sense():
                        for index, row in zip(reply["indices"], reply["probabilities"], strict=True):
                            found[owed[int(index)]] = _shares(row, len(labels))
                break
            except CancelledError:
                raise
            except WorkerError:
                if last_try:
                    raise
        with self._sense():
            if not all(found):
                raise WireError("not every text has probabilities")
        return found

    def info(self) -> GenerateInfo:
        """How the model runs here; loads it when it is not loaded. Raises ModelError, WorkerError."""
        for _ in self._ask("info", {}, None):
            pass
        with self._sense():
            if self._info is None:
                raise WireError("no answer")
        return self._info

    def known_info(self) -> GenerateInfo | None:
        """What was last heard of it, without loading anything: None before the model was first used."""
        return self._info

    def _ask(
        self,
        op: str,
        payload: dict[str, Any],
        cancelled: Cancelled | None,
        *,
        urgent: bool = False,
        repeatable: bool = True,
    ) -> Iterator[dict[str, Any]]:
        replies = self.supervisor.request(
            op,
            payload,
            timeout_seconds=self._silence_seconds,
            cancelled=cancelled,
            urgent=urgent,
            repeatable=repeatable,
        )
        with contextlib.closing(replies):
            while True:
                try:
                    reply = next(replies, None)
                except CancelledError:
                    raise
                except WorkerError as error:
                    raise WorkerError(f"{str(error).rstrip('.')}; {_advice(str(error))}") from error
                if reply is None:
                    return
                if "info" in reply:
                    with self._sense():
                        self._info = _generate_info(reply["info"])
                yield reply


def _advice(trouble: str) -> str:
    """What to do where the worker of a language model does not do its work."""
    if "memory" in trouble:
        return "close other programs, or choose a smaller model."
    if "no answer" in trouble or "not ready" in trouble:
        return "try again when this machine is less busy, or choose a smaller model."
    return "try again, or choose another model."


def _generate_info(found: Mapping[str, Any]) -> GenerateInfo:
    return GenerateInfo(
        architecture=expect_text(found["architecture"]),
        device=expect_text(found["device"]),
        why=expect_text(found["why"]),
        context_tokens=int(found["context_tokens"]),
        vocabulary=int(found["vocabulary"]),
        reading_tokens_per_second=float(found["reading_tokens_per_second"]),
        writing_tokens_per_second=float(found["writing_tokens_per_second"]),
        can_roll_back=bool(found["can_roll_back"]),
    )


def _shares(row: Sequence[float], count: int) -> list[float]:
    """One number for each of `count` labels, that sum to 1."""
    values = [float(value) for value in row]
    if len(values) != count or not all(0 <= value <= 1 for value in values) or abs(sum(values) - 1) > 1e-3:
        raise WireError("probabilities that are none")
    return values
