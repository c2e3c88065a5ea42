"""Reddit: its addresses, its posts, one request a minute, and its refusals in plain words."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import Engine, FeedFailed, FeedRefreshed, PostRow, RefusedError, TimelineQuery, open_engine
from engine.sources.registry import known
from tests.fakenet import Clock, FakeNet
from tests.fakenet.reddit import FakeReddit, Submission

POSTS = [
    Submission("aaa1", "A pond survey", link="https://pond.example/survey?a=1&b=2"),
    Submission("aaa2", "Which frog is it?", text="Green, and <b>loud</b>.", author="bo"),
]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def engine(tmp_path: Path, clock: Clock) -> Iterator[Engine]:
    with open_engine(tmp_path / "profile", key=secrets.token_bytes(32), clock=clock) as opened:
        yield opened


def rows(engine: Engine) -> list[PostRow]:
    return engine.rows(engine.timeline(TimelineQuery(order="newest")))


@pytest.mark.parametrize(
    ("address", "url", "what", "name"),
    [
        ("r/python", "https://www.reddit.com/r/python/.rss", "subreddit", "r/python"),
        ("/r/python/", "https://www.reddit.com/r/python/.rss", "subreddit", "r/python"),
        ("u/some-one", "https://www.reddit.com/user/some-one/.rss", "person", "u/some-one"),
        ("https://old.reddit.com/r/python/", "https://www.reddit.com/r/python/.rss", "subreddit", "r/python"),
        ("reddit.com/r/a_b+c_d/new", "https://www.reddit.com/r/a_b+c_d/new/.rss", "subreddit", "r/a_b+c_d"),
        ("https://www.reddit.com/r/python/top/?t=week", "https://www.reddit.com/r/python/top/.rss?t=week", "subreddit", "r/python"),
        ("https://www.reddit.com/r/python.rss", "https://www.reddit.com/r/python/.rss", "subreddit", "r/python"),
        ("https://www.reddit.com/user/ada/submitted/", "https://www.reddit.com/user/ada/submitted/.rss", "person", "u/ada"),
        ("https://www.reddit.com/user/ada/m/ponds", "https://www.reddit.com/user/ada/m/ponds/.rss", "multireddit", "m/ponds"),
    ],
)
def test_every_address_of_it_is_recognised(address: str, url: str, what: str, name: str) -> None:
    target = known(address)
    assert target is not None
    assert (target.kind, target.url, target.what, target.name) == ("reddit", url, what, name)
    assert known(url) == target


@pytest.mark.parametrize(
    "address", ["reddit.com", "https://www.reddit.com/r/python/comments/abc/title", "https://pond.example/r/python", "r/"]
)
def test_other_addresses_are_left_alone(address: str) -> None:
    assert known(address) is None


def test_a_link_leads_where_it_points_and_a_question_to_its_page(engine: Engine, net: FakeNet) -> None:
    FakeReddit(net, POSTS)
    feed = engine.add_feed(net.url("/r/ponds/.rss"), kind="reddit")
    assert (feed.title, feed.posts) == ("r/ponds: all about it", 2)
    link, question = rows(engine)
    assert (link.url, link.author, link.excerpt) == ("https://pond.example/survey?a=1&b=2", "u/ada", "")
    page = "https://www.reddit.com/r/ponds/comments/aaa2/title/"
    assert (question.url, question.excerpt, question.author) == (page, "Green, and loud.", "u/bo")
    assert question.extras is not None
    assert (question.extras.source_kind, question.extras.comments_url) == ("reddit", page)


def test_one_request_a_minute_whatever_is_due(engine: Engine, net: FakeNet, clock: Clock) -> None:
    FakeReddit(net, POSTS)
    names = ("one", "two", "three")
    for name in names:
        engine.add_feed(net.url(f"/r/{name}/.rss"), kind="reddit")
    assert len(net.requests) == 1, "the others wait for their turn"
    for minute in range(1, 4):
        list(engine.refresh(force=True))
        list(engine.refresh(force=True))
        assert len(net.requests) == minute
        clock.turn(seconds=61)
    assert sorted(request.path for request in net.requests) == sorted(f"/r/{name}/.rss" for name in names)


def test_those_that_wait_are_due_when_their_turn_comes(engine: Engine, net: FakeNet, clock: Clock) -> None:
    FakeReddit(net, POSTS)
    for name in ("one", "two", "three"):
        engine.add_feed(net.url(f"/r/{name}/.rss"), kind="reddit")
    list(engine.refresh())
    waits = sorted(
        (feed.next_check_at - clock()).total_seconds() for feed in engine.feeds() if feed.next_check_at and not feed.posts
    )
    assert waits == [60.0, 120.0]
    assert all(feed.error == "" for feed in engine.feeds())


def test_the_pace_outlives_the_program(tmp_path: Path, net: FakeNet, clock: Clock) -> None:
    FakeReddit(net, POSTS)
    key = secrets.token_bytes(32)
    with open_engine(tmp_path / "kept", key=key, clock=clock) as engine:
        engine.add_feed(net.url("/r/one/.rss"), kind="reddit")
    with open_engine(tmp_path / "kept", key=key, clock=clock) as engine:
        list(engine.refresh(force=True))
    assert len(net.requests) == 1


def test_a_clock_that_was_wrong_keeps_nothing_away_for_long(engine: Engine, net: FakeNet, clock: Clock) -> None:
    FakeReddit(net, POSTS)
    clock.turn(days=300)
    engine.add_feed(net.url("/r/one/.rss"), kind="reddit")
    clock.turn(days=-300)
    list(engine.refresh(force=True))
    assert len(net.requests) == 2
    list(engine.refresh(force=True))
    assert len(net.requests) == 2, "and the pace holds again"


def test_a_preview_before_its_turn_says_so(engine: Engine, net: FakeNet) -> None:
    FakeReddit(net, POSTS)
    assert len(engine.preview(net.url("/r/one/.rss"), kind="reddit").posts) == 2
    with pytest.raises(RefusedError, match="turn has not come"):
        engine.preview(net.url("/r/two/.rss"), kind="reddit")
    assert engine.add_feed(net.url("/r/one/.rss")).posts == 2, "what was previewed is not asked for again"
    assert len(net.requests) == 1


@pytest.mark.parametrize(
    ("status", "words"), [(403, "private, or Reddit turns readers away"), (429, "one request a minute"), (200, "a page instead")]
)
def test_a_refusal_is_told_in_plain_words(engine: Engine, net: FakeNet, clock: Clock, status: int, words: str) -> None:
    fake = FakeReddit(net, POSTS)
    engine.add_feed(net.url("/r/one/.rss"), kind="reddit")
    fake.refuse = status
    clock.turn(minutes=70)
    (event,) = [event for event in engine.refresh(force=True) if isinstance(event, FeedFailed)]
    assert words in event.error
    fake.refuse = None
    fake.submissions.insert(0, Submission("aaa3", "Back again"))
    clock.turn(days=1, minutes=5)
    assert [event.new for event in engine.refresh(force=True) if isinstance(event, FeedRefreshed)] == [1]
