"""Following and leaving feeds: an address typed by a person, and lists of subscriptions."""

from __future__ import annotations

import ipaddress
import os
import random
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from engine import polite
from engine.errors import FetchError, InputError, NotAFeedError, RefusedError
from engine.http import Client, HttpRequest, HttpResponse, host_of
from engine.refresh import ACCEPT, body_hash
from engine.store import Answer, Store
from engine.types import Changes, FetchState, OpmlImport, Parsed, Subscription
from engine.workers.clients import ParseWorker

MAX_OPML_BYTES = 32 * 2**20
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def address(text: str) -> tuple[str, tuple[str, str] | None]:
    """Return the URL that a person meant, without its credentials, and the credentials (user, password).

    Raises:
        InputError: it is no web address.
    """
    text = text.strip()
    if text.lower().startswith("feed:"):
        text = text[5:].removeprefix("//")
    if not _SCHEME.match(text) or re.match(r"^[\w.-]+:\d+(/|$)", text):
        text = "https://" + text
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if parts.scheme.lower() not in {"http", "https"}:
        raise InputError("Only addresses that begin with http:// or https:// can be followed.")
    if not host or re.search(r"[\s<>\"\\^`{|}]", parts.netloc) or len(text) > 4096:
        raise InputError("That is not the address of a site or a feed. It looks like https://example.org/feed.xml.")
    if "." not in host and ":" not in host and host != "localhost" and not host.isdigit() and "://" not in text:
        raise InputError("That is not the address of a site or a feed. It looks like https://example.org/feed.xml.")
    auth = None
    if parts.username is not None:
        auth = (unquote(parts.username), unquote(parts.password or ""))
    netloc = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme.lower(), netloc, parts.path or "/", parts.query, "")), auth


def looks_private(url: str) -> bool:
    """Whether the address itself (not what DNS says) points into this machine or its network."""
    host = (urlsplit(url).hostname or "").rstrip(".").lower()
    if host == "localhost" or host.endswith((".localhost", ".local", ".lan", ".internal", ".home.arpa")):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.replace(".", "").isdigit() or host.startswith("0x")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """What following a feed needs."""

    store: Store
    client: Client
    parse: ParseWorker
    clock: Callable[[], datetime]
    refresh_minutes: int

    def add_feed(self, text: str, *, folder: str = "", title: str = "") -> tuple[int, Changes]:
        """Follow the feed at an address, or the one feed that the site there names, and keep the answer.

        Raises:
            InputError: no address, or followed already.   FetchError, NotAFeedError, ParseError.
        """
        url, auth = address(text)
        try:
            host_of(url)
        except RefusedError as error:
            raise InputError(f"{error} It looks like https://example.org/feed.xml.") from None
        self._refuse_known(url)
        try:
            answer, parsed, private = self._read(url, auth)
        except NotAFeedError as error:
            candidates = [found for found in error.candidates if "comment" not in found.lower()] or error.candidates
            if len(candidates) != 1:
                raise
            url = candidates[0]
            self._refuse_known(url)
            answer, parsed, private = self._read(url, auth)
        if answer.permanent_url and answer.permanent_url != url:
            url = answer.permanent_url
            self._refuse_known(url)
        state = polite.after_success(
            FetchState(feed_id=0, url=url, allow_private=private),
            now=self.clock(),
            status=200,
            headers=answer.headers,
            permanent_url=None,
            body_hash=body_hash(answer.body),
            ttl_minutes=parsed.info.ttl_minutes,
            refresh_minutes=self.refresh_minutes,
            jitter=random.random(),
        )
        feed_id, changes = self.store.add_feed(
            url, kind="feed", title=title, folder=folder, allow_private=private, info=parsed.info
        )
        if auth is not None:
            self.store.save_auth(feed_id, auth)
        state = replace(state, feed_id=feed_id)
        ingested = self.store.ingest([Answer(feed_id=feed_id, info=parsed.info, posts=parsed.posts, state=state)])
        return feed_id, changes | ingested[0]

    def read_opml(self, path: Path) -> tuple[Subscription, ...]:
        """Raises InputError when the file cannot be read, ParseError when it is no subscription list."""
        try:
            if path.stat().st_size > MAX_OPML_BYTES:
                raise InputError(f"{path.name} is larger than {MAX_OPML_BYTES // 2**20} MB: no subscription list is.")
            body = path.read_bytes()
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
        return self.parse.opml(body)

    def import_subscriptions(
        self, subscriptions: Sequence[Subscription], *, allow_private: bool = False
    ) -> OpmlImport:
        """Follow all feeds of a list without fetching any yet."""
        known = {state.url for state in self.store.fetch_states(None)}
        wanted: list[tuple[Subscription, bool]] = []
        already, private, refused = 0, [], []
        for subscription in subscriptions:
            try:
                url, _ = address(subscription.url)
            except InputError:
                refused.append(subscription.url[:200])
                continue
            inside = looks_private(url)
            if url in known:
                already += 1
            elif inside and not allow_private:
                private.append(url)
            else:
                known.add(url)
                wanted.append((replace(subscription, url=url), inside))
        changes = self.store.add_feeds(wanted)
        return OpmlImport(
            added=len(wanted), already=already, private=tuple(private), refused=tuple(refused), changes=changes
        )

    def _refuse_known(self, url: str) -> None:
        if any(state.url == url for state in self.store.fetch_states(None)):
            raise InputError("You follow this feed already.")

    def _read(self, url: str, auth: tuple[str, str] | None) -> tuple[HttpResponse, Parsed, bool]:
        """Fetch and parse; the last value says whether the address lies on this machine or its network.

        The person typed this address, so its own host may be private; asking without that leave first tells which.
        """
        request = HttpRequest(url=url, purpose="feed", accept=ACCEPT, allow_private=looks_private(url), auth=auth)
        try:
            answer = self.client.fetch(request)
        except RefusedError:
            if request.allow_private:
                raise
            request = replace(request, allow_private=True)
            answer = self.client.fetch(request)
        if answer.status != 200:
            raise FetchError(polite.words_for_status(answer.status), status=answer.status)
        parsed = self.parse.feed(answer.body, answer.url, answer.headers.get("content-type", ""))
        return answer, parsed, request.allow_private


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that either the old or the new one is there, whatever happens.

    Raises:
        InputError: it cannot be written there.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}.") from error
