"""Settings, built from the engine's own list; each is applied at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from desktop import theme
from desktop.dialogs import accounts, import_opml, import_other, unlock
from desktop.dialogs.controls import Check, Choice, Stepper
from desktop.pages.page import Page, button, card
from desktop.reading.flow import FlowLayout
from desktop.strings import tr
from engine import SETTINGS, Changes, EngineError, ModelStatus, Setting, Value

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

APPLY_AFTER_MILLISECONDS = 400  # a number that is still being changed
MODEL_KINDS = {"embedding_model": "embedding", "text_model": "text"}


def choice_words(name: str) -> str:
    """A choice's name as the person reads it."""
    return {
        "system": tr("as the system"), "light": tr("light"), "dark": tr("dark"), "balanced": tr("balanced"),
        "fresh": tr("fresh: new things first"), "favourites": tr("favourites: what you like first"),
        "quiet": tr("quiet: rare voices first"), "never": tr("never fetched"), "click": tr("fetched on a click"),
        "all": tr("always fetched"), "daily": tr("every day"), "weekdays": tr("Monday to Friday"), "weekends": tr("at weekends"),
    }.get(name, name)  # fmt: skip


class SettingRow(QWidget):
    """One setting: its words on the left, its control on the right, and what was wrong with a value below."""

    def __init__(self, setting: Setting, apply: Callable[[str, Value], None]) -> None:
        super().__init__()
        self.setting = setting
        self._apply = apply
        self._quiet = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(APPLY_AFTER_MILLISECONDS)
        self._timer.timeout.connect(self._send)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, theme.px(6), 0, theme.px(6))
        row.setSpacing(theme.px(20))
        words = QVBoxLayout()
        words.setSpacing(theme.px(2))
        label = theme.label(tr(setting.label), wrap=True)
        help_label = theme.label(tr(setting.help), "third", wrap=True)
        self.error = theme.label("", "error", wrap=True)
        self.error.hide()
        for widget in (label, help_label, self.error):
            words.addWidget(widget)
        row.addLayout(words, 1)
        self.control = self._make_control()
        self.control.setAccessibleName(tr(setting.label))
        self.control.setAccessibleDescription(tr(setting.help))
        if not isinstance(self.control, Check):
            self._widen()
            theme.signal().changed.connect(self._widen)
        if isinstance(self.control, Stepper):
            self.control.spin.setAccessibleName(tr(setting.label))
        label.setBuddy(self.control)
        row.addWidget(self.control, 0, Qt.AlignmentFlag.AlignVCenter)

    def _widen(self) -> None:
        self.control.setFixedWidth(theme.px(210))

    def _make_control(self) -> QWidget:
        setting, default = self.setting, self.setting.default
        if isinstance(default, bool):
            check = Check()
            check.toggled.connect(lambda _on: self._send())
            return check
        if isinstance(default, int | float):
            real = isinstance(default, float)
            percent = setting.name.endswith("_percent")
            stepper = Stepper(
                setting.low if setting.low is not None else -(2**31),
                setting.high if setting.high is not None else 2**31 - 1,
                real=real,
                step=0.1 if real else 10 if percent or setting.name.endswith("_minutes") else 1,
                suffix=" %" if percent else "",
            )
            stepper.changed.connect(self._later)
            return stepper
        if setting.choices or setting.name in MODEL_KINDS:
            combo = Choice()
            for name in setting.choices:
                combo.addItem(choice_words(name), name)
            combo.activated.connect(lambda _index: self._send())
            return combo
        line = QLineEdit()
        line.setPlaceholderText(tr("none") if not default else str(default))
        line.editingFinished.connect(self._send)
        return line

    def offer(self, names: list[str]) -> None:
        """Give a combo box of names its choices; keeps the present one."""
        if isinstance(self.control, QComboBox):
            current = self.control.currentData()
            self.control.clear()
            for name in dict.fromkeys([*names, *([current] if current else [])]):
                self.control.addItem(name, name)
            self.control.setCurrentIndex(max(0, self.control.findData(current)))

    def value(self) -> Value:
        control = self.control
        if isinstance(control, Check):
            return control.isChecked()
        if isinstance(control, Stepper):
            return control.spin.value()
        if isinstance(control, QComboBox):
            return str(control.currentData())
        assert isinstance(control, QLineEdit)
        return control.text().strip()

    def show_value(self, value: Value) -> None:
        """Take up the stored value, unless the person is changing it."""
        if self._timer.isActive() or value == self.value():
            return
        self._quiet = True
        control = self.control
        if isinstance(control, Check):
            control.setChecked(bool(value))
        elif isinstance(control, Stepper):
            number = float(value)
            control.spin.setValue(number if isinstance(control.spin, QDoubleSpinBox) else int(number))  # type: ignore[arg-type]
        elif isinstance(control, QComboBox):
            if control.findData(value) < 0:
                control.addItem(str(value), value)
            control.setCurrentIndex(control.findData(value))
        elif isinstance(control, QLineEdit) and not control.hasFocus():
            control.setText(str(value))
        self._quiet = False

    def fail(self, text: str) -> None:
        self.error.setText(text)
        self.error.setVisible(bool(text))

    def _later(self) -> None:
        if not self._quiet:
            self._timer.start()

    def _send(self) -> None:
        if not self._quiet:
            self._apply(self.setting.name, self.value())


class SettingsPage(Page):
    def __init__(self, window: MainWindow) -> None:
        super().__init__(window, tr("Settings"))
        self._values: dict[str, Value] = {}
        self.rows: dict[str, SettingRow] = {}
        groups: dict[str, QVBoxLayout] = {}
        for setting in SETTINGS:
            if setting.group not in groups:
                groups[setting.group] = self._group(tr(setting.group))
            else:
                groups[setting.group].addWidget(_hairline())
            row = SettingRow(setting, self._apply)
            self.rows[setting.name] = row
            groups[setting.group].addWidget(row)
        self._profile_actions()

    def _group(self, title: str) -> QVBoxLayout:
        self.body.addWidget(theme.label(title, "section"))
        frame, box = card()
        box.setSpacing(0)
        self.body.addWidget(frame)
        return box

    def _profile_actions(self) -> None:
        box = self._group(tr("Profile"))
        self.folder = theme.label("", "second", wrap=True)
        box.addWidget(self.folder)
        row = QWidget()
        flow = FlowLayout(row, across=theme.px(8), down=theme.px(8))
        flow.addWidget(button(tr("Show the recovery key…"), lambda: unlock.show_recovery_key(self._window), ""))
        flow.addWidget(button(tr("Back up the profile…"), self._back_up, ""))
        flow.addWidget(button(tr("Accounts…"), lambda: accounts.open_dialog(self._window), ""))
        flow.addWidget(button(tr("Take over from another reader…"), lambda: import_other.open_dialog(self._window), ""))
        flow.addWidget(button(tr("Export subscriptions…"), lambda: import_opml.open_export(self._window), ""))
        flow.setContentsMargins(0, theme.px(8), 0, theme.px(4))
        box.addWidget(row)

    # ---- values ------------------------------------------------------------------------------

    def load(self) -> None:
        engine = self._window.engine
        if engine is not None:
            self.folder.setText(tr("Everything lies in {folder}").format(folder=engine.profile))
            self._window.lanes.read(engine.settings, self._take, key="settings-page", owner=self)
            self._window.lanes.slow(engine.models, self._offer_models, key="settings-models", owner=self)

    def concerns(self, changes: Changes) -> bool:
        return changes.settings or changes.unknown

    def _take(self, values: dict[str, Value]) -> None:
        self._values = values
        for name, row in self.rows.items():
            if name in values:
                row.show_value(values[name])
        self._suit(bool(values["ai"]))

    def _suit(self, models: bool) -> None:
        """All that hangs on the master switch is out of reach while it is off."""
        for name, row in self.rows.items():
            if row.setting.group == "Models" and name != "ai":
                row.setEnabled(models)

    def _offer_models(self, models: list[ModelStatus]) -> None:
        for name, kind in MODEL_KINDS.items():
            if name in self.rows:
                self.rows[name].offer([model.name for model in models if model.kind == kind])

    def _apply(self, name: str, value: Value) -> None:
        engine, row = self._window.engine, self.rows[name]
        if engine is None or self._values.get(name) == value:
            row.fail("")
            return

        def applied(_changes: Changes) -> None:
            self._values[name] = value
            row.fail("")
            if name == "ai":
                self._suit(bool(value))

        def failed(error: EngineError) -> None:
            row.fail(str(error))

        self._window.lanes.slow(lambda: engine.set_setting(name, value), applied, failed=failed, owner=self)

    def _back_up(self) -> None:
        files = QFileDialog(self.window(), tr("Back up the profile"))
        files.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        files.selectFile("millpond-backup.db")
        files.fileSelected.connect(self._back_up_to)
        files.finished.connect(files.deleteLater)
        files.open()

    def _back_up_to(self, name: str) -> None:
        engine = self._window.engine
        if engine is not None:
            self._window.lanes.slow(
                lambda: engine.backup(Path(name)),
                lambda path: self._window.say(tr("A checked copy lies in {path}").format(path=path)),
                owner=self,
            )


def _hairline() -> QFrame:
    line = QFrame()
    theme.role(line, "line")
    return line
