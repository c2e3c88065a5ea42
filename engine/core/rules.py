"""The rules that a person made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine.core.dryrun import DryRuns
from engine.core.reapplying import FIRST
from engine.errors import NotFoundError
from engine.types import Changes, Rule, RuleErrors, RuleSaved


class Rules(DryRuns):
    """Rules."""

    def rules(self) -> list[Rule]:
        return self._store.rules()

    def save_rule(self, rule: Rule, *, visible: Sequence[int] = ()) -> RuleSaved:
        """Save a rule and apply it to the posts there are: to the newest and those on screen at once, to all others in
        `reapply_rules`. A rule that was deleted a while ago comes back.

        Args:
            visible: posts on screen.
        Raises:
            InputError: it tests nothing.   NotFoundError.
        """
        from engine import filters

        filters.check(rule)
        if rule.until is not None and rule.until <= self._clock():
            rule = replace(rule, enabled=False)
        first = self._first(rule, visible)
        hits = self._hits(rule, first.ids) if rule.enabled else []
        judged = None if first.whole else first.ids
        saved, changes = self._store.save_rule(rule, hits, judged=judged, upto=first.upto, again=True)
        self._matcher = None
        taken = sum(hit.action != "breakout" for _, hit in hits)
        if first.whole:
            changes = self._reordered(changes)
        return RuleSaved(rule=saved, posts=taken, changes=self._publish(changes), more=not first.whole)

    def delete_rule(self, rule_id: int, *, visible: Sequence[int] = ()) -> Changes:
        """Remove a rule; what it hid is shown again, as in `save_rule`, which also brings it back. Raises NotFoundError."""
        first = self._first(replace(require_rule(self._store.rules(), rule_id), enabled=False), visible)
        changes = self._store.delete_rule(rule_id, judged=None if first.whole else first.ids, upto=first.upto)
        self._matcher = None
        return self._publish(self._reordered(changes) if first.whole else changes)

    def expire_rules(self) -> Changes:
        """Turn off rules whose time is over; what only they hid is shown again."""
        changes = self._store.expire_rules()
        if changes:
            self._matcher = None
        return self._publish(self._reordered(changes))

    def rule_counts(self) -> dict[int, int]:
        """Return how many posts each rule took."""
        return self._store.rule_counts()

    def judge_rule(self, rule_id: int, marks: Mapping[int, bool | None]) -> Changes:
        """Say of posts whether it is right that a rule takes them (None takes a judgement back)."""
        return self._publish(self._store.judge_rule(rule_id, marks))

    def rule_marks(self, rule_id: int) -> dict[int, bool]:
        """Return what was said of posts; one that was restored from the tray was a mistake."""
        return self._store.rule_marks(rule_id)

    def rule_errors(self) -> dict[int, RuleErrors]:
        """Return how often each rule was wrong, of the posts that were judged."""
        from engine import filters

        return {rule_id: filters.error_rate(*counts) for rule_id, counts in self._store.rule_judgements().items()}

    # ---- inside ------------------------------------------------------------------------------

    def _replace(self, wanted: Sequence[Rule], gone: Sequence[int]) -> Changes:
        """Store and remove rules; the newest posts are judged at once, all others in `reapply_rules`."""
        if not wanted and not gone:
            return Changes()
        _, changes = self._store.save_rules(wanted, gone)
        self._matcher = None
        changes |= self._settle([post_id for _, post_id in self._store.newest_posts(FIRST)])
        changes = self._publish(changes)
        self._reapply_few()
        return changes


def require_rule(rules: Sequence[Rule], rule_id: int) -> Rule:
    """Raises NotFoundError."""
    for rule in rules:
        if rule.id == rule_id:
            return rule
    raise NotFoundError(f"There is no rule {rule_id}. See `millpond rules list`.")
