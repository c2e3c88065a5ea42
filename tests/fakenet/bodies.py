"""Small answers that grow when they are unpacked, and honest ones in every coding."""

from __future__ import annotations

import gzip
import zlib

import brotli
import zstandard


def coded(body: bytes, coding: str) -> bytes:
    """Apply the codings of a Content-Encoding header, first named first. `raw-deflate` is deflate without its frame."""
    for name in coding.split(","):
        match name.strip():
            case "gzip" | "x-gzip":
                body = gzip.compress(body, 9, mtime=0)
            case "deflate":
                body = zlib.compress(body, 9)
            case "raw-deflate":
                packer = zlib.compressobj(9, wbits=-15)
                body = packer.compress(body) + packer.flush()
            case "br":
                body = brotli.compress(body, quality=5)
            case "zstd":
                body = zstandard.ZstdCompressor(level=3).compress(body)
            case "identity":
                pass
            case other:
                raise ValueError(other)
    return body


def bomb(size_bytes: int, coding: str) -> bytes:
    """Spaces, packed; a thousandth of `size_bytes` or less goes over the wire."""
    return coded(b" " * size_bytes, coding)
