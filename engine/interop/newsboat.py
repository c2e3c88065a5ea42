"""Newsboat: `cache.db`, and the file `urls` with tags and titles. An article with a flag counts as starred: it has no stars."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import ClassVar

from engine.interop.library import (
    MAX_FEEDS,
    ORPHANS,
    ForeignFeed,
    ForeignPost,
    Reader,
    Totals,
    enclosure,
    moment,
    one_folder,
    text,
    web,
    yes,
)
from engine.sources.raw import RawPost


class Newsboat(Reader):
    name = "newsboat"
    label = "Newsboat"
    telling: ClassVar = {"rss_item": frozenset({"feedurl", "unread"}), "rss_feed": frozenset({"rssurl"})}

    def feeds(self) -> list[ForeignFeed]:
        cached = {
            text(url): (text(title), text(site_url))
            for _, url, title, site_url in self.database.rows("rss_feed", ("rssurl", "title", "url"), limit=MAX_FEEDS)
        }
        listed = read_urls(self.companions["urls"]) if "urls" in self.companions else None
        found = []
        for feed in listed or ():
            title, site_url = cached.pop(feed.key, ("", ""))
            feed.title, feed.site_url = feed.title or title, site_url
            found.append(feed)
        for url, (title, site_url) in cached.items():
            found.append(ForeignFeed(url, web(url) if listed is None else "", title, site_url))
        self._keys = {feed.key for feed in found}
        return found[:MAX_FEEDS]

    def posts(self, after: int, limit: int) -> Iterator[tuple[int, ForeignPost | None]]:
        columns = (
            "feedurl", "guid", "url", "title", "author", "pubDate", "content", "base", "enclosure_url", "enclosure_type", "unread",
            "flags", "deleted",
        )  # fmt: skip
        for row in self.database.rows("rss_item", columns, after=after, limit=limit):
            number, feed, guid, url, title, author, date, content, base, media_url, media_type, unread, flags, gone = row
            if yes(gone):
                yield number, None
                continue
            medium = enclosure(text(media_url), text(media_type))
            raw = RawPost(
                guid=text(guid), url=text(url), title=text(title), authors=[text(author)] if author else [], body=text(content),
                base=text(base), published=moment(date), media=[medium] if medium is not None else [],
            )  # fmt: skip
            key = text(feed)
            yield number, ForeignPost(key if key in self._keys else ORPHANS, raw, not yes(unread), bool(text(flags).strip()))

    def totals(self) -> Totals:
        count = self.database.count
        return Totals(
            posts=count("rss_item", unset=("deleted",)),
            unread=count("rss_item", unset=("deleted",), set_=("unread",)),
            starred=count("rss_item", unset=("deleted",), set_=("flags",)),
        )


def read_urls(body: bytes) -> list[ForeignFeed]:
    """Read newsboat's list: an address, then tags, one of which may be "~title" and which may begin with "!" to hide the feed.

    The first tag becomes the folder. Queries are left out; commands and files keep their articles only.
    """
    found: dict[str, ForeignFeed] = {}
    for line in text(body).splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        try:
            url, *tags = shlex.split(line, comments=True)
        except ValueError:  # a quote that does not close
            url, *tags = line.replace('"', " ").split()
        if url.startswith("query:") or url in found or len(found) >= MAX_FEEDS:
            continue
        title = next((tag[1:] for tag in tags if tag.startswith("~")), "")
        folder = next((one_folder(tag) for tag in tags if tag and tag[0] not in "~!"), "")
        found[url] = ForeignFeed(url, web(url), title, folder=folder)
    return list(found.values())
