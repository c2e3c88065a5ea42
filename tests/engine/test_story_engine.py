"""Stories through the engine: refreshed posts are folded, and what the person does to stories holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from engine import Engine, EnrichEvent, PlainPost, Progress, SampleInternet, StageFailed, TimelineQuery
from tests.engine.conftest import NOW

FERRY = "Ferry service across the northern strait resumes after the storm"
FERRY_AGAIN = "Northern strait ferry service resumes after the storm"
FERRY_ZH = "北部海峡轮渡在风暴后恢复通航"
FERRY_ZH_AGAIN = "风暴过后北部海峡轮渡恢复通航"
MUSEUM = "Clock museum opens its doors to restorers"


def add(engine: Engine, feed: str, *titles: str, hours: float = 1.0, text: str = "", url: str = "") -> None:
    posts = [
        PlainPost(title=title, text=text, url=url or f"https://{feed}.example/{place}-{hours}", published_at=NOW - timedelta(hours=hours))
        for place, title in enumerate(titles)
    ]
    engine.add_posts(feed, posts)


def enrich(engine: Engine) -> list[EnrichEvent]:
    engine.set_setting("ai", False)
    events = list(engine.enrich())
    assert not [event for event in events if isinstance(event, StageFailed)]
    return events


def shown(engine: Engine) -> set[str]:
    return {row.title for row in engine.rows(engine.timeline(TimelineQuery(order="newest", limit=0)))}


def ids(engine: Engine) -> dict[str, int]:
    rows = [row for feed in engine.feeds() for row in engine.rows(engine.timeline(TimelineQuery(order="newest", feed_id=feed.id, limit=0)))]
    return {f"{row.feed_title}: {row.title}": row.id for row in rows}


@pytest.fixture
def ferry(engine: Engine) -> dict[str, int]:
    add(engine, "gull", FERRY, MUSEUM, hours=5)
    add(engine, "heron", FERRY_AGAIN, hours=3)
    enrich(engine)
    return ids(engine)


def test_tellings_of_two_feeds_share_a_card(engine: Engine, ferry: dict[str, int]) -> None:
    assert shown(engine) == {FERRY, MUSEUM}
    story = engine.story(ferry[f"heron: {FERRY_AGAIN}"])
    assert story is not None
    assert (story.outlets, story.lead_id) == (2, ferry[f"gull: {FERRY}"])


def test_chinese_tellings_are_folded_by_their_characters(engine: Engine) -> None:
    add(engine, "gull", FERRY_ZH, "钟表博物馆向修复师开放")
    add(engine, "heron", FERRY_ZH_AGAIN, hours=0.5)
    enrich(engine)
    assert shown(engine) == {FERRY_ZH, "钟表博物馆向修复师开放"}


def test_a_later_post_joins_a_story_that_was_stored_before(reopen: Callable[[], Engine]) -> None:
    with reopen() as engine:
        add(engine, "gull", FERRY, hours=5)
        enrich(engine)
    with reopen() as engine:
        add(engine, "heron", FERRY_AGAIN, hours=3)
        enrich(engine)
        assert shown(engine) == {FERRY}


def test_a_post_that_came_late_joins_the_story_of_its_time(engine: Engine) -> None:
    add(engine, "gull", FERRY, hours=24 * 20)
    add(engine, "gull", MUSEUM, hours=1)
    enrich(engine)
    add(engine, "heron", FERRY_AGAIN, hours=24 * 20 - 3)
    enrich(engine)
    assert shown(engine) == {FERRY, MUSEUM}


def test_the_same_title_a_month_later_is_another_story(engine: Engine) -> None:
    add(engine, "gull", FERRY, hours=24 * 31)
    add(engine, "heron", FERRY, hours=2)
    enrich(engine)
    assert len(engine.timeline(TimelineQuery(order="newest"))) == 2


def test_a_post_whose_content_changed_is_folded_anew(engine: Engine, ferry: dict[str, int]) -> None:
    post = PlainPost(title=MUSEUM, guid="moved", published_at=NOW - timedelta(hours=2), url="https://tern.example/1")
    engine.add_posts("tern", [post])
    enrich(engine)
    assert len(engine.timeline(TimelineQuery(order="newest"))) == 2
    engine.add_posts("tern", [PlainPost(title=FERRY_AGAIN, guid="moved", published_at=NOW - timedelta(hours=2), url="https://tern.example/1")])
    enrich(engine)
    story = engine.story(ferry[f"gull: {FERRY}"])
    assert story is not None
    assert story.outlets == 3
    assert engine.story(ferry[f"gull: {MUSEUM}"]) is None


def test_what_was_split_by_hand_is_not_folded_again(engine: Engine, ferry: dict[str, int]) -> None:
    heron = ferry[f"heron: {FERRY_AGAIN}"]
    act = engine.split_story([heron])
    assert shown(engine) == {FERRY, FERRY_AGAIN, MUSEUM}
    engine._store._db.write(lambda connection: connection.execute("update stages set stories = 0"))
    enrich(engine)
    assert shown(engine) == {FERRY, FERRY_AGAIN, MUSEUM}
    engine.undo_story_act(act.id)
    assert shown(engine) == {FERRY, MUSEUM}


def test_what_was_merged_by_hand_stays_together(engine: Engine, ferry: dict[str, int]) -> None:
    engine.merge_stories([ferry[f"gull: {MUSEUM}"], ferry[f"gull: {FERRY}"]])
    assert len(shown(engine)) == 1
    engine._store._db.write(lambda connection: connection.execute("update stages set stories = 0"))
    enrich(engine)
    assert len(shown(engine)) == 1


def test_reading_one_telling_marks_all_and_what_changed_marks_them_back(engine: Engine, ferry: dict[str, int]) -> None:
    both = {ferry[f"gull: {FERRY}"], ferry[f"heron: {FERRY_AGAIN}"]}
    changes = engine.mark([ferry[f"gull: {FERRY}"]], read=True)
    assert changes.updated == both
    assert engine.mark(sorted(changes.updated), read=False).updated == both
    engine.set_setting("story_marks_all", False)
    assert engine.mark([ferry[f"gull: {FERRY}"]], read=True).updated == {ferry[f"gull: {FERRY}"]}


def test_marking_all_read_leaves_nothing_unread_behind_cards(engine: Engine, ferry: dict[str, int]) -> None:
    marked, _ = engine.mark_all_read(TimelineQuery(order="newest"))
    assert set(marked) == set(ferry.values())
    assert sum(feed.unread for feed in engine.feeds()) == 0


def test_turning_folding_off_shows_all(engine: Engine, ferry: dict[str, int]) -> None:
    engine.set_setting("fold_stories", False)
    assert shown(engine) == {FERRY, FERRY_AGAIN, MUSEUM}
    engine.set_setting("fold_stories", True)
    assert shown(engine) == {FERRY, MUSEUM}


def test_the_differences_are_the_sentences_that_only_one_has(engine: Engine) -> None:
    common = "The ferry sails again across the northern strait since Monday morning. "
    add(engine, "gull", FERRY, hours=5, text=common + "Its captain keeps two dogs aboard.")
    add(engine, "heron", FERRY, hours=4, text=common + "Tickets cost 12 crowns now.")
    enrich(engine)
    found = ids(engine)
    story = engine.story(found[f"gull: {FERRY}"], differences=True)
    assert story is not None
    told = {telling.feed_title: telling.only_here for telling in story.posts}
    assert told == {"gull": ("Its captain keeps two dogs aboard.",), "heron": ("Tickets cost 12 crowns now.",)}


def test_a_rule_on_outlets_follows_the_story(engine: Engine) -> None:
    from engine import filters

    engine.save_rule(filters.parse_rule("label outlets over 2 named \"Big\""))
    add(engine, "gull", FERRY, hours=5)
    enrich(engine)
    add(engine, "heron", FERRY_AGAIN, hours=4)
    enrich(engine)
    rows = engine.rows(list(ids(engine).values()))
    assert [row.labels for row in rows] == [("Big",), ("Big",)]


def test_for_you_and_newest_list_the_same_cards(engine: Engine, ferry: dict[str, int]) -> None:
    engine.explain(ferry[f"gull: {FERRY}"])  # loads the order into memory
    newest = set(engine.timeline(TimelineQuery(order="newest")))
    assert set(engine.timeline(TimelineQuery(order="for_you"))) == newest
    engine.mark([ferry[f"gull: {FERRY}"]], hidden=True)
    assert set(engine.timeline(TimelineQuery(order="for_you"))) == set(engine.timeline(TimelineQuery(order="newest"))) != newest


def test_a_list_of_one_feed_is_whole_in_both_orders(engine: Engine, ferry: dict[str, int]) -> None:
    heron = next(feed.id for feed in engine.feeds() if feed.title == "heron")
    engine.explain(ferry[f"gull: {FERRY}"])
    for order in ("newest", "for_you"):
        assert engine.timeline(TimelineQuery(order=order, feed_id=heron)) == [ferry[f"heron: {FERRY_AGAIN}"]]  # type: ignore[arg-type]


def test_a_folder_shows_its_own_telling_in_both_orders(engine: Engine, ferry: dict[str, int]) -> None:
    heron = next(feed.id for feed in engine.feeds() if feed.title == "heron")
    engine.update_feed(heron, folder="Birds")
    engine.explain(ferry[f"gull: {FERRY}"])
    for order in ("newest", "for_you"):
        assert engine.timeline(TimelineQuery(order=order, folder="Birds")) == [ferry[f"heron: {FERRY_AGAIN}"]]  # type: ignore[arg-type]


def test_the_samples_fold_across_networks(engine: Engine, internet: SampleInternet) -> None:
    engine.follow(internet.subscriptions, allow_private=True)
    list(engine.refresh(force=True))
    enrich(engine)
    told: dict[str, set[str]] = {}
    for row in engine.rows(engine.timeline(TimelineQuery(order="newest", limit=0))):
        story = engine.story(row.id) if row.story_posts > 1 else None
        if story is not None:
            told[row.title] = {telling.network for telling in story.posts}
    assert told == {
        "Ferry collision in fog: no one hurt, crew praised": {"feed", "hackernews"},
        "Night buses return to the northern districts": {"feed", "mastodon"},
        "新型储能电池在北方电网试运行": {"feed", "bluesky"},
    }


def test_what_was_split_by_hand_raises_the_bar_for_others(engine: Engine) -> None:
    add(engine, "gull", "ferry strait storm harbour pilot anchor lantern compass", hours=5)
    add(engine, "heron", "ferry strait storm bakery garden violin museum chestnut", hours=4)
    enrich(engine)
    both = sorted(ids(engine).values())
    assert engine.story(both[0]) is not None
    engine.split_story([both[1]])
    assert engine._folding._index is not None
    assert engine._folding._index.stricter > 0.0
    engine.undo_story_act(1)
    assert engine._folding._index.stricter == 0.0


def test_a_run_that_was_stopped_goes_on_where_it_stood(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.enrich.FOLD_BATCH", 1)
    add(engine, "gull", FERRY, MUSEUM, hours=5)
    add(engine, "heron", FERRY_AGAIN, hours=3)
    engine.set_setting("ai", False)
    run = engine.enrich()
    for event in run:
        if isinstance(event, Progress) and event.stage == "stories":
            break
    run.close()  # type: ignore[attr-defined]
    assert engine._store.owed_count("stories") == 2
    enrich(engine)
    assert engine._store.owed_count("stories") == 0
    assert shown(engine) == {FERRY, MUSEUM}


def both(engine: Engine, **query: object) -> list[set[int]]:
    return [set(engine.timeline(TimelineQuery(order=order, limit=0, **query))) for order in ("newest", "for_you")]  # type: ignore[arg-type]


def test_a_folder_s_unread_list_lacks_what_stands_behind_a_card_that_was_read_in_both_orders(engine: Engine, ferry: dict[str, int]) -> None:
    for feed in engine.feeds():
        engine.update_feed(feed.id, folder="Coast")
    engine.explain(ferry[f"gull: {FERRY}"])  # loads the order into memory
    engine.set_setting("story_marks_all", False)
    engine.mark([ferry[f"gull: {FERRY}"]], read=True)
    newest, for_you = both(engine, folder="Coast", unread=True)
    assert newest == for_you == {ferry[f"gull: {MUSEUM}"]}


def test_posts_of_a_feed_that_is_followed_again_stand_in_both_orders(engine: Engine, ferry: dict[str, int]) -> None:
    gull = engine.post(ferry[f"gull: {FERRY}"]).row.feed_id
    engine.remove_feed(gull)
    engine.explain(ferry[f"heron: {FERRY_AGAIN}"])  # loads the order into memory
    assert both(engine) == [{ferry[f"heron: {FERRY_AGAIN}"]}] * 2
    add(engine, "gull")
    assert both(engine) == [{ferry[f"gull: {FERRY}"], ferry[f"gull: {MUSEUM}"]}] * 2


def test_a_post_that_is_hidden_and_brought_back_teaches_nothing(engine: Engine, ferry: dict[str, int]) -> None:
    post_id = ferry[f"gull: {FERRY}"]
    engine.explain(post_id)  # loads the order into memory
    changes = engine.mark([post_id], hidden=True)
    engine.record(post_id, "dismissed")
    engine.mark(sorted(changes.updated), hidden=False)
    assert engine._store.feedback_history() == []
    assert engine._store.judged_scores(0) == []
