"""How a feed fares, which subscriptions are the same, and which of their posts: values in, values out."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from urllib.parse import urlsplit

from engine import polite
from engine.types import Duplicates, Feed, FeedHealth, FetchState, HealthVerdict, NextLook, RecentPost

ORDER: tuple[HealthVerdict, ...] = ("dead", "failing", "silent", "waiting", "stopped", "fine")  # the worst first
DEAD_AFTER, DEAD_FAILURES = timedelta(days=30), 8  # of failing without a success between
SILENT_FLOOR = timedelta(days=30)  # no feed is called silent sooner
SILENT_GAPS = 3.0  # times the longest pause that it made before
FEW_POSTS, SILENT_FEW = 3, timedelta(days=365)  # with fewer posts than that, nothing is known of its rhythm
LOOKED_AT = 20  # posts of a feed
SHARED, SHARED_LEAST = 0.6, 3  # of the latest posts of both, and how many at least, make two feeds one
COMMON = 12  # a page that more feeds than this link to says nothing

_TRACKING = re.compile(r"(?:^|&)(?:utm_[^=&]*|fbclid|gclid|ref)=[^&]*")
_PORTS = {"http": 80, "https": 443}


def judge(
    feed: Feed, state: FetchState, posts: Sequence[RecentPost], *, now: datetime, paused_until: datetime | None = None,
    rhythm: timedelta | None = None, refresh_minutes: int = 60,
) -> FeedHealth:
    """Say how a feed fares.

    Args:
        posts: its latest ones, at most `LOOKED_AT` matter.   paused_until: when its host may be asked again.
        rhythm: as `polite` has it, for telling why the next look is when it is.
    """
    days = sorted(post.at for post in posts)[-LOOKED_AT:]
    gaps = [later - earlier for earlier, later in pairwise(days)]
    silence = now - days[-1] if days else None
    paused = paused_until if paused_until is not None and paused_until > now else None
    verdict, cause = _verdict(feed, state, gaps, silence, paused, now)
    next_at, next_look = _next(state, paused, rhythm, refresh_minutes, now)
    return FeedHealth(
        feed_id=feed.id, title=feed.title, url=feed.url, site_url=feed.site_url, folder=feed.folder, verdict=verdict,
        cause=cause, error=feed.error, failures=state.failures, last_success_at=state.last_success_at, next_check_at=next_at,
        next_look=next_look, last_post_at=days[-1] if days else None,
        usual_gap_days=median(gap / timedelta(days=1) for gap in gaps) if len(days) >= FEW_POSTS else None,
        silent_days=max(silence / timedelta(days=1), 0.0) if silence is not None else None, posts=feed.posts,
    )  # fmt: skip


def worst_first(found: Iterable[FeedHealth]) -> tuple[FeedHealth, ...]:
    return tuple(sorted(found, key=lambda health: (ORDER.index(health.verdict), -health.failures, health.title.casefold(), health.feed_id)))


def _verdict(
    feed: Feed, state: FetchState, gaps: Sequence[timedelta], silence: timedelta | None, paused: datetime | None, now: datetime
) -> tuple[HealthVerdict, str]:
    if state.stopped:
        # What a server ended has no next time any more; what a person stopped keeps its.
        ended = state.failures > 0 and state.next_check_at is None
        return ("dead", "gone") if ended else ("stopped", "person")
    since = state.last_success_at or feed.added_at
    if state.failures >= DEAD_FAILURES and now - since >= DEAD_AFTER:
        return "dead", "long_failing"
    if paused is not None:
        return "waiting", "paused"
    if state.failures:
        return "failing", "failing"
    if state.last_success_at is None:
        return "waiting", "first"
    if silence is None:
        return ("silent", "empty") if now - feed.added_at > SILENT_FLOOR else ("fine", "")
    if len(gaps) + 1 < FEW_POSTS:
        return ("silent", "quiet") if silence > SILENT_FEW else ("fine", "")
    return ("silent", "quiet") if silence > max(SILENT_FLOOR, max(gaps) * SILENT_GAPS) else ("fine", "")


def _next(
    state: FetchState, paused: datetime | None, rhythm: timedelta | None, refresh_minutes: int, now: datetime
) -> tuple[datetime | None, NextLook]:
    if state.stopped:
        return None, "never"
    at = state.next_check_at
    if paused is not None and (at is None or at <= paused):
        return paused, "host"
    if polite.due(state, now):
        return None, "now"
    if state.failures:
        return at, "back_off"
    usual = max(timedelta(minutes=refresh_minutes), polite.FLOOR)
    if state.ttl_minutes is not None and timedelta(minutes=state.ttl_minutes) > usual:
        return at, "feed"
    if rhythm is not None and rhythm / polite.RHYTHM_SHARE > usual:
        return at, "rhythm"
    waits = at - state.last_success_at if at is not None and state.last_success_at is not None else usual
    if waits > usual * (1 + 2 * polite.JITTER):
        return at, "daily" if state.etag is None and state.last_modified is None else "host"
    return at, "usual"


# ---- the same subscription twice -------------------------------------------------------------


def address_key(url: str) -> str:
    """Reduce an address so that http and https, with and without www, a closing slash and tracking give one."""
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").rstrip(".").removeprefix("www."), parts.port
    except ValueError:
        return url
    if not host:
        return url
    named = f":{port}" if port is not None and port != _PORTS.get(parts.scheme.lower()) else ""
    query = _TRACKING.sub("", parts.query).strip("&")
    route = parts.fragment if parts.fragment.startswith(("/", "!")) else ""
    return host + named + parts.path.rstrip("/") + (f"?{query}" if query else "") + (f"#{route}" if route else "")


def duplicates(
    feeds: Sequence[Feed], states: Mapping[int, FetchState], posts: Mapping[int, Sequence[RecentPost]], found: Mapping[int, FeedHealth]
) -> tuple[Duplicates, ...]:
    """Group the subscriptions that bring the same: one address, one address after redirects, or the same posts.

    The first of each group is the one to keep: it fares best, then it is the encrypted address, then it has most posts.
    """
    groups: list[Duplicates] = []
    taken: set[int] = set()
    by_id = {feed.id: feed for feed in feeds if feed.id in states}

    def best_first(feed_id: int) -> tuple[int, bool, bool, int, int]:
        feed = by_id[feed_id]
        health = found.get(feed_id)
        moved = states[feed_id].moved_to is not None
        return -(ORDER.index(health.verdict) if health else 0), not moved, feed.url.startswith("https:"), feed.posts, -feed_id

    def add(ids: Iterable[int], cause: str) -> None:
        group = sorted((feed_id for feed_id in dict.fromkeys(ids) if feed_id not in taken), key=best_first, reverse=True)
        if len(group) > 1:
            taken.update(group)
            titles = tuple(by_id[feed_id].title for feed_id in group)
            groups.append(Duplicates(feed_ids=tuple(group), titles=titles, cause=cause))  # type: ignore[arg-type]

    for ids in _gathered((_read_as(feed, feed.url), feed.id) for feed in by_id.values()):
        add(ids, "address")
    settled = ((_read_as(feed, states[feed.id].moved_to or feed.url), feed.id) for feed in by_id.values())
    for ids in _gathered(settled):
        add(ids, "redirect")
    for ids in _same_posts({feed_id: posts.get(feed_id, ()) for feed_id in by_id if feed_id not in taken}):
        add(ids, "posts")
    return tuple(sorted(groups, key=lambda group: group.titles[0].casefold()))


def _read_as(feed: Feed, url: str) -> Hashable:
    return feed.kind, feed.options, feed.account, address_key(url)


def _gathered(keyed: Iterable[tuple[Hashable, int]]) -> list[list[int]]:
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for key, feed_id in keyed:
        groups[key].append(feed_id)
    return [ids for ids in groups.values() if len(ids) > 1]


def _same_posts(posts: Mapping[int, Sequence[RecentPost]]) -> list[list[int]]:
    """Feeds whose latest posts are mostly the same, by address or else by guid. Linear in the number of posts."""
    pages = {
        feed_id: {address_key(post.url) if post.url else post.guid for post in sorted(listed, key=lambda post: post.at)[-LOOKED_AT:]}
        for feed_id, listed in posts.items()
    }
    by_page: dict[str, list[int]] = defaultdict(list)
    for feed_id, named in pages.items():
        for page in named:
            by_page[page].append(feed_id)
    shared: Counter[tuple[int, int]] = Counter()
    for ids in by_page.values():
        if 1 < len(ids) <= COMMON:
            shared.update((one, other) for at, one in enumerate(ids) for other in ids[at + 1 :])
    chosen = [
        pair for pair, n in shared.items()
        if n >= SHARED_LEAST and n / max(len(pages[pair[0]]), len(pages[pair[1]])) >= SHARED
    ]  # fmt: skip
    group_of: dict[int, set[int]] = {}
    for one, other in chosen:
        united = group_of.get(one, {one}) | group_of.get(other, {other})
        group_of |= dict.fromkeys(united, united)
    return [sorted(group) for group in {frozenset(group) for group in group_of.values()}]


# ---- the same post in two feeds --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PostKey:
    """What tells whether two posts are one. `text_key` is 0 where there is no text."""

    id: int
    guid: str
    url: str
    text_key: int


def twins(kept: Sequence[PostKey], others: Sequence[PostKey]) -> dict[int, int]:
    """Return, for posts of one feed, the post of the kept feed that is the same. Each is taken once.

    The same: one address on both sides (where several posts of a feed link to it, the same text too), else one guid, if
    that is an address or long enough not to be a mere number, or the texts agree.
    """
    by_url, by_guid = _by_address(kept), {post.guid: post for post in kept}
    other_urls = _by_address(others)
    found: dict[int, int] = {}
    taken: set[int] = set()
    for post in others:
        there = [one for one in by_url.get(address_key(post.url), ()) if one.id not in taken] if post.url else []
        alone = len(there) == 1 and len(other_urls[address_key(post.url)]) == 1
        match = next((one for one in there if alone or (post.text_key and one.text_key == post.text_key)), None)
        if match is None:
            same = by_guid.get(post.guid)
            telling = ":" in post.guid or len(post.guid) >= 16
            if same is not None and same.id not in taken and (telling or (post.text_key and same.text_key == post.text_key)):
                match = same
        if match is not None:
            taken.add(match.id)
            found[post.id] = match.id
    return found


def _by_address(posts: Iterable[PostKey]) -> Mapping[str, list[PostKey]]:
    groups: dict[str, list[PostKey]] = defaultdict(list)
    for post in posts:
        if post.url:
            groups[address_key(post.url)].append(post)
    return groups


# ---- in words --------------------------------------------------------------------------------


def words(health: FeedHealth, now: datetime) -> str:
    """Say in English, for the command line, why a feed has its verdict."""
    error = health.error.rstrip(".") if health.error else ""
    if health.cause == "quiet" and health.silent_days is not None:
        usual = f"; it used to post every {_span(health.usual_gap_days)}" if health.usual_gap_days is not None else ""
        return f"no post for {_span(health.silent_days)}{usual}"
    return {
        "gone": f"{error or 'gone for good'}; not asked any more",
        "long_failing": f"failing since {_since(health, now)}, {health.failures} times in a row: {error}",
        "failing": f"{health.failures} failure{'s' if health.failures > 1 else ''} in a row: {error}",
        "empty": "it never had a post",
        "paused": f"its site asked to be left alone for a while{f': {error}' if error else ''}",
        "first": "not asked yet",
        "person": "you stopped fetching it",
    }.get(health.cause, error)


def next_words(health: FeedHealth) -> str:
    """Say why the next look is when it is."""
    return {
        "never": "not asked any more", "now": "at the next refresh", "back_off": "later after each failure",
        "host": "as its site asks", "feed": "as the feed itself asks", "rhythm": "because it posts seldom",
        "daily": "once a day, because its site does not say whether anything changed", "usual": "as usual",
    }[health.next_look]  # fmt: skip


def _since(health: FeedHealth, now: datetime) -> str:
    if health.last_success_at is None:
        return "the beginning"
    return f"{_span((now - health.last_success_at) / timedelta(days=1))} ago"


def _span(days: float) -> str:
    hours = round(days * 24)
    if hours < 24:
        return f"{hours} hours" if hours != 1 else "hour"
    if days < 60:
        return f"{round(days)} days" if round(days) != 1 else "day"
    return f"{round(days / 30.4)} months" if days < 730 else f"{round(days / 365.25)} years"
