"""Liferea 1.10 to 1.15: `liferea.db`, and the subscriptions of `feedlist.opml` where it is there."""

from __future__ import annotations

from collections import defaultdict
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
    one_folder,
    text,
    web,
    yes,
)
from engine.sources.raw import RawPost
from engine.types import Media

FOLDERS = ("folder", "root")
PAGE = 500  # articles whose metadata are read at once


class Liferea(Reader):
    name = "liferea"
    label = "Liferea"
    telling: ClassVar = {"items": frozenset({"node_id", "source_id", "marked"}), "subscription": frozenset({"node_id"})}

    def feeds(self) -> list[ForeignFeed]:
        rows = list(self.database.rows("node", ("node_id", "parent_id", "title", "type"), limit=MAX_FEEDS))
        nodes = {text(key): (text(parent), text(title), text(kind)) for _, key, parent, title, kind in rows}
        folders = {key: (parent, title) for key, (parent, title, kind) in nodes.items() if kind in FOLDERS}
        found = {}
        for _, key, source in self.database.rows("subscription", ("node_id", "source"), limit=MAX_FEEDS):
            parent, title, _ = nodes.get(text(key), ("", "", ""))
            found[text(key)] = ForeignFeed(text(key), web(text(source)), title, folder=nested(folders, parent))
        for key, (parent, title, kind) in nodes.items():
            if kind == "newsbin":  # articles that the person collected
                found[key] = ForeignFeed(key, "", title, folder=nested(folders, parent))
        if "feedlist.opml" in self.companions:
            listed = _read_feedlist(self.companions["feedlist.opml"])
            found = {key: feed if key in listed else _kept(feed) for key, feed in found.items()} | listed
        self._feeds = found
        return list(found.values())[:MAX_FEEDS]

    def posts(self, after: int, limit: int) -> Iterator[tuple[int, ForeignPost | None]]:
        columns = ("item_id", "node_id", "parent_node_id", "title", "read", "marked", "source", "source_id", "description", "date", "comment")
        rows = list(self.database.rows("items", columns, after=after, limit=min(limit, PAGE)))
        said: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for _, item, key, value in self.database.rows_of("metadata", ("item_id", "key", "value"), "item_id", [row[1] for row in rows]):
            said[text(item)][text(key)].append(text(value))
        for number, item, node, _parent, title, read, marked, url, guid, body, date, comment in rows:
            if yes(comment):
                yield number, None
                continue
            more = said[text(item)]
            media = [found for packed in more["enclosure"][:50] if (found := _enclosure(packed)) is not None]
            raw = RawPost(
                guid=text(guid), url=text(url), title=text(title), authors=more["author"], body=text(body), published=moment(date),
                categories=more["category"], comments=next(iter(more["commentsUri"]), ""), media=media,
            )  # fmt: skip
            key = text(node)
            yield number, ForeignPost(key if key in self._feeds else ORPHANS, raw, yes(read), yes(marked))

    def totals(self) -> Totals:
        count = self.database.count
        return Totals(
            posts=count("items", unset=("comment",)),
            unread=count("items", unset=("comment", "read")),
            starred=count("items", unset=("comment",), set_=("marked",)),
        )


def _kept(feed: ForeignFeed) -> ForeignFeed:
    """A feed that is in the database only: left, but for its articles."""
    feed.url = ""
    return feed


def _enclosure(packed: str) -> Media | None:
    """Liferea writes "enc:played:type:size:address"."""
    parts = packed.split(":", 4)
    return enclosure(parts[4], parts[2]) if len(parts) == 5 and parts[0] == "enc" else enclosure(packed, "")


def _read_feedlist(body: bytes) -> dict[str, ForeignFeed]:
    from lxml import etree

    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        return {}
    found: dict[str, ForeignFeed] = {}
    stack = [(root, "")] if root is not None else []
    while stack:
        element, folder = stack.pop()
        for child in element:
            if child.tag in ("body", "outline"):
                name = one_folder(child.get("title") or child.get("text") or "")
                inside = folder
                if child.get("xmlUrl"):
                    key = child.get("id") or child.get("xmlUrl")
                    found[key] = ForeignFeed(key, web(child.get("xmlUrl")), name, child.get("htmlUrl") or "", folder)
                elif child.get("type") == "newsbin" and child.get("id"):
                    found[child.get("id")] = ForeignFeed(child.get("id"), "", name, "", folder)
                elif child.tag == "outline" and name and folder.count("/") < 19:
                    inside = f"{folder}/{name}" if folder else name
                stack.append((child, inside))
            if len(found) >= MAX_FEEDS:
                return found
    return found
