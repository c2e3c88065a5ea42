"""What may befall a profile: a killed process, a full or read-only disk, flipped bits."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import EngineError, StoreError
from engine.store import Store
from engine.store.connection import FILE_NAME
from engine.types import SearchQuery, TimelineQuery
from tests.engine.store_posts import KEY, Clock, follow, opened, post, take

ALL = TimelineQuery(order="newest", limit=0)
ROOT = Path(__file__).parents[2]


def _kill_at_random_moments(profile: Path, rounds: int, seed: int) -> int:
    """Start a writing process and kill it, again and again; every acknowledged act must be there each time."""
    chance = random.Random(seed)
    acknowledged: dict[str, set[int]] = {"posts": set(), "saved": set(), "liked": set()}
    for number in range(rounds):
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.store_child", str(profile), str(number * 1_000_000)],
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        assert child.stdout is not None
        told = child.stdout.readline()  # it has begun to write
        time.sleep(chance.uniform(0, 0.12))
        child.kill()
        told += child.stdout.read()
        child.communicate()
        for line in told.decode().split("\n")[:-1]:
            what, *ids = line.split()
            acknowledged[what].update(map(int, ids))
        with Store.open(profile, key=KEY, clock=Clock()) as store:
            assert store.check() == []
            rows = {row.id: row for row in store.rows(store.timeline(ALL))}
            assert acknowledged["posts"] <= rows.keys()
            assert all(rows[post_id].saved and rows[post_id].read for post_id in acknowledged["saved"])
            assert all(rows[post_id].liked for post_id in acknowledged["liked"])
            assert store.counts().posts == len(rows)
            found, _ = store.search_words(SearchQuery(text="heron", limit=1_000_000))
            assert len(found) == len(rows)
    return len(acknowledged["posts"])


def _profile(folder: Path) -> Path:
    with opened(folder) as store:
        follow(store)
    return folder / "profile"


def test_a_process_killed_at_random_moments_loses_no_acknowledged_act(tmp_path: Path) -> None:
    assert _kill_at_random_moments(_profile(tmp_path), rounds=5, seed=1) > 0


@pytest.mark.soak
def test_a_process_killed_at_twenty_random_moments_loses_no_acknowledged_act(tmp_path: Path) -> None:
    assert _kill_at_random_moments(_profile(tmp_path), rounds=20, seed=2) > 0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path) as store:
        take(store, follow(store), [post(number) for number in range(20)])
        yield store


def _pragma(store: Store, text: str) -> None:
    store._db.send(lambda connection: connection.execute(f"pragma {text}").fetchall(), bare=True).result()


def test_a_full_disk_is_told_and_loses_nothing_that_was_stored(store: Store) -> None:
    feed = store.feeds()[0].id
    pages = store._db.send(lambda c: c.execute("pragma page_count").fetchone()[0], bare=True).result()
    _pragma(store, f"max_page_count = {pages + 4}")
    with pytest.raises(StoreError, match="disk is full"):
        take(store, feed, [post(number, text="long " * 2000) for number in range(100, 200)])
    assert store.counts().posts == 20
    store.mark([1], saved=True)
    _pragma(store, "max_page_count = 1000000")
    assert len(take(store, feed, [post(number, text="long " * 2000) for number in range(100, 200)]).new) == 100
    assert store.rows([1])[0].saved
    assert store.check() == []


def test_of_writes_that_wait_together_only_those_that_do_not_fit_fail(store: Store) -> None:
    feed = store.feeds()[0].id
    _pragma(store, "max_page_count = 1")  # SQLite keeps to what is in use
    gate = store._db.send(lambda connection: time.sleep(0.2), bare=True)
    acts = [store._db.send(lambda c, n=n: c.execute("update post_states set read = 1 where post_id = ?", (n,))) for n in (1, 2)]
    big = store._db.send(lambda c: c.execute("insert into settings values ('x', ?)", ("y" * 1_000_000,)))
    gate.result()
    for act in acts:
        act.result()
    with pytest.raises(StoreError, match="disk is full"):
        big.result()
    assert [row.read for row in store.rows([1, 2, 3])] == [True, True, False]
    assert store.feed(feed).unread == 18


def test_a_profile_that_turned_read_only_is_told_and_can_still_be_read(store: Store) -> None:
    _pragma(store, "query_only = on")
    with pytest.raises(StoreError, match="read-only"):
        store.mark([1], read=True)
    assert len(store.timeline(ALL)) == 20
    _pragma(store, "query_only = off")
    store.mark([1], read=True)


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX rights")
def test_a_profile_in_a_folder_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(folder) / "profile"
        with Store.open(profile, key=KEY, clock=Clock()):
            pass
        os.chmod(folder, 0o755)
        user = os.geteuid()
        if user == 0:  # root may write everywhere; nobody may not
            os.chmod(profile, 0o755)
            os.seteuid(65534)
        else:
            os.chmod(profile, 0o500)
            os.chmod(profile / FILE_NAME, 0o400)
        try:
            with pytest.raises(StoreError, match=r"cannot be (made or entered|written)"):
                Store.open(profile, key=KEY, clock=Clock())
        finally:
            if user == 0:
                os.seteuid(0)
            os.chmod(profile, 0o700)


def _read_everything(profile: Path) -> str:
    """Return what the person is told; "" when nothing was found wrong. Any other error than a told one is a bug."""
    try:
        with Store.open(profile, key=KEY, clock=Clock()) as store:
            for post_id in store.timeline(ALL):
                store.post(post_id)
            store.search_words(SearchQuery(text="heron"))
            store.feeds()
    except EngineError as error:
        return str(error)
    return ""


def test_flipped_bits_are_told_or_harmless_and_the_file_is_left_alone(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        take(store, follow(store), [post(number, text=f"heron {number} " * 100) for number in range(60)])
    sound = (tmp_path / "profile" / FILE_NAME).read_bytes()
    chance = random.Random(3)
    told = 0
    for number in range(40):
        damaged = bytearray(sound)
        for _ in range(chance.choice([1, 1, 8, 200])):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        profile = tmp_path / f"copy{number}"
        profile.mkdir(mode=0o700)
        (profile / FILE_NAME).write_bytes(damaged)
        message = _read_everything(profile)
        assert message == "" or "damaged" in message or "disk" in message
        told += bool(message)
        assert (profile / FILE_NAME).read_bytes() == damaged
        shutil.rmtree(profile)
    assert told > 10


@pytest.mark.parametrize("length", [0.25, 0.5, 0.9])
def test_a_database_cut_short_is_told(tmp_path: Path, length: float) -> None:
    with opened(tmp_path) as store:
        take(store, follow(store), [post(number, text="heron " * 300) for number in range(60)])
    path = tmp_path / "profile" / FILE_NAME
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * length)])
    assert "damaged" in _read_everything(tmp_path / "profile")


def test_a_file_that_is_no_database_is_told_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "profile").mkdir()
    path = tmp_path / "profile" / FILE_NAME
    path.write_bytes(b"These are my notes, not a database. " * 300)
    before = path.read_bytes()
    for key in (KEY, None):
        with pytest.raises(StoreError):
            opened(tmp_path, key=key)
    assert path.read_bytes() == before


def test_a_writer_that_another_process_keeps_waiting_says_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.errors import BusyError
    from engine.store.connection import connect

    _pragma(store, "busy_timeout = 100")
    other = connect(store.profile / FILE_NAME, KEY)
    other.execute("begin immediate")
    try:
        with pytest.raises(BusyError, match="Another Millpond"):
            store.mark([1], read=True)
    finally:
        other.execute("rollback")
        other.close()
    assert store.mark([1], read=True).updated == {1}
