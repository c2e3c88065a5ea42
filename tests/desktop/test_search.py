"""The search box: words at once, any input, and back to where one was."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.main_window import MainWindow

Settled = Callable[[MainWindow], None]


def look_for(window: MainWindow, text: str, settled: Settled) -> list[str]:
    window.top.search.setText(text)
    window.top.search.search_now()
    settled(window)
    rows = [window.timeline.model.row_of(post_id) for post_id in window.timeline.model.ids]
    return [row.title for row in rows if row is not None]


def test_a_word_finds_its_posts(window: MainWindow, settled: Settled) -> None:
    found = look_for(window, "scheduler", settled)
    assert found
    assert all("scheduler" in title for title in found)


@pytest.mark.parametrize("word", ["水车", "雨"])
def test_chinese_words_of_one_and_two_characters_are_found(window: MainWindow, settled: Settled, word: str) -> None:
    assert look_for(window, word, settled)


@pytest.mark.parametrize("text", ['"', "c++", "a:b", "AND", "NEAR(", "*", "' or 1=1 --", "<b>x</b>", "\u202e", "%s{}"])
def test_any_input_is_safe(window: MainWindow, settled: Settled, text: str) -> None:
    look_for(window, text, settled)
    assert window.timeline.search_text == text.strip()


def test_nothing_found_says_so_and_leads_back(window: MainWindow, settled: Settled) -> None:
    look_for(window, "xylophonist", settled)
    assert window.timeline.empty.isVisible()
    assert window.timeline.empty.heading.text() == "Nothing found"
    window.timeline.empty.buttons[0].click()
    settled(window)
    assert window.timeline.model.rowCount() == 40


def test_clearing_the_box_goes_back_to_the_list_that_was(window: MainWindow, settled: Settled) -> None:
    window.go("timeline", "newest")
    settled(window)
    before = list(window.timeline.model.ids)
    look_for(window, "bees", settled)
    window.top.search.clear()
    settled(window)
    assert window.timeline.model.ids == before


def test_enter_goes_to_the_first_result(window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    window.top.search.setFocus()
    window.top.search.setText("allocator")
    qtbot.keyClick(window.top.search, Qt.Key.Key_Return)
    settled(window)
    window.commands.next_post()
    settled(window)
    row = window.timeline.current_row()
    assert row is not None
    assert "allocator" in row.title


def test_typing_asks_once_for_what_stands_in_the_box_at_the_end(
    window: MainWindow, settled: Settled, qtbot: QtBot
) -> None:
    asked: list[str] = []
    window.top.search.wanted.connect(asked.append)
    qtbot.keyClicks(window.top.search, "bees")
    qtbot.waitUntil(lambda: bool(asked), timeout=3000)
    settled(window)
    assert asked[-1] == "bees"


def test_a_place_in_the_sidebar_ends_the_search(window: MainWindow, settled: Settled) -> None:
    look_for(window, "bees", settled)
    window.go("timeline", "for_you")
    settled(window)
    assert window.top.search.text() == ""
    assert window.timeline.model.rowCount() == 40
