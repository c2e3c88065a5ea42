"""Rules as data: what makes one valid, its text form, and what any match must contain.

The text form, read and written without loss:

    hide words "crypto price"
    muffle phrase "sponsored by" author "Jane Doe" in 3, 7
    hide part of words "coin"                   (anywhere inside words)
    hide source "example.org" named "Noise"
"""

from __future__ import annotations

from engine.errors import InputError
from engine.filters.text import tokens
from engine.types import Condition, Rule

MAX_VALUE_CHARACTERS = 500
MAX_CONDITIONS = 20
_FIELDS = ("words", "phrase", "author", "source")
_ACTIONS = ("hide", "muffle")


def check(rule: Rule) -> None:
    """Raises InputError when a rule tests nothing, and so would take every post, or is too long."""
    if not rule.conditions:
        raise InputError("A rule needs at least one condition; without one it would take every post.")
    if len(rule.conditions) > MAX_CONDITIONS:
        raise InputError(f"A rule has at most {MAX_CONDITIONS} conditions.")
    for condition in rule.conditions:
        if condition.field not in _FIELDS:
            raise InputError(f"A rule tests {', '.join(_FIELDS)}, not “{condition.field}”.")
        if not tokens(condition.value):
            raise InputError("A condition needs at least one letter or digit to look for.")
        if len(condition.value) > MAX_VALUE_CHARACTERS:
            raise InputError(f"A condition has at most {MAX_VALUE_CHARACTERS} characters.")
    if rule.action not in _ACTIONS:
        raise InputError(f"A rule hides or muffles; “{rule.action}” is neither.")


def parse_rule(text: str) -> Rule:
    """Read a rule from its text form. Raises InputError, which says what was expected where."""
    words = _scan(text)
    if not words or words[0][0] not in _ACTIONS:
        raise InputError('A rule begins with hide or muffle, for example:  hide words "crypto price"')
    action, place = words[0][0], 1
    conditions: list[Condition] = []
    feed_ids: tuple[int, ...] = ()
    name = ""
    while place < len(words):
        word, quoted = words[place]
        whole = True
        if not quoted and [w for w, _ in words[place : place + 2]] == ["part", "of"]:
            whole, place = False, place + 2
            word, quoted = words[place] if place < len(words) else ("", False)
        if not quoted and word in _FIELDS:
            value = words[place + 1] if place + 1 < len(words) else ("", False)
            if not value[1]:
                raise InputError(f'After {word} comes a text in quotation marks, for example:  {word} "price"')
            conditions.append(Condition(field=word, value=value[0], whole_word=whole))  # type: ignore[arg-type]
            place += 2
        elif not quoted and word == "in" and whole:
            feed_ids, place = _feeds(words, place + 1)
        elif not quoted and word == "named" and whole and place + 1 < len(words) and words[place + 1][1]:
            name, place = words[place + 1][0], place + 2
        else:
            raise InputError(f"“{word}” was not expected; a condition is one of: {', '.join(_FIELDS)}.")
    rule = Rule(
        name=name or " · ".join(condition.value for condition in conditions)[:80],
        conditions=tuple(conditions),
        action="hide" if action == "hide" else "muffle",
        feed_ids=feed_ids,
    )
    check(rule)
    return rule


def format_rule(rule: Rule) -> str:
    """Write a rule in its text form; `parse_rule` reads it back."""
    parts: list[str] = [rule.action]
    for condition in rule.conditions:
        parts += ([] if condition.whole_word else ["part of"]) + [condition.field, _quote(condition.value)]
    if rule.feed_ids:
        parts.append("in " + ", ".join(str(feed_id) for feed_id in rule.feed_ids))
    parts += ["named", _quote(rule.name)]
    return " ".join(parts)


def prefilter(rule: Rule) -> list[str] | None:
    """Return words that every match holds somewhere, for an index to look up; None when an index cannot help."""
    found: list[str] = []
    for condition in rule.conditions:
        if condition.field in {"words", "phrase"} and condition.whole_word:
            found += tokens(condition.value)
    return found or None


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _feeds(words: list[tuple[str, bool]], place: int) -> tuple[tuple[int, ...], int]:
    """Return the feed ids that stand from `place` on, and the place after them; "all" is no restriction."""
    found: list[int] = []
    while place < len(words) and not words[place][1]:
        parts = [part for part in words[place][0].split(",") if part]
        if parts == ["all"]:
            return (), place + 1
        if not all(part.isdecimal() and part.isascii() for part in parts):
            break
        found += [int(part) for part in parts]
        place += 1
    if not found:
        raise InputError("After in come the numbers of feeds (see `millpond feeds list`), or all.")
    return tuple(found), place


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
