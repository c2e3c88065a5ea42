"""Ranking in the window over a real engine: how well it works, by the person's own marks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from desktop.dialogs.rule import RuleEditor
from desktop.main_window import MainWindow
from desktop.pages.evaluation import EvaluationPage, pairs_words, week_words
from engine import Condition, Engine, Rule, TimelineQuery

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
Settle = Callable[[MainWindow], None]


def engine_of(window: MainWindow) -> Engine:
    assert window.engine is not None
    return window.engine


def words(inside: QWidget) -> str:
    return " ".join(label.text() for label in inside.findChildren(QLabel) if label.isVisible())


def press(inside: QWidget, name: str) -> None:
    next(made for made in inside.findChildren(QPushButton) if name in (made.text(), made.accessibleName()) and made.isVisible()).click()


def evaluation_page(window: MainWindow, settled: Settle) -> EvaluationPage:
    window.commands.show_evaluation()
    settled(window)
    page = window._pages["evaluation"]
    assert isinstance(page, EvaluationPage)
    return page


def test_without_marks_the_evaluation_page_says_what_to_do(window: MainWindow, settled: Settle) -> None:
    page = evaluation_page(window, settled)
    said = words(page)
    assert "Nothing was hidden yet" in said
    assert "Nothing to measure yet" in said
    assert "Like (L), save (S) and open posts" in said
    press(page, "Go to For you")
    assert window.on_timeline()


def test_what_was_restored_counts_as_the_rules_mistake_and_a_click_opens_the_rule(window: MainWindow, settled: Settle) -> None:
    engine = engine_of(window)
    rule = engine.save_rule(Rule(name="No bicycles", conditions=(Condition(field="words", value="bicycles"),))).rule
    engine.save_rule(Rule(name="No crypto", conditions=(Condition(field="words", value="crypto"),)))
    hidden = engine.timeline(TimelineQuery(order="newest", hidden=True, rule_id=rule.id))
    engine.mark(hidden[:1], hidden=False)
    engine.judge_rule(rule.id, {hidden[1]: True})
    page = evaluation_page(window, settled)
    said = words(page)
    assert "You brought 1 of them back." in said
    assert "Wrong in 1 of 2 that you judged. The true share lies between 9 % and 91 %, in 95 of 100 such cases." in said
    assert said.index("No bicycles") < said.index("No crypto")
    assert "Not judged yet" in said
    press(page, "Open the rule No bicycles")
    settled(window)
    editor = next(made for made in window.findChildren(RuleEditor) if made.isVisible())
    assert editor.name.text() == "No bicycles"
    editor.close()


def test_a_weeks_figure_is_told_as_pairs() -> None:
    assert pairs_words(0.83) == "In 8 of 10 pairs the post that you liked stood above the one that you passed over."
    assert week_words(date(2026, 11, 23)) == "23–29 Nov"
    assert week_words(date(2026, 11, 30)) == "30 Nov–6 Dec"
