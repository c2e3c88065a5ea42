"""Make or change a rule, and see on the posts there are what it would take, before it is saved."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout

from desktop import theme
from desktop.dialogs.condition import ConditionRow, condition_words, signal_entries
from desktop.dialogs.controls import Check, Choice, Radio, Stepper
from desktop.dialogs.dry_run import EXAMPLES, DryRun, Seen
from desktop.dialogs.own_words import OwnWords, Understood
from desktop.dialogs.sheet import Sheet, field
from desktop.signals import signal_words
from desktop.strings import decimal, moment, number, plural, tr
from engine import Breakout, Condition, EngineError, Feed, NotFoundError, PlainRule, Rule, RuleSaved

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

PREVIEW_AFTER_MILLISECONDS = 250
SLID_AFTER_MILLISECONDS = 50  # after a threshold alone was moved: that is answered at once
OTHER_ACTIONS = ("label", "boost", "star", "notify", "read", "allow")
_DAYS = (1, 7, 30)


def action_words(name: str) -> str:
    """What a rule does, for a list to choose from."""
    return {
        "hide": tr("hide"), "muffle": tr("make it one quiet line"), "label": tr("label it with the rule's name"),
        "boost": tr("rank it higher"), "star": tr("save it when it arrives"), "notify": tr("tell me when it arrives"),
        "read": tr("mark it as read when it arrives"), "allow": tr("keep it from all other rules"),
    }.get(name, name)  # fmt: skip


def rule_words(rule: Rule) -> str:
    """What a rule says, in a sentence or two."""
    meets = tr(" and ").join(condition_words(condition) for condition in rule.conditions)
    if rule.action == "hide":
        said = tr("Hides a post that {meets}.").format(meets=meets)
    elif rule.action == "muffle":
        said = tr("Makes a post that {meets} one quiet line.").format(meets=meets)
    else:
        said = tr("A post that {meets}: {does}.").format(meets=meets, does=action_words(rule.action))
    if rule.breakout is not None:
        said += " " + tr("Lets it through {ways}.").format(ways=breakout_words(rule.breakout))
    if rule.until is not None:
        said += " " + tr("Until {when}.").format(when=moment(rule.until))
    return said


def breakout_words(breakout: Breakout) -> str:
    ways = []
    if breakout.outlets:
        ways.append(tr("when {n} outlets tell it").format(n=number(breakout.outlets)))
    if breakout.feed_ids:
        ways.append(plural("when it comes from a feed that you trust", "when it comes from {n} feeds that you trust", len(breakout.feed_ids)))
    if breakout.signal:
        ways.append(
            tr("when it seems {what} ({share} or more)").format(what=signal_words(breakout.signal), share=decimal(breakout.at_least))
        )
    return tr(" or ").join(ways)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a rule looks; nothing in it: everywhere."""

    feed_ids: tuple[int, ...] = ()
    folders: tuple[str, ...] = ()


def scope_words(scope: Scope, titles: Mapping[int, str]) -> str:
    """Where a rule looks, for a list to choose from."""
    if scope == Scope():
        return tr("All feeds")
    if len(scope.feed_ids) == 1 and not scope.folders and scope.feed_ids[0] in titles:
        return titles[scope.feed_ids[0]]
    parts = [plural("{n} feed", "{n} feeds", len(scope.feed_ids))] if scope.feed_ids else []
    parts += [tr("Folder {name}, also its new feeds").format(name=folder) for folder in scope.folders]
    return " · ".join(parts)


def _and_above(folder: str) -> list[str]:
    """A folder and those around it: "A/B" and "A"."""
    names = [name for name in folder.split("/") if name]
    return ["/".join(names[:count]) for count in range(1, len(names) + 1)]


class RuleEditor(Sheet):
    """Edits one rule. The preview follows what is typed; saving applies it to past and new posts."""

    def __init__(self, window: MainWindow, rule: Rule | None, found: PlainRule | None = None, place: int = 0) -> None:
        """`found`: the words that the rule was made of, of whose rules it is the one at `place`."""
        title = tr("New rule") if rule is None or not rule.id else tr("Edit rule")
        super().__init__(window, title, tr("A post that meets every condition is taken."), width=640, scrolls=True)
        self._window = window
        self._rule = rule or Rule(name="", conditions=(Condition(field="words", value=""),))
        self._signals = "signals" in window.features
        self._rows: list[ConditionRow] = []
        self.own_words: OwnWords | None = None
        if found is not None:
            self.body.addWidget(Understood(found, (place + 1, len(found.rules))))
        elif rule is None:
            self.own_words = OwnWords(window, taken=self.close, with_examples=False)
            self.body.addWidget(self.own_words)
        self._make_conditions()
        self._make_action()
        self._make_breakout()
        self._make_scope()
        self._make_until()
        self.name = QLineEdit(self._rule.name)
        self.name.setPlaceholderText(tr("Named after its words if left empty"))
        self.body.addWidget(field(tr("Name"), self.name))
        self._make_preview()
        if self._rule.id:
            self.add_button(tr("Delete"), self._delete, "danger", left=True)
        self.add_button(tr("Cancel"), self.close)
        self.save_button = self.add_button(tr("Save rule"), self.save, "primary")
        self._looking = threading.Event()  # set: nobody waits for that preview any more
        self._looked_for: Rule | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
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
        row = ConditionRow(condition, self._changed, self._remove_row, signals=self._signals)
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
        self.other_choice = Radio(tr("Something else:"))
        self.other = Choice()
        self.other.setAccessibleName(tr("What the rule does"))
        for name in OTHER_ACTIONS:
            self.other.addItem(action_words(name), name)
        group = QButtonGroup(self)
        for button in (self.hide_choice, self.muffle_choice, self.other_choice):
            group.addButton(button)
        self.body.addWidget(self.hide_choice)
        self.body.addWidget(self.muffle_choice)
        line = QHBoxLayout()
        line.addWidget(self.other_choice)
        line.addWidget(self.other, 1)
        self.body.addLayout(line)
        action = self._rule.action
        if action in OTHER_ACTIONS:
            self.other.setCurrentIndex(OTHER_ACTIONS.index(action))
        {"hide": self.hide_choice, "muffle": self.muffle_choice}.get(action, self.other_choice).setChecked(True)
        self.other.activated.connect(lambda _index: self.other_choice.setChecked(True))
        group.buttonToggled.connect(lambda *_arguments: self._breakout_shown())

    def _make_breakout(self) -> None:
        """What lets a post through all the same."""
        breakout = self._rule.breakout or Breakout(outlets=0, signal="", at_least=0.8)
        self._breakout_open = self._rule.breakout is not None
        self.breakout_title = QPushButton(tr("Let some through all the same"))
        theme.role(self.breakout_title, "link")
        self.breakout_title.setAutoDefault(False)
        self.breakout_title.clicked.connect(lambda _checked=False: self._open_breakout())
        line = QHBoxLayout()
        line.addWidget(self.breakout_title)
        line.addStretch(1)
        self.body.addLayout(line)
        self.by_outlets = Check(tr("when so many outlets tell it"))
        self.by_outlets.setChecked(bool(breakout.outlets))
        self.outlets = Stepper(2, 99)
        self.outlets.spin.setValue(breakout.outlets or 5)
        self.by_source = Check(tr("when it comes from"))
        self.by_source.setChecked(bool(breakout.feed_ids))
        self.trusted = Choice()
        self.trusted.setAccessibleName(tr("The feed that you trust"))
        if breakout.feed_ids:
            self.trusted.addItem(plural("{n} feed", "{n} feeds", len(breakout.feed_ids)), breakout.feed_ids)
        self.by_signal = Check(tr("when it seems"))
        self.by_signal.setChecked(bool(breakout.signal))
        self.severe = Choice()
        self.severe.setAccessibleName(tr("What it seems"))
        for words, name in signal_entries(breakout.signal):
            self.severe.addItem(words, name)
        self.severe.setCurrentIndex(max(0, self.severe.findData(breakout.signal or "anger")))
        self.severity = Stepper(50, 99, suffix=" %")
        self.severity.spin.setValue(round(100 * breakout.at_least))
        self.severity.setAccessibleName(tr("How sure, in percent"))
        self.surely = theme.label(tr("from"), "second")
        for check, controls in (
            (self.by_outlets, (self.outlets,)), (self.by_source, (self.trusted,)), (self.by_signal, (self.severe, self.surely, self.severity)),
        ):  # fmt: skip
            line = QHBoxLayout()
            line.addWidget(check)
            for control in controls:
                line.addWidget(control, 1 if control in (self.outlets, self.trusted, self.severe) else 0)
            self.body.addLayout(line)
            check.toggled.connect(lambda _on: self._changed())
        self.outlets.changed.connect(self._changed)
        self.trusted.activated.connect(lambda _index: self._changed())
        self.severe.activated.connect(lambda _index: self._changed())
        self.severity.changed.connect(self._changed)
        self._breakout_shown()

    def _breakout_shown(self) -> None:
        takes = not self.other_choice.isChecked()
        self.breakout_title.setVisible(takes and not self._breakout_open)
        for widget in (
            self.by_outlets, self.outlets, self.by_source, self.trusted, self.by_signal, self.severe, self.surely, self.severity,
        ):  # fmt: skip
            widget.setVisible(takes and self._breakout_open)
        if not (self._signals or self.by_signal.isChecked()):
            for widget in (self.by_signal, self.severe, self.surely, self.severity):
                widget.hide()
        self._changed()

    def _open_breakout(self) -> None:
        self._breakout_open = True
        self._breakout_shown()
        self.by_outlets.setFocus()

    def breakout(self) -> Breakout | None:
        """What lets posts through, as the sheet says it now."""
        if self.other_choice.isChecked():
            return None
        feeds = tuple(self.trusted.currentData() or ()) if self.by_source.isChecked() else ()
        signal = str(self.severe.currentData()) if self.by_signal.isChecked() else ""
        outlets = int(self.outlets.spin.value()) if self.by_outlets.isChecked() else 0
        if not (feeds or signal or outlets):
            return None
        kept, percent = self._rule.breakout, self.severity.spin.value()
        finer = kept is not None and round(100 * kept.at_least) == percent  # than the sheet shows it
        return Breakout(outlets=outlets, feed_ids=feeds, signal=signal, at_least=kept.at_least if kept is not None and finer else percent / 100)

    def _make_until(self) -> None:
        self.until = Choice()
        self.until.addItem(tr("for good"), None)
        now = datetime.now(UTC)
        if self._rule.until is not None:
            self.until.addItem(tr("until {when}").format(when=moment(self._rule.until)), self._rule.until)
            self.until.setCurrentIndex(1)
        monday = (now.astimezone() + timedelta(days=7 - now.astimezone().weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
        self.until.addItem(tr("until Monday"), monday)
        for days in _DAYS:
            self.until.addItem(plural("for {n} day", "for {n} days", days), now.replace(microsecond=0) + timedelta(days=days))
        self.body.addWidget(field(tr("How long"), self.until))

    def _make_scope(self) -> None:
        self.scope = Choice()
        self.scope.addItem(tr("All feeds"), Scope())
        wanted = Scope(tuple(self._rule.feed_ids), tuple(self._rule.folders))
        if wanted != Scope():
            self.scope.addItem(scope_words(wanted, {}), wanted)
            self.scope.setCurrentIndex(1)
        self.scope.currentIndexChanged.connect(lambda _index: self._changed())
        self.body.addWidget(field(tr("In"), self.scope))
        engine = self._window.engine
        if engine is not None:
            self._window.lanes.read(engine.feeds, self._fill_scope, owner=self)

    def _fill_scope(self, feeds: list[Feed]) -> None:
        wanted: Scope = self.scope.currentData()
        titles = {feed.id: feed.title for feed in feeds}
        folders = sorted({folder for feed in feeds for folder in _and_above(feed.folder)}, key=str.casefold)
        single = [Scope(folders=(folder,)) for folder in folders]
        single += [Scope((feed.id,)) for feed in sorted(feeds, key=lambda feed: feed.title.casefold())]
        self.scope.blockSignals(True)
        self.scope.clear()
        for scope in (Scope(), *([] if wanted in single or wanted == Scope() else [wanted]), *single):
            self.scope.addItem(scope_words(scope, titles), scope)
        for feed in sorted(feeds, key=lambda feed: feed.title.casefold()):
            self.trusted.addItem(feed.title, (feed.id,))
        at = next((i for i in range(self.scope.count()) if self.scope.itemData(i) == wanted), 0)
        self.scope.setCurrentIndex(at)
        self.scope.blockSignals(False)

    def _make_preview(self) -> None:
        self.dry_run = DryRun()
        self.dry_run.wanted.connect(self._changed)
        self.dry_run.sharpen_wanted.connect(self.sharpen)
        self.body.addWidget(self.dry_run)

    @property
    def count(self) -> QLabel:
        return self.dry_run.count

    @property
    def examples(self) -> list[QLabel]:
        return self.dry_run.examples

    # ---- preview -----------------------------------------------------------------------------

    def rule(self) -> Rule | None:
        """The rule as it stands; None while no condition is written."""
        conditions = tuple(made for row in self._rows if (made := row.condition()) is not None)
        if not conditions:
            return None
        name = self.name.text().strip() or ", ".join(condition.value or condition_words(condition) for condition in conditions)[:80]
        return Rule(
            id=self._rule.id,
            name=name,
            conditions=conditions,
            action="hide" if self.hide_choice.isChecked() else "muffle" if self.muffle_choice.isChecked() else self.other.currentData(),
            feed_ids=self.scope.currentData().feed_ids,
            folders=self.scope.currentData().folders,
            enabled=self._rule.enabled,
            created_at=self._rule.created_at,
            until=self.until.currentData(),
            breakout=self.breakout(),
        )

    def _changed(self) -> None:
        if not hasattr(self, "_timer"):
            return
        rule = self.rule()
        self.save_button.setEnabled(rule is not None)
        if rule is not None:
            slid = self._looked_for is not None and _apart_from_thresholds(rule) == _apart_from_thresholds(self._looked_for)
            self._timer.start(SLID_AFTER_MILLISECONDS if slid else PREVIEW_AFTER_MILLISECONDS)
        else:
            self._timer.stop()
            self.dry_run.show_nothing(tr("Write what to look for, and see here what it would take."))

    def _preview(self) -> None:
        rule, engine = self.rule(), self._window.engine
        if rule is None or engine is None:
            return

        self._looked_for = rule
        self._looking.set()
        self._looking = cancel = threading.Event()
        self.destroyed.connect(cancel.set)

        days = self.dry_run.days.currentData() or None

        def look() -> Seen:
            preview = engine.preview_rule(rule, days=days, cancel=cancel)
            near = engine.rows([post_id for post_id, _ in (*preview.inside, *preview.outside)])
            return Seen(preview, engine.rows(list(preview.ids[:EXAMPLES])), {row.id: row for row in near})

        self._window.lanes.slow(look, self._previewed, failed=self._failed, key="rule-preview", owner=self)

    def _previewed(self, seen: Seen) -> None:
        self.error.hide()
        self.dry_run.show_seen(seen)

    def sharpen(self) -> None:
        """Put the topic or the threshold right by what the person said of the posts nearest to it."""
        rule, engine, marks = self.rule(), self._window.engine, dict(self.dry_run.marks)
        if rule is None or engine is None or not marks:
            return
        self._window.lanes.slow(lambda: engine.sharpen_rule(rule, marks), self._sharpened, failed=self._failed, owner=self)

    def _sharpened(self, rule: Rule) -> None:
        written = [row for row in self._rows if row.condition() is not None]
        for row, condition in zip(written, rule.conditions, strict=False):
            row.take(condition)
        self._changed()

    # ---- saving ------------------------------------------------------------------------------

    def save(self) -> None:
        rule, engine = self.rule(), self._window.engine
        if rule is None or engine is None:
            return
        self.busy(True)
        marks: Mapping[int, bool] = dict(self.dry_run.marks)
        visible = self._window.timeline.visible_ids()

        def write() -> tuple[RuleSaved, dict[int, bool | None]]:
            said: dict[int, bool] = engine.rule_marks(rule.id) if rule.id else {}
            saved = engine.save_rule(rule, visible=visible)
            if marks:
                engine.judge_rule(saved.rule.id, marks)
            return saved, {post_id: said.get(post_id) for post_id in marks}

        self._window.lanes.slow(write, self._saved, failed=self._failed, owner=self)

    def _saved(self, done: tuple[RuleSaved, dict[int, bool | None]]) -> None:
        saved, said = done
        old = self._rule
        window, engine = self._window, self._window.engine

        def back() -> None:
            if engine is not None:
                visible = window.timeline.visible_ids()

                def again() -> None:
                    if not old.id:
                        engine.delete_rule(saved.rule.id, visible=visible)
                        return
                    engine.save_rule(old, visible=visible)
                    if said:
                        engine.judge_rule(old.id, said)

                window.lanes.slow(again, lambda _answer: window.say(tr("The rule is as it was")))

        if saved.more:
            window.upkeep.rules_past.tell_when_done(saved.rule)
            text = plural(
                "Rule saved: it takes {n} post so far, still looking…", "Rule saved: it takes {n} posts so far, still looking…", saved.posts
            )
        else:
            text = plural("Rule saved: it takes {n} post", "Rule saved: it takes {n} posts", saved.posts)
        window.undo.push(tr("Rule {name}").format(name=saved.rule.name), back)
        window.say(text, undo=window.undo.back)
        self.close()

    def _failed(self, error: EngineError) -> None:
        self.fail(str(error))

    def _delete(self) -> None:
        delete_rule(self._window, self._rule)
        self.close()


def _apart_from_thresholds(rule: Rule) -> Rule:
    return replace(rule, name="", conditions=tuple(replace(condition, low=None) for condition in rule.conditions))


def delete_rule(window: MainWindow, rule: Rule) -> None:
    """Delete a rule; undo saves it again."""
    engine = window.engine
    if engine is None:
        return

    visible = window.timeline.visible_ids()

    def restored() -> None:
        try:
            engine.save_rule(rule, visible=visible)
        except NotFoundError:  # deleted so long ago that it is forgotten
            engine.save_rule(replace(rule, id=0), visible=visible)

    def back() -> None:
        window.lanes.slow(restored, lambda _saved: window.say(tr("The rule is back")))

    def deleted(_changes: object) -> None:
        window.undo.push(tr("Delete rule {name}").format(name=rule.name), back)
        window.say(tr("Rule “{name}” deleted").format(name=rule.name), undo=window.undo.back)

    window.lanes.slow(lambda: engine.delete_rule(rule.id, visible=visible), deleted, owner=window)


def open_dialog(window: MainWindow, rule: Rule | None = None, found: PlainRule | None = None, place: int = 0) -> RuleEditor:
    dialog = RuleEditor(window, rule, found, place)
    dialog.open()
    dialog._rows[0].value.setFocus()
    return dialog
