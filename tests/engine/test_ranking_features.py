"""Sketches hold a post's words in any script, in few bytes."""

from __future__ import annotations

import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from engine.ranking.features import SKETCH_TERMS, host_of, sketch, terms, unpack


def test_a_sketch_is_the_same_in_every_process() -> None:
    code = "from engine.ranking.features import sketch; print(sketch('Frozen lakes', '湖面结冰', 'https://a.example/').hex())"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == sketch("Frozen lakes", "湖面结冰", "https://a.example/").hex()


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=60))
def test_a_sketch_never_outgrows_its_room_and_holds_each_term_once(title: str, text: str, url: str) -> None:
    numbers = unpack([sketch(title, text, url)])[0]
    there = numbers[numbers != 0]
    assert len(sketch(title, text, url)) <= 2 * SKETCH_TERMS
    assert len(set(there.tolist())) == len(there)


@given(st.lists(st.binary(max_size=64).filter(lambda part: len(part) % 2 == 0), max_size=5))
def test_unpacking_gives_back_what_was_packed(parts: list[bytes]) -> None:
    rows = unpack(parts)
    assert [row.astype("<u2").tobytes()[: len(part)] for row, part in zip(rows, parts, strict=True)] == parts


def test_case_width_and_plural_do_not_matter() -> None:
    assert list(terms("ＬＡＫＥＳ")) == list(terms("lake"))


def test_stop_words_take_no_room() -> None:
    assert list(terms("this is what they have been for")) == []


def test_chinese_counts_by_characters_and_pairs() -> None:
    assert len(list(terms("湖面冰"))) == 5


def test_chinese_beside_latin_words_is_read_too() -> None:
    assert set(terms("Python 教程")) == {*terms("python"), *terms("教程")}


def test_korean_and_cyrillic_count_by_words() -> None:
    assert len(list(terms("호수가 얼었다"))) == 2
    assert len(list(terms("озеро замёрзло"))) == 2


def test_the_title_comes_before_the_text() -> None:
    title = " ".join(f"titleword{number}" for number in range(SKETCH_TERMS))
    assert sketch(title, "other", "") == sketch(title, "", "")


def test_the_host_is_read_without_its_ornaments() -> None:
    assert host_of("https://me:secret@www.Example.org:8080/a?b#c") == "example.org"


def test_a_text_is_no_host() -> None:
    assert host_of("just words") == ""
