"""What the person's own marks say of their rules and of the order."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from engine import Engine, PlainPost, TimelineQuery, open_engine, parse_rule

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)  # a Thursday
KEY = b"e" * 32


@pytest.fixture
def engine(tmp_path: Path):  # type: ignore[no-untyped-def]
    with open_engine(tmp_path / "profile", key=KEY, clock=lambda: NOW) as engine:
        engine.set_setting("ai", False)
        engine.add_posts("Daily", [PlainPost(title=f"Football result {n}", published_at=NOW - timedelta(hours=n)) for n in range(8)])
        engine.add_posts("Pond", [PlainPost(title=f"Frog {n}", published_at=NOW - timedelta(hours=n)) for n in range(4)])
        yield engine


def acted(engine: Engine, rows: list[tuple[int, datetime, str, float, float]]) -> None:
    """As the ranking notes it when the person does something."""
    values = [(post_id, at.timestamp(), event, place, newest) for post_id, at, event, place, newest in rows]
    engine._store._db.write(lambda connection: connection.executemany("insert into judged_scores values (?, ?, ?, ?, ?)", values))


def hidden(engine: Engine) -> list[int]:
    return engine.timeline(TimelineQuery(order="newest", hidden=True))


def test_an_untouched_profile_says_nothing(engine: Engine) -> None:
    said = engine.evaluation()
    assert (said.hidden, said.restored, said.rules, said.weeks) == (0, 0, (), ())


def test_restored_posts_stay_in_the_count_of_what_was_hidden(engine: Engine) -> None:
    engine.save_rule(parse_rule('hide words "football"'))
    engine.save_rule(parse_rule('muffle words "frog"'))
    engine.mark(hidden(engine)[:2], hidden=False)
    muffled = next(row.id for row in engine.rows(engine.timeline(TimelineQuery(order="newest"))) if row.muffled_by is not None)
    engine.mark([muffled], hidden=False)
    said = engine.evaluation()
    assert (said.hidden, said.restored) == (12, 3)


def test_posts_that_the_person_hid_themselves_are_no_rules_doing(engine: Engine) -> None:
    frog = engine.timeline(TimelineQuery(order="newest"))[0]
    engine.mark([frog], hidden=True)
    assert engine.evaluation().hidden == 0


def test_rules_that_surely_err_come_first_with_their_doubt(engine: Engine) -> None:
    football = engine.save_rule(parse_rule('hide words "football"')).rule
    frogs = engine.save_rule(parse_rule('muffle words "frog"')).rule
    engine.mark(hidden(engine)[:3], hidden=False)
    engine.judge_rule(football.id, {hidden(engine)[0]: True})
    first, second = engine.evaluation().rules
    assert (first.rule_id, first.taken, first.judged, first.mistakes) == (football.id, 5, 4, 3)
    assert first.low < 0.75 < first.high
    assert (second.rule_id, second.judged, second.low, second.high) == (frogs.id, 0, 0.0, 1.0)


def test_a_week_whose_order_put_liked_posts_first_is_one(engine: Engine) -> None:
    acted(
        engine,
        [(n, NOW, "liked" if n % 2 else "saved", 0.01 * n, 0.9 - 0.01 * n) for n in range(1, 6)]
        + [(n, NOW, "dismissed" if n % 2 else "passed", 0.5 + 0.01 * n, 0.01 * n) for n in range(6, 12)],
    )
    (week,) = engine.evaluation().weeks
    assert (week.week, week.liked, week.passed) == (date(2026, 3, 2), 5, 6)
    assert (week.auc, week.newest_first) == (1.0, 0.0)


def test_places_that_tell_nothing_are_a_half(engine: Engine) -> None:
    acted(engine, [(n, NOW, "opened" if n < 6 else "disliked", 0.5, n % 5 / 5) for n in range(1, 11)])
    (week,) = engine.evaluation().weeks
    assert (week.auc, week.newest_first) == (0.5, 0.5)


def test_a_week_with_few_acts_gives_no_figure(engine: Engine) -> None:
    acted(engine, [(n, NOW, "liked" if n < 5 else "passed", 0.1, 0.1) for n in range(1, 30)])
    (week,) = engine.evaluation().weeks
    assert (week.liked, week.passed, week.auc, week.newest_first) == (4, 25, None, None)


def test_weeks_begin_on_monday_the_newest_first_and_old_ones_are_left_out(engine: Engine) -> None:
    monday = datetime(2026, 3, 2, tzinfo=UTC)
    acted(
        engine,
        [
            (1, monday, "liked", 0, 0), (2, monday - timedelta(seconds=1), "liked", 0, 0), (3, monday - timedelta(weeks=30), "liked", 0, 0),
            (4, monday, "shown", 0, 0),
        ],
    )  # fmt: skip
    assert [(week.week, week.liked) for week in engine.evaluation().weeks] == [(date(2026, 3, 2), 1), (date(2026, 2, 23), 1)]
