"""Signals on their way from the worker's wire to rules and rows."""

from __future__ import annotations

import math
import secrets
from pathlib import Path

import pytest

from engine import Condition, Engine, Rule, Signals, format_rule, open_engine, parse_rule
from engine.errors import InputError
from engine.filters import check
from engine.installation import signals_name, trained_heads
from engine.types import SIGNAL_NAMES, Sentiment
from engine.workers.clients import _signals
from engine.workers.wire import WireError

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
