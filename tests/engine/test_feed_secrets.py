"""Secrets inside feed addresses lie in the keyring and nowhere else; only their own server ever sees them."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from engine import Engine, FeedFailed, FeedRefreshed, InputError, RefusedError, TimelineQuery, open_engine
from engine.sources.registry import known
from engine.store.connection import FILE_NAME
from engine.vault import MARK, Vault, secret_spans, without_secrets
from tests.engine.test_accounts import KEY, dump
from tests.fakenet import FakeNet, Recorded, Reply
from tests.memory_keyring import MemoryKeyring

TOKEN = "5f3a" + secrets.token_hex(18)
NEW = "9b1c" + secrets.token_hex(18)
PASSWORD = "pass" + secrets.token_hex(12)


def atom(net: FakeNet, way: str, posts: int, secret: str = TOKEN) -> Reply:
    """A feed that names its own address, secret and all, as many do."""
    entries = "".join(
        f"<entry><id>{way}-{number}</id><title>Post {number}</title><link href='{net.url(f'/{number}?token={secret}')}'/>"
        f"<updated>2026-01-0{number + 1}T00:00:00Z</updated></entry>"
        for number in range(posts)
    )
    own = net.url(f"/{way}?token={secret}&amp;x=1")
    body = f"<feed xmlns='http://www.w3.org/2005/Atom'><id>{way}</id><title>{way}</title><link rel='self' href='{own}'/>{entries}</feed>"
    return Reply(headers={"Content-Type": "application/atom+xml", "ETag": f'"{secret}-{posts}"'}, body=body.encode())


@pytest.fixture
def net() -> Iterator[FakeNet]:
    with FakeNet() as net:
        net.handle_under("/", lambda request: atom(net, "feed", 2, PASSWORD if "basic" in request.path else TOKEN))
        yield net


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://a.example/feed?token=abcdef123", ["abcdef123"]),
        ("https://a.example/feed?a=1&API_Key=abcdef123&b=2#x", ["abcdef123"]),
        ("https://www.reddit.com/.rss?feed=0123456789abcdef&user=ada", ["0123456789abcdef"]),
        ("https://a.example/feed?key=0a1b2c3d4e5f6a7b8c", ["0a1b2c3d4e5f6a7b8c"]),
        ("https://a.example/feed?password=hunter22&token=zzzzzzz", ["hunter22", "zzzzzzz"]),
        ("https://a.example/feed?key=summer", []),
        ("https://a.example/feed?feed=atom&type=rss", []),
        ("https://a.example/feed?token=", []),
        ("https://a.example/token=abcdef123/feed", []),
        ("no address?", []),
    ],
)
def test_the_secret_parts_of_an_address_are_told(url: str, found: list[str]) -> None:
    assert [url[start:end] for start, end in secret_spans(url)] == found
    assert not any(secret in without_secrets(url) for secret in found)
    assert found or without_secrets(url) == url


def test_hiding_and_showing_give_the_same_address(ring: MemoryKeyring) -> None:
    url = "https://a.example/feed?x=1&token=abcdef123&y=%20"
    vault = Vault()
    hidden = vault.hide(url)
    assert "abcdef123" not in hidden
    assert vault.show(hidden) == url
    assert vault.hide(hidden) == hidden
    assert ring.kept == {}, "a preview keeps nothing"
    assert vault.keep(hidden) == hidden
    later = Vault()
    assert later.show(hidden) == url
    assert later.hide(url, [hidden]) == hidden, "the same address is known again"
    assert later.hide(url.replace("abcdef123", "abcdef124"), [hidden]) != hidden


def test_a_secret_goes_to_its_own_server_only(ring: MemoryKeyring) -> None:
    vault = Vault()
    name = MARK.search(vault.hide("https://a.example/feed?token=abcdef123"))
    assert name is not None
    assert vault.reveal(name[0], "https://a.example/other") == {name[0]: "abcdef123"}
    for elsewhere in ("https://b.example/feed", "http://a.example/feed", "https://a.example:444/feed"):
        with pytest.raises(RefusedError):
            vault.reveal(name[0], elsewhere)


def test_a_private_address_of_reddit_is_recognised() -> None:
    target = known("https://old.reddit.com/user/ada/saved.rss?feed=0123456789abcdef&user=ada")
    assert target is not None
    assert (target.kind, target.what, target.name) == ("reddit", "private feed", "u/ada")
    assert target.url == "https://www.reddit.com/user/ada/saved/.rss?feed=0123456789abcdef&user=ada"
    front = known("https://www.reddit.com/.rss?feed=0123456789abcdef&user=ada")
    assert front is not None
    assert front.url == "https://www.reddit.com/.rss?feed=0123456789abcdef&user=ada"


def follow(engine: Engine, net: FakeNet) -> None:
    engine.add_feed(net.url(f"/token?token={TOKEN}&x=1"))
    engine.add_feed(net.url(f"/.rss?feed={TOKEN}&user=ada"), kind="reddit")
    engine.add_feed(net.url("/basic").replace("://", f"://ada:{PASSWORD}@"))


def test_secrets_of_feeds_appear_nowhere_but_in_the_keyring(
    tmp_path: Path, ring: MemoryKeyring, net: FakeNet, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    caplog.set_level(logging.DEBUG)
    profile, told = tmp_path / "profile", []
    dumps = []
    with open_engine(profile, key=KEY) as engine:
        told.append(repr(engine.preview(net.url(f"/token?token={TOKEN}&x=1"))))
        follow(engine, net)
        with pytest.raises(InputError, match="already"):
            engine.add_feed(net.url(f"/token?token={TOKEN}&x=1"))
        replies: dict[str, Callable[[str], Reply]] = {
            "fine": lambda secret: atom(net, "feed", 3, secret),
            "error": lambda secret: Reply(status=500, body=secret.encode()),
            "refused": lambda secret: Reply(status=403, body=secret.encode()),
            "moved": lambda secret: Reply(status=301, headers={"Location": net.url(f"/elsewhere?token={secret}")}),
            "moved with a new secret": lambda secret: Reply(status=301, headers={"Location": net.url(f"/elsewhere?token={NEW}")}),
            "no feed": lambda secret: Reply(headers={"Content-Type": "text/html"}, body=f"<p>{secret}</p>".encode()),
            "again": lambda secret: atom(net, "feed", 4, secret),
        }
        for reply in replies.values():

            def answer(request: Recorded, reply: Callable[[str], Reply] = reply) -> Reply:
                secret = PASSWORD if "basic" in request.path or PASSWORD in request.path else TOKEN
                return atom(net, "feed", 3, NEW if NEW in request.path else secret) if "elsewhere" in request.path else reply(secret)

            net.handle_under("/", answer)
            told += [repr(event) for event in engine.refresh(force=True)]
            dumps.append(dump(profile))  # as a crash would leave it
        rows = engine.rows(engine.timeline(TimelineQuery()))
        told += [repr(rows), repr([engine.post(row.id) for row in rows])]
        assert engine.export_opml(tmp_path / "out.opml") == 2
        told += [repr(engine.doctor()), repr(engine.ledger(limit=1000)), repr(engine.feeds())]
        for child in psutil.Process().children(recursive=True):
            told += [repr(child.cmdline()), repr(child.environ())]
        engine.backup(tmp_path / "copy.db")
    written = "".join(
        path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file() and path.name != FILE_NAME
    )
    for secret in (TOKEN, PASSWORD, NEW):
        places = [found[max(0, at - 120) : at + 40] for found in dumps if (at := found.find(secret)) >= 0]
        assert places == []
        assert secret not in dump(profile)
        assert secret not in "\n".join(told)
        assert secret not in caplog.text
        assert secret not in written
        assert any(secret in value for value in ring.kept.values())
    assert any(TOKEN in repr(request) for request in net.requests), "their server is asked with it"


def test_a_secret_in_a_row_would_be_found(tmp_path: Path, ring: MemoryKeyring, net: FakeNet) -> None:
    with open_engine(tmp_path / "profile", key=KEY) as engine:
        engine.add_feed(net.url(f"/token?token={TOKEN}"), title=TOKEN)
    assert TOKEN in dump(tmp_path / "profile")


def test_the_secret_is_used_again_by_a_later_start(tmp_path: Path, ring: MemoryKeyring, net: FakeNet) -> None:
    with open_engine(tmp_path / "profile", key=KEY) as engine:
        follow(engine, net)
    before = len(net.requests)
    net.handle_under("/", lambda _: atom(net, "feed", 4))
    with open_engine(tmp_path / "profile", key=KEY) as engine:
        events = [event for event in engine.refresh(force=True) if isinstance(event, FeedRefreshed)]
    assert any(event.new == 2 for event in events)
    later = net.requests[before:]
    assert any(TOKEN in repr(request) for request in later)
    assert any("authorization" in request.headers for request in later)
    assert not any("kept-in-keyring" in repr(request) for request in later)


def test_a_keyring_that_lost_it_is_told_in_words_and_nothing_is_sent(tmp_path: Path, ring: MemoryKeyring, net: FakeNet) -> None:
    with open_engine(tmp_path / "profile", key=KEY) as engine:
        engine.add_feed(net.url(f"/token?token={TOKEN}"))
    ring.kept.clear()
    before = len(net.requests)
    with open_engine(tmp_path / "profile", key=KEY) as engine:
        (failed,) = [event for event in engine.refresh(force=True) if isinstance(event, FeedFailed)]
        assert "keyring" in failed.error
        assert engine.counts().posts == 2
    assert len(net.requests) == before


def test_secrets_of_an_older_profile_move_into_the_keyring(tmp_path: Path, ring: MemoryKeyring, net: FakeNet) -> None:
    profile = tmp_path / "profile"
    with open_engine(profile, key=KEY) as engine:
        store = engine._store
        feed_id, _ = store.add_feed(net.url(f"/token?token={TOKEN}"), allow_private=True)
        store.save_auth(feed_id, ("ada", PASSWORD))
        assert TOKEN in dump(profile)
        list(engine.refresh(force=True))
        assert engine.counts().posts == 2
        assert TOKEN not in dump(profile)
        assert PASSWORD not in dump(profile)
        (feed,) = engine.feeds()
        assert feed.id == feed_id


def test_without_a_keyring_the_profile_keeps_it_and_lists_leave_it_out(tmp_path: Path, net: FakeNet) -> None:
    with open_engine(tmp_path / "profile", key=KEY) as engine:
        engine.add_feed(net.url(f"/token?token={TOKEN}"))
        list(engine.refresh(force=True))
        assert engine.counts().posts == 2
        assert engine.export_opml(tmp_path / "out.opml") == 1
    assert TOKEN not in (tmp_path / "out.opml").read_text()


def test_a_list_with_secrets_is_taken_in_without_them(tmp_path: Path, ring: MemoryKeyring, net: FakeNet) -> None:
    listed = tmp_path / "in.opml"
    listed.write_text(f'<opml version="2.0"><body><outline type="rss" text="a" xmlUrl="{net.url(f"/token?token={TOKEN}")}"/></body></opml>')
    with open_engine(tmp_path / "profile", key=KEY) as engine:
        assert engine.import_opml(listed, allow_private=True).added == 1
        assert engine.import_opml(listed, allow_private=True).already == 1
        assert TOKEN not in dump(tmp_path / "profile")
        list(engine.refresh(force=True))
        assert engine.counts().posts == 2


KILLED = """
import sys, keyring
from pathlib import Path
from engine import open_engine
from tests.memory_keyring import MemoryKeyring
keyring.set_keyring(MemoryKeyring())
profile, *urls = sys.stdin.read().split()
with open_engine(Path(profile), key=bytes.fromhex(urls.pop(0))) as engine:
    for url in urls:
        engine.add_feed(url)
    print("ready", flush=True)
    while True:
        list(engine.refresh(force=True))
"""


def test_a_kill_amid_a_refresh_leaves_no_secret_behind(tmp_path: Path, net: FakeNet) -> None:
    profile, folder = tmp_path / "profile", tmp_path / "tmp"
    folder.mkdir()
    urls = [
        net.url(f"/token?token={TOKEN}&x=1"),
        net.url(f"/other?api_key={TOKEN}"),
        net.url("/basic").replace("://", f"://ada:{PASSWORD}@"),
    ]
    seen = ""
    with (tmp_path / "log").open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, "-c", KILLED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env={**os.environ, "TMPDIR": str(folder)},
            start_new_session=True,
        )  # fmt: skip
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write("\n".join([str(profile), KEY.hex(), *urls]).encode())
            child.stdin.close()
            assert child.stdout.readline() == b"ready\n"
            net.handle_under("/", lambda request: replace(atom(net, "feed", 4, PASSWORD if "basic" in request.path else TOKEN), delay_seconds=0.2))
            before, until = len(net.requests), time.monotonic() + 30
            while len(net.requests) < before + 2 and time.monotonic() < until:
                time.sleep(0.01)
            assert len(net.requests) >= before + 2, "killed while answers are under way"
            for process in psutil.Process(child.pid).children(recursive=True):
                seen += repr(process.cmdline()) + repr(process.environ())
        finally:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            child.stdout.close()
    written = "".join(path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file())
    everything = dump(profile)
    assert "feed" in everything
    for secret in (TOKEN, PASSWORD):
        assert secret not in everything
        assert secret not in written
        assert secret not in seen
    assert any(TOKEN in request.path for request in net.requests)
