"""The conversation below a post in the reading pane: by button and key, bounded turns, another post begins anew."""

from __future__ import annotations

import json
from collections.abc import Callable

from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from desktop.main_window import MainWindow
from engine import Engine, TimelineQuery
from tests.desktop.conftest import open_window
from tests.fakenet import FakeNet, Reply
from tests.fakenet.hackernews import FakeHackerNews, story

Settled = Callable[[MainWindow], None]


def words(window: MainWindow) -> list[str]:
    return [label.text() for label in window.reading.talk.findChildren(QLabel)]


def test_the_conversation_is_shown_by_a_key_and_begins_anew_with_another_post(
    qtbot: QtBot, engine: Engine, settled: Settled
) -> None:
    with FakeNet() as net:
        FakeHackerNews(net, [story(7), story(8)])
        engine.add_feed(net.url("/news"), kind="hackernews")
        children = [{"id": n, "author": "ada", "text": f"Comment {n}", "children": []} for n in range(60)]
        body = json.dumps({"children": children}).encode()
        net.script("/api/v1/items/7", Reply(status=503), Reply(headers={"Content-Type": "application/json"}, body=body))
        eight, seven = engine.timeline(TimelineQuery(order="newest"))
        window = open_window(qtbot, engine)
        settled(window)
        window.open_post(seven)
        settled(window)
        panel = window.reading.talk
        assert panel.isVisible()
        assert not net.asked("/api/v1/items/7"), "nothing is asked before the person wants it"
        window.actions_by_name["show_conversation"].trigger()
        settled(window)
        assert "busy" in panel.note.text()
        window.open_post(eight)
        settled(window)
        assert not panel.note.isVisible()


def test_sixty_comments_are_all_there(qtbot: QtBot, engine: Engine, settled: Settled) -> None:
    with FakeNet() as net:
        FakeHackerNews(net, [story(7)])
        engine.add_feed(net.url("/news"), kind="hackernews")
        children = [{"id": n, "author": "<b>ada</b>", "text": f"Comment {n}", "children": []} for n in range(60)]
        body = json.dumps({"children": children}).encode()
        net.script("/api/v1/items/7", Reply(headers={"Content-Type": "application/json"}, body=body))
        window = open_window(qtbot, engine)
        settled(window)
        window.open_post(engine.timeline(TimelineQuery())[0])
        settled(window)
        window.reading.talk.button.click()
        settled(window)
        assert "60 comments" in words(window)
        assert "Nothing has left" not in window.status.ledger.text()
        assert sum(text.startswith("Comment ") for text in words(window)) == 60


def test_a_post_of_a_plain_feed_shows_its_comments_feed(qtbot: QtBot, engine: Engine, settled: Settled) -> None:
    with FakeNet() as net:
        comment = "<item><title>By Ada</title><author>ada</author><guid>c1</guid><description>A fine pond</description></item>"
        net.serve("/1/feed", f'<rss version="2.0"><channel><title>c</title>{comment}</channel></rss>'.encode())
        posts = "".join(
            f"<item><title>{title}</title><guid>{title}</guid><description>Text</description>{inside}</item>"
            for title, inside in (("with", f"<wfw:commentRss>{net.url('/1/feed')}</wfw:commentRss>"), ("without", ""))
        )
        feed = f'<rss version="2.0" xmlns:wfw="http://wellformedweb.org/CommentAPI/"><channel><title>Pond</title>{posts}</channel></rss>'
        engine.add_feed(net.serve("/feed.xml", feed.encode()))
        ids = {row.title: row.id for row in engine.rows(engine.timeline(TimelineQuery()))}
        window = open_window(qtbot, engine)
        settled(window)
        window.open_post(ids["without"])
        settled(window)
        assert not window.reading.talk.isVisible()
        window.open_post(ids["with"])
        settled(window)
        assert not net.asked("/1/feed")
        window.actions_by_name["show_conversation"].trigger()
        settled(window)
        assert "A fine pond" in words(window)


SAID = (
    ("ada", "The new timetable leaves the night shift of the mill without a tram home. Somebody should tell the council."),
    ("bo", "> without a tram\nThe mill runs a bus of its own since August 🚌, it leaves at ten past two."),
)


def test_a_conversation_is_summed_up_and_its_sentences_lead_to_the_comments(
    qtbot: QtBot, engine: Engine, settled: Settled
) -> None:
    with FakeNet() as net:
        FakeHackerNews(net, [story(7)])
        engine.add_feed(net.url("/news"), kind="hackernews")
        children = [{"id": n, "author": author, "text": text, "children": []} for n, (author, text) in enumerate(SAID)]
        body = json.dumps({"children": children}).encode()
        net.script("/api/v1/items/7", Reply(headers={"Content-Type": "application/json"}, body=body))
        window = open_window(qtbot, engine)
        settled(window)
        window.open_post(engine.timeline(TimelineQuery())[0])
        settled(window)
        panel = window.reading.talk
        window.actions_by_name["summarise_conversation"].trigger()
        assert not panel.summary.isVisible(), "there is nothing to sum up before it is shown"
        panel.button.click()
        settled(window)
        assert panel.summary.isVisible()
        window.actions_by_name["summarise_conversation"].trigger()
        settled(window)
        made = panel.summary.summary
        assert made is not None
        shown = panel.summary.text.toPlainText()
        bus = next(at for at, sentence in enumerate(made.sentences, 1) if "bus of its own" in sentence.text)
        assert "it leaves at ten past two." in shown
        assert "— bo" in shown
        panel.summary.sentence_chosen.emit(bus)
        chosen = [label.selectedText() for label in panel.findChildren(QLabel) if label.hasSelectedText()]
        assert chosen == [made.sentences[bus - 1].text]
