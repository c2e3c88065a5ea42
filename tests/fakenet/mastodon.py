"""A Mastodon on loopback: people, hashtags and public timelines, with its `Link` headers and its limits."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakenet.posts import NEWEST
from tests.fakenet.server import FakeNet, Recorded, Reply

FIRST_ID = 109_000_000_000_000_000


def person(name: str = "ada", **fields: Any) -> dict[str, Any]:
    return {
        "id": str(1000 + sum(name.encode())),
        "username": name.partition("@")[0],
        "acct": name,
        "display_name": name.partition("@")[0].title() + " :blobcat:",
        "url": f"https://pond.example/@{name}",
        "avatar": f"https://pond.example/avatars/{name}.png",
        "note": f"<p>{name} writes about frogs.</p>",
        **fields,
    }


def status(number: int, by: str = "ada", **fields: Any) -> dict[str, Any]:
    """The `number`-th status of the server, later ones with higher ids."""
    name = str(FIRST_ID + number * 1000)
    return {
        "id": name,
        "uri": f"https://pond.example/users/{by}/statuses/{name}",
        "url": f"https://pond.example/@{by}/{name}",
        "created_at": (NEWEST - timedelta(days=30) + timedelta(minutes=number)).isoformat().replace("+00:00", "Z"),
        "account": person(by),
        "content": f"<p>Frog number {number} sang tonight.</p>",
        "visibility": "public",
        "sensitive": False,
        "spoiler_text": "",
        "language": "en",
        "favourites_count": number,
        "replies_count": number % 7,
        "reblogs_count": 0,
        "media_attachments": [],
        "tags": [],
        "reblog": None,
        "in_reply_to_id": None,
        "edited_at": None,
        "poll": None,
        "card": None,
        **fields,
    }


class FakeMastodon:
    """`statuses` may change at any time. `tokens` are who may see home; `links` False leaves the `Link` headers out."""

    def __init__(self, net: FakeNet, statuses: list[dict[str, Any]], *, links: bool = True, lookup: bool = True) -> None:
        self.net, self.statuses, self.links, self.lookup = net, statuses, links, lookup
        self.tokens: set[str] = set()
        self.refuse: Callable[[str], Reply | None] = lambda path: None
        net.handle_under("/api/v1/accounts/", self._accounts)
        net.handle_under("/api/v1/timelines/", self._timelines)
        self.next_token, self.scopes = "token-of-ada", "read"
        self.apps: dict[str, str] = {}  # redirect addresses by client id
        self.challenges: dict[str, tuple[str, str]] = {}  # client id and challenge by code
        net.handle("/api/v1/apps", self._app)
        net.handle("/oauth/token", self._token)
        net.handle("/oauth/revoke", self._revoke)
        net.handle("/api/v2/search", self._search)
        net.handle("/api/v1/statuses", self._new)
        for entry in statuses:
            for way in ("favourite", "unfavourite", "reblog", "unreblog", "bookmark", "unbookmark"):
                net.handle(f"/api/v1/statuses/{entry['id']}/{way}", self._mark)
        self.marks: dict[tuple[str, str], bool] = {}  # by way and id
        self.marked: list[str] = []  # paths, whenever something changed
        self.replies: list[dict[str, Any]] = []
        self.keys: dict[str, tuple[float, dict[str, Any]]] = {}  # what an Idempotency-Key brought, and when
        self.seconds: Callable[[], float] = lambda: 0.0
        self.lose: Callable[[], bool] = lambda: False  # whether the answer to what was done gets lost

    def _accounts(self, request: Recorded) -> Reply:
        path, asked = _asked(request)
        if refused := self.refuse(request.path):
            return refused
        rest = path.removeprefix("/api/v1/accounts/")
        people = {entry["account"]["acct"]: entry["account"] for entry in self.statuses}
        if rest == "verify_credentials":
            token = request.headers.get("authorization", "").removeprefix("Bearer ")
            return _json(person("ada")) if token in self.tokens else _json({"error": "The access token is invalid"}, 401)
        if rest == "lookup":
            if not self.lookup:
                return _json({"error": "Not found"}, 404)
            found = people.get(asked["acct"])
            return _json(found) if found else _json({"error": "Record not found"}, 404)
        if rest.endswith("/statuses"):
            number = rest.partition("/")[0]
            own = [entry for entry in (*self.statuses, *self.replies) if entry["account"]["id"] == number]
            if asked.get("exclude_replies") == "true":
                own = [entry for entry in own if entry["in_reply_to_id"] is None]
            if asked.get("exclude_reblogs") == "true":
                own = [entry for entry in own if entry["reblog"] is None]
            return self._page(own, path, asked)
        return _json(people[rest]) if rest in people else _json({"error": "Record not found"}, 404)

    def _timelines(self, request: Recorded) -> Reply:
        path, asked = _asked(request)
        if refused := self.refuse(request.path):
            return refused
        rest = path.removeprefix("/api/v1/timelines/")
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if rest in {"home"} or rest.startswith("list/"):
            return self._page(self.statuses, path, asked) if token in self.tokens else _json({"error": "invalid token"}, 401)
        if rest.startswith("tag/"):
            tag = rest.removeprefix("tag/")
            tagged = [entry for entry in self.statuses if any(each["name"] == tag for each in entry["tags"])]
            return self._page(tagged, path, asked)
        return self._page(self.statuses, path, asked) if rest == "public" else _json({"error": "Not found"}, 404)

    # ---- acting ------------------------------------------------------------------------------

    def _known(self, request: Recorded) -> bool:
        return request.headers.get("authorization", "").removeprefix("Bearer ") in self.tokens

    def _search(self, request: Recorded) -> Reply:
        _, asked = _asked(request)
        if refused := self.refuse(request.path):
            return refused
        found = [entry for entry in self.statuses if asked["q"] in (entry["uri"], entry["url"])]
        return _json({"accounts": [], "statuses": found, "hashtags": []}) if self._known(request) else _json({"error": "no"}, 401)

    def _mark(self, request: Recorded) -> Reply:
        if refused := self.refuse(request.path):
            return refused
        if not self._known(request):
            return _json({"error": "This action is outside the authorized scopes"}, 403)
        number, _, way = request.path.removeprefix("/api/v1/statuses/").partition("/")
        on, what = not way.startswith("un"), way.removeprefix("un")
        if self.marks.get((what, number), False) != on:
            self.marks[what, number] = on
            self.marked.append(request.path)
        return self._told({"id": number})

    def _new(self, request: Recorded) -> Reply:
        if refused := self.refuse(request.path):
            return refused
        if not self._known(request):
            return _json({"error": "no"}, 403)
        asked, key = _form(request), request.headers.get("idempotency-key", "")
        made_at, made = self.keys.get(key, (-1e9, {}))
        if not key or self.seconds() - made_at > 3600:
            number = len(self.replies)
            made = status(9_000_000 + number, content=f"<p>{html.escape(asked['status'])}</p>", in_reply_to_id=asked["in_reply_to_id"],
                          visibility=asked["visibility"], account=person("ada"))  # fmt: skip
            self.replies.append(made)
            self.keys[key] = (self.seconds(), made)
        return self._told(made)

    def _told(self, found: dict[str, Any]) -> Reply:
        answer = _json(found)
        return Reply(headers=answer.headers, body=answer.body, reset_after=0) if self.lose() else answer

    # ---- signing in --------------------------------------------------------------------------

    def agree(self, address: str, *, refuse: bool = False, state: str | None = None) -> str:
        """Do what the authorisation page does when a person agrees: return where the browser is sent."""
        asked = {name: several[-1] for name, several in parse_qs(urlsplit(address).query).items()}
        assert self.apps[asked["client_id"]] == asked["redirect_uri"]
        assert asked["code_challenge_method"] == "S256"
        state = asked["state"] if state is None else state
        if refuse:
            return f"{asked['redirect_uri']}?error=access_denied&state={state}"
        code = f"code-{len(self.challenges)}"
        self.challenges[code] = (asked["client_id"], asked["code_challenge"])
        return f"{asked['redirect_uri']}?code={code}&state={state}"

    def _app(self, request: Recorded) -> Reply:
        asked = _form(request)
        if refused := self.refuse(request.path):
            return refused
        number = f"client-{len(self.apps)}"
        self.apps[number], self.scopes = asked["redirect_uris"], asked["scopes"]
        return _json({"client_id": number, "client_secret": f"secret-of-{number}", "name": asked["client_name"]})

    def _token(self, request: Recorded) -> Reply:
        asked = _form(request)
        client, challenge = self.challenges.pop(asked["code"], ("", ""))
        made = base64.urlsafe_b64encode(hashlib.sha256(asked["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        sound = client == asked["client_id"] and asked["client_secret"] == f"secret-of-{client}" and made == challenge
        if not sound or self.apps.get(client) != asked["redirect_uri"]:
            return _json({"error": "invalid_grant", "error_description": "The grant is invalid"}, 400)
        self.tokens.add(self.next_token)
        return _json({"access_token": self.next_token, "token_type": "Bearer", "scope": self.scopes})

    def _revoke(self, request: Recorded) -> Reply:
        self.tokens.discard(_form(request)["token"])
        return _json({})

    def _page(self, found: list[dict[str, Any]], path: str, asked: dict[str, str]) -> Reply:
        limit = min(int(asked.get("limit", "20")), 40)
        ordered = sorted(found, key=lambda entry: int(entry["id"]), reverse=True)
        if "min_id" in asked:
            newer = [entry for entry in ordered if int(entry["id"]) > int(asked["min_id"])]
            some = newer[-limit:]
        elif "since_id" in asked:
            some = [entry for entry in ordered if int(entry["id"]) > int(asked["since_id"])][:limit]
        else:
            some = [entry for entry in ordered if int(entry["id"]) < int(asked.get("max_id", 2**63))][:limit]
        headers = {}
        if some and self.links:
            here = self.net.url(path)
            headers["Link"] = (
                f'<{here}?limit={limit}&max_id={some[-1]["id"]}>; rel="next", '
                f'<{here}?limit={limit}&min_id={some[0]["id"]}>; rel="prev"'
            )
        return _json(some, headers=headers)


def _form(request: Recorded) -> dict[str, str]:
    return {name: several[-1] for name, several in parse_qs(request.body.decode()).items()}


def _asked(request: Recorded) -> tuple[str, dict[str, str]]:
    parts = urlsplit(request.path)
    return parts.path, {name: several[-1] for name, several in parse_qs(parts.query).items()}


def _json(found: Any, code: int = 200, headers: dict[str, str] | None = None) -> Reply:
    return Reply(status=code, headers={"Content-Type": "application/json", **(headers or {})}, body=json.dumps(found).encode())
