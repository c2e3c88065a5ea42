"""Content codings undone, never beyond a cap: a hundred kilobytes can hold a hundred megabytes."""

from __future__ import annotations

import zlib

from engine.errors import FetchError

MAX_LAYERS = 4
MAX_MEMBERS = 64  # of one gzip stream: the copying between members is quadratic
MAX_FRAMES = 1024  # of one zstd stream
_SLICE = 1 << 20
_ZSTD_SLICE = 256
_ZSTD_WINDOW = 1 << 23  # RFC 9659: what a web client need accept
_MAGIC = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")


class WrongCodingError(Exception):
    """The bytes are not coded as their header says, or the coding is unknown."""


def codings(header: str) -> list[str]:
    """Return the codings of a Content-Encoding header in the order they were applied, identity left out."""
    names = [name.strip().lower() for name in header.split(",")]
    return [name.removeprefix("x-") for name in names if name not in {"", "identity"}]


def looks_coded(body: bytes) -> bool:
    return body.startswith(_MAGIC)


def decode(body: bytes, header: str, *, max_bytes: int) -> bytes:
    """Undo the codings of `header`, last applied first.

    Raises:
        FetchError: more than `max_bytes` came out of a layer, or there are too many layers.
        WrongCodingError: see there.
    """
    names = codings(header)
    if len(names) > MAX_LAYERS:
        raise FetchError(f"The answer is wrapped {len(names)} times over; that is no honest answer.")
    for name in reversed(names):
        if not body:
            return b""
        if name == "gzip":
            body = _gunzip(body, max_bytes)
        elif name == "deflate":
            body = _inflate(body, max_bytes)
        elif name == "br":
            body = _unbrotli(body, max_bytes)
        elif name == "zstd":
            body = _unzstd(body, max_bytes)
        else:
            raise WrongCodingError(name)
    return body


def too_large(max_bytes: int) -> FetchError:
    return FetchError(f"The answer is larger than {max_bytes / 2**20:.0f} MB. Nothing of it was kept.")


def _run(decompressor: zlib._Decompress, body: bytes, max_bytes: int) -> bytes:
    try:
        out = decompressor.decompress(body, max_bytes + 1)
    except zlib.error as error:
        raise WrongCodingError(str(error)) from None
    if len(out) > max_bytes:
        raise too_large(max_bytes)
    if not decompressor.eof:
        raise WrongCodingError("ends too early")
    return out


def _gunzip(body: bytes, max_bytes: int) -> bytes:
    parts: list[bytes] = []
    left = max_bytes
    while body.startswith(b"\x1f\x8b") or not parts:
        member = zlib.decompressobj(31)
        parts.append(_run(member, body, left))
        left -= len(parts[-1])
        body = member.unused_data
        if len(parts) == MAX_MEMBERS:
            raise FetchError(f"The answer is more than {MAX_MEMBERS} files in one; that is no honest answer.")
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _inflate(body: bytes, max_bytes: int) -> bytes:
    """`deflate` means zlib's format, and many servers send the raw stream instead."""
    if body[0] & 0x0F == 8 and len(body) > 1 and (body[0] << 8 | body[1]) % 31 == 0:
        try:
            return _run(zlib.decompressobj(15), body, max_bytes)
        except WrongCodingError:
            pass
    return _run(zlib.decompressobj(-15), body, max_bytes)


def _unbrotli(body: bytes, max_bytes: int) -> bytes:
    import brotli

    decompressor = brotli.Decompressor()
    parts: list[bytes] = []
    size = 0
    fed = body
    try:
        while True:
            part = decompressor.process(fed, output_buffer_limit=_SLICE)
            fed = b""
            size += len(part)
            if size > max_bytes:
                raise too_large(max_bytes)
            parts.append(part)
            if decompressor.is_finished():
                return b"".join(parts)
            if not part and decompressor.can_accept_more_data():
                raise WrongCodingError("ends too early")
    except brotli.error as error:
        raise WrongCodingError(str(error)) from None


def _unzstd(body: bytes, max_bytes: int) -> bytes:
    """Fed in small slices, because what comes out of one cannot be bounded otherwise: 128 KB from four bytes."""
    import zstandard

    decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    frame = None
    frames = size = 0
    parts: list[bytes] = []
    try:
        for start in range(0, len(body), _ZSTD_SLICE):
            piece = body[start : start + _ZSTD_SLICE]
            while piece:
                if frame is None:
                    frames += 1
                    if frames > MAX_FRAMES:
                        raise FetchError(f"The answer is more than {MAX_FRAMES} files in one; that is no honest answer.")
                    frame = decompressor.decompressobj()
                part = frame.decompress(piece)
                size += len(part)
                if size > max_bytes:
                    raise too_large(max_bytes)
                if part:
                    parts.append(part)
                piece = frame.unused_data if frame.eof else b""
                if frame.eof:
                    frame = None
    except zstandard.ZstdError as error:
        raise WrongCodingError(str(error)) from None
    if frame is not None:
        raise WrongCodingError("ends too early")
    return b"".join(parts)
