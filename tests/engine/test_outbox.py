"""Favourites, boosts, bookmarks and replies: sent once, in order, later when now does not work, and undone."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from engine import Act, Engine, InputError, NotFoundError, TimelineQuery, open_engine
from tests.engine.test_accounts import browser
from tests.engine.test_three_days import BEGIN, STEP, World, broken, busy, hours, refused
from tests.fakenet import Clock, FakeNet, Reply
from tests.fakenet.mastodon import FIRST_ID, FakeMastodon, status
from tests.memory_keyring import MemoryKeyring

KEY = secrets.token_bytes(32)


@pytest.fixture
def fake(net: FakeNet) -> FakeMastodon:
    return FakeMastodon(net, [status(number) for number in range(5)])


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def engine(tmp_path: Path, ring: MemoryKeyring, fake: FakeMastodon, clock: Clock) -> Iterator[Engine]:
    with open_engine(tmp_path / "profile", key=KEY, clock=clock) as opened:
        yield opened


def signed_in(engine: Engine, fake: FakeMastodon, *, act: bool = True) -> list[int]:
    """Sign in and follow home; returns the posts, the newest first."""
    name = engine.sign_in(fake.net.url("/")[:-1], browser(fake), act=act).name
    engine.add_feed(fake.net.url("/home"), kind="mastodon", account=name)
    return engine.timeline(TimelineQuery(order="newest"))


def send(engine: Engine) -> list[Act]:
    return list(engine.send_acts())


def newest(fake: FakeMastodon) -> str:
    return str(FIRST_ID + 4 * 1000)


@pytest.mark.parametrize(("verb", "way"), [("favourite", "favourite"), ("boost", "reblog"), ("bookmark", "bookmark")])
def test_an_act_is_sent_once_and_undone_once(engine: Engine, fake: FakeMastodon, verb: str, way: str) -> None:
    post = signed_in(engine, fake)[0]
    engine.act(post, verb)  # type: ignore[arg-type]
    engine.act(post, verb)  # type: ignore[arg-type]
    (sent,) = send(engine)
    assert (sent.state, sent.error) == ("done", "")
    assert send(engine) == []
    assert fake.marked == [f"/api/v1/statuses/{newest(fake)}/{way}"]
    engine.act(post, verb, undo=True)  # type: ignore[arg-type]
    send(engine)
    assert fake.marked[1:] == [f"/api/v1/statuses/{newest(fake)}/un{way}"]
    assert [one.undo for one in engine.acts(post)] == [False, True]


def test_nothing_is_sent_before_it_is_asked_for_and_the_ledger_tells_it(engine: Engine, fake: FakeMastodon) -> None:
    post = signed_in(engine, fake)[0]
    before = len(fake.net.requests)
    engine.act(post, "favourite")
    assert len(fake.net.requests) == before
    send(engine)
    assert [row.purpose for row in engine.ledger(limit=2)] == ["action", "action"]


def test_what_was_not_sent_yet_is_dropped_by_undoing_it(engine: Engine, fake: FakeMastodon) -> None:
    post = signed_in(engine, fake)[0]
    engine.act(post, "favourite")
    assert engine.act(post, "favourite", undo=True) is None
    assert engine.acts() == []
    assert send(engine) == []
    assert fake.marked == []


def test_a_reply_goes_below_the_post_to_the_same_circle(engine: Engine, fake: FakeMastodon) -> None:
    fake.statuses[4]["visibility"] = "unlisted"
    post = signed_in(engine, fake)[0]
    engine.act(post, "reply", text="Which <frog> was it?")
    (sent,) = send(engine)
    (reply,) = fake.replies
    assert reply["in_reply_to_id"] == newest(fake)
    assert reply["visibility"] == "unlisted"
    assert reply["content"] == "<p>@ada Which &lt;frog&gt; was it?</p>"
    assert (sent.state, sent.result) == ("done", reply["url"])


@pytest.mark.parametrize("later", [timedelta(minutes=10), timedelta(hours=5)])
def test_a_reply_whose_answer_was_lost_is_not_posted_again(engine: Engine, fake: FakeMastodon, clock: Clock, later: timedelta) -> None:
    """After five hours the server has forgotten the key."""
    begin = clock()
    fake.seconds = lambda: (clock() - begin).total_seconds()
    post = signed_in(engine, fake)[0]
    fake.lose = lambda: True
    engine.act(post, "reply", text="Hello?")
    (sent,) = send(engine)
    assert (sent.state, sent.attempts, len(fake.replies)) == ("waiting", 1, 1)
    fake.lose = lambda: False
    clock.now += later
    (sent,) = send(engine)
    assert (sent.state, len(fake.replies)) == ("done", 1)
    assert sent.result == fake.replies[0]["url"]


def test_the_same_words_may_be_replied_twice_on_purpose(engine: Engine, fake: FakeMastodon) -> None:
    post = signed_in(engine, fake)[0]
    engine.act(post, "reply", text="Ribbit.")
    engine.act(post, "reply", text="Ribbit.")
    send(engine)
    assert len(fake.replies) == 2


def test_a_server_in_trouble_is_asked_later_in_the_same_order(engine: Engine, fake: FakeMastodon, clock: Clock) -> None:
    first, second = signed_in(engine, fake)[:2]
    fake.refuse = lambda path: Reply(status=503) if "statuses" in path or "search" in path else None
    engine.act(first, "favourite")
    engine.act(second, "boost")
    (waiting,) = send(engine)
    assert (waiting.state, waiting.error) == ("waiting", "The server cannot take it now (503).")
    fake.refuse = lambda path: None
    assert send(engine) == [], "its time has not come"
    clock.now += timedelta(hours=1)
    list(engine.refresh())
    assert [one.state for one in engine.acts()] == ["done", "done"]
    assert len(fake.marked) == 2


def test_what_is_refused_is_kept_with_its_reason_and_can_be_retried_or_discarded(engine: Engine, fake: FakeMastodon) -> None:
    first, second = signed_in(engine, fake)[:2]
    gone = fake.statuses.pop()
    engine.act(first, "favourite")
    engine.act(second, "favourite")
    failed, done = send(engine)
    assert (failed.state, done.state) == ("failed", "done")
    assert "does not find this post" in failed.error
    fake.statuses.append(gone)
    engine.retry_act(failed.id)
    assert [one.state for one in send(engine)] == ["done"]
    with pytest.raises(NotFoundError):
        engine.discard_act(failed.id)
    engine.act(first, "bookmark")
    engine.discard_act(engine.acts()[-1].id)
    assert send(engine) == []


def test_an_account_for_reading_acts_on_nothing(engine: Engine, fake: FakeMastodon) -> None:
    post = signed_in(engine, fake, act=False)[0]
    assert fake.scopes == "read"
    with pytest.raises(InputError, match="reading only"):
        engine.act(post, "favourite")
    engine.sign_in(fake.net.url("/")[:-1], browser(fake), act=True)
    assert engine.act(post, "favourite") is not None


def test_signing_out_keeps_what_waits_and_says_why(engine: Engine, fake: FakeMastodon) -> None:
    post = signed_in(engine, fake)[0]
    engine.act(post, "favourite")
    engine.sign_out(engine.accounts()[0].name)
    (failed,) = send(engine)
    assert failed.state == "failed"
    assert "Nobody is signed in" in failed.error


@pytest.mark.parametrize(("verb", "text", "words"), [("reply", "  ", "between 1"), ("reply", "x" * 5001, "between 1")])
def test_an_empty_or_endless_reply_is_refused(engine: Engine, fake: FakeMastodon, verb: str, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        engine.act(signed_in(engine, fake)[0], verb, text=text)  # type: ignore[arg-type]


def test_a_private_post_is_not_boosted_and_other_networks_are_told(engine: Engine, fake: FakeMastodon) -> None:
    fake.statuses[4]["visibility"] = "private"
    post = signed_in(engine, fake)[0]
    with pytest.raises(InputError, match="not for everybody"):
        engine.act(post, "boost")
    from engine.types import PlainPost

    (plain,) = engine.add_posts("Local", [PlainPost(title="A pond")]).new
    with pytest.raises(InputError, match="cannot be acted on"):
        engine.act(plain, "favourite")


def test_the_command_line_acts_and_lists_what_waits(tmp_path: Path, ring: MemoryKeyring, fake: FakeMastodon, capsys: pytest.CaptureFixture[str]) -> None:
    from engine.cli import entry

    profile = ["--profile", str(tmp_path / "plain")]
    with open_engine(tmp_path / "plain", encryption="plain") as engine:
        post = signed_in(engine, fake)[0]
    assert entry([*profile, "act", "favourite", str(post)]) == 0
    assert "sent" in capsys.readouterr().out
    assert len(fake.marked) == 1
    fake.refuse = lambda path: Reply(status=503) if "search" in path else None
    assert entry([*profile, "act", "boost", str(post)]) == 0
    assert "waits (The server cannot take it now (503).)" in capsys.readouterr().out
    assert entry([*profile, "outbox"]) == 0
    assert "boost of post" in capsys.readouterr().out
    assert entry([*profile, "outbox", "--discard", "2"]) == 0
    assert "Nothing waits." in capsys.readouterr().out


@pytest.mark.parametrize("seed", range(1, 5))
def test_three_days_with_trouble_send_every_act_exactly_once(tmp_path: Path, ring: MemoryKeyring, seed: int) -> None:
    chance, world = random.Random(seed), World()

    def start() -> Engine:
        return open_engine(tmp_path / "profile", key=KEY, clock=world.clock, steady=world.steady)

    with FakeNet() as net:
        fake = FakeMastodon(net, [status(number) for number in range(40)])
        fake.seconds = lambda: (world.now - BEGIN).total_seconds()
        engine = start()
        posts = signed_in(engine, fake)
        late = hours(chance.uniform(0, 4))
        down = [
            (hours(6), hours(9) + late, busy), (hours(20) + late, hours(25) + late, refused(5400)), (hours(40), hours(43) + late, broken),
            (hours(60), hours(61), refused(7200)),
        ]  # fmt: skip
        fake.refuse = lambda path: next(
            (reply() for start, end, reply in down if BEGIN + start <= world.now < BEGIN + end), None
        )
        fake.lose = lambda: chance.random() < 0.3
        jumps = [(hours(3), hours(4), hours(30)), (hours(22), hours(23), -hours(9)), (hours(50) + late, hours(55) + late, hours(48))]
        wanted: dict[tuple[str, int], bool] = {}
        replies: list[str] = []
        while world.now < BEGIN + hours(72):
            world.now += STEP
            passed = world.now - BEGIN
            if hours(30) <= passed < hours(37):
                continue  # the machine sleeps
            world.wrong = next((wrong for start_, end, wrong in jumps if start_ <= passed < end), timedelta(0))
            for _ in range(chance.randrange(3)):
                post, verb = chance.choice(posts), chance.choice(["favourite", "boost", "bookmark", "reply"])
                if verb == "reply":
                    replies.append(f"Reply number {len(replies)}, seed {seed}")
                    engine.act(post, "reply", text=replies[-1])
                else:
                    undo = wanted.get((verb, post), False)
                    engine.act(post, verb, undo=undo)  # type: ignore[arg-type]
                    wanted[verb, post] = not undo
            if chance.random() < 0.05:
                for _ in engine.refresh(force=True):
                    break  # somebody closes the window amid a refresh
                engine.close()
                engine = start()
            elif chance.random() < 0.5:
                list(engine.send_acts())
            else:
                list(engine.refresh())
        world.wrong, fake.lose = timedelta(0), lambda: False
        for _ in range(12):
            world.now += hours(2)
            list(engine.send_acts())
        left = [act for act in engine.acts() if act.state != "done"]
        assert left == []
        sent = [entry["content"].removeprefix("<p>@ada ").removesuffix("</p>") for entry in fake.replies]
        assert sorted(sent) == sorted(replies)
        ids = {post: engine.post(post).guid.rpartition("/")[2] for post in posts}
        ways = {"favourite": "favourite", "boost": "reblog", "bookmark": "bookmark"}
        for (verb, post), on in wanted.items():
            assert fake.marks.get((ways[verb], ids[post]), False) == on, (verb, post)
        engine.close()
