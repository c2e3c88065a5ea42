"""Long calls that a person no longer waits for end."""

from __future__ import annotations

import threading

import pytest

from engine import Condition, Engine, Rule, WorkerError
from tests.engine.conftest import plain_posts

RULE = Rule(name="Anything", conditions=(Condition(field="phrase", value="e", whole_word=False),))


def test_a_rule_preview_that_nobody_waits_for_ends(engine: Engine) -> None:
    engine.add_posts("Mine", plain_posts(20))
    cancel = threading.Event()
    assert engine.preview_rule(RULE, cancel=cancel).posts
    cancel.set()
    with pytest.raises(WorkerError):
        engine.preview_rule(RULE, cancel=cancel)
