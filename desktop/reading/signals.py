"""How a post sounds and what it seems to be: each signal with its probability, and whether that is sure."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from desktop import theme
from desktop.link_button import LinkButton
from desktop.signals import FEELINGS, MOODS, SIGNALS, Verdict, asked, signal_meaning, signal_words, verdict_words
from desktop.strings import decimal, tr
from engine import PostRow

BETWEEN = 28  # pixels between the two halves where they stand beside each other
_COLOURS: dict[Verdict, str] = {"yes": "accent", "unsure": "amber", "no": "ink_third"}


class ShareBar(QWidget):
    """A probability as a part of a line. The figure and the word beside it say the same."""

    def __init__(self, share: float, verdict: Verdict) -> None:
        super().__init__()
        self._share, self._verdict = max(0.0, min(1.0, share)), verdict
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(theme.px(90), theme.px(14))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.px(40), theme.px(14))

    def paintEvent(self, _event: QPaintEvent) -> None:
        thick = float(theme.px(5))
        whole = QRectF(0, (self.height() - thick) / 2, self.width(), thick)
        width = max(thick, self._share * self.width())
        left = self.width() - width if self.layoutDirection() == Qt.LayoutDirection.RightToLeft else 0.0
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("line"))
        painter.drawRoundedRect(whole, thick / 2, thick / 2)
        painter.setBrush(theme.color(_COLOURS[self._verdict]))
        painter.drawRoundedRect(QRectF(left, whole.top(), width, thick), thick / 2, thick / 2)
        painter.end()


class SignalsPanel(QFrame):
    """Shows nothing while no head has seen the post. A signal that is chosen wants to become a rule."""

    rule_wanted = Signal(str, float)
    help_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.role(self, "card")
        self.setAccessibleName(tr("Signals"))
        self._row: PostRow | None = None
        self._shown: list[tuple[str, float, Verdict]] = []
        self.names: dict[str, LinkButton] = {}
        self._parts: list[QWidget] = []
        box = QVBoxLayout(self)
        box.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), theme.px(12))
        box.setSpacing(theme.px(6))
        head = QHBoxLayout()
        head.addWidget(theme.label(tr("How it sounds, and what it seems to be"), "strong", wrap=True), 1)
        self.help_button = LinkButton(tr("What is this?"))
        theme.role(self.help_button, "link")
        self.help_button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.help_button.setAccessibleName(tr("What signals are: help"))
        self.help_button.setStyleSheet("padding: 0;")
        self.help_button.clicked.connect(lambda _checked=False: self.help_wanted.emit())
        head.addWidget(self.help_button)
        box.addLayout(head)
        self._halves = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._halves.setSpacing(theme.px(4))
        box.addLayout(self._halves)
        self.note = theme.label("", "third", wrap=True)
        box.addWidget(self.note)
        self.hide()
        theme.signal().changed.connect(self._restyle)

    def _restyle(self) -> None:
        if self._row is not None:
            self._shown = []
            self.show_row(self._row)

    def show_row(self, row: PostRow) -> None:
        self._row = row
        shown = asked(row)
        self.setVisible(bool(shown))
        if shown == self._shown:
            return
        self._shown = shown
        for part in self._parts:
            self._halves.removeWidget(part)
            part.hide()  # it goes with the next turn of the event loop, and must not shine through until then
            part.deleteLater()
        self._parts, self.names = [], {}
        for names in ((*MOODS, *FEELINGS), tuple(name for name in SIGNALS if name not in (*MOODS, *FEELINGS))):
            half = [one for one in shown if one[0] in names]
            if half:
                part = self._table(half)
                self._parts.append(part)
                self._halves.addWidget(part, 1, Qt.AlignmentFlag.AlignTop)
        self.note.setText(self._note({name for name, _, _ in shown}))
        self._turn()

    @staticmethod
    def _note(told: set[str]) -> str:
        said = tr("Each is guessed by itself, from the words alone; unsure means that nobody can tell. Choose one to make a rule of it.")
        missing = [signal_words(name) for name in SIGNALS if name not in told]
        if missing:
            said += " " + tr("Not told in this language: {what}.").format(what=", ".join(missing))
        return said

    def _table(self, shown: list[tuple[str, float, Verdict]]) -> QWidget:
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.px(10))
        grid.setVerticalSpacing(theme.px(3))
        grid.setColumnStretch(1, 1)
        for at, (name, share, verdict) in enumerate(shown):
            button = LinkButton(signal_words(name))
            theme.role(button, "link")
            button.setStyleSheet("padding: 0; text-align: left;")
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            said = tr("{what}: {share}, {verdict}").format(what=signal_words(name), share=decimal(share), verdict=verdict_words(verdict))
            button.setAccessibleName(said)
            button.setAccessibleDescription(f"{signal_meaning(name)} {tr('Make a rule of this')}")
            button.setToolTip(f"{signal_meaning(name)}\n{tr('Make a rule of this')}")
            button.clicked.connect(partial(self._chosen, name, share))
            self.names[name] = button
            grid.addWidget(button, at, 0)
            grid.addWidget(ShareBar(share, verdict), at, 1)
            grid.addWidget(_figure(decimal(share)), at, 2)
            grid.addWidget(_word(verdict), at, 3)
        grid.setColumnMinimumWidth(0, self._widest([signal_words(name) for name in SIGNALS]))
        grid.setColumnMinimumWidth(3, self._widest([verdict_words("unsure")]))
        return table

    def _widest(self, words: list[str]) -> int:
        return max(self.fontMetrics().horizontalAdvance(word) for word in words) + theme.px(4)

    def _chosen(self, name: str, share: float, _checked: bool = False) -> None:
        self.rule_wanted.emit(name, share)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._turn()

    def minimumSizeHint(self) -> QSize:
        """As narrow as with the halves below each other, which they are where there is no more room."""
        return QSize(self._narrowest() + self._edges(), super().minimumSizeHint().height())

    def _narrowest(self) -> int:
        return max((part.minimumSizeHint().width() for part in self._parts), default=0)

    def _edges(self) -> int:
        box = self.layout()
        assert box is not None
        margins = box.contentsMargins()
        return margins.left() + margins.right()

    def _turn(self) -> None:
        beside = self.width() >= self._edges() + 2 * self._narrowest() + theme.px(BETWEEN)
        direction = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        if self._halves.direction() != direction:
            self._halves.setDirection(direction)
        self._halves.setSpacing(theme.px(BETWEEN) if beside else theme.px(3))


def _figure(text: str) -> QLabel:
    made = theme.label(text, "second")
    made.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return made


def _word(verdict: Verdict) -> QLabel:
    return theme.label(verdict_words(verdict), {"yes": "strong", "unsure": "amber", "no": "third"}[verdict])
