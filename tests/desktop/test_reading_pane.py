"""The reading pane over a real engine: what it shows, and what its buttons do to the store."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from desktop import theme
from desktop.main_window import MainWindow
from desktop.reading.pane import ReadingPane
from desktop.reading.summary import method_words
from desktop.reading.why import Bar
from engine import Changes, Condition, PlainPost, Rule, Span, Summary, SummarySentence, TimelineQuery

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
Settle = Callable[[MainWindow], None]

ENGLISH = (
    "The council voted 7–2 on Tuesday to close Main Street to cars on weekends from June. Cafe owners expect more guests.\n"
    "The pilot lasts four months and costs $120,000, which the parking fund pays. A count follows in October."
)
CHINESE = "市议会周二以七票对二票通过决定，从六月起周末禁止汽车进入主街。咖啡馆老板希望客流增加。\n试点将持续四个月，费用为十二万元，由停车基金支付。"


def open_post(window: MainWindow, settled: Settle, title: str, text: str, **more: str) -> ReadingPane:
    assert window.engine is not None
    window.engine.add_posts(
        "City", [PlainPost(title=title, text=text, url="https://city.example/1", published_at=datetime.now(UTC), **more)]
    )
    for post_id in window.engine.timeline(TimelineQuery(order="newest")):
        if window.engine.post(post_id).row.title == title:
            window.reading.show_post(post_id)
            break
    settled(window)
    return window.reading


def test_a_post_is_shown_with_its_source_author_and_text(window: MainWindow, settled: Settle) -> None:
    pane = open_post(window, settled, "Main Street closes", ENGLISH, author="A. Navarro")
    assert pane.header.title.text() == "Main Street closes"
    assert "City · A. Navarro" in pane.header.meta.text()
    assert "voted 7–2 on Tuesday" in pane.body.toPlainText()


def test_hostile_text_in_every_field_is_shown_as_it_is(window: MainWindow, settled: Settle) -> None:
    hostile = "<img src=x onerror=alert(1)><b>x</b>"
    pane = open_post(window, settled, hostile, hostile, author=hostile)
    assert pane.header.title.text() == hostile
    assert hostile in pane.header.meta.text()
    assert hostile in pane.body.toPlainText()
    for label in pane.findChildren(QLabel):
        assert label.textFormat() == Qt.TextFormat.PlainText, label.text()


@pytest.mark.parametrize("text", [ENGLISH, CHINESE], ids=["English", "Chinese"])
def test_a_summary_marks_the_words_that_support_it(window: MainWindow, settled: Settle, text: str) -> None:
    pane = open_post(window, settled, "Main Street", text)
    pane.summaries.summarise()
    settled(window)
    summary = pane.summary_box.summary
    assert summary is not None
    document = pane.body.document().toPlainText().encode("utf-16-le")
    for sentence, spans in zip(summary.sentences, pane.summaries.evidence, strict=True):
        assert spans
        shown = "".join(document[2 * start : 2 * end].decode("utf-16-le") for start, end in spans)
        wanted = "".join(summary.text[span.start : span.end] for span in sentence.evidence)
        assert "".join(shown.split()) == "".join(wanted.split())


def test_a_sentence_under_the_pointer_makes_its_evidence_stand_out(window: MainWindow, settled: Settle) -> None:
    pane = open_post(window, settled, "Main Street", ENGLISH)
    pane.summaries.summarise()
    settled(window)
    everything = list(pane.body._marks)
    pane.summary_box.sentence_hovered.emit(1)
    assert {mark[:2] for mark in pane.body._marks if mark[2]} == set(pane.summaries.evidence[0])
    pane.summary_box.sentence_hovered.emit(0)
    assert sorted(pane.body._marks) == sorted(everything)


def test_the_sentences_are_reached_by_keyboard(window: MainWindow, settled: Settle, qtbot: QtBot) -> None:
    pane = open_post(window, settled, "Main Street", ENGLISH)
    pane.summaries.summarise()
    settled(window)
    chosen: list[int] = []
    pane.summary_box.sentence_chosen.connect(chosen.append)
    pane.summary_box.text.setFocus()
    qtbot.keyClick(pane.summary_box.text, Qt.Key.Key_Tab)
    qtbot.keyClick(pane.summary_box.text, Qt.Key.Key_Return)
    assert chosen == [1]


def test_a_picked_summary_says_why_it_is_picked(window: MainWindow, settled: Settle) -> None:
    pane = open_post(window, settled, "Main Street", ENGLISH)
    pane.summaries.summarise()
    settled(window)
    summary = pane.summary_box.summary
    assert summary is not None
    assert summary.method == "extractive"
    assert "switched off" in method_words(summary)


def test_a_summary_by_the_model_says_how_many_sentences_were_refused() -> None:
    words = method_words(Summary(sentences=(), method="model", model="m", text="", rejected=2))
    assert "every sentence checked" in words
    assert "2 sentences refused" in words


def test_a_summary_whose_sentences_the_model_only_picked_says_so() -> None:
    text = "The ferry sails at nine. It is full."
    own = SummarySentence(text="The ferry sails at nine.", evidence=(Span(start=0, end=24),))
    picked = method_words(Summary(sentences=(own,), method="model", model="m", text=text))
    shortened = replace(own, text="The ferry sails.")
    written = method_words(Summary(sentences=(own, shortened), method="model", model="m", text=text))
    assert picked == "picked by the local model, word for word"
    assert written == "by the local model, every sentence checked"


def test_a_summary_that_comes_after_another_post_was_opened_is_dropped(window: MainWindow, settled: Settle) -> None:
    pane = open_post(window, settled, "Main Street", ENGLISH)
    pane.summaries.summarise()
    pane = open_post(window, settled, "Another", "Short.")
    assert pane.summary_box.summary is None


def test_cancelling_a_summary_leaves_the_offer_to_make_one(window: MainWindow, settled: Settle) -> None:
    pane = open_post(window, settled, "Main Street", ENGLISH)
    pane.summaries.summarise()
    pane.summary_box.cancel.click()
    settled(window)
    assert pane.summary_box.summary is None
    assert pane.summary_box.button.isVisible()


def test_the_reasons_on_screen_sum_to_the_score(window: MainWindow, settled: Settle) -> None:
    engine = window.engine
    assert engine is not None
    ids = engine.timeline(TimelineQuery(order="newest"))
    engine.feedback(ids[3], True)
    pane = window.reading
    pane.show_post(ids[0])
    settled(window)
    explanation = pane.why.explanation
    assert explanation is not None
    assert explanation.reasons
    assert abs(sum(reason.contribution for reason in explanation.reasons) - explanation.score) < 1e-6
    assert len(pane.why.findChildren(Bar)) <= len(explanation.reasons) + 1
    texts = [label.text() for label in pane.why.findChildren(QLabel)]
    assert any(text.startswith(("+", "−")) for text in texts)


def button(pane: ReadingPane, text: str) -> QPushButton:
    return next(b for b in pane.findChildren(QPushButton) if b.text() == text and b.isVisibleTo(pane))


def test_like_is_stored_and_taken_back_by_the_same_button(window: MainWindow, settled: Settle) -> None:
    pane = open_post(window, settled, "Main Street", ENGLISH)
    assert window.engine is not None
    assert pane.post_id is not None
    pane.header.like_button.click()
    settled(window)
    assert window.engine.post(pane.post_id).row.liked is True
    pane.header.like_button.click()
    settled(window)
    assert window.engine.post(pane.post_id).row.liked is None


def test_save_and_hide_are_stored_and_undone(window: MainWindow, settled: Settle) -> None:
    pane = open_post(window, settled, "Main Street", ENGLISH)
    engine, post_id = window.engine, pane.post_id
    assert engine is not None
    assert post_id is not None
    pane.header.save_button.click()
    settled(window)
    assert engine.post(post_id).row.saved
    window.undo.back()
    settled(window)
    assert not engine.post(post_id).row.saved
    pane.header.hide_button.click()
    settled(window)
    assert engine.post(post_id).row.hidden
    window.undo.back()
    settled(window)
    assert not engine.post(post_id).row.hidden


def test_not_this_is_a_dislike(window: MainWindow, settled: Settle) -> None:
    pane = open_post(window, settled, "Main Street", ENGLISH)
    button(pane, "Not this").click()
    settled(window)
    assert window.engine is not None
    assert pane.post_id is not None
    assert window.engine.post(pane.post_id).row.liked is False


def test_a_muffled_post_names_its_rule_and_words(window: MainWindow, settled: Settle) -> None:
    assert window.engine is not None
    window.engine.save_rule(Rule(name="Streets", conditions=(Condition(field="phrase", value="Main Street"),), action="muffle"))
    pane = open_post(window, settled, "Main Street", ENGLISH)
    texts = " ".join(label.text() for label in pane.why.findChildren(QLabel))
    assert "“Streets”" in texts
    assert "Main Street".casefold() in texts.casefold()


def test_a_rule_for_this_source_is_drafted(window: MainWindow, settled: Settle) -> None:
    from desktop.dialogs.rule import RuleEditor

    pane = open_post(window, settled, "Main Street", ENGLISH)
    button(pane, "A rule for this source…").click()
    settled(window)
    editor = window.findChild(RuleEditor)
    assert editor is not None
    draft = editor.rule()
    assert draft is not None
    assert draft.action == "muffle"
    assert draft.conditions[0].value == "City"
    editor.close()


def test_opening_the_original_is_remembered(window: MainWindow, settled: Settle, monkeypatch: pytest.MonkeyPatch) -> None:
    from desktop.reading import browser

    seen: list[str] = []
    monkeypatch.setattr(browser, "open_link", lambda link: bool(seen.append(link.url)) or True)
    pane = open_post(window, settled, "Main Street", ENGLISH)
    pane.open_in_browser()
    settled(window)
    assert seen == ["https://city.example/1"]


def test_a_change_elsewhere_does_not_load_the_post_again(window: MainWindow, settled: Settle) -> None:
    pane = open_post(window, settled, "Main Street", ENGLISH)
    pane.area.verticalScrollBar().setValue(5)
    pane.refresh(Changes(updated=frozenset({10_000})))
    assert window.lanes.idle()


def test_without_a_post_the_pane_says_what_to_do(window: MainWindow) -> None:
    window.reading.clear()
    assert "Choose a post" in window.reading._empty_text.text()
    assert window.reading.scroll_page() is False


def test_space_scrolls_to_the_end_and_then_says_so(window: MainWindow, settled: Settle) -> None:
    pane = open_post(window, settled, "Long", "A line of the post.\n" * 200)
    turns = 0
    while pane.scroll_page():
        turns += 1
        assert turns < 100
    assert turns > 1
    assert pane.area.verticalScrollBar().value() == pane.area.verticalScrollBar().maximum()


def test_a_very_long_post_is_shown_in_parts_and_never_stalls_the_window(window: MainWindow, settled: Settle) -> None:
    pane = open_post(window, settled, "Very long", "\n".join(f"Line {n} of a very long post." for n in range(6000)))
    assert "Line 5999" not in pane.body.toPlainText()
    began = time.perf_counter()
    pane._show_body()
    assert time.perf_counter() - began < 0.6
    while pane.rest.isVisibleTo(pane):
        pane.rest.click()
        settled(window)
    assert "Line 5999" in pane.body.toPlainText()


def test_large_text_in_a_narrow_pane_is_not_cut_off(window: MainWindow, settled: Settle) -> None:
    theme.install(QApplication.instance(), "light", 200)  # type: ignore[arg-type]
    window.resize(1500, 900)
    pane = open_post(window, settled, "Main Street closes to cars on summer weekends", ENGLISH)
    pane.summaries.summarise()
    settled(window)
    assert pane.area.outside.width() <= pane.area.viewport().width()


def test_every_button_has_a_name_for_screen_readers(window: MainWindow, settled: Settle) -> None:
    pane = open_post(window, settled, "Main Street", ENGLISH)
    for made in pane.findChildren(QPushButton):
        assert made.text() or made.accessibleName()
    for widget in (pane.area, pane.body, pane.summary_box, pane.why):
        assert widget.accessibleName()
