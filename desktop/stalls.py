"""Measures how long the event loop stands still: the one figure behind "no freezes"."""

from __future__ import annotations

import sys
import threading
import time
import traceback

from PySide6.QtCore import QObject, Qt, QTimer

INTERVAL_MS = 5


class StallMonitor(QObject):
    """Ticks every few milliseconds on the window's thread; each tick that comes late is a stall of that length.

    With `blame_ms`, a second thread notes where the window's thread stood whenever a tick is that late.
    """

    def __init__(self, parent: QObject | None = None, *, blame_ms: float = 0.0) -> None:
        super().__init__(parent)
        self.stalls_ms: list[float] = []  # one per tick, 0 when in time
        self.blamed: list[tuple[float, str]] = []  # milliseconds into the stall, and the innermost lines
        self._last = time.perf_counter()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self._tick)
        self._blame_ms = blame_ms
        self._stop = threading.Event()
        self._watched = threading.get_ident()

    def start(self) -> None:
        self._last = time.perf_counter()
        self._timer.start()
        if self._blame_ms:
            threading.Thread(target=self._watch, name="stall-watch", daemon=True).start()

    def stop(self) -> None:
        self._timer.stop()
        self._stop.set()

    def clear(self) -> None:
        self.stalls_ms.clear()
        self.blamed.clear()
        self._last = time.perf_counter()

    @property
    def worst_ms(self) -> float:
        return max(self.stalls_ms, default=0.0)

    def percentile_ms(self, percent: float) -> float:
        """The stall that `percent` of all ticks did not exceed."""
        ordered = sorted(self.stalls_ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0

    def _tick(self) -> None:
        now = time.perf_counter()
        self.stalls_ms.append(max(0.0, (now - self._last) * 1000 - INTERVAL_MS))
        self._last = now

    def _watch(self) -> None:
        while not self._stop.wait(self._blame_ms / 2000):
            late = (time.perf_counter() - self._last) * 1000 - INTERVAL_MS
            frame = sys._current_frames().get(self._watched) if late > self._blame_ms else None
            if frame is not None:
                self.blamed.append((late, "".join(traceback.format_stack(frame)[-4:])))
            del frame  # a frame that is held keeps its painters and widgets alive
