"""The person's own algorithm: timelines, what was learnt, what was edited, and how good it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

InterestKind = Literal["word", "source", "author", "topic", "signal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A timeline of the person's own: which posts, and how they are weighed.

    `weights` replace those of the preset by name: see `ranking.WEIGHTS` for names, bounds and units. `strength` 0 is
    exactly newest first. `exploration`: 0 shows what is surely liked, 1 also what nobody can tell yet. `signals`: how many
    half-lives a post loses by each signal that is surely there; nothing is ever removed by it.
    """

    id: int = 0  # 0 before it is saved
    name: str
    preset: str = "balanced"
    strength: float = 1.0
    exploration: float = 0.0
    weights: Mapping[str, float] = field(default_factory=dict)
    signals: Mapping[str, float] = field(default_factory=dict)
    feed_ids: tuple[int, ...] = ()  # empty: all feeds, or those of `folder`
    folder: str | None = None
    position: int = 0  # in the sidebar


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """One thing that was learnt or edited. `weight` is in log-odds: above 0 is liked."""

    kind: InterestKind
    key: str  # the word, the feed's id, the author's name, the topic's description, the signal's name
    name: str  # to show
    weight: float  # with the person's edit
    learnt: float  # without it
    doubt: float  # its standard deviation
    acts: int  # how many acts say so
    edited: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """All that was learnt of a person, the strongest first, as words and weights."""

    acts: int
    likes: int
    dislikes: int
    learned: tuple[Learned, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterfactual:
    """What would have to change for a post to stand elsewhere, as data that the window puts into words.

    `change`: "without" (that reason, worth `amount`), "read", "unread", "feed_weight" (`amount` log-odds more), "strength"
    (were it `amount`, which is 0: newest first), "younger" (`amount` hours); `position` is where it would stand then, from 1.
    """

    change: str
    name: str  # of the reason it is about
    amount: float
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlgorithmChange:
    """One line of the difference between an algorithm file and what holds now.

    "left_out": a rule, timeline or weight of feeds none of which is followed here; the file's stays without effect.
    """

    what: str  # "rule", "timeline", "weight", "setting", "left_out"
    name: str
    before: str  # "" where it is new
    after: str  # "" where it would go


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleQuality:
    rule_id: int
    name: str
    taken: int  # posts that it hides or muffles now
    judged: int
    mistakes: int
    low: float  # the share of mistakes lies between these with 95 %
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingQuality:
    """How good the order was in one week: of what the person then liked, saved or opened beside what they passed over."""

    week: date  # its Monday
    liked: int
    passed: int
    auc: float | None  # None where too little was done
    newest_first: float | None  # the same figure, had it been newest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What the person's own marks say of rules and ranking."""

    hidden: int
    restored: int
    rules: tuple[RuleQuality, ...]
    weeks: tuple[RankingQuality, ...]  # the newest first
