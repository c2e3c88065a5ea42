"""QuiteRSS 0.17 to 0.19: `feeds.db`."""

from __future__ import annotations

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
    nested,
    text,
    web,
    yes,
)
from engine.sources.raw import RawPost


class QuiteRss(Reader):
    name = "quiterss"
    label = "QuiteRSS"
    telling: ClassVar = {"news": frozenset({"feedid", "starred", "link_href"}), "feeds": frozenset({"xmlurl", "parentid"})}

    def feeds(self) -> list[ForeignFeed]:
        columns = ("id", "parentId", "text", "title", "xmlUrl", "htmlUrl")
        rows = list(self.database.rows("feeds", columns, limit=MAX_FEEDS))
        folders = {str(number): (str(parent), text(name)) for _, number, parent, name, _, url, _ in rows if not text(url)}
        found = []
        for _, number, parent, name, title, url, site_url in rows:
            if text(url):
                folder = nested(folders, str(parent))
                found.append(ForeignFeed(str(number), web(text(url)), text(name) or text(title), text(site_url), folder))
        self._keys = {feed.key for feed in found}
        return found

    def posts(self, after: int, limit: int) -> Iterator[tuple[int, ForeignPost | None]]:
        columns = (
            "feedId", "guid", "link_href", "link_alternate", "title", "author_name", "published", "received", "description",
            "content", "category", "comments", "enclosure_url", "enclosure_type", "read", "starred", "deleted",
        )  # fmt: skip
        for row in self.database.rows("news", columns, after=after, limit=limit):
            number, feed, guid, link, alternate, title, author, published, received, about, content, *rest = row
            category, comments, media_url, media_type, read, starred, gone = rest
            if yes(gone):
                yield number, None
                continue
            medium = enclosure(text(media_url), text(media_type))
            raw = RawPost(
                guid=text(guid), url=text(link) or text(alternate), title=text(title), authors=[text(author)] if author else [],
                body=text(content) or text(about), published=text(published) or text(received),
                categories=[part.strip() for part in text(category).split(",")], comments=text(comments),
                media=[medium] if medium is not None else [],
            )  # fmt: skip
            key = str(feed)
            yield number, ForeignPost(key if key in self._keys else ORPHANS, raw, yes(read), yes(starred))

    def totals(self) -> Totals:
        count = self.database.count
        return Totals(
            posts=count("news", unset=("deleted",)),
            unread=count("news", unset=("deleted", "read")),
            starred=count("news", unset=("deleted",), set_=("starred",)),
        )
