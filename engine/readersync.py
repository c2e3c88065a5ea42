"""Making read and starred posts agree with a Google Reader server, in both directions.

After each refresh three states are compared for each post and each of the two flags: what both sides last agreed on, what holds here, and
what the server says.

- Only one side changed: the other follows.
- Both say the same: that is agreed.
- They never agreed before (the post is new here): a post that one side has read is read, for unread is how every post begins; a star on
  either side is a star on both.
- The person marked a post unread here, which it already was when they last agreed (so it was read in between), and the server says read:
  the person's mark wins.
- A star that was set on both sides goes away here only when the server says so of that very post, never because a list lacks it.
- What the server does not tell (a post that it deleted, a list that was cut) changes nothing here.

What is sent are states, not steps: sending one twice is the same, so a lost answer or a killed run needs no queue; the next time finds out
what holds. The server's word is agreed on only after it answered, ours only after it said OK.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import quote, urlencode

from engine import polite
from engine.accounts import Accounts
from engine.errors import EngineError, FetchError
from engine.http import HttpResponse
from engine.sources.kinds.greader import READ, READING_LIST, STARRED, stream_url
from engine.store import Agreed, ReaderPost, Store
from engine.types import Account, Changes, Subscription
from engine.workers.clients import ParseWorker

log = logging.getLogger(__name__)

T = TypeVar("T")

BATCH = 250  # posts of one `edit-tag`
PAGE = 10_000  # ids of one answer that are asked for
MAX_PAGES = 20  # of one list
WHOLE_BATCH = 50  # posts that are asked for with all they say
MAX_ASKED = 20 * WHOLE_BATCH  # in one run
GAP = timedelta(minutes=5)  # between two runs that nobody asked for
MARGIN = timedelta(days=2)  # by which servers' times of a post may differ
_STATE = "user/-/state/com.google/"


@dataclass(slots=True)
class ServerSide:
    """What a server said. A post in neither `unread` nor `read` is unknown; so is the star of one that is not in `starred`, unless
    it is `unstarred`."""

    unread: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)
    starred: set[str] = field(default_factory=set)
    unstarred: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)  # looked for in whole lists, and not there

    def is_read(self, guid: str) -> bool | None:
        unread, read = guid in self.unread, guid in self.read
        return None if unread is read else read

    def is_starred(self, post: ReaderPost) -> bool | None:
        if post.guid in self.starred:
            return True
        # One that was there must be confirmed to be gone.
        return False if not post.agreed_saved or post.guid in self.unstarred else None


@dataclass(slots=True)
class Plan:
    """What is to be done: `take_…` turns here, `send` turns there (by flag and state), `agreed` already is."""

    take_read: list[ReaderPost] = field(default_factory=list)
    take_saved: list[ReaderPost] = field(default_factory=list)
    send: dict[tuple[str, bool], list[ReaderPost]] = field(default_factory=dict)
    agreed: list[Agreed] = field(default_factory=list)

    def sends(self, flag: str, post: ReaderPost, on: bool) -> None:
        self.send.setdefault((flag, on), []).append(post)


def decide(posts: Iterable[ReaderPost], server: ServerSide) -> Plan:
    """Compare the three states of each post by the rules above. Pure."""
    plan = Plan()
    for post in posts:
        read = _read(plan, post, server.is_read(post.guid))
        saved = _saved(plan, post, server.is_starred(post))
        gone = post.guid in server.gone or (post.gone and read is None)
        if (read is not None and (read is not post.agreed_read or post.kept_unread)) or (saved is not None and saved is not post.agreed_saved) or gone is not post.gone:
            plan.agreed.append(Agreed(post=post, read=read, saved=saved, gone=gone))
    return plan


def _read(plan: Plan, post: ReaderPost, there: bool | None) -> bool | None:
    """Plan for one post's read state; returns what is agreed without sending anything, None where nothing is."""
    here, before = post.read, post.agreed_read
    if there is here:
        return here
    if there is None:
        if here is not before and (here or before is not None):
            plan.sends("read", post, here)
        return None
    first = before is None
    follow = there if first else here is before and not (there and post.kept_unread)
    if follow:
        plan.take_read.append(post)
        return there
    plan.sends("read", post, here)
    return None


def _saved(plan: Plan, post: ReaderPost, there: bool | None) -> bool | None:
    here, before = post.saved, post.agreed_saved
    if there is None and before and not here:
        plan.sends("starred", post, here)
    if there is None or there is here:
        return there
    if there if before is None else here is before:
        plan.take_saved.append(post)
        return there
    plan.sends("starred", post, here)
    return None


def unclear(posts: Sequence[ReaderPost], server: ServerSide) -> list[ReaderPost]:
    """The posts whose state the lists of unread and starred ones leave open, and matters."""
    return [
        post
        for post in posts
        if post.guid not in server.unread and not post.gone and (post.agreed_read is None or (not post.read and not post.agreed_read))
    ]


@dataclass(frozen=True, slots=True)
class ReaderSync:
    """What making posts agree needs."""

    store: Store
    accounts: Accounts
    parse: ParseWorker
    clock: Callable[[], datetime]

    def run(self, *, force: bool = False) -> Iterator[tuple[Account, Changes]]:
        """Do it for each account whose turn it is; yields what changed here. What failed is noted with the account."""
        for account in self.store.accounts():
            last, now = account.synced_at, self.clock()
            if account.kind != "greader" or (not force and last is not None and timedelta(0) <= now - last < GAP):
                continue
            error, changes = "", Changes()
            try:
                changes = self.follow(account)
                for some in self._agree(account):
                    changes |= some
            except EngineError as failed:
                error = str(failed)
                log.info("readers did not agree kind=%s status=%s", type(failed).__name__, getattr(failed, "status", None))
            yield account, changes | self.store.note_synced(account.name, error)

    def follow(self, account: Account, *, again: bool = False) -> Changes:
        """Follow the server's feeds; those that the person left here stay left unless `again`. Feeds that the server has no more stay.

        Raises:
            FetchError, ParseError.
        """
        user = account.name.rpartition("@")[0]
        answer = self._ask(account, "subscription/list?output=json")
        wanted: list[tuple[Subscription, bool]] = []
        known = self.store.reader_feed_urls(account.name)
        for found in self.parse.reader_subscriptions(answer.body):
            url = stream_url(account.server, found.url, user)
            if again or url not in known:
                wanted.append((replace(found, url=url, account=account.name), True))
        return self.store.add_feeds(wanted) if wanted else Changes()

    def _agree(self, account: Account) -> Iterator[Changes]:
        posts = self.store.reader_posts(account.name)
        if not posts:
            return
        server = ServerSide()
        server.unread, _ = self._ids(account, {"s": READING_LIST, "xt": READ})
        server.starred, _ = self._ids(account, {"s": STARRED})
        open_ones = unclear(posts, server)
        if open_ones:
            since = min(post.published_at for post in open_ones) - MARGIN
            # Some servers take `s` alone here, some `it`: both say the same.
            server.read, whole = self._ids(account, {"s": READ, "it": READ, "ot": str(max(int(since.timestamp()), 1))})
            if whole:
                server.gone = {post.guid for post in open_ones} - server.read
        unsure = [post.guid for post in posts if post.saved and post.agreed_saved and post.guid not in server.starred]
        for some in _batches(unsure[:MAX_ASKED], WHOLE_BATCH):
            server.unstarred |= self._unstarred(account, some)
        plan = decide(posts, server)
        yield self.store.agree(plan.agreed, take_read=plan.take_read, take_saved=plan.take_saved)
        yield from self._send(account, plan)

    def _send(self, account: Account, plan: Plan) -> Iterator[Changes]:
        token = ""
        for (flag, on), several in sorted(plan.send.items()):
            for some in _batches(several):
                token = self._edit(account, token, flag, on, [post.guid for post in some])
                agreed = [Agreed(post=post, read=on) if flag == "read" else Agreed(post=post, saved=on) for post in some]
                yield self.store.agree(agreed)

    def _edit(self, account: Account, token: str, flag: str, on: bool, guids: Sequence[str]) -> str:
        """Set one flag of some posts; returns the token that let it. Raises FetchError."""
        for attempt in range(2):
            fresh = not token
            token = token or self._edit_token(account)
            form = urlencode([("T", token), ("a" if on else "r", _STATE + flag), *(("i", guid) for guid in guids)])
            answer = self.accounts.call_reader(account, "edit-tag", form=form)
            if answer.status == 200 and answer.body.strip()[:2].upper() == b"OK":
                return token
            if answer.status in {400, 401, 403} and not fresh and attempt == 0:
                token = ""  # such tokens live for minutes
                continue
            raise self._refused(answer)
        raise AssertionError("the second attempt returns or raises")

    def _edit_token(self, account: Account) -> str:
        token = self._ask(account, "token").body.decode("utf-8", "replace").strip()
        if not token or len(token) > 2000 or not token.isprintable():
            raise FetchError("The server gave no token to change anything with.")
        return token

    def _unstarred(self, account: Account, guids: Sequence[str]) -> set[str]:
        """Those of which the server itself says that they have no star."""
        form = "T={token}&output=json&" + urlencode([("i", guid) for guid in guids])
        answer = self.accounts.call_reader(account, "stream/items/contents", form=form)
        if answer.status != 200:
            raise self._refused(answer)
        return {item.guid for item in self.parse.reader_items(answer.body) if not item.starred} & set(guids)

    def _ids(self, account: Account, asked: dict[str, str]) -> tuple[set[str], bool]:
        """All ids of a list, and whether it was read to its end."""
        found: set[str] = set()
        more = ""
        for _ in range(MAX_PAGES):
            page = {**asked, "output": "json", "n": str(PAGE), **({"c": more} if more else {})}
            answer = self._ask(account, f"stream/items/ids?{urlencode(page, quote_via=quote, safe='/')}")
            ids, following = self.parse.reader_ids(answer.body)
            found.update(ids)
            if not following or following == more or not ids:
                return found, True
            more = following
        return found, False

    def _ask(self, account: Account, way: str) -> HttpResponse:
        answer = self.accounts.call_reader(account, way)
        if answer.status != 200:
            raise self._refused(answer)
        return answer

    def _refused(self, answer: HttpResponse) -> FetchError:
        if answer.status in {401, 403}:
            return FetchError("The server says that nobody is signed in any more. Sign in again: then read and starred posts agree again.", status=answer.status)
        if answer.status == 200:
            return FetchError("The server answered with something else than was asked. Nothing was changed; the next refresh tries again.")
        wait = polite.retry_after(answer.headers.get("retry-after"), self.clock())
        return FetchError(
            f"The server cannot say now what is read and starred ({answer.status}). The next refresh tries again.", status=answer.status,
            retry_after_seconds=wait.total_seconds() if wait is not None else None,
        )  # fmt: skip


def _batches(several: Sequence[T], size: int = BATCH) -> Iterator[Sequence[T]]:
    for start in range(0, len(several), size):
        yield several[start : start + size]
