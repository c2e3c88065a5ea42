"""What a person does to posts: each act goes to the store at once and can be taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from desktop.strings import plural, tr
from engine import Changes, EngineError, NotFoundError

if TYPE_CHECKING:
    from desktop.main_window import MainWindow
    from engine import Engine, PostRow, TimelineQuery

UNDO_DEPTH = 100


class Undo:
    """The acts that can be taken back, the latest last."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._stack: list[tuple[str, Callable[[], None]]] = []

    def push(self, text: str, back: Callable[[], None]) -> None:
        """Remember how to take back what `text` says was done."""
        self._stack.append((text, back))
        del self._stack[:-UNDO_DEPTH]

    def back(self) -> None:
        """Take back the latest act, and say which it was."""
        if not self._stack:
            self._window.say(tr("Nothing to undo"))
            return
        text, back = self._stack.pop()
        back()
        self._window.say(tr("Undone: {act}").format(act=text))

    def clear(self) -> None:
        self._stack.clear()

    def __len__(self) -> int:
        return len(self._stack)


class Acts:
    """Like, save, hide and mark as read. They take ids, work on the read lane, and push how to undo them."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def like(self, post_id: int, liked: bool | None) -> None:
        text = {True: tr("Liked"), False: tr("Disliked"), None: tr("Like taken back")}[liked]

        def back(rows: Sequence[PostRow], _others: Sequence[int], engine: Engine) -> Changes:
            return _merged(engine.feedback(row.id, row.liked) for row in rows)

        self._do([post_id], text, lambda engine: engine.feedback(post_id, liked), back, reorders=True)

    def save(self, ids: Sequence[int], saved: bool) -> None:
        text = plural("Saved", "Saved {n} posts", len(ids)) if saved else plural("No longer saved", "{n} no longer saved", len(ids))

        def back(rows: Sequence[PostRow], _others: Sequence[int], engine: Engine) -> Changes:
            return _merged(engine.mark([row.id], saved=row.saved) for row in rows)

        self._do(ids, text, lambda engine: engine.mark(ids, saved=saved), back)

    def hide(self, ids: Sequence[int], hidden: bool) -> None:
        text = plural("Hidden", "{n} posts hidden", len(ids)) if hidden else plural("Restored", "{n} posts restored", len(ids))

        def back(rows: Sequence[PostRow], others: Sequence[int], engine: Engine) -> Changes:
            # Among the others is also what merely stands for its story instead.
            with_it = [row.id for row in engine.rows(others) if row.hidden] if hidden else []
            again = [engine.mark([row.id], hidden=row.hidden, tellings=False) for row in rows]
            return _merged([*again, engine.mark(with_it, hidden=False)])

        def act(engine: Engine) -> Changes:
            changes = engine.mark(ids, hidden=hidden)
            return _merged([changes, *(engine.record(post_id, "dismissed") for post_id in ids)]) if hidden else changes

        self._window.timeline.leave(ids)
        self._do(ids, text, act, back)

    def restore(self, ids: Sequence[int]) -> None:
        """Bring hidden posts back; no rule takes them again."""
        self.hide(ids, False)

    def read(self, ids: Sequence[int], read: bool, *, quietly: bool = False) -> None:
        """Mark as read or unread; `quietly` for what merely happens on the way, which needs no undo."""
        engine = self._window.engine
        if quietly and engine is not None:
            self._window.lanes.read(lambda: engine.mark(ids, read=read), failed=_gone)
            return
        one, many = (tr("Marked as read"), tr("{n} marked as read")) if read else (tr("Marked as unread"), tr("{n} marked as unread"))

        def back(rows: Sequence[PostRow], others: Sequence[int], engine: Engine) -> Changes:
            again = [engine.mark([row.id], read=row.read, tellings=False) for row in rows]
            return _merged([*again, engine.mark(others if read else [], read=False)])

        self._do(ids, plural(one, many, len(ids)), lambda engine: engine.mark(ids, read=read), back)

    def read_all(self, query: TimelineQuery) -> None:
        """Mark everything that `query` covers as read."""
        window, engine = self._window, self._window.engine
        if engine is None:
            return

        def done(result: tuple[list[int], Changes]) -> None:
            ids = result[0]
            if not ids:
                window.say(tr("Everything here is read already"))
                return
            text = plural("{n} marked as read", "{n} marked as read", len(ids))
            window.undo.push(text, lambda: self.read(ids, False, quietly=True))
            window.say(text, undo=window.undo.back)

        window.lanes.read(lambda: engine.mark_all_read(query), done)

    def _do(
        self,
        ids: Sequence[int],
        text: str,
        act: Callable[[Engine], Changes],
        back: Callable[[Sequence[PostRow], Sequence[int], Engine], Changes],
        *,
        reorders: bool = False,
    ) -> None:
        """`back` gets the posts as they were, and the other tellings of their stories to which the act did the same."""
        window, engine = self._window, self._window.engine
        if engine is None or not ids:
            return

        def run() -> tuple[list[PostRow], list[int]]:
            before = engine.rows(ids)
            changes = act(engine)
            return before, sorted(changes.updated.difference(ids))

        def done(was: tuple[list[PostRow], list[int]]) -> None:
            before, others = was

            def undo() -> None:
                window.lanes.read(lambda: back(before, others, engine), lambda _: window.timeline.reorder())

            window.undo.push(text, undo)
            window.say(text, undo=window.undo.back)
            if reorders:
                window.timeline.reorder()

        window.lanes.read(run, done)


def _merged(parts: Iterable[Changes]) -> Changes:
    merged = Changes()
    for part in parts:
        merged |= part
    return merged


def _gone(error: EngineError) -> None:
    """A post that was removed meanwhile cannot be marked, and need not be."""
    if not isinstance(error, NotFoundError):
        raise error
