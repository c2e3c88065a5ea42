"""Refreshing feeds: fetch in parallel, parse in the `parse` worker, ingest. Read top to bottom."""

from __future__ import annotations

import logging
import queue
import random
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from engine import polite
from engine.conversation import Asked, Conversation, SlowTurns, body_hash, first_requests, is_slow, refused
from engine.errors import EngineError, FetchError, InputError, ParseError, RefusedError, UnreachableError
from engine.http import Client, HttpRequest, HttpResponse, redact
from engine.sources import registry
from engine.sources.kinds.feed import ACCEPT
from engine.store import Answer, Store
from engine.types import (
    Changes,
    Feed,
    FeedFailed,
    FeedRefreshed,
    FetchState,
    Offline,
    Parsed,
    Progress,
    RefreshEvent,
    Request,
)
from engine.workers.clients import ParseWorker

log = logging.getLogger(__name__)

FETCH_THREADS = 8
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
BATCH_POSTS = 400  # posts that one transaction ingests at most, unless a single feed has more


@dataclass(frozen=True, slots=True)
class _Fetched:
    """What fetching one feed came to: an answer or an error. Sources other than feeds are asked and parsed in one go."""

    state: FetchState
    answer: HttpResponse | None
    error: EngineError | None = None
    asked: Asked | None = None

    @property
    def parsed(self) -> Parsed | None:
        return self.asked.parsed if self.asked is not None else None


HOSTS_OFFLINE = 3  # of which no name is found: then it is hardly the names


@dataclass(slots=True)
class _Reach:
    """Whether anybody was reached in this run; what found no way waits until that is known."""

    reached: bool = False
    held: list[_Fetched] = field(default_factory=list)

    def sort(self, batch: Sequence[_Fetched]) -> list[_Fetched]:
        """Return what can be taken now: all, once a host was reached; before, only what tells nothing of the network."""
        self.reached = self.reached or any(
            fetched.error is None or not isinstance(fetched.error, UnreachableError | RefusedError) for fetched in batch
        )
        if self.reached:
            now, self.held = [*self.held, *batch], []
            return now
        self.held += [fetched for fetched in batch if isinstance(fetched.error, UnreachableError)]
        return [fetched for fetched in batch if not isinstance(fetched.error, UnreachableError)]

    def offline(self) -> bool:
        """Whether what is held is this machine's fault and no feed's."""
        sure = any(isinstance(fetched.error, UnreachableError) and fetched.error.offline for fetched in self.held)
        return bool(self.held) and (sure or len({urlsplit(fetched.state.url).hostname for fetched in self.held}) >= HOSTS_OFFLINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresher:
    """What refreshing needs. `settle(new ids, updated ids)` applies the person's rules before anyone sees the posts."""

    store: Store
    client: Client
    parse: ParseWorker
    clock: Callable[[], datetime]
    refresh_minutes: int
    settle: Callable[[Changes], Changes]
    auth: Callable[[FetchState], tuple[str, str] | None]
    authorise: Callable[[FetchState, Request], Mapping[str, str]] = lambda state, request: {}
    rhythms: dict[int, timedelta] = field(default_factory=dict)  # of feeds; taken when a run begins
    asked_at: dict[int, float] = field(default_factory=dict)  # by feed, in seconds of `steady`; kept from run to run
    steady: Callable[[], float] | None = None
    hide: Callable[[str], str] = lambda url: url  # takes the secrets out of an address that a server moved a feed to

    def run(self, feed_ids: Sequence[int] | None = None, *, force: bool = False) -> Iterator[RefreshEvent]:
        """Fetch what is due (with `force`: all that may be asked), and yield what came of each feed.

        Closing the generator cancels what is under way; what was ingested stays.
        """
        now = self.clock()
        states = [
            state
            for state in self.store.fetch_states(feed_ids)
            if not state.stopped and (force or (polite.due(state, now) and not self._just_asked(state)))
        ]
        known = {feed.id: feed for feed in self.store.feeds()}
        states = self._in_turn(states, known)
        self.rhythms.update(self.store.rhythms() if states else {})
        if not states:
            return
        yield Progress(stage="fetch", done=0, total=len(states))
        pipeline = _Pipeline(self, states)
        done, reach = 0, _Reach()
        try:
            for batch in pipeline.batches():
                for event in self._take(reach.sort(batch), known):
                    done += 1
                    yield event
                yield Progress(stage="fetch", done=done + len(reach.held), total=len(states))
            if reach.offline():
                yield self._no_network([fetched.state for fetched in reach.held], known)
            else:
                yield from self._take(reach.held, known)
        finally:
            pipeline.stop()

    def _no_network(self, states: Sequence[FetchState], known: Mapping[int, Feed]) -> Offline:
        now = self.clock()
        for state in states:
            error = known[state.feed_id].error if state.feed_id in known else ""
            self.store.save_fetch_state(polite.after_no_network(state, now), error=error)
        log.info("refresh found no network feeds=%d", len(states))
        return Offline(feed_ids=tuple(state.feed_id for state in states), retry_at=now + polite.OFFLINE)

    def _just_asked(self, state: FetchState) -> bool:
        """Whether this process asked so little ago that only a clock that was set could call the feed due."""
        asked = self.asked_at.get(state.feed_id)
        return self.steady is not None and asked is not None and self.steady() - asked < 0.9 * polite.FLOOR.total_seconds()

    def fetch(self, state: FetchState) -> HttpResponse:
        """Ask for one feed, with its validators."""
        return self.client.fetch(
            HttpRequest(
                url=state.url,
                purpose="feed",
                accept=ACCEPT,
                etag=state.etag,
                last_modified=state.last_modified,
                allow_private=state.allow_private,
                auth=self.auth(state),
            )
        )

    def parse_answer(self, state: FetchState, answer: HttpResponse) -> Asked:
        """Return what a feed's answer says; `parsed` is None when that is nothing new (304, the same bytes as before).

        Raises:
            FetchError: the status is an error.   ParseError: the body is no feed.
        """
        if answer.status not in (200, 304):
            raise refused(answer, polite.words_for_status(answer.status), self.clock())
        digest = body_hash(answer.body) if answer.status == 200 else state.body_hash
        parsed = None
        if answer.status == 200 and digest != state.body_hash:
            parsed = self.parse.feed(answer.body, answer.url, answer.headers.get("content-type", ""))
        return Asked(
            status=answer.status,
            headers=answer.headers,
            parsed=parsed,
            body_hash=digest,
            permanent_url=answer.permanent_url,
            validators=True,
        )

    def ask(self, state: FetchState, stopped: Callable[[], bool]) -> Asked:
        """Ask a source that is no plain feed, and parse what it answers."""
        conversation = Conversation(client=self.client, parse=self.parse, authorise=self.authorise, clock=self.clock)
        return conversation.ask(state, auth=self.auth(state), stopped=stopped)

    def _in_turn(self, states: Sequence[FetchState], known: Mapping[int, Feed]) -> list[FetchState]:
        """Return those that may be asked now; the others of a slow service are put off until their turn comes.

        The one that waits longest goes first, so that none is forgotten.
        """
        turns = SlowTurns(store=self.store, clock=self.clock)
        now, order = [], sorted(states, key=lambda state: state.next_check_at or _LONG_AGO)
        put_off: dict[str, int] = {}
        for state in order:
            slow = [request for request in self._firsts(state) if is_slow(request)]
            turn = turns.take(slow) if slow else None
            if turn is None:
                now.append(state)
                continue
            gap, key = timedelta(seconds=slow[0].pace_seconds or 0), slow[0].pace_key
            later = replace(state, next_check_at=turn + gap * put_off.get(key, 0))
            put_off[key] = put_off.get(key, 0) + 1
            self.store.save_fetch_state(later, error=known[state.feed_id].error if state.feed_id in known else "")
        if put_off:
            log.info("refresh put off count=%d", sum(put_off.values()))
        return now

    @staticmethod
    def _firsts(state: FetchState) -> tuple[Request, ...]:
        if state.kind == "feed":
            return ()
        try:
            return first_requests(state)
        except InputError:
            return ()  # asking tells it

    def _take(self, batch: Sequence[_Fetched], known: Mapping[int, Feed]) -> Iterator[FeedRefreshed | FeedFailed]:
        """Ingest a batch of answers in one transaction and tell what came of each."""
        answers: list[Answer] = []
        states: dict[int, tuple[FetchState, str]] = {}
        for fetched in batch:
            if self.steady is not None and not isinstance(fetched.error, RefusedError):
                self.asked_at[fetched.state.feed_id] = self.steady()
            if fetched.asked is None:
                continue
            following = self._next_state(fetched.state, fetched.asked)
            states[following.feed_id] = state, _ = unless_followed(fetched.state, following, known)
            if fetched.parsed is not None:
                answers.append(
                    Answer(
                        feed_id=state.feed_id, info=fetched.parsed.info, posts=fetched.parsed.posts, state=state
                    )
                )
        changes = dict(zip((a.feed_id for a in answers), self.store.ingest(answers), strict=True)) if answers else {}
        for fetched in batch:
            feed_id = fetched.state.feed_id
            title = known[feed_id].title if feed_id in known else redact(fetched.state.url)
            if fetched.error is not None:
                yield self._failed(fetched, title)
                continue
            assert fetched.asked is not None
            state, trouble = states[feed_id]
            change = self.settle(changes[feed_id]) if feed_id in changes else Changes()
            if trouble or feed_id not in changes:
                change |= self.store.save_fetch_state(state, error=trouble)
            warnings = fetched.parsed.warnings if fetched.parsed is not None else ()
            yield FeedRefreshed(
                feed_id=feed_id,
                title=title,
                new=len(change.new),
                updated=len(change.updated - change.new),
                status=fetched.asked.status,
                changes=change,
                warnings=(*warnings, trouble) if trouble else warnings,
            )

    def _next_state(self, state: FetchState, asked: Asked) -> FetchState:
        rhythm = self.rhythms.get(state.feed_id)
        if asked.permanent_url:
            asked = replace(asked, permanent_url=self.hide(asked.permanent_url))
        return next_state(state, asked, now=self.clock(), refresh_minutes=self.refresh_minutes, rhythm=rhythm)

    def _failed(self, fetched: _Fetched, title: str) -> FeedFailed:
        error = fetched.error
        assert error is not None
        status = getattr(error, "status", None)
        state = polite.after_failure(
            fetched.state,
            now=self.clock(),
            status=None if status == 404 and _is_patient(fetched.state.kind) else status,
            retry_after_seconds=getattr(error, "retry_after_seconds", None),
            refresh_minutes=self.refresh_minutes,
            jitter=random.random(),
            rhythm=self.rhythms.get(fetched.state.feed_id),
        )
        words = str(error)
        self.store.save_fetch_state(state, error=words)
        log.info("refresh failed feed=%s status=%s kind=%s", state.feed_id, status, type(error).__name__)
        return FeedFailed(feed_id=state.feed_id, title=title, error=words, retry_at=state.next_check_at)


def next_state(
    state: FetchState, asked: Asked, *, now: datetime, refresh_minutes: int, rhythm: timedelta | None = None
) -> FetchState:
    """Return what to remember after asking went well; the cursor moves with the posts that it stands for."""
    parsed = asked.parsed
    return polite.after_success(
        replace(state, cursor=parsed.cursor) if parsed is not None and parsed.cursor else state,
        now=now,
        status=asked.status,
        headers=asked.headers,
        permanent_url=asked.permanent_url,
        body_hash=asked.body_hash,
        ttl_minutes=parsed.info.ttl_minutes if parsed is not None else None,
        refresh_minutes=refresh_minutes,
        jitter=random.random(),
        incremental=registry.source(state.kind).polled,
        rhythm=rhythm,
    )


def _is_patient(kind: str) -> bool:
    return kind in registry.SOURCES and registry.source(kind).patient


def unless_followed(
    before: FetchState, after: FetchState, known: Mapping[int, Feed]
) -> tuple[FetchState, str]:
    """Return the state to store, and what to tell: an address that another feed has is not taken over."""
    if after.url == before.url:
        return after, ""
    other = next((feed for feed in known.values() if feed.url == after.url and feed.id != before.feed_id), None)
    if other is None:
        return after, ""
    kept = replace(
        after,
        url=before.url,
        allow_private=before.allow_private,
        moved_to=after.url,
        moved_since=before.moved_since,
        moved_times=before.moved_times,  # so that the next answer tells it again
    )
    return kept, f"This feed has moved to where “{other.title}” is, which you follow already. One of the two can go."


def is_paced(state: FetchState) -> bool:
    """Whether the feed's host is asked one thing at a time (all but numeric loopback hosts that the person added)."""
    host = urlsplit(state.url).hostname or ""
    return not (state.allow_private and (host.startswith("127.") or host == "::1"))


class _Pipeline:
    """Threads that fetch, and one that parses, ahead of the transaction that ingests."""

    def __init__(self, refresher: Refresher, states: Sequence[FetchState]) -> None:
        self._refresher = refresher
        self._left = len(states)
        self._stopping = threading.Event()
        self._turn = threading.Condition()
        self._free: deque[FetchState] = deque()
        self._hosts: dict[str, deque[FetchState]] = {}  # paced hosts, each by one thread at a time
        for state in states:
            if is_paced(state):
                self._hosts.setdefault(urlsplit(state.url).netloc.rpartition("@")[2].lower(), deque()).append(state)
            else:
                self._free.append(state)
        self._idle = deque(self._hosts)
        self._answers: queue.Queue[_Fetched | None] = queue.Queue(maxsize=2 * FETCH_THREADS)
        self._ready: queue.Queue[_Fetched | None] = queue.Queue(maxsize=64)
        # A paced host keeps its thread waiting for its turn, so there are more threads than connections.
        count = min(len(states), FETCH_THREADS if not self._hosts else FETCH_THREADS * 4)
        self._threads = [threading.Thread(target=self._fetch, name="fetch", daemon=True) for _ in range(count)]
        self._threads.append(threading.Thread(target=self._parse, name="parse", daemon=True))
        for thread in self._threads:
            thread.start()

    def batches(self) -> Iterator[list[_Fetched]]:
        """Yield what is ready, as much as one transaction may take, until every feed has had its turn."""
        while self._left:
            first = self._ready.get()
            if first is None:
                return
            batch, posts = [first], _size(first)
            while posts < BATCH_POSTS and len(batch) < self._left:
                try:
                    following = self._ready.get_nowait()
                except queue.Empty:
                    break
                if following is None:
                    return
                batch.append(following)
                posts += _size(following)
            self._left -= len(batch)
            yield batch

    def stop(self) -> None:
        """End all threads; requests under way are aborted."""
        if self._left:
            self._stopping.set()
            self._refresher.client.cancel()
            with self._turn:
                self._turn.notify_all()
            for waiting in (self._answers, self._ready):
                _drain(waiting)
        for thread in self._threads:
            while thread.is_alive():
                _drain(self._answers if self._stopping.is_set() else None)
                _drain(self._ready if self._stopping.is_set() else None)
                thread.join(0.05)

    def _next(self) -> tuple[str, FetchState] | None:
        with self._turn:
            while not self._stopping.is_set():
                if self._free:
                    return "", self._free.popleft()
                if self._idle:
                    host = self._idle.popleft()
                    return host, self._hosts[host].popleft()
                if not any(self._hosts.values()):
                    return None
                self._turn.wait(0.5)
        return None

    def _fetch(self) -> None:
        while (turn := self._next()) is not None:
            host, state = turn
            try:
                if state.kind == "feed":
                    fetched = _Fetched(state, self._refresher.fetch(state))
                else:
                    asked = self._refresher.ask(state, self._stopping.is_set)
                    fetched = _Fetched(state, None, asked=asked)
            except EngineError as error:
                fetched = _Fetched(state, None, error)
            except Exception as error:
                log.exception("bug while fetching feed=%s", state.feed_id)
                fetched = _Fetched(state, None, FetchError(f"Millpond has a bug here: {type(error).__name__}."))
            if host:
                with self._turn:
                    if self._hosts[host]:
                        self._idle.append(host)
                    self._turn.notify_all()
            self._put(self._answers, fetched)

    def _parse(self) -> None:
        """Parse answers one after the other: the worker is one process, and order costs nothing."""
        for _ in range(self._left):
            fetched = self._get(self._answers)
            if fetched is None:
                return
            if fetched.answer is not None:
                try:
                    asked = self._refresher.parse_answer(fetched.state, fetched.answer)
                    fetched = _Fetched(fetched.state, None, asked=asked)
                except EngineError as error:
                    fetched = _Fetched(fetched.state, None, error)
                except Exception as error:
                    log.exception("bug while parsing feed=%s", fetched.state.feed_id)
                    fetched = _Fetched(
                        fetched.state, None, ParseError(f"Millpond has a bug here: {type(error).__name__}.")
                    )
            self._put(self._ready, fetched)

    def _put(self, where: queue.Queue[_Fetched | None], what: _Fetched) -> None:
        while not self._stopping.is_set():
            try:
                where.put(what, timeout=0.2)
                return
            except queue.Full:
                continue

    def _get(self, where: queue.Queue[_Fetched | None]) -> _Fetched | None:
        while not self._stopping.is_set():
            try:
                return where.get(timeout=0.2)
            except queue.Empty:
                continue
        return None


def _size(fetched: _Fetched) -> int:
    return len(fetched.parsed.posts) if fetched.parsed is not None else 0


def _drain(waiting: queue.Queue[_Fetched | None] | None) -> None:
    while waiting is not None:
        try:
            waiting.get_nowait()
        except queue.Empty:
            return
