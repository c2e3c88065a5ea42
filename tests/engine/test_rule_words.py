"""Wishes that go through the language model: its answer is made of the person's own words, or counts for nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Engine
from engine.language.rulewords import Proposal, grammar_of, propose, read, words_of
from engine.models import catalogue
from engine.workers.clients import GenerateWorker
from engine.workers.supervisor import CancelledError

WISH = "Golf bores me to death, unless Ann wrote it"


@pytest.fixture(scope="module")
def model() -> Iterator[GenerateWorker]:
    entry = catalogue.by_name("SmolLM2-135M-Instruct")
    folder = catalogue.default_models_dir()
    if not entry.installed(folder):
        pytest.skip("the language model is not installed")
    worker = GenerateWorker(entry.path(folder), entry.template)
    yield worker
    worker.close()


def test_what_a_model_writes_is_a_run_of_the_words(model: GenerateWorker) -> None:
    found = propose(model, WISH)
    assert found is None or found.posts in " ".join(words_of(WISH))


def test_asking_can_be_stopped(model: GenerateWorker) -> None:
    with pytest.raises(CancelledError):
        propose(model, WISH, cancelled=lambda: True)


def test_an_answer_is_read_as_a_wish_of_the_grammar() -> None:
    found = read('{"action":"hide","posts":"Golf","unless":"Ann wrote it"}', words_of(WISH))
    assert found == Proposal(action="hide", posts="Golf", unless="Ann wrote it")
    assert found.as_wish() == "hide Golf unless Ann wrote it"


@pytest.mark.parametrize(
    "written",
    [
        '{"action":"hide","posts":"tennis","unless":""}',  # no word of the person's
        '{"action":"hide","posts":"Golf death","unless":""}',  # no run of them
        '{"action":"hide","posts":"","unless":""}',
        '{"action":"none","posts":"Golf","unless":""}',
        '{"action":"erase","posts":"Golf","unless":""}',
        '{"action":"hide","posts":"Go',
        "[]",
        "",
    ],
)
def test_an_answer_that_is_not_of_the_persons_words_counts_for_nothing(written: str) -> None:
    assert read(written, words_of(WISH)) is None


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80))
def test_any_text_has_a_grammar_with_one_rule_for_each_word(text: str) -> None:
    words = words_of(text)
    lines = grammar_of(words).splitlines()
    assert len(lines) == 3 + len(words)
    assert all("::=" in line for line in lines)


def test_the_small_default_model_is_not_asked(engine: Engine) -> None:
    found = engine.rule_from_words(WISH)
    assert (found.rules, found.by, found.unexpressed) == ((), "grammar", (WISH,))
