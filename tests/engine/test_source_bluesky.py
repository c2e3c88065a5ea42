"""Bluesky without an account: people, lists and custom feeds, with facets, embeds, labels and reposts."""

from __future__ import annotations

from typing import Any

import pytest

from engine import Engine, FeedFailed, FeedRefreshed, NotAFeedError, PostRow, TimelineQuery
from engine.sources.kinds.bluesky import Bluesky
from engine.sources.kinds.bluesky_posts import html_of
from engine.sources.registry import known, targets
from engine.types import Subscription
from tests.fakenet import FakeNet, Reply
from tests.fakenet.bluesky import CID, FakeBluesky, item, person, view

ADA = "did:plc:adaaaaaaaaaaaaaaaaaaaaaa"


def rows(engine: Engine) -> list[PostRow]:
    return engine.rows(engine.timeline(TimelineQuery(order="newest", limit=0)))


def refreshed(engine: Engine) -> list[int]:
    return [event.new for event in engine.refresh(force=True) if isinstance(event, FeedRefreshed)]


@pytest.mark.parametrize(
    ("address", "url", "what", "sure"),
    [
        ("ada.bsky.social", "https://bsky.app/profile/ada.bsky.social", "person", True),
        ("@Ada.bsky.social", "https://bsky.app/profile/ada.bsky.social", "person", True),
        ("@ada.pond.example", "https://bsky.app/profile/ada.pond.example", "person", False),
        ("https://bsky.app/profile/ada.pond.example", "https://bsky.app/profile/ada.pond.example", "person", True),
        (ADA, f"https://bsky.app/profile/{ADA}", "person", True),
        (f"at://{ADA}", f"https://bsky.app/profile/{ADA}", "person", True),
        (f"at://{ADA}/app.bsky.feed.generator/frogs", f"https://bsky.app/profile/{ADA}/feed/frogs", "custom feed", True),
        ("https://bsky.app/profile/a.pond.example/feed/frogs", "https://bsky.app/profile/a.pond.example/feed/frogs", "custom feed", True),
        ("https://bsky.app/profile/a.pond.example/lists/3kx", "https://bsky.app/profile/a.pond.example/lists/3kx", "list", True),
    ],
)
def test_every_address_of_it_is_recognised(address: str, url: str, what: str, sure: bool) -> None:
    target = next(found for found in targets(address) if found.kind == "bluesky")
    assert (target.url, target.what, target.sure) == (url, what, sure)
    again = known(url)
    assert again is not None
    assert (again.kind, again.url) == ("bluesky", url)


@pytest.mark.parametrize(
    "address",
    ["https://bsky.app/", "https://bsky.app/profile/ada.pond.example/post/3k", "https://pond.example", "@ada@pond.example",
     f"at://{ADA}/app.bsky.feed.post/3k", "bsky.app/profile/nobody", "at://"],
)  # fmt: skip
def test_other_addresses_are_left_alone(address: str) -> None:
    assert not [target for target in targets(address) if target.kind == "bluesky" and target.sure]


def test_the_public_interface_is_asked_for_the_site_and_any_other_host_for_itself() -> None:
    kind = Bluesky()
    (request,) = kind.first(Subscription(url="https://bsky.app/profile/ada.pond.example", kind="bluesky"), "")
    assert request.url.startswith("https://public.api.bsky.app/xrpc/app.bsky.feed.getAuthorFeed?actor=ada.pond.example&")
    (request,) = kind.first(Subscription(url="http://127.0.0.1:9/profile/ada.pond.example", kind="bluesky"), "")
    assert request.url.startswith("http://127.0.0.1:9/xrpc/")


def images(*alts: str) -> dict[str, Any]:
    made = [{"thumb": f"https://cdn.example/{alt}-s.jpg", "fullsize": f"https://cdn.example/{alt}.jpg", "alt": alt,
             "aspectRatio": {"width": 1600, "height": 900}} for alt in alts]  # fmt: skip
    return {"$type": "app.bsky.embed.images#view", "images": made}


def quoted(**fields: Any) -> dict[str, Any]:
    record = {"$type": "app.bsky.embed.record#viewRecord", "uri": view(90, "bo")["uri"], "cid": CID, "author": person("bo"),
              "value": {"text": "A toad & a frog", "createdAt": "2026-11-01T00:00:00Z"}, "indexedAt": "2026-11-01T00:00:00Z", **fields}  # fmt: skip
    return {"$type": "app.bsky.embed.record#view", "record": record}


def test_a_persons_posts_come_with_all_that_the_network_knows(engine: Engine, net: FakeNet) -> None:
    external = {"uri": "https://news.example/frogs", "title": "Frogs are back", "description": "At last."}
    FakeBluesky(
        net,
        [
            item(1, embed=images("frog", "toad")),
            item(2, embed={"$type": "app.bsky.embed.external#view", "external": external}),
            item(3, embed=quoted()),
            item(4, embed={"$type": "app.bsky.embed.recordWithMedia#view", "record": quoted(), "media": images("newt")}),
            item(5, embed={"$type": "app.bsky.embed.video#view", "cid": CID, "playlist": "https://video.example/x.m3u8", "alt": "A leap"}),
            item(6, labels=[{"val": "nudity", "src": ADA, "uri": "x", "cts": "2026-11-01T00:00:00Z"}]),
            item(7, labels=[{"val": "!warn", "src": ADA}, {"val": "spam", "src": ADA}, {"val": "spam", "src": ADA, "neg": True}]),
            item(8, record={"langs": ["zh-Hans"]}, text="青蛙"),
        ],
    )  # fmt: skip
    feed = engine.add_feed(net.url("/profile/ada.pond.example"), kind="bluesky")
    assert (feed.title, feed.posts) == ("Ada", 8)
    eight, seven, six, five, four, three, two, one = rows(engine)
    assert (one.author, one.title, one.excerpt) == ("Ada", "", "Frog number 1 sang tonight.")
    assert one.url == "https://bsky.app/profile/ada.pond.example/post/3kaaaaaaaaaa1"
    assert [(media.alt, media.width, media.height) for media in engine.post(one.id).media] == [("frog", 1600, 900), ("toad", 1600, 900)]
    assert 'href="https://news.example/frogs"' in engine.post(two.id).body_html
    for row in (three, four):
        assert row.extras is not None
        assert row.extras.quote is not None
        assert (row.extras.quote.author, row.extras.quote.text) == ("Bo", "A toad & a frog")
    assert [media.alt for media in engine.post(four.id).media] == ["newt"]
    assert [(media.kind, media.alt) for media in engine.post(five.id).media] == [("video", "A leap")]
    assert six.extras is not None
    assert (six.extras.sensitive, six.extras.labels, six.extras.score, six.extras.comments_count) == (True, ("nudity",), 6, 6)
    assert seven.extras is not None
    assert (seven.extras.content_warning, seven.extras.labels) == ("Moderators warn of this post", ())
    assert (eight.language, eight.excerpt) == ("zh", "青蛙")


@pytest.mark.parametrize(
    ("gone", "words"),
    [({"notFound": True}, "was deleted"), ({"blocked": True}, "is not shown"), ({"detached": True}, "taken out")],
)
def test_a_quoted_post_that_is_not_there_says_so(engine: Engine, net: FakeNet, gone: dict[str, Any], words: str) -> None:
    FakeBluesky(net, [item(1, embed={"$type": "app.bsky.embed.record#view", "record": {"uri": view(90, "bo")["uri"], **gone}})])
    engine.add_feed(net.url("/profile/ada.pond.example"), kind="bluesky")
    (row,) = rows(engine)
    assert row.extras is not None
    assert row.extras.quote is not None
    assert words in row.extras.quote.text


def facet(start: int, end: int, **feature: str) -> dict[str, Any]:
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [{"$type": "x", **feature}]}


def test_facets_count_bytes_not_characters() -> None:
    text = "青蛙 sings at pond.example #frogs @ada"
    packed = text.encode()

    def span(words: str) -> tuple[int, int]:
        start = packed.index(words.encode())
        return start, start + len(words.encode())

    made = html_of(text, [
        facet(*span("pond.example"), uri="https://pond.example/?a=1&b=2"), facet(*span("#frogs"), tag="frogs"),
        facet(*span("@ada"), did=ADA),
    ])  # fmt: skip
    assert made == (
        '<p>青蛙 sings at <a href="https://pond.example/?a=1&amp;b=2">pond.example</a> '
        f'<a href="https://bsky.app/hashtag/frogs">#frogs</a> <a href="https://bsky.app/profile/{ADA}">@ada</a></p>'
    )


@pytest.mark.parametrize(
    "broken",
    [facet(1, 4, uri="https://x.example"), facet(5, 999, uri="https://x.example"), facet(9, 2, uri="https://x.example"),
     facet(-3, 4, uri="https://x.example"), {"index": {"byteStart": True, "byteEnd": "4"}, "features": 3}, 7,
     facet(0, 3, uri="javascript:alert(1)")],
)  # fmt: skip
def test_a_facet_that_cuts_a_character_or_lies_outside_leaves_the_text_whole(broken: Any) -> None:
    assert html_of("青蛙 <sings>", [broken]) == "<p>青蛙 &lt;sings&gt;</p>"


def test_facets_that_overlap_keep_the_first() -> None:
    made = html_of("abcdef", [facet(0, 4, uri="https://one.example"), facet(2, 6, uri="https://two.example")])
    assert made == '<p><a href="https://one.example">abcd</a>ef</p>'


def test_a_repost_is_the_post_that_it_repeats_with_everybody_who_did(engine: Engine, net: FakeNet) -> None:
    FakeBluesky(net, [item(1, "cy"), item(1, "cy", reposted_by="ada", at=5), item(1, "cy", reposted_by="bo", at=6)])
    engine.add_feed(net.url(f"/profile/{ADA}/lists/3kx"), kind="bluesky")
    (row,) = rows(engine)
    assert row.author == "Cy"
    assert row.extras is not None
    assert set(row.extras.boosted_by) == {"Ada", "Bo"}


def test_replies_and_reposts_are_switches(engine: Engine, net: FakeNet) -> None:
    FakeBluesky(net, [item(1), item(2, reply=view(50, "bo")), item(3, "bo", reposted_by="ada")])

    def count(*options: str) -> int:
        return len(engine.preview(net.url("/profile/ada.pond.example"), kind="bluesky", options=options).posts)

    assert (count(), count("replies"), count("no-boosts"), count("replies", "no-boosts")) == (2, 3, 1, 2)


def test_a_reply_names_what_it_answers(engine: Engine, net: FakeNet) -> None:
    FakeBluesky(net, [item(2, reply=view(50, "bo"))])
    engine.add_feed(net.url("/profile/ada.pond.example"), kind="bluesky", options=("replies",))
    (row,) = rows(engine)
    assert row.extras is not None
    assert row.extras.reply_to_url == "https://bsky.app/profile/bo.pond.example/post/3kaaaaaaaaa50"


def test_pages_are_asked_for_until_what_is_known(engine: Engine, net: FakeNet) -> None:
    fake = FakeBluesky(net, [item(number) for number in range(150)])
    assert engine.add_feed(net.url("/profile/ada.pond.example"), kind="bluesky").posts == 100
    before = len(net.requests)
    fake.items += [item(number) for number in range(150, 155)]
    assert refreshed(engine) == [5]
    assert len(net.requests) == before + 1
    fake.items += [item(number) for number in range(155, 600)]
    assert refreshed(engine) == [445]
    assert refreshed(engine) == [0]


def test_an_outage_between_pages_loses_nothing(engine: Engine, net: FakeNet) -> None:
    fake = FakeBluesky(net, [item(number) for number in range(50)])
    engine.add_feed(net.url("/profile/ada.pond.example"), kind="bluesky")
    fake.items += [item(number) for number in range(50, 400)]
    fake.refuse = lambda path: Reply(status=502) if "cursor=c200" in path else None
    assert refreshed(engine) == [200]
    fake.refuse = lambda path: None
    assert refreshed(engine) == [150]
    assert len(rows(engine)) == 400


@pytest.mark.parametrize("who", ["ada.pond.example", ADA])
def test_a_custom_feed_is_called_by_its_name_whoever_is_named(engine: Engine, net: FakeNet, who: str) -> None:
    FakeBluesky(net, [item(1), item(2, "bo")])
    feed = engine.add_feed(net.url(f"/profile/{who}/feed/frogs"), kind="bluesky")
    assert (feed.title, feed.posts) == ("Frogs near you", 2)
    before = len(net.requests)
    assert refreshed(engine) == [0]
    assert len(net.requests) == before + 1, "its name and number are asked for once"
    assert engine.feeds()[0].title == "Frogs near you"


def test_nobody_of_that_handle_is_said_in_words(engine: Engine, net: FakeNet) -> None:
    FakeBluesky(net, [item(1)])
    with pytest.raises(NotAFeedError, match="Profile not found"):
        engine.add_feed(net.url("/profile/eve.pond.example"), kind="bluesky")


def test_who_asks_not_to_be_shown_to_strangers_is_not(engine: Engine, net: FakeNet) -> None:
    hidden = item(1)
    hidden["post"]["author"]["labels"] = [{"val": "!no-unauthenticated", "src": ADA}]
    FakeBluesky(net, [hidden])
    engine.add_feed(net.url("/profile/ada.pond.example"), kind="bluesky")
    assert rows(engine) == []
    (event,) = [event for event in engine.refresh(force=True) if isinstance(event, FeedRefreshed)]
    assert any("only to people who sign in" in warning for warning in event.warnings)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"feed": 7}', b'{"error":"x"}', b""])
def test_an_answer_that_is_none_fails_in_words(engine: Engine, net: FakeNet, body: bytes) -> None:
    fake = FakeBluesky(net, [item(1)])
    engine.add_feed(net.url("/profile/ada.pond.example"), kind="bluesky")
    fake.refuse = lambda path: Reply(headers={"Content-Type": "application/json"}, body=body)
    (failed,) = [event for event in engine.refresh(force=True) if isinstance(event, FeedFailed)]
    assert failed.error
    assert len(rows(engine)) == 1


def test_hostile_posts_are_harmless(engine: Engine, net: FakeNet) -> None:
    deep: dict[str, Any] = images("frog")
    for _ in range(50):
        deep = {"$type": "app.bsky.embed.recordWithMedia#view", "media": deep, "record": {"record": {"record": 7}}}
    FakeBluesky(
        net,
        [
            item(1, text="<script>alert(1)</script> " + "x" * 100_000),
            item(2, embed=deep, labels={"values": "x"}, likeCount="many"),
            item(3, embed={"external": {"uri": "javascript:alert(1)", "title": "x", "description": "y"}}),
            {"post": {**view(4), "author": [], "record": "text", "embed": [], "labels": 3}},
        ],
    )  # fmt: skip
    engine.add_feed(net.url(f"/profile/{ADA}/lists/3kx"), kind="bluesky")
    found = rows(engine)
    assert len(found) == 4
    assert not any("<script" in engine.post(row.id).body_html or "javascript" in engine.post(row.id).body_html for row in found)
