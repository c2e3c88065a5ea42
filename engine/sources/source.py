"""What a kind of source is: the one protocol behind which every network stands. Free of I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from engine.types import Parsed, Request, Subscription, Target

if TYPE_CHECKING:
    from engine.sources.comments import Comments

SLOW_SECONDS = 10.0  # a pace from here on is kept across runs, and what has no turn yet is put off
MAX_CURSOR = 16_000  # characters
MAX_STEP = 4_000
MAX_LINK = 8_000
FEEDS = "application/atom+xml,application/rss+xml,application/feed+json,application/xml;q=0.9,*/*;q=0.5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """What is known of an answer besides its bytes.

    `url` is where it came from after redirects, `status` 200 or one of the request's `statuses`, `step` the request's.
    `subscription` and `cursor` are those that the request was made for; `link` is the header of that name.
    """

    url: str
    now: datetime
    content_type: str = ""
    status: int = 200
    step: str = ""
    link: str = ""
    cursor: str = ""
    subscription: Subscription = field(default_factory=lambda: Subscription(url=""))


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadOf:
    """A post whose comments are wanted."""

    url: str
    guid: str
    comments_url: str
    subscription: Subscription
    replies_url: str = ""  # of a feed that holds the comments


class Source(Protocol):
    """One kind of source. Everything but `parse` runs in the engine's own process, on what a person typed.

    `parse` runs in the `parse` worker and sees what strangers wrote; what it needs for that (lxml, nh3) it imports itself,
    so that the engine's process never loads it. Its follow-ups go to the hosts of the first requests and to `hosts` only.
    """

    kind: str  # its name in the store and on the command line, never changed
    label: str  # the network's own name
    actions: frozenset[str] = frozenset()  # of "favourite", "boost", "reply", "bookmark", "follow"
    options: tuple[str, ...] = ()  # switches that a subscription may turn on
    follow_ups: int = 0  # requests that one refresh makes at most beside the first ones
    connections: int = 1  # to a host at once
    hosts: frozenset[str] = frozenset()  # to which follow-ups may go besides; "*" is any
    patient: bool = False  # a 404 never means that it is gone for good
    polled: bool = True  # its service knows readers: the person's interval holds even without validators

    def recognise(self, address: str) -> Target | None:
        """Return what an address (with or without a scheme, or a handle) stands for; None when it is not of this kind."""
        ...

    def first(self, subscription: Subscription, cursor: str) -> tuple[Request, ...]:
        """Return the requests that bring what is new since `cursor` ("" the first time).

        `subscription.url` is a target's, but may lie on any host: tests and servers of one's own serve the same paths.

        Raises:
            InputError: the address is none of this kind after all.
        """
        ...

    def parse(self, body: bytes, meta: Meta) -> Parsed:
        """Return what one answer means. Raises ParseError, NotAFeedError."""
        ...

    def thread(self, about: ThreadOf) -> Request | None:
        """Return the request that brings the comments below a post; None when they cannot be read.

        Posts of any feed may name one that holds their comments (wfw:commentRss, or RFC 4685's replies).
        """
        return Request(url=about.replies_url, accept=FEEDS, purpose="thread") if about.replies_url else None

    def comments(self, body: bytes, meta: Meta) -> Comments:
        """Return what the answer to `thread` holds, a feed unless a kind knows better; in the `parse` worker. Raises ParseError."""
        from engine.sources.comments import comments_of_feed

        return comments_of_feed(body, meta.url)

    def refusal(self, status: int) -> str:
        """Say in plain words what a status means here; "" when there is nothing to add to what it means everywhere."""
        return ""


def origin(url: str) -> str:
    """Return scheme, host and port of an address."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0].partition('?')[0].rpartition('@')[2]}"


@dataclass(frozen=True, slots=True)
class Address:
    """An address cut into what kinds look at."""

    scheme: str
    host: str  # lower-case, without "www." and "m."
    path: tuple[str, ...]  # its parts, decoded, empty ones left out
    query: Mapping[str, str]  # the last of each name
    fragment: str = ""


def read_address(text: str) -> Address | None:
    """Cut what a person typed; None when it is no web address, or names a user or a port as no known site does."""
    from urllib.parse import parse_qsl, unquote, urlsplit

    text = text.strip()
    if "://" not in text:
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").lower().rstrip(".")
        plain = parts.port in (None, 80, 443) and "@" not in parts.netloc
    except ValueError:
        return None
    if parts.scheme.lower() not in {"http", "https"} or not plain or "." not in host or any(c.isspace() for c in parts.netloc):
        return None
    return Address(
        scheme=parts.scheme.lower(),
        host=host.removeprefix("www.").removeprefix("m."),
        path=tuple(unquote(part) for part in parts.path.split("/") if part),
        query=dict(parse_qsl(parts.query)),
        fragment=parts.fragment,
    )
