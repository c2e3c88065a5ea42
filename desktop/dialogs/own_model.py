"""Taking in a model of the person's own, after a warning; and what choosing another model means."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget

from desktop import theme
from desktop.dialogs.controls import Check, Choice
from desktop.dialogs.sheet import Sheet, field
from desktop.strings import plural, size, tr
from engine import MODEL_TEMPLATES, OWN_MODEL_WARNING, EngineError, Progress, SwitchCost

if TYPE_CHECKING:
    from desktop.lanes import Job
    from desktop.main_window import MainWindow

STAGES = {
    "check": "Reading what the file says of itself…",
    "verify": "Taking its hash: {done} of {total}",
    "try": "Trying it in a process of its own…",
}


class OwnModel(Sheet):
    """Asks for a file or folder and a word of trust. What cannot be used is refused in a sentence, and nothing changes."""

    def __init__(self, window: MainWindow, added: Callable[[str], object]) -> None:
        super().__init__(window, tr("Add a model of your own"), tr("It stays where it lies; Millpond remembers its hash and does not use it once it has changed."))
        self._window, self._added = window, added
        self._job: Job | None = None
        self.kind = Choice()
        self.kind.addItem(tr("It writes: a GGUF file"), "text")
        self.kind.addItem(tr("It makes vectors: a folder of sentence-transformers"), "embedding")
        self.kind.currentIndexChanged.connect(lambda _index: self._kind_changed())
        self.body.addWidget(field(tr("What it does"), self.kind))
        self.path = QLineEdit()
        row = QWidget()
        across = QHBoxLayout(row)
        across.setContentsMargins(0, 0, 0, 0)
        across.addWidget(self.path, 1)
        browse = QPushButton(tr("Choose…"))
        browse.clicked.connect(lambda _checked=False: self._browse())
        across.addWidget(browse)
        self.body.addWidget(field(tr("File or folder"), row))
        self.path.setAccessibleName(tr("File or folder"))
        self.template = Choice()
        self.template.addItem(tr("As the file itself says"), "")
        for name in MODEL_TEMPLATES:
            self.template.addItem(name, name)
        self._template_field = field(tr("How it is spoken to"), self.template, tr("Only needed where the file does not tell."))
        self.body.addWidget(self._template_field)
        self.languages = QLineEdit()
        self.languages.setPlaceholderText("en, de")
        self.body.addWidget(field(tr("Languages"), self.languages, tr("Two letters each. Empty means many.")))
        self.warning = theme.label(tr(OWN_MODEL_WARNING), "amber", wrap=True)
        self.body.addWidget(self.warning)
        self.trust = Check(tr("I trust whoever made this file"))
        self.body.addWidget(self.trust)
        self.state = theme.label("", "third", wrap=True)
        self.state.hide()
        self.body.addWidget(self.state)
        self.add_button(tr("Cancel"), self.reject)
        self.add = self.add_button(tr("Add it"), self.start, "primary")
        self.rejected.connect(self._cancel)
        self.path.setFocus()

    def _kind_changed(self) -> None:
        self._template_field.setVisible(self.kind.currentData() == "text")

    def _browse(self) -> None:
        files = QFileDialog(self, tr("Choose a model"))
        if self.kind.currentData() == "text":
            files.setFileMode(QFileDialog.FileMode.ExistingFile)
            files.setNameFilter(tr("GGUF files (*.gguf)"))
        else:
            files.setFileMode(QFileDialog.FileMode.Directory)
        files.fileSelected.connect(self.path.setText)
        files.open()

    def start(self) -> None:
        """Check, hash and try the file."""
        engine, path = self._window.engine, self.path.text().strip()
        if engine is None:
            return
        if not path:
            self.fail(tr("Choose a file or a folder first."))
            return
        if not self.trust.isChecked():
            self.fail(tr("Say that you trust whoever made this file, or leave it out."))
            self.trust.setFocus()
            return
        kind: Literal["text", "embedding"] = "text" if self.kind.currentData() == "text" else "embedding"
        template = str(self.template.currentData()) if kind == "text" else ""
        languages = tuple(self.languages.text().replace(",", " ").split())
        self.busy(True)
        self._job = self._window.lanes.job(
            "own model",
            lambda: engine.add_model(path, kind, template=template, languages=languages, trusted=True),
            self._step, self._done, self._failed, owner=self,
        )  # fmt: skip

    def _step(self, progress: Progress) -> None:
        words = STAGES.get(progress.stage, "")
        self.state.setText(tr(words).format(done=size(progress.done), total=size(progress.total or 0)))
        self.state.setVisible(bool(words))
        if progress.stage == "done":
            self._added(progress.detail)

    def _done(self, cancelled: bool) -> None:
        self._job = None
        if not cancelled:
            self.accept()

    def _failed(self, error: EngineError) -> None:
        self._job = None
        self.state.hide()
        self.fail(str(error))

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()


class SwitchModel(Sheet):
    """Says what choosing another model means before it is done."""

    def __init__(self, window: MainWindow, cost: SwitchCost, go: Callable[[bool], object]) -> None:
        super().__init__(window, tr("Use {model}").format(model=cost.model), switch_words(cost))
        self._go = go
        self.add_button(tr("Cancel"), self.reject)
        if cost.kind == "text":
            self.add_button(tr("Write them anew"), lambda: self._chosen(True))
            self.add_button(tr("Keep them"), lambda: self._chosen(False), "primary")
        else:
            self.add_button(tr("Use it"), lambda: self._chosen(False), "primary")

    def _chosen(self, anew: bool) -> None:
        self._go(anew)
        self.accept()


def switch_words(cost: SwitchCost) -> str:
    """What choosing a model means for what was made with the one before."""
    if cost.kind == "text":
        kept = plural("{n} post has a summary by another model.", "{n} posts have summaries by another model.", cost.summaries)
        return kept + " " + tr("Keep them, or have this one write them anew when they are wanted?")
    words = plural("{n} post gets a new vector, in idle time.", "{n} posts get new vectors, in idle time.", cost.posts)
    if cost.seconds is None:
        return words + " " + tr("How long that takes is not known before this model was used here.")
    minutes = max(1, round(cost.seconds / 60))
    return words + " " + plural("That takes about {n} minute.", "That takes about {n} minutes.", minutes)
