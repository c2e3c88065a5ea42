"""Why is this here? Signed bars that sum to the post's score, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from desktop import theme
from desktop.facts import matched_words
from desktop.link_button import LinkButton
from desktop.reading.flow import FlowLayout
from desktop.strings import decimal, number, tr
from engine import Explanation, Reason

SMALLEST = 0.005  # contributions that round to 0.00 share one row


def reason_words(reason: Reason) -> str:
    """A reason's name as a heading of its bar."""
    words = {
        "close_to_liked": tr("Close to what you liked"),
        "close_to_disliked": tr("Close to what you disliked"),
        "words_liked": tr("Words you like"),
        "words_disliked": tr("Words you dislike"),
        "source_liked": tr("You like this source"),
        "source_disliked": tr("You like this source less"),
        "fresh": tr("New"),
        "rare_poster": tr("Posts rarely"),
        "already_from_source": tr("Already some from here"),
        "rule_boost": tr("Your rule ranks it higher"),
        "already_seen": tr("Already seen"),
        "saved_like_this": tr("Like what you saved"),
        "baseline": tr("Where every post starts"),
    }
    against = {"fresh": tr("No longer new"), "rare_poster": tr("Posts often"), "source_liked": words["source_disliked"]}
    if reason.contribution < 0 and reason.name in against:
        return against[reason.name]
    return words.get(reason.name, reason.name.replace("_", " "))


class Bar(QWidget):
    """One contribution: length is its share of the largest, colour and the number beside it are its sign."""

    def __init__(self, share: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._share = max(-1.0, min(1.0, share))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(theme.px(160), theme.px(16))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.px(60), theme.px(16))

    def paintEvent(self, _event: QPaintEvent) -> None:
        thick = theme.px(6)
        width = max(float(thick) / 2, abs(self._share) * self.width())
        left = self.width() - width if self.layoutDirection() == Qt.LayoutDirection.RightToLeft else 0.0
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("accent" if self._share >= 0 else "negative"))
        painter.drawRoundedRect(QRectF(left, (self.height() - thick) / 2, width, thick), thick / 2, thick / 2)
        painter.end()


class Words(QLabel):
    """Stays on one line while there is room for a bar beside it, and takes more lines before it takes the bar's room."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        theme.role(self, "second")

    def sizeHint(self) -> QSize:
        wanted = self.fontMetrics().horizontalAdvance(self.text()) + theme.px(4)
        return QSize(min(wanted, theme.px(200)), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(min(theme.px(90), self.sizeHint().width()), self.fontMetrics().height())


class WhyPanel(QFrame):
    """Shows one `Explanation`. What a link does is the pane's business."""

    more = Signal()
    less = Signal()
    less_of_source = Signal()
    weights = Signal()
    edit_rule = Signal(int)
    post_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.role(self, "card")
        self.explanation: Explanation | None = None
        self._body = QVBoxLayout(self)
        self._body.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), theme.px(10))
        self._body.setSpacing(theme.px(6))
        self._parts: list[QWidget] = []
        self.setAccessibleName(tr("Why is this here?"))

    def show_explanation(self, explanation: Explanation, rule_name: str = "") -> None:
        """Show the reasons. `rule_name` names the rule of `explanation.hit`."""
        self.explanation = explanation
        for part in self._parts:
            self._body.removeWidget(part)
            part.deleteLater()
        self._parts = []
        self._add(theme.label(tr("Why is this here?"), "strong"))
        if explanation.hit is not None:
            self._add_hit(explanation, rule_name)
        if explanation.reasons:
            self._add(self._bars(explanation))
        else:
            text = tr("Nothing is known of your taste yet, so the newest come first and no source twice in a row.")
            self._add(theme.label(text, "second", wrap=True))
        if explanation.nearest_liked:
            self._add_nearest(explanation)
        self._add(self._links(), stretch=False)

    def _add(self, widget: QWidget, *, stretch: bool = False) -> None:
        self._parts.append(widget)
        self._body.addWidget(widget, 1 if stretch else 0)

    def _add_hit(self, explanation: Explanation, rule_name: str) -> None:
        hit = explanation.hit
        assert hit is not None
        words = (
            tr("Your rule “{rule}” hides it, because of “{words}”.")
            if hit.action == "hide"
            else tr("Your rule “{rule}” makes it one quiet line, because of “{words}”.")
            if hit.action == "muffle"
            else tr("Your rule “{rule}” would take it, but lets it through: “{words}”.")
            if hit.action == "breakout"
            else tr("Your rule “{rule}” acts on it, because of “{words}”.")
        )
        row = QWidget()
        flow = FlowLayout(row, across=theme.px(4))
        label = theme.label(words.format(rule=rule_name, words=matched_words(hit.matched)[:80]), "amber", wrap=True)
        self._add(label)
        flow.addWidget(self._link(tr("Edit the rule"), lambda: self.edit_rule.emit(hit.rule_id)))
        _flush(row)
        self._add(row)

    def _bars(self, explanation: Explanation) -> QWidget:
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(0, theme.px(2), 0, 0)
        grid.setHorizontalSpacing(theme.px(14))
        grid.setVerticalSpacing(theme.px(5))
        grid.setColumnStretch(1, 1)
        largest = max((abs(reason.contribution) for reason in explanation.reasons), default=0.0) or 1.0
        row = 0
        rest = 0.0
        for reason in explanation.reasons:
            if abs(reason.contribution) < SMALLEST:
                rest += reason.contribution
                continue
            words = Words(reason_words(reason))
            words.setToolTip(reason.detail.replace("<", "‹"))
            grid.addWidget(words, row, 0)
            grid.addWidget(Bar(reason.contribution / largest), row, 1)
            grid.addWidget(_number(reason.contribution), row, 2)
            row += 1
            if reason.detail and reason.name in _DETAILED:
                detail = theme.label(reason.detail[:120], "third", wrap=True)
                grid.addWidget(detail, row, 1, 1, 2)
                row += 1
        if abs(rest) >= SMALLEST:
            grid.addWidget(Words(tr("Everything else")), row, 0)
            grid.addWidget(Bar(rest / largest), row, 1)
            grid.addWidget(_number(rest), row, 2)
            row += 1
        line = QFrame()
        theme.role(line, "line")
        grid.addWidget(line, row, 0, 1, 3)
        together = theme.label(tr("Together"), "strong")
        grid.addWidget(together, row + 1, 0)
        if explanation.position is not None:
            place = tr("number {n} in For you").format(n=number(explanation.position))
            grid.addWidget(theme.label(place, "third", wrap=True), row + 1, 1)
        total = _number(explanation.score)
        theme.role(total, "strong")
        grid.addWidget(total, row + 1, 2)
        return table

    def _add_nearest(self, explanation: Explanation) -> None:
        self._add(theme.label(tr("Nearest to it among what you liked"), "section", wrap=True))
        for post_id, title, cosine in explanation.nearest_liked[:3]:
            row = QWidget()
            flow = FlowLayout(row, across=theme.px(4))
            short = title if len(title) <= 60 else title[:59] + "…"
            flow.addWidget(self._link(short or tr("(no title)"), partial(self.post_chosen.emit, post_id)))
            flow.addWidget(theme.label(decimal(cosine), "third"))
            _flush(row)
            self._add(row)

    def _links(self) -> QWidget:
        row = QWidget()
        flow = FlowLayout(row, across=theme.px(10))
        flow.addWidget(self._link(tr("More like this"), self.more.emit))
        flow.addWidget(self._link(tr("Not this"), self.less.emit))
        flow.addWidget(self._link(tr("Less of this source…"), self.less_of_source.emit))
        flow.addWidget(self._link(tr("Change the weights…"), self.weights.emit))
        _flush(row)
        return row

    @staticmethod
    def _link(text: str, act: Callable[[], None]) -> QPushButton:
        button = LinkButton(text.replace("&", "&&"))
        theme.role(button, "link")
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.clicked.connect(lambda _checked=False: act())
        return button


_DETAILED = frozenset({"close_to_liked", "close_to_disliked", "words_liked", "words_disliked", "saved_like_this"})


def _number(value: float) -> QWidget:
    made = theme.label(decimal(value, signed=True), "second")
    made.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return made


def _flush(row: QWidget) -> None:
    """Whichever link begins a line stands on the edge: the room beside the words is all on their right."""
    for link in row.findChildren(QPushButton):
        link.setStyleSheet("padding-left: 0;")
