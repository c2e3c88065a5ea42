"""Three simulated days of several sources: outages, refusals, clocks that jump, a machine that sleeps.

The servers live by the true time, the engine by a clock that is sometimes wrong. No host may be asked while it wants to be left
alone, nor more often than it allows; and in the end every post is there, once.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from engine import Engine, TimelineQuery, open_engine
from tests.fakenet import FakeNet, Reply
from tests.fakenet.bluesky import FakeBluesky
from tests.fakenet.bluesky import item as bluesky_item
from tests.fakenet.lemmy import FakeLemmy, link
from tests.fakenet.mastodon import FakeMastodon
from tests.fakenet.mastodon import status as mastodon_status
from tests.fakenet.server import Recorded

BEGIN = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
STEP = timedelta(minutes=10)
LEAST_GAP = timedelta(minutes=55)  # between two requests of one feed, as a well-behaved reader asks


@dataclass
class World:
    """The true time, and what the machine's clock says."""

    now: datetime = BEGIN
    wrong: timedelta = timedelta(0)
    published_until: datetime = BEGIN + timedelta(days=365)

    def clock(self) -> datetime:
        return self.now + self.wrong

    def steady(self) -> float:
        return (self.now - BEGIN).total_seconds() + 1000.0


@dataclass
class Server:
    """One host: what it publishes by the true time, when it is down, and what it has to complain of."""

    world: World
    net: FakeNet
    every: timedelta
    window: int = 0  # posts that its document holds; 0: pages
    down: list[tuple[timedelta, timedelta, Callable[[], Reply]]] = field(default_factory=list)
    left_alone_until: datetime | None = None
    last_asked: dict[str, datetime] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    asked: int = 0

    def count(self) -> int:
        return int((min(self.world.now, self.world.published_until) - BEGIN) / self.every) + 5

    def weather(self, path: str) -> Reply | None:
        """Note a request, and return what a server in trouble answers."""
        now = self.world.now
        self.asked += 1
        if self.left_alone_until is not None and now < self.left_alone_until:
            self.complaints.append(f"asked at {now} although paused until {self.left_alone_until}")
        place = path.partition("?")[0]
        before = self.last_asked.get(place)
        if before is not None and before != now and now - before < LEAST_GAP and "lookup" not in path:
            self.complaints.append(f"{place} asked again after {now - before}")
        self.last_asked[place] = now
        for start, end, reply in self.down:
            if BEGIN + start <= now < BEGIN + end:
                made = reply()
                wait = made.headers.get("Retry-After")
                if wait is not None:
                    self.left_alone_until = now + timedelta(seconds=int(wait))
                return made
        return None

    def rss(self, request: Recorded) -> Reply:
        if (trouble := self.weather(request.path)) is not None:
            return trouble
        newest = self.count()
        etag = f'"{newest}"'
        headers = {"Content-Type": "application/rss+xml", "ETag": etag}
        if request.headers.get("if-none-match") == etag:
            return Reply(status=304, headers=headers)
        posts = "".join(
            f"<item><guid>{self.net.port}-{number}</guid><title>Note {number} of {self.net.port}</title>"
            f"<link>http://pond.example/{self.net.port}/{number}</link>"
            f"<pubDate>{format_datetime(BEGIN + self.every * (number - 5))}</pubDate></item>"
            for number in range(max(0, newest - self.window), newest)
        )
        body = f'<rss version="2.0"><channel><title>Notes</title><link>http://x.example/</link>{posts}</channel></rss>'
        return Reply(headers=headers, body=body.encode())


def refused(seconds: int) -> Callable[[], Reply]:
    return lambda: Reply(status=429, headers={"Retry-After": str(seconds)})


def busy() -> Reply:
    return Reply(status=503)


def broken() -> Reply:
    return Reply(body=b"<rss><channel><item>", reset_after=10)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


@pytest.mark.parametrize("seed", range(1, 5))
def test_three_days_with_trouble_ask_politely_and_lose_or_double_nothing(tmp_path: Path, seed: int) -> None:
    chance, world = random.Random(seed), World()
    with (
        FakeNet(host="127.0.0.1") as one, FakeNet(host="127.0.0.2") as two, FakeNet(host="127.0.0.3") as three,
        FakeNet(host="127.0.0.4") as four, FakeNet(host="127.0.0.5") as five, FakeNet(host="127.0.0.6") as six,
        open_engine(tmp_path / "profile", key=secrets.token_bytes(32), clock=world.clock, steady=world.steady) as engine,
    ):  # fmt: skip
        late = hours(chance.uniform(0, 4))
        quiet = Server(world, one, hours(3), 20, [(hours(20) + late, hours(26) + late, refused(7200))])
        steady = Server(world, two, hours(0.5), 40, [(hours(5) + late, hours(9) + late, busy), (hours(50), hours(51.5), refused(21600))])
        hectic = Server(world, three, timedelta(minutes=10), 100, [(hours(12), hours(16) + late, broken)])
        masto = Server(world, four, timedelta(minutes=12), down=[(hours(30), hours(36), refused(3600)), (hours(60), hours(62), busy)])
        sky = Server(world, five, timedelta(minutes=20), down=[(hours(8), hours(14), busy)])
        lemmy = Server(world, six, timedelta(minutes=30), down=[(hours(40), hours(47), broken)])
        servers = (quiet, steady, hectic, masto, sky, lemmy)
        follow(engine, servers)
        sleeps = [(hours(23), hours(30)), (hours(47), hours(54.5))]
        jumps = [(hours(3), hours(3.5), hours(5)), (hours(21) + late, hours(21.6) + late, hours(30)), (hours(57), hours(58), -hours(9))]
        while world.now < BEGIN + hours(72):
            world.now += STEP
            passed = world.now - BEGIN
            if any(start <= passed < end for start, end in sleeps):
                continue
            world.wrong = next((wrong for start, end, wrong in jumps if start <= passed < end), timedelta(0))
            if chance.random() < 0.03:
                for _ in engine.refresh():
                    break  # somebody closes the window amid a refresh
            list(engine.refresh())
        world.published_until = world.now
        for _ in range(30):  # whatever is being waited for ends within a day or so
            world.now += hours(1)
            list(engine.refresh())
        for server in servers:
            assert server.complaints == [], server.net.host
            assert server.asked < 500
        expect(engine, servers)


def follow(engine: Engine, servers: tuple[Server, ...]) -> None:
    quiet, steady, hectic, masto, sky, lemmy = servers
    for server in (quiet, steady, hectic):
        engine.add_feed(server.net.handle("/feed.xml", server.rss))
    fake_masto = FakeMastodon(masto.net, [mastodon_status(number) for number in range(2000)])
    fake_sky = FakeBluesky(sky.net, [bluesky_item(number) for number in range(2000)])
    fake_lemmy = FakeLemmy(lemmy.net, [link(number) for number in range(2000)])
    everything = {id(fake): list(entries) for fake, entries in
                  ((fake_masto, fake_masto.statuses), (fake_sky, fake_sky.items), (fake_lemmy, fake_lemmy.posts))}  # fmt: skip

    def upto(fake: object, server: Server, path: str) -> Reply | None:
        setattr(fake, {"FakeMastodon": "statuses", "FakeBluesky": "items"}[type(fake).__name__], everything[id(fake)][: server.count()])
        return server.weather(path)

    fake_masto.refuse = lambda path: upto(fake_masto, masto, path)
    fake_sky.refuse = lambda path: upto(fake_sky, sky, path)

    def lemmy_list(request: Recorded) -> Reply:
        fake_lemmy.posts = everything[id(fake_lemmy)][: lemmy.count()]
        return lemmy.weather(request.path) or fake_lemmy._list(request)

    lemmy.net.handle("/api/v3/post/list", lemmy_list)
    engine.add_feed(masto.net.url("/@ada"), kind="mastodon")
    engine.add_feed(sky.net.url("/profile/ada.pond.example"), kind="bluesky")
    engine.add_feed(lemmy.net.url("/c/pads"), kind="lemmy")


def expect(engine: Engine, servers: tuple[Server, ...]) -> None:
    by_host: dict[str, list[str]] = {}
    for feed in engine.feeds():
        ids = engine.timeline(TimelineQuery(order="newest", feed_id=feed.id, limit=0))
        by_host[feed.url.split("/")[2]] = [engine.post(post_id).guid for post_id in ids]
    for server in servers:
        guids = by_host[f"{server.net.host}:{server.net.port}"]
        assert len(guids) == len(set(guids)), f"{server.net.host}: some came twice"
        assert len(guids) == server.count(), f"{server.net.host}: {server.count() - len(guids)} are missing"
