"""Feeds to try Millpond with: served by Millpond itself on this machine, so that nothing leaves it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from desktop.strings import tr

if TYPE_CHECKING:
    from desktop.main_window import MainWindow
    from engine import Engine, OpmlImport


class Samples:
    """Serves the sample feeds until they were read once, then lets them rest."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._served = contextlib.ExitStack()

    def start(self) -> None:
        """Follow the sample feeds and read them."""
        window, engine = self._window, self._window.engine
        if engine is None:
            return

        def follow() -> tuple[OpmlImport, list[int]]:
            from engine import sample_internet

            internet = self._served.enter_context(sample_internet())
            added = engine.follow(internet.subscriptions, allow_private=True)
            return added, sorted(added.changes.feeds)

        def followed(result: tuple[OpmlImport, list[int]]) -> None:
            ids = result[1]
            window.lanes.job(
                "refresh", lambda: engine.refresh(ids, True), done=lambda _cancelled: self._read(engine, ids)
            )

        window.lanes.slow(follow, followed, key="samples")

    def _read(self, engine: Engine, ids: list[int]) -> None:
        window = self._window

        def rest() -> None:
            for feed_id in ids:
                engine.update_feed(feed_id, stopped=True)
            self.close()

        window.lanes.slow(rest)
        window.say(
            tr("These feeds are made up and live on this machine; nothing was fetched from elsewhere"),
            lambda: self._remove(engine, ids),
            tr("Remove the samples"),
        )
        window.enrich()

    def _remove(self, engine: Engine, ids: list[int]) -> None:
        """Take all sample feeds away at once; the toast that says so brings them back."""
        window = self._window

        def remove() -> None:
            for feed_id in ids:
                engine.remove_feed(feed_id)

        def restore() -> None:
            for feed_id in ids:
                engine.restore_feed(feed_id)

        window.lanes.slow(
            remove, lambda _none: window.say(tr("The samples are removed"), lambda: window.lanes.slow(restore, key="samples")), key="samples"
        )

    def close(self) -> None:
        """Stop serving."""
        self._served.close()
