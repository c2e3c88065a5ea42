"""Large files: in pieces, resumable, with an eye on stalls and on the room left on the disk."""

from __future__ import annotations

import logging
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import FetchError, RefusedError
from engine.http.policy import HttpRequest
from engine.http.trip import Trip

if TYPE_CHECKING:
    from engine.http.client import Answer, Client

log = logging.getLogger(__name__)

SPARE_BYTES = 64 * 2**20  # left free on the disk
MAX_BARREN_ATTEMPTS = 3  # in a row that brought nothing new
_RANGE = re.compile(r"bytes\s+([0-9]{1,15})-([0-9]{1,15})/([0-9]{1,15}|\*)\s*", re.IGNORECASE)


class _InterruptedError(Exception):
    """The connection ended before the file did; another attempt may go on from there."""

    def __init__(self, cause: FetchError) -> None:
        super().__init__(str(cause))
        self.cause = cause


def download(
    client: Client, request: HttpRequest, path: Path, *, size: int | None, resume: bool
) -> Iterator[tuple[int, int | None]]:
    """Fetch `request` into `path`; yields (done, total) bytes, first of all what was there already.

    An attempt that breaks off is followed by another from where it ended, until three in a row brought nothing. A
    server that ignores the range makes it begin anew. What was fetched stays in `path` when an error is raised. Whether
    these are the right bytes is the caller's to check, by their hash.

    Args:
        size: bytes that the file must have; None when unknown.   resume: go on with what is in `path`.
    Raises:
        FetchError: no answer, a stall, no room on the disk, another size than `size`.
    """
    if not resume or (size is not None and _have(path) > size):
        path.unlink(missing_ok=True)
    done = _have(path)
    yield done, size
    barren = 0
    known = ""
    while size is None or done < size:
        before = done
        try:
            for done, total, etag in _attempt(client, request, path, size=size, etag=known):
                known = etag
                yield done, total
            return
        except _InterruptedError as error:
            done = _have(path)
            barren = 0 if done > before else barren + 1
            if barren >= MAX_BARREN_ATTEMPTS:
                raise error.cause from None
            log.info("download interrupted purpose=%s done=%d size=%s", request.purpose, done, size)


def fetch_range(client: Client, request: HttpRequest, start: int, size: int) -> tuple[bytes, int | None]:
    """Fetch `size` bytes of a file from `start` on, fewer only at its end; returns them and the whole file's length.

    Raises:
        FetchError: no answer, another piece than was asked for, or a server that gives no pieces.
    """
    from engine.http import transport

    trip = Trip(request, transport.parse(request.url), client.policy)
    trip.identity = True
    extra = {"Range": f"bytes={start}-{start + size - 1}"}
    while True:
        with client.answer(trip, seconds=client.policy.total_seconds, extra_headers=extra) as answer:
            location = trip.redirected(answer.status, answer.headers)
            if location is None:
                return _piece(answer, start, size)
        trip.go(answer.status, location, transport.follow)


def _piece(answer: Answer, start: int, size: int) -> tuple[bytes, int | None]:
    if answer.status == 200:  # the range was ignored: of the whole file only its beginning is of use
        if start:
            raise FetchError("The server gives no pieces of this file.", status=answer.status)
        length = answer.headers.get("content-length", "")
        total = int(length) if length.isdigit() else None
    elif answer.status == 206:
        found = _RANGE.fullmatch(answer.headers.get("content-range", ""))
        if not found or int(found.group(1)) != start or int(found.group(2)) >= start + size:
            raise FetchError("The server sent another piece of the file than was asked for.", status=answer.status)
        total = None if found.group(3) == "*" else int(found.group(3))
    else:
        raise FetchError(f"The file is not to be had ({answer.status}).", status=answer.status)
    body = bytearray()
    while len(body) < size and (chunk := next(answer.chunks, None)) is not None:
        body += chunk
    return bytes(body[:size]), total


def _have(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _attempt(
    client: Client, request: HttpRequest, path: Path, *, size: int | None, etag: str
) -> Iterator[tuple[int, int | None, str]]:
    from engine.http import transport

    offset = _have(path)
    trip = Trip(request, transport.parse(request.url), client.policy)
    trip.identity = True
    extra = {"Range": f"bytes={offset}-"} if offset else {}
    if offset and etag.startswith('"'):
        extra["If-Range"] = etag
    while True:
        try:
            with client.answer(trip, seconds=client.policy.total_seconds, extra_headers=extra) as answer:
                location = trip.redirected(answer.status, answer.headers)
                if location is None:
                    etag = answer.headers.get("etag", "")
                    for done, total in _write(client, answer, path, offset=offset, size=size):
                        yield done, total, etag
                    return
        except (RefusedError, transport.StoppedError):
            raise
        except FetchError as error:
            if error.status is not None:
                raise
            raise _InterruptedError(error) from None
        trip.go(answer.status, location, transport.follow)


def _write(
    client: Client, answer: Answer, path: Path, *, offset: int, size: int | None
) -> Iterator[tuple[int, int | None]]:
    start, total = _place(answer, offset)
    if start == 0 and offset:
        path.unlink(missing_ok=True)  # the server sends the whole, or something else than before
    if answer.status == 416:
        raise _InterruptedError(FetchError("The server does not have the rest of this file."))
    if total is not None and size is not None and total != size:
        raise FetchError(f"The file has {total} bytes where {size} were expected.", status=answer.status)
    total = size if size is not None else total
    _check_room(path, (total or 0) - start)
    done = start
    policy, exchange = client.policy, answer.exchange
    with path.open("ab" if start else "wb") as file:
        window, window_bytes = time.monotonic(), 0
        while True:
            exchange.deadline = time.monotonic() + policy.stall_seconds
            chunk = next(answer.chunks, None)
            if chunk is None:
                break
            if total is not None and done + len(chunk) > total:
                raise FetchError("The file is longer than it should be.", status=answer.status)
            file.write(chunk)
            done += len(chunk)
            window_bytes += len(chunk)
            passed = time.monotonic() - window
            if passed >= policy.stall_seconds:
                if window_bytes < policy.stall_bytes_per_second * passed:
                    raise FetchError(f"{exchange.host} hardly sends anything any more.")
                window, window_bytes = time.monotonic(), 0
            file.flush()
            yield done, total
        file.flush()
        with suppress(OSError):
            os.fsync(file.fileno())
    if total is not None and done < total:
        raise FetchError(f"{exchange.host} ended the file too early.")


def _place(answer: Answer, offset: int) -> tuple[int, int | None]:
    """Return where the answer's bytes begin and how long the whole file is.

    Raises:
        FetchError: the answer is no file, or a piece that was not asked for.
    """
    if answer.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise FetchError("The server packed the file though it was asked not to.", status=answer.status)
    if answer.status == 416:
        return 0, None
    if answer.status == 206:
        found = _RANGE.fullmatch(answer.headers.get("content-range", ""))
        if not found or int(found.group(1)) != offset:
            raise FetchError("The server sent another piece of the file than was asked for.", status=answer.status)
        total = None if found.group(3) == "*" else int(found.group(3))
        if total is not None and int(found.group(2)) != total - 1:
            raise FetchError("The server sent another piece of the file than was asked for.", status=answer.status)
        return offset, total
    if answer.status != 200:
        raise FetchError(f"The file is not to be had ({answer.status}).", status=answer.status)
    length = answer.headers.get("content-length", "")
    return 0, int(length) if length.isdigit() else None


def _check_room(path: Path, wanted: int) -> None:
    free = shutil.disk_usage(path.parent).free
    if free < max(wanted, 0) + SPARE_BYTES:
        raise FetchError(
            f"The disk has {free / 2**20:.0f} MB left; this file needs {wanted / 2**20:.0f} MB and some room to spare.",
            status=0,
        )
