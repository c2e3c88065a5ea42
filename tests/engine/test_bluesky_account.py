"""Signing in to Bluesky with an app password: the server found, tokens renewed, and neither of them anywhere but in the keyring."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from engine import Engine, FeedFailed, FeedRefreshed, FetchError, InputError, SecretsError, TimelineQuery, open_engine
from engine.sources.kinds.atproto import is_tid
from engine.store.connection import FILE_NAME
from tests.conformance.test_bluesky import DATA, needs_data
from tests.engine.test_accounts import KEY, dump
from tests.fakenet import Clock, FakeNet
from tests.fakenet.bluesky import FakeBluesky, item
from tests.memory_keyring import MemoryKeyring


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fake(net: FakeNet, clock: Clock) -> FakeBluesky:
    made = FakeBluesky(net, [item(number) for number in range(5)])
    made.seconds = lambda: clock().timestamp()
    return made


@pytest.fixture
def engine(tmp_path: Path, ring: MemoryKeyring, fake: FakeBluesky, clock: Clock) -> Iterator[Engine]:
    with open_engine(tmp_path / "profile", key=KEY, clock=clock) as opened:
        opened._accounts.resolver = opened._accounts.directory = fake.net.url("/")[:-1]
        yield opened


def sign_in(engine: Engine, fake: FakeBluesky) -> str:
    account = engine.sign_in_bluesky("@ada.pond.example", fake.password)
    engine.add_feed(f"{account.server}/home", kind="bluesky", account=account.name)
    return account.name


def test_the_handle_leads_to_the_server_and_the_home_timeline(engine: Engine, fake: FakeBluesky) -> None:
    assert sign_in(engine, fake) == "@ada.pond.example"
    (account,) = engine.accounts()
    assert (account.kind, account.server) == ("bluesky", fake.net.url("/")[:-1])
    assert len(engine.timeline(TimelineQuery())) == 5


def test_a_token_is_renewed_before_it_ends_and_the_next_start_knows_it(
    tmp_path: Path, engine: Engine, fake: FakeBluesky, clock: Clock, ring: MemoryKeyring
) -> None:
    sign_in(engine, fake)
    for number in (1, 2):
        clock.now += timedelta(hours=3)
        fake.items.append(item(10 + number))
        (event,) = [event for event in engine.refresh(force=True) if isinstance(event, FeedRefreshed)]
        assert event.new == 1
    assert len(fake.tokens) == 3
    (kept,) = ring.kept.values()
    assert json.loads(kept)["renewal"] in fake.renewals, "the one that works is the one that is kept"


def test_a_session_that_was_ended_is_told_in_words(engine: Engine, fake: FakeBluesky, clock: Clock) -> None:
    sign_in(engine, fake)
    fake.renewals.clear()
    clock.now += timedelta(hours=3)
    (failed,) = [event for event in engine.refresh(force=True) if isinstance(event, FeedFailed)]
    assert "Sign in again" in failed.error
    assert len(engine.timeline(TimelineQuery())) == 5


@pytest.mark.parametrize("password", ["hunter2hunter2", "", "abcd-efgh-2345", "ABCD-EFGH-2345-MNOP"])
def test_an_accounts_own_password_is_never_sent(engine: Engine, fake: FakeBluesky, password: str) -> None:
    with pytest.raises(InputError, match="no app password"):
        engine.sign_in_bluesky("ada.pond.example", password)
    assert fake.net.requests == []


def test_a_wrong_app_password_and_an_unknown_handle_are_told(engine: Engine, fake: FakeBluesky, ring: MemoryKeyring) -> None:
    with pytest.raises(FetchError, match="app password is wrong"):
        engine.sign_in_bluesky("ada.pond.example", "aaaa-bbbb-cccc-dddd")
    with pytest.raises(FetchError, match="Unable to resolve"):
        engine.sign_in_bluesky("nobody.pond.example", fake.password)
    with pytest.raises(InputError, match="no handle"):
        engine.sign_in_bluesky("not a handle", fake.password)
    assert engine.accounts() == []
    assert ring.kept == {}


def test_signing_out_ends_the_session_and_forgets_the_tokens(engine: Engine, fake: FakeBluesky, ring: MemoryKeyring) -> None:
    engine.sign_out(sign_in(engine, fake))
    assert fake.renewals == set()
    assert ring.kept == {}
    assert engine.accounts() == []


def test_without_a_keyring_nothing_is_asked(tmp_path: Path, fake: FakeBluesky) -> None:
    with open_engine(tmp_path / "other", key=KEY) as engine, pytest.raises(SecretsError, match="keyring"):
        engine.sign_in_bluesky("ada.pond.example", fake.password)
    assert fake.net.requests == []


def test_tokens_and_app_password_appear_nowhere_but_in_the_keyring(
    tmp_path: Path, engine: Engine, fake: FakeBluesky, clock: Clock, ring: MemoryKeyring, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sign_in(engine, fake)
    clock.now += timedelta(hours=3)
    told = [repr(event) for event in engine.refresh(force=True)]
    engine.export_opml(tmp_path / "out.opml")
    engine.backup(tmp_path / "copy.db")
    told += [repr(engine.ledger()), repr(engine.feeds()), repr(engine.accounts()), repr(engine._accounts)]
    written = "".join(path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file() and path.name != FILE_NAME)
    everything = dump(tmp_path / "profile") + "\n".join(told) + caplog.text + written
    for secret in (fake.password, *fake.tokens, *fake.renewals):
        assert secret not in everything
        assert not any(secret in request.path for request in fake.net.requests)
    assert fake.password not in "".join(ring.kept.values()), "it is not kept at all"


@needs_data
def test_what_is_sent_to_sign_in_is_valid_by_the_lexicon(engine: Engine, fake: FakeBluesky, clock: Clock) -> None:
    sign_in(engine, fake)
    (sent,) = [request for request in fake.net.requests if request.path.endswith("createSession")]
    schema = json.loads((DATA / "lexicons" / "com.atproto.server.createSession.json").read_bytes())["defs"]["main"]["input"]["schema"]
    given = json.loads(sent.body)
    assert set(schema["required"]) <= set(given) <= set(schema["properties"])


def test_the_command_line_reads_the_password_from_standard_input(
    tmp_path: Path, ring: MemoryKeyring, fake: FakeBluesky, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    from engine.cli import entry

    fake.seconds = lambda: 1.9e9
    monkeypatch.setattr("sys.stdin", io.StringIO(fake.password + "\n"))
    with open_engine(tmp_path / "plain", encryption="plain"):
        pass
    arguments = ["--profile", str(tmp_path / "plain"), "accounts", "add-bluesky", "ada.pond.example", "--server", fake.net.url("/")[:-1]]
    assert entry(arguments) == 0
    assert "Signed in as @ada.pond.example." in capsys.readouterr().out


# ---- acting ------------------------------------------------------------------------------------


def act(engine: Engine, post: int, verb: str, **more: object) -> None:
    engine.act(post, verb, **more)  # type: ignore[arg-type]
    list(engine.send_acts())


def test_a_like_and_a_repost_are_records_that_undo_removes(engine: Engine, fake: FakeBluesky) -> None:
    sign_in(engine, fake)
    post = engine.timeline(TimelineQuery(order="newest"))[0]
    act(engine, post, "favourite")
    act(engine, post, "boost")
    assert [collection for collection, _ in fake.records] == ["app.bsky.feed.like", "app.bsky.feed.repost"]
    assert all(is_tid(key) for _, key in fake.records)
    assert fake.records[fake.written[0]]["subject"]["uri"] == engine.post(post).guid
    act(engine, post, "favourite", undo=True)
    act(engine, post, "boost", undo=True)
    assert fake.records == {}
    with pytest.raises(InputError, match="no bookmarks"):
        engine.act(post, "bookmark")


def test_a_reply_names_its_parent_and_the_root(engine: Engine, fake: FakeBluesky) -> None:
    root = {"uri": "at://did:plc:root/app.bsky.feed.post/3kaaaaaaaaaaa", "cid": "bafyroot"}
    fake.items.append(item(50, record={"reply": {"root": root, "parent": root}}))
    sign_in(engine, fake)
    posts = engine.timeline(TimelineQuery(order="newest"))
    act(engine, posts[0], "reply", text="蛙 🐸")
    act(engine, posts[1], "reply", text="Two")
    first, second = fake.records.values()
    assert (first["text"], first["reply"]["root"]) == ("蛙 🐸", root)
    assert first["reply"]["parent"]["uri"] == engine.post(posts[0]).guid
    assert second["reply"]["root"] == second["reply"]["parent"]
    with pytest.raises(InputError, match="300"):
        engine.act(posts[0], "reply", text="x" * 301)


@pytest.mark.parametrize("seed", range(3))
def test_lost_answers_and_ended_tokens_double_nothing(engine: Engine, fake: FakeBluesky, clock: Clock, seed: int) -> None:
    chance = random.Random(seed)
    sign_in(engine, fake)
    posts = engine.timeline(TimelineQuery(order="newest"))
    fake.lose = lambda: chance.random() < 0.4
    for number in range(12):
        engine.act(posts[number % 5], "reply", text=f"Reply {number}")
        if number < 5:
            engine.act(posts[number], "favourite")
        list(engine.send_acts())
        clock.now += timedelta(hours=chance.randrange(1, 8))
    fake.lose = lambda: False
    for _ in range(5):
        clock.now += timedelta(hours=7)
        list(engine.send_acts())
    assert {one.state for one in engine.acts()} == {"done"}
    assert sorted(record["text"] for record in fake.records.values() if "text" in record) == sorted(f"Reply {number}" for number in range(12))
    assert sum(collection.endswith("like") for collection, _ in fake.records) == 5
    assert len(fake.written) == 17
