"""The whole article in the reading pane: asked for with a button, a key or by the feed's setting; the feed's text is one step away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QPushButton

from desktop.reading.links import judge
from desktop.strings import tr
from engine import EngineError, FullText, Post

if TYPE_CHECKING:
    from desktop.main_window import MainWindow


WHOLE_ALREADY = frozenset({"mastodon", "bluesky", "youtube"})  # what they post has no longer text elsewhere


class FullTextControl(QObject):
    """Which text of a post is shown. `changed`: load the post again."""

    changed = Signal()

    def __init__(self, window: MainWindow, button: QPushButton) -> None:
        super().__init__(window)
        self._window = window
        self.button = button
        self._own: set[int] = set()  # posts whose feed's text the person went back to
        self._tried: set[int] = set()  # posts that were fetched by their feed's setting, well or not
        self._busy: int | None = None
        self._post: Post | None = None
        self._found: FullText | None = None
        button.clicked.connect(lambda _checked=False: self.toggle())

    def body(self, post: Post, found: FullText | None) -> str:
        """The HTML to show of a post; "" for the feed's own."""
        return found.body_html if found is not None and post.row.id not in self._own else ""

    def show_post(self, post: Post, found: FullText | None, *, always: bool) -> None:
        """Say on the button what it does for this post; fetch the article where the feed is set so."""
        self._post, self._found = post, found
        self._label()
        post_id = post.row.id
        if always and found is None and post_id not in self._tried and judge(post.row.url).url:
            self._tried.add(post_id)
            self._fetch(quietly=True)

    def toggle(self) -> None:
        """The whole article, or the feed's own text again; while it is being fetched, stop waiting for it."""
        if self._post is None:
            return
        post_id = self._post.row.id
        if self._busy == post_id:
            self._busy = None
            self._own.add(post_id)  # it may still come, and is then kept, but not put under the reader's eyes
            self._label()
        elif self._found is None:
            self._fetch()
        else:
            self._own ^= {post_id}
            self._label()
            self.changed.emit()

    def _fetch(self, *, quietly: bool = False) -> None:
        engine, post = self._window.engine, self._post
        if engine is None or post is None or not judge(post.row.url).url:
            return
        post_id = post.row.id
        self._busy = post_id
        self._label()

        def done(found: FullText) -> None:
            if self._settled(post_id):
                self._found = found
                self._own.discard(post_id)
                self.changed.emit()

        def failed(error: EngineError) -> None:
            if self._settled(post_id) and not quietly:
                self._window.say(str(error))

        self._window.lanes.slow(lambda: engine.full_text(post_id), done, failed=failed, key="full-text", owner=self)

    def _settled(self, post_id: int) -> bool:
        """True when the answer is still wanted: the post is open and nobody stopped waiting."""
        self._window.upkeep.load_ledger()
        wanted = self._busy == post_id
        if wanted:
            self._busy = None
        shown = self._post is not None and self._post.row.id == post_id
        if shown:
            self._label()
        return wanted and shown

    def _label(self) -> None:
        post = self._post
        kind = post.row.extras.source_kind if post is not None and post.row.extras is not None else ""
        has_page = post is not None and bool(judge(post.row.url).url) and kind not in WHOLE_ALREADY
        self.button.setVisible(has_page)
        if post is None:
            return
        if self._busy == post.row.id:
            words, tip = tr("Fetching… stop"), tr("Stop waiting for the article")
        elif self._found is None:
            words, tip = tr("Whole article"), tr("Fetch the article from its page (F)")
        elif post.row.id in self._own:
            words, tip = tr("Whole article"), tr("Show the article that was fetched (F)")
        else:
            words, tip = tr("Feed's text"), tr("Show what the feed gave (F)")
        self.button.setText(words)
        self.button.setToolTip(tip)


