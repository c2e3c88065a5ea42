"""Which telling of a story stands for all, and from how many places it is told. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# On these networks everybody writes: each author is an outlet. Elsewhere the feed is.
PEOPLE = frozenset({"mastodon", "bluesky", "reddit", "hackernews", "lemmy", "lobsters"})
_AN_ARTICLE = 60  # words from which a telling says more than that there is something


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """What choosing a lead reads of one telling."""

    post_id: int
    feed_id: int
    network: str  # the kind of source
    author: str
    words: int
    published: float  # unix seconds
    shown: bool  # neither hidden nor of a feed that was left
    weight: float = 0.0  # that the person gave its feed; above 0 is preferred
    chosen: bool = False  # by the person, to stand for the story


def choose_lead(members: Sequence[Member]) -> int | None:
    """Return the post that stands for all: the person's choice, else of the feed they prefer, else the first that tells it at
    some length, else the first. None where no telling is shown."""
    shown = [member for member in members if member.shown]
    if not shown:
        return None
    best = min(shown, key=lambda m: (not m.chosen, -m.weight, m.words < _AN_ARTICLE, m.published, -m.words, m.post_id))
    return best.post_id


def outlets(members: Iterable[Member]) -> int:
    """Return how many feeds, or people of networks, tell a story."""
    return len({_outlet(member) for member in members})


def _outlet(member: Member) -> tuple[str, str]:
    if member.network in PEOPLE and member.author:
        return member.network, member.author
    return "", str(member.feed_id)
