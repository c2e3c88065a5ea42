"""The algorithm file: everything that decides on the order, as text. Written, read, and compared before anything changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QFrame, QScrollArea, QVBoxLayout, QWidget

from desktop import theme
from desktop.dialogs.sheet import Sheet
from desktop.strings import number, plural, tr
from engine import AlgorithmChange, EngineError, InputError, Rule

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

LARGEST = 4_000_000  # bytes of a file that is read
SHOWN = 200  # lines of a difference
SUFFIX = "toml"
LEFT_OUT = "left_out"  # has no effect here


def what_words(what: str) -> str:
    return {"rule": tr("rule"), "timeline": tr("timeline"), "weight": tr("weight"), "setting": tr("setting")}.get(what, what)


def change_words(change: AlgorithmChange) -> str:
    """One line of a difference, after its sign."""
    what = change.name if change.what == LEFT_OUT else tr("{what} “{name}”").format(what=what_words(change.what), name=change.name)
    if not change.before:
        return f"{what}: {change.after}"
    if not change.after:
        return f"{what}: {change.before}"
    return tr("{what}: {before} → {after}").format(what=what, before=change.before, after=change.after)


@dataclass(frozen=True, slots=True)
class _Read:
    text: str
    changes: list[AlgorithmChange]


@dataclass(frozen=True, slots=True)
class _Before:
    text: str
    rules: list[Rule]


class ImportAlgorithm(Sheet):
    """Says what a file would change, and changes it when the person says so."""

    def __init__(self, window: MainWindow, path: Path) -> None:
        super().__init__(
            window,
            tr("Take over an algorithm file"),
            tr("This is what would change. Nothing has changed yet, and undo brings everything back."),
            width=600,
        )
        self._window, self._path = window, path
        self._text = ""
        self.summary = theme.label(tr("Comparing {name} with what holds now…").format(name=path.name), "strong", wrap=True)
        self.body.addWidget(self.summary)
        self.lines: list[str] = []
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setAccessibleName(tr("What would change"))
        self.area.hide()
        self.body.addWidget(self.area)
        self.cancel = self.add_button(tr("Cancel"), self.close)
        self.take = self.add_button(tr("Take it over"), self.apply, "primary")
        self.take.setEnabled(False)

    def start(self) -> None:
        """Read the file and compare."""
        engine, path = self._window.engine, self._path
        if engine is None:
            return

        def read() -> _Read:
            text = _load(path)
            return _Read(text, engine.compare_algorithm(text))

        self.busy(True)
        self._window.lanes.slow(read, self._show, failed=self._failed, owner=self)

    def _failed(self, error: EngineError) -> None:
        self.summary.hide()
        self.fail(tr("{why} Nothing was changed.").format(why=str(error)) if not self._text else str(error))
        self.take.setEnabled(False)
        self.cancel.setText(tr("Close"))

    def _show(self, found: _Read) -> None:
        self.busy(False)
        self._text = found.text
        groups = (
            (tr("New"), "+", "positive", [one for one in found.changes if one.what != LEFT_OUT and not one.before]),
            (tr("Changed"), "~", "amber", [one for one in found.changes if one.before and one.after]),
            (tr("Gone"), "−", "error", [one for one in found.changes if not one.after]),
            (tr("Left out, because none of its feeds is followed here"), "·", "third", [one for one in found.changes if one.what == LEFT_OUT]),
        )
        self.take.setEnabled(any(one.what != LEFT_OUT for one in found.changes))
        if not found.changes:
            self.summary.setText(tr("The file says what holds already: nothing would change."))
            self.cancel.setText(tr("Close"))
            return
        counts = ((plural("{n} new", "{n} new", n), n) if at == 0 else (plural("{n} changed", "{n} changed", n), n) if at == 1 else (plural("{n} gone", "{n} gone", n), n)
                  for at, n in enumerate(len(changes) for _, _, _, changes in groups[:3]))  # fmt: skip
        self.summary.setText(" · ".join(words for words, n in counts if n) or tr("Nothing of it would have an effect here."))
        self._fill(groups)
        self.take.setFocus()

    def _fill(self, groups: Sequence[tuple[str, str, str, list[AlgorithmChange]]]) -> None:
        inner = QWidget()
        inner.setObjectName("changes")
        box = QVBoxLayout(inner)
        box.setContentsMargins(0, 0, theme.px(6), 0)
        box.setSpacing(theme.px(4))
        left = SHOWN
        for words, sign, kind, changes in groups:
            if not changes:
                continue
            box.addWidget(theme.label(f"{words} · {number(len(changes))}", "section"))
            for change in changes[:left]:
                line = f"{sign} {change_words(change)}"
                self.lines.append(line)
                label = theme.label(line, kind, wrap=True)
                label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                box.addWidget(label)
            rest = len(changes) - left
            if rest > 0:
                box.addWidget(theme.label(plural("… and {n} more", "… and {n} more", rest), "third"))
            left = max(0, left - len(changes))
        box.addStretch(1)
        self.area.setWidget(inner)
        self.area.setStyleSheet("QScrollArea, #changes { background: transparent; }")
        self.area.viewport().setAutoFillBackground(False)
        width = self.minimumWidth() - 2 * theme.px(24) - theme.px(12)
        self.area.setFixedHeight(min(theme.px(340), box.totalHeightForWidth(width) + theme.px(4)))
        self.area.show()

    def apply(self) -> None:
        engine, window, text = self._window.engine, self._window, self._text
        if engine is None or not text:
            return

        def take() -> _Before:
            before = _Before(engine.export_algorithm(), engine.rules())
            engine.import_algorithm(text)
            return before

        def restore(before: _Before) -> None:
            engine.put_rules_back(before.rules)  # these themselves, with what was said of them: a file has only copies
            engine.import_algorithm(before.text)

        def back(before: _Before) -> None:
            window.lanes.slow(lambda: restore(before), lambda _done: _shown(window), owner=window)

        def taken(before: _Before) -> None:
            self.close()
            words = tr("The algorithm file is taken over")
            window.undo.push(words, lambda: back(before))
            window.say(words, undo=window.undo.back)
            _shown(window)

        self.busy(True)
        window.lanes.slow(take, taken, failed=self._failed, owner=self)


def _shown(window: MainWindow) -> None:
    window.timelines.load()
    window.timeline.reorder()


def _load(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(tr("{name} is too large for an algorithm file.").format(name=path.name))
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError(tr("{name} is no text file.").format(name=path.name)) from None
    except OSError as error:
        raise InputError(tr("{name} cannot be read: {why}.").format(name=path.name, why=error.strerror or str(error))) from None


def open_import(window: MainWindow, path: Path | None = None) -> None:
    """Ask for the file unless it is given, and show what it would change."""

    def chosen(name: str) -> None:
        dialog = ImportAlgorithm(window, Path(name))
        dialog.open()
        dialog.start()

    if path is not None:
        chosen(str(path))
        return
    files = QFileDialog(window, tr("Take over an algorithm file"))
    files.setFileMode(QFileDialog.FileMode.ExistingFile)
    files.setNameFilters([tr("Algorithm files (*.toml)"), tr("All files (*)")])
    files.fileSelected.connect(chosen)
    files.finished.connect(files.deleteLater)
    files.open()


def export_to(window: MainWindow, path: Path) -> None:
    """Write the algorithm file; a file of that name is replaced."""
    engine = window.engine
    if engine is None:
        return

    def write() -> Path:
        text = engine.export_algorithm()
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise InputError(tr("{name} cannot be written: {why}.").format(name=path.name, why=error.strerror or str(error))) from None
        return path

    def written(found: Path) -> None:
        window.say(tr("Written to {name}: weights, timelines and rules, nothing of what you read").format(name=found.name))

    def failed(error: EngineError) -> None:
        window.say(str(error))

    window.lanes.slow(write, written, failed=failed, owner=window)


def open_export(window: MainWindow) -> None:
    """Ask where to, then write the algorithm file there."""
    files = QFileDialog(window, tr("Export the algorithm file"))
    files.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    files.setDefaultSuffix(SUFFIX)
    files.selectFile("millpond-algorithm.toml")
    files.setNameFilters([tr("Algorithm files (*.toml)")])
    files.fileSelected.connect(lambda name: export_to(window, Path(name)))
    files.finished.connect(files.deleteLater)
    files.open()
