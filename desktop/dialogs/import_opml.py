"""Subscription lists: taking one in, and writing one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QPlainTextEdit

from desktop import theme
from desktop.dialogs.sheet import Sheet
from desktop.strings import plural, tr
from engine import EngineError, OpmlImport

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

SHOWN = 200  # addresses listed
SEEN = 6  # of them without scrolling


class ImportOpml(Sheet):
    """Shows what came of a list. Addresses on this machine or its network are listed and asked about once."""

    def __init__(self, window: MainWindow, path: Path) -> None:
        super().__init__(window, tr("Import subscriptions"), path.name)
        self._window, self._path = window, path
        self.outcome = theme.label(tr("Reading the list…"), wrap=True)
        self.body.addWidget(self.outcome)
        self.question = theme.label("", "amber", wrap=True)
        self.question.hide()
        self.body.addWidget(self.question)
        self.addresses = QPlainTextEdit()
        self.addresses.setReadOnly(True)
        self.addresses.setAccessibleName(tr("Addresses"))
        self.addresses.hide()
        self.body.addWidget(self.addresses)
        self.close_button = self.add_button(tr("Close"), self.close)
        self.allow_button = self.add_button(tr("Follow these too"), lambda: self.start(allow_private=True), "primary")
        self.allow_button.hide()

    def start(self, *, allow_private: bool = False) -> None:
        engine, path = self._window.engine, self._path
        if engine is None:
            return
        self.busy(True)
        self._window.lanes.slow(
            lambda: engine.import_opml(path, allow_private=allow_private), self._done, failed=self._failed, owner=self
        )

    def _done(self, result: OpmlImport) -> None:
        self.busy(False)
        self.outcome.setText(outcome_words(result))
        asked = bool(result.private)
        listed = result.private or result.refused
        self.question.setVisible(asked)
        self.question.setText(
            tr("These addresses lie on this machine or on your own network. Follow them only if you know each of them.")
        )
        self.addresses.setVisible(bool(listed))
        text = "\n".join(listed[:SHOWN])
        if len(listed) > SHOWN:
            text += "\n" + tr("… and {n} more").format(n=len(listed) - SHOWN)
        self.addresses.setPlainText(text)
        lines = min(SEEN, text.count("\n") + 1)
        self.addresses.setFixedHeight(lines * self.addresses.fontMetrics().lineSpacing() + theme.px(30))
        self.allow_button.setVisible(asked)
        self.close_button.setText(tr("Leave them out") if asked else tr("Close"))
        if result.added:
            self._window.refresh()

    def _failed(self, error: EngineError) -> None:
        self.outcome.hide()
        self.fail(str(error))


def outcome_words(result: OpmlImport) -> str:
    """What an import did, in one line."""
    parts = [plural("{n} feed added", "{n} feeds added", result.added)]
    if result.already:
        parts.append(plural("{n} was followed already", "{n} were followed already", result.already))
    if result.refused:
        parts.append(plural("{n} address is no feed's", "{n} addresses are no feed's", len(result.refused)))
    return " · ".join(parts)


def open_dialog(window: MainWindow, path: Path | None = None) -> None:
    """Ask for the file unless it is given, then take it in."""

    def chosen(name: str) -> None:
        dialog = ImportOpml(window, Path(name))
        dialog.open()
        dialog.start()

    if path is not None:
        chosen(str(path))
        return
    files = QFileDialog(window, tr("Import subscriptions"))
    files.setFileMode(QFileDialog.FileMode.ExistingFile)
    files.setNameFilters([tr("Subscription lists (*.opml *.xml)"), tr("All files (*)")])
    files.fileSelected.connect(chosen)
    files.finished.connect(files.deleteLater)
    files.open()


def open_export(window: MainWindow) -> None:
    """Ask where to, then write every subscription there as OPML."""
    engine = window.engine
    if engine is None:
        return

    def chosen(name: str) -> None:
        def written(without: int) -> None:
            words = tr("Subscriptions written to {name}").format(name=Path(name).name)
            if without:
                words += ". " + plural(
                    "{n} address holds a secret, which stays here: follow it anew after an import.",
                    "{n} addresses hold a secret, which stays here: follow them anew after an import.",
                    without,
                )
            window.say(words)

        window.lanes.slow(lambda: engine.export_opml(Path(name)), written, owner=window)

    files = QFileDialog(window, tr("Export subscriptions"))
    files.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    files.setDefaultSuffix("opml")
    files.selectFile("millpond.opml")
    files.setNameFilters([tr("Subscription lists (*.opml)")])
    files.fileSelected.connect(chosen)
    files.finished.connect(files.deleteLater)
    files.open()
