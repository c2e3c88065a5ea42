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

from engine import polite
from engine.accounts import Accounts
from engine.errors import FetchError, InputError, RefusedError
from engine.http import HttpResponse
from engine.sources import values
from engine.store import Store
from engine.types import Account, Act, Changes, Verb

FIRST_WAIT = timedelta(minutes=5)
LONGEST_WAIT = timedelta(hours=6)
MAX_REPLY = 5_000  # characters; a server's own limit is usually lower, and it says so
_NAMES = {"favourite": "favourited", "boost": "boosted", "bookmark": "bookmarked", "reply": "answered"}
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
        if not states or states[0].kind != "mastodon":
            raise InputError("Posts of this network cannot be acted on from here. Open the post in the browser.")
        who = self._who(account or states[0].account)
        if _SCOPES[verb] not in who.scopes.split():
            raise InputError(
                f"You are signed in as {who.name} for reading only. To act, sign in again:  millpond accounts add {who.server} --act"
            )
        if verb == "reply":
            text = text.strip()
            if undo:
                raise InputError("A reply that was sent is taken back on its own page.")
            if not text or len(text) > MAX_REPLY:
                raise InputError(f"A reply has between 1 and {MAX_REPLY} characters.")
        extras = post.row.extras
        if verb == "boost" and extras is not None and extras.visibility in {"followers", "direct"}:
            raise InputError("This post is not for everybody, so it cannot be boosted.")
        key = random_values.token_hex(16)
        return self.store.add_act(
            post_id, url=post.guid if post.guid.startswith("http") else post.row.url, account=who.name, verb=verb, undo=undo, text=text, key=key
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

    def _who(self, name: str) -> Account:
        known = [one for one in self.store.accounts() if one.kind == "mastodon" and (not name or one.name == name)]
        if len(known) == 1:
            return known[0]
        if known:
            raise InputError(f"As whom? Signed in are {', '.join(one.name for one in known)}.")
        raise InputError(f"Nobody is signed in{f' as {name}' if name else ''}:  millpond accounts add SERVER --act")

    def _send(self, act: Act) -> Changes:
        account = self.store.account(act.account)
        if account is None:
            return self.store.settle_act(act, state="failed", error=f"Nobody is signed in as {act.account} any more.")
        try:
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

    def _checked(self, answer: HttpResponse) -> HttpResponse:
        """Raises FetchError for what may work later, _NoError for what never will."""
        if answer.status == 200:
            return answer
        said = values.text(_read(answer).get("error"))[:200] if answer.status < 500 else ""
        if answer.status in {401, 403}:
            raise _NoError(f"The server does not let this account do that ({answer.status}). Sign in again to act.{f' It says: {said}' if said else ''}")
        if answer.status in {404, 410, 422, 400}:
            raise _NoError(f"The server says no ({answer.status}){f': {said}' if said else '.'}")
        wait = polite.retry_after(answer.headers.get("retry-after"), self.clock())
        seconds = wait.total_seconds() if wait is not None else None
        raise FetchError(f"The server cannot take it now ({answer.status}).", status=answer.status, retry_after_seconds=seconds)


def _read(answer: HttpResponse) -> dict[str, Any]:
    try:
        return values.fields(json.loads(answer.body or b"{}"))
    except ValueError:
        if answer.status == 200:
            raise FetchError("The server's answer cannot be read.") from None
        return {}


def _letters(text: str) -> str:
    return "".join(each for each in html.unescape(re.sub(r"<[^>]*>", "", text)).lower() if each.isalnum())
