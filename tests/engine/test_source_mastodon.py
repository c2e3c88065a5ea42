"""Mastodon: people, hashtags and public timelines without an account; gaps are filled, boosts united, edits taken."""

from __future__ import annotations

import pytest

from engine import Engine, FeedFailed, FeedRefreshed, NotAFeedError, PostRow, TimelineQuery
from engine.sources.registry import known, targets
from tests.fakenet import FakeNet, Reply
from tests.fakenet.mastodon import FakeMastodon, person, status


def rows(engine: Engine) -> list[PostRow]:
    return engine.rows(engine.timeline(TimelineQuery(order="newest", limit=0)))


def refreshed(engine: Engine) -> list[int]:
    return [event.new for event in engine.refresh(force=True) if isinstance(event, FeedRefreshed)]


@pytest.mark.parametrize(
    ("address", "url", "what", "sure"),
    [
        ("@ada@pond.example", "https://pond.example/@ada", "person", True),
        ("https://mastodon.social/@ada", "https://mastodon.social/@ada", "person", True),
        ("mastodon.social/@ada@pond.example", "https://pond.example/@ada", "person", True),
        ("https://mastodon.social/web/@ada", "https://mastodon.social/@ada", "person", True),
        ("https://fosstodon.org/users/ada", "https://fosstodon.org/@ada", "person", True),
        ("https://mas.to/tags/frogs", "https://mas.to/tags/frogs", "hashtag", True),
        ("https://mastodon.social/public/local", "https://mastodon.social/public/local", "public timeline", True),
        ("https://mastodon.social/home", "https://mastodon.social/home", "home timeline", True),
        ("https://mastodon.social/lists/12", "https://mastodon.social/lists/12", "list", True),
        ("https://pond.example/@ada", "https://pond.example/@ada", "person", False),
        ("https://pond.example/tags/frogs", "https://pond.example/tags/frogs", "hashtag", False),
    ],
)
def test_every_address_of_it_is_recognised(address: str, url: str, what: str, sure: bool) -> None:
    target = next(found for found in targets(address) if found.kind == "mastodon")
    assert (target.url, target.what, target.sure) == (url, what, sure)
    assert next(found for found in targets(url) if found.kind == "mastodon").url == url


@pytest.mark.parametrize(
    "address",
    ["https://mastodon.social/@ada/109", "https://www.youtube.com/@ada", "https://mastodon.social/about", "@ada", "ada@pond.example",
     "https://pond.example/home"],
)  # fmt: skip
def test_other_addresses_are_left_alone(address: str) -> None:
    target = known(address)
    assert target is None or target.kind != "mastodon"


def test_a_persons_posts_come_with_all_that_the_network_knows(engine: Engine, net: FakeNet) -> None:
    FakeMastodon(
        net,
        [
            status(1, poll={"options": [{"title": "Toads", "votes_count": 3}, {"title": "Frogs", "votes_count": 5}],
                            "expires_at": "2026-12-01T00:00:00.000Z", "multiple": True}),
            status(2, spoiler_text="Slugs", sensitive=True, visibility="unlisted"),
            status(3, quote={"state": "accepted", "quoted_status": status(90, "bo")}),
            status(4, media_attachments=[{"type": "image", "url": "https://pond.example/frog.png", "description": "A frog",
                                          "meta": {"original": {"width": 800, "height": 600}}}]),
            status(5, card={"url": "https://news.example/frogs", "title": "Frogs <b>are</b> back", "description": "At last."}),
            status(6, edited_at="2026-11-20T08:00:00.000Z", in_reply_to_id="7"),
        ],
    )  # fmt: skip
    feed = engine.add_feed(net.url("/@ada"), kind="mastodon", options=("replies",))
    assert (feed.title, feed.posts) == ("Ada", 6)
    six, five, four, three, two, one = rows(engine)
    assert (one.author, one.title, one.excerpt) == ("Ada", "", "Frog number 1 sang tonight.")
    assert one.extras is not None
    assert one.extras.poll is not None
    assert (one.extras.poll.options, one.extras.poll.votes, one.extras.poll.multiple) == (("Toads", "Frogs"), (3, 5), True)
    assert two.extras is not None
    assert (two.extras.content_warning, two.extras.sensitive, two.extras.visibility) == ("Slugs", True, "unlisted")
    assert three.extras is not None
    assert three.extras.quote is not None
    assert (three.extras.quote.author, three.extras.quote.text) == ("Bo", "Frog number 90 sang tonight.")
    (picture,) = engine.post(four.id).media
    assert (picture.alt, picture.width, picture.height) == ("A frog", 800, 600)
    body = engine.post(five.id).body_html
    assert 'href="https://news.example/frogs"' in body
    assert "Frogs &lt;b&gt;are&lt;/b&gt; back" in body
    assert six.extras is not None
    assert six.extras.edited_at is not None
    assert six.extras.reply_to_url.endswith("/statuses/7")
    assert (six.extras.score, six.extras.comments_count) == (6, 6)


def test_a_boost_is_the_post_that_it_boosts_once_with_everybody_who_did(engine: Engine, net: FakeNet) -> None:
    original = status(1, "cy@far.example")
    tags = [{"name": "frogs"}]
    FakeMastodon(net, [status(2, "ada", reblog=original, tags=tags), status(3, "bo", reblog=original, tags=tags)])
    engine.add_feed(net.url("/tags/frogs"), kind="mastodon")
    (row,) = rows(engine)
    assert row.author == "Cy"
    assert row.extras is not None
    assert set(row.extras.boosted_by) == {"Ada", "Bo"}


def test_boosters_that_come_later_join_the_earlier_ones(engine: Engine, net: FakeNet) -> None:
    original = status(1, "cy@far.example")
    fake = FakeMastodon(net, [status(2, "ada", reblog=original)])
    engine.add_feed(net.url("/public"), kind="mastodon")
    fake.statuses.append(status(3, "bo", reblog=original))
    assert refreshed(engine) == [0]
    (row,) = rows(engine)
    assert row.extras is not None
    assert set(row.extras.boosted_by) == {"Ada", "Bo"}


@pytest.mark.parametrize("links", [True, False])
def test_a_gap_of_any_length_is_filled_and_nothing_comes_twice(engine: Engine, net: FakeNet, links: bool) -> None:
    fake = FakeMastodon(net, [status(number) for number in range(60)], links=links)
    assert engine.add_feed(net.url("/@ada"), kind="mastodon").posts == 40
    before = len(net.requests)
    fake.statuses += [status(number) for number in range(60, 65)]
    assert refreshed(engine) == [5]
    assert len(net.requests) == before + 1, "one page reaches back to what was taken"
    fake.statuses += [status(number) for number in range(65, 300)]
    assert refreshed(engine) == [235]
    assert refreshed(engine) == [0]
    assert len(rows(engine)) == 40 + 240
    assert len({row.url for row in rows(engine)}) == 280


def test_a_gap_too_long_for_one_refresh_is_filled_by_the_next(engine: Engine, net: FakeNet) -> None:
    fake = FakeMastodon(net, [status(number) for number in range(40)])
    engine.add_feed(net.url("/@ada"), kind="mastodon")
    fake.statuses += [status(number) for number in range(40, 1000)]
    first = refreshed(engine)[0]
    assert 400 <= first < 960
    while len(rows(engine)) < 1000:
        assert refreshed(engine)[0] > 0
    assert refreshed(engine) == [0]


def test_an_outage_amid_a_gap_loses_nothing(engine: Engine, net: FakeNet) -> None:
    fake = FakeMastodon(net, [status(number) for number in range(40)])
    engine.add_feed(net.url("/@ada"), kind="mastodon")
    fake.statuses += [status(number) for number in range(40, 300)]
    asked = []

    def sometimes(path: str) -> Reply | None:
        asked.append(path)
        return Reply(status=500) if len(asked) == 4 else None

    fake.refuse = sometimes
    assert refreshed(engine)[0] < 260
    refreshed(engine)
    assert len(rows(engine)) == 300


def test_edits_and_counters_of_the_newest_page_are_taken(engine: Engine, net: FakeNet) -> None:
    fake = FakeMastodon(net, [status(1), status(2)])
    engine.add_feed(net.url("/@ada"), kind="mastodon")
    fake.statuses[0] |= {"content": "<p>It was a toad.</p>", "edited_at": "2026-11-20T08:00:00.000Z"}
    fake.statuses[1] |= {"favourites_count": 99}
    assert refreshed(engine) == [0]
    two, one = rows(engine)
    assert one.excerpt == "It was a toad."
    assert engine.post(one.id).versions == 2
    assert two.extras is not None
    assert two.extras.score == 99
    assert engine.post(two.id).versions == 1


def test_a_persons_replies_and_boosts_are_switches(engine: Engine, net: FakeNet) -> None:
    FakeMastodon(net, [status(1), status(2, in_reply_to_id="5"), status(3, reblog=status(9, "bo"))])

    def count(*options: str) -> int:
        return len(engine.preview(net.url("/@ada"), kind="mastodon", options=options).posts)

    assert (count(), count("replies"), count("no-boosts"), count("replies", "no-boosts")) == (2, 3, 1, 2)


def test_what_a_server_side_filter_hides_is_left_out_and_what_it_warns_of_is_covered(engine: Engine, net: FakeNet) -> None:
    warn = [{"filter": {"id": "1", "title": "Slugs", "filter_action": "warn"}}]
    hide = [{"filter": {"id": "2", "title": "Snails", "filter_action": "hide"}}]
    FakeMastodon(net, [status(1, filtered=warn), status(2, filtered=hide), status(3, reblog=status(8, "bo", filtered=hide))])
    engine.add_feed(net.url("/public"), kind="mastodon")
    (row,) = rows(engine)
    assert row.extras is not None
    assert row.extras.content_warning == "filter “Slugs”"


def test_a_relative_without_lookup_is_asked_by_the_name(engine: Engine, net: FakeNet) -> None:
    FakeMastodon(net, [status(1)], lookup=False)
    assert engine.add_feed(net.url("/@ada"), kind="mastodon").posts == 1


def test_nobody_of_that_name_is_said_in_words(engine: Engine, net: FakeNet) -> None:
    FakeMastodon(net, [status(1)])
    with pytest.raises(NotAFeedError, match="Nobody called @eve"):
        engine.add_feed(net.url("/@eve"), kind="mastodon")


def test_a_server_that_shows_nothing_to_strangers_says_so(engine: Engine, net: FakeNet) -> None:
    fake = FakeMastodon(net, [status(1)])
    engine.add_feed(net.url("/public"), kind="mastodon")
    fake.refuse = lambda path: Reply(status=401, body=b'{"error":"This method requires an authenticated user"}')
    (failed,) = [event for event in engine.refresh(force=True) if isinstance(event, FeedFailed)]
    assert "only to people who sign in" in failed.error
    assert len(rows(engine)) == 1


@pytest.mark.parametrize("body", [b"<html>", b'{"error":"over capacity"}', b"", b"[[[[", b'"text"'])
def test_an_answer_that_is_none_fails_in_words(engine: Engine, net: FakeNet, body: bytes) -> None:
    fake = FakeMastodon(net, [status(1)])
    engine.add_feed(net.url("/public"), kind="mastodon")
    fake.refuse = lambda path: Reply(headers={"Content-Type": "application/json"}, body=body)
    (failed,) = [event for event in engine.refresh(force=True) if isinstance(event, FeedFailed)]
    assert failed.error
    assert len(rows(engine)) == 1


def test_hostile_statuses_are_harmless(engine: Engine, net: FakeNet) -> None:
    strange = {"account": [], "poll": {"options": "x"}, "media_attachments": [{"url": "javascript:1"}, 7], "tags": {}, "card": [],
               "quote": {"state": "revoked"}, "created_at": "never", "favourites_count": "many", "visibility": 9}  # fmt: skip
    FakeMastodon(
        net,
        [
            status(1, content='<script>alert(1)</script><img src="https://spy.example/x.gif" width=1 height=1>Hello'),
            {**status(2), **strange, "account": person("ada")},
            status(3, account=person("ada", display_name="<b>x</b>" * 4000)),
        ],
    )
    engine.add_feed(net.url("/public"), kind="mastodon")
    found = rows(engine)
    assert len(found) == 3
    bodies = "".join(engine.post(row.id).body_html for row in found)
    assert "script" not in bodies
    assert "spy.example" not in bodies
    assert all(len(row.author) <= 1000 for row in found)
    assert not any(media.url.startswith("javascript") for row in found for media in engine.post(row.id).media)
