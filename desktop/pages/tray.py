"""The tray: every post that is hidden, by which rule, because of which words; and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from desktop import theme
from desktop.dialogs.controls import Choice
from desktop.facts import matched_words
from desktop.pages.page import Page, button, card, empty, flush
from desktop.reading.flow import FlowLayout
from desktop.strings import ago, number, plural, tr
from engine import Changes, Condition, Counts, Explanation, PostRow, Rule, TimelineQuery

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

AT_ONCE = 40  # cards added by each "show more"
EVERYTHING, BY_PERSON = 0, -1


@dataclass(frozen=True, slots=True)
class _Hidden:
    ids: list[int]
    rows: list[PostRow]
    rules: dict[int, Rule]
    by_rule: dict[int, int]
    counts: Counts


class TrayPage(Page):
    next_rule: ClassVar[int] = EVERYTHING  # which rule's posts the page opens on

    def __init__(self, window: MainWindow) -> None:
        super().__init__(
            window,
            tr("Tray"),
            tr("Hidden posts are kept. One that you restore is shown again, and no rule hides it any more."),
        )
        self._shown = AT_ONCE
        self._words: dict[int, QLabel] = {}
        head = QHBoxLayout()
        self.filter = Choice()
        self.filter.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.filter.setAccessibleName(tr("Hidden by"))
        self.filter.activated.connect(lambda _index: self._filtered())
        head.addWidget(self.filter)
        head.addStretch(1)
        self.restore_all = button(tr("Restore all of these"), self._restore_all)
        head.addWidget(self.restore_all)
        self.body.addLayout(head)
        self._list = QVBoxLayout()
        self._list.setSpacing(theme.px(8))
        self.body.addLayout(self._list)
        self._ids: list[int] = []
        self.filter.addItem(tr("Everything hidden"), EVERYTHING)

    def concerns(self, changes: Changes) -> bool:
        return changes.rules or changes.unknown or bool(changes.updated)

    def shown(self) -> None:
        if TrayPage.next_rule != EVERYTHING:
            if self.filter.findData(TrayPage.next_rule) < 0:
                self.filter.addItem("", TrayPage.next_rule)
            self.filter.setCurrentIndex(self.filter.findData(TrayPage.next_rule))
            TrayPage.next_rule = EVERYTHING
        self._shown = AT_ONCE
        self.load()

    def _filtered(self) -> None:
        self._shown = AT_ONCE
        self.load()

    def load(self) -> None:
        engine, which, limit = self._window.engine, int(self.filter.currentData() or EVERYTHING), self._shown
        if engine is None:
            return

        def read() -> _Hidden:
            by = which if which > 0 else None
            ids = engine.timeline(TimelineQuery(order="newest", hidden=True, rule_id=by, limit=5000))
            if which == BY_PERSON:
                ids = [row.id for row in engine.rows(ids) if row.hidden_by is None]
            rules = {rule.id: rule for rule in engine.rules()}
            return _Hidden(ids, engine.rows(ids[:limit]), rules, engine.rule_counts(), engine.counts())

        self._window.lanes.read(read, self._show, key="tray-page", owner=self)

    # ---- showing -----------------------------------------------------------------------------

    def _show(self, hidden: _Hidden) -> None:
        self._ids = hidden.ids
        self._fill_filter(hidden)
        self._words.clear()
        empty(self._list)
        self.restore_all.setVisible(len(hidden.ids) > 1)
        if not hidden.rows:
            self._list.addWidget(theme.label(tr("Nothing is hidden here."), "second"))
        for row in hidden.rows:
            self._list.addWidget(self._card(row, hidden.rules))
        rest = len(hidden.ids) - len(hidden.rows)
        if rest > 0:
            self._list.addWidget(button(plural("Show more ({n} is left)", "Show more ({n} are left)", rest), self._more))
        self._load_words([row.id for row in hidden.rows if row.hidden_by is not None])

    def _fill_filter(self, hidden: _Hidden) -> None:
        current = self.filter.currentData()
        self.filter.clear()
        self.filter.addItem(tr("Everything hidden · {n}").format(n=number(hidden.counts.hidden)), EVERYTHING)
        self.filter.addItem(tr("Hidden by you"), BY_PERSON)
        for rule in hidden.rules.values():
            if rule.action == "hide":
                self.filter.addItem(f"{rule.name} · {number(hidden.by_rule.get(rule.id, 0))}", rule.id)
        self.filter.setCurrentIndex(max(0, self.filter.findData(current)))

    def _card(self, row: PostRow, rules: dict[int, Rule]) -> QWidget:
        frame, box = card()
        box.addWidget(theme.label(f"{row.feed_title} · {ago(row.published_at)}", "third"))
        box.addWidget(theme.label(row.title or row.excerpt[:140] or tr("(no title)"), "strong", wrap=True))
        rule = rules.get(row.hidden_by) if row.hidden_by is not None else None
        why = tr("by your rule “{rule}”").format(rule=rule.name) if rule is not None else tr("by you")
        reason = theme.label(why, "amber", wrap=True)
        self._words[row.id] = reason
        box.addWidget(reason)
        foot = QWidget()
        flow = FlowLayout(foot, across=theme.px(8))
        title = row.title or row.excerpt[:60]
        flow.addWidget(button(tr("Restore"), lambda: self._restore([row.id]), name=tr("Restore {title}").format(title=title)))
        flow.addWidget(button(tr("Read"), lambda: self._window.open_post(row.id), name=tr("Read {title}").format(title=title)))
        if rule is not None:
            flow.addWidget(
                button(tr("Rightly hidden"), lambda: self._right(row.id, rule), name=tr("{title} is rightly hidden").format(title=title))
            )
            flow.addWidget(
                button(tr("Never hide like this…"), lambda: self._never(row), name=tr("Never hide posts like {title}").format(title=title))
            )
            flow.addWidget(button(tr("Edit the rule…"), lambda: self._edit(rule), name=tr("Edit {rule}").format(rule=rule.name)))
        flush(foot)
        box.addWidget(foot)
        return frame

    def _load_words(self, ids: list[int]) -> None:
        engine = self._window.engine
        if engine is None or not ids:
            return

        def explain() -> list[Explanation]:
            return [engine.explain(post_id) for post_id in ids]

        self._window.lanes.slow(explain, self._show_words, failed=lambda _error: None, key="tray-words", owner=self)

    def _show_words(self, explanations: list[Explanation]) -> None:
        for explanation in explanations:
            label = self._words.get(explanation.post_id)
            if label is not None and explanation.hit is not None and explanation.hit.matched:
                words = matched_words(explanation.hit.matched)
                words = words if len(words) <= 80 else words[:79] + "…"
                label.setText(tr("{why}, because of “{words}”").format(why=label.text(), words=words))

    # ---- acts --------------------------------------------------------------------------------

    def _more(self) -> None:
        self._shown += AT_ONCE
        self.load()

    def _restore(self, ids: list[int]) -> None:
        self._window.acts.restore(ids)

    def _restore_all(self) -> None:
        if self._ids:
            self._window.acts.restore(list(self._ids))

    def _right(self, post_id: int, rule: Rule) -> None:
        """A judgement that counts for the rule, beside its mistakes."""
        engine = self._window.engine
        if engine is None:
            return

        def back() -> None:
            self._window.lanes.read(lambda: engine.judge_rule(rule.id, {post_id: None}))

        def kept(_changes: Changes) -> None:
            self._window.undo.push(tr("Rightly hidden"), back)
            self._window.say(tr("Noted for “{rule}”").format(rule=rule.name), undo=self._window.undo.back)

        self._window.lanes.read(lambda: engine.judge_rule(rule.id, {post_id: True}), kept, owner=self)

    def _never(self, row: PostRow) -> None:
        """A rule that keeps posts like this one from all others, to be looked at before it is saved."""
        from desktop.dialogs import rule as rule_dialog

        title = row.title or row.excerpt[:60]
        about = Condition(field="topic", value=title[:200], low=0.55, examples=(row.id,))
        rule_dialog.open_dialog(self._window, Rule(name=tr("Never hide: {title}").format(title=title[:60]), conditions=(about,), action="allow"))

    def _edit(self, rule: Rule) -> None:
        from desktop.dialogs import rule as rule_dialog

        rule_dialog.open_dialog(self._window, rule)
