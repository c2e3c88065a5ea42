"""Signing in from the window: the browser is the system's, the wait can be stopped, the home timeline follows."""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Callable, Iterator

import keyring
import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from desktop.dialogs.accounts import Accounts, open_dialog
from desktop.main_window import MainWindow
from engine import Engine
from tests.desktop.conftest import open_window
from tests.fakenet import FakeNet
from tests.fakenet.greader import FakeReader
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


def test_signing_in_follows_the_home_timeline_and_signing_out_is_one_button(
    qtbot: QtBot, engine: Engine, fake: FakeMastodon, settled: Settled, monkeypatch: pytest.MonkeyPatch
) -> None:
    def browser(_dialog: Accounts, address: str) -> None:
        def go() -> None:
            with urllib.request.urlopen(fake.agree(address), timeout=5):
                pass

        threading.Thread(target=go, daemon=True).start()

    monkeypatch.setattr(Accounts, "open_browser", browser)
    window = open_window(qtbot, engine)
    settled(window)
    dialog = Accounts(window)
    dialog.open()
    dialog.sign_in()
    assert "first" in dialog.error.text()
    dialog.server.setText(fake.net.url("/"))
    dialog.sign_in()
    settled(window)
    qtbot.waitUntil(lambda: bool(engine.feeds()), timeout=10_000)
    settled(window)
    assert [feed.posts for feed in engine.feeds()] == [3]
    (out,) = [button for button in dialog.findChildren(QPushButton) if button.text() == "Sign out"]
    out.click()
    settled(window)
    assert engine.accounts() == []
    assert fake.tokens == set()
    dialog.close()


def test_closing_the_dialog_stops_the_wait_for_the_browser(
    qtbot: QtBot, engine: Engine, fake: FakeMastodon, settled: Settled, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(Accounts, "open_browser", lambda _dialog, address: shown.append(address))
    window = open_window(qtbot, engine)
    settled(window)
    dialog = Accounts(window)
    dialog.open()
    dialog.server.setText(fake.net.url("/"))
    dialog.sign_in()
    qtbot.waitUntil(lambda: bool(shown), timeout=10_000)
    dialog.close()
    settled(window)
    assert engine.accounts() == []


def test_bluesky_takes_an_app_password_only_and_says_so(qtbot: QtBot, engine: Engine, settled: Callable[[MainWindow], None]) -> None:
    window = open_window(qtbot, engine)
    settled(window)
    dialog = open_dialog(window)
    dialog.handle.setText("ada.bsky.social")
    dialog.password.setText("my own password")
    dialog.sign_in()
    settled(window)
    assert "no app password" in dialog.error.text()
    assert engine.ledger() == [], "nothing was sent"
    dialog.close()


def test_a_feed_server_is_signed_in_to_and_its_feeds_are_followed(qtbot: QtBot, engine: Engine, fake: FakeMastodon, settled: Settled) -> None:
    reader = FakeReader(fake.net)
    window = open_window(qtbot, engine)
    settled(window)
    dialog = open_dialog(window)
    dialog.reader.setText(reader.url)
    dialog.user.setText(reader.user)
    dialog.reader_password.setText("wrong")
    dialog.sign_in()
    settled(window)
    assert "API password is wrong" in dialog.error.text()
    dialog.reader_password.setText(reader.password)
    dialog.sign_in()
    qtbot.waitUntil(lambda: len(engine.feeds()) == 3, timeout=10_000)
    settled(window)
    assert dialog.reader_password.text() == ""
    assert [account.kind for account in engine.accounts()] == ["greader"]
    dialog.close()
