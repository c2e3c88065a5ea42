"""A server of the Google Reader API on loopback, as FreshRSS (`miniflux=False`) or Miniflux has it, with refusals and lost answers."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.fakenet.posts import NEWEST
from tests.fakenet.server import FakeNet, Recorded, Reply

READ, STARRED = "user/-/state/com.google/read", "user/-/state/com.google/starred"
LONG = "tag:google.com,2005:reader/item/"


@dataclass(slots=True)
class Item:
    number: int  # the item's id
    feed: int
    published: int  # seconds
    read: bool = False
    starred: bool = False


class FakeReader:
    """`items` by id; all may change at any time. `fail(path)` may answer instead; `lose()` does what is asked and says nothing."""

    def __init__(self, net: FakeNet, *, prefix: str = "", miniflux: bool = False, cap: int = 10_000) -> None:
        self.net, self.prefix, self.miniflux, self.cap = net, prefix, miniflux, cap
        self.user, self.password = "ada", "api-password-of-ada-91"
        self.auth = f"ada/{secrets.token_hex(20)}"
        self.edit_tokens = {self.auth} if miniflux else set[str]()
        self.feeds: dict[int, tuple[str, str]] = {1: ("Frogs", "Pond"), 2: ("Herons", "Pond"), 3: ("Stones", "")}
        self.items: dict[int, Item] = {}
        self.fail: Callable[[str], Reply | None] = lambda path: None
        self.lose: Callable[[], bool] = lambda: False
        self.edits: list[tuple[str, bool, list[int]]] = []
        net.handle_under(f"{prefix}/accounts/ClientLogin", self._login)
        net.handle_under(f"{prefix}/reader/api/0/", self._answer)

    @property
    def url(self) -> str:
        return self.net.url(self.prefix)

    def add(self, feed: int = 1, *, read: bool = False, starred: bool = False) -> Item:
        number = 1_700_000_000_000_000 + len(self.items) * 1_000_003
        published = int((NEWEST - timedelta(days=30) + timedelta(minutes=len(self.items))).timestamp())
        made = self.items[number] = Item(number, feed, published, read, starred)
        return made

    def guid(self, item: Item) -> str:
        return f"{LONG}{item.number:016x}"

    def _login(self, request: Recorded) -> Reply:
        asked = dict(parse_qsl(request.body.decode()))
        if (asked.get("Email"), asked.get("Passwd")) != (self.user, self.password):
            return Reply(status=401, body=b"Error=BadAuthentication\n")
        return Reply(body=f"SID={self.auth}\nLSID=null\nAuth={self.auth}\n".encode())

    def _answer(self, request: Recorded) -> Reply:
        parts = urlsplit(request.path)
        way = parts.path.removeprefix(f"{self.prefix}/reader/api/0/")
        failed = self.fail(way)
        if failed is not None:
            return failed
        form = parse_qsl(request.body.decode())
        if not self._signed(request, form):
            return Reply(status=401, headers={"X-Reader-Google-Bad-Token": "true"}, body=b"Unauthorized")
        reply = self._do(way, dict(parse_qsl(parts.query)), form)
        return Reply(raw=b"") if self.lose() else reply

    def _signed(self, request: Recorded, form: list[tuple[str, str]]) -> bool:
        if self.miniflux and request.method == "POST":
            return dict(form).get("T") == self.auth
        return request.headers.get("authorization") == f"GoogleLogin auth={self.auth}"

    def _do(self, way: str, asked: dict[str, str], form: list[tuple[str, str]]) -> Reply:
        if way == "token":
            token = self.auth if self.miniflux else secrets.token_hex(8)
            self.edit_tokens.add(token)
            return Reply(body=f"{token}\n".encode())
        if way == "subscription/list":
            return _json({"subscriptions": [self._feed(*each) for each in self.feeds.items()]})
        if way == "stream/items/ids":
            found, more = self._page(asked.get("s", ""), asked)
            return _json({"itemRefs": [{"id": str(item.number)} for item in found], **more})
        if way == "stream/items/contents":
            wanted = [int(value.removeprefix(LONG), 16) for name, value in form if name == "i"]
            return _json({"id": "x", "items": [self._item(self.items[each]) for each in wanted if each in self.items]})
        if way.startswith("stream/contents/") and not self.miniflux:
            found, more = self._page(unquote(way.removeprefix("stream/contents/")), asked)
            return _json({"id": "x", "updated": 1, "items": [self._item(item) for item in found], **more})
        return self._edit(form) if way == "edit-tag" else _json([])

    def _edit(self, form: list[tuple[str, str]]) -> Reply:
        if dict(form).get("T") not in self.edit_tokens:
            return Reply(status=401, headers={"X-Reader-Google-Bad-Token": "true"}, body=b"Bad token")
        ids = [int(value.removeprefix(LONG), 16) for name, value in form if name == "i"]
        assert 0 < len(ids) <= 250, "a batch holds 250"
        for name, value in form:
            flag = {READ: "read", STARRED: "starred"}.get(value) if name in "ar" else None
            for each in ids:
                if flag and each in self.items:
                    setattr(self.items[each], flag, name == "a")
            if flag:
                self.edits.append((flag, name == "a", ids))
        return Reply(body=b"OK")

    def _page(self, stream: str, asked: dict[str, str]) -> tuple[list[Item], dict[str, str]]:
        found = sorted(self.items.values(), key=lambda item: item.number, reverse=asked.get("r") != "o")
        if stream.startswith("feed/"):
            found = [item for item in found if item.feed == int(stream.removeprefix("feed/"))]
        if stream == STARRED:
            found = [item for item in found if item.starred]
        if stream == READ or (asked.get("it") == READ and not self.miniflux):
            found = [item for item in found if item.read]
        if asked.get("xt") == READ:
            found = [item for item in found if not item.read]
        found = [item for item in found if item.published >= int(asked.get("ot", "0"))]
        count, start = min(int(asked.get("n", "20")), self.cap), int(asked.get("c", "0"))
        return found[start : start + count], {"continuation": str(start + count)} if start + count < len(found) else {}

    def _feed(self, number: int, about: tuple[str, str]) -> dict[str, Any]:
        labels = [{"id": f"user/-/label/{about[1]}", "label": about[1]}] if about[1] else []
        url = f"https://{about[0].lower()}.example"
        return {"id": f"feed/{number}", "title": about[0], "categories": labels, "url": f"{url}/feed", "htmlUrl": url}

    def _item(self, item: Item) -> dict[str, Any]:
        states = [state for state, on in ((READ, item.read), (STARRED, item.starred)) if on]
        return {
            "id": self.guid(item),
            "timestampUsec": str(item.published * 1_000_000),
            "published": item.published,
            "title": f"Post {item.number % 99991} of feed {item.feed}",
            "author": "Ada",
            "alternate": [{"href": f"https://pond.example/{item.feed}/{item.number}"}],
            "summary": {"content": f"<p>Frog number {item.number} sang. <script>alert(1)</script></p>"},
            "categories": ["user/-/state/com.google/reading-list", "user/-/label/Pond", *states],
            "origin": {"streamId": f"feed/{item.feed}", "htmlUrl": "https://pond.example/"},
        }


def _json(found: Any) -> Reply:
    return Reply(headers={"Content-Type": "application/json"}, body=json.dumps(found).encode())
