"""Matching posts against rules, in time linear in the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol
from urllib.parse import urlsplit

import regex

from engine.filters.rule import BY_NUMBER, BY_SCORE, BY_WORDS, topic_key
from engine.filters.text import fold, spaced, tokens, word_pattern
from engine.types import Breakout, Condition, Rule, RuleHit

REGEX_SECONDS = 0.05  # of one search; a post that needs longer is not taken
REGEX_PATIENCE = 20  # posts over which a pattern may be too slow before it is not asked any more
REGEX_CHARACTERS = 20_000  # of a text that patterns look at
_NOTHING: Mapping[str, float] = MappingProxyType({})


class Matchable(Protocol):
    """What of a post rules look at. Folders, facts, signals and outlets are asked for only by rules that test them."""

    @property
    def feed_id(self) -> int: ...
    @property
    def folder(self) -> str: ...
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
    @property
    def url(self) -> str: ...
    @property
    def network(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def word_count(self) -> int: ...
    @property
    def media(self) -> frozenset[str]: ...
    @property
    def age_hours(self) -> float: ...
    @property
    def outlets(self) -> int: ...
    @property
    def signals(self) -> Mapping[str, float]: ...


class _Views:
    """A post's texts in the forms that tests need, each made once and only when asked."""

    __slots__ = ("_made", "post", "topics")

    def __init__(self, post: Matchable, topics: Mapping[str, float]) -> None:
        self.post, self.topics = post, topics
        self._made: dict[tuple[str, str], str] = {}

    def get(self, field: str, form: str) -> str:
        """A text "folded", with "single" blanks, or with its words "spaced"."""
        field = "body" if field in {"words", "phrase"} else field
        if (field, form) not in self._made:
            if form == "folded":
                self._made[field, form] = fold(self._raw(field))
            elif form == "single":
                self._made[field, form] = " ".join(self.get(field, "folded").split())
            else:
                self._made[field, form] = spaced(self._raw(field))
        return self._made[field, form]

    def _raw(self, field: str) -> str:
        post = self.post
        if field == "body":
            return "\n".join((post.title, post.text, *post.categories))
        if field in {"author", "title"}:
            return post.author if field == "author" else post.title
        return f"{post.source_title}\n{post.source_url}"


class _Test:
    """A condition made ready: what of a post met it, in words; None when nothing did."""

    def __init__(self, condition: Condition) -> None:
        self.condition = condition
        self.shown = condition.value
        self._needles: tuple[str, ...] = ()
        self._words: tuple[regex.Pattern[str], ...] = ()
        self._phrase = ""  # as it stands among spaced words
        self._pattern: regex.Pattern[str] | None = None
        self._patience = REGEX_PATIENCE
        self._key = topic_key(condition) if condition.field == "topic" else ""
        if condition.field in BY_WORDS:
            self._take_words(condition)
        elif condition.field == "regex":
            self._pattern = regex.compile(condition.value, regex.IGNORECASE | regex.VERSION1)

    def _take_words(self, condition: Condition) -> None:
        """Texts are first searched for letters, which is quick, then for words by themselves, then for their order."""
        found = tuple(tokens(condition.value))
        self._needles = found
        if not condition.whole_word:
            self._needles = found if condition.field == "words" else (" ".join(fold(condition.value).split()),)
        elif condition.field == "words" or len(found) == 1:
            self._words = tuple(pattern for token in found if (pattern := word_pattern(token)) is not None)
        else:
            self._phrase = f" {' '.join(found)} "

    def _has_words(self, views: _Views) -> bool:
        field, whole = self.condition.field, self.condition.whole_word
        text = views.get(field, "folded" if whole or field == "words" else "single")
        if not all(needle in text for needle in self._needles):
            return False
        if self._phrase:
            return self._phrase in views.get(field, "spaced")
        return all(pattern.search(text) is not None for pattern in self._words)

    def met(self, views: _Views) -> str | None:
        if not self.condition.negated:
            return self._met(views)
        if self.condition.field in BY_SCORE and self.score(views) is None:
            return None  # what a model never saw is neither
        return None if self._met(views) is not None else f"not {self.shown or self.condition.field}"

    def score(self, views: _Views) -> float | None:
        """The score that a signal or topic is judged by; None where no model has seen the post."""
        return views.post.signals.get(self.condition.value) if self.condition.field == "signal" else views.topics.get(self._key)

    def _met(self, views: _Views) -> str | None:
        condition, post = self.condition, views.post
        field = condition.field
        if field in BY_WORDS:
            return condition.value if self._has_words(views) else None
        if field == "regex":
            return self._search(f"{post.title}\n{post.text}"[:REGEX_CHARACTERS])
        if field in BY_SCORE:
            score = self.score(views)
            return f"{self._name()} {score:.2f}" if score is not None and _within(score, condition) else None
        if field in BY_NUMBER:
            value = {"age": post.age_hours, "length": post.word_count, "outlets": post.outlets}[field]
            return f"{field} {value:g}" if _within(value, condition) else None
        if field == "media":
            return condition.value if (condition.value in post.media or (condition.value == "none" and not post.media)) else None
        if field == "domain":
            host, wanted = (urlsplit(post.url).hostname or "").lower(), condition.value.lower().strip(".")
            return host if host == wanted or host.endswith("." + wanted) else None
        value_of = post.network if field == "network" else post.language
        return value_of if value_of == condition.value.lower() else None

    def _name(self) -> str:
        return self.condition.value or "like your examples"

    def _search(self, text: str) -> str | None:
        assert self._pattern is not None
        if not self._patience:
            return None
        try:
            found = self._pattern.search(text, timeout=REGEX_SECONDS)
        except TimeoutError:
            self._patience -= 1
            return None
        return found[0][:80] or self.condition.value if found else None


def _within(value: float, condition: Condition) -> bool:
    return (condition.low is None or value >= condition.low) and (condition.high is None or value <= condition.high)


@dataclass(frozen=True, slots=True)
class _Ready:
    rule: Rule
    feeds: frozenset[int]
    folders: tuple[str, ...]
    tests: tuple[_Test, ...]

    def covers(self, post: Matchable) -> bool:
        """Whether the post comes from where the rule looks."""
        if not self.feeds and not self.folders:
            return True
        return post.feed_id in self.feeds or any(
            post.folder == folder or post.folder.startswith(f"{folder}/") for folder in self.folders
        )


class Matcher:
    """Enabled rules, ready to be put to posts. False when there are none."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        order = {"allow": 0, "hide": 1, "muffle": 2}
        enabled = sorted((rule for rule in rules if rule.enabled), key=lambda rule: order.get(rule.action, 3))
        self._rules = [
            _Ready(rule, frozenset(rule.feed_ids), rule.folders, tuple(_Test(condition) for condition in rule.conditions)) for rule in enabled
        ]
        conditions = [condition for rule in enabled for condition in rule.conditions]
        breakouts = [rule.breakout for rule in enabled if rule.breakout is not None]
        self.topics: Mapping[str, Condition] = {topic_key(one): one for one in conditions if one.field == "topic"}
        self.needs_signals = any(one.field == "signal" for one in conditions) or any(one.signal for one in breakouts)
        self.needs_outlets = any(one.field == "outlets" for one in conditions) or any(one.outlets for one in breakouts)

    def __bool__(self) -> bool:
        return bool(self._rules)

    def match(self, post: Matchable, topics: Mapping[str, float] = _NOTHING) -> tuple[RuleHit, ...]:
        """Return a hit for each rule that takes the post: allowing ones first, then hiding, then muffling ones.

        Args:
            topics: cosines between the post and each topic of `self.topics`, by its key; without one, the topic is not met.
        """
        views = _Views(post, topics)
        hits = []
        for ready in self._rules:
            if not ready.covers(post):
                continue
            matched = self._all_met(ready, views)
            if matched is None:
                continue
            rule = ready.rule
            through = _breaks_out(rule.breakout, post) if rule.breakout is not None and rule.action in {"hide", "muffle"} else ""
            if through:
                hits.append(RuleHit(rule_id=rule.id, action="breakout", matched=through))
            else:
                hits.append(RuleHit(rule_id=rule.id, action=rule.action, matched=", ".join(matched)))
        return tuple(hits)

    def score(self, post: Matchable, topics: Mapping[str, float] = _NOTHING) -> float | None:
        """The score of the one rule's first topic or signal; None where it has none, or the post no score."""
        for test in self._rules[0].tests:
            if test.condition.field in BY_SCORE and not test.condition.negated:
                return test.score(_Views(post, topics))
        return None

    @staticmethod
    def _all_met(ready: _Ready, views: _Views) -> list[str] | None:
        matched = []
        for test in ready.tests:
            words = test.met(views)
            if words is None:
                return None
            matched.append(words)
        return matched


def _breaks_out(breakout: Breakout, post: Matchable) -> str:
    """Why a post is let through, as data: "outlets 5", "source", "anger 0.91"; "" when it is not."""
    if breakout.outlets and post.outlets >= breakout.outlets:
        return f"outlets {post.outlets}"
    if post.feed_id in breakout.feed_ids:
        return "source"
    said = post.signals.get(breakout.signal) if breakout.signal else None
    return f"{breakout.signal} {said:.2f}" if said is not None and said >= breakout.at_least else ""


def compile(rules: Sequence[Rule]) -> Matcher:
    """Return a matcher for the enabled ones of `rules`."""
    return Matcher(rules)
