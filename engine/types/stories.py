"""Stories: posts of several sources that tell the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.types.stored import Changes


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryPost:
    """One telling of a story."""

    post_id: int
    feed_id: int
    feed_title: str
    network: str  # the kind of source
    author: str
    title: str
    url: str
    published_at: datetime
    read: bool
    hidden: bool
    new: bool  # came since the person last looked at the story
    only_here: tuple[str, ...] = ()  # sentences that no other telling has; filled by `Engine.story` with differences=True


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Posts that tell the same; `posts` begins with the one that stands for all, then the newest first."""

    id: int
    lead_id: int
    posts: tuple[StoryPost, ...]
    outlets: int  # from how many sources or people
    followed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryAct:
    """What a person did to stories by hand; `Engine.undo_story_act(id)` takes it back."""

    id: int
    changes: Changes
