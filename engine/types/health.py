"""How the feeds fare, and what repairing and merging them came to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from engine.types.stored import Changes

HealthVerdict = Literal["dead", "failing", "silent", "waiting", "stopped", "fine"]
NextLook = Literal["never", "now", "back_off", "host", "feed", "rhythm", "daily", "usual"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentPost:
    """What judging a feed needs of one of its latest posts."""

    at: datetime
    guid: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHealth:
    """One feed's verdict and what it rests on.

    `cause`: "gone" (410, or 404 for two months), "long_failing", "failing", "quiet", "empty" (never a post), "paused"
    (its host asked to be left alone), "first" (never asked yet), "person", or "".
    """

    feed_id: int
    title: str
    url: str
    site_url: str
    folder: str
    verdict: HealthVerdict
    cause: str
    error: str  # of the last fetch, in plain words; "" when it went well
    failures: int  # in a row
    last_success_at: datetime | None
    next_check_at: datetime | None  # None: never, or at the next refresh (see `next_look`)
    next_look: NextLook  # why then
    last_post_at: datetime | None
    usual_gap_days: float | None  # between two posts; None when too few are known
    silent_days: float | None  # since the last post
    posts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicates:
    """Subscriptions that bring the same, the one to keep first."""

    feed_ids: tuple[int, ...]
    titles: tuple[str, ...]
    cause: Literal["address", "redirect", "posts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """All feeds that are fetched, the worst first, and those that are there twice."""

    feeds: tuple[FeedHealth, ...]
    duplicates: tuple[Duplicates, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRepaired:
    """What trying a feed again came to.

    `outcome`: "works"; "moved" and "found": it is read from `address` now, after a permanent redirect or because its
    site names it; "duplicate": what it became is followed already; "failed": `error` says why.
    """

    feed_id: int
    title: str
    outcome: Literal["works", "moved", "found", "duplicate", "failed"]
    address: str = ""
    before: str = ""  # the address until now, where it changed
    error: str = ""
    new: int = 0  # posts


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedsMerged:
    """Several subscriptions made one. `undo_merge(id)` takes it back."""

    id: int
    keep_id: int
    feed_ids: tuple[int, ...]  # that are followed no longer
    moved: int  # posts that only they had
    united: int  # posts that both had: what was done with either holds
    at: datetime
    undone_at: datetime | None = None
    changes: Changes = Changes()  # noqa: RUF009 - frozen
