"""What the person changes of what was learnt: weights, likes that shall teach nothing any more, all of it; with undo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from desktop.strings import plural, tr
from engine import Changes, InterestKind

if TYPE_CHECKING:
    from desktop.main_window import MainWindow
    from engine import Engine

T = TypeVar("T")
STEP = 1.0  # log-odds by which "more" and "less" change a weight
MOST = 4.0  # log-odds beyond which they change nothing


def kind_words(kind: str) -> str:
    """The kinds of what can be learnt, as headings."""
    return {
        "word": tr("Words"), "source": tr("Sources"), "author": tr("Authors"), "topic": tr("Topics"), "signal": tr("Signals"),
    }.get(kind, kind)  # fmt: skip


class Interests:
    """Acts at once; the list on screen is put in its new order, and the toast takes the act back."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    # A description of a topic is turned into a vector first, which may wait for the model.

    def set(self, kind: InterestKind, key: str, weight: float | None, text: str) -> None:
        """Give something a weight of the person's own; None goes back to what was learnt."""

        def act(engine: Engine) -> float | None:
            before = engine.interest_edits().get((kind, key))
            engine.edit_interest(kind, key, weight)
            return before

        self._do(act, text, lambda engine, before: engine.edit_interest(kind, key, before), slow=kind == "topic")

    def nudge(self, kind: InterestKind, key: str, by: float, text: str, done: Callable[[], None] | None = None) -> None:
        """Change a weight by so much, from what it is now; `done` is called where it could be changed."""

        def act(engine: Engine) -> float | None:
            before = engine.interest_edits().get((kind, key))
            known = before or 0.0
            if kind != "topic":  # of a topic the person's weight comes on top of what was learnt, of all else in its place
                known = next((one.weight for one in engine.learned().learned if (one.kind, one.key) == (kind, key)), 0.0)
            engine.edit_interest(kind, key, max(-MOST, min(MOST, known + by)))
            return before

        self._do(act, text, lambda engine, before: engine.edit_interest(kind, key, before), done, slow=kind == "topic")

    def reset(self, kinds_and_keys: Sequence[tuple[InterestKind, str]], text: str) -> None:
        """Take changes back."""

        def act(engine: Engine) -> dict[tuple[InterestKind, str], float]:
            edits = engine.interest_edits()
            before = {edit: edits[edit] for edit in kinds_and_keys if edit in edits}
            for kind, key in before:
                engine.edit_interest(kind, key, None)
            return before

        def back(engine: Engine, before: dict[tuple[InterestKind, str], float]) -> Changes:
            changes = Changes()
            for (kind, key), weight in before.items():
                changes |= engine.edit_interest(kind, key, weight)
            return changes

        self._do(act, text, back)

    def forget(self, ids: Sequence[int]) -> None:
        """Let what was done with these posts teach nothing any more. The posts stay as they are."""
        text = plural("Forgotten: it teaches nothing any more", "Forgotten: {n} posts teach nothing any more", len(ids))
        self._do(lambda engine: engine.forget_posts(ids), text, lambda engine, _: engine.forget_posts(ids, forget=False))

    def forget_everything(self) -> None:
        def back(engine: Engine, changes: Changes) -> Changes:
            return engine.forget_posts(sorted(changes.updated), forget=False)

        self._do(lambda engine: engine.reset_learning(), tr("Everything learnt is forgotten"), back)

    def _do(
        self, act: Callable[[Engine], T], text: str, back: Callable[[Engine, T], object], then: Callable[[], None] | None = None, *, slow: bool = False
    ) -> None:
        window, engine = self._window, self._window.engine
        if engine is None:
            return

        def done(before: T) -> None:
            def undo() -> None:
                window.lanes.read(lambda: back(engine, before), lambda _: window.timeline.reorder())

            window.undo.push(text, undo)
            window.say(text, undo=window.undo.back)
            window.timeline.reorder()
            if then is not None:
                then()

        if slow:
            window.lanes.slow(lambda: act(engine), done)
        else:
            window.lanes.read(lambda: act(engine), done)
