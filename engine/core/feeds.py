"""What is followed: feeds, accounts, lists of other readers, and the refresh."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.types import (
    Account,
    Changes,
    Feed,
    ImportDone,
    ImportPreview,
    OpmlImport,
    PastImport,
    Preview,
    Progress,
    RefreshEvent,
    StarterPack,
    Subscription,
)

if TYPE_CHECKING:
    from engine.importing import Importer
    from engine.refresh import Refresher
    from engine.subscribe import Subscriber
from engine.core.reapplying import Reapplying


class Feeds(Reapplying):
    """Following."""

    def preview(self, address: str, *, kind: str = "", options: Sequence[str] = (), account: str = "") -> Preview:
        """Tell what an address is (a site, a profile, a handle, a subreddit, a channel, …) and what following it brings.

        Raises:
            InputError: no address.   FetchError.   NotAFeedError: with `candidates`.
        """
        return self._subscriber().preview(address, kind=kind, options=options, account=account)

    def add_feed(
        self,
        url: str,
        *,
        folder: str = "",
        title: str = "",
        kind: str = "",
        options: Sequence[str] = (),
        account: str = "",
    ) -> Feed:
        """Follow what an address stands for, or the one feed that the site there names; what was fetched is kept.

        Args:
            kind: which source reads it, for addresses that do not tell.   options: switches of that source.
            account: the name of the account that it is read with.
        Raises:
            InputError: no address, or followed already.   FetchError.   NotAFeedError: with `candidates`.
        """
        feed_id, changes = self._subscriber().add_feed(
            url, folder=folder, title=title, kind=kind, options=options, account=account
        )
        self._publish(changes | self._settle(sorted(changes.new)))
        return self._store.feed(feed_id)

    def feeds(self) -> list[Feed]:
        return self._store.feeds()

    def folders(self) -> list[str]:
        """Folder names in use, sorted; nested ones are "A/B"."""
        return sorted({feed.folder for feed in self._store.feeds() if feed.folder}, key=str.casefold)

    def update_feed(
        self,
        feed_id: int,
        *,
        title: str | None = None,
        folder: str | None = None,
        stopped: bool | None = None,
        options: Sequence[str] | None = None,
    ) -> Changes:
        before = self._store.feed(feed_id)
        changes = self._store.update_feed(feed_id, title=title, folder=folder, stopped=stopped, options=options)
        after = self._store.feed(feed_id)
        return self._publish(changes | self._rules_follow(title=before.title != after.title, folder=before.folder != after.folder))

    def remove_feed(self, feed_id: int) -> Changes:
        """Stop following; `restore_feed` brings everything back."""
        changes = self._store.remove_feed(feed_id)
        if (scorer := self._made("_scorer")) is not None:
            scorer.forget()
        return self._publish(changes)

    def restore_feed(self, feed_id: int) -> Changes:
        changes = self._store.restore_feed(feed_id)
        if (scorer := self._made("_scorer")) is not None:
            scorer.forget()
        return self._publish(changes)

    def import_opml(self, path: Path | str, *, allow_private: bool = False) -> OpmlImport:
        """Follow the feeds of a list; addresses on this machine or its network only with `allow_private`.

        Raises:
            InputError: the file cannot be read.   ParseError: it is no subscription list.
        """
        subscriber = self._subscriber()
        return self._imported(subscriber, subscriber.read_opml(Path(path)), allow_private)

    def follow(self, subscriptions: Sequence[Subscription], *, allow_private: bool = False) -> OpmlImport:
        """Follow several feeds at once, without fetching yet (starter packs)."""
        return self._imported(self._subscriber(), subscriptions, allow_private)

    def export_opml(self, path: Path | str) -> int:
        """Write the subscriptions, without credentials and secrets; returns how many addresses lack theirs.

        Raises:
            InputError: the file cannot be written.
        """
        from engine.sources.opml import write_opml
        from engine.subscribe import write_atomically
        from engine.vault import without_secrets

        subscriptions = [
            Subscription(
                url=without_secrets(feed.url), title=feed.title, site_url=without_secrets(feed.site_url), folder=feed.folder, kind=feed.kind, options=feed.options
            )
            for feed in self._store.feeds()
            if feed.kind != "local"
        ]
        write_atomically(Path(path), write_opml(subscriptions, title="Millpond"))
        return sum(feed.kind != "local" and without_secrets(feed.url) != feed.url for feed in self._store.feeds())

    def inspect_import(self, path: Path | str, *, allow_private: bool = False) -> ImportPreview:
        """Tell which reader a file or folder is from and what an import would bring. Raises InputError, ParseError."""
        return self._importer().preview(Path(path), allow_private=allow_private)

    def import_from(self, path: Path | str, *, allow_private: bool = False) -> Iterator[Progress | ImportDone]:
        """Take over feeds, articles, what was read and starred from another reader, or the feeds of an OPML list.

        Closing it keeps what was done; `undo_import` takes it back.

        Raises:
            InputError, ParseError.   BusyError: as for `refresh`.
        """
        with self._store.lock("jobs"):
            yield from self._importer().run(Path(path), allow_private=allow_private)

    def imports(self) -> list[PastImport]:
        """Return what was imported, the newest first."""
        return self._store.imports()

    def undo_import(self, import_id: int) -> Changes:
        """Remove exactly what an import added; posts that you did something with since stay. Raises NotFoundError."""
        changes = self._store.undo_import(import_id)
        if (scorer := self._made("_scorer")) is not None:
            scorer.forget()
        return self._publish(changes)

    def starter_packs(self) -> list[StarterPack]:
        from engine import starter

        return starter.packs()

    def accounts(self) -> list[Account]:
        return self._store.accounts()

    def sign_in(
        self, server: str, open_browser: Callable[[str], None], *, cancel: threading.Event | None = None, act: bool = False
    ) -> Account:
        """Sign in to a Mastodon server in the system's browser; the token is kept in the keyring.

        Args:
            act: to favourite, boost, bookmark and answer too, not to read alone.

        Raises:
            InputError: no server.   SecretsError: no keyring.   FetchError: refused, cancelled, or nobody answered.
        """
        account = self._accounts.sign_in(server, open_browser, cancelled=cancel, act=act)
        self._publish(Changes(settings=True))
        return account

    def sign_in_bluesky(self, identifier: str, password: str, *, server: str = "") -> Account:
        """Sign in to Bluesky with an app password, which is not kept; the tokens lie in the keyring.

        Args:
            identifier: handle or DID.   server: that keeps the account; "" finds it.
        Raises:
            InputError: no handle, or no app password.   SecretsError: no keyring.   FetchError: the server says no.
        """
        account = self._accounts.sign_in_bluesky(identifier, password, server=server)
        self._publish(Changes(settings=True))
        return account

    def sign_in_reader(self, address: str, user: str, password: str) -> tuple[Account, int]:
        """Sign in to a server of the Google Reader API (FreshRSS, Miniflux) and follow its feeds in their folders, without fetching yet.

        The API password is not kept; the token lies in the keyring. From then on each refresh makes read and starred posts agree.

        Returns:
            the account, and how many feeds are new here.
        Raises:
            InputError: no address, or an unprotected one.   SecretsError: no keyring.   FetchError, ParseError: the server says no.
        """
        account = self._accounts.sign_in_reader(address, user, password)
        changes = self._reader_sync.follow(account, again=True)
        self._publish(changes | Changes(settings=True))
        return account, len(changes.feeds)

    def sign_out(self, name: str) -> None:
        """Take the token back and forget it. Feeds that are read with it stay, and say so. Raises NotFoundError."""
        self._accounts.sign_out(name)
        self._publish(Changes(settings=True))

    def refresh(self, feeds: Sequence[int] | None = None, force: bool = False) -> Iterator[RefreshEvent]:
        """Fetch what is due of all feeds, or of some; `force` ignores due times but never a host's Retry-After.

        Raises:
            BusyError: another process refreshes or enriches this profile.
        """
        with self._store.lock("jobs"):
            self._send_waiting()
            yield from self._refresher().run(feeds, force=force)
            self._send_waiting()  # what was done meanwhile
            for _, changes in self._reader_sync.run(force=force):
                self._publish(changes)

    def _refresher(self) -> Refresher:
        from engine.refresh import Refresher

        self._vault.take_in(self._store)
        auths = self._store.auths()

        def settle(changes: Changes) -> Changes:
            return self._publish(changes | self._settle(sorted(changes.new | changes.updated)))

        return Refresher(
            store=self._store,
            client=self._http(),
            parse=self._parse,
            clock=self._clock,
            refresh_minutes=int(self._settings["refresh_minutes"]),
            settle=settle,
            auth=lambda state: auths.get(state.feed_id),
            authorise=self._accounts.authorise,
            asked_at=self._asked_at,
            steady=self._steady,
            hide=lambda url: self._vault.keep(self._vault.hide(url)),
        )

    def _send_waiting(self) -> None:
        if self._store.acts(waiting=True):
            for _, changes in self._outbox.run():
                self._publish(changes)

    def _imported(
        self, subscriber: Subscriber, subscriptions: Sequence[Subscription], allow_private: bool
    ) -> OpmlImport:
        outcome = subscriber.import_subscriptions(subscriptions, allow_private=allow_private)
        self._publish(outcome.changes)
        return outcome

    def _subscriber(self) -> Subscriber:
        from engine.subscribe import Subscriber

        return Subscriber(
            store=self._store,
            client=self._http(),
            parse=self._parse,
            clock=self._clock,
            refresh_minutes=int(self._settings["refresh_minutes"]),
            looked=self._looked,
            authorise=self._accounts.authorise,
            vault=self._vault,
        )

    def _importer(self) -> Importer:
        from engine.importing import Importer

        def settle(changes: Changes) -> Changes:
            return self._publish(changes | self._settle(sorted(changes.new)))

        return Importer(store=self._store, parse=self._parse, subscriber=self._subscriber(), settle=settle)
