"""Signing in to Bluesky with an app password: which server keeps an account, and the two tokens that it gives.

Sources: atproto.com/specs/handle, /specs/did, /specs/xrpc; the lexicons com.atproto.server.createSession and refreshSession.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from engine.errors import FetchError, InputError
from engine.sources import values
from engine.sources.kinds.atproto import is_did, is_handle
from engine.sources.source import origin

RESOLVER = "https://public.api.bsky.app"
DIRECTORY = "https://plc.directory"
MARGIN = timedelta(minutes=2)  # before its end a token is renewed
_APP_PASSWORD = re.compile(r"[a-z2-7]{4}(?:-[a-z2-7]{4}){3}")

# Asks an address for JSON: url, body (None: get), token ("": none); raises FetchError with the status.
Ask = Callable[[str, Mapping[str, str] | None, str], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Session:
    """Who signed in, and the tokens. The access token lives for hours, the other renews it."""

    did: str
    handle: str
    access: str = field(repr=False)
    renewal: str = field(repr=False)

    def ends(self) -> datetime | None:
        """When the access token ends; None when it does not say."""
        try:
            payload = self.access.split(".")[1]
            told = values.fields(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))
            return values.moment(told.get("exp"))
        except (IndexError, ValueError):
            return None


def require_app_password(text: str) -> str:
    """Return an app password. Raises InputError for anything else: the account's own password is never sent."""
    text = text.strip()
    if not _APP_PASSWORD.fullmatch(text):
        raise InputError(
            "That is no app password. Make one on bsky.app, under Settings, Privacy and security, App passwords; it looks like "
            "abcd-efgh-2345-mnop. Your account's own password was not sent."
        )
    return text


def find_server(ask: Ask, identifier: str, *, resolver: str = RESOLVER, directory: str = DIRECTORY) -> str:
    """Return the origin of the server that keeps an account, told by its handle or DID. Raises InputError, FetchError."""
    who = identifier.strip().removeprefix("@")
    if is_did(who):
        did = who
    elif is_handle(who):
        did = values.text(ask(f"{resolver}/xrpc/com.atproto.identity.resolveHandle?{urlencode({'handle': who.lower()})}", None, "").get("did"))
    else:
        raise InputError("That is no handle of Bluesky. It looks like ada.bsky.social.")
    if did.startswith("did:web:") and is_handle(did.removeprefix("did:web:")):
        told = ask(f"https://{did.removeprefix('did:web:')}/.well-known/did.json", None, "")
    elif did.startswith("did:plc:") and is_did(did):
        told = ask(f"{directory}/{quote(did, safe=':')}", None, "")
    else:
        raise FetchError("Nobody on Bluesky has that handle.")
    if told.get("id") != did or (is_handle(who) and f"at://{who.lower()}" not in [str(name).lower() for name in values.several(told.get("alsoKnownAs"))]):
        raise FetchError("The handle and the account behind it do not name each other, so nothing was sent there.")
    for service in map(values.fields, values.several(told.get("service"))):
        place = values.text(service.get("serviceEndpoint"))
        if values.text(service.get("id")).endswith("#atproto_pds") and place.startswith(("https://", "http://127.0.0.1:")):
            return origin(place)
    raise FetchError("This account names no server that keeps it.")


def begin(ask: Ask, server: str, identifier: str, password: str) -> Session:
    """Sign in. Raises FetchError."""
    try:
        found = ask(f"{server}/xrpc/com.atproto.server.createSession", {"identifier": identifier, "password": password}, "")
    except FetchError as error:
        if error.status == 401:
            raise FetchError("The handle or the app password is wrong.", status=401) from None
        raise
    return _session(found)


def renew(ask: Ask, server: str, session: Session) -> Session:
    """Return new tokens for old ones. Raises FetchError."""
    try:
        return _session(ask(f"{server}/xrpc/com.atproto.server.refreshSession", {}, session.renewal))
    except FetchError as error:
        if error.status in {400, 401}:
            raise FetchError(f"The server has ended the session of @{session.handle}. Sign in again.", status=error.status) from None
        raise


def end(ask: Ask, server: str, session: Session) -> None:
    """Sign out at the server. Raises FetchError."""
    ask(f"{server}/xrpc/com.atproto.server.deleteSession", {}, session.renewal)


def _session(found: Mapping[str, Any]) -> Session:
    made = Session(*(values.text(found.get(name)) for name in ("did", "handle", "accessJwt", "refreshJwt")))
    if not (is_did(made.did) and is_handle(made.handle) and made.access and made.renewal):
        raise FetchError("The server gave no tokens. Is it one of the AT Protocol?")
    return made
