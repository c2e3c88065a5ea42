"""Signing in to servers in the system's browser, and signing requests. Tokens lie in the keyring and nowhere else.

OAuth 2.0 for native apps: RFC 8252 (loopback redirect), RFC 7636 (PKCE, S256); Mastodon's part: docs.joinmastodon.org/spec/oauth.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import secrets as random_values
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from engine import atsession, readersession, secrets
from engine.errors import FetchError, InputError, NotFoundError, RefusedError, SecretsError
from engine.http import Client, HttpRequest, HttpResponse
from engine.sources import values
from engine.sources.kinds.greader import API, PACE_SECONDS
from engine.sources.source import origin
from engine.store import Store
from engine.types import Account, FetchState, Request

SCOPES = "read"
SCOPES_TO_ACT = "read write:favourites write:statuses write:bookmarks"
WAIT_SECONDS = 300.0  # for the person in the browser
_DONE = "<!doctype html><meta charset=utf-8><title>Millpond</title><p style='font: 16px sans-serif'>{words}</p>"


@dataclass(slots=True)
class Accounts:
    """What accounts need. Thread-safe."""

    store: Store
    client: Client
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    resolver: str = atsession.RESOLVER  # of Bluesky's handles
    directory: str = atsession.DIRECTORY
    _tokens: dict[str, str] = field(default_factory=dict)  # by keyring item; read once while the program runs
    _sessions: dict[str, atsession.Session] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _renewing: threading.Lock = field(default_factory=threading.Lock)

    def authorise(self, state: FetchState, request: Request) -> Mapping[str, str]:
        """Return the headers that a request of a feed needs: its account's, and only on the account's own server.

        Raises:
            FetchError: nobody is signed in, or the keyring keeps silent.   RefusedError: the request goes elsewhere.
        """
        if not state.account:
            return {}
        account = self.store.account(state.account)
        if account is None:
            raise FetchError(f"Nobody is signed in as {state.account} any more. Sign in again, or leave this feed.")
        ours = request.url.startswith(account.server + API) if account.kind == "greader" else origin(request.url) == account.server
        if not ours:
            raise RefusedError(f"This request would show the account {account.name} to another server. Nothing was sent.")
        return {"Authorization": self._header(account)}

    def _header(self, account: Account) -> str:
        return f"{'GoogleLogin auth=' if account.kind == 'greader' else 'Bearer '}{self._token(account)}"

    def sign_in(
        self, server: str, open_browser: Callable[[str], None], *, cancelled: threading.Event | None = None, act: bool = False
    ) -> Account:
        """Register with a server, let the person agree in the browser, and keep the token in the keyring.

        Args:
            server: its name, its address, or a handle on it.   open_browser: shows an address to the person.   act: ask to favourite, boost,
            bookmark and answer too, not to read alone.
        Raises:
            InputError: that is no server.   SecretsError: no keyring keeps the token.   FetchError: the server refuses, the
            person did, or nobody answered in time.
        """
        home, scopes = server_of(server), SCOPES_TO_ACT if act else SCOPES
        if not secrets.keyring_works():
            raise SecretsError(
                "Signing in needs the system's keyring, which would keep the token; here it does not work. "
                "People, hashtags and public timelines can be followed without an account."
            )
        waiting = _Waiting()
        with waiting:
            app = self._ask(f"{home}/api/v1/apps", {
                "client_name": "Millpond", "redirect_uris": waiting.address, "scopes": scopes,
            })  # fmt: skip
            client_id, client_secret = values.text(app.get("client_id")), values.text(app.get("client_secret"))
            if not client_id:
                raise FetchError("This server did not let Millpond register. Is it a Mastodon server?")
            verifier = random_values.token_urlsafe(48)
            challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
            asked = {
                "response_type": "code", "client_id": client_id, "redirect_uri": waiting.address, "scope": scopes,
                "state": waiting.state, "code_challenge": challenge, "code_challenge_method": "S256",
            }  # fmt: skip
            open_browser(f"{home}/oauth/authorize?{urlencode(asked)}")
            code = waiting.wait(cancelled)
        app_secret = {"client_id": client_id, "client_secret": client_secret}
        answer = self._ask(f"{home}/oauth/token", {
            "grant_type": "authorization_code", "code": code, "redirect_uri": waiting.address, "code_verifier": verifier, **app_secret,
        })  # fmt: skip
        token = values.text(answer.get("access_token"))
        if not token:
            raise FetchError("The server gave no token. Try to sign in again.")
        granted = values.text(answer.get("scope")) or scopes
        who = self._ask(f"{home}/api/v1/accounts/verify_credentials", None, token)
        acct = values.text(who.get("acct")) or values.text(who.get("username"))
        if not acct:
            raise FetchError("The server does not say who signed in.")
        name = f"@{acct}@{urlsplit(home).netloc}"
        known, item = self.store.account(name), f"account-{random_values.token_hex(12)}"
        secrets.keep_secret(item, json.dumps({"token": token, **app_secret}))
        account = self.store.save_account(kind="mastodon", server=home, name=name, item=item, scopes=granted[:200])
        if known is not None:
            self._forget(known)
        return account

    def sign_in_bluesky(self, identifier: str, password: str, *, server: str = "") -> Account:
        """Sign in to Bluesky with an app password, which is not kept; the tokens lie in the keyring.

        Args:
            identifier: handle or DID.   server: that keeps the account; "" finds it.
        Raises:
            InputError: no handle, or no app password.   SecretsError: no keyring.   FetchError: the server says no.
        """
        password = atsession.require_app_password(password)
        if not secrets.keyring_works():
            raise SecretsError("Signing in needs the system's keyring, which would keep the tokens; here it does not work.")
        home = server_of(server) if server else atsession.find_server(self._ask_json, identifier, resolver=self.resolver, directory=self.directory)
        session = atsession.begin(self._ask_json, home, identifier.strip().removeprefix("@"), password)
        name = f"@{session.handle}"
        known, item = self.store.account(name), f"account-{random_values.token_hex(12)}"
        self._keep(item, session)
        account = self.store.save_account(kind="bluesky", server=home, name=name, item=item, scopes="read write:favourites write:statuses")
        if known is not None:
            self._forget(known)
        return account

    def sign_in_reader(self, address: str, user: str, password: str) -> Account:
        """Sign in to a server of the Google Reader API (FreshRSS, Miniflux); the password is not kept, the token lies in the keyring.

        Raises:
            InputError: no address, or not protected.   SecretsError: no keyring.   FetchError: the server says no.
        """
        server = readersession.server_at(address)
        if not secrets.keyring_works():
            raise SecretsError("Signing in needs the system's keyring, which would keep the token; here it does not work.")

        def post(url: str, form: Mapping[str, str]) -> HttpResponse:
            return self.client.fetch(
                HttpRequest(
                    url=url, method="POST", purpose="account", content=urlencode(form).encode(), allow_private=True, max_body_bytes=2**20,
                    headers={"Content-Type": "application/x-www-form-urlencoded"},
                )
            )

        home, token = readersession.begin(post, server, user, password)
        name = f"{user.strip()}@{urlsplit(home).netloc}"
        known, item = self.store.account(name), f"account-{random_values.token_hex(12)}"
        secrets.keep_secret(item, json.dumps({"token": token}))
        account = self.store.save_account(kind="greader", server=home, name=name, item=item)
        if known is not None:
            self._forget(known)
        return account

    def call_reader(self, account: Account, way: str, *, form: str = "") -> HttpResponse:
        """Ask a Google Reader server, or post a form to it ("{token}" stands for the token); returns an answer of any status.

        Raises:
            FetchError: no answer, or the keyring keeps silent.   RefusedError: nothing was sent.
        """
        headers = {"Authorization": self._header(account)}
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        return self.client.fetch(
            HttpRequest(
                url=account.server + API + way, method="POST" if form else "GET", purpose="account", accept="application/json", headers=headers,
                content=form.replace("{token}", quote(self._token(account), safe="")).encode() if form else None, allow_private=True,
                pace_seconds=PACE_SECONDS,
            )
        )

    def _keep(self, item: str, session: atsession.Session) -> None:
        kept = {"did": session.did, "handle": session.handle, "token": session.access, "renewal": session.renewal}
        secrets.keep_secret(item, json.dumps(kept))
        with self._lock:
            self._sessions[item] = session

    def _session(self, account: Account) -> atsession.Session:
        """Return the tokens of a Bluesky account, renewed where they end soon. Raises FetchError."""
        with self._renewing:
            with self._lock:
                session = self._sessions.get(account.item)
            if session is None:
                try:
                    kept = values.fields(json.loads(secrets.read_secret(account.item) or "{}"))
                except ValueError:
                    kept = {}
                session = atsession.Session(*(values.text(kept.get(name)) for name in ("did", "handle", "token", "renewal")))
                if not session.renewal:
                    raise FetchError(f"The keyring does not give out the token of {account.name}. Unlock it, or sign in again.")
                with self._lock:
                    self._sessions[account.item] = session
            ends = session.ends()
            if ends is not None and ends - self.clock() < atsession.MARGIN:
                session = atsession.renew(self._ask_json, account.server, session)
                self._keep(account.item, session)
            return session

    def _ask_json(self, url: str, body: Mapping[str, str] | None, token: str) -> dict[str, Any]:
        """Post JSON (or get, without a body) and return the JSON of the answer. Raises FetchError."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if body:
            headers["Content-Type"] = "application/json"
        answer = self.client.fetch(
            HttpRequest(
                url=url, method="GET" if body is None else "POST", purpose="account", accept="application/json", headers=headers,
                content=None if body is None else json.dumps(body).encode() if body else b"", allow_private=True, max_body_bytes=2**20,
            )
        )
        return _checked(answer)

    def call(self, account: Account, way: str, *, form: Mapping[str, str] | None = None, body: Mapping[str, Any] | None = None, key: str = "") -> HttpResponse:
        """Ask an account's own server something, or post a form to it; returns an answer of any status.

        Args:
            way: path and query.   form, body: posted, as a form or as JSON.   key: sent as `Idempotency-Key`.
        Raises:
            FetchError: no answer, or the keyring keeps silent.   RefusedError: nothing was sent.
        """
        headers = {"Authorization": f"Bearer {self._token(account)}"}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if body is not None:
            headers["Content-Type"] = "application/json"
        if key:
            headers["Idempotency-Key"] = key
        content = json.dumps(body).encode() if body is not None else urlencode(form).encode() if form is not None else None
        return self.client.fetch(
            HttpRequest(
                url=account.server + way, method="GET" if content is None else "POST", purpose="action", accept="application/json",
                headers=headers, content=content, allow_private=True, max_body_bytes=2**20,
            )
        )

    def did(self, account: Account) -> str:
        """Return the DID of a Bluesky account. Raises FetchError when the keyring keeps silent."""
        return self._session(account).did

    def sign_out(self, name: str) -> None:
        """Take the token back from the server, where it answers, and forget it. Raises NotFoundError."""
        account = self.store.account(name)
        if account is None:
            raise NotFoundError(f"There is no account {name}.")
        kept = secrets.read_secret(account.item) if account.kind == "mastodon" else None
        if account.kind == "bluesky":
            with contextlib.suppress(FetchError):
                atsession.end(self._ask_json, account.server, self._session(account))
        if kept is not None:
            try:
                found = values.fields(json.loads(kept))
                self._ask(f"{account.server}/oauth/revoke", {str(key): values.text(value) for key, value in found.items()})
            except (FetchError, ValueError):
                pass  # a server that is gone keeps nobody signed in here
        self._forget(account)
        self.store.remove_account(name)

    def _forget(self, account: Account) -> None:
        with self._lock:
            self._tokens.pop(account.item, None)
            self._sessions.pop(account.item, None)
        secrets.forget_secret(account.item)

    def _token(self, account: Account) -> str:
        if account.kind == "bluesky":
            return self._session(account).access
        with self._lock:
            known = self._tokens.get(account.item)
        if known:
            return known
        kept = secrets.read_secret(account.item)
        try:
            token = values.text(values.fields(json.loads(kept or "{}")).get("token"))
        except ValueError:
            token = ""
        if not token:
            raise FetchError(f"The keyring does not give out the token of {account.name}. Unlock it, or sign in again.")
        with self._lock:
            self._tokens[account.item] = token
        return token

    def _ask(self, url: str, form: Mapping[str, str] | None, token: str = "") -> dict[str, Any]:
        """Post a form (or get, without one) and return the JSON of the answer. Raises FetchError."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer = self.client.fetch(
            HttpRequest(
                url=url, method="GET" if form is None else "POST", purpose="account", accept="application/json", headers=headers,
                content=None if form is None else urlencode(form).encode(), allow_private=True, max_body_bytes=2**20,
            )
        )
        return _checked(answer)


def _checked(answer: HttpResponse) -> dict[str, Any]:
    try:
        found = values.fields(json.loads(answer.body or b"{}"))
    except ValueError:
        found = {}
    if answer.status != 200:
        words = values.text(found.get("message")) or values.text(found.get("error_description")) or values.text(found.get("error"))
        raise FetchError(f"The server says no ({answer.status}){f': {words[:200]}' if words else ''}.", status=answer.status)
    return found


def server_of(text: str) -> str:
    """Return the origin of a server that a person named. Raises InputError."""
    text = text.strip()
    if "@" in text and "://" not in text:
        text = text.rpartition("@")[2]
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    local = host.startswith("127.") or host == "::1"
    host = "" if any(c.isspace() for c in host) else host
    if ("." not in host and not local) or parts.scheme not in ({"http", "https"} if local else {"https"}) or parts.username:
        raise InputError("That is no server. Type its name, such as mastodon.social.")
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}"


class _Waiting:
    """A web server on this machine alone that waits for the browser to come back."""

    def __init__(self) -> None:
        from http.server import BaseHTTPRequestHandler, HTTPServer  # needed for this alone

        self.state = random_values.token_urlsafe(24)
        self._answer: dict[str, str] = {}
        waiting = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = {name: several[-1] for name, several in parse_qs(urlsplit(self.path).query).items()}
                ours = random_values.compare_digest(asked.get("state", ""), waiting.state)
                if ours:
                    waiting._answer = asked
                words = "You can close this page and go back to Millpond." if ours else "This page was not asked for."
                body = _DONE.format(words=words).encode()
                self.send_response(200 if ours else 400)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Referrer-Policy", "no-referrer")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing: the address holds a code."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._server.timeout = 0.2
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}/callback"

    def __enter__(self) -> _Waiting:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.server_close()

    def wait(self, cancelled: threading.Event | None) -> str:
        """Return the code that the browser brought. Raises FetchError."""
        until = time.monotonic() + WAIT_SECONDS
        while not self._answer:
            if cancelled is not None and cancelled.is_set():
                raise FetchError("Signing in was stopped.")
            if time.monotonic() > until:
                raise FetchError("Nobody agreed in the browser within five minutes. Try to sign in again.")
            self._server.handle_request()
        if "code" not in self._answer:
            raise FetchError("In the browser, Millpond was not let in. Nothing was changed.")
        return self._answer["code"]
