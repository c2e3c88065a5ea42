"""Signing in to a server of the Google Reader API: where its interface lies, and the token that it gives for name and password.

ClientLogin, as FreshRSS (below `/api/greader.php`) and Miniflux (at its own address) have it. The password is used once and not kept:
their tokens hold until it is changed.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from engine import polite
from engine.errors import FetchError, InputError
from engine.http import HttpResponse
from engine.sources.kinds.greader import API

# Posts a form to an address: url, form.
Post = Callable[[str, Mapping[str, str]], HttpResponse]

_LOGIN = "/accounts/ClientLogin"
_PLACES = ("", "/api/greader.php", "/p/api/greader.php")
_LONGEST = 2_000  # characters of a token


def server_at(text: str) -> str:
    """Return the address of a server that a person typed, without what belongs to its interface. Raises InputError."""
    text = text.strip()
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if not host or parts.username or parts.scheme not in {"http", "https"} or any(c.isspace() for c in parts.netloc) or len(text) > 1000:
        raise InputError("That is no address of a server. It looks like https://rss.example.org or https://example.org/freshrss.")
    if parts.scheme == "http" and not _near(host):
        raise InputError("This address is not protected (http), so everybody on the way could read your password. Use https://. Nothing was sent.")
    path = parts.path
    for end in (_LOGIN, API):
        path = path.partition(end.rstrip("/"))[0]
    return f"{parts.scheme}://{parts.netloc}{path.rstrip('/')}"


def _near(host: str) -> bool:
    """Whether a host is this machine or in its own network by name or number."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".lan", ".internal", ".home.arpa")) or "." not in host


def begin(post: Post, server: str, user: str, password: str) -> tuple[str, str]:
    """Return where the interface lies and the token. Raises InputError, FetchError."""
    if not user.strip() or not password:
        raise InputError("Type the user name and the API password that your server has for other readers.")
    places = _PLACES if not server.endswith(".php") else ("",)
    for place in places:
        answer = post(f"{server}{place}{_LOGIN}", {"Email": user.strip(), "Passwd": password, "service": "reader", "accountType": "HOSTED_OR_GOOGLE"})
        if answer.status in {401, 403}:
            raise FetchError(
                "The user name or the API password is wrong. It is not the password of the site itself: FreshRSS has it under Profile, "
                "Miniflux under Integrations.",
                status=answer.status,
            )
        token = _token(answer.body) if answer.status == 200 else ""
        if token:
            return f"{server}{place}", token
        if answer.status in {429, 500, 502, 503, 504}:
            raise FetchError(f"{polite.words_for_status(answer.status)} Try to sign in again later.", status=answer.status)
    raise FetchError(
        "There is no Google Reader interface at this address. In FreshRSS, allow access by API under Authentication; in Miniflux, "
        "activate Google Reader under Integrations."
    )


def _token(body: bytes) -> str:
    """The token in the lines of an answer; "" when it is none that a header can carry."""
    for line in body[:20_000].decode("utf-8", "replace").splitlines():
        name, _, value = line.partition("=")
        value = value.strip()
        if name.strip() == "Auth" and 0 < len(value) <= _LONGEST and value.isascii() and value.isprintable() and " " not in value:
            return value
    return ""
