"""What the classes that the engine calls have in common: a supervisor, and distrust of what a worker answers."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from typing import Self

from engine.errors import WorkerError
from engine.workers.supervisor import Supervisor, WorkerState
from engine.workers.wire import WireError

log = logging.getLogger(__name__)

Cancelled = Callable[[], bool]


class Client:
    """A worker role and its supervisor."""

    def __init__(self, supervisor: Supervisor) -> None:
        self.supervisor = supervisor

    def state(self) -> WorkerState:
        return self.supervisor.state()

    def unload(self) -> None:
        """Let the process go; the next call starts it again."""
        self.supervisor.unload()

    def close(self) -> None:
        self.supervisor.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextlib.contextmanager
    def _sense(self) -> Iterator[None]:
        """Around the reading of a reply: what does not fit its type is the worker's fault, not a bug here."""
        try:
            yield
        except (WireError, LookupError, TypeError, ValueError, AttributeError) as error:
            log.info("worker answered nonsense role=%s error=%s", self.supervisor.role, type(error).__name__)
            raise WorkerError(
                f"The {self.supervisor.role} worker answered with something that makes no sense."
            ) from error


def expect_text(value: object) -> str:
    if not isinstance(value, str):
        raise WireError("no text")
    return value
