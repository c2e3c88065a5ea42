"""Wishes in one's own words: the field on the rules page and in the sheets, what they open, and what is said of the rest."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from desktop.dialogs import own_words
from desktop.dialogs import rule as rule_sheet
from desktop.dialogs import timeline as timeline_sheet
from desktop.dialogs.rule import RuleEditor
from desktop.dialogs.timeline import TimelineSheet
from desktop.main_window import MainWindow
from desktop.pages.rules import RulesPage
from engine import Engine
from tests.desktop.test_pages import page

Settled = Callable[[MainWindow], None]


@pytest.fixture(autouse=True)
def _without_models(window: MainWindow) -> None:
    engine_of(window).set_setting("ai", False)


def engine_of(window: MainWindow) -> Engine:
    assert window.engine is not None
    return window.engine


def open_sheets(window: MainWindow, kind: type[QWidget]) -> list[QWidget]:
    QApplication.processEvents()
    return [sheet for sheet in window.findChildren(kind) if sheet.isVisible()]


def rules_page(window: MainWindow, settled: Settled) -> RulesPage:
    shown = page(window, settled, "rules")
    assert isinstance(shown, RulesPage)
    return shown


def say(window: MainWindow, settled: Settled, qtbot: QtBot, words: str) -> RulesPage:
    shown = rules_page(window, settled)
    shown.own_words.words.setText(words)
    qtbot.keyClick(shown.own_words.words, Qt.Key.Key_Return)
    settled(window)
    return shown


def texts(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def test_enter_opens_the_rule_filled_in_and_only_saving_keeps_it(window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    say(window, settled, qtbot, "hide posts that mention crypto with fewer than 3 likes")
    (editor,) = open_sheets(window, RuleEditor)
    assert isinstance(editor, RuleEditor)
    assert engine_of(window).rules() == []
    assert "Not expressed: “with fewer than 3 likes”" in texts(editor)
    assert editor._rows[0].value.text() == "crypto"
    editor.save()
    settled(window)
    (rule,) = engine_of(window).rules()
    assert (rule.name, rule.conditions[0].value) == ("hide posts that mention crypto with fewer than 3 likes", "crypto")


def test_several_rules_come_one_after_the_other(window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    say(window, settled, qtbot, "hide clickbait and ads")
    (first,) = open_sheets(window, RuleEditor)
    assert isinstance(first, RuleEditor)
    assert "rule 1 of 2" in texts(first)
    first.save()
    settled(window)
    (second,) = open_sheets(window, RuleEditor)
    assert isinstance(second, RuleEditor)
    assert "rule 2 of 2" in texts(second)
    second.close()
    assert open_sheets(window, RuleEditor) == []
    assert [rule.conditions[0].value for rule in engine_of(window).rules()] == ["clickbait"]


def test_what_is_not_understood_is_said_and_the_words_stay(window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    shown = say(window, settled, qtbot, "the weather is nice")
    assert open_sheets(window, RuleEditor) == []
    assert "Not expressed: “the weather is nice”" in shown.own_words.note.text()
    assert shown.own_words.words.text() == "the weather is nice"


def test_words_for_a_timeline_open_its_sheet(window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    say(window, settled, qtbot, "a quiet timeline without ads about ducks")
    (sheet,) = open_sheets(window, TimelineSheet)
    assert isinstance(sheet, TimelineSheet)
    assert "Not expressed: “ducks”" in texts(sheet)
    sheet.save()
    settled(window)
    (kept,) = engine_of(window).timelines()
    assert (kept.preset, kept.signals) == ("quiet", {"promotion": 3.0})


def test_a_new_rule_can_be_said_in_its_sheet(window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    editor = rule_sheet.open_dialog(window)
    assert editor.own_words is not None
    editor.own_words.words.setText("star posts that mention herons")
    editor.own_words.ask()
    settled(window)
    (filled,) = open_sheets(window, RuleEditor)
    assert isinstance(filled, RuleEditor)
    made = filled.rule()
    assert made is not None
    assert (made.action, made.conditions[0].value) == ("star", "herons")


def test_a_new_timeline_can_be_said_in_its_sheet(window: MainWindow, settled: Settled) -> None:
    sheet = timeline_sheet.open_dialog(window)
    assert sheet.own_words is not None
    sheet.own_words.words.setText("newest first")
    sheet.own_words.ask()
    settled(window)
    (filled,) = open_sheets(window, TimelineSheet)
    assert isinstance(filled, TimelineSheet)
    assert filled.strength.real() == 0


def test_the_key_leads_to_the_field(window: MainWindow, settled: Settled) -> None:
    window.commands.rule_from_words()
    settled(window)
    shown = window.findChild(RulesPage)
    assert shown is not None
    assert window.focusWidget() is shown.own_words.words


def test_an_example_is_put_into_the_field(window: MainWindow, settled: Settled) -> None:
    shown = rules_page(window, settled)
    shown.own_words._try(own_words.examples()[1])
    assert shown.own_words.words.text() == "mute football until Monday"
