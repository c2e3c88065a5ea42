"""What the person is told, and what scripts give and get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from engine.types.arrays import Floats
from engine.types.deciding import Rule
from engine.types.ranked import AlgorithmChange
from engine.types.sources import Subscription
from engine.types.stored import Changes, SearchMode


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
class Offline:
    """No host at all could be reached. It counts as no feed's failure."""

    feed_ids: tuple[int, ...]
    retry_at: datetime
    error: str = "You seem to be offline: no site can be reached. Millpond tries again soon."


@dataclass(frozen=True, slots=True, kw_only=True)
class StageFailed:
    """A stage of enriching could not go on; the stages after it were tried all the same."""

    stage: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Enriched:
    stage: str
    changes: Changes


RefreshEvent = Progress | FeedRefreshed | FeedFailed | Offline
EnrichEvent = Progress | Enriched | StageFailed


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
    """What a rule would take: how many posts, and the newest of them.

    Where it goes by a score (a topic or a signal): the posts nearest to the threshold on both sides, nearest first, with
    their scores. `ready` is False while no model could be asked about the topic.
    """

    posts: int
    ids: tuple[int, ...]
    threshold: float | None = None
    inside: tuple[tuple[int, float], ...] = ()
    outside: tuple[tuple[int, float], ...] = ()
    ready: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSaved:
    """A rule as it was saved, and how many stored posts it took so far."""

    rule: Rule
    posts: int
    changes: Changes
    more: bool = False  # older posts are still to be judged: see `Engine.reapply_rules`


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleProgress:
    """How far down the posts, from the newest, a rule was judged since it changed."""

    rule_id: int
    done: int  # posts
    total: int | None  # None while unknown
    version: int = 0  # another one each time the rule changes
    removed: bool = False  # it was removed, and what it took comes back


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesCompared:
    """What taking rules over from a text would change, and remarks on lines of it."""

    changes: tuple[AlgorithmChange, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesImported:
    """What came of taking rules over from a text. `before` is what `Engine.put_rules_back` needs to undo it."""

    added: int
    changed: int
    removed: int
    remarks: tuple[str, ...]
    before: tuple[Rule, ...]
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
