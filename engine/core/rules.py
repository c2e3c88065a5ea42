"""The rules that a person made."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from engine.core.judging import Judging
from engine.errors import NotFoundError
from engine.types import Changes, Rule, RuleErrors, RuleHit, RulePreview, RuleSaved

PREVIEW_POSTS = 200
NEAREST = 5  # posts shown on each side of a threshold


class Rules(Judging):
    """Rules."""

    def rules(self) -> list[Rule]:
        return self._store.rules()

    def preview_rule(self, rule: Rule, *, days: int | None = None, cancel: threading.Event | None = None) -> RulePreview:
        """Return what a rule would take of the stored posts, the newest first, without saving it.

        Args:
            days: only posts that arrived in the last so many.
        Raises:
            CancelledError: `cancel` was set meanwhile.
        """
        from engine import filters

        place = filters.soft_condition(rule)
        threshold = rule.conditions[place].low if place is not None else None
        wide = rule
        if place is not None and threshold is not None:
            lowest = replace(rule.conditions[place], low=-1.0)
            wide = replace(rule, conditions=(*rule.conditions[:place], lowest, *rule.conditions[place + 1 :]))
        taken: list[int] = []
        scored: list[tuple[int, float]] = []
        since = self._clock() - timedelta(days=days) if days is not None else None
        for post_id, hit, value in self._matches(wide, cancel, since=since.timestamp() if since is not None else None):
            if value is not None:
                scored.append((post_id, value))
            if hit.action != "breakout" and (value is None or threshold is None or value >= threshold):
                taken.append(post_id)
        at = threshold or 0.0
        nearest = sorted(scored, key=lambda pair: abs(pair[1] - at))
        return RulePreview(
            posts=len(taken),
            ids=tuple(sorted(taken, reverse=True))[:PREVIEW_POSTS],
            threshold=threshold,
            inside=tuple([pair for pair in nearest if pair[1] >= at][:NEAREST]),
            outside=tuple([pair for pair in nearest if pair[1] < at][:NEAREST]),
            ready=place is None or rule.conditions[place].field != "topic" or self._topic(rule.conditions[place]) is not None,
        )

    def save_rule(self, rule: Rule) -> RuleSaved:
        """Save a rule and apply it to all posts at once. Raises InputError when it tests nothing."""
        from engine import filters

        filters.check(rule)
        if rule.until is not None and rule.until <= self._clock():
            rule = replace(rule, enabled=False)
        hits = [(post_id, hit) for post_id, hit, _ in self._matches(rule)] if rule.enabled else []
        saved, changes = self._store.save_rule(rule, hits)
        self._matcher = None
        taken = sum(hit.action != "breakout" for _, hit in hits)
        return RuleSaved(rule=saved, posts=taken, changes=self._publish(self._reordered(changes)))

    def delete_rule(self, rule_id: int) -> Changes:
        """Remove a rule; what it hid is shown again. Raises NotFoundError."""
        changes = self._store.delete_rule(rule_id)
        self._matcher = None
        return self._publish(self._reordered(changes))

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

    def sharpen_rule(self, rule: Rule, marks: Mapping[int, bool]) -> Rule:
        """Return the rule with its topic or signal put right by what the person said of some posts; nothing is saved.

        A topic takes them as examples; then the threshold moves to where it errs least on them.
        """
        from engine import filters

        place = filters.soft_condition(rule)
        if place is None or not marks:
            return rule
        condition = rule.conditions[place]
        if condition.field == "topic":
            yes, no = ([post_id for post_id, fits in marks.items() if fits is wanted] for wanted in (True, False))
            condition = replace(
                condition,
                examples=_with(condition.examples, yes, without=no),
                counterexamples=_with(condition.counterexamples, no, without=yes),
            )
        changed = replace(rule, conditions=(*rule.conditions[:place], condition, *rule.conditions[place + 1 :]))
        only = replace(changed, conditions=(replace(condition, low=-1.0),), feed_ids=(), breakout=None)
        scores = {post_id: value for post_id, _, value in self._matches(only, ids=list(marks)) if value is not None}
        judged = [post_id for post_id in marks if post_id in scores]
        low = filters.threshold([scores[i] for i in judged], [marks[i] for i in judged], condition.low or 0.0)
        sharpened = replace(condition, low=low)
        return replace(changed, conditions=(*rule.conditions[:place], sharpened, *rule.conditions[place + 1 :]))

    # ---- inside ------------------------------------------------------------------------------

    def _matches(
        self, rule: Rule, cancel: threading.Event | None = None, *, ids: Sequence[int] | None = None, since: float | None = None
    ) -> Iterator[tuple[int, RuleHit, float | None]]:
        """Yield (post, hit, score) for the stored posts that a rule takes."""
        from engine import filters
        from engine.workers.supervisor import CancelledError

        matcher = filters.compile([replace(rule, id=rule.id or -1, enabled=True)])
        words = filters.prefilter(rule)
        if ids is None and words is not None:
            ids = self._store.posts_with_words(words, rule.feed_ids)
        if since is not None:
            ids = self._store.arrived_since(since, ids)
        for post, topics in self._with_topics(matcher, ids, rule.feed_ids):
            if cancel is not None and cancel.is_set():
                raise CancelledError("Stopped before it was finished.")
            for hit in matcher.match(post, topics):
                yield post.id, hit, matcher.score(post, topics)


def _with(ids: Sequence[int], more: Sequence[int], *, without: Sequence[int]) -> tuple[int, ...]:
    return tuple(post_id for post_id in dict.fromkeys([*ids, *more]) if post_id not in set(without))[-50:]


def require_rule(rules: Sequence[Rule], rule_id: int) -> Rule:
    """Raises NotFoundError."""
    for rule in rules:
        if rule.id == rule_id:
            return rule
    raise NotFoundError(f"There is no rule {rule_id}. See `millpond rules list`.")
