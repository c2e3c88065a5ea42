"""Rules over a long past in the real window: counts that grow, stopping and going on, undo; folders; rules as a file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop.dialogs import rule as sheet
from desktop.dialogs import rule_file
from desktop.dialogs.rule import Scope
from desktop.dialogs.rule_file import RuleFile
from desktop.main_window import MainWindow
from desktop.rules_past import JOB
from engine import Condition, Engine, PlainPost, Rule, TimelineQuery, parse_rule
from engine.core import reapplying
from tests.desktop.conftest import open_window
from tests.desktop.test_pages import page

Settled = Callable[[MainWindow], None]
POSTS = 150
GOALS = POSTS * 6 // 10


def engine_of(window: MainWindow) -> Engine:
    assert window.engine is not None
    return window.engine


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reapplying, "FIRST", 30)
    monkeypatch.setattr(reapplying, "PIECE", 20)
    monkeypatch.setattr(reapplying, "LARGEST_PIECE", 20)


@pytest.fixture
def long_window(qtbot: QtBot, engine: Engine, settled: Settled) -> MainWindow:
    """The window over more posts than are judged at once."""
    now = datetime.now(UTC)
    for name in ("Even", "Odd"):
        numbers = range(name == "Odd", POSTS, 2)
        engine.add_posts(
            name,
            [PlainPost(title=f"Post {n} has a {'goal' if n % 10 < 6 else 'frog'}", published_at=now - timedelta(minutes=n)) for n in numbers],
        )
    made = open_window(qtbot, engine)
    settled(made)
    return made


def hidden(window: MainWindow) -> int:
    return len(engine_of(window).timeline(TimelineQuery(order="newest", hidden=True, limit=0)))


def words(inside: QWidget) -> str:
    return "\n".join(label.text() for label in inside.findChildren(QLabel))


def press(inside: QWidget, text: str) -> None:
    next(made for made in inside.findChildren(QPushButton) if made.text() == text and made.isVisible()).click()


def saved_by_sheet(window: MainWindow, text: str = 'hide words "goal"') -> None:
    editor = sheet.open_dialog(window, parse_rule(text))
    editor.save()


def test_saving_says_what_it_took_so_far_and_in_the_end_how_many(long_window: MainWindow, settled: Settled) -> None:
    said: list[str] = []
    say = long_window.toast.say
    long_window.toast.say = lambda text, *more: (said.append(text), say(text, *more))[1]  # type: ignore[method-assign, assignment]
    saved_by_sheet(long_window)
    settled(long_window)
    assert said[0].startswith("Rule saved: it takes ")
    assert said[0].endswith(" posts so far, still looking…")
    assert said[-1] == f"All posts were looked at: “goal” takes {GOALS} posts"
    assert hidden(long_window) == GOALS
    assert f"takes {GOALS} posts" in words(page(long_window, settled, "rules"))


def test_undo_of_a_new_rule_brings_all_posts_back(long_window: MainWindow, settled: Settled) -> None:
    saved_by_sheet(long_window)
    settled(long_window)
    long_window.undo.back()
    settled(long_window)
    assert engine_of(long_window).rules() == []
    assert hidden(long_window) == 0


def test_stopping_keeps_what_was_done_and_the_page_goes_on(long_window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    going_on: list[bool] = []
    long_window.lanes.job_started.connect(lambda job: job.cancel() if job.name in (JOB, "enrich") and not going_on else None)
    saved_by_sheet(long_window)
    settled(long_window)
    assert 0 < hidden(long_window) < GOALS
    rules = page(long_window, settled, "rules")
    assert "so far; older ones wait" in words(rules)
    going_on.append(True)
    press(rules, "Go on")
    settled(long_window)
    settled(long_window)
    assert hidden(long_window) == GOALS
    assert f"takes {GOALS} posts" in words(rules)


def test_what_is_owed_goes_on_when_the_window_opens(qtbot: QtBot, engine: Engine, settled: Settled) -> None:
    now = datetime.now(UTC)
    engine.add_posts("Daily", [PlainPost(title=f"A goal {n}", published_at=now - timedelta(minutes=n)) for n in range(80)])
    assert engine.save_rule(parse_rule('hide words "goal"')).more
    window = open_window(qtbot, engine)
    settled(window)
    assert engine.rule_progress() == {}
    assert hidden(window) == 80


def test_a_deleted_rule_comes_back_by_undo_with_what_was_said_of_it(long_window: MainWindow, settled: Settled) -> None:
    engine = engine_of(long_window)
    rule = engine.save_rule(parse_rule('hide words "goal"')).rule
    settled(long_window)
    engine.mark(engine.timeline(TimelineQuery(order="newest", hidden=True))[:2], hidden=False)
    sheet.delete_rule(long_window, rule)
    settled(long_window)
    assert hidden(long_window) == 0
    long_window.undo.back()
    settled(long_window)
    assert hidden(long_window) == GOALS - 2
    assert engine.rule_errors()[rule.id].mistakes == 2


def test_a_rule_is_made_for_a_folder(long_window: MainWindow, settled: Settled) -> None:
    engine = engine_of(long_window)
    engine.update_feed(next(feed.id for feed in engine.feeds() if feed.title == "Odd"), folder="Ponds/Small")
    editor = sheet.open_dialog(long_window, Rule(name="", conditions=(Condition(field="words", value="goal"),)))
    settled(long_window)
    shown = [editor.scope.itemText(at) for at in range(editor.scope.count())]
    assert shown[:3] == ["All feeds", "Folder Ponds, also its new feeds", "Folder Ponds/Small, also its new feeds"]
    editor.scope.setCurrentIndex(1)
    editor.save()
    settled(long_window)
    (rule,) = engine.rules()
    assert rule.folders == ("Ponds",)
    assert hidden(long_window) == GOALS // 2
    again = sheet.open_dialog(long_window, rule)
    settled(long_window)
    assert again.scope.currentData() == Scope(folders=("Ponds",))
    made = again.rule()
    assert made is not None
    assert made.folders == ("Ponds",)
    again.close()
    assert "Only in Ponds." in words(page(long_window, settled, "rules"))


def test_rules_are_written_to_a_file_and_taken_from_one_with_a_look_before(
    long_window: MainWindow, settled: Settled, tmp_path: Path, shoot: Callable[[QWidget, str], None]
) -> None:
    engine = engine_of(long_window)
    engine.save_rule(parse_rule('hide words "goal" named "Goals"'))
    engine.save_rule(parse_rule('muffle words "frog" named "Frogs"'))
    settled(long_window)
    before = engine.rules()
    file = tmp_path / "rules.txt"
    rule_file.open_export(long_window, file)
    settled(long_window)
    assert 'hide words "goal" named "Goals"' in file.read_text()
    file.write_text('label words "goal" named "Goals"\nhide words "newt" named "Newts"\n')
    rule_file.open_import(long_window, file)
    settled(long_window)
    taking = next(made for made in long_window.findChildren(RuleFile) if made.isVisible())
    assert taking.outcome.text() == "1 new rule · 1 changed · 0 go"
    assert '− hide words "goal" named "Goals"' in taking.lines.toPlainText()
    assert '+ label words "goal" named "Goals"' in taking.lines.toPlainText()
    assert engine.rules() == before, "nothing is changed by looking"
    taking.others.setChecked(True)
    settled(long_window)
    assert taking.outcome.text() == "1 new rule · 1 changed · 1 goes"
    shoot(taking, "rule-file")
    taking.take_button.click()
    settled(long_window)
    assert [(rule.name, rule.action) for rule in engine.rules()] == [("Goals", "label"), ("Newts", "hide")]
    assert hidden(long_window) == 0
    long_window.undo.back()
    settled(long_window)
    assert engine.rules() == before
    assert hidden(long_window) == GOALS


def test_a_file_that_cannot_be_read_is_refused_by_line(long_window: MainWindow, settled: Settled, tmp_path: Path) -> None:
    file = tmp_path / "rules.txt"
    file.write_text('hide words "goal"\nhide wrods "x"\n')
    rule_file.open_import(long_window, file)
    settled(long_window)
    taking = next(made for made in long_window.findChildren(RuleFile) if made.isVisible())
    assert taking.error.text().startswith("Line 2:")
    assert not taking.take_button.isEnabled()
    assert engine_of(long_window).rules() == []
    taking.close()


def test_what_breaks_out_is_chosen_in_the_sheet_and_wears_its_badge(long_window: MainWindow, settled: Settled) -> None:
    engine = engine_of(long_window)
    editor = sheet.open_dialog(long_window, parse_rule('hide words "goal"'))
    settled(long_window)
    editor._open_breakout()
    editor.by_source.setChecked(True)
    editor.trusted.setCurrentIndex(editor.trusted.findText("Odd"))
    editor.by_signal.setChecked(True)
    editor.severity.spin.setValue(93)
    editor.save()
    settled(long_window)
    (rule,) = engine.rules()
    assert rule.breakout is not None
    assert (rule.breakout.signal, rule.breakout.at_least) == ("anger", 0.93)
    assert hidden(long_window) == GOALS // 2
    rows = [row for row in engine.rows(engine.timeline(TimelineQuery(order="newest", limit=0))) if "goal" in row.title]
    assert {(row.feed_title, row.broke_out) for row in rows} == {("Odd", "source")}
