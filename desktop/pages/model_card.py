"""One model on the Models page: what it is, what it costs here, and what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFrame, QProgressBar, QPushButton, QVBoxLayout, QWidget

from desktop import theme
from desktop.pages.page import button, flush
from desktop.reading.flow import FlowLayout
from desktop.strings import decimal, number, size, tr
from engine import Fit, ModelStatus, Progress

if TYPE_CHECKING:
    from desktop.pages.models import ModelsPage

FIT_ROLES = {"fits": "positive", "tight": "amber", "does not fit": "error"}


class ModelCard(QFrame):
    """One model of the catalogue, or of the person's own."""

    def __init__(self, page: ModelsPage, status: ModelStatus, used: bool) -> None:
        super().__init__()
        self._page, self.status = page, status
        theme.role(self, "card")
        box = QVBoxLayout(self)
        box.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), theme.px(12))
        box.setSpacing(theme.px(4))
        box.addWidget(theme.label(status.name, "strong", wrap=True))
        if status.recommended:
            box.addWidget(theme.label(tr("Recommended for this machine"), "accent", wrap=True))
        if status.description:
            box.addWidget(theme.label(tr(status.description), "second", wrap=True))
        box.addWidget(theme.label(facts(status), "third", wrap=True))
        if status.own and status.path:
            box.addWidget(theme.label(status.path, "third", wrap=True))
        self.fit = theme.label("", "third", wrap=True)
        box.addWidget(self.fit)
        self.show_fit(status.fit)
        self.progress = QProgressBar()
        self.progress.setAccessibleName(tr("Installing {model}").format(model=status.name))
        self.progress.hide()
        self.state = theme.label("", "third", wrap=True)
        self.state.hide()
        box.addWidget(self.progress)
        box.addWidget(self.state)
        foot = QWidget()
        flow = FlowLayout(foot, across=theme.px(8))
        self._add_buttons(flow, used)
        flush(foot)
        box.addWidget(foot)
        if status.trouble:
            self.fail(status.trouble)

    def _add_buttons(self, flow: FlowLayout, used: bool) -> None:
        status, page, name = self.status, self._page, self.status.name
        anyway = status.fit is not None and status.fit.word == "does not fit"
        words = tr("Install anyway ({size})") if anyway else tr("Install ({size})")
        self.install: QPushButton = button(
            words.format(size=size(status.size_bytes)), lambda: page.install(name, anyway=anyway), "", name=tr("Install {model}").format(model=name)
        )
        self.check: QPushButton = button(
            tr("Check whether it fits"), lambda: page.check(name), name=tr("Check whether {model} fits").format(model=name)
        )
        self.check.setToolTip(tr("Asks the model's server for the first megabytes of the file; that request stands in the ledger."))
        self.cancel: QPushButton = button(tr("Cancel"), lambda: page.cancel(name), name=tr("Cancel installing {model}").format(model=name))
        self.cancel.hide()  # where a model is here, these three stand nowhere and are never shown: they would be windows of their own
        if status.installed:
            flow.addWidget(theme.label(tr("in use") if used else tr("installed"), "accent"))
            if not used:
                flow.addWidget(button(tr("Use it"), lambda: page.use(status), name=tr("Use {model}").format(model=name)))
        if status.installed or status.own:
            text, what = (tr("Forget"), tr("Forget {model}")) if status.own else (tr("Remove"), tr("Remove {model}"))
            flow.addWidget(button(text, lambda: page.remove(status), name=what.format(model=name)))
        else:
            for made in (self.install, self.check, self.cancel):
                flow.addWidget(made)
            self._offer(True)

    def _offer(self, on: bool) -> None:
        """Show what brings a model here, where it is not."""
        offered = on and not (self.status.installed or self.status.own)
        self.install.setVisible(offered)
        self.check.setVisible(offered and self.status.kind == "text")

    def show_fit(self, fit: Fit | None) -> None:
        self.fit.setVisible(fit is not None)
        if fit is not None:
            self.fit.setText(fit_words(fit))
            theme.role(self.fit, FIT_ROLES[fit.word])
            theme.restyle(self.fit)

    def show_progress(self, progress: Progress | None) -> None:
        """None: the job has not begun to tell."""
        self.progress.show()
        self.cancel.setVisible(not (self.status.installed or self.status.own))
        self._offer(False)
        self.state.show()
        theme.role(self.state, "third")
        theme.restyle(self.state)
        if progress is None or not progress.total:
            self.progress.setRange(0, 0)
            self.state.setText(progress.detail if progress is not None else tr("Asking…"))
            return
        self.progress.setRange(0, 1000)
        self.progress.setValue(min(1000, progress.done * 1000 // progress.total))
        done = tr("{done} of {total}").format(done=size(progress.done), total=size(progress.total))
        self.state.setText(f"{done} · {progress.detail}" if progress.detail else done)

    def wait(self, text: str) -> None:
        """Something is under way that does not tell how far it is."""
        self.progress.setRange(0, 0)
        self.progress.show()
        self.state.setText(text)
        self.state.show()

    def fail(self, text: str) -> None:
        self.progress.hide()
        self.cancel.hide()
        self._offer(True)
        self.state.setText(text)
        self.state.setVisible(bool(text))
        theme.role(self.state, "error" if text else "third")
        theme.restyle(self.state)


def facts(status: ModelStatus) -> str:
    """Kind, licence, size, memory, languages and speed, in one line."""
    parts = [
        tr("turns posts into vectors") if status.kind == "embedding" else tr("writes"),
        tr("licence {name}").format(name=status.licence) if not status.own else tr("your own"),
        tr("{size} on disk").format(size=size(status.size_bytes)),
        tr("speaks {languages}").format(languages=", ".join(status.languages[:12])) if status.languages else tr("speaks many languages"),
    ]
    if status.quantisation:
        parts.append(status.quantisation)
    parts.append(speed_words(status.kind, status.speed))
    return " · ".join(parts)


def speed_words(kind: str, speed: float | None) -> str:
    """How quick a model was on this machine."""
    if not speed:
        return tr("speed not measured here yet")
    shown = decimal(speed, 1) if speed < 10 else number(round(speed))
    return (tr("{n} posts a second here") if kind == "embedding" else tr("{n} tokens a second here")).format(n=shown)


def fit_words(fit: Fit) -> str:
    """Whether a model fits into memory, with the numbers."""
    words = {
        "fits": tr("Fits: needs {need} of memory, {free} are free."),
        "tight": tr("Tight: needs {need} of memory, {free} are free."),
        "does not fit": tr("Does not fit: needs {need} of memory, {free} are free."),
    }[fit.word].format(need=size(fit.need_bytes), free=size(fit.free_bytes))
    if fit.by == "catalogue":
        return f"{words} {tr('An estimate of the catalogue.')}"
    detail = tr("{weights} for its weights, {cache} for what it reads, {margin} to spare.").format(
        weights=size(fit.weights_bytes), cache=size(fit.cache_bytes), margin=size(fit.margin_bytes)
    )
    return f"{words} {detail}"
