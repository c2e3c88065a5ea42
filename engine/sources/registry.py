"""The kinds of sources: what each asks for, and how it reads the answer. Free of I/O; `engine.http` fetches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from engine.errors import InputError
from engine.sources.feed import parse_feed
from engine.types import Parsed, Request, Subscription

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, text/html;q=0.5, */*;q=0.1"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """What is known of an answer besides its bytes. `url` is where it came from after redirects."""

    url: str
    now: datetime
    content_type: str = ""


class Source(Protocol):
    """One kind of source."""

    def first(self, subscription: Subscription, cursor: str) -> tuple[Request, ...]:
        """Return the requests that bring what is new since `cursor`."""
        ...

    def parse(self, body: bytes, meta: Meta) -> Parsed:
        """Return what one answer means. Raises ParseError."""
        ...


class FeedSource:
    """RSS, Atom and JSON Feed: one request, one document, no cursor."""

    def first(self, subscription: Subscription, cursor: str) -> tuple[Request, ...]:
        return (Request(url=subscription.url, accept=ACCEPT, purpose="feed"),)

    def parse(self, body: bytes, meta: Meta) -> Parsed:
        return parse_feed(body, url=meta.url, content_type=meta.content_type, now=meta.now)


SOURCES: Mapping[str, Source] = {"feed": FeedSource()}


def source(kind: str) -> Source:
    """Raises InputError when there is no such kind."""
    try:
        return SOURCES[kind]
    except KeyError:
        raise InputError(f"There is no kind of source called “{kind}”. There are: {', '.join(SOURCES)}.") from None
