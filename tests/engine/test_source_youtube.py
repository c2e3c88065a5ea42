"""YouTube: every address of a channel, with and without Shorts, and its spells of absence."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine import Engine, FeedFailed, FeedRefreshed, ParseError, PostRow, TimelineQuery
from engine.sources.registry import known
from tests.fakenet import FakeNet
from tests.fakenet.youtube import CHANNEL, FakeYouTube, Video

FEED = f"https://www.youtube.com/feeds/videos.xml?channel_id={CHANNEL}"
VIDEOS = [Video("video000001", "A long film", views=1234, seconds=95), Video("short000001", "A short", short=True)]


def rows(engine: Engine) -> list[PostRow]:
    return engine.rows(engine.timeline(TimelineQuery(order="newest")))


def channel(net: FakeNet) -> str:
    return net.url(f"/feeds/videos.xml?channel_id={CHANNEL}")


@pytest.mark.parametrize(
    ("address", "url"),
    [
        (f"https://www.youtube.com/channel/{CHANNEL}", FEED),
        (f"youtube.com/channel/{CHANNEL}/videos?view=0", FEED),
        (f"https://m.youtube.com/channel/{CHANNEL}", FEED),
        (FEED, FEED),
        (f"https://www.youtube.com/feeds/videos.xml?playlist_id=UULF{CHANNEL[2:]}", FEED),
        ("https://www.youtube.com/@pond/videos", "https://www.youtube.com/@pond"),
        ("https://www.youtube.com/@Teichmühle", "https://www.youtube.com/@Teichm%C3%BChle"),
        ("https://www.youtube.com/c/pond/featured", "https://www.youtube.com/c/pond"),
        ("https://www.youtube.com/user/pond", "https://www.youtube.com/user/pond"),
        ("https://www.youtube.com/feeds/videos.xml?user=pond", "https://www.youtube.com/user/pond"),
        (
            "https://www.youtube.com/playlist?list=PLpondpondpond",
            "https://www.youtube.com/feeds/videos.xml?playlist_id=PLpondpondpond",
        ),
    ],
)
def test_every_address_of_a_channel_or_playlist_is_recognised(address: str, url: str) -> None:
    target = known(address)
    assert target is not None
    assert (target.kind, target.url) == ("youtube", url)
    assert known(url) == target


@pytest.mark.parametrize("address", ["youtube.com", "https://www.youtube.com/watch?v=abcdefghijk", "https://pond.example/@pond"])
def test_other_addresses_are_left_alone(address: str) -> None:
    assert known(address) is None


def test_a_channel_comes_without_shorts_and_with_its_own_name(engine: Engine, net: FakeNet) -> None:
    FakeYouTube(net, VIDEOS)
    feed = engine.add_feed(channel(net), kind="youtube")
    assert (feed.title, feed.posts) == ("Pond Films", 1)
    (row,) = rows(engine)
    assert (row.title, row.url, row.author) == ("A long film", "https://www.youtube.com/watch?v=video000001", "Pond Films")
    assert row.excerpt == "A quiet film."
    assert row.extras is not None
    assert (row.extras.views_count, row.extras.duration_seconds, row.extras.is_short) == (1234, 95.0, False)


def test_the_switch_brings_shorts_and_says_that_they_are(engine: Engine, net: FakeNet) -> None:
    FakeYouTube(net, VIDEOS)
    feed = engine.add_feed(channel(net), kind="youtube")
    engine.update_feed(feed.id, options=["shorts"])
    list(engine.refresh(force=True))
    assert {row.title: row.extras.is_short for row in rows(engine) if row.extras} == {"A long film": False, "A short": True}
    assert engine.feeds()[0].options == ("shorts",)


@pytest.mark.parametrize("status", [404, 500])
def test_where_the_list_of_films_is_away_the_channels_own_feed_is_read_without_shorts(
    engine: Engine, net: FakeNet, status: int
) -> None:
    fake = FakeYouTube(net, VIDEOS)
    fake.away = {"films": status}
    assert engine.add_feed(channel(net), kind="youtube").posts == 1
    fake.away = {}
    fake.videos.insert(0, Video("video000002", "Another film"))
    assert [event.new for event in engine.refresh(force=True) if isinstance(event, FeedRefreshed)] == [1]
    assert len(rows(engine)) == 2


def test_a_handle_page_leads_to_the_channels_feed(engine: Engine, net: FakeNet) -> None:
    FakeYouTube(net, VIDEOS)
    feed = engine.add_feed(net.url("/@pond"), kind="youtube")
    assert (feed.url, feed.title, feed.posts) == (channel(net), "Pond Films", 1)


def test_a_page_that_asks_about_cookies_is_told_in_words(engine: Engine, net: FakeNet) -> None:
    FakeYouTube(net, VIDEOS).page = "<html><form>Before you continue</form></html>"
    with pytest.raises(ParseError, match="cookies"):
        engine.add_feed(net.url("/@pond"), kind="youtube")
    assert engine.feeds() == []


def test_months_of_404_are_never_death(engine: Engine, net: FakeNet, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeYouTube(net, VIDEOS)
    engine.add_feed(channel(net), kind="youtube")
    fake.away = {"films": 404, "channel": 404}
    begun = engine._clock()
    for days in (1, 40, 80, 200):
        now = begun + timedelta(days=days)
        monkeypatch.setattr(engine, "_clock", lambda now=now: now)
        (event,) = [event for event in engine.refresh(force=True) if isinstance(event, FeedFailed)]
        assert "away for days" in event.error
        assert event.retry_at is not None
    assert not engine.feeds()[0].stopped


def test_views_change_without_new_versions(engine: Engine, net: FakeNet) -> None:
    fake = FakeYouTube(net, VIDEOS)
    engine.add_feed(channel(net), kind="youtube")
    fake.videos[0] = Video("video000001", "A long film", views=2000, seconds=95)
    list(engine.refresh(force=True))
    (row,) = rows(engine)
    assert row.extras is not None
    assert row.extras.views_count == 2000
    assert engine.post(row.id).versions == 1
