"""A web server on loopback that does what a script says, politely or not, and remembers what it was asked."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

_REASONS = {200: "OK", 206: "Partial Content", 301: "Moved", 302: "Found", 304: "Not Modified", 404: "Not Found"}
_SNDBUF = 64 * 1024


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request as it arrived. Header names are lower-case; `at` is `time.monotonic()`."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float
    connection: int
    raw_head: bytes


@dataclass(slots=True, kw_only=True)
class Reply:
    """One answer. Without `chunks` the body is sent whole with its length."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay_seconds: float = 0.0  # before anything is sent
    head_delay_seconds: float = 0.0  # between the bytes of status line and headers
    chunks: Callable[[], Iterable[bytes]] | None = None  # sent chunked, one by one; may be endless
    chunk_delay_seconds: float = 0.0
    length: int | None = None  # a Content-Length that need not be true
    reset_after: int | None = None  # bytes of the body, then the connection is reset
    close: bool = False  # end the connection after this answer
    raw: bytes | None = None  # these bytes and nothing else


Handler = Callable[[Recorded], Reply]


class FakeNet:
    """`with FakeNet() as net:` serves until the block ends. A path without a route answers 404.

    Args:
        host: a loopback address; others than 127.0.0.1 stand for other machines.   tls: makes it https.
        record: False keeps no requests, for benchmarks.
    """

    def __init__(
        self, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None, record: bool = True
    ) -> None:
        self.host = host
        self.requests: list[Recorded] = []
        self.connections = 0  # ever accepted
        self.most_at_once = 0  # requests being answered
        self._at_once = 0
        self._record = record
        self._tls = tls
        self._routes: dict[str, Handler] = {}
        self._under: dict[str, Handler] = {}
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family, backlog=256)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, name="fakenet", daemon=True)

    def __enter__(self) -> FakeNet:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            open_now = list(self._open)
        for connection in open_now:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
        if self._thread.is_alive():
            self._thread.join(5)

    def url(self, path: str, *, host: str | None = None) -> str:
        """Return the address of a path here; `host` names this machine differently."""
        host = host or self.host
        scheme = "https" if self._tls else "http"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.port}{path}"

    def handle(self, path: str, handler: Handler) -> str:
        """Let `handler` answer for `path` (its query not looked at); returns the address."""
        self._routes[path] = handler
        return self.url(path)

    def handle_under(self, prefix: str, handler: Handler) -> str:
        """Let `handler` answer for all paths that begin so and have no route of their own; the longest prefix wins."""
        self._under[prefix] = handler
        return self.url(prefix)

    def script(self, path: str, *replies: Reply) -> str:
        """Answer `path` with one reply after the other, the last one for ever; returns the address."""
        left = list(replies)

        def handler(_: Recorded) -> Reply:
            with self._lock:
                return left.pop(0) if len(left) > 1 else left[0]

        return self.handle(path, handler)

    def serve(
        self, path: str, body: bytes, *, content_type: str = "application/xml", etag: str | None = None,
        last_modified: str | None = None, headers: dict[str, str] | None = None,
    ) -> str:
        """Serve `body`, with 304 to whoever sends the validators back byte for byte; returns the address."""
        validators = {"ETag": etag, "Last-Modified": last_modified}
        kept = {name: value for name, value in validators.items() if value is not None} | (headers or {})
        full = Reply(headers={"Content-Type": content_type, **kept}, body=body)
        unchanged = Reply(status=304, headers=kept)

        def handler(request: Recorded) -> Reply:
            if etag is not None:
                return unchanged if request.headers.get("if-none-match") == etag else full
            same = last_modified is not None and request.headers.get("if-modified-since") == last_modified
            return unchanged if same else full

        return self.handle(path, handler)

    def redirect(self, path: str, to: str, status: int = 302) -> str:
        return self.script(path, Reply(status=status, headers={"Location": to}))

    def asked(self, path: str) -> list[Recorded]:
        """Return the requests for a path, oldest first."""
        return [request for request in self.requests if request.path.partition("?")[0] == path]

    def _handler(self, path: str) -> Handler | None:
        found = self._routes.get(path)
        if found is None:
            prefix = max((prefix for prefix in self._under if path.startswith(prefix)), key=len, default=None)
            found = self._under[prefix] if prefix is not None else None
        return found

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                if self._stopping.is_set():
                    connection.close()
                    return
                self.connections += 1
                self._open.add(connection)
                number = self.connections
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        plain = connection
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
                with self._lock:
                    self._open.discard(plain)
                    self._open.add(connection)
            rest = b""
            while not self._stopping.is_set():
                request, rest = _receive(connection, rest, number)
                if request is None:
                    return
                self._note(request)
                try:
                    handler = self._handler(request.path.partition("?")[0])
                    reply = handler(request) if handler else Reply(status=404, body=b"nothing here")
                    if not self._send(connection, request, reply):
                        return
                finally:
                    with self._lock:
                        self._at_once -= 1
        except OSError:
            pass  # the other side went away, which is what many tests are about
        finally:
            with self._lock:
                self._open.discard(connection)
                self._open.discard(plain)
            connection.close()

    def _note(self, request: Recorded) -> None:
        with self._lock:
            if self._record:
                self.requests.append(request)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)

    def _send(self, connection: socket.socket, request: Recorded, reply: Reply) -> bool:
        """Send one reply; False when the connection is to end."""
        if reply.delay_seconds and self._stopping.wait(reply.delay_seconds):
            return False
        if reply.raw is not None:
            connection.sendall(reply.raw)
            return False
        head = _head(reply)
        if reply.head_delay_seconds:
            for byte in head:
                connection.sendall(bytes([byte]))
                if self._stopping.wait(reply.head_delay_seconds):
                    return False
            head = b""
        if request.method == "HEAD" or reply.status in (204, 304):
            connection.sendall(head)
            return not reply.close
        if reply.chunks is not None:
            connection.sendall(head)
            return self._send_chunks(connection, reply) and not reply.close
        if reply.reset_after is not None:
            connection.sendall(head + reply.body[: reply.reset_after])
            time.sleep(0.05)  # let what was sent be read before it is torn away
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        connection.sendall(head + reply.body)
        return not (reply.close or reply.length is not None)

    def _send_chunks(self, connection: socket.socket, reply: Reply) -> bool:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SNDBUF)
        assert reply.chunks is not None
        for chunk in reply.chunks():
            if reply.length is None:
                chunk = b"%x\r\n%b\r\n" % (len(chunk), chunk)
            connection.sendall(chunk)
            if reply.chunk_delay_seconds and self._stopping.wait(reply.chunk_delay_seconds):
                return False
        if reply.length is None:
            connection.sendall(b"0\r\n\r\n")
        return reply.length is None


def _head(reply: Reply) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} {_REASONS.get(reply.status, 'Status')}"]
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    if reply.length is not None:
        lines.append(f"Content-Length: {reply.length}")
    elif reply.chunks is not None:
        lines.append("Transfer-Encoding: chunked")
    elif reply.status not in (204, 304):
        lines.append(f"Content-Length: {len(reply.body)}")
    if reply.close:
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _receive(connection: socket.socket, rest: bytes, number: int) -> tuple[Recorded | None, bytes]:
    while (end := rest.find(b"\r\n\r\n")) < 0:
        more = connection.recv(65536)
        if not more:
            return None, b""
        rest += more
    raw, rest = rest[:end], rest[end + 4 :]
    first, *lines = raw.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    length = int(headers.get("content-length", 0))
    while len(rest) < length:
        more = connection.recv(65536)
        if not more:
            return None, b""
        rest += more
    return Recorded(method, path, headers, rest[:length], time.monotonic(), number, raw), rest[length:]


def endless(piece: bytes = b" " * 65536) -> Iterator[bytes]:
    """A body without an end."""
    while True:
        yield piece


def drip(body: bytes) -> Iterator[bytes]:
    """A body byte by byte."""
    for byte in body:
        yield bytes([byte])
