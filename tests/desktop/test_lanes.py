"""Calls beside the event loop: order, superseding, failures, cancelling."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, QThread
from pytestqt.qtbot import QtBot

from desktop.lanes import Lanes
from desktop.stalls import StallMonitor
from engine import EngineError, InputError


@pytest.fixture
def lanes(qtbot: QtBot) -> Iterator[Lanes]:
    made = Lanes()
    yield made
    made.close()


def test_an_answer_arrives_on_the_windows_thread(lanes: Lanes) -> None:
    threads: list[object] = []
    lanes.read(threading.get_ident, lambda ran: threads.extend([ran, threading.get_ident()]))
    assert lanes.wait_idle()
    assert threads[0] != threading.get_ident()
    assert threads[1] == threading.get_ident()


def test_reads_run_in_the_order_in_which_they_were_asked(lanes: Lanes) -> None:
    seen: list[int] = []
    for number in range(50):
        lanes.read(lambda number=number: number, seen.append)  # type: ignore[misc]
    assert lanes.wait_idle()
    assert seen == list(range(50))


def test_a_later_call_with_the_same_key_supersedes_the_earlier(lanes: Lanes) -> None:
    gate, seen = threading.Event(), list[str]()
    lanes.read(gate.wait)
    for word in ("first", "second", "third"):
        lanes.read(lambda word=word: word, seen.append, key="words")  # type: ignore[misc]
    gate.set()
    assert lanes.wait_idle()
    assert seen == ["third"]


def test_the_answer_of_a_running_call_is_dropped_when_a_new_one_supersedes_it(lanes: Lanes) -> None:
    running, gate, seen = threading.Event(), threading.Event(), list[str]()

    def slow() -> str:
        running.set()
        gate.wait()
        return "old"

    lanes.read(slow, seen.append, key="words")
    running.wait()
    lanes.read(lambda: "new", seen.append, key="words")
    gate.set()
    assert lanes.wait_idle()
    assert seen == ["new"]


def test_a_slow_call_holds_up_no_read(lanes: Lanes) -> None:
    gate, seen = threading.Event(), list[str]()
    lanes.slow(gate.wait, lambda _: seen.append("slow"))
    lanes.read(lambda: "read", seen.append)
    deadline = time.monotonic() + 5
    while not seen and time.monotonic() < deadline:
        lanes.wait_idle(20)
    assert seen == ["read"]
    gate.set()
    assert lanes.wait_idle()


def test_an_engine_error_goes_to_whoever_asked(lanes: Lanes) -> None:
    failures: list[EngineError] = []

    def fail() -> None:
        raise InputError("No such thing.")

    lanes.read(fail, failed=failures.append)
    assert lanes.wait_idle()
    assert [str(error) for error in failures] == ["No such thing."]


def test_an_engine_error_that_nobody_takes_is_said_in_its_own_words(lanes: Lanes) -> None:
    said: list[str] = []
    lanes.trouble.connect(said.append)

    def fail() -> None:
        raise InputError("No such thing.")

    lanes.read(fail)
    assert lanes.wait_idle()
    assert said == ["No such thing."]


def test_any_other_exception_is_a_bug_and_comes_with_its_traceback(
    lanes: Lanes, caplog: pytest.LogCaptureFixture
) -> None:
    bugs: list[str] = []
    lanes.bug.connect(bugs.append)
    lanes.read(lambda: 1 / 0, failed=lambda _: bugs.append("taken for an engine error"))
    assert lanes.wait_idle()
    assert len(bugs) == 1
    assert "ZeroDivisionError" in bugs[0]


def test_an_answer_for_a_widget_that_is_gone_is_dropped(lanes: Lanes) -> None:
    class Asker(QObject):
        def take(self, value: int) -> None:
            raise AssertionError(f"took {value} after its end")

    asker, gate = Asker(), threading.Event()
    lanes.read(lambda: gate.wait() and 1, asker.take)
    import shiboken6

    shiboken6.delete(asker)
    gate.set()
    assert lanes.wait_idle()


def test_a_job_yields_its_events_in_order_and_says_when_it_is_done(lanes: Lanes) -> None:
    seen: list[object] = []
    lanes.job("count", lambda: iter(range(5)), seen.append, lambda cancelled: seen.append(cancelled))
    assert lanes.wait_idle()
    assert seen == [0, 1, 2, 3, 4, False]


def test_cancelling_a_job_closes_its_generator(lanes: Lanes) -> None:
    closed, ends = threading.Event(), list[bool]()

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 1
                time.sleep(0.001)
        finally:
            closed.set()

    job = lanes.job("endless", endless, done=ends.append)
    lanes.wait_idle(30)
    job.cancel()
    assert lanes.wait_idle()
    assert closed.is_set()
    assert ends == [True]


def test_a_job_asked_for_when_one_of_its_name_is_done_runs_once(lanes: Lanes) -> None:
    begun: list[str] = []

    def work(name: str) -> Iterator[str]:
        begun.append(name)
        yield name

    lanes.job("same", lambda: work("first"), done=lambda _: lanes.job("same", lambda: work("second")) and None)
    assert lanes.wait_idle()
    assert begun == ["first", "second"]


def test_jobs_of_one_name_wait_for_each_other(lanes: Lanes) -> None:
    running: list[int] = []
    most: list[int] = []

    def work() -> Iterator[int]:
        running.append(1)
        most.append(len(running))
        yield 1
        time.sleep(0.01)
        running.pop()

    for _ in range(4):
        lanes.job("one", work)
    assert lanes.wait_idle()
    assert most == [1, 1, 1, 1]


@pytest.mark.soak
def test_a_flood_of_events_does_not_stall_the_loop(lanes: Lanes, qtbot: QtBot) -> None:
    def busy(_event: int) -> None:
        time.sleep(0.0005)

    monitor = StallMonitor()
    monitor.start()
    lanes.job("flood", lambda: iter(range(800)), busy)
    assert lanes.wait_idle()
    monitor.stop()
    # 0.4 s of handling in slices of 8 ms; the bound leaves room for a busy machine.
    assert monitor.percentile_ms(90) < 60


def test_closing_still_runs_the_acts_that_wait_and_drops_what_only_looks(lanes: Lanes) -> None:
    done: list[str] = []
    lanes.read(lambda: time.sleep(0.05))
    lanes.read(lambda: done.append("act"))
    lanes.read(lambda: done.append("look"), key="look")
    lanes.close()
    assert done == ["act"]


def test_closing_waits_for_what_runs_and_delivers_nothing_more(lanes: Lanes) -> None:
    finished, seen = threading.Event(), list[object]()

    def act() -> None:
        QThread.msleep(50)
        finished.set()

    lanes.read(act, seen.append)
    time.sleep(0.01)
    lanes.close()
    assert finished.is_set()
    assert seen == []
