"""Matching posts against rules, in time linear in the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.filters.text import fold, spaced, tokens
from engine.types import Condition, Rule, RuleHit


class Matchable(Protocol):
    """What of a post rules look at."""

    @property
    def feed_id(self) -> int: ...
    @property
    def title(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def author(self) -> str: ...
    @property
    def source_title(self) -> str: ...
    @property
    def source_url(self) -> str: ...
    @property
    def categories(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class _Test:
    """A condition made ready: all `needles` must stand in the part of the post that `field` names."""

    field: str
    whole: bool
    needles: tuple[str, ...]
    shown: str

    @classmethod
    def of(cls, condition: Condition) -> _Test:
        found = tokens(condition.value)
        if condition.field == "words":
            needles = tuple(f" {word} " for word in found) if condition.whole_word else tuple(found)
        elif condition.whole_word:
            needles = (f" {' '.join(found)} ",)
        else:
            needles = (" ".join(fold(condition.value).split()),)
        return cls(condition.field, condition.whole_word, needles, condition.value)


class _Views:
    """A post's texts in the forms that tests need, each made once and only when asked."""

    __slots__ = ("_made", "_post")

    def __init__(self, post: Matchable) -> None:
        self._post = post
        self._made: dict[tuple[str, bool], str] = {}

    def get(self, field: str, whole: bool) -> str:
        field = "body" if field in {"words", "phrase"} else field
        if (field, whole) not in self._made:
            post = self._post
            if field == "body":
                raw = "\n".join((post.title, post.text, *post.categories))
            elif field == "author":
                raw = post.author
            else:
                raw = f"{post.source_title}\n{post.source_url}"
            self._made[field, whole] = spaced(raw) if whole else " ".join(fold(raw).split())
        return self._made[field, whole]


class Matcher:
    """Enabled rules, ready to be put to posts. False when there are none."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        ordered = sorted((rule for rule in rules if rule.enabled), key=lambda rule: rule.action != "hide")
        self._rules = [
            (rule, frozenset(rule.feed_ids), [_Test.of(condition) for condition in rule.conditions])
            for rule in ordered
        ]

    def __bool__(self) -> bool:
        return bool(self._rules)

    def match(self, post: Matchable) -> tuple[RuleHit, ...]:
        """Return a hit for each rule that takes the post, hiding ones first."""
        views = _Views(post)
        hits = []
        for rule, feeds, tests in self._rules:
            if feeds and post.feed_id not in feeds:
                continue
            if all(needle in views.get(test.field, test.whole) for test in tests for needle in test.needles):
                matched = ", ".join(test.shown for test in tests)
                hits.append(RuleHit(rule_id=rule.id, action=rule.action, matched=matched))
        return tuple(hits)


def compile(rules: Sequence[Rule]) -> Matcher:
    """Return a matcher for the enabled ones of `rules`."""
    return Matcher(rules)
