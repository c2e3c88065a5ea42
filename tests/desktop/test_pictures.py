"""Pictures in the reading pane: on click, all of a post, by the feed's setting; never unasked, never behind a warning."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QUrl
from pytestqt.qtbot import QtBot

from desktop.dialogs.feed_settings import FeedSettings
from desktop.main_window import MainWindow
from desktop.reading.pictures import picture_name
from engine import Engine, TimelineQuery
from tests.desktop.conftest import open_window
from tests.engine.test_pictures import bomb, drawn
from tests.fakenet import FakeNet, Reply

Settled = Callable[[MainWindow], None]


@pytest.fixture
def net() -> Iterator[FakeNet]:
    with FakeNet() as net:
        net.serve("/a.png", drawn((1200, 700)), content_type="image/png")
        net.serve("/b.png", drawn((200, 100), colour=(20, 90, 160)), content_type="image/png")
        net.serve(
            "/feed.xml",
            f"<rss version='2.0'><channel><title>Town</title>"
            f"<item><guid>1</guid><title>Ferry</title><description>&lt;p&gt;Look&lt;/p&gt;&lt;img src='{net.url('/a.png')}' alt='A ferry in fog'&gt;"
            f"&lt;p&gt;and&lt;/p&gt;&lt;img src='{net.url('/b.png')}'&gt;&lt;img src='{net.url('/t.png')}' width='1' height='1'&gt;</description></item>"
            f"</channel></rss>".encode(),
        )
        yield net


@pytest.fixture
def window(qtbot: QtBot, engine: Engine, net: FakeNet, settled: Settled) -> MainWindow:
    engine.add_feed(net.url("/feed.xml"))
    opened = open_window(qtbot, engine)
    settled(opened)
    opened.open_post(engine.timeline(TimelineQuery())[0])
    settled(opened)
    return opened


def asked(net: FakeNet) -> list[str]:
    return sorted(request.path for request in net.requests if request.path.endswith(".png"))


def drawn_names(window: MainWindow) -> set[str]:
    html = window.reading.body.toHtml()
    return {path for path in ("/a.png", "/b.png") if f'src="app:{picture_name(_url(window, path))}/' in html}


def _url(window: MainWindow, path: str) -> str:
    assert window.engine is not None
    (feed,) = window.engine.feeds()
    return feed.url.replace("/feed.xml", path)


def test_opening_a_post_fetches_no_picture(window: MainWindow, net: FakeNet) -> None:
    assert asked(net) == []
    assert "A ferry in fog" in window.reading.body.toPlainText()
    assert window.reading.picture_words.text() == "2 pictures not fetched", "nor counts the tracking pixel"


def test_a_click_fetches_that_picture_only(window: MainWindow, net: FakeNet, settled: Settled) -> None:
    window.reading.body.anchorClicked.emit(QUrl(f"app:{picture_name(net.url('/a.png'))}"))
    settled(window)
    assert asked(net) == ["/a.png"]
    assert drawn_names(window) == {"/a.png"}
    assert "A ferry in fog" in window.reading.body.toPlainText(), "its words stay below it"
    assert window.reading.picture_words.text().startswith("1 picture not fetched")
    assert window.reading.body.document().idealWidth() <= window.reading.body.width(), "it fits the column"
    assert not window.reading.body.refused


def test_a_key_fetches_all_and_they_are_there_the_next_time(qtbot: QtBot, window: MainWindow, engine: Engine, net: FakeNet, settled: Settled) -> None:
    window.actions_by_name["show_pictures"].trigger()
    settled(window)
    assert asked(net) == ["/a.png", "/b.png"], "never the tracking pixel"
    assert drawn_names(window) == {"/a.png", "/b.png"}
    assert not window.reading.pictures.button.isVisible()
    again = open_window(qtbot, engine)
    settled(again)
    again.open_post(engine.timeline(TimelineQuery())[0])
    settled(again)
    assert drawn_names(again) == {"/a.png", "/b.png"}
    assert asked(net) == ["/a.png", "/b.png"]


def test_a_feed_may_always_fetch_its_own(window: MainWindow, engine: Engine, net: FakeNet, settled: Settled) -> None:
    (feed,) = engine.feeds()
    sheet = FeedSettings(window, feed)
    settled(window)
    sheet.pictures.setCurrentIndex(sheet.pictures.findData("all"))
    sheet.save()
    settled(window)
    assert engine.picture_policy(feed.id) == "all"
    assert asked(net) == ["/a.png", "/b.png"]
    assert drawn_names(window) == {"/a.png", "/b.png"}


def test_never_means_never(window: MainWindow, engine: Engine, net: FakeNet, settled: Settled) -> None:
    engine.set_setting("pictures", "never")
    (feed,) = engine.feeds()
    engine.set_picture_policy(feed.id, "never")
    settled(window)
    assert "app:picture" not in window.reading.body.toHtml()
    window.actions_by_name["show_pictures"].trigger()
    settled(window)
    assert asked(net) == []
    assert not window.reading.pictures.button.isVisible()


def test_what_goes_wrong_is_said_and_can_be_tried_again(window: MainWindow, net: FakeNet, settled: Settled) -> None:
    net.script("/a.png", Reply(status=404))
    net.serve("/b.png", bomb(30_000, 30_000), content_type="image/png")
    window.reading.pictures.button.click()
    settled(window)
    assert drawn_names(window) == set()
    assert "not there any more (404)" in window.reading.picture_words.text() or "too large" in window.reading.picture_words.text()
    net.serve("/a.png", drawn(), content_type="image/png")
    window.reading.pictures.button.click()
    settled(window)
    assert drawn_names(window) == {"/a.png"}


def test_nothing_is_fetched_behind_a_warning(qtbot: QtBot, engine: Engine, settled: Settled) -> None:
    from tests.fakenet.mastodon import FakeMastodon, status

    with FakeNet() as net:
        picture = {"id": "1", "type": "image", "url": net.url("/a.png"), "preview_url": net.url("/a.png"), "description": "A frog", "meta": {}}
        net.serve("/a.png", drawn(), content_type="image/png")
        post = status(1) | {"spoiler_text": "Frogs", "sensitive": True, "media_attachments": [picture]}
        fake = FakeMastodon(net, [post])
        engine.add_feed(fake.net.url("/@ada"), kind="mastodon")
        engine.set_setting("pictures", "all")
        window = open_window(qtbot, engine)
        settled(window)
        window.open_post(engine.timeline(TimelineQuery())[0])
        settled(window)
        assert window.reading.cover.isVisible()
        assert asked(net) == []
        window.actions_by_name["show_covered"].trigger()
        settled(window)
        assert asked(net) == ["/a.png"]
