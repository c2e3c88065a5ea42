"""What is done in idle time: a copy each week, and a ledger that forgets."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import StoreError
from engine.store.connection import FILE_NAME
from tests.engine.store_posts import NOW, Clock, follow, opened, post, take


def copies(profile: Path) -> list[str]:
    return sorted(path.name for path in (profile / "backups").glob("*"))


def test_a_copy_is_made_each_week_and_two_are_kept(tmp_path: Path) -> None:
    clock = Clock()
    with opened(tmp_path, clock) as store:
        for week in range(4):
            for _again in range(2):
                list(store.upkeep())
            assert len(copies(store.profile)) == min(week + 1, 2)
            clock.forward(days=8)


def test_a_damaged_database_is_never_copied_over_a_good_one(tmp_path: Path) -> None:
    clock = Clock(NOW)
    with opened(tmp_path, clock) as store:
        take(store, follow(store), [post(number, text="Still. " * 300) for number in range(100)])
        list(store.upkeep())
        profile = store.profile
        before = copies(profile)
    data = bytearray((profile / FILE_NAME).read_bytes())
    data[-20 * 4096 : -10 * 4096] = b"\xa5" * 10 * 4096
    (profile / FILE_NAME).write_bytes(data)
    clock.forward(days=10_000)
    with opened(tmp_path, clock) as store, pytest.raises(StoreError):
        list(store.upkeep())
    assert copies(profile) == before


def test_the_ledger_forgets_after_ninety_days(tmp_path: Path) -> None:
    clock = Clock()
    with opened(tmp_path, clock) as store:
        store.begin(host="old.example", purpose="feed", method="GET", sent_bytes=1)
        clock.forward(days=91)
        store.begin(host="new.example", purpose="feed", method="GET", sent_bytes=1)
        list(store.upkeep())
        assert [row.host for row in store.ledger()] == ["new.example"]
