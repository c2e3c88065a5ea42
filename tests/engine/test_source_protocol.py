"""The protocol behind all kinds of sources: what holds whatever a kind does."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine import Engine, FeedFailed, FeedRefreshed, TimelineQuery
from engine.conversation import Asked, Conversation
from engine.errors import FetchError, InputError
from engine.http import Client, Policy
from engine.sources import registry
from engine.sources.extras import MAX_SEVERAL, bounded, with_hash
from engine.sources.source import Meta, Source, read_address
from engine.types import (
    Extras,
    FeedInfo,
    FetchedPost,
    FetchState,
    Parsed,
    Poll,
    Quote,
    Request,
    Subscription,
    Target,
)
from tests.fakenet import Clock, FakeNet, Ledger, Reply, items, rss
from tests.fakenet.hackernews import FakeHackerNews, story

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KINDS = Path(__file__).parents[2] / "engine" / "sources" / "kinds"


class Pages(Source):
    """A network of numbered pages: each holds one post and asks for the next."""

    kind = "pages"
    label = "Pages"
    follow_ups = 3

    def recognise(self, address: str) -> Target | None:
        return None

    def first(self, subscription: Subscription, cursor: str) -> tuple[Request, ...]:
        return (Request(url=f"{subscription.url}?page={cursor or 1}", step=cursor or "1"),)

    def parse(self, body: bytes, meta: Meta) -> Parsed:
        page = int(meta.step)
        post = FetchedPost(
            guid=f"{page}", url="", canonical_url="", title=f"Page {page}", author="", body_html="", text="",
            published_at=NOW, content_hash=bytes([page]) * 32,
        )  # fmt: skip
        elsewhere = body.decode()
        url = elsewhere or f"{meta.url.partition('?')[0]}?page={page + 1}"
        return Parsed(
            info=FeedInfo(title="Pages"), posts=(post,), cursor=f"{page + 1}", follow_ups=(Request(url=url, step=f"{page + 1}"),)
        )  # fmt: skip


class InProcess:
    """Parses here instead of in the worker, which knows no kinds of tests."""

    def source(self, kind: str, body: bytes, url: str, content_type: str = "", **known: Any) -> Parsed:
        return registry.source(kind).parse(body, Meta(url=url, now=NOW, content_type=content_type, **known))


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[Conversation]:
    monkeypatch.setattr(registry, "SOURCES", {**registry.SOURCES, "pages": Pages()})
    client = Client(Clock(), Policy(), Ledger())
    yield Conversation(client=client, parse=InProcess())  # type: ignore[arg-type]
    client.close()


def ask(conversation: Conversation, net: FakeNet, cursor: str = "") -> Asked:
    state = FetchState(feed_id=1, url=net.url("/pages"), kind="pages", cursor=cursor, allow_private=True)
    return conversation.ask(state)


def parsed(asked: Asked) -> Parsed:
    assert asked.parsed is not None
    return asked.parsed


# ---- conversations ---------------------------------------------------------------------------


def test_follow_ups_end_at_the_kinds_bound_and_the_next_refresh_goes_on(pages: Conversation, net: FakeNet) -> None:
    net.serve("/pages", b"")
    first = parsed(ask(pages, net))
    assert [post.guid for post in first.posts] == ["1", "2", "3", "4"]
    second = parsed(ask(pages, net, first.cursor))
    assert [post.guid for post in second.posts] == ["5", "6", "7", "8"]


def test_a_request_that_fails_keeps_what_came_before_and_its_cursor(pages: Conversation, net: FakeNet) -> None:
    net.script("/pages", Reply(), Reply(), Reply(status=500))
    asked = ask(pages, net)
    assert ([post.guid for post in parsed(asked).posts], parsed(asked).cursor) == (["1", "2"], "3")
    assert isinstance(asked.broken, FetchError)
    assert "Not everything could be asked for" in parsed(asked).warnings[0]


def test_a_first_request_that_fails_is_a_failure(pages: Conversation, net: FakeNet) -> None:
    net.script("/pages", Reply(status=500))
    with pytest.raises(FetchError):
        ask(pages, net)


def test_a_worker_cannot_send_the_engine_to_a_host_of_its_choice(pages: Conversation, net: FakeNet) -> None:
    with FakeNet(host="127.0.0.2") as elsewhere:
        net.serve("/pages", elsewhere.serve("/stolen", b"").encode())
        assert [post.guid for post in parsed(ask(pages, net)).posts] == ["1"]
        assert elsewhere.requests == []


def test_a_conversation_that_is_stopped_asks_no_more(pages: Conversation, net: FakeNet) -> None:
    net.serve("/pages", b"")
    state = FetchState(feed_id=1, url=net.url("/pages"), kind="pages", allow_private=True)
    asked = pages.ask(state, stopped=lambda: len(net.requests) >= 2)
    assert len(net.requests) == 2
    assert asked.broken is not None


def test_the_cursor_is_kept_with_the_posts_that_it_stands_for(engine: Engine, net: FakeNet) -> None:
    from tests.fakenet.lemmy import FakeLemmy, link

    FakeLemmy(net, [link(1)])
    feed = engine.add_feed(net.url("/c/pads"), kind="lemmy")
    (state,) = engine._store.fetch_states([feed.id])
    assert json.loads(state.cursor)["api"] == "v3"
    (error,) = [event for event in _failing_ingest(engine) if isinstance(event, RuntimeError)]
    assert "disk" in str(error)
    (after,) = engine._store.fetch_states([feed.id])
    assert after.cursor == state.cursor


def _failing_ingest(engine: Engine) -> list[object]:
    def fail(answers: object) -> None:
        raise RuntimeError("the disk is full")

    original, engine._store.ingest = engine._store.ingest, fail  # type: ignore[method-assign,assignment]
    try:
        return list(engine.refresh(force=True))
    except RuntimeError as error:
        return [error]
    finally:
        engine._store.ingest = original  # type: ignore[method-assign]


def test_a_kind_that_this_version_does_not_know_fails_in_words(engine: Engine, net: FakeNet) -> None:
    engine._store.add_feed(net.url("/x"), kind="smoke-signals", allow_private=True)
    (event,) = [event for event in engine.refresh(force=True) if isinstance(event, FeedFailed)]
    assert "no kind of source called “smoke-signals”" in event.error


def test_a_feed_that_brings_nothing_new_beside_ones_that_do_is_told_apart(engine: Engine, net: FakeNet) -> None:
    FakeHackerNews(net, [story(1)])
    engine.add_feed(net.url("/news"), kind="hackernews")
    plain = engine.add_feed(net.serve("/feed.xml", rss("Letters", items(2)), etag='"a"'))
    events = {event.feed_id: event for event in engine.refresh(force=True) if isinstance(event, FeedRefreshed)}
    assert (len(events), events[plain.id].status) == (2, 304)


# ---- the registry ----------------------------------------------------------------------------


def test_the_engine_knows_all_kinds_without_loading_what_reads_foreign_bytes() -> None:
    code = (
        "import sys; from engine.sources import registry; registry.known('https://lobste.rs');"
        "print([name for name in ('lxml', 'nh3', 'feedparser', 'engine.sources.assemble') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_kind_is_one_file_of_less_than_500_lines() -> None:
    for path in KINDS.glob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) < 500, path.name


def test_what_is_pasted_may_be_anything() -> None:
    for text in ("", " ", "http://", "https://[", "@", "!", "r/", "x" * 10_000, "https://exa mple.org", "\x00", "://", "ünïcode.example"):
        list(registry.targets(text))


def test_an_address_is_cut_as_browsers_do() -> None:
    found = read_address(" HTTPS://www.Pond.Example:443/a%20b//c/?q=1&q=2#there ")
    assert found is not None
    assert (found.host, found.path, found.query, found.fragment) == ("pond.example", ("a b", "c"), {"q": "2"}, "there")
    for text in ("mailto:ada@pond.example", "https://ada:secret@pond.example/", "https://pond.example:8443/"):
        assert read_address(text) is None


def test_an_unknown_kind_is_named_with_those_there_are() -> None:
    with pytest.raises(InputError, match="feed, hackernews"):
        registry.source("nothing")


# ---- extras ----------------------------------------------------------------------------------


def test_extras_are_plain_and_bounded() -> None:
    hostile = Extras(
        source_kind="x" * 100,
        content_warning="<b>bold</b>\nnext\x00" + "w" * 1000,
        boosted_by=("Ada", "<i>Ada</i>", "", *(f"b{number}" for number in range(50))),
        quote=Quote(author="a\nb", text="<script>alert(1)</script>said", url="javascript:alert(1)"),
        poll=Poll(options=("<b>yes</b>", "no"), votes=(1, -5), ends_at=NOW),
        score=-(10**30),
        comments_count=-4,
        comments_url="file:///etc/passwd",
        duration_seconds=float("nan"),
        reply_to_url="https://pond.example/a b",
        edited_at=NOW + timedelta(days=4000),
        labels=("x" * 1000,),
    )
    found = bounded(hostile, NOW)
    assert found.content_warning.startswith("bold next")
    assert len(found.content_warning) <= 500
    assert (found.boosted_by[:2], len(found.boosted_by)) == (("Ada", "b0"), MAX_SEVERAL)
    assert found.quote == Quote(author="a b", text="said", url="")
    assert found.poll == Poll(options=("yes", "no"), votes=(1, 0), ends_at=NOW)
    assert (found.score, found.comments_count, found.comments_url, found.duration_seconds) == (-(10**12), 0, "", None)
    assert (found.reply_to_url, found.edited_at, len(found.labels[0])) == ("https://pond.example/a%20b", None, 200)


def test_votes_that_do_not_fit_their_options_are_left_out() -> None:
    found = bounded(Extras(poll=Poll(options=("a", "b"), votes=(1,))), NOW)
    assert found.poll is not None
    assert found.poll.votes == ()


def test_counters_are_no_part_of_the_hash_and_the_rest_is() -> None:
    digest = bytes(32)
    counted = Extras(source_kind="x", score=1, comments_count=2, views_count=3, boosted_by=("a",), comments_url="https://x.example")
    assert with_hash(digest, counted) == digest
    poll = Extras(poll=Poll(options=("a",), votes=(1,)))
    assert with_hash(digest, poll) == with_hash(digest, replace(poll, poll=Poll(options=("a",), votes=(9,)))) != digest
    for changed in (Extras(content_warning="w"), Extras(sensitive=True), Extras(labels=("l",)), Extras(is_short=True)):
        assert with_hash(digest, changed) != digest


def test_extras_survive_the_way_from_worker_to_card(engine: Engine, net: FakeNet) -> None:
    FakeHackerNews(net, [story(1, type="job")])
    engine.add_feed(net.url("/jobs"), kind="hackernews")
    (row,) = engine.rows(engine.timeline(TimelineQuery(order="newest")))
    assert row.extras is not None
    assert row.extras.labels == ("job",)
