"""The addresses by which posts are known to be about the same thing. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from urllib.parse import urlsplit

_HREF = re.compile(r"""<a\s[^>]*?href\s*=\s*["']([^"']{8,2000})["']""", re.I)
_SHORT_WORDS = 120  # a longer text that links elsewhere has something of its own to say
_MOST = 2  # links to articles; a post with more is a list
# A link to one of these is to a person, a tag or a search, not to something told.
_NOTHING_TOLD = re.compile(r"/(?:@[^/]+|tags?/[^/]+|hashtag/[^/]+|users?/[^/]+|u/[^/]+|r/[^/]+|profile/[^/]+)/?$")


def links_of(url: str, body_html: str, words: int, quoted: str, *, canonical: Callable[[str], str]) -> tuple[str, ...]:
    """Return the addresses that a post is about, reduced for matching: its own, that of a post it quotes, and of a short post
    the one or two pages that it links to. Addresses that name no page of their own are left out.

    Args:
        words: how long the post is.   quoted: the address of the post that it shows within itself.
    """
    found = [url, quoted]
    if words <= _SHORT_WORDS:
        linked = list(dict.fromkeys(html.unescape(link) for link in _HREF.findall(body_html) if not _NOTHING_TOLD.search(link.partition("?")[0])))
        if len(linked) <= _MOST:
            found += linked
    return tuple(dict.fromkeys(key for key in (_key(canonical(link)) for link in found if link) if key))


def _key(url: str) -> str:
    """An address without scheme, "www." and a closing slash; "" for a site's first page, which tells of many things."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    path = parts.path.rstrip("/")
    if parts.scheme not in ("http", "https") or not parts.netloc or (not path and not parts.query):
        return ""
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.netloc.lower().removeprefix('www.')}{path}{query}"
