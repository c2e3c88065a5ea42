"""Sites that are read as plain feeds and named as what they are."""

from __future__ import annotations

import pytest

from engine import Engine, FeedRefreshed, Subscription, TimelineQuery
from engine.sources.registry import SOURCES, known, targets
from tests.fakenet import FakeNet, items, rss

NEWEST = TimelineQuery(order="newest")


@pytest.mark.parametrize(
    ("address", "kind", "url", "what"),
    [
        ("lobste.rs", "lobsters", "https://lobste.rs/rss", "front page"),
        ("https://lobste.rs/newest", "lobsters", "https://lobste.rs/newest.rss", "new"),
        ("https://lobste.rs/t/python,rust", "lobsters", "https://lobste.rs/t/python,rust.rss", "tag"),
        ("https://github.com/ada/pond", "github", "https://github.com/ada/pond/releases.atom", "releases"),
        ("https://github.com/ada/pond.git", "github", "https://github.com/ada/pond/releases.atom", "releases"),
        ("https://github.com/ada/pond/releases/tag/v1.2", "github", "https://github.com/ada/pond/releases.atom", "releases"),
        ("https://github.com/ada/pond/tags", "github", "https://github.com/ada/pond/tags.atom", "tags"),
        ("https://github.com/ada/pond/commits/main", "github", "https://github.com/ada/pond/commits/main.atom", "commits"),
        ("https://github.com/ada/pond/discussions", "github", "https://github.com/ada/pond/discussions.atom", "discussions"),
        ("github.com/ada", "github", "https://github.com/ada.atom", "person"),
        ("https://stackoverflow.com/questions/tagged/python", "stackexchange", "https://stackoverflow.com/feeds/tag/python", "tag"),
        ("https://math.stackexchange.com", "stackexchange", "https://math.stackexchange.com/feeds", "questions"),
        ("https://stackoverflow.com/questions/11/how-so", "stackexchange", "https://stackoverflow.com/feeds/question/11", "thread"),
        ("https://serverfault.com/users/12/ada", "stackexchange", "https://serverfault.com/feeds/user/12", "person"),
        ("https://arxiv.org/list/cs.CL/recent", "arxiv", "https://rss.arxiv.org/rss/cs.CL", "category"),
        ("http://export.arxiv.org/rss/math", "arxiv", "https://rss.arxiv.org/rss/math", "category"),
        ("https://rss.arxiv.org/atom/cs.AI+cs.LG", "arxiv", "https://rss.arxiv.org/atom/cs.AI+cs.LG", "category"),
        ("https://discourse.pond.example/", "discourse", "https://discourse.pond.example/latest.rss", "forum"),
        ("https://meta.discourse.org/c/bug/1", "discourse", "https://meta.discourse.org/c/bug/1.rss", "category"),
        ("https://meta.discourse.org/t/a-thread/77/3", "discourse", "https://meta.discourse.org/t/a-thread/77.rss", "thread"),
    ],
)
def test_sites_are_told_by_their_addresses(address: str, kind: str, url: str, what: str) -> None:
    target = known(address)
    assert target is not None
    assert (target.kind, target.url, target.what) == (kind, url, what)
    assert known(url) == target


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/ada/pond/issues/3",
        "https://github.com/trending",
        "https://stackoverflow.com/tags",
        "https://arxiv.org/abs/2601.00001",
        "https://pond.example/",
        "https://lobste.rs/s/abc123/title",
    ],
)
def test_other_addresses_are_left_alone(address: str) -> None:
    assert known(address) is None


def test_a_forum_on_any_host_is_a_guess_that_the_answer_confirms() -> None:
    (target,) = targets("https://forum.pond.example/t/frogs/12")
    assert (target.kind, target.sure, target.url) == ("discourse", False, "https://forum.pond.example/t/frogs/12.rss")
    assert known("https://forum.pond.example/t/frogs/12") is None


def test_every_kind_has_a_name_of_its_own() -> None:
    assert all(kind == source.kind and source.label for kind, source in SOURCES.items())
    assert len({source.label for source in SOURCES.values()}) == len(SOURCES)


def test_its_posts_carry_the_name_of_the_network(engine: Engine, net: FakeNet) -> None:
    url = net.serve("/ada/pond/releases.atom", rss("Releases", items(3)), etag='"a"')
    feed = engine.add_feed(url, kind="github")
    assert (feed.kind, feed.posts) == ("github", 3)
    rows = engine.rows(engine.timeline(NEWEST))
    assert {row.extras.source_kind for row in rows if row.extras} == {"github"}
    events = [event for event in engine.refresh(force=True) if isinstance(event, FeedRefreshed)]
    assert [event.status for event in events] == [304]
    assert net.requests[-1].headers["if-none-match"] == '"a"'


def test_questions_carry_their_score(engine: Engine, net: FakeNet) -> None:
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:re="http://purl.org/atompub/rank/1.0"><title>q</title><id>x</id>'
        '<entry><id>https://stackoverflow.com/q/1</id><re:rank scheme="https://stackoverflow.com">-3</re:rank>'
        "<title>Why?</title><updated>2026-11-20T10:00:00Z</updated></entry></feed>"
    )
    engine.add_feed(net.serve("/feeds/tag/why", atom.encode()), kind="stackexchange")
    (row,) = engine.rows(engine.timeline(NEWEST))
    assert row.extras is not None
    assert row.extras.score == -3


def test_a_list_of_subscriptions_brings_each_address_to_its_kind(engine: Engine) -> None:
    urls = ("https://www.reddit.com/r/python/.rss", "https://github.com/ada/pond/releases.atom", "https://pond.example/feed")
    engine.follow([Subscription(url=url) for url in urls])
    assert {feed.url: feed.kind for feed in engine.feeds()} == dict(zip(urls, ("reddit", "github", "feed"), strict=True))
