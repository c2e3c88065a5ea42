"""One other telling of a story: where it stands, what it is called, what only it says, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QFontMetricsF, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from desktop import icons, theme
from desktop.facts import NETWORKS, apart, plain, straight
from desktop.link_button import LinkButton
from desktop.reading.flow import FlowLayout
from desktop.story_words import OF_PEOPLE
from desktop.strings import ago, plural, tr
from desktop.timeline.card import Paragraph, paragraph
from engine import StoryPost

ICON, INDENT, PAD = 14, 22, 6  # pixels at 100 %
TITLE_LINES = 2
NOTE = 400  # characters of a sentence that is shown
_FILMS = frozenset({"youtube"})


def drawing(network: str) -> str:
    """The icon that stands for a kind of source."""
    return "film" if network in _FILMS else "person" if network in OF_PEOPLE else "page"


class TellingButton(QAbstractButton):
    """Source, age and title; a click, Enter or Space opens it. It paints what strangers wrote as plain text."""

    def __init__(self, post: StoryPost, *, leads: bool, new: bool) -> None:
        super().__init__()
        self.post, self._leads, self._new = post, leads, new
        self._title: tuple[int, Paragraph] | None = None  # as laid out for a width
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(tr("Open this telling"))
        self.setAccessibleName(", ".join([plain(post.title), *self._facts()]))
        self.setText(plain(post.title, 80) or plain(post.feed_title))

    def _facts(self) -> list[str]:
        post = self.post
        author = plain(post.author, 60)
        named = NETWORKS.get(post.network, "")
        return [
            part
            for part in (
                plain(post.feed_title),
                apart(author) if author.casefold() not in post.feed_title.casefold() else "",
                named if named.casefold() not in post.feed_title.casefold() else "",
                ago(post.published_at),
                tr("stands for the story") if self._leads else "",
                tr("hidden") if post.hidden else "",
                tr("new") if self._new else "",
            )
            if part
        ]

    # ---- measuring ---------------------------------------------------------------------------

    def _laid_out(self, width: int) -> Paragraph:
        if self._title is None or self._title[0] != width:
            words = straight(self.post.title) or tr("(no title)")
            room = max(theme.px(40), width - theme.px(INDENT) - theme.px(PAD))
            self._title = width, paragraph(words, theme.font(13.5, 400 if self.post.read else 600), room, TITLE_LINES)
        return self._title[1]

    def _top(self) -> float:
        return QFontMetricsF(theme.font(12)).height()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return round(self._top() + theme.px(2) + self._laid_out(width).height) + 2 * theme.px(PAD)

    def sizeHint(self) -> QSize:
        width = max(self.width(), theme.px(240))
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.px(120), theme.px(30))

    # ---- painting and keys -------------------------------------------------------------------

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        if self.hasFocus() or self.underMouse():
            painter.setPen(theme.color("accent") if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("hover") if self.underMouse() else Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(frame, 7, 7)
        side, pad, height = theme.px(ICON), theme.px(PAD), self._top()
        box = QRectF(pad / 2, pad + (height - side) / 2, side, side)
        icons.paint(painter, drawing(self.post.network), box, theme.color("ink_third"))
        x, room = float(theme.px(INDENT)), self.width() - theme.px(INDENT) - pad
        first, *rest = self._facts()
        bold, small = theme.font(12, 600), theme.font(12)
        line = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        tail = " · " + " · ".join(rest)
        wanted = QFontMetricsF(small).horizontalAdvance(tail)
        name = QFontMetricsF(bold).elidedText(first, Qt.TextElideMode.ElideRight, max(room * 0.45, room - wanted))
        used = QFontMetricsF(bold).horizontalAdvance(name)
        painter.setFont(bold)
        painter.setPen(theme.color("ink_second"))
        painter.drawText(QRectF(x, pad, used + 2, height), line, name)
        painter.setFont(small)
        painter.setPen(theme.color("accent" if self._new else "ink_third"))
        tail = QFontMetricsF(small).elidedText(tail, Qt.TextElideMode.ElideRight, room - used)
        painter.drawText(QRectF(x + used, pad, room - used + 2, height), line, tail)
        painter.setPen(theme.color("ink_second" if self.post.read else "ink"))
        self._laid_out(self.width()).draw(painter, x, pad + height + theme.px(2), room)
        painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)


class Telling(QWidget):
    """A telling with its links below it, and the sentences that no other telling has behind one of them."""

    open_wanted = Signal(int)
    out_wanted = Signal(int)
    stand_wanted = Signal(int)
    prefer_wanted = Signal(object)  # the StoryPost

    def __init__(self, post: StoryPost, *, leads: bool, new: bool, unfolded: bool = False) -> None:
        super().__init__()
        self.post = post
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.button = TellingButton(post, leads=leads, new=new)
        self.button.clicked.connect(lambda _checked=False: self.open_wanted.emit(post.post_id))
        column.addWidget(self.button)
        links = QWidget()
        flow = FlowLayout(links, across=theme.px(2), down=0)
        flow.setContentsMargins(theme.px(INDENT - 4), 0, 0, 0)
        self.only = _link("", tr("What no other telling says"), self._toggle)
        self.only.setCheckable(True)
        self.only.setChecked(unfolded)
        self.out = _link(
            tr("Not the same story"), tr("Take this telling out (Shift+N)"), partial(self.out_wanted.emit, post.post_id)
        )
        self.stand = _link(
            tr("Stand for the story"), tr("Let this telling be the story's card (Shift+E)"),
            partial(self.stand_wanted.emit, post.post_id),
        )  # fmt: skip
        self.prefer = _link(
            tr("Prefer this outlet"), tr("Let this outlet stand for every story that it tells"),
            partial(self.prefer_wanted.emit, post),
        )  # fmt: skip
        for link in (self.only, self.out, self.stand, self.prefer):
            flow.addWidget(link)
            link.setAccessibleDescription(self.button.text())
        column.addWidget(links)
        self.only.hide()
        self.stand.setVisible(not leads)
        self.notes = QWidget()
        self._notes = QVBoxLayout(self.notes)
        self._notes.setContentsMargins(theme.px(INDENT), theme.px(2), theme.px(PAD), theme.px(4))
        self._notes.setSpacing(theme.px(4))
        self.notes.hide()
        column.addWidget(self.notes)
        self._sentences: tuple[str, ...] = ()

    def show_only_here(self, sentences: tuple[str, ...]) -> None:
        """The sentences that no other telling has; none is said by saying nothing."""
        if sentences == self._sentences:
            return
        self._sentences = sentences
        while (item := self._notes.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.deleteLater()
        self.only.setVisible(bool(sentences))
        self._toggle()

    def _toggle(self) -> None:
        open_now = self.only.isChecked()
        words = plural("{n} sentence only here", "{n} sentences only here", len(self._sentences))
        self.only.setText(f"{'▾' if open_now else '▸'} {words}")
        self.only.setAccessibleName(words)
        if open_now and not self._notes.count():
            for sentence in self._sentences:
                label = theme.label(plain(sentence, NOTE), "second", wrap=True)
                label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                self._notes.addWidget(label)
        self.notes.setVisible(open_now and bool(self._sentences))


def _link(text: str, tip: str, act: Callable[[], None]) -> QPushButton:
    made = LinkButton(text)
    theme.role(made, "faint-link")
    made.setToolTip(tip)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    made.clicked.connect(lambda _checked=False: act())
    return made
