"""Made-up posts that have what only some networks know, one of each, for the pictures of their cards."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from engine import Engine, Extras, PlainPost, Poll, Quote
from engine.core import fetched_from_plain
from engine.store import Answer
from engine.types import FeedInfo, FetchState

FEED = "Pond people"
_NOW = datetime.now(UTC)
_LOST = "The ferry company lost its timetable and asks whether anybody has kept one. A season ticket is offered to whoever finds a paper copy."
POSTS: tuple[tuple[str, str, Extras], ...] = (
    (
        "", "The heron stood for two hours on the weir this morning, and then it was gone. Nobody saw it fly.",
        Extras(source_kind="mastodon", boosted_by=("Ada Lindqvist", "Bo", "Cy"), score=42, comments_count=7, edited_at=_NOW),
    ),
    ("", "The murderer is the gardener.", Extras(source_kind="mastodon", content_warning="Spoilers for the last episode of The Pond", comments_count=3)),
    (
        "", "Which birds shall we count on Saturday? Votes are welcome until noon.",
        Extras(
            source_kind="mastodon",
            poll=Poll(options=("Ducks", "Geese", "Herons and other long-legged birds"), votes=(30, 10, 62), ends_at=_NOW + timedelta(days=1)),
        ),
    ),
    (
        "", "This is exactly what happened to our ferry in 1998.",
        Extras(source_kind="bluesky", quote=Quote(author="Mira Holm", text=_LOST, url="https://pond.example/1"), reply_to_url="https://pond.example/0"),
    ),
    ("How to true a wheel without a stand", "", Extras(source_kind="youtube", duration_seconds=754, views_count=15_300)),
    ("Ask: what do you read on a train?", "A long discussion.", Extras(source_kind="hackernews", score=342, comments_count=187, labels=("ask",))),
    (
        "القارب الجديد يصل إلى الميناء", "وصل القارب الجديد صباح اليوم، وكان الجميع في انتظاره.",
        Extras(source_kind="lemmy", score=-3, comments_count=12, boosted_by=("ليلى",), quote=Quote(author="ليلى", text="لم أر قارباً بهذا الحجم من قبل")),
    ),
    ("新渡轮到了", "今天早上新渡轮到港，大家都在等它。", Extras(source_kind="lemmy", sensitive=True, visibility="followers", labels=("问题", "已回答"))),
)  # fmt: skip


def plant(engine: Engine) -> int:
    """Store the posts under a feed of their own; return its id."""
    (feed_id,) = engine.add_posts(FEED, [PlainPost(title="Hello", text="Hello.", guid="0", published_at=_NOW - timedelta(days=9))]).feeds
    made = [
        replace(
            fetched_from_plain(PlainPost(title=title, text=text, guid=str(at), author="Mira Holm", published_at=_NOW - timedelta(hours=at))),
            extras=extras,
        )
        for at, (title, text, extras) in enumerate(POSTS, 1)
    ]
    url = next(feed.url for feed in engine.feeds() if feed.id == feed_id)
    answer = Answer(feed_id=feed_id, info=FeedInfo(title=FEED), posts=made, state=FetchState(feed_id=feed_id, url=url))
    engine._store.ingest([answer])
    return feed_id
