"""Judging feeds, finding the same one twice, merging without loss, and repairing over loopback HTTP."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine import (
    Condition,
    Engine,
    FeedFailed,
    FeedRepaired,
    Health,
    InputError,
    NotFoundError,
    Rule,
    Subscription,
    TimelineQuery,
)
from engine.health import PostKey, address_key, duplicates, judge, twins
from engine.types import Feed, FetchState, RecentPost
from tests.engine.store_posts import NOW, Clock, follow, opened, post, take
from tests.fakenet import FakeNet, Item, Reply, items, rss

DAY = timedelta(days=1)


def served(title: str, listed: Sequence[Item], site: str = "") -> bytes:
    """A feed that names its site."""
    return re.sub(rb"<link>[^<]*</link>", f"<link>{site}</link>".encode(), rss(title, listed), count=1)


def a_feed(feed_id: int = 1, **fields: Any) -> Feed:
    made: dict[str, Any] = {
        "id": feed_id, "url": f"https://example.org/{feed_id}.xml", "title": f"Feed {feed_id}", "site_url": "", "folder": "", "kind": "feed",
        "unread": 0, "posts": 0, "added_at": NOW - 400 * DAY, "last_success_at": NOW, "next_check_at": NOW + timedelta(hours=1),
        "error": "", "failures": 0, "stopped": False, **fields,
    }  # fmt: skip
    return Feed(**made)


def a_state(feed_id: int = 1, **fields: Any) -> FetchState:
    made: dict[str, Any] = {
        "feed_id": feed_id, "url": f"https://example.org/{feed_id}.xml", "etag": '"1"', "last_success_at": NOW - timedelta(minutes=5),
        "next_check_at": NOW + timedelta(minutes=55), **fields,
    }  # fmt: skip
    return FetchState(**made)


def every(gap: timedelta, count: int = 12, *, ended: timedelta = timedelta(0)) -> list[RecentPost]:
    return [RecentPost(at=NOW - ended - n * gap, guid=f"g{n}", url=f"https://example.org/{n}") for n in range(count)]


def verdict(state: FetchState, posts: Sequence[RecentPost] = (), **known: Any) -> tuple[str, str]:
    found = judge(a_feed(error="No." if state.failures else ""), state, posts, now=NOW, **known)
    return found.verdict, found.cause


# ---- judging ---------------------------------------------------------------------------------


def test_a_feed_that_posts_as_it_used_to_is_fine() -> None:
    assert verdict(a_state(), every(DAY)) == ("fine", "")


def test_a_daily_feed_is_silent_after_two_months_and_a_yearly_one_is_not() -> None:
    assert verdict(a_state(), every(DAY, ended=60 * DAY)) == ("silent", "quiet")
    assert verdict(a_state(), every(300 * DAY, ended=200 * DAY)) == ("fine", "")


def test_a_feed_that_paused_for_long_before_may_do_so_again() -> None:
    posts = [*every(DAY, 5, ended=60 * DAY), *every(DAY, 5, ended=100 * DAY)]
    assert verdict(a_state(), posts) == ("fine", "")
    assert verdict(a_state(), [*posts[:5], *every(DAY, 5, ended=70 * DAY)]) == ("silent", "quiet")


def test_what_a_server_ended_is_dead_and_what_a_person_stopped_is_stopped() -> None:
    assert verdict(a_state(stopped=True, failures=1, next_check_at=None)) == ("dead", "gone")
    assert verdict(a_state(stopped=True)) == ("stopped", "person")
    assert verdict(a_state(stopped=True, failures=2)) == ("stopped", "person")


def test_failing_for_a_month_is_death_and_for_a_day_is_not() -> None:
    assert verdict(a_state(failures=9, last_success_at=NOW - 31 * DAY)) == ("dead", "long_failing")
    assert verdict(a_state(failures=9, last_success_at=NOW - DAY)) == ("failing", "failing")


def test_a_host_that_asked_to_be_left_alone_makes_its_feeds_wait() -> None:
    until = NOW + timedelta(hours=3)
    assert verdict(a_state(failures=1), paused_until=until) == ("waiting", "paused")
    found = judge(a_feed(), a_state(next_check_at=NOW), every(DAY), now=NOW, paused_until=until)
    assert (found.next_check_at, found.next_look) == (until, "host")
    assert verdict(a_state(failures=1), paused_until=NOW - timedelta(minutes=1)) == ("failing", "failing")


def test_a_feed_that_was_never_asked_waits() -> None:
    assert verdict(a_state(last_success_at=None, next_check_at=None)) == ("waiting", "first")


@pytest.mark.parametrize(
    ("fields", "known", "why"),
    [
        ({"next_check_at": NOW - DAY}, {}, "now"),
        ({"failures": 2}, {}, "back_off"),
        ({"ttl_minutes": 300}, {}, "feed"),
        ({}, {"rhythm": 40 * DAY}, "rhythm"),
        ({"etag": None, "next_check_at": NOW + DAY}, {}, "daily"),
        ({"next_check_at": NOW + DAY}, {}, "host"),
        ({}, {}, "usual"),
        ({"stopped": True}, {}, "never"),
    ],
)
def test_why_the_next_look_is_when_it_is(fields: dict[str, Any], known: dict[str, Any], why: str) -> None:
    assert judge(a_feed(), a_state(**fields), every(DAY), now=NOW, **known).next_look == why


# ---- the same twice --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/feed", "https://www.example.org/feed/", "https://EXAMPLE.org:443/feed", "https://example.org/feed?utm_source=x",
        "http://example.org:80/feed#top",
    ],
)  # fmt: skip
def test_spellings_of_one_address_are_one(url: str) -> None:
    assert address_key(url) == address_key("https://example.org/feed")


@pytest.mark.parametrize("url", ["https://example.org/feed2", "https://example.org:8443/feed", "https://example.org/feed?page=2", "https://blog.example.org/feed"])
def test_other_addresses_stay_others(url: str) -> None:
    assert address_key(url) != address_key("https://example.org/feed")


def groups(feeds: Sequence[Feed], states: Sequence[FetchState], posts: dict[int, list[RecentPost]] | None = None) -> list[tuple[tuple[int, ...], str]]:
    found = duplicates(feeds, {state.feed_id: state for state in states}, posts or {}, {})
    return [(group.feed_ids, group.cause) for group in found]


def test_http_and_https_are_one_subscription_and_the_encrypted_one_is_kept() -> None:
    feeds = [a_feed(1, url="http://www.example.org/f"), a_feed(2, url="https://example.org/f/"), a_feed(3)]
    assert groups(feeds, [a_state(1), a_state(2), a_state(3)]) == [((2, 1), "address")]


def test_a_feed_that_redirects_to_another_is_the_same() -> None:
    feeds = [a_feed(1, url="https://old.example/f"), a_feed(2, url="https://new.example/f")]
    states = [a_state(1, moved_to="https://new.example/f"), a_state(2)]
    assert groups(feeds, states) == [((2, 1), "redirect")]


def test_feeds_with_the_same_posts_are_the_same_and_a_part_of_one_is_not() -> None:
    feeds = [a_feed(1), a_feed(2), a_feed(3)]
    states = [a_state(1), a_state(2), a_state(3)]
    whole = every(DAY, 12)
    elsewhere = [RecentPost(at=p.at, guid="x" + p.guid, url=p.url.replace("https://", "http://www.")) for p in whole]
    assert groups(feeds, states, {1: whole, 2: elsewhere, 3: whole[:4]}) == [((1, 2), "posts")]


def test_feeds_of_two_accounts_at_one_address_differ() -> None:
    feeds = [a_feed(1, url="https://m.example/home", account="a"), a_feed(2, url="https://m.example/home/", account="b")]
    assert groups(feeds, [a_state(1), a_state(2)]) == []


def test_posts_are_one_by_address_or_by_a_telling_guid_and_numbers_tell_nothing() -> None:
    kept = [PostKey(1, "1", "https://a.example/x", 5), PostKey(2, "tag:a.example,2026:2", "", 0), PostKey(3, "3", "", 7)]
    other = [PostKey(11, "9", "http://www.a.example/x/", 6), PostKey(12, "tag:a.example,2026:2", "", 0), PostKey(13, "3", "", 8), PostKey(14, "1", "", 0)]
    assert twins(kept, other) == {11: 1, 12: 2}


def test_a_page_that_many_posts_link_to_needs_the_same_words() -> None:
    kept = [PostKey(1, "a", "https://a.example/", 5), PostKey(2, "b", "https://a.example/", 6)]
    other = [PostKey(11, "c", "https://a.example/", 6), PostKey(12, "d", "https://a.example/", 9)]
    assert twins(kept, other) == {11: 2}


# ---- merging ---------------------------------------------------------------------------------


def two_feeds(folder: Path) -> tuple[Any, Clock, int, int, dict[str, int]]:
    """Posts 1 to 4 in the kept feed, 3 to 6 in the other; ids by feed and number ("k3", "o3")."""
    clock = Clock()
    store = opened(folder, clock)
    keep, other = follow(store, "keep"), follow(store, "other")
    take(store, keep, [post(n) for n in (1, 2, 3, 4)])
    take(store, other, [post(n, guid=f"other-{n}") for n in (3, 4, 5, 6)])
    ids = {}
    for name, feed_id in (("k", keep), ("o", other)):
        for post_id in store.timeline(TimelineQuery(order="newest", feed_id=feed_id)):
            ids[name + store.post(post_id).row.title.split()[1]] = post_id
    return store, clock, keep, other, ids


def state_of(store: Any) -> list[Any]:
    with store._db.read() as connection:
        states = connection.execute("select * from post_states order by post_id").fetchall()
        posts = connection.execute("select id, feed_id, guid, content_id from posts order by id").fetchall()
        events = connection.execute("select * from events order by post_id, event").fetchall()
        feeds = connection.execute("select id, url, removed_at, keep_posts, keep_days from feeds order by id").fetchall()
        counts = connection.execute("select * from feed_counts order by feed_id").fetchall()
        return [states, posts, events, feeds, counts]


def test_merging_loses_nothing_and_undoing_it_gives_back_every_row(tmp_path: Path) -> None:
    store, _, keep, other, ids = two_feeds(tmp_path)
    with store:
        store.mark([ids["o3"]], read=True, saved=True)
        store.feedback(ids["o4"], True)
        store.mark([ids["o5"]], saved=True)
        store.mark([ids["o6"]], hidden=True)
        store.update_feed(keep, keep_posts=3)
        before = state_of(store)
        merged = store.merge_feeds(keep, [other])
        assert (merged.moved, merged.united) == (2, 2)
        rows = {row.id: row for row in store.rows(list(ids.values()))}
        assert (rows[ids["k3"]].read, rows[ids["k3"]].saved) == (True, True)
        assert rows[ids["k4"]].liked is True
        assert rows[ids["o5"]].saved
        assert rows[ids["o5"]].feed_id == keep
        assert rows[ids["o6"]].hidden
        assert set(store.timeline(TimelineQuery(order="newest", feed_id=keep))) == {ids[k] for k in ("k1", "k2", "k3", "k4", "o5")}
        assert set(store.timeline(TimelineQuery(order="newest", saved=True))) == {ids["k3"], ids["o5"]}
        assert (ids["k4"], "liked") in [(post_id, event) for post_id, event, _ in store.feedback_history()]
        assert [feed.id for feed in store.feeds()] == [keep]
        (kept,) = store.feeds()
        assert (kept.posts, kept.unread) == (6, 4)
        assert store.counts().hidden == 1
        store.prune()
        assert len(store.timeline(TimelineQuery(order="newest", feed_id=keep))) == 5
        store.undo_merge(merged.id)
        assert state_of(store) == before
        assert store.check() == []


def test_the_kept_feed_is_not_fetched_twice_for_what_came_over(tmp_path: Path) -> None:
    store, _, keep, other, _ = two_feeds(tmp_path)
    with store:
        store.merge_feeds(keep, [other])
        changes = take(store, keep, [post(n) for n in (3, 4, 5, 6)])
        assert not changes.new


def test_what_was_done_after_a_merge_outlives_its_undo(tmp_path: Path) -> None:
    store, clock, keep, other, ids = two_feeds(tmp_path)
    with store:
        store.mark([ids["o3"]], saved=True)
        merged = store.merge_feeds(keep, [other])
        clock.forward(minutes=5)
        store.mark([ids["k3"]], saved=False)
        store.mark([ids["o5"]], read=True)
        store.feedback(ids["k4"], False)
        store.undo_merge(merged.id)
        rows = {row.id: row for row in store.rows(list(ids.values()))}
        assert not rows[ids["k3"]].saved
        assert rows[ids["o3"]].saved
        assert rows[ids["o5"]].read
        assert rows[ids["k4"]].liked is False
        with pytest.raises(NotFoundError):
            store.undo_merge(merged.id)


def test_guids_that_mean_other_posts_are_told_apart_and_given_back(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        keep, other = follow(store, "keep"), follow(store, "other")
        take(store, keep, [post(1, guid="7")])
        take(store, other, [post(2, guid="7")])
        merged = store.merge_feeds(keep, [other])
        assert (merged.moved, merged.united) == (1, 0)
        assert len(store.timeline(TimelineQuery(order="newest", feed_id=keep))) == 2
        store.undo_merge(merged.id)
        (post_id,) = store.timeline(TimelineQuery(order="newest", feed_id=other))
        assert store.post(post_id).guid == "7"


def test_three_feeds_become_one_and_three_again(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        ids = [follow(store, name) for name in ("a", "b", "c")]
        for at, feed_id in enumerate(ids):
            take(store, feed_id, [post(n, guid=f"{at}-{n}") for n in range(at, at + 4)])
        b_first = store.timeline(TimelineQuery(order="newest", feed_id=ids[2]))
        store.mark([b_first[0]], saved=True)
        before = state_of(store)
        merged = store.merge_feeds(ids[0], ids[1:])
        assert store.feeds()[0].posts == 6
        store.undo_merge(merged.id)
        assert state_of(store) == before


def test_merging_needs_two_feeds_and_those_that_are_there(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        one = follow(store)
        before = state_of(store)
        with pytest.raises(InputError):
            store.merge_feeds(one, [one])
        with pytest.raises(NotFoundError):
            store.merge_feeds(one, [99])
        assert state_of(store) == before


def test_a_rule_for_the_feed_that_goes_holds_for_the_one_that_stays_until_the_undo(engine: Engine) -> None:
    with FakeNet() as net:
        made = items(6)
        urls = [net.serve("/a.xml", served("A", made[:3])), net.serve("/b.xml", served("B", made[3:]))]
        one, two = (engine.add_feed(url).id for url in urls)
        word = made[0].title.split()[-1]
        rule = engine.save_rule(Rule(name="r", conditions=(Condition(field="title", value=word),), feed_ids=(two,))).rule
        hidden = set(engine.timeline(TimelineQuery(order="newest", hidden=True)))
        merged = engine.merge_feeds(one, [two])
        assert engine.rules()[0].feed_ids == (two, one)
        assert hidden < set(engine.timeline(TimelineQuery(order="newest", hidden=True)))
        engine.undo_merge(merged.id)
        assert engine.rules()[0].feed_ids == rule.feed_ids
        assert set(engine.timeline(TimelineQuery(order="newest", hidden=True))) == hidden


# ---- repairing -------------------------------------------------------------------------------


def repaired(engine: Engine, *feed_ids: int) -> list[FeedRepaired]:
    return [event for event in engine.repair(feed_ids) if isinstance(event, FeedRepaired)]


def test_a_feed_that_works_again_says_so_and_is_fine(engine: Engine) -> None:
    with FakeNet() as net:
        url = net.script("/f.xml", Reply(status=500), Reply(body=rss("Pond", items(3)), headers={"ETag": '"1"'}))
        engine.follow([Subscription(url=url)], allow_private=True)
        (feed,) = engine.feeds()
        assert any(isinstance(event, FeedFailed) for event in engine.refresh(force=True))
        assert engine.health().feeds[0].verdict == "failing"
        (told,) = repaired(engine, feed.id)
        assert (told.outcome, told.new) == ("works", 3)
        assert engine.health().feeds[0].verdict in ("fine", "silent")


def test_a_permanent_move_is_followed_at_once(engine: Engine) -> None:
    with FakeNet() as net:
        new = net.serve("/new.xml", rss("Pond", items(3)), etag='"1"')
        engine.follow([Subscription(url=net.redirect("/old.xml", "/new.xml", 301))], allow_private=True)
        (feed,) = engine.feeds()
        (told,) = repaired(engine, feed.id)
        assert (told.outcome, told.address) == ("moved", new)
        assert engine.feeds()[0].url == new


def test_a_feed_that_is_gone_is_found_again_on_its_site(engine: Engine) -> None:
    with FakeNet() as net:
        made = items(4)
        old = net.serve("/old.xml", served("Pond", made[:3], net.url("/")), etag='"1"')
        feed = engine.add_feed(old)
        net.script("/old.xml", Reply(status=410))
        net.serve("/other.xml", served("Another", items(3, seed=99)))
        new = net.serve("/now.xml", served("Pond", made))
        links = "".join(f'<link rel="alternate" type="application/rss+xml" href="{path}">' for path in ("/other.xml", "/now.xml"))
        net.serve("/", f"<html><head>{links}</head><body>hello</body></html>".encode(), content_type="text/html")
        (told,) = repaired(engine, feed.id)
        assert (told.outcome, told.address, told.before) == ("found", new, old)
        (after,) = engine.feeds()
        assert (after.id, after.url, after.error, after.stopped, after.posts) == (feed.id, new, "", False, 4)


def test_another_feed_of_the_site_never_takes_the_place_of_one_that_is_gone(engine: Engine) -> None:
    with FakeNet() as net:
        old = net.serve("/old.xml", served("Pond", items(3), net.url("/")), etag='"1"')
        feed = engine.add_feed(old)
        net.script("/old.xml", Reply(status=410))
        net.serve("/other.xml", served("Another", items(3, seed=99)))
        net.serve("/", b'<html><head><link rel="alternate" type="application/rss+xml" href="/other.xml"></head></html>', content_type="text/html")
        (told,) = repaired(engine, feed.id)
        assert told.outcome == "failed"
        assert "410" in told.error
        assert (engine.feeds()[0].url, engine.feeds()[0].stopped) == (old, True)
        assert engine.health().feeds[0].verdict == "dead"


def test_a_site_cannot_lead_a_repair_into_the_home_network(engine: Engine) -> None:
    with FakeNet() as net, FakeNet(host="127.0.0.2") as router:
        old = net.serve("/old.xml", served("Pond", items(3), router.url("/")), etag='"1"')
        feed = engine.add_feed(old)
        net.script("/old.xml", Reply(status=404))
        (told,) = repaired(engine, feed.id)
        assert told.outcome == "failed"
        assert router.requests == []


def test_closing_a_repair_leaves_what_was_stopped_stopped(engine: Engine) -> None:
    with FakeNet() as net:
        engine.follow([Subscription(url=net.url(f"/{n}.xml")) for n in range(4)], allow_private=True)
        ids = [feed.id for feed in engine.feeds()]
        for feed_id in ids:
            engine.update_feed(feed_id, stopped=True)
        running = engine.repair(ids)
        next(running)
        assert isinstance(running, Generator)
        running.close()
        assert all(feed.stopped for feed in engine.feeds())


def test_health_names_the_worst_first_and_counts_hidden_posts_as_posts(engine: Engine) -> None:
    with FakeNet() as net:
        now = datetime.now(UTC)
        good = engine.add_feed(net.serve("/good.xml", rss("Good", [replace(item, published_at=now - n * DAY) for n, item in enumerate(items(3))]), etag='"1"'))
        engine.follow([Subscription(url=net.url("/gone.xml"))], allow_private=True)
        list(engine.refresh(force=True))
        found: Health = engine.health()
        assert [health.verdict for health in found.feeds] == ["failing", "fine"]
        engine.save_rule(Rule(name="all", conditions=(Condition(field="regex", value="."),), feed_ids=(good.id,)))
        assert engine.health().feeds[1].verdict == "fine"
        assert engine.health().feeds[1].last_post_at is not None
