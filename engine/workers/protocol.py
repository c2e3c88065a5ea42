"""What a worker and its supervisor say to each other over the worker's stdin and stdout.

A worker first writes one line of text, `millpond-worker 1 ROLE`. From then on both sides write messages: msgpack maps
with the keys of the functions below. A message travels as one or more frames; a frame is four bytes, big-endian, whose
highest bit says that more frames of this message follow and whose rest is the length, then that many bytes. Neither
side believes the other: no frame may exceed `MAX_FRAME_BYTES` and no message its direction's bound, whatever the length
says, and nothing is allocated before it has arrived.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, Protocol, cast

import msgpack  # type: ignore[import-untyped]

MAX_FRAME_BYTES = 256 * 1024
MAX_REQUEST_BYTES = 32 << 20  # the longest body that `engine.http` lets through, and room
MAX_REPLY_BYTES = 16 << 20  # one post may be long; posts are many messages
MAX_POSTS = 50  # in one message
HELLO = "millpond-worker 1"
MAX_HELLO_BYTES = 100

_HEADER = struct.Struct(">I")
_MORE = 0x8000_0000

Message = dict[str, Any]


class ProtocolError(Exception):
    """The other side breaks the protocol. It is stopped; nobody else sees this error."""


class Readable(Protocol):
    def read(self, size: int, /) -> bytes | None: ...


def pack(message: Message, *, limit: int = MAX_REQUEST_BYTES) -> bytes:
    """The frames of one message.

    Raises:
        ProtocolError: it is longer than `limit`.
    """
    data = cast(bytes, msgpack.packb(message, use_bin_type=True))
    if len(data) > limit:
        raise ProtocolError(f"a message of {len(data)} bytes; at most {limit} are allowed")
    if len(data) <= MAX_FRAME_BYTES:
        return _HEADER.pack(len(data)) + data
    parts = []
    for start in range(0, len(data), MAX_FRAME_BYTES):
        part = data[start : start + MAX_FRAME_BYTES]
        last = start + MAX_FRAME_BYTES >= len(data)
        parts.append(_HEADER.pack(len(part) | (0 if last else _MORE)))
        parts.append(part)
    return b"".join(parts)


def messages(stream: Readable, *, limit: int) -> Iterator[Message]:
    """The messages of a stream until it ends.

    Raises:
        ProtocolError: a frame or message is too long, cut off, or no map.
    """
    while True:
        parts: list[bytes] = []
        size = 0
        more = True
        while more:
            header = _exactly(stream, _HEADER.size)
            if not header and not parts:
                return
            if len(header) < _HEADER.size:
                raise ProtocolError("the stream ends within a message")
            (word,) = _HEADER.unpack(header)
            more, length = bool(word & _MORE), word & ~_MORE
            size += length
            if length > MAX_FRAME_BYTES or size > limit or (more and length == 0):
                raise ProtocolError(f"a frame of {length} bytes after {size - length}")
            part = _exactly(stream, length)
            if len(part) < length:
                raise ProtocolError("the stream ends within a frame")
            parts.append(part)
        yield unpack(parts[0] if len(parts) == 1 else b"".join(parts))


def unpack(data: bytes) -> Message:
    """Raises ProtocolError unless `data` is exactly one map with text keys."""
    try:
        message = msgpack.unpackb(data, raw=False, strict_map_key=False)
    except (ValueError, msgpack.exceptions.UnpackException, RecursionError) as error:
        raise ProtocolError("what came is not msgpack") from error
    if not isinstance(message, dict) or not all(isinstance(key, str) for key in message):
        raise ProtocolError("what came is not a map")
    return message


def _exactly(stream: Readable, size: int) -> bytes:
    """`size` bytes, or fewer when the stream ends before."""
    data = stream.read(size) or b""
    if len(data) == size or not data:
        return data
    parts = [data]
    missing = size - len(data)
    while missing:
        data = stream.read(missing) or b""
        if not data:
            break
        parts.append(data)
        missing -= len(data)
    return b"".join(parts)


# ---- from the supervisor -----------------------------------------------------------------------


def start(config: dict[str, Any], limits: dict[str, Any]) -> Message:
    return {"t": "start", "config": config, "limits": limits}


def request(job: int, op: str, payload: dict[str, Any]) -> Message:
    return {"t": "request", "job": job, "op": op, "payload": payload}


def cancel(job: int) -> Message:
    return {"t": "cancel", "job": job}


# ---- from the worker ---------------------------------------------------------------------------


def ready() -> Message:
    return {"t": "ready"}


def reply(job: int, body: dict[str, Any]) -> Message:
    return {"t": "reply", "job": job, "body": body}


def end(job: int, *, cancelled: bool = False) -> Message:
    return {"t": "end", "job": job, "cancelled": cancelled}


def failure(job: int, kind: str, message: str, data: dict[str, Any] | None = None) -> Message:
    """`kind` is the name of an error of `engine.errors`, or "bug"; job 0 is the start itself."""
    return {"t": "error", "job": job, "kind": kind, "message": message, "data": data or {}}
