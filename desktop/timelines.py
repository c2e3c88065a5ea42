"""The person's own timelines: made, changed, moved and removed, each with undo; sidebar and bar follow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from desktop.strings import tr
from engine import Changes, EngineError, Timeline

if TYPE_CHECKING:
    from desktop.main_window import MainWindow
    from engine import Engine


class Timelines:
    """Keeps what the window shows of them. Every act goes to the engine on the read lane."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self.listed: list[Timeline] = []
        self._anew: dict[int, int] = {}  # the ids of timelines that undo made again, by those that they had

    def load(self) -> None:
        engine = self._window.engine
        if engine is not None:
            self._window.lanes.read(engine.timelines, self._take, key="timelines", failed=lambda _error: None)

    def named(self, timeline_id: int) -> Timeline | None:
        return next((timeline for timeline in self.listed if timeline.id == timeline_id), None)

    def _take(self, timelines: list[Timeline]) -> None:
        self.listed = timelines
        self._window.sidebar.set_timelines(timelines)
        self._window.top.set_timelines(timelines)
        self._window.timelines_changed()

    # ---- acts --------------------------------------------------------------------------------

    def new(self) -> None:
        """Open the sheet for a timeline that is still to be made."""
        from desktop.dialogs import timeline

        if self._window.engine is not None:
            timeline.open_dialog(self._window, None)

    def edit(self, timeline_id: int) -> None:
        from desktop.dialogs import timeline

        found = self.named(timeline_id)
        if found is not None:
            timeline.open_dialog(self._window, found)

    def saved(self, before: Timeline | None, after: Timeline) -> None:
        """Say that a timeline was made or changed, go there, and push how to undo it."""

        def back() -> None:
            if before is None:
                self._remove(after.id)
            else:
                self._keep([before])

        text = tr("Timeline “{name}” made") if before is None else tr("Timeline “{name}” changed")
        self._say(text.format(name=after.name), back)
        self._then_go(after.id)

    def rename(self, timeline_id: int, name: str) -> None:
        before = self.named(timeline_id)
        if before is not None:
            text = tr("Renamed to “{name}”").format(name=name)
            self._keep([replace(before, name=name)], lambda: self._say(text, lambda: self._keep([before])))

    def move(self, timeline_id: int, by: int) -> None:
        """Move a timeline up (−1) or down (+1) among the others."""
        before = list(self.listed)
        at = next((place for place, timeline in enumerate(before) if timeline.id == timeline_id), -1)
        to = at + by
        if at < 0 or not 0 <= to < len(before):
            return
        moved = list(before)
        moved.insert(to, moved.pop(at))
        after = [replace(timeline, position=place) for place, timeline in enumerate(moved)]
        changed = [timeline for timeline in after if timeline not in before]
        was = [timeline for timeline in before if any(timeline.id == other.id for other in changed)]
        text = tr("Timeline “{name}” moved").format(name=before[at].name)
        self._keep(changed, lambda: self._say(text, lambda: self._keep(was)))

    def delete(self, timeline_id: int) -> None:
        """Remove a timeline; undo makes it anew. Its posts stay where they are."""
        before = self.named(timeline_id)
        if before is None:
            return

        def back() -> None:
            self._keep([before], anew=True)

        self._remove(timeline_id, lambda: self._say(tr("Timeline “{name}” deleted").format(name=before.name), back))

    # ---- inside ------------------------------------------------------------------------------

    def _keep(self, timelines: Sequence[Timeline], then: Callable[[], None] | None = None, *, anew: bool = False) -> None:
        """Save timelines; `anew` makes them again, and what undo still holds of them then means the new ones."""

        def run(engine: Engine) -> Changes:
            changes = Changes()
            for timeline in timelines:
                number = self._now(timeline.id)
                saved, change = engine.save_timeline(replace(timeline, id=0 if anew else number))
                if anew and saved.id != number:
                    self._anew[number] = saved.id
                changes |= change
            return changes

        self._do(run, then)

    def _now(self, timeline_id: int) -> int:
        while timeline_id in self._anew and self.named(timeline_id) is None:
            timeline_id = self._anew[timeline_id]
        return timeline_id

    def _remove(self, timeline_id: int, then: Callable[[], None] | None = None) -> None:
        def removed() -> None:
            if self._window.at_timeline() == self._now(timeline_id):
                self._window.go("timeline", "for_you")
            if then is not None:
                then()

        self._do(lambda engine: engine.delete_timeline(self._now(timeline_id)), removed)

    def _do(self, act: Callable[[Engine], Changes], then: Callable[[], None] | None) -> None:
        window, engine = self._window, self._window.engine
        if engine is None:
            return

        def done(_changes: Changes) -> None:
            self.load()
            if then is not None:
                then()
            if window.at_timeline():
                window.timeline.reorder()

        def failed(error: EngineError) -> None:
            window.say(str(error))
            self.load()

        window.lanes.read(lambda: act(engine), done, failed=failed)

    def _then_go(self, timeline_id: int) -> None:
        """Go to a timeline once it is listed."""
        engine = self._window.engine
        if engine is None:
            return

        def go(timelines: list[Timeline]) -> None:
            self._take(timelines)
            self._window.go("own", timeline_id=timeline_id)

        self._window.lanes.read(engine.timelines, go)

    def _say(self, text: str, back: Callable[[], None]) -> None:
        self._window.undo.push(text, back)
        self._window.say(text, undo=self._window.undo.back)
