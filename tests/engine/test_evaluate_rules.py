"""The evaluation of rules from plain words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine import Engine, InputError, PlainPost, parse_rule
from tests.evaluate.rules_posts import collections, own
from tests.evaluate.tasks.rules import judge


@pytest.mark.parametrize("half", ["tuned", "held_out"])
def test_each_half_has_thirty_sentences_with_posts_of_both_kinds(half: str) -> None:
    cases = own(half)
    assert len(cases) >= 30
    assert all({judged.taken for judged in case.posts} == {True, False} for case in cases)


def test_cases_are_read_from_lines_of_json(tmp_path: Path) -> None:
    row = {
        "words": "hide posts by Ada",
        "posts": [{"title": "Ice", "author": "Ada", "taken": True}, {"title": "Snow", "author": "Bob", "signals": {"anger": 0.9}, "taken": False}],
    }
    (tmp_path / "mine.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    ((name, (case,)),) = collections(tmp_path)
    assert (name, case.words, [judged.taken for judged in case.posts]) == ("mine", "hide posts by Ada", [True, False])
    assert case.posts[1].post.extra == {"signals": "anger=0.9"}


def test_a_sentence_that_takes_the_right_posts_is_exact(engine: Engine) -> None:
    engine.set_setting("ai", False)
    cases = [case for case in own("tuned") if case.words in {"hide posts in German", "mark as read posts older than 3 days"}]
    measured, _ = judge(engine, cases)
    assert (measured["f1"], measured["exact"]) == (1.0, 1.0)


def test_rules_are_put_to_posts_that_nobody_stored(engine: Engine) -> None:
    rules = [parse_rule('hide words "pond" unless outlets 3'), parse_rule("label length over 100")]
    posts = [PlainPost(title="The pond", extra={"words": "200"}), PlainPost(title="A pond", extra={"outlets": "4"}), PlainPost(title="Hills")]
    hits = engine.apply_rules(rules, posts)
    assert [[(hit.rule_id, hit.action) for hit in some] for some in hits] == [[(1, "hide"), (2, "label")], [(1, "breakout")], []]
    assert engine.feeds() == []


def test_a_number_that_is_none_is_refused(engine: Engine) -> None:
    with pytest.raises(InputError, match="no number"):
        engine.apply_rules([parse_rule("hide length over 5")], [PlainPost(title="x", extra={"words": "many"})])
