"""The switches over what models make."""

from __future__ import annotations

import pytest

from engine import Engine
from engine.core.features import SWITCHES
from engine.errors import InputError


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
