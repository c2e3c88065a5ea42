"""Posts and stores for the tests of the store."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from engine.store import Answer, Store
from engine.types import Changes, FeedInfo, FetchedPost, FetchState

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
KEY = bytes(range(32))


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **units: float) -> None:
        self.now += timedelta(**units)


def post(number: int = 1, **fields: Any) -> FetchedPost:
    """A post whose fields follow from its number, and whose hash follows from its fields."""
    url = fields.pop("url", f"https://example.org/posts/{number}")
    made: dict[str, Any] = {
        "guid": f"guid-{number}",
        "url": url,
        "canonical_url": url,
        "title": f"Title {number}",
        "author": "Ada",
        "body_html": f"<p>The body of post {number}.</p>",
        "text": f"The body of post {number}.",
        "published_at": NOW - timedelta(hours=number),
        "language": "en",
        "sketch": number.to_bytes(2, "little") * 3,
        "word_count": 440,
        **fields,
    }
    parts = (made["title"], made["author"], made["body_html"], made["text"], made["url"], made.get("media", ()))
    made.setdefault("content_hash", hashlib.sha256(repr(parts).encode("utf-8", "replace")).digest())
    return FetchedPost(**made)


def opened(folder: Path, clock: Clock | None = None, key: bytes | None = KEY) -> Store:
    return Store.open(folder / "profile", key=key, clock=clock or Clock())


def follow(store: Store, name: str = "one", **fields: Any) -> int:
    feed_id, _ = store.add_feed(f"https://example.org/{name}.xml", **fields)
    return feed_id


def take(store: Store, feed_id: int, posts: Sequence[FetchedPost], title: str = "Example") -> Changes:
    """Ingest one answer as a refresh does."""
    (state,) = store.fetch_states([feed_id]) or [FetchState(feed_id=feed_id, url="https://example.org/gone.xml")]
    (changes,) = store.ingest([Answer(feed_id=feed_id, info=FeedInfo(title=title), posts=posts, state=state)])
    return changes
