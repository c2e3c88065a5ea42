"""Summaries of more than one text, and what the person wants of summaries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from engine.types.deciding import Span

MAX_WISH_CHARACTERS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryWish:
    """How the posts of a feed are summed up. `prompt`: what the person asks besides, in plain words."""

    max_words: int | None = None  # 10 to 400; None as usual
    prompt: str = ""  # at most MAX_WISH_CHARACTERS
    always: bool = False  # each new post that is long enough, when the machine is idle


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryText:
    """A telling as it was read for a story's summary; spans of claims index `text`."""

    post_id: int
    feed_title: str
    title: str
    text: str
    published_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimSource:
    """Where a claim stands: a telling, and the words there that support it."""

    post_id: int
    evidence: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryClaim:
    """A sentence and the tellings that support it, at least one."""

    text: str
    sources: tuple[ClaimSource, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryDifference:
    """What tellings say otherwise of the same thing: each claim is a sentence of one of them, `words` what differs in it."""

    kind: Literal["number", "date", "name"]
    claims: tuple[StoryClaim, ...]
    words: tuple[str, ...]  # one for each claim: "12", "nine"


@dataclass(frozen=True, slots=True, kw_only=True)
class StorySummary:
    """A story by all its tellings: what two or more of them say, what only one says, and where they differ."""

    tellings: tuple[StoryText, ...]
    agreed: tuple[StoryClaim, ...]
    single: tuple[StoryClaim, ...]
    differences: tuple[StoryDifference, ...]
    method: Literal["model", "extractive"]  # "model": the model wrote at least one of the claims
    model: str  # "" when extractive
    rejected: int = 0  # sentences the model wrote and no telling supports
    left_out: int = 0  # tellings beyond those that were read
    note: str = ""  # why it is extractive, as in `Summary`


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryBudget:
    """How much of today's time for summaries in idle time is used, and why they pause."""

    used_seconds: float
    limit_seconds: float | None  # None: no limit
    paused: Literal["", "budget", "battery", "off", "no_model", "server"]  # "server": it is asked only when a person asks
