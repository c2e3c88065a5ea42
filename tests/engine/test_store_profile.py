"""The profile on disk: key, files, migrations, threads, locks, backups."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engine import secrets
from engine.errors import BusyError, LockedError, NewerProfileError, StoreError
from engine.store import Store, latest_backup, restore, set_aside
from engine.store.backup import trim_backups
from engine.store.connection import FILE_NAME, connect
from engine.store.migrations import STEPS, migrate
from engine.types import TimelineQuery
from tests.engine.store_posts import KEY, NOW, Clock, follow, opened, post, take

if TYPE_CHECKING:
    from sqlite_utils import Database

ALL = TimelineQuery(order="newest", limit=0)
CANARY = "kingfisher-canary"


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """A closed profile with ten posts."""
    with opened(tmp_path) as store:
        take(store, follow(store), [post(number, title=f"{CANARY} {number}") for number in range(10)])
    return tmp_path / "profile"


@pytest.fixture
def store(profile: Path) -> Iterator[Store]:
    with Store.open(profile, key=KEY, clock=Clock()) as store:
        yield store


def contents(profile: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in profile.iterdir() if path.name.startswith(FILE_NAME)}


# ---- key ----


def test_nothing_that_was_stored_can_be_read_in_the_files(store: Store) -> None:
    store.save_auth(1, ("ada", CANARY))
    for path in store.profile.rglob("*"):
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes()
            assert b"SQLite format" not in path.read_bytes()


@pytest.mark.parametrize("key", [bytes(32), None])
def test_a_wrong_or_missing_key_is_refused_in_plain_words_and_changes_nothing(profile: Path, key: bytes | None) -> None:
    before = contents(profile)
    with pytest.raises(LockedError, match="left as it is"):
        Store.open(profile, key=key, clock=Clock())
    assert contents(profile) == before


def test_a_wrong_key_writes_nothing_to_stderr(profile: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(LockedError):
        Store.open(profile, key=bytes(32), clock=Clock())
    assert capfd.readouterr().err == ""


def test_a_plain_profile_works_the_same_and_takes_no_key(tmp_path: Path) -> None:
    with opened(tmp_path, key=None) as store:
        take(store, follow(store), [post(1)])
    with pytest.raises(LockedError):
        opened(tmp_path)
    with opened(tmp_path, key=None) as store:
        assert store.counts().posts == 1


def test_the_store_and_the_secrets_mean_the_same_file() -> None:
    assert secrets.DATABASE == FILE_NAME


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_only_this_account_may_read_a_profile(store: Store, tmp_path: Path) -> None:
    store.mark([1], read=True)
    store.backup(store.profile / "backups" / "copy.db")
    with store.lock("jobs"):
        for path in (store.profile, *store.profile.rglob("*")):
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


# ---- versions ----


def test_a_profile_of_a_newer_version_is_refused_and_left_alone(profile: Path) -> None:
    connection = connect(profile / FILE_NAME, KEY)
    connection.execute(f"pragma user_version = {len(STEPS) + 1}")
    connection.close()
    before = contents(profile)
    with pytest.raises(NewerProfileError, match="update Millpond"):
        Store.open(profile, key=KEY, clock=Clock())
    assert contents(profile) == before


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "profile").mkdir()
    path = tmp_path / "profile" / FILE_NAME
    path.touch()
    connection = connect(path, KEY)
    connection.execute("create table theirs (a)")
    connection.close()
    before = contents(tmp_path / "profile")
    with pytest.raises(StoreError, match="not a database of Millpond"):
        opened(tmp_path)
    assert contents(tmp_path / "profile") == before


def _adds_a_column(db: Database) -> None:
    db.conn.execute("alter table feeds add column colour text")


def _fails(db: Database) -> None:
    db.conn.execute("drop table hits")
    raise RuntimeError("this step fails")


def test_a_migration_is_preceded_by_a_copy_that_opens(profile: Path) -> None:
    migrate(profile / FILE_NAME, KEY, NOW, (*STEPS, _adds_a_column))
    copy = latest_backup(profile)
    assert copy is not None
    connection = connect(copy, KEY)
    assert connection.execute("select count(*) from posts").fetchone() == (10,)
    assert connection.execute("pragma user_version").fetchone() == (len(STEPS),)
    connection.close()
    connection = connect(profile / FILE_NAME, KEY)
    assert connection.execute("select colour from feeds").fetchone() == (None,)
    assert connection.execute("pragma user_version").fetchone() == (len(STEPS) + 1,)
    connection.close()


def test_a_failing_migration_leaves_the_profile_as_it_was(profile: Path) -> None:
    with pytest.raises(RuntimeError):
        migrate(profile / FILE_NAME, KEY, NOW, (*STEPS, _adds_a_column, _fails))
    with Store.open(profile, key=KEY, clock=Clock()) as store:
        assert store.counts().posts == 10
        assert store.rule_counts() == {}
        assert store.check() == []


def test_a_new_profile_makes_no_backup(profile: Path) -> None:
    assert latest_backup(profile) is None


def test_only_the_newest_copies_of_migrations_are_kept(tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / f"before-m{number:03d}.db").touch()
        os.utime(tmp_path / f"before-m{number:03d}.db", (number, number))
    (tmp_path / "mine.db").touch()
    trim_backups(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *(f"before-m{number:03d}.db" for number in (3, 4, 5)),
        "mine.db",
    ]


def test_a_profile_whose_making_was_cut_short_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "profile").mkdir()
    (tmp_path / "profile" / FILE_NAME).touch()
    with opened(tmp_path) as store:
        assert store.check() == []


# ---- several threads, several processes ----


def test_many_threads_read_and_write_at_once(store: Store) -> None:
    feed = store.feeds()[0].id

    def work(number: int) -> None:
        take(store, feed, [post(1000 + 10 * number + i) for i in range(10)])
        ids = store.timeline(ALL)
        store.mark(ids[:3], read=True)
        assert store.rows(ids[:20])
        store.begin(host="h:1", purpose="feed", method="GET", sent_bytes=number)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(work, range(36)))
    assert store.counts().posts == 370
    assert len(store.ledger(limit=100)) == 36
    assert store.check() == []


def test_a_failing_write_takes_no_other_with_it(store: Store) -> None:
    started = threading.Event()
    free = threading.Event()

    def hold(connection: object) -> None:
        started.set()
        free.wait(10)

    first = store._db.send(hold)
    started.wait(10)
    good = [store._db.send(lambda c, n=n: c.execute("insert into settings values (?, '1')", (f"n{n}",)) and n) for n in range(3)]
    bad = store._db.send(lambda c: c.execute("insert into nowhere values (1)"))
    more = store._db.send(lambda c: c.execute("insert into settings values ('last', '1')") and "last")
    free.set()
    assert first.result() is None
    assert [future.result() for future in good] == [0, 1, 2]
    with pytest.raises(Exception, match="nowhere"):
        bad.result()
    assert more.result() == "last"
    assert set(store.settings()) == {"n0", "n1", "n2", "last"}


def test_what_another_process_wrote_is_noticed_and_ones_own_writes_are_not(store: Store) -> None:
    def noticed() -> bool:
        return any(store.others_wrote() for _ in range(50))

    store.mark([1], read=True)
    assert not noticed()
    with Store.open(store.profile, key=KEY, clock=Clock()) as other:
        other.mark([2], read=True)
    assert noticed()
    assert not noticed()
    assert store.rows([2])[0].read


def test_a_ranking_that_another_process_stored_is_taken_up(store: Store) -> None:
    import numpy as np

    ids = store.timeline(TimelineQuery())
    with Store.open(store.profile, key=KEY, clock=Clock()) as other:
        order = np.array(ids[::-1])
        other.save_scores(order, np.ones(10, np.float32), reasons=np.zeros(10, np.uint8), names=["fresh"])
    assert store.timeline(TimelineQuery()) == ids[::-1]


def test_a_closed_store_says_so(profile: Path) -> None:
    store = Store.open(profile, key=KEY, clock=Clock())
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.counts()
    with pytest.raises(StoreError, match="closed"):
        store.mark([1], read=True)


def test_a_lock_is_refused_while_another_process_holds_it_and_names_that_process(store: Store) -> None:
    code = (
        "import sys; from pathlib import Path; from engine.store.locks import lock\n"
        "with lock(Path(sys.argv[1]), 'jobs'): print('held', flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(store.profile)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        with pytest.raises(BusyError, match=f"process {child.pid}"), store.lock("jobs"):
            pass
        with store.lock("window"):
            pass
    finally:
        child.kill()
        child.communicate()
    with store.lock("jobs"):
        pass


def test_a_lock_is_refused_within_one_process_too(store: Store) -> None:
    with store.lock("jobs"), pytest.raises(BusyError, match=f"process {os.getpid()}"), store.lock("jobs"):
        pass


# ---- copies ----


def test_a_backup_holds_what_is_still_in_the_log(store: Store, tmp_path: Path) -> None:
    store.mark([1], saved=True)
    copy = store.backup(tmp_path / "out" / "copy.db")
    (tmp_path / "second").mkdir(mode=0o700)
    shutil.copy(copy, tmp_path / "second" / FILE_NAME)
    with Store.open(tmp_path / "second", key=KEY, clock=Clock()) as other:
        assert other.counts() == store.counts()
        assert other.timeline(TimelineQuery(saved=True)) == [1]


def test_a_damaged_database_is_set_aside_byte_for_byte_and_a_copy_takes_its_place(profile: Path, tmp_path: Path) -> None:
    with Store.open(profile, key=KEY, clock=Clock()) as store:
        copy = store.backup(profile / "backups" / "mine.db")
    with pytest.raises(StoreError, match="still there"):
        restore(profile, copy, KEY)
    damaged = b"\xff" * 4096 + (profile / FILE_NAME).read_bytes()[4096:]
    (profile / FILE_NAME).write_bytes(damaged)
    with pytest.raises(StoreError):
        Store.open(profile, key=KEY, clock=Clock())
    folder = set_aside(profile)
    assert (folder / FILE_NAME).read_bytes() == damaged
    restore(profile, copy, KEY)
    with Store.open(profile, key=KEY, clock=Clock()) as store:
        assert store.counts().posts == 10


def test_a_backup_that_cannot_be_written_leaves_nothing_behind(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError):
        store.backup(tmp_path / "file" / "copy.db")
    assert list(tmp_path.glob("**/.copy*")) == []


def test_tidying_keeps_every_post_findable(store: Store) -> None:
    from engine.types import SearchQuery

    store.tidy()
    assert len(store.search_words(SearchQuery(text="kingfisher"))[0]) == 10
    assert store.sizes()[f"{FILE_NAME}-wal"] == 0
    assert store.check() == []
