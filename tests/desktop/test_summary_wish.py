"""What the summaries of a feed shall be like, in its sheet; and what the foot of the window says of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest

from desktop.dialogs import feed_settings
from desktop.main_window import MainWindow
from desktop.status import budget_words
from engine import SummaryBudget, SummaryWish

Settle = Callable[[MainWindow], None]


def test_a_feeds_wish_is_shown_and_saved_in_its_sheet(window: MainWindow, settled: Settle) -> None:
    engine = window.engine
    assert engine is not None
    feed = engine.feeds()[0]
    engine.set_summary_wish(feed.id, SummaryWish(max_words=33, prompt="Say who wins."))
    sheet = feed_settings.FeedSettings(window, feed)
    sheet.open()
    assert sheet.wish.wish() is None, "nothing is saved over what is not loaded yet"
    settled(window)
    assert sheet.wish.wish() == SummaryWish(max_words=33, prompt="Say who wins.")
    sheet.wish.words.setCurrentIndex(sheet.wish.words.findData(100))
    sheet.wish.prompt.setText("  ")
    sheet.wish.always.setChecked(True)
    sheet.save()
    settled(window)
    assert engine.summary_wish(feed.id) == SummaryWish(max_words=100, always=True)


@pytest.mark.parametrize(
    ("paused", "words"),
    [("battery", "summaries pause: on battery"), ("budget", "summaries pause: today's 30 minutes are used"), ("server", "summaries pause: your server works only when asked"), ("off", ""), ("", "")],
)
def test_the_foot_says_why_summaries_pause(paused: Literal["", "budget", "battery", "off", "server"], words: str) -> None:
    assert budget_words(SummaryBudget(used_seconds=1800.0, limit_seconds=1800.0, paused=paused)) == words


def test_the_status_line_says_that_todays_minutes_are_used(window: MainWindow) -> None:
    window.status.set_summaries(SummaryBudget(used_seconds=1830.0, limit_seconds=1800.0, paused="budget"))
    assert "summaries pause: today's 30 minutes are used" in window.status.detail.text()
    assert window.status.detail.toolTip() == "Summaries in idle time used 30 min of 30 min today"
