"""A rewrite whose language model is killed, hung or starved of memory: a picked title that says why, and no process left."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from engine import Engine, PlainPost, TimelineQuery, open_engine
from engine.language import rewrite
from engine.workers.supervisor import CancelledError
from tests.faults.workers import GONE_SECONDS, Tiny, eventually, stopped

TEXT = "The old ferry was sold to a collector on Monday. It had carried people across the lake for sixty years."


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_engine(tmp_path / "profile", key=secrets.token_bytes(32)) as opened:
        opened.add_posts("Observer", [PlainPost(title="You won't believe what happened to the ferry", text=TEXT)])
        yield opened


def post_of(engine: Engine) -> int:
    (post_id,) = engine.timeline(TimelineQuery(order="newest"))
    return post_id


def test_a_model_that_hangs_is_left_when_its_time_is_over(
    engine: Engine, writing: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewrite, "TITLE_SECONDS", 1.0)
    pid = stopped(writing())
    made = engine.rewrite(post_of(engine), "title")
    assert (made.method, made.note) == ("picked", "slow")
    assert made.text in TEXT
    assert eventually(lambda: not psutil.pid_exists(pid), GONE_SECONDS)


def test_a_rewrite_is_cancelled_while_its_model_hangs(engine: Engine, writing: Tiny) -> None:
    worker = writing()
    pid = stopped(worker)
    cancel = threading.Event()

    def once_it_is_asked() -> None:
        eventually(lambda: worker.supervisor._running is not None, GONE_SECONDS)
        cancel.set()

    threading.Thread(target=once_it_is_asked, daemon=True).start()
    with pytest.raises(CancelledError):
        engine.rewrite(post_of(engine), "title", cancel=cancel)
    assert eventually(lambda: not psutil.pid_exists(pid), GONE_SECONDS)


def test_a_model_that_outgrows_its_memory_leaves_a_picked_title(engine: Engine, writing: Tiny) -> None:
    worker = writing(resident_bytes=20 << 20)
    made = engine.rewrite(post_of(engine), "title")
    assert (made.method, made.note) == ("picked", "failed")
    assert made.text in TEXT
    assert not worker.state().running
