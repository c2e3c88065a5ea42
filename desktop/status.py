"""The status line: what runs, on which device, how far; and what has left the machine."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from desktop import theme
from desktop.lanes import Job, Lanes
from desktop.link_button import LinkButton
from desktop.strings import moment, number, plural, size, tr
from engine import FeedFailed, FeedRefreshed, Offline, Progress, StageFailed

if TYPE_CHECKING:
    from engine import LedgerRow, SummaryBudget

LEDGER_ROWS = 2000  # as many are looked at for the line; more are said to be "more than"


def stage_words(stage: str) -> str:
    """What a stage of a job does, as the status line says it."""
    words = {
        "fetch": tr("Looking for new posts"),
        "repair": tr("Trying feeds again"),
        "language": tr("Recognising languages"),
        "embed": tr("Reading posts with the model"),
        "vectors": tr("Reading posts with the model"),
        "signals": tr("Weighing the tone of posts"),
        "rules": tr("Applying your rules"),
        "scores": tr("Ordering the timeline"),
        "summaries": tr("Summing up posts"),
        "download": tr("Fetching a model"),
        "verify": tr("Checking a model"),
    }
    return words.get(stage, stage)


def ledger_words(rows: Iterable[LedgerRow]) -> str:
    """What left the machine, by the ledger: requests, hosts and bytes, or that nothing did."""
    listed = list(rows)
    sent = [row for row in listed if row.sent_bytes > 0 or row.status is not None]
    if not sent:
        return tr("Nothing has left this machine since the start")
    hosts = len({row.host for row in sent})
    total = size(sum(row.sent_bytes for row in sent))
    more = tr("more than {n}").format(n=number(len(sent))) if len(listed) >= LEDGER_ROWS else number(len(sent))
    return tr("{requests} to {hosts}, {size} sent").format(
        requests=tr("1 request") if len(sent) == 1 else tr("{n} requests").format(n=more),
        hosts=plural("{n} host", "{n} hosts", hosts),
        size=total,
    )


def budget_words(budget: SummaryBudget) -> str:
    """Why summaries of idle time pause; "" while they do not, or where the person has switched them off."""
    if budget.paused == "battery":
        return tr("summaries pause: on battery")
    if budget.paused == "server":
        return tr("summaries pause: your server works only when asked")
    if budget.paused == "budget" and budget.limit_seconds is not None:
        minutes = round(budget.limit_seconds / 60)
        return plural("summaries pause: today's {n} minute is used", "summaries pause: today's {n} minutes are used", minutes)
    return ""


class StatusLine(QWidget):
    """Shows the job that runs, its progress, and a way to stop it."""

    ledger_wanted = Signal()

    def __init__(self, lanes: Lanes, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.role(self, "statusline")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._lanes = lanes
        self._jobs: list[Job] = []
        self._failed: dict[int, str] = {}
        self._last_refresh: datetime | None = None
        self._idle_words = ""
        self._budget: SummaryBudget | None = None
        self._line_words = ""  # why looking for new posts waits
        self._unreachable = ""  # said after a refresh that reached nobody
        box = QHBoxLayout(self)
        box.setContentsMargins(theme.px(16), 0, theme.px(10), 0)
        box.setSpacing(theme.px(14))
        self.words = theme.label("")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(theme.px(120))
        self.detail = theme.label("")
        self.stop = QPushButton(tr("Stop"))
        theme.role(self.stop, "link")
        self.stop.setToolTip(tr("Stop what is running; what is done stays"))
        self.stop.clicked.connect(self._stop)
        self.ledger = LinkButton("")
        theme.role(self.ledger, "link")
        self.ledger.setToolTip(tr("Every request that left this machine"))
        self.ledger.clicked.connect(self.ledger_wanted)
        for widget in (self.words, self.bar, self.detail, self.stop):
            box.addWidget(widget)
        box.addStretch(1)
        box.addWidget(self.ledger)
        lanes.job_started.connect(self._started)
        lanes.job_event.connect(self._event)
        lanes.job_ended.connect(self._ended)
        theme.signal().changed.connect(self._measure)
        self._measure()
        self.show_ledger([])
        self._show_idle()

    def _measure(self) -> None:
        self.setFixedHeight(theme.px(28))
        self.bar.setFixedWidth(theme.px(120))

    def show_ledger(self, rows: Iterable[LedgerRow]) -> None:
        self.ledger.setText(tr("{what} · ledger").format(what=ledger_words(rows)))

    def set_device(self, device: str) -> None:
        self._idle_words = device
        if not self._jobs:
            self._show_idle()

    def set_summaries(self, budget: SummaryBudget) -> None:
        """Say why summaries of idle time pause, and in the tooltip how much of today's time they have used."""
        self._budget = budget
        if not self._jobs:
            self._show_idle()

    def set_line(self, words: str) -> None:
        """Say why looking for new posts waits; "" when it does not."""
        self._line_words = words
        if not self._jobs:
            self._show_idle()

    def narrow(self, on: bool) -> None:
        """Leave out what a narrow window has no room for."""
        self.detail.setVisible(not on and bool(self.detail.text()))
        self.ledger.setVisible(not on or not self._jobs)

    def job_names(self) -> list[str]:
        return [job.name for job in self._jobs]

    def _started(self, job: Job) -> None:
        self._jobs.append(job)
        if job.name == "refresh":
            self._failed.clear()
        self.bar.setRange(0, 0)
        names = {
            "refresh": tr("Looking for new posts"),
            "enrich": tr("Reading new posts"),
            "model": tr("Fetching a model"),
            "repair": tr("Trying feeds again"),
            "rules": tr("Applying your rules"),
            "briefing": tr("Making a briefing"),
        }
        self.words.setText(names.get(job.name, job.name))
        self.detail.clear()
        for widget in (self.bar, self.stop, self.detail):
            widget.show()

    def _event(self, job: Job, event: object) -> None:
        if isinstance(event, FeedFailed):
            self._failed[event.feed_id] = event.error
        elif isinstance(event, FeedRefreshed):
            self._failed.pop(event.feed_id, None)
            self._unreachable = ""
        elif isinstance(event, Offline):
            self._unreachable = tr("You seem to be offline · next try {when}").format(when=moment(event.retry_at))
        if not self._jobs or job is not self._jobs[-1]:
            return
        if isinstance(event, Progress):
            self.words.setText(stage_words(event.stage))
            if event.total:
                self.bar.setRange(0, event.total)
                self.bar.setValue(min(event.done, event.total))
                count = tr("{done} of {total}").format(done=number(event.done), total=number(event.total))
                if event.stage == "download":
                    count = tr("{done} of {total}").format(done=size(event.done), total=size(event.total))
                self.detail.setText(" · ".join(part for part in (count, event.detail) if part))
            else:
                self.bar.setRange(0, 0)
                self.detail.setText(event.detail)
        elif isinstance(event, StageFailed):
            self.detail.setText(event.error)

    def _ended(self, job: Job, cancelled: bool) -> None:
        if job in self._jobs:
            self._jobs.remove(job)
        if job.name == "refresh" and not cancelled and not self._unreachable:
            self._last_refresh = datetime.now().astimezone()
        if not self._jobs:
            self._show_idle()

    def _show_idle(self) -> None:
        for widget in (self.bar, self.stop):
            widget.hide()
        if self._line_words or self._unreachable:
            self.words.setText(self._line_words or self._unreachable)
            self.words.setToolTip("")
        elif self._failed:
            self.words.setText(plural("{n} feed could not be read", "{n} feeds could not be read", len(self._failed)))
            self.words.setToolTip("".join(f"<p>{escape(why)}</p>" for why in list(self._failed.values())[:12]))
        elif self._last_refresh is not None:
            self.words.setText(tr("Up to date · {when}").format(when=moment(self._last_refresh)))
            self.words.setToolTip("")
        else:
            self.words.setText(tr("Ready"))
        parts = [tr("models on {device}").format(device=self._idle_words) if self._idle_words else ""]
        if self._budget is not None:
            parts.append(budget_words(self._budget))
            used = tr("{n} min").format(n=number(round(self._budget.used_seconds / 60)))
            limit = self._budget.limit_seconds
            of = tr(" of {n} min").format(n=number(round(limit / 60))) if limit is not None else ""
            self.detail.setToolTip(tr("Summaries in idle time used {used}{of} today").format(used=used, of=of))
        self.detail.setText(" · ".join(part for part in parts if part))
        self.detail.setVisible(bool(self.detail.text()))

    def _stop(self) -> None:
        for job in list(self._jobs):
            job.cancel()
        self.words.setText(tr("Stopping …"))


