"""Make or change a rule, and see on the posts there are what it would take, before it is saved."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktop import theme
from desktop.dialogs.controls import Check, Choice, Radio
from desktop.dialogs.sheet import Sheet, field
from desktop.strings import ago, plural, tr
from engine import Condition, EngineError, Feed, PostRow, Rule, RulePreview, RuleSaved

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

PREVIEW_AFTER_MILLISECONDS = 250
EXAMPLES = 5
FIELDS = ("words", "phrase", "author", "source")


def field_words(name: str) -> str:
    """A condition's field as the person reads it."""
    return {
        "words": tr("has all the words"),
        "phrase": tr("has the phrase"),
        "author": tr("is by the author"),
        "source": tr("comes from the source"),
    }.get(name, name)


def rule_words(rule: Rule) -> str:
    """What a rule says, in one sentence."""
    parts = [f"{field_words(condition.field)} “{condition.value}”" for condition in rule.conditions]
    meets = tr(" and ").join(parts)
    if rule.action == "hide":
        return tr("Hides a post that {meets}.").format(meets=meets)
    return tr("Makes a post that {meets} one quiet line.").format(meets=meets)


class ConditionRow(QWidget):
    """One condition: where to look, for what, whole words or parts."""

    def __init__(self, condition: Condition, changed: Callable[[], None], remove: Callable[[ConditionRow], None]) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(8))
        self.field = Choice()
        for name in FIELDS:
            self.field.addItem(field_words(name), name)
        self.field.setCurrentIndex(FIELDS.index(condition.field))
        self.field.setAccessibleName(tr("Where to look"))
        self.value = QLineEdit(condition.value)
        self.value.setMaxLength(200)
        self.value.setAccessibleName(tr("What to look for"))
        self.whole = Check(tr("whole words"))
        self.whole.setChecked(condition.whole_word)
        self.remove = QPushButton("×")
        theme.role(self.remove, "quiet")
        self.remove.setAutoDefault(False)
        self.remove.setAccessibleName(tr("Remove this condition"))
        self.remove.setToolTip(tr("Remove this condition"))
        row.addWidget(self.field)
        row.addWidget(self.value, 1)
        row.addWidget(self.whole)
        row.addWidget(self.remove)
        self.field.currentIndexChanged.connect(lambda _index: changed())
        self.value.textChanged.connect(lambda _text: changed())
        self.whole.toggled.connect(lambda _on: changed())
        self.remove.clicked.connect(lambda _checked=False: remove(self))

    def condition(self) -> Condition | None:
        """None while nothing is written."""
        value = " ".join(self.value.text().split())
        if not value:
            return None
        return Condition(field=self.field.currentData(), value=value, whole_word=self.whole.isChecked())


class RuleEditor(Sheet):
    """Edits one rule. The preview follows what is typed; saving applies it to past and new posts."""

    def __init__(self, window: MainWindow, rule: Rule | None) -> None:
        title = tr("New rule") if rule is None or not rule.id else tr("Edit rule")
        super().__init__(window, title, tr("A post that meets every condition is taken."), width=640)
        self._window = window
        self._rule = rule or Rule(name="", conditions=(Condition(field="words", value=""),))
        self._rows: list[ConditionRow] = []
        self._make_conditions()
        self._make_action()
        self._make_scope()
        self.name = QLineEdit(self._rule.name)
        self.name.setPlaceholderText(tr("Named after its words if left empty"))
        self.body.addWidget(field(tr("Name"), self.name))
        self._make_preview()
        if self._rule.id:
            self.add_button(tr("Delete"), self._delete, "danger", left=True)
        self.add_button(tr("Cancel"), self.close)
        self.save_button = self.add_button(tr("Save rule"), self.save, "primary")
        self._looking = threading.Event()  # set: nobody waits for that preview any more
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PREVIEW_AFTER_MILLISECONDS)
        self._timer.timeout.connect(self._preview)
        self._changed()

    # ---- building ----------------------------------------------------------------------------

    def _make_conditions(self) -> None:
        self._conditions = QVBoxLayout()
        self._conditions.setSpacing(theme.px(6))
        self.body.addLayout(self._conditions)
        for condition in self._rule.conditions:
            self._add_row(condition)
        self.add_condition = QPushButton(tr("Add a condition"))
        theme.role(self.add_condition, "link")
        self.add_condition.setAutoDefault(False)
        self.add_condition.clicked.connect(lambda _checked=False: self._add_row(Condition(field="words", value="")).value.setFocus())
        line = QHBoxLayout()
        line.addWidget(self.add_condition)
        line.addStretch(1)
        self.body.addLayout(line)

    def _add_row(self, condition: Condition) -> ConditionRow:
        row = ConditionRow(condition, self._changed, self._remove_row)
        self._rows.append(row)
        self._conditions.addWidget(row)
        self._only_one()
        return row

    def _remove_row(self, row: ConditionRow) -> None:
        self._rows.remove(row)
        row.deleteLater()
        self._only_one()
        self._changed()

    def _only_one(self) -> None:
        for row in self._rows:
            row.remove.setVisible(len(self._rows) > 1)

    def _make_action(self) -> None:
        self.hide_choice = Radio(tr("Hide: the post goes to the tray, where it stays and can be restored"))
        self.muffle_choice = Radio(tr("Muffle: the post is one quiet line in the timeline"))
        group = QButtonGroup(self)
        for button in (self.hide_choice, self.muffle_choice):
            group.addButton(button)
            self.body.addWidget(button)
        (self.hide_choice if self._rule.action == "hide" else self.muffle_choice).setChecked(True)

    def _make_scope(self) -> None:
        self.scope = Choice()
        self.scope.addItem(tr("All feeds"), ())
        wanted = tuple(self._rule.feed_ids)
        if wanted:
            self.scope.addItem(plural("{n} feed", "{n} feeds", len(wanted)), wanted)
            self.scope.setCurrentIndex(1)
        self.scope.currentIndexChanged.connect(lambda _index: self._changed())
        self.body.addWidget(field(tr("In"), self.scope))
        engine = self._window.engine
        if engine is not None:
            self._window.lanes.read(engine.feeds, self._fill_scope, owner=self)

    def _fill_scope(self, feeds: list[Feed]) -> None:
        wanted = tuple(self.scope.currentData())
        self.scope.blockSignals(True)
        self.scope.clear()
        self.scope.addItem(tr("All feeds"), ())
        if len(wanted) > 1:
            self.scope.addItem(plural("{n} feed", "{n} feeds", len(wanted)), wanted)
        for feed in sorted(feeds, key=lambda feed: feed.title.casefold()):
            self.scope.addItem(feed.title, (feed.id,))
        at = next((i for i in range(self.scope.count()) if tuple(self.scope.itemData(i)) == wanted), 0)
        self.scope.setCurrentIndex(at)
        self.scope.blockSignals(False)

    def _make_preview(self) -> None:
        frame = QFrame()
        theme.role(frame, "card")
        frame.setAccessibleName(tr("What this rule takes"))
        box = QVBoxLayout(frame)
        box.setContentsMargins(theme.px(14), theme.px(10), theme.px(14), theme.px(10))
        box.setSpacing(theme.px(4))
        self.count = theme.label("", "strong")
        box.addWidget(self.count)
        self.examples = [theme.label("", "second") for _ in range(EXAMPLES)]
        for label in self.examples:
            label.setMinimumWidth(1)
            box.addWidget(label)
        self.body.addWidget(frame)

    # ---- preview -----------------------------------------------------------------------------

    def rule(self) -> Rule | None:
        """The rule as it stands; None while no condition is written."""
        conditions = tuple(made for row in self._rows if (made := row.condition()) is not None)
        if not conditions:
            return None
        name = self.name.text().strip() or ", ".join(condition.value for condition in conditions)[:80]
        return Rule(
            id=self._rule.id,
            name=name,
            conditions=conditions,
            action="hide" if self.hide_choice.isChecked() else "muffle",
            feed_ids=tuple(self.scope.currentData() or ()),
            enabled=self._rule.enabled,
            created_at=self._rule.created_at,
        )

    def _changed(self) -> None:
        if not hasattr(self, "_timer"):
            return
        ready = self.rule() is not None
        self.save_button.setEnabled(ready)
        if ready:
            self._timer.start()
        else:
            self._timer.stop()
            self.count.setText(tr("Write what to look for, and see here what it would take."))
            self._show_examples([])

    def _preview(self) -> None:
        rule, engine = self.rule(), self._window.engine
        if rule is None or engine is None:
            return

        self._looking.set()
        self._looking = cancel = threading.Event()
        self.destroyed.connect(cancel.set)

        def look() -> tuple[RulePreview, list[PostRow]]:
            preview = engine.preview_rule(rule, cancel=cancel)
            return preview, engine.rows(list(preview.ids[:EXAMPLES]))

        self._window.lanes.slow(look, self._previewed, failed=self._failed, key="rule-preview", owner=self)

    def _previewed(self, seen: tuple[RulePreview, list[PostRow]]) -> None:
        preview, rows = seen
        self.error.hide()
        self.count.setText(
            plural("{n} post so far would be taken", "{n} posts so far would be taken", preview.posts)
            if preview.posts
            else tr("No post so far would be taken")
        )
        self._show_examples(rows)

    def _show_examples(self, rows: list[PostRow]) -> None:
        for number, label in enumerate(self.examples):
            label.setVisible(number < len(rows))
            if number < len(rows):
                row = rows[number]
                text = f"{row.title or row.excerpt}  ·  {row.feed_title}, {ago(row.published_at)}"
                label.setText(text if len(text) < 92 else text[:91] + "…")

    # ---- saving ------------------------------------------------------------------------------

    def save(self) -> None:
        rule, engine = self.rule(), self._window.engine
        if rule is None or engine is None:
            return
        self.busy(True)
        self._window.lanes.slow(lambda: engine.save_rule(rule), self._saved, failed=self._failed, owner=self)

    def _saved(self, saved: RuleSaved) -> None:
        old = self._rule
        window, engine = self._window, self._window.engine

        def back() -> None:
            if engine is not None:
                again = (lambda: engine.save_rule(old)) if old.id else (lambda: engine.delete_rule(saved.rule.id))
                window.lanes.slow(again, lambda _answer: window.say(tr("The rule is as it was")))

        text = plural("Rule saved: it takes {n} post", "Rule saved: it takes {n} posts", saved.posts)
        window.undo.push(tr("Rule {name}").format(name=saved.rule.name), back)
        window.say(text, undo=window.undo.back)
        self.close()

    def _failed(self, error: EngineError) -> None:
        self.fail(str(error))

    def _delete(self) -> None:
        delete_rule(self._window, self._rule)
        self.close()


def delete_rule(window: MainWindow, rule: Rule) -> None:
    """Delete a rule; undo saves it again."""
    engine = window.engine
    if engine is None:
        return

    def back() -> None:
        from dataclasses import replace

        window.lanes.slow(
            lambda: engine.save_rule(replace(rule, id=0)), lambda _saved: window.say(tr("The rule is back"))
        )

    def deleted(_changes: object) -> None:
        window.undo.push(tr("Delete rule {name}").format(name=rule.name), back)
        window.say(tr("Rule “{name}” deleted").format(name=rule.name), undo=window.undo.back)

    window.lanes.slow(lambda: engine.delete_rule(rule.id), deleted, owner=window)


def open_dialog(window: MainWindow, rule: Rule | None = None) -> RuleEditor:
    dialog = RuleEditor(window, rule)
    dialog.open()
    dialog._rows[0].value.setFocus()
    return dialog
