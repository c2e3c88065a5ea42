"""Following and leaving feeds: an address typed by a person, and lists of subscriptions."""

from __future__ import annotations

import ipaddress
import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from engine.conversation import Asked, Conversation, SlowTurns, first_requests
from engine.errors import FetchError, InputError, NotAFeedError, ParseError, RefusedError
from engine.http import Client, host_of
from engine.refresh import next_state
from engine.sources import registry
from engine.sources.registry import known, targets
from engine.store import Answer, Store
from engine.types import Changes, FeedInfo, FetchState, OpmlImport, Preview, Request, Subscription, Target
from engine.vault import Vault
from engine.workers.clients import ParseWorker

MAX_OPML_BYTES = 32 * 2**20
PREVIEW_POSTS = 20
LOOKED_FOR = timedelta(minutes=10)  # how long what was previewed may be followed without asking again
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
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
class Found:
    """What stands at an address: what it is, and what asking it brought."""

    target: Target
    asked: Asked | None  # None: its turn has not come yet
    private: bool  # it lies on this machine or its network
    auth: tuple[str, str] | None
    at: datetime
    options: tuple[str, ...] = ()
    account: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """What following a feed needs. `looked` keeps what was previewed, so that following it does not ask again."""

    store: Store
    client: Client
    parse: ParseWorker
    clock: Callable[[], datetime]
    refresh_minutes: int
    looked: dict[str, Found] = field(default_factory=dict)
    authorise: Callable[[FetchState, Request], Mapping[str, str]] = lambda state, request: {}
    vault: Vault = field(default_factory=Vault)

    def preview(self, text: str, *, kind: str = "", options: Sequence[str] = (), account: str = "") -> Preview:
        """Tell what an address is and what it brings, without following it.

        Raises:
            InputError: no address.   FetchError, NotAFeedError, ParseError.
        """
        found = self._look(text, kind, tuple(options), account)
        source = registry.source(found.target.kind)
        if found.asked is None or found.asked.parsed is None:
            raise RefusedError(f"{source.label} lets itself be asked seldom, and its turn has not come yet. Try again in a minute.")
        for key in [key for key, kept in self.looked.items() if self.clock() - kept.at > LOOKED_FOR]:
            del self.looked[key]
        self.looked[found.target.url] = self.looked[text.strip()] = found
        parsed = found.asked.parsed
        newest = sorted(parsed.posts, key=lambda post: post.published_at or _LONG_AGO, reverse=True)
        return Preview(
            target=found.target,
            network=source.label,
            title=parsed.info.title or found.target.name,
            site_url=parsed.info.site_url,
            posts=tuple(newest[:PREVIEW_POSTS]),
            options=source.options,
            followed=any(state.url == found.target.url for state in self.store.fetch_states(None)),
        )

    def add_feed(
        self,
        text: str,
        *,
        folder: str = "",
        title: str = "",
        kind: str = "",
        options: Sequence[str] = (),
        account: str = "",
    ) -> tuple[int, Changes]:
        """Follow what an address stands for, or the one feed that the site there names, and keep the answer.

        Args:
            kind: the source that reads it; "" tells it by the address.   options: switches of that kind.
            account: the name of the account it is read with.
        Raises:
            InputError: no address, or followed already.   FetchError, NotAFeedError, ParseError.
        """
        found = self.looked.get(text.strip())
        if found is None or (kind and kind != found.target.kind) or self.clock() - found.at > LOOKED_FOR:
            found = self._look(text, kind, tuple(options), account, fresh=True)
        elif (found.options, found.account) != (tuple(options), account):
            found = replace(found, asked=None, options=tuple(options), account=account)  # the next refresh brings it
        target = found.target
        self._refuse_known(target.url)
        info = found.asked.parsed.info if found.asked is not None and found.asked.parsed is not None else None
        feed_id, changes = self.store.add_feed(
            self.vault.keep(target.url),
            kind=target.kind,
            title=title,
            folder=folder,
            allow_private=found.private,
            info=info or FeedInfo(title=target.name),
            options=found.options,
            account=found.account,
        )
        if found.auth is not None:
            self.store.save_auth(feed_id, (found.auth[0], self.vault.keep(found.auth[1])))
        if found.asked is None or found.asked.parsed is None:
            return feed_id, changes
        parsed = found.asked.parsed
        (before,) = self.store.fetch_states([feed_id])
        state = next_state(
            replace(before, cursor=""),
            replace(found.asked, permanent_url=None),
            now=self.clock(),
            refresh_minutes=self.refresh_minutes,
        )
        ingested = self.store.ingest([Answer(feed_id=feed_id, info=parsed.info, posts=parsed.posts, state=state)])
        return feed_id, changes | ingested[0]

    def _look(
        self, text: str, kind: str, options: tuple[str, ...], account: str, *, fresh: bool = False
    ) -> Found:
        """Find out what an address is by asking what it may be, the likeliest first; `fresh` refuses what is followed."""
        url, auth = ("", None) if not kind and known(text) is not None else address(text)
        if kind:
            registry.source(kind)
            wanted = [Target(kind=kind, url=url, what=kind)]
        else:
            wanted = list(targets(text))
        if not any(target.sure for target in wanted):
            wanted.append(Target(kind="feed", url=url, what="feed"))
        followed = [state.url for state in self.store.fetch_states(None)]
        if auth is not None:
            auth = self.vault.hide_auth(url, auth)
        for number, bare in enumerate(wanted, 1):
            target = replace(bare, url=self.vault.hide(bare.url, followed))
            if fresh:
                self._refuse_known(target.url)
            try:
                return self._found(target, auth, options, account, fresh=fresh)
            except (FetchError, ParseError) as error:
                if number == len(wanted) or isinstance(error, RefusedError):
                    raise
        raise AssertionError("an address is a feed at least")

    def _found(
        self, target: Target, auth: tuple[str, str] | None, options: tuple[str, ...], account: str, *, fresh: bool
    ) -> Found:
        """Ask one target; a page that names one feed leads to that."""
        try:
            host_of(target.url)
        except RefusedError as error:
            raise InputError(f"{error} It looks like https://example.org/feed.xml.") from None
        options = tuple(option for option in options if option in registry.source(target.kind).options)
        try:
            asked, private = self._ask(target, auth, options, account)
        except NotAFeedError as error:
            candidates = [found for found in error.candidates if "comment" not in found.lower()] or error.candidates
            if len(candidates) != 1 or target.kind != "feed":
                raise
            target = known(candidates[0]) or replace(target, url=candidates[0])
            if fresh:
                self._refuse_known(target.url)
            asked, private = self._ask(target, auth, options, account)
        if asked is not None:
            settled = asked.parsed.address if asked.parsed is not None else ""
            target = replace(target, url=settled or asked.permanent_url or target.url)
        return Found(
            target=target, asked=asked, private=private, auth=auth, at=self.clock(), options=options, account=account
        )

    def _ask(
        self, target: Target, auth: tuple[str, str] | None, options: tuple[str, ...], account: str
    ) -> tuple[Asked | None, bool]:
        """Ask a target once; the last value says whether the address lies on this machine or its network.

        The person typed this address, so its own host may be private; asking without that leave first tells which.
        """
        state = FetchState(
            feed_id=0,
            url=target.url,
            kind=target.kind,
            options=options,
            account=account,
            allow_private=looks_private(target.url),
        )
        if SlowTurns(store=self.store, clock=self.clock).take(first_requests(state)) is not None:
            return None, state.allow_private
        conversation = Conversation(client=self.client, parse=self.parse, authorise=self.authorise, clock=self.clock)
        try:
            return conversation.ask(state, auth=auth), state.allow_private
        except RefusedError:
            if state.allow_private:
                raise
            return conversation.ask(replace(state, allow_private=True), auth=auth), True

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
        followed = {state.url for state in self.store.fetch_states(None)}
        wanted: list[tuple[Subscription, bool]] = []
        already, private, refused = 0, [], []
        for subscription in subscriptions:
            target = known(subscription.url) if not subscription.kind else None
            try:
                url = target.url if target is not None else address(subscription.url)[0]
            except InputError:
                refused.append(subscription.url[:200])
                continue
            url = self.vault.hide(url, followed)
            kind = target.kind if target is not None else subscription.kind or "feed"
            inside = looks_private(url)
            if url in followed:
                already += 1
            elif inside and not allow_private:
                private.append(url)
            else:
                followed.add(url)
                wanted.append((replace(subscription, url=self.vault.keep(url), kind=kind), inside))
        changes = self.store.add_feeds(wanted)
        return OpmlImport(
            added=len(wanted), already=already, private=tuple(private), refused=tuple(refused), changes=changes
        )

    def _refuse_known(self, url: str) -> None:
        if any(state.url == url for state in self.store.fetch_states(None)):
            raise InputError("You follow this feed already.")


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
