"""Acting on a post of Mastodon in the reading pane: buttons and keys, undo, what waits, a reply that is not lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import keyring
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.main_window import MainWindow
from engine import Engine, TimelineQuery
from tests.desktop.conftest import open_window
from tests.engine.test_accounts import browser
from tests.fakenet import FakeNet, Reply
from tests.fakenet.mastodon import FakeMastodon, status
from tests.memory_keyring import MemoryKeyring

Settled = Callable[[MainWindow], None]


@pytest.fixture
def fake() -> Iterator[FakeMastodon]:
    before = keyring.get_keyring()
    keyring.set_keyring(MemoryKeyring())
    with FakeNet() as net:
        yield FakeMastodon(net, [status(number) for number in range(3)])
    keyring.set_keyring(before)


@pytest.fixture
def window(qtbot: QtBot, engine: Engine, fake: FakeMastodon, settled: Settled) -> MainWindow:
    name = engine.sign_in(fake.net.url("/")[:-1], browser(fake), act=True).name
    engine.add_feed(fake.net.url("/home"), kind="mastodon", account=name)
    opened = open_window(qtbot, engine)
    settled(opened)
    opened.open_post(engine.timeline(TimelineQuery(order="newest"))[0])
    settled(opened)
    return opened


def test_a_favourite_is_sent_and_taken_back_by_undo(window: MainWindow, fake: FakeMastodon, settled: Settled) -> None:
    panel = window.reading.deeds
    assert panel.isVisible()
    window.actions_by_name["favourite"].trigger()
    settled(window)
    assert [path.rpartition("/")[2] for path in fake.marked] == ["favourite"]
    assert panel.buttons["favourite"].text() == "★ Favourite"
    window.actions_by_name["undo_last"].trigger()
    settled(window)
    assert [path.rpartition("/")[2] for path in fake.marked] == ["favourite", "unfavourite"]
    assert panel.buttons["favourite"].text() == "☆ Favourite"


def test_what_cannot_be_sent_now_says_that_it_waits(window: MainWindow, fake: FakeMastodon, settled: Settled) -> None:
    fake.refuse = lambda path: Reply(status=503) if "search" in path else None
    window.reading.deeds.buttons["boost"].click()
    settled(window)
    assert window.reading.deeds.note.text() == "Waits to be sent: The server cannot take it now (503)."
    assert window.reading.deeds.buttons["boost"].text() == "✓ Boosted"


def test_a_reply_is_written_kept_and_sent(qtbot: QtBot, window: MainWindow, engine: Engine, fake: FakeMastodon, settled: Settled) -> None:
    panel, posts = window.reading.deeds, engine.timeline(TimelineQuery(order="newest"))
    window.actions_by_name["reply"].trigger()
    assert panel.writing.isVisible()
    assert not panel.send.isEnabled()
    qtbot.keyClicks(panel.text, "Which frog?")
    assert panel.count.text() == "489"
    window.open_post(posts[1])
    settled(window)
    assert panel.text.toPlainText() == ""
    window.open_post(posts[0])
    settled(window)
    assert panel.text.toPlainText() == "Which frog?", "nothing written is lost"
    assert fake.replies == []
    window.actions_by_name["reply"].trigger()
    qtbot.keyClick(panel.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    settled(window)
    assert [reply["content"] for reply in fake.replies] == ["<p>@ada Which frog?</p>"]
    assert panel.note.text() == "You answered this post."
    assert not panel.writing.isVisible()
    assert panel.text.toPlainText() == ""


def test_without_leave_to_act_the_reason_is_told(window: MainWindow, engine: Engine, fake: FakeMastodon, settled: Settled) -> None:
    engine.sign_in(fake.net.url("/")[:-1], browser(fake))
    window.reading.deeds.buttons["bookmark"].click()
    settled(window)
    assert "for reading only" in window.reading.deeds.note.text()
    assert fake.marked == []


def test_nobody_signed_in_sees_no_buttons(window: MainWindow, engine: Engine, settled: Settled) -> None:
    engine.sign_out(engine.accounts()[0].name)
    window.open_post(engine.timeline(TimelineQuery(order="newest"))[1])
    settled(window)
    assert not window.reading.deeds.isVisible()
