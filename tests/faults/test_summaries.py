"""Summaries of a text, a story and a conversation whose model is killed, hung and starved: picked sentences, and why."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from threading import Thread
from typing import Any

import psutil
import pytest

from engine import Comment, StorySummary, StoryText, Summary
from engine.language import comments, summary, tellings
from engine.workers.clients import GenerateWorker
from tests.faults.workers import GONE_SECONDS, Tiny, eventually, stopped

Steps = Generator[None, None, Any]
TEXT = " ".join(f"On day {number} the ferry carried {number * 7 + 3} people across the lake." for number in range(1, 12))
OTHER = TEXT.replace("ferry", "old ferry")
NOW = datetime(2026, 11, 30, tzinfo=UTC)


def of_a_text(worker: GenerateWorker, seconds: float) -> Steps:
    return summary.write(TEXT, generate=worker, seconds=seconds)


def of_a_story(worker: GenerateWorker, seconds: float) -> Steps:
    told = [
        StoryText(post_id=number, feed_title=f"Paper {number}", title="", text=text, published_at=NOW)
        for number, text in enumerate((TEXT, OTHER), 1)
    ]
    return tellings.write(told, lambda _: tellings.Reader(worker), seconds=seconds)


def of_a_conversation(worker: GenerateWorker, seconds: float) -> Steps:
    said = [Comment(author="ada", text=TEXT, published="", depth=0), Comment(author="bo", text=OTHER, published="", depth=1)]
    return comments.write(said, generate=worker, seconds=seconds)


TASKS = pytest.mark.parametrize("task", [of_a_text, of_a_story, of_a_conversation])


def told(found: Summary | StorySummary) -> bool:
    """Whether sentences of the texts themselves are shown."""
    if isinstance(found, StorySummary):
        return bool(found.agreed or found.single)
    return bool(found.sentences) and all(sentence.text in found.text for sentence in found.sentences)


@TASKS
def test_a_model_that_is_killed_leaves_picked_sentences(tiny: Tiny, task: Callable[..., Steps]) -> None:
    worker = tiny()
    pid = stopped(worker)
    watched = _kill_when_asked(worker, pid)
    found = summary.finish(task(worker, 60.0))
    watched.join()
    assert (found.method, found.model) == ("extractive", "")
    assert found.note in ("failed", "rejected")  # the job is given to a new process where nothing had been answered
    assert told(found)
    assert worker.state().deaths == 1
    assert not psutil.pid_exists(pid)


@TASKS
def test_a_model_that_hangs_is_left_when_its_time_is_over(tiny: Tiny, task: Callable[..., Steps]) -> None:
    worker = tiny()
    pid = stopped(worker)
    found = summary.finish(task(worker, 0.3))
    assert (found.method, found.note) == ("extractive", "slow")
    assert told(found)
    assert eventually(lambda: not psutil.pid_exists(pid), GONE_SECONDS), "its memory is given back"


@TASKS
def test_a_model_without_memory_leaves_picked_sentences(tiny: Tiny, task: Callable[..., Steps]) -> None:
    worker = tiny(resident_bytes=1 << 20)
    found = summary.finish(task(worker, 60.0))
    assert (found.method, found.note) == ("extractive", "failed")
    assert told(found)
    assert eventually(lambda: worker.state().pid is None, GONE_SECONDS), "its memory is given back"


def _kill_when_asked(worker: GenerateWorker, pid: int) -> Thread:
    def watch() -> None:
        assert eventually(lambda: worker.supervisor._running is not None, 30)
        os.kill(pid, signal.SIGKILL)

    thread = Thread(target=watch)
    thread.start()
    return thread
