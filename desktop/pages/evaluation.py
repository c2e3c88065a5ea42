"""How well hiding and ordering worked, by the person's own marks alone."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from desktop import theme
from desktop.pages.page import Page, button, card, empty, flush
from desktop.reading.flow import FlowLayout
from desktop.strings import number, plural, tr
from engine import Changes, EngineError, Evaluation, RankingQuality, Rule, RuleQuality

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

WEEKS = 8  # shown at first, and added by "show more"


def pairs_words(auc: float) -> str:
    """An area under the curve as a person can check it."""
    return tr("In {n} of 10 pairs the post that you liked stood above the one that you passed over.").format(n=number(round(auc * 10)))


def rule_quality_words(rule: RuleQuality) -> str:
    """How often a rule was wrong, and between what its true rate lies."""
    if not rule.judged:
        return tr("Not judged yet: in the tray, say of some of its posts “Rightly hidden”, or restore them.")
    return tr("Wrong in {wrong} of {judged} that you judged. The true share lies between {low} % and {high} %, in 95 of 100 such cases.").format(
        wrong=number(rule.mistakes), judged=number(rule.judged), low=number(round(100 * rule.low)), high=number(round(100 * rule.high))
    )


def week_words(monday: date) -> str:
    """"23–29 Nov", as the locale writes days."""
    sunday, locale = monday + timedelta(days=6), QLocale()
    first = str(monday.day) if monday.month == sunday.month else locale.toString(monday, "d MMM")  # type: ignore[call-overload]
    return f"{first}–{locale.toString(sunday, 'd MMM')}"  # type: ignore[call-overload]


class Share(QWidget):
    """A share between 0 and 1 as a bar; with bounds, where the true share may lie."""

    def __init__(self, share: float, colour: str, bounds: tuple[float, float] | None = None) -> None:
        super().__init__()
        self._share, self._colour, self._bounds = share, colour, bounds
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(theme.px(160), theme.px(14))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.px(60), theme.px(14))

    def _part(self, painter: QPainter, low: float, high: float, colour: str, thick: int) -> None:
        width = self.width()
        mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        left = (1 - high) * width if mirrored else low * width
        box = QRectF(left, (self.height() - thick) / 2, max(float(thick), (high - low) * width), thick)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(colour))
        painter.drawRoundedRect(box, thick / 2, thick / 2)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._part(painter, 0.0, 1.0, "line", theme.px(4))
        if self._bounds is None:
            self._part(painter, 0.0, self._share, self._colour, theme.px(6))
        else:
            self._part(painter, *self._bounds, "line_strong", theme.px(6))
            at = (1 - self._share if self.layoutDirection() == Qt.LayoutDirection.RightToLeft else self._share) * self.width()
            at = min(self.width() - theme.px(5.0), max(float(theme.px(5)), at))
            painter.setBrush(theme.color(self._colour))
            painter.drawEllipse(QPointF(at, self.height() / 2), theme.px(5), theme.px(5))
        painter.end()


class EvaluationPage(Page):
    def __init__(self, window: MainWindow) -> None:
        super().__init__(
            window,
            tr("How well it works"),
            tr("Measured by what you did yourself: what you restored, judged, liked and passed over. It stays on this machine."),
        )
        self._weeks = WEEKS
        self._found: Evaluation | None = None
        self._rules: dict[int, Rule] = {}
        self._list = QVBoxLayout()
        self._list.setSpacing(theme.px(8))
        self.body.addLayout(self._list)

    # ---- reading -----------------------------------------------------------------------------

    def concerns(self, changes: Changes) -> bool:
        return changes.rules or changes.order or changes.unknown or bool(changes.updated)

    def load(self) -> None:
        engine = self._window.engine
        if engine is None:
            return

        def read() -> tuple[Evaluation, list[Rule]]:
            return engine.evaluation(), engine.rules()

        self._window.lanes.slow(read, self._show, failed=self._failed, key="evaluation-page", owner=self)

    def _failed(self, error: EngineError) -> None:
        empty(self._list)
        self._list.addWidget(theme.label(str(error), "error", wrap=True))

    # ---- showing -----------------------------------------------------------------------------

    def _show(self, found: tuple[Evaluation, list[Rule]]) -> None:
        evaluation, rules = found
        self._rules = {rule.id: rule for rule in rules}
        if evaluation != self._found:
            self._found = evaluation
            self._draw()

    def _draw(self) -> None:
        found = self._found
        assert found is not None
        empty(self._list)
        self._section(tr("What was hidden"))
        self._list.addWidget(self._hidden(found))
        self._section(tr("Your rules, the worst first"))
        for rule in found.rules:
            self._list.addWidget(self._rule(rule))
        if not found.rules:
            self._list.addWidget(theme.label(tr("There are no rules, so none can be wrong."), "second", wrap=True))
        self._section(tr("The order of For you, by weeks"))
        if not found.weeks:
            self._list.addWidget(self._nothing())
        for week in found.weeks[: self._weeks]:
            self._list.addWidget(self._week(week))
        rest = len(found.weeks) - self._weeks
        if rest > 0:
            self._list.addWidget(button(plural("Show {n} more week", "Show {n} more weeks", rest), self._more), 0, Qt.AlignmentFlag.AlignLeft)

    def _section(self, words: str) -> None:
        label = theme.label(words, "section")
        label.setContentsMargins(0, theme.px(10), 0, 0)
        self._list.addWidget(label)

    def _hidden(self, found: Evaluation) -> QWidget:
        frame, box = card()
        if not found.hidden:
            box.addWidget(theme.label(tr("Nothing was hidden yet"), "strong"))
            box.addWidget(theme.label(tr("A rule that hides posts puts them into the tray. What you restore there is counted here as its mistake."), "second", wrap=True))
        else:
            words = plural("Your rules took {n} post.", "Your rules took {n} posts.", found.hidden)
            restored = tr("You brought {n} of them back.").format(n=number(found.restored)) if found.restored else tr("You brought none of them back.")
            box.addWidget(theme.label(f"{words} {restored}", "strong", wrap=True))
            if found.restored:
                rate = found.restored / found.hidden
                box.addWidget(Share(rate, "negative"))
                text = tr("Of 100 posts that were hidden or muffled, {n} should not have been.").format(n=number(round(100 * rate)))
                box.addWidget(theme.label(text, "second", wrap=True))
        self._foot(box, [(tr("Open the tray"), lambda: self._window.show_page("tray")), (tr("Rules"), lambda: self._window.show_page("rules"))])
        return frame

    def _rule(self, rule: RuleQuality) -> QWidget:
        frame, box = card()
        box.addWidget(theme.label(rule.name, "strong", wrap=True))
        if rule.judged:
            box.addWidget(Share(rule.mistakes / rule.judged, "negative" if rule.mistakes else "accent", (rule.low, rule.high)))
        box.addWidget(theme.label(rule_quality_words(rule), "second", wrap=True))
        foot = QWidget()
        flow = FlowLayout(foot, across=theme.px(8))
        flow.addWidget(theme.label(plural("takes {n} post", "takes {n} posts", rule.taken), "third"))
        flow.addWidget(button(tr("Open the rule…"), partial(self._open, rule.rule_id), name=tr("Open the rule {rule}").format(rule=rule.name)))
        if rule.taken and rule.rule_id in self._rules and self._rules[rule.rule_id].action == "hide":
            flow.addWidget(button(tr("See its posts"), partial(self._see, rule.rule_id), name=tr("See the posts of {rule}").format(rule=rule.name)))
        flush(foot)
        box.addWidget(foot)
        return frame

    def _week(self, week: RankingQuality) -> QWidget:
        frame, box = card()
        box.addWidget(theme.label(week_words(week.week), "strong"))
        if week.auc is None:
            box.addWidget(theme.label(tr("Too little was done that week to tell."), "second", wrap=True))
        else:
            box.addWidget(theme.label(pairs_words(week.auc), "second", wrap=True))
            grid = QGridLayout()
            grid.setHorizontalSpacing(theme.px(12))
            grid.setColumnStretch(1, 1)
            rows = [(tr("For you"), week.auc, "accent")]
            if week.newest_first is not None:
                rows.append((tr("Newest first"), week.newest_first, "neutral"))
            for at, (name, value, colour) in enumerate(rows):
                grid.addWidget(theme.label(name, "second"), at, 0)
                bar = Share(value, colour)
                words = tr("{n} of 100").format(n=number(round(100 * value)))
                bar.setAccessibleName(f"{name}: {words}")
                grid.addWidget(bar, at, 1)
                grid.addWidget(theme.label(words, "second"), at, 2)
            box.addLayout(grid)
            if week.newest_first is not None and week.auc < week.newest_first - 0.02:
                box.addWidget(theme.label(tr("Newest first would have been better that week."), "amber", wrap=True))
        did = plural("{n} liked, saved or opened", "{n} liked, saved or opened", week.liked)
        box.addWidget(theme.label(f"{did} · " + plural("{n} passed over", "{n} passed over", week.passed), "third", wrap=True))
        return frame

    def _nothing(self) -> QWidget:
        frame, box = card()
        box.addWidget(theme.label(tr("Nothing to measure yet"), "strong"))
        words = tr(
            "Like (L), save (S) and open posts in For you, and pass over what does not interest you. After some days this page says"
            " how often what you liked stood above what you passed over, and how newest first would have done."
        )
        box.addWidget(theme.label(words, "second", wrap=True))
        self._foot(box, [(tr("Go to For you"), lambda: self._window.go("timeline", "for_you"))])
        return frame

    @staticmethod
    def _foot(box: QVBoxLayout, links: list[tuple[str, object]]) -> None:
        foot = QWidget()
        flow = FlowLayout(foot, across=theme.px(8))
        for words, act in links:
            assert callable(act)
            flow.addWidget(button(words, act))
        flush(foot)
        box.addWidget(foot)

    # ---- acts --------------------------------------------------------------------------------

    def _more(self) -> None:
        self._weeks += WEEKS
        self._draw()

    def _open(self, rule_id: int) -> None:
        from desktop.dialogs import rule as rule_dialog

        if rule_id in self._rules:
            rule_dialog.open_dialog(self._window, self._rules[rule_id])

    def _see(self, rule_id: int) -> None:
        from desktop.pages.tray import TrayPage

        TrayPage.next_rule = rule_id
        self._window.show_page("tray")
