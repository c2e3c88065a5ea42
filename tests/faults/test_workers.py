"""Workers that crash, hang, swell, babble or try to get out. Every test runs real processes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.errors import ModelError, NotAFeedError, ParseError, WorkerError
from engine.workers.process import FOLDER, Limits
from engine.workers.supervisor import CancelledError, Supervisor
from tests.faults.workers import eventually

ODD = (sys.executable, "-m", "tests.faults.odd_worker")
ROOT = Path(__file__).resolve().parents[2]
linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's filter is Linux's")

Make = Callable[..., Supervisor]


@pytest.fixture
def odd() -> Iterator[Make]:
    made: list[Supervisor] = []

    def make(config: dict[str, Any] | None = None, **limits: Any) -> Supervisor:
        limits.setdefault("back_off_seconds", 0.05)
        made.append(Supervisor("odd", config, Limits(**limits), command=ODD))
        return made[-1]

    yield make
    for supervisor in made:
        pid = supervisor.state().pid
        supervisor.close()
        assert pid is None or not psutil.pid_exists(pid)


def ask(supervisor: Supervisor, op: str, timeout_seconds: float = 20, **payload: Any) -> list[dict[str, Any]]:
    return list(supervisor.request(op, payload, timeout_seconds=timeout_seconds))


# ---- starting, stopping, being shared ------------------------------------------------------------


def test_a_worker_starts_with_its_first_job_and_not_before(odd: Make) -> None:
    supervisor = odd()
    assert supervisor.state().starts == 0
    assert ask(supervisor, "echo", text="hello") == [{"text": "hello"}]
    assert supervisor.state().running


def test_replies_stream_while_the_job_runs(odd: Make) -> None:
    replies = odd().request("count", {"n": 1000, "pause": 0.05})
    assert [next(replies)["number"] for _ in range(3)] == [0, 1, 2]
    replies.close()


def test_several_threads_share_one_worker_and_get_their_own_answers(odd: Make) -> None:
    supervisor = odd()

    def work(number: int) -> bool:
        return all(
            ask(supervisor, "echo", number=number, turn=turn) == [{"number": number, "turn": turn}]
            for turn in range(40)
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))
    assert supervisor.state().starts == 1


def test_a_job_may_be_asked_for_while_the_replies_of_another_are_read(odd: Make) -> None:
    supervisor = odd()
    seen = [ask(supervisor, "echo", number=reply["number"]) for reply in supervisor.request("count", {"n": 300})]
    assert seen == [[{"number": number}] for number in range(300)]


def test_an_urgent_job_goes_before_those_that_wait(odd: Make) -> None:
    supervisor = odd()
    ask(supervisor, "echo")
    order: list[str] = []

    def work(name: str, urgent: bool) -> None:
        list(supervisor.request("count", {"n": 3, "pause": 0.1, "name": name}, urgent=urgent))
        order.append(name)

    threads = [
        threading.Thread(target=work, args=(name, name == "urgent")) for name in ("first", "second", "third", "urgent")
    ]
    for thread in threads:
        thread.start()
        time.sleep(0.05)
    for thread in threads:
        thread.join()
    assert order == ["first", "urgent", "second", "third"]


def test_an_idle_worker_is_let_go_and_comes_back(odd: Make) -> None:
    supervisor = odd(idle_seconds=0.3)
    ask(supervisor, "echo")
    pid = supervisor.state().pid
    assert pid is not None
    assert eventually(lambda: not supervisor.state().running)
    assert eventually(lambda: not psutil.pid_exists(pid))
    assert ask(supervisor, "echo", back=True) == [{"back": True}]
    assert supervisor.state().starts == 2
    assert supervisor.state().deaths == 0


def test_unload_lets_the_process_go_at_once(odd: Make) -> None:
    supervisor = odd()
    ask(supervisor, "echo")
    supervisor.unload()
    assert eventually(lambda: not supervisor.state().running)
    assert ask(supervisor, "echo", back=True) == [{"back": True}]


def test_closing_ends_the_process_and_refuses_further_jobs(odd: Make) -> None:
    supervisor = odd()
    ask(supervisor, "echo")
    supervisor.close()
    assert not supervisor.state().running
    with pytest.raises(CancelledError):
        ask(supervisor, "echo")


def test_closing_frees_callers_that_wait(odd: Make) -> None:
    supervisor = odd()
    errors: list[BaseException] = []

    def wait(op: str) -> None:
        try:
            ask(supervisor, op, 100)
        except CancelledError as error:
            errors.append(error)

    threads = [threading.Thread(target=wait, args=(op,)) for op in ("hang", "echo")]
    for thread in threads:
        thread.start()
        time.sleep(0.3)
    supervisor.close()
    for thread in threads:
        thread.join(10)
    assert len(errors) == 2


def test_a_worker_has_an_empty_folder_a_small_environment_and_its_own_session(odd: Make) -> None:
    os.environ["MILLPOND_TEST_SECRET"] = "shibboleth"
    try:
        (found,) = ask(odd(nice=3), "surroundings")
    finally:
        del os.environ["MILLPOND_TEST_SECRET"]
    assert found["folder"] == []
    assert "shibboleth" not in str(found["environment"])
    assert found["environment"]["HOME"].startswith(tempfile.gettempdir())
    assert found["core"][0] == 0
    assert found["nice"] >= 3
    assert found["session"]
    assert "" not in found["path"]


def test_a_worker_loads_neither_the_command_line_nor_qt(odd: Make) -> None:
    (found,) = ask(odd(), "surroundings")
    assert not {"click", "PySide6", "torch", "engine.core", "engine.cli", "httpx2"} & set(found["modules"])


# ---- errors ----------------------------------------------------------------------------------------


def test_an_error_of_the_role_reaches_the_caller_whole(odd: Make) -> None:
    supervisor = odd()
    with pytest.raises(NotAFeedError, match="That is a page") as caught:
        ask(supervisor, "fail", how="candidates")
    assert caught.value.candidates == ("https://example.org/feed",)
    with pytest.raises(ParseError, match="That is no feed"):
        ask(supervisor, "fail", how="parse")
    assert supervisor.state().starts == 1


def test_a_bug_in_the_role_is_named_without_the_text_it_may_hold(odd: Make) -> None:
    with pytest.raises(WorkerError, match="KeyError") as caught:
        ask(odd(), "fail", how="bug")
    assert "secret" not in str(caught.value)


def test_a_start_that_fails_in_plain_words_is_not_tried_again(odd: Make) -> None:
    supervisor = odd({"bad_model": True})
    with pytest.raises(ModelError, match="not there"):
        ask(supervisor, "echo")
    assert supervisor.state().starts == 1


def test_a_worker_that_cannot_start_is_reported_after_three_tries_with_pauses(odd: Make) -> None:
    supervisor = odd({"stillborn": True}, back_off_seconds=0.3)
    began = time.monotonic()
    with pytest.raises(WorkerError, match="cannot be started"):
        ask(supervisor, "echo")
    assert supervisor.state().starts == 3
    assert time.monotonic() - began >= 0.3
    with pytest.raises(WorkerError, match="cannot be started"):
        ask(supervisor, "echo")
    assert supervisor.state().starts == 4


def test_a_start_that_takes_too_long_is_ended(odd: Make) -> None:
    supervisor = odd({"slow_start_seconds": 60}, start_seconds=0.5)
    with pytest.raises(WorkerError, match="not ready after"):
        ask(supervisor, "echo")


def test_a_start_goes_on_when_the_job_that_began_it_is_cancelled(odd: Make) -> None:
    supervisor = odd({"slow_start_seconds": 1.0})
    with pytest.raises(CancelledError):
        list(supervisor.request("echo", {}, cancelled=lambda: True))
    assert ask(supervisor, "echo", now=1) == [{"now": 1}]
    assert supervisor.state().starts == 1


# ---- dying -----------------------------------------------------------------------------------------


def test_a_worker_killed_between_jobs_is_started_again_without_a_word(odd: Make) -> None:
    supervisor = odd()
    ask(supervisor, "echo")
    pid = supervisor.state().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: not supervisor.state().running)
    assert ask(supervisor, "echo", again=1) == [{"again": 1}]
    assert supervisor.state().set_aside == ()


def test_a_job_whose_worker_is_killed_once_is_run_again_and_no_reply_is_lost_or_doubled(odd: Make) -> None:
    supervisor = odd()
    numbers, pids = [], set()
    for reply in supervisor.request("count", {"n": 30, "pause": 0.02}):
        numbers.append(reply["number"])
        pids.add(reply["pid"])
        if reply["number"] == 10 and len(pids) == 1:
            os.kill(reply["pid"], signal.SIGKILL)
    assert numbers == list(range(30))
    assert len(pids) == 2


def test_a_job_that_cannot_be_repeated_is_not_run_again_once_it_has_answered(odd: Make, tmp_path: Path) -> None:
    payload = {"n": 5, "crash_at": 2, "crash_once": str(tmp_path / "crashed"), "pause": 0.05}
    replies = odd().request("count", payload, repeatable=False)
    assert next(replies)["number"] == 0
    with pytest.raises(WorkerError, match="in the middle"):
        list(replies)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("segfault", "read memory that is not its own"),
        ("abort", "inner error"),
        ("words", "ran out of memory"),
        ("3", "ended with status 3"),
        ("0", "without an answer"),
    ],
)
def test_a_job_that_kills_its_worker_twice_is_set_aside_with_the_reason(odd: Make, how: str, words: str) -> None:
    supervisor = odd()
    with pytest.raises(WorkerError, match=words):
        ask(supervisor, "die", how=how)
    assert supervisor.state().deaths == 2
    (aside,) = supervisor.state().set_aside
    assert words in aside.reason
    with pytest.raises(WorkerError, match="was set aside"):
        ask(supervisor, "die", how=how)
    assert supervisor.state().deaths == 2


def test_other_jobs_go_on_after_one_was_set_aside(odd: Make) -> None:
    supervisor = odd()
    with pytest.raises(WorkerError):
        ask(supervisor, "die", how="segfault")
    assert ask(supervisor, "echo", fine=1) == [{"fine": 1}]


def test_a_job_that_was_forgiven_is_tried_again(odd: Make) -> None:
    supervisor = odd()
    with pytest.raises(WorkerError):
        ask(supervisor, "die", how="4")
    supervisor.forgive(supervisor.state().set_aside[0].digest)
    with pytest.raises(WorkerError):
        ask(supervisor, "die", how="4")
    assert supervisor.state().deaths == 4


@pytest.mark.parametrize("holding", [False, True])
def test_a_job_that_hangs_is_ended_in_time(odd: Make, holding: bool) -> None:
    supervisor = odd()
    ask(supervisor, "echo")
    began = time.monotonic()
    with pytest.raises(WorkerError, match=r"no answer for 0\.5 seconds"):
        ask(supervisor, "hang", 0.5, holding_the_lock=holding)
    assert time.monotonic() - began < 8
    assert ask(supervisor, "echo", fine=1) == [{"fine": 1}]


def test_time_limits_count_silence_not_the_whole_job(odd: Make) -> None:
    assert len(ask(odd(), "count", 0.6, n=8, pause=0.2)) == 8


@linux
def test_a_job_may_use_only_so_much_processor_time(odd: Make) -> None:
    with pytest.raises(WorkerError, match="more processor time"):
        ask(odd(processor_seconds=0.5), "spin", seconds=30)


@linux
def test_processor_time_is_granted_anew_to_each_job(odd: Make) -> None:
    supervisor = odd(processor_seconds=1.0)
    for _ in range(4):
        assert ask(supervisor, "spin", seconds=0.8) == [{"spun": True}]
    assert supervisor.state().starts == 1


def test_a_worker_that_outgrows_its_memory_is_ended(odd: Make) -> None:
    supervisor = odd(resident_bytes=120 << 20)
    with pytest.raises(WorkerError, match="needed more than 126 MB"):
        ask(supervisor, "eat", megabytes=200, digest_seconds=30)
    assert ask(supervisor, "eat", megabytes=10) == [{"megabytes": 10}]


@linux
def test_an_address_space_limit_holds_within_the_worker(odd: Make) -> None:
    supervisor = odd(address_bytes=600 << 20)
    with pytest.raises(WorkerError, match="ran out of memory"):
        ask(supervisor, "eat", megabytes=1000)


# ---- babbling --------------------------------------------------------------------------------------


def test_prints_and_a_flood_on_stderr_disturb_nothing(odd: Make) -> None:
    supervisor = odd()
    assert ask(supervisor, "noise") == [{"done": True}]
    assert supervisor.state().starts == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"no frame at all, just words that go on for a while",
        b"\x7f\xff\xff\xff" + b"x" * 100,
        b"\x00\x00\x00\x01\xc1",
        b"\x00\x00\x00\x02\x91\x01",
        (b"\x80\x04\x00\x00" + b"y" * 0x40000) * 80,
        b"\x80\x00\x00\x00" * 10,
    ],
    ids=["words", "a huge frame", "no msgpack", "no map", "an endless message", "empty parts"],
)
def test_nonsense_where_answers_go_ends_the_worker(odd: Make, raw: bytes) -> None:
    supervisor = odd()
    with pytest.raises(WorkerError, match="answered with nonsense"):
        ask(supervisor, "garbage", 10, bytes=raw)
    assert ask(supervisor, "echo", fine=1) == [{"fine": 1}]


def test_long_payloads_and_replies_travel_in_many_frames(odd: Make) -> None:
    supervisor = odd()
    body = os.urandom(9 << 20)
    assert ask(supervisor, "echo", body=body) == [{"body": body}]


def test_a_payload_beyond_the_bound_is_refused_before_it_is_sent(odd: Make) -> None:
    supervisor = odd()
    with pytest.raises(WorkerError, match="too large"):
        ask(supervisor, "echo", body=bytes(33 << 20))
    assert supervisor.state().starts == 0


def test_a_reply_beyond_the_bound_is_an_error_of_that_job_alone(odd: Make) -> None:
    supervisor = odd()
    with pytest.raises(WorkerError, match="ProtocolError"):
        ask(supervisor, "large", size=17 << 20)
    assert ask(supervisor, "echo", fine=1) == [{"fine": 1}]
    assert supervisor.state().starts == 1


def test_replies_that_nobody_takes_are_bounded(odd: Make) -> None:
    supervisor = odd()
    replies = supervisor.request("large", {"size": 8 << 20, "times": 1000})
    next(replies)
    assert eventually(lambda: not supervisor.state().running, 20)
    with pytest.raises(WorkerError, match="larger than Millpond can hold"):
        list(replies)


# ---- cancelling ------------------------------------------------------------------------------------


def test_closing_the_generator_stops_the_job_between_replies(odd: Make) -> None:
    supervisor = odd()
    replies = supervisor.request("count", {"n": 100_000, "pause": 0.01})
    next(replies)
    replies.close()
    began = time.monotonic()
    assert ask(supervisor, "echo", fine=1) == [{"fine": 1}]
    assert time.monotonic() - began < 2
    assert supervisor.state().starts == 1


def test_the_callers_flag_cancels_a_job_that_is_silent(odd: Make) -> None:
    supervisor = odd()
    ask(supervisor, "echo")
    flag = threading.Event()
    threading.Timer(0.2, flag.set).start()
    began = time.monotonic()
    with pytest.raises(CancelledError):
        list(supervisor.request("hang", {}, cancelled=flag.is_set))
    assert time.monotonic() - began < 1


def test_a_cancelled_job_that_does_not_stop_costs_its_worker_but_is_not_blamed(odd: Make) -> None:
    supervisor = odd()
    ask(supervisor, "echo")
    flag = threading.Event()
    threading.Timer(0.2, flag.set).start()
    with pytest.raises(CancelledError):
        list(supervisor.request("hang", {}, cancelled=flag.is_set))
    assert ask(supervisor, "echo", fine=1) == [{"fine": 1}]
    assert supervisor.state().starts == 2
    assert supervisor.state().set_aside == ()


def test_a_job_cancelled_while_it_waits_never_runs(odd: Make) -> None:
    supervisor = odd()
    running = supervisor.request("count", {"n": 20, "pause": 0.05})
    next(running)
    with pytest.raises(CancelledError):
        list(supervisor.request("die", {"how": "segfault"}, cancelled=lambda: True))
    assert len(list(running)) == 19
    assert supervisor.state().deaths == 0


# ---- getting out -----------------------------------------------------------------------------------


@linux
def test_no_way_out_is_open_from_inside_a_worker(odd: Make) -> None:
    (found,) = ask(odd(), "escape")
    assert {name: outcome for name, outcome in found.items() if outcome != "refused"} == {}
    assert len(found) >= 17


def test_without_the_sandbox_the_same_attempts_succeed(odd: Make) -> None:
    """So that the test above cannot pass because its attempts are broken."""
    names = ["socket", "socketpair", "name lookup", "subprocess", "os.system", "os.fork", "kill the parent"]
    names += [
        "native socket",
        "native socket by number",
        "native unix socket",
        "native fork",
        "native spawn",
        "native kill",
    ]
    (found,) = ask(odd(sandbox=False), "escape", names=names)
    assert {name for name, outcome in found.items() if not outcome.startswith("managed")} == set()


# ---- orphans ---------------------------------------------------------------------------------------

PARENT = """
import sys
from engine.workers.process import FOLDER, Limits
from engine.workers.supervisor import Supervisor
if __name__ == "__main__":
    supervisor = Supervisor("odd", {{}}, Limits(), command=(sys.executable, "-m", "tests.faults.odd_worker"))
    (found,) = supervisor.request("surroundings", {{}})
    print(found["pid"], flush=True)
    {then}
"""


def _parent(then: str) -> tuple[subprocess.Popen[str], int]:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT.format(then=then)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    return parent, int(parent.stdout.readline())


@pytest.mark.parametrize(
    "then",
    [
        "list(supervisor.request('count', {'n': 10**6, 'pause': 0.1}))",
        "list(supervisor.request('hang', {'holding_the_lock': True}, timeout_seconds=100))",
    ],
    ids=["busy", "hung"],
)
def test_a_parent_that_is_killed_leaves_no_orphan(then: str) -> None:
    parent, pid = _parent(then)
    time.sleep(0.3)
    assert psutil.pid_exists(pid)
    parent.kill()
    parent.communicate()
    gone = eventually(lambda: not psutil.pid_exists(pid))
    if not gone:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert gone


def test_a_parent_that_ends_without_closing_leaves_no_orphan() -> None:
    parent, pid = _parent("pass")
    parent.communicate(timeout=20)
    assert parent.returncode == 0
    assert eventually(lambda: not psutil.pid_exists(pid))


def test_a_workers_folder_goes_with_it(odd: Make) -> None:
    supervisor = odd()
    (found,) = ask(supervisor, "surroundings")
    folder = Path(found["environment"]["HOME"])
    assert folder.is_dir()
    supervisor.close()
    assert not folder.exists()


def test_folders_that_a_killed_parent_left_are_deleted_by_the_next_one() -> None:
    parent, pid = _parent("list(supervisor.request('count', {'n': 10**6, 'pause': 0.1}))")
    left = Path(tempfile.mkdtemp(prefix=f"{FOLDER}{parent.pid}-"))
    (left / "cache").mkdir()
    parent.kill()
    parent.communicate()
    assert eventually(lambda: not psutil.pid_exists(pid))
    assert left.exists()
    following, _ = _parent("pass")
    following.communicate(timeout=20)
    assert not left.exists()
