"""All rules as one text: written, compared with what holds now, taken over, and taken back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.core.rules import Rules
from engine.types import AlgorithmChange, Changes, Rule, RulesCompared, RulesImported

if TYPE_CHECKING:
    from engine.filters import RuleStep

_ADDRESSES = re.compile(r'"(\w+://[^"\s]*)"')


class RuleTexts(Rules):
    """Rules as a file."""

    def export_rules(self) -> str:
        """Return all rules as a text of one a line, with feeds and example posts by their addresses, without the secrets in these."""
        from engine import filters
        from engine.algorithm import FeedNames
        from engine.vault import without_secrets

        rules = self._store.rules()
        examples = {one for rule in rules for condition in rule.conditions for one in (*condition.examples, *condition.counterexamples)}
        posts = {row.id: row.url for row in self._store.rows(sorted(examples)) if row.url and without_secrets(row.url) == row.url}
        return filters.format_rules(rules, feeds=FeedNames(self._store.feeds()).names, posts=posts)

    def compare_rules(self, text: str, *, others: bool = False) -> RulesCompared:
        """Return what `import_rules` would change. Raises InputError, which names the lines that cannot be read."""
        from engine import filters

        steps, remarks = self._steps(text, others=others)
        changes = [
            AlgorithmChange(
                what="rule",
                name=(step.after or step.before or Rule(name="", conditions=())).name,
                before=filters.format_rule(step.before) if step.before is not None else "",
                after=filters.format_rule(step.after) if step.after is not None else "",
            )
            for step in steps
        ]
        return RulesCompared(changes=tuple(changes), remarks=tuple(remarks))

    def import_rules(self, text: str, *, others: bool = False) -> RulesImported:
        """Take rules over: those that are there already stay, one of the same name is changed, others are new.

        Args:
            others: rules that the text does not hold go.
        Raises:
            InputError: lines that cannot be read, or a feed that is not here; nothing was changed.
        """
        steps, remarks = self._steps(text, others=others)
        before = tuple(self._store.rules())
        wanted = [step.after for step in steps if step.after is not None]
        gone = [step.before.id for step in steps if step.after is None and step.before is not None]
        return RulesImported(
            added=sum(step.before is None for step in steps),
            changed=len(wanted) - sum(step.before is None for step in steps),
            removed=len(gone),
            remarks=tuple(remarks),
            before=before,
            changes=self._replace(wanted, gone),
        )

    def put_rules_back(self, rules: Sequence[Rule]) -> Changes:
        """Let exactly these rules hold again, as `rules()` or `RulesImported.before` gave them."""
        present = {rule.id: rule for rule in self._store.rules()}
        wanted = [rule for rule in rules if present.get(rule.id) != rule]
        return self._replace(wanted, sorted(present.keys() - {rule.id for rule in rules}))

    # ---- inside ------------------------------------------------------------------------------

    def _steps(self, text: str, *, others: bool) -> tuple[list[RuleStep], list[str]]:
        from engine import filters
        from engine.algorithm import FeedNames

        followed = self._store.feeds()
        feeds = {name: feed_id for feed_id, name in FeedNames(followed).names.items()} | {feed.url: feed.id for feed in followed}
        addresses = set(_ADDRESSES.findall(text)) - feeds.keys()
        rules, remarks = filters.parse_rules(text, feeds=feeds, posts=self._store.posts_with_urls(sorted(addresses)))
        now = self._clock()
        rules = [replace(rule, enabled=rule.enabled and (rule.until is None or rule.until > now)) for rule in rules]
        return filters.merge_rules(self._store.rules(), rules, others=others), remarks
