"""One request on its way through redirects: where it is, and what it may still carry."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Protocol

from engine.errors import FetchError, RefusedError
from engine.http.guard import Target
from engine.http.policy import ACCEPT_ENCODING, HttpRequest, Policy

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_BODY_HEADERS = frozenset({"content-type", "content-length", "content-encoding"})


class Follow(Protocol):
    def __call__(self, base: str, location: str) -> Target: ...


class Trip:
    """Knows no network: told of each redirect, it says where to go next, or refuses."""

    def __init__(self, request: HttpRequest, first: Target, policy: Policy) -> None:
        self.request = request
        self.first = first
        self.target = first
        self.method = request.method.upper()
        self.content = request.content
        self.identity = False  # ask for the plain bytes
        self.permanent_url: str | None = None
        self._policy = policy
        self._all_permanent = True
        self._hops = 0
        self._seen = {(self.method, first.url)}
        self._auth = request.auth or first.user

    @property
    def may_be_private(self) -> bool:
        """Only the very host and port that the person named may lie on this machine or its network."""
        return self.request.allow_private and self.target.key == self.first.key

    def headers(self, extra: Mapping[str, str] | None = None) -> list[tuple[bytes, bytes]]:
        """Return all headers of this hop, in wire form. No cookie, no Referer, nothing personal.

        Raises:
            FetchError: a header cannot be written.
        """
        request = self.request
        named = {
            "Host": self.target.authority,
            "User-Agent": self._policy.user_agent,
            "Accept": request.accept,
            "Accept-Encoding": "identity" if self.identity else ACCEPT_ENCODING,
        }
        if request.etag is not None:
            named["If-None-Match"] = request.etag
        if request.last_modified is not None:
            named["If-Modified-Since"] = request.last_modified
        if self.target.origin == self.first.origin:
            if self._auth is not None:
                pair = f"{self._auth[0]}:{self._auth[1]}".encode()
                named["Authorization"] = "Basic " + base64.b64encode(pair).decode("ascii")
            for name, value in request.headers.items():
                if self.content is not None or name.lower() not in _BODY_HEADERS:
                    named[name] = value
        if self.content is not None:
            named["Content-Length"] = str(len(self.content))
        named.update(extra or {})
        try:
            return [(name.encode("ascii"), value.encode("latin-1")) for name, value in named.items()]
        except UnicodeEncodeError:
            raise FetchError("A header of this request holds characters that HTTP cannot carry.") from None

    def redirected(self, status: int, headers: Mapping[str, str]) -> str | None:
        """Return where an answer points, None when it is no redirect."""
        if status not in _REDIRECTS:
            return None
        return headers.get("location") or None

    def go(self, status: int, location: str, follow: Follow) -> None:
        """Follow one redirect.

        Raises:
            RefusedError: to another scheme, or from https back to http.   FetchError: in a circle, or too often.
        """
        target = follow(self.target.url, location)
        if self.target.scheme == "https" and target.scheme == "http":
            raise RefusedError(f"{self.target.host} redirects from https to unprotected http. Nothing was sent there.")
        if status == 303 or (status in (301, 302) and self.method == "POST"):
            self.method = "GET" if self.method != "HEAD" else "HEAD"
            self.content = None
        if self.content is not None and target.origin != self.first.origin:
            raise RefusedError(f"{self.first.host} redirects what was to be sent there to {target.host}. It was not sent on.")
        self._hops += 1
        if (self.method, target.url) in self._seen:
            raise FetchError(f"{self.target.host} redirects in a circle.")
        if self._hops > self._policy.max_redirects:
            raise FetchError(f"{self.first.host} redirects more than {self._policy.max_redirects} times.")
        self._seen.add((self.method, target.url))
        self._all_permanent = self._all_permanent and status in _PERMANENT
        if self._all_permanent:
            self.permanent_url = target.url
        self.target = target
