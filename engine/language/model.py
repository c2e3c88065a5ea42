"""What a task asks of a language model, wherever it runs."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any, Protocol

Cancelled = Callable[[], bool]


class TextModel(Protocol):
    """A model on this machine, or one on a server of the person's own.

    `can_choose`: it gives probabilities of labels. `can_keep_to_grammar`: its text can be held to a GBNF grammar. A server does neither;
    what needs them says so and goes another way.
    """

    name: str
    template: str
    can_choose: bool
    can_keep_to_grammar: bool

    def complete(
        self,
        pieces: Sequence[Sequence[str]],
        *,
        cancelled: Cancelled | None = None,
        urgent: bool = False,
        **options: Any,
    ) -> Generator[str, None, None]:
        """The text as it is written; see `engine.workers.clients.GenerateWorker.complete`."""
        ...

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

        Args:
            before: pieces that all items share; read once.   items: the pieces of each.   labels: of one token each.
        Raises:
            InputError: a label is more than one token, or two labels begin alike.   ModelError.   WorkerError.
        """
        ...
