"""The `parse` worker: untrusted bytes in, clean values out. Operations: feed, source, languages, opml, …"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from engine.sources.feed import parse_feed
from engine.types import Parsed, Subscription
from engine.workers.protocol import MAX_POSTS
from engine.workers.wire import from_wire, to_wire

Payload = dict[str, Any]
Cancelled = Callable[[], bool]
Replies = Iterator[dict[str, Any]]

REPLY_CHARACTERS = 100_000  # a reply is closed once its posts hold this much text; a frame holds 256 KB
MAX_LANGUAGE_CHARACTERS = 300


def start(config: Mapping[str, Any]) -> dict[str, Callable[[Payload, Cancelled], Replies]]:
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)  # posts make no cycles: looking for some after every 700 objects took a tenth of the time
    return {"feed": feed, "source": source, "languages": languages, "opml": opml, "discover": discover, "article": article, "comments": comments, "picture": picture, "library": library, "library_posts": library_posts, "reader": reader}


def feed(payload: Payload, cancelled: Cancelled) -> Replies:
    """Everything of the answer but its posts, then the posts, at most 50 in a reply."""
    now = datetime.fromtimestamp(payload["now"], UTC)
    parsed = parse_feed(payload["body"], url=payload["url"], content_type=payload["content_type"], now=now)
    yield from _parsed(parsed)


def source(payload: Payload, cancelled: Cancelled) -> Replies:
    """The same of any kind of source."""
    from engine.sources import registry
    from engine.sources.source import Meta

    known = {name: payload[name] for name in ("url", "content_type", "status", "step", "link", "cursor")}
    now = datetime.fromtimestamp(payload["now"], UTC)
    meta = Meta(now=now, subscription=from_wire(Subscription, payload["subscription"]), **known)
    yield from _parsed(registry.source(payload["kind"]).parse(payload["body"], meta))


def comments(payload: Payload, cancelled: Cancelled) -> Replies:
    """The comments below a post."""
    from engine.sources import registry
    from engine.sources.source import Meta

    meta = Meta(url=payload["url"], now=datetime.fromtimestamp(payload["now"], UTC), step=payload["step"])
    gathered = registry.source(payload["kind"]).comments(payload["body"], meta)
    yield {"left_out": gathered.left_out}
    for some in _replies(gathered.found, lambda comment: len(comment.text)):
        yield {"comments": [to_wire(comment) for comment in some]}


def _parsed(parsed: Parsed) -> Replies:
    yield {
        "info": to_wire(parsed.info),
        "cursor": parsed.cursor,
        "follow_ups": [to_wire(request) for request in parsed.follow_ups],
        "warnings": list(parsed.warnings),
        "address": parsed.address,
    }
    for posts in _replies(parsed.posts, lambda post: len(post.body_html) + len(post.text) + len(post.title)):
        yield {"posts": [to_wire(post) for post in posts]}


def languages(payload: Payload, cancelled: Cancelled) -> Replies:
    from engine.sources.language import detect  # its model takes most of a second to load

    for texts in _replies(payload["texts"], lambda text: 0):
        yield {"languages": detect([text[:MAX_LANGUAGE_CHARACTERS] for text in texts])}


def opml(payload: Payload, cancelled: Cancelled) -> Replies:
    from engine.sources.opml import read_opml

    found = read_opml(payload["body"])
    for some in _replies(found, lambda item: len(item.url) + len(item.title) + len(item.site_url) + len(item.folder)):
        yield {"subscriptions": [to_wire(subscription) for subscription in some]}


def reader(payload: Payload, cancelled: Cancelled) -> Replies:
    """An answer of a Google Reader server that is no post: ids and where they go on, states of items, or feeds."""
    from engine.sources.kinds import greader

    body, what = payload["body"], payload["what"]
    if what == "ids":
        ids, more = greader.read_ids(body)
        yield {"more": more}
        for some in _replies(ids, len):
            yield {"ids": list(some)}
        return
    for items in _replies(greader.read_items(body) if what == "items" else greader.read_subscriptions(body), lambda item: 1000):
        yield {"found": [to_wire(item) for item in items]}


def discover(payload: Payload, cancelled: Cancelled) -> Replies:
    from engine.sources.discovery import candidates

    yield {"candidates": list(candidates(payload["body"], payload["url"], payload["content_type"]))}


def article(payload: Payload, cancelled: Cancelled) -> Replies:
    from engine.sources.article import extract_article  # trafilatura takes half a second to load

    yield {"article": to_wire(extract_article(payload["body"], payload["url"], payload["content_type"], with_html=payload["with_html"]))}


def picture(payload: Payload, cancelled: Cancelled) -> Replies:
    from engine.sources.picture import read_picture

    yield {"picture": to_wire(read_picture(payload["body"], payload["url"]))}


def library(payload: Payload, cancelled: Cancelled) -> Replies:
    """What another reader's database holds, then its feeds."""
    from engine.interop import readers

    about, feeds = readers.library(payload["path"], payload["copy"], payload["companions"])
    yield {"library": to_wire(about)}
    for some in _replies(feeds, lambda item: len(item.url) + len(item.title) + len(item.site_url) + len(item.folder)):
        yield {"feeds": [to_wire(feed) for feed in some]}


def library_posts(payload: Payload, cancelled: Cancelled) -> Replies:
    """A page of another reader's articles, and where to go on."""
    from engine.interop import readers

    now = datetime.fromtimestamp(payload["now"], UTC)
    found, after = readers.posts(payload["path"], payload["copy"], payload["companions"], payload["after"], now)
    yield {"after": after}
    for some in _replies(found, lambda item: len(item.post.body_html) + len(item.post.text) + len(item.post.title)):
        yield {"posts": [to_wire(item) for item in some]}


def _replies(items: Iterable[Any], characters: Callable[[Any], int]) -> Iterator[list[Any]]:
    """Cut a sequence into parts that each fit one reply."""
    part: list[Any] = []
    size = 0
    for item in items:
        length = characters(item)
        if part and (len(part) == MAX_POSTS or size + length > REPLY_CHARACTERS):
            yield part
            part, size = [], 0
        part.append(item)
        size += length
    if part:
        yield part
