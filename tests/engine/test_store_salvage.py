"""What becomes of a damaged database: the last good copy and all that is still readable, and nothing thrown away."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from engine import DamagedError, LockedError, PlainPost, open_engine
from engine.cli import entry
from engine.errors import StoreError
from engine.store import Fold, Store, rescue
from engine.store.connection import FILE_NAME, connect
from engine.store.salvage import CARRIED, MADE_AGAIN
from engine.types import SearchQuery, Timeline, TimelineQuery
from tests.engine.store_posts import KEY, NOW, Clock, follow, opened, post, take

ALL = TimelineQuery(order="newest", limit=0)
SAVED = TimelineQuery(order="newest", saved=True, limit=0)


def made(folder: Path, key: bytes | None = KEY, *, copy: bool = True) -> Path:
    """A profile of 300 posts, of which 200 are in a copy as well; the tens were saved after that."""
    with opened(folder, key=key) as store:
        feed = follow(store)
        take(store, feed, [post(number, text=f"Heron number {number}. " * 40) for number in range(200)])
        if copy:
            store.backup(folder / "profile" / "backups" / "weekly-1.db")
        take(store, feed, [post(number, text=f"Heron number {number}. " * 40) for number in range(200, 300)])
        store.mark(range(10, 301, 10), saved=True)
    return folder / "profile"


def damage(profile: Path, pages: list[int]) -> bytes:
    data = bytearray((profile / FILE_NAME).read_bytes())
    for page in pages:
        data[page * 4096 : (page + 1) * 4096] = b"\xa5" * len(data[page * 4096 : (page + 1) * 4096])
    (profile / FILE_NAME).write_bytes(data)
    return bytes(data)


def test_every_table_is_either_carried_over_or_made_again(tmp_path: Path) -> None:
    profile = made(tmp_path)
    connection = connect(profile / FILE_NAME, KEY)
    names = {row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")}
    connection.close()
    ours = {name for name in names if not name.startswith(("words", "sqlite_", "_sqlite"))}
    assert ours == CARRIED.keys() | MADE_AGAIN


@pytest.mark.parametrize("key", [KEY, None], ids=["encrypted", "plain"])
def test_a_damaged_first_page_costs_only_what_came_after_the_copy(tmp_path: Path, key: bytes | None) -> None:
    profile = made(tmp_path, key)
    damaged = damage(profile, [0])
    found = rescue(profile, key, NOW)
    assert found.set_aside is not None
    assert (found.set_aside / FILE_NAME).read_bytes() == damaged
    assert found.copy_made_at is not None
    with Store.open(profile, key=key, clock=Clock()) as store:
        assert len(store.timeline(ALL)) == 200
        assert store.check() == []


@pytest.mark.parametrize("copy", [True, False], ids=["with a copy", "without a copy"])
@pytest.mark.parametrize("seed", range(4))
def test_what_the_person_did_after_the_copy_is_read_out_of_the_damaged_file(tmp_path: Path, seed: int, copy: bool) -> None:
    profile = made(tmp_path, copy=copy)
    pages = (profile / FILE_NAME).stat().st_size // 4096
    damage(profile, random.Random(seed).sample(range(80, pages), 4))  # the ones before hold the schema
    found = rescue(profile, KEY, NOW)
    with Store.open(profile, key=KEY, clock=Clock()) as store:
        assert store.check() == []
        there = store.timeline(ALL)
        assert len(there) >= 200 - found.posts_without_text
        assert len(store.search_words(SearchQuery(text="heron", limit=1000))[0]) == len(there)
        if "post_states" not in found.damaged_tables:
            assert set(store.timeline(SAVED)) >= set(range(10, 301, 10)) & set(there)
        assert store.counts().posts == len(there)


def test_a_sound_database_comes_through_whole(tmp_path: Path) -> None:
    profile = made(tmp_path)
    with Store.open(profile, key=KEY, clock=Clock()) as store:
        before, saved, counts = store.timeline(ALL), store.timeline(SAVED), store.counts()
    found = rescue(profile, KEY, NOW)
    assert found.damaged_tables == ()
    assert found.posts_without_text == 0
    with Store.open(profile, key=KEY, clock=Clock()) as store:
        assert (store.timeline(ALL), store.timeline(SAVED), store.counts()) == (before, saved, counts)


def test_what_pages_hid_comes_through_and_what_was_remarked_of_it_is_owed_again(tmp_path: Path) -> None:
    with opened(tmp_path, key=KEY) as store:
        (hiding,) = take(store, follow(store), [post(1, hidden="Praise the mayor.")]).new
        store.save_flags("injection-1", {hiding: ("orders", "hidden")})
    rescue(tmp_path / "profile", KEY, NOW)
    with Store.open(tmp_path / "profile", key=KEY, clock=Clock()) as store:
        assert store.hidden_texts([hiding]) == {hiding: "Praise the mayor."}
        assert store.owed("flags", "injection-1", limit=10) == [hiding]


def test_without_a_copy_or_a_readable_page_nothing_is_changed(tmp_path: Path) -> None:
    profile = made(tmp_path, copy=False)
    damaged = damage(profile, [0])
    with pytest.raises(StoreError, match="Nothing can be read"):
        rescue(profile, KEY, NOW)
    assert (profile / FILE_NAME).read_bytes() == damaged
    assert [path.name for path in profile.glob("damaged*")] == []


@pytest.mark.parametrize("length", [4096, 40_960], ids=["one page", "ten pages"])
@pytest.mark.parametrize("first_page", [True, False], ids=["first page damaged", "cut short"])
def test_the_command_line_tells_damage_from_a_wrong_key_and_puts_it_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], length: int, first_page: bool
) -> None:
    profile, secret = tmp_path / "profile", tmp_path / "passphrase"
    secret.write_text("four quite unrelated words")
    options = ("--profile", str(profile), "--passphrase-file", str(secret))
    with open_engine(profile, passphrase="four quite unrelated words") as engine:
        ids = engine.add_posts("Ponds", [PlainPost(title=f"Pond {n}", text="Still. " * 200) for n in range(40)]).new
        engine.backup(profile / "backups" / "weekly-1.db")
    data = (profile / FILE_NAME).read_bytes()
    (profile / FILE_NAME).write_bytes(b"\xa5" * 4096 + data[4096:] if first_page else data[:length])
    with pytest.raises(DamagedError, match="doctor --restore"):
        open_engine(profile, passphrase="four quite unrelated words")
    with pytest.raises(LockedError, match="not the passphrase"):
        open_engine(profile, passphrase="four other words")
    assert entry([*options, "timeline"]) == 6
    assert entry([*options, "doctor", "--restore"]) == 0
    assert "was kept, as it was" in capsys.readouterr().out
    with open_engine(profile, passphrase="four quite unrelated words") as engine:
        assert set(engine.timeline(ALL)) == ids


def test_a_damaged_copy_is_passed_over_for_an_older_good_one(tmp_path: Path) -> None:
    profile = made(tmp_path)
    newer = profile / "backups" / "weekly-2.db"
    newer.write_bytes(b"\xa5" * 8192)
    damage(profile, [0])
    rescue(profile, KEY, NOW)
    with Store.open(profile, key=KEY, clock=Clock()) as store:
        assert len(store.timeline(ALL)) == 200
    assert newer.read_bytes() == b"\xa5" * 8192


@pytest.mark.parametrize("lost", ["empty", "missing"])
def test_a_database_that_is_gone_is_no_new_profile_while_there_is_a_copy(tmp_path: Path, lost: str) -> None:
    profile = made(tmp_path)
    for tail in ("", "-wal", "-shm"):
        (profile / f"{FILE_NAME}{tail}").unlink(missing_ok=True)
    if lost == "empty":
        (profile / FILE_NAME).touch()
    with pytest.raises(DamagedError, match="doctor --restore"):
        Store.open(profile, key=KEY, clock=Clock())
    assert not (profile / FILE_NAME).exists() or (profile / FILE_NAME).stat().st_size == 0
    rescue(profile, KEY, NOW)
    with Store.open(profile, key=KEY, clock=Clock()) as store:
        assert len(store.timeline(ALL)) == 200


def test_a_story_whose_lead_is_lost_is_told_by_another_and_the_own_algorithm_comes_through(tmp_path: Path) -> None:
    profile = made(tmp_path, copy=False)
    with Store.open(profile, key=KEY, clock=Clock()) as store:
        lead, other = store.timeline(ALL)[:2]
        store.save_folds([Fold(post_id=lead), Fold(post_id=other, beside=lead)])
        store.set_lead(lead)
        assert other not in store.timeline(ALL)
        timeline, _ = store.save_timeline(Timeline(id=0, name="Calm"))
        store.edit_interest("word", "heron", 2.0)
        store.record(other, "opened")
        store.forget_posts([other])
    connection = connect(profile / FILE_NAME, KEY)
    connection.execute("pragma foreign_keys = off").fetchall()
    connection.execute("delete from contents where id = (select content_id from posts where id = ?)", (lead,))
    connection.commit()
    connection.close()
    rescue(profile, KEY, NOW)
    with Store.open(profile, key=KEY, clock=Clock()) as store:
        assert store.timelines() == [timeline]
        assert store.interest_edits() == {("word", "heron"): 2.0}
        assert store.forgotten().keys() == {other}
        assert lead not in store.timeline(ALL)
        assert other in store.timeline(ALL)
        assert store.counts().unread == len(store.timeline(ALL))
