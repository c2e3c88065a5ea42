"""Taking over from another reader: what it holds is counted first, then taken in with progress, and one button takes it back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog

from desktop import theme
from desktop.dialogs.sheet import Sheet
from desktop.strings import plural, tr
from engine import EngineError, ImportDone, ImportPreview, Progress

if TYPE_CHECKING:
    from desktop.lanes import Job
    from desktop.main_window import MainWindow


class ImportOther(Sheet):
    """A file or folder of RSS Guard, QuiteRSS, Liferea or Newsboat, or a subscription list."""

    def __init__(self, window: MainWindow, path: Path) -> None:
        super().__init__(window, tr("Take over from another reader"), path.name)
        self._window, self._path = window, path
        self._job: Job | None = None
        self._done: ImportDone | None = None
        self.words = theme.label(tr("Looking into it…"), wrap=True)
        self.body.addWidget(self.words)
        self.note = theme.label("", "third", wrap=True)
        self.note.hide()
        self.body.addWidget(self.note)
        self.close_button = self.add_button(tr("Cancel"), self.close)
        self.start_button = self.add_button(tr("Take over"), self.start, "primary")
        self.start_button.hide()

    def look(self) -> None:
        """Count what an import would bring; nothing is changed."""
        engine, path = self._window.engine, self._path
        if engine is not None:
            self.busy(True)
            self._window.lanes.slow(lambda: engine.inspect_import(path), self._found, failed=self._failed, owner=self)

    def _found(self, found: ImportPreview) -> None:
        self.busy(False)
        self.words.setText(f"{found.label}: {preview_words(found)}")
        left_out = len(found.private) + len(found.refused)
        self._say_left_out(left_out)
        self.start_button.setVisible(bool(found.feeds or found.posts))

    def _say_left_out(self, count: int) -> None:
        self.note.setText(
            plural("{n} address is left out: it is no feed's, or lies on this machine or its network.",
                   "{n} addresses are left out: they are no feeds', or lie on this machine or its network.", count)
        )
        self.note.setVisible(bool(count))

    def start(self) -> None:
        engine, path = self._window.engine, self._path
        if engine is None:
            return
        self.busy(True)
        self._job = self._window.lanes.job(
            "import", lambda: engine.import_from(path), self._event, self._ended, self._failed, owner=self
        )

    def _event(self, event: object) -> None:
        if isinstance(event, Progress) and event.total:
            self.progress.setRange(0, event.total)
            self.progress.setValue(event.done)
        elif isinstance(event, ImportDone):
            self._done = event

    def _ended(self, cancelled: bool) -> None:
        self.busy(False)
        self._job = None
        self.start_button.hide()
        self.close_button.setText(tr("Close"))
        done = self._done
        if done is None:
            self.words.setText(tr("Stopped. What was taken over so far stays; Undo takes it back."))
            return
        parts = [plural("{n} feed added", "{n} feeds added", done.feeds), plural("{n} post", "{n} posts", done.posts)]
        if done.updated:
            parts.append(plural("{n} post marked as there", "{n} posts marked as there", done.updated))
        self.words.setText(" · ".join(parts))
        self._say_left_out(len(done.private) + len(done.refused))
        self.add_button(tr("Undo"), self.undo, left=True)

    def undo(self) -> None:
        engine, done = self._window.engine, self._done
        if engine is None or done is None:
            return

        def undone(_changes: object) -> None:
            self._window.say(tr("What was taken over from {name} is gone again").format(name=done.label))
            self.close()

        self.busy(True)
        self._window.lanes.slow(lambda: engine.undo_import(done.id), undone, failed=self._failed, owner=self)

    def _failed(self, error: EngineError) -> None:
        self.words.setText("")
        self.fail(str(error))

    def reject(self) -> None:
        if self._job is not None:
            self._job.cancel()  # what was done stays; the dialog says so
            return
        super().reject()


def preview_words(found: ImportPreview) -> str:
    """What an import would bring, in one line."""
    parts = [plural("{n} feed", "{n} feeds", found.feeds)]
    if found.new_feeds != found.feeds:
        parts.append(plural("{n} of them new", "{n} of them new", found.new_feeds))
    if found.posts:
        parts.append(plural("{n} post", "{n} posts", found.posts))
        parts.append(plural("{n} unread", "{n} unread", found.unread))
        parts.append(plural("{n} starred", "{n} starred", found.starred))
    return " · ".join(parts)


def open_dialog(window: MainWindow, path: Path | None = None) -> None:
    """Ask for the file unless it is given, then look into it."""

    def chosen(name: str) -> None:
        dialog = ImportOther(window, Path(name))
        dialog.open()
        dialog.look()

    if path is not None:
        chosen(str(path))
        return
    files = QFileDialog(window, tr("Take over from another reader"))
    files.setFileMode(QFileDialog.FileMode.ExistingFile)
    files.setNameFilters([
        tr("RSS Guard, QuiteRSS, Liferea, Newsboat, OPML (*.db *.opml *.xml urls)"), tr("All files (*)"),
    ])  # fmt: skip
    files.fileSelected.connect(chosen)
    files.finished.connect(files.deleteLater)
    files.open()
