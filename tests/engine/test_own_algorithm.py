"""What a person sets by hand holds at once: timelines, weights, what is forgotten, and the file of all of it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import (
    WEIGHTS,
    Breakout,
    Condition,
    Engine,
    InputError,
    NotFoundError,
    PlainPost,
    Rule,
    Signals,
    Timeline,
    TimelineQuery,
    open_engine,
)
from engine.ranking.score import PRESETS
from engine.vectors import quantise, unit

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SUBJECTS = {
    "lake": ("Frozen lake at dawn", "Skating over the lake", "A lake in winter", "Lake ice and its sounds"),
    "engine": ("Old engine museum", "Diesel engine repair", "Engine noise at night", "A jet engine on test"),
    "bread": ("Rye bread slowly", "Bread oven of stone", "Sourdough bread again", "Bread and salt"),
}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Three feeds of four posts each, an hour between any two, without models."""
    with open_engine(tmp_path / "profile", key=secrets.token_bytes(32), clock=lambda: NOW) as opened:
        opened.set_setting("ai", False)
        fill(opened)
        yield opened


def fill(engine: Engine) -> None:
    for first, (subject, titles) in enumerate(SUBJECTS.items(), 1):
        posts = [
            PlainPost(
                title=title, url=f"https://{subject}.example/{number}", author=("Ada", "Bo")[number % 2],
                published_at=NOW - timedelta(hours=first + 3 * number),
            )
            for number, title in enumerate(titles)
        ]  # fmt: skip
        engine.add_posts(subject.title(), posts)


def titles(engine: Engine, query: TimelineQuery = TimelineQuery()) -> list[str]:  # noqa: B008 - frozen
    return [row.title for row in engine.rows(engine.timeline(query))]


def post_of(engine: Engine, title: str) -> int:
    ids = engine.timeline(TimelineQuery(order="newest"))
    return next(row.id for row in engine.rows(ids) if row.title == title)


def feed_of(engine: Engine, title: str) -> str:
    return str(next(feed.id for feed in engine.feeds() if feed.title == title))


def place(engine: Engine, title: str) -> int:
    position = engine.explain(post_of(engine, title)).position
    assert position is not None
    return position


# ---- weights set by hand ---------------------------------------------------------------------------


def test_less_of_a_source_sends_its_posts_down_at_once(engine: Engine) -> None:
    before = place(engine, "Frozen lake at dawn")
    engine.edit_interest("source", feed_of(engine, "Lake"), -3)
    assert place(engine, "Frozen lake at dawn") > before
    engine.edit_interest("source", feed_of(engine, "Lake"), None)
    assert place(engine, "Frozen lake at dawn") == before


def test_more_of_a_word_lifts_the_posts_that_hold_it(engine: Engine) -> None:
    engine.edit_interest("word", "bread", 3)
    assert all("bread" in title.lower() for title in titles(engine)[:4])


def test_a_chinese_word_is_found_inside_an_unspaced_title(engine: Engine) -> None:
    engine.add_posts("Lake", [PlainPost(title="冬天的湖面结冰了", published_at=NOW - timedelta(hours=40))])
    engine.edit_interest("word", "结冰", 4)
    assert titles(engine)[0] == "冬天的湖面结冰了"


def test_more_of_a_host_lifts_the_posts_that_link_to_it(engine: Engine) -> None:
    engine.edit_interest("word", "@engine.example", 3)
    assert all("engine" in title.lower() for title in titles(engine)[:4])


def test_more_of_an_author_lifts_what_they_wrote(engine: Engine) -> None:
    engine.edit_interest("author", "Bo", 4)
    assert {row.author for row in engine.rows(engine.timeline()[:6])} == {"Bo"}


def test_a_later_post_of_a_favoured_author_is_lifted_too(engine: Engine) -> None:
    engine.edit_interest("author", "Cy", 4)
    engine.timeline()
    engine.add_posts("Lake", [PlainPost(title="By Cy", author="Cy", published_at=NOW - timedelta(hours=30))])
    assert titles(engine)[0] == "By Cy"


def test_a_topic_by_description_lifts_posts_about_it_without_any_model(engine: Engine) -> None:
    engine.edit_interest("topic", "diesel engine", 4)
    assert titles(engine)[0] == "Diesel engine repair"


def test_a_topic_by_post_lifts_posts_like_it(engine: Engine) -> None:
    engine.edit_interest("topic", f"post:{post_of(engine, 'Bread and salt')}", 4)
    assert all("bread" in title.lower() for title in titles(engine)[:4])


def test_an_edit_stands_in_the_place_of_what_was_learnt(engine: Engine) -> None:
    for title in SUBJECTS["lake"][:3]:
        engine.feedback(post_of(engine, title), True)
    key = feed_of(engine, "Lake")
    learnt = next(each for each in engine.learned().learned if (each.kind, each.key) == ("source", key))
    assert learnt.weight > 0
    engine.edit_interest("source", key, -2)
    edited = next(each for each in engine.learned().learned if (each.kind, each.key) == ("source", key))
    assert (edited.weight, edited.edited) == (-2, True)
    assert edited.learnt == pytest.approx(learnt.weight)
    names = {reason.name for reason in engine.explain(post_of(engine, "Lake ice and its sounds")).reasons}
    assert "less_source" in names
    assert "source_liked" not in names


@pytest.mark.parametrize(
    ("kind", "key", "weight"),
    [("source", "999", 1), ("source", "x", 1), ("word", "the", 1), ("word", "", 1), ("signal", "gloom", 1), ("mood", "x", 1), ("word", "lake", 99),
     ("topic", "post:x", 1), ("topic", "post:" + "9" * 30, 1)],
)  # fmt: skip
def test_a_weight_of_nothing_or_out_of_bounds_is_refused(engine: Engine, kind: str, key: str, weight: float) -> None:
    with pytest.raises(InputError):
        engine.edit_interest(kind, key, weight)  # type: ignore[arg-type]
    assert engine.interest_edits() == {}


def test_edits_survive_closing(tmp_path: Path) -> None:
    key = secrets.token_bytes(32)
    with open_engine(tmp_path / "kept", key=key) as first:
        first.set_setting("ai", False)
        fill(first)
        first.edit_interest("word", "bread", 3)
    with open_engine(tmp_path / "kept", key=key) as second:
        assert second.interest_edits() == {("word", "bread"): 3.0}
        assert second.timeline()[0] == post_of(second, "Rye bread slowly")


# ---- explanations ----------------------------------------------------------------------------------


def test_reasons_sum_to_the_score_with_edits_and_curiosity(engine: Engine) -> None:
    engine.feedback(post_of(engine, "Frozen lake at dawn"), True)
    engine.feedback(post_of(engine, "Old engine museum"), False)
    engine.set_setting("exploration", 0.7)
    engine.edit_interest("word", "bread", 1)
    engine.edit_interest("author", "Bo", -1)
    engine.edit_interest("topic", "lake ice", 2)
    engine.edit_interest("source", feed_of(engine, "Engine"), 0.5)
    for post_id in engine.timeline():
        told = engine.explain(post_id)
        assert sum(reason.contribution for reason in told.reasons) == pytest.approx(told.score, abs=1e-6)


def test_what_would_move_a_post_moves_it_there_when_it_is_done(engine: Engine) -> None:
    engine.feedback(post_of(engine, "Frozen lake at dawn"), True)
    target = post_of(engine, "Lake ice and its sounds")
    told = {(each.change, each.name): each for each in engine.explain(target).counterfactuals}
    read = told["read", "already_seen"].position
    newest_first = told["strength", ""].position
    engine.mark([target], read=True)
    engine.set_setting("strength", 1.0)  # orders anew
    assert engine.explain(target).position == read
    engine.mark([target], read=False)
    engine.set_setting("strength", 0.0)
    assert engine.explain(target).position == newest_first


def test_a_post_without_a_place_is_told_nothing_that_would_move_it(engine: Engine) -> None:
    target = post_of(engine, "Bread and salt")
    engine.mark([target], hidden=True)
    told = engine.explain(target)
    assert told.position is None
    assert told.counterfactuals == ()


def test_what_is_kept_in_memory_stays_in_step_with_the_store(engine: Engine) -> None:
    vectors = np.random.default_rng(3).standard_normal((40, 16)).astype(np.float32)
    engine.timeline()
    engine.edit_interest("author", "Cy", 1)
    engine.feedback(post_of(engine, "Frozen lake at dawn"), True)
    engine.feedback(post_of(engine, "Old engine museum"), False)
    for number in range(3):
        new = engine.add_posts("Lake", [
            PlainPost(title=f"Swans {number}", guid="swan" if number else "", author="Cy", url=f"https://lake.example/{number + 9}",
                      published_at=NOW - timedelta(minutes=number + 1))
        ])  # fmt: skip
        ids = sorted(new.new | new.updated)
        engine._store.save_vectors("all-MiniLM-L6-v2", np.array(ids), *quantise(unit(vectors[ids])))
        said = {post_id: Signals(shares={"joy": 0.1 * number, "anger": 0.9}) for post_id in ids}
        engine._publish(engine._store.save_signals("heads", said))
        engine.mark(ids, read=True)
        engine.timeline()
    first, *others = engine.timeline()
    engine.mark([first], hidden=True)
    engine.merge_stories(others[2:4])
    engine.feedback(others[0], True)
    scorer = engine._scorer

    def told() -> list[object]:
        return [engine.timeline(), *(engine.explain(post_id) for post_id in sorted(engine.timeline()))]

    before = told()
    scorer.forget()
    scorer.load()
    assert told() == before


# ---- forgetting ------------------------------------------------------------------------------------


def test_a_forgotten_act_teaches_nothing_and_can_be_called_back(engine: Engine) -> None:
    liked = post_of(engine, "Frozen lake at dawn")
    engine.feedback(liked, True)
    learnt = engine.learned()
    assert engine.forget_posts([liked]).updated == {liked}
    assert engine.learned().acts == 0
    assert engine.post(liked).row.liked is True
    engine.forget_posts([liked], forget=False)
    assert engine.learned() == learnt


def test_an_act_after_forgetting_counts_again(tmp_path: Path) -> None:
    clock = [NOW]
    with open_engine(tmp_path / "profile", key=secrets.token_bytes(32), clock=lambda: clock[0]) as engine:
        engine.set_setting("ai", False)
        fill(engine)
        liked = post_of(engine, "Frozen lake at dawn")
        engine.feedback(liked, True)
        engine.forget_posts([liked])
        clock[0] += timedelta(minutes=1)
        engine.feedback(liked, None)
        engine.feedback(liked, True)
        assert engine.learned().likes == 1


def test_resetting_forgets_all_acts_and_undo_brings_them_back(engine: Engine) -> None:
    for title in SUBJECTS["lake"][:2]:
        engine.feedback(post_of(engine, title), True)
    before = engine.timeline()
    undo = engine.reset_learning().updated
    assert engine.learned().acts == 0
    engine.forget_posts(undo, forget=False)
    assert engine.timeline() == before


# ---- timelines -------------------------------------------------------------------------------------


def test_a_timeline_of_its_own_feeds_lists_these_alone_by_its_own_weights(engine: Engine) -> None:
    feeds = (int(feed_of(engine, "Bread")), int(feed_of(engine, "Lake")))
    saved, changes = engine.save_timeline(Timeline(name="Slow", feed_ids=feeds, strength=0))
    assert changes.order
    listed = engine.rows(engine.timeline(TimelineQuery(timeline_id=saved.id)))
    assert {row.feed_id for row in listed} == set(feeds)
    assert [row.published_at for row in listed] == sorted((row.published_at for row in listed), reverse=True)


def test_each_timeline_keeps_its_own_order(engine: Engine) -> None:
    for title in SUBJECTS["lake"][:3]:
        engine.feedback(post_of(engine, title), True)
    strong, _ = engine.save_timeline(Timeline(name="Strong", strength=2, weights={"interest": 4.0, "half_life_hours": 400}))
    newest, _ = engine.save_timeline(Timeline(name="Newest", strength=0))
    assert titles(engine, TimelineQuery(timeline_id=newest.id)) == titles(engine, TimelineQuery(order="newest"))
    assert titles(engine, TimelineQuery(timeline_id=strong.id)) != titles(engine, TimelineQuery(timeline_id=newest.id))
    assert titles(engine, TimelineQuery(timeline_id=newest.id))[0] == "Frozen lake at dawn"
    told = engine.explain(post_of(engine, "Bread and salt"), timeline_id=newest.id)
    assert [reason.name for reason in told.reasons] == ["fresh"]


def test_a_timeline_changes_with_its_weights(engine: Engine) -> None:
    saved, _ = engine.save_timeline(Timeline(name="Mine", strength=0))
    before = engine.timeline(TimelineQuery(timeline_id=saved.id))
    engine.edit_interest("word", "salt", 4)
    engine.save_timeline(Timeline(id=saved.id, name="Mine", strength=1))
    assert engine.timeline(TimelineQuery(timeline_id=saved.id)) != before
    assert len(engine.timelines()) == 1


def test_a_timeline_that_is_deleted_or_never_was_is_told_so(engine: Engine) -> None:
    saved, _ = engine.save_timeline(Timeline(name="Mine"))
    engine.delete_timeline(saved.id)
    with pytest.raises(NotFoundError):
        engine.timeline(TimelineQuery(timeline_id=saved.id))
    with pytest.raises(NotFoundError):
        engine.delete_timeline(saved.id)


@pytest.mark.parametrize(
    "timeline",
    [Timeline(name=""), Timeline(name="x", strength=9), Timeline(name="x", preset="loud"), Timeline(name="x", weights={"loudness": 1.0}),
     Timeline(name="x", weights={"seen": -1.0}), Timeline(name="x", signals={"gloom": 1.0}), Timeline(name="x", exploration=2)],
)  # fmt: skip
def test_a_timeline_out_of_bounds_is_refused(engine: Engine, timeline: Timeline) -> None:
    with pytest.raises(InputError):
        engine.save_timeline(timeline)
    assert engine.timelines() == []


def test_two_timelines_may_not_share_a_name(engine: Engine) -> None:
    engine.save_timeline(Timeline(name="Mine"))
    with pytest.raises(InputError, match="already"):
        engine.save_timeline(Timeline(name="Mine"))


def test_the_sliders_stand_where_the_usual_preset_has_them() -> None:
    assert {setting.name: setting.default for setting in WEIGHTS} == {
        setting.name: getattr(PRESETS["balanced"], setting.name) for setting in WEIGHTS
    }
    assert all(setting.low is not None and setting.high is not None and setting.label and setting.help for setting in WEIGHTS)


def test_marking_a_timeline_as_read_marks_its_posts_alone(engine: Engine) -> None:
    saved, _ = engine.save_timeline(Timeline(name="Bread only", feed_ids=(int(feed_of(engine, "Bread")),)))
    marked, _ = engine.mark_all_read(TimelineQuery(timeline_id=saved.id))
    assert {row.feed_title for row in engine.rows(marked)} == {"Bread"}
    assert engine.counts().unread == 8


# ---- the algorithm file ----------------------------------------------------------------------------


def furnish(engine: Engine) -> None:
    engine.set_setting("preset", "quiet")
    engine.set_setting("strength", 1.5)
    engine.save_timeline(Timeline(name="Slow", feed_ids=(int(feed_of(engine, "Bread")),), weights={"seen": 2.0}, signals={"anger": 1.5}))
    engine.edit_interest("word", "bread", 1.5)
    engine.edit_interest("source", feed_of(engine, "Engine"), -2)
    engine.edit_interest("topic", "skating outdoors", 1)
    condition = Condition(field="words", value="diesel")
    engine.save_rule(Rule(name="No fumes", conditions=(condition,), action="muffle", feed_ids=(int(feed_of(engine, "Engine")),)))


def test_the_file_of_this_profile_changes_nothing_in_it(engine: Engine) -> None:
    furnish(engine)
    text = engine.export_algorithm()
    assert engine.compare_algorithm(text) == []
    engine.import_algorithm(text)
    assert engine.export_algorithm() == text


def test_the_file_makes_another_profile_alike(engine: Engine, tmp_path: Path) -> None:
    furnish(engine)
    text = engine.export_algorithm()
    with open_engine(tmp_path / "other", key=secrets.token_bytes(32), clock=lambda: NOW) as other:
        other.set_setting("ai", False)
        fill(other)
        assert {change.what for change in other.compare_algorithm(text)} == {"setting", "timeline", "weight", "rule"}
        other.import_algorithm(text)
        assert other.export_algorithm() == text
        assert other.timeline() == engine.timeline()
        assert other.rows(other.timeline())[0].feed_title == engine.rows(engine.timeline())[0].feed_title


def test_the_file_holds_no_post_and_no_secret(engine: Engine) -> None:
    furnish(engine)
    engine.feedback(post_of(engine, "Frozen lake at dawn"), True)
    engine.edit_interest("topic", f"post:{post_of(engine, 'Bread and salt')}", 1)
    text = engine.export_algorithm()
    assert "post:" not in text
    assert "Frozen lake at dawn" not in text
    assert "lake.example/0" not in text


def test_what_no_file_can_hold_stays(engine: Engine) -> None:
    topic = f"post:{post_of(engine, 'Bread and salt')}"
    engine.edit_interest("topic", topic, 1)
    liked = Condition(field="topic", value="", examples=(post_of(engine, "Bread and salt"),), low=0.5)
    rule = engine.save_rule(Rule(name="Like that", conditions=(liked,), action="label")).rule
    text = engine.export_algorithm()
    assert engine.compare_algorithm(text) == []
    engine.import_algorithm(text)
    assert engine.interest_edits() == {("topic", topic): 1.0}
    assert [each.id for each in engine.rules()] == [rule.id]


def test_what_lets_posts_through_a_rule_is_in_the_file(engine: Engine) -> None:
    trusted = int(feed_of(engine, "Lake"))
    condition = Condition(field="words", value="ice")
    engine.save_rule(Rule(name="No ice", conditions=(condition,), breakout=Breakout(feed_ids=(trusted,))))
    text = engine.export_algorithm()
    assert engine.compare_algorithm(text) == []
    engine.import_algorithm("format = 1\n")
    engine.import_algorithm(text)
    (rule,) = engine.rules()
    assert rule.breakout is not None
    assert rule.breakout.feed_ids == (trusted,)


def test_a_rule_of_feeds_that_are_not_followed_is_left_out_and_told(engine: Engine) -> None:
    text = """
format = 1
[[rule]]
rule = 'hide words "lake" named "Elsewhere"'
feeds = ["https://nowhere.example/feed"]
"""
    assert [(change.what, change.name) for change in engine.compare_algorithm(text)] == [("left_out", "Elsewhere")]
    engine.import_algorithm(text)
    assert engine.rules() == []
    assert engine.counts().hidden == 0


def test_a_rule_and_a_timeline_of_a_feed_that_was_left_are_in_no_file_and_stay(engine: Engine) -> None:
    lake = int(feed_of(engine, "Lake"))
    rule = engine.save_rule(Rule(name="No ice", conditions=(Condition(field="words", value="ice"),), feed_ids=(lake,))).rule
    timeline, _ = engine.save_timeline(Timeline(name="Cold", feed_ids=(lake,)))
    engine.remove_feed(lake)
    text = engine.export_algorithm()
    assert "No ice" not in text
    assert "Cold" not in text
    engine.import_algorithm(text)
    assert [(each.id, each.feed_ids) for each in engine.rules()] == [(rule.id, (lake,))]
    assert engine.timelines() == [timeline]


def test_posts_come_out_from_behind_cards_when_a_file_says_so(engine: Engine) -> None:
    one, other = post_of(engine, "Frozen lake at dawn"), post_of(engine, "Rye bread slowly")
    engine.merge_stories([one, other])
    unread = engine.counts().unread
    engine.import_algorithm("format = 1\n[settings]\nfold_stories = false\n")
    assert {one, other} <= set(engine.timeline(TimelineQuery(order="newest", limit=0)))
    assert engine.counts().unread == unread + 1


@pytest.mark.parametrize(
    "text",
    [
        "format = 1\n[[weight]]\nkind = 'word'\nkey = 'x'\nweight = " + "9" * 400,
        "format = 1\n" + "[[weight]]\nkind = 'word'\nkey = 'x'\nweight = 1\n" * 1001,
        "format = 1\n[settings]\n" + "".join(f"a{number} = 1\n" for number in range(101)),
    ],
    ids=["a number without end", "weights without end", "settings without end"],
)
def test_a_file_that_would_cost_too_much_is_refused(engine: Engine, text: str) -> None:
    with pytest.raises(InputError, match="Line"):
        engine.import_algorithm(text)


def test_what_the_file_does_not_name_goes(engine: Engine) -> None:
    furnish(engine)
    changes = engine.compare_algorithm("format = 1\n")
    assert {(change.what, change.name) for change in changes if change.after == ""} >= {("timeline", "Slow"), ("rule", "No fumes"), ("weight", "word bread")}
    engine.import_algorithm("format = 1\n")
    assert (engine.timelines(), engine.rules(), engine.interest_edits()) == ([], [], {})


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("format = 1\n[settings]\nstrength = 7\n", 3),
        ("format = 1\n[settings]\npreset = 'balanced'\ntheme = 'dark'\n", 4),
        ("format = 1\n\n[[timeline]]\nname = 'A'\n\n[[timeline]]\nname = 'B'\nstrength = 'much'\n", 6),
        ("format = 1\n[[timeline]]\nname = 'A'\nweights = {loud = 1}\n", 2),
        ("format = 1\n[[timeline]]\nname = 'A'\n[[timeline]]\nname = 'A'\n", 4),
        ("format = 1\n[[weight]]\nkind = 'mood'\nkey = 'x'\nweight = 1\n", 2),
        ("format = 1\n[[weight]]\nkind = 'word'\nkey = 'x'\nweight = 50\n", 2),
        ("format = 1\n[[weight]]\nkind = 'word'\nkey = 'the'\nweight = 1\n", 2),
        ("format = 1\n[[weight]]\nkind = 'topic'\nkey = 'post:3'\nweight = 1\n", 2),
        ("format = 1\n[[rule]]\nrule = 'hide words'\n", 2),
        ("format = 1\n[[rule]]\nrule = 'hide words \"x\" in 3'\n", 2),
        ("format = 1\n[[rule]]\nrule = 'hide words \"x\"'\nmood = 3\n", 2),
        ("format = 1\nsurprise = 3\n", 2),
        ("format = 2\n", 1),
        ("format = 1\n[settings\n", 2),
        ("hello", 1),
    ],
)  # fmt: skip
def test_a_bad_file_names_its_line_and_changes_nothing(engine: Engine, text: str, line: int) -> None:
    furnish(engine)
    before = engine.export_algorithm()
    with pytest.raises(InputError, match=rf"^Line {line}:"):
        engine.import_algorithm(text)
    assert engine.export_algorithm() == before


names = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=12)
timelines = st.builds(
    Timeline,
    name=names,
    preset=st.sampled_from(sorted(PRESETS)),
    strength=st.floats(0, 2),
    exploration=st.floats(0, 1),
    weights=st.dictionaries(st.sampled_from(["seen", "variety", "rare_poster"]), st.floats(0, 3), max_size=2),
    signals=st.dictionaries(st.sampled_from(["anger", "spam", "negative"]), st.floats(0, 10), max_size=2),
    folder=st.none() | names,
)


@given(
    st.lists(timelines, max_size=3, unique_by=lambda each: each.name),
    st.dictionaries(st.tuples(st.sampled_from(["author", "topic"]), names), st.floats(-4, 4), max_size=4),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_written_is_read_back(
    engine: Engine, reopen: Callable[[], Engine], own: list[Timeline], edits: dict[tuple[str, str], float]
) -> None:
    for timeline in engine.timelines():
        engine.delete_timeline(timeline.id)
    for kind, key in engine.interest_edits():
        engine.edit_interest(kind, key, None)
    for timeline in own:
        engine.save_timeline(timeline)
    for (kind, key), weight in edits.items():
        if not key.startswith("post:"):
            engine.edit_interest(kind, key, weight)  # type: ignore[arg-type]
    text = engine.export_algorithm()
    with reopen() as other:
        other.set_setting("ai", False)
        other.import_algorithm(text)
        assert other.export_algorithm() == text
        assert other.compare_algorithm(text) == []


# ---- what the order was worth ----------------------------------------------------------------------


def test_an_act_keeps_where_the_post_stood_before_it_was_learnt_from(engine: Engine) -> None:
    engine.timeline()
    engine.edit_interest("word", "salt", 4)
    last = post_of(engine, "Bread and salt")
    order, newest = engine.timeline(), engine.timeline(TimelineQuery(order="newest"))
    engine.feedback(last, True)
    ((_, event, shown, newest_first),) = engine._store.judged_scores(0)
    assert event == "liked"
    assert shown == pytest.approx(order.index(last) / 11)
    assert newest_first == pytest.approx(newest.index(last) / 11)


def test_a_stronger_act_takes_the_place_of_a_weaker_one_and_not_the_other_way(engine: Engine) -> None:
    engine._scorer.load()
    engine.timeline()
    target = post_of(engine, "Bread and salt")
    engine.mark([target], read=True)
    engine.record(target, "opened")
    engine.feedback(target, True)
    engine.record(target, "opened")
    assert [row[1] for row in engine._store.judged_scores(0)] == ["liked"]
    engine.feedback(target, None)
    assert engine._store.judged_scores(0) == []
