"""The rule sheet's fields, what breaks out, the dry run with its answers; the tray's judgements; badges on cards."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from desktop.dialogs import rule as sheet
from desktop.dialogs.condition import FIELDS
from desktop.dialogs.rule import RuleEditor, rule_words
from desktop.facts import rule_badges
from desktop.main_window import MainWindow
from desktop.pages.rules import errors_words
from engine import Breakout, Condition, Engine, Rule, RuleErrors, TimelineQuery, parse_rule
from engine.vectors import quantise
from tests.desktop.test_pages import page

Settled = Callable[[MainWindow], None]


def engine_of(window: MainWindow) -> Engine:
    assert window.engine is not None
    return window.engine


def looked(qtbot: QtBot, window: MainWindow, settled: Settled) -> None:
    qtbot.wait(sheet.PREVIEW_AFTER_MILLISECONDS + 50)
    settled(window)


def condition_of(field: str) -> Condition:
    if field in ("age", "length", "outlets"):
        return Condition(field=field, value="", low=2.0)  # type: ignore[arg-type]
    value = {"signal": "anger", "media": "video", "language": "zh", "network": "mastodon", "domain": "posts.example"}.get(field, "crypto")
    low = 0.35 if field in ("signal", "topic") else None
    return Condition(field=field, value=value, low=low)  # type: ignore[arg-type]


@pytest.mark.usefixtures("models_on")
@pytest.mark.parametrize("field", FIELDS)
def test_a_rule_on_every_field_is_made_shown_and_saved(window: MainWindow, settled: Settled, qtbot: QtBot, field: str) -> None:
    wanted = condition_of(field)
    editor = sheet.open_dialog(window)
    row = editor._rows[0]
    row.field.setCurrentIndex(FIELDS.index(field))
    if field in ("age", "length", "outlets"):
        row.amount.spin.setValue(2)
    elif field in ("signal", "media"):
        row.choice.setCurrentIndex(row.choice.findData(wanted.value))
    else:
        qtbot.keyClicks(row.value, wanted.value)
    if wanted.low is not None and field in ("signal", "topic"):
        row.slider.setValue(35)
    assert row.condition() == wanted
    editor.muffle_choice.setChecked(True)
    editor.save()
    settled(window)
    (saved,) = engine_of(window).rules()
    assert saved.conditions == (wanted,)
    assert rule_words(saved)
    again = sheet.open_dialog(window, saved)
    made = again.rule()
    assert made is not None
    assert made.conditions == saved.conditions, "what is opened again says the same"
    again.close()


def test_an_old_rule_on_a_signal_that_is_gone_says_so_and_never_turns_into_another(window: MainWindow, settled: Settled) -> None:
    wanted = Condition(field="signal", value="fear", low=0.8)
    old = Rule(name="Old", conditions=(wanted,), action="muffle", breakout=Breakout(signal="fear"))
    editor = sheet.open_dialog(window, old)
    settled(window)
    assert "nothing tells this" in editor._rows[0].choice.currentText()
    assert "fear (nothing tells this)" in rule_words(old)
    made = editor.rule()
    assert made is not None
    assert made.conditions == (wanted,)
    assert made.breakout == Breakout(signal="fear", at_least=0.8)
    editor.close()


def test_what_lets_through_how_long_and_what_is_done(window: MainWindow, settled: Settled) -> None:
    editor = sheet.open_dialog(window, parse_rule('hide words "crypto"'))
    settled(window)
    editor.by_outlets.setChecked(True)
    editor.outlets.spin.setValue(4)
    editor.by_signal.setChecked(True)
    editor.until.setCurrentIndex(1)
    made = editor.rule()
    assert made is not None
    assert made.breakout == Breakout(outlets=4, signal="anger", at_least=0.8)
    assert made.until is not None
    assert made.until.astimezone().weekday() == 0
    editor.other_choice.setChecked(True)
    made = editor.rule()
    assert made is not None
    assert (made.action, made.breakout) == ("label", None)
    assert not editor.by_outlets.isVisible()
    editor.close()


@pytest.fixture
def vectors(window: MainWindow) -> list[int]:
    """Posts with vectors on a line from near a topic to far from it, and the topic's own vector in the store."""
    store, model = engine_of(window)._store, engine_of(window)._model_name()
    ids = engine_of(window).timeline(TimelineQuery(order="newest"))[:12]
    angles = np.linspace(0.1, 1.4, len(ids))
    found = np.stack([np.cos(angles), np.sin(angles), *np.zeros((6, len(ids)))], axis=1).astype(np.float32)
    codes, scales = quantise(found)
    store.save_vectors(model, np.array(ids), codes, scales)
    store.save_topic_vector(model, "boats", np.eye(8, dtype=np.float32)[0].tobytes())
    return ids


def test_the_dry_run_shows_both_sides_of_the_threshold_and_learns(
    window: MainWindow, settled: Settled, qtbot: QtBot, vectors: list[int]
) -> None:
    editor = sheet.open_dialog(window, Rule(name="", conditions=(Condition(field="topic", value="boats", low=0.5),)))
    looked(qtbot, window, settled)
    run = editor.dry_run
    before = engine_of(window).preview_rule(editor.rule() or parse_rule('hide words "x"')).posts
    assert 6 <= len(run.buttons) <= 10, "at most five on each side"
    assert str(before) in run.count.text()
    editor._rows[0].slider.setValue(90)
    looked(qtbot, window, settled)
    fewer = engine_of(window).preview_rule(editor.rule() or parse_rule('hide words "x"')).posts
    assert 0 < fewer < before, "the slider takes fewer"
    judged = {post_id: place < 9 for place, post_id in enumerate(vectors) if post_id in run.buttons}
    for post_id, fits in judged.items():
        run.buttons[post_id][0 if fits else 1].click()
    assert run.marks == judged
    run.sharpen.click()
    settled(window)
    looked(qtbot, window, settled)
    made = editor.rule()
    assert made is not None
    preview = engine_of(window).preview_rule(made)
    assert all((post_id in preview.ids) is fits for post_id, fits in judged.items()), "it now says what the person said"
    assert made.conditions[0].examples
    editor.save()
    settled(window)
    (rule,) = engine_of(window).rules()
    assert engine_of(window).rule_marks(rule.id) == judged, "the answers stay beside the rule"


def test_a_topic_without_a_model_is_said(window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    engine_of(window).set_setting("ai", False)
    editor: RuleEditor = sheet.open_dialog(window, Rule(name="", conditions=(Condition(field="topic", value="boats", low=0.5),)))
    looked(qtbot, window, settled)
    assert "no embedding model" in editor.count.text()
    editor.close()


def test_the_tray_judges_restores_and_never_hides_like_this(window: MainWindow, settled: Settled) -> None:
    engine = engine_of(window)
    rule = engine.save_rule(parse_rule('hide words "crypto"')).rule
    tray = page(window, settled, "tray")
    buttons = [made for made in tray.findChildren(QPushButton) if made.text() == "Rightly hidden"]
    assert len(buttons) >= 2
    buttons[0].click()
    settled(window)
    next(made for made in tray.findChildren(QPushButton) if made.text() == "Restore").click()
    settled(window)
    errors = engine.rule_errors()[rule.id]
    assert errors.judged >= 1
    assert errors.mistakes == 1
    window.undo.back()
    settled(window)
    assert engine.rule_errors().get(rule.id, RuleErrors(judged=0, mistakes=0, low=0, high=1)).mistakes == 0
    next(made for made in tray.findChildren(QPushButton) if made.text() == "Never hide like this…").click()
    settled(window)
    editor = next(made for made in window.findChildren(RuleEditor) if made.isVisible())
    made = editor.rule()
    assert made is not None
    assert made.action == "allow"
    assert made.conditions[0].examples
    editor.close()


def test_badges_say_what_rules_did(window: MainWindow, settled: Settled) -> None:
    engine = engine_of(window)
    feed = engine.rows(engine.timeline(TimelineQuery(order="newest")))[0].feed_id
    engine.save_rule(parse_rule(f'hide length over 0 unless from {feed} named "All"'))
    engine.save_rule(parse_rule('label length over 0 named "Long"'))
    row = engine.rows(engine.timeline(TimelineQuery(order="newest")))[0]
    assert rule_badges(row) == ["Long", "let through: a feed that you trust"]


def test_errors_are_told_with_their_doubt() -> None:
    assert errors_words(RuleErrors(judged=20, mistakes=2, low=0.028, high=0.301)) == "wrong in 2 of 20 that you judged (3–30 %)"
