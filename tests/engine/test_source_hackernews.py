"""Hacker News: its addresses, and its lists, searches and people over HTTP."""

from __future__ import annotations

import pytest

from engine import Engine, FeedFailed, FeedRefreshed, InputError, PostRow, TimelineQuery
from engine.sources.registry import known
from tests.fakenet import FakeNet
from tests.fakenet.hackernews import FakeHackerNews, story

NEWEST = TimelineQuery(order="newest")


def rows(engine: Engine) -> list[PostRow]:
    return engine.rows(engine.timeline(NEWEST))


@pytest.mark.parametrize(
    ("address", "url", "what"),
    [
        ("news.ycombinator.com", "https://news.ycombinator.com/news", "front page"),
        ("https://news.ycombinator.com/", "https://news.ycombinator.com/news", "front page"),
        ("https://news.ycombinator.com/rss", "https://news.ycombinator.com/news", "front page"),
        ("https://news.ycombinator.com/newest", "https://news.ycombinator.com/newest", "new"),
        ("http://news.ycombinator.com/best", "https://news.ycombinator.com/best", "best"),
        ("https://news.ycombinator.com/ask", "https://news.ycombinator.com/ask", "ask"),
        ("https://news.ycombinator.com/show", "https://news.ycombinator.com/show", "show"),
        ("https://news.ycombinator.com/user?id=some_one", "https://news.ycombinator.com/submitted?id=some_one", "person"),
        ("https://hn.algolia.com/?dateRange=all&q=small+web&sort=byDate", "https://hn.algolia.com/?q=small+web", "search"),
    ],
)
def test_every_address_of_it_is_recognised(address: str, url: str, what: str) -> None:
    target = known(address)
    assert target is not None
    assert (target.kind, target.url, target.what) == ("hackernews", url, what)
    assert known(target.url) == target


@pytest.mark.parametrize("address", ["https://news.ycombinator.com/item?id=1", "https://pond.example/news", "hn.algolia.com"])
def test_other_addresses_are_left_alone(address: str) -> None:
    assert known(address) is None


def test_a_list_brings_its_stories_with_score_and_comments(engine: Engine, net: FakeNet) -> None:
    FakeHackerNews(net, [story(number) for number in range(1, 41)])
    feed = engine.add_feed(net.url("/news"), kind="hackernews")
    assert (feed.title, feed.posts, feed.kind) == ("Hacker News", 30, "hackernews")
    first = rows(engine)[0]
    assert (first.title, first.author, first.url) == ("Story number 40", "user5", "https://pond.example/stories/40")
    assert first.extras is not None
    assert (first.extras.score, first.extras.comments_count) == (120, 40)
    assert first.extras.comments_url == net.url("/item?id=40")
    assert first.extras.source_kind == "hackernews"


def test_items_are_asked_for_over_four_connections_and_no_more(engine: Engine, net: FakeNet) -> None:
    FakeHackerNews(net, [story(number) for number in range(1, 31)], delay_seconds=0.05)
    engine.add_feed(net.url("/news"), kind="hackernews")
    assert net.most_at_once == 4


def test_a_second_refresh_adds_nothing_and_keeps_scores_up_to_date(engine: Engine, net: FakeNet) -> None:
    fake = FakeHackerNews(net, [story(1), story(2)])
    engine.add_feed(net.url("/best"), kind="hackernews")
    fake.items[2]["score"] = 999
    (event,) = [event for event in engine.refresh(force=True) if isinstance(event, FeedRefreshed)]
    assert (event.new, event.updated) == (0, 1)
    first = rows(engine)[0]
    assert first.extras is not None
    assert first.extras.score == 999
    assert engine.post(first.id).versions == 1


def test_deleted_dead_and_missing_items_and_comments_are_left_out(engine: Engine, net: FakeNet) -> None:
    items = [story(1), story(2, deleted=True), story(3, dead=True), story(4, type="comment"), {"id": 5}]
    fake = FakeHackerNews(net, items)
    fake.lists["ask"] = [6, 5, 4, 3, 2, 1, "x", None]
    assert engine.add_feed(net.url("/ask"), kind="hackernews").posts == 1


def test_a_question_carries_its_text_made_harmless_and_leads_to_its_page(engine: Engine, net: FakeNet) -> None:
    text = "Which pond?<p>I <i>wonder</i>.<script>alert(1)</script>"
    FakeHackerNews(net, [story(1, url=None, title="Ask HN: Ponds?", text=text)])
    engine.add_feed(net.url("/ask"), kind="hackernews")
    post = engine.post(rows(engine)[0].id)
    assert "alert" not in post.body_html
    assert post.text == "Which pond?\nI wonder."
    assert post.row.url == post.comments_url == net.url("/item?id=1")


def test_a_search_and_a_person_need_one_request(engine: Engine, net: FakeNet) -> None:
    FakeHackerNews(net, [story(1, title="Rust on ponds"), story(2, title="Ponds"), story(8, title="Birds")])
    assert engine.add_feed(net.url("/?q=ponds"), kind="hackernews").posts == 2
    assert engine.add_feed(net.url("/submitted?id=user1"), kind="hackernews").posts == 2
    assert [request.path.partition("?")[0] for request in net.requests] == ["/api/v1/search_by_date"] * 2


def test_an_item_that_fails_loses_no_other_and_comes_with_the_next_refresh(engine: Engine, net: FakeNet) -> None:
    fake = FakeHackerNews(net, [story(number) for number in range(1, 11)])
    fake.broken = {5}
    engine.add_feed(net.url("/news"), kind="hackernews")
    assert len(rows(engine)) == 9
    fake.broken = set()
    assert [event.new for event in engine.refresh(force=True) if isinstance(event, FeedRefreshed)] == [1]


def test_an_answer_that_is_no_json_fails_in_words(engine: Engine, net: FakeNet) -> None:
    fake = FakeHackerNews(net, [story(1)])
    engine.add_feed(net.url("/news"), kind="hackernews")
    net.serve("/v0/topstories.json", b"<html>busy</html>")
    (event,) = [event for event in engine.refresh(force=True) if isinstance(event, FeedFailed)]
    assert event.error == "Hacker News answered with something that Millpond cannot read."
    assert len(rows(engine)) == len(fake.items)


def test_an_address_that_is_none_of_its_lists_is_refused(engine: Engine, net: FakeNet) -> None:
    with pytest.raises(InputError, match="no list"):
        engine.add_feed(net.url("/nowhere"), kind="hackernews")


def test_a_preview_shows_the_newest_posts_and_following_it_asks_no_more(engine: Engine, net: FakeNet) -> None:
    FakeHackerNews(net, [story(number) for number in range(1, 41)])
    preview = engine.preview(net.url("/show"), kind="hackernews")
    assert (preview.network, preview.title, preview.followed) == ("Hacker News", "Hacker News: show", False)
    assert [post.title for post in preview.posts[:2]] == ["Story number 40", "Story number 39"]
    assert engine.feeds() == []
    asked = len(net.requests)
    assert engine.add_feed(net.url("/show")).posts == 30
    assert len(net.requests) == asked
    assert engine.preview(net.url("/show"), kind="hackernews").followed
