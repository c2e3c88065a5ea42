"""Keeping the window current: what changed is gathered, and every screen is told what concerns it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication

from desktop import theme
from desktop.network import Line
from desktop.rules_past import RulesPast
from desktop.status import LEDGER_ROWS
from desktop.strings import plural, tr
from desktop.timeline.empty import say_why_empty
from engine import Changes, FeedRefreshed, Offline, TimelineQuery

if TYPE_CHECKING:
    from desktop.lanes import Job
    from desktop.main_window import MainWindow
    from engine import Engine, Feed, LedgerRow, Value

GATHER_MS = 30  # changes are merged this long before screens are told
SIDE_MS = 600  # the sidebar's feeds and counts are asked for this long after the first of many changes
POLL_MS = 2000
AGAIN_MS = 5 * 60_000 + 5_000  # after a refresh that reached nobody: a little more than the feeds are put off for
TIDY_MS = 5 * 60_000  # after the start, then every six hours
TIDY_AGAIN_MS = 6 * 3_600_000


class Upkeep(QObject):
    """Listens to the engine of a window, asks for what is shown beside the posts, and hands it on."""

    _incoming = Signal(object)

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._gathered = Changes()
        self._stop_listening: Callable[[], None] | None = None
        self._ledger_since = 0
        self._side_feeds = False
        self._gather = self._timer(GATHER_MS, self._tell)
        self._side_soon = self._timer(SIDE_MS, self._load_side)
        self._poll = self._timer(POLL_MS, self._look_for_other_writers, once=False)
        self._next_refresh = self._timer(0, self.refresh_if_may, once=False)
        self._again_soon = self._timer(AGAIN_MS, self.refresh_if_may)
        self._waits = False  # a look for new posts that the line kept from being made
        self._told_offline = False
        self.line = Line(self)
        self.line.changed.connect(self._line_changed)
        self._folds: Value = True  # whether the lists are shown with their stories folded
        self._tidy_soon = self._timer(TIDY_MS, self._tidy)
        self.rules_past = RulesPast(window)
        window.lanes.job_ended.connect(self._job_ended)
        self._incoming.connect(self._take_in, Qt.ConnectionType.QueuedConnection)

    def _timer(self, milliseconds: int, act: Callable[[], None], *, once: bool = True) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(once)
        timer.setInterval(milliseconds)
        timer.timeout.connect(act)
        return timer

    def listen(self, engine: Engine) -> None:
        """Be told from now on what is written in this process."""
        self._stop_listening = engine.changes(self._incoming.emit)
        self._folds = self._window.settings["fold_stories"]

    def begin(self) -> None:
        """The list is on screen: load what stands beside it, look for other writers and, in time, for new posts."""
        self._window.features.load()
        self.load_feeds()
        self._window.timelines.load()
        self.load_ledger()
        self._poll.start()
        self.line.follow()
        self._tidy_soon.start(TIDY_MS)
        self.rules_past.look()
        self._next_refresh.start(int(self._window.settings["refresh_minutes"]) * 60_000)

    def stop(self) -> None:
        for timer in (self._poll, self._next_refresh, self._again_soon, self._gather, self._side_soon, self._tidy_soon):
            timer.stop()
        self.rules_past.stop()
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None

    # ---- looking for new posts by itself -----------------------------------------------------

    def refresh_if_may(self) -> None:
        """Look for new posts unless the line keeps from it; then once it no longer does."""
        self._waits = self.line.waits(metered_too=bool(self._window.settings["refresh_metered"]))
        if not self._waits and self._window.engine is not None:
            self._window.refresh()

    def _line_changed(self) -> None:
        metered_too = bool(self._window.settings["refresh_metered"])
        self._window.status.set_line(self.line.words(metered_too=metered_too))
        if self._waits and not self.line.waits(metered_too=metered_too):
            self.refresh_if_may()

    def refresh_told(self, event: object) -> None:
        """Take in what a refresh tells of the line: that nobody can be reached is said once, and tried again soon."""
        if isinstance(event, Offline):
            if not self._told_offline:
                self._window.say(tr("You seem to be offline. Millpond tries again soon."))
            self._told_offline = True
            self._again_soon.start(AGAIN_MS)
        elif isinstance(event, FeedRefreshed):
            self._told_offline = False

    # ---- changes -----------------------------------------------------------------------------

    def _take_in(self, changes: Changes) -> None:
        self._gathered |= changes
        if not self._gather.isActive():
            self._gather.start()

    def _tell(self) -> None:
        changes, self._gathered = self._gathered, Changes()
        if not changes or self._window.engine is None:
            return
        if changes.settings or changes.unknown:
            self._load_settings()
            self._window.features.load()
            self._window.timelines.load()
        if (changes.feeds or changes.updated or changes.new or changes.unknown) and not self._side_soon.isActive():
            self._side_feeds = False
            self._side_soon.start()
        self._side_feeds = self._side_feeds or bool(changes.feeds or changes.unknown)
        if changes.rules or changes.unknown:
            self.rules_past.look()
        self._window.take_changes(changes)
        if changes.notify:
            self._notify(sorted(changes.notify))

    def _notify(self, ids: list[int]) -> None:
        """Tell of posts that a rule wants told of; the window's entry in the system's bar asks for attention."""
        QApplication.alert(self._window)
        self._window.say(
            plural("A rule points out {n} new post", "Rules point out {n} new posts", len(ids)),
            undo=lambda: self._window.open_post(ids[-1]),
            action_text=tr("Open"),
        )

    def _load_side(self) -> None:
        if self._side_feeds:
            self.load_feeds()
        else:
            self._load_counts()

    def _look_for_other_writers(self) -> None:
        engine = self._window.engine
        if engine is not None:
            self._window.lanes.read(engine.poll, key="poll")

    def _tidy(self) -> None:
        engine, lanes = self._window.engine, self._window.lanes
        if engine is None:
            return
        idle = lanes.idle()
        if idle:
            lanes.job("tidy", engine.tidy, failed=lambda error: self._window.say(str(error)))
        self._tidy_soon.start(TIDY_AGAIN_MS if idle else TIDY_MS)

    # ---- settings ----------------------------------------------------------------------------

    def _load_settings(self) -> None:
        engine = self._window.engine
        if engine is not None:
            self._window.lanes.read(engine.settings, self._take_settings, key="settings")

    def _take_settings(self, settings: dict[str, Value]) -> None:
        before = self._window.settings["refresh_minutes"]
        self._window.settings |= settings
        self.use_theme()
        self._window.fit_bars()
        self._line_changed()
        if self._folds != settings["fold_stories"]:
            self._folds = settings["fold_stories"]
            self._window.timeline.reorder()
            self._load_counts()
        self.load_budget()
        if before != settings["refresh_minutes"]:
            self._next_refresh.start(int(settings["refresh_minutes"]) * 60_000)

    def use_theme(self) -> None:
        settings = self._window.settings
        theme.signal().set(str(settings["theme"]), int(settings["scale_percent"]))

    # ---- feeds, counts, ledger ---------------------------------------------------------------

    def load_feeds(self) -> None:
        engine = self._window.engine
        if engine is not None:
            self._window.lanes.read(engine.feeds, self._take_feeds, key="feeds")
            self._load_counts()

    def _take_feeds(self, feeds: list[Feed]) -> None:
        self._window.feeds = feeds
        self._window.sidebar.set_feeds(feeds)
        if not self._window.timeline.model.rowCount():
            say_why_empty(self._window)

    def _load_counts(self) -> None:
        engine = self._window.engine
        if engine is not None:
            self._window.lanes.read(engine.counts, self._window.sidebar.set_counts, key="counts")
            self.load_followed()

    def load_followed(self) -> None:
        """Count the followed stories, and those in which something is new."""
        engine = self._window.engine
        if engine is None:
            return

        def count() -> tuple[int, int]:
            rows = engine.rows(engine.timeline(TimelineQuery(order="newest", followed=True)))
            return len(rows), sum(row.story_new > 0 for row in rows)

        self._window.lanes.read(count, lambda found: self._window.sidebar.set_followed(*found), key="followed", owner=self)

    def load_ledger(self) -> None:
        engine, first = self._window.engine, self._ledger_since == 0
        if engine is None:
            return

        def load() -> tuple[list[LedgerRow], str]:
            return engine.ledger(1 if first else LEDGER_ROWS), engine.device()

        self._window.lanes.read(load, self._take_ledger, key="ledger")

    def load_budget(self) -> None:
        """Ask how much of today's time for summaries is used; the line at the foot says when they pause."""
        engine = self._window.engine
        if engine is not None:
            self._window.lanes.read(engine.summary_budget, self._window.status.set_summaries, key="summary-budget")

    def _job_ended(self, job: Job, _cancelled: bool) -> None:
        if job.name == "enrich":
            self.load_budget()

    def _take_ledger(self, found: tuple[list[LedgerRow], str]) -> None:
        rows, device = found
        if self._ledger_since == 0:
            self._ledger_since = rows[0].id + 1 if rows else 1
            rows = []
        self._window.status.show_ledger(row for row in rows if row.id >= self._ledger_since)
        self._window.status.set_device(device)
