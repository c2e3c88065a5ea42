"""Making briefings beside the window: one at a time, when asked for or when due."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.lanes import Job
from desktop.strings import plural, tr
from engine import Briefing, BriefingEvent, EngineError

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

JOB = "briefing"
LOOK_MS = 60_000  # between two looks at whether one is due


class Briefings(QObject):
    """Runs the job, and keeps how far it is for whoever shows it."""

    changed = Signal(object)  # BriefingEvent
    ended = Signal(str)  # "" or what went wrong, in words

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._job: Job | None = None
        self._due = QTimer(self)
        self._due.setInterval(LOOK_MS)
        self._due.timeout.connect(self.look)
        self.latest: BriefingEvent | None = None  # of the job that runs or ran last

    def begin(self) -> None:
        """Look from now on whether one is due."""
        self._due.start()

    def stop(self) -> None:
        self._due.stop()

    def running(self) -> bool:
        return self._job is not None and not self._job.finished

    # ---- asked for ---------------------------------------------------------------------------

    def make(self, minutes: float, since: datetime | None) -> None:
        """Make one, unless one is being made."""
        engine = self._window.engine
        if engine is not None and not self.running():
            self.latest = None
            self._job = self._window.lanes.job(JOB, lambda: engine.brief(minutes, since), self._event, self._done, self._failed, owner=self)

    def finish(self, briefing: Briefing) -> None:
        """Go on with one that was interrupted."""
        engine = self._window.engine
        if engine is not None and not self.running():
            self._job = self._window.lanes.job(JOB, lambda: engine.finish_briefing(briefing.id), self._event, self._done, self._failed, owner=self)

    def cancel(self) -> None:
        """Stop the model; what is there stays."""
        if self._job is not None:
            self._job.cancel()

    # ---- when due ----------------------------------------------------------------------------

    def look(self) -> None:
        """Make the day's briefing where it is due and nothing else is under way."""
        engine, window = self._window.engine, self._window
        if engine is None or self.running() or not window.settings.get("briefing_at") or not window.lanes.idle():
            return
        window.lanes.read(engine.briefing_due, self._make_if, key="briefing-due", owner=self)

    def _make_if(self, due: bool) -> None:
        engine = self._window.engine
        if not due or engine is None or self.running():
            return
        minutes = float(self._window.settings["briefing_length"])
        self._job = self._window.lanes.job(
            JOB, lambda: engine.brief(minutes, idle=True), self._event, self._made, lambda _error: self._ended(""), owner=self
        )

    def _made(self, cancelled: bool) -> None:
        self._ended("")
        latest = self.latest
        if latest is not None and latest.briefing.items and not cancelled:
            words = plural("Your briefing is ready: {n} thing", "Your briefing is ready: {n} things", len(latest.briefing.items))
            self._window.say(words, undo=lambda: self._window.show_page("briefing"), action_text=tr("Open"))

    # ---- the job -----------------------------------------------------------------------------

    def _event(self, event: BriefingEvent) -> None:
        self.latest = event
        self.changed.emit(event)

    def _done(self, _cancelled: bool) -> None:
        self._ended("")

    def _failed(self, error: EngineError) -> None:
        self._ended(str(error))

    def _ended(self, error: str) -> None:
        self._job = None
        self.ended.emit(error)
