"""Signals on their way from the worker's wire to rules and rows."""

from __future__ import annotations

import math
import secrets
from pathlib import Path

import pytest

from engine import (
    Condition,
    Engine,
    PlainPost,
    Progress,
    Rule,
    Signals,
    StageFailed,
    TimelineQuery,
    format_rule,
    list_models,
    open_engine,
    parse_rule,
)  # fmt: skip
from engine.errors import InputError
from engine.filters import check
from engine.installation import signals_name, trained_heads
from engine.types import SIGNAL_NAMES, Sentiment
from engine.workers.clients import _signals
from engine.workers.wire import WireError
from tests.engine.conftest import plain_posts

NAN = math.nan


def test_twelve_numbers_become_a_sentiment_and_named_shares() -> None:
    said = _signals([0.25, 0.5, 0.25, 0.9, NAN, 0.1, NAN, NAN, NAN, NAN, 0.0, None])
    assert said == Signals(sentiment=Sentiment(0.25, 0.5, 0.25), shares={"joy": 0.9, "anger": 0.1, "spam": 0.0})


def test_a_text_of_which_nobody_asked_anything_has_no_signals() -> None:
    assert _signals([NAN] * 12) == Signals()


@pytest.mark.parametrize("numbers", [[0.2, 0.3, 0.5], [0.2, 0.3, 0.5, *[1.5] * 9], [0.2, 0.3, 0.5, *[-0.1] * 9]])
def test_numbers_that_are_no_probabilities_are_refused(numbers: list[float]) -> None:
    with pytest.raises(WireError):
        _signals(numbers)


def test_heads_are_named_after_their_model_and_their_content() -> None:
    heads = trained_heads("all-MiniLM-L6-v2")
    assert heads is not None
    assert signals_name("all-MiniLM-L6-v2") == f"all-MiniLM-L6-v2 heads {heads.version}"
    assert len(heads.version) == 10
    assert signals_name("a model without any") == ""


@pytest.mark.parametrize("name", ["negative", "neutral", "positive", *SIGNAL_NAMES])
def test_rules_can_ask_for_each_signal_that_the_heads_tell(name: str) -> None:
    (condition,) = parse_rule(f"muffle signal {name} over 0.7").conditions
    assert condition == Condition(field="signal", value=name, low=0.7)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return open_engine(tmp_path / "profile", key=secrets.token_bytes(32))


def test_an_old_rule_on_a_signal_that_nobody_tells_any_more_loads_and_takes_nothing(engine: Engine) -> None:
    old = Rule(name="Old", conditions=(Condition(field="signal", value="fear", low=0.8),))
    with engine:
        engine._store.save_rule(old)
        (kept,) = engine.rules()
        assert engine.preview_rule(kept).posts == 0
        assert format_rule(kept).startswith("hide signal fear over 0.8")
        with pytest.raises(InputError, match="no signal “fear”"):
            check(kept)


needs_model = pytest.mark.skipif(
    not all(model.installed for model in list_models() if model.default and model.kind == "embedding"),
    reason="the default embedding model is not installed: make models",
)


@needs_model
def test_a_chinese_post_gets_signals_without_a_vector_and_a_rule_that_asks_for_them_takes_it(engine: Engine) -> None:
    glad = "这家店太棒了，味道非常好，服务也很热情，下次一定再来，强烈推荐给大家！"
    with engine:
        engine.set_setting("summaries_top", 0)
        engine.add_posts("磨坊日记", [PlainPost(title="好店", text=glad, url="https://mill.example/1")])
        rule = engine.save_rule(parse_rule("muffle signal positive over 0.6"))
        assert rule.posts == 0
        assert not [event for event in engine.enrich() if isinstance(event, StageFailed)]
        (row,) = engine.rows(engine.timeline(TimelineQuery(order="newest")))
        assert row.language == "zh"
        assert row.sentiment is not None
        assert row.sentiment.label == "positive"
        assert row.muffled_by == rule.rule.id
        assert engine._store.vector_count("all-MiniLM-L6-v2") == 0
        assert engine.signals([f"好店\n{glad}"])[0].sentiment == pytest.approx(row.sentiment)


@needs_model
def test_a_few_words_of_which_nobody_can_tell_the_language_have_signals_all_the_same(engine: Engine) -> None:
    with engine:
        text = "lol nah"
        assert engine.languages([text]) == [""]
        (said,) = engine.signals([text])
        assert said.sentiment is not None
        assert said.shares.keys() == set(SIGNAL_NAMES)


@needs_model
def test_other_heads_read_all_posts_again_the_newest_first_and_leave_their_vectors(engine: Engine) -> None:
    with engine:
        engine.set_setting("summaries_top", 0)
        engine.set_setting("fold_stories", False)
        engine.add_posts("Ponds", plain_posts(5))
        list(engine.enrich())
        ids = engine.timeline(TimelineQuery(order="newest"))
        before = engine.rows(ids)
        assert all(row.sentiment is not None for row in before)
        vectors = engine._store.vectors("all-MiniLM-L6-v2", ids)[1].copy()
        others = Signals(sentiment=Sentiment(0.0, 1.0, 0.0))
        engine._store.save_signals("all-MiniLM-L6-v2 heads of yesterday", dict.fromkeys(ids, others))
        assert engine._store.owed("signals", signals_name("all-MiniLM-L6-v2")) == ids
        assert [row.sentiment for row in engine.rows(ids)] == [others.sentiment] * 5
        stages = {event.stage for event in engine.enrich() if isinstance(event, Progress)}
        assert "embed" not in stages
        assert "signals" in stages
        assert [row.sentiment for row in engine.rows(ids)] == [row.sentiment for row in before]
        assert (engine._store.vectors("all-MiniLM-L6-v2", ids)[1] == vectors).all()
