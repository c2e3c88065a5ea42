"""One worker process of a role, kept alive while it is wanted: the parent's side.

Any thread may call `request`; one job runs at a time, urgent ones first. A single thread owns the process: it starts
it with the first job, watches its time and memory, starts it again when it dies, and lets it go when nobody has asked
for long. A job that kills its worker twice is refused from then on.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import logging
import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.errors import WorkerError
from engine.workers import failures, protocol
from engine.workers.process import Died, Event, Limits, Process

log = logging.getLogger(__name__)

CANCEL_GRACE_SECONDS = 3.0  # a worker that has not stopped a cancelled job by then is killed
POLL_SECONDS = 0.05  # how often a waiting caller's `cancelled()` is asked
MEMORY_POLL_SECONDS = 0.5
MAX_BUFFERED_BYTES = 256 << 20  # replies of one job that nobody has taken yet
MAX_QUARANTINED = 1000
STARTS_ALLOWED = 3  # deaths in a row after which a failed start is reported instead of tried again
KILLS_ALLOWED = 1  # one death may be chance


class CancelledError(WorkerError):
    """The caller's `cancelled()` said so, or the supervisor was closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """A job that killed its worker twice."""

    role: str
    op: str
    reason: str
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerState:
    """What can be shown of a worker."""

    role: str
    running: bool
    pid: int | None
    resident_bytes: int
    starts: int
    deaths: int
    set_aside: tuple[SetAside, ...]


@dataclass(slots=True, eq=False)
class _Job:
    number: int
    op: str
    payload: dict[str, Any]
    digest: bytes
    timeout_seconds: float
    repeatable: bool
    answers: queue.SimpleQueue[dict[str, Any] | BaseException | None] = field(default_factory=queue.SimpleQueue)
    cancelled: threading.Event = field(default_factory=threading.Event)
    delivered: int = 0  # replies handed over, by this or an earlier try
    waiting_bytes: int = 0


class Supervisor:
    """Runs the jobs of one role. Starting a process waits for the first job, so making one costs nothing."""

    def __init__(
        self,
        role: str,
        config: dict[str, Any] | None = None,
        limits: Limits | None = None,
        *,
        command: Sequence[str] | None = None,
    ) -> None:
        """`config` goes to the role's `start`; `command` replaces the program's own (tests)."""
        self.role = role
        self._config = config or {}
        self.limits = limits or Limits()
        self._command = command
        self._jobs: queue.PriorityQueue[tuple[int, int, _Job | None]] = queue.PriorityQueue()
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._process: Process | None = None
        self._running: _Job | None = None
        self._closed = threading.Event()
        self._unload = threading.Event()
        self._kills: OrderedDict[bytes, int] = OrderedDict()
        self._set_aside: OrderedDict[bytes, SetAside] = OrderedDict()
        self._starts = 0
        self._deaths = 0
        self._deaths_in_a_row = 0

    # ---- for callers -----------------------------------------------------------------------------

    def request(
        self,
        op: str,
        payload: dict[str, Any],
        *,
        timeout_seconds: float = 60.0,
        cancelled: Callable[[], bool] | None = None,
        urgent: bool = False,
        repeatable: bool = True,
    ) -> Generator[dict[str, Any], None, None]:
        """Run one job and yield its replies as they come. Closing the generator cancels the job.

        Args:
            timeout_seconds: the longest silence while the job runs; waiting for its turn does not count.
            cancelled: asked about twenty times a second.
            urgent: goes before every job that is not.
            repeatable: the same replies come again when the job is run again, so that after a death those already
                handed over are skipped. If not, a job that has begun to answer is not tried again.

        Raises:
            EngineError: as the role raised it.
            WorkerError: the worker died, hung or outgrew its limits, twice; or the role has a bug.
            CancelledError: `cancelled()` said so, or the supervisor is closed.
        """
        job = self._job(op, payload, timeout_seconds, repeatable)
        with self._lock:
            if self._closed.is_set():
                raise CancelledError(f"The {self.role} worker is closed.")
            self._jobs.put((0 if urgent else 1, job.number, job))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=f"{self.role} supervisor", daemon=True)
                self._thread.start()
        try:
            while True:
                try:
                    answer = job.answers.get(timeout=POLL_SECONDS if cancelled else None)
                except queue.Empty:
                    if cancelled and cancelled():
                        raise CancelledError("Cancelled.") from None
                    continue
                if answer is None:
                    return
                if isinstance(answer, BaseException):
                    raise answer
                job.waiting_bytes -= answer.pop("size")
                yield answer["body"]
                if cancelled and cancelled():
                    raise CancelledError("Cancelled.")
        finally:
            self._abandon(job)

    def state(self) -> WorkerState:
        process = self._process
        running = process is not None and process.alive
        return WorkerState(
            role=self.role,
            running=running,
            pid=process.pid if process is not None and running else None,
            resident_bytes=process.resident_bytes() if process is not None and running else 0,
            starts=self._starts,
            deaths=self._deaths,
            set_aside=tuple(self._set_aside.values()),
        )

    def unload(self) -> None:
        """Let the process go once its job has ended; the next job starts a new one."""
        self._unload.set()
        with self._lock:
            if self._thread is not None:
                self._jobs.put((2, next(self._numbers), None))

    def forgive(self, digest: bytes) -> None:
        """Allow a job that was set aside to be tried once more."""
        self._set_aside.pop(digest, None)
        self._kills.pop(digest, None)

    def close(self) -> None:
        """Cancel what runs and waits, and end the process. May be called twice."""
        with self._lock:
            self._closed.set()
            thread = self._thread
            self._jobs.put((-1, next(self._numbers), None))
        process = self._process
        if process is not None:
            process.wake()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=30)

    def __enter__(self) -> Supervisor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _job(self, op: str, payload: dict[str, Any], timeout_seconds: float, repeatable: bool) -> _Job:
        try:
            packed = protocol.pack(protocol.request(0, op, payload))
        except protocol.ProtocolError as error:
            raise WorkerError(f"This is too large for the {self.role} worker ({error}).") from error
        digest = hashlib.blake2b(packed, digest_size=16).digest()
        aside = self._set_aside.get(digest)
        if aside is not None:
            raise WorkerError(
                f"This was set aside because the {self.role} worker could not survive it: {aside.reason}."
            )
        return _Job(next(self._numbers), op, payload, digest, timeout_seconds, repeatable)

    def _abandon(self, job: _Job) -> None:
        job.cancelled.set()
        process = self._process
        if process is not None and self._running is job:
            process.wake()

    # ---- the thread that owns the process ----------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._closed.is_set():
                job = self._next()
                if job is None or job.cancelled.is_set():
                    continue
                self._running = job
                try:
                    self._attempt(job)
                    job.answers.put(None)
                except BaseException as error:  # noqa: BLE001 - handed to the caller, whose error it is
                    job.answers.put(error)
                finally:
                    self._running = None
        finally:
            self._stop("closed")
            while True:
                with contextlib.suppress(queue.Empty):
                    left = self._jobs.get_nowait()[2]
                    if left is not None:
                        left.answers.put(CancelledError(f"The {self.role} worker was closed."))
                    continue
                break

    def _next(self) -> _Job | None:
        """The next job; None to look again. Lets the process go when there is none for long."""
        idle = self.limits.idle_seconds if self._process is not None else None
        try:
            job = self._jobs.get(timeout=idle)[2]
        except queue.Empty:
            self._stop("idle")
            return None
        if job is None and self._unload.is_set():
            self._unload.clear()
            self._stop("unloaded")
        return job

    def _attempt(self, job: _Job) -> None:
        """Run a job, again after a death that may have been chance.

        Raises:
            WorkerError: it died, hung or outgrew its limits too often, or cannot be started.
        """
        while True:
            self._back_off(job)
            process = self._started(job)
            if process is None:
                continue
            try:
                self._converse(process, job)
            except Died as death:
                self._stop(death.reason)
                self._deaths += 1
                self._deaths_in_a_row += 1
                log.info("worker died role=%s op=%s reason=%s", self.role, job.op, death.reason)
                self._blame(job, death.reason)
            else:
                self._deaths_in_a_row = 0
                return

    def _blame(self, job: _Job, reason: str) -> None:
        kills = self._kills.pop(job.digest, 0) + 1
        self._kills[job.digest] = kills
        while len(self._kills) > MAX_QUARANTINED:
            self._kills.popitem(last=False)
        if kills > KILLS_ALLOWED:
            self._set_aside[job.digest] = SetAside(role=self.role, op=job.op, reason=reason, digest=job.digest)
            while len(self._set_aside) > MAX_QUARANTINED:
                self._set_aside.popitem(last=False)
            raise WorkerError(f"The {self.role} worker stopped twice on this and it was set aside: {reason}.")
        if job.delivered and not job.repeatable:
            raise WorkerError(f"The {self.role} worker stopped in the middle: {reason}.")

    def _back_off(self, job: _Job) -> None:
        """After the second death in a row, wait longer each time before starting anew."""
        if self._deaths_in_a_row < 2 or self._process is not None:
            return
        until = time.monotonic() + min(30.0, self.limits.back_off_seconds * 2 ** (self._deaths_in_a_row - 2))
        while time.monotonic() < until:
            if job.cancelled.is_set() or self._closed.is_set():
                raise CancelledError("Cancelled.")
            time.sleep(min(POLL_SECONDS, max(0.0, until - time.monotonic())))

    def _started(self, job: _Job) -> Process | None:
        """The live process; None when it died while starting and another try is due."""
        if self._process is not None and not self._process.alive:
            self._stop("ended by itself")
        if self._process is None:
            self._starts += 1
            self._process = Process(self.role, self._config, self.limits, self._command)
        process = self._process
        if not process.ready:
            try:
                # A start that nobody waits for any more goes on: the next job finds it further on.
                if not process.await_ready(lambda: job.cancelled.is_set() or self._closed.is_set()):
                    raise CancelledError("Cancelled.")
            except CancelledError:
                raise
            except Died as death:
                self._stop(death.reason)
                self._deaths += 1
                self._deaths_in_a_row += 1
                log.info("worker did not start role=%s reason=%s", self.role, death.reason)
                if self._deaths_in_a_row >= STARTS_ALLOWED:
                    raise WorkerError(f"The {self.role} worker cannot be started: {death.reason}.") from death
                return None
            except BaseException:
                self._stop("start failed")
                raise
            log.info("worker started role=%s pid=%d ms=%d", self.role, process.pid, process.age_seconds * 1e3)
        return process

    def _converse(self, process: Process, job: _Job) -> None:
        """Send a job and hand its replies over until it ends.

        Raises:
            Died: the process is gone or has been killed.
        """
        process.send(protocol.request(job.number, job.op, job.payload))
        heard = time.monotonic()
        cancelled_at: float | None = None
        seen = 0
        checked = 0.0
        while True:
            now = time.monotonic()
            if cancelled_at is None and (job.cancelled.is_set() or self._closed.is_set()):
                cancelled_at = now
                process.send(protocol.cancel(job.number))
            deadline = heard + job.timeout_seconds
            if cancelled_at is not None:
                deadline = cancelled_at + (0.2 if self._closed.is_set() else CANCEL_GRACE_SECONDS)
            if now >= deadline:
                if cancelled_at is not None:
                    self._stop("did not stop a cancelled job")
                    raise CancelledError("Cancelled.")
                process.kill()
                raise Died(f"it gave no answer for {job.timeout_seconds:g} seconds")
            if self.limits.resident_bytes and now - checked >= MEMORY_POLL_SECONDS:
                checked = now
                process.check_memory()
            wait = min(deadline - now, MEMORY_POLL_SECONDS if self.limits.resident_bytes else deadline - now)
            event = process.event(max(0.0, wait))
            if event is None:
                continue
            heard = time.monotonic()
            if event.message.get("job") != job.number:
                continue  # the rest of a job that was cancelled
            if self._take(job, event, seen):
                return
            seen += 1

    def _take(self, job: _Job, event: Event, seen: int) -> bool:
        """Hand one message over. True when the job has ended."""
        kind = event.message.get("t")
        if kind == "reply":
            if seen >= job.delivered and not job.cancelled.is_set():
                job.delivered += 1
                job.waiting_bytes += event.size
                if job.waiting_bytes > MAX_BUFFERED_BYTES:
                    self._stop("too large an answer")
                    raise WorkerError(f"The {self.role} worker's answer is larger than Millpond can hold.")
                job.answers.put({"body": event.message.get("body"), "size": event.size})
            return False
        if kind == "end":
            return True
        if kind == "error" and event.message.get("kind") == "memory":
            raise Died("it ran out of memory")
        raise failures.from_wire(self.role, event.message)

    def _stop(self, why: str) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.stop()
            log.info("worker stopped role=%s why=%s", self.role, why)
