"""The generate worker killed, hung and starved of memory while it writes and while it chooses. Every test runs real processes."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.errors import ModelError, WorkerError
from engine.workers.clients import GenerateWorker
from engine.workers.process import Limits
from engine.workers.supervisor import CancelledError
from engine.workers.writer import GENERATE_IDLE_SECONDS
from tests import tiny_models
from tests.faults.workers import eventually

linux = pytest.mark.skipif(sys.platform != "linux", reason="limits of the kernel are Linux's")

Make = Callable[..., GenerateWorker]

PIECES = [("scaffold", "the good and "), ("foreign", "the bad")]
FOREVER = 'root ::= " good" root'
LAST = 150
LABELS = [" good", " bad"]
MANY = [[("foreign", f"the bad number {number} and the good " * 6)] for number in range(LAST + 1)]
ONE_SENTENCE = r"^[^\n]+; [^\n;]+\.$"  # what happened; what to do.


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.write(tmp_path_factory.mktemp("tiny") / "tiny.gguf", context_tokens=1 << 17)


@pytest.fixture
def tiny(path: Path) -> Iterator[Make]:
    made: list[GenerateWorker] = []

    def make(*, silence_seconds: float = 60.0, context_tokens: int = 0, model: Path = path, **limits: Any) -> GenerateWorker:
        limits.setdefault("back_off_seconds", 0.05)
        worker = GenerateWorker(
            model, "chatml", silence_seconds=silence_seconds, context_tokens=context_tokens, threads=1, limits=Limits(**limits)
        )
        made.append(worker)
        return worker

    yield make
    for worker in made:
        pid = worker.state().pid
        worker.close()
        assert pid is None or not psutil.pid_exists(pid)


def writing(worker: GenerateWorker) -> Iterator[str]:
    """A text that goes on for long, from where it has begun."""
    text = worker.complete(PIECES, grammar=FOREVER, max_tokens=1024)
    while not next(text):
        pass
    return text


def process_of(worker: GenerateWorker) -> int:
    pid = worker.state().pid
    assert pid is not None
    return pid


def when_it_chooses(worker: GenerateWorker, act: Callable[[int], None]) -> threading.Thread:
    """Do something to the process as soon as it has begun to answer."""

    def watch() -> None:
        assert eventually(lambda: worker.supervisor._running is not None and worker.supervisor._running.delivered > 3, 30)
        act(process_of(worker))

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def hang(pid: int) -> None:
    os.kill(pid, signal.SIGSTOP)


# ---- killed ------------------------------------------------------------------------------------------


def test_a_model_killed_while_it_writes_is_one_clear_error_and_the_next_text_is_written(tiny: Make) -> None:
    worker = tiny()
    text = writing(worker)
    pid = process_of(worker)
    kill(pid)
    with pytest.raises(WorkerError, match=ONE_SENTENCE):
        list(text)
    assert not psutil.pid_exists(pid)
    assert "".join(worker.complete(PIECES, grammar='root ::= " yes"')) == " yes"


def test_a_model_killed_while_it_chooses_goes_on_with_what_is_left(tiny: Make) -> None:
    worker = tiny()
    killed: list[int] = []
    thread = when_it_chooses(worker, lambda pid: (killed.append(pid), kill(pid))[1])
    found = worker.choose(PIECES, MANY, LABELS)
    thread.join()
    assert (worker.state().deaths, len(found)) == (1, len(MANY))
    assert not psutil.pid_exists(killed[0])
    assert [found[place] for place in (0, LAST // 2, LAST)] == [
        pytest.approx(worker.choose(PIECES, [MANY[place]], LABELS)[0], abs=1e-3) for place in (0, LAST // 2, LAST)
    ]


# ---- hung ---------------------------------------------------------------------------------------------


def test_a_model_that_hangs_while_it_writes_is_ended_and_reported(tiny: Make) -> None:
    worker = tiny(silence_seconds=1.0)
    text = writing(worker)
    pid = process_of(worker)
    hang(pid)
    with pytest.raises(WorkerError, match="no answer for 1 seconds; try again when"):
        list(text)
    assert not psutil.pid_exists(pid)


def test_a_model_that_hangs_while_it_chooses_is_replaced_and_goes_on(tiny: Make) -> None:
    worker = tiny(silence_seconds=5.0)
    thread = when_it_chooses(worker, hang)
    found = worker.choose(PIECES, MANY, LABELS)
    thread.join()
    assert (worker.state().deaths, len(found)) == (1, len(MANY))


def test_a_hung_model_lets_a_cancelled_text_go(tiny: Make) -> None:
    worker = tiny()
    text = writing(worker)
    hang(process_of(worker))
    text.close()  # type: ignore[attr-defined]
    assert "".join(worker.complete(PIECES, grammar='root ::= " yes"')) == " yes"
    assert worker.state().starts == 2


# ---- starved ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", ["write", "choose"])
def test_a_model_that_outgrows_its_memory_is_ended_and_says_what_to_do(tiny: Make, task: str) -> None:
    worker = tiny(resident_bytes=20 << 20)
    with pytest.raises(WorkerError, match=r"needed more than 21 MB of memory.*; close other programs, or choose a smaller model\.$"):
        list(worker.complete(PIECES)) if task == "write" else worker.choose(PIECES, MANY, LABELS)
    assert not worker.state().running


@linux
@pytest.mark.parametrize("task", ["write", "choose"])
def test_a_model_for_which_the_system_has_no_memory_is_refused_in_a_sentence(
    tiny: Make, tmp_path: Path, task: str
) -> None:
    deep = tiny_models.write(tmp_path / "deep.gguf", context_tokens=1 << 17, layers=160)  # 1.3 GB of keys and values
    worker = tiny(model=deep, address_bytes=1 << 30, context_tokens=1 << 17)
    with pytest.raises((ModelError, WorkerError), match=r"memory.*; close other programs, or choose a smaller model\.$"):
        list(worker.complete(PIECES)) if task == "write" else worker.choose(PIECES, MANY, LABELS)


# ---- stopped, unloaded, refused ------------------------------------------------------------------------


def test_cancelling_a_choice_keeps_the_process_for_the_next_one(tiny: Make) -> None:
    worker = tiny()
    worker.info()
    flag = threading.Event()
    thread = when_it_chooses(worker, lambda pid: flag.set())
    with pytest.raises(CancelledError):
        worker.choose(PIECES, MANY, LABELS, cancelled=flag.is_set)
    thread.join()
    assert len(worker.choose(PIECES, MANY[:3], LABELS)) == 3
    assert (worker.state().starts, worker.state().deaths) == (1, 0)


def test_a_model_that_nobody_asks_gives_its_memory_back(tiny: Make) -> None:
    worker = tiny(idle_seconds=0.3)
    worker.info()
    pid = process_of(worker)
    assert eventually(lambda: not psutil.pid_exists(pid))
    assert worker.state().resident_bytes == 0
    assert "".join(worker.complete(PIECES, grammar='root ::= " yes"')) == " yes"


def test_a_model_is_unloaded_after_five_idle_minutes_by_default(path: Path) -> None:
    with GenerateWorker(path, "chatml") as worker:
        assert worker.supervisor.limits.idle_seconds == GENERATE_IDLE_SECONDS == 300


@pytest.mark.parametrize("how", ["empty", "truncated", "weights that are no numbers"])
def test_a_broken_file_is_refused_and_its_worker_takes_the_next_job(tiny: Make, tmp_path: Path, how: str) -> None:
    worker = tiny(model=tiny_models.damaged(tmp_path / "broken.gguf", how))
    for _ in range(2):
        with pytest.raises(ModelError, match=r"broken\.gguf.*choose another model\.$"):
            list(worker.complete(PIECES))
    assert (worker.state().starts, worker.state().deaths) == (1, 0)


@pytest.mark.parametrize("how", tiny_models.CRASHES)
def test_a_file_at_which_the_runtime_gives_up_costs_its_process_and_is_one_sentence(
    tiny: Make, tmp_path: Path, how: str
) -> None:
    worker = tiny(model=tiny_models.damaged(tmp_path / "broken.gguf", how))
    with pytest.raises(WorkerError, match=r"^[^\n]*inner error; try again, or choose another model\.$"):
        list(worker.complete(PIECES))
    assert (worker.state().running, worker.state().deaths) == (False, 2)
