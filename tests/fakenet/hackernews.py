"""A Hacker News on loopback: lists, items, searches."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakenet.server import FakeNet, Recorded, Reply

JSON = {"Content-Type": "application/json; charset=utf-8"}


def story(number: int, **fields: Any) -> dict[str, Any]:
    """An item as the API writes it."""
    return {
        "by": f"user{number % 7}",
        "descendants": number % 50,
        "id": number,
        "kids": [],
        "score": number * 3,
        "time": 1_795_000_000 + number * 60,
        "title": f"Story number {number}",
        "type": "story",
        "url": f"https://pond.example/stories/{number}",
        **fields,
    }


class FakeHackerNews:
    """`items` and `lists` may be changed at any time; a number in `broken` answers 503."""

    def __init__(self, net: FakeNet, items: Sequence[dict[str, Any]] = (), *, delay_seconds: float = 0.0) -> None:
        self.net = net
        self.items = {item["id"]: item for item in items}
        self.lists = {name: list(reversed(self.items)) for name in ("top", "new", "best", "ask", "show", "job")}
        self.broken: set[int] = set()
        self.delay_seconds = delay_seconds
        for name in self.lists:
            net.handle(f"/v0/{name}stories.json", lambda _, name=name: _json(self.lists[name]))
        net.handle_under("/v0/item/", self._item)
        net.handle("/api/v1/search_by_date", self._search)

    def _item(self, request: Recorded) -> Reply:
        number = int(request.path.rpartition("/")[2].removesuffix(".json"))
        if number in self.broken:
            return Reply(status=500)
        reply = _json(self.items.get(number))
        reply.delay_seconds = self.delay_seconds
        return reply

    def _search(self, request: Recorded) -> Reply:
        asked = parse_qs(urlsplit(request.path).query)
        words = asked.get("query", [""])[0].lower()
        author = asked["tags"][0].partition("author_")[2]
        hits = [
            {
                "objectID": str(item["id"]),
                "title": item["title"],
                "url": item.get("url"),
                "author": item["by"],
                "points": item["score"],
                "num_comments": item["descendants"],
                "story_text": item.get("text"),
                "created_at_i": item["time"],
                "_tags": [item["type"], f"author_{item['by']}", f"story_{item['id']}"],
            }
            for item in sorted(self.items.values(), key=lambda item: -item["time"])
            if words in item["title"].lower() and (not author or item["by"] == author)
        ]
        return _json({"hits": hits[: int(asked["hitsPerPage"][0])], "nbHits": len(hits)})


def _json(value: object) -> Reply:
    return Reply(headers=dict(JSON), body=json.dumps(value).encode())
