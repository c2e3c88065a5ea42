"""The models: what is here, what could be, and at what cost in bytes and memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFrame, QProgressBar, QPushButton, QVBoxLayout, QWidget

from desktop import theme
from desktop.lanes import Job
from desktop.pages.page import Page, button, empty
from desktop.reading.flow import FlowLayout
from desktop.strings import size, tr
from engine import Changes, EngineError, ModelStatus, Progress, Value

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

KINDS = {"embedding": "embedding_model", "text": "text_model"}


class ModelCard(QFrame):
    """One model of the catalogue."""

    def __init__(self, page: ModelsPage, status: ModelStatus, used: bool) -> None:
        super().__init__()
        self._page, self.status = page, status
        theme.role(self, "card")
        box = QVBoxLayout(self)
        box.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), theme.px(12))
        box.setSpacing(theme.px(4))
        box.addWidget(theme.label(status.name, "strong", wrap=True))
        box.addWidget(theme.label(tr(status.description), "second", wrap=True))
        box.addWidget(theme.label(facts(status), "third", wrap=True))
        self.progress = QProgressBar()
        self.progress.setAccessibleName(tr("Installing {model}").format(model=status.name))
        self.progress.hide()
        self.state = theme.label("", "third", wrap=True)
        self.state.hide()
        box.addWidget(self.progress)
        box.addWidget(self.state)
        foot = QWidget()
        flow = FlowLayout(foot, across=theme.px(8))
        name = status.name
        self.install: QPushButton = button(
            tr("Install ({size})").format(size=size(status.size_bytes)), self._install, "", name=tr("Install {model}").format(model=name)
        )
        self.cancel: QPushButton = button(tr("Cancel"), self._cancel, name=tr("Cancel installing {model}").format(model=name))
        self.cancel.hide()
        if status.installed:
            flow.addWidget(theme.label(tr("in use") if used else tr("installed"), "accent"))
            if not used:
                flow.addWidget(button(tr("Use it"), self._use, name=tr("Use {model}").format(model=name)))
            flow.addWidget(button(tr("Remove"), self._remove, name=tr("Remove {model}").format(model=name)))
        else:
            flow.addWidget(self.install)
            flow.addWidget(self.cancel)
        box.addWidget(foot)

    def _install(self) -> None:
        self._page.install(self.status.name)

    def _cancel(self) -> None:
        self._page.cancel(self.status.name)

    def _use(self) -> None:
        self._page.use(self.status)

    def _remove(self) -> None:
        self._page.remove(self.status)

    def show_progress(self, progress: Progress | None) -> None:
        """None: the job has not begun to tell."""
        self.progress.show()
        self.cancel.show()
        self.install.hide()
        self.state.show()
        if progress is None or not progress.total:
            self.progress.setRange(0, 0)
            self.state.setText(progress.detail if progress is not None else tr("Asking…"))
            return
        self.progress.setRange(0, 1000)
        self.progress.setValue(min(1000, progress.done * 1000 // progress.total))
        done = tr("{done} of {total}").format(done=size(progress.done), total=size(progress.total))
        self.state.setText(f"{done} · {progress.detail}" if progress.detail else done)

    def fail(self, text: str) -> None:
        self.progress.hide()
        self.cancel.hide()
        self.install.show()
        self.state.setText(text)
        self.state.setVisible(bool(text))
        theme.role(self.state, "error" if text else "third")
        theme.restyle(self.state)


def facts(status: ModelStatus) -> str:
    """Kind, licence, size, memory and languages, in one line."""
    kind = tr("turns posts into vectors") if status.kind == "embedding" else tr("writes summaries")
    parts = [
        kind,
        tr("licence {name}").format(name=status.licence),
        tr("{size} on disk").format(size=size(status.size_bytes)),
        tr("about {size} of memory").format(size=size(status.memory_bytes)),
    ]
    if status.languages:
        parts.append(tr("speaks {languages}").format(languages=", ".join(status.languages[:12])))
    return " · ".join(parts)


class ModelsPage(Page):
    def __init__(self, window: MainWindow) -> None:
        super().__init__(
            window,
            tr("Models"),
            tr("They run on this machine, in processes without network. Each is checked by its hash before it is used, and Millpond works without any."),
        )
        self.device = theme.label("", "second", wrap=True)
        self.body.addWidget(self.device)
        self._list = QVBoxLayout()
        self._list.setSpacing(theme.px(8))
        self.body.addLayout(self._list)
        self.cards: dict[str, ModelCard] = {}
        self._jobs: dict[str, Job] = {}

    def concerns(self, changes: Changes) -> bool:
        return changes.settings or changes.unknown

    def load(self) -> None:
        engine = self._window.engine
        if engine is not None and not self._jobs:
            self._window.lanes.slow(
                lambda: (engine.models(), engine.settings(), engine.device()), self._show, key="models-page", owner=self
            )

    def _show(self, found: tuple[list[ModelStatus], dict[str, Value], str]) -> None:
        models, settings, device = found
        if settings.get("ai") is False:
            words = tr("Language models are switched off in Settings: ranking goes by words and sources.")
        elif device:
            words = tr("The embedding model runs on {device}.").format(device=device)
        else:
            words = tr("No model is loaded at present; each is loaded when it is needed.")
        self.device.setText(words)
        empty(self._list)
        self.cards.clear()
        for status in sorted(models, key=lambda model: (model.kind, not model.installed, model.size_bytes)):
            used = settings.get(KINDS[status.kind]) == status.name
            made = ModelCard(self, status, used)
            self.cards[status.name] = made
            self._list.addWidget(made)

    # ---- acts --------------------------------------------------------------------------------

    def install(self, name: str) -> None:
        engine = self._window.engine
        if engine is None or name in self._jobs:
            return
        self.cards[name].show_progress(None)

        def event(progress: Progress) -> None:
            self.cards[name].show_progress(progress)

        def done(cancelled: bool) -> None:
            self._jobs.pop(name, None)
            self._window.say(tr("Stopped; what came so far is kept.") if cancelled else tr("{model} is installed").format(model=name))
            self.load()
            if not cancelled:
                self._window.enrich()

        def failed(error: EngineError) -> None:
            self._jobs.pop(name, None)
            self.cards[name].fail(str(error))

        self._jobs[name] = self._window.lanes.job("model", lambda: engine.install_model(name), event, done, failed, owner=self)

    def cancel(self, name: str) -> None:
        job = self._jobs.get(name)
        if job is not None:
            job.cancel()

    def use(self, status: ModelStatus) -> None:
        engine = self._window.engine
        if engine is not None:
            self._window.lanes.slow(
                lambda: engine.set_setting(KINDS[status.kind], status.name), lambda _changes: self.load(), owner=self
            )

    def remove(self, status: ModelStatus) -> None:
        engine = self._window.engine
        if engine is None:
            return

        def removed(_nothing: object) -> None:
            self._window.say(tr("{model} is removed; it can be installed again at any time").format(model=status.name))
            self.load()

        self._window.lanes.slow(lambda: engine.remove_model(status.name), removed, owner=self)
