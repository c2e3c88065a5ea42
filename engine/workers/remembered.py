"""A worker's answers about texts, so that a text is asked about once while the program runs."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Remembered(Generic[Answer]):
    """Thread-safe. Of more than `most` texts those are forgotten that nobody asked about for longest.

    Args:
        ask: returns one answer for each text; called with distinct texts only.
    """

    def __init__(self, ask: Callable[[Sequence[str]], Sequence[Answer]], most: int = 50_000) -> None:
        self._ask = ask
        self._most = most
        self._answers: OrderedDict[bytes, Answer] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._answers)

    def of(self, texts: Sequence[str]) -> list[Answer]:
        """Return the answer for each text, in order. Raises what `ask` raises; nothing is remembered of that call then."""
        keys = [hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest() for text in texts]
        with self._lock:
            found = {key: self._answers[key] for key in keys if key in self._answers}
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        if missing:
            found.update(zip(missing, self._ask(list(missing.values())), strict=True))
        with self._lock:
            for key in keys:
                self._answers[key] = found[key]
                self._answers.move_to_end(key)
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)
        return [found[key] for key in keys]
