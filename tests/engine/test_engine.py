"""What the window and scripts may rely on, through the public names alone."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine import (
    BusyError,
    Changes,
    Condition,
    Engine,
    FeedFailed,
    FeedRefreshed,
    InputError,
    LockedError,
    NotAFeedError,
    NotFoundError,
    PlainPost,
    Rule,
    SampleInternet,
    Subscription,
    TimelineQuery,
    open_engine,
)
from tests.engine.conftest import plain_posts

NEWEST = TimelineQuery(order="newest")


def phrase(value: str, action: str = "hide") -> Rule:
    return Rule(name=value, conditions=(Condition(field="phrase", value=value),), action=action)  # type: ignore[arg-type]


def test_importing_the_engine_loads_no_model_library_and_no_window() -> None:
    heavy = "{'torch', 'llama_cpp', 'sentence_transformers', 'PySide6', 'numpy', 'lxml', 'httpx2', 'sqlcipher3'}"
    code = f"import sys, engine, engine.cli; print(sorted({heavy} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_adding_a_feed_keeps_the_answer_that_it_fetched(engine: Engine, internet: SampleInternet) -> None:
    feed = engine.add_feed(internet.subscriptions[0].url)
    assert feed.title == "City Observer"
    assert feed.posts == 4
    assert list(engine.refresh()) == []


def test_a_feed_that_is_followed_already_is_refused(engine: Engine, internet: SampleInternet) -> None:
    engine.add_feed(internet.subscriptions[0].url)
    with pytest.raises(InputError, match="already"):
        engine.add_feed(internet.subscriptions[0].url)
    assert len(engine.feeds()) == 1


@pytest.mark.parametrize("text", ["", "   ", "not an address", "ftp://example.org/x", "file:///etc/passwd", "javascript:alert(1)", "http://", "http://exa mple.org", "https://[::1"])
def test_a_garbage_address_is_refused_in_words_and_adds_nothing(engine: Engine, text: str) -> None:
    with pytest.raises(InputError, match=r"\."):
        engine.add_feed(text)
    assert engine.feeds() == []
    assert engine.ledger() == []


def test_refresh_reports_a_failed_feed_and_goes_on(engine: Engine, internet: SampleInternet) -> None:
    base = internet.subscriptions[0].url.rsplit("/", 2)[0]
    engine.follow([*internet.subscriptions, Subscription(url=f"{base}/gone.xml")], allow_private=True)
    events = list(engine.refresh(force=True))
    assert len([event for event in events if isinstance(event, FeedRefreshed)]) == 15
    failed = [event for event in events if isinstance(event, FeedFailed)]
    assert len(failed) == 1
    assert "404" in failed[0].error
    assert [feed.error for feed in engine.feeds() if feed.error] == [failed[0].error]


def test_refreshing_twice_stores_nothing_twice(engine: Engine, internet: SampleInternet) -> None:
    engine.follow(internet.subscriptions, allow_private=True)
    list(engine.refresh(force=True))
    before = engine.counts()
    events = [event for event in engine.refresh(force=True) if isinstance(event, FeedRefreshed)]
    assert {event.new for event in events} == {0}
    assert engine.counts() == before


def test_a_second_asker_hears_who_is_busy(reopen: Callable[[], Engine], internet: SampleInternet) -> None:
    with reopen() as first, reopen() as second:
        first.follow(internet.subscriptions, allow_private=True)
        running = first.refresh(force=True)
        next(running)
        with pytest.raises(BusyError):
            next(second.refresh(force=True))
        running.close()
        assert next(second.refresh(force=True))


def test_closing_a_refresh_cancels_it_and_keeps_what_was_done(engine: Engine, internet: SampleInternet) -> None:
    engine.follow(internet.subscriptions, allow_private=True)
    running = engine.refresh(force=True)
    done = next(event for event in running if isinstance(event, FeedRefreshed))
    running.close()
    assert engine.counts().posts >= done.new
    assert [event for event in engine.refresh() if isinstance(event, FeedRefreshed)]


def test_every_write_tells_its_listeners(engine: Engine) -> None:
    heard: list[Changes] = []
    end = engine.changes(heard.append)
    engine.add_posts("Pond", plain_posts(3))
    assert len(frozenset().union(*(changes.new for changes in heard))) == 3
    end()
    engine.add_posts("Other", plain_posts(1, topic="river"))
    assert not any(changes.new for changes in heard[1:])


def test_what_the_person_did_survives_closing(reopen: Callable[[], Engine]) -> None:
    with reopen() as engine:
        engine.add_posts("Pond", plain_posts(4))
        first, second, third, fourth = engine.timeline(NEWEST)
        engine.mark([first], read=True)
        engine.mark([second], saved=True)
        engine.mark([third], hidden=True)
        engine.feedback(fourth, True)
    with reopen() as engine:
        rows = {row.id: row for row in engine.rows([first, second, third, fourth])}
        assert rows[first].read
        assert rows[second].saved
        assert rows[third].hidden
        assert rows[fourth].liked is True


def test_undo_of_a_mark_is_exact(engine: Engine) -> None:
    engine.add_posts("Pond", plain_posts(5))
    ids = engine.timeline(NEWEST)
    engine.mark(ids[:2], read=True)
    changed, _ = engine.mark_all_read(NEWEST)
    assert changed == sorted(ids[2:])
    engine.mark(changed, read=False)
    assert [row.read for row in engine.rows(ids)] == [True, True, False, False, False]


def test_a_wrong_key_opens_nothing_and_spoils_nothing(tmp_path: Path) -> None:
    key = secrets.token_bytes(32)
    with open_engine(tmp_path / "p", key=key) as engine:
        engine.add_posts("Pond", plain_posts(2))
    with pytest.raises(LockedError):
        open_engine(tmp_path / "p", key=secrets.token_bytes(32))
    with open_engine(tmp_path / "p", key=key) as engine:
        assert engine.counts().posts == 2


def test_the_database_file_holds_no_plain_text(tmp_path: Path) -> None:
    with open_engine(tmp_path / "p", key=secrets.token_bytes(32)) as engine:
        engine.add_posts("Pond", [PlainPost(title="CANARYTITLE", text="CANARYTEXT " * 50)])
        list(engine.enrich())
    for path in (tmp_path / "p").rglob("*"):
        if path.is_file():
            assert b"CANARY" not in path.read_bytes(), path.name
            assert not path.read_bytes().startswith(b"SQLite format 3\x00"), path.name


def test_strength_zero_is_newest_first(engine: Engine) -> None:
    engine.add_posts("Pond", plain_posts(12))
    engine.add_posts("River", plain_posts(3, topic="river", hours=5))
    engine.feedback(engine.timeline(NEWEST)[-1], True)
    engine.set_setting("strength", 0.0)
    assert engine.timeline(TimelineQuery(order="for_you")) == engine.timeline(NEWEST)


def test_a_like_lifts_what_is_like_it_at_once(engine: Engine) -> None:
    engine.add_posts("Ponds", plain_posts(6, topic="pond"))
    engine.add_posts("Bikes", plain_posts(6, topic="bicycle"))
    order = engine.timeline(TimelineQuery(order="for_you"))
    bikes = {row.id for row in engine.rows(order) if row.feed_title == "Bikes"}
    before = sum(place for place, post_id in enumerate(order) if post_id in bikes)
    for post_id in sorted(bikes)[:2]:
        engine.feedback(post_id, True)
    after = sum(place for place, post_id in enumerate(engine.timeline(TimelineQuery())) if post_id in bikes)
    assert after < before


def test_reasons_sum_to_the_score(engine: Engine) -> None:
    engine.add_posts("Ponds", plain_posts(6, topic="pond"))
    engine.feedback(engine.timeline(NEWEST)[0], True)
    for post_id in engine.timeline(NEWEST):
        explanation = engine.explain(post_id)
        assert sum(reason.contribution for reason in explanation.reasons) == pytest.approx(explanation.score, abs=1e-6)


def test_a_rule_takes_past_and_new_posts_and_gives_them_back(engine: Engine) -> None:
    engine.add_posts("Pond", plain_posts(3))
    assert engine.preview_rule(phrase("number 1")).posts == 1
    saved = engine.save_rule(phrase("number 1"))
    assert saved.posts == 1
    engine.add_posts("Bikes", plain_posts(3, topic="bicycle"))
    assert engine.rule_counts() == {saved.rule.id: 2}
    assert len(engine.timeline(NEWEST)) == len(engine.timeline(TimelineQuery())) == 4
    assert len(engine.timeline(TimelineQuery(hidden=True))) == 2
    hit = engine.explain(engine.timeline(TimelineQuery(hidden=True))[0]).hit
    assert hit is not None
    assert hit.matched == "number 1"
    engine.delete_rule(saved.rule.id)
    assert len(engine.timeline(NEWEST)) == len(engine.timeline(TimelineQuery())) == 6


def test_a_restored_post_stays_restored(engine: Engine) -> None:
    engine.add_posts("Pond", plain_posts(3))
    saved = engine.save_rule(phrase("pond"))
    back = engine.timeline(TimelineQuery(hidden=True))[0]
    engine.mark([back], hidden=False)
    engine.save_rule(replace(saved.rule, name="again"))
    assert engine.timeline(NEWEST) == [back]


def test_a_muffled_post_stays_in_the_timeline(engine: Engine) -> None:
    engine.add_posts("Pond", plain_posts(2))
    saved = engine.save_rule(phrase("number 0", "muffle"))
    rows = engine.rows(engine.timeline(NEWEST))
    assert [row.muffled_by for row in rows] == [saved.rule.id, None]


def test_a_rule_that_tests_nothing_is_refused(engine: Engine) -> None:
    with pytest.raises(InputError):
        engine.save_rule(Rule(name="all", conditions=()))


def test_unsubscribing_can_be_undone(engine: Engine, internet: SampleInternet) -> None:
    feed = engine.add_feed(internet.subscriptions[0].url)
    liked = engine.timeline(NEWEST)[0]
    engine.feedback(liked, True)
    engine.remove_feed(feed.id)
    assert engine.feeds() == []
    assert engine.timeline(TimelineQuery()) == []
    engine.restore_feed(feed.id)
    assert engine.rows([liked])[0].liked is True
    assert len(engine.timeline(TimelineQuery())) == 4


def test_opml_export_and_import_is_the_identity(engine: Engine, tmp_path: Path) -> None:
    feeds = [
        Subscription(url="https://one.example/feed", title="One & Only", folder="A/B"),
        Subscription(url="https://two.example/特.xml", title="二", folder="中文"),
    ]
    engine.follow(feeds)
    engine.export_opml(tmp_path / "out.opml")
    with open_engine(tmp_path / "other", key=secrets.token_bytes(32)) as other:
        outcome = other.import_opml(tmp_path / "out.opml")
        assert outcome.added == 2
        assert [(f.url, f.title, f.folder) for f in other.feeds()] == [(f.url, f.title, f.folder) for f in engine.feeds()]


def test_opml_import_lists_private_addresses_and_takes_them_only_when_told(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "in.opml"
    path.write_text(
        '<opml version="2.0"><body><outline type="rss" xmlUrl="http://192.168.1.5/feed"/>'
        '<outline type="rss" xmlUrl="https://ok.example/feed"/></body></opml>'
    )
    outcome = engine.import_opml(path)
    assert (outcome.added, outcome.private) == (1, ("http://192.168.1.5/feed",))
    assert engine.import_opml(path, allow_private=True).added == 1


def test_an_opml_file_that_is_none_adds_nothing(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "in.opml"
    path.write_bytes(b"\x00\x01 not a list")
    with pytest.raises(Exception, match=r"\.") as caught:
        engine.import_opml(path)
    assert caught.type.__name__ == "ParseError"
    assert engine.feeds() == []


def test_a_page_without_feeds_is_named_as_such(engine: Engine) -> None:
    from tests.fakenet import FakeNet

    with FakeNet() as net:
        net.serve("/page", b"<html><title>No feed here</title><body>hello</body></html>", content_type="text/html")
        with pytest.raises(NotAFeedError) as caught:
            engine.add_feed(net.url("/page"))
    assert caught.value.candidates == () or all("127.0.0.1" in url for url in caught.value.candidates)
    assert engine.feeds() == []


def test_unknown_ids_are_named_as_such(engine: Engine) -> None:
    with pytest.raises(NotFoundError):
        engine.post(999)
    with pytest.raises(NotFoundError):
        engine.explain(999)
    assert engine.rows([999]) == []


def test_settings_are_kept_and_bounded(reopen: Callable[[], Engine]) -> None:
    with reopen() as engine:
        engine.set_setting("scale_percent", 120)
        with pytest.raises(InputError):
            engine.set_setting("scale_percent", 1000)
        with pytest.raises(InputError):
            engine.set_setting("nonsense", 1)
    with reopen() as engine:
        assert engine.settings()["scale_percent"] == 120


def test_every_request_is_in_the_ledger(engine: Engine, internet: SampleInternet) -> None:
    engine.follow(internet.subscriptions, allow_private=True)
    list(engine.refresh(force=True))
    rows = engine.ledger()
    assert len(rows) == 20
    assert {row.host.split(":")[0] for row in rows} == {"127.0.0.1"}
    assert all(row.status == 200 and row.received_bytes > 0 and row.sent_bytes > 0 for row in rows)


def test_with_ai_off_no_model_is_loaded_and_everything_still_works(engine: Engine, internet: SampleInternet) -> None:
    engine.set_setting("ai", False)
    engine.follow(internet.subscriptions, allow_private=True)
    list(engine.refresh(force=True))
    engine.feedback(engine.timeline(NEWEST)[0], True)
    events = list(engine.enrich())
    assert not [event for event in events if type(event).__name__ == "StageFailed"]
    assert engine.search("bridge").hits
    summary = engine.summarise(engine.search("telescope").hits[0].id)
    assert (summary.method, summary.note) == ("extractive", "off")
    assert engine.device() == ""
