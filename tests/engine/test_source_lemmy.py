"""Lemmy: communities and instances, both versions of its interface, pages until what is known."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engine import Engine, FeedFailed, FeedRefreshed, NotAFeedError, PostRow, TimelineQuery
from engine.sources.markdown import html_from_markdown
from engine.sources.registry import known, targets
from tests.fakenet import FakeNet, Reply
from tests.fakenet.lemmy import FakeLemmy, link


def rows(engine: Engine) -> list[PostRow]:
    return engine.rows(engine.timeline(TimelineQuery(order="newest")))


def refreshed(engine: Engine) -> list[int]:
    return [event.new for event in engine.refresh(force=True) if isinstance(event, FeedRefreshed)]


@pytest.mark.parametrize(
    ("address", "url", "what", "name"),
    [
        ("!frogs@lemmy.pond.example", "https://lemmy.pond.example/c/frogs", "community", "!frogs@lemmy.pond.example"),
        ("!frogs@pond.example", "https://pond.example/c/frogs", "community", "!frogs@pond.example"),
        ("https://programming.dev/c/python", "https://programming.dev/c/python", "community", "!python@programming.dev"),
        ("https://lemmy.world/c/frogs@beehaw.org", "https://lemmy.world/c/frogs@beehaw.org", "community", "!frogs@beehaw.org"),
        ("lemmy.world", "https://lemmy.world/", "instance", "lemmy.world"),
    ],
)
def test_every_address_of_it_is_recognised(address: str, url: str, what: str, name: str) -> None:
    (target, *_) = targets(address)
    assert (target.kind, target.url, target.what, target.name, target.sure) == ("lemmy", url, what, name, True)
    assert next(targets(url)).url == url


@pytest.mark.parametrize("address", ["https://pond.example/", "https://lemmy.world/post/12", "https://lemmy.world/u/ada", "!frogs"])
def test_other_addresses_are_left_alone(address: str) -> None:
    assert known(address) is None


def test_a_community_on_an_unknown_host_is_a_guess() -> None:
    (target,) = targets("https://pond.example/c/frogs")
    assert (target.kind, target.sure) == ("lemmy", False)


@pytest.mark.parametrize("version", ["v3", "v4"])
def test_both_versions_bring_the_same_posts(engine: Engine, net: FakeNet, version: str) -> None:
    FakeLemmy(net, [link(1), link(2, nsfw=True, url=None, body="A **green** frog")], version=version)
    feed = engine.add_feed(net.url("/c/pads"), kind="lemmy")
    assert (feed.title, feed.posts) == ("Lily pads", 2)
    question, first = rows(engine)
    assert (first.title, first.author, first.url) == ("Lily pad 1", "ada@pads.example", "https://pond.example/pads/1")
    assert first.extras is not None
    assert (first.extras.score, first.extras.comments_count, first.extras.sensitive) == (1, 1, False)
    assert first.extras.comments_url == net.url("/post/1")
    assert (question.url, question.excerpt) == (net.url("/post/2"), "A green frog")
    assert question.extras is not None
    assert question.extras.sensitive
    assert engine.post(question.id).body_html == "<p>A <strong>green</strong> frog</p>"


def test_the_version_is_tried_once_and_remembered(engine: Engine, net: FakeNet) -> None:
    FakeLemmy(net, [link(1)], version="v4")
    engine.add_feed(net.url("/"), kind="lemmy")
    assert [request.path.split("/")[2] for request in net.requests] == ["v3", "v4"]
    assert refreshed(engine) == [0]
    assert [request.path.split("/")[2] for request in net.requests] == ["v3", "v4", "v4"]


def test_an_instance_is_asked_for_its_own_posts(engine: Engine, net: FakeNet) -> None:
    FakeLemmy(net, [link(1)])
    engine.add_feed(net.url("/"), kind="lemmy")
    assert "type_=Local" in net.requests[0].path


def test_pages_are_asked_for_until_what_is_known(engine: Engine, net: FakeNet) -> None:
    fake = FakeLemmy(net, [link(number) for number in range(200)])
    assert engine.add_feed(net.url("/c/pads"), kind="lemmy").posts == 50
    assert len(net.requests) == 1, "the first time, one page is enough"
    fake.posts += [link(number) for number in range(200, 320)]
    assert refreshed(engine) == [120]
    assert len(net.requests) == 4
    assert refreshed(engine) == [0]
    assert len(net.requests) == 5


def test_a_page_that_fails_loses_nothing(engine: Engine, net: FakeNet) -> None:
    fake = FakeLemmy(net, [link(number) for number in range(50)])
    engine.add_feed(net.url("/c/pads"), kind="lemmy")
    fake.posts += [link(number) for number in range(50, 170)]
    fake.page_fails = 2
    assert refreshed(engine) == [50]
    fake.page_fails = 0
    fake.posts.append(link(170))
    assert refreshed(engine) == [71]
    assert len(rows(engine)) == 171


def test_a_pinned_post_of_long_ago_hides_no_page(engine: Engine, net: FakeNet) -> None:
    fake = FakeLemmy(net, [link(number) for number in range(50)])
    engine.add_feed(net.url("/c/pads"), kind="lemmy")
    pinned = link(1000, fake.posts[0]["at"] - timedelta(days=3), featured_community=True)
    fake.posts += [pinned, *(link(number) for number in range(50, 150))]
    assert refreshed(engine) == [101]


def test_deleted_and_removed_posts_are_left_out(engine: Engine, net: FakeNet) -> None:
    FakeLemmy(net, [link(1), link(2, deleted=True), link(3, removed=True)])
    assert engine.add_feed(net.url("/c/pads"), kind="lemmy").posts == 1


def test_scores_change_without_new_versions(engine: Engine, net: FakeNet) -> None:
    fake = FakeLemmy(net, [link(1)])
    engine.add_feed(net.url("/c/pads"), kind="lemmy")
    fake.posts[0] |= {"score": 77}
    list(engine.refresh(force=True))
    (row,) = rows(engine)
    assert row.extras is not None
    assert row.extras.score == 77
    assert engine.post(row.id).versions == 1


def test_a_site_that_is_no_lemmy_is_told_so(engine: Engine, net: FakeNet) -> None:
    net.handle_under("/api/", lambda _: Reply(body=b"<html>hello</html>"))
    with pytest.raises(NotAFeedError, match="no community or instance"):
        engine.add_feed(net.url("/c/pads"), kind="lemmy")
    assert engine.feeds() == []


def test_a_community_that_went_away_is_a_failure(engine: Engine, net: FakeNet) -> None:
    FakeLemmy(net, [link(1)])
    engine.add_feed(net.url("/c/pads"), kind="lemmy")
    net.script("/api/v3/post/list", Reply(status=404))
    (event,) = [event for event in engine.refresh(force=True) if isinstance(event, FeedFailed)]
    assert "not there now" in event.error


@pytest.mark.parametrize("body", [b"[]", b'{"posts": 3}', b'{"posts": [null, 3, {"post": []}, {"post": {"id": "x"}}]}'])
def test_strange_answers_bring_no_bug(engine: Engine, net: FakeNet, body: bytes) -> None:
    net.serve("/api/v3/post/list", body, content_type="application/json")
    try:
        engine.add_feed(net.url("/c/pads"), kind="lemmy")
    except NotAFeedError:
        assert engine.feeds() == []


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("One\nline\n\nTwo", "<p>One\nline</p><p>Two</p>"),
        ("# Head\ntext", "<h1>Head</h1><p>text</p>"),
        ("- a\n- b\n  more", "<ul><li>a</li><li>b\nmore</li></ul>"),
        ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
        ("> said\n> so\n\nno", "<blockquote><p>said\nso</p></blockquote><p>no</p>"),
        ("```\n<b>&\n```", "<pre><code>&lt;b&gt;&amp;</code></pre>"),
        ("a [link](https://x.example/?a=1&b) b", '<p>a <a href="https://x.example/?a=1&amp;b">link</a> b</p>'),
        ("see https://x.example/a.", '<p>see <a href="https://x.example/a">https://x.example/a</a>.</p>'),
        ("![alt](https://x.example/i.png)", '<p><img src="https://x.example/i.png" alt="alt"></p>'),
        ("**b** *i* ~~s~~ `<c>`", "<p><strong>b</strong> <em>i</em> <del>s</del> <code>&lt;c&gt;</code></p>"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("2 * 3 * 4 < 5", "<p>2 * 3 * 4 &lt; 5</p>"),
        ("line  \nbreak", "<p>line<br>\nbreak</p>"),
        ("---", "<hr>"),
        ("::: spoiler End\nhe lives\n:::", "<p><b>End</b></p><p>he lives</p>"),
    ],
)
def test_markdown_becomes_html(text: str, html: str) -> None:
    assert html_from_markdown(text) == html


@pytest.mark.parametrize("piece", ["![", "[a](", "*a", "`", "> ", "**", "https://", "- ", "<"])
def test_hostile_markdown_is_read_in_short_time(piece: str) -> None:
    import time

    started = time.process_time()
    made: Any = html_from_markdown(piece * 60_000)
    assert made
    assert time.process_time() - started < 3
