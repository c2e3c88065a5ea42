"""Taking over from another reader in the window: counted first, taken in with progress, taken back with one button."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from desktop.dialogs.import_other import ImportOther
from desktop.main_window import MainWindow
from engine import Engine

Settled = Callable[[MainWindow], None]
OPML = """<opml version="2.0"><body><outline text="Ponds"><outline text="Heron news" type="rss" xmlUrl="https://heron.example/feed"/>
<outline text="Router" type="rss" xmlUrl="http://192.168.7.1/log.xml"/></outline></body></opml>"""


def test_a_list_is_counted_then_taken_over_then_taken_back(
    qtbot: QtBot, window: MainWindow, filled: Engine, settled: Settled, tmp_path: Path
) -> None:
    before = {feed.url for feed in filled.feeds()}
    path = tmp_path / "mine.opml"
    path.write_text(OPML)
    dialog = ImportOther(window, path)
    dialog.open()
    dialog.look()
    settled(window)
    assert "feed" in dialog.words.text()
    assert dialog.note.isVisible()
    assert {feed.url for feed in filled.feeds()} == before, "counting changes nothing"
    dialog.start()
    settled(window)
    assert {feed.url for feed in filled.feeds()} - before == {"https://heron.example/feed"}
    (undo,) = [button for button in dialog.findChildren(QPushButton) if button.text() == "Undo"]
    undo.click()
    settled(window)
    assert {feed.url for feed in filled.feeds()} == before


def test_a_file_of_nothing_known_is_refused_in_words(
    qtbot: QtBot, window: MainWindow, filled: Engine, settled: Settled, tmp_path: Path
) -> None:
    path = tmp_path / "photo.db"
    path.write_bytes(b"\x89PNG" * 100)
    dialog = ImportOther(window, path)
    dialog.open()
    dialog.look()
    settled(window)
    assert dialog.error.isVisible()
    assert dialog.error.text()
    assert not dialog.start_button.isVisible()
    dialog.close()
