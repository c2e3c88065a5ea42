"""What a source returns, and what is asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


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
    replies_url: str = ""  # of a feed that holds the comments below the post
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
    hidden: str = ""  # what the page hides from people's eyes, left out of body and text; at most 2,000 characters


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
    form: str = ""  # posted instead of asked for, urlencoded; "{token}" in it stands for the account's token


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderItem:
    """What a server of the Google Reader API says of one post."""

    guid: str
    read: bool
    starred: bool


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
