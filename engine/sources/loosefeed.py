"""feedparser for what is too broken for an XML parser, made to say the same things in the same words."""

from __future__ import annotations

import logging
from io import BytesIO
from typing import Any

from engine.sources.links import join
from engine.sources.raw import RawFeed, RawPost
from engine.sources.xmlfeed import html_from_text
from engine.sources.xmlmedia import MAX_MEDIA, make
from engine.types import Media

logger = logging.getLogger(__name__)

MAX_LOOSE = 2_000_000  # bytes: it takes a second for each million
MAX_LOOSE_TAGS = 40_000  # and another for so many tags


def _value(holder: Any, *names: str) -> str:
    for name in names:
        value = holder.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return ""


def _html(detail: Any) -> str:
    value = (detail.get("value") or "").strip()
    return html_from_text(value) if detail.get("type") == "text/plain" else value


def _link(links: list[Any], rel: str) -> str:
    best = ""
    for link in links:
        if link.get("rel", "alternate") == rel and link.get("href"):
            if "html" in (link.get("type") or "html"):
                return str(link["href"]).strip()
            best = best or str(link["href"]).strip()
    return best


def _authors(holder: Any) -> list[str]:
    people = [_value(author, "name", "email") for author in holder.get("authors") or [] if author]
    return [name for name in people if name] or [name for name in [_value(holder, "author")] if name]


def _media(entry: Any, base: str) -> list[Media]:
    found: list[Media | None] = []
    duration = _value(entry, "itunes_duration")
    for link in entry.get("links") or []:
        if link.get("rel") == "enclosure":
            found.append(make(_value(link, "href", "url"), base, mime=_value(link, "type"), size=_value(link, "length"), duration=duration))
    for content in entry.get("media_content") or []:
        found.append(
            make(
                _value(content, "url"),
                base,
                mime=_value(content, "type"),
                medium=_value(content, "medium"),
                width=_value(content, "width"),
                height=_value(content, "height"),
                size=_value(content, "filesize"),
                duration=_value(content, "duration"),
            )
        )
    for thumbnail in entry.get("media_thumbnail") or []:
        found.append(make(_value(thumbnail, "url"), base, medium="image", width=_value(thumbnail, "width"), height=_value(thumbnail, "height")))
    image = entry.get("image")
    if image:
        found.append(make(_value(image, "href", "url"), base, medium="image"))
    kept = {media.url: media for media in reversed(found) if media is not None}
    return list(reversed(kept.values()))[:MAX_MEDIA]


def _post(entry: Any, kind: str, base: str) -> RawPost:
    links = entry.get("links") or []
    post = RawPost(guid=_value(entry, "id"), language="")
    url = _value(entry, "feedburner_origlink", "pheedo_origlink") or _link(links, "alternate")
    if not url and kind == "rss":
        url = _value(entry, "link")
    if not url and post.guid.startswith(("http://", "https://")) and (kind == "atom" or entry.get("guidislink")):
        url = post.guid
    post.url = join(base, url)
    post.title = _value(entry, "title")
    details = [detail for detail in [*(entry.get("content") or []), entry.get("summary_detail") or {}] if detail.get("value")]
    # Which element a part came from is lost; the whole post is longer than its summary.
    body = max(details, key=lambda detail: len(detail["value"]), default=None)
    if body is not None:
        post.body = _html(body) if kind == "atom" else (body.get("value") or "").strip()
        stated = body.get("base") or ""
        post.base = join(base, stated) if stated else ""
    post.authors = _authors(entry) or _authors(entry.get("source") or {})
    if kind == "rss":
        del post.authors[1:]  # the others are the same person as another element names them
    post.contributors = [_value(person, "name", "email") for person in entry.get("contributors") or []]
    post.published = _value(entry, "published", "created")
    post.updated = _value(entry, "updated") if "updated" in entry else ""  # else .get answers with `published`, and warns
    post.published = post.published or post.updated
    post.categories = [_value(tag, "label", "term") for tag in entry.get("tags") or []]
    post.comments = join(base, _value(entry, "comments") or _link(links, "replies"))
    feeds = [link for link in entry.get("links") or [] if link.get("rel") == "replies" and "+xml" in (link.get("type") or "")]
    post.replies = join(base, _value(entry, "wfw_commentrss") or (str(feeds[0].get("href") or "").strip() if feeds else ""))
    post.rights = _value(entry, "rights")
    source = entry.get("source")
    if source:
        post.source_title, post.source_url = _value(source, "title"), _value(source, "href", "link")
    post.media = _media(entry, base)
    return post


def _minutes(text: str) -> list[int]:
    return [int(text)] if text.isdecimal() and len(text) < 8 and int(text) > 0 else []


def fits(document: bytes) -> bool:
    """Whether feedparser can read all of it in bounded time."""
    return len(document) <= MAX_LOOSE and document.count(b"<") <= MAX_LOOSE_TAGS


def _bounded(document: bytes) -> bytes:
    document = document[:MAX_LOOSE]
    return document if fits(document) else b"<".join(document.split(b"<", MAX_LOOSE_TAGS)[:MAX_LOOSE_TAGS])


def read_loosely(document: bytes, url: str) -> RawFeed | None:
    """Read a damaged feed (UTF-8, no doctype) fetched from `url`; None when feedparser finds none in it.

    Only its first MAX_LOOSE bytes and MAX_LOOSE_TAGS tags are read. feedparser's own cleaning and resolving is off: `assemble` does both.
    """
    import feedparser  # half a second to import, and seldom needed

    headers = {"content-type": "application/xml; charset=utf-8"}  # no content-location: it would make guids "absolute"
    try:
        answer = feedparser.parse(
            BytesIO(_bounded(document)), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except Exception as error:  # noqa: BLE001  damaged input makes feedparser raise TypeError, AssertionError and more of its own
        logger.info("feedparser gave up: %s", type(error).__name__)
        return None
    version = answer.get("version") or ""
    entries = answer.get("entries") or []
    if not version and not entries:
        return None
    kind = "atom" if version.startswith("atom") else "rss"
    channel = answer.get("feed") or {}
    feed = RawFeed(kind=kind, title=_value(channel, "title"), language=_value(channel, "language"))
    feed.site_url = join(url, _link(channel.get("links") or [], "alternate") or _value(channel, "link"))
    feed.description = _value(channel, "subtitle", "description")
    image = channel.get("image") or {}
    feed.icon = join(url, _value(channel, "icon", "logo") or _value(image, "href", "url"))
    feed.ttl_minutes = _minutes(_value(channel, "ttl"))
    feed.authors = _authors(channel)
    feed.rights = _value(channel, "rights")
    feed.generator = _value(channel, "generator")
    feed.updated = _value(channel, "updated" if "updated" in channel else "published")
    feed.categories = [_value(tag, "label", "term") for tag in channel.get("tags") or []]
    base = feed.site_url if kind == "rss" and feed.site_url else url
    feed.posts = [_post(entry, kind, base) for entry in entries]
    return feed
