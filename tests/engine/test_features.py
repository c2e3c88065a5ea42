"""The switches over what models make."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest

from engine import Condition, Engine, InputError, PlainPost, Rule, Sentiment, Signals, TimelineQuery
from engine.core.parts import SWITCHES
from engine.installation import list_models
from tests.engine.conftest import plain_posts

EMBEDDING = next(model for model in list_models() if model.name == "all-MiniLM-L6-v2")
needs_embedding = pytest.mark.skipif(not EMBEDDING.installed, reason="the default embedding model is not installed")
ANGRY = Signals(sentiment=Sentiment(0.9, 0.05, 0.05), shares={"anger": 0.95})


def _angry(engine: Engine) -> int:
    """A post of which heads said that it is angry."""
    engine.add_posts("Pond", plain_posts(1))
    (post_id,) = engine.timeline(TimelineQuery(order="newest"))
    engine._publish(engine._store.save_signals("m heads 1", {post_id: ANGRY}))
    return post_id


def test_everything_is_switched_on_at_first(engine: Engine) -> None:
    assert set(SWITCHES) <= engine.features()


def test_the_master_switch_leaves_no_feature(engine: Engine) -> None:
    engine.set_setting("ai", False)
    assert engine.features() == frozenset()


@pytest.mark.parametrize("feature", SWITCHES)
def test_a_switch_takes_its_own_feature_away_and_no_other(engine: Engine, feature: str) -> None:
    before = engine.features()
    engine.set_setting(SWITCHES[feature], False)
    assert engine.features() == before - {feature}


def test_a_feature_that_is_off_is_refused_by_the_name_of_its_switch(engine: Engine) -> None:
    engine.set_setting("use_ask", False)
    with pytest.raises(InputError, match="millpond settings use_ask on"):
        engine._require_feature("ask")


def test_the_master_switch_is_named_first(engine: Engine) -> None:
    engine.set_setting("ai", False)
    engine.set_setting("use_ask", False)
    with pytest.raises(InputError, match="millpond settings ai on"):
        engine._require_feature("ask")


# ---- signals -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("switch", ["ai", "use_signals"])
def test_signals_vanish_from_cards_and_posts_and_come_back(engine: Engine, switch: str) -> None:
    post_id = _angry(engine)
    engine.set_setting(switch, False)
    for row in (*engine.rows([post_id]), engine.post(post_id).row):
        assert row.sentiment is None
        assert not row.shares
    engine.set_setting(switch, True)
    assert engine.rows([post_id])[0].shares == {"anger": 0.95}


@pytest.mark.parametrize("switch", ["ai", "use_signals"])
def test_a_rule_on_a_signal_sleeps_while_signals_are_off(engine: Engine, switch: str) -> None:
    post_id = _angry(engine)
    rule = Rule(name="No anger", conditions=(Condition(field="signal", value="anger", low=0.8),), action="hide")
    engine.set_setting(switch, False)
    assert engine.save_rule(rule).posts == 0
    assert engine.preview_rule(rule).posts == 0
    assert not engine.rows([post_id])[0].hidden
    engine.set_setting(switch, True)
    assert engine.preview_rule(rule).ids == (post_id,)
    assert engine.rows([post_id])[0].hidden  # what it slept through is caught up


@pytest.mark.parametrize("switch", ["ai", "use_signals"])
def test_what_a_rule_on_a_signal_hid_stays_in_the_tray(engine: Engine, switch: str) -> None:
    post_id = _angry(engine)
    engine.save_rule(Rule(name="No anger", conditions=(Condition(field="signal", value="anger", low=0.8),), action="hide"))
    engine.set_setting(switch, False)
    list(engine.reapply_rules())
    assert engine.rows([post_id])[0].hidden


@pytest.mark.parametrize("switch", ["ai", "use_signals"])
def test_the_order_and_its_reasons_forget_signals_while_they_are_off(engine: Engine, switch: str) -> None:
    post_id = _angry(engine)
    engine.edit_interest("signal", "anger", 1.5)
    names = {reason.name for reason in engine.explain(post_id).reasons}
    engine.set_setting(switch, False)
    without = {reason.name for reason in engine.explain(post_id).reasons}
    assert names - without == {"more_signal"}


def test_signals_alone_off_are_refused_by_the_name_of_their_switch(engine: Engine) -> None:
    engine.set_setting("use_signals", False)
    with pytest.raises(InputError, match="use_signals on"):
        engine.signals(["What a day"])


# ---- the master switch -------------------------------------------------------------------------------


def test_without_models_rules_hide_stories_fold_by_title_and_the_order_stands(engine: Engine) -> None:
    engine.set_setting("ai", False)
    engine.save_rule(Rule(name="No crypto", conditions=(Condition(field="words", value="crypto"),), action="hide"))
    told = "The old mill at the lower pond turns again after forty years of silence"
    engine.add_posts("One", [PlainPost(title=told, text="It grinds flour.", url="https://one.example/a"), PlainPost(title="Crypto falls", text="Again.")])
    engine.add_posts("Two", [PlainPost(title=told, text="It grinds flour again.", url="https://two.example/b")])
    list(engine.enrich())
    listed = engine.timeline(TimelineQuery())
    rows = engine.rows(listed)
    assert [row.title for row in rows] == [told]
    assert rows[0].story_posts == 2
    assert engine.explain(listed[0]).reasons


@needs_embedding
def test_the_master_switch_ends_the_processes_and_what_was_owed_is_caught_up(engine: Engine) -> None:
    engine.add_posts("Pond", plain_posts(2))
    list(engine.enrich())
    pid = engine._models.needed_embedder().supervisor.state().pid
    assert pid is not None
    engine.set_setting("ai", False)
    assert _gone(pid)
    engine.add_posts("Mill", plain_posts(2, topic="mill"))
    list(engine.enrich())
    assert engine._store.owed_count("vectors", EMBEDDING.name) == 2
    assert engine._store.owed_count("stories") == 0
    engine.set_setting("ai", True)
    list(engine.enrich())
    assert engine._store.owed_count("vectors", EMBEDDING.name) == 0
    assert all(row.sentiment is not None for row in engine.rows(engine.timeline(TimelineQuery(order="newest"))))


@needs_embedding
def test_signals_switched_off_in_the_middle_of_enriching_are_made_no_longer_but_vectors_are(engine: Engine) -> None:
    from engine import Enriched

    engine.add_posts("Pond", plain_posts(300))
    for event in engine.enrich():
        if isinstance(event, Enriched) and event.stage == "embed":
            engine.set_setting("use_signals", False)
    assert engine._store.owed_count("vectors", EMBEDDING.name) == 0
    engine.set_setting("use_signals", True)
    rows = engine.rows(range(1, 301))
    told = sum(row.sentiment is not None for row in rows)
    assert 0 < told < len(rows) == 300


@needs_embedding
def test_switched_off_in_the_middle_of_enriching_nothing_fails_and_the_rest_stays_owed(engine: Engine) -> None:
    from engine import Enriched, StageFailed

    engine.add_posts("Pond", plain_posts(600))
    events = []
    for event in engine.enrich():
        events.append(event)
        if isinstance(event, Enriched) and event.stage == "embed":
            engine.set_setting("ai", False)
    assert not [event for event in events if isinstance(event, StageFailed)]
    assert 0 < engine._store.owed_count("vectors", EMBEDDING.name) < 600


@needs_embedding
def test_with_signals_off_vectors_are_made_and_signals_caught_up_later(engine: Engine) -> None:
    engine.set_setting("use_signals", False)
    engine.add_posts("Pond", plain_posts(2))
    list(engine.enrich())
    assert engine._store.owed_count("vectors", EMBEDDING.name) == 0
    engine.set_setting("use_signals", True)
    ids = engine.timeline(TimelineQuery(order="newest"))
    assert all(row.sentiment is None for row in engine.rows(ids))
    list(engine.enrich())
    assert all(row.sentiment is not None for row in engine.rows(ids))


def test_a_switch_of_another_process_is_taken_up(reopen: Callable[[], Engine]) -> None:
    with reopen() as window, reopen() as other:
        other.set_setting("ai", False)
        assert window.poll().unknown
        assert window.features() == frozenset()


def _gone(pid: int) -> bool:
    """Whether a process has ended, which closing the worker waits for."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False
