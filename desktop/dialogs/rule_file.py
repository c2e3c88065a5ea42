"""Rules as a file: writing one, and taking one over after a look at what it changes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QPlainTextEdit

from desktop import theme
from desktop.dialogs.controls import Check
from desktop.dialogs.sheet import Sheet
from desktop.strings import plural, tr
from engine import EngineError, InputError, RulesCompared, RulesImported

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

LINES = (3, 14)  # of the differences that are seen without scrolling, at least and at most
LARGEST_BYTES = 4_000_000


class RuleFile(Sheet):
    """Shows line by line what a file would change; nothing is changed before the person says so."""

    def __init__(self, window: MainWindow, path: Path) -> None:
        super().__init__(window, tr("Take rules from a file"), path.name, width=680)
        self._window, self._path, self._text = window, path, ""
        self.outcome = theme.label(tr("Reading the file…"), wrap=True)
        self.body.addWidget(self.outcome)
        self.lines = QPlainTextEdit()
        self.lines.setReadOnly(True)
        self.lines.setAccessibleName(tr("What changes"))
        self.lines.hide()
        self.body.addWidget(self.lines)
        self.remarks = theme.label("", "amber", wrap=True)
        self.remarks.hide()
        self.body.addWidget(self.remarks)
        self.others = Check(tr("Remove the rules that the file does not hold"))
        self.others.toggled.connect(lambda _on: self.start())
        self.body.addWidget(self.others)
        self.add_button(tr("Cancel"), self.close)
        self.take_button = self.add_button(tr("Take over"), self.take, "primary")
        self.take_button.setEnabled(False)

    def start(self) -> None:
        """Read the file and compare."""
        engine, path, others = self._window.engine, self._path, self.others.isChecked()
        if engine is None:
            return

        def look() -> tuple[str, RulesCompared]:
            text = read(path)
            return text, engine.compare_rules(text, others=others)

        self._window.lanes.slow(look, self._seen, failed=self._failed, key="rule-file", owner=self)

    def _seen(self, found: tuple[str, RulesCompared]) -> None:
        self._text, compared = found
        self.error.hide()
        new = sum(not change.before for change in compared.changes)
        gone = sum(not change.after for change in compared.changes)
        parts = [
            plural("{n} new rule", "{n} new rules", new), plural("{n} changed", "{n} changed", len(compared.changes) - new - gone),
            plural("{n} goes", "{n} go", gone),
        ]  # fmt: skip
        self.outcome.setText(" · ".join(parts) if compared.changes else tr("The file holds no rule that is not here already."))
        lines = [f"{sign} {line}" for change in compared.changes for sign, line in (("−", change.before), ("+", change.after)) if line]
        self.lines.setPlainText("\n".join(lines))
        self.lines.setVisible(bool(lines))
        seen = max(LINES[0], min(LINES[1], len(lines) + 1))
        self.lines.setFixedHeight(seen * self.lines.fontMetrics().lineSpacing() + theme.px(16))
        self.remarks.setText("\n".join(compared.remarks))
        self.remarks.setVisible(bool(compared.remarks))
        self.take_button.setEnabled(bool(compared.changes))

    def take(self) -> None:
        engine, text, others = self._window.engine, self._text, self.others.isChecked()
        if engine is None or not text:
            return
        self.busy(True)
        self._window.lanes.slow(lambda: engine.import_rules(text, others=others), self._taken, failed=self._failed, owner=self)

    def _taken(self, done: RulesImported) -> None:
        window, engine = self._window, self._window.engine

        def back() -> None:
            if engine is not None:
                window.lanes.slow(lambda: engine.put_rules_back(done.before), lambda _changes: window.say(tr("The rules are as they were")))

        words = plural("{n} rule taken over", "{n} rules taken over", done.added + done.changed)
        if done.removed:
            words += ", " + plural("{n} removed", "{n} removed", done.removed)
        window.undo.push(tr("Take rules from a file"), back)
        window.say(words, undo=window.undo.back)
        self.close()

    def _failed(self, error: EngineError) -> None:
        self.outcome.setText(tr("This file cannot be taken over. Nothing was changed."))
        self.lines.hide()
        self.fail(str(error))
        self.take_button.setEnabled(False)


def read(path: Path) -> str:
    """Raises InputError."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise InputError(tr("This file is too long to be rules."))
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(tr("{path} cannot be read: {why}").format(path=path, why=error.strerror or error)) from None
    except UnicodeDecodeError:
        raise InputError(tr("{path} is no text in UTF-8.").format(path=path.name)) from None


def open_import(window: MainWindow, path: Path | None = None) -> None:
    """Ask for the file unless it is given, then show what it changes."""
    if window.engine is None:
        return

    def chosen(name: str) -> None:
        sheet = RuleFile(window, Path(name))
        sheet.open()
        sheet.start()

    if path is not None:
        chosen(str(path))
        return
    files = QFileDialog(window, tr("Take rules from a file"))
    files.setFileMode(QFileDialog.FileMode.ExistingFile)
    files.setNameFilters([tr("Rules (*.txt *.rules)"), tr("All files (*)")])
    files.fileSelected.connect(chosen)
    files.finished.connect(files.deleteLater)
    files.open()


def open_export(window: MainWindow, path: Path | None = None) -> None:
    """Ask where to unless it is said, then write every rule there, one a line."""
    engine = window.engine
    if engine is None:
        return

    def write(name: str) -> str:
        try:
            Path(name).write_text(engine.export_rules(), encoding="utf-8")
        except OSError as error:
            raise InputError(tr("{path} cannot be written: {why}").format(path=name, why=error.strerror or error)) from None
        return Path(name).name

    def chosen(name: str) -> None:
        window.lanes.slow(lambda: write(name), lambda done: window.say(tr("Rules written to {name}").format(name=done)), owner=window)

    if path is not None:
        chosen(str(path))
        return
    files = QFileDialog(window, tr("Write rules to a file"))
    files.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    files.setDefaultSuffix("txt")
    files.selectFile("millpond-rules.txt")
    files.setNameFilters([tr("Rules (*.txt)")])
    files.fileSelected.connect(chosen)
    files.finished.connect(files.deleteLater)
    files.open()
