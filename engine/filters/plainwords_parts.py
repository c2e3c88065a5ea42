"""What the grammars of plain words, English and Chinese, put their findings into: alternatives of conditions, made into rules."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from engine.errors import InputError
from engine.filters.rule import check
from engine.filters.text import tokens
from engine.types import Action, Breakout, Condition, PlainNames, PlainRemark, Rule

MAX_RULES = 8  # that one sentence becomes
NAME_CHARACTERS = 80
ANY = Condition(field="length", value="", low=0.0)  # every post


@dataclass(frozen=True, slots=True)
class From:
    """Some of the person's feeds, as somebody named them."""

    feed_ids: tuple[int, ...]
    name: str


Atom = Condition | From
Choice = tuple[Atom, ...]  # all of them hold
Group = list[Choice]  # any of them holds


@dataclass(slots=True)
class Found:
    """What a piece of text says of posts: every group holds. `unexpressed` and `remarks` in the order in which they were met."""

    groups: list[Group] = field(default_factory=list)
    unexpressed: list[str] = field(default_factory=list)
    remarks: list[PlainRemark] = field(default_factory=list)
    void: bool = False  # without what is unexpressed, the rest would mean something else

    def add(self, *choices: Choice) -> None:
        if choices:
            self.groups.append(list(choices))

    def choices(self) -> Group:
        """Every way to meet all groups."""
        made = [tuple(dict.fromkeys(itertools.chain.from_iterable(ways))) for ways in itertools.islice(itertools.product(*self.groups), 64)]
        return made if self.groups else []

    def take(self, other: Found) -> None:
        """Take over what another said that it could not say."""
        self.unexpressed += other.unexpressed
        self.remarks += other.remarks
        self.void = self.void or other.void


@dataclass(slots=True)
class Clause:
    """One wish: what to do with which posts, where, how long, and which of them not."""

    words: str
    action: Action
    found: Found
    exceptions: Group = field(default_factory=list)
    feed_ids: tuple[int, ...] = ()
    folders: tuple[str, ...] = ()
    until: datetime | None = None
    name: str = ""


@dataclass(slots=True)
class Names:
    """The person's names, looked up without regard to case."""

    known: PlainNames

    def feeds(self, name: str) -> tuple[int, ...]:
        """The feeds of that name: those whose title is it, else those whose title holds all its words."""
        wanted = [token for token in tokens(name) if token not in {"the", "my"}]
        if not wanted:
            return ()
        same = tuple(feed_id for feed_id, title in self.known.feeds.items() if [token for token in tokens(title) if token != "the"] == wanted)
        return same or tuple(feed_id for feed_id, title in self.known.feeds.items() if _holds(tokens(title), wanted))

    def author(self, name: str) -> str:
        """The author of that name as the posts write it; "" where there is none."""
        wanted = tokens(name)
        if not wanted:
            return ""
        return next((one for one in self.known.authors if tokens(one) == wanted), "") or next(
            (name.strip() for one in self.known.authors if _holds(tokens(one), wanted)), ""
        )

    def folder(self, name: str) -> str:
        wanted = tokens(name)
        last = {folder: tokens(folder.rsplit("/", 1)[-1]) for folder in self.known.folders}
        return next((one for one in self.known.folders if wanted and wanted in (tokens(one), last[one])), "")


def _holds(words: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether the words stand there one after the other."""
    return any(list(words[at : at + len(wanted)]) == list(wanted) for at in range(len(words) - len(wanted) + 1))


def rules_of(clause: Clause) -> tuple[list[Rule], list[PlainRemark]]:
    """The rules that do what a clause says: one where it can be said in one, several for alternatives.

    A post that meets A and not (B and C) meets A and not B, or A and not C: these are two rules.
    """
    ways = clause.found.choices()
    if clause.found.void:
        return [], [PlainRemark(name="nothing")]
    if not ways:
        if not (clause.feed_ids or clause.folders or clause.exceptions) or clause.found.unexpressed:
            return [], [PlainRemark(name="nothing")]
        ways = [()]  # all that comes from there
    spared = [choice for choice in clause.exceptions if choice]
    made: list[Rule] = []
    remarks: list[PlainRemark] = []
    for way in ways:
        for against in itertools.islice(itertools.product(*spared), 64):
            rule = _rule(clause, way, against)
            try:
                check(rule)
            except InputError:
                if not remarks:
                    remarks.append(PlainRemark(name="too_wide", detail=clause.words))
                continue
            if rule not in made:
                made.append(rule)
    if any(ANY in rule.conditions for rule in made) and clause.action in {"hide", "muffle"}:
        remarks.append(PlainRemark(name="all_but", detail=clause.words))
    if len(made) > MAX_RULES:
        return [], [PlainRemark(name="too_wide", detail=clause.words)]
    if len(made) > 1:
        remarks.append(PlainRemark(name="several", detail=str(len(made))))
        made = [replace(rule, name=_told_apart(rule, made)) for rule in made]
    return made, remarks


def _told_apart(rule: Rule, among: Sequence[Rule]) -> str:
    """The name of a rule with what only it tests."""
    own = [one.value for one in rule.conditions if one.value and sum(one in other.conditions for other in among) < len(among)]
    return f"{rule.name[: NAME_CHARACTERS - 30]} · {', '.join(own)[:27]}" if own and rule.action != "label" else rule.name


def _rule(clause: Clause, way: Choice, against: Sequence[Atom]) -> Rule:
    feed_ids = [*clause.feed_ids]
    conditions: list[Condition] = []
    sources: list[str] = []
    for atom in way:
        if isinstance(atom, Condition):
            conditions.append(atom)
        elif not feed_ids:
            feed_ids += atom.feed_ids
            sources.append(atom.name)
        else:
            conditions.append(Condition(field="source", value=atom.name))
    trusted: list[int] = []
    outlets, signal, at_least = 0, "", 0.8
    takes = clause.action in {"hide", "muffle"}
    for atom in against:
        if isinstance(atom, From):
            if takes:
                trusted += atom.feed_ids
            else:
                conditions.append(Condition(field="source", value=atom.name, negated=True))
        elif takes and atom.field == "outlets" and atom.low is not None and not atom.negated:
            outlets = min(outlets or 99, int(atom.low))
        elif takes and atom.field == "signal" and not signal and not atom.negated and atom.low is not None:
            signal, at_least = atom.value, atom.low
        else:
            conditions.append(replace(atom, negated=not atom.negated))
    if not conditions and sources:
        conditions.append(Condition(field="source", value=sources[0]))
    elif not feed_ids and not clause.folders and all(condition.negated for condition in conditions):
        conditions.insert(0, ANY)  # the person said so: all but these
    elif not conditions:
        conditions.append(ANY)
    breakout = Breakout(outlets=outlets, feed_ids=tuple(dict.fromkeys(trusted)), signal=signal, at_least=at_least) if outlets or trusted or signal else None
    return Rule(
        name=(clause.name or " ".join(clause.words.split()))[:NAME_CHARACTERS],
        conditions=tuple(dict.fromkeys(conditions)),
        action=clause.action,
        feed_ids=tuple(dict.fromkeys(feed_ids)),
        folders=clause.folders,
        until=clause.until,
        breakout=breakout,
    )
