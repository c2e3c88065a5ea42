"""Whether a model fits, told by its header before it is fetched: over real HTTP, in pieces."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from engine import http, installation
from engine.errors import FetchError, ModelError
from engine.models.catalogue import Model, ModelFile
from tests.engine.test_models_header import LLAMA, file_of
from tests.fakenet import Clock, FakeNet, Ledger, Recorded, Reply

TOKENS = [f"token number {number} of many" for number in range(150_000)]
WHOLE = 900_000_000  # bytes that the file claims to have


class Loopback:
    """The real client, allowed to reach this machine."""

    def __init__(self, client: http.Client) -> None:
        self.client = client

    def fetch_range(self, request: http.HttpRequest, start: int, size: int) -> tuple[bytes, int | None]:
        return self.client.fetch_range(replace(request, allow_private=True), start, size)


@pytest.fixture
def client(ledger: Ledger) -> Iterator[Any]:
    real = http.Client(Clock(), http.Policy(per_host_seconds=0.0), ledger)
    with contextlib.closing(real):
        yield Loopback(real)


@pytest.fixture(autouse=True)
def _nothing_asked_yet() -> Iterator[None]:
    installation._asked.clear()
    yield
    installation._asked.clear()


def model(url: str) -> Model:
    file = ModelFile(name="far.gguf", sha256="a" * 64, about_bytes=1000, url=url)
    return Model(name="far", kind="text", licence="MIT", files=(file,), memory_bytes=2000)


def serving(data: bytes, *, ignores: bool = False) -> Any:
    def handler(request: Recorded) -> Reply:
        found = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("range", ""))
        assert found
        if ignores:
            return Reply(body=data + b"\0" * 4_000_000)
        start, end = int(found.group(1)), min(int(found.group(2)), WHOLE - 1)
        body = data[start : end + 1].ljust(end + 1 - start, b"\0")
        return Reply(status=206, headers={"Content-Range": f"bytes {start}-{end}/{WHOLE}"}, body=body)

    return handler


def test_a_header_is_read_in_pieces_with_a_ledger_row_each(net: FakeNet, client: Any, ledger: Ledger) -> None:
    net.handle("/m", serving(file_of({**LLAMA, "tokenizer.ggml.tokens": TOKENS})))
    header = installation.fetch_header(model(net.url("/m")), client)
    assert header is not None
    assert (header.vocabulary, header.file_bytes, header.layers) == (150_000, WHOLE, 4)
    assert len(net.requests) == 3
    assert [row.purpose for row in ledger.entries] == ["model"] * 3
    assert sum(row.received_bytes for row in ledger.entries) < 7_000_000


def test_a_header_is_asked_for_once(net: FakeNet, client: Any) -> None:
    net.handle("/m", serving(file_of(LLAMA)))
    for _ in range(2):
        installation.fetch_header(model(net.url("/m")), client)
    assert len(net.requests) == 1


def test_the_range_follows_a_redirect(net: FakeNet, client: Any) -> None:
    net.handle("/m", serving(file_of(LLAMA)))
    net.redirect("/here", "/m")
    assert installation.fetch_header(model(net.url("/here")), client) is not None


def test_of_a_server_that_sends_the_whole_only_the_beginning_is_taken(net: FakeNet, client: Any, ledger: Ledger) -> None:
    net.handle("/m", serving(file_of(LLAMA), ignores=True))
    assert installation.fetch_header(model(net.url("/m")), client) is not None
    assert ledger.entries[0].received_bytes < 4_000_000


def test_a_server_without_pieces_of_a_long_header_is_told(net: FakeNet, client: Any) -> None:
    net.handle("/m", serving(file_of({**LLAMA, "tokenizer.ggml.tokens": TOKENS}), ignores=True))
    with pytest.raises(FetchError, match="gives no pieces"):
        installation.fetch_header(model(net.url("/m")), client)


def test_a_file_that_is_no_model_is_refused_before_it_is_fetched(net: FakeNet, client: Any) -> None:
    net.handle("/m", serving(b"<!doctype html>"))
    with pytest.raises(ModelError, match="no GGUF file"):
        installation.fetch_header(model(net.url("/m")), client)


def test_another_piece_than_was_asked_for_is_refused(net: FakeNet, client: Any) -> None:
    net.script("/m", Reply(status=206, headers={"Content-Range": "bytes 5-9/100"}, body=b"xxxxx"))
    with pytest.raises(FetchError, match="another piece"):
        installation.fetch_header(model(net.url("/m")), client)


def test_a_model_that_is_not_to_be_had_is_told(net: FakeNet, client: Any) -> None:
    with pytest.raises(FetchError, match="404"):
        installation.fetch_header(model(net.url("/none")), client)


def test_a_model_in_a_package_has_no_header_to_ask_for(client: Any, net: FakeNet) -> None:
    packaged = replace(model(""), package="tiny==1", files=(ModelFile(name="a.gguf", sha256="b" * 64, member="a"),))
    assert installation.fetch_header(packaged, client) is None
    assert net.requests == []


def test_what_does_not_fit_is_said_before_anything_is_fetched(net: FakeNet, client: Any) -> None:
    huge = replace(model(net.url("/none")), memory_bytes=10**15, files=(ModelFile(name="x.bin", sha256="c" * 64, url="https://x.example/x"),))
    with pytest.raises(ModelError, match=r"does not fit: it needs 1000000\.0 GB"):
        installation.require_fit(huge, client)
    assert net.requests == []
