"""RSS Guard 3.5 to 4: `database.db`. Feeds of online accounts are taken where their address is one of the web."""

from __future__ import annotations

import base64
import binascii
import json
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
    nested,
    text,
    web,
    yes,
)
from engine.sources.raw import RawPost
from engine.types import Media

_THROWN_AWAY = ("is_deleted", "is_pdeleted")


class RssGuard(Reader):
    name = "rssguard"
    label = "RSS Guard"
    telling: ClassVar = {"messages": frozenset({"is_read", "is_important", "custom_id"}), "feeds": frozenset({"category"})}

    def feeds(self) -> list[ForeignFeed]:
        folders = {
            f"{account}/{key}": (f"{account}/{parent}", text(title))
            for _, key, parent, title, account in self.database.rows(
                "Categories", ("id", "parent_id", "title", "account_id"), limit=MAX_FEEDS
            )
        }
        found: list[ForeignFeed] = []
        numbered: dict[str, str] = {}
        columns = ("id", "custom_id", "account_id", "title", "source", "url", "category")
        for _, number, custom, account, title, source, old_url, category in self.database.rows("Feeds", columns, limit=MAX_FEEDS):
            key = f"{account}/{text(custom) or number}"
            numbered[f"{account}/{number}"] = key
            folder = nested(folders, f"{account}/{category}")
            found.append(ForeignFeed(key, web(text(source) or text(old_url)), text(title), folder=folder))
        self._by_number = numbered
        self._keys = {feed.key for feed in found}
        return found

    def posts(self, after: int, limit: int) -> Iterator[tuple[int, ForeignPost | None]]:
        columns = (
            "feed", "account_id", "custom_id", "url", "title", "author", "date_created", "contents", "enclosures", "is_read",
            "is_important", *_THROWN_AWAY,
        )  # fmt: skip
        for row in self.database.rows("Messages", columns, after=after, limit=limit):
            number, feed, account, guid, url, title, author, created, contents, enclosures, read, important, *gone = row
            if any(map(yes, gone)):
                yield number, None
                continue
            key = f"{account}/{text(feed)}"
            key = key if key in self._keys else self._by_number.get(key, ORPHANS)
            milliseconds = created if isinstance(created, int | float) else 0
            raw = RawPost(
                guid=text(guid), url=text(url), title=text(title), authors=[text(author)] if author else [], body=text(contents),
                published=moment(milliseconds / 1000), media=_enclosures(text(enclosures)),
            )  # fmt: skip
            yield number, ForeignPost(key, raw, yes(read), yes(important))

    def totals(self) -> Totals:
        count = self.database.count
        return Totals(
            posts=count("Messages", unset=_THROWN_AWAY),
            unread=count("Messages", unset=(*_THROWN_AWAY, "is_read")),
            starred=count("Messages", unset=_THROWN_AWAY, set_=("is_important",)),
        )


def _enclosures(packed: str) -> list[Media]:
    """Base64 of type and address with `&` between, `#` between several; newer versions write JSON."""
    pairs: list[tuple[str, str]] = []
    if packed.startswith("["):
        try:
            listed = json.loads(packed)
        except (ValueError, RecursionError):
            return []
        pairs = [(text(item.get("mime")), text(item.get("url"))) for item in listed[:50] if isinstance(item, dict)]
    else:
        for part in packed.split("#")[:50]:
            mime, _, url = part.rpartition("&")
            try:
                pairs.append((base64.b64decode(mime, validate=True).decode(), base64.b64decode(url, validate=True).decode()))
            except (binascii.Error, ValueError):
                continue
    return [item for mime, url in pairs if (item := enclosure(url, mime)) is not None]
