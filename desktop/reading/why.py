"""Why is this here? Signed bars that sum to the post's score, each to be changed where it stands, and what would change it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from desktop import theme
from desktop.facts import matched_words
from desktop.interests import STEP
from desktop.link_button import LinkButton
from desktop.reading.flow import FlowLayout
from desktop.reading.reason_acts import Change, changes_of
from desktop.strings import decimal, number, plural, tr
from engine import Counterfactual, Explanation, InterestKind, PostRow, Reason

CASES = 4  # of what would have to change
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
        "author_liked": tr("You like this author"),
        "author_disliked": tr("You like this author less"),
        "signals_liked": tr("Its tone is one that you like"),
        "signals_disliked": tr("Its tone is one that you like less"),
        "hour_liked": tr("It came at an hour that you like"),
        "hour_disliked": tr("It came at an hour that you like less"),
        "more_topic": tr("You want more of this topic"),
        "less_topic": tr("You want less of this topic"),
        "more_word": tr("You want more of its words"),
        "less_word": tr("You want less of its words"),
        "more_source": tr("You want more of this source"),
        "less_source": tr("You want less of this source"),
        "more_author": tr("You want more of this author"),
        "less_author": tr("You want less of this author"),
        "more_signal": tr("You want more of this tone"),
        "less_signal": tr("You want less of this tone"),
        "weighed_down": tr("Weighed down by how it seems"),
        "big_story": tr("Many outlets tell it"),
        "small_story": tr("Few outlets tell it"),
        "unsure": tr("Shown to learn: Millpond cannot tell yet"),
        "already_on_topic": tr("Already some on this topic"),
        "already_in_story": tr("Its story was told above"),
        "baseline": tr("Where every post starts"),
    }
    against = {"fresh": tr("No longer new"), "rare_poster": tr("Posts often"), "source_liked": words["source_disliked"]}
    if reason.contribution < 0 and reason.name in against:
        return against[reason.name]
    return words.get(reason.name, reason.name.replace("_", " "))


def counterfactual_words(case: Counterfactual) -> str:
    """What would have to be otherwise, and where the post would then stand."""
    place = tr("number {n}").format(n=number(case.position))
    if case.change == "without":
        return tr("Without “{reason}”: {place}").format(reason=reason_words(Reason(name=case.name, contribution=case.amount or 1.0)), place=place)
    if case.change == "younger":
        hours = round(case.amount)
        time = plural("{n} hour", "{n} hours", hours) if hours < 48 else plural("{n} day", "{n} days", round(hours / 24))
        return tr("Had it come {time} later: {place}").format(time=time, place=place)
    words = {
        "read": tr("Once you have read it: {place}"),
        "unread": tr("Had you not read it: {place}"),
        "strength": tr("With newest first, strength 0: {place}"),
        "feed_weight": tr("If you wanted more of its source: {place}") if case.amount > 0 else tr("If you wanted less of its source: {place}"),
    }
    return words.get(case.change, f"{case.change}: {{place}}").format(place=place)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the panel shows beside the reasons: of which post, in which timeline, what the person changed before."""

    row: PostRow | None = None
    rule_name: str = ""
    timeline: str = ""  # the name of a timeline of the person's own; "" in For you
    edits: Mapping[tuple[InterestKind, str], float] = field(default_factory=dict)


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
    rule_for_source = Signal()
    weights = Signal()
    edit_rule = Signal(int)
    post_chosen = Signal(int)
    wanted = Signal(object)  # Change

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.role(self, "card")
        self.explanation: Explanation | None = None
        self.about = About()
        self._body = QVBoxLayout(self)
        self._body.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), theme.px(10))
        self._body.setSpacing(theme.px(6))
        self._parts: list[QWidget] = []
        self.setAccessibleName(tr("Why is this here?"))

    def show_explanation(self, explanation: Explanation, about: About = About()) -> None:
        """Show the reasons. The focus stays on the button that it was on, so that several changes can follow each other."""
        focused = self._focused()
        self.explanation, self.about = explanation, about
        for part in self._parts:
            self._body.removeWidget(part)
            part.hide()
            part.deleteLater()
        self._parts = []
        self._add(theme.label(tr("Why is this here?"), "strong"))
        if explanation.hit is not None:
            self._add_hit(explanation, about.rule_name)
        if explanation.reasons:
            self._add(self._bars(explanation))
        else:
            text = tr("Nothing is known of your taste yet, so the newest come first and no source twice in a row.")
            self._add(theme.label(text, "second", wrap=True))
        if explanation.nearest_liked:
            self._add_nearest(explanation)
        if explanation.counterfactuals:
            self._add_counterfactuals(explanation)
        self._add(self._links(), stretch=False)
        again = next((made for made in self.findChildren(QPushButton) if focused and made.accessibleName() == focused and made.parent() in self._parts), None)
        if again is not None:
            again.setFocus(Qt.FocusReason.OtherFocusReason)

    def _focused(self) -> str:
        return next((made.accessibleName() for made in self.findChildren(QPushButton) if made.hasFocus()), "")

    def menu(self, reason: Reason) -> QMenu:
        """What can be changed of a reason. It deletes itself when it closes."""
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        assert self.explanation is not None
        row = self.about.row
        for change in changes_of(reason, row, self.explanation, self.about.edits) if row is not None else ():
            action = menu.addAction(change.words.replace("&", "&&"))
            action.triggered.connect(lambda _checked=False, change=change: self.wanted.emit(change))
        return menu

    def _change_button(self, reason: Reason) -> QPushButton | None:
        """Opens the menu of a reason; None where nothing can be changed of it."""
        row = self.about.row
        assert self.explanation is not None
        if row is None or not changes_of(reason, row, self.explanation, self.about.edits):
            return None
        button = QPushButton("⋯")
        theme.role(button, "dots")
        words = tr("Change: {reason}").format(reason=reason_words(reason))
        button.setAccessibleName(words)
        button.setToolTip(words)
        button.clicked.connect(lambda _checked=False: self.menu(reason).popup(button.mapToGlobal(button.rect().bottomLeft())))
        return button

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
            change = self._change_button(reason)
            if change is not None:
                grid.addWidget(change, row, 3)
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
        grid.addWidget(line, row, 0, 1, 4)
        together = theme.label(tr("Together"), "strong")
        grid.addWidget(together, row + 1, 0)
        if explanation.position is not None:
            where = self.about.timeline or tr("For you")
            place = tr("number {n} in {timeline}").format(n=number(explanation.position), timeline=where)
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
            forget = Change(words=tr("forget"), act="forget", post_id=post_id)
            link = self._link(forget.words, partial(self.wanted.emit, forget))
            link.setToolTip(tr("Your like of it teaches nothing any more; the post stays"))
            link.setAccessibleName(tr("Forget that I liked “{title}”").format(title=short))
            flow.addWidget(link)
            _flush(row)
            self._add(row)

    def _add_counterfactuals(self, explanation: Explanation) -> None:
        self._add(theme.label(tr("What would have to change"), "section", wrap=True))
        now = explanation.position or 0
        cases = sorted(explanation.counterfactuals, key=lambda case: -abs(case.position - now))[:CASES]
        for case in cases:
            self._add(theme.label(counterfactual_words(case), "second", wrap=True))

    def _links(self) -> QWidget:
        row = QWidget()
        flow = FlowLayout(row, across=theme.px(10))
        flow.addWidget(self._link(tr("More like this"), self.more.emit))
        flow.addWidget(self._link(tr("Not this"), self.less.emit))
        row_shown = self.about.row
        if row_shown is not None:
            source = Change(
                words=tr("Less of this source"), act="nudge", kind="source", key=str(row_shown.feed_id), by=-STEP,
                text=tr("Less of “{name}”").format(name=row_shown.feed_title),
            )  # fmt: skip
            flow.addWidget(self._link(source.words, partial(self.wanted.emit, source)))
        flow.addWidget(self._link(tr("A rule for this source…"), self.rule_for_source.emit))
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


_DETAILED = frozenset({
    "close_to_liked", "close_to_disliked", "words_liked", "words_disliked", "saved_like_this", "author_liked", "author_disliked",
    "signals_liked", "signals_disliked", "weighed_down", "more_topic", "less_topic", "more_word", "less_word", "more_signal", "less_signal",
    "more_author", "less_author",
})  # fmt: skip


def _number(value: float) -> QWidget:
    made = theme.label(decimal(value, signed=True), "second")
    made.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return made


def _flush(row: QWidget) -> None:
    """Whichever link begins a line stands on the edge: the room beside the words is all on their right."""
    for link in row.findChildren(QPushButton):
        link.setStyleSheet("padding-left: 0;")
