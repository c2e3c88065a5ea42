"""When to ask a feed again, and what to remember of it: pure functions from one `FetchState` to the next.

The numbers P1 to P21 in comments name the points of the checklist that tests/conformance/test_polite_fetching.py walks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from engine.types import FetchState

FLOOR = timedelta(minutes=60)  # P5: between two conditional requests
UNCONDITIONAL = timedelta(hours=24)  # P5: between requests of a feed whose server says nothing that helps
CEILING = timedelta(hours=24)  # P7, P10: no hint and no failure keeps a feed away for longer
JITTER = 0.1  # of an interval, so that feeds added together drift apart
PAUSE = timedelta(minutes=10)  # P8: when a host says "not now" without saying for how long
OFFLINE = timedelta(minutes=5)  # between two tries of a machine that reaches nobody
LONGEST_PAUSE = timedelta(days=7)
MOVED_TIMES, MOVED_FOR = 3, timedelta(days=2)  # P11
RHYTHM_SHARE = 24  # of the time between two posts of a feed that one may be late, at most
WINDOW_POSTS = 10  # that a feed's document holds at least: what a failing feed must not outrun
SLACK = timedelta(minutes=5)  # by which a clock may be put right without anything having been wrong
NOT_FOUND_FOR = timedelta(days=60)  # P14: platforms have answered 404 for weeks and come back

_SECONDS = re.compile(r"[0-9]{1,12}")
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?([0-9]{1,12})", re.IGNORECASE)
_NO_STORE = re.compile(r"(?:^|[,\s])no-store(?:$|[,\s])", re.IGNORECASE)


def due(state: FetchState, now: datetime) -> bool:
    """Whether the feed may be asked again. A time that was set while the clock was wrong counts as past."""
    if state.stopped:
        return False
    return state.next_check_at is None or state.next_check_at <= now or _of_a_wrong_clock(state, now)


def _of_a_wrong_clock(state: FetchState, now: datetime) -> bool:
    """Whether a state was stored by a clock that was ahead: it succeeded in the future, or waits longer than anything may."""
    if state.last_success_at is not None and state.last_success_at > now + SLACK:
        return True
    return state.next_check_at is not None and state.next_check_at - now > LONGEST_PAUSE + CEILING


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """Return how long a Retry-After header asks to wait (seconds or an HTTP date), between nothing and a week."""
    if value is None:
        return None
    value = value.strip()
    if _SECONDS.fullmatch(value):
        wait = timedelta(seconds=min(int(value), LONGEST_PAUSE.total_seconds()))
    else:
        moment = http_date(value)
        if moment is None:
            return None
        wait = moment - now
    return min(max(wait, timedelta(0)), LONGEST_PAUSE)


def pause(times: int, asked: timedelta | None) -> timedelta:
    """Return how long to leave a host alone after its `times`-th 429 or 503 in a row (P8, P9).

    What it asked for, and at least ten minutes doubled with each repetition up to a day; the first time, what it asked
    for alone.
    """
    grown: timedelta = min(PAUSE * 2 ** min(times - 1, 10), CEILING)
    if asked is None:
        return grown
    return asked if times <= 1 else max(asked, grown)


def http_date(value: str) -> datetime | None:
    """Read a date of any format that HTTP knows; None when it is none."""
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        return None


def after_success(
    state: FetchState,
    *,
    now: datetime,
    status: int,
    headers: Mapping[str, str],
    permanent_url: str | None,
    body_hash: bytes | None,
    ttl_minutes: int | None,
    refresh_minutes: int,
    jitter: float,
    incremental: bool = False,
    rhythm: timedelta | None = None,
) -> FetchState:
    """Return what to remember after an answer that was the feed, or 304.

    Args:
        headers: lower-case names.   permanent_url: see `HttpResponse`.   body_hash: of a 200; ignored on 304.
        ttl_minutes: what the feed's own document asks for; a 304 leaves what is known.   jitter: in [0, 1).
        incremental: the source is an interface that is asked for what is new, so it needs no validators.
        rhythm: the time between two of its posts lately; None when nothing is known of it yet.
    """
    if status == 304:  # P4: a 304 may renew validators; what it does not name stays
        etag = headers.get("etag", state.etag)
        last_modified = headers.get("last-modified", state.last_modified)
        body_hash, ttl_minutes = state.body_hash, state.ttl_minutes
    else:
        etag, last_modified = headers.get("etag"), headers.get("last-modified")
    if _never_kept(headers):  # P7
        etag = last_modified = None
    wait = _interval(
        headers,
        now=now,
        conditional=incremental or etag is not None or last_modified is not None,
        ttl_minutes=ttl_minutes,
        refresh_minutes=refresh_minutes,
        rhythm=rhythm,
    )
    settled = replace(
        state,
        etag=etag,
        last_modified=last_modified,
        body_hash=body_hash,
        ttl_minutes=ttl_minutes,
        next_check_at=now + wait * (1 + JITTER * jitter),
        last_success_at=now,
        failures=0,
        not_found_since=None,
    )
    return _follow_move(settled, permanent_url, now)


def after_failure(
    state: FetchState,
    *,
    now: datetime,
    status: int | None,
    retry_after_seconds: float | None,
    refresh_minutes: int,
    jitter: float,
    rhythm: timedelta | None = None,
) -> FetchState:
    """Return what to remember after no answer, an error, or an answer that was no feed.

    Args:
        status: None when no answer came.
        retry_after_seconds: what the host asked for. With `status` None the host was not asked at all, because it
            is paused; that is no failure of the feed.
        jitter: in [0, 1).   rhythm: see `after_success`.
    """
    asked = timedelta(seconds=min(retry_after_seconds or 0, LONGEST_PAUSE.total_seconds()))
    if status is None and retry_after_seconds is not None:
        planned = None if _of_a_wrong_clock(state, now) else state.next_check_at
        last = state.last_success_at
        return replace(
            state,
            next_check_at=max(planned or now, now + asked),
            last_success_at=min(last, now) if last is not None else None,
        )
    failures = state.failures + 1
    if status == 410:  # P14
        return replace(state, failures=failures, next_check_at=None, stopped=True)
    not_found_since = state.not_found_since
    if status == 404:
        not_found_since = not_found_since or now
        if now - not_found_since >= NOT_FOUND_FOR:
            return replace(state, failures=failures, next_check_at=None, not_found_since=not_found_since, stopped=True)
    elif status is not None:
        not_found_since = None
    return replace(
        state,
        failures=failures,
        not_found_since=not_found_since,
        next_check_at=now + max(back_off(failures, refresh_minutes=refresh_minutes, jitter=jitter, rhythm=rhythm), asked),
    )


def after_no_network(state: FetchState, now: datetime) -> FetchState:
    """Return what to remember when this machine was offline: no failure, and soon again."""
    planned = state.next_check_at
    waits = planned is not None and planned > now and not _of_a_wrong_clock(state, now)
    return replace(state, next_check_at=planned if waits else now + OFFLINE)


def back_off(failures: int, *, refresh_minutes: int, jitter: float, rhythm: timedelta | None = None) -> timedelta:
    """Return the wait after the `failures`-th failure in a row: doubled each time, at most a day (P10).

    A busy feed is asked again before its document has forgotten what came meanwhile, though never sooner than usual.
    """
    spread = 1 + 0.25 * jitter
    first = max(timedelta(minutes=refresh_minutes), FLOOR)
    longest = CEILING / 1.25
    if rhythm is not None:
        longest = min(longest, max(first, rhythm * WINDOW_POSTS))
    wait: timedelta = min(first * 2 ** min(max(failures - 1, 0), 16), longest)
    return wait * spread


def words_for_status(status: int) -> str:
    """Say in plain words what a status other than 200 and 304 means for a feed."""
    known = {
        401: "The feed asks for a user name and a password (401).",
        403: "The site does not let Millpond read this feed (403).",
        404: "There is nothing at this address now (404). Millpond keeps trying, less and less often.",
        410: "The feed is gone for good (410). Millpond will not ask for it again.",
        429: "The site says that it is asked too often (429). Millpond leaves it alone for a while.",
        451: "The site may not show this feed for legal reasons (451).",
        503: "The site is busy (503). Millpond leaves it alone for a while.",
    }
    if status in known:
        return known[status]
    if 500 <= status < 600:
        return f"The site has an error of its own ({status}). Millpond tries again later."
    if 400 <= status < 500:
        return f"The site refuses to give this feed ({status})."
    return f"The site's answer holds no feed ({status})."


def _never_kept(headers: Mapping[str, str]) -> bool:
    return headers.get("expires", "").strip() == "0" or bool(_NO_STORE.search(headers.get("cache-control", "")))


def _interval(
    headers: Mapping[str, str],
    *,
    now: datetime,
    conditional: bool,
    ttl_minutes: int | None,
    refresh_minutes: int,
    rhythm: timedelta | None,
) -> timedelta:
    """The longest of the person's interval, the hints and a share of the feed's rhythm, clamped (P5, P7, P19).

    A feed without validators is asked once a day, unless its server or the feed itself says how long an answer is good.
    """
    hints: list[timedelta] = []
    age = _MAX_AGE.search(headers.get("cache-control", ""))
    if age:
        hints.append(timedelta(seconds=min(int(age.group(1)), CEILING.total_seconds())))
    expires = http_date(headers["expires"]) if "expires" in headers and not age else None
    if expires is not None:
        hints.append(expires - now)
    if ttl_minutes is not None:
        hints.append(timedelta(minutes=min(max(ttl_minutes, 0), CEILING.total_seconds() / 60)))
    wait = max(timedelta(minutes=refresh_minutes), FLOOR)
    if rhythm is not None:
        wait = max(wait, min(rhythm / RHYTHM_SHARE, CEILING))
    if hints:
        return max(wait, min(max(hints), CEILING))
    if conditional or _never_kept(headers):
        return wait
    return max(wait, UNCONDITIONAL)


def _follow_move(state: FetchState, permanent_url: str | None, now: datetime) -> FetchState:
    """Adopt a new address once it was named long and often enough, answer after answer (P11)."""
    if permanent_url is None or permanent_url == state.url:
        return replace(state, moved_to=None, moved_since=None, moved_times=0)
    if permanent_url != state.moved_to or state.moved_since is None:
        return replace(state, moved_to=permanent_url, moved_since=now, moved_times=1)
    times = state.moved_times + 1
    if times < MOVED_TIMES or now - state.moved_since < MOVED_FOR:
        return replace(state, moved_times=times)
    same_host = urlsplit(permanent_url).netloc == urlsplit(state.url).netloc
    return replace(
        state,
        url=permanent_url,
        allow_private=state.allow_private and same_host,  # the person named that host, not this one
        moved_to=None,
        moved_since=None,
        moved_times=0,
    )
