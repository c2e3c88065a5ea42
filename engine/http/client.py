"""The only door to the network: polite, bounded, guarded, entered in the ledger."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, unquote, urlsplit

from engine.errors import FetchError, InputError
from engine.http import decode, guard
from engine.http.policy import HttpRequest, HttpResponse, Policy, Recorder
from engine.http.trip import Trip
from engine.http.turns import Pauses, Turns

if TYPE_CHECKING:  # the HTTP library takes 0.2 s to load; the first request loads it
    import ssl

    import httpcore2

    from engine.http.transport import Exchange, Resolver

log = logging.getLogger(__name__)

_SKIM_BYTES = 64 * 1024  # of a redirect's body, read so that the connection can be used again


@dataclass(slots=True)
class Answer:
    """Status and headers of one hop, and its body still on the wire."""

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]
    exchange: Exchange


class SecretKeeper(Protocol):
    """Knows the secrets that stand in addresses by the names that stand there instead."""

    def reveal(self, text: str, url: str) -> Mapping[str, str]: ...

    def hide(self, url: str) -> str: ...


class Client:
    """Fetches. Thread-safe: meant to be called from as many threads as there are connections, and more.

    Args:
        clock: aware UTC now.   on_exchange: who keeps the ledger.
        pauses: hosts (name:port) that are still to be left alone, as the recorder was told of them.
        resolve: from a name to addresses; the system's unless given.   tls: whom to trust; the system unless given.
        steady: seconds that no change of the clock touches; without it, the clock's own.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        policy: Policy,
        on_exchange: Recorder,
        pauses: Mapping[str, datetime] | None = None,
        *,
        resolve: Resolver | None = None,
        tls: ssl.SSLContext | None = None,
        steady: Callable[[], float] | None = None,
        vault: SecretKeeper | None = None,
    ) -> None:
        self.policy = policy
        self._vault = vault
        self._recorder = on_exchange
        self._pauses = Pauses(clock, on_exchange, pauses or {}, steady)
        self._turns = Turns(policy.connections)
        self._resolve = resolve
        self._tls = tls
        self._proxy = _checked_proxy(policy.proxy)
        self._pools: dict[tuple[str, bool, bool], httpcore2.ConnectionPool] = {}
        self._live: dict[Exchange, str] = {}
        self._lock = threading.Lock()
        self._cancels: dict[str, int] = {}  # how often each purpose was cancelled; "" is all of them
        self._closed = False

    def fetch(self, request: HttpRequest) -> HttpResponse:
        """Ask for one thing and follow its redirects. Waits for the host's turn first, as long as that takes.

        Raises:
            FetchError: no answer, or none that can be used. An answer of any status is returned, not raised.
            RefusedError: Millpond did not ask: a private address, a scheme, a downgrade, a paused host.
        """
        from engine.http import transport

        secrets = self._secrets(request)
        request = _with(request, secrets)
        trip = Trip(request, transport.parse(request.url), self.policy)
        cap = request.max_body_bytes or self.policy.max_body_bytes
        seconds = self.policy.total_seconds
        while True:
            with self.answer(trip, seconds=seconds) as answer:
                location = trip.redirected(answer.status, answer.headers)
                body = _skim(answer) if location else _read(answer, cap)
                seconds = answer.exchange.remaining()
                received = answer.exchange.received_bytes
            if location:
                trip.go(answer.status, location, transport.follow)
                continue
            try:
                body = decode.decode(body, answer.headers.get("content-encoding", ""), max_bytes=cap)
            except decode.WrongCodingError:
                if not trip.identity:
                    trip.identity = True
                    continue
                if decode.looks_coded(body):
                    raise FetchError(f"The answer of {trip.target.host} is damaged.", status=answer.status) from None
            response = HttpResponse(
                url=trip.target.url,
                status=answer.status,
                headers=answer.headers,
                body=body,
                permanent_url=trip.permanent_url,
                received_bytes=received,
            )
            if self._vault is not None and response.url != request.url:  # where it was sent may hold another secret
                moved = self._vault.hide(response.url)
                secrets = {**self._vault.reveal(moved, response.url), **secrets}
            return _without(response, secrets)

    def _secrets(self, request: HttpRequest) -> Mapping[str, str]:
        """The secrets that a request names, by their names. Raises FetchError, RefusedError."""
        named = request.url + (f" {request.auth[1]}" if request.auth is not None else "")
        return self._vault.reveal(named, request.url) if self._vault is not None else {}

    def download(
        self, request: HttpRequest, path: Path, *, size: int | None = None, resume: bool = True
    ) -> Iterator[tuple[int, int | None]]:
        """Fetch a large file into `path`, going on where an earlier attempt ended; yields (done, total) bytes.

        See `engine.http.download.download`.
        """
        from engine.http.download import download

        return download(self, request, path, size=size, resume=resume)

    def fetch_range(self, request: HttpRequest, start: int, size: int) -> tuple[bytes, int | None]:
        """Fetch a piece of a large file; see `engine.http.download.fetch_range`."""
        from engine.http.download import fetch_range

        return fetch_range(self, request, start, size)

    @contextmanager
    def stream(self, request: HttpRequest, *, seconds: float) -> Iterator[Answer]:
        """Ask for one thing and hand out its answer while it comes; `fetch`, without redirects and decoding.

        Args:
            seconds: until the answer begins and ends; who reads it may move `answer.exchange.deadline` on.
        Raises:
            FetchError.   RefusedError.
        """
        from engine.http import transport

        request = _with(request, self._secrets(request))
        trip = Trip(request, transport.parse(request.url), self.policy)
        trip.identity = True
        with self.answer(trip, seconds=seconds) as answer:
            yield answer

    def paused_until(self, host: str) -> datetime | None:
        """Until when `host` (name:port, as `host_of` gives it) is left alone; None when it is not."""
        return self._pauses.until(host)

    def cancel(self, purpose: str | None = None) -> None:
        """Abort what is under way or waits for its turn (of one purpose, or all). What is asked later is not touched."""
        with self._lock:
            self._cancels[purpose or ""] = self._cancels.get(purpose or "", 0) + 1
            live = [exchange for exchange, kind in self._live.items() if purpose in (None, kind)]
        for exchange in live:
            exchange.stop()
        self._turns.wake()

    def close(self) -> None:
        """Abort everything and close all connections. Nothing can be fetched afterwards."""
        with self._lock:
            self._closed = True
        self.cancel()
        with self._lock:
            pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            pool.close()

    @contextmanager
    def answer(
        self, trip: Trip, *, seconds: float, extra_headers: Mapping[str, str] | None = None
    ) -> Iterator[Answer]:
        """Make one hop: wait for the turn, enter it in the ledger, send, hand out the answer, complete the row.

        `seconds` bound all of it but the waiting. Raises FetchError and RefusedError.
        """
        from engine.http import transport

        target, purpose = trip.target, trip.request.purpose
        headers = trip.headers(extra_headers)
        cancels = self._cancelled(purpose)

        def give_up() -> None:
            if self._closed or self._cancelled(purpose) != cancels:
                raise transport.StoppedError
            self._pauses.check(target.key)

        connections, gap = self._pace(trip)
        with self._turns.turn(trip.request.pace_key or target.key, connections=connections, gap_seconds=gap, give_up=give_up):
            exchange = transport.Exchange(
                target.host,
                seconds=seconds,
                allow_private=trip.may_be_private,
                connect_seconds=self.policy.connect_seconds,
                private_only=trip.request.private_only,
            )
            sent = _wire_size(trip, headers)
            row = self._recorder.begin(host=target.key, purpose=purpose, method=trip.method, sent_bytes=sent)
            status: int | None = None
            error = "Stopped before it was finished."
            with self._lock:
                self._live[exchange] = purpose
            try:
                give_up()
                with _plain_errors(exchange):
                    response = self._send(trip, headers, exchange)
                    status = response.status
                    try:
                        found = _headers(response)
                        self._pauses.note(target.key, status, found)
                        yield Answer(status, found, iter(response.iter_stream()), exchange)
                    finally:
                        response.close()
                error = ""
            except FetchError as failure:
                error = str(failure)
                raise
            finally:
                with self._lock:
                    self._live.pop(exchange, None)
                self._recorder.complete(row, status=status, received_bytes=exchange.received_bytes, error=error)

    def _send(self, trip: Trip, headers: list[tuple[bytes, bytes]], exchange: Exchange) -> httpcore2.Response:
        """Send on a kept-open or a new connection; once more when a kept-open one turns out to be dead."""
        import httpcore2

        target = trip.target
        proxied = self._proxy is not None and not trip.request.private_only  # what may not leave the house goes through nobody else's
        if self._proxy is not None:
            guard.check_unresolved(
                target.host, allow_private=trip.may_be_private, private_only=trip.request.private_only
            )
        elif target.host.endswith(".onion"):
            raise FetchError(f"{target.host} can be reached through Tor only: set it as the proxy.")
        pool = self._pool(target.scheme, private=trip.may_be_private, only=trip.request.private_only)
        timeouts = {"connect": exchange, "read": exchange, "write": exchange, "pool": self.policy.total_seconds}
        host = target.shown if proxied and target.scheme == "http" else target.host
        request = httpcore2.Request(
            trip.method,
            httpcore2.URL(
                scheme=target.scheme.encode(), host=host.encode("ascii"), port=target.port, target=target.path
            ),
            headers=headers,
            content=trip.content,
            extensions={"timeout": timeouts},
        )
        try:
            try:
                return pool.handle_request(request)
            except (httpcore2.ReadError, httpcore2.RemoteProtocolError):
                if exchange.connected or exchange.received_bytes or trip.content is not None:
                    raise
            return pool.handle_request(request)
        except _socks_errors() as error:
            exchange.abandon()
            if not proxied or self._proxy is None or not self._proxy.startswith("socks"):
                raise
            log.info("socks proxy failed kind=%s", type(error).__name__)
            raise FetchError("The proxy does not speak SOCKS5.") from None
        except BaseException:
            exchange.abandon()
            raise

    def _pool(self, scheme: str, *, private: bool, only: bool) -> httpcore2.ConnectionPool:
        """A connection that was opened by permission is never used without it, so those have a pool of their own."""
        from engine.http import transport

        with self._lock:
            if self._closed:
                raise transport.StoppedError
            pool = self._pools.get((scheme, private, only))
            if pool is None:
                proxy = None if only else self._proxy
                backend = transport.Backend(resolve=self._resolve or transport.resolve, proxied=proxy is not None)
                context = (self._tls or transport.tls_context()) if scheme == "https" else None
                pool = transport.pool(
                    backend, proxy=_proxy(proxy), connections=self.policy.connections, context=context
                )
                self._pools[scheme, private, only] = pool
            return pool

    def _pace(self, trip: Trip) -> tuple[int, float]:
        """Return how many connections the host gets, and the seconds between two requests to it."""
        if trip.may_be_private:
            address = guard.literal(trip.target.host)
            if address is not None and address.is_loopback:
                return self.policy.connections, 0.0
        gap = trip.request.pace_seconds
        most = trip.request.connections or self.policy.per_host_connections
        return most, self.policy.per_host_seconds if gap is None else gap

    def _cancelled(self, purpose: str) -> tuple[int, int]:
        return self._cancels.get("", 0), self._cancels.get(purpose, 0)


def host_of(url: str) -> str:
    """Return name:port of an address: what has a pace, a pause and a place in the ledger. Raises RefusedError."""
    from engine.http import transport

    return transport.parse(url).key


@contextmanager
def _plain_errors(exchange: Exchange) -> Iterator[None]:
    """Turn what the HTTP library raises into words."""
    import httpcore2

    try:
        yield
    except httpcore2.RemoteProtocolError as error:
        exchange.remaining()
        early = "complet" in str(error) or "disconnected" in str(error)
        what = "ended its answer too early" if early else "does not speak proper HTTP"
        raise FetchError(f"{exchange.host} {what}.") from None
    except httpcore2.LocalProtocolError:
        raise FetchError("This request cannot be written as HTTP.") from None
    except httpcore2.ProxyError as error:
        exchange.remaining()
        raise FetchError(f"The proxy did not lead to {exchange.host}: {str(error).rstrip('.')}.") from None
    except httpcore2.TimeoutException:
        raise exchange.late() from None
    except httpcore2.NetworkError as error:
        exchange.remaining()
        raise FetchError(f"The connection to {exchange.host} broke: {error}.") from None


def _socks_errors() -> tuple[type[Exception], ...]:
    """What the SOCKS library raises when a proxy answers nonsense; much of it are failed assertions."""
    import socksio

    return (socksio.SOCKSError, AssertionError, AttributeError, IndexError, ValueError)


def _headers(response: httpcore2.Response) -> dict[str, str]:
    found: dict[str, str] = {}
    for raw_name, raw_value in response.headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _wire_size(trip: Trip, headers: list[tuple[bytes, bytes]]) -> int:
    lines = sum(len(name) + len(value) + 4 for name, value in headers)
    return len(trip.method) + len(trip.target.path) + 12 + lines + 2 + len(trip.content or b"")


def _read(answer: Answer, cap: int) -> bytes:
    """Read a body whole. Raises FetchError when it is larger than `cap` even before it is decoded."""
    length = answer.headers.get("content-length", "")
    if length.isdigit() and int(length) > cap:
        raise decode.too_large(cap)
    parts: list[bytes] = []
    size = 0
    for chunk in answer.chunks:
        size += len(chunk)
        if size > cap:
            raise decode.too_large(cap)
        parts.append(chunk)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _skim(answer: Answer) -> bytes:
    size = 0
    for chunk in answer.chunks:
        size += len(chunk)
        if size > _SKIM_BYTES:
            break
    return b""


def _checked_proxy(proxy: str) -> str | None:
    """Raises InputError when `proxy` is neither empty nor the address of a proxy that can be used."""
    if not proxy.strip():
        return None
    try:
        parts = urlsplit(proxy.strip())
        usable = parts.scheme in {"http", "socks5", "socks5h"} and bool(parts.hostname) and parts.port is not None
    except ValueError:
        usable = False
    if not usable:
        raise InputError("A proxy is written as http://host:port or socks5h://host:port.")
    return proxy.strip()


def _proxy(proxy: str | None) -> httpcore2.Proxy | None:
    if proxy is None:
        return None
    import httpcore2

    parts = urlsplit(proxy)
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    url = httpcore2.URL(scheme=parts.scheme, host=parts.hostname or "", port=parts.port, target=b"/")
    return httpcore2.Proxy(url, auth=auth)


LONG_SECRET = 12  # characters from which on a secret cannot stand in an answer by chance


def _with(request: HttpRequest, secrets: Mapping[str, str]) -> HttpRequest:
    """A request with its secrets in place of their names."""
    url, auth, etag = request.url, request.auth, request.etag
    for name, secret in secrets.items():
        url = url.replace(name, secret)
        etag = etag.replace(name, secret) if etag else etag  # as the server wrote it
        auth = (auth[0], auth[1].replace(name, secret)) if auth is not None else None
    return replace(request, url=url, auth=auth, etag=etag) if secrets else request


def _without(response: HttpResponse, secrets: Mapping[str, str]) -> HttpResponse:
    """An answer with names in place of the secrets that the request held, in either spelling."""
    url, moved, body, headers = response.url, response.permanent_url, response.body, dict(response.headers)
    for name, secret in secrets.items():
        for spelt in {secret, unquote(secret), quote(unquote(secret), safe="")}:
            if len(spelt) < LONG_SECRET:
                url = url.replace(f"={spelt}", f"={name}")
                moved = moved.replace(f"={spelt}", f"={name}") if moved else moved
                continue
            url = url.replace(spelt, name)
            moved = moved.replace(spelt, name) if moved else moved
            body = body.replace(spelt.encode(), name.encode())
            headers = {header: value.replace(spelt, name) for header, value in headers.items()}
    return replace(response, url=url, permanent_url=moved, body=body, headers=headers) if secrets else response
