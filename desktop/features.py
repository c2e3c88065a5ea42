"""What models may do in this window at present; every screen asks here and follows a change at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop.strings import tr
from engine import Changes

if TYPE_CHECKING:
    from desktop.main_window import MainWindow


class Features(QObject):
    """The engine's `features()`, as of a moment ago. `"ask" in window.features` is the question."""

    changed = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.on: frozenset[str] = frozenset()
        self._known = False

    def __contains__(self, feature: str) -> bool:
        return feature in self.on

    def load(self) -> None:
        """Ask the engine."""
        engine = self._window.engine
        if engine is not None:
            self._window.lanes.read(engine.features, self._take, key="features")

    def _take(self, on: frozenset[str]) -> None:
        before, first = self.on, not self._known
        self.on, self._known = on, True
        if on == before and not first:
            return
        self._window.top.search.show_meaning("meaning" in on)
        self.changed.emit()
        if first:
            return
        self._window.take_changes(Changes(unknown=True))
        self._window.upkeep.load_ledger()
        if {"meaning", "signals"} & (on - before):
            self._window.enrich()  # what was owed meanwhile

    def toggle(self) -> None:
        """Switch all models off, or on again."""
        on = not bool(self._window.settings["ai"])
        self._window.set_setting("ai", on)
        said = tr("Language models are on again") if on else tr("Language models are off: nothing is read or written by a model")
        self._window.undo.push(said, lambda: self._window.set_setting("ai", not on))
        self._window.say(said, undo=self._window.undo.back)
