"""Rules take what they say and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import filters
from engine.errors import InputError
from engine.filters.text import tokens
from engine.types import Condition, Rule


@dataclass(frozen=True)
class Sample:
    title: str = ""
    text: str = ""
    author: str = ""
    source_title: str = ""
    source_url: str = ""
    categories: tuple[str, ...] = ()
    feed_id: int = 1


def taken(rule_text: str, post: Sample) -> bool:
    return bool(filters.compile([filters.parse_rule(rule_text)]).match(post))


def test_words_match_in_any_order_and_any_case() -> None:
    assert taken('hide words "price crypto"', Sample(title="CRYPTO slides", text="The Price fell."))


def test_words_must_all_be_there() -> None:
    assert not taken('hide words "price crypto"', Sample(title="Crypto slides"))


def test_whole_words_do_not_match_inside_longer_ones() -> None:
    assert not taken('hide words "car"', Sample(title="Scarlet cargo"))


def test_part_of_words_matches_inside_longer_ones() -> None:
    assert taken('hide part of words "car"', Sample(title="Scarlet cargo"))


def test_phrase_needs_its_words_side_by_side() -> None:
    assert taken('hide phrase "sponsored by"', Sample(text="This is Sponsored\n by nobody."))
    assert not taken('hide phrase "sponsored by"', Sample(text="by a sponsored rider"))


def test_chinese_words_match_without_spaces_and_in_any_width() -> None:
    assert taken('hide words "电池"', Sample(title="新型储能电池试运行"))
    assert taken('hide words "abc"', Sample(title="ＡＢＣ公司"))
    assert not taken('hide phrase "池电"', Sample(title="新型储能电池试运行"))


def test_author_and_source_look_only_there() -> None:
    post = Sample(text="Jane wrote", author="Jane Doe", source_title="Observer", source_url="https://example.org/feed")
    assert taken('hide author "jane doe"', post)
    assert taken('hide source "example.org"', post)
    assert not taken('hide author "observer"', post)


def test_signs_of_programming_languages_count() -> None:
    assert taken('hide words "c++"', Sample(title="Modern C++ tips"))
    assert not taken('hide words "c++"', Sample(title="Modern C tips"))


def test_a_rule_for_some_feeds_leaves_the_others_alone() -> None:
    assert not taken('hide words "rain" in 2, 3', Sample(title="rain", feed_id=1))
    assert taken('hide words "rain" in 2,3', Sample(title="rain", feed_id=3))


def test_hiding_comes_before_muffling() -> None:
    rules = [filters.parse_rule('muffle words "rain"'), filters.parse_rule('hide words "rain"')]
    assert [hit.action for hit in filters.compile(rules).match(Sample(title="rain"))] == ["hide", "muffle"]


def test_disabled_rules_take_nothing() -> None:
    rule = Rule(name="x", conditions=(Condition(field="words", value="rain"),), enabled=False)
    assert not filters.compile([rule])


@pytest.mark.parametrize(
    "text", ["", "hide", "show words \"x\"", "hide words", "hide words x", 'hide words "x', 'hide words "…"', 'hide words "x" in none']
)
def test_a_malformed_rule_is_refused_with_words(text: str) -> None:
    with pytest.raises(InputError):
        filters.parse_rule(text)


_VALUES = st.text(min_size=1, max_size=40).filter(lambda text: bool(tokens(text)))


@given(
    st.builds(
        Rule,
        name=st.text(min_size=1, max_size=30),
        conditions=st.lists(
            st.builds(
                Condition,
                field=st.sampled_from(["words", "phrase", "author", "source"]),
                value=_VALUES,
                whole_word=st.booleans(),
            ),
            min_size=1,
            max_size=4,
        ).map(tuple),
        action=st.sampled_from(["hide", "muffle"]),
        feed_ids=st.lists(st.integers(1, 99), max_size=3, unique=True).map(tuple),
    )
)
def test_a_rule_survives_its_text_form(rule: Rule) -> None:
    assert filters.parse_rule(filters.format_rule(rule)) == rule


@given(_VALUES)
def test_a_post_that_is_the_phrase_is_taken_by_it(value: str) -> None:
    rule = Rule(name="x", conditions=(Condition(field="phrase", value=value),))
    assert filters.compile([rule]).match(Sample(title=value))



@given(
    text=st.text("ab_ +#éÉ中は-.\n", max_size=40), value=st.text("ab_+#é中", min_size=1, max_size=4).filter(lambda value: bool(tokens(value)))
)
def test_a_word_is_found_exactly_where_it_is_one_of_the_texts_words(text: str, value: str) -> None:
    rule = Rule(name="r", conditions=(Condition(field="words", value=value),))
    found = filters.compile([rule]).match(Sample(title="", text=text, categories=()))
    assert bool(found) == (set(tokens(value)) <= set(tokens(text)))
