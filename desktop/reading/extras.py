"""Beside the text of a post: the warning it stands behind, the poll it asks, the post that it quotes."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from desktop import theme
from desktop.facts import percent, plain, poll_words, straight
from desktop.reading.links import judge
from desktop.reading.why import Bar
from desktop.strings import number, tr
from engine import Extras, Poll, Quote

QUOTED = 2000  # characters


class WarningCover(QFrame):
    """Stands in the place of a post's text until the person wants to see it."""

    lifted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.role(self, "card")
        box = QVBoxLayout(self)
        box.setContentsMargins(theme.px(16), theme.px(14), theme.px(16), theme.px(14))
        box.setSpacing(theme.px(8))
        box.addWidget(theme.label(tr("The author put a warning before this post"), "third", wrap=True))
        self.words = theme.label("", "amber", wrap=True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        box.addWidget(self.words)
        self.button = QPushButton(tr("Show the post"))
        self.button.setToolTip(tr("Show the post (X)"))
        self.button.clicked.connect(lambda _checked=False: self.lifted.emit())
        box.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)

    def show_warning(self, words: str) -> None:
        self.words.setText(words)
        self.setAccessibleName(tr("Content warning: {words}").format(words=words))


class ExtrasPanel(QWidget):
    """Poll and quoted post, below the text."""

    quote_wanted = Signal(str)  # address of the quoted post

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, theme.px(8), 0, 0)
        self._box.setSpacing(theme.px(10))
        self._parts: list[QWidget] = []
        self._extras: Extras | None = None
        self.hide()

    def show_extras(self, extras: Extras | None) -> None:
        if extras == self._extras and self._parts:
            return
        self._extras = extras
        for part in self._parts:
            self._box.removeWidget(part)
            part.deleteLater()
        self._parts = []
        if extras is not None and extras.poll is not None:
            self._add(self._poll(extras.poll))
        if extras is not None and extras.quote is not None:
            self._add(self._quote(extras.quote))
        self.setVisible(bool(self._parts))

    def _add(self, part: QWidget) -> None:
        self._parts.append(part)
        self._box.addWidget(part)

    def _poll(self, poll: Poll) -> QWidget:
        frame = QFrame()
        theme.role(frame, "card")
        grid = QGridLayout(frame)
        grid.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), theme.px(12))
        grid.setHorizontalSpacing(theme.px(14))
        grid.setVerticalSpacing(theme.px(4))
        grid.setColumnStretch(0, 1)
        total = sum(poll.votes)
        row = 0
        for place, option in enumerate(poll.options):
            grid.addWidget(_plain_label(plain(option, 200), "second"), row, 0)
            if poll.votes:
                votes = poll.votes[place]
                share = votes / total if total else 0.0
                said = theme.label(percent(share), "strong")
                said.setToolTip(number(votes))
                grid.addWidget(said, row, 1, Qt.AlignmentFlag.AlignRight)
                grid.addWidget(Bar(share), row + 1, 0, 1, 2)
            row += 2
        note = poll_words(poll)
        if poll.multiple:
            note = f"{note}, {tr('several may be chosen')}"
        grid.addWidget(theme.label(note, "third", wrap=True), row, 0, 1, 2)
        frame.setAccessibleName(note)
        return frame

    def _quote(self, quote: Quote) -> QWidget:
        frame = QFrame()
        theme.role(frame, "card")
        box = QVBoxLayout(frame)
        box.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), theme.px(12))
        box.setSpacing(theme.px(4))
        author = plain(quote.author, 80)
        box.addWidget(_plain_label(tr("Quoting {name}").format(name=author) if author else tr("A quoted post"), "third"))
        words = _plain_label(straight(quote.text[:QUOTED]) or tr("It has no text, or is no longer there."), "second")
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        box.addWidget(words)
        link = judge(quote.url)
        if link.url:
            button = QPushButton(tr("Open the quoted post"))
            theme.role(button, "link")
            button.setStyleSheet("padding-left: 0;")
            button.setToolTip(link.host)
            button.clicked.connect(lambda _checked=False: self.quote_wanted.emit(quote.url))
            box.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        return frame


def _plain_label(text: str, role: str) -> QLabel:
    made = theme.label(text, role, wrap=True)
    made.setTextFormat(Qt.TextFormat.PlainText)
    return made


