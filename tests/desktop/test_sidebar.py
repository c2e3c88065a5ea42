"""The sidebar: feeds in folders, quiet counts, and what can be done with a feed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pytestqt.qtbot import QtBot

from desktop.main_window import MainWindow
from desktop.sidebar import AsideRole, Place, Sidebar, TroubleRole
from engine import Feed
from tests.desktop.conftest import fill

Settled = Callable[[MainWindow], None]


def a_feed(feed_id: int, **changes: object) -> Feed:
    feed = Feed(
        id=feed_id, url=f"https://feed.example/{feed_id}", title=f"Feed {feed_id}", site_url="https://feed.example/",
        folder="", kind="feed", unread=3, posts=9, added_at=datetime.now(UTC), last_success_at=None, next_check_at=None,
        error="", failures=0, stopped=False,
    )  # fmt: skip
    return replace(feed, **changes)  # type: ignore[arg-type]


def words(sidebar: Sidebar) -> list[str]:
    tree = sidebar.feeds
    return [item.text(0) for at in range(tree.topLevelItemCount()) if (item := tree.topLevelItem(at)) is not None]


def test_feeds_stand_in_their_folders(qtbot: QtBot) -> None:
    sidebar = Sidebar()
    qtbot.addWidget(sidebar)
    sidebar.set_feeds([a_feed(1, folder="Science"), a_feed(2), a_feed(3, folder="Science")])
    qtbot.waitUntil(sidebar.filled)
    assert words(sidebar)[5:] == ["Feeds", "Feed 2", "Folders", "Science"]
    folder = sidebar.feeds.topLevelItem(8)
    assert folder is not None
    assert folder.childCount() == 2


def test_unread_posts_are_not_counted_at_anyone(qtbot: QtBot) -> None:
    sidebar = Sidebar()
    qtbot.addWidget(sidebar)
    sidebar.set_feeds([a_feed(1)])
    qtbot.waitUntil(sidebar.filled)
    item = sidebar.feeds.topLevelItem(6)
    assert item is not None
    assert not item.data(0, AsideRole)


def test_a_feed_that_fails_is_marked(qtbot: QtBot) -> None:
    sidebar = Sidebar()
    qtbot.addWidget(sidebar)
    sidebar.set_feeds([a_feed(1, error="The server says 500.")])
    qtbot.waitUntil(sidebar.filled)
    item = sidebar.feeds.topLevelItem(6)
    assert item is not None
    assert item.data(0, TroubleRole)
    assert item.toolTip(0) == "The server says 500."


def test_an_open_folder_stays_open_when_feeds_change(qtbot: QtBot) -> None:
    sidebar = Sidebar()
    qtbot.addWidget(sidebar)
    sidebar.set_feeds([a_feed(1, folder="Science")])
    qtbot.waitUntil(sidebar.filled)
    first = sidebar.feeds.topLevelItem(6)
    assert first is not None
    first.setExpanded(True)
    sidebar.set_feeds([a_feed(1, folder="Science"), a_feed(2, folder="Science")])
    qtbot.waitUntil(sidebar.filled)
    again = sidebar.feeds.topLevelItem(6)
    assert again is not None
    assert again.isExpanded()


@pytest.mark.soak
def test_ten_thousand_feeds_come_in_without_a_freeze(qtbot: QtBot) -> None:
    from desktop.stalls import StallMonitor

    sidebar = Sidebar()
    qtbot.addWidget(sidebar)
    feeds = [a_feed(number, folder=f"Folder {number % 40}") for number in range(1, 10_001)]
    monitor = StallMonitor()
    monitor.start()
    sidebar.set_feeds(feeds)
    qtbot.waitUntil(sidebar.filled, timeout=30_000)
    monitor.stop()
    assert monitor.percentile_ms(90) < 100


def test_the_markup_in_a_title_is_shown_as_it_is_written(qtbot: QtBot) -> None:
    sidebar = Sidebar()
    qtbot.addWidget(sidebar)
    sidebar.set_feeds([a_feed(1, title="<img src=x>", site_url="", error="")])
    qtbot.waitUntil(sidebar.filled)
    item = sidebar.feeds.topLevelItem(6)
    assert item is not None
    assert "<" not in item.toolTip(0)


def test_choosing_a_feed_shows_its_posts_alone(window: MainWindow, settled: Settled) -> None:
    feed = window.feeds[0]
    window.sidebar.chosen.emit(Place("feed", feed_id=feed.id))
    settled(window)
    rows = [window.timeline.model.row_of(post_id) for post_id in window.timeline.model.ids]
    assert {row.feed_id for row in rows if row is not None} == {feed.id}


def test_saving_a_post_counts_it_beside_saved(window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    window.commands.next_post()
    settled(window)
    window.commands.save_post()
    settled(window)
    item = window.sidebar.feeds.topLevelItem(2)
    assert item is not None
    qtbot.waitUntil(lambda: item.data(0, AsideRole) == "1", timeout=5000)


def test_a_new_feed_appears_by_itself(empty_window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    assert empty_window.engine is not None
    fill(empty_window.engine, 3)
    qtbot.waitUntil(lambda: "City Observer" in words(empty_window.sidebar), timeout=5000)
