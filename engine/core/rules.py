"""The rules that a person made."""

from __future__ import annotations

import threading
from dataclasses import replace

from engine.core.parts import Parts
from engine.types import Changes, Rule, RulePreview, RuleSaved

PREVIEW_POSTS = 200


class Rules(Parts):
    """Rules."""

    def rules(self) -> list[Rule]:
        return self._store.rules()

    def preview_rule(self, rule: Rule, *, cancel: threading.Event | None = None) -> RulePreview:
        """Return what a rule would take of the stored posts, the newest first, without saving it.

        Raises:
            CancelledError: `cancel` was set meanwhile.
        """
        hits = self._hits_of(rule, cancel)
        return RulePreview(posts=len(hits), ids=tuple(sorted((post_id for post_id, _ in hits), reverse=True))[:PREVIEW_POSTS])

    def save_rule(self, rule: Rule) -> RuleSaved:
        """Save a rule and apply it to all posts at once. Raises InputError when it tests nothing."""
        from engine import filters

        filters.check(rule)
        hits = self._hits_of(rule) if rule.enabled else []
        saved, changes = self._store.save_rule(rule, hits)
        self._matcher = None
        return RuleSaved(rule=saved, posts=len(hits), changes=self._publish(changes))

    def delete_rule(self, rule_id: int) -> Changes:
        """Remove a rule; what it hid is shown again. Raises NotFoundError."""
        changes = self._store.delete_rule(rule_id)
        self._matcher = None
        return self._publish(changes)

    def rule_counts(self) -> dict[int, int]:
        """Return how many posts each rule hides or muffles now."""
        return self._store.rule_counts()

    def _hits_of(self, rule: Rule, cancel: threading.Event | None = None) -> list[tuple[int, str]]:
        from engine import filters
        from engine.workers.supervisor import CancelledError

        matcher = filters.compile([replace(rule, id=rule.id or -1, enabled=True)])
        words = filters.prefilter(rule)
        ids = self._store.posts_with_words(words, rule.feed_ids) if words is not None else None
        found: list[tuple[int, str]] = []
        for post in self._store.matchables(ids, feed_ids=rule.feed_ids):
            if cancel is not None and cancel.is_set():
                raise CancelledError("Stopped before it was finished.")
            found += [(post.id, hit.matched) for hit in matcher.match(post)]
        return found
