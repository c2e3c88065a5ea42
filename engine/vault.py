"""Secrets inside feed addresses: they lie in the keyring, and everything else sees a name in their place.

An address keeps `kept-in-keyring-…` where the secret stood. The door to the network puts the secret in for the moment of the
request, for the server that it belongs to alone, and takes it out of what comes back.
"""

from __future__ import annotations

import json
import re
import secrets as random_values
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from engine import secrets
from engine.errors import FetchError, RefusedError, SecretsError
from engine.sources import values
from engine.sources.source import origin
from engine.store import Store

MARK = re.compile(r"kept-in-keyring-([0-9a-f]{24})")
MIN_LENGTH = 6  # of a secret; shorter values are words
_ITEM = "feed-secret-"
_NAMES = frozenset(
    {
        "accesstoken", "apikey", "apitoken", "auth", "authkey", "authtoken", "feedtoken", "pass", "passkey", "passwd",
        "password", "privatetoken", "pwd", "rsskey", "rsstoken", "secret", "secretkey", "token", "usertoken",
    }
)  # fmt: skip
_KEY = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[\w~%+=.-]{16,}")  # what a parameter called "key" must look like


def secret_spans(url: str) -> list[tuple[int, int]]:
    """Return where in an address secrets stand, as [start, end) of the values of its query."""
    head, mark, query = url.partition("?")
    if not mark:
        return []
    query = query.partition("#")[0]
    pairs: list[tuple[str, int, int]] = []
    at = len(head) + 1
    for part in query.split("&"):
        name, equals, value = part.partition("=")
        if equals:
            start = at + len(name) + 1
            pairs.append((re.sub(r"[_.-]", "", name).lower(), start, start + len(value)))
        at += len(part) + 1
    host = (urlsplit(url).hostname or "") if "://" in url else ""
    private_reddit = any(name == "user" for name, _, _ in pairs)  # reddit.com, and servers that stand in for it
    found = []
    for name, start, end in pairs:
        value = url[start:end]
        if len(value) < MIN_LENGTH or MARK.fullmatch(value):
            continue
        named = name in _NAMES or (name == "feed" and private_reddit and (host.endswith("reddit.com") or len(value) >= 20))
        if named or (name == "key" and _KEY.fullmatch(value)):
            found.append((start, end))
    return found


def without_secrets(url: str) -> str:
    """Return an address as it may leave the machine in a list: without the parts that are, or stand for, secrets."""
    for start, end in reversed(secret_spans(url)):
        url = url[:start] + url[end:]
    return MARK.sub("", url)


@dataclass(frozen=True, slots=True)
class _Secret:
    value: str = field(repr=False)
    origin: str  # the server that may see it


@dataclass(slots=True)
class Vault:
    """Knows the secrets by their names. Thread-safe."""

    _known: dict[str, _Secret] = field(default_factory=dict, repr=False)
    _kept: set[str] = field(default_factory=set)
    _silent: bool = False  # no keyring worked here
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def hide(self, url: str, followed: Iterable[str] = ()) -> str:
        """Return an address with names for its secrets; that of `followed` which is the same address, where one is.

        Nothing is kept yet: see `keep`.
        """
        spans = secret_spans(url)
        if not spans:
            return url
        for known in followed:
            if MARK.search(known) and _masked(known) == _masked(_cut(url, spans)):
                try:
                    if self.show(known) == url:
                        return known
                except FetchError:
                    continue
        for start, end in reversed(spans):
            url = url[:start] + self._name(_Secret(url[start:end], origin(url))) + url[end:]
        return url

    def hide_auth(self, url: str, auth: tuple[str, str]) -> tuple[str, str]:
        """Return a user name with a name for the password."""
        user, password = auth
        return (user, password) if not password or MARK.fullmatch(password) else (user, self._name(_Secret(password, origin(url))))

    def keep(self, text: str) -> str:
        """Put the secrets that a text names into the keyring; returns the text to store.

        Without a keyring that works, that is the text with its secrets: they lie in the profile then, as `doctor` tells.
        """
        for item in MARK.findall(text):
            with self._lock:
                secret = self._known.get(item)
                done = item in self._kept or secret is None
            if done or secret is None:
                continue
            try:
                if self._silent or not secrets.keyring_works():
                    raise SecretsError("No keyring.")
                secrets.keep_secret(_ITEM + item, json.dumps({"secret": secret.value, "origin": secret.origin}))
            except SecretsError:
                self._silent = True
                return self.show(text)
            with self._lock:
                self._kept.add(item)
        return text

    def show(self, text: str) -> str:
        """Return a text with its secrets in place. Raises FetchError when the keyring does not give one out."""
        return MARK.sub(lambda found: self._secret(found[1]).value, text)

    def reveal(self, text: str, url: str) -> dict[str, str]:
        """Return the secrets by the names that `text` holds, for a request to `url`.

        Raises:
            FetchError: the keyring keeps silent.   RefusedError: they belong to another server.
        """
        found = {}
        for item in MARK.findall(text):
            secret = self._secret(item)
            if not _same_server(secret.origin, origin(url)):
                raise RefusedError("This request would show a feed's secret to another server. Nothing was sent.")
            found[f"kept-in-keyring-{item}"] = secret.value
        return found

    def take_in(self, store: Store) -> None:
        """Move secrets that lie in the profile, from before they were kept apart, into the keyring where one works."""
        states = {state.feed_id: state for state in store.fetch_states(None)}
        loose = [state for state in states.values() if secret_spans(state.url)]
        auths = {feed: auth for feed, auth in store.auths().items() if feed in states and auth[1] and not MARK.fullmatch(auth[1])}
        if self._silent or not (loose or auths):
            return
        for state in loose:
            url = self.keep(self.hide(state.url))
            if url != state.url:
                store.replace_address(state.feed_id, url)
        for feed_id, auth in auths.items():
            user, password = self.hide_auth(states[feed_id].url, auth)
            kept = self.keep(password)
            if kept != auth[1]:
                store.save_auth(feed_id, (user, kept))

    def _name(self, secret: _Secret) -> str:
        with self._lock:
            item = next((item for item, known in self._known.items() if known == secret), "")
            if not item:
                item = random_values.token_hex(12)
                self._known[item] = secret
        return f"kept-in-keyring-{item}"

    def _secret(self, item: str) -> _Secret:
        with self._lock:
            known = self._known.get(item)
        if known is not None:
            return known
        kept = secrets.read_secret(_ITEM + item)
        try:
            read = values.fields(json.loads(kept or "{}"))
        except ValueError:
            read = {}
        secret = _Secret(values.text(read.get("secret")), values.text(read.get("origin")))
        if not secret.value:
            raise FetchError("The keyring does not give out the secret of this feed's address. Unlock it, or follow the feed anew.")
        with self._lock:
            self._known[item] = secret
            self._kept.add(item)
        return secret


def loose_secrets(store: Store) -> int:
    """Return how many feeds have a secret in the profile itself."""
    loose = {state.feed_id for state in store.fetch_states(None) if secret_spans(state.url)}
    return len(loose | {feed for feed, auth in store.auths().items() if auth[1] and not MARK.fullmatch(auth[1])})


def _cut(url: str, spans: list[tuple[int, int]]) -> str:
    for start, end in reversed(spans):
        url = url[:start] + "\0" + url[end:]
    return url


def _masked(url: str) -> str:
    return MARK.sub("\0", url)


def _same_server(home: str, asked: str) -> bool:
    return home == asked or (home.startswith("http://") and asked == "https://" + home.removeprefix("http://"))
