"""One measurement inside the real window; started by `tests.benchmarks.window`."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

STARTED = float(os.environ.get("PROBE_STARTED", 0)) or time.time()  # when the benchmark started this process


def main() -> None:
    profile, task = Path(sys.argv[1]), sys.argv[2]
    key = bytes.fromhex(os.environ["PROBE_KEY"])
    from desktop import app as desktop_app
    from desktop import main_window

    show = main_window.MainWindow.__init__

    def watched(self: main_window.MainWindow) -> None:
        show(self)
        {"start": _start, "use": _use, "stalls": _stalls}[task](self)

    main_window.MainWindow.__init__ = watched  # type: ignore[method-assign]
    sys.exit(desktop_app.run(profile, key=key))


def _tell(found: dict[str, float]) -> None:
    print(json.dumps(found), flush=True)
    for window in QApplication.topLevelWidgets():
        window.close()
    QApplication.quit()


def _give_up(error: Exception) -> None:
    """A job failed: there is nothing to measure."""
    print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
    os._exit(1)  # the threads of the job may still wait for an answer


def _start(window: object) -> None:
    def shown() -> None:
        _tell({"timeline_seconds": time.time() - STARTED})

    window.timeline.first_shown.connect(lambda: QTimer.singleShot(0, shown))  # type: ignore[attr-defined]


def _use(window: object) -> None:
    """Scroll, search, like and rank with all vectors loaded; then weigh the process and time the feedback."""
    from engine import SearchQuery, TimelineQuery
    from tests.benchmarks.window import resident_mb

    def act() -> None:
        engine = window.engine  # type: ignore[attr-defined]
        view = window.timeline.view  # type: ignore[attr-defined]
        for _ in range(60):
            view.verticalScrollBar().setValue(view.verticalScrollBar().value() + 400)
            QApplication.processEvents()
            time.sleep(0.01)
        for text in ("the water", "电", "of and to"):
            engine.search(SearchQuery(text=text, mode="words"))
        ids = engine.timeline(TimelineQuery())
        engine.feedback(ids[3], True)
        engine.timeline(TimelineQuery())
        times = []
        for post_id in ids[10:21]:
            began = time.perf_counter()
            engine.feedback(post_id, True)
            order = engine.timeline(TimelineQuery())
            engine.rows(order[:50])
            times.append(time.perf_counter() - began)
        _tell(
            {
                "window_process_mb": resident_mb(with_children=False),
                "feedback_to_rows_ms": sorted(times)[len(times) // 2] * 1000,
            }
        )

    window.timeline.first_shown.connect(lambda: QTimer.singleShot(1500, act))  # type: ignore[attr-defined]


def _stalls(window: object) -> None:
    """Refresh 200 feeds of 50 posts and embed them, while a monitor ticks on the event loop."""
    from desktop.stalls import StallMonitor
    from engine import Enriched, Subscription
    from tests.benchmarks.refreshing import server
    from tests.benchmarks.window import resident_mb

    served = server()
    urls = served.__enter__()
    monitor = StallMonitor()
    heaviest = [0.0]
    state = {"refreshed": False, "embedded": 0}

    def weigh() -> None:
        heaviest[0] = max(heaviest[0], resident_mb(with_children=True))

    weighing = QTimer(window)  # type: ignore[call-overload]
    weighing.timeout.connect(weigh)

    def begin() -> None:
        engine = window.engine  # type: ignore[attr-defined]
        engine.set_setting("summaries_top", 0)
        engine.follow([Subscription(url=url) for url in urls], allow_private=True)
        monitor.start()
        weighing.start(500)
        window.lanes.job("bench", lambda: engine.refresh(force=True), done=refreshed, failed=_give_up)  # type: ignore[attr-defined]

    def refreshed(cancelled: bool) -> None:
        engine = window.engine  # type: ignore[attr-defined]
        limit = time.monotonic() + float(os.environ.get("PROBE_SECONDS", "60"))

        def some() -> object:
            for event in engine.enrich():
                if isinstance(event, Enriched) and event.stage == "embed":
                    state["embedded"] += len(event.changes.updated)
                yield event
                if time.monotonic() > limit:
                    return

        window.lanes.job("bench", some, done=finished, failed=_give_up)  # type: ignore[attr-defined]

    def finished(cancelled: bool) -> None:
        monitor.stop()
        weigh()
        served.__exit__(None, None, None)
        _tell(
            {
                "stall_p99_ms": monitor.percentile_ms(99),
                "stall_worst_ms": monitor.worst_ms,
                "all_processes_mb": heaviest[0],
                "embedded": float(state["embedded"]),
            }
        )

    window.attached.connect(lambda: QTimer.singleShot(500, begin))  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
