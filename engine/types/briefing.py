"""A briefing: what is worth a person's few minutes, in groups, with an end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from engine.types.deciding import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefingSentence:
    """One sentence about a post. `evidence` are the characters of the post's text that support it, `quotes` what stands there."""

    text: str
    evidence: tuple[Span, ...]
    quotes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefingItem:
    """One story, told by one post."""

    post_id: int
    title: str  # "" where the post has none
    feed_title: str
    url: str
    published_at: datetime
    sentences: tuple[BriefingSentence, ...]  # about two lines; empty where the post has no text
    method: Literal["model", "extractive"]
    model: str = ""  # "" when extractive
    note: str = ""  # why it is extractive, see `Summary.note`
    outlets: int = 1  # that tell its story, this one among them
    tellings: tuple[int, ...] = ()  # the posts of its story that came in time, this one among them
    read: bool = False
    new: int = 0  # tellings that came since an earlier briefing told the story …
    new_since: datetime | None = None  # … at that time; None: it was not told before
    nearest_liked: float | None = None  # of the one outside the bubble: cosine to the nearest liked post, None without vectors


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefingGroup:
    """Items on one subject. `kind` says what `title` is: a folder, a source, or words that the items share; "rest" has none."""

    kind: Literal["folder", "source", "words", "rest"]
    title: str
    items: tuple[BriefingItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Briefing:
    """A catch-up of a given length.

    `note` says why not every item was looked at by the model, as a key: "off", "no_model", "server", "budget", "failed", "slow",
    "cancelled"; "" where it was.
    """

    id: int = 0  # 0: nothing was new, and nothing is kept
    made_at: datetime
    since: datetime
    since_last: bool = False  # `since` is when the last briefing was made
    minutes: float  # of reading that were asked for
    groups: tuple[BriefingGroup, ...] = ()
    outside: BriefingItem | None = None  # one thing far from what the person likes
    posts: int = 0  # that came in that time
    left_out: int = 0  # of these
    done: bool = False  # False: it was interrupted, or is being made
    note: str = ""
    reading_minutes: float = 0.0  # that it takes to read

    @property
    def items(self) -> tuple[BriefingItem, ...]:
        """All items in the order of reading, the one outside the bubble last."""
        inside = tuple(item for group in self.groups for item in group.items)
        return (*inside, self.outside) if self.outside is not None else inside


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefingEvent:
    """How far a briefing is. The first has headlines and picked sentences, the last is `done`; between them some have no news."""

    briefing: Briefing
    done: int  # items that the model looked at, or will not
    total: int
    post_id: int | None = None  # of the item that changed
