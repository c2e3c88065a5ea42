"""On what the models run, on the Models page: the machine, each model's device and why, what failed, and the build for a card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFrame, QWidget

from desktop import theme
from desktop.dialogs.sheet import Sheet
from desktop.pages.model_card import speed_words
from desktop.pages.page import button, card, empty, flush
from desktop.reading.flow import FlowLayout
from desktop.strings import day, size, tr
from engine import Device, Devices, EngineError, GpuBuild, Progress

if TYPE_CHECKING:
    from desktop.main_window import MainWindow
    from desktop.pages.models import ModelsPage


class DeviceBlock:
    """A card of the page. It is filled when a child process has looked at the machine."""

    def __init__(self, page: ModelsPage) -> None:
        self._page = page
        self.frame: QFrame
        self.frame, self._box = card()
        self._box.addWidget(theme.label(tr("Looking at this machine…"), "second", wrap=True))
        self.found: Devices | None = None
        self.text = ""

    def show(self, found: Devices) -> None:
        self.found = found
        empty(self._box)
        lines = [machine_words(found), *(device_words(device) for device in found.devices)]
        self.text = "\n".join(lines)
        for index, line in enumerate(lines):
            self._box.addWidget(theme.label(line, "second" if index else "strong", wrap=True))
        for gpu in found.machine.gpus:
            if not gpu.usable:
                words = tr("{card} is here, but the llama.cpp that is installed cannot use it.").format(card=gpu.name)
                self._box.addWidget(theme.label(words, "amber", wrap=True))
        if found.machine.trouble:
            self._box.addWidget(theme.label(tr("Not everything could be asked: {why}.").format(why=found.machine.trouble), "amber", wrap=True))
        for failure in found.failures:
            words = tr("{model} failed on {backend} ({day}): {why}. It is not tried again by itself.").format(
                model=failure.model, backend=failure.backend, day=day(failure.at), why=failure.why
            )
            self._box.addWidget(theme.label(words, "error", wrap=True))
        self._box.addWidget(theme.label(build_words(found.machine.llama_version, found.machine.llama_build), "third", wrap=True))
        foot = QWidget()
        flow = FlowLayout(foot, across=theme.px(8))
        flow.addWidget(button(tr("Measure the speed"), self._page.measure, name=tr("Measure how quickly the language model writes")))
        flow.addWidget(button(tr("Look again"), lambda: self._page.look(again=True), name=tr("Look at this machine again")))
        if found.failures:
            flow.addWidget(button(tr("Try again what failed"), self._page.retry_devices))
        if any(not gpu.usable for gpu in found.machine.gpus):
            flow.addWidget(button(tr("Install the build for the graphics card…"), self._page.offer_build))
        flush(foot)
        self._box.addWidget(foot)

    def fail(self, text: str) -> None:
        empty(self._box)
        self._box.addWidget(theme.label(text, "error", wrap=True))


def machine_words(found: Devices) -> str:
    """Processor, cores and memory."""
    machine = found.machine
    parts = [
        machine.processor,
        tr("{n} cores").format(n=machine.cores) if machine.cores != 1 else tr("1 core"),
        tr("{size} of memory, {free} free").format(size=size(machine.memory_bytes), free=size(machine.free_bytes)),
    ]
    parts += [tr("{card} with {free} free").format(card=gpu.name, free=size(gpu.free_bytes)) for gpu in machine.gpus]
    if not machine.gpus:
        parts.append(tr("no graphics card was found"))
    return " · ".join(filter(None, parts))


def build_words(version: str, build: str) -> str:
    """Which llama.cpp is here and what it was built with."""
    if not version:
        return tr("llama.cpp is not installed.")
    parts = [part.strip() for part in build.replace(":", "|").split("|")]
    on = [part.removesuffix("= 1").strip() for part in parts if part and not part.endswith("= 0")]
    return tr("llama-cpp-python {version}, built with {parts}").format(version=version, parts=", ".join(on))


def device_words(device: Device) -> str:
    """On what one model runs, or will, and why."""
    if not device.runs_on:
        words = tr("{model} was not used yet.").format(model=device.model)
    elif device.known:
        words = tr("{model} runs on {place}.").format(model=device.model, place=device.runs_on)
    else:
        words = tr("{model} will run on {place}.").format(model=device.model, place=device.runs_on)
    parts = [words]
    if device.why:
        parts.append(tr("Why: {why}.").format(why=device.why.rstrip(".")))
    if device.speed:
        parts.append(speed_words(device.kind, device.speed).capitalize() + ".")
    return " ".join(parts)


class BuildSheet(Sheet):
    """Shows the exact command, and runs it once that is wanted."""

    def __init__(self, window: MainWindow, page: ModelsPage, build: GpuBuild) -> None:
        super().__init__(window, tr("Install llama.cpp for the graphics card"), build.why, width=620)
        self._window, self._page, self._build = window, page, build
        self.body.addWidget(theme.label(tr("This command runs; what it fetches stands in the ledger:")))
        self.command = theme.label(" ".join(build.command), "second", wrap=True)
        self.body.addWidget(self.command)
        self.body.addWidget(
            theme.label(tr("While it is fetched you can cancel and nothing changes. No card was at hand when this was made: if it does not work, models run on the processor as before."), "third", wrap=True)
        )
        self.add_button(tr("Cancel"), self.reject)
        self.add_button(tr("Install it"), self.start, "primary")

    def start(self) -> None:
        engine = self._window.engine
        if engine is None:
            return
        self.busy(True)
        build = self._build
        job = self._window.lanes.job("model", lambda: engine.install_gpu_build(build), self._step, self._done, self._failed, owner=self)
        self.rejected.connect(job.cancel)

    def _step(self, progress: Progress) -> None:
        if progress.total:
            self.progress.setRange(0, 1000)
            self.progress.setValue(min(1000, progress.done * 1000 // progress.total))

    def _done(self, cancelled: bool) -> None:
        self._page.look(again=True)
        if not cancelled:
            self.accept()

    def _failed(self, error: EngineError) -> None:
        self.fail(str(error))
