"""The values that cross Millpond's inner borders: frozen, without behaviour, free of I/O.

Times are aware UTC datetimes. Ids are positive integers given by the store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]  # (n, d), unit length unless said otherwise
    Floats = NDArray[np.float32]
    Ids = NDArray[np.int64]
else:  # numpy takes longer to load than the rest of the first screen
    Vectors = Floats = Ids = Any

Order = Literal["for_you", "newest"]
SearchMode = Literal["hybrid", "words", "meaning"]
Encryption = Literal["keyring", "passphrase", "plain"]


# ---- what a source returns -------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """An image, sound or film that a post names. Nothing is fetched for it."""

    url: str
    kind: Literal["image", "audio", "video", "file"]
    mime: str = ""
    alt: str = ""
    width: int | None = None  # pixels
    height: int | None = None
    size_bytes: int | None = None
    duration_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A post that another one shows within itself."""

    author: str = ""
    text: str = ""  # plain
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """A question with answers to choose from. `votes` is empty while the network keeps them to itself."""

    options: tuple[str, ...]
    votes: tuple[int, ...] = ()  # as many as options, or none
    ends_at: datetime | None = None
    multiple: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What only some networks know of a post: plain text, bounded, addresses absolute.

    `score`, `comments_count`, `views_count`, `boosted_by` and the votes of the poll change all the time and make no new
    content; everything else is part of it.
    """

    source_kind: str = ""  # "mastodon", "youtube", …: see `engine.sources.registry`
    content_warning: str = ""
    sensitive: bool = False
    visibility: Literal["", "public", "unlisted", "followers", "direct"] = ""
    boosted_by: tuple[str, ...] = ()
    quote: Quote | None = None
    poll: Poll | None = None
    score: int | None = None  # may be negative
    comments_count: int | None = None
    views_count: int | None = None
    comments_url: str = ""
    duration_seconds: float | None = None  # of the film or recording that the post is
    reply_to_url: str = ""
    edited_at: datetime | None = None
    labels: tuple[str, ...] = ()  # of moderators, flairs, "question", "answered", …
    is_short: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedPost:
    """A post as its source returned it, already sanitised: no id and no user state yet."""

    guid: str  # unique within its feed
    url: str  # "" when the source gives none
    canonical_url: str  # `url` without tracking parameters, for matching only
    title: str  # plain text; may be ""
    author: str  # plain text; may be ""
    body_html: str  # sanitised; links absolute
    text: str  # plain text of the body
    published_at: datetime | None  # None when the source omits it or is absurd
    updated_at: datetime | None = None
    language: str = ""  # ISO 639-1 where known, else ""
    content_hash: bytes  # 32 bytes over title, author, body, url and media
    sketch: bytes = b""  # words for ranking: see engine.ranking.features
    word_count: int = 0  # a CJK character counts as half a word
    categories: tuple[str, ...] = ()
    comments_url: str = ""
    media: tuple[Media, ...] = ()
    contributors: tuple[str, ...] = ()
    rights: str = ""
    source_title: str = ""  # of the feed that an aggregator took the post from
    source_url: str = ""
    extras: Extras | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedInfo:
    """What a feed says about itself."""

    title: str = ""
    site_url: str = ""
    description: str = ""
    icon_url: str = ""
    language: str = ""
    ttl_minutes: int | None = None  # the longest of ttl and sy:update…; None when unsaid
    skip_hours: tuple[int, ...] = ()  # 0 to 23, GMT
    skip_days: tuple[str, ...] = ()  # "Monday" …
    author: str = ""
    contributors: tuple[str, ...] = ()
    copyright: str = ""
    generator: str = ""
    categories: tuple[str, ...] = ()
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request that a source wants made; `engine.http` makes it."""

    url: str
    accept: str = "*/*"
    purpose: str = "feed"
    step: str = ""  # comes back to the source's `parse` as `Meta.step`: what the answer is for
    conditional: bool = False  # with the feed's validators; the same bytes as last time are then nothing new
    statuses: tuple[int, ...] = ()  # besides 200: answers that `parse` wants to see instead of a failure
    pace_key: str = ""  # what shares one pace; "": the host
    pace_seconds: float | None = None  # between two requests; None: the policy's. From SLOW_SECONDS on, nobody waits
    signed: bool = False  # in the name of the subscription's account


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What the bytes of one answer meant.

    `cursor` says how far everything is taken once the posts of this answer and of those before it are stored; ""
    leaves it as it is. `address` is where the source settled, when the answer tells ("": where it was asked).
    """

    info: FeedInfo
    posts: tuple[FetchedPost, ...]
    cursor: str = ""
    follow_ups: tuple[Request, ...] = ()
    warnings: tuple[str, ...] = ()  # what was dropped or mended, in plain words
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A feed as written in a subscription list."""

    url: str
    title: str = ""
    site_url: str = ""
    folder: str = ""  # "A/B" when nested
    kind: str = ""  # the source that reads it; "": told by the address
    options: tuple[str, ...] = ()  # switches of its kind that are on
    account: str = ""  # the name of the account it is read with, "" for none


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What an address stands for on a network that Millpond knows."""

    kind: str
    url: str  # the one spelling under which it is followed
    what: str  # "subreddit", "person", "channel", "community", "front page", …: a key for the window to translate
    name: str = ""  # "r/python", "@ada@pond.example"
    sure: bool = True  # False: only the answer tells whether the address is of this kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What following an address would bring, before it is followed."""

    target: Target
    network: str  # "Hacker News", "Mastodon", "Feed", …: a name, not translated
    title: str
    site_url: str
    posts: tuple[FetchedPost, ...]  # the newest first, at most 20
    options: tuple[str, ...] = ()  # switches that its kind offers
    followed: bool = False  # already


# ---- what the store holds --------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True)
class Sentiment:
    """Calibrated probabilities that sum to 1."""

    negative: float
    neutral: float
    positive: float

    @property
    def label(self) -> Literal["negative", "neutral", "positive", "unsure"]:
        """The class that holds at least half of the probability, else "unsure"."""
        if self.negative >= 0.5:
            return "negative"
        if self.positive >= 0.5:
            return "positive"
        return "neutral" if self.neutral >= 0.5 else "unsure"

    @property
    def confidence(self) -> float:
        return max(self.negative, self.neutral, self.positive)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What the trained heads say of one text; None where they do not speak its language."""

    sentiment: Sentiment | None = None


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
        )


# ---- deciding --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One test of a post.

    field "words": every word of `value` stands in title, text or categories, in any order;
    "phrase": `value` stands there as it is; "author" and "source": `value` stands in the author's
    name, or in the feed's title or address. Case and width never matter.
    """

    field: Literal["words", "phrase", "author", "source"]
    value: str
    whole_word: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Posts that meet every condition are hidden, or muffled to one quiet line."""

    id: int = 0  # 0 before it is saved
    name: str
    conditions: tuple[Condition, ...]
    action: Literal["hide", "muffle"] = "hide"
    feed_ids: tuple[int, ...] = ()  # empty: all feeds
    enabled: bool = True
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleHit:
    """Why a rule took a post: the rule, and the words that did it."""

    rule_id: int
    action: Literal["hide", "muffle"]
    matched: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One signed part of a score. `name` is a key that the window translates:
    close_to_liked, close_to_disliked, words_liked, words_disliked, source_liked, source_disliked, fresh, rare_poster,
    already_from_source, already_seen, saved_like_this, baseline."""

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
    server: str  # its origin
    name: str  # "@ada@pond.example"
    item: str = field(repr=False)
    added_at: datetime


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


# ---- what the person is told -----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """One request that left the machine, or was refused before it did."""

    id: int
    at: datetime
    host: str  # name and port
    purpose: str  # "feed", "discovery", "icon", "model", …
    method: str
    sent_bytes: int
    received_bytes: int
    status: int | None  # HTTP status; None while under way or when no answer came
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    id: int
    score: float
    by: Literal["words", "meaning", "both"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    hits: tuple[SearchHit, ...]
    newest_only: bool = False  # so many posts match that only the newest were judged
    meaning_ready: bool = True  # False: vectors are still to come, these are words alone


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuery:
    text: str
    mode: SearchMode = "hybrid"
    limit: int = 50
    feed_id: int | None = None
    folder: str | None = None
    unread: bool | None = None
    saved: bool | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a long job is. `total` is None while unknown."""

    stage: str  # "fetch", "language", "embed", "rules", "scores", "summaries", "download", …
    done: int
    total: int | None
    detail: str = ""  # "153 posts/s on CPU (bf16)"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRefreshed:
    feed_id: int
    title: str
    new: int
    updated: int
    status: int  # 200, 304, …
    changes: Changes
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFailed:
    feed_id: int
    title: str
    error: str  # plain words
    retry_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageFailed:
    """A stage of enriching could not go on; the stages after it were tried all the same."""

    stage: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Enriched:
    stage: str
    changes: Changes


RefreshEvent = Progress | FeedRefreshed | FeedFailed
EnrichEvent = Progress | Enriched | StageFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStatus:
    """A model of the catalogue and whether it is here."""

    name: str
    kind: Literal["embedding", "text"]
    licence: str
    size_bytes: int
    memory_bytes: int
    languages: tuple[str, ...]
    description: str
    default: bool
    installed: bool
    path: str  # "" when not installed


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the doctor's report."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainPost:
    """A post from elsewhere than the network, for scripts and evaluation."""

    title: str
    text: str = ""
    url: str = ""
    source: str = ""
    author: str = ""
    published_at: datetime | None = None
    guid: str = ""  # "" : made from the content
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePreview:
    """What a rule would take: how many posts, and the newest of them."""

    posts: int
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSaved:
    """A rule as it was saved, and how many stored posts it took."""

    rule: Rule
    posts: int
    changes: Changes


@dataclass(frozen=True, slots=True, kw_only=True)
class Similarity:
    """(n, n) similarities, and from which on two texts tell the same story."""

    matrix: Floats
    threshold: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StarterPack:
    """Feeds for a beginning."""

    name: str
    description: str
    feeds: tuple[Subscription, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpmlImport:
    """What came of a subscription list. `private` and `refused` addresses were left out."""

    added: int
    already: int
    private: tuple[str, ...]  # on this machine or its network, and not confirmed
    refused: tuple[str, ...]  # no addresses of feeds
    changes: Changes


# ---- from and to other readers ---------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignLibrary:
    """What another reader's files hold."""

    reader: str  # "rssguard", "quiterss", "liferea", "newsboat", "opml"
    label: str
    posts: int = 0
    unread: int = 0
    starred: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedPost:
    """An article that another reader kept."""

    feed: int  # its feed's place in the library, or its id once it is followed
    read: bool
    saved: bool
    post: FetchedPost


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPreview:
    """What an import would bring. `private` and `refused` addresses would be left out."""

    reader: str
    label: str
    path: str
    feeds: int
    new_feeds: int  # of them, not followed yet
    folders: int
    posts: int
    unread: int
    starred: int
    private: tuple[str, ...]
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportDone:
    """What an import did. `updated`: posts that were there and became read or saved."""

    id: int
    reader: str
    label: str
    feeds: int
    already: int
    posts: int
    updated: int
    private: tuple[str, ...]
    refused: tuple[str, ...]
    changes: Changes


@dataclass(frozen=True, slots=True, kw_only=True)
class PastImport:
    """An import that was done. `feeds` and `posts` are those it added."""

    id: int
    reader: str
    name: str
    at: datetime
    undone_at: datetime | None
    feeds: int
    posts: int
