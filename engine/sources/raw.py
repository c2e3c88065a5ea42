"""What a parser read, before anything is cleaned: strings as they stood in the document."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.types import Extras, Media


@dataclass(slots=True)
class RawPost:
    """One item. `body` is HTML whatever the source declared; `base` is what its relative links are seen from, if stated."""

    guid: str = ""
    url: str = ""
    title: str = ""
    authors: list[str] = field(default_factory=list)
    contributors: list[str] = field(default_factory=list)
    body: str = ""
    base: str = ""
    published: str = ""
    updated: str = ""
    categories: list[str] = field(default_factory=list)
    comments: str = ""
    replies: str = ""  # the address of a feed that holds the comments
    media: list[Media] = field(default_factory=list)
    language: str = ""
    rights: str = ""
    source_title: str = ""
    source_url: str = ""
    extras: Extras | None = None  # as the network said it


@dataclass(slots=True)
class RawFeed:
    """One document. `kind` is "rss", "atom" or "json"."""

    kind: str
    title: str = ""
    site_url: str = ""
    description: str = ""
    icon: str = ""
    language: str = ""
    ttl_minutes: list[int] = field(default_factory=list)
    skip_hours: list[int] = field(default_factory=list)
    skip_days: list[str] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    contributors: list[str] = field(default_factory=list)
    rights: str = ""
    generator: str = ""
    categories: list[str] = field(default_factory=list)
    updated: str = ""
    posts: list[RawPost] = field(default_factory=list)
    next_url: str = ""
    warnings: list[str] = field(default_factory=list)
