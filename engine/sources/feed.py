"""A feed's bytes in, posts out: strict parser first, feedparser for the broken rest, never an exception that is a bug."""

from __future__ import annotations

import logging
import re
import zlib
from datetime import datetime
from typing import Any

from lxml import etree

from engine.errors import NotAFeedError, ParseError
from engine.sources.assemble import assemble
from engine.sources.decode import decode, mend, well_chosen, without_prologue
from engine.sources.discovery import candidates
from engine.sources.jsonfeed import read_json
from engine.sources.loosefeed import MAX_LOOSE, fits, read_loosely
from engine.sources.raw import RawFeed
from engine.sources.xmlfeed import read_tree
from engine.sources.xmlnames import local_of
from engine.types import Parsed

logger = logging.getLogger(__name__)

MAX_BYTES = 32 * 2**20  # `engine.http` stops at half of it; a file or an undeclared gzip may not

_SAFE: dict[str, Any] = {
    "resolve_entities": False, "no_network": True, "load_dtd": False, "dtd_validation": False, "attribute_defaults": False,
    "huge_tree": False, "remove_comments": True, "remove_pis": True, "strip_cdata": True, "encoding": "utf-8",
}  # fmt: skip
_HARMLESS = frozenset({"NS_ERR_UNDEFINED_NAMESPACE", "WAR_NS_URI", "WAR_NS_URI_RELATIVE", "NS_ERR_XML_NAMESPACE", "NS_ERR_EMPTY"})
_FIRST_TAG = re.compile(r"<([A-Za-z_][\w.:-]*)")
_FEED_TAG = re.compile(r"<(?:[\w-]+:)?(?:rss|rdf|feed|channel|entry)[\s>]", re.I)
_WRAPPED = re.compile(r"<(feed|rss|rdf:RDF)\s[^<>]*(?:xmlns|version)[^<>]*>")
_TAG = re.compile(r"<(/?)([A-Za-z_][^\s<>/]*)(?:[^<>]*(?<=/)(>))?")
_NEVER_CLOSED = frozenset(["br", "hr", "img", "input", "meta", "link", "p", "li", "td", "tr", "th", "dt", "dd", "option", "source", "wbr"])
MAX_DEPTH = 1_000  # of a damaged feed; one that is well formed is read to a depth of 256
_FEED_ROOTS = frozenset({"rss", "rdf", "feed", "channel", "entry"})
_LIST_ROOTS = frozenset({"opml"})


def _tree(document: bytes) -> Any:
    """The root of well-formed XML, or None."""
    try:
        return etree.fromstring(document, etree.XMLParser(**_SAFE))
    except etree.XMLSyntaxError:
        return None


def _recovered(document: bytes) -> tuple[Any, bool]:
    """The root of what can be read of damaged XML (None when nothing can), and whether nothing but namespaces is wrong in it."""
    parser = etree.XMLParser(recover=True, **_SAFE)
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError:
        return None, False
    return root, all(entry.type_name in _HARMLESS for entry in parser.error_log)


def strictly(text: str, url: str) -> RawFeed | None:
    """Read a feed that is XML, or becomes XML when its entities are made good; None when it is not, or no feed."""
    document = text.encode("utf-8", "replace")
    root = _tree(document)
    if root is None:
        root, only_namespaces = _recovered(mend(text).encode("utf-8", "replace"))
        if not only_namespaces:
            return None
    return read_tree(root, url) if root is not None else None


def _too_deep(text: str) -> bool:
    """Whether tags stand in more than MAX_DEPTH others; those that careless writers never close do not count. Linear."""
    depth = position = 0
    while position < len(text):
        start = text.find("<![CDATA[", position)
        start = len(text) if start < 0 else start
        for closing, name, closed in _TAG.findall(text, position, start):
            if closing:
                depth = max(depth - 1, 0)
            elif not closed and name.lower() not in _NEVER_CLOSED:
                depth += 1
                if depth > MAX_DEPTH:
                    return True
        end = text.find("]]>", start)
        position = end + 3 if end >= 0 else len(text)
    return False


def loosely(text: str, url: str) -> RawFeed | None:
    """Read a damaged feed by feedparser and by XML recovery, and take what says more; None when it says nothing.

    A feed that is too large for feedparser is left to recovery.

    Raises:
        ParseError: it is nested without end.
    """
    if _too_deep(text[:MAX_LOOSE]):
        raise ParseError("The feed is nested more deeply than any feed is.")
    mended = mend(text).encode("utf-8", "replace")
    root, _ = _recovered(mended)
    readings = [read_tree(root, url) if root is not None else None]
    if fits(mended) or readings[0] is None:
        readings.insert(0, read_loosely(mended, url))
    best = max((reading for reading in readings if reading is not None), key=_says, default=None)
    if best is not None and _says(best) == (0, 0):
        return None
    if best is not None:
        best.warnings.append("The feed is damaged; what could be read of it was taken.")
    return best


def _says(feed: RawFeed) -> tuple[int, int]:
    """How much a reading holds: posts first, then the fields that are filled."""
    filled = sum(map(bool, (feed.title, feed.site_url, feed.description, feed.icon, feed.language, feed.authors, feed.rights, feed.updated)))
    for post in feed.posts:
        filled += sum(map(bool, (post.guid, post.url, post.title, post.body, post.authors, post.published, post.media, post.source_title)))
    return len(feed.posts), filled


def _looks_like_page(text: str) -> bool:
    if text.startswith(("{", "[")):
        return False
    start = text[:2000].lower()
    found = _FIRST_TAG.search(start)
    return bool(found and found[1] in ("html", "head", "body", "title", "meta", "div", "p", "a")) or "<html" in start


def _no_feed(body: bytes, text: str, url: str) -> NotAFeedError | ParseError:
    """Why this is no feed, in words that lead on."""
    if not text.strip():
        return ParseError("The address answers with nothing at all.")
    found = _FIRST_TAG.search(text[:5000])
    if found and local_of(found[1]) in _LIST_ROOTS:
        return NotAFeedError("This is a list of feeds (OPML), not a feed. Import it instead.")
    if _looks_like_page(text):
        named = candidates(body, url)
        if named:
            return NotAFeedError("This is a web page, not a feed. It names feeds of its own.", named)
        return NotAFeedError("This is a web page, not a feed, and it names no feed.")
    return NotAFeedError("This is not a feed.")


def _read(text: str, url: str) -> RawFeed | None:
    """The feed in an answer's text by whichever parser can read it; None when it holds none."""
    if text.startswith(("{", "[")):
        return read_json(text, url) if text[0] == "{" else None
    body, declares_entities = without_prologue(text)
    body = well_chosen(body)
    first = _FIRST_TAG.search(body)
    if first is None:
        return None
    if local_of(first[1]) == "html":
        body = _unwrapped(body)
        first = _FIRST_TAG.search(body) or first
    feed = strictly(body, url) if local_of(first[1]) in _FEED_ROOTS else None
    if feed is None and _FEED_TAG.search(body[:100_000]) and local_of(first[1]) != "html":
        feed = loosely(body[_start(body) :], url)
    if feed is not None and declares_entities:
        feed.warnings.append("The feed declares entities of its own; they were ignored.")
    return feed


def _start(text: str) -> int:
    """Where the feed starts: some servers print messages before it."""
    found = _FEED_TAG.search(text)
    return found.start() if found else 0


def _unwrapped(text: str) -> str:
    """The feed that some programs put into the body of a page; `text` itself when there is none near its start."""
    found = _WRAPPED.search(text, 0, 10_000)
    if found is None:
        return text
    closing = f"</{found[1]}>"
    end = text.rfind(closing)
    return text[found.start() : end + len(closing) if end > 0 else len(text)]


def _decompressed(body: bytes) -> bytes:
    """A gzip body that its server did not declare; never more than MAX_BYTES of it are unpacked.

    Raises:
        ParseError: it unpacks to more, or is no gzip after all.
    """
    unpacking = zlib.decompressobj(31)
    try:
        unpacked = unpacking.decompress(body, MAX_BYTES)
    except zlib.error:
        raise ParseError("The feed is compressed and damaged.") from None
    if unpacking.unconsumed_tail:
        raise ParseError(f"The feed unpacks to more than {MAX_BYTES // 2**20} MB.")
    return unpacked


def read_feed(body: bytes, *, url: str, content_type: str = "") -> RawFeed:
    """Return what the bytes of one answer say, before anything is cleaned: RSS 0.9x to 2.0, Atom 0.3, 1.0, JSON Feed 1.0, 1.1.

    Args:
        body: as it came, decompressed.
        url: where it came from, for relative links.
        content_type: the HTTP header; only its charset is believed, and not blindly.
    Raises:
        NotAFeedError: something else; `candidates` are the feeds that a web page names.
        ParseError: nothing, damaged beyond reading, or too large.
    """
    if len(body) > MAX_BYTES:
        raise ParseError(f"The feed is larger than {MAX_BYTES // 2**20} MB.")
    if body.startswith(b"\x1f\x8b"):
        body = _decompressed(body)
    text, warning = decode(body, content_type)
    text = text.lstrip("\ufeff \t\r\n\0")
    feed = _read(text, url)
    if feed is None:
        raise _no_feed(body, text, url)
    if warning:
        feed.warnings.append(warning)
    return feed


def parse_feed(body: bytes, *, url: str, content_type: str = "", now: datetime) -> Parsed:
    """Return the same, cleaned and bounded; dates too far ahead of `now` are left out. Raises as `read_feed` does."""
    feed = read_feed(body, url=url, content_type=content_type)
    parsed = assemble(feed, url=url, now=now)
    logger.debug("parsed kind=%s posts=%d bytes=%d warnings=%d", feed.kind, len(parsed.posts), len(body), len(parsed.warnings))
    return parsed
