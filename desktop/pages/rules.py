"""The rules: what each says, how much it takes, on or off."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop import theme
from desktop.dialogs import rule as rule_dialog
from desktop.dialogs import rule_file
from desktop.dialogs.condition import asleep_words
from desktop.dialogs.controls import Check
from desktop.dialogs.own_words import OwnWords
from desktop.pages.page import Page, button, card, empty
from desktop.reading.flow import FlowLayout
from desktop.strings import number, plural, tr
from engine import Changes, EngineError, Feed, Rule, RuleErrors, RuleProgress

if TYPE_CHECKING:
    from desktop.main_window import MainWindow


def errors_words(errors: RuleErrors) -> str:
    """How often a rule was wrong, with its doubt: "wrong in 2 of 20 that you judged (3–30 %)"."""
    return tr("wrong in {wrong} of {judged} that you judged ({low}–{high} %)").format(
        wrong=number(errors.mistakes), judged=number(errors.judged), low=number(round(100 * errors.low)), high=number(round(100 * errors.high))
    )


def by_signals(rule: Rule) -> bool:
    """Whether a rule goes by what signals say."""
    return any(condition.field == "signal" for condition in rule.conditions) or bool(rule.breakout is not None and rule.breakout.signal)


class RulesPage(Page):
    def __init__(self, window: MainWindow) -> None:
        super().__init__(
            window,
            tr("Rules"),
            tr("A rule hides posts, or makes them one quiet line. Nothing is lost: what is hidden waits in the tray."),
        )
        self._errors: dict[int, RuleErrors] = {}
        self._progress: dict[int, RuleProgress] = {}
        self.own_words = OwnWords(window, with_examples=False)
        self.body.addWidget(self.own_words)
        row = QWidget()
        head = FlowLayout(row, across=theme.px(8))
        head.setContentsMargins(0, 0, 0, 0)
        self.new_button = button(tr("New rule…"), lambda: rule_dialog.open_dialog(self._window), "primary")
        head.addWidget(self.new_button)
        head.addWidget(button(tr("Open the tray"), lambda: self._window.show_page("tray")))
        head.addWidget(button(tr("Write to a file…"), lambda: rule_file.open_export(self._window)))
        head.addWidget(button(tr("Take from a file…"), lambda: rule_file.open_import(self._window)))
        self.body.addWidget(row)
        self._list = QVBoxLayout()
        self._list.setSpacing(theme.px(8))
        self.body.addLayout(self._list)

    def concerns(self, changes: Changes) -> bool:
        return changes.rules or changes.unknown or bool(changes.new)

    def load(self) -> None:
        engine = self._window.engine
        if engine is not None:
            self._window.lanes.read(
                lambda: (engine.rules(), engine.rule_counts(), engine.feeds(), engine.rule_errors(), engine.rule_progress()),
                self._show, key="rules-page", owner=self,
            )  # fmt: skip

    def _show(self, found: tuple[list[Rule], dict[int, int], list[Feed], dict[int, RuleErrors], dict[int, RuleProgress]]) -> None:
        rules, counts, feeds, self._errors, self._progress = found
        titles = {feed.id: feed.title for feed in feeds}
        empty(self._list)
        self.own_words.examples.setVisible(not rules)
        if not rules:
            text = tr("There are no rules yet. Say what you want in your own words, write one, or select words in a post and make a rule from them.")
            self._list.addWidget(theme.label(text, "second", wrap=True))
        for rule in rules:
            self._list.addWidget(self._card(rule, counts.get(rule.id, 0), titles))

    def _card(self, rule: Rule, count: int, titles: dict[int, str]) -> QWidget:
        frame, box = card()
        top = QHBoxLayout()
        name = theme.label(rule.name, "strong", wrap=True)
        top.addWidget(name, 1)
        on = Check(tr("on"))
        on.setChecked(rule.enabled)
        on.setAccessibleName(tr("{rule} is on").format(rule=rule.name))
        on.toggled.connect(lambda enabled: self._switch(rule, enabled))
        top.addWidget(on)
        box.addLayout(top)
        words = rule_dialog.rule_words(rule)
        if rule.feed_ids or rule.folders:
            names = [*(titles.get(feed_id, "?") for feed_id in rule.feed_ids), *rule.folders]
            words += " " + tr("Only in {feeds}.").format(feeds=", ".join(names[:4]))
        box.addWidget(theme.label(words, "second", wrap=True))
        if "signals" not in self._window.features and by_signals(rule):
            box.addWidget(theme.label(asleep_words(), "amber", wrap=True))
        foot = QWidget()
        flow = FlowLayout(foot, across=theme.px(8))
        flow.addWidget(theme.label(self._takes(rule, count), "third"))
        if rule.id in self._progress and not self._window.upkeep.rules_past.running():
            flow.addWidget(button(tr("Go on"), self._window.upkeep.rules_past.go_on, name=tr("Go on with {rule}").format(rule=rule.name)))
        if rule.id in self._errors:
            flow.addWidget(theme.label(errors_words(self._errors[rule.id]), "third"))
        if count and rule.action == "hide":
            flow.addWidget(button(tr("See them"), lambda: self._see(rule.id)))
        flow.addWidget(button(tr("Edit…"), lambda: rule_dialog.open_dialog(self._window, rule), name=tr("Edit {rule}").format(rule=rule.name)))
        flow.addWidget(
            button(tr("Delete"), lambda: rule_dialog.delete_rule(self._window, rule), name=tr("Delete {rule}").format(rule=rule.name))
        )
        flow.setContentsMargins(0, theme.px(2), 0, 0)
        box.addWidget(foot)
        return frame

    def _takes(self, rule: Rule, count: int) -> str:
        progress = self._progress.get(rule.id)
        if progress is None:
            return plural("takes {n} post", "takes {n} posts", count) if rule.enabled else tr("off: takes nothing")
        if not rule.enabled:
            return tr("off: older posts are still to come back")
        if not self._window.upkeep.rules_past.running():
            return plural("takes {n} post so far; older ones wait", "takes {n} posts so far; older ones wait", count)
        return plural("takes {n} post so far, still looking…", "takes {n} posts so far, still looking…", count)

    def _see(self, rule_id: int) -> None:
        from desktop.pages.tray import TrayPage

        TrayPage.next_rule = rule_id
        self._window.show_page("tray")

    def _switch(self, rule: Rule, enabled: bool) -> None:
        engine = self._window.engine
        if engine is None:
            return
        visible = self._window.timeline.visible_ids()

        def failed(error: EngineError) -> None:
            self._window.say(str(error))
            self.load()

        self._window.lanes.slow(
            lambda: engine.save_rule(replace(rule, enabled=enabled), visible=visible), lambda _saved: self.load(), failed=failed, owner=self
        )
