"""The AT Protocol's own lists and lexicons, from ../shared/data: identifiers judged, valid answers read, requests valid."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from engine import Engine, TimelineQuery
from engine.sources.kinds import atproto
from engine.sources.kinds.bluesky import Bluesky
from engine.sources.source import Meta
from engine.types import Subscription
from tests.fakenet import FakeNet
from tests.fakenet.bluesky import FakeBluesky, item
from tests.fakenet.lexicon import Lexicons

DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "protocols" / "bluesky"
SYNTAX = DATA / "tests" / "interop-test-files" / "syntax"
NOW = datetime(2026, 11, 20, tzinfo=UTC)
ANSWERS = 400
METHODS = ("app.bsky.feed.getAuthorFeed", "app.bsky.feed.getTimeline", "app.bsky.feed.getFeed", "app.bsky.feed.getListFeed")

JUDGES: dict[str, Callable[[str], bool]] = {
    "atidentifier": atproto.is_at_identifier,
    "did": atproto.is_did,
    "nsid": atproto.is_nsid,
    "recordkey": atproto.is_record_key,
    "tid": atproto.is_tid,
    "handle": atproto.is_handle,
    "aturi": lambda text: atproto.read_uri(text) is not None,
    "datetime": atproto.is_datetime,
}

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data/protocols/bluesky")


@pytest.fixture(scope="module")
def lexicons() -> Lexicons:
    return Lexicons(DATA / "lexicons")


def _strings() -> Iterator[tuple[str, str, bool]]:
    for path in sorted(SYNTAX.glob("*.txt")):
        for line in path.read_text(encoding="utf-8").split("\n"):
            if line and not line.startswith("#"):
                yield path.name.partition("_")[0], line, path.name.endswith("_valid.txt")


@needs_data
def test_every_identifier_is_judged_right() -> None:
    wrong = [(kind, line) for kind, line, valid in _strings() if JUDGES[kind](line) != valid]
    print(f"Bluesky: {sum(1 for _ in _strings())} identifiers, {len(wrong)} judged wrong")
    assert wrong == []
    assert sum(1 for _ in _strings()) == 463


@needs_data
def test_every_generated_answer_that_is_valid_is_read(lexicons: Lexicons) -> None:
    kind, read, told = Bluesky(), 0, 0
    for seed in range(ANSWERS):
        method = METHODS[seed % len(METHODS)]
        answer = lexicons.output(method, seed)
        url = "https://bsky.app/home" if method.endswith("getTimeline") else "https://bsky.app/profile/did:plc:abcdefghijklmnopqrstuvwx"
        meta = Meta(
            url="https://public.api.bsky.app/xrpc/x",
            now=NOW,
            step=json.dumps({"what": "posts", "uri": "", "newest": "", "page": 1}),
            subscription=Subscription(url=url, kind="bluesky", account="ada"),
        )
        parsed = kind.parse(json.dumps(answer).encode(), meta)
        told += len(answer["feed"])
        read += len(parsed.posts)
        for post in parsed.posts:
            assert post.guid.startswith("at://")
            assert "<script" not in post.body_html
        assert len(parsed.posts) == len({each["post"]["uri"] for each in answer["feed"]})
    print(f"Bluesky: {ANSWERS} generated answers, {read} of {told} posts read")
    assert read > ANSWERS / 2


@needs_data
def test_what_is_asked_is_valid_by_the_lexicons(engine: Engine, lexicons: Lexicons) -> None:
    with FakeNet() as net:
        fake = FakeBluesky(net, [item(number) for number in range(250)])
        for path in ("/profile/ada.pond.example", "/profile/ada.pond.example/feed/frogs", "/profile/ada.pond.example/lists/3kx"):
            engine.add_feed(net.url(path), kind="bluesky")
        fake.items += [item(number) for number in range(250, 500)]
        list(engine.refresh(force=True))
        assert len(engine.timeline(TimelineQuery(limit=0))) > 400
        methods = set()
        for request in net.requests:
            parts = urlsplit(request.path)
            asked = {name: several[-1] for name, several in parse_qs(parts.query).items()}
            method = parts.path.removeprefix("/xrpc/")
            methods.add(method)
            assert lexicons.wrong_parameters(method, asked) == [], request.path
        assert len(methods) == 6


@needs_data
def test_a_wrong_request_would_be_noticed(lexicons: Lexicons) -> None:
    def wrong(**asked: str) -> list[str]:
        return lexicons.wrong_parameters("app.bsky.feed.getAuthorFeed", asked)

    assert wrong(actor="ada.pond.example", limit="100") == []
    assert wrong(limit="101") == ["actor is missing", "limit is out of bounds"]
    assert wrong(actor="no body", page="2") == ["actor is no at-identifier", "page is not known"]


def test_an_empty_answer_is_an_empty_feed() -> None:
    meta = Meta(
        url="https://x.example/", now=NOW, step=json.dumps({"what": "posts", "page": 1}),
        subscription=Subscription(url="https://bsky.app/profile/ada.pond.example", kind="bluesky"),
    )  # fmt: skip
    assert Bluesky().parse(b'{"feed": []}', meta).posts == ()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    import secrets

    from engine import open_engine

    with open_engine(tmp_path / "profile", key=secrets.token_bytes(32)) as opened:
        yield opened
