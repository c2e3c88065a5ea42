"""Applying changed rules to older posts, beside the window, and saying what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from desktop.strings import plural, tr
from engine import BusyError, Changes, EngineError, Rule, RuleProgress

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

JOB = "rules"
AGAIN_MS = 1500  # after another one was found to be doing it


class RulesPast(QObject):
    """Starts the job that judges the past whenever a rule asks for it."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._stopped = False  # by the person, and what they stopped is not known yet
        self._held: set[tuple[int, int]] = set()  # what they stopped: it goes on when they say so, or at the next start
        self._meanwhile = False  # a rule changed while the job ran, perhaps too late for it
        self._awaited: dict[int, str] = {}  # rules that the person saved, by id: they are told what these took in the end
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(AGAIN_MS)
        self._again.timeout.connect(self.look)

    def stop(self) -> None:
        self._again.stop()

    def running(self) -> bool:
        return bool(self._window.lanes.running(JOB))

    def tell_when_done(self, rule: Rule) -> None:
        """Say how many posts a rule takes once all were judged."""
        self._awaited[rule.id] = rule.name

    def go_on(self) -> None:
        """Begin again what was stopped."""
        self._held.clear()
        self.look()

    def look(self) -> None:
        """Begin where something is owed, was not stopped, and nobody does it yet."""
        engine = self._window.engine
        self._meanwhile = self.running()
        if engine is not None and not self._meanwhile:
            self._window.lanes.read(engine.rule_progress, self._found, key="rules-past", owner=self)

    def _found(self, progress: dict[int, RuleProgress]) -> None:
        engine = self._window.engine
        wanted = {(one.rule_id, one.version) for one in progress.values()} - self._held
        if wanted and engine is not None and not self.running() and not self._stopped:
            self._held.clear()
            self._window.lanes.job(JOB, engine.reapply_rules, done=self._done, failed=self._failed, owner=self)

    def _failed(self, error: EngineError) -> None:
        if isinstance(error, BusyError):
            self._again.start()
        else:
            self._window.say(str(error))

    def _done(self, cancelled: bool) -> None:
        engine = self._window.engine
        if engine is None:
            return
        if cancelled:
            self._awaited.clear()
            self._stopped = True
            self._window.lanes.read(engine.rule_progress, self._hold, owner=self)
            self._window.say(tr("Stopped. Older posts are as they were; the Rules page goes on with them."))
            return
        if self._meanwhile:
            self.look()
        if self._awaited:
            self._window.lanes.read(lambda: (engine.rule_counts(), engine.rule_progress()), self._tell, owner=self)

    def _hold(self, progress: dict[int, RuleProgress]) -> None:
        self._stopped = False
        self._held = {(one.rule_id, one.version) for one in progress.values()}
        self._window.take_changes(Changes(rules=True))  # pages say that it waits

    def _tell(self, found: tuple[dict[int, int], dict[int, RuleProgress]]) -> None:
        counts, progress = found
        done = {rule_id: name for rule_id, name in self._awaited.items() if rule_id not in progress}
        for rule_id, name in done.items():
            del self._awaited[rule_id]
            if rule_id in counts:
                posts = plural("{n} post", "{n} posts", counts[rule_id])
                self._window.say(tr("All posts were looked at: “{rule}” takes {posts}").format(rule=name, posts=posts))
