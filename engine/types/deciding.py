"""What is decided of posts, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from engine.types.ranked import Counterfactual

Field = Literal[
    "words", "phrase", "title", "regex", "author", "source", "network", "domain", "language", "media", "signal", "topic", "age",
    "length", "outlets",
]  # fmt: skip
Action = Literal["hide", "muffle", "label", "boost", "star", "notify", "read", "allow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One test of a post.

    By words: "words": every word of `value` stands in title, text or categories, in any order; "phrase": `value` stands
    there as it is; "title": it stands in the title; "regex": the pattern is found in title or text; "author" and "source":
    `value` stands in the author's name, or in the feed's title or address. Case and width never matter.
    By facts: "network" is the kind of source ("mastodon", "feed", …), "domain" the host of the post's link or one above it,
    "language" an ISO 639-1 code, "media" one of image, audio, video, none.
    By number, from `low` to `high`: "age" in hours when the post arrived, "length" in words, "outlets" that tell its story.
    By model: "signal": the probability of the signal that `value` names; "topic": the cosine between the post and the
    description in `value`, or posts like the `examples` and unlike the `counterexamples`.
    """

    field: Field
    value: str
    whole_word: bool = True
    negated: bool = False
    low: float | None = None
    high: float | None = None
    examples: tuple[int, ...] = ()
    counterexamples: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakout:
    """What lets a post through that its rule would hide or muffle: any one of these. The post then says so."""

    outlets: int = 0  # its story is told by so many; 0: does not count
    feed_ids: tuple[int, ...] = ()  # it comes from one of these
    signal: str = ""  # this signal reaches `at_least`
    at_least: float = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is done with posts that meet every condition.

    "hide": they go to the tray; "muffle": one quiet line; "label": the rule's name stands on them; "boost": ranked higher;
    "allow": no other rule hides or muffles them. "star", "read" and "notify" act once, when a post arrives.
    """

    id: int = 0  # 0 before it is saved
    name: str
    conditions: tuple[Condition, ...]
    action: Action = "hide"
    feed_ids: tuple[int, ...] = ()
    folders: tuple[str, ...] = ()  # and what they hold; without feeds and folders: all feeds
    enabled: bool = True
    created_at: datetime | None = None
    until: datetime | None = None  # off from then on
    breakout: Breakout | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleHit:
    """Why a rule took a post: the rule, and the words or the score that did it. "breakout": it let the post through."""

    rule_id: int
    action: Action | Literal["breakout"]
    matched: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleErrors:
    """How often a rule was wrong, of the posts that the person judged; `low` and `high` bound the rate by 95 % (Wilson 1927)."""

    judged: int
    mistakes: int
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One signed part of a score. `name` is a key that the window translates.

    Learnt: close_to_liked, close_to_disliked, words_liked, words_disliked, source_liked, source_disliked, author_liked,
    author_disliked, signals_liked, signals_disliked, hour_liked, hour_disliked, big_story, small_story.
    Set by the person: more_topic, less_topic, more_word, less_word, more_source, less_source, more_author, less_author,
    more_signal, less_signal, weighed_down (`detail` names the signals), rule_boost.
    Beside it: fresh, rare_poster, already_seen, unsure (shown because nobody can tell yet), already_from_source,
    already_on_topic, already_in_story.
    """

    name: str
    contribution: float
    detail: str = ""  # data to show beside it (a title, a count), never a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The reasons' contributions sum to `score` (within 1e-6)."""

    post_id: int
    score: float
    reasons: tuple[Reason, ...]
    position: int | None  # in the whole For you timeline, from 1; None when it is not in it
    hit: RuleHit | None = None
    nearest_liked: tuple[tuple[int, str, float], ...] = ()  # post id, title, cosine
    counterfactuals: tuple[Counterfactual, ...] = ()  # what would move it; () for a post without a place


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Characters [start, end) of the text that was summarised."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SummarySentence:
    text: str
    evidence: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Sentences that the source supports. `text` is what was summarised: spans index it."""

    sentences: tuple[SummarySentence, ...]
    method: Literal["model", "extractive"]
    model: str  # "" when extractive
    text: str
    rejected: int = 0  # sentences the model wrote and the check refused
    note: str = ""  # why it is extractive, as a key: "no_model", "language", "rejected", "short", "off", "failed", "slow"
    tries: int = 1  # how often it was tried in a row because the model was slow or failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """The main text of a web page."""

    title: str
    text: str
    author: str = ""
    published_at: datetime | None = None
    body_html: str = ""  # sanitised; only where it was asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class FullText:
    """The article on a post's own page, kept beside what the feed gave."""

    post_id: int
    url: str  # after redirects
    title: str
    body_html: str  # sanitised
    text: str
    fetched_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody's account on a network. The token lies in the keyring under `item`."""

    id: int
    kind: str  # of source
    server: str  # its origin; of a Google Reader server with its path
    name: str  # "@ada@pond.example"
    item: str = field(repr=False)
    added_at: datetime
    scopes: str = "read"  # what the server lets it do, words with blanks between them
    error: str = ""  # why its read and starred posts could not be made to agree, in plain words
    synced_at: datetime | None = None  # when they last agreed


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """One comment below a post, as plain text. `depth` is 0 for an answer to the post itself."""

    author: str
    text: str
    published: str  # ISO 8601; "" where it is not said
    depth: int
    score: int | None = None
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """The comments below a post, in the order in which they are read. `left_out`: how many more there are."""

    post_id: int
    comments: tuple[Comment, ...]
    left_out: int = 0
