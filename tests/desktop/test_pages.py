"""The pages over a real engine: settings, rules, tray, ledger, models, help."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop import theme
from desktop.dialogs.controls import Check, Choice, Stepper
from desktop.main_window import MainWindow
from desktop.pages import PAGES
from desktop.pages.ledger import LedgerModel, LedgerPage, truth
from desktop.pages.models import ModelsPage
from desktop.pages.rules import RulesPage
from desktop.pages.settings import SettingsPage
from desktop.pages.tray import TrayPage
from desktop.strings import size
from engine import SETTINGS, Condition, Engine, LedgerRow, Rule, TimelineQuery
from tests.fakenet import FakeNet, items, rss

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
Settle = Callable[[MainWindow], None]


def page(window: MainWindow, settled: Settle, name: str) -> Any:
    window.show_page(name)
    settled(window)
    return window._pages[name]


def engine_of(window: MainWindow) -> Engine:
    assert window.engine is not None
    return window.engine


@pytest.mark.parametrize(
    ("size_bytes", "words"), [(12, "12 bytes"), (12_345, "12.3 kB"), (397_000_000, "397 MB"), (1_340_000_000, "1.3 GB")]
)
def test_sizes_have_no_more_figures_than_help(size_bytes: int, words: str) -> None:
    assert size(size_bytes) == words


def press(inside: QWidget, text: str) -> None:
    next(made for made in inside.findChildren(QPushButton) if made.text() == text and made.isVisible()).click()


@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_label_of_a_page_is_plain_text(window: MainWindow, settled: Settle, name: str) -> None:
    engine_of(window).save_rule(Rule(name="<b>x</b>", conditions=(Condition(field="words", value="crypto"),)))
    shown = page(window, settled, name)
    assert shown.accessibleName()
    for label in shown.findChildren(QLabel):
        assert label.textFormat() == Qt.TextFormat.PlainText, label.text()


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_stands_in_the_middle_of_a_wide_window(window: MainWindow, settled: Settle, name: str, qtbot: QtBot) -> None:
    shown = page(window, settled, name)
    window.resize(1900, 900)
    qtbot.wait(30)
    column = shown.area.body.parentWidget()
    left = column.mapTo(shown, column.rect().topLeft()).x()
    assert abs(left - (shown.width() - left - column.width())) < 16
    assert column.width() >= theme.px(theme.PAGE_WIDTH)


@pytest.mark.parametrize("name", sorted(PAGES))
def test_no_word_of_a_page_is_cut_off(window: MainWindow, settled: Settle, name: str, qtbot: QtBot) -> None:
    engine_of(window).save_rule(Rule(name="Crypto", conditions=(Condition(field="words", value="crypto"),)))
    shown = page(window, settled, name)
    for width in (1360, 900):
        window.resize(width, 800)
        qtbot.wait(30)
        for label in shown.findChildren(QLabel):
            if label.isVisible() and label.wordWrap():
                assert label.height() >= label.heightForWidth(label.width()), (width, label.text())


# ---- settings --------------------------------------------------------------------------------


def test_every_setting_has_a_control_of_its_kind(window: MainWindow, settled: Settle) -> None:
    shown: SettingsPage = page(window, settled, "settings")
    assert set(shown.rows) == {setting.name for setting in SETTINGS}
    for setting in SETTINGS:
        control = shown.rows[setting.name].control
        if isinstance(setting.default, bool):
            assert isinstance(control, Check)
        elif isinstance(setting.default, int | float):
            assert isinstance(control, Stepper)
            assert control.spin.minimum() == setting.low
            assert control.spin.maximum() == setting.high
        elif setting.choices:
            assert isinstance(control, Choice)
            assert [control.itemData(i) for i in range(control.count())] == list(setting.choices)
        assert control.accessibleName()


def test_what_is_stored_is_what_the_controls_show(window: MainWindow, settled: Settle) -> None:
    engine = engine_of(window)
    engine.set_setting("scale_percent", 120)
    engine.set_setting("strength", 0.5)
    engine.set_setting("mark_read_on_open", False)
    shown: SettingsPage = page(window, settled, "settings")
    values = engine.settings()
    for name, row in shown.rows.items():
        assert row.value() == values[name], name


def test_a_changed_setting_is_applied_at_once(window: MainWindow, settled: Settle, qtbot: QtBot) -> None:
    shown: SettingsPage = page(window, settled, "settings")
    control = shown.rows["strength"].control
    assert isinstance(control, Stepper)
    control.spin.setValue(0.3)
    check = shown.rows["mark_read_on_open"].control
    assert isinstance(check, Check)
    check.click()
    qtbot.waitUntil(lambda: engine_of(window).settings()["strength"] == 0.3, timeout=5000)
    qtbot.waitUntil(lambda: engine_of(window).settings()["mark_read_on_open"] is False, timeout=5000)


def test_the_theme_follows_its_setting(window: MainWindow, settled: Settle, qtbot: QtBot) -> None:
    shown: SettingsPage = page(window, settled, "settings")
    choice = shown.rows["theme"].control
    assert isinstance(choice, Choice)
    choice.setCurrentIndex(choice.findData("dark"))
    choice.activated.emit(choice.currentIndex())
    qtbot.waitUntil(lambda: theme.tokens().dark, timeout=5000)


def test_a_value_that_is_refused_is_said_beside_its_control(window: MainWindow, settled: Settle) -> None:
    shown: SettingsPage = page(window, settled, "settings")
    shown._apply("refresh_minutes", 3)
    settled(window)
    row = shown.rows["refresh_minutes"]
    assert row.error.isVisible()
    assert "60" in row.error.text()
    assert engine_of(window).settings()["refresh_minutes"] == 60


def test_the_wheel_over_a_number_without_focus_changes_nothing(window: MainWindow, settled: Settle) -> None:
    from PySide6.QtCore import QPoint, QPointF
    from PySide6.QtGui import QWheelEvent

    shown: SettingsPage = page(window, settled, "settings")
    control = shown.rows["scale_percent"].control
    assert isinstance(control, Stepper)
    wheel = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(0, 0), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    control.spin.wheelEvent(wheel)
    assert control.spin.value() == 100
    assert not wheel.isAccepted()


# ---- rules and tray --------------------------------------------------------------------------


def hide_crypto(window: MainWindow) -> Rule:
    return engine_of(window).save_rule(Rule(name="No crypto", conditions=(Condition(field="words", value="crypto"),))).rule


def test_the_rules_page_says_what_each_rule_takes(window: MainWindow, settled: Settle) -> None:
    rule = hide_crypto(window)
    count = engine_of(window).rule_counts()[rule.id]
    shown: RulesPage = page(window, settled, "rules")
    texts = [label.text() for label in shown.findChildren(QLabel)]
    assert "No crypto" in texts
    assert f"takes {count} posts" in texts


def test_a_rule_that_is_switched_off_gives_back_its_posts(window: MainWindow, settled: Settle) -> None:
    hide_crypto(window)
    assert engine_of(window).counts().hidden > 0
    shown: RulesPage = page(window, settled, "rules")
    shown.findChild(Check).click()
    settled(window)
    assert engine_of(window).counts().hidden == 0
    assert engine_of(window).rules()[0].enabled is False


def test_without_rules_the_page_leads_somewhere(window: MainWindow, settled: Settle) -> None:
    shown: RulesPage = page(window, settled, "rules")
    assert any("no rules yet" in label.text() for label in shown.findChildren(QLabel))
    assert shown.new_button.isVisible()


def test_the_tray_names_the_rule_and_the_words_that_did_it(window: MainWindow, settled: Settle) -> None:
    hide_crypto(window)
    shown: TrayPage = page(window, settled, "tray")
    texts = [label.text() for label in shown.findChildren(QLabel)]
    assert any("“No crypto”" in text and "crypto" in text.split("because of")[-1].lower() for text in texts)


def test_a_restored_post_is_never_hidden_by_a_rule_again(window: MainWindow, settled: Settle) -> None:
    rule = hide_crypto(window)
    engine = engine_of(window)
    shown: TrayPage = page(window, settled, "tray")
    post_id = shown._ids[0]
    before = len(shown._ids)
    press(shown, "Restore")
    settled(window)
    assert len(shown._ids) == before - 1
    engine.save_rule(rule)
    assert not engine.post(post_id).row.hidden


def test_the_tray_tells_your_own_hiding_from_a_rules(window: MainWindow, settled: Settle) -> None:
    hide_crypto(window)
    engine = engine_of(window)
    mine = next(i for i in engine.timeline(TimelineQuery(order="newest")))
    engine.mark([mine], hidden=True)
    shown: TrayPage = page(window, settled, "tray")
    shown.filter.setCurrentIndex(shown.filter.findData(-1))
    shown.filter.activated.emit(shown.filter.currentIndex())
    settled(window)
    assert shown._ids == [mine]


def test_see_them_opens_the_tray_on_that_rule(window: MainWindow, settled: Settle) -> None:
    rule = hide_crypto(window)
    engine = engine_of(window)
    engine.mark(engine.timeline(TimelineQuery(order="newest"))[:2], hidden=True)
    press(page(window, settled, "rules"), "See them")
    settled(window)
    tray: TrayPage = window._pages["tray"]  # type: ignore[assignment]
    assert len(tray._ids) == engine.rule_counts()[rule.id]


# ---- privacy ---------------------------------------------------------------------------------


def row(purpose: str, sent: int = 100, status: int | None = 200, error: str = "", host: str = "a.example") -> LedgerRow:
    return LedgerRow(
        id=1, at=datetime.now(UTC), host=host, purpose=purpose, method="GET", sent_bytes=sent, received_bytes=9,
        status=status, error=error,
    )  # fmt: skip


def test_the_sentence_on_top_is_true_of_the_ledger() -> None:
    assert truth([], 3) == "Nothing has left this machine."
    assert truth([row("feed"), row("discovery")], 2) == "0 bytes sent anywhere but your 2 feeds."
    other = truth([row("feed"), row("model", sent=300)], 1)
    assert not other.startswith("0 bytes")
    assert "300 bytes" in other
    assert "a model" in other


def test_the_ledger_page_lists_what_was_asked(window: MainWindow, settled: Settle) -> None:
    with FakeNet() as net:
        engine_of(window).add_feed(net.serve("/feed.xml", rss("Pond", items(2))))
        shown: LedgerPage = page(window, settled, "ledger")
    rows = engine_of(window).ledger()
    assert shown.model.rowCount() == len(rows) >= 1
    assert shown.model.data(shown.model.index(0, 1)) == rows[0].host
    assert "127.0.0.1" in rows[0].host


def test_the_ledger_is_filtered_by_host() -> None:
    model = LedgerModel()
    model.show([row("feed", host="a.example"), row("feed", host="b.example")])
    model.filter("B.EX")
    assert [entry.host for entry in model.rows] == ["b.example"]


# ---- models ----------------------------------------------------------------------------------


def test_the_models_page_names_licence_size_and_state(window: MainWindow, settled: Settle) -> None:
    shown: ModelsPage = page(window, settled, "models")
    listed = engine_of(window).models()
    assert set(shown.cards) == {status.name for status in listed}
    for status in listed:
        texts = " ".join(label.text() for label in shown.cards[status.name].findChildren(QLabel))
        assert status.licence in texts
        assert ("Install" in [b.text()[:7] for b in shown.cards[status.name].findChildren(QPushButton)]) is not status.installed


def test_progress_of_an_installation_is_shown_and_a_failure_said(window: MainWindow, settled: Settle) -> None:
    from engine import Progress

    shown: ModelsPage = page(window, settled, "models")
    card = next(iter(shown.cards.values()))
    card.show_progress(Progress(stage="download", done=50, total=200))
    assert card.progress.value() == 250
    assert card.cancel.isVisibleTo(card) or card.status.installed
    card.fail("The file did not match its hash.")
    assert not card.progress.isVisible()
    assert card.state.text() == "The file did not match its hash."


# ---- looks -----------------------------------------------------------------------------------


def test_a_page_that_is_open_takes_up_the_theme(window: MainWindow, settled: Settle, qtbot: QtBot) -> None:
    shown = page(window, settled, "settings")
    light = shown.grab().toImage().pixelColor(5, 5)
    engine_of(window).set_setting("theme", "dark")
    qtbot.waitUntil(lambda: theme.tokens().dark, timeout=5000)
    settled(window)
    assert shown.grab().toImage().pixelColor(5, 5).lightness() < light.lightness()
