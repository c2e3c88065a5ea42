"""Ranking in the window over a real engine: why, with edits in place; timelines of one's own; what was learnt; how well it works."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QMenu, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop.dialogs import algorithm
from desktop.dialogs.algorithm import ImportAlgorithm
from desktop.dialogs.rule import RuleEditor
from desktop.dialogs.sheet import Sheet
from desktop.dialogs.timeline import TimelineSheet
from desktop.main_window import MainWindow
from desktop.pages.evaluation import EvaluationPage, pairs_words, week_words
from desktop.pages.profile import LearnedRow, ProfilePage
from desktop.reading.why import WhyPanel, counterfactual_words, reason_words
from desktop.sidebar import Place
from engine import BusyError, Condition, Counterfactual, Engine, Learned, Reason, Rule, Timeline, TimelineQuery
from engine.vectors import quantise

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
Settle = Callable[[MainWindow], None]
GARDEN = "Garden Notes"


def engine_of(window: MainWindow) -> Engine:
    assert window.engine is not None
    return window.engine


def words(inside: QWidget) -> str:
    return " ".join(label.text() for label in inside.findChildren(QLabel) if label.isVisible())


def press(inside: QWidget, name: str) -> None:
    next(made for made in inside.findChildren(QPushButton) if name in (made.text(), made.accessibleName()) and made.isVisible()).click()


def choose(menu: QMenu, words: str) -> None:
    next(action for action in menu.actions() if action.text() == words).trigger()


def posts_of(engine: Engine, feed: str) -> list[int]:
    return [row.id for row in engine.rows(engine.timeline(TimelineQuery(order="newest"))) if row.feed_title == feed]


def like_some(window: MainWindow, settled: Settle) -> list[int]:
    """Like what one feed brings and dislike what another does; returns the posts of the first that nothing was said of."""
    engine = engine_of(window)
    engine.set_setting("fold_stories", False)  # these posts are much alike
    for _ in engine.enrich():  # now, not at some moment of the test
        pass
    garden, market = posts_of(engine, GARDEN), posts_of(engine, "Market Wire")
    for post_id in garden[:3]:
        engine.feedback(post_id, True)
    for post_id in market[:2]:
        engine.feedback(post_id, False)
    window.go("timeline", "for_you")
    settled(window)
    return garden[3:]


def learn(window: MainWindow, settled: Settle) -> None:
    """Have all that was done taken into the order, by a job of our own once the window's is over."""
    for _ in range(20):
        try:
            for _ in engine_of(window).enrich():
                pass
            break
        except BusyError:
            settled(window)
    settled(window)


def why_of(window: MainWindow, settled: Settle, post_id: int) -> WhyPanel:
    window.open_post(post_id)
    settled(window)
    learn(window, settled)  # that it was opened, now and not at some moment of the test
    assert window.reading.why.isVisible()
    return window.reading.why


def reason_of(panel: WhyPanel, *names: str) -> Reason:
    assert panel.explanation is not None
    return next(reason for reason in panel.explanation.reasons if reason.name in names)


def places(window: MainWindow, ids: Sequence[int]) -> list[int]:
    return [window.timeline.model.ids.index(post_id) for post_id in ids]


# ---- why, and changes where it stands ----------------------------------------------------------


def test_less_of_a_source_is_said_where_it_stands_acts_at_once_and_is_undone(window: MainWindow, settled: Settle) -> None:
    rest = like_some(window, settled)
    panel = why_of(window, settled, rest[0])
    was = sum(places(window, rest))
    choose(panel.menu(reason_of(panel, "source_liked")), f"Less of this source: {GARDEN}")
    settled(window)
    assert sum(places(window, rest)) > was, "its posts stand lower"
    assert panel.explanation is not None
    assert abs(sum(reason.contribution for reason in panel.explanation.reasons) - panel.explanation.score) < 1e-6
    assert window.toast.words.text() == f"Less of “{GARDEN}”"
    changed = reason_of(panel, "more_source", "less_source")
    assert reason_words(changed) in words(panel)
    window.undo.back()
    settled(window)
    assert engine_of(window).interest_edits() == {}
    assert sum(places(window, rest)) <= was, "they stand as high again"
    assert window.timeline.model.ids == engine_of(window).timeline(TimelineQuery())
    assert reason_of(panel, "source_liked")


def test_what_was_changed_of_a_reason_is_taken_back_by_its_own_menu(window: MainWindow, settled: Settle) -> None:
    rest = like_some(window, settled)
    panel = why_of(window, settled, rest[0])
    press(panel, "Less of this source")
    settled(window)
    assert engine_of(window).interest_edits()
    choose(panel.menu(reason_of(panel, "more_source", "less_source")), f"Take back what I changed of “{GARDEN}”")
    settled(window)
    assert engine_of(window).interest_edits() == {}
    assert reason_of(panel, "source_liked")


def test_a_word_of_a_reason_is_wanted_less(window: MainWindow, settled: Settle) -> None:
    rest = like_some(window, settled)
    panel = why_of(window, settled, rest[0])
    reason = reason_of(panel, "words_liked")
    word = reason.detail.split(",")[0].strip()
    assert word, "the reason names its words"
    choose(panel.menu(reason), f"Less of the word “{word}”")
    settled(window)
    assert set(engine_of(window).interest_edits()) == {("word", word)}
    assert reason_of(panel, "less_word", "more_word", "words_liked")


@pytest.mark.qt_log_ignore("propagateSizeHints", "raise", "grabbing the keyboard")
def test_the_dots_behind_a_reason_are_reached_and_opened_by_keys(window: MainWindow, settled: Settle, qtbot: QtBot) -> None:
    rest = like_some(window, settled)
    panel = why_of(window, settled, rest[0])
    window.activateWindow()
    name = f"Change: {reason_words(reason_of(panel, 'source_liked'))}"
    dots = next(made for made in panel.findChildren(QPushButton) if made.accessibleName() == name and made.isVisible())
    dots.setFocus()
    qtbot.keyClick(dots, Qt.Key.Key_Space)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    qtbot.keyClick(menu, Qt.Key.Key_Down)
    qtbot.keyClick(menu, Qt.Key.Key_Return)
    settled(window)
    assert set(engine_of(window).interest_edits()) == {("source", str(engine_of(window).rows(rest[:1])[0].feed_id))}


def give_vectors(engine: Engine, ids: Sequence[int]) -> None:
    """Vectors as a model would make them: one direction for each feed, and a little of the post's own."""
    feeds = {row.id: row.feed_id for row in engine.rows(list(ids))}
    made = np.stack([np.eye(16)[feeds[post_id] % 12] + 0.2 * np.eye(16)[12 + post_id % 4] for post_id in ids]).astype(np.float32)
    codes, scales = quantise(made / np.linalg.norm(made, axis=1, keepdims=True))
    engine._store.save_vectors(engine._model_name(), np.array(ids), codes, scales)
    engine._scorer.forget()


def test_a_like_is_forgotten_where_the_reason_names_it_and_remembered_by_undo(window: MainWindow, settled: Settle) -> None:
    engine = engine_of(window)
    give_vectors(engine, engine.timeline(TimelineQuery(order="newest")))
    rest = like_some(window, settled)
    panel = why_of(window, settled, rest[0])
    assert panel.explanation is not None
    nearest = panel.explanation.nearest_liked
    assert nearest
    likes = engine.learned().likes
    press(panel, "forget")
    settled(window)
    assert engine.learned().likes == likes - 1
    assert nearest[0][0] not in [post_id for post_id, _, _ in panel.explanation.nearest_liked]
    assert engine.post(nearest[0][0]).row.liked is True, "the post stays liked"
    window.undo.back()
    settled(window)
    assert engine.learned().likes == likes


def test_more_posts_like_this_one_are_wanted_without_a_model(window: MainWindow, settled: Settle) -> None:
    engine = engine_of(window)
    give_vectors(engine, engine.timeline(TimelineQuery(order="newest")))
    rest = like_some(window, settled)
    panel = why_of(window, settled, rest[0])
    choose(panel.menu(reason_of(panel, "close_to_liked")), "More of this topic")
    settled(window)
    assert engine.interest_edits() == {("topic", f"post:{rest[0]}"): 1.0}
    assert reason_of(panel, "more_topic").contribution > 0


def test_what_would_have_to_change_is_said_in_sentences_that_are_true(window: MainWindow, settled: Settle) -> None:
    rest = like_some(window, settled)
    panel = why_of(window, settled, rest[-1])
    explanation = engine_of(window).explain(rest[-1])
    said = words(panel)
    assert "What would have to change" in said
    shown = [case for case in explanation.counterfactuals if counterfactual_words(case) in said]
    assert shown
    newest = next(case for case in explanation.counterfactuals if case.change == "strength")
    order = engine_of(window).timeline(TimelineQuery(order="newest"))
    assert order[newest.position - 1] == rest[-1]
    assert counterfactual_words(newest) == f"With newest first, strength 0: number {newest.position}"


def test_hours_are_told_in_the_singular_and_as_days() -> None:
    def told(hours: float) -> str:
        return counterfactual_words(Counterfactual(change="younger", name="fresh", amount=hours, position=3))

    assert told(1) == "Had it come 1 hour later: number 3"
    assert told(6) == "Had it come 6 hours later: number 3"
    assert told(72) == "Had it come 3 days later: number 3"


# ---- timelines of one's own ----------------------------------------------------------------------


def sheet_of(window: MainWindow, settled: Settle) -> TimelineSheet:
    settled(window)
    return next(made for made in window.findChildren(TimelineSheet) if made.isVisible())


def previewed(window: MainWindow, settled: Settle, qtbot: QtBot) -> None:
    qtbot.wait(260)
    settled(window)


def entries(window: MainWindow) -> list[str]:
    top = window.sidebar.feeds.topLevelItem(0)
    assert top is not None
    return [child.text(0) for at in range(top.childCount()) if (child := top.child(at)) is not None]


def test_a_timeline_of_strength_0_is_newest_first_from_the_preview_on(window: MainWindow, settled: Settle, qtbot: QtBot) -> None:
    like_some(window, settled)
    engine = engine_of(window)
    newest = engine.timeline(TimelineQuery(order="newest"))
    window.actions_by_name["new_timeline"].trigger()
    sheet = sheet_of(window, settled)
    previewed(window, settled, qtbot)
    assert not sheet.save_button.isEnabled(), "it has no name yet"
    assert sheet.shown
    assert sheet.shown != newest[: len(sheet.shown)], "by what was learnt"
    qtbot.keyClicks(sheet.name, "Plain")
    sheet.strength.slider.setFocus()
    qtbot.keyClick(sheet.strength.slider, Qt.Key.Key_Home)
    previewed(window, settled, qtbot)
    assert sheet.strength.value.text() == "newest first, exactly"
    assert "Newest first, exactly" in sheet.preview_note.text()
    assert sheet.shown == newest[: len(sheet.shown)]
    assert engine.timelines() == [], "nothing is kept before it is saved"
    sheet.save_button.click()
    settled(window)
    assert window.timeline.title == "Plain"
    assert window.timeline.model.ids == newest
    assert entries(window) == ["Plain"]
    (made,) = engine.timelines()
    assert window.sidebar.feeds.place(window.sidebar.feeds.currentItem()) == Place("own", timeline_id=made.id)
    assert made.strength == 0
    window.undo.back()
    settled(window)
    assert engine.timelines() == []
    assert window.timeline.title == "For you"
    assert entries(window) == []


def test_a_timeline_shows_the_feeds_that_are_ticked_weighed_as_its_sliders_say(window: MainWindow, settled: Settle, qtbot: QtBot) -> None:
    like_some(window, settled)
    engine = engine_of(window)
    window.timelines.new()
    sheet = sheet_of(window, settled)
    sheet.name.setText("Kernel & garden")
    sheet.source.setCurrentIndex(sheet.source.count() - 1)
    for at in range(sheet.feeds.count()):
        item = sheet.feeds.item(at)
        if item.text() in ("Kernel Weekly", GARDEN):
            item.setCheckState(Qt.CheckState.Checked)
    sheet.weighing.head.click()
    variety = sheet.weights["variety"]
    variety.slider.setValue(variety.slider.maximum())
    assert variety.back.isVisible()
    sheet.weights["seen"].slider.setValue(0)
    sheet.weights["seen"].back.click()
    sheet.tones.head.click()
    sheet.signals["promotion"].slider.setValue(12)
    previewed(window, settled, qtbot)
    drawn = sheet.timeline()
    assert drawn is not None
    assert sheet.shown[:5] == engine.preview_timeline(drawn, limit=5)
    sheet.save_button.click()
    settled(window)
    (made,) = engine.timelines()
    assert set(made.weights) == {"variety"}, "a weight that was given back is the preset's"
    assert made.signals == {"promotion": 3.0}
    rows = engine.rows(window.timeline.model.ids)
    assert {row.feed_title for row in rows} == {"Kernel Weekly", GARDEN}
    window.timeline.reorder()
    settled(window)
    assert engine.preview_timeline(made, limit=5) == window.timeline.model.ids[:5], "the preview shows what will be there"
    feeds = [row.feed_title for row in rows[:6]]
    assert feeds[0] != feeds[1], "the best posts are of one source: with so much variety the other comes second"
    assert min(feeds.count("Kernel Weekly"), feeds.count(GARDEN)) >= 2


def test_two_timelines_of_one_name_are_refused_in_words(window: MainWindow, settled: Settle) -> None:
    engine_of(window).save_timeline(Timeline(name="Work"))
    settled(window)
    window.timelines.new()
    sheet = sheet_of(window, settled)
    sheet.name.setText("Work")
    sheet.save()
    settled(window)
    assert sheet.isVisible()
    assert "Work" in sheet.error.text()
    sheet.close()


def test_timelines_are_renamed_moved_and_deleted_by_keys_with_undo(window: MainWindow, settled: Settle, qtbot: QtBot) -> None:
    engine = engine_of(window)
    for place, name in enumerate(("Work", "Evening", "Quiet")):
        engine.save_timeline(Timeline(name=name, position=place))
    qtbot.waitUntil(lambda: entries(window) == ["Work", "Evening", "Quiet"], timeout=5000)
    assert [made.text() for made in window.top.segments.findChildren(QPushButton) if made.isVisible()][:3] == ["For you", "Newest", "Work"]
    window.activateWindow()
    window.show_own(engine.timelines()[0].id)
    settled(window)
    tree = window.sidebar.feeds
    tree.setFocus()
    qtbot.keyClick(tree, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    settled(window)
    assert entries(window) == ["Evening", "Work", "Quiet"]
    qtbot.keyClick(tree, Qt.Key.Key_F2)
    editor = tree.findChild(QLineEdit)
    assert editor is not None
    editor.selectAll()
    qtbot.keyClicks(editor, "Office")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    settled(window)
    assert entries(window) == ["Evening", "Office", "Quiet"]
    assert window.timeline.heading.text() == "Office"
    tree.setFocus()
    qtbot.keyClick(tree, Qt.Key.Key_Delete)
    settled(window)
    assert entries(window) == ["Evening", "Quiet"]
    assert window.timeline.title == "For you"
    for expected in (["Evening", "Office", "Quiet"], ["Evening", "Work", "Quiet"], ["Work", "Evening", "Quiet"]):
        window.undo.back()
        settled(window)
        assert entries(window) == expected


def test_the_reasons_of_a_post_are_those_of_the_timeline_that_is_shown(window: MainWindow, settled: Settle) -> None:
    rest = like_some(window, settled)
    made, _ = engine_of(window).save_timeline(Timeline(name="Plain", strength=0))
    settled(window)
    window.show_own(made.id)
    settled(window)
    panel = why_of(window, settled, rest[0])
    assert panel.explanation is not None
    assert [reason.name for reason in panel.explanation.reasons] == ["fresh"]
    assert "in Plain" in words(panel)
    press(panel, "Change the weights…")
    sheet = sheet_of(window, settled)
    assert sheet.name.text() == "Plain"
    sheet.close()


# ---- what was learnt -----------------------------------------------------------------------------


def profile_page(window: MainWindow, settled: Settle) -> ProfilePage:
    window.commands.show_profile()
    settled(window)
    page = window._pages["profile"]
    assert isinstance(page, ProfilePage)
    settled(window)
    assert page.filled()
    return page


def test_before_anything_is_learnt_the_page_says_how_to_begin(window: MainWindow, settled: Settle) -> None:
    page = profile_page(window, settled)
    assert "Nothing is learnt yet." in words(page)
    assert "Like a few posts (L)" in words(page)
    assert not page.forget.isVisible()


def test_all_that_was_learnt_stands_on_the_page_with_its_doubt(window: MainWindow, settled: Settle) -> None:
    like_some(window, settled)
    page = profile_page(window, settled)
    assert page.summary.text() == "Learnt from 3 likes, 2 dislikes."
    profile = engine_of(window).learned()
    for one in profile.learned[:5]:
        row = page.rows[(one.kind, one.key)]
        assert abs(row.slider.real() - one.weight) <= 0.051 or abs(one.weight) > 4
        assert row.note.text().startswith(("from ", "changed"))
        for label in (row.name, row.note):
            assert label.height() >= label.heightForWidth(label.width()), "no word is cut off"
    page.search.setText(GARDEN[:4])
    page._searching.stop()
    page._draw()
    settled(window)
    assert page.rows
    assert {one for _, one in page.rows} == {one.key for one in profile.learned if GARDEN[:4].casefold() in f"{one.name} {one.key}".casefold()}


def test_a_weight_is_changed_reset_and_undone_in_its_place(window: MainWindow, settled: Settle, qtbot: QtBot) -> None:
    like_some(window, settled)
    engine = engine_of(window)
    page = profile_page(window, settled)
    source = next(one for one in engine.learned().learned if one.kind == "source" and one.name == GARDEN)
    row = page.rows[("source", source.key)]
    row.slider.setFocus()
    qtbot.keyClick(row.slider, Qt.Key.Key_Home)
    qtbot.wait(560)
    settled(window)
    assert engine.interest_edits()[("source", source.key)] == row.slider.real()
    assert row.slider.real() < 0
    assert "changed by you" in row.note.text()
    assert page.undo_edits.isVisible()
    row.reset.click()
    settled(window)
    assert engine.interest_edits() == {}
    assert not row.reset.isVisible()
    window.undo.back()
    settled(window)
    assert ("source", source.key) in engine.interest_edits()
    page.undo_edits.click()
    settled(window)
    assert engine.interest_edits() == {}


def test_a_topic_that_was_learnt_weighs_what_its_slider_says(window: MainWindow, settled: Settle) -> None:
    page = profile_page(window, settled)
    topic = Learned(kind="topic", key="bees, hedges", name="bees, hedges", weight=2.0, learnt=2.0, doubt=0.5, acts=4, edited=False)
    page._apply(topic, 0.5)
    settled(window)
    assert engine_of(window).interest_edits() == {("topic", "bees, hedges"): -1.5}, "it comes on top of what was learnt"


def test_a_word_is_written_down_without_liking_anything(window: MainWindow, settled: Settle, qtbot: QtBot) -> None:
    page = profile_page(window, settled)
    page.own_kind.setCurrentIndex(1)
    qtbot.keyClicks(page.own_key, "crypto")
    page.less_of.click()
    settled(window)
    settled(window)
    assert engine_of(window).interest_edits() == {("word", "crypto"): -1.0}
    assert page.own_key.text() == ""
    assert ("word", "crypto") in page.rows
    window.go("timeline", "for_you")
    settled(window)
    titles = [row.title for row in engine_of(window).rows(window.timeline.model.ids)]
    assert next(at for at, title in enumerate(titles) if "Crypto" in title) > next(at for at, title in enumerate(titles) if "Grid batteries" in title)


def test_everything_learnt_is_forgotten_only_when_confirmed_and_comes_back(window: MainWindow, settled: Settle) -> None:
    like_some(window, settled)
    engine = engine_of(window)
    page = profile_page(window, settled)
    acts = engine.learned().acts
    page.forget.click()
    sheet = next(made for made in window.findChildren(Sheet) if made.isVisible())
    assert engine.learned().acts == acts
    press(sheet, "Forget everything")
    settled(window)
    assert engine.learned().acts == 0
    assert "Nothing is learnt yet." in words(page)
    window.undo.back()
    settled(window)
    assert engine.learned().acts == acts


# ---- the algorithm file --------------------------------------------------------------------------


def importing(window: MainWindow, settled: Settle, path: Path) -> ImportAlgorithm:
    algorithm.open_import(window, path)
    settled(window)
    return next(made for made in window.findChildren(ImportAlgorithm) if made.isVisible())


def test_an_algorithm_file_is_written_compared_taken_over_and_undone(window: MainWindow, settled: Settle, tmp_path: Path) -> None:
    engine = engine_of(window)
    engine.save_timeline(Timeline(name="Work", preset="fresh"))
    engine.edit_interest("word", "bees", 1.5)
    engine.save_rule(Rule(name="No crypto", conditions=(Condition(field="words", value="crypto"),)))
    path = tmp_path / "mine.toml"
    algorithm.export_to(window, path)
    settled(window)
    assert "mine.toml" in window.toast.words.text()
    text = path.read_text(encoding="utf-8")
    assert "Hedges that feed bees" not in text, "no post stands in it"
    (work,) = engine.timelines()
    engine.delete_timeline(work.id)
    engine.edit_interest("word", "bees", -1.0)
    engine.save_timeline(Timeline(name="Evening"))
    engine.set_setting("strength", 0.5)
    now = engine.export_algorithm()
    sheet = importing(window, settled, path)
    said = "\n".join(sheet.lines)
    assert "+ timeline “Work”" in said
    assert "~ weight “word bees”: -1 → 1.5" in said
    assert "~ setting “strength”: 0.5 → 1" in said
    assert "− timeline “Evening”" in said
    assert sheet.summary.text() == "1 new · 2 changed · 1 gone"
    assert engine.export_algorithm() == now, "nothing changed before it was agreed to"
    sheet.take.click()
    settled(window)
    assert [timeline.name for timeline in engine.timelines()] == ["Work"]
    assert entries(window) == ["Work"]
    assert engine.interest_edits() == {("word", "bees"): 1.5}
    window.undo.back()
    settled(window)
    assert engine.export_algorithm() == now


def test_taking_a_file_back_brings_back_the_very_rules_that_it_removed(window: MainWindow, settled: Settle, tmp_path: Path) -> None:
    engine = engine_of(window)
    rule = engine.save_rule(Rule(name="No crypto", conditions=(Condition(field="words", value="crypto"),))).rule
    post_id = engine.timeline(TimelineQuery(limit=1))[0]
    engine.judge_rule(rule.id, {post_id: False})
    path = tmp_path / "empty.toml"
    path.write_text("format = 1\n", encoding="utf-8")
    importing(window, settled, path).take.click()
    settled(window)
    assert engine.rules() == []
    window.undo.back()
    settled(window)
    assert engine.rules() == [rule]
    assert engine.rule_marks(rule.id) == {post_id: False}


def test_a_file_that_cannot_be_understood_names_its_line_and_changes_nothing(window: MainWindow, settled: Settle, tmp_path: Path) -> None:
    engine = engine_of(window)
    before = engine.export_algorithm()
    for name, content, expected in (
        ("broken.toml", before + "\nthis is no line\n", "line"),
        ("bounds.toml", before.replace("strength = 1.0", "strength = 9.0", 1), "lies between"),
    ):
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        sheet = importing(window, settled, path)
        assert expected in sheet.error.text().lower()
        assert "line" in sheet.error.text().lower()
        assert not sheet.take.isEnabled()
        sheet.close()
    sheet = importing(window, settled, tmp_path / "missing.toml")
    assert "cannot be read" in sheet.error.text()
    sheet.close()
    assert engine.export_algorithm() == before


# ---- how well it works ---------------------------------------------------------------------------


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
    engine.set_setting("fold_stories", False)
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


def test_the_order_of_a_week_is_judged_by_what_was_liked_and_passed_over(window: MainWindow, settled: Settle) -> None:
    engine = engine_of(window)
    like_some(window, settled)
    garden, market = posts_of(engine, GARDEN), posts_of(engine, "Market Wire")
    kernel = posts_of(engine, "Kernel Weekly")
    assert engine.timeline(TimelineQuery())
    for post_id in (*garden[3:], *kernel[:4]):
        engine.feedback(post_id, True)
        assert engine.timeline(TimelineQuery())
    for post_id in (*market[2:], *posts_of(engine, "City Observer")[:3]):
        engine.feedback(post_id, False)
        assert engine.timeline(TimelineQuery())
    page = evaluation_page(window, settled)
    week = engine.evaluation().weeks[0]
    assert week.auc is not None
    said = words(page)
    assert pairs_words(week.auc) in said
    assert "Newest first" in said


def test_a_weeks_figure_is_told_as_pairs() -> None:
    assert pairs_words(0.83) == "In 8 of 10 pairs the post that you liked stood above the one that you passed over."
    assert week_words(date(2026, 11, 23)) == "23–29 Nov"
    assert week_words(date(2026, 11, 30)) == "30 Nov–6 Dec"


def test_every_reason_has_words_of_its_own() -> None:
    names: Any = Reason.__doc__
    listed = {name.strip(" .") for part in names.replace("\n", " ").split(":")[1:] for name in part.replace("(", ",").replace(")", ",").split(",") if "_" in name and " " not in name.strip(" .")}
    assert len(listed) > 20
    for name in listed:
        assert reason_words(Reason(name=name, contribution=1.0)) != name.replace("_", " "), name


def test_a_learnt_name_that_is_one_long_word_leaves_the_page_as_narrow_as_it_was(window: MainWindow) -> None:
    def row(name: str) -> LearnedRow:
        return LearnedRow(Learned(kind="author", key=name, name=name, weight=1.0, learnt=1.0, doubt=1.0, acts=1, edited=False), 4.0, lambda *_: None)

    assert row("@" + "lamplighter" * 20).minimumSizeHint().width() <= row("lamplighters").minimumSizeHint().width() + 20
