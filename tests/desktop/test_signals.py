"""Signals where the person meets them: on cards, in the reading pane, by keyboard and by ear, and on to a rule."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from desktop.dialogs.rule import RuleEditor
from desktop.help.page import HelpPage
from desktop.main_window import MainWindow
from desktop.reading.signals import ShareBar, SignalsPanel
from desktop.signals import SIGNALS, asked, on_card, rule_of, signal_meaning, signal_words
from desktop.timeline.card import lay_out, marks
from desktop.timeline.delegate import told
from desktop.timeline.model import spoken
from engine import Condition, Sentiment, Signals, TimelineQuery
from tests.desktop.test_timeline import a_row

pytestmark = [pytest.mark.qt_log_ignore("propagateSizeHints"), pytest.mark.usefixtures("models_on")]
Settle = Callable[[MainWindow], None]

EVERYTHING = {
    "joy": 0.9, "sadness": 0.02, "anger": 0.5, "optimism": 0.95, "hostility": 0.01, "promotion": 0.97, "clickbait": 0.66,
    "spam": 0.36, "scam": 0.0,
}  # fmt: skip


def shown(window: MainWindow, settled: Settle, said: Signals) -> SignalsPanel:
    """The panel of the newest post, of which heads said this."""
    assert window.engine is not None
    newest = window.engine.timeline(TimelineQuery(order="newest"))[0]
    window.engine._store.save_signals("m heads 1", {newest: said})
    window.reading.show_post(newest)
    settled(window)
    return window.reading.signals


def test_a_card_names_at_most_two_signals_that_are_surely_there_and_one_feeling() -> None:
    assert on_card(a_row(shares=EVERYTHING)) == ["promotion", "optimism"]
    assert on_card(a_row(shares={"anger": 0.64, "scam": 0.36})) == []
    found = marks(a_row(sentiment=Sentiment(0.8, 0.1, 0.1), shares={"hostility": 0.9, "sadness": 0.7}))
    assert found == [("negative", "negative", True), ("amber", "seems hostile", False), ("ink_third", "sad", False)]


def test_a_screen_reader_hears_what_a_card_names() -> None:
    assert "positive, looks like a scam, 3 minutes" in spoken(a_row(sentiment=Sentiment(0, 0.1, 0.9), shares={"scam": 0.99, "spam": 0.5}))


def test_the_hint_of_a_card_says_what_is_there_and_what_nobody_can_tell() -> None:
    card = lay_out(a_row(shares=EVERYTHING), 500)
    assert "<p>It seems: joyful 0.90 · optimistic 0.95 · advertising 0.97 · clickbait 0.66</p>" in told(card)
    assert "<p>Unsure whether: angry 0.50 · spam 0.36</p>" in told(card)


def test_a_mood_that_no_class_holds_half_of_is_unsure_and_never_one_number() -> None:
    assert asked(a_row(sentiment=Sentiment(0.40, 0.45, 0.15))) == [
        ("negative", 0.40, "unsure"), ("neutral", 0.45, "unsure"), ("positive", 0.15, "no"),
    ]  # fmt: skip


def test_the_pane_shows_every_signal_with_bar_figure_and_word(window: MainWindow, settled: Settle) -> None:
    panel = shown(window, settled, Signals(sentiment=Sentiment(0.05, 0.2, 0.75), shares=EVERYTHING))
    assert panel.isVisible()
    assert tuple(panel.names) == SIGNALS
    assert len(panel.findChildren(ShareBar)) == 12
    assert panel.names["spam"].accessibleName() == "spam: 0.36, unsure"
    assert panel.names["promotion"].accessibleName() == "advertising: 0.97, yes"
    assert panel.names["anger"].accessibleDescription().startswith("The writer sounds angry.")
    words = [label.text() for label in panel.findChildren(QLabel)]
    assert (words.count("yes"), words.count("unsure"), words.count("no")) == (5, 2, 5)
    assert "Not told" not in panel.note.text()


def test_what_nobody_asked_in_a_language_is_named_and_without_signals_there_is_no_panel(window: MainWindow, settled: Settle) -> None:
    panel = shown(window, settled, Signals(sentiment=Sentiment(0.9, 0.05, 0.05), shares={"hostility": 0.9}))
    assert tuple(panel.names) == ("negative", "neutral", "positive", "hostility")
    assert panel.note.text().endswith("Not told in this language: joyful, sad, angry, optimistic, advertising, clickbait, spam, a scam.")
    assert not shown(window, settled, Signals()).isVisible()


def test_a_signal_becomes_a_rule_by_keyboard_alone(window: MainWindow, settled: Settle, qtbot: QtBot) -> None:
    assert window.engine is not None
    panel = shown(window, settled, Signals(shares=EVERYTHING))
    panel.names["joy"].setFocus(Qt.FocusReason.TabFocusReason)
    for _ in range(5):
        panel.focusNextChild()
    assert panel.names["promotion"].hasFocus()
    qtbot.keyClick(panel.names["promotion"], Qt.Key.Key_Space)
    settled(window)
    editor = window.findChild(RuleEditor)
    assert editor is not None
    made = editor.rule()
    assert made is not None
    assert made.conditions == (Condition(field="signal", value="promotion", low=0.8),)
    editor.save()
    settled(window)
    newest = window.engine.timeline(TimelineQuery(order="newest"))[0]
    assert window.engine.rows([newest])[0].muffled_by == window.engine.rules()[0].id


def test_the_panel_leads_to_help_that_explains_each_signal_by_the_name_it_has_there(window: MainWindow, settled: Settle) -> None:
    panel = shown(window, settled, Signals(shares=EVERYTHING))
    panel.help_button.click()
    settled(window)
    page = window._pages["help"]
    assert isinstance(page, HelpPage)
    assert page.isVisible()
    text = page.text.toPlainText()
    assert all(signal_words(name) in text for name in SIGNALS)
    assert "Swearing alone does not count" in text


def test_the_signals_of_one_post_never_shine_through_those_of_the_next(window: MainWindow, settled: Settle) -> None:
    panel = shown(window, settled, Signals(shares=EVERYTHING))
    panel.show_row(a_row(shares={"spam": 0.2}))
    QApplication.processEvents()
    assert [bar.isVisible() for bar in panel.findChildren(ShareBar)].count(True) == 1


@pytest.mark.parametrize(("share", "low"), [(0.99, 0.8), (0.71, 0.7), (0.5, 0.8), (0.02, 0.8)])
def test_a_rule_made_of_a_signal_takes_its_post_where_that_is_sure_and_never_begins_below_sure(share: float, low: float) -> None:
    assert rule_of("anger", share).conditions[0].low == pytest.approx(low)
    assert rule_of("anger", share).action == "muffle"


def test_the_panel_fits_a_narrow_pane(window: MainWindow, settled: Settle) -> None:
    panel = shown(window, settled, Signals(sentiment=Sentiment(0.05, 0.2, 0.75), shares=EVERYTHING))
    window.resize(480, 800)
    settled(window)
    window.resize(1400, 800)
    settled(window)
    assert panel.names["positive"].mapTo(panel, panel.names["positive"].rect().topLeft()).x() < panel.names["spam"].mapTo(panel, panel.names["spam"].rect().topLeft()).x()
    window.resize(480, 800)
    settled(window)
    assert panel.width() <= window.reading.width()


def test_each_signal_says_what_it_means() -> None:
    assert all(signal_meaning(name).endswith(".") for name in SIGNALS)
