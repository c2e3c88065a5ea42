"""Rules over a long past: the first screen at once, the rest in pieces that a kill or a change does not confuse; folders."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from engine import BusyError, Changes, Engine, PlainPost, TimelineQuery, filters, open_engine, parse_rule
from engine.core import reapplying
from engine.vectors import quantise

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = b"p" * 32
FIRST, PIECE = 40, 30  # so small here, so that few posts are many pieces
POSTS = 200
COMMON = 'hide words "goal"'  # six posts of ten


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


def post(number: int) -> PlainPost:
    word = "goal" if number % 10 < 6 else "frog"
    return PlainPost(title=f"Post {number} has a {word}", text="Some words.", published_at=NOW - timedelta(minutes=number))


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reapplying, "FIRST", FIRST)
    monkeypatch.setattr(reapplying, "PIECE", PIECE)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A profile of many posts, the lowest numbers the newest, with vectors on an arc away from the topic "boats"."""
    profile = tmp_path_factory.mktemp("rules") / "profile"
    with open_engine(profile, key=KEY, clock=Clock()) as engine:
        engine.set_setting("ai", False)
        engine.add_posts("Even", [post(number) for number in range(0, POSTS, 2)])
        engine.add_posts("Odd", [post(number) for number in range(1, POSTS, 2)])
        engine._settle(engine._store.owed("rules", limit=POSTS))
        ids = np.asarray([post_id for _, post_id in engine._store.newest_posts(POSTS)], np.int64)
        angles = np.linspace(0.0, 3.0, len(ids))
        codes, scales = quantise(np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32))
        engine._store.save_vectors(engine._model_name(), ids, codes, scales)
        engine._store.save_topic_vector(engine._model_name(), "boats", np.array([1, 0], np.float32).tobytes())
    return profile


@pytest.fixture
def profile(filled: Path, tmp_path: Path) -> Path:
    return shutil.copytree(filled, tmp_path / "profile")


@pytest.fixture
def engine(profile: Path) -> Iterator[Engine]:
    with open_engine(profile, key=KEY, clock=Clock()) as engine:
        yield engine


def rest(engine: Engine) -> int:
    """Judge what is still owed; returns the number of steps told."""
    return len(list(engine.reapply_rules()))


def hidden(engine: Engine) -> list[int]:
    return engine.timeline(TimelineQuery(order="newest", hidden=True, limit=0))


def state(engine: Engine) -> tuple[list[object], list[object]]:
    """All hits, and all that rules did to posts."""
    with engine._store._db.read() as connection:
        hits = connection.execute("select rule_id, post_id, action, matched from hits order by 1, 2").fetchall()
        states = connection.execute("select post_id, hidden, rule_id, muffled_by from post_states order by 1").fetchall()
    return hits, states


def test_the_newest_posts_are_right_at_once_and_the_rest_follows(engine: Engine) -> None:
    saved = engine.save_rule(parse_rule(COMMON))
    assert saved.more
    assert saved.posts == FIRST * 6 // 10
    shown = engine.rows(engine.timeline(TimelineQuery(order="newest", limit=FIRST * 4 // 10)))
    assert all("frog" in row.title for row in shown)
    assert engine.rule_counts() == {saved.rule.id: saved.posts}
    assert engine.rule_progress()[saved.rule.id].done == FIRST
    assert rest(engine) >= 3
    assert engine.rule_progress() == {}
    assert len(hidden(engine)) == POSTS * 6 // 10 == engine.rule_counts()[saved.rule.id]


def test_posts_on_screen_are_right_at_once_wherever_they_stand(engine: Engine) -> None:
    old = engine.timeline(TimelineQuery(order="newest", limit=0))[-1 - POSTS % 10]
    rule = parse_rule('hide title "has"')
    engine.save_rule(rule, visible=[old])
    assert old in hidden(engine)
    assert len(hidden(engine)) == FIRST + 1


def test_a_rule_on_rare_words_is_done_when_it_is_saved(engine: Engine) -> None:
    saved = engine.save_rule(parse_rule(f'hide words "{POSTS - 7}"'))
    assert (saved.posts, saved.more) == (1, False)


@pytest.mark.parametrize(
    "text",
    [COMMON, 'muffle phrase "a goal"', 'hide topic "boats" over 0.2', 'hide topic "boats" over 0.2 not words "goal"', 'label regex "goal|frog"',
     'hide not words "goal" in 2', 'boost topic "boats" over 0.1', 'hide words "goal" unless from 1', "star length over 1"],
)  # fmt: skip
def test_in_pieces_a_rule_takes_the_same_as_in_one_go(engine: Engine, text: str) -> None:
    rule = parse_rule(text)
    saved = engine.save_rule(rule).rule
    rest(engine)
    pieces = state(engine)
    ids = engine._store.posts_by_date().ids.tolist()
    engine._store.save_rule(saved, engine._hits(saved, ids))
    assert state(engine) == pieces
    assert len(pieces[0]) > 30


def test_what_a_rule_took_before_is_given_back_piece_by_piece(engine: Engine) -> None:
    saved = engine.save_rule(parse_rule(COMMON)).rule
    rest(engine)
    both = engine.save_rule(replace(saved, conditions=parse_rule('hide words "frog"').conditions))
    assert both.more
    newest = engine.rows(engine.timeline(TimelineQuery(order="newest", limit=FIRST * 6 // 10)))
    assert all("goal" in row.title for row in newest)
    rest(engine)
    assert all("frog" in row.title for row in engine.rows(hidden(engine)))
    assert len(hidden(engine)) == POSTS - POSTS * 6 // 10


@pytest.mark.parametrize("act", ["off", "delete"])
def test_taking_a_rule_back_is_exact(engine: Engine, act: str) -> None:
    engine.save_rule(parse_rule('muffle words "post"'))
    rest(engine)
    before = state(engine)
    saved = engine.save_rule(parse_rule(COMMON)).rule
    rest(engine)
    with_it = state(engine)
    if act == "off":
        engine.save_rule(replace(saved, enabled=False))
    else:
        engine.delete_rule(saved.id)
        assert saved.id not in {rule.id for rule in engine.rules()}
    rest(engine)
    assert state(engine) == before
    engine.save_rule(saved)
    rest(engine)
    assert state(engine) == with_it, "and back again"


def test_a_deleted_rule_comes_back_with_what_was_said_of_it(engine: Engine) -> None:
    saved = engine.save_rule(parse_rule(COMMON)).rule
    engine.mark(hidden(engine)[:3], hidden=False)
    engine.delete_rule(saved.id)
    assert engine.rule_errors() == {}
    engine.save_rule(saved)
    assert engine.rule_errors()[saved.id].mistakes == 3


def test_a_deleted_rule_is_forgotten_after_a_day(profile: Path) -> None:
    clock = Clock()
    with open_engine(profile, key=KEY, clock=clock) as engine:
        saved = engine.save_rule(parse_rule(COMMON)).rule
        engine.delete_rule(saved.id)
        rest(engine)
        clock.now += timedelta(days=1, minutes=1)
        rest(engine)
        with engine._store._db.read() as connection:
            assert connection.execute("select count(*) from rules").fetchone() == (0,)


def test_closing_stops_it_and_the_next_call_goes_on_there(engine: Engine) -> None:
    saved = engine.save_rule(parse_rule(COMMON)).rule
    steps = engine.reapply_rules()
    next(steps)
    first = next(steps)
    steps.close()
    assert engine.rule_progress()[saved.id].done == first.done
    assert 0 < len(hidden(engine)) < POSTS * 6 // 10
    steps = engine.reapply_rules()
    assert next(steps).done == first.done
    assert len(list(steps)) >= 1
    assert len(hidden(engine)) == POSTS * 6 // 10


def test_a_change_meanwhile_begins_anew_with_the_changed_rule(engine: Engine) -> None:
    saved = engine.save_rule(parse_rule(COMMON)).rule
    steps = engine.reapply_rules()
    next(steps)
    next(steps)
    engine.save_rule(replace(saved, action="muffle"))
    list(steps)
    assert hidden(engine) == []
    rows = engine.rows(engine.timeline(TimelineQuery(order="newest", limit=0)))
    assert sum(row.muffled_by == saved.id for row in rows) == POSTS * 6 // 10


def test_one_at_a_time_applies_rules(engine: Engine) -> None:
    engine.save_rule(parse_rule(COMMON))
    steps = engine.reapply_rules()
    next(steps)
    with pytest.raises(BusyError, match="applying rules"):
        rest(engine)
    steps.close()


CHILD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from engine import open_engine, parse_rule
from engine.core import reapplying
reapplying.FIRST, reapplying.PIECE = 40, 30
engine = open_engine(Path(sys.argv[1]), key=b"p" * 32, clock=lambda: datetime(2026, 3, 1, 12, tzinfo=UTC))
engine.save_rule(parse_rule(sys.argv[2]))
for step in engine.reapply_rules():
    print(step.done, flush=True)
    sys.stdin.readline()
"""


def test_a_killed_program_goes_on_where_it_stood(profile: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(profile), COMMON], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdout.readline()
    child.stdin.write("\n")
    child.stdin.flush()
    done = int(child.stdout.readline())
    child.kill()
    child.communicate()
    with open_engine(profile, key=KEY, clock=Clock()) as engine:
        (progress,) = engine.rule_progress().values()
        assert FIRST < progress.done == done < POSTS * 6 // 10
        steps = list(engine.reapply_rules())
        assert steps[0].done == done, "nothing is judged twice"
        assert len(hidden(engine)) == POSTS * 6 // 10


def test_the_models_step_also_judges_what_is_owed(engine: Engine) -> None:
    saved = engine.save_rule(parse_rule(COMMON)).rule
    list(engine.enrich())
    assert engine.rule_counts()[saved.id] == POSTS * 6 // 10


def test_the_window_is_told_now_and_then_and_when_it_is_done(engine: Engine) -> None:
    told: list[Changes] = []
    engine.save_rule(parse_rule(COMMON))
    engine.changes(told.append)
    rest(engine)
    assert told[-1].rules
    assert sum(len(changes.updated) for changes in told) == POSTS * 6 // 10 - FIRST * 6 // 10


def test_posts_of_before_are_not_starred_when_models_see_them_later(engine: Engine) -> None:
    engine.save_rule(parse_rule('star topic "boats" over -1'))
    engine._settle([post_id for _, post_id in engine._store.newest_posts(POSTS)][-50:])
    assert engine.counts().saved == 0


def test_a_topic_that_no_model_can_be_asked_about_waits(engine: Engine) -> None:
    saved = engine.save_rule(parse_rule('hide topic "never asked" over 0.1'))
    assert saved.more
    assert rest(engine) == 0
    assert list(engine.rule_progress()) == [saved.rule.id]
    engine._store.save_topic_vector(engine._model_name(), "never asked", np.array([1, 0], np.float32).tobytes())
    rest(engine)
    assert engine.rule_progress() == {}
    assert len(hidden(engine)) > FIRST


# ---- the dry run -----------------------------------------------------------------------------


@pytest.mark.parametrize("text", ['hide topic "boats" over 0.5', 'hide topic "boats" over 0.5 words "goal" unless from 1'])
def test_a_moved_threshold_is_answered_as_if_asked_anew(engine: Engine, text: str) -> None:
    rule = parse_rule(text)
    engine.preview_rule(rule)
    for low in (0.9, 0.2, -0.4):
        moved = replace(rule, conditions=(replace(rule.conditions[0], low=low), *rule.conditions[1:]))
        quick = engine.preview_rule(moved)
        engine._kept = None
        assert quick == engine.preview_rule(moved)
        assert quick.posts > 0
        assert min(score for _, score in quick.inside) >= low > max(score for _, score in quick.outside)


def test_what_was_previewed_is_what_is_taken(engine: Engine) -> None:
    for text in ('hide topic "boats" over 0.3', COMMON, 'muffle topic "boats" over 0.3 unless from 2'):
        rule = parse_rule(text)
        preview = engine.preview_rule(rule)
        saved = engine.save_rule(rule).rule
        rest(engine)
        assert preview.posts == engine.rule_counts()[saved.id]
        engine.delete_rule(saved.id)
        rest(engine)


def test_new_posts_are_in_the_next_preview(engine: Engine) -> None:
    rule = parse_rule('hide words "newt"')
    assert engine.preview_rule(rule).posts == 0
    engine.add_posts("Even", [PlainPost(title="A newt", published_at=NOW)])
    assert engine.preview_rule(rule).posts == 1


# ---- folders ---------------------------------------------------------------------------------


def feed(engine: Engine, title: str) -> int:
    return next(feed.id for feed in engine.feeds() if feed.title == title)


def test_a_rule_of_a_folder_looks_into_it_and_what_it_holds(engine: Engine) -> None:
    engine.update_feed(feed(engine, "Odd"), folder="Ponds/Small")
    rule = filters.parse_rule('hide words "goal" in folder "Ponds"')
    assert engine.preview_rule(rule).posts == POSTS * 3 // 10
    engine.save_rule(rule)
    rest(engine)
    assert {row.feed_title for row in engine.rows(hidden(engine))} == {"Odd"}
    assert len(hidden(engine)) == POSTS * 3 // 10


def test_a_new_feed_of_a_folder_is_covered(engine: Engine) -> None:
    engine.save_rule(filters.parse_rule('hide words "goal" in folder "Ponds"'))
    engine.add_posts("New", [PlainPost(title="A goal", published_at=NOW)])
    engine.update_feed(feed(engine, "New"), folder="Ponds")
    rest(engine)
    assert [row.feed_title for row in engine.rows(hidden(engine))] == ["New"]
    engine.add_posts("New", [PlainPost(title="Another goal", published_at=NOW)])
    assert len(hidden(engine)) == 2


def test_posts_of_a_feed_that_leaves_a_folder_come_back(engine: Engine) -> None:
    odd = feed(engine, "Odd")
    engine.update_feed(odd, folder="Ponds")
    engine.save_rule(filters.parse_rule('hide words "goal" in folder "Ponds"'))
    rest(engine)
    assert hidden(engine)
    engine.update_feed(odd, folder="")
    rest(engine)
    assert hidden(engine) == []


def test_a_rule_on_the_source_follows_its_new_name(engine: Engine) -> None:
    engine.save_rule(filters.parse_rule('hide source "pond"'))
    assert hidden(engine) == []
    engine.update_feed(feed(engine, "Odd"), title="Pond News")
    rest(engine)
    assert len(hidden(engine)) == POSTS // 2


@pytest.mark.parametrize("act", ["delete", "change"])
def test_what_a_rule_took_of_a_feed_that_was_left_is_given_back_too(engine: Engine, act: str) -> None:
    saved = engine.save_rule(parse_rule(COMMON)).rule
    rest(engine)
    odd = feed(engine, "Odd")
    engine.remove_feed(odd)
    if act == "delete":
        engine.delete_rule(saved.id)
    else:
        engine.save_rule(replace(parse_rule('hide words "nothing"'), id=saved.id))
    rest(engine)
    engine.restore_feed(odd)
    assert hidden(engine) == []
    assert engine.counts().unread == POSTS
