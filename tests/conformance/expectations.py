"""Other projects' expectations of a feed parser and a list reader, put to ours.

`cases.json` lists inputs with what gofeed (`expected`: a file) or listparser (`expect`: Python expressions) make of them. What
they expect is translated into Millpond's own fields, and *all* of those fields are compared, the empty ones too: a contributor
that turns up as the author, or an image's title as the feed's, is a failure.
"""

from __future__ import annotations

import ast
import json
import operator
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from datetime import time as clock_time
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from engine.errors import EngineError
from engine.sources.feed import parse_feed
from engine.sources.opml import Listed, SubscriptionList, read_list
from engine.types import Parsed
from tests.conformance.projection import actual_feed, differences, expected_feed

Parse = Callable[..., Parsed]

UNMAPPED = Path(__file__).with_name("unmapped.toml")
URL = "http://feeds.example.net/dir/feed.xml"
NOW = datetime(2030, 1, 1, tzinfo=UTC)
MAX_UNMAPPED = 0.15  # of the cases

_ABOUT_THE_FORMAT = frozenset({"version", "feedType", "feedVersion"})


@cache
def unmapped_rules() -> dict[str, dict[str, str]]:
    """The tables of unmapped.toml: `fields` (path pattern to reason) and `cases` (file pattern to reason)."""
    with UNMAPPED.open("rb") as file:
        return tomllib.load(file)


def _leaves(value: object, path: str = "") -> Iterator[str]:
    """The paths of all values that say something."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, path)
    elif value not in (None, "", False):
        yield path


def _is_unmapped(file: str, expected: Mapping[str, Any] | None) -> bool:
    """Whether all that a case is about lies outside of what Millpond keeps."""
    rules = unmapped_rules()
    if any(fnmatchcase(file, pattern) for pattern in rules["cases"]):
        return True
    subjects = [path for path in _leaves(expected or {}) if path not in _ABOUT_THE_FORMAT]
    return bool(subjects) and all(any(fnmatchcase(path, pattern) for pattern in rules["fields"]) for path in subjects)


def _expected_of(cases_dir: Path, case: Mapping[str, Any]) -> dict[str, Any] | None:
    name = case.get("expected")
    if not name:
        beside = case["file"].removesuffix(".json") + "_expected.json"
        name = beside if (cases_dir / beside).is_file() else None
    if not name:
        return None
    loaded = json.loads((cases_dir / name).read_text("utf-8"))
    return loaded if isinstance(loaded, dict) else None


def _judge_feed(cases_dir: Path, case: Mapping[str, Any], parse: Parse) -> str:
    """Why an expectation does not hold; "" when it does."""
    expected = _expected_of(cases_dir, case)
    body = (cases_dir / case["file"]).read_bytes()
    try:
        parsed = parse(body, url=URL, now=NOW)
    except EngineError as error:
        return "" if expected is None else f"refused: {error}"
    if expected is None:
        return ""
    return "; ".join(differences(expected_feed(expected, parsed, URL), actual_feed(parsed)))


# ---- listparser ------------------------------------------------------------------------------


def _listed(entries: list[Listed]) -> list[dict[str, Any]]:
    return [
        {"url": entry.url, "title": entry.title, "tags": entry.tags, "categories": [list(path) for path in entry.folders]} for entry in entries
    ]


def _as_listparser(found: SubscriptionList) -> dict[str, Any]:
    """A list in the shape that listparser's expectations name."""
    author = {"name": found.owner_name, "email": found.owner_email, "url": found.owner_url}
    meta: dict[str, Any] = {
        "title": found.title, "created": found.created, "modified": found.modified, "created_parsed": found.created_at,
        "modified_parsed": found.modified_at, "author": {name: value for name, value in author.items() if value},
    }  # fmt: skip
    return {
        "bozo": bool(found.warnings),
        "version": found.kind,
        "meta": {name: value for name, value in meta.items() if value},
        "feeds": _listed(found.feeds),
        "lists": _listed(found.lists),
        "opportunities": _listed(found.sites),
    }


_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "Eq": operator.eq,
    "NotEq": operator.ne,
    "Is": operator.is_,
    "In": lambda left, right: left in right,
    "NotIn": lambda left, right: left not in right,
    "Gt": operator.gt,
    "GtE": operator.ge,
}


class _Evaluator(ast.NodeVisitor):
    """The few Python expressions that expectations are written in; anything else is an error, nothing is ever executed."""

    def __init__(self, result: dict[str, Any]) -> None:
        self._result = result

    def visit_Expression(self, node: ast.Expression) -> Any:
        return self.visit(node.body)

    def visit_Constant(self, node: ast.Constant) -> Any:
        return node.value

    def visit_List(self, node: ast.List) -> Any:
        return [self.visit(item) for item in node.elts]

    def visit_Tuple(self, node: ast.Tuple) -> Any:
        return tuple(self.visit(item) for item in node.elts)

    def visit_Name(self, node: ast.Name) -> Any:
        if node.id != "result":
            raise ValueError(f"unknown name {node.id}")
        return self._result

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        return self.visit(node.value)[self.visit(node.slice)]

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        if not isinstance(node.op, ast.Not):
            raise ValueError("unknown operator")
        return not self.visit(node.operand)

    def visit_BoolOp(self, node: ast.BoolOp) -> Any:
        values = [bool(self.visit(value)) for value in node.values]
        return all(values) if isinstance(node.op, ast.And) else any(values)

    def visit_Compare(self, node: ast.Compare) -> Any:
        left = self.visit(node.left)
        for comparison, comparator in zip(node.ops, node.comparators, strict=True):
            right = self.visit(comparator)
            kind = type(comparison).__name__
            if not _COMPARISONS[kind](left, right):
                return False
            left = right
        return True

    def visit_Call(self, node: ast.Call) -> Any:
        arguments = [self.visit(argument) for argument in node.args]
        name = ast.unparse(node.func)
        if name == "len":
            return len(arguments[0])
        if name == "datetime.datetime":
            year, month, day, *time = arguments
            return datetime.combine(date(year, month, day), clock_time(*time), tzinfo=UTC)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            return self.visit(node.func.value).get(*arguments)
        raise ValueError(f"unknown call {name}")

    def generic_visit(self, node: ast.AST) -> Any:
        raise ValueError(f"unknown expression {type(node).__name__}")


def _judge_list(cases_dir: Path, case: Mapping[str, Any]) -> str:
    try:
        result = _as_listparser(read_list((cases_dir / case["file"]).read_bytes()))
    except EngineError as error:
        return f"refused: {error}"
    failed = []
    for expression in case["expect"]:
        try:
            held = bool(_Evaluator(result).visit(ast.parse(expression, mode="eval")))
        except (KeyError, IndexError, TypeError, ValueError):
            held = False
        if not held:
            failed.append(re.sub(r"\s+", " ", expression))
    return "; ".join(failed)


# ---- both ------------------------------------------------------------------------------------


def _cases(cases_dir: Path) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads((cases_dir / "cases.json").read_text("utf-8"))
    return loaded


def unmapped_cases(cases_dir: Path) -> tuple[list[str], int]:
    """Return the files of the cases that unmapped.toml leaves out, and the number of all cases."""
    cases = _cases(cases_dir)
    left_out = [case["file"] for case in cases if _is_unmapped(case["file"], _expected_of(cases_dir, case) if "expect" not in case else None)]
    return left_out, len(cases)


def judge(cases_dir: Path, parse: Parse = parse_feed) -> tuple[int, int, list[tuple[str, str]]]:
    """Put all cases of a folder to `parse` (feeds) and `read_list` (lists).

    Args:
        cases_dir: holds cases.json and the files that it names.
        parse: called as `parse(body, url=…, now=…)`.
    Returns:
        How many cases hold, of how many (less those of unmapped.toml), and (file, why) for the others.
    """
    left_out = set(unmapped_cases(cases_dir)[0])
    failures: list[tuple[str, str]] = []
    total = 0
    for case in _cases(cases_dir):
        if case["file"] in left_out:
            continue
        total += 1
        why = _judge_list(cases_dir, case) if "expect" in case else _judge_feed(cases_dir, case, parse)
        if why:
            failures.append((case["file"], why))
    return total - len(failures), total, failures
