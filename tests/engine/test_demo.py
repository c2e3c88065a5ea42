"""The sample internet: every kind of source over loopback HTTP, each with what its network alone knows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine import Engine, Extras, FeedFailed, FeedRefreshed, PostRow, SampleInternet, TimelineQuery
from engine.sources.registry import SOURCES

KINDS = {"feed", "mastodon", "bluesky", "reddit", "hackernews", "youtube", "lemmy", "lobsters"}


@pytest.fixture
def rows(engine: Engine, internet: SampleInternet) -> list[PostRow]:
    engine.follow(internet.subscriptions, allow_private=True)
    failed = [event for event in engine.refresh(force=True) if isinstance(event, FeedFailed)]
    assert failed == []
    return engine.rows(engine.timeline(TimelineQuery(order="newest", limit=0)))


def of(rows: list[PostRow], kind: str) -> list[Extras]:
    return [row.extras for row in rows if row.extras is not None and row.extras.source_kind == kind]


def test_all_eight_kinds_fill_the_timeline(engine: Engine, rows: list[PostRow]) -> None:
    assert {feed.kind for feed in engine.feeds()} == KINDS
    assert set(SOURCES) >= KINDS
    assert all(feed.posts > 0 and not feed.error for feed in engine.feeds())
    assert len(rows) >= 40
    assert all(row.published_at <= datetime.now(UTC) for row in rows)


def test_each_network_shows_what_it_alone_knows(rows: list[PostRow]) -> None:
    mastodon, bluesky = of(rows, "mastodon"), of(rows, "bluesky")
    assert any("Spoilers" in extras.content_warning for extras in mastodon)
    assert any(extras.poll is not None and sum(extras.poll.votes) > 100 for extras in mastodon)
    assert any(set(extras.boosted_by) == {"Lantern Street", "The Night Ferry"} for extras in mastodon)
    assert any(extras.edited_at is not None and extras.visibility == "unlisted" for extras in mastodon)
    assert any(extras.quote is not None and extras.quote.author == "Noor Haddad" for extras in bluesky)
    assert any(extras.boosted_by == ("Tide Watch",) for extras in bluesky)
    assert any(extras.sensitive and extras.labels == ("graphic-media",) for extras in bluesky)
    assert any((extras.score or 0) > 400 and (extras.comments_count or 0) > 100 for extras in of(rows, "hackernews"))
    assert any(extras.duration_seconds == 1126 and extras.views_count == 18240 for extras in of(rows, "youtube"))
    assert any(extras.score == -2 for extras in of(rows, "lemmy"))
    assert len(of(rows, "reddit")) == 3


def test_the_samples_speak_several_languages_and_carry_pictures_with_words(engine: Engine, rows: list[PostRow]) -> None:
    assert {"zh", "ar"} <= {row.language for row in rows}
    (lamp,) = [row for row in rows if "last lamp" in row.excerpt]
    (picture,) = engine.post(lamp.id).media
    assert picture.alt.startswith("A single gas lamp")


def test_a_second_look_brings_nothing_new(engine: Engine, rows: list[PostRow]) -> None:
    assert sum(event.new for event in engine.refresh(force=True) if isinstance(event, FeedRefreshed)) == 0


def test_nothing_but_this_machine_was_asked(engine: Engine, rows: list[PostRow]) -> None:
    hosts = {row.host.rpartition(":")[0] or row.host for row in engine.ledger(limit=1000)}
    assert hosts == {"127.0.0.1"}
