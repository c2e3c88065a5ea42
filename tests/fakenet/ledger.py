"""A ledger in memory, and a clock that tests turn."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(slots=True)
class Entry:
    host: str
    purpose: str
    method: str
    sent_bytes: int
    status: int | None = None
    received_bytes: int = 0
    error: str = ""
    done: bool = False


class Ledger:
    """Keeps what the door reports, as the store does."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.pauses: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def begin(self, *, host: str, purpose: str, method: str, sent_bytes: int) -> int:
        with self._lock:
            self.entries.append(Entry(host, purpose, method, sent_bytes))
            return len(self.entries)

    def complete(self, row: int, /, *, status: int | None, received_bytes: int, error: str) -> None:
        entry = self.entries[row - 1]
        assert not entry.done, "a row is completed once"
        entry.status, entry.received_bytes, entry.error, entry.done = status, received_bytes, error, True

    def pause(self, host: str, until: datetime, /) -> None:
        self.pauses[host] = until


class Clock:
    """Stands still until it is turned."""

    def __init__(self, now: datetime | None = None) -> None:
        self.now = now or datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now
