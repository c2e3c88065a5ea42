"""Rules as data: what makes one valid, its text form, and what any match must contain.

The text form, read and written without loss:

    hide words "crypto price"
    muffle phrase "sponsored by" not author "Jane Doe" in 3, 7
    hide part of words "coin"                              (anywhere inside words)
    hide topic "football results" over 0.4 unless outlets 5 or from 4, 9 or signal anger over 0.9
    label signal promotion over 0.8 not domain "example.org" named "Advertising"
    hide topic "" like 12, 15 unlike 19 over 0.5           (posts like those two, unlike the third)
    read length under 20 age over 48 until 2026-12-24T08:00:00+00:00
    muffle words "match" in 3 folder "Sport" off           (that feed and that folder; switched off)

In a file, feeds and posts stand as their addresses in quotation marks in place of numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import get_args

import regex

from engine.errors import InputError
from engine.filters.text import tokens
from engine.types import SIGNAL_NAMES, Action, Breakout, Condition, Field, Rule

MAX_VALUE_CHARACTERS = 500
MAX_CONDITIONS = 20
MAX_EXAMPLES = 50
BY_WORDS = frozenset({"words", "phrase", "title", "author", "source"})
BY_NUMBER = frozenset({"age", "length", "outlets"})
BY_SCORE = frozenset({"signal", "topic"})
SIGNALS = ("negative", "neutral", "positive", *SIGNAL_NAMES)
TOPIC_FROM = 0.4  # the cosine from which a post counts as being about a description, until the person moves it
SIGNAL_FROM = 0.8
MEDIA = ("image", "audio", "video", "none")
_FIELDS: tuple[str, ...] = get_args(Field)
_ACTIONS: tuple[str, ...] = get_args(Action)
_QUOTED = frozenset(_FIELDS) - BY_NUMBER - {"signal"}


def check(rule: Rule) -> None:
    """Raises InputError when a rule tests nothing, and so would take every post, or cannot be understood."""
    if not rule.conditions:
        raise InputError("A rule needs at least one condition; without one it would take every post.")
    if len(rule.conditions) > MAX_CONDITIONS:
        raise InputError(f"A rule has at most {MAX_CONDITIONS} conditions.")
    if rule.action not in _ACTIONS:
        raise InputError(f"A rule does one of {', '.join(_ACTIONS)}; “{rule.action}” is none of them.")
    for condition in rule.conditions:
        _check(condition)
    if all(condition.negated for condition in rule.conditions) and rule.action in {"hide", "muffle"} and not (rule.feed_ids or rule.folders):
        raise InputError("A rule that only says what posts are not would hide almost all. Add what they are, or choose feeds.")
    if not all(folder.strip() for folder in rule.folders):
        raise InputError("A folder that a rule looks in needs a name.")
    breakout = rule.breakout
    if breakout is not None:
        if breakout.signal and breakout.signal not in SIGNALS:
            raise InputError(f"There is no signal “{breakout.signal}”. There are: {', '.join(SIGNALS)}.")
        if breakout.outlets < 0 or not 0 < breakout.at_least <= 1:
            raise InputError("What lets posts through is a number of outlets, feeds, or a signal with a share from 0 to 1.")


def _check(condition: Condition) -> None:
    field, value = condition.field, condition.value
    if field not in _FIELDS:
        raise InputError(f"A rule tests {', '.join(_FIELDS)}, not “{field}”.")
    if len(value) > MAX_VALUE_CHARACTERS:
        raise InputError(f"A condition has at most {MAX_VALUE_CHARACTERS} characters.")
    for bound in (condition.low, condition.high):
        if bound is not None and not math.isfinite(bound):
            raise InputError(f"{field} lies between two numbers.")
    if field in BY_WORDS and not tokens(value):
        raise InputError("A condition needs at least one letter or digit to look for.")
    if field == "regex":
        _check_pattern(value)
    if field in BY_NUMBER and condition.low is None and condition.high is None:
        raise InputError(f"{field} needs a number that it lies over or under, for example:  {field} over 3")
    if field in BY_SCORE and condition.low is None:
        raise InputError(f"{field} needs a share from which it counts, for example:  {field} … over 0.8")
    if field == "signal" and value not in SIGNALS:
        raise InputError(f"There is no signal “{value}”. There are: {', '.join(SIGNALS)}.")
    if field == "topic":
        if not tokens(value) and not condition.examples:
            raise InputError("A topic needs a description, or at least one post that is about it.")
        if max(len(condition.examples), len(condition.counterexamples)) > MAX_EXAMPLES:
            raise InputError(f"A topic has at most {MAX_EXAMPLES} examples.")
    if field == "media" and value not in MEDIA:
        raise InputError(f"Media is one of {', '.join(MEDIA)}, not “{value}”.")
    if field in {"network", "domain", "language"} and not value.strip():
        raise InputError(f"{field} needs a name to compare with.")


def _check_pattern(value: str) -> None:
    try:
        pattern = regex.compile(value, regex.IGNORECASE | regex.VERSION1)
        empty = pattern.search("", timeout=0.05) is not None
    except regex.error as error:
        raise InputError(f"The pattern cannot be read: {error}.") from None
    except TimeoutError:
        empty = False
    except (RecursionError, OverflowError, MemoryError):
        raise InputError("The pattern is too large to be used.") from None
    if empty:
        raise InputError("The pattern also fits a text without any letters, and so would take every post.")


def topic_key(condition: Condition) -> str:
    """What names the vector of a topic."""
    ids = "/".join(",".join(map(str, some)) for some in (condition.examples, condition.counterexamples))
    return f"{condition.value}\n{ids}"


@dataclass(slots=True)
class _Reader:
    """The words of a text form, read from left to right."""

    words: list[tuple[str, bool]]
    feeds: Mapping[str, int] | None = None  # by address
    posts: Mapping[str, int] | None = None
    place: int = 0
    missing: list[str] = field(default_factory=list)  # addresses of example posts that are not here

    def peek(self, ahead: int = 0) -> str:
        """The next word outside quotation marks, else ""."""
        at = self.place + ahead
        return self.words[at][0] if at < len(self.words) and not self.words[at][1] else ""

    def take(self, *expected: str) -> bool:
        if [self.peek(ahead) for ahead in range(len(expected))] != list(expected):
            return False
        self.place += len(expected)
        return True

    def done(self) -> bool:
        return self.place >= len(self.words)

    def text(self, after: str) -> str:
        if self.done() or not self.words[self.place][1]:
            raise InputError(f'After {after} comes a text in quotation marks, for example:  {after} "price"')
        self.place += 1
        return self.words[self.place - 1][0]

    def word(self, after: str) -> str:
        if not self.peek():
            raise InputError(f"After {after} something is missing.")
        self.place += 1
        return self.words[self.place - 1][0]

    def number(self, after: str) -> float:
        try:
            value = float(self.word(after))
        except ValueError:
            raise InputError(f"After {after} comes a number.") from None
        if not math.isfinite(value):
            raise InputError(f"After {after} comes a number.")
        return value

    def feed_ids(self, after: str, *, more: str = "") -> tuple[int, ...]:
        def unknown(address: str) -> int:
            raise InputError(f"There is no feed {address} here. Add it first, or take it out of the rule.")

        return self._ids(after, f"feeds (see `millpond feeds list`){more}", self.feeds, unknown)

    def post_ids(self, after: str) -> tuple[int, ...]:
        before = len(self.missing)
        found = self._ids(after, "posts", self.posts, lambda address: self.missing.append(address), empty=True)
        if not found and len(self.missing) == before:
            raise InputError(f"After {after} come the numbers of posts.")
        return found

    def _ids(
        self, after: str, what: str, known: Mapping[str, int] | None, unknown: Callable[[str], int | None], *, empty: bool = False
    ) -> tuple[int, ...]:
        found: list[int] = []
        while not self.done():
            word, quoted = self.words[self.place]
            if quoted and known is not None:
                one = known[word] if word in known else unknown(word)
                found += [one] if one is not None else []
            elif word == "," and not quoted:
                pass
            else:
                parts = [part for part in word.split(",") if part]
                if quoted or not parts or not all(part.isdecimal() and part.isascii() and len(part) < 16 for part in parts):
                    break
                found += [int(part) for part in parts]
            self.place += 1
        if not found and not empty:
            raise InputError(f"After {after} come the numbers of {what}.")
        return tuple(found)


def parse_rule(text: str) -> Rule:
    """Read a rule from its text form. Raises InputError, which says what was expected where."""
    return parse(text)[0]


def parse(
    text: str, *, feeds: Mapping[str, int] | None = None, posts: Mapping[str, int] | None = None
) -> tuple[Rule, tuple[str, ...]]:
    """Read a rule that may name feeds and posts by their addresses.

    Args:
        feeds, posts: ids by address.
    Returns:
        the rule, and the addresses of example posts that `posts` lacks: they were left out.
    Raises:
        InputError: it cannot be read, or names a feed that `feeds` lacks.
    """
    read = _Reader(_scan(text), feeds, posts)
    action = read.peek()
    if action not in _ACTIONS:
        raise InputError('A rule begins with what it does (hide, muffle, …), for example:  hide words "crypto price"')
    read.place += 1
    conditions: list[Condition] = []
    feed_ids: tuple[int, ...] = ()
    folders: tuple[str, ...] = ()
    name, until, breakout, enabled = "", None, None, True
    while not read.done():
        if read.take("in"):
            feed_ids, folders = _scope(read)
        elif read.take("off"):
            enabled = False
        elif read.take("named"):
            name = read.text("named")
        elif read.take("until"):
            until = _moment(read.word("until"))
        elif read.take("unless"):
            breakout = _breakout(read)
        else:
            conditions.append(_condition(read))
    rule = Rule(
        name=name or " · ".join(condition.value or condition.field for condition in conditions)[:80],
        conditions=tuple(conditions),
        action=action,  # type: ignore[arg-type]
        feed_ids=feed_ids,
        folders=folders,
        enabled=enabled,
        until=until,
        breakout=breakout,
    )
    check(rule)
    return rule, tuple(read.missing)


def _scope(read: _Reader) -> tuple[tuple[int, ...], tuple[str, ...]]:
    if read.take("all"):
        return (), ()
    feed_ids: tuple[int, ...] = ()
    folders: list[str] = []
    while True:
        if read.take("folder"):
            folders.append(read.text("folder"))
        elif not folders and not feed_ids:
            feed_ids = read.feed_ids("in", more=", folder and its name, or all")
        else:
            return feed_ids, tuple(folders)


def _condition(read: _Reader) -> Condition:
    negated = read.take("not")
    whole = not read.take("part", "of")
    field = read.peek()
    if field not in _FIELDS:
        shown = read.words[read.place][0] if not read.done() else "the end"
        raise InputError(f"“{shown}” was not expected; a condition is one of: {', '.join(_FIELDS)}.")
    read.place += 1
    value = read.text(field) if field in _QUOTED else read.word(field) if field == "signal" else ""
    low = high = None
    examples: tuple[int, ...] = ()
    counterexamples: tuple[int, ...] = ()
    while True:
        if field == "topic" and read.take("like"):
            examples = read.post_ids("like")
        elif field == "topic" and read.take("unlike"):
            counterexamples = read.post_ids("unlike")
        elif field in BY_NUMBER | BY_SCORE and read.take("over"):
            low = read.number("over")
        elif field in BY_NUMBER | BY_SCORE and read.take("under"):
            high = read.number("under")
        else:
            break
    if field in BY_SCORE and low is None and high is None:
        low = TOPIC_FROM if field == "topic" else SIGNAL_FROM
    if field in BY_SCORE and low is None:
        low = 0.0
    return Condition(
        field=field, value=value, whole_word=whole, negated=negated, low=low, high=high, examples=examples, counterexamples=counterexamples,  # type: ignore[arg-type]
    )  # fmt: skip


def _breakout(read: _Reader) -> Breakout:
    outlets, signal, at_least = 0, "", SIGNAL_FROM
    feed_ids: tuple[int, ...] = ()
    while True:
        if read.take("outlets"):
            outlets = int(read.number("outlets"))
        elif read.take("from"):
            feed_ids = read.feed_ids("from")
        elif read.take("signal"):
            signal = read.word("signal")
            if read.take("over"):
                at_least = read.number("over")
        else:
            raise InputError("After unless comes outlets 5, from and feeds, or signal and its name.")
        if not read.take("or"):
            return Breakout(outlets=outlets, feed_ids=feed_ids, signal=signal, at_least=at_least)


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InputError("After until comes a date, for example 2026-12-24.") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def format_rule(rule: Rule, *, feeds: Mapping[int, str] | None = None, posts: Mapping[int, str] | None = None) -> str:
    """Write a rule in its text form; `parse_rule` reads it back.

    Args:
        feeds, posts: the addresses to write in place of numbers. What has none is left out.
    """
    parts: list[str] = [rule.action]
    for condition in rule.conditions:
        parts += ["not"] if condition.negated else []
        parts += [] if condition.whole_word else ["part of"]
        parts.append(condition.field)
        if condition.field in _QUOTED:
            parts.append(_quote(condition.value))
        elif condition.field == "signal":
            parts.append(condition.value)
        for word, ids in (("like", condition.examples), ("unlike", condition.counterexamples)):
            listed = _listed(ids, posts)
            parts += [word, listed] if listed else []
        for word, bound in (("over", condition.low), ("under", condition.high)):
            parts += [word, repr(float(bound))] if bound is not None else []
    if rule.feed_ids or rule.folders:
        listed = _listed(rule.feed_ids, feeds)
        parts += ["in", *([listed] if listed else []), *(f"folder {_quote(folder)}" for folder in rule.folders)]
    if rule.until is not None:
        parts += ["until", rule.until.isoformat()]
    if rule.breakout is not None:
        ways = []
        if rule.breakout.outlets:
            ways.append(f"outlets {rule.breakout.outlets}")
        if trusted := _listed(rule.breakout.feed_ids, feeds):
            ways.append("from " + trusted)
        if rule.breakout.signal:
            ways.append(f"signal {rule.breakout.signal} over {float(rule.breakout.at_least)!r}")
        parts += ["unless", " or ".join(ways)] if ways else []
    parts += [] if rule.enabled else ["off"]
    parts += ["named", _quote(rule.name)]
    return " ".join(parts)


def prefilter(rule: Rule) -> list[str] | None:
    """Return words that every match holds somewhere, for an index to look up; None when an index cannot help."""
    found: list[str] = []
    for condition in rule.conditions:
        if condition.field in {"words", "phrase"} and condition.whole_word and not condition.negated:
            found += tokens(condition.value)
    return found or None


def soft_condition(rule: Rule) -> int | None:
    """The place of the first condition that goes by a score and can be sharpened; None when there is none."""
    for place, condition in enumerate(rule.conditions):
        if condition.field in BY_SCORE and not condition.negated:
            return place
    return None


def _listed(ids: tuple[int, ...], addresses: Mapping[int, str] | None = None) -> str:
    if addresses is None:
        return ", ".join(map(str, ids))
    return ", ".join(_quote(addresses[one]) for one in ids if one in addresses)


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _scan(text: str) -> list[tuple[str, bool]]:
    """Return (word, whether it was in quotation marks) in order; a backslash keeps the next character as it is."""
    found: list[tuple[str, bool]] = []
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
        elif text[place] in '"“”':
            value, place = [], place + 1
            while place < len(text) and text[place] not in '"”':
                place += text[place] == "\\" and place + 1 < len(text)
                value.append(text[place])
                place += 1
            if place >= len(text):
                raise InputError("A quotation mark is missing at the end.")
            found.append(("".join(value), True))
            place += 1
        else:
            start = place
            while place < len(text) and not text[place].isspace() and text[place] not in '"“':
                place += 1
            found.append((text[start:place], False))
    return found
