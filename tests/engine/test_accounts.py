"""Signing in to a server in the browser, reading with the account, signing out; the token lies in the keyring and nowhere else."""

from __future__ import annotations

import logging
import os
import secrets
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from engine import (
    Engine,
    FeedFailed,
    FeedRefreshed,
    FetchError,
    InputError,
    NotFoundError,
    RefusedError,
    SecretsError,
    TimelineQuery,
    open_engine,
)
from engine.accounts import server_of
from engine.store.connection import FILE_NAME, connect
from engine.types import FetchState, Request
from tests.fakenet import FakeNet, Reply
from tests.fakenet.mastodon import FakeMastodon, status
from tests.memory_keyring import MemoryKeyring

KEY = secrets.token_bytes(32)


@pytest.fixture
def fake(net: FakeNet) -> FakeMastodon:
    made = FakeMastodon(net, [status(number) for number in range(5)])
    made.next_token = f"token-{secrets.token_hex(16)}"
    return made


@pytest.fixture
def engine(tmp_path: Path, ring: MemoryKeyring) -> Iterator[Engine]:
    with open_engine(tmp_path / "profile", key=KEY) as opened:
        yield opened


def visit(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def browser(fake: FakeMastodon, **how: object) -> Callable[[str], None]:
    """A browser in which the person agrees (or not) on the server's page."""

    def show(address: str) -> None:
        threading.Thread(target=visit, args=[fake.agree(address, **how)], daemon=True).start()  # type: ignore[arg-type]

    return show


def sign_in(engine: Engine, fake: FakeMastodon) -> str:
    return engine.sign_in(fake.net.url("/")[:-1], browser(fake)).name


def test_signing_in_brings_the_home_timeline(engine: Engine, fake: FakeMastodon, ring: MemoryKeyring) -> None:
    name = sign_in(engine, fake)
    assert name == f"@ada@127.0.0.1:{fake.net.port}"
    (account,) = engine.accounts()
    assert (account.name, account.kind, account.server) == (name, "mastodon", fake.net.url(""))
    feed = engine.add_feed(fake.net.url("/home"), kind="mastodon", account=name)
    assert feed.posts == 5
    fake.statuses.append(status(9))
    (event,) = [event for event in engine.refresh(force=True) if isinstance(event, FeedRefreshed)]
    assert event.new == 1
    assert any(fake.next_token in value for value in ring.kept.values())


def test_without_an_account_the_home_timeline_is_refused_in_words(engine: Engine, fake: FakeMastodon) -> None:
    with pytest.raises(FetchError, match="only to people who sign in"):
        engine.add_feed(fake.net.url("/home"), kind="mastodon")


def test_signing_out_takes_the_token_back_and_the_feed_says_so(engine: Engine, fake: FakeMastodon, ring: MemoryKeyring) -> None:
    name = sign_in(engine, fake)
    engine.add_feed(fake.net.url("/home"), kind="mastodon", account=name)
    engine.sign_out(name)
    assert fake.tokens == set()
    assert ring.kept == {}
    assert engine.accounts() == []
    (failed,) = [event for event in engine.refresh(force=True) if isinstance(event, FeedFailed)]
    assert f"Nobody is signed in as {name}" in failed.error
    assert len(engine.timeline(TimelineQuery())) == 5, "what was read stays"
    with pytest.raises(NotFoundError):
        engine.sign_out(name)


def test_signing_in_again_leaves_one_account_and_one_token(engine: Engine, fake: FakeMastodon, ring: MemoryKeyring) -> None:
    sign_in(engine, fake)
    fake.next_token = "another-token"
    sign_in(engine, fake)
    assert len(engine.accounts()) == 1
    assert [("another-token" in value) for value in ring.kept.values()] == [True]


def test_a_token_goes_to_its_own_server_only(engine: Engine, fake: FakeMastodon) -> None:
    name = sign_in(engine, fake)
    state = FetchState(feed_id=1, url="https://elsewhere.example/home", kind="mastodon", account=name)
    with pytest.raises(RefusedError, match="another server"):
        engine._accounts.authorise(state, Request(url="https://elsewhere.example/api/v1/timelines/home"))
    with FakeNet(host="127.0.0.2") as other:
        other.handle_under("/", lambda _: Reply(headers={"Content-Type": "application/json"}, body=b"[]"))
        with pytest.raises(RefusedError):
            engine.add_feed(other.url("/home"), kind="mastodon", account=name)
        assert other.requests == []


def test_a_redirect_to_another_server_does_not_carry_the_token(engine: Engine, fake: FakeMastodon) -> None:
    name = sign_in(engine, fake)
    engine.add_feed(fake.net.url("/home"), kind="mastodon", account=name)
    with FakeNet(host="127.0.0.2") as other:
        other.handle_under("/", lambda _: Reply(headers={"Content-Type": "application/json"}, body=b"[]"))
        fake.refuse = lambda path: Reply(status=302, headers={"Location": other.url("/api/v1/timelines/home")})
        list(engine.refresh(force=True))
        assert not any("authorization" in request.headers for request in other.requests)


def test_who_says_no_in_the_browser_is_told_and_nothing_is_kept(engine: Engine, fake: FakeMastodon, ring: MemoryKeyring) -> None:
    with pytest.raises(FetchError, match="not let in"):
        engine.sign_in(fake.net.url("/")[:-1], browser(fake, refuse=True))
    assert engine.accounts() == []
    assert ring.kept == {}


def test_an_answer_that_was_not_asked_for_is_not_taken(engine: Engine, fake: FakeMastodon) -> None:
    seen = []

    def show(address: str) -> None:
        def go() -> None:
            seen.append(visit(fake.agree(address, state="forged")))
            visit(fake.agree(address))

        threading.Thread(target=go, daemon=True).start()

    engine.sign_in(fake.net.url("/")[:-1], show)
    assert seen == [400]


def test_waiting_for_the_browser_can_be_stopped(engine: Engine, fake: FakeMastodon) -> None:
    stop = threading.Event()
    with pytest.raises(FetchError, match="stopped"):
        engine.sign_in(fake.net.url("/")[:-1], lambda _: stop.set(), cancel=stop)


def test_without_a_keyring_signing_in_says_why_not(tmp_path: Path, fake: FakeMastodon) -> None:
    with open_engine(tmp_path / "other", key=KEY) as engine, pytest.raises(SecretsError, match="keyring"):
        engine.sign_in(fake.net.url("/")[:-1], browser(fake))
    assert fake.net.requests == []


@pytest.mark.parametrize(
    ("text", "server"),
    [("mastodon.social", "https://mastodon.social"), ("@ada@pond.example", "https://pond.example"),
     ("https://pond.example/@ada", "https://pond.example"), (" pond.example:8443 ", "https://pond.example:8443")],
)  # fmt: skip
def test_a_server_is_told_by_name_address_or_handle(text: str, server: str) -> None:
    assert server_of(text) == server


@pytest.mark.parametrize("text", ["", "pond", "http://pond.example", "ftp://pond.example", "https://ada:pw@pond.example", "a b.c d"])
def test_what_is_no_server_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        server_of(text)


# ---- the token is nowhere but in the keyring ---------------------------------------------------


def dump(profile: Path) -> str:
    """Every value of every table of the decrypted database."""
    connection = connect(profile / FILE_NAME, KEY)
    try:
        names = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")]
        return "\n".join(repr(row) for name in names for row in connection.execute(f'select * from "{name}"'))
    finally:
        connection.close()


def test_the_token_appears_nowhere_but_in_the_keyring(
    tmp_path: Path, ring: MemoryKeyring, fake: FakeMastodon, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    caplog.set_level(logging.DEBUG)
    token, profile = fake.next_token, tmp_path / "profile"
    told: list[str] = []
    with open_engine(profile, key=KEY) as engine:
        name = sign_in(engine, fake)
        engine.add_feed(fake.net.url("/home"), kind="mastodon", account=name)
        fake.refuse = lambda path: Reply(status=500, body=token.encode()) if "/timelines/" in path else None
        told += [repr(event) for event in engine.refresh(force=True)]
        fake.refuse = lambda path: Reply(status=401) if "/timelines/" in path else None
        told += [repr(event) for event in engine.refresh(force=True)]
        fake.refuse = lambda path: None
        told += [repr(event) for event in engine.refresh(force=True)]
        engine.export_opml(tmp_path / "out.opml")
        told += [repr(engine.doctor()), repr(engine.ledger(limit=1000)), repr(engine.feeds()), repr(engine.accounts())]
        for child in psutil.Process().children(recursive=True):
            told += [repr(child.cmdline()), repr(child.environ())]
        told += [repr(sys.argv), repr(dict(os.environ))]
        engine.backup(tmp_path / "copy.db")
    written = "".join(
        path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file() and path.name != FILE_NAME
    )
    assert token not in dump(profile)
    assert token not in "\n".join(told)
    assert token not in caplog.text
    assert token not in written
    assert "secret-of-client" not in dump(profile) + "\n".join(told) + caplog.text + written
    assert not any(token in request.path for request in fake.net.requests)
    assert any(token in value for value in ring.kept.values())


def test_a_token_that_was_put_into_a_row_would_be_found(tmp_path: Path, ring: MemoryKeyring, fake: FakeMastodon) -> None:
    profile = tmp_path / "profile"
    with open_engine(profile, key=KEY) as engine:
        engine.add_feed(fake.net.url("/@ada"), kind="mastodon", title=fake.next_token)
    assert fake.next_token in dump(profile)


def test_the_command_line_lists_and_removes_accounts(tmp_path: Path, ring: MemoryKeyring, fake: FakeMastodon, capsys: pytest.CaptureFixture[str]) -> None:
    from engine.cli import entry

    profile = tmp_path / "plain"
    with open_engine(profile, encryption="plain") as engine:
        name = sign_in(engine, fake)
    assert entry(["--profile", str(profile), "accounts", "list"]) == 0
    assert name in capsys.readouterr().out
    assert entry(["--profile", str(profile), "accounts", "remove", name]) == 0
    assert entry(["--profile", str(profile), "accounts", "list"]) == 0
    assert "Nobody is signed in" in capsys.readouterr().out
