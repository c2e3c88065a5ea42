"""The models: what is here, what could be, at what cost, on what they run, and servers of the person's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from desktop import theme
from desktop.lanes import Job
from desktop.pages.model_card import ModelCard, facts, fit_words
from desktop.pages.model_device import BuildSheet, DeviceBlock
from desktop.pages.page import Page, button, card, empty, flush
from desktop.reading.flow import FlowLayout
from desktop.strings import decimal, tr
from engine import Changes, Devices, EngineError, Fit, GpuBuild, ModelServer, ModelStatus, Progress, SwitchCost, Value

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

__all__ = ["KINDS", "ModelCard", "ModelsPage", "facts", "fit_words"]

KINDS = {"embedding": "embedding_model", "text": "text_model"}
Found = tuple[list[ModelStatus], dict[str, Value], list[ModelServer]]


class ModelsPage(Page):
    def __init__(self, window: MainWindow) -> None:
        super().__init__(
            window,
            tr("Models"),
            tr("They run on this machine, in processes without network. Each is checked by its hash before it is used, and Millpond works without any."),
        )
        self.off = theme.label(tr("Language models are switched off in Settings: ranking goes by words and sources."), "amber", wrap=True)
        self.off.hide()
        self.body.addWidget(self.off)
        self.device = DeviceBlock(self)
        self.body.addWidget(theme.label(tr("This machine"), "heading"))
        self.body.addWidget(self.device.frame)
        self._text = self._section(tr("Models that write"))
        self._embedding = self._section(tr("Models that make vectors"))
        self.rest = theme.label("", "third", wrap=True)
        self.body.addWidget(self.rest)
        self.body.addWidget(theme.label(tr("Your own"), "heading"))
        self.body.addWidget(
            theme.label(tr("Any GGUF file or folder of sentence-transformers, and any server of yours that speaks OpenAI's protocol."), "second", wrap=True)
        )
        self._servers = QVBoxLayout()
        self._servers.setSpacing(theme.px(8))
        self.body.addLayout(self._servers)
        foot = QWidget()
        flow = FlowLayout(foot, across=theme.px(8))
        self.add_own: QPushButton = button(tr("Add a model of your own…"), self.offer_own, "")
        self.add_server: QPushButton = button(tr("Add a model server…"), self.offer_server, "")
        flow.addWidget(self.add_own)
        flow.addWidget(self.add_server)
        self.body.addWidget(foot)
        self.cards: dict[str, ModelCard] = {}
        self._jobs: dict[str, Job] = {}
        self._said: dict[str, str] = {}  # what went wrong with a model, until something else is done with it

    def _section(self, title: str) -> QVBoxLayout:
        self.body.addWidget(theme.label(title, "heading"))
        made = QVBoxLayout()
        made.setSpacing(theme.px(8))
        self.body.addLayout(made)
        return made

    def concerns(self, changes: Changes) -> bool:
        return changes.settings or changes.unknown

    def load(self) -> None:
        engine = self._window.engine
        if engine is not None and not self._jobs:
            self._window.lanes.slow(
                lambda: (engine.models(everything=True), engine.settings(), engine.model_servers()), self._show,
                key="models-page", owner=self,
            )  # fmt: skip
            self.look()

    def look(self, *, again: bool = False) -> None:
        """Ask on what the models run; that takes a child process a second or more."""
        engine = self._window.engine
        if engine is not None:
            self._window.lanes.slow(
                lambda: engine.devices(again=again), self._show_devices, failed=lambda error: self.device.fail(str(error)),
                key="models-device", owner=self,
            )  # fmt: skip

    def _show_devices(self, found: Devices) -> None:
        self.device.show(found)

    def _show(self, found: Found) -> None:
        models, settings, servers = found
        before = self.window().focusWidget()
        focused = before.accessibleName() if isinstance(before, QPushButton) and self.isAncestorOf(before) else ""
        self.off.setVisible(settings.get("ai") is False)
        serving = any(server.enabled for server in servers)
        for layout in (self._text, self._embedding):
            empty(layout)
        self.cards.clear()
        for status in sorted(models, key=lambda model: _place(model, settings)):
            if not status.runs or status.kind not in KINDS:
                continue
            used = settings.get(KINDS[status.kind]) == status.name and not (serving and status.kind == "text")
            made = ModelCard(self, status, used)
            self.cards[status.name] = made
            (self._text if status.kind == "text" else self._embedding).addWidget(made)
            if status.name in self._said:
                made.fail(self._said[status.name])
        others = ", ".join(model.name for model in models if not model.runs)
        self.rest.setText(tr("Known, but not yet run by this version: {names}.").format(names=others))
        self.rest.setVisible(bool(others))
        self._show_servers(servers)
        if focused:
            QTimer.singleShot(0, self, lambda: self._focus(focused))  # once the new buttons are shown

    def _focus(self, name: str) -> None:
        for made in self.findChildren(QPushButton):
            if made.accessibleName() == name and made.isVisibleTo(self):
                made.setFocus()
                return

    def _show_servers(self, servers: list[ModelServer]) -> None:
        empty(self._servers)
        for server in servers:
            frame, box = card()
            box.addWidget(theme.label(server.model, "strong", wrap=True))
            words = [server.url, tr("with a key") if server.has_key else "", tr("outside your home network, as you confirmed") if server.confirmed_at else ""]
            box.addWidget(theme.label(" · ".join(filter(None, words)), "third", wrap=True))
            foot = QWidget()
            flow = FlowLayout(foot, across=theme.px(8))
            if server.enabled:
                flow.addWidget(theme.label(tr("writes in the place of a model here"), "accent"))
                flow.addWidget(button(tr("Stop using it"), lambda: self._serve(None), name=tr("Stop using {model}").format(model=server.model)))
            else:
                flow.addWidget(button(tr("Use it"), lambda server=server: self._serve(server.id), name=tr("Use {model} on its server").format(model=server.model)))  # type: ignore[misc]
            flow.addWidget(button(tr("Forget"), lambda server=server: self._forget_server(server.id), name=tr("Forget the server of {model}").format(model=server.model)))  # type: ignore[misc]
            flush(foot)
            box.addWidget(foot)
            self._servers.addWidget(frame)

    # ---- acts --------------------------------------------------------------------------------

    def install(self, name: str, *, anyway: bool = False) -> None:
        engine = self._window.engine
        if engine is None or name in self._jobs:
            return
        self._said.pop(name, None)
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
            self._fail(name, error)
            self.load()

        self._jobs[name] = self._window.lanes.job(
            "model", lambda: engine.install_model(name, anyway=anyway), event, done, failed, owner=self
        )

    def cancel(self, name: str) -> None:
        job = self._jobs.get(name)
        if job is not None:
            job.cancel()

    def check(self, name: str) -> None:
        """Whether a model fits, by its header, which is fetched for that."""
        engine = self._window.engine
        if engine is None:
            return
        self._said.pop(name, None)
        self.cards[name].wait(tr("Asking for the model's header…"))

        def checked(fit: Fit) -> None:
            if name in self.cards:
                self.cards[name].fail("")
                self.cards[name].show_fit(fit)

        self._window.lanes.slow(lambda: engine.check_fit(name), checked, failed=lambda error: self._fail(name, error), owner=self)

    def use(self, status: ModelStatus) -> None:
        """Say what choosing it means, then choose it."""
        engine, name = self._window.engine, status.name
        if engine is None:
            return

        def known(cost: SwitchCost) -> None:
            from desktop.dialogs.own_model import SwitchModel

            if cost.posts or cost.summaries:
                SwitchModel(self._window, cost, lambda anew: self._switch(name, anew)).open()
            else:
                self._switch(name, False)

        self._window.lanes.slow(lambda: engine.switch_cost(name), known, failed=lambda error: self._fail(name, error), owner=self)

    def _switch(self, name: str, anew: bool) -> None:
        engine = self._window.engine
        if engine is None:
            return
        self._said.pop(name, None)
        if name in self.cards:
            self.cards[name].wait(tr("Trying it…"))

        def used(_changes: Changes) -> None:
            self._window.say(tr("{model} is in use").format(model=name))
            self.load()
            self._window.enrich()

        self._window.lanes.slow(
            lambda: engine.use_model(name, anew=anew), used, failed=lambda error: self._fail(name, error), owner=self
        )

    def remove(self, status: ModelStatus) -> None:
        engine = self._window.engine
        if engine is None:
            return
        words = tr("{model} is forgotten; its file stays") if status.own else tr("{model} is removed; it can be installed again at any time")

        def removed(_changes: Changes) -> None:
            self._said.pop(status.name, None)
            self._window.say(words.format(model=status.name))
            self.load()

        self._window.lanes.slow(
            lambda: engine.remove_model(status.name), removed, failed=lambda error: self._fail(status.name, error), owner=self
        )

    def _fail(self, name: str, error: EngineError) -> None:
        self._said[name] = str(error)
        if name in self.cards:
            self.cards[name].fail(str(error))

    # ---- devices -----------------------------------------------------------------------------

    def measure(self) -> None:
        engine = self._window.engine
        if engine is None:
            return
        self._window.say(tr("Measuring…"))

        def measured(speed: float) -> None:
            self._window.say(tr("The language model writes {n} tokens a second here").format(n=decimal(speed, 1)))
            self.load()

        self._window.lanes.slow(engine.measure_model, measured, owner=self)

    def retry_devices(self) -> None:
        engine = self._window.engine
        if engine is not None:
            self._window.lanes.slow(engine.retry_devices, lambda _count: self.look(), owner=self)

    def offer_build(self) -> None:
        """Show the command that installs the build for the card that was found."""
        engine = self._window.engine
        if engine is None:
            return

        def planned(build: GpuBuild) -> None:
            BuildSheet(self._window, self, build).open()

        self._window.lanes.slow(engine.gpu_build, planned, owner=self)

    # ---- their own ---------------------------------------------------------------------------

    def offer_own(self) -> None:
        from desktop.dialogs.own_model import OwnModel

        def added(name: str) -> None:
            self._window.say(tr("{model} was taken in").format(model=name))
            self.load()

        OwnModel(self._window, added).open()

    def offer_server(self) -> None:
        from desktop.dialogs.model_server import AddServer

        AddServer(self._window, lambda _server: self.load()).open()

    def _serve(self, server_id: int | None) -> None:
        engine = self._window.engine
        if engine is not None:
            self._window.lanes.slow(lambda: engine.use_model_server(server_id), lambda _changes: self.load(), owner=self)

    def _forget_server(self, server_id: int) -> None:
        engine = self._window.engine
        if engine is not None:
            self._window.lanes.slow(lambda: engine.remove_model_server(server_id), lambda _changes: self.load(), owner=self)


def _place(model: ModelStatus, settings: dict[str, Value]) -> tuple[bool, bool, bool, int]:
    """In use, then what is here, then what is recommended, then by size."""
    used = settings.get(KINDS.get(model.kind, "")) == model.name
    return not used, not (model.installed or model.own), not model.recommended, model.size_bytes
