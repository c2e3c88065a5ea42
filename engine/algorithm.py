"""The algorithm file of a profile: what holds here written down, and what a file would change here.

A feed stands in a file by its address without its secrets; where several have one, by address and title.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.errors import InputError
from engine.filters import format_rule, parse_rule
from engine.ranking import portable
from engine.ranking.features import terms_of_word
from engine.ranking.portable import Portable, PortableRule, PortableTimeline, PortableWeight
from engine.ranking.score import SHARE_NAMES
from engine.settings import EDIT_WEIGHT, Value, by_name
from engine.store import Store
from engine.types import AlgorithmChange, Breakout, Feed, InterestKind, Profile, Rule, Timeline
from engine.vault import without_secrets

SETTINGS = ("preset", "strength", "exploration", "fold_stories", "story_marks_all")
_KINDS: tuple[InterestKind, ...] = ("word", "source", "author", "topic", "signal")
_TOPIC_POST = "post:"
MOST_CHARACTERS = 200  # of a key


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a file means here, checked: all of it can be put into the store."""

    settings: dict[str, Value]
    timelines: list[Timeline]
    edits: dict[tuple[InterestKind, str], float]
    rules_to_save: list[Rule]
    rules_to_delete: list[Rule]
    changes: list[AlgorithmChange]


class FeedNames:
    """Feeds by how they stand in a file."""

    def __init__(self, feeds: Sequence[Feed]) -> None:
        addresses = Counter(without_secrets(feed.url) for feed in feeds)
        self.names = {
            feed.id: address if addresses[address] == 1 else f"{address} {feed.title}"
            for feed in feeds
            for address in (without_secrets(feed.url),)
        }
        self._ids = {name: number for number, name in self.names.items()}

    def written(self, ids: Sequence[int]) -> tuple[str, ...]:
        return tuple(self.names[number] for number in ids if number in self.names)

    def found(self, names: Sequence[str]) -> tuple[int, ...]:
        return tuple(self._ids[name] for name in names if name in self._ids)


def written(store: Store, settings: Mapping[str, Value], profile: Profile) -> str:
    """Return the algorithm file of a profile."""
    feeds = FeedNames(store.feeds())
    learnt = [
        (feeds.names[int(each.key)] if each.kind == "source" else each.key, each)
        for each in profile.learned
        if not each.edited and (each.kind != "source" or int(each.key) in feeds.names)
    ]
    return portable.write(_present(store, settings, feeds), learnt)


def _present(store: Store, settings: Mapping[str, Value], feeds: FeedNames) -> Portable:
    weights = []
    for (kind, key), weight in store.interest_edits().items():
        if kind == "source":
            weights += [PortableWeight(kind=kind, key=name, weight=weight) for name in feeds.written([int(key)])]
        elif kind != "topic" or not key.startswith(_TOPIC_POST):  # which posts there are is nobody else's business
            weights.append(PortableWeight(kind=kind, key=key, weight=weight))
    return Portable(
        settings={name: settings[name] for name in SETTINGS},
        timelines=tuple(_portable_timeline(timeline, feeds) for timeline in store.timelines() if not _stays_home(timeline, feeds)),
        weights=tuple(sorted(weights, key=lambda each: (each.kind, each.key))),
        rules=tuple(_portable_rule(rule, feeds) for rule in store.rules() if _goes_abroad(rule, feeds)),
    )


def _portable_timeline(timeline: Timeline, feeds: FeedNames) -> PortableTimeline:
    return PortableTimeline(
        name=timeline.name, preset=timeline.preset, strength=timeline.strength, exploration=timeline.exploration,
        weights=dict(sorted(timeline.weights.items())), signals=dict(sorted(timeline.signals.items())), folder=timeline.folder,
        feeds=tuple(sorted(feeds.written(timeline.feed_ids))),
    )  # fmt: skip


def _goes_abroad(rule: Rule, feeds: FeedNames) -> bool:
    """Whether a rule means the same in another profile: one that names posts, or only feeds that are gone, does not."""
    everywhere = bool(rule.feed_ids) and not rule.folders and not feeds.written(rule.feed_ids)
    return not everywhere and not _names_posts(rule)


def _names_posts(rule: Rule) -> bool:
    return any(condition.examples or condition.counterexamples for condition in rule.conditions)


def _stays_home(timeline: Timeline, feeds: FeedNames) -> bool:
    """Whether a timeline has only feeds that are gone: written down it would have all."""
    return bool(timeline.feed_ids) and not feeds.written(timeline.feed_ids)


def _portable_rule(rule: Rule, feeds: FeedNames) -> PortableRule:
    trusted: tuple[str, ...] = ()
    bare = replace(rule, feed_ids=(), enabled=True)
    if rule.breakout is not None:
        trusted = feeds.written(rule.breakout.feed_ids)
        bare = replace(bare, breakout=replace(rule.breakout, feed_ids=()))
    return PortableRule(
        rule=format_rule(bare), feeds=tuple(sorted(feeds.written(rule.feed_ids))), trusted=tuple(sorted(trusted)), enabled=rule.enabled
    )


def incoming(
    text: str, store: Store, settings: Mapping[str, Value], *, checked: Callable[[Timeline], Timeline]
) -> Incoming:
    """Return what a file would change in a profile.

    Args:
        checked: returns a timeline within bounds, or raises InputError.
    Raises:
        InputError: the file cannot be understood, with the line.
    """
    found = portable.read(text)
    feeds = FeedNames(store.feeds())
    present = _present(store, settings, feeds)
    changes: list[AlgorithmChange] = []
    new_settings = _settings(found, settings, changes)
    timelines = _timelines(found, store, feeds, present, checked, changes)
    edits = _edits(found, store, feeds, present, changes)
    to_save, to_delete = _rules(found, store, feeds, changes)
    return Incoming(new_settings, timelines, edits, to_save, to_delete, changes)


def _settings(found: Portable, settings: Mapping[str, Value], changes: list[AlgorithmChange]) -> dict[str, Value]:
    new: dict[str, Value] = {}
    for name, value in found.settings.items():
        if name not in SETTINGS:
            raise InputError(f"Line {found.setting_lines.get(name, 1)}: there is no “{name}” here. There are: {', '.join(SETTINGS)}.")
        try:
            new[name] = by_name(name).parse(value)
        except InputError as error:
            raise InputError(f"Line {found.setting_lines.get(name, 1)}: {error}") from None
        if new[name] != settings[name]:
            changes.append(AlgorithmChange(what="setting", name=name, before=_shown(settings[name]), after=_shown(new[name])))
    return new


def _shown(value: Value) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def _timelines(
    found: Portable, store: Store, feeds: FeedNames, present: Portable, checked: Callable[[Timeline], Timeline], changes: list[AlgorithmChange]
) -> list[Timeline]:
    ids = {timeline.name: timeline.id for timeline in store.timelines()}
    before = {each.name: each for each in present.timelines}
    timelines: list[Timeline] = []
    for position, each in enumerate(found.timelines):
        feed_ids = feeds.found(each.feeds)
        try:
            timeline = checked(
                Timeline(
                    id=0, name=each.name, preset=each.preset, strength=each.strength, exploration=each.exploration, weights=each.weights,
                    signals=each.signals, feed_ids=feed_ids, folder=each.folder, position=position,
                )
            )
        except InputError as error:
            raise InputError(f"Line {each.line}: {error}") from None
        if any(other.name == timeline.name for other in timelines):
            raise InputError(f"Line {each.line}: there are two timelines “{timeline.name}”.")
        if each.feeds and not feed_ids:  # it would show all posts instead of none
            changes.append(AlgorithmChange(what="left_out", name=timeline.name, before="", after=", ".join(each.feeds)))
            continue
        timeline = replace(timeline, id=ids.get(timeline.name, 0))
        timelines.append(timeline)
        after, old = _portable_timeline(timeline, feeds), before.pop(timeline.name, None)
        if after != old:
            changes.append(
                AlgorithmChange(what="timeline", name=timeline.name, before=_timeline_line(old), after=_timeline_line(after))
            )
    changes += [AlgorithmChange(what="timeline", name=name, before=_timeline_line(old), after="") for name, old in before.items()]
    named = {timeline.name for timeline in timelines}
    # What no file can hold stays.
    return timelines + [each for each in store.timelines() if _stays_home(each, feeds) and each.name not in named]


def _timeline_line(each: PortableTimeline | None) -> str:
    if each is None:
        return ""
    parts = [each.preset, f"strength {each.strength:g}", f"exploration {each.exploration:g}"]
    parts += [f"{name} {value:g}" for name, value in (*each.weights.items(), *each.signals.items())]
    parts += [f"folder {each.folder}"] if each.folder is not None else []
    return ", ".join((*parts, *each.feeds))


def _edits(
    found: Portable, store: Store, feeds: FeedNames, present: Portable, changes: list[AlgorithmChange]
) -> dict[tuple[InterestKind, str], float]:
    kept = store.interest_edits()
    # What no file can hold stays: topics like a post of this profile's, and feeds that are gone.
    edits: dict[tuple[InterestKind, str], float] = {
        (kind, key): weight for (kind, key), weight in kept.items()
        if (kind == "topic" and key.startswith(_TOPIC_POST)) or (kind == "source" and int(key) not in feeds.names)
    }  # fmt: skip
    before = {(each.kind, each.key): each.weight for each in present.weights}
    for each in found.weights:
        kind = next((kind for kind in _KINDS if kind == each.kind), None)
        if kind is None:
            raise InputError(f"Line {each.line}: a weight is of a {', '.join(_KINDS)}, not of a “{each.kind}”.")
        if not each.key.strip() or len(each.key) > MOST_CHARACTERS or (kind == "topic" and each.key.startswith(_TOPIC_POST)):
            raise InputError(f"Line {each.line}: a {kind} needs a key that says which, in at most {MOST_CHARACTERS} characters.")
        if kind == "word" and not terms_of_word(each.key):
            raise InputError(f"Line {each.line}: “{each.key}” stands in so many posts that it says nothing.")
        if kind == "signal" and each.key not in SHARE_NAMES:
            raise InputError(f"Line {each.line}: there is no signal “{each.key}”. There are: {', '.join(SHARE_NAMES)}.")
        try:
            weight = float(EDIT_WEIGHT.parse(each.weight))
        except InputError as error:
            raise InputError(f"Line {each.line}: {error}") from None
        keys = (each.key,) if kind != "source" else tuple(str(number) for number in feeds.found([each.key]))
        if not keys:
            changes.append(AlgorithmChange(what="left_out", name=each.key, before="", after=f"{weight:g}"))
        for key in keys:
            edits[kind, key] = weight
        old = before.pop((each.kind, each.key), None)
        if keys and old != weight:
            shown = "" if old is None else f"{old:g}"
            changes.append(AlgorithmChange(what="weight", name=f"{each.kind} {each.key}", before=shown, after=f"{weight:g}"))
    changes += [
        AlgorithmChange(what="weight", name=f"{kind} {key}", before=f"{weight:g}", after="") for (kind, key), weight in before.items()
    ]
    return edits


def _rules(
    found: Portable, store: Store, feeds: FeedNames, changes: list[AlgorithmChange]
) -> tuple[list[Rule], list[Rule]]:
    present = [rule for rule in store.rules() if _goes_abroad(rule, feeds)]
    to_save: list[Rule] = []
    for each in found.rules:
        try:
            rule = parse_rule(each.rule)
        except InputError as error:
            raise InputError(f"Line {each.line}: {error}") from None
        if rule.feed_ids or (rule.breakout is not None and rule.breakout.feed_ids) or _names_posts(rule):
            raise InputError(f"Line {each.line}: a rule of a file names feeds by their addresses, under feeds or trusted, and no posts.")
        feed_ids, trusted = feeds.found(each.feeds), feeds.found(each.trusted)
        if each.feeds and not feed_ids:  # it would take posts of all feeds instead of none
            changes.append(AlgorithmChange(what="left_out", name=rule.name, before="", after=each.rule))
            continue
        if trusted:
            rule = replace(rule, breakout=replace(rule.breakout or Breakout(), feed_ids=trusted))
        rule = replace(rule, feed_ids=feed_ids, enabled=each.enabled)
        line = _portable_rule(rule, feeds)
        same = next((old for old in present if _portable_rule(old, feeds) == line), None)
        named = next((old for old in present if old.name == rule.name), None)
        if same is not None:
            present.remove(same)
            continue
        if named is not None:
            present.remove(named)
        to_save.append(replace(rule, id=named.id if named is not None else 0))
        before = _rule_line(_portable_rule(named, feeds)) if named is not None else ""
        changes.append(AlgorithmChange(what="rule", name=rule.name, before=before, after=_rule_line(line)))
    changes += [
        AlgorithmChange(what="rule", name=old.name, before=_rule_line(_portable_rule(old, feeds)), after="") for old in present
    ]
    return to_save, present


def _rule_line(each: PortableRule) -> str:
    return " ".join((each.rule, *each.feeds, *(("unless from", *each.trusted) if each.trusted else ()), *(() if each.enabled else ("(off)",))))
