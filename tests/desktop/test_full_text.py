"""The whole article in the reading pane: by button, by key, by the feed's setting; and the way back to the feed's text."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from desktop.dialogs.feed_settings import FeedSettings
from desktop.main_window import MainWindow
from engine import Engine, TimelineQuery
from tests.desktop.conftest import open_window
from tests.fakenet import FakeNet, Reply

Settled = Callable[[MainWindow], None]
WORDS = "The council met until midnight and changed the plan for the ferry landing three times before it was content. "
PAGE = f"<html><body><article><h1>Ferry</h1>{''.join(f'<p>{WORDS} Part {n}.</p>' for n in range(8))}</article></body></html>"


@pytest.fixture
def post_id(engine: Engine, net: FakeNet) -> int:
    net.serve("/ferry", PAGE.encode(), content_type="text/html")
    net.serve(
        "/feed.xml",
        f"<rss version='2.0'><channel><title>Town</title><item><guid>1</guid><title>Ferry</title><link>{net.url('/ferry')}</link>"
        "<description>The council met …</description></item></channel></rss>".encode(),
    )
    engine.add_feed(net.url("/feed.xml"))
    return engine.timeline(TimelineQuery())[0]


def test_a_button_brings_the_article_and_the_same_button_the_feeds_text(
    qtbot: QtBot, engine: Engine, post_id: int, settled: Settled
) -> None:
    window = open_window(qtbot, engine)
    settled(window)
    window.open_post(post_id)
    settled(window)
    pane, button = window.reading, window.reading.header.whole_button
    assert (button.isVisible(), button.text()) == (True, "Whole article")
    button.click()
    assert button.text() == "Fetching… stop"
    settled(window)
    assert "Part 7" in pane.body.toPlainText()
    assert button.text() == "Feed's text"
    window.actions_by_name["toggle_full_text"].trigger()
    settled(window)
    assert pane.body.toPlainText().strip() == "The council met …"
    assert engine.post(post_id).text == "The council met …"


def test_what_keeps_the_article_away_is_said_and_the_text_stays(
    qtbot: QtBot, engine: Engine, net: FakeNet, post_id: int, settled: Settled
) -> None:
    net.script("/ferry", Reply(status=402))
    window = open_window(qtbot, engine)
    settled(window)
    window.open_post(post_id)
    settled(window)
    window.reading.whole.toggle()
    settled(window)
    assert "payment" in window.toast.words.text()
    assert window.reading.header.whole_button.text() == "Whole article"
    assert "The council met" in window.reading.body.toPlainText()


def test_who_stops_waiting_keeps_reading_the_feeds_text(
    qtbot: QtBot, engine: Engine, net: FakeNet, post_id: int, settled: Settled
) -> None:
    net.script("/ferry", Reply(headers={"Content-Type": "text/html"}, body=PAGE.encode(), delay_seconds=0.5))
    window = open_window(qtbot, engine)
    settled(window)
    window.open_post(post_id)
    settled(window)
    window.reading.whole.toggle()
    window.reading.whole.toggle()
    assert window.reading.header.whole_button.text() == "Whole article"
    settled(window)
    assert "Part 7" not in window.reading.body.toPlainText()


def test_a_feed_that_is_set_so_is_read_whole_whenever_a_post_is_opened(
    qtbot: QtBot, engine: Engine, net: FakeNet, post_id: int, settled: Settled
) -> None:
    window = open_window(qtbot, engine)
    settled(window)
    dialog = FeedSettings(window, engine.feeds()[0])
    dialog.open()
    settled(window)
    dialog.whole.setChecked(True)
    dialog.save()
    settled(window)
    assert engine.full_text_feeds() == {engine.feeds()[0].id}
    window.open_post(post_id)
    settled(window)
    assert "Part 7" in window.reading.body.toPlainText()
    asked = len(net.asked("/ferry"))
    window.reading.clear()
    window.open_post(post_id)
    settled(window)
    assert len(net.asked("/ferry")) == asked, "it is kept"


def test_a_summary_is_of_the_text_that_is_shown_and_its_evidence_stands_there(
    qtbot: QtBot, engine: Engine, post_id: int, settled: Settled
) -> None:
    engine.set_setting("ai", False)  # picked sentences come at once
    window = open_window(qtbot, engine)
    settled(window)
    window.open_post(post_id)
    settled(window)
    pane = window.reading
    pane.summaries.summarise()
    settled(window)
    assert pane.summaries.box.summary is not None
    assert pane.summaries.box.summary.text == "The council met …"
    pane.whole.toggle()
    settled(window)
    assert pane.summaries.box.summary is None, "what was said of the feed's text stays below the article"
    pane.summaries.summarise()
    settled(window)
    of_article = pane.summaries.box.summary
    assert of_article is not None
    assert "Part 7" in of_article.text
    assert all(spans for spans in pane.summaries.evidence)
    pane.whole.toggle()
    settled(window)
    assert pane.summaries.box.summary == engine.stored_summary(post_id, whole=False)
    pane.whole.toggle()
    settled(window)
    assert pane.summaries.box.summary == of_article


def test_who_waits_for_a_summary_when_the_article_comes_gets_one_of_the_article(
    qtbot: QtBot, engine: Engine, post_id: int, settled: Settled
) -> None:
    engine.set_setting("ai", False)
    window = open_window(qtbot, engine)
    settled(window)
    window.open_post(post_id)
    settled(window)
    pane = window.reading
    pane.summaries.box.show_busy()
    pane.whole.toggle()
    settled(window)
    assert pane.summaries.box.summary is not None
    assert "Part 7" in pane.summaries.box.summary.text
