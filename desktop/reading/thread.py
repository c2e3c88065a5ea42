"""The conversation around a post, below its text: fetched when the person asks for it, as plain text."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from desktop import theme
from desktop.facts import plain
from desktop.reading.document import find_spans
from desktop.reading.summary import SummaryBox
from desktop.strings import ago, plural, tr
from engine import Comment, EngineError, Post, Summary, Thread, comment_text

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

AT_ONCE = 15  # comments that one turn of the event loop lays out
STEP = 16  # pixels that an answer stands further in
READABLE = frozenset({"mastodon", "bluesky", "hackernews", "lemmy", "reddit"})


class ThreadPanel(QFrame):
    """Shows nothing for posts whose network tells Millpond no comments."""

    comment_wanted = Signal(QWidget)  # a comment that is to be scrolled to

    def __init__(self, window: MainWindow) -> None:
        super().__init__()
        self._window = window
        self._post_id: int | None = None
        self._waiting: list[Comment] = []
        self._rows: list[QWidget] = []
        theme.role(self, "card")
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(theme.px(16), theme.px(10), theme.px(16), theme.px(12))
        self._box.setSpacing(theme.px(8))
        self.button = QPushButton(tr("Show the conversation"))
        theme.role(self.button, "link")
        self.button.setToolTip(tr("Ask the network for the comments (C)"))
        self.button.clicked.connect(lambda _checked=False: self.fetch())
        self._box.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        self.note = theme.label("", "third", wrap=True)
        self.note.hide()
        self._box.addWidget(self.note)
        self._thread: Thread | None = None
        self._cancel = threading.Event()
        self._places: list[list[tuple[int, int, int]]] = []  # for each sentence, comments and [start, end) in their shown text
        self.summary = SummaryBox(title=tr("Summary of the conversation"))
        self.summary.wanted.connect(self.summarise)
        self.summary.cancelled.connect(self._stop)
        self.summary.sentence_chosen.connect(self._go_to)
        self.summary.hide()
        self._box.addWidget(self.summary)
        window.features.changed.connect(self._suit)
        self._more = QTimer(self)
        self._more.setInterval(0)
        self._more.timeout.connect(self._add_some)
        self.setAccessibleName(tr("Conversation"))
        self.hide()

    def show_post(self, post: Post) -> None:
        """Begin anew for another post."""
        if post.row.id == self._post_id:
            return
        self._post_id = post.row.id
        self._clear()
        kind = post.row.extras.source_kind if post.row.extras is not None else ""
        self.button.setVisible(True)
        self.button.setEnabled(True)
        self.button.setText(tr("Show the conversation"))
        self.note.hide()
        comments = post.row.extras.replies_url if post.row.extras is not None else ""
        self.setVisible(kind in READABLE or bool(comments))

    def fetch(self) -> None:
        engine, post_id = self._window.engine, self._post_id
        if engine is None or post_id is None or not self.isVisible() or not self.button.isEnabled():
            return
        self.button.setEnabled(False)
        self.button.setText(tr("Asking the network…"))

        def done(found: Thread) -> None:
            self._window.upkeep.load_ledger()
            if self._post_id == post_id:
                self._show(found)

        def failed(error: EngineError) -> None:
            self._window.upkeep.load_ledger()
            if self._post_id == post_id:
                self.button.setEnabled(True)
                self.button.setText(tr("Show the conversation"))
                self._say(str(error))

        self._window.lanes.slow(lambda: engine.thread(post_id), done, failed=failed, key="thread", owner=self)

    def _show(self, found: Thread) -> None:
        self._clear()
        self.button.setEnabled(True)
        self.button.setText(tr("Ask again"))
        total = len(found.comments) + found.left_out
        words = plural("{n} comment", "{n} comments", total) if total else tr("Nobody has answered yet.")
        if found.left_out:
            words += " · " + plural("{n} not shown", "{n} not shown", found.left_out)
        self._say(words)
        self._waiting = list(found.comments)
        self._more.start()
        self._thread = found
        self.summary.show_none()
        self.summary.setVisible(bool(found.comments))

    def _say(self, words: str) -> None:
        self.note.setText(words)
        self.note.setVisible(bool(words))

    # ---- summary -------------------------------------------------------------------------------

    def summarise(self) -> None:
        """Sum up the comments that are shown."""
        engine, thread = self._window.engine, self._thread
        if thread is None or not thread.comments:
            self._window.say(tr("Show the conversation first (C)"))
            return
        if engine is None or self.summary.summary is not None:
            return
        self.summary.show_busy()
        self._cancel.set()
        self._cancel = cancel = threading.Event()

        def make() -> tuple[Summary, list[str], list[list[tuple[int, int, int]]]]:
            made = engine.summarise_thread(thread, cancel=cancel)
            places = _places(thread, made)
            names = [plain(thread.comments[found[0][0]].author, 60) if found else "" for found in places]
            return made, names, places

        def done(found: tuple[Summary, list[str], list[list[tuple[int, int, int]]]]) -> None:
            if self._thread is not thread:
                return
            made, names, self._places = found
            if made.sentences:
                self.summary.show_summary(made, names)
            else:
                self.summary.show_failed(tr("There is nothing in these comments that could be summed up."))

        def failed(error: EngineError) -> None:
            if self._thread is thread and not cancel.is_set():
                self.summary.show_failed(str(error))

        self._window.lanes.slow(make, done, failed=failed, key="thread-summary", owner=self)

    def _stop(self) -> None:
        self._cancel.set()
        if self._window.lanes is not None:
            self._window.lanes.slow(lambda: None, None, key="thread-summary")
        self.summary.show_none()

    def _suit(self) -> None:
        """Once summaries are switched off, what a model wrote goes, and what it was asked for is given up."""
        told = self.summary.summary
        if self._thread is not None and "summaries" not in self._window.features and (told is None or told.method == "model"):
            self._stop()

    def restyle(self) -> None:
        self.summary.restyle()

    def _go_to(self, sentence: int) -> None:
        """Show the comment in which a sentence stands, its words selected."""
        if not 0 < sentence <= len(self._places):
            return
        for at, start, end in self._places[sentence - 1]:
            if at < len(self._rows):
                label = self._rows[at].findChildren(QLabel)[-1]
                label.setSelection(start, end - start)
                label.setFocus(Qt.FocusReason.OtherFocusReason)
                self.comment_wanted.emit(label)
                return

    def _clear(self) -> None:
        if self._thread is not None:
            self._stop()
        self._thread, self._places = None, []
        self.summary.hide()
        self._more.stop()
        self._waiting = []
        for row in self._rows:
            self._box.removeWidget(row)
            row.deleteLater()
        self._rows = []

    def _add_some(self) -> None:
        some, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
        for comment in some:
            row = _comment(comment)
            self._rows.append(row)
            self._box.addWidget(row)
        if not self._waiting:
            self._more.stop()


def _places(thread: Thread, summary: Summary) -> list[list[tuple[int, int, int]]]:
    """Where the words of each sentence stand: the comment, and [start, end) in its text as Qt counts."""
    _, comments = comment_text(thread.comments)
    found: list[list[tuple[int, int, int]]] = []
    for sentence in summary.sentences:
        own: list[tuple[int, int, int]] = []
        for span in sentence.evidence:
            at = next((at for at, place in enumerate(comments) if place.start <= span.start and span.end <= place.end), None)
            if at is not None:
                shown = find_spans(thread.comments[at].text, summary.text, [(span.start, span.end)])
                own += [(at, start, end) for start, end in shown]
        found.append(own)
    return found


def _comment(comment: Comment) -> QWidget:
    row = QWidget()
    box = QVBoxLayout(row)
    box.setContentsMargins(theme.px(STEP) * comment.depth, 0, 0, 0)
    box.setSpacing(theme.px(2))
    parts = [plain(comment.author, 60)]
    if comment.published:
        parts.append(ago(datetime.fromisoformat(comment.published)))
    if comment.score is not None:
        parts.append(plural("{n} point", "{n} points", comment.score))
    for words, role in ((" · ".join(part for part in parts if part), "third"), (comment.text, "second")):
        label = QLabel(words)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        theme.role(label, role)
        box.addWidget(label)
    return row
