"""Read and starred posts agree with a Google Reader server, in both directions, whatever fails in between."""

from __future__ import annotations

import itertools
import logging
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine import Engine, FeedFailed, FetchError, InputError, SecretsError, TimelineQuery, open_engine
from engine.readersync import ServerSide, decide
from engine.sources.kinds.greader import item_id
from engine.store import ReaderPost
from engine.store.connection import FILE_NAME
from tests.engine.test_accounts import KEY, dump
from tests.fakenet import Clock, FakeNet, Reply
from tests.fakenet.greader import FakeReader, Item
from tests.memory_keyring import MemoryKeyring

AT = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def fake(net: FakeNet) -> FakeReader:
    made = FakeReader(net)
    for number in range(6):
        made.add(1 + number % 3)
    return made


@pytest.fixture
def engine(tmp_path: Path, ring: MemoryKeyring) -> Iterator[Engine]:
    with open_engine(tmp_path / "profile", key=KEY, clock=Clock()) as opened:
        yield opened


def sign_in(engine: Engine, fake: FakeReader) -> None:
    engine.sign_in_reader(fake.url, fake.user, fake.password)
    refresh(engine)


def refresh(engine: Engine) -> list[FeedFailed]:
    return [event for event in engine.refresh(force=True) if isinstance(event, FeedFailed)]


def ids(engine: Engine) -> dict[str, int]:
    """Post ids by the server's."""
    rows = engine.timeline(TimelineQuery(order="newest", limit=10_000))
    guids = [engine.post(post).guid for post in rows]
    assert len(set(guids)) == len(rows), "no post twice"
    return dict(zip(guids, rows, strict=True))


def here(engine: Engine, fake: FakeReader, item: Item) -> tuple[bool, bool]:
    row = engine.post(ids(engine)[fake.guid(item)]).row
    return row.read, row.saved


def error(engine: Engine) -> str:
    return engine.accounts()[0].error


# ---- signing in --------------------------------------------------------------------------------


def test_the_servers_feeds_are_followed_in_their_folders_with_their_posts(engine: Engine, fake: FakeReader) -> None:
    account, new = engine.sign_in_reader(fake.url, fake.user, fake.password)
    assert (account.kind, account.name, new) == ("greader", f"ada@127.0.0.1:{fake.net.port}", 3)
    assert [(feed.title, feed.folder, feed.kind) for feed in engine.feeds()] == [("Stones", "", "greader"), ("Frogs", "Pond", "greader"), ("Herons", "Pond", "greader")]
    assert refresh(engine) == []
    assert len(ids(engine)) == 6
    post = engine.post(max(ids(engine).values()))
    assert "script" not in post.body_html
    assert post.row.url.startswith("https://pond.example/")


def test_freshrss_is_found_below_the_address_of_the_site(engine: Engine, net: FakeNet) -> None:
    fake = FakeReader(net, prefix="/rss/api/greader.php")
    fake.add(1)
    account, _ = engine.sign_in_reader(net.url("/rss/"), fake.user, fake.password)
    assert account.server == fake.url
    refresh(engine)
    assert len(ids(engine)) == 1


def test_a_server_without_stream_contents_is_asked_for_ids_first(engine: Engine, net: FakeNet) -> None:
    fake = FakeReader(net, miniflux=True)
    made = [fake.add(1, starred=number == 3) for number in range(250)]
    sign_in(engine, fake)
    assert len(ids(engine)) == 250
    assert here(engine, fake, made[3]) == (False, True)
    fake.add(1)
    before = len(net.requests)
    refresh(engine)
    assert len(ids(engine)) == 251
    assert not any("stream/contents" in request.path for request in net.requests[before:]), "it is remembered"


def test_what_came_while_nobody_asked_is_taken_without_a_gap(engine: Engine, fake: FakeReader) -> None:
    sign_in(engine, fake)
    for _ in range(1050):
        fake.add(1)
    refresh(engine)
    assert len(ids(engine)) == 1056


def test_a_wrong_password_and_a_site_without_the_interface_are_told_apart(engine: Engine, fake: FakeReader, net: FakeNet, ring: MemoryKeyring) -> None:
    with pytest.raises(FetchError, match="API password is wrong"):
        engine.sign_in_reader(fake.url, "ada", "wrong")
    with pytest.raises(FetchError, match="no Google Reader interface"):
        engine.sign_in_reader(net.url("/elsewhere"), "ada", "x")
    assert (engine.accounts(), ring.kept) == ([], {})


@pytest.mark.parametrize("address", ["http://rss.example.org", "ftp://rss.example.org", "https://", "https://a:b@rss.example.org", "no address at all"])
def test_a_password_is_not_sent_to_what_is_no_protected_server(engine: Engine, address: str) -> None:
    with pytest.raises(InputError):
        engine.sign_in_reader(address, "ada", "password")
    assert engine.ledger() == []


def test_a_redirect_to_another_server_does_not_carry_the_password(engine: Engine, net: FakeNet) -> None:
    with FakeNet(host="127.0.0.2") as other:
        net.redirect("/accounts/ClientLogin", other.url("/accounts/ClientLogin"), 307)
        with pytest.raises(FetchError, match="not sent on"):
            engine.sign_in_reader(net.url("/"), "ada", "password")
        assert other.requests == []


def test_without_a_keyring_nothing_is_asked(tmp_path: Path, fake: FakeReader) -> None:
    with open_engine(tmp_path / "other", key=KEY) as engine, pytest.raises(SecretsError, match="keyring"):
        engine.sign_in_reader(fake.url, fake.user, fake.password)
    assert fake.net.requests == []


def test_new_feeds_of_the_server_come_by_themselves_and_left_ones_stay_left(engine: Engine, fake: FakeReader) -> None:
    sign_in(engine, fake)
    engine.remove_feed(engine.feeds()[0].id)
    fake.feeds[4] = ("Newts", "Pond")
    fake.add(4)
    refresh(engine)
    refresh(engine)
    assert [feed.title for feed in engine.feeds()] == ["Frogs", "Herons", "Newts"]
    assert [feed.posts for feed in engine.feeds()] == [2, 2, 1]
    engine.sign_in_reader(fake.url, fake.user, fake.password)
    assert len(engine.feeds()) == 4, "signing in again brings all"


# ---- agreeing ----------------------------------------------------------------------------------


def test_what_one_side_does_the_other_follows(engine: Engine, fake: FakeReader) -> None:
    a, b, c, d, e, _ = fake.items.values()
    b.starred = c.read = True
    sign_in(engine, fake)
    assert here(engine, fake, b) == (False, True)
    assert here(engine, fake, c) == (True, False)
    posts = ids(engine)
    engine.mark([posts[fake.guid(a)]], read=True, saved=True)
    engine.mark([posts[fake.guid(c)]], read=False)
    d.read = e.starred = True
    b.starred = False
    refresh(engine)
    assert (a.read, a.starred, c.read) == (True, True, False)
    assert here(engine, fake, d) == (True, False)
    assert here(engine, fake, e) == (False, True)
    assert here(engine, fake, b) == (False, False)
    edits = len(fake.edits)
    refresh(engine)
    assert len(fake.edits) == edits, "what agrees is not sent again"
    assert error(engine) == ""


def test_unread_set_by_the_person_wins_over_read_by_the_server(engine: Engine, fake: FakeReader) -> None:
    (item, *_) = fake.items.values()
    sign_in(engine, fake)
    post = ids(engine)[fake.guid(item)]
    engine.mark([post], read=True)
    engine.mark([post], read=False)
    item.read = True
    refresh(engine)
    assert (item.read, here(engine, fake, item)) == (False, (False, False))
    item.read = True  # later, on the other side, on purpose
    refresh(engine)
    assert here(engine, fake, item) == (True, False)


def test_a_post_that_the_server_deleted_keeps_its_state_here(engine: Engine, fake: FakeReader) -> None:
    a, b, *_ = fake.items.values()
    a.starred = True
    sign_in(engine, fake)
    del fake.items[a.number], fake.items[b.number]
    for _ in range(2):
        refresh(engine)
    assert here(engine, fake, a) == (False, True)
    assert here(engine, fake, b) == (False, False)


@pytest.mark.parametrize("answer", [b'{"itemRefs": []}', b'{"itemRefs": null}', b"{}", b"<html>Welcome to the airport</html>", b"[]"])
def test_a_server_that_lists_nothing_takes_no_star_and_marks_nothing(engine: Engine, fake: FakeReader, answer: bytes) -> None:
    a, *_ = fake.items.values()
    a.starred = True
    sign_in(engine, fake)
    engine.mark([ids(engine)[fake.guid(a)]], read=True)
    fake.fail = lambda way: Reply(body=answer) if way.startswith(("stream/items", "edit-tag")) else None
    refresh(engine)
    assert error(engine)
    assert here(engine, fake, a) == (True, True)
    fake.fail = lambda way: None
    refresh(engine)
    assert (a.read, a.starred, here(engine, fake, a), error(engine)) == (True, True, (True, True), "")


def test_an_ended_edit_token_is_fetched_anew(engine: Engine, fake: FakeReader) -> None:
    sign_in(engine, fake)
    posts = list(ids(engine).values())
    engine.mark(posts[:2], read=True)
    engine.mark(posts[:1], saved=True)
    dropped: list[str] = []

    def fail(way: str) -> Reply | None:
        if way == "edit-tag" and not dropped:
            dropped.append(way)
            fake.edit_tokens.clear()
        return None

    fake.fail = fail
    refresh(engine)
    assert "signed in" in error(engine), "a fresh token that is refused is told"
    dropped.clear()

    def fail_later(way: str) -> Reply | None:
        return fail(way) if len(fake.edits) == 1 else None

    fake.fail = fail_later
    refresh(engine)
    assert error(engine) == ""
    assert sum(item.read for item in fake.items.values()) == 2
    assert sum(item.starred for item in fake.items.values()) == 1
    assert sum("/token" in request.path for request in fake.net.requests) == 3


def test_refusals_are_told_with_the_account_and_do_not_stop_the_refresh(engine: Engine, fake: FakeReader) -> None:
    sign_in(engine, fake)
    fake.fail = lambda way: Reply(status=401) if way.startswith("stream/items") else None
    fake.add(1)
    assert refresh(engine) == []
    assert len(ids(engine)) == 7
    assert "Sign in again" in error(engine)
    fake.fail = lambda way: Reply(status=401)
    assert all("Sign in again" in failed.error for failed in refresh(engine))
    fake.fail = lambda way: None
    engine.sign_in_reader(fake.url, fake.user, fake.password)
    assert error(engine) == ""


def test_more_posts_than_a_batch_and_lists_of_several_pages_agree(engine: Engine, net: FakeNet) -> None:
    fake = FakeReader(net, cap=100)
    for number in range(280):
        fake.add(1, read=number % 2 == 0)
    sign_in(engine, fake)
    rows = ids(engine)
    assert sum(engine.post(post).row.read for post in rows.values()) == 140
    engine.mark(list(rows.values()), read=True, saved=True)
    refresh(engine)
    assert all(item.read and item.starred for item in fake.items.values())
    assert [len(sent) for flag, _, sent in fake.edits if flag == "starred"] == [250, 30]


@pytest.mark.parametrize("miniflux", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_after_any_acts_and_faults_both_sides_agree_and_nothing_is_lost(tmp_path: Path, ring: MemoryKeyring, net: FakeNet, seed: int, miniflux: bool) -> None:
    chance, clock = random.Random(seed), Clock()
    fake = FakeReader(net, miniflux=miniflux, cap=chance.choice([7, 10_000]))
    for _ in range(12):
        fake.add(chance.randrange(1, 4), read=chance.random() < 0.3, starred=chance.random() < 0.3)
    stars = {item.number for item in fake.items.values() if item.starred}  # that nobody took away
    engine = open_engine(tmp_path / "profile", key=KEY, clock=clock)
    try:
        engine.sign_in_reader(fake.url, fake.user, fake.password)
        for number in range(25):
            if number % 6 == 5:  # a restart
                engine.close()
                engine = open_engine(tmp_path / "profile", key=KEY, clock=clock)
            rows = ids(engine)
            for item in chance.sample(list(fake.items.values()), 3):
                post = rows.get(fake.guid(item))
                if chance.random() < 0.5:
                    item.read = not item.read
                elif chance.random() < 0.5:
                    item.starred = True
                    stars.add(item.number)
                elif post is not None and chance.random() < 0.7:
                    engine.mark([post], read=chance.random() < 0.5)
                elif post is not None:
                    engine.mark([post], saved=True)
                    stars.add(item.number)
            if chance.random() < 0.5:
                fake.add(chance.randrange(1, 4))
            fault = chance.choice(["", "", "lose", "429", "500", "reset"])
            broken = chance.choice(["edit-tag", "stream/items/ids", "stream/contents", "token", "subscription"])
            lost = fault == "lose"
            reply = {"429": Reply(status=429), "500": Reply(status=500), "reset": Reply(raw=b"")}.get(fault)
            fake.lose = lambda: lost and chance.random() < 0.4  # noqa: B023 - called within this round
            fake.fail = lambda way: reply if way.startswith(broken) else None  # noqa: B023
            refresh(engine)
            clock.now += timedelta(hours=chance.randrange(2, 30))
        fake.lose, fake.fail = (lambda: False), (lambda way: None)
        for _ in range(2):
            clock.now += timedelta(days=2)
            assert refresh(engine) == []
        assert error(engine) == ""
        assert ids(engine).keys() == {fake.guid(item) for item in fake.items.values()}
        for item in fake.items.values():
            assert here(engine, fake, item) == (item.read, item.starred)
        assert {item.number for item in fake.items.values() if item.starred} >= stars
    finally:
        engine.close()


def test_every_combination_of_states_follows_the_written_rules() -> None:
    options = (None, False, True)
    for before, mine, there, kept in itertools.product(options, (False, True), options, (False, True)):
        post = ReaderPost(id=1, guid="g", read=mine, saved=False, published_at=AT, agreed_read=before, agreed_saved=False, kept_unread=kept)
        server = ServerSide(unread={"g"} if there is False else set(), read={"g"} if there else set())
        plan = decide([post], server)
        sent = plan.send.get(("read", mine))
        if there is None:
            assert not plan.take_read
            assert bool(sent) is (mine is not before and (mine or before is not None))
        elif there is mine:
            assert not plan.take_read
            assert not plan.send
        elif before is mine:  # the server changed
            assert bool(plan.take_read) is not (there and kept)
        elif before is there:  # the person changed
            assert sent
            assert not plan.take_read
        else:  # they never met: read wins
            assert bool(plan.take_read) is there
            assert bool(sent) is mine
    for before, mine, starred in itertools.product(options, (False, True), (False, True)):
        post = ReaderPost(id=1, guid="g", read=False, saved=mine, published_at=AT, agreed_read=False, agreed_saved=before)
        plan = decide([post], ServerSide(starred={"g"} if starred else set()))
        if mine and not starred:
            assert not plan.take_saved, "no star goes away because a list lacks it"
        if starred and not mine:
            assert bool(plan.take_saved) is (not before)


@pytest.mark.parametrize(
    ("written", "number"),
    [("31", 31), ("tag:google.com,2005:reader/item/000000000000001F", 31), ("tag:google.com,2005:reader/item/1f", 31), ("-1", 2**64 - 1)],
)
def test_the_spellings_of_an_id_are_one(written: str, number: int) -> None:
    assert item_id(written) == f"tag:google.com,2005:reader/item/{number:016x}"


# ---- the token is nowhere but in the keyring ---------------------------------------------------


def test_token_and_password_appear_nowhere_but_in_the_keyring(
    tmp_path: Path, engine: Engine, fake: FakeReader, ring: MemoryKeyring, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sign_in(engine, fake)
    engine.mark(list(ids(engine).values()), read=True)
    fake.fail = lambda way: Reply(status=500, body=fake.auth.encode())
    told = [repr(event) for event in engine.refresh(force=True)]
    fake.fail = lambda way: None
    told += [repr(event) for event in engine.refresh(force=True)]
    engine.export_opml(tmp_path / "out.opml")
    engine.backup(tmp_path / "copy.db")
    told += [repr(engine.ledger()), repr(engine.feeds()), repr(engine.accounts()), repr(engine.doctor())]
    written = "".join(path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file() and path.name != FILE_NAME)
    everything = dump(tmp_path / "profile") + "\n".join(told) + caplog.text + written
    for secret in (fake.password, fake.auth, *fake.edit_tokens):
        assert secret not in everything
        assert not any(secret in request.path for request in fake.net.requests)
    assert any(fake.auth in value for value in ring.kept.values())
    assert fake.password not in "".join(ring.kept.values()), "it is not kept at all"
    engine.sign_out(engine.accounts()[0].name)
    assert ring.kept == {}
    assert {failed.error for failed in refresh(engine)} == {f"Nobody is signed in as ada@127.0.0.1:{fake.net.port} any more. Sign in again, or leave this feed."}
    assert len(ids(engine)) == 6


def test_a_token_that_was_put_into_a_row_would_be_found(tmp_path: Path, engine: Engine, fake: FakeReader) -> None:
    sign_in(engine, fake)
    engine.update_feed(engine.feeds()[0].id, title=fake.auth)
    assert fake.auth in dump(tmp_path / "profile")
