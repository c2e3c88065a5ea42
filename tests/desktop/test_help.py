"""Help inside the app: it names what is there, and is shown by the hardened browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QAbstractButton

from desktop.help import topics
from desktop.help.page import HelpPage, markdown_html
from desktop.main_window import MainWindow
from desktop.reading.why import reason_words
from desktop.shortcuts import table
from engine import SETTINGS, Reason

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


def test_each_topic_has_a_title_and_a_text() -> None:
    found = topics()
    assert len(found) >= 6
    for topic in found:
        assert topic.title
        assert len(topic.text) > 200
        assert not topic.text.startswith("#")


def test_keys_that_help_names_are_keys_of_the_window() -> None:
    keys = {key for entry in table() for key in entry.keys}
    for topic in topics():
        for key in re.findall(r"\(([A-Z])\)|Press ([A-Z])\b", topic.text):
            assert "".join(key) in keys or not "".join(key), (topic.name, key)
        for combined in re.findall(r"Ctrl\+(?:Shift\+)?\w", topic.text):
            assert combined in keys, (topic.name, combined)


def test_settings_that_help_names_exist() -> None:
    labels = " ".join(setting.label for setting in SETTINGS)
    for name in ("Strength", "Preset", "Use language models"):
        assert name in labels


def test_help_on_ranking_knows_the_reasons_on_screen() -> None:
    text = next(topic.text for topic in topics() if topic.name == "ranking").casefold()
    for name in ("close_to_liked", "words_liked", "source_liked", "fresh", "rare_poster", "already_from_source", "already_seen"):
        assert reason_words(Reason(name=name, contribution=1.0)).casefold() in text


def test_markdown_is_shown_without_tags_of_its_own() -> None:
    from desktop.help import Topic

    html = markdown_html(Topic("x", "X", "**bold** *slanted* <img src='/etc/passwd'> [l](javascript:x)\n\n- item\n\n| a | b |\n|---|---|\n| c | d |"))
    assert "<b>bold</b>" in html
    assert "<i>slanted</i>" in html
    assert "<img" not in html
    assert "javascript" not in html
    assert "<li>" in html
    assert "data" in html


def test_choosing_a_topic_shows_it(window: MainWindow, settled: Callable[[MainWindow], None]) -> None:
    window.show_page("help")
    settled(window)
    shown = window._pages["help"]
    assert isinstance(shown, HelpPage)
    shown.open_topic("privacy")
    assert shown.heading.text() == "What leaves this machine"
    assert "no telemetry" in shown.text.toPlainText()
    shown.open_topic("summaries")
    assert "picked sentences" in shown.text.toPlainText()


def test_help_is_shown_in_the_serif_at_reading_size(window: MainWindow, settled: Callable[[MainWindow], None]) -> None:
    from desktop import theme

    window.show_page("help")
    settled(window)
    shown = window._pages["help"]
    assert isinstance(shown, HelpPage)
    assert shown.text.document().defaultFont().families() == theme.font(15, serif=True).families()
    choices: list[QAbstractButton] = shown.choices.buttons()
    assert len(choices) == len(topics())
