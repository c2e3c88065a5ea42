"""Asking one source: its first requests, what their answers need besides, and the `parse` worker in between."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

from engine import polite
from engine.errors import EngineError, FetchError
from engine.http import Client, HttpRequest, HttpResponse
from engine.sources import registry
from engine.sources.source import MAX_CURSOR, MAX_LINK, MAX_STEP, SLOW_SECONDS, Source
from engine.store import Store
from engine.types import FeedInfo, FetchedPost, FetchState, Parsed, Request, Subscription
from engine.workers.clients import ParseWorker

log = logging.getLogger(__name__)

MAX_POSTS = 5_000  # of one conversation
PURPOSES = frozenset({"feed", "account", "thread"})  # what a worker may call its follow-ups in the ledger

Headers = Mapping[str, str]


def body_hash(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).digest()


def subscription_of(state: FetchState) -> Subscription:
    return Subscription(url=state.url, kind=state.kind, options=state.options, account=state.account)


def first_requests(state: FetchState) -> tuple[Request, ...]:
    """Raises InputError when there is no such kind, or the address is none of it."""
    return registry.source(state.kind).first(subscription_of(state), state.cursor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a conversation came to.

    `headers` are those that polite fetching looks at; `parsed` is None when there was nothing new. `broken` tells what
    ended it early: what came before is in `parsed`.
    """

    status: int
    headers: Headers
    parsed: Parsed | None
    body_hash: bytes | None = None  # of an answer that is compared with the next
    permanent_url: str | None = None
    validators: bool = False  # a later request can ask whether anything changed
    broken: EngineError | None = None


@dataclass(slots=True)
class _Gathered:
    """The answers so far, as one."""

    cursor: str
    info: FeedInfo | None = None
    posts: dict[str, FetchedPost] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    address: str = ""

    def take(self, parsed: Parsed, *, whole: bool) -> None:
        """Add an answer; its cursor counts only when the conversation is `whole` up to here."""
        if self.info is None or (parsed.info.title and not self.info.title):
            self.info = parsed.info
        for post in parsed.posts:
            known = self.posts.get(post.guid)
            if known is None:
                if len(self.posts) < MAX_POSTS:
                    self.posts[post.guid] = post
            elif known.extras and post.extras and post.extras.boosted_by:
                boosters = tuple(dict.fromkeys((*known.extras.boosted_by, *post.extras.boosted_by)))
                self.posts[post.guid] = replace(known, extras=replace(known.extras, boosted_by=boosters))
        self.warnings += [warning for warning in parsed.warnings if warning not in self.warnings]
        self.address = parsed.address or self.address
        if whole and parsed.cursor:
            self.cursor = parsed.cursor[:MAX_CURSOR]

    def parsed(self) -> Parsed:
        return Parsed(
            info=self.info or FeedInfo(),
            posts=tuple(self.posts.values()),
            cursor=self.cursor,
            warnings=tuple(self.warnings),
            address=self.address,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """What asking needs. `authorise` gives the headers of a request that is made in an account's name."""

    client: Client
    parse: ParseWorker
    authorise: Callable[[FetchState, Request], Headers] = lambda state, request: {}
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def ask(
        self,
        state: FetchState,
        *,
        auth: tuple[str, str] | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Asked:
        """Make a source's requests, round after round, until nothing is left to ask or its bound is reached.

        Raises:
            FetchError, ParseError: the first answer already brought nothing.   InputError: see `first_requests`.
        """
        source = registry.source(state.kind)
        requests = first_requests(state)
        hosts = {_host(request.url) for request in requests} | source.hosts
        gathered = _Gathered(cursor=state.cursor)
        kept: tuple[Request, HttpResponse] | None = None
        broken: EngineError | None = None
        left = source.follow_ups
        while requests and broken is None:
            following: list[Request] = []
            for request, outcome in self._fetch_all(source, state, requests, auth, stopped):
                try:
                    answer = _answered(source, request, outcome, self.clock())
                    if answer.status == 304 or (request.conditional and body_hash(answer.body) == state.body_hash):
                        return _unchanged(state, answer)
                    parsed = self._parse(state, request, answer, gathered.cursor)
                except EngineError as error:
                    if gathered.info is None:
                        raise
                    broken = broken or error
                    continue
                if kept is None or (kept[1].status != 200 and answer.status == 200):
                    kept = (request, answer)
                gathered.take(parsed, whole=broken is None)
                following += parsed.follow_ups
            requests = tuple(_allowed(following, hosts))[:left]
            left -= len(requests)
        assert kept is not None, "a source makes at least one request"
        if broken is not None and not gathered.posts and not gathered.address:
            raise broken  # nothing was learnt but the way to what failed
        return _asked(kept, gathered, broken)

    def fetch(self, state: FetchState, request: Request, auth: tuple[str, str] | None = None) -> HttpResponse:
        """Make one request of a source. Raises FetchError, RefusedError."""
        source = registry.source(state.kind)
        home = _origin(request.url) == _origin(state.url)
        headers = dict(self.authorise(state, request)) if request.signed else {}
        content = None
        if request.form:
            content = request.form.replace("{token}", quote(token_of(headers), safe="")).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        return self.client.fetch(
            HttpRequest(
                url=request.url,
                method="GET" if content is None else "POST",
                content=content,
                purpose=request.purpose if request.purpose in PURPOSES else "feed",
                accept=request.accept,
                etag=state.etag if request.conditional else None,
                last_modified=state.last_modified if request.conditional else None,
                headers=headers,
                allow_private=state.allow_private and home,
                auth=auth if home else None,
                connections=source.connections if source.connections > 1 else None,
                # A slow pace is kept by `SlowTurns`, which nobody waits for.
                pace_seconds=None if (request.pace_seconds or 0) >= SLOW_SECONDS else request.pace_seconds,
                pace_key=request.pace_key,
            )
        )

    def _fetch_all(
        self,
        source: Source,
        state: FetchState,
        requests: Sequence[Request],
        auth: tuple[str, str] | None,
        stopped: Callable[[], bool],
    ) -> Iterable[tuple[Request, HttpResponse | EngineError]]:
        """Make requests, as many at once as the kind may, and give the outcomes in their order."""

        def one(request: Request) -> HttpResponse | EngineError:
            if stopped():
                return FetchError("Stopped before it was finished.")
            try:
                return self.fetch(state, request, auth)
            except EngineError as error:
                return error

        if source.connections == 1 or len(requests) == 1:
            for request in requests:
                outcome = one(request)
                yield request, outcome
                if isinstance(outcome, EngineError):
                    return
        else:
            with ThreadPoolExecutor(min(source.connections, len(requests)), thread_name_prefix="ask") as pool:
                yield from zip(requests, pool.map(one, requests), strict=True)

    def _parse(self, state: FetchState, request: Request, answer: HttpResponse, cursor: str) -> Parsed:
        content_type = answer.headers.get("content-type", "")
        if state.kind == "feed":
            return self.parse.feed(answer.body, answer.url, content_type)
        return self.parse.source(
            state.kind,
            answer.body,
            answer.url,
            content_type,
            subscription=subscription_of(state),
            status=answer.status,
            step=request.step[:MAX_STEP],
            link=answer.headers.get("link", "")[:MAX_LINK],
            cursor=cursor,
        )


def _asked(kept: tuple[Request, HttpResponse], gathered: _Gathered, broken: EngineError | None) -> Asked:
    request, answer = kept
    parsed = gathered.parsed()
    if broken is not None:
        parsed = replace(parsed, warnings=(*parsed.warnings, f"Not everything could be asked for: {broken}"))
    compared = request.conditional and answer.status == 200
    headers = dict(answer.headers)
    if not compared:
        headers = {name: value for name, value in headers.items() if name not in {"etag", "last-modified"}}
    return Asked(
        status=200,
        headers=headers,
        parsed=parsed,
        body_hash=body_hash(answer.body) if compared else None,
        permanent_url=answer.permanent_url if compared else None,
        validators=compared,
        broken=broken,
    )


def _unchanged(state: FetchState, answer: HttpResponse) -> Asked:
    return Asked(
        status=answer.status,
        headers=answer.headers,
        parsed=None,
        body_hash=state.body_hash,
        permanent_url=answer.permanent_url,
        validators=True,
    )


def _answered(source: Source, request: Request, outcome: HttpResponse | EngineError, now: datetime) -> HttpResponse:
    """Raises what kept an answer from being one that the source can read."""
    if isinstance(outcome, EngineError):
        raise outcome
    if outcome.status == 200 or outcome.status in request.statuses or (outcome.status == 304 and request.conditional):
        return outcome
    words = source.refusal(outcome.status) or polite.words_for_status(outcome.status)
    raise refused(outcome, words, now)


def refused(answer: HttpResponse, words: str, now: datetime) -> FetchError:
    """The error that a status stands for, with how long the host asks to be left alone."""
    wait = polite.retry_after(answer.headers.get("retry-after"), now)
    return FetchError(words, status=answer.status, retry_after_seconds=wait.total_seconds() if wait is not None else None)


def _allowed(requests: Iterable[Request], hosts: set[str]) -> Iterable[Request]:
    """Those that a worker may have wanted: it cannot send the engine to hosts of its own choice."""
    for request in requests:
        if "*" in hosts or _host(request.url) in hosts:
            yield replace(request, conditional=False)
        else:
            log.info("follow-up refused host=%s", _host(request.url))


def _host(url: str) -> str:
    """The host of an address, with its port where it names one; "" when it has none."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "") + (f":{parts.port}" if parts.port else "")
    except ValueError:
        return ""


def token_of(headers: Headers) -> str:
    """The token of an account in the header that the Google Reader API has it in; "" for other headers."""
    return headers.get("Authorization", "").partition("GoogleLogin auth=")[2]


def _origin(url: str) -> tuple[str, str]:
    return url.partition("://")[0].lower(), _host(url)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowTurns:
    """Turns of services that allow so little that nobody waits in line for them. They outlive the process."""

    store: Store
    clock: Callable[[], datetime]

    def take(self, requests: Sequence[Request]) -> datetime | None:
        """Take the turn that requests need; returns when it comes when it is not now."""
        slow = {request.pace_key: request.pace_seconds for request in requests if is_slow(request)}
        now = self.clock()
        pauses = self.store.pauses() if slow else {}
        for key, seconds in slow.items():
            until = pauses.get(f"pace:{key}")
            wait = timedelta(seconds=seconds or 0)
            # A turn further away than one pace comes from a clock that was wrong.
            if until is not None and now < until <= now + wait:
                return until
        for key, seconds in slow.items():
            self.store.pause(f"pace:{key}", now + timedelta(seconds=seconds or 0))
        return None


def is_slow(request: Request) -> bool:
    return (request.pace_seconds or 0) >= SLOW_SECONDS
