"""Where the window's calls to the engine run: never on the event loop's thread.

Three kinds of work, each on threads of its own: reads (one thread, in order, short), slow single answers, and jobs
(generators with progress). Results come back on the thread that made the `Lanes`, a few milliseconds of them at a time.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Generator, Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from PySide6.QtCore import QCoreApplication, QEventLoop, QObject, Qt, Signal
from shiboken6 import isValid

from engine import EngineError

log = logging.getLogger(__name__)

T = TypeVar("T")
Failed = Callable[[EngineError], None]

SLOW_THREADS = 3
DELIVERY_BUDGET_SECONDS = 0.008


@dataclass(eq=False, slots=True)
class _Task:
    """One call on its way. `turn` is compared with the newest turn of the same key."""

    run: Callable[[], Any]
    then: Callable[[Any], None] | None
    failed: Failed | None
    key: Hashable
    turn: int
    owner: QObject | None
    must: bool = False  # runs even when the lanes are closed meanwhile


@dataclass(eq=False)
class Job:
    """A running or waiting generator. `cancel` may be called at any time, from the window's thread."""

    name: str
    start: Callable[[], Iterator[Any]]
    on_event: Callable[[Any], None] | None
    done: Callable[[bool], None] | None
    failed: Failed | None
    owner: QObject | None
    stopped: threading.Event = field(default_factory=threading.Event)
    begun: bool = False
    finished: bool = False

    def cancel(self) -> None:
        """Close the generator at its next event; `done(True)` follows."""
        self.stopped.set()


def _alive(callback: Callable[..., None], owner: QObject | None) -> bool:
    """False when the QObject that would take the answer has been deleted meanwhile."""
    holder = owner if owner is not None else getattr(callback, "__self__", None)
    return not isinstance(holder, QObject) or bool(isValid(holder))


class _Lane:
    """Threads that take tasks from one queue, in order. They start with the first task and are daemons."""

    def __init__(self, name: str, threads: int, deliver: Callable[[_Task, Any, BaseException | None], None]) -> None:
        self._name, self._threads, self._deliver = name, threads, deliver
        self._tasks: deque[_Task] = deque()
        self._wake = threading.Condition()
        self._running: list[threading.Thread] = []
        self._busy = 0
        self._closed = False

    def put(self, task: _Task) -> None:
        with self._wake:
            if task.key is not None:
                self._tasks = deque(other for other in self._tasks if other.key != task.key)
            self._tasks.append(task)
            if len(self._running) < self._threads and self._busy + len(self._tasks) > len(self._running):
                thread = threading.Thread(target=self._work, name=f"lane-{self._name}", daemon=True)
                self._running.append(thread)
                thread.start()
            self._wake.notify()

    def idle(self) -> bool:
        with self._wake:
            return not self._tasks and not self._busy

    def close(self, wait_seconds: float) -> None:
        with self._wake:
            self._closed = True
            self._tasks = deque(task for task in self._tasks if task.must)
            self._wake.notify_all()
        deadline = time.monotonic() + wait_seconds
        for thread in self._running:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _work(self) -> None:
        while True:
            with self._wake:
                while not self._tasks and not self._closed:
                    self._wake.wait()
                if not self._tasks:
                    return
                task = self._tasks.popleft()
                self._busy += 1
            result, error = None, None
            try:
                result = task.run()
            except BaseException as caught:  # noqa: BLE001 (carried to the window's thread)
                error = caught
            # Delivered before the lane counts as idle, so that "idle" means: nothing more will come.
            self._deliver(task, result, error)
            del task, result, error
            with self._wake:
                self._busy -= 1


class Lanes(QObject):
    """Runs calls beside the event loop and brings their answers back to it."""

    bug = Signal(str)  # a traceback: something that is not an EngineError was raised
    trouble = Signal(str)  # an EngineError that nobody else took, in words
    job_started = Signal(object)  # Job
    job_event = Signal(object, object)  # Job, event
    job_ended = Signal(object, bool)  # Job, cancelled
    _ready = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._turns: dict[Hashable, int] = {}
        self._turn = 0
        self._answers: deque[Callable[[], None]] = deque()
        self._waking = threading.Lock()
        self._woken = False
        self._reads = _Lane("read", 1, self._deliver)
        self._slow = _Lane("slow", SLOW_THREADS, self._deliver)
        self._jobs: dict[str, deque[Job]] = {}
        self._threads: list[threading.Thread] = []
        self._closed = False
        self._ready.connect(self._drain, Qt.ConnectionType.QueuedConnection)

    # ---- asking ------------------------------------------------------------------------------

    def read(
        self,
        fn: Callable[[], T],
        then: Callable[[T], None] | None = None,
        *,
        failed: Failed | None = None,
        key: Hashable = None,
        owner: QObject | None = None,
        must: bool | None = None,
    ) -> None:
        """Run the short call `fn` after those before it; hand what it returns to `then`.

        Args:
            key: a later call with the same key supersedes this one: it is not begun, or its answer is dropped.
            owner: the answer is dropped when this object is gone; by default the object whose method `then` is.
            must: closing the lanes waits for the call instead of dropping it; by default where there is no key, as
                for all that a person did to posts.
        """
        full_key = ("read", key) if key is not None else None
        self._put(self._reads, fn, then, failed, full_key, owner, key is None if must is None else must)

    def slow(
        self,
        fn: Callable[[], T],
        then: Callable[[T], None] | None = None,
        *,
        failed: Failed | None = None,
        key: Hashable = None,
        owner: QObject | None = None,
    ) -> None:
        """Like `read`, for calls that may take seconds; up to three run side by side, in no order."""
        self._put(self._slow, fn, then, failed, ("slow", key) if key is not None else None, owner, False)

    def job(
        self,
        name: str,
        start: Callable[[], Iterator[Any]],
        on_event: Callable[[Any], None] | None = None,
        done: Callable[[bool], None] | None = None,
        failed: Failed | None = None,
        *,
        owner: QObject | None = None,
    ) -> Job:
        """Run the generator that `start` returns; jobs of one name run one after another.

        Args:
            done: called once at the end with True when the job was cancelled; not called when it failed.
        """
        job = Job(name, start, on_event, done, failed, owner)
        queue = self._jobs.setdefault(name, deque())
        queue.append(job)
        if len(queue) == 1:
            self._begin(job)
        return job

    def running(self, name: str) -> list[Job]:
        """The jobs of this name that run or wait, in order."""
        return list(self._jobs.get(name, ()))

    # ---- ending ------------------------------------------------------------------------------

    def idle(self) -> bool:
        """True when nothing runs or waits and every answer has been handed over."""
        jobs = any(self._jobs.values())
        return self._reads.idle() and self._slow.idle() and not jobs and not self._answers

    def wait_idle(self, milliseconds: int = 10_000) -> bool:
        """Turn the event loop until `idle`; False when it took longer."""
        deadline = time.monotonic() + milliseconds / 1000
        while time.monotonic() < deadline:
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 10)
            if self.idle():
                return True
            time.sleep(0.001)
        return False

    def close(self, wait_seconds: float = 5.0) -> None:
        """Cancel jobs, let the acts that wait be written, drop the rest. Nothing is delivered afterwards.

        Jobs and slow calls get a second to end by themselves; closing the engine ends those that do not.
        """
        self._closed = True
        for queue in self._jobs.values():
            for job in queue:
                job.cancel()
        self._reads.close(wait_seconds)
        deadline = time.monotonic() + 1.0
        self._slow.close(max(0.0, deadline - time.monotonic()))
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._answers.clear()

    # ---- inside ------------------------------------------------------------------------------

    def _put(
        self,
        lane: _Lane,
        fn: Callable[[], T],
        then: Callable[[T], None] | None,
        failed: Failed | None,
        key: Hashable,
        owner: QObject | None,
        must: bool,
    ) -> None:
        if self._closed:
            return
        self._turn += 1
        if key is not None:
            self._turns[key] = self._turn
        lane.put(_Task(fn, then, failed, key, self._turn, owner, must))

    def _deliver(self, task: _Task, result: Any, error: BaseException | None) -> None:
        self._post(lambda: self._answer(task, result, error))

    def _answer(self, task: _Task, result: Any, error: BaseException | None) -> None:
        if task.key is not None:
            if self._turns.get(task.key) != task.turn:
                return
            del self._turns[task.key]
        if error is not None:
            self._fail(error, task.failed, task.owner)
        elif task.then is not None and _alive(task.then, task.owner):
            task.then(result)

    def _fail(self, error: BaseException, failed: Failed | None, owner: QObject | None) -> None:
        if not isinstance(error, EngineError):
            text = "".join(traceback.format_exception(error))
            log.error("bug kind=%s", type(error).__name__)
            self.bug.emit(text)
        elif failed is None:
            self.trouble.emit(str(error))
        elif _alive(failed, owner):
            failed(error)

    def _begin(self, job: Job) -> None:
        job.begun = True
        self.job_started.emit(job)
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=self._run, args=(job,), name=f"job-{job.name}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _run(self, job: Job) -> None:
        error: BaseException | None = None
        events: Iterator[Any] | None = None
        try:
            if not job.stopped.is_set():
                events = job.start()
                for event in events:
                    self._post(lambda event=event: self._event(job, event))  # type: ignore[misc]
                    if job.stopped.is_set():
                        break
        except BaseException as caught:  # noqa: BLE001 (carried to the window's thread)
            error = caught
        finally:
            if isinstance(events, Generator):
                try:
                    events.close()
                except BaseException as caught:  # noqa: BLE001 (carried to the window's thread)
                    error = error or caught
        self._post(lambda: self._end(job, error))

    def _event(self, job: Job, event: Any) -> None:
        self.job_event.emit(job, event)
        if job.on_event is not None and _alive(job.on_event, job.owner):
            job.on_event(event)

    def _end(self, job: Job, error: BaseException | None) -> None:
        job.finished = True
        queue = self._jobs[job.name]
        queue.remove(job)
        cancelled = job.stopped.is_set()
        self.job_ended.emit(job, cancelled)
        if error is not None and not (cancelled and isinstance(error, EngineError)):
            self._fail(error, job.failed, job.owner)
        elif job.done is not None and _alive(job.done, job.owner):
            job.done(cancelled)
        if queue and not queue[0].begun and not self._closed:  # `done` may have asked for the next one
            self._begin(queue[0])

    def _post(self, answer: Callable[[], None]) -> None:
        """From any thread: have `answer` called on the window's."""
        if self._closed:
            return
        self._answers.append(answer)
        with self._waking:
            wake, self._woken = not self._woken, True
        if wake and isValid(self):
            self._ready.emit()

    def _drain(self) -> None:
        with self._waking:
            self._woken = False
        deadline = time.perf_counter() + DELIVERY_BUDGET_SECONDS
        while self._answers and not self._closed:
            self._answers.popleft()()
            if time.perf_counter() > deadline:
                break
        if self._answers and not self._closed:
            with self._waking:
                wake, self._woken = not self._woken, True
            if wake:
                self._ready.emit()
