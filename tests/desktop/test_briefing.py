"""The briefing in the window: asked for, shown as it comes, read by keys, opened at its evidence, and gone back to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from desktop.main_window import MainWindow
from desktop.pages.briefing import BriefingPage
from engine import Engine, PlainPost
from tests.desktop.conftest import open_window

Settled = Callable[[MainWindow], None]


def page_of(window: MainWindow) -> BriefingPage:
    window.commands.show_briefing()
    page = window.panes.page()
    assert isinstance(page, BriefingPage)
    return page


@pytest.fixture
def page(window: MainWindow, settled: Settled) -> BriefingPage:
    """The page with a briefing of three minutes on it."""
    made = page_of(window)
    settled(window)
    made.minutes.button(3).click()
    made.make.click()
    settled(window)
    return made


def words_on(page: BriefingPage) -> str:
    return "\n".join(label.text() for label in page.findChildren(QLabel) if label.isVisible())


def button_of(page: BriefingPage, words: str) -> QPushButton:
    return next(each for each in page.findChildren(QPushButton) if each.text() == words and each.isVisible())


def press(qtbot: QtBot, window: MainWindow, key: Qt.Key) -> None:
    window.activateWindow()
    qtbot.keyClick(window.focusWidget() or window, key)


def test_the_bar_and_the_key_lead_to_it(window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    window.top.briefing.click()
    assert isinstance(window.panes.page(), BriefingPage)
    window.commands.show_for_you()
    settled(window)
    press(qtbot, window, Qt.Key.Key_5)
    assert isinstance(window.panes.page(), BriefingPage)


def test_before_the_first_one_it_says_what_it_is(window: MainWindow, settled: Settled) -> None:
    page = page_of(window)
    settled(window)
    assert "No briefing yet" in words_on(page)
    assert page.make.hasFocus()


def test_without_feeds_it_leads_to_some(empty_window: MainWindow, settled: Settled) -> None:
    page = page_of(empty_window)
    settled(empty_window)
    assert "You follow nothing yet" in words_on(page)
    assert button_of(page, "Add a feed").isEnabled()


def test_a_briefing_has_cards_and_an_end(page: BriefingPage) -> None:
    items = page.items()
    assert len(items) == len(page._cards) > 10
    words = words_on(page)
    for item in items:
        assert item.title in words
    assert "That is all." in words
    assert "posts were left out." in words
    assert "told in picked sentences (language models are switched off)" in words
    assert page.go_on.isHidden()


def test_when_nothing_is_new_it_offers_more(page: BriefingPage, window: MainWindow, settled: Settled) -> None:
    engine = window.engine
    assert engine is not None
    engine.mark(engine.timeline(), read=True)
    page.make.click()
    settled(window)
    assert "Nothing new" in words_on(page)
    button_of(page, "Tell of the last week").click()
    settled(window)
    assert "Nothing new" not in words_on(page)
    assert all(item.read for item in page.items())


def test_keys_go_from_one_to_the_next_and_open_it(page: BriefingPage, window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    press(qtbot, window, Qt.Key.Key_J)
    press(qtbot, window, Qt.Key.Key_J)
    press(qtbot, window, Qt.Key.Key_Down)
    press(qtbot, window, Qt.Key.Key_K)
    second = page.items()[1]
    assert page._cards[second.post_id].hasFocus()
    press(qtbot, window, Qt.Key.Key_Return)
    settled(window)
    assert window.on_timeline()
    assert window.reading.post_id == second.post_id


def test_an_opened_post_has_the_words_marked_that_support_it(page: BriefingPage, window: MainWindow, settled: Settled) -> None:
    item = next(item for item in page.items() if len(item.sentences) == 2)
    page.open_item(item)
    settled(window)
    shown = window.reading.summary_box.summary
    assert shown is not None
    assert [sentence.text for sentence in shown.sentences] == [sentence.text for sentence in item.sentences]
    text = window.reading.body.document().toPlainText().encode("utf-16-le")
    marked = [text[2 * start : 2 * end].decode("utf-16-le") for spans in window.reading.summaries.evidence for start, end in spans]
    assert marked == [quote for sentence in item.sentences for quote in sentence.quotes]


def test_escape_leads_back_to_the_card_that_was_opened(page: BriefingPage, window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    item = page.items()[3]
    page.open_item(item)
    settled(window)
    press(qtbot, window, Qt.Key.Key_Escape)
    settled(window)
    assert window.panes.page() is page
    assert page._cards[item.post_id].hasFocus()
    page.open_item(item)
    window.commands.show_newest()  # whoever goes elsewhere is not led back
    window.go_back()
    assert window.on_timeline()


def test_all_of_it_is_marked_as_read_and_unread_again(page: BriefingPage, window: MainWindow, settled: Settled) -> None:
    engine = window.engine
    assert engine is not None
    ids = [item.post_id for item in page.items()]
    page.read_all.click()
    settled(window)
    assert all(row.read for row in engine.rows(ids))
    window.commands.undo_last()
    settled(window)
    assert not any(row.read for row in engine.rows(ids))


def test_a_kept_one_is_shown_when_the_window_opens_again(page: BriefingPage, window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    ids = [item.post_id for item in page.items()]
    engine = window.engine
    assert engine is not None
    other = MainWindow()
    qtbot.addWidget(other)
    other.show()
    other.attach(engine)
    settled(other)
    again = page_of(other)
    settled(other)
    assert [item.post_id for item in again.items()] == ids
    other.engine = None
    other.upkeep.stop()
    other.briefings.stop()


def test_earlier_ones_can_be_looked_at_again(page: BriefingPage, window: MainWindow, settled: Settled) -> None:
    first = page.items()
    page.since.setCurrentIndex(page.since.findData("week"))
    page.minutes.button(15).click()
    page.make.click()
    settled(window)
    assert page.earlier.count() == 2
    page.earlier.setCurrentIndex(1)
    page.earlier.activated.emit(1)
    settled(window)
    assert page.items() == first


def test_it_is_saved_as_a_page(page: BriefingPage, window: MainWindow, settled: Settled, tmp_path: Path) -> None:
    page.save_as(str(tmp_path / "today.html"))
    settled(window)
    assert page.items()[0].title in (tmp_path / "today.html").read_text(encoding="utf-8")
    assert "today.html" in window.toast.words.text()


def test_a_title_is_plain_text(engine: Engine, qtbot: QtBot, settled: Settled) -> None:
    hostile = "<img src='https://evil.example/x'><b>Bold</b>"
    engine.add_posts("<i>Feed</i>", [PlainPost(title=hostile, text="<b>One</b> sentence of it stands here. &amp;", published_at=datetime.now(UTC) - timedelta(hours=1))])
    window = open_window(qtbot, engine)
    settled(window)
    page = page_of(window)
    page.make.click()
    settled(window)
    for label in page.findChildren(QLabel):
        assert label.textFormat() == Qt.TextFormat.PlainText
    assert hostile in words_on(page)


def test_the_days_briefing_is_made_once_when_due_and_said(window: MainWindow, settled: Settled) -> None:
    engine = window.engine
    assert engine is not None
    engine.set_setting("briefing_at", "00:00")
    settled(window)
    window.briefings.look()
    settled(window)
    assert "Your briefing is ready" in window.toast.words.text()
    window.briefings.look()
    settled(window)
    assert len(engine.briefings()) == 1


def test_without_a_time_none_is_made_by_itself(window: MainWindow, settled: Settled) -> None:
    window.briefings.look()
    settled(window)
    assert window.engine is not None
    assert window.engine.briefings() == []
