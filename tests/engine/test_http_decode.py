"""Content codings: whatever goes in comes out, and nothing beyond the cap."""

from __future__ import annotations

import contextlib
import gzip
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import FetchError
from engine.http.decode import WrongCodingError, decode
from tests.fakenet import bomb, coded

CODINGS = ("gzip", "deflate", "br", "zstd")


@given(st.binary(max_size=5000), st.lists(st.sampled_from(CODINGS), max_size=4))
def test_any_body_in_any_codings_comes_back(body: bytes, names: list[str]) -> None:
    header = ", ".join(names)
    assert decode(coded(body, header) if names else body, header, max_bytes=100_000) == body


@settings(max_examples=300)
@given(st.binary(max_size=400), st.sampled_from([*CODINGS, "gzip, br", "compress"]))
def test_garbage_raises_nothing_but_the_two_errors(body: bytes, header: str) -> None:
    with contextlib.suppress(FetchError, WrongCodingError):
        assert len(decode(body, header, max_bytes=1000)) <= 1000


@given(st.sampled_from(CODINGS), st.binary(min_size=20, max_size=300), st.data())
def test_a_truncated_body_never_counts_as_whole(coding: str, body: bytes, data: st.DataObject) -> None:
    whole = coded(body, coding)
    cut = data.draw(st.integers(1, len(whole) - 1))
    with pytest.raises(WrongCodingError):
        decode(whole[:cut], coding, max_bytes=10_000)


@pytest.mark.parametrize("coding", CODINGS)
def test_exactly_the_cap_passes_and_one_byte_more_does_not(coding: str) -> None:
    body = b"a" * 3_000_000
    assert decode(coded(body, coding), coding, max_bytes=3_000_000) == body
    with pytest.raises(FetchError, match="larger than"):
        decode(coded(body, coding), coding, max_bytes=2_999_999)


def test_gzip_files_in_a_row_are_one_body_and_what_follows_is_dropped() -> None:
    assert decode(gzip.compress(b"a") + gzip.compress(b"b") + b"trailer", "gzip", max_bytes=10) == b"ab"


def test_a_thousand_empty_gzip_files_in_a_row_are_refused() -> None:
    with pytest.raises(FetchError, match="files in one"):
        decode(gzip.compress(b"") * 1000, "gzip", max_bytes=10)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "br, zstd"])
def test_a_bomb_costs_no_more_memory_than_the_cap(coding: str) -> None:
    """In a process of its own, whose peak is read afterwards."""
    code = (
        "import resource, sys\n"
        "from engine.errors import FetchError\n"
        "from engine.http.decode import decode\n"
        "body = sys.stdin.buffer.read()\n"
        "import brotli, zstandard\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n"
        f"    decode(body, {coding!r}, max_bytes=16 * 2**20)\n"
        "except FetchError:\n"
        "    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], input=bomb(160 * 2**20, coding), capture_output=True, check=True
    )
    assert int(found.stdout) < 100
