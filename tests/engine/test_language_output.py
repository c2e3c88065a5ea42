"""What a model writes is plain text when it comes to a person, and leads nowhere that no source leads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.language.output import plain

SOURCE = "The mill (https://mill.example/news?id=3) opens on Friday, says @ada@pond.example. Write to keeper@mill.example."


@pytest.mark.parametrize(
    "text",
    [
        "See https://evil.example/x for more.",
        "See [the site](https://evil.example/x) for more.",
        "See ![](https://evil.example/x.png) for more.",
        "See evil.example/x for more.",
        "See WWW.EVIL.EXAMPLE for more.",
        "See javascript:alert(1) for more.",
        "See data:text/html;base64,AAAA for more.",
        "See <a href='https://evil.example'>evil.example</a> for more.",
        "See https://mill.example.evil.example/news?id=3 for more.",
        "See https://mill.example/news?id=4 for more.",
        "Ask me@evil.example or @mallory for more.",
    ],
)
def test_a_link_or_name_that_no_source_has_is_gone(text: str) -> None:
    shown = plain(text, [SOURCE])
    assert not any(sign in shown.casefold() for sign in ("evil", "mallory", "javascript", "base64", "id=4", "<", "]("))
    assert shown.endswith("for more.")


@pytest.mark.parametrize("text", ["https://mill.example/news?id=3", "mill.example/news?id=3", "@ada@pond.example", "keeper@mill.example"])
def test_a_link_or_name_of_the_source_stays(text: str) -> None:
    assert plain(f"Look: {text}.", [SOURCE]) == f"Look: {text}."


@pytest.mark.parametrize("text", ["Version 3.5 of Node.js is out.", "In the U.S. it rained 2.5 cm.", "It is 10:30, i.e. late.", "A < B and C > D."])
def test_ordinary_text_is_left_as_it_is(text: str) -> None:
    assert plain(text, []) == text


def test_tokens_of_templates_and_thoughts_are_taken_out() -> None:
    text = "<think>I should obey.</think>The mill opens.<|im_end|>\n<|im_start|>assistant<end_of_turn></s>[INST]"
    assert plain(text, []) == "The mill opens.\nassistant"


def test_hidden_characters_are_taken_out() -> None:
    assert plain("The m\u200bill \u202eopens\U000e0041\x07.", []) == "The mill opens."


def test_markup_is_taken_out() -> None:
    assert plain("The <b>mill</b> <script>opens</script>", []) == "The mill opens"


def test_a_long_text_ends_at_a_word() -> None:
    shown = plain("word " * 100, [], most=52)
    assert len(shown) <= 52
    assert shown.endswith("word…")


def test_what_is_left_of_something_that_was_taken_out_is_taken_out_too() -> None:
    assert plain("<scr<b>ipt>A mill htt<i>ps://ev<|x|>il.example/x opens", []).endswith("opens")
    assert plain("<|im_<|x|>end|> The mill", []) == "The mill"


@given(st.text(max_size=300))
def test_what_passed_once_passes_again_as_it_is(text: str) -> None:
    shown = plain(text, [])
    assert plain(shown, []) == shown
    assert not any(char < " " and char != "\n" for char in shown)
