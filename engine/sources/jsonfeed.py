"""JSON Feed 1.0 and 1.1."""

from __future__ import annotations

import json
from typing import Any

from engine.errors import ParseError
from engine.sources.links import join
from engine.sources.raw import RawFeed, RawPost
from engine.sources.xmlfeed import html_from_text
from engine.sources.xmlmedia import MAX_MEDIA, make


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


def read_json(text: str, url: str) -> RawFeed | None:
    """Read a JSON Feed document fetched from `url`; None when the JSON is something else.

    Raises:
        ParseError: it is no JSON, or nested absurdly deep.
    """
    try:
        document = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        raise ParseError("The feed is damaged: it starts like JSON but is none.") from None
    if not isinstance(document, dict):
        return None
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
