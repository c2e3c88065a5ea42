"""Questions that a person asks, and what is answered from the posts that are stored, or about the app."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from engine.types.deciding import Span

AskKind = Literal["who", "when", "where", "how_many", "what", "why", "open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskSource:
    """A post that an answer cites. `text` is its title, a line break and its words: spans of citations index it."""

    number: int  # from 1, as it is cited
    post_id: int  # 0 for a passage that was given instead of a stored post
    title: str
    feed_title: str
    text: str
    url: str = ""
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """The words of one source that say what a sentence says."""

    number: int  # of the source
    spans: tuple[Span, ...]  # of its text


@dataclass(frozen=True, slots=True, kw_only=True)
class AppFact:
    """What there is to say about the person's own feeds and rules. `name` is a key of APP_FACTS."""

    name: str
    feed: str = ""
    rule: str = ""
    detail: str = ""  # an error, or what was asked for
    count: int = 1  # of posts
    unread: int = 0
    at: datetime | None = None


# What facts say of one post and of several. The window translates them.
APP_FACTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "stopped": ("“{feed}” is not fetched any more: you or its server stopped it.",) * 2,
        "failing": ("“{feed}” could not be fetched: {detail}",) * 2,
        "hidden_by_rule": (
            "{n} post of “{feed}” is hidden by your rule “{rule}”.",
            "{n} posts of “{feed}” are hidden by your rule “{rule}”.",
        ),
        "hidden_by_you": ("{n} post of “{feed}” is hidden by you.", "{n} posts of “{feed}” are hidden by you."),
        "muffled": ("Your rule “{rule}” shows posts of “{feed}” as one quiet line.",) * 2,
        "empty": ("“{feed}” has brought no post so far.",) * 2,
        "here": ("{n} post of “{feed}” is here, {unread} unread.", "{n} posts of “{feed}” are here, {unread} unread."),
        "newest": ("The newest post of “{feed}” is of {day}.",) * 2,
        "rule_hides": (
            "Your rule “{rule}” hides such posts; it took {n} post so far.",
            "Your rule “{rule}” hides such posts; it took {n} posts so far.",
        ),
        "rule_muffles": (
            "Your rule “{rule}” shows such posts as one quiet line; it took {n} post so far.",
            "Your rule “{rule}” shows such posts as one quiet line; it took {n} posts so far.",
        ),
        "no_rule": ("No rule of yours hides posts about “{detail}”.",) * 2,
        "no_feed": ("You follow no feed called “{detail}”, and no rule of yours names it.",) * 2,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSentence:
    """A sentence of an answer. `told` is the short answer inside `text`: the date, the name, the number asked for."""

    text: str
    citations: tuple[Citation, ...]
    by: Literal["model", "picked", "help", "app"]
    told: tuple[Span, ...] = ()
    fact: AppFact | None = None  # what a sentence by the app says, for other languages than English


@dataclass(frozen=True, slots=True, kw_only=True)
class AskSide:
    """One of several things that sources say in answer to the same question."""

    value: str  # as the sources write it
    numbers: tuple[int, ...]  # of the sources
    outlets: int  # independent ones among them


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """Sources say different things; the side that more of them take stands first."""

    sides: tuple[AskSide, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskAction:
    """What the person could do about it. Nobody does it by itself.

    Kinds: "page" (`target` names one), "help" (a topic), "rule" (`id`), "new_rule" (`target`: words to hide), "tray"
    (`id`: a rule, or 0), "feed" (`id`), "refresh_feed" (`id`), "add_feed" (`target`: an address or a name).
    """

    kind: Literal["page", "help", "rule", "new_rule", "tray", "feed", "refresh_feed", "add_feed"]
    target: str = ""
    id: int = 0
    name: str = ""  # of the feed or rule, to be shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """Where an answer was looked for."""

    posts: int  # that were read closely
    since: datetime | None = None
    until: datetime | None = None
    feed_id: int | None = None
    feed_title: str = ""
    folder: str | None = None
    words: tuple[str, ...] = ()  # the telling words that were sought
    by_meaning: bool = False  # vectors took part


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is said to a question.

    `method`: "model": the language model wrote the first sentence and the sources support every one; "picked": sentences of
    the posts themselves; "help" and "app": about Millpond, from its help and the person's own feeds and rules; "nothing":
    no post answers it. `note` says why no model wrote it, as a key: "off", "no_model", "language", "rejected", "failed",
    "slow", "disagreement", "".
    """

    question: str
    asked: str  # the question as it was understood: with what it takes over from the one before
    method: Literal["model", "picked", "help", "app", "nothing"]
    sentences: tuple[AnswerSentence, ...] = ()
    sources: tuple[AskSource, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    model: str = ""
    note: str = ""
    rejected: int = 0  # sentences that the model wrote and the check refused
    looked: Looked = field(default_factory=lambda: Looked(posts=0))
    follow_ups: tuple[str, ...] = ()
    actions: tuple[AskAction, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AskFound:
    """Posts that may hold the answer, best first: there before any sentence is chosen, and again once meaning took part."""

    sources: tuple[AskSource, ...]
    looked: Looked


@dataclass(frozen=True, slots=True, kw_only=True)
class AskDraft:
    """The answer as far as it goes: sentences picked by words alone, or while the language model still writes."""

    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class AskDone:
    answer: Answer


AskEvent = AskFound | AskDraft | AskDone
