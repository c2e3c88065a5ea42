"""The feeds that a web page names, and where feeds usually are when it names none."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlsplit

from engine.sources.decode import decode
from engine.sources.links import absolute, is_web, join

MAX_CANDIDATES = 20
LOOKED_AT = 2_000_000  # characters

_TYPES = (
    "application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml", "application/xml", "text/xml",
    "application/json", "application/x-rss+xml", "application/rss", "application/atom",
)  # fmt: skip
_SURE = _TYPES[:4] + _TYPES[7:]
_TAG = re.compile(r"<(link|a|base)\s([^<>]{1,4000})>", re.I)
_ATTRIBUTE = re.compile(r"([a-zA-Z:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_FEEDLIKE = re.compile(r"(?:^|[/._?=&-])(?:rss2?|atom|feeds?|index\.xml|rdf)(?:$|[/._?=&-])|\.(?:rss|atom|rdf)(?:$|\?)|/feed\.json$", re.I)
_COMMENTS = re.compile(r"comments?(?:/|$|[-_ ])", re.I)
_USUAL = ("/feed", "/rss", "/atom.xml", "/rss.xml", "/feed.xml", "/index.xml", "/feed.json", "/feed/", "/?feed=rss2", "/blog/feed")


def _attributes(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(text):
        found.setdefault(name.lower(), unescape(double or single or bare).strip())
    return found


def candidates(html: bytes, url: str, content_type: str = "") -> tuple[str, ...]:
    """Return the addresses of the feeds that a page names, likeliest first.

    First `link rel="alternate"` of a feed's type, comment feeds last; then links whose address looks like a feed's. Linear in
    the page's length; at most MAX_CANDIDATES.
    """
    text = decode(html[: 4 * LOOKED_AT], content_type)[0][:LOOKED_AT]
    base = url
    declared: list[str] = []
    comments: list[str] = []
    linked: list[str] = []
    for tag, inside in _TAG.findall(text):
        attributes = _attributes(inside)
        href = attributes.get("href", "")
        if not href:
            continue
        kind = tag.lower()
        if kind == "base":
            base = join(url, href) if is_web(join(url, href)) else base
            continue
        if href.lower().startswith("feed:"):
            href = href[5:] if is_web(href[5:]) else "http:" + href[5:]
        address = absolute(href, base)
        if not address:
            continue
        if kind == "a":
            if _FEEDLIKE.search(_path(address)):
                linked.append(address)
            continue
        relations = attributes.get("rel", "").lower().split()
        declared_type = attributes.get("type", "").lower().partition(";")[0].strip()
        sure = declared_type in _SURE and ("alternate" in relations or "feed" in relations)
        if sure or "feed" in relations or (declared_type in _TYPES and "alternate" in relations and _FEEDLIKE.search(address)):
            (comments if _COMMENTS.search(attributes.get("title", "") + "/" + address) else declared).append(address)
    own = _host(url)
    linked.sort(key=lambda address: _host(address) != own)
    return tuple(address for address in dict.fromkeys([*declared, *comments, *linked]) if address != url)[:MAX_CANDIDATES]


def _host(url: str) -> str:
    """The host and port of an address; "" when it is malformed."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""


def _path(url: str) -> str:
    """Path and query of an address; "" when it is malformed."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return parts.path + ("?" + parts.query if parts.query else "")


def guesses(url: str) -> tuple[str, ...]:
    """Return the addresses where the site of `url` may keep its feed, likeliest first; () when it is no web address."""
    if not is_web(url):
        return ()
    try:
        parts = urlsplit(url)
    except ValueError:
        return ()
    root = f"{parts.scheme}://{parts.netloc}"
    beside = [] if parts.path in ("", "/") else [root + parts.path.rstrip("/") + ending for ending in ("/feed", "/rss.xml", "/atom.xml")]
    return tuple(dict.fromkeys([*beside, *(root + ending for ending in _USUAL)]))
