"""The window on a machine that is offline, or on a metered line."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from desktop.main_window import MainWindow
from engine import Engine, Subscription
from tests.desktop.conftest import open_window
from tests.fakenet import FakeNet, items, rss

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
Settle = Callable[[MainWindow], None]


def window_with_a_feed(qtbot: QtBot, engine: Engine, settled: Settle, net: FakeNet) -> MainWindow:
    engine.follow([Subscription(url=net.serve("/f.xml", rss("Pond", items(2)), etag='"1"'))], allow_private=True)
    window = open_window(qtbot, engine)
    settled(window)
    return window


@pytest.mark.parametrize(("line", "words"), [({"offline": True, "metered": False}, "Offline"), ({"offline": False, "metered": True}, "Metered line")])
def test_looking_by_itself_waits_and_says_why_while_a_person_may_always_ask(
    qtbot: QtBot, engine: Engine, settled: Settle, line: dict[str, bool], words: str
) -> None:
    with FakeNet() as net:
        window = window_with_a_feed(qtbot, engine, settled, net)
        window.upkeep.line.tell(**line)
        window.upkeep.refresh_if_may()
        settled(window)
        assert net.requests == []
        assert window.status.words.text().startswith(words)
        window.commands.refresh_now()
        settled(window)
        assert len(net.requests) == 1


def test_what_waited_is_done_when_the_line_is_back(qtbot: QtBot, engine: Engine, settled: Settle) -> None:
    with FakeNet() as net:
        window = window_with_a_feed(qtbot, engine, settled, net)
        window.upkeep.line.tell(offline=True, metered=False)
        window.upkeep.refresh_if_may()
        window.upkeep.line.tell(offline=False, metered=False)
        settled(window)
        assert len(net.requests) == 1
        assert "Offline" not in window.status.words.text()


def test_a_metered_line_is_used_where_the_person_allows_it(qtbot: QtBot, engine: Engine, settled: Settle) -> None:
    with FakeNet() as net:
        window = window_with_a_feed(qtbot, engine, settled, net)
        window.upkeep.line.tell(offline=False, metered=True)
        window.upkeep.refresh_if_may()
        settled(window)
        assert net.requests == []
        engine.set_setting("refresh_metered", True)
        settled(window)
        assert len(net.requests) == 1
        assert "Metered" not in window.status.words.text()


def test_that_nobody_can_be_reached_is_said_once(
    qtbot: QtBot, engine: Engine, settled: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_up(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_AGAIN, "no")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    engine.follow([Subscription(url="https://pond.invalid/feed")])
    window = open_window(qtbot, engine)
    settled(window)
    said: list[str] = []
    monkeypatch.setattr(window.toast, "say", lambda text, *_: said.append(text))
    for _ in range(2):
        window.commands.refresh_now()
        settled(window)
    assert said == ["You seem to be offline. Millpond tries again soon."]
    assert window.status.words.text().startswith("You seem to be offline · next try")
    assert window.upkeep._again_soon.isActive()
    assert engine.feeds()[0].failures == 0
