"""Several rules as one text, a line for each; and what taking such a text over would change. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from engine.errors import InputError
from engine.filters.rule import format_rule, parse
from engine.types import Rule

MAX_CHARACTERS = 1_000_000
MAX_RULES = 1_000  # each is put to every new post
SAID_AT_ONCE = 5  # errors
HEAD = """\
# Rules of Millpond, one a line. A line that begins with # says nothing.
# What they can say: millpond rules add --help
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleStep:
    """One rule before and after: None before is a new one, None after one that goes."""

    before: Rule | None
    after: Rule | None


def format_rules(rules: Sequence[Rule], *, feeds: Mapping[int, str] | None = None, posts: Mapping[int, str] | None = None) -> str:
    """Write rules as text that `parse_rules` reads back.

    Args:
        feeds, posts: addresses by id, as for `format_rule`; {} for `posts` names no posts at all. A rule that would say
            something else without what has no address stands as a remark.
    """
    lines = []
    for rule in rules:
        written = format_rule(rule, feeds=feeds, posts=posts)
        whole = (feeds is None or not rule.feed_ids or any(feed_id in feeds for feed_id in rule.feed_ids) or rule.folders) and all(
            condition.field != "topic" or condition.value.strip() or posts is None or any(one in posts for one in condition.examples)
            for condition in rule.conditions
        )
        lines.append(written if whole else f"# left out, because what it names is not here any more: {_one_line(format_rule(rule))}")
    return HEAD + "".join(f"{_one_line(line)}\n" for line in lines)


def parse_rules(
    text: str, *, feeds: Mapping[str, int] | None = None, posts: Mapping[str, int] | None = None
) -> tuple[list[Rule], list[str]]:
    """Read rules from a text of one a line; empty lines and those that begin with # are passed over.

    Returns:
        the rules in their order, and remarks: of which lines example posts were left out because they are not here.
    Raises:
        InputError: it names each line that cannot be read, and why.
    """
    if len(text) > MAX_CHARACTERS:
        raise InputError("This file is too long to be rules.")
    rules: list[Rule] = []
    remarks: list[str] = []
    wrong: list[str] = []
    for number, line in enumerate(text.replace("\r\n", "\n").lstrip("\ufeff").split("\n"), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            rule, missing = parse(line, feeds=feeds, posts=posts)
        except InputError as error:
            wrong.append(f"Line {number}: {error}")
            continue
        rules.append(rule)
        if len(rules) > MAX_RULES:
            raise InputError(f"Line {number}: no more than {MAX_RULES} rules are read from a file.")
        if missing:
            remarks.append(f"Line {number}: example posts that are not here were left out ({len(missing)}).")
    if wrong:
        more = len(wrong) - SAID_AT_ONCE
        raise InputError("\n".join([*wrong[:SAID_AT_ONCE], *([f"And {more} more."] if more > 0 else [])]))
    return rules, remarks


def merge_rules(present: Sequence[Rule], wanted: Sequence[Rule], *, others: bool) -> list[RuleStep]:
    """Return what changes when `wanted` rules are taken over: those that are there already stay, one of the same name is
    changed, others are new.

    Args:
        others: whether present rules that are not wanted go.
    """
    left = list(present)
    open_ones = []
    for rule in wanted:
        same = next((old for old in left if _same(old, rule)), None)
        if same is not None:
            left.remove(same)
        else:
            open_ones.append(rule)
    steps = []
    for rule in open_ones:
        before = next((old for old in left if old.name == rule.name), None)
        if before is not None:
            left.remove(before)
            rule = replace(rule, id=before.id, created_at=before.created_at)
        steps.append(RuleStep(before=before, after=rule))
    return steps + [RuleStep(before=rule, after=None) for rule in left if others]


def _same(one: Rule, other: Rule) -> bool:
    return replace(one, id=0, created_at=None) == replace(other, id=0, created_at=None)


def _one_line(text: str) -> str:
    return " ".join(text.splitlines())
