"""Everything can be done by keys, and no key is lost on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QAbstractButton, QLineEdit
from pytestqt.qtbot import QtBot

from desktop import shortcuts, theme
from desktop.commands import Commands
from desktop.main_window import MainWindow

Settled = Callable[[MainWindow], None]


def press(qtbot: QtBot, window: MainWindow, key: Qt.Key) -> None:
    window.activateWindow()
    qtbot.keyClick(window.focusWidget() or window, key)


def test_no_two_entries_share_a_key(qtbot: QtBot) -> None:
    keys = Counter(QKeySequence(key).toString() for entry in shortcuts.table() for key in entry.keys)
    assert [key for key, n in keys.items() if n > 1] == []


def test_every_entry_of_the_table_is_a_command(qtbot: QtBot) -> None:
    missing = [entry.name for entry in shortcuts.table() if not callable(getattr(Commands, entry.name, None))]
    assert missing == []


def test_every_key_is_a_key_that_qt_knows(qtbot: QtBot) -> None:
    assert [key for entry in shortcuts.table() for key in entry.keys if QKeySequence(key).isEmpty()] == []


def test_j_opens_the_first_post_then_the_next(window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    ids = window.timeline.model.ids[:2]
    opened = []
    for _ in ids:
        press(qtbot, window, Qt.Key.Key_J)
        settled(window)
        opened.append(window.reading.post_id)
    assert opened == ids


def test_k_goes_back_to_the_post_before(window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    for key in (Qt.Key.Key_J, Qt.Key.Key_J, Qt.Key.Key_K):
        press(qtbot, window, key)
        settled(window)
    assert window.timeline.view.currentIndex().row() == 0


def test_j_marks_as_read_where_the_setting_says_so(window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    press(qtbot, window, Qt.Key.Key_J)
    settled(window)
    row = window.timeline.current_row()
    assert row is not None
    assert row.read


def test_j_leaves_a_post_unread_where_the_setting_says_so(window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    window.set_setting("mark_read_on_open", False)
    settled(window)
    press(qtbot, window, Qt.Key.Key_J)
    settled(window)
    row = window.timeline.current_row()
    assert row is not None
    assert not row.read


def test_n_skips_what_was_read(window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    assert window.engine is not None
    window.engine.mark(window.timeline.model.ids[:3], read=True)
    settled(window)
    press(qtbot, window, Qt.Key.Key_N)
    settled(window)
    assert window.timeline.view.currentIndex().row() == 3


def test_space_reads_on_through_the_list(window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    window.timeline.view.setFocus()
    for _ in range(3):
        qtbot.keyClick(window.timeline.view, Qt.Key.Key_Space)
        settled(window)
    assert window.timeline.view.currentIndex().row() >= 1


def test_letters_typed_into_the_search_box_are_text(window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    press(qtbot, window, Qt.Key.Key_Slash)
    assert window.top.search.hasFocus()
    qtbot.keyClicks(window.top.search, "jlsd")
    settled(window)
    assert window.top.search.text() == "jlsd"
    assert window.timeline.view.current_id() is None


@pytest.mark.parametrize(("key", "place"), [(Qt.Key.Key_2, "newest"), (Qt.Key.Key_3, "saved"), (Qt.Key.Key_1, "for_you")])
def test_digits_go_to_places(window: MainWindow, settled: Settled, qtbot: QtBot, key: Qt.Key, place: str) -> None:
    press(qtbot, window, key)
    settled(window)
    current = window.sidebar.feeds.currentItem()
    assert current is not None
    assert window.sidebar.feeds.place(current).name == place  # type: ignore[union-attr]


def test_u_shows_unread_posts_alone_and_then_all(window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    assert window.engine is not None
    window.engine.mark(window.timeline.model.ids[:5], read=True)
    settled(window)
    press(qtbot, window, Qt.Key.Key_U)
    settled(window)
    assert window.timeline.model.rowCount() == 35
    press(qtbot, window, Qt.Key.Key_U)
    settled(window)
    assert window.timeline.model.rowCount() == 40


def test_escape_leaves_a_page_for_the_list(window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    window.show_page("settings")
    settled(window)
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    settled(window)
    assert window.on_timeline()


def test_the_sheet_lists_every_key(window: MainWindow, qtbot: QtBot) -> None:
    from PySide6.QtWidgets import QLabel

    sheet = shortcuts.ShortcutSheet(window)
    qtbot.addWidget(sheet)
    words = {label.text() for label in sheet.findChildren(QLabel)}
    assert {entry.text for entry in shortcuts.table()} <= words


def test_control_plus_makes_the_text_larger_and_keeps_it(window: MainWindow, settled: Settled) -> None:
    window.commands.larger_text()
    settled(window)
    assert theme.scale() == 1.1
    assert window.engine is not None
    assert window.engine.settings()["scale_percent"] == 110


def test_everything_that_can_be_pressed_has_a_name(window: MainWindow) -> None:
    nameless = [
        button
        for button in window.findChildren(QAbstractButton)
        if button.isVisible() and not (button.text() or button.accessibleName())
        and not isinstance(button.parent(), QLineEdit)
    ]  # fmt: skip
    assert [str(button) for button in nameless] == []


def test_mark_all_read_can_be_undone(window: MainWindow, settled: Settled) -> None:
    window.commands.read_all()
    settled(window)
    assert window.engine is not None
    assert window.engine.counts().unread == 0
    window.commands.undo_last()
    settled(window)
    assert window.engine.counts().unread == 40
