"""Feeds of the sample internet in the three formats that the web has."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape


def _dated(feed: dict[str, Any], now: datetime) -> Iterator[tuple[dict[str, Any], datetime]]:
    for post in feed["posts"]:
        yield post, (now - timedelta(hours=post["hours"])).replace(microsecond=0)


def _link(feed: dict[str, Any], number: int) -> str:
    return f"http://{feed['path'].split('/')[1]}.example/posts/{number}"


def _body(post: dict[str, Any]) -> str:
    return f"<p>{html.escape(post['body'])}</p>"


def _rss(feed: dict[str, Any], now: datetime) -> tuple[str, bytes]:
    items = "".join(
        f"<item><title>{escape(post['title'])}</title><link>{_link(feed, number)}</link>"
        f"<guid>{_link(feed, number)}</guid><pubDate>{format_datetime(at)}</pubDate>"
        f"<dc:creator>{escape(post['author'])}</dc:creator><description>{escape(_body(post))}</description></item>"
        for number, (post, at) in enumerate(_dated(feed, now))
    )
    page = (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>{escape(feed['title'])}</title><link>{_link(feed, 0)}</link><description/>{items}</channel></rss>"
    )
    return "application/rss+xml", page.encode()


def _atom(feed: dict[str, Any], now: datetime) -> tuple[str, bytes]:
    entries = "".join(
        f"<entry><id>{_link(feed, number)}</id><title>{escape(post['title'])}</title>"
        f'<link href="{_link(feed, number)}"/><updated>{at.isoformat()}</updated><published>{at.isoformat()}</published>'
        f"<author><name>{escape(post['author'])}</name></author>"
        f'<content type="html">{escape(_body(post))}</content></entry>'
        for number, (post, at) in enumerate(_dated(feed, now))
    )
    page = (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        f"<id>{_link(feed, 0)}</id><title>{escape(feed['title'])}</title><updated>{now.isoformat()}</updated>"
        f"{entries}</feed>"
    )
    return "application/atom+xml", page.encode()


def _json(feed: dict[str, Any], now: datetime) -> tuple[str, bytes]:
    page = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed["title"],
        "items": [
            {
                "id": _link(feed, number),
                "url": _link(feed, number),
                "title": post["title"],
                "content_html": _body(post),
                "date_published": at.isoformat(),
                "authors": [{"name": post["author"]}],
            }
            for number, (post, at) in enumerate(_dated(feed, now))
        ],
    }
    return "application/feed+json", json.dumps(page, ensure_ascii=False).encode()


FORMATS: dict[str, Callable[[dict[str, Any], datetime], tuple[str, bytes]]] = {
    "rss": _rss,
    "atom": _atom,
    "json": _json,
}
