"""Bad input from every side, end to end through the engine: a clear message each, and nothing lost."""

from __future__ import annotations

import json
import os
import re
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from engine import (
    BusyError,
    Engine,
    EngineError,
    Feed,
    FeedFailed,
    FeedRefreshed,
    FetchError,
    InputError,
    LockedError,
    NewerProfileError,
    NotAFeedError,
    ParseError,
    StoreError,
    Subscription,
    TimelineQuery,
    WorkerError,
    open_engine,
)
from engine.http import Policy
from engine.store import Store
from tests.engine.conftest import plain_posts
from tests.fakenet import FakeNet, Recorded, Reply, bomb, endless, items, page, rss

NEWEST = TimelineQuery(order="newest", limit=0)
MB = 2**20


@pytest.fixture
def net() -> Iterator[FakeNet]:
    with FakeNet() as served:
        yield served


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """An engine with three posts of its own, and short patience."""
    monkeypatch.setattr("engine.http.Policy", lambda **given: Policy(total_seconds=4.0, **given))
    with open_engine(tmp_path / "profile", key=secrets.token_bytes(32)) as opened:
        opened.add_posts("Mine", plain_posts(3))
        opened.feedback(opened.timeline(NEWEST)[0], True)
        yield opened


def plain_words(error: BaseException | str) -> str:
    """Return the message after checking that it is one for people."""
    words = str(error)
    assert len(words) > 15, words
    assert words[0].isupper() or words[0] in "“/" or words[:4].replace(".", "").isdigit(), words
    assert len(words) < 500, words
    assert not re.search(r"Traceback|0x[0-9a-f]{6}|\bNone\b|[A-Z][a-z]+Error\b|<class|\bbug\b", words), words
    return words


def refused(engine: Engine, url: str, kind: type[EngineError]) -> str:
    """Try to follow an address; return the message. Nothing that was there may change."""
    before = (engine.counts(), engine.timeline(NEWEST), engine.feeds())
    with pytest.raises(kind) as caught:
        engine.add_feed(url)
    assert (engine.counts(), engine.timeline(NEWEST), engine.feeds()) == before
    return plain_words(caught.value)


def turned_bad(engine: Engine, net: FakeNet, bad: Reply) -> str:
    """Let a good feed turn bad; return what is told. Its posts stay."""
    url = net.script("/turns.xml", Reply(body=rss("Good for now", items(5))), bad)
    feed = engine.add_feed(url)
    engine.feedback(engine.timeline(TimelineQuery(feed_id=feed.id, order="newest"))[0], True)
    before = (engine.counts(), engine.rows(engine.timeline(NEWEST)))
    (failed,) = [event for event in engine.refresh(force=True) if isinstance(event, FeedFailed)]
    assert (engine.counts(), engine.rows(engine.timeline(NEWEST))) == before
    assert next(known for known in engine.feeds() if known.id == feed.id).error == failed.error
    return plain_words(failed.error)


def taken(engine: Engine, net: FakeNet, body: bytes, content_type: str = "application/xml") -> Feed:
    return engine.add_feed(net.serve("/feed.xml", body, content_type=content_type))


# ---- addresses and pages ---------------------------------------------------------------------


@pytest.mark.parametrize("url", ["", "💥", "http://", "http://[", "ftp://example.org/", "javascript:alert(1)", "http://a b/", "x" * 5000, "http://127.0.0.1:99999/"])
def test_a_garbage_address_is_refused_in_words(engine: Engine, url: str) -> None:
    refused(engine, url, InputError)
    assert engine.ledger() == []


def test_a_page_with_several_feeds_names_them(engine: Engine, net: FakeNet) -> None:
    one, two = net.url("/one.xml"), net.url("/two.xml")
    net.serve("/", page("A site", [("One", one), ("Two", two)]), content_type="text/html")
    with pytest.raises(NotAFeedError) as caught:
        engine.add_feed(net.url("/"))
    assert caught.value.candidates == (one, two)
    plain_words(caught.value)


def test_a_page_with_one_feed_leads_there(engine: Engine, net: FakeNet) -> None:
    url = net.serve("/one.xml", rss("One", items(3)))
    net.serve("/", page("A site", [("One", url)]), content_type="text/html")
    assert engine.add_feed(net.url("/")).url == url


def test_a_page_without_feeds_is_told_as_such(engine: Engine, net: FakeNet) -> None:
    url = net.serve("/page", b"<!doctype html><html><body><p>Only words.</p></body></html>", content_type="text/html")
    assert "page" in refused(engine, url, NotAFeedError)


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"\x00" * 100, os.urandom(5000), b"<", b"<rss", b'{"version": ', b"[]", b"%PDF-1.7", b"\x89PNG\r\n\x1a\n" + b"\x00" * 64,
     b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>"],
)  # fmt: skip
def test_bytes_that_are_no_feed_are_told_as_such(engine: Engine, net: FakeNet, body: bytes) -> None:
    refused(engine, net.serve("/x", body, content_type="application/rss+xml"), ParseError)


def test_a_feed_that_turns_into_a_page_keeps_its_posts(engine: Engine, net: FakeNet) -> None:
    bad = Reply(headers={"Content-Type": "text/html"}, body=b"<html><body>This domain is for sale</body></html>")
    turned_bad(engine, net, bad)


# ---- bodies without measure ------------------------------------------------------------------


def test_a_body_of_200_mb_is_cut_off(engine: Engine, net: FakeNet) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(200):
            yield b" " * MB

    assert "16 MB" in turned_bad(engine, net, Reply(chunks=pieces))


def test_a_body_that_says_that_it_has_200_mb_is_not_read(engine: Engine, net: FakeNet) -> None:
    assert "16 MB" in turned_bad(engine, net, Reply(length=200 * MB, chunks=lambda: iter([b" "])))
    assert engine.ledger(limit=1)[0].received_bytes < 10_000


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
def test_a_bomb_is_defused(engine: Engine, net: FakeNet, coding: str) -> None:
    assert "16 MB" in turned_bad(engine, net, Reply(headers={"Content-Encoding": coding}, body=bomb(200 * MB, coding)))


def test_a_body_without_end_ends_by_its_size(engine: Engine, net: FakeNet) -> None:
    assert "16 MB" in turned_bad(engine, net, Reply(chunks=endless))


def test_a_body_that_drips_for_ever_ends_by_the_deadline(engine: Engine, net: FakeNet) -> None:
    started = time.monotonic()
    words = turned_bad(engine, net, Reply(chunks=lambda: endless(b" "), chunk_delay_seconds=0.1))
    assert "took too long" in words
    assert time.monotonic() - started < 15


# ---- XML that bites --------------------------------------------------------------------------

LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]><rss version='2.0'><channel><title>Laughs</title><item><guid>1</guid><title>&j;</title></item></channel></rss>"
)
QUADRATIC = (
    b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "' + b"x" * 100_000 + b'">]><rss version="2.0"><channel><title>Q</title>'
    b"<item><guid>1</guid><title>" + b"&a;" * 20_000 + b"</title></item></channel></rss>"
)


@pytest.mark.parametrize("body", [LAUGHS, QUADRATIC], ids=["laughs", "quadratic"])
def test_an_xml_bomb_harms_nothing(engine: Engine, net: FakeNet, body: bytes) -> None:
    before = engine.timeline(NEWEST)
    try:
        feed = taken(engine, net, body)
    except (ParseError, WorkerError) as error:
        plain_words(error)
    else:
        assert all(len(row.title) <= 1000 for row in engine.rows(engine.timeline(TimelineQuery(feed_id=feed.id))))
    assert set(before) <= set(engine.timeline(NEWEST))
    net.serve("/sane.xml", rss("Sane", items(2)))
    assert engine.add_feed(net.url("/sane.xml")).posts == 2


def test_depth_without_end_harms_nothing(engine: Engine, net: FakeNet) -> None:
    deep = b"<div>" * 50_000
    body = b"<rss version='2.0'><channel><title>Deep</title><item><guid>1</guid><description>" + escape(deep.decode()).encode()
    feed = taken(engine, net, body + b"</description></item></channel></rss>")
    assert feed.posts == 1
    told = refused(engine, net.serve("/deep.xml", b"<rss>" + b"<a>" * 50_000), ParseError)
    assert "nested" in told


@pytest.mark.parametrize("junk", [b"<rss>" + b"junk & more < " * 5_000, b"<rss>nothing but words</rss>", b"<rss><a>1</a></rss>"])
def test_what_only_begins_as_a_feed_is_none(engine: Engine, net: FakeNet, junk: bytes) -> None:
    url = net.serve("/junk.xml", junk)
    with pytest.raises(NotAFeedError):
        engine.preview(url)
    refused(engine, url, NotAFeedError)
    turned_bad(engine, net, Reply(body=junk))


@pytest.mark.parametrize("status", [429, 503])
def test_a_feed_that_must_wait_says_until_when(engine: Engine, net: FakeNet, status: int) -> None:
    url = net.script("/busy.xml", Reply(body=rss("Busy", items(1))), Reply(status=status, headers={"Retry-After": "86400"}))
    engine.add_feed(url)
    began = datetime.now(UTC)
    (failed,) = [event for event in engine.refresh(force=True) if isinstance(event, FeedFailed)]
    assert failed.retry_at is not None
    assert timedelta(hours=23) < failed.retry_at - began < timedelta(hours=25)


@pytest.mark.parametrize("status", [429, 503])
def test_adding_a_busy_feed_says_how_long_it_wants_to_be_left_alone(engine: Engine, net: FakeNet, status: int) -> None:
    url = net.script("/busy.xml", Reply(status=status, headers={"Retry-After": "120"}))
    with pytest.raises(FetchError) as caught:
        engine.preview(url)
    assert caught.value.retry_after_seconds == 120


def test_external_entities_are_neither_read_nor_asked_for(engine: Engine, net: FakeNet, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("TOPSECRET")
    body = (
        f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY f SYSTEM "file://{secret}"><!ENTITY w SYSTEM "{net.url("/stolen")}">'
        f'<!ENTITY % p SYSTEM "{net.url("/stolen")}"> %p;]>'
        '<rss version="2.0"><channel><title>X</title><item><guid>1</guid><title>a &f; b &w; c</title></item></channel></rss>'
    )
    try:
        feed = taken(engine, net, body.encode())
    except ParseError as error:
        plain_words(error)
    else:
        assert "TOPSECRET" not in "".join(row.title for row in engine.rows(engine.timeline(TimelineQuery(feed_id=feed.id))))
    assert net.asked("/stolen") == []


# ---- feeds that are wrong about themselves ---------------------------------------------------


@pytest.mark.parametrize(
    ("written", "declared", "header"),
    [("windows-1251", "utf-8", ""), ("utf-8", "iso-8859-1", "; charset=utf-8"), ("gb18030", "gb2312", ""),
     ("utf-16", "utf-8", ""), ("shift_jis", "nonsense-9", "; charset=shift_jis"), ("latin-1", "utf-8", "; charset=bogus")],
)  # fmt: skip
def test_a_wrong_charset_costs_letters_at_most(engine: Engine, net: FakeNet, written: str, declared: str, header: str) -> None:
    words = {"windows-1251": "Пруд тих", "gb18030": "池塘很安静", "shift_jis": "池は静か", "latin-1": "Étang calme"}.get(written, "池塘 étang")
    text = f'<?xml version="1.0" encoding="{declared}"?><rss version="2.0"><channel><title>C</title><item><guid>1</guid><title>{words}</title></item></channel></rss>'
    feed = taken(engine, net, text.encode(written), "application/rss+xml" + header)
    (row,) = engine.rows(engine.timeline(TimelineQuery(feed_id=feed.id)))
    assert row.title
    if header or written in ("gb18030", "utf-16"):
        assert "\ufffd" not in row.title or written == "latin-1"


def test_100_000_items_are_taken_as_far_as_sense_goes(engine: Engine, net: FakeNet) -> None:
    item = "".join(f"<item><guid>{n}</guid><title>Item {n}</title></item>" for n in range(100_000))
    started = time.monotonic()
    feed = taken(engine, net, f"<rss version='2.0'><channel><title>Many</title>{item}</channel></rss>".encode())
    assert feed.posts == 5000
    assert time.monotonic() - started < 60
    (event,) = [event for event in engine.refresh([feed.id], force=True) if isinstance(event, FeedRefreshed)]
    assert (event.new, event.updated) == (0, 0)


def test_what_of_100_000_items_was_left_out_is_told(engine: Engine, net: FakeNet) -> None:
    item = "".join(f"<item><guid>{n}</guid><title>Item {n}</title></item>" for n in range(100_000))
    engine.follow([Subscription(url=net.serve("/feed.xml", f"<rss version='2.0'><channel><title>Many</title>{item}</channel></rss>".encode()))], allow_private=True)
    (event,) = [event for event in engine.refresh(force=True) if isinstance(event, FeedRefreshed)]
    assert any("newest 5000" in warning for warning in event.warnings)


def test_dates_of_1601_and_9999_and_none_keep_the_order_and_the_post(engine: Engine, net: FakeNet) -> None:
    dates = ["Mon, 01 Jan 1601 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "Fri, 31 Dec 9999 23:59:59 -1200", "yesterday", "", "Mon, 99 Foo 2026 25:61:61 +9999"]
    item = "".join(f"<item><guid>{n}</guid><title>T{n}</title><pubDate>{date}</pubDate></item>" for n, date in enumerate(dates))
    feed = taken(engine, net, f"<rss version='2.0'><channel><title>Dates</title>{item}</channel></rss>".encode())
    rows = engine.rows(engine.timeline(TimelineQuery(order="newest", feed_id=feed.id)))
    assert len(rows) == len(dates)
    assert all(1970 <= row.published_at.year < 2100 for row in rows)
    assert len(engine.timeline(TimelineQuery())) == len(dates) + 3


def test_a_title_of_1_mb_is_cut(engine: Engine, net: FakeNet) -> None:
    body = f"<rss version='2.0'><channel><title>{'T' * MB}</title><item><guid>{'g' * MB}</guid><title>{'long ' * (MB // 5)}</title><author>{'a' * MB}</author></item></channel></rss>"
    feed = taken(engine, net, body.encode())
    (row,) = engine.rows(engine.timeline(TimelineQuery(feed_id=feed.id)))
    assert max(len(feed.title), len(row.title), len(row.author)) <= 1000
    assert engine.post(row.id).row.title == row.title


def test_a_feed_that_changes_its_guids_doubles_nothing(engine: Engine, net: FakeNet) -> None:
    turn = 0

    def handler(_: Recorded) -> Reply:
        nonlocal turn
        turn += 1
        return Reply(body=_renamed(turn))

    feed = engine.add_feed(net.handle("/fickle.xml", handler))
    liked = engine.timeline(TimelineQuery(order="newest", feed_id=feed.id))[0]
    engine.feedback(liked, True)
    for _ in range(3):
        list(engine.refresh(force=True))
    ids = engine.timeline(TimelineQuery(order="newest", feed_id=feed.id))
    assert len(ids) == 8
    assert engine.rows([liked])[0].liked is True


def _renamed(turn: int) -> bytes:
    return re.sub(rb"<guid([^>]*)>([^<]*)<", rb"<guid\1>turn-%d-\2<" % turn, rss("Fickle", items(8)))


def test_a_feed_full_of_scripts_brings_none(engine: Engine, net: FakeNet) -> None:
    evil = '<script>alert(1)</script><img src=x onerror=alert(1)><iframe src="//x"></iframe><a href="javascript:alert(1)">a</a><svg onload=alert(1)>'
    body = f"<rss version='2.0'><channel><title>&lt;script&gt;T</title><item><guid>1</guid><title>{escape(evil)}</title><description>{escape(evil)}</description></item></channel></rss>"
    feed = taken(engine, net, body.encode())
    post = engine.post(engine.timeline(TimelineQuery(feed_id=feed.id))[0])
    assert not re.search(r"<script|onerror|<iframe|javascript:|<svg", post.body_html, re.IGNORECASE)


# ---- lists -----------------------------------------------------------------------------------


def test_a_list_of_10_000_feeds_is_taken(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "many.opml"
    path.write_text("<opml version='2.0'><body>" + "".join(f"<outline type='rss' text='F{n}' xmlUrl='https://f{n}.example/x'/>" for n in range(10_000)) + "</body></opml>")
    started = time.monotonic()
    outcome = engine.import_opml(path)
    assert (outcome.added, outcome.already, outcome.refused) == (10_000, 0, ())
    assert engine.import_opml(path).already == 10_000
    assert len(engine.feeds()) == 10_001
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("body", [b"", b"\x00" * 50, b"<opml", b"<html><body>x</body></html>", LAUGHS], ids=["empty", "zeros", "cut", "page", "bomb"])
def test_a_list_that_is_none_is_told_as_such(engine: Engine, tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "bad.opml"
    path.write_bytes(body)
    before = engine.feeds()
    try:
        assert engine.import_opml(path).added == 0
    except ParseError as error:
        plain_words(error)
    assert engine.feeds() == before


def test_addresses_in_a_list_that_are_none_are_named_and_the_others_taken(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "mixed.opml"
    path.write_text("<opml version='2.0'><body>" + "".join(f"<outline type='rss' xmlUrl='{url}'/>" for url in ("javascript:alert(1)", "file:///etc/passwd", "http://[", "https://fine.example/x")) + "</body></opml>")
    outcome = engine.import_opml(path)
    assert outcome.added == 1
    assert len(outcome.refused) == 3


# ---- moves and passwords ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("new", "kept"),
    [("http://other.example/f", False), ("http://one.example:8080/f", False), ("ftp://one.example/f", False),
     ("http://sub.one.example/f", False), ("http://one.example/new", True), ("https://one.example/f", True)],
)  # fmt: skip
def test_a_password_never_follows_a_feed_to_another_host(tmp_path: Path, new: str, kept: bool) -> None:
    with Store.open(tmp_path / "p", key=None, clock=lambda: datetime.now(UTC)) as store:
        feed_id, _ = store.add_feed("http://one.example/f")
        store.save_auth(feed_id, ("me", "s3cr3t"))
        (state,) = store.fetch_states()
        store.save_fetch_state(replace(state, url=new))
        assert [state.url for state in store.fetch_states()] == [new]
        assert (feed_id in store.auths()) == kept


def test_what_a_feed_asked_for_is_remembered(tmp_path: Path) -> None:
    with Store.open(tmp_path / "p", key=None, clock=lambda: datetime.now(UTC)) as store:
        store.add_feed("http://one.example/f")
        (state,) = store.fetch_states()
        store.save_fetch_state(replace(state, ttl_minutes=90))
        assert [state.ttl_minutes for state in store.fetch_states()] == [90]


def test_a_feed_that_moves_onto_another_keeps_its_address_and_says_so(engine: Engine, net: FakeNet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.polite.MOVED_FOR", timedelta(0))
    body = rss("Here already", items(2))
    new = net.serve("/new.xml", body)
    old = net.script("/old.xml", Reply(body=body), Reply(status=301, headers={"Location": new}))
    first, second = engine.add_feed(new), engine.add_feed(old)
    for _ in range(3):
        list(engine.refresh([second.id], force=True))
    moved = next(feed for feed in engine.feeds() if feed.id == second.id)
    assert moved.url == old
    assert "Here already" in plain_words(moved.error)
    assert "follow already" in moved.error
    list(engine.refresh([second.id], force=True))
    assert next(feed for feed in engine.feeds() if feed.id == second.id).error == moved.error
    assert {feed.id for feed in engine.feeds()} >= {first.id, second.id}


# ---- the profile -----------------------------------------------------------------------------


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    with open_engine(tmp_path / "kept", encryption="plain") as engine:
        engine.add_posts("Mine", plain_posts(5))
    return tmp_path / "kept"


def test_a_profile_of_a_newer_version_is_left_alone(profile: Path) -> None:
    named = profile / "profile.json"
    written = json.loads(named.read_text())
    named.write_text(json.dumps(written | {"format": 99}))
    before = (named.read_bytes(), (profile / "millpond.db").read_bytes())
    with pytest.raises(NewerProfileError) as caught:
        open_engine(profile)
    assert "update Millpond" in plain_words(caught.value)
    assert (named.read_bytes(), (profile / "millpond.db").read_bytes()) == before


def test_a_database_of_a_newer_version_is_left_alone(profile: Path) -> None:
    with sqlite3.connect(profile / "millpond.db") as connection:
        connection.execute("pragma user_version = 9000")
    connection.close()
    before = (profile / "millpond.db").read_bytes()
    with pytest.raises(NewerProfileError) as caught:
        open_engine(profile)
    assert "update Millpond" in plain_words(caught.value)
    assert (profile / "millpond.db").read_bytes() == before


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="rights do not bind this account")
def test_a_read_only_folder_is_told(profile: Path) -> None:
    before = (profile / "millpond.db").read_bytes()
    for path in (*profile.iterdir(), profile):
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        with pytest.raises(StoreError) as caught:
            open_engine(profile)
        plain_words(caught.value)
    finally:
        profile.chmod(0o755)
    assert (profile / "millpond.db").read_bytes() == before


def test_a_profile_where_a_file_stands_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(EngineError) as caught:
        open_engine(tmp_path / "file", encryption="plain")
    plain_words(caught.value)
    assert (tmp_path / "file").read_text() == "mine"


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _scribbled(data: bytes) -> bytes:
    return data[:4096] + b"\xa5" * (len(data) - 4096)


def _overwritten(data: bytes) -> bytes:
    return b"\xa5" * len(data)


def _read_all(profile: Path, key: bytes | None) -> None:
    """Use a profile as a window does; what is wrong but was not met is looked for."""
    with open_engine(profile, key=key) as engine:
        engine.rows(engine.timeline(NEWEST))
        raise StoreError("; ".join(check.detail for check in engine.doctor() if not check.ok))


@pytest.mark.parametrize("harm", [_cut, _scribbled, _overwritten])
@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
def test_a_damaged_database_is_told_and_left_as_it_is(tmp_path: Path, harm: Callable[[bytes], bytes], encrypted: bool) -> None:
    key = secrets.token_bytes(32) if encrypted else None
    access = {"key": key} if encrypted else {"encryption": "plain"}
    with open_engine(tmp_path / "p", **access) as engine:  # type: ignore[arg-type]
        engine.add_posts("Mine", plain_posts(50))
    path = tmp_path / "p" / "millpond.db"
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises((StoreError, LockedError)) as caught:
        _read_all(tmp_path / "p", key)
    assert "damaged" in plain_words(caught.value)
    assert path.stat().st_size > 0


def test_a_second_window_hears_who_has_the_first(profile: Path) -> None:
    with open_engine(profile) as first, open_engine(profile) as second, first.window_lock():
        with pytest.raises(BusyError) as caught, second.window_lock():
            pass
        assert "already open" in plain_words(caught.value)
        assert str(os.getpid()) in str(caught.value)
        second.add_posts("Beside", plain_posts(1, topic="river"))  # only the window is one
        assert first.counts().posts == 6
