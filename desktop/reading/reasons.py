"""Why the post that is open is here: asked of the engine, and what the panel's entries do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from desktop.reading.reason_acts import Change
from desktop.reading.why import About, WhyPanel
from desktop.strings import tr
from engine import Condition, Explanation, Rule

if TYPE_CHECKING:
    from desktop.main_window import MainWindow


@dataclass(frozen=True, slots=True)
class _Explained:
    explanation: Explanation
    about: About


class Reasons(QObject):
    """Keeps the panel of one reading pane; `open` says whether the person wants to see it."""

    def __init__(self, window: MainWindow, panel: WhyPanel) -> None:
        super().__init__(panel)
        self._window, self.panel = window, panel
        self.open = True
        self._id: int | None = None
        panel.rule_for_source.connect(self._rule_for_source)
        panel.weights.connect(self._weights)
        panel.edit_rule.connect(self._edit_rule)
        panel.post_chosen.connect(window.open_post)
        panel.wanted.connect(self.do)

    def load(self, post_id: int | None) -> None:
        """Ask why a post stands where it stands in the list that is shown."""
        self._id = post_id
        engine = self._window.engine
        if post_id is None or engine is None:
            return
        own = self._window.timelines.named(self._window.at_timeline())

        def explain() -> _Explained:
            explanation = engine.explain(post_id, timeline_id=own.id if own is not None else None)
            hit = explanation.hit
            names = {rule.id: rule.name for rule in engine.rules()} if hit is not None else {}
            about = About(
                row=next(iter(engine.rows([post_id])), None),
                rule_name=names.get(hit.rule_id, "") if hit is not None else "",
                timeline=own.name if own is not None else "",
                edits=engine.interest_edits(),
            )
            return _Explained(explanation, about)

        self._window.lanes.read(explain, self._take, failed=lambda _error: self.panel.hide(), key="reading-why", owner=self)

    def _take(self, explained: _Explained) -> None:
        if explained.explanation.post_id == self._id:
            self.panel.show_explanation(explained.explanation, explained.about)
            self.panel.setVisible(self.open)

    # ---- acts --------------------------------------------------------------------------------

    def do(self, change: Change) -> None:
        """Do what an entry of a reason's menu says, at once."""
        interests = self._window.interests
        if change.act == "nudge":
            interests.nudge(change.kind, change.key, change.by, change.text)
        elif change.act == "reset":
            interests.reset([(change.kind, change.key)], change.text)
        elif change.act == "forget":
            interests.forget([change.post_id])
        elif change.act == "weights":
            self._weights()
        elif change.act == "rule":
            self._window.show_page("rules")
        else:
            self._window.show_page("profile")

    def _weights(self) -> None:
        """The sheet of the timeline that is shown; For you has its weights in the settings."""
        own = self._window.at_timeline()
        if own:
            self._window.timelines.edit(own)
        else:
            self._window.show_page("settings")

    def _rule_for_source(self) -> None:
        from desktop.dialogs import rule

        row = self.panel.about.row
        if row is not None:
            draft = Rule(
                name=tr("Less of {source}").format(source=row.feed_title),
                conditions=(Condition(field="source", value=row.feed_title),),
                action="muffle",
                feed_ids=(row.feed_id,),
            )
            rule.open_dialog(self._window, draft)

    def _edit_rule(self, rule_id: int) -> None:
        from desktop.dialogs import rule

        engine = self._window.engine
        if engine is None:
            return

        def found(rules: list[Rule]) -> None:
            for entry in rules:
                if entry.id == rule_id:
                    rule.open_dialog(self._window, entry)

        self._window.lanes.read(engine.rules, found, owner=self)
