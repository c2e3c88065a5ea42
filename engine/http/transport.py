"""Sockets under the HTTP library: every address checked before it is connected to, every wait bounded and stoppable.

httpcore2 hands the value of its "timeout" extension through to the network backend untouched. The door puts an
`Exchange` there, so that a stream, which outlives one exchange, always knows whose deadline and whose permission count.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import os
import select
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import httpcore2
import httpx2

from engine.errors import FetchError, RefusedError, UnreachableError
from engine.http import guard

SocketAddress = tuple[Any, ...]
Resolver = Callable[[str, int], Sequence[tuple[int, SocketAddress]]]  # (family, address) in order of preference

_STEP_SECONDS = 0.05  # how soon a wait that no socket can end notices that it was cancelled
_HEAD_START_SECONDS = 0.25  # RFC 8305
_UNDER_WAY = {0, errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY, errno.EISCONN}
_NO_NETWORK = frozenset({errno.ENETUNREACH, errno.ENETDOWN, getattr(errno, "WSAENETUNREACH", errno.ENETUNREACH)})
_NO_WAY = _NO_NETWORK | {errno.EHOSTUNREACH, getattr(errno, "WSAEHOSTUNREACH", errno.EHOSTUNREACH)}


class StoppedError(FetchError):
    """The fetch was cancelled from here."""

    def __init__(self) -> None:
        super().__init__("Stopped before it was finished.")


class Exchange:
    """One request and its answer: how long it may take, where it may go, and what went over the wire."""

    def __init__(
        self, host: str, *, seconds: float, allow_private: bool, connect_seconds: float, private_only: bool = False
    ) -> None:
        self.host = host
        self.allow_private = allow_private
        self.private_only = private_only
        self.connect_seconds = connect_seconds
        self.deadline = time.monotonic() + seconds
        self.received_bytes = 0
        self.connected = False  # a new connection was made for it
        self._stopped = False
        self._stream: Stream | None = None
        self._lock = threading.Lock()

    def remaining(self) -> float:
        """Return the seconds left. Raises StoppedError, or FetchError when there are none."""
        if self._stopped:
            raise StoppedError
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise self.late()
        return left

    def late(self) -> FetchError:
        return StoppedError() if self._stopped else FetchError(f"{self.host} took too long to answer.")

    def broken(self, error: OSError) -> FetchError:
        if self._stopped:
            return StoppedError()
        return FetchError(f"The connection to {self.host} broke: {_words(error)}.")

    def watch(self, stream: Stream) -> None:
        """Make `stream` the one that `stop` shuts down."""
        if self._stream is not stream:
            with self._lock:
                self._stream = stream
        if self._stopped:
            raise StoppedError

    def abandon(self) -> None:
        """Close a connection that this exchange made and that came to nothing (the library keeps some of those)."""
        if self.connected and self._stream is not None:
            self._stream.close()

    def stop(self) -> None:
        """Abort from another thread: whoever waits on the stream wakes."""
        self._stopped = True
        with self._lock:
            if self._stream is not None:
                self._stream.shut_down()


class Stream(httpcore2.NetworkStream):
    """A connected socket."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._closed = False
        self._lock = threading.Lock()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        exchange = _exchange(timeout)
        exchange.watch(self)
        try:
            self._socket.settimeout(exchange.remaining())
            data = self._socket.recv(max_bytes)
        except TimeoutError:
            raise exchange.late() from None
        except OSError as error:
            raise self._lost(exchange, error) from None
        if not data:
            exchange.remaining()
        exchange.received_bytes += len(data)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return
        exchange = _exchange(timeout)
        exchange.watch(self)
        try:
            self._socket.settimeout(exchange.remaining())
            self._socket.sendall(buffer)
        except TimeoutError:
            raise exchange.late() from None
        except OSError as error:
            raise self._lost(exchange, error) from None

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._socket.close()

    def shut_down(self) -> None:
        """End all reading and writing, whichever thread is at it."""
        with self._lock:
            if not self._closed:
                # Not SSLSocket's own: that one forgets its TLS state under the reader's hands.
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> Stream:
        exchange = _exchange(timeout)
        name = _without_brackets(server_hostname or "")
        watched = Stream(self._socket.dup())  # wrapping takes the descriptor out of the socket we hold
        try:
            exchange.watch(watched)
            self._socket.settimeout(min(exchange.remaining(), exchange.connect_seconds))
            secured = ssl_context.wrap_socket(self._socket, server_hostname=name)
        except ssl.SSLCertVerificationError as error:
            self._socket.close()
            exchange.remaining()
            raise FetchError(f"The certificate of {exchange.host} is not valid: {error.verify_message}.") from None
        except TimeoutError:
            self._socket.close()
            raise exchange.late() from None
        except OSError as error:
            self._socket.close()
            exchange.remaining()
            raise FetchError(f"No secure connection to {exchange.host}: {_words(error)}.") from None
        except FetchError:
            self._socket.close()
            raise
        finally:
            watched.close()
        return Stream(secured)

    def get_extra_info(self, info: str) -> Any:
        if info == "ssl_object":
            return self._socket if isinstance(self._socket, ssl.SSLSocket) else None
        if info == "socket":
            return self._socket
        if info == "is_readable":
            return self._is_readable()
        return None

    def _is_readable(self) -> bool:
        descriptor = self._socket.fileno()
        if descriptor < 0:
            return True
        if hasattr(select, "poll"):
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            return bool(poll.poll(0))
        return bool(select.select([descriptor], [], [], 0)[0])

    def _lost(self, exchange: Exchange, error: OSError) -> Exception:
        """A connection that was kept open may have been closed meanwhile; the door tries that once more."""
        if exchange.connected or exchange.received_bytes:
            return exchange.broken(error)
        exchange.remaining()
        return httpcore2.ReadError(_words(error))


class Backend(httpcore2.NetworkBackend):
    """Connects. With a proxy, to the proxy alone, which the person chose and so is trusted."""

    def __init__(self, *, resolve: Resolver, proxied: bool) -> None:
        self._resolve = resolve
        self._proxied = proxied

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> Stream:
        exchange = _exchange(timeout)
        addresses = self._addresses(_without_brackets(host), port, exchange)
        connected = _connect(addresses, exchange)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        exchange.connected = True
        stream = Stream(connected)
        try:
            exchange.watch(stream)
        except FetchError:
            stream.close()
            raise
        return stream

    def _addresses(self, host: str, port: int, exchange: Exchange) -> list[tuple[int, SocketAddress]]:
        """Resolve `host` and keep what may be connected to: these very addresses are used, no name again.

        Raises:
            RefusedError: there are addresses, and none may be used.
        """
        known = guard.literal(host)
        if known is not None and "%" not in host:
            found: Sequence[tuple[int, SocketAddress]] = [
                (socket.AF_INET, (str(known), port)) if known.version == 4 else (socket.AF_INET6, (str(known), port))
            ]
        else:
            found = _in_time(lambda: self._resolve(host, port), exchange)
        if not found:
            raise UnreachableError(f"There is no machine named {host}.")
        if self._proxied:
            return list(found)
        kept: list[tuple[int, SocketAddress]] = []
        refusal: RefusedError | None = None
        for family, address in found:
            try:
                guard.check(
                    ipaddress.ip_address(str(address[0]).partition("%")[0]),
                    host,
                    allow_private=exchange.allow_private,
                    private_only=exchange.private_only,
                )
            except RefusedError as error:
                refusal = error
            else:
                kept.append((family, address))
        if not kept and refusal is not None:
            raise refusal
        return kept


def resolve(host: str, port: int) -> list[tuple[int, SocketAddress]]:
    """Ask the system, families taking turns as RFC 8305 has it. Empty when there is no such name; raises UnreachableError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:  # no name server answers
            raise UnreachableError(f"The name {host} cannot be looked up now.", offline=True) from None
        return []
    answers = list(dict.fromkeys((int(family), address) for family, _, _, _, address in found))
    first = [a for a in answers if a[0] == answers[0][0]]
    other = [a for a in answers if a[0] != answers[0][0]]
    mixed: list[tuple[int, SocketAddress]] = []
    for i in range(max(len(first), len(other))):
        mixed += first[i : i + 1] + other[i : i + 1]
    return mixed


def pool(
    backend: Backend, *, proxy: httpcore2.Proxy | None, connections: int, context: ssl.SSLContext | None
) -> httpcore2.ConnectionPool:
    """Return a pool of kept-open connections. `context` None: for http alone."""
    return httpcore2.ConnectionPool(
        ssl_context=context,
        proxy=proxy,
        max_connections=connections,
        max_keepalive_connections=connections,
        keepalive_expiry=20.0,
        network_backend=backend,
    )


def tls_context() -> ssl.SSLContext:
    """The system's trust store; no environment variable changes it."""
    return httpx2.create_ssl_context(trust_env=False)


def parse(url: str) -> guard.Target:
    """Take `url` apart; names become ASCII, what needs escaping in the path is escaped, the fragment goes.

    Raises:
        RefusedError: another scheme than http and https, or no address.
    """
    try:
        parsed = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError, TypeError):
        raise RefusedError("That is not a web address.") from None
    if parsed.scheme not in ("http", "https"):
        raise RefusedError(f"Millpond does not open {parsed.scheme or 'such'} addresses, only http and https.")
    host = parsed.raw_host.decode("ascii").lower().rstrip(".")
    port = parsed.port or (443 if parsed.scheme == "https" else 80)
    if not host or not 0 < port < 65536:
        raise RefusedError("That is not a web address.")
    user = (parsed.username, parsed.password) if parsed.userinfo else None
    return guard.Target(parsed.scheme, host, port, parsed.raw_path, user)


def follow(base: str, location: str) -> guard.Target:
    """Take the target of a redirect apart; credentials in it are not taken over. Raises RefusedError as `parse`."""
    try:
        joined = httpx2.URL(base).join(location)
    except (httpx2.InvalidURL, ValueError, TypeError):
        raise RefusedError("The site redirects to something that is no web address.") from None
    target = parse(str(joined))
    return guard.Target(target.scheme, target.host, target.port, target.path)


def _exchange(timeout: float | None) -> Exchange:
    return cast(Exchange, timeout)


def _without_brackets(host: str) -> str:
    return host.strip("[]")


def _words(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "TLS failed").replace("_", " ").lower()
    return (error.strerror or type(error).__name__).rstrip(".").lower()


def _in_time(
    work: Callable[[], Sequence[tuple[int, SocketAddress]]], exchange: Exchange
) -> Sequence[tuple[int, SocketAddress]]:
    """Run a lookup that cannot be interrupted beside this thread; give up on it when the exchange ends."""
    done = threading.Event()
    answer: list[Sequence[tuple[int, SocketAddress]]] = []
    failed: list[UnreachableError] = []

    def look_up() -> None:
        try:
            answer.append(work())
        except UnreachableError as error:
            failed.append(error)
        finally:
            done.set()

    threading.Thread(target=look_up, name="resolve", daemon=True).start()
    until = time.monotonic() + exchange.connect_seconds
    while not done.wait(_STEP_SECONDS):
        exchange.remaining()
        if time.monotonic() > until:
            raise UnreachableError(f"The name {exchange.host} could not be looked up in time.")
    if failed:
        raise failed[0]
    return answer[0] if answer else []


def _connect(addresses: Sequence[tuple[int, SocketAddress]], exchange: Exchange) -> socket.socket:
    """Connect to whichever address answers first, each with a head start of a quarter of a second (RFC 8305)."""
    until = time.monotonic() + exchange.connect_seconds
    waiting = list(addresses)
    trying: dict[int, socket.socket] = {}
    failures: list[OSError] = []
    next_start = 0.0
    with selectors.DefaultSelector() as selector:
        try:
            while waiting or trying:
                now = time.monotonic()
                if waiting and (not trying or now >= next_start):
                    attempt, failed = _start(*waiting.pop(0))
                    failures += [failed] if failed is not None else []
                    if attempt is None:
                        continue
                    trying[attempt.fileno()] = attempt
                    selector.register(attempt, selectors.EVENT_WRITE)
                    next_start = now + _HEAD_START_SECONDS
                for key, _ in selector.select(min(_STEP_SECONDS, exchange.remaining())):
                    attempt = trying.pop(key.fd)
                    selector.unregister(attempt)
                    code = attempt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    if not code:
                        return attempt
                    failures.append(OSError(code, os.strerror(code)))
                    attempt.close()
                exchange.remaining()
                if time.monotonic() > until:
                    raise FetchError(f"{exchange.host} does not answer.")
        finally:
            for attempt in trying.values():
                attempt.close()
    words = f"{exchange.host} cannot be reached: {_words(failures[-1] if failures else OSError())}."
    if failures and all(failure.errno in _NO_WAY for failure in failures):
        raise UnreachableError(words, offline=all(failure.errno in _NO_NETWORK for failure in failures))
    raise FetchError(words)


def _start(family: int, address: SocketAddress) -> tuple[socket.socket | None, OSError | None]:
    try:
        attempt = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        return None, error
    attempt.setblocking(False)
    code = attempt.connect_ex(address)
    if code in _UNDER_WAY or code == getattr(errno, "WSAEWOULDBLOCK", None):
        return attempt, None
    attempt.close()
    return None, OSError(code, os.strerror(code))
