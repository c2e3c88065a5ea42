"""RSS, Atom and JSON Feed: one request, one document, no cursor."""

from __future__ import annotations

from engine.sources.source import Meta, Source
from engine.types import Parsed, Request, Subscription, Target

ACCEPT = "application/atom+xml,application/rss+xml,application/feed+json,application/xml;q=0.9,*/*;q=0.5"


class Feed(Source):
    kind = "feed"
    label = "Feed"
    polled = False

    def recognise(self, address: str) -> Target | None:
        """Never: what no other kind knows is a feed."""
        return None

    def first(self, subscription: Subscription, cursor: str) -> tuple[Request, ...]:
        return (Request(url=subscription.url, accept=ACCEPT, conditional=True),)

    def parse(self, body: bytes, meta: Meta) -> Parsed:
        from engine.sources.feed import parse_feed

        return parse_feed(body, url=meta.url, content_type=meta.content_type, now=meta.now)
