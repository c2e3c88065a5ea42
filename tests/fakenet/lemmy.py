"""A Lemmy on loopback, of 0.19 ("v3") or newer ("v4"): one list of posts, page by page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakenet.posts import NEWEST
from tests.fakenet.server import FakeNet, Recorded, Reply

JSON = {"Content-Type": "application/json"}


def link(number: int, at: datetime | None = None, **fields: Any) -> dict[str, Any]:
    """A post as the server knows it, whichever version writes it."""
    return {
        "id": number,
        "name": f"Lily pad {number}",
        "url": f"https://pond.example/pads/{number}",
        "body": None,
        "at": at or NEWEST - timedelta(days=400) + timedelta(minutes=number),
        "score": number,
        "comments": number % 9,
        "nsfw": False,
        **fields,
    }


class FakeLemmy:
    """`posts` may change at any time; `page_fails` is the number of a page that answers 500."""

    def __init__(self, net: FakeNet, posts: Sequence[dict[str, Any]], *, version: str = "v3") -> None:
        self.net, self.posts, self.version = net, list(posts), version
        self.page_fails = 0
        net.handle(f"/api/{version}/post/list", self._list)

    def _list(self, request: Recorded) -> Reply:
        asked = {name: values[-1] for name, values in parse_qs(urlsplit(request.path).query).items()}
        if asked["sort"] != ("new" if self.version == "v4" else "New"):
            return Reply(status=400, headers=dict(JSON), body=b'{"error":"unknown"}')
        if asked.get("community_name", "pads") != "pads":
            return Reply(status=404, headers=dict(JSON), body=b'{"error":"couldnt_find_community"}')
        start = int(asked.get("page_cursor", "P0")[1:])
        limit = int(asked["limit"])
        if self.page_fails and start == (self.page_fails - 1) * limit:
            return Reply(status=500)
        ordered = sorted(self.posts, key=lambda post: (not post.get("featured_community"), -post["at"].timestamp()))
        some = [self._view(post) for post in ordered[start : start + limit]]
        more = f"P{start + limit}" if start + limit < len(ordered) else None
        found = {"items": some, "next_page": more} if self.version == "v4" else {"posts": some, "next_page": more}
        return Reply(headers=dict(JSON), body=json.dumps(found).encode())

    def _view(self, post: dict[str, Any]) -> dict[str, Any]:
        new = self.version == "v4"
        at = post["at"].isoformat().replace("+00:00", "Z")
        kept = {name: value for name, value in post.items() if name not in {"at", "score", "comments", "tags"}}
        written = {**kept, "ap_id": f"https://pads.example/post/{post['id']}", "published_at" if new else "published": at}
        counts = {"score": post["score"], "comments": post["comments"]}
        if new:
            written |= counts
        profile = "https://pads.example/u/ada"
        return {
            "post": written,
            "creator": {"name": "ada", "display_name": "Ada", "ap_id" if new else "actor_id": profile},
            "community": {"name": "pads", "title": "Lily pads"},
            **({"tags": post.get("tags", [])} if new else {"counts": counts}),
        }
