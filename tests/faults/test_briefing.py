"""A briefing whose language model is killed, hung and starved of memory: it ends, with picked sentences, and says why."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from engine import Briefing, BriefingEvent, Engine, PlainPost, open_engine
from engine.workers.clients import GenerateWorker
from tests.faults.workers import GONE_SECONDS, Tiny, eventually, stopped

WORDS = ("bridge", "ferry", "library", "orchard", "lighthouse")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Five posts that are long enough for a model."""
    with open_engine(tmp_path / "profile", key=secrets.token_bytes(32)) as opened:
        now = datetime.now(UTC)
        posts = [
            PlainPost(
                title=f"News of the {word}",
                text=" ".join(f"The {word} was painted in year {year} by people who came for the day and stayed." for year in range(1990, 1996)),
                published_at=now - timedelta(hours=at + 1),
            )
            for at, word in enumerate(WORDS)
        ]
        opened.add_posts("Observer", posts)
        yield opened


def told(briefing: Briefing) -> bool:
    return len(briefing.items) == len(WORDS) and all(item.sentences for item in briefing.items)


def until_asked(events: Iterator[BriefingEvent], worker: GenerateWorker) -> BriefingEvent:
    """The first event after the worker was given something to write."""
    for event in events:
        if worker.supervisor._running is not None:
            return event
    pytest.fail("the model was never asked")


def test_a_model_that_is_killed_costs_one_item_at_most(engine: Engine, writing: Tiny) -> None:
    worker = writing()
    pid = stopped(worker)
    events = engine.brief()
    until_asked(events, worker)
    os.kill(pid, signal.SIGKILL)
    *_, last = events
    assert last.briefing.done
    assert told(last.briefing)
    assert worker.state().deaths == 1
    assert [item.note for item in last.briefing.items].count("failed") <= 1  # none where it had not begun to answer
    assert last.briefing.note == ""
    assert not psutil.pid_exists(pid)


def test_a_model_that_hangs_is_left_when_its_time_is_over(engine: Engine, writing: Tiny) -> None:
    engine.set_setting("briefing_model_minutes", 0.1)
    worker = writing()
    pid = stopped(worker)
    *_, last = engine.brief()
    assert last.briefing.done
    assert told(last.briefing)
    assert last.briefing.note == "budget"
    assert eventually(lambda: not psutil.pid_exists(pid))


def test_a_briefing_is_closed_while_its_model_hangs(engine: Engine, writing: Tiny) -> None:
    worker = writing()
    pid = stopped(worker)
    events = engine.brief()
    event = until_asked(events, worker)
    events.close()  # type: ignore[attr-defined]
    kept = engine.briefing(event.briefing.id)
    assert not kept.done
    assert kept.note == "cancelled"
    assert told(kept)
    assert eventually(lambda: not psutil.pid_exists(pid), GONE_SECONDS)


def test_a_model_that_outgrows_its_memory_is_given_up_after_two_tries(engine: Engine, writing: Tiny) -> None:
    worker = writing(resident_bytes=20 << 20)
    *_, last = engine.brief()
    assert last.briefing.done
    assert told(last.briefing)
    assert last.briefing.note == "failed"
    assert [item.note for item in last.briefing.items].count("failed") == 2
    assert not worker.state().running
