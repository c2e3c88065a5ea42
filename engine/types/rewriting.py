"""What stands beside an original: a plain title, a translation, an explanation from the person's own posts, a draft of an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RewriteKind = Literal["title", "translation", "explanation", "reply"]
RewriteNote = Literal["", "off", "no_model", "language", "short", "rejected", "slow", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RewriteSource:
    """A stored post that an explanation cites, and its words, which are verbatim."""

    post_id: int
    title: str
    feed_title: str
    text: str
    about: str  # the name or word of the explained post that it speaks of


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """A text beside a post's own. It never takes the original's place, and a reply is sent by nobody but the person."""

    post_id: int
    kind: RewriteKind
    text: str  # plain; "" for an explanation, which is its sources
    method: Literal["model", "picked"]  # written and checked, or words that stand in posts
    model: str = ""
    note: RewriteNote = ""  # why no model wrote it
    language: str = ""  # of a translation: ISO 639-1
    sources: tuple[RewriteSource, ...] = ()
