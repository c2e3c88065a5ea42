"""The algorithm file: how posts are chosen and ordered, as TOML that a person can read, compare and pass on.

    format = 1

    [settings]
    preset = "balanced"
    strength = 1.0

    [[timeline]]
    name = "Calm mornings"
    preset = "quiet"
    feeds = ["https://example.org/feed.xml"]
    weights = {rare_poster = 2.0}
    signals = {anger = 1.5}

    [[weight]]
    kind = "word"
    key = "herons"
    weight = 1.5

    [[rule]]
    rule = 'hide words "crypto" named "Crypto"'

Feeds stand by their addresses. `[[learnt]]` tells what was learnt, to be read; a file that is taken in changes nothing by it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Table

from engine.errors import InputError
from engine.types import Learned

FORMAT = 1
MOST_CHARACTERS = 1_000_000
MOST_SETTINGS = 100
MOST_ROWS = 1_000  # of one kind: each makes every order, or every new post, cost more
_HEADER = re.compile(r"\s*\[\[\s*(\w+)\s*\]\]")
_TOP = ("format", "settings", "timeline", "weight", "rule", "learnt")


@dataclass(frozen=True, slots=True, kw_only=True)
class PortableTimeline:
    name: str
    preset: str = "balanced"
    strength: float = 1.0
    exploration: float = 0.0
    weights: Mapping[str, float] = field(default_factory=dict)
    signals: Mapping[str, float] = field(default_factory=dict)
    folder: str | None = None
    feeds: tuple[str, ...] = ()  # addresses
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PortableRule:
    rule: str  # its text form, without feeds
    feeds: tuple[str, ...] = ()  # addresses
    trusted: tuple[str, ...] = ()  # addresses of feeds that break out
    enabled: bool = True
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PortableWeight:
    kind: str
    key: str  # of a source its address
    weight: float
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Portable:
    """What an algorithm file says."""

    settings: Mapping[str, bool | int | float | str] = field(default_factory=dict)
    timelines: tuple[PortableTimeline, ...] = ()
    weights: tuple[PortableWeight, ...] = ()
    rules: tuple[PortableRule, ...] = ()
    setting_lines: Mapping[str, int] = field(default_factory=dict, compare=False)


def write(portable: Portable, learnt: Sequence[tuple[str, Learned]] = ()) -> str:
    """Return the text of an algorithm file.

    Args:
        learnt: what was learnt, each with the key to write (of a source its address).
    """
    document = tomlkit.document()
    document.add(tomlkit.comment("Millpond's algorithm: how it chooses and orders posts. No post and nothing about reading is in here."))
    document.add("format", tomlkit.item(FORMAT))
    settings = tomlkit.table()
    for name, value in portable.settings.items():
        settings.add(name, value)
    document.add("settings", settings)
    _add(document, "timeline", [_timeline(each) for each in portable.timelines])
    _add(document, "weight", [{"kind": each.kind, "key": each.key, "weight": each.weight} for each in portable.weights])
    _add(document, "rule", [_rule(each) for each in portable.rules])
    _add(
        document,
        "learnt",
        [
            {"kind": each.kind, "key": key, "weight": round(each.learnt, 2), "doubt": round(each.doubt, 2), "acts": each.acts}
            for key, each in learnt
        ],
    )
    return tomlkit.dumps(document)


def _add(document: tomlkit.TOMLDocument, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    tables = tomlkit.aot()
    for row in rows:
        table = tomlkit.table()
        for key, value in row.items():
            if isinstance(value, Mapping):
                inline = tomlkit.inline_table()
                inline.update(value)
                table.add(key, inline)
            else:
                table.add(key, list(value) if isinstance(value, tuple) else value)
        tables.append(table)
    document.add(name, tables)


def _timeline(each: PortableTimeline) -> dict[str, Any]:
    row: dict[str, Any] = {"name": each.name, "preset": each.preset, "strength": each.strength, "exploration": each.exploration}
    row |= {"weights": dict(each.weights)} if each.weights else {}
    row |= {"signals": dict(each.signals)} if each.signals else {}
    row |= {"folder": each.folder} if each.folder is not None else {}
    return row | ({"feeds": each.feeds} if each.feeds else {})


def _rule(each: PortableRule) -> dict[str, Any]:
    row: dict[str, Any] = {"rule": each.rule}
    row |= {"feeds": each.feeds} if each.feeds else {}
    row |= {"trusted": each.trusted} if each.trusted else {}
    return row | ({} if each.enabled else {"enabled": False})


def read(text: str) -> Portable:
    """Return what an algorithm file says. Raises InputError, which names the line."""
    if len(text) > MOST_CHARACTERS:
        raise InputError("This file is too large to be an algorithm file.")
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        line = getattr(error, "line", None)
        reason = str(error).split(" at line")[0]
        raise InputError(f"Line {line or 1}: {reason}." if line else f"The file cannot be read: {reason}.") from None
    except RecursionError:
        raise InputError("The file cannot be read: it is nested too deeply.") from None
    lines = _Lines(text)
    if document.get("format") != FORMAT:
        raise InputError(f"Line 1: this is no algorithm file that this version reads; it would say  format = {FORMAT}")
    for name in document:
        if name not in _TOP:
            raise InputError(f"Line {lines.of_key(name)}: “{name}” is not known. There are: {', '.join(_TOP)}.")
    settings = document.get("settings", {})
    if not isinstance(settings, Table | dict):
        raise InputError(f"Line {lines.of_key('settings')}: settings is a table.")
    if len(settings) > MOST_SETTINGS:
        raise InputError(f"Line {lines.of_key('settings')}: no more than {MOST_SETTINGS} settings are read from a file.")
    return Portable(
        settings={str(name): _plain(value) for name, value in settings.items()},
        timelines=tuple(_each(document, "timeline", lines, _read_timeline)),
        weights=tuple(_each(document, "weight", lines, _read_weight)),
        rules=tuple(_each(document, "rule", lines, _read_rule)),
        setting_lines={str(name): lines.of_key(str(name), after="settings") for name in settings},
    )


class _Lines:
    """On which lines the tables of a text begin."""

    def __init__(self, text: str) -> None:
        self._text = text.splitlines()
        self._headers: dict[str, list[int]] = {}
        for number, line in enumerate(self._text, 1):
            if found := _HEADER.match(line):
                self._headers.setdefault(found[1], []).append(number)

    def of(self, name: str, place: int) -> int:
        found = self._headers.get(name, [])
        return found[place] if place < len(found) else self.of_key(name)

    def of_key(self, name: str, *, after: str = "") -> int:
        first = self.of_key(after) if after else 1
        start = re.compile(rf"\s*\[?\[?\s*[\"']?{re.escape(name)}[\"']?\s*[\]=.]")
        return next((number for number, line in enumerate(self._text, 1) if number >= first and start.match(line)), first)


def _each(document: Mapping[str, Any], name: str, lines: _Lines, reader: Callable[[_Row], Any]) -> list[Any]:
    rows = document.get(name, [])
    if not isinstance(rows, AoT | list) or not all(isinstance(row, Mapping) for row in rows):
        raise InputError(f"Line {lines.of_key(name)}: write [[{name}]] before each {name}.")
    if len(rows) > MOST_ROWS:
        raise InputError(f"Line {lines.of(name, MOST_ROWS)}: no more than {MOST_ROWS} of [[{name}]] are read from a file.")
    found = []
    for place, row in enumerate(rows):
        reading = _Row({str(key): _plain(value) for key, value in row.items()}, lines.of(name, place), name)
        found.append(reader(reading))
        reading.end()
    return found


def _plain(value: Any) -> Any:
    return value.unwrap() if hasattr(value, "unwrap") else value


class _Row:
    """The values of one table; what is asked for is taken out."""

    def __init__(self, values: dict[str, Any], line: int, name: str) -> None:
        self._values = values
        self.line = line
        self._name = name

    def fail(self, what: str) -> InputError:
        return InputError(f"Line {self.line}: {what}")

    def text(self, key: str, default: str | None = None) -> str:
        value = self._values.pop(key, default)
        if not isinstance(value, str):
            raise self.fail(f"a {self._name} needs {key}, a text.")
        return value

    def number(self, key: str, default: float | None = None) -> float:
        return self._number(key, self._values.pop(key, default))

    def _number(self, key: str, value: Any) -> float:
        with suppress(OverflowError):  # a whole number may have any length
            if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
                return float(value)
        raise self.fail(f"a {self._name} needs {key}, a number.")

    def numbers(self, key: str) -> dict[str, float]:
        value = self._values.pop(key, {})
        if not isinstance(value, dict):
            raise self.fail(f"{key} holds numbers by name.")
        return {str(name): self._number(str(name), number) for name, number in value.items()}

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._values.pop(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.fail(f"{key} is a list of texts.")
        return tuple(value)

    def flag(self, key: str, default: bool) -> bool:
        value = self._values.pop(key, default)
        if not isinstance(value, bool):
            raise self.fail(f"{key} is true or false.")
        return value

    def has(self, key: str) -> bool:
        return key in self._values

    def end(self) -> None:
        if self._values:
            raise self.fail(f"a {self._name} knows nothing of “{min(self._values)}”.")


def _read_timeline(row: _Row) -> PortableTimeline:
    return PortableTimeline(
        name=row.text("name"),
        preset=row.text("preset", "balanced"),
        strength=row.number("strength", 1.0),
        exploration=row.number("exploration", 0.0),
        weights=row.numbers("weights"),
        signals=row.numbers("signals"),
        folder=row.text("folder") if row.has("folder") else None,
        feeds=row.texts("feeds"),
        line=row.line,
    )


def _read_weight(row: _Row) -> PortableWeight:
    return PortableWeight(kind=row.text("kind"), key=row.text("key"), weight=row.number("weight"), line=row.line)


def _read_rule(row: _Row) -> PortableRule:
    return PortableRule(
        rule=row.text("rule"), feeds=row.texts("feeds"), trusted=row.texts("trusted"), enabled=row.flag("enabled", True), line=row.line
    )
