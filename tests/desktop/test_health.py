"""The page on feed health over a real engine and loopback feeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop.dialogs.controls import Radio
from desktop.feed_words import GROUPS, group_words, span, why_words
from desktop.main_window import MainWindow
from desktop.pages.health import AT_ONCE, HealthPage
from desktop.sidebar import Place
from engine import Engine, FeedHealth, Subscription
from tests.desktop.conftest import open_window
from tests.fakenet import FakeNet, Reply, items, rss

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
Settle = Callable[[MainWindow], None]


def serve(net: FakeNet, path: str, title: str, *, seed: int, ago: float = 0.0) -> str:
    now = datetime.now(UTC)
    listed = [replace(item, published_at=now - timedelta(days=ago + at)) for at, item in enumerate(items(6, seed=seed))]
    return net.serve(path, rss(title, listed), etag='"1"')


def shown(qtbot: QtBot, engine: Engine, settled: Settle) -> tuple[MainWindow, HealthPage]:
    window = open_window(qtbot, engine)
    settled(window)
    window.show_health()
    settled(window)
    page = window._pages["health"]
    assert isinstance(page, HealthPage)
    return window, page


def words(page: QWidget) -> list[str]:
    return [label.text() for label in page.findChildren(QLabel) if label.isVisible()]


def press(page: QWidget, name: str) -> None:
    next(made for made in page.findChildren(QPushButton) if name in (made.text(), made.accessibleName()) and made.isVisible()).click()


def test_without_feeds_and_with_good_ones_it_says_that_all_is_well(qtbot: QtBot, engine: Engine, settled: Settle, net: FakeNet) -> None:
    window, page = shown(qtbot, engine, settled)
    assert "nothing can go wrong" in page.summary.text()
    engine.add_feed(serve(net, "/a.xml", "Pond", seed=1))
    page.load()
    settled(window)
    assert page.summary.text().startswith("All is well")
    assert not page.bar.isVisible()
    press(page, "Show them")
    settled(window)
    assert "Pond" in words(page)


def test_the_worst_stands_first_and_says_why(qtbot: QtBot, engine: Engine, settled: Settle, net: FakeNet) -> None:
    gone = engine.add_feed(serve(net, "/gone.xml", "Gone", seed=1))
    engine.add_feed(serve(net, "/silent.xml", "Silent", seed=2, ago=80))
    engine.add_feed(serve(net, "/bad.xml", "Bad", seed=3))
    net.script("/gone.xml", Reply(status=410))
    net.script("/bad.xml", Reply(status=500))
    list(engine.refresh(force=True))
    window, page = shown(qtbot, engine, settled)
    titles = [text for text in words(page) if text in ("Gone", "Bad", "Silent")]
    assert titles == ["Gone", "Bad", "Silent"]
    assert page.summary.text() == "3 of 3 feeds could use a look"
    assert any("410" in text for text in words(page))
    assert "No post for 3 months. It used to post every day." in words(page)
    window.activateWindow()
    window.show_health(gone.id)
    settled(window)
    qtbot.waitUntil(lambda: page._checks[gone.id].hasFocus(), timeout=3000)
    assert page._chosen == {gone.id}


def test_trying_again_tells_what_came_of_each_feed(qtbot: QtBot, engine: Engine, settled: Settle, net: FakeNet) -> None:
    engine.follow([Subscription(url=net.url("/late.xml"), title="Late"), Subscription(url=net.url("/never.xml"), title="Never")], allow_private=True)
    list(engine.refresh(force=True))
    window, page = shown(qtbot, engine, settled)
    serve(net, "/late.xml", "Late", seed=1)
    press(page, "Choose all: Failing")
    assert page.count.text() == "2 chosen"
    press(page, "Try again")
    assert page.progress.isVisible()
    settled(window)
    assert not page.progress.isVisible()
    assert "Late works again." in words(page)
    assert any(text.startswith("Never still fails.") for text in words(page))
    assert {feed.title: feed.verdict for feed in engine.health().feeds} == {"Late": "fine", "Never": "failing"}


def test_trying_again_can_be_cancelled(qtbot: QtBot, engine: Engine, settled: Settle, net: FakeNet) -> None:
    urls = [net.script(f"/{n}.xml", Reply(status=500, delay_seconds=0.4)) for n in range(30)]
    engine.follow([Subscription(url=url, title=f"Feed {n}") for n, url in enumerate(urls)], allow_private=True)
    window, page = shown(qtbot, engine, settled)
    page.repair([feed.id for feed in engine.feeds()])
    qtbot.waitUntil(lambda: page.cancel.isVisible() and bool(net.requests), timeout=5000)
    press(page, "Cancel")
    settled(window)
    assert not page.progress.isVisible()
    assert len(net.requests) < 60  # each feed and its site


def test_two_feeds_that_are_one_are_merged_and_parted_with_undo(qtbot: QtBot, engine: Engine, settled: Settle, net: FakeNet) -> None:
    first, second = (engine.add_feed(serve(net, path, title, seed=7)) for path, title in (("/a.xml", "One"), ("/b.xml", "Two")))
    window, page = shown(qtbot, engine, settled)
    assert "They bring the same posts. Which one stays?" in words(page)
    page.findChildren(Radio)[1].setChecked(True)
    keep = engine.health().duplicates[0].feed_ids[1]
    press(page, "Merge One, Two")
    settled(window)
    assert [feed.id for feed in engine.feeds()] == [keep]
    window.undo.back()
    settled(window)
    assert {feed.id for feed in engine.feeds()} == {first.id, second.id}


def test_stopping_and_leaving_many_feeds_are_one_act_each(qtbot: QtBot, engine: Engine, settled: Settle, net: FakeNet) -> None:
    for n in range(3):
        engine.follow([Subscription(url=net.url(f"/{n}.xml"), title=f"Feed {n}")], allow_private=True)
    list(engine.refresh(force=True))
    window, page = shown(qtbot, engine, settled)

    def everything_stopped() -> bool:
        return all(feed.stopped for feed in engine.feeds())

    def nothing_followed() -> bool:
        return not engine.feeds()

    for text, check in (("Stop fetching", everything_stopped), ("Unfollow", nothing_followed)):
        page._choose_all([feed.feed_id for feed in engine.health().feeds])
        next(made for made in page.bar.findChildren(QPushButton) if made.text() == text).click()
        settled(window)
        assert check()
        window.undo.back()
        settled(window)
        assert len(engine.feeds()) == 3
        assert not check()
    assert "0 feeds" not in page.summary.text()


def test_a_thousand_feeds_are_shown_a_few_at_a_time(
    qtbot: QtBot, engine: Engine, settled: Settle, net: FakeNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.main_window.FIRST_REFRESH_MS", 3_600_000)  # a thousand names are not to be looked up here
    engine.follow([Subscription(url=f"https://f{n}.invalid/feed", title=f"Feed {n}") for n in range(1000)])
    window, page = shown(qtbot, engine, settled)
    assert len(page._checks) == AT_ONCE
    press(page, "Show 970 more: Waiting for their turn")
    settled(window)
    assert len(page._checks) == 2 * AT_ONCE


def test_the_page_is_reached_by_key_from_the_sidebar_and_from_a_failing_feeds_menu(qtbot: QtBot, engine: Engine, settled: Settle, net: FakeNet) -> None:
    engine.follow([Subscription(url=net.url("/gone.xml"), title="Gone")], allow_private=True)
    list(engine.refresh(force=True))
    window, page = shown(qtbot, engine, settled)
    window.upkeep.load_feeds()
    settled(window)
    window.go("timeline", "for_you")
    window.activateWindow()
    assert [key.toString() for key in window.actions_by_name["show_health"].shortcuts()] == ["Ctrl+H"]
    window.actions_by_name["show_health"].trigger()
    assert page.isVisible()
    window.go("timeline", "for_you")
    window.sidebar.chosen.emit(Place("page", "health"))
    assert page.isVisible()
    window.go("timeline", "for_you")
    (feed,) = engine.feeds()
    menu = window.sidebar.menu(Place("feed", feed_id=feed.id))
    next(action for action in menu.actions() if action.text() == "What is wrong with it").trigger()
    assert page.isVisible()


def test_every_verdict_has_a_name_and_spans_are_short() -> None:
    assert len({group_words(verdict) for verdict in GROUPS}) == len(GROUPS)
    assert [span(days) for days in (0.01, 0.5, 1.4, 3, 74, 800)] == ["hour", "12 hours", "day", "3 days", "2 months", "2 years"]


def test_a_title_that_looks_like_markup_stays_words(qtbot: QtBot, engine: Engine, settled: Settle, net: FakeNet) -> None:
    engine.follow([Subscription(url=net.url("/x.xml"), title="<b>bold</b>")], allow_private=True)
    list(engine.refresh(force=True))
    _, page = shown(qtbot, engine, settled)
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in page.findChildren(QLabel))
    assert "<b>bold</b>" in words(page)


def test_why_words_are_empty_for_a_feed_that_is_fine(engine: Engine, net: FakeNet) -> None:
    engine.add_feed(serve(net, "/a.xml", "Pond", seed=1))
    found: FeedHealth = engine.health().feeds[0]
    assert why_words(found) == ""
