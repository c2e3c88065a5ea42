"""Cutting text into sentences and words, in English, Chinese and Japanese."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.language.sentences import count_words, split, words


def sentences(text: str) -> list[str]:
    return [text[span.start : span.end] for span in split(text)]


def test_english_is_cut_after_its_full_stops_and_marks() -> None:
    assert sentences("The ferry left. Did it rain? It did!  Nobody minded.") == ["The ferry left.", "Did it rain?", "It did!", "Nobody minded."]


def test_chinese_is_cut_without_any_blank() -> None:
    assert sentences("渡轮九点开航。下雨了吗？下了！没有人介意。") == ["渡轮九点开航。", "下雨了吗？", "下了！", "没有人介意。"]


def test_japanese_keeps_the_closing_bracket_with_its_sentence() -> None:
    assert sentences("彼は「行こう。」と言った。雨が降った。")[-1] == "雨が降った。"
    assert sentences("「船が出た。」港は静かだった。") == ["「船が出た。」", "港は静かだった。"]


@pytest.mark.parametrize(
    "text",
    [
        "Dr. Marsh met Mr. Lang at the harbour.",
        "The U.S. Senate voted.",
        "It opens at 9 a.m. on weekdays.",
        "Fruits, e.g. pears, ripen late.",
        "J. K. Falk wrote it.",
        "Prices rose by 1.7 percent.",
        "The fair ran from Sept. 3 to Oct. 9 this year.",
    ],
)
def test_a_full_stop_of_an_abbreviation_or_number_ends_no_sentence(text: str) -> None:
    assert sentences(text) == [text]


def test_an_ellipsis_ends_a_sentence_only_before_another() -> None:
    assert sentences("She waited… Nobody came.") == ["She waited…", "Nobody came."]
    assert sentences("And then...") == ["And then..."]


def test_a_closing_quotation_mark_stays_with_what_it_closes() -> None:
    assert sentences('“The bridge is closed.” He left. "We know." They stayed.') == ["“The bridge is closed.”", "He left.", '"We know."', "They stayed."]


def test_a_new_line_and_a_list_item_end_a_sentence() -> None:
    assert sentences("A heading\nThe text below it.\n- First thing\n- Second thing") == ["A heading", "The text below it.", "- First thing", "- Second thing"]


def test_marks_alone_are_no_sentence() -> None:
    assert sentences("… !!! — \n\n ***") == []


@given(st.text(max_size=300))
def test_sentences_never_overlap_and_lose_no_word(text: str) -> None:
    spans = split(text)
    assert all(before.end <= after.start for before, after in pairwise(spans))
    assert [word for span in spans for word in words(text[span.start : span.end])] == words(text)


@pytest.mark.parametrize("part", [". ", "A. ", "… ", "\n", "“", "x", "。", "1 . ", "'", "- "])
def test_cutting_takes_time_in_line_with_length(part: str) -> None:
    text = part * (200_000 // len(part))
    before = time.process_time()
    split(text)
    assert time.process_time() - before < 2


def test_two_chinese_characters_count_as_one_word() -> None:
    assert count_words("渡轮九点") == 2
    assert count_words("It's a well-known ferry") == 4
    assert count_words("") == 0
