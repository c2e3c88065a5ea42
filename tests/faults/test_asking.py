"""A question whose language model is killed, hung or starved of memory: it ends with picked sentences and says why."""

from __future__ import annotations

import os
import secrets
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from engine import Answer, AskDone, AskDraft, Engine, PlainPost, open_engine
from engine.language.ask import answering
from engine.workers.supervisor import CancelledError
from tests.faults.workers import GONE_SECONDS, Tiny, eventually, stopped

QUESTION = "When was the Heron launched?"
POSTS = [
    PlainPost(title="A new ferry", text="The city has bought a new ferry. The Heron was launched on 12 March 2026 in Arden, in front of 300 guests.")
]


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setenv("MILLPOND_MODELS", str(tmp_path / "none"))
    with open_engine(tmp_path / "profile", key=secrets.token_bytes(32)) as opened:
        opened.add_posts("Observer", POSTS)
        yield opened


def said(answer: Answer) -> bool:
    return any("12 March 2026" in sentence.text for sentence in answer.sentences)


def test_a_model_that_is_killed_leaves_the_picked_sentences(engine: Engine, writing: Tiny) -> None:
    worker = writing()
    pid = stopped(worker)
    events = engine.ask(QUESTION)
    assert any(isinstance(event, AskDraft) for event in (next(events), next(events)))  # it was told before the model was asked
    threading.Timer(0.5, os.kill, (pid, signal.SIGKILL)).start()
    *_, last = events
    assert isinstance(last, AskDone)
    assert (last.answer.method, said(last.answer)) == ("picked", True)
    assert last.answer.note in ("failed", "rejected")  # rejected where a new process wrote after all
    assert not psutil.pid_exists(pid)


def test_a_model_that_hangs_is_left_when_its_time_is_over(engine: Engine, writing: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "WALL_SECONDS", 1.0)
    pid = stopped(writing())
    answer = engine.answer(QUESTION)
    assert (answer.method, answer.note, said(answer)) == ("picked", "slow", True)
    assert eventually(lambda: not psutil.pid_exists(pid), GONE_SECONDS)


def test_a_question_is_cancelled_while_its_model_hangs(engine: Engine, writing: Tiny) -> None:
    pid = stopped(writing())
    cancel = threading.Event()
    threading.Timer(0.5, cancel.set).start()
    with pytest.raises(CancelledError):
        engine.answer(QUESTION, cancel=cancel)
    assert eventually(lambda: not psutil.pid_exists(pid), GONE_SECONDS)


def test_a_model_that_outgrows_its_memory_leaves_the_picked_sentences(engine: Engine, writing: Tiny) -> None:
    worker = writing(resident_bytes=20 << 20)
    answer = engine.answer(QUESTION)
    assert (answer.method, answer.note, said(answer)) == ("picked", "failed", True)
    assert not worker.state().running
