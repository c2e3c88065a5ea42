"""Sending what a person did to the networks: once, in order, and later when now does not work.

Favourites, boosts and bookmarks mean the same however often they arrive. A reply carries an `Idempotency-Key`
(docs.joinmastodon.org/methods/statuses), which servers know for an hour; so one that may have arrived before is looked for first.
"""

from __future__ import annotations

import html
import json
import re
import secrets as random_values
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import regex

from engine import polite
from engine.accounts import Accounts
from engine.errors import FetchError, InputError, RefusedError
from engine.http import HttpResponse
from engine.sources import values
from engine.sources.kinds.atproto import read_uri
from engine.store import Store
from engine.types import Account, Act, Changes, Verb

FIRST_WAIT = timedelta(minutes=5)
LONGEST_WAIT = timedelta(hours=6)
MAX_REPLY = 5_000  # characters; a server's own limit is usually lower, and it says so
MOST_GRAPHEMES = 300  # of a post on Bluesky
_KINDS = frozenset({"mastodon", "bluesky"})
_COLLECTIONS = {"favourite": "app.bsky.feed.like", "boost": "app.bsky.feed.repost", "reply": "app.bsky.feed.post"}
_WAYS = {
    ("favourite", False): "favourite", ("favourite", True): "unfavourite", ("boost", False): "reblog",
    ("boost", True): "unreblog", ("bookmark", False): "bookmark", ("bookmark", True): "unbookmark",
}  # fmt: skip
_SCOPES = {"favourite": "write:favourites", "boost": "write:statuses", "bookmark": "write:bookmarks", "reply": "write:statuses"}


class _NoError(Exception):
    """What the server will never do."""


@dataclass(frozen=True, slots=True)
class Outbox:
    """What sending acts needs."""

    store: Store
    accounts: Accounts
    clock: Callable[[], datetime]

    def put(self, post_id: int, verb: Verb, *, undo: bool = False, text: str = "", account: str = "") -> tuple[Act | None, Changes]:
        """Queue an act of the person's; None when it only cancelled one that was not sent yet.

        Args:
            text: of a reply.   account: the name of whose; "" takes the one that the feed is read with, or the only one there is.
        Raises:
            InputError: the network has no such act, nobody is signed in, or for reading only.   NotFoundError.
        """
        post = self.store.post(post_id)
        states = self.store.fetch_states([post.row.feed_id])
        kind = states[0].kind if states else ""
        if kind not in _KINDS:
            raise InputError("Posts of this network cannot be acted on from here. Open the post in the browser.")
        if kind == "bluesky" and verb == "bookmark":
            raise InputError("Bluesky has no bookmarks that Millpond could set. Save the post here instead.")
        who = self._who(kind, account or states[0].account)
        if _SCOPES[verb] not in who.scopes.split():
            raise InputError(
                f"You are signed in as {who.name} for reading only. To act, sign in again under Accounts with that box ticked, "
                f"or with:  millpond accounts add {who.server} --act"
            )
        if verb == "reply":
            text = text.strip()
            if undo:
                raise InputError("A reply that was sent is taken back on its own page.")
            most = MOST_GRAPHEMES if kind == "bluesky" else MAX_REPLY
            if not text or len(text) > MAX_REPLY or len(regex.findall(r"\X", text)) > most:
                raise InputError(f"A reply has between 1 and {most} characters.")
        extras = post.row.extras
        if verb == "boost" and extras is not None and extras.visibility in {"followers", "direct"}:
            raise InputError("This post is not for everybody, so it cannot be boosted.")
        key = random_values.token_hex(16)
        return self.store.add_act(
            post_id, url=post.guid if post.guid.startswith(("https://", "http://", "at://")) else post.row.url, account=who.name, verb=verb, undo=undo, text=text, key=key
        )

    def run(self) -> Iterator[tuple[Act, Changes]]:
        """Send what is due, the oldest first; yields each act as it stands afterwards.

        After one that could not be sent, the others of its account wait too, so that the order holds.
        """
        now, stuck = self.clock(), set[str]()
        for act in self.store.acts(waiting=True):
            later = act.next_try_at
            waits = later is not None and now < later <= now + LONGEST_WAIT  # further away: from a clock that was wrong
            if waits or act.account in stuck:
                stuck.add(act.account)
                continue
            changes = self._send(act)
            (sent,) = [one for one in self.store.acts(post_id=act.post_id) if one.id == act.id] or [act]
            if sent.state == "waiting":
                stuck.add(act.account)
            yield sent, changes

    def _who(self, kind: str, name: str) -> Account:
        known = [one for one in self.store.accounts() if one.kind == kind and (not name or one.name == name)]
        if len(known) == 1:
            return known[0]
        if known:
            raise InputError(f"As whom? Signed in are {', '.join(one.name for one in known)}.")
        how = "millpond accounts add-bluesky HANDLE" if kind == "bluesky" else "millpond accounts add SERVER --act"
        raise InputError(f"Nobody is signed in{f' as {name}' if name else ''}:  {how}")

    def _send(self, act: Act) -> Changes:
        account = self.store.account(act.account)
        if account is None:
            return self.store.settle_act(act, state="failed", error=f"Nobody is signed in as {act.account} any more.")
        try:
            if account.kind == "bluesky":
                self._record(account, act)
                return self.store.settle_act(act, state="done")
            found = self._find(account, act.url)
            result = self._reply(account, act, found) if act.verb == "reply" else self._mark(account, act, found)
        except _NoError as error:
            return self.store.settle_act(act, state="failed", error=str(error))
        except RefusedError as error:  # nothing was sent: the host is left alone for now
            return self.store.settle_act(act, state="waiting", error=str(error), next_try_at=self.clock() + FIRST_WAIT)
        except FetchError as error:
            wait = min(FIRST_WAIT * 2 ** min(act.attempts, 10), LONGEST_WAIT)
            if error.retry_after_seconds is not None:
                wait = min(max(wait, timedelta(seconds=error.retry_after_seconds)), LONGEST_WAIT)
            return self.store.settle_act(act, state="waiting", error=str(error), next_try_at=self.clock() + wait)
        return self.store.settle_act(act, state="done", result=result)

    def _find(self, account: Account, url: str) -> dict[str, Any]:
        """Return the post as the account's server knows it."""
        asked = urlencode({"q": url, "resolve": "true", "type": "statuses", "limit": 1})
        answer = self._checked(self.accounts.call(account, f"/api/v2/search?{asked}"))
        for found in values.several(_read(answer).get("statuses")):
            status = values.fields(found)
            if values.text(status.get("id")):
                return status
        raise _NoError("The server does not find this post any more.")

    def _mark(self, account: Account, act: Act, status: dict[str, Any]) -> str:
        way = _WAYS[act.verb, act.undo]
        self.store.note_attempt(act.id)
        self._checked(self.accounts.call(account, f"/api/v1/statuses/{values.text(status['id'])}/{way}", form={}))
        return ""

    def _reply(self, account: Account, act: Act, status: dict[str, Any]) -> str:
        number = values.text(status["id"])
        mention = f"@{values.text(values.fields(status.get('account')).get('acct'))}"
        text = act.text if mention == "@" or mention.lower() in act.text.lower() else f"{mention} {act.text}"
        if act.attempts and (known := self._sent_before(account, number, text)) is not None:
            return known
        form = {"status": text, "in_reply_to_id": number, "visibility": values.text(status.get("visibility")) or "public"}
        if warning := values.text(status.get("spoiler_text")):
            form["spoiler_text"] = warning
        self.store.note_attempt(act.id)
        answer = self._checked(self.accounts.call(account, "/api/v1/statuses", form=form, key=act.key))
        return values.text(_read(answer).get("url"))

    def _sent_before(self, account: Account, number: str, text: str) -> str | None:
        """Return the address of a reply that arrived although its answer did not; None when there is none."""
        me = values.text(_read(self._checked(self.accounts.call(account, "/api/v1/accounts/verify_credentials"))).get("id"))
        answer = self._checked(self.accounts.call(account, f"/api/v1/accounts/{me}/statuses?limit=40"))
        try:
            own = values.several(json.loads(answer.body))
        except ValueError:
            raise FetchError("The server's answer cannot be read.") from None
        for found in map(values.fields, own):
            if values.text(found.get("in_reply_to_id")) == number and _letters(values.text(found.get("content"))) == _letters(text):
                return values.text(found.get("url"))
        return None

    def _record(self, account: Account, act: Act) -> None:
        """Write or delete a record in the account's repository. Its key comes from the act, so writing it again is the same.

        Source: the lexicons app.bsky.feed.like, repost and post, and com.atproto.repo.putRecord.
        """
        answer = self._checked(self.accounts.call(account, f"/xrpc/app.bsky.feed.getPosts?{urlencode({'uris': act.url})}"))
        views = [values.fields(view) for view in values.several(_read(answer).get("posts"))]
        if not views or not (cid := values.text(views[0].get("cid"))):
            raise _NoError("This post is not there any more.")
        parent, made_at = {"uri": act.url, "cid": cid}, act.made_at.isoformat().replace("+00:00", "Z")
        collection, key = _COLLECTIONS[act.verb], tid(act)
        repository = {"repo": self.accounts.did(account), "collection": collection}
        if act.undo:
            own = read_uri(values.text(values.fields(views[0].get("viewer")).get({"favourite": "like"}.get(act.verb, "repost"))))
            keys = {tid(one) for one in self.store.acts(post_id=act.post_id) if (one.verb, one.account, one.undo) == (act.verb, act.account, False)}
            if own is not None:
                keys.add(own.key)
            self.store.note_attempt(act.id)
            for each in sorted(keys):
                self._checked(self.accounts.call(account, "/xrpc/com.atproto.repo.deleteRecord", body={**repository, "rkey": each}))
            return
        record: dict[str, Any] = {"$type": collection, "createdAt": made_at}
        if act.verb == "reply":
            reply = values.fields(values.fields(views[0].get("record")).get("reply"))
            root = values.fields(reply.get("root"))
            top = {name: values.text(root.get(name)) for name in ("uri", "cid")} if root else parent
            record |= {"text": act.text, "reply": {"root": top, "parent": parent}}
        else:
            record["subject"] = parent
        self.store.note_attempt(act.id)
        self._checked(self.accounts.call(account, "/xrpc/com.atproto.repo.putRecord", body={**repository, "rkey": key, "record": record}))

    def _checked(self, answer: HttpResponse) -> HttpResponse:
        """Raises FetchError for what may work later, _NoError for what never will."""
        if answer.status == 200:
            return answer
        if answer.status == 400 and _read(answer).get("error") == "ExpiredToken":
            raise FetchError("The server says that the session has just ended.", status=400)
        said = values.text(_read(answer).get("error"))[:200] if answer.status < 500 else ""
        if answer.status in {401, 403}:
            raise _NoError(f"The server does not let this account do that ({answer.status}). Sign in again to act.{f' It says: {said}' if said else ''}")
        if answer.status in {404, 410, 422, 400}:
            raise _NoError(f"The server says no ({answer.status}){f': {said}' if said else '.'}")
        wait = polite.retry_after(answer.headers.get("retry-after"), self.clock())
        seconds = wait.total_seconds() if wait is not None else None
        raise FetchError(f"The server cannot take it now ({answer.status}).", status=answer.status, retry_after_seconds=seconds)


def tid(act: Act) -> str:
    """Return the record key of an act: its time in microseconds and ten bits of its own (atproto.com/specs/tid)."""
    number = int(act.made_at.timestamp() * 1_000_000) << 10 | int(act.key[:8], 16) & 0x3FF
    return "".join("234567abcdefghijklmnopqrstuvwxyz"[number >> shift & 31] for shift in range(60, -1, -5))


def _read(answer: HttpResponse) -> dict[str, Any]:
    try:
        return values.fields(json.loads(answer.body or b"{}"))
    except ValueError:
        if answer.status == 200:
            raise FetchError("The server's answer cannot be read.") from None
        return {}


def _letters(text: str) -> str:
    return "".join(each for each in html.unescape(re.sub(r"<[^>]*>", "", text)).lower() if each.isalnum())
