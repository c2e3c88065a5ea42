"""The conversation around a post: on demand, in reading order, as plain text, and nothing of it in the timeline."""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine import Engine, FetchError, InputError, ParseError, PlainPost, RefusedError, TimelineQuery, open_engine
from engine.sources.comments import MAX_COMMENTS, MAX_DEPTH
from tests.fakenet import Clock, FakeNet, Reply
from tests.fakenet.bluesky import FakeBluesky, item, view
from tests.fakenet.hackernews import FakeHackerNews, story
from tests.fakenet.lemmy import FakeLemmy, link
from tests.fakenet.mastodon import FakeMastodon, status
from tests.fakenet.reddit import FakeReddit, Submission


def answer(net: FakeNet, path: str, found: Any) -> None:
    net.handle(path, lambda _: Reply(headers={"Content-Type": "application/json"}, body=json.dumps(found).encode()))


def newest(engine: Engine) -> int:
    return engine.timeline(TimelineQuery(order="newest"))[0]


def told(engine: Engine, post_id: int) -> list[tuple[str, str, int]]:
    return [(comment.author, comment.text, comment.depth) for comment in engine.thread(post_id).comments]


def test_hacker_news_gives_the_whole_tree_in_one_request(engine: Engine, net: FakeNet) -> None:
    FakeHackerNews(net, [story(7)])
    engine.add_feed(net.url("/news"), kind="hackernews")
    answer(net, "/api/v1/items/7", {"id": 7, "children": [
        {"id": 8, "author": "ada", "text": "<p>First &amp; <i>only</i></p>", "created_at_i": 1_795_000_000, "children": [
            {"id": 9, "author": "bo", "text": "An answer", "children": []}]},
        {"id": 10, "author": None, "text": None, "children": [{"id": 11, "author": "cy", "text": "Below a deleted one"}]},
    ]})  # fmt: skip
    assert told(engine, newest(engine)) == [("ada", "First & only", 0), ("bo", "An answer", 1), ("cy", "Below a deleted one", 1)]
    assert len(engine.timeline(TimelineQuery())) == 1
    assert engine.ledger()[0].purpose == "thread"


def test_lemmys_flat_list_is_put_in_order(engine: Engine, net: FakeNet) -> None:
    FakeLemmy(net, [link(1)])
    engine.add_feed(net.url("/c/pads"), kind="lemmy")

    def comment(number: int, path: str, words: str, **more: Any) -> dict[str, Any]:
        return {"comment": {"id": number, "path": path, "content": words, "published": "2026-11-01T00:00:00Z", **more},
                "creator": {"name": f"user{number}"}, "counts": {"score": number}}  # fmt: skip

    answer(net, "/api/v3/comment/list", {"comments": [
        comment(5, "0.5", "Top **one**"), comment(6, "0.6", "Second"), comment(7, "0.5.7", "Answers the first"),
        comment(8, "0.6.8", "gone", deleted=True), comment(9, "0.5.7.9", "Deeper"),
    ]})  # fmt: skip
    assert told(engine, newest(engine)) == [
        ("user5", "Top one", 0), ("user7", "Answers the first", 1), ("user9", "Deeper", 2), ("user6", "Second", 0),
    ]  # fmt: skip


def test_mastodons_answers_know_whom_they_answer(engine: Engine, net: FakeNet) -> None:
    post = status(1)
    post["url"] = net.url(f"/@ada/{post['id']}")
    FakeMastodon(net, [post])
    engine.add_feed(net.url("/@ada"), kind="mastodon")
    first = {**status(2, "bo"), "in_reply_to_id": post["id"]}
    second = {**status(3, "cy"), "in_reply_to_id": first["id"], "spoiler_text": "Slugs"}
    answer(net, f"/api/v1/statuses/{post['id']}/context", {"ancestors": [], "descendants": [first, second]})
    assert told(engine, newest(engine)) == [("Bo", "Frog number 2 sang tonight.", 0), ("Cy", "[Slugs]", 1)]


def test_blueskys_thread_is_walked(engine: Engine, net: FakeNet) -> None:
    FakeBluesky(net, [item(1)])
    engine.add_feed(net.url("/profile/ada.pond.example"), kind="bluesky")
    nested = {"post": view(3, "cy"), "replies": []}
    thread = {"post": view(1), "replies": [{"post": view(2, "bo"), "replies": [nested]}, {"notFound": True, "uri": "at://x"}]}
    answer(net, "/xrpc/app.bsky.feed.getPostThread", {"thread": thread})
    assert told(engine, newest(engine)) == [("Bo", "Frog number 2 sang tonight.", 0), ("Cy", "Frog number 3 sang tonight.", 1)]


def test_too_much_is_bounded_and_counted_and_hostile_comments_are_plain_text(engine: Engine, net: FakeNet) -> None:
    FakeHackerNews(net, [story(7)])
    engine.add_feed(net.url("/news"), kind="hackernews")
    deep: dict[str, Any] = {"id": 1, "author": "<b>ada</b>", "text": "<script>alert(1)</script><p>deep</p>", "children": []}
    for number in range(150):
        deep = {"id": number + 2, "author": "x" * 10_000, "text": "<p>deep</p>", "children": [deep]}
    many = [{"id": number, "author": "ada", "text": "hello"} for number in range(5000, 6000)]
    answer(net, "/api/v1/items/7", {"children": [deep, *many, 7, None, {"text": [], "children": {}}]})
    found = engine.thread(newest(engine))
    assert len(found.comments) == MAX_COMMENTS
    assert found.left_out == 151 + 1000 - MAX_COMMENTS
    assert max(comment.depth for comment in found.comments) == MAX_DEPTH
    assert all(len(comment.author) <= 200 and "script" not in comment.text for comment in found.comments)


def test_what_keeps_a_conversation_away_is_said(engine: Engine, net: FakeNet) -> None:
    FakeHackerNews(net, [story(7)])
    engine.add_feed(net.url("/news"), kind="hackernews")
    net.script("/api/v1/items/7", Reply(status=503), Reply(body=b"<html>"))
    with pytest.raises(FetchError):
        engine.thread(newest(engine))


def test_an_answer_that_is_none_is_said(engine: Engine, net: FakeNet) -> None:
    FakeHackerNews(net, [story(7)])
    engine.add_feed(net.url("/news"), kind="hackernews")
    net.script("/api/v1/items/7", Reply(body=b"<html>"))
    with pytest.raises(ParseError):
        engine.thread(newest(engine))


def test_a_plain_post_has_no_conversation_here(engine: Engine) -> None:
    engine.add_posts("Notes", [PlainPost(title="Alone", text="Nobody")])
    with pytest.raises(InputError, match="browser"):
        engine.thread(newest(engine))


def test_reddits_comments_come_from_their_feed_at_its_pace(tmp_path: Path, net: FakeNet) -> None:
    clock = Clock()
    FakeReddit(net, [Submission("aaa1", "Which frog?", text="Green.")])
    body = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Which frog?</title>
      <entry><id>t3_aaa1</id><title>Which frog?</title><author><name>/u/ada</name></author><content type="html">&lt;p&gt;Green.&lt;/p&gt;</content></entry>
      <entry><id>t1_c1</id><title>/u/bo on Which frog?</title><author><name>/u/bo</name></author><updated>2026-11-01T10:00:00+00:00</updated>
      <link href="https://www.reddit.com/r/ponds/comments/aaa1/title/c1/"/><content type="html">&lt;p&gt;A &lt;b&gt;tree&lt;/b&gt; frog.&lt;/p&gt;&lt;script&gt;x&lt;/script&gt;</content></entry>
      <entry><id>t1_c2</id><title>/u/cy on Which frog?</title><author><name>/u/cy</name></author><content type="html">No.</content></entry></feed>"""
    net.handle_under("/r/ponds/comments/aaa1/title/", lambda _: Reply(headers={"Content-Type": "application/atom+xml"}, body=body.encode()))
    with open_engine(tmp_path / "profile", key=secrets.token_bytes(32), clock=clock) as engine:
        engine.add_feed(net.url("/r/ponds/.rss"), kind="reddit")
        before = len(net.requests)
        with pytest.raises(RefusedError, match="once a minute"):
            engine.thread(newest(engine))
        assert len(net.requests) == before, "its turn is not taken"
        clock.now += timedelta(minutes=2)
        assert told(engine, newest(engine)) == [("u/bo", "A tree frog.", 0), ("u/cy", "No.", 0)]


COMMENTS = b"""<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Comments</title>
<item><title>By Bo</title><dc:creator>bo</dc:creator><pubDate>Fri, 20 Nov 2026 10:00:00 GMT</pubDate><description>&lt;p&gt;Second&lt;script&gt;x&lt;/script&gt;&lt;/p&gt;</description></item>
<item><title>By Ada</title><dc:creator>ada</dc:creator><pubDate>Fri, 20 Nov 2026 09:00:00 GMT</pubDate><description>First</description></item>
</channel></rss>"""


def rss_post(inside: str) -> bytes:
    return (
        '<rss version="2.0" xmlns:wfw="http://wellformedweb.org/CommentAPI/" xmlns:atom="http://www.w3.org/2005/Atom"><channel>'
        "<title>Pond</title><link>https://pond.example/</link><item><title>A post</title><guid>p1</guid>"
        f"<link>https://pond.example/1</link><description>Text</description>{inside}</item></channel></rss>"
    ).encode()


@pytest.mark.parametrize(
    "inside",
    [
        "<wfw:commentRss>{url}</wfw:commentRss>", "<wfw:commentRSS>{url}</wfw:commentRSS>",
        '<atom:link rel="replies" type="application/rss+xml" href="{url}"/>',
    ],
)  # fmt: skip
def test_a_post_of_a_plain_feed_has_its_comments_feed_and_nothing_of_it_is_kept(engine: Engine, net: FakeNet, inside: str) -> None:
    comments = net.serve("/1/feed", COMMENTS)
    engine.add_feed(net.serve("/feed.xml", rss_post(inside.format(url=comments))))
    post_id = newest(engine)
    assert net.asked("/1/feed") == []
    before = engine.counts()
    assert told(engine, post_id) == [("ada", "First", 0), ("bo", "Second", 0)]
    assert engine.counts() == before
    assert engine.ledger(limit=1)[0].purpose == "thread"
    assert len(net.asked("/1/feed")) == 1


def test_an_atom_entry_names_its_replies_and_a_page_of_them_is_no_feed(engine: Engine, net: FakeNet) -> None:
    comments = net.serve("/r", COMMENTS)
    links = f'<link rel="replies" type="text/html" href="https://pond.example/1"/><link rel="replies" type="application/atom+xml" href="{comments}"/>'
    entry = '<entry><title>{n}</title><id>{n}</id><link href="https://pond.example/{n}"/><updated>2026-11-20T0{n}:00:00Z</updated>{links}</entry>'
    body = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>Pond</title><id>x</id><updated>2026-11-20T09:00:00Z</updated>'
        + entry.format(n=1, links=links.split("/>")[0] + "/>") + entry.format(n=2, links=links) + "</feed>"
    )  # fmt: skip
    engine.add_feed(net.serve("/feed.xml", body.encode()))
    with_feed, without = engine.timeline(TimelineQuery(order="newest"))
    assert [text for _, text, _ in told(engine, with_feed)] == ["First", "Second"]
    with pytest.raises(InputError):
        engine.thread(without)


def test_a_comments_feed_inside_the_home_network_is_never_asked(engine: Engine, net: FakeNet) -> None:
    with FakeNet(host="127.0.0.2") as router:
        engine.add_feed(net.serve("/feed.xml", rss_post(f"<wfw:commentRss>{router.serve('/admin', COMMENTS)}</wfw:commentRss>")))
        with pytest.raises(RefusedError):
            engine.thread(newest(engine))
        assert router.requests == []


def test_naming_a_comments_feed_makes_no_new_version_of_a_post(engine: Engine, net: FakeNet) -> None:
    net.script("/feed.xml", Reply(body=rss_post("")), Reply(body=rss_post("<wfw:commentRss>https://pond.example/1/feed</wfw:commentRss>")))
    engine.add_feed(net.url("/feed.xml"))
    list(engine.refresh(force=True))
    assert len(net.asked("/feed.xml")) == 2
    assert engine.post(newest(engine)).versions == 1


def test_a_broken_comments_feed_is_told_in_words(engine: Engine, net: FakeNet) -> None:
    engine.add_feed(net.serve("/feed.xml", rss_post(f"<wfw:commentRss>{net.serve('/c', b'<html>no feed</html>')}</wfw:commentRss>")))
    with pytest.raises(ParseError):
        engine.thread(newest(engine))
    net.script("/c", Reply(status=404))
    with pytest.raises(FetchError):
        engine.thread(newest(engine))
