"""A machine without a network: nobody's failure, said once, tried again soon."""

from __future__ import annotations

import errno
import json
import secrets
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import Engine, FeedFailed, FeedRefreshed, Offline, Subscription, open_engine
from engine.errors import FetchError, UnreachableError
from engine.http import transport
from tests.engine.store_posts import Clock
from tests.fakenet import FakeNet, Reply, items, rss


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def engine(tmp_path: Path, clock: Clock) -> Iterator[Engine]:
    with open_engine(tmp_path / "profile", key=secrets.token_bytes(32), clock=clock) as opened:
        yield opened


def no_names(code: int) -> Callable[..., Any]:
    def look_up(host: str, *_: Any, **__: Any) -> Any:
        raise socket.gaierror(code, "no")

    return look_up


def follow(engine: Engine, *hosts: str) -> None:
    engine.follow([Subscription(url=f"https://{host}.invalid/feed", title=host) for host in hosts])


@pytest.mark.parametrize(("code", "hosts"), [(socket.EAI_AGAIN, ["a"]), (socket.EAI_AGAIN, ["a", "b"]), (socket.EAI_NONAME, ["a", "b", "c"])])
def test_without_a_network_no_feed_fails_and_all_are_asked_soon(
    engine: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch, code: int, hosts: list[str]
) -> None:
    follow(engine, *hosts)
    monkeypatch.setattr(socket, "getaddrinfo", no_names(code))
    events = list(engine.refresh())
    (offline,) = [event for event in events if isinstance(event, Offline)]
    assert len(offline.feed_ids) == len(hosts)
    assert not [event for event in events if isinstance(event, FeedFailed)]
    assert {(feed.failures, feed.error) for feed in engine.feeds()} == {(0, "")}
    assert list(engine.refresh()) == []
    clock.forward(minutes=6)
    assert [event for event in engine.refresh() if isinstance(event, Offline)]
    assert {health.failures for health in engine.health().feeds} == {0}


def test_a_name_that_is_gone_fails_alone(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    follow(engine, "gone")
    monkeypatch.setattr(socket, "getaddrinfo", no_names(socket.EAI_NONAME))
    events = list(engine.refresh())
    assert [event.error for event in events if isinstance(event, FeedFailed)] == ["There is no machine named gone.invalid."]
    assert engine.feeds()[0].failures == 1


@pytest.mark.parametrize("answer", [Reply(body=rss("Pond", items(2))), Reply(status=500)])
def test_one_host_that_answers_proves_the_network_and_the_others_fail(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, answer: Reply
) -> None:
    with FakeNet() as net:
        follow(engine, "a", "b", "c", "d")
        engine.follow([Subscription(url=net.script("/f.xml", answer))], allow_private=True)
        monkeypatch.setattr(socket, "getaddrinfo", no_names(socket.EAI_AGAIN))
        events = list(engine.refresh())
    assert not [event for event in events if isinstance(event, Offline)]
    told = [event for event in events if isinstance(event, FeedFailed | FeedRefreshed)]
    assert len(told) == 5
    assert sum(feed.failures for feed in engine.feeds()) == (4 if answer.status == 200 else 5)


def test_what_failed_before_goes_on_failing_with_its_words_and_no_more(engine: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    follow(engine, "gone")
    monkeypatch.setattr(socket, "getaddrinfo", no_names(socket.EAI_NONAME))
    list(engine.refresh())
    before = engine.feeds()[0]
    clock.forward(hours=30)
    monkeypatch.setattr(socket, "getaddrinfo", no_names(socket.EAI_AGAIN))
    assert [event for event in engine.refresh() if isinstance(event, Offline)]
    after = engine.feeds()[0]
    assert (after.failures, after.error) == (before.failures, before.error)


def test_only_a_line_that_is_not_there_counts_as_unreachable() -> None:
    class Exchange:
        host, connect_seconds = "pond.example", 2.0

        @staticmethod
        def remaining() -> float:
            return 2.0

    def failing(*codes: int) -> Callable[[int, Any], Any]:
        left = list(codes)
        return lambda _family, _address: (None, OSError(left.pop(0), "no"))

    two = [(socket.AF_INET, ("203.0.113.1", 80)), (socket.AF_INET6, ("2001:db8::1", 80, 0, 0))]
    for codes, offline in (((errno.ENETUNREACH, errno.ENETUNREACH), True), ((errno.EHOSTUNREACH, errno.ENETUNREACH), False)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(transport, "_start", failing(*codes))
            with pytest.raises(UnreachableError) as caught:
                transport._connect(two, Exchange())  # type: ignore[arg-type]
        assert caught.value.offline is offline
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transport, "_start", failing(errno.ECONNREFUSED, errno.ENETUNREACH))
        with pytest.raises(FetchError) as refused:
            transport._connect(two, Exchange())  # type: ignore[arg-type]
    assert not isinstance(refused.value, UnreachableError)


def test_repairing_offline_says_so_and_changes_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    follow(engine, "a", "b")
    stopped = engine.feeds()[0].id
    engine.update_feed(stopped, stopped=True)
    monkeypatch.setattr(socket, "getaddrinfo", no_names(socket.EAI_AGAIN))
    told = [event for event in engine.repair([feed.id for feed in engine.feeds()]) if hasattr(event, "outcome")]
    assert ["offline" in event.error for event in told] == [True, True]
    assert [feed.stopped for feed in engine.feeds()] == [True, False]
    assert {feed.failures for feed in engine.feeds()} == {0}


def test_the_command_line_says_it_once(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.cli import entry

    with open_engine(tmp_path / "p", encryption="plain") as made:
        follow(made, "a", "b", "c")
    monkeypatch.setattr(socket, "getaddrinfo", no_names(socket.EAI_NONAME))
    entry(["--profile", str(tmp_path / "p"), "--encryption", "plain", "refresh", "--no-enrich", "--json"])
    said = capsys.readouterr()
    assert said.err.count("You seem to be offline") == 1
    report = json.loads(said.out)
    assert report["offline"] is True
    assert report["failed"] == []
