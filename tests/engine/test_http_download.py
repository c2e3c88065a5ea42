"""Large files: resumed, checked against what was promised, given up when they stall."""

from __future__ import annotations

import random
import re
import shutil
import time
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import FetchError
from engine.http import Client, HttpRequest, Policy
from tests.fakenet import Clock, FakeNet, Ledger, Recorded, Reply, drip, endless

FILE = random.Random(1).randbytes(700_000)


@pytest.fixture
def client() -> Iterator[Client]:
    made = Client(Clock(), Policy(stall_seconds=0.4), Ledger())
    yield made
    made.close()


def ranged(request: Recorded, *, etag: str = '"1"') -> Reply:
    """What an honest server says to a Range."""
    found = re.fullmatch(r"bytes=(\d+)-", request.headers.get("range", ""))
    if not found or request.headers.get("if-range", etag) != etag:
        return Reply(body=FILE, headers={"ETag": etag})
    start = int(found.group(1))
    if start >= len(FILE):
        return Reply(status=416, headers={"Content-Range": f"bytes */{len(FILE)}"})
    place = f"bytes {start}-{len(FILE) - 1}/{len(FILE)}"
    return Reply(status=206, headers={"Content-Range": place, "ETag": etag}, body=FILE[start:])


def fetch(client: Client, url: str, path: Path, size: int | None = len(FILE), **more: bool) -> list[tuple[int, int | None]]:
    request = HttpRequest(url=url, purpose="model", allow_private=True)
    return list(client.download(request, path, size=size, **more))


def test_a_file_arrives_whole_and_progress_grows(net: FakeNet, client: Client, tmp_path: Path) -> None:
    steps = fetch(client, net.handle("/file", ranged), tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == FILE
    assert steps[0] == (0, len(FILE))
    assert steps[-1] == (len(FILE), len(FILE))
    assert steps == sorted(steps)
    assert net.requests[0].headers["accept-encoding"] == "identity"


def test_a_half_file_is_gone_on_with(net: FakeNet, client: Client, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(FILE[:300_000])
    fetch(client, net.handle("/file", ranged), tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == FILE
    assert net.requests[0].headers["range"] == "bytes=300000-"


def test_a_whole_file_is_not_asked_for_again(net: FakeNet, client: Client, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(FILE)
    assert fetch(client, net.handle("/file", ranged), tmp_path / "f") == [(len(FILE), len(FILE))]
    assert net.requests == []


def test_without_resume_it_begins_anew(net: FakeNet, client: Client, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"something else")
    fetch(client, net.handle("/file", ranged), tmp_path / "f", resume=False)
    assert (tmp_path / "f").read_bytes() == FILE
    assert "range" not in net.requests[0].headers


def test_a_broken_connection_is_followed_by_the_rest(net: FakeNet, client: Client, tmp_path: Path) -> None:
    def breaking(request: Recorded) -> Reply:
        whole = ranged(request)
        if len(net.requests) < 5:
            whole.reset_after = 100_000
        return whole

    fetch(client, net.handle("/file", breaking), tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == FILE
    assert len(net.requests) == 5
    assert net.requests[-1].headers["if-range"] == '"1"'


def test_a_file_that_changed_meanwhile_is_not_glued_together(net: FakeNet, client: Client, tmp_path: Path) -> None:
    def changing(request: Recorded) -> Reply:
        first = len(net.requests) == 1
        reply = ranged(request, etag='"1"' if first else '"2"')
        reply.reset_after = 100_000 if first else None
        return reply

    fetch(client, net.handle("/file", changing), tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == FILE
    assert len(net.requests) == 2


def test_a_server_that_ignores_ranges_makes_it_begin_anew(net: FakeNet, client: Client, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x" * 1000)
    fetch(client, net.script("/file", Reply(body=FILE)), tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == FILE


@pytest.mark.parametrize("place", ["bytes 0-699999/700000", "bytes 1000-1999/700000", "", "bytes 1000-*/700000"])
def test_a_piece_that_was_not_asked_for_is_refused(net: FakeNet, client: Client, tmp_path: Path, place: str) -> None:
    (tmp_path / "f").write_bytes(FILE[:1000])
    url = net.script("/file", Reply(status=206, headers={"Content-Range": place}, body=FILE[1000:2000]))
    with pytest.raises(FetchError, match="another piece"):
        fetch(client, url, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == FILE[:1000]


def test_too_long_a_rest_on_disk_begins_anew(net: FakeNet, client: Client, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(FILE + b"more")
    fetch(client, net.handle("/file", ranged), tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == FILE


def test_another_size_than_promised_is_refused(net: FakeNet, client: Client, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="700000 bytes where 5 were expected"):
        fetch(client, net.handle("/file", ranged), tmp_path / "f", size=5)


def test_an_endless_file_ends_at_its_size(net: FakeNet, client: Client, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="longer than it should be"):
        fetch(client, net.script("/file", Reply(chunks=endless)), tmp_path / "f")
    assert (tmp_path / "f").stat().st_size <= len(FILE)


def test_a_missing_file_is_told_with_its_status(net: FakeNet, client: Client, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="404") as failure:
        fetch(client, net.url("/nothing"), tmp_path / "f")
    assert failure.value.status == 404
    assert len(net.requests) == 1


@pytest.mark.parametrize("gap", [5.0, 0.05], ids=["silent", "dripping"])
def test_a_stalled_file_is_given_up_after_three_barren_attempts(
    net: FakeNet, client: Client, tmp_path: Path, gap: float
) -> None:
    def stalling(_: Recorded) -> Reply:
        return Reply(chunks=lambda: drip(b"xyz" * 100), chunk_delay_seconds=gap)

    started = time.monotonic()
    with pytest.raises(FetchError, match=r"took too long|hardly sends"):
        fetch(client, net.handle("/file", stalling), tmp_path / "f")
    assert time.monotonic() - started < 5


def test_a_redirect_to_the_file_is_followed(net: FakeNet, client: Client, tmp_path: Path) -> None:
    net.handle("/file", ranged)
    (tmp_path / "f").write_bytes(FILE[:10])
    fetch(client, net.redirect("/start", "/file"), tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == FILE
    assert net.asked("/file")[0].headers["range"] == "bytes=10-"


def test_an_unknown_size_takes_what_the_server_says(net: FakeNet, client: Client, tmp_path: Path) -> None:
    assert fetch(client, net.handle("/file", ranged), tmp_path / "f", size=None)[-1] == (len(FILE), len(FILE))


def test_a_full_disk_is_told_before_anything_is_written(
    net: FakeNet, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1, 1, 64 * 2**20))
    with pytest.raises(FetchError, match="disk has 64 MB left"):
        fetch(client, net.handle("/file", ranged), tmp_path / "f")
    assert not (tmp_path / "f").exists()


def test_cancelling_keeps_what_was_fetched(net: FakeNet, client: Client, tmp_path: Path) -> None:
    pieces = Reply(chunks=lambda: iter([FILE[:1000]] * 500), chunk_delay_seconds=0.02)
    request = HttpRequest(url=net.script("/file", pieces), purpose="model", allow_private=True)
    steps = client.download(request, tmp_path / "f", size=len(FILE))
    while next(steps)[0] < 3000:
        pass
    client.cancel("model")
    with pytest.raises(FetchError, match="Stopped"):
        list(steps)
    assert (tmp_path / "f").stat().st_size >= 3000


def test_closing_the_generator_frees_the_slot(net: FakeNet, tmp_path: Path) -> None:
    ledger = Ledger()
    client = Client(Clock(), Policy(connections=1), ledger)
    request = HttpRequest(url=net.script("/file", Reply(chunks=endless)), purpose="model", allow_private=True)
    steps = client.download(request, tmp_path / "f", size=10**9)
    while next(steps)[0] == 0:
        pass
    steps.close()  # type: ignore[attr-defined]
    assert client.fetch(HttpRequest(url=net.serve("/x", b"free"), allow_private=True)).body == b"free"
    client.close()
    assert all(entry.done for entry in ledger.entries)
