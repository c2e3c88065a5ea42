"""Whose turn it is: slots and pace per host, a cap on everything, and hosts that asked to be left alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine import polite
from engine.errors import RefusedError
from engine.http.policy import Recorder

_FORGET_SECONDS = 3600.0


@dataclass(slots=True)
class _Host:
    active: int = 0
    waiting: int = 0
    free_at: float = 0.0  # time.monotonic()


class Turns:
    """Slots. One lock, and no thread of its own."""

    def __init__(self, connections: int) -> None:
        self._left = connections
        self._hosts: dict[str, _Host] = {}
        self._changed = threading.Condition()

    @contextmanager
    def turn(
        self, host: str, *, connections: int, gap_seconds: float, give_up: Callable[[], None]
    ) -> Iterator[None]:
        """Wait for a slot of `host` and of the whole, hold both, and give them back.

        Args:
            connections: how many of this host's requests may be under way.   gap_seconds: between two starts.
            give_up: called whenever something changed; raises to stop waiting.
        """
        self._take(host, connections, gap_seconds, give_up)
        try:
            yield
        finally:
            with self._changed:
                self._left += 1
                self._hosts[host].active -= 1
                self._changed.notify_all()

    def wake(self) -> None:
        """Let everyone who waits look at `give_up` again."""
        with self._changed:
            self._changed.notify_all()

    def _take(self, host: str, connections: int, gap_seconds: float, give_up: Callable[[], None]) -> None:
        with self._changed:
            self._forget()
            state = self._hosts.setdefault(host, _Host())
            state.waiting += 1
            try:
                while True:
                    give_up()
                    now = time.monotonic()
                    if state.active < connections and self._left > 0:
                        if now >= state.free_at:
                            break
                        self._changed.wait(state.free_at - now)
                    else:
                        self._changed.wait()
            finally:
                state.waiting -= 1
            state.active += 1
            self._left -= 1
            state.free_at = now + gap_seconds

    def _forget(self) -> None:
        if len(self._hosts) < 1024:
            return
        old = time.monotonic() - _FORGET_SECONDS
        for host in [h for h, s in self._hosts.items() if not s.active and not s.waiting and s.free_at < old]:
            del self._hosts[host]


class Pauses:
    """Hosts that answered 429 or 503, until when, and how often in a row.

    Pauses of this process are measured by `steady`, so that a clock that is set ends none early and keeps none too long;
    those of earlier ones by the clock.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        recorder: Recorder,
        known: Mapping[str, datetime],
        steady: Callable[[], float] | None = None,
    ) -> None:
        self._clock = clock
        self._steady = steady or (lambda: clock().timestamp())
        self._steady_until: dict[str, float] = {}
        self._recorder = recorder
        self._until = dict(known)
        self._times = dict.fromkeys(known, 1)
        self._lock = threading.Lock()

    def until(self, host: str) -> datetime | None:
        """Return until when `host` (name:port) is paused; None when it is not."""
        until = self._until.get(host)
        if until is None:
            return None
        now = self._clock()
        if host in self._steady_until:
            left = self._steady_until[host] - self._steady()
            return now + timedelta(seconds=left) if left > 0 else None
        # A pause longer than any we set comes from a clock that was wrong.
        return until if now < until <= now + polite.LONGEST_PAUSE + timedelta(days=1) else None

    def check(self, host: str) -> None:
        """Raises RefusedError while `host` is paused; its `retry_after_seconds` says for how long."""
        until = self.until(host)
        if until is not None:
            left = (until - self._clock()).total_seconds()
            raise RefusedError(
                f"{host.rpartition(':')[0]} asked to be left alone for another {_words(left)}.",
                retry_after_seconds=left,
            )

    def note(self, host: str, status: int, headers: Mapping[str, str]) -> None:
        """Learn from an answer: 429 and 503 pause the host, anything else ends the counting."""
        if status not in (429, 503):
            if host in self._times:
                self._end(host)
            return
        now = self._clock()
        with self._lock:
            times = self._times[host] = self._times.get(host, 0) + 1
            wait = polite.pause(times, polite.retry_after(headers.get("retry-after"), now))
            earlier = self.until(host)
            until = max(now + wait, earlier or now)
            self._until[host] = until
            self._steady_until[host] = self._steady() + (until - now).total_seconds()
        self._recorder.pause(host, until)

    def _end(self, host: str) -> None:
        with self._lock:
            self._times.pop(host, None)
            if self.until(host) is not None:
                return  # an answer to a request that left before the pause does not end it
            self._until.pop(host, None)
            self._steady_until.pop(host, None)


def _words(seconds: float) -> str:
    if seconds < 90:
        return f"{max(seconds, 1):.0f} seconds"
    if seconds < 5400:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.0f} hours"
