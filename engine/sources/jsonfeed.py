"""JSON Feed 1.0 and 1.1, and RSS 2.0 written as JSON."""

from __future__ import annotations

import json
import re
from typing import Any

from engine.errors import ParseError
from engine.sources.links import join
from engine.sources.raw import RawFeed, RawPost
from engine.sources.xmlfeed import html_from_text
from engine.sources.xmlmedia import MAX_MEDIA, make

_ITEMS = re.compile(r'"items"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")


def _text(value: object) -> str:
    """A string, or a number where a careless writer used one; anything else is nothing."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _authors(holder: dict[str, Any]) -> list[str]:
    people = [_object(author) for author in _list(holder.get("authors"))] or [_object(holder.get("author"))]
    names = [_text(person.get("name")) or _text(person.get("url")) for person in people]
    if not any(names) and isinstance(holder.get("author"), str):
        names = [_text(holder["author"])]
    return [name for name in names if name]


def _post(item: dict[str, Any], base: str) -> RawPost:
    url = _text(item.get("url")) or _text(item.get("external_url"))
    guid = _text(item.get("id"))
    post = RawPost(
        guid=guid,
        url=join(base, url) if url else guid if guid.startswith(("http://", "https://")) else "",
        title=_text(item.get("title")),
        authors=_authors(item),
        published=_text(item.get("date_published")),
        updated=_text(item.get("date_modified")),
        categories=[_text(tag) for tag in _list(item.get("tags"))],
        language=_text(item.get("language")),
    )
    post.body = (
        _text(item.get("content_html")) or html_from_text(_text(item.get("content_text"))) or html_from_text(_text(item.get("summary")))
    )
    media = [make(_text(item.get(name)), base, medium="image") for name in ("image", "banner_image")]
    for attachment in map(_object, _list(item.get("attachments"))[:MAX_MEDIA]):
        media.append(
            make(
                _text(attachment.get("url")),
                base,
                mime=_text(attachment.get("mime_type")),
                alt=_text(attachment.get("title")),
                size=_text(attachment.get("size_in_bytes")),
                duration=_text(attachment.get("duration_in_seconds")),
            )
        )
    post.media = [item for item in media if item is not None]
    return post


def _looks_like_feed(document: dict[str, Any], version: str) -> bool:
    """Whether JSON that does not name its format has a feed's shape."""
    items = _list(document.get("items"))
    if not items:
        return "title" in document and ("home_page_url" in document or "feed_url" in document)
    named = bool(version) or "title" in document or "home_page_url" in document
    return named and any(name in _object(items[0]) for name in ("id", "content_html", "content_text", "date_published"))


def _rss_post(item: dict[str, Any], base: str) -> RawPost:
    guid = item.get("guid")
    stated = _text(_object(guid).get("#value") or _object(guid).get("#text")) if isinstance(guid, dict) else _text(guid)
    link = _text(item.get("link")) or (stated if stated.startswith(("http://", "https://")) else "")
    enclosure = _object(item.get("enclosure"))
    media = make(_text(enclosure.get("url")), base, mime=_text(enclosure.get("type")), size=_text(enclosure.get("length")))
    return RawPost(
        guid=stated,
        url=join(base, link),
        title=_text(item.get("title")),
        authors=[_text(item.get("author"))],
        body=_text(item.get("description")),
        published=_text(item.get("pubDate")),
        comments=join(base, _text(item.get("comments"))),
        media=[media] if media else [],
    )


def _read_rss(channel: dict[str, Any], url: str) -> RawFeed:
    """RSS 2.0 written as JSON: the same names, with a lone item in place of a list of one."""
    site = join(url, _text(channel.get("link")))
    feed = RawFeed(kind="json", title=_text(channel.get("title")), site_url=site, language=_text(channel.get("language")))
    feed.description, feed.rights = _text(channel.get("description")), _text(channel.get("copyright"))
    feed.generator, feed.updated = _text(channel.get("generator")), _text(channel.get("lastBuildDate"))
    feed.icon = join(url, _text(_object(channel.get("image")).get("url")))
    items = _list(channel.get("item")) or [channel.get("item")]
    feed.posts = [_rss_post(item, site or url) for item in items if isinstance(item, dict)]
    return feed


def _salvaged(text: str) -> dict[str, Any] | None:
    """What comes before the damage in a cut-off document: its head and its whole items; None when no item is whole. Linear."""
    found = _ITEMS.search(text)
    if found is None:
        return None
    decoder = json.JSONDecoder(strict=False)
    items: list[Any] = []
    position = found.end()
    while True:
        position = _BETWEEN.match(text, position).end()  # type: ignore[union-attr]  # it matches nothing, too
        try:
            item, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            break
        items.append(item)
    if not items:
        return None
    try:
        head = _object(json.loads(text[: found.end()] + "]}", strict=False))
    except (ValueError, RecursionError):
        head = {}
    return {"version": "jsonfeed"} | head | {"items": items}


def read_json(text: str, url: str) -> RawFeed | None:
    """Read a JSON Feed or an RSS feed written as JSON, fetched from `url`; None when the JSON is something else.

    Raises:
        ParseError: it is no JSON, nested absurdly deep, or cut off before its first item ends.
    """
    damaged = False
    try:
        document = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        document, damaged = _salvaged(text), True
        if document is None:
            raise ParseError("The feed is damaged: it starts like JSON but is none.") from None
    if not isinstance(document, dict):
        return None
    channel = _object(_object(document.get("rss")).get("channel"))
    feed = _read_rss(channel, url) if channel else _read_feed(document, url)
    if feed is not None and damaged:
        feed.warnings.append("The feed is damaged; what could be read of it was taken.")
    return feed


def _read_feed(document: dict[str, Any], url: str) -> RawFeed | None:
    items = document.get("items")
    version = _text(document.get("version"))
    if not isinstance(items, list) and "jsonfeed" not in version:
        return None
    if "jsonfeed" not in version and not _looks_like_feed(document, version):
        return None
    feed = RawFeed(
        kind="json",
        title=_text(document.get("title")),
        site_url=join(url, _text(document.get("home_page_url"))),
        description=_text(document.get("description")),
        icon=join(url, _text(document.get("icon")) or _text(document.get("favicon"))),
        language=_text(document.get("language")),
        authors=_authors(document),
        next_url=_text(document.get("next_url")),
    )
    feed.posts = [_post(item, url) for item in _list(items) if isinstance(item, dict)]
    strange = len(_list(items)) - len(feed.posts)
    if strange:
        feed.warnings.append(f"{strange} entries were no posts and were left out.")
    return feed
