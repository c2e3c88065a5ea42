"""Proxies on loopback that lead every name to one fake machine: SOCKS5 and HTTP (plain and CONNECT)."""

from __future__ import annotations

import contextlib
import socket
import threading

from tests.fakenet.server import FakeNet


class FakeProxy:
    """`with FakeProxy(net) as proxy:` serves both protocols on one port and notes the targets it was asked for.

    Args:
        user: (name, password) that it wants, None when anyone may pass.
    """

    def __init__(self, net: FakeNet, *, user: tuple[str, str] | None = None) -> None:
        self.targets: list[tuple[str, int]] = []  # names as they came: not resolved by the client
        self.heads: list[str] = []  # of HTTP proxy requests
        self._net = net
        self._user = user
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> FakeProxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            first = client.recv(1, socket.MSG_PEEK)
            leading = self._socks(client) if first == b"\x05" else self._http(client)
            if leading is None:
                return
            with socket.create_connection((self._net.host, self._net.port)) as server:
                server.sendall(leading)
                back = threading.Thread(target=_pump, args=(server, client), daemon=True)
                back.start()
                _pump(client, server)
                back.join(5)

    def _socks(self, client: socket.socket) -> bytes | None:
        _, count = _exactly(client, 2)
        offered = _exactly(client, count)
        wanted = 2 if self._user else 0
        if wanted not in offered:
            client.sendall(b"\x05\xff")
            return None
        client.sendall(bytes([5, wanted]))
        if self._user:
            _, length = _exactly(client, 2)
            name = _exactly(client, length).decode()
            password = _exactly(client, _exactly(client, 1)[0]).decode()
            right = (name, password) == self._user
            client.sendall(b"\x01\x00" if right else b"\x01\x01")
            if not right:
                return None
        kind = _exactly(client, 4)[3]
        if kind == 3:
            host = _exactly(client, _exactly(client, 1)[0]).decode()
        elif kind == 1:
            host = socket.inet_ntop(socket.AF_INET, _exactly(client, 4))
        else:
            host = socket.inet_ntop(socket.AF_INET6, _exactly(client, 16))
        port = int.from_bytes(_exactly(client, 2), "big")
        self.targets.append((host, port))
        client.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
        return b""

    def _http(self, client: socket.socket) -> bytes | None:
        head = b""
        while b"\r\n\r\n" not in head:
            more = client.recv(65536)
            if not more:
                return None
            head += more
        self.heads.append(head.decode("latin-1"))
        method, where, rest = head.split(b" ", 2)
        if method == b"CONNECT":
            host, _, port = where.decode().rpartition(":")
            self.targets.append((host, int(port)))
            client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            return b""
        host, _, path = where.decode().removeprefix("http://").partition("/")
        name, _, port = host.partition(":")
        self.targets.append((name, int(port or 80)))
        return method + b" /" + path.encode() + b" " + rest


def _exactly(client: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        more = client.recv(count - len(found))
        if not more:
            raise OSError("the other side went away")
        found += more
    return found


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
