"""Trying the window with sample feeds, and taking them away again."""

from __future__ import annotations

from collections.abc import Callable

from pytestqt.qtbot import QtBot

from desktop.main_window import MainWindow

Settled = Callable[[MainWindow], None]


def test_the_samples_are_removed_by_one_act_and_come_back_by_undo(
    empty_window: MainWindow, settled: Settled, qtbot: QtBot
) -> None:
    engine = empty_window.engine
    assert engine is not None
    empty_window.samples.start()
    qtbot.waitUntil(lambda: bool(engine.feeds()) and all(feed.stopped for feed in engine.feeds()), timeout=30_000)
    settled(empty_window)
    many = len(engine.feeds())
    assert empty_window.toast.action.text() == "Remove the samples"
    empty_window.toast.action.click()
    qtbot.waitUntil(lambda: engine.feeds() == [], timeout=10_000)
    qtbot.waitUntil(lambda: empty_window.toast.action.text() == "Undo", timeout=10_000)
    empty_window.toast.action.click()
    qtbot.waitUntil(lambda: len(engine.feeds()) == many, timeout=10_000)
