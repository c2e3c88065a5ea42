"""What the door is asked, how it behaves, and what it tells: values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

USER_AGENT = "Millpond/0.1 (+https://millpond.invalid/fetcher)"
ACCEPT_ENCODING = "gzip, deflate, br, zstd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How the door behaves towards everyone.

    `proxy` is empty, `http://[user:password@]host:port` or `socks5h://…`; names are then resolved by the proxy.
    """

    user_agent: str = USER_AGENT
    total_seconds: float = 60.0  # of one fetch with all its redirects, waiting for its turn not counted
    connect_seconds: float = 15.0
    stall_seconds: float = 30.0  # of a download: without a byte, or below `stall_bytes_per_second` on average
    stall_bytes_per_second: int = 512
    max_body_bytes: int = 16 * 2**20  # decoded
    max_redirects: int = 10
    connections: int = 8
    per_host_connections: int = 1
    per_host_seconds: float = 1.0  # from the start of one request to the start of the next
    proxy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """One thing to ask for.

    `allow_private` opens this URL's own host and port, and nothing else, when it lies on this machine or its
    network; `private_only` refuses everything else, and goes past a proxy, which would see it. `auth` (user, password) is sent as Basic, to this URL's own origin only. `etag` and `last_modified` go out
    byte for byte. `pace_seconds` replaces the policy's gap between two requests to the host, `connections` how many of them
    may be under way; requests with one `pace_key` share a pace whatever their host.
    """

    url: str
    method: str = "GET"
    purpose: str = "feed"
    accept: str = "*/*"
    etag: str | None = None
    last_modified: str | None = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  # may hold a key
    allow_private: bool = False
    private_only: bool = False
    auth: tuple[str, str] | None = field(default=None, repr=False)
    pace_seconds: float | None = None
    pace_key: str = ""
    connections: int | None = None
    max_body_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """An answer of any status.

    `url` is where the redirects ended, without credentials; `permanent_url` is where the 301 and 308 at the beginning
    of the chain led, None when there were none. `headers` have lower-case names, repeated ones joined by ", ".
    `body` is decoded; `received_bytes` counts what came over the wire in the last hop, headers included.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    permanent_url: str | None
    received_bytes: int


class Recorder(Protocol):
    """Who keeps the ledger and the pauses. Called from many threads."""

    def begin(self, *, host: str, purpose: str, method: str, sent_bytes: int) -> int:
        """A request is about to leave for `host` (name:port). Returns the row's id."""

    def complete(self, row: int, /, *, status: int | None, received_bytes: int, error: str) -> None:
        """What came of it. `error` is "" when an answer came."""

    def pause(self, host: str, until: datetime, /) -> None:
        """`host` (name:port) asked to be left alone until then; a time that has passed ends the pause."""
