"""`kill -9` of the program, and of its workers, in the middle of everything."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from engine import (
    Engine,
    Enriched,
    FeedFailed,
    FeedRefreshed,
    Progress,
    StageFailed,
    Subscription,
    TimelineQuery,
    open_engine,
)
from engine.secrets import open_key
from engine.store import Store
from tests.fakenet import FakeNet, Recorded, Reply, items, rss

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no kill -9 there")

FEEDS = 30
PASSPHRASE = "the heron stands still"
ALL = TimelineQuery(order="newest", limit=0)
TRAY = TimelineQuery(order="newest", hidden=True, limit=0)

Told = dict[str, set[int]]  # "stored", "liked", "saved", "hidden": what was acknowledged


class Town:
    """Thirty feeds that have something new each time they are asked."""

    def __init__(self, net: FakeNet) -> None:
        self.asked = threading.Event()
        self.still = False  # nothing new any more
        self._lengths = [10] * FEEDS
        self._lock = threading.Lock()
        self.urls = [net.handle(f"/{number}.xml", self._handler(number)) for number in range(FEEDS)]

    def _handler(self, number: int) -> Callable[[Recorded], Reply]:
        def handler(_: Recorded) -> Reply:
            self.asked.set()
            with self._lock:
                if not self.still:
                    self._lengths[number] += 2
                length = self._lengths[number]
            return Reply(headers={"Content-Type": "application/rss+xml"}, body=rss(f"Feed {number}", items(length, seed=number)))

        return handler

    @property
    def posts(self) -> int:
        return sum(self._lengths)


@pytest.fixture
def town() -> Iterator[Town]:
    with FakeNet() as net:
        yield Town(net)


@pytest.fixture
def profile(tmp_path: Path, town: Town, monkeypatch: pytest.MonkeyPatch) -> Path:
    named = tmp_path / "passphrase"
    named.write_text(PASSPHRASE)
    monkeypatch.setenv("MILLPOND_PASSPHRASE_FILE", str(named))
    with open_engine(tmp_path / "profile") as engine:
        engine.follow([Subscription(url=url) for url in town.urls], allow_private=True)
        assert not [event for event in engine.refresh(force=True) if isinstance(event, FeedFailed)]
    return tmp_path / "profile"


def _kill(process: subprocess.Popen[bytes]) -> None:
    """kill -9 of the program alone: its workers must see for themselves that they are orphans."""
    process.send_signal(signal.SIGKILL)
    process.wait(10)


def _busy_program(profile: Path, chance: random.Random) -> Told:
    """Kill a program whose person is acting while it refreshes."""
    program = subprocess.Popen([sys.executable, "-m", "tests.faults.program_child", str(profile)], stdout=subprocess.PIPE)
    assert program.stdout is not None
    assert program.stdout.readline() == b"ready\n"
    lines: list[bytes] = []
    reader = threading.Thread(target=lambda: lines.extend(program.stdout or ()), daemon=True)
    reader.start()
    time.sleep(chance.uniform(0.05, 2.5))
    _kill(program)
    reader.join(10)
    program.stdout.close()
    told: Told = defaultdict(set)
    for line in lines:
        if line.endswith(b"\n"):  # the last one may have been cut
            what, *ids = line.decode().split()
            told[what] |= set(map(int, ids))
    return told


def _command_beside_a_person(profile: Path, town: Town, chance: random.Random) -> Told:
    """Kill `millpond refresh` while the person acts in another process (this one)."""
    told: Told = defaultdict(set)
    stop = threading.Event()
    with open_engine(profile) as engine:
        ids = engine.timeline(ALL)
        chance.shuffle(ids)

        def act() -> None:
            for turn, post_id in enumerate(ids):
                if stop.is_set():
                    return
                if turn % 2:
                    engine.feedback(post_id, True)
                    told["liked"].add(post_id)
                else:
                    engine.mark([post_id], hidden=True)
                    told["hidden"].add(post_id)

        town.asked.clear()
        command = [sys.executable, "-m", "engine", "--profile", str(profile), "refresh", "--force", "--no-enrich"]
        program = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        person = threading.Thread(target=act)
        person.start()
        assert town.asked.wait(60)
        time.sleep(chance.uniform(0.0, 1.0))
        told["stored"] |= set(engine.timeline(ALL)) | set(engine.timeline(TRAY))
        _kill(program)
        stop.set()
        person.join()
    return told


def _check(profile: Path, told: Told) -> None:
    with Store.open(profile, key=open_key(profile).key, clock=lambda: datetime.now(UTC)) as store:
        assert store.check() == []
    with open_engine(profile) as engine:
        rows = {row.id: row for row in engine.rows([*engine.timeline(ALL), *engine.timeline(TRAY)])}
        assert not told["stored"] - rows.keys()
        assert all(rows[post_id].liked for post_id in told["liked"])
        assert all(rows[post_id].saved for post_id in told["saved"])
        assert all(rows[post_id].hidden for post_id in told["hidden"])


def _kill_rounds(profile: Path, town: Town, *, rounds: int, seed: int) -> None:
    chance = random.Random(seed)
    told: Told = defaultdict(set)
    for turn in range(rounds):
        found = _busy_program(profile, chance) if turn % 2 == 0 else _command_beside_a_person(profile, town, chance)
        for what, ids in found.items():
            told[what] |= ids
        _check(profile, told)
    assert told["stored"]
    assert told["liked"]
    assert told["saved"]
    assert told["hidden"]
    town.still = True
    with open_engine(profile) as engine:
        events = list(engine.refresh(force=True))
        assert not [event for event in events if isinstance(event, FeedFailed)]
        assert len([event for event in events if isinstance(event, FeedRefreshed)]) == FEEDS
        counts = engine.counts()
        assert counts.posts + counts.hidden == town.posts


def test_the_program_killed_at_random_moments_of_a_refresh_loses_no_act_and_no_post(profile: Path, town: Town) -> None:
    _kill_rounds(profile, town, rounds=5, seed=1)


@pytest.mark.soak
@pytest.mark.timeout(3000)
def test_the_program_killed_at_fifty_random_moments_loses_no_act_and_no_post(profile: Path, town: Town) -> None:
    _kill_rounds(profile, town, rounds=50, seed=2)


def _worker(role: str) -> psutil.Process | None:
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if child.cmdline()[-2:] == ["worker", role]:
                return child
    return None


def _kill_worker(role: str) -> bool:
    worker = _worker(role)
    if worker is None:
        return False
    os.kill(worker.pid, signal.SIGKILL)
    return True


def test_a_killed_parse_worker_costs_a_refresh_nothing(profile: Path, town: Town) -> None:
    killed = 0
    with open_engine(profile) as engine:
        events = []
        for event in engine.refresh(force=True):
            if killed < 3 and isinstance(event, FeedRefreshed):
                killed += _kill_worker("parse")
            events.append(event)
        assert killed >= 1
        assert not [event for event in events if isinstance(event, FeedFailed)]
        assert len([event for event in events if isinstance(event, FeedRefreshed)]) == FEEDS
        assert engine.counts().posts == town.posts


def test_a_killed_embed_worker_costs_nothing(engine_with_posts: Engine) -> None:
    killed = 0
    events = []
    for event in engine_with_posts.enrich():
        if not killed and isinstance(event, Enriched) and event.stage == "embed":
            killed += _kill_worker("embed")
        events.append(event)
    assert killed == 1
    assert not [event for event in events if isinstance(event, StageFailed)]
    again = [event for event in engine_with_posts.enrich() if isinstance(event, Progress) and event.stage == "embed"]
    assert again == []
    found = engine_with_posts.search("the library is calm in the morning", mode="meaning", limit=100)
    assert found.hits


@pytest.fixture
def engine_with_posts(tmp_path: Path) -> Iterator[Engine]:
    from tests.engine.conftest import plain_posts

    with open_engine(tmp_path / "p", key=os.urandom(32)) as engine:
        engine.set_setting("summaries_top", 0)
        for topic in ("library", "bicycle", "orchard"):
            engine.add_posts(topic.title(), plain_posts(60, topic=topic))
        yield engine
