"""What the store holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from engine.types.sources import Extras, Media

Order = Literal["for_you", "newest"]
SearchMode = Literal["hybrid", "words", "meaning"]
Encryption = Literal["keyring", "passphrase", "plain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A subscription and how it fares."""

    id: int
    url: str
    title: str  # the person's own, else the feed's, else the host
    site_url: str
    folder: str
    kind: str  # the source that reads it: "feed", …
    unread: int
    posts: int
    added_at: datetime
    last_success_at: datetime | None
    next_check_at: datetime | None
    error: str  # "" when the last fetch went well
    failures: int  # in a row
    stopped: bool  # 410, or by the person: never fetched
    options: tuple[str, ...] = ()  # switches of its kind that are on
    account: str = ""
    folded: int = 0  # of the unread ones: behind the card of another telling of their story, so lists of several feeds lack them


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchState:
    """What polite fetching must remember of one feed between two requests."""

    feed_id: int
    url: str
    etag: str | None = None  # byte for byte
    last_modified: str | None = None  # byte for byte, never re-formatted
    body_hash: bytes | None = None
    next_check_at: datetime | None = None
    last_success_at: datetime | None = None
    failures: int = 0
    not_found_since: datetime | None = None
    moved_to: str | None = None  # where permanent redirects point …
    moved_since: datetime | None = None  # … since when, and …
    moved_times: int = 0  # … how often in a row
    ttl_minutes: int | None = None  # what the feed's own document last asked for
    allow_private: bool = False  # the person typed a private or loopback address
    stopped: bool = False
    kind: str = "feed"
    cursor: str = ""  # how far the source has been taken, in words of its kind
    options: tuple[str, ...] = ()
    account: str = ""


SURE_FROM = 0.65  # a signal of at least this is there, one of at most 1 - SURE_FROM is not; between them nobody can tell


@dataclass(frozen=True, slots=True)
class Sentiment:
    """Calibrated probabilities that sum to 1."""

    negative: float
    neutral: float
    positive: float

    @property
    def label(self) -> Literal["negative", "neutral", "positive", "unsure"]:
        """The class that holds half of the probability and leads the next one by 2 · SURE_FROM - 1, else "unsure".

        Between two classes alone that is SURE_FROM, as for every other signal.
        """
        shares: dict[Literal["negative", "neutral", "positive"], float]
        shares = {"negative": self.negative, "neutral": self.neutral, "positive": self.positive}
        best, second, _ = sorted(shares, key=lambda name: -shares[name])
        sure = shares[best] >= 0.5 and shares[best] - shares[second] >= 2 * SURE_FROM - 1 - 1e-9
        return best if sure else "unsure"

    @property
    def confidence(self) -> float:
        return max(self.negative, self.neutral, self.positive)


SIGNAL_NAMES = ("joy", "sadness", "anger", "optimism", "hostility", "promotion", "clickbait", "spam", "scam")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What the trained heads say of one text, each on its own: `sentiment`, and calibrated probabilities by name.

    What is missing was not asked, because the heads do not speak the text's language: None, or no entry in `shares`.
    """

    sentiment: Sentiment | None = None
    shares: Mapping[str, float] = field(default_factory=dict)  # by names of SIGNAL_NAMES; they do not sum to anything

    def verdict(self, name: str) -> Literal["yes", "no", "unsure", "unknown"]:
        """Whether a signal of SIGNAL_NAMES is there: "unsure" inside the band, "unknown" where nobody asked."""
        share = self.shares.get(name)
        if share is None:
            return "unknown"
        if share >= SURE_FROM:
            return "yes"
        return "no" if share <= 1 - SURE_FROM else "unsure"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRow:
    """What a card shows."""

    id: int
    feed_id: int
    feed_title: str
    title: str
    excerpt: str  # at most 280 characters of plain text
    author: str
    url: str
    language: str
    published_at: datetime
    read: bool
    saved: bool
    liked: bool | None
    hidden: bool  # by the person or by a rule
    hidden_by: int | None  # the rule, when a rule hid it
    muffled_by: int | None  # the rule that makes it one quiet line
    reading_minutes: int
    sentiment: Sentiment | None
    reason: str  # the name of the strongest reason, "" when none: see Reason.name
    reason_detail: str
    extras: Extras | None = None
    labels: tuple[str, ...] = ()  # names of the rules that label it
    broke_out: str = ""  # why a rule let it through, as data: "outlets 5", "source", "anger 0.91"
    shares: Mapping[str, float] = field(default_factory=dict)  # what the heads said besides: see Signals.shares
    story_id: int | None = None  # the story that it tells with others; None while it stands alone
    story_posts: int = 1  # how many posts tell it, this one among them
    outlets: int = 1  # from how many sources or people
    people: int = 0  # how many of these are people of a network
    story_followed: bool = False
    story_new: int = 0  # posts of a followed story that came since the person last looked
    flags: tuple[str, ...] = ()  # by what it speaks to a language model instead of people: see `engine.language.injection`


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A post in full."""

    row: PostRow
    guid: str
    body_html: str
    text: str
    media: tuple[Media, ...]
    categories: tuple[str, ...]
    comments_url: str
    versions: int  # distinct contents seen so far
    first_seen_at: datetime
    content_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many posts and feeds there are. Hidden posts count as hidden only."""

    unread: int
    saved: int
    hidden: int
    posts: int
    feeds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileState:
    """What can be told of a profile without opening it."""

    exists: bool
    encryption: Encryption | None  # None: not chosen yet
    keyring_works: bool | None  # None: not tried, because this profile does not need it


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescue:
    """What a damaged database was replaced by."""

    set_aside: Path | None  # the folder where the damaged file lies now
    copy_made_at: datetime | None  # of the copy that it began with; None: there was no good one
    rows: dict[str, int]  # read out of the damaged file, by table
    damaged_tables: tuple[str, ...]  # of which not every row could be read
    posts_without_text: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineQuery:
    """Which posts, in which order. Hidden posts are left out unless `hidden` asks for them alone."""

    order: Order = "for_you"
    feed_id: int | None = None
    folder: str | None = None
    unread: bool | None = None
    saved: bool | None = None
    hidden: bool = False
    rule_id: int | None = None  # with hidden: those that this rule hid
    since: datetime | None = None
    limit: int = 500
    timeline_id: int | None = None  # a timeline of the person's own: its posts, its weights
    story_id: int | None = None  # all posts of one story, the newest first
    followed: bool = False  # one card for each followed story, those with something new first


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a write changed. Empty sets mean: nothing of that kind."""

    new: frozenset[int] = frozenset()  # posts never seen before
    updated: frozenset[int] = frozenset()  # posts whose content, state or derived values changed
    feeds: frozenset[int] = frozenset()
    rules: bool = False
    order: bool = False  # scores changed: "for_you" lists are stale
    settings: bool = False
    unknown: bool = False  # another process wrote: everything may be stale
    notify: frozenset[int] = frozenset()  # new posts that a rule wants the person told of

    def __bool__(self) -> bool:
        return bool(
            self.new or self.updated or self.feeds or self.rules or self.order or self.settings or self.unknown
        )

    def __or__(self, other: Changes) -> Changes:
        return Changes(
            new=self.new | other.new,
            updated=self.updated | other.updated,
            feeds=self.feeds | other.feeds,
            rules=self.rules or other.rules,
            order=self.order or other.order,
            settings=self.settings or other.settings,
            unknown=self.unknown or other.unknown,
            notify=self.notify | other.notify,
        )
