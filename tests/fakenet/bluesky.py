"""A Bluesky on loopback: the public interface for people, lists and custom feeds, with opaque cursors."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakenet.posts import NEWEST
from tests.fakenet.server import FakeNet, Recorded, Reply

CID = "bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a"


def person(name: str = "ada", **fields: Any) -> dict[str, Any]:
    return {
        "did": f"did:plc:{name:a<24}",
        "handle": f"{name}.pond.example",
        "displayName": name.title(),
        "avatar": f"https://cdn.example/{name}.jpg",
        **fields,
    }


def view(number: int, by: str = "ada", *, text: str = "", record: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """The `number`-th post of the network as a post view."""
    author = person(by)
    at = (NEWEST - timedelta(days=30) + timedelta(minutes=number)).isoformat().replace("+00:00", "Z")
    return {
        "uri": f"at://{author['did']}/app.bsky.feed.post/3k{number:a>11}",
        "cid": CID,
        "author": author,
        "record": {
            "$type": "app.bsky.feed.post",
            "text": text or f"Frog number {number} sang tonight.",
            "createdAt": at,
            "langs": ["en"],
            **(record or {}),
        },
        "indexedAt": at,
        "likeCount": number,
        "replyCount": number % 7,
        "repostCount": 0,
        "quoteCount": 0,
        **fields,
    }


def item(number: int, by: str = "ada", **fields: Any) -> dict[str, Any]:
    """A post of a feed; `reposted_by` and `at` (a number) make it a repost."""
    reposted, at = fields.pop("reposted_by", None), fields.pop("at", number)
    reply = fields.pop("reply", None)
    made: dict[str, Any] = {"post": view(number, by, **fields)}
    if reposted:
        made["reason"] = {
            "$type": "app.bsky.feed.defs#reasonRepost",
            "by": person(reposted),
            "indexedAt": (NEWEST - timedelta(days=30) + timedelta(minutes=at)).isoformat().replace("+00:00", "Z"),
        }
    if reply:
        made["reply"] = {"root": {"$type": "app.bsky.feed.defs#postView", **reply}, "parent": {"$type": "app.bsky.feed.defs#postView", **reply}}
    return made


class FakeBluesky:
    """`items` may change at any time; the newest comes first by the time that it entered the feed."""

    def __init__(self, net: FakeNet, items: list[dict[str, Any]]) -> None:
        self.net, self.items = net, items
        self.refuse: Callable[[str], Reply | None] = lambda path: None
        net.handle_under("/xrpc/", self._answer)
        net.handle_under("/did:plc:", self._directory)
        self.password = "abcd-efgh-2345-mnop"
        self.seconds: Callable[[], float] = lambda: 0.0
        self.tokens: dict[str, float] = {}  # what gives access, until when
        self.renewals: set[str] = set()
        self.records: dict[tuple[str, str], dict[str, Any]] = {}  # by collection and key
        self.written: list[tuple[str, str]] = []  # records that were not there before
        self.lose: Callable[[], bool] = lambda: False

    def _answer(self, request: Recorded) -> Reply:
        parts = urlsplit(request.path)
        asked = {name: several[-1] for name, several in parse_qs(parts.query).items()}
        if refused := self.refuse(request.path):
            return refused
        method = parts.path.removeprefix("/xrpc/")
        people = {each["post"]["author"]["handle"]: each["post"]["author"] for each in self.items if each["post"]["author"]}
        known = {**people, **{each["did"]: each for each in people.values()}}
        if method.startswith("com.atproto.server."):
            return self._server(method.rpartition(".")[2], request)
        if method.startswith("com.atproto.repo.") or method == "app.bsky.feed.getPosts":
            if self.tokens.get(_bearer(request), -1.0) < self.seconds():
                return _error("ExpiredToken", "Token has expired")
            if method == "app.bsky.feed.getPosts":
                return _json({"posts": [each["post"] for each in self.items if each["post"]["uri"] == asked["uris"]]})
            given = json.loads(request.body)
            place = (given["collection"], given["rkey"])
            if method.endswith("deleteRecord"):
                self.records.pop(place, None)
            else:
                if place not in self.records:
                    self.written.append(place)
                self.records[place] = given["record"]
            answer = _json({"uri": f"at://{given['repo']}/{place[0]}/{place[1]}", "cid": CID})
            return Reply(headers=answer.headers, body=answer.body, reset_after=0) if self.lose() else answer
        if method == "app.bsky.feed.getTimeline":
            if self.tokens.get(_bearer(request), -1.0) < self.seconds():
                return _error("ExpiredToken", "Token has expired")
            return self._page(self.items, asked)
        if method == "com.atproto.identity.resolveHandle":
            found = people.get(asked["handle"])
            return _json({"did": found["did"]}) if found else _error("InvalidRequest", "Unable to resolve handle")
        if method == "app.bsky.feed.getFeedGenerator":
            view = {"uri": asked["feed"], "displayName": "Frogs near you", "description": "By nobody's algorithm"}
            return _json({"view": view, "isOnline": True, "isValid": True})
        if method == "app.bsky.graph.getList":
            return _json({"list": {"uri": asked["list"], "name": "Pond keepers"}, "items": []})
        if method == "app.bsky.feed.getAuthorFeed":
            who = known.get(asked["actor"])
            if who is None:
                return _error("InvalidRequest", "Profile not found")
            own = [each for each in self.items if self._whose(each) == who["did"]]
            if asked.get("filter") == "posts_no_replies":
                own = [each for each in own if "reply" not in each]
            return self._page(own, asked)
        if method in {"app.bsky.feed.getFeed", "app.bsky.feed.getListFeed"}:
            return self._page(self.items, asked)
        return _error("MethodNotImplemented", "Method Not Implemented", 501)

    def _directory(self, request: Recorded) -> Reply:
        did = request.path.removeprefix("/")
        handle = f"{did.removeprefix('did:plc:').rstrip('a') or 'ada'}.pond.example"
        handle = "ada.pond.example" if did == person("ada")["did"] else handle
        service = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": self.net.url("/")[:-1]}
        return _json({"id": did, "alsoKnownAs": [f"at://{handle}"], "service": [service]})

    def _server(self, what: str, request: Recorded) -> Reply:
        if what == "createSession":
            given = json.loads(request.body)
            if given["password"] != self.password:
                return _error("AuthenticationRequired", "Invalid identifier or password", 401)
        elif _bearer(request) not in self.renewals:
            return _error("ExpiredToken", "Token has been revoked")
        else:
            self.renewals.remove(_bearer(request))
        if what == "deleteSession":
            return _json({})
        ends = int(self.seconds()) + 7200
        payload = base64.urlsafe_b64encode(json.dumps({"exp": ends}).encode()).rstrip(b"=").decode()
        access, renewal = f"h.{payload}.{secrets.token_hex(16)}", f"r.{secrets.token_hex(16)}"
        self.tokens[access] = ends
        self.renewals.add(renewal)
        who = person("ada")
        return _json({"did": who["did"], "handle": who["handle"], "accessJwt": access, "refreshJwt": renewal, "active": True})

    @staticmethod
    def _whose(each: dict[str, Any]) -> str:
        by: dict[str, Any] = each.get("reason", {}).get("by") or each["post"]["author"]
        return str(by["did"])

    @staticmethod
    def _when(each: dict[str, Any]) -> str:
        return str(each.get("reason", {}).get("indexedAt") or each["post"]["indexedAt"])

    def _page(self, found: list[dict[str, Any]], asked: dict[str, str]) -> Reply:
        limit, start = int(asked.get("limit", "50")), int(asked.get("cursor", "c0")[1:])
        ordered = sorted(found, key=self._when, reverse=True)
        answer: dict[str, Any] = {"feed": ordered[start : start + limit]}
        if start + limit < len(ordered):
            answer["cursor"] = f"c{start + limit}"
        return _json(answer)


def _bearer(request: Recorded) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")


def _json(found: Any, code: int = 200) -> Reply:
    return Reply(status=code, headers={"Content-Type": "application/json"}, body=json.dumps(found).encode())


def _error(name: str, message: str, code: int = 400) -> Reply:
    return _json({"error": name, "message": message}, code)
