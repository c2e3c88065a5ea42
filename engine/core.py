"""`Engine`: everything that the window and the command line can ask for, one short method for each."""

from __future__ import annotations

import contextlib
import hashlib
import html
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from engine import secrets
from engine.errors import DamagedError, InputError, LockedError
from engine.settings import BY_NAME, Value, by_name
from engine.store import Answer, Store, require_place, rescue
from engine.types import (
    Account,
    Article,
    Changes,
    Check,
    Counts,
    Encryption,
    Enriched,
    EnrichEvent,
    Explanation,
    Feed,
    FeedInfo,
    FetchedPost,
    FetchState,
    Floats,
    FullText,
    ImportDone,
    ImportPreview,
    LedgerRow,
    ModelStatus,
    OpmlImport,
    PastImport,
    PlainPost,
    Post,
    PostRow,
    Preview,
    Progress,
    RefreshEvent,
    Rescue,
    Rule,
    RulePreview,
    RuleSaved,
    SearchMode,
    SearchQuery,
    SearchResult,
    Signals,
    Similarity,
    StarterPack,
    Subscription,
    Summary,
    Thread,
    TimelineQuery,
    Vectors,
)

if TYPE_CHECKING:
    from engine.accounts import Accounts
    from engine.filters import Matcher
    from engine.fulltext import FullTexts
    from engine.http import Client
    from engine.importing import Importer
    from engine.inference import Inference
    from engine.language.summary import Steps
    from engine.models.catalogue import Model
    from engine.ranking.termspace import TermSpace
    from engine.scoring import Scorer
    from engine.subscribe import Found, Subscriber
    from engine.workers.clients import ParseWorker

# What the first screen does not need is imported where it is used: the window opens sooner.

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
SUMMARY_WORDS = 60
SUMMARISE_FROM_WORDS = 90  # shorter posts are their own summary
PREVIEW_POSTS = 200


def utc_now() -> datetime:
    return datetime.now(UTC)


def seconds_that_run_on() -> float:
    """Seconds of a clock that nobody can set, and that runs on while the machine sleeps where the system has such a one."""
    sleepless = getattr(time, "CLOCK_BOOTTIME", None)
    return time.clock_gettime(sleepless) if sleepless is not None else time.monotonic()


def open_engine(
    profile: Path | str,
    *,
    passphrase: str | None = None,
    encryption: Encryption | None = None,
    key: bytes | None = None,
    allow_network: bool = False,
    clock: Clock = utc_now,
    steady: Callable[[], float] | None = None,
) -> Engine:
    """Open a profile, making it where there is none.

    Args:
        profile: its folder.   passphrase: for a profile that is, or shall be, encrypted with one; a recovery key does too.
        encryption: of a new profile; None takes the keyring where one works, else a given passphrase.
        key: 32 bytes, for a temporary profile whose key only the caller knows.
        clock: the present as an aware datetime.   steady: seconds that no change of the clock touches.
        allow_network: the folder may lie on a network's file system; only one machine may open it at a time.
    Raises:
        InputError: the folder is no place for a profile: something else lies there, or it is on a network.
        SecretsError: there is no way to keep the key of a new profile; names the choices.
        LockedError: a wrong key or passphrase.   NewerProfileError, StoreError.
    """
    folder = Path(profile).expanduser().absolute()
    require_place(folder, allow_network=allow_network)
    if key is None:
        key = secrets.open_key(folder, encryption=encryption, passphrase=passphrase).key
    try:
        store = Store.open(folder, key=key, clock=clock)
    except LockedError as error:
        if secrets.fits(folder, key):  # a damaged first page looks like a wrong key
            raise DamagedError(
                "The profile's database is damaged. It was left as it is. Put it right with:  millpond doctor --restore"
            ) from error
        raise
    return Engine(store, clock=clock, key=key, steady=steady)


def rescue_profile(
    profile: Path | str, *, passphrase: str | None = None, key: bytes | None = None, clock: Clock = utc_now, **_access: Any
) -> Rescue:
    """Replace a damaged database by its last good copy with all that can still be read; the damaged file is kept.

    Raises:
        InputError: there is no profile.   BusyError: it is open.   LockedError.   StoreError: nothing was changed.
    """
    folder = Path(profile).expanduser().absolute()
    if not secrets.profile_state(folder).exists:
        raise InputError(f"There is no profile in {folder}.")
    if key is None:
        key = secrets.open_key(folder, passphrase=passphrase).key
    return rescue(folder, key, clock())


class Engine:
    """A profile and all that can be done with it. Thread-safe; a context manager.

    Long jobs are generators that yield progress and failures as values; closing one cancels it and keeps what was done.
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock = utc_now,
        key: bytes | None = None,
        steady: Callable[[], float] | None = None,
    ) -> None:
        self._store = store
        self._steady = steady or (seconds_that_run_on if clock is utc_now else None)
        self._clock = clock
        self._key = key
        self._listeners: list[Callable[[Changes], None]] = []
        self._lock = threading.RLock()
        self._settings: dict[str, Value] = {setting: BY_NAME[setting].default for setting in BY_NAME}
        self._settings |= {name: value for name, value in store.settings().items() if name in BY_NAME}
        self._client: Client | None = None
        self._matcher: Matcher | None = None
        self._summaries_asked = 0  # by a person; those made in idle time give way
        self._space: tuple[int, TermSpace] | None = None  # learnt from that many posts
        self._looked: dict[str, Found] = {}
        self._asked_at: dict[int, float] = {}  # feeds, by steady seconds
        self._closed = False

    @cached_property
    def _parse(self) -> ParseWorker:
        from engine.workers.clients import ParseWorker

        return ParseWorker(clock=self._clock)

    @cached_property
    def _models(self) -> Inference:
        from engine.inference import Inference

        return Inference(lambda: self._settings, self._parse)

    @cached_property
    def _scorer(self) -> Scorer:
        from engine.scoring import Scorer

        return Scorer(self._store, clock=self._clock, model=self._model_name, weights=self._weights)

    @cached_property
    def _accounts(self) -> Accounts:
        from engine.accounts import Accounts

        return Accounts(self._store, self._http())

    @cached_property
    def _full_texts(self) -> FullTexts:
        from engine.fulltext import FullTexts, Robots

        client = self._http()
        return FullTexts(self._store, client, self._parse, self._clock, Robots(client, self._clock))

    def _made(self, name: str) -> Any:
        """Return one of the properties above where it was made already, else None."""
        return self.__dict__.get(name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the workers and requests, and close the profile. Doing it twice is fine."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        if (scorer := self._made("_scorer")) is not None:
            scorer.save_if_changed()
        for running in (self._made("_parse"), self._made("_models")):
            if running is not None:
                running.close()
        if self._client is not None:
            self._client.close()
        self._store.close()

    @property
    def profile(self) -> Path:
        return self._store.profile

    # ---- feeds -----------------------------------------------------------------------------------

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
        return self._publish(
            self._store.update_feed(feed_id, title=title, folder=folder, stopped=stopped, options=options)
        )

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

    def export_opml(self, path: Path | str) -> None:
        """Write the subscriptions, without credentials. Raises InputError when the file cannot be written."""
        from engine.sources.opml import write_opml
        from engine.subscribe import write_atomically

        subscriptions = [
            Subscription(
                url=feed.url, title=feed.title, site_url=feed.site_url, folder=feed.folder, kind=feed.kind, options=feed.options
            )
            for feed in self._store.feeds()
            if feed.kind != "local"
        ]
        write_atomically(Path(path), write_opml(subscriptions, title="Millpond"))

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

    # ---- accounts --------------------------------------------------------------------------------

    def accounts(self) -> list[Account]:
        return self._store.accounts()

    def sign_in(
        self, server: str, open_browser: Callable[[str], None], *, cancel: threading.Event | None = None
    ) -> Account:
        """Sign in to a Mastodon server in the system's browser; the token is kept in the keyring.

        Raises:
            InputError: no server.   SecretsError: no keyring.   FetchError: refused, cancelled, or nobody answered.
        """
        account = self._accounts.sign_in(server, open_browser, cancelled=cancel)
        self._publish(Changes(settings=True))
        return account

    def sign_out(self, name: str) -> None:
        """Take the token back and forget it. Feeds that are read with it stay, and say so. Raises NotFoundError."""
        self._accounts.sign_out(name)
        self._publish(Changes(settings=True))

    # ---- jobs ------------------------------------------------------------------------------------

    def refresh(self, feeds: Sequence[int] | None = None, force: bool = False) -> Iterator[RefreshEvent]:
        """Fetch what is due of all feeds, or of some; `force` ignores due times but never a host's Retry-After.

        Raises:
            BusyError: another process refreshes or enriches this profile.
        """
        from engine.refresh import Refresher

        with self._store.lock("jobs"):
            auths = self._store.auths()

            def settle(changes: Changes) -> Changes:
                return self._publish(changes | self._settle(sorted(changes.new | changes.updated)))

            yield from Refresher(
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
            ).run(feeds, force=force)

    def enrich(self, *, visible: Sequence[int] = ()) -> Iterator[EnrichEvent]:
        """Let the models read what is new: languages, rules, vectors and signals, scores, summaries.

        Args:
            visible: posts on screen, which come first.
        Raises:
            BusyError: as for `refresh`.
        """
        from engine.enrich import Enricher

        with self._store.lock("jobs"):
            entry = self._model()
            for event in Enricher(
                store=self._store,
                parse=self._parse,
                embed=self._models.embedder(),
                model=entry.name,
                speaks=entry.speaks,
                settle_rules=self._settle,
                rescore=self._rescore,
                summarise_top=self._summarise_top,
            ).run(visible):
                if isinstance(event, Enriched):
                    self._publish(event.changes)
                yield event

    # ---- reading ---------------------------------------------------------------------------------

    def timeline(self, query: TimelineQuery = TimelineQuery()) -> list[int]:  # noqa: B008 - frozen
        """Return the ids of the posts that the query asks for, in its order."""
        if query.order == "for_you" and self._settings["strength"] and not query.hidden:
            scorer = self._made("_scorer")  # until it is loaded, the order that was stored last holds
            ranked = scorer.timeline(query, feed_ids=self._folder_feeds(query.folder)) if scorer is not None else None
            return ranked if ranked is not None else self._store.timeline(query)
        return self._store.timeline(replace(query, order="newest"))

    def rows(self, ids: Sequence[int]) -> list[PostRow]:
        """Return what cards show, in the order of `ids`; unknown ids are left out."""
        rows, scorer = self._store.rows(ids), self._made("_scorer")
        return [scorer.with_reason(row) for row in rows] if scorer is not None else rows

    def post(self, post_id: int) -> Post:
        """Raises NotFoundError."""
        return self._store.post(post_id)

    def full_text(self, post_id: int) -> FullText:
        """Fetch the article on a post's own page, as its site's robots.txt allows, and keep it beside the feed's text.

        Raises:
            InputError: no page, or the site does not allow it.   FetchError.   ParseError: no article there.   NotFoundError.
        """
        found = self._full_texts.fetch(post_id)
        self._publish(Changes(updated=frozenset({post_id})))
        return found

    def thread(self, post_id: int) -> Thread:
        """Fetch the comments below a post; nothing of them is kept.

        Raises:
            InputError: its network tells none.   FetchError.   ParseError.   NotFoundError.
        """
        from engine.conversation import Conversation
        from engine.threads import Threads

        asking = Conversation(client=self._http(), parse=self._parse, authorise=self._accounts.authorise, clock=self._clock)
        return Threads(self._store, asking).fetch(post_id)

    def stored_full_text(self, post_id: int) -> FullText | None:
        """Return the kept article of a post; asks nobody."""
        return self._store.full_text(post_id)

    def full_text_feeds(self) -> frozenset[int]:
        """Return the feeds whose articles are wanted whole whenever one of their posts is opened."""
        return self._store.full_text_feeds()

    def set_full_text_feed(self, feed_id: int, wanted: bool) -> Changes:
        return self._publish(self._store.set_full_text_feed(feed_id, wanted))

    def counts(self) -> Counts:
        return self._store.counts()

    # ---- what the person does --------------------------------------------------------------------

    def mark(
        self,
        ids: Sequence[int],
        *,
        read: bool | None = None,
        saved: bool | None = None,
        hidden: bool | None = None,
    ) -> Changes:
        """Set states; those of `None` stay. `Changes.updated` are the posts that really changed: undo with these."""
        changes = self._store.mark(ids, read=read, saved=saved, hidden=hidden)
        return self._publish(self._learnt(changes) if saved is not None else changes)

    def mark_all_read(self, query: TimelineQuery) -> tuple[list[int], Changes]:
        """Mark everything that the query lists as read; returns what was unread, for undo."""
        changes = self.mark(self._store.timeline(replace(query, limit=0, order="newest", unread=True)), read=True)
        return sorted(changes.updated), changes

    def feedback(self, post_id: int, liked: bool | None) -> Changes:
        """Like, dislike or neither. The order of For you changes at once."""
        return self._publish(self._learnt(self._store.feedback(post_id, liked)))

    def record(self, post_id: int, event: Literal["opened", "dismissed"]) -> Changes:
        """Note that a post was "opened" or "dismissed"; ranking learns a little from it."""
        if event not in {"opened", "dismissed"}:
            raise InputError(f"A post is opened or dismissed, not “{event}”.")
        return self._publish(self._store.record(post_id, event))

    # ---- why, search -----------------------------------------------------------------------------

    def explain(self, post_id: int) -> Explanation:
        """Say why a post stands where it stands; the contributions sum to the score. Raises NotFoundError."""
        self._store.post(post_id)
        explanation = self._scorer.explain(post_id)
        hits = self._store.hits(post_id)
        return replace(explanation, hit=hits[0] if hits else None)

    def search(
        self, text: str | SearchQuery, mode: SearchMode = "hybrid", limit: int = 50, *, wait: bool = True
    ) -> SearchResult:
        """Find posts by words, by meaning, or both.

        Args:
            wait: False answers by words at once when the model is not loaded yet (`meaning_ready` says so).
        """
        from engine.searching import Searcher

        query = text if isinstance(text, SearchQuery) else SearchQuery(text=text, mode=mode, limit=limit)
        return Searcher(
            store=self._store, scorer=self._scorer, embed=self._models.embedder(), parse=self._parse, model=self._model()
        ).search(query, wait=wait)

    # ---- models ----------------------------------------------------------------------------------

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return (n, d) float32 unit vectors. Raises ModelError when the model is off or not installed."""
        return self._models.embed(texts)

    def signals(self, texts: Sequence[str]) -> list[Signals]:
        """Return what the trained heads say of each text: nothing where the model does not speak its language.

        Raises ModelError as `embed` does.
        """
        return self._models.signals(texts)

    def summarise(
        self, id_or_text: int | str, max_words: int = SUMMARY_WORDS, *, cancel: threading.Event | None = None
    ) -> Summary:
        """Summarise a post or a text: by the language model where every sentence stands in the source, else picked
        sentences. A post's summary is kept.

        Args:
            cancel: once set, the model stops after its current token, and nothing is kept.
        Raises:
            NotFoundError.   CancelledError.
        """
        from engine.language.summary import finish

        with self._lock:
            self._summaries_asked += 1
        try:
            return finish(self._summarising(id_or_text, max_words, cancel.is_set if cancel else None, urgent=True))
        finally:
            with self._lock:
                self._summaries_asked -= 1

    def stored_summary(self, post_id: int) -> Summary | None:
        """Return a kept summary; loads no model. Raises NotFoundError."""
        return self._store.summary(self._store.post(post_id).content_hash)

    def device(self) -> str:
        """What the embedding model runs on ("CPU (bf16)"); "" before it was first used."""
        models = self._made("_models")
        return models.device() if models is not None else ""

    def models(self) -> list[ModelStatus]:
        from engine import installation

        return installation.list_models()

    def install_model(self, name: str) -> Iterator[Progress]:
        """Fetch a model, checked by its hash. Raises ModelError, FetchError."""
        from engine import installation

        yield from installation.install_model(name, client=self._http(), recorder=self._store)
        self._drop_models()

    def remove_model(self, name: str) -> None:
        from engine import installation

        self._drop_models()
        installation.remove_model(name)

    # ---- rules -----------------------------------------------------------------------------------

    def rules(self) -> list[Rule]:
        return self._store.rules()

    def preview_rule(self, rule: Rule, *, cancel: threading.Event | None = None) -> RulePreview:
        """Return what a rule would take of the stored posts, the newest first, without saving it.

        Raises:
            CancelledError: `cancel` was set meanwhile.
        """
        hits = self._hits_of(rule, cancel)
        return RulePreview(posts=len(hits), ids=tuple(sorted((post_id for post_id, _ in hits), reverse=True))[:PREVIEW_POSTS])

    def save_rule(self, rule: Rule) -> RuleSaved:
        """Save a rule and apply it to all posts at once. Raises InputError when it tests nothing."""
        from engine import filters

        filters.check(rule)
        hits = self._hits_of(rule) if rule.enabled else []
        saved, changes = self._store.save_rule(rule, hits)
        self._matcher = None
        return RuleSaved(rule=saved, posts=len(hits), changes=self._publish(changes))

    def delete_rule(self, rule_id: int) -> Changes:
        """Remove a rule; what it hid is shown again. Raises NotFoundError."""
        changes = self._store.delete_rule(rule_id)
        self._matcher = None
        return self._publish(changes)

    def rule_counts(self) -> dict[int, int]:
        """Return how many posts each rule hides or muffles now."""
        return self._store.rule_counts()

    # ---- settings, ledger, house -----------------------------------------------------------------

    def settings(self) -> dict[str, Value]:
        """Every setting's value."""
        return dict(self._settings)

    def set_setting(self, name: str, value: Value) -> Changes:
        """Raises InputError when there is no such setting or the value is out of bounds."""
        parsed = by_name(name).parse(value)
        changes = self._store.set_setting(name, parsed)
        with self._lock:
            self._settings[name] = parsed
            if name in {"ai", "embedding_model", "text_model", "threads"}:
                self._drop_models()
            if name == "proxy" and self._client is not None:
                self._client.close()
                self._client = None
                self.__dict__.pop("_full_texts", None)
                self.__dict__.pop("_accounts", None)
        if name in {"strength", "preset"}:
            changes = changes | self._rescore()
        return self._publish(changes)

    def ledger(self, limit: int = 200, host: str | None = None) -> list[LedgerRow]:
        """Return the newest requests first."""
        return self._store.ledger(limit=limit, host=host)

    def changes(self, callback: Callable[[Changes], None]) -> Callable[[], None]:
        """Call back after each write, from any thread; returns what ends it."""
        with self._lock:
            self._listeners.append(callback)

        def end() -> None:
            with self._lock, contextlib.suppress(ValueError):
                self._listeners.remove(callback)

        return end

    def poll(self) -> Changes:
        """Return what other processes wrote since the last call (`unknown`), and tell the listeners."""
        if not self._store.others_wrote():
            return Changes()
        self._settings |= {name: value for name, value in self._store.settings().items() if name in BY_NAME}
        self._matcher = None
        if (scorer := self._made("_scorer")) is not None:
            scorer.forget()
        return self._publish(Changes(unknown=True))

    def window_lock(self) -> contextlib.AbstractContextManager[None]:
        """Held by the one window of a profile. Raises BusyError."""
        return self._store.lock("window")

    def recovery_key(self) -> str:
        """The key of this profile for printing; "" for a plain one."""
        return secrets.recovery_key(self._key) if self._key is not None else ""

    def backup(self, path: Path | str) -> Path:
        """Write a checked copy of the database. Raises StoreError, InputError."""
        return self._store.backup(Path(path))

    def tidy(self) -> Iterator[None]:
        """For idle time: forget old rows of the ledger, make the weekly copy. Closing it stops between two steps."""
        yield from self._store.upkeep()

    def doctor(self) -> list[Check]:
        from engine import doctor

        return doctor.examine(self._store, self._parse, self._models.embedder(), encrypted=self._key is not None)

    # ---- for scripts and evaluation --------------------------------------------------------------

    def add_posts(self, feed_title: str, posts: Sequence[PlainPost]) -> Changes:
        """Store posts from elsewhere than the network under a local feed of that title."""
        url = "millpond:local/" + hashlib.blake2b(feed_title.encode(), digest_size=8).hexdigest()
        known = {feed.url: feed.id for feed in self._store.feeds()}
        changes = Changes()
        if url in known:
            feed_id = known[url]
        else:
            feed_id, changes = self._store.add_feed(
                url, kind="local", title=feed_title, info=FeedInfo(title=feed_title)
            )
        for start in range(0, len(posts), 1000):
            answer = Answer(
                feed_id=feed_id,
                info=FeedInfo(title=feed_title),
                posts=[fetched_from_plain(post) for post in posts[start : start + 1000]],
                state=FetchState(feed_id=feed_id, url=url),
            )
            changes |= self._store.ingest([answer])[0]
        return self._publish(changes | self._settle(sorted(changes.new)))

    def rank(self, posts: Sequence[PlainPost], liked: Sequence[PlainPost], disliked: Sequence[PlainPost]) -> Floats:
        """Return (n,) scores of a learner that knows this feedback alone.

        The posts that the profile holds tell it which words are rare and which go together, and nothing else.
        """
        from engine.ranking.fresh import rank_fresh

        vectors = self._models.post_vectors([*posts, *liked, *disliked])
        return rank_fresh(posts, liked, disliked, vectors=vectors, space=self._word_space())

    def fold(self, posts: Sequence[PlainPost]) -> list[int]:
        """Return a story id for each post, in order of arrival."""
        from engine.stories import fold_posts

        return fold_posts(posts, vectors=self._models.post_vectors(posts))

    def similar(self, texts: Sequence[str]) -> Similarity:
        """Return (n, n) similarities, and from where on two texts count as one story."""
        from engine.stories import SAME_STORY, similarities

        posts = [PlainPost(title=text) for text in texts]
        return Similarity(matrix=similarities(posts, vectors=self._models.post_vectors(posts)), threshold=SAME_STORY)

    def article(self, page: bytes, url: str) -> Article:
        """Return the main text of a web page. Raises ParseError."""
        return self._parse.article(page, url)

    # ---- inside ----------------------------------------------------------------------------------

    def _publish(self, changes: Changes) -> Changes:
        if changes:
            if (scorer := self._made("_scorer")) is not None:
                scorer.apply(changes)
            with self._lock:
                listeners = list(self._listeners)
            for listener in listeners:
                listener(changes)
        return changes

    def _learnt(self, changes: Changes) -> Changes:
        """After feedback: the learner takes it in and the order follows."""
        self._scorer.apply(changes)
        return changes | self._scorer.relearn()

    def _rescore(self) -> Changes:
        self._scorer.relearn()
        return self._scorer.save()

    def _weights(self) -> tuple[str, float]:
        return str(self._settings["preset"]), float(self._settings["strength"])

    def _folder_feeds(self, folder: str | None) -> list[int] | None:
        if folder is None:
            return None
        return [
            feed.id for feed in self._store.feeds() if feed.folder == folder or feed.folder.startswith(f"{folder}/")
        ]

    def _imported(
        self, subscriber: Subscriber, subscriptions: Sequence[Subscription], allow_private: bool
    ) -> OpmlImport:
        outcome = subscriber.import_subscriptions(subscriptions, allow_private=allow_private)
        self._publish(outcome.changes)
        return outcome

    def _http(self) -> Client:
        from engine.http import Client, Policy

        with self._lock:
            if self._client is None:
                policy = Policy(proxy=str(self._settings["proxy"]))
                pauses = self._store.pauses()
                self._client = Client(self._clock, policy, self._store, pauses, steady=self._steady)
            return self._client

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
        )

    def _importer(self) -> Importer:
        from engine.importing import Importer

        def settle(changes: Changes) -> Changes:
            return self._publish(changes | self._settle(sorted(changes.new)))

        return Importer(store=self._store, parse=self._parse, subscriber=self._subscriber(), settle=settle)

    def _matcher_now(self) -> Matcher:
        from engine import filters

        matcher = self._matcher
        if matcher is None:
            matcher = self._matcher = filters.compile([rule for rule in self._store.rules() if rule.enabled])
        return matcher

    def _settle(self, ids: Sequence[int]) -> Changes:
        """Apply the rules to posts that no rule has judged yet."""
        if not ids:
            return Changes()
        matcher = self._matcher_now()
        hits = []
        if matcher:
            for post in self._store.matchables(ids):
                hits += [(post.id, hit) for hit in matcher.match(post)]
        return self._store.save_hits(ids, hits)

    def _hits_of(self, rule: Rule, cancel: threading.Event | None = None) -> list[tuple[int, str]]:
        from engine import filters
        from engine.workers.supervisor import CancelledError

        matcher = filters.compile([replace(rule, id=rule.id or -1, enabled=True)])
        words = filters.prefilter(rule)
        ids = self._store.posts_with_words(words, rule.feed_ids) if words is not None else None
        found: list[tuple[int, str]] = []
        for post in self._store.matchables(ids, feed_ids=rule.feed_ids):
            if cancel is not None and cancel.is_set():
                raise CancelledError("Stopped before it was finished.")
            found += [(post.id, hit.matched) for hit in matcher.match(post)]
        return found

    def _model_name(self) -> str:
        return str(self._settings["embedding_model"])

    def _model(self) -> Model:
        from engine.models import catalogue

        return catalogue.by_name(self._model_name())

    def _drop_models(self) -> None:
        if (models := self._made("_models")) is not None:
            models.drop()

    def _summarising(
        self, id_or_text: int | str, max_words: int, cancelled: Callable[[], bool] | None, *, urgent: bool
    ) -> Steps:
        from engine.language.summary import counted, prompt_name

        if isinstance(id_or_text, str):
            language = self._parse.languages([id_or_text], cancelled=cancelled)[0]
            return (yield from self._summarise("", id_or_text, language, max_words, cancelled, urgent))
        post = self._store.post(id_or_text)
        language = post.row.language
        if not language:
            language = self._parse.languages([f"{post.row.title} {post.text}"], cancelled=cancelled)[0]
        summary = yield from self._summarise(post.row.title, post.text, language, max_words, cancelled, urgent)
        summary = counted(summary, self._store.summary(post.content_hash))
        self._publish(self._store.save_summary(post.content_hash, summary, prompt=prompt_name(max_words)))
        return summary

    def _summarise(
        self,
        title: str,
        text: str,
        language: str,
        max_words: int,
        cancelled: Callable[[], bool] | None,
        urgent: bool,
    ) -> Steps:
        from engine.language import summary as summaries

        entry = self._models.text_model()
        generate = self._models.generator() if entry.speaks(language, text) else None

        return summaries.write(
            text,
            title=title,
            generate=generate,
            template=entry.template,
            model=entry.name,
            embed=self._models.sentence_vectors(language, text),
            max_words=max_words,
            off=not self._settings["ai"],
            spoken=entry.speaks(language, text),
            cancelled=cancelled,
            urgent=urgent,
        )

    def _summarise_top(self) -> Iterator[EnrichEvent]:
        """Summarise the top of For you where the posts are long enough and have none yet."""
        from engine.language.sentences import count_words
        from engine.language.summary import owed as wants_model
        from engine.workers.supervisor import CancelledError

        wanted = int(self._settings["summaries_top"])
        if not wanted or self._models.generator() is None:
            return
        owed = []
        for post_id in self.timeline(TimelineQuery(order="for_you", unread=True, limit=wanted)):
            post = self._store.post(post_id)
            if count_words(post.text) >= SUMMARISE_FROM_WORDS and wants_model(self._store.summary(post.content_hash)):
                owed.append(post_id)
        for done, post_id in enumerate(owed):
            progress = Progress(stage="summaries", done=done, total=len(owed))
            yield progress
            try:
                for _ in self._summarising(post_id, SUMMARY_WORDS, lambda: self._summaries_asked > 0, urgent=False):
                    yield progress  # between tokens, so that closing stops the model
            except CancelledError:
                if not self._summaries_asked:
                    raise
                continue  # a person waits for another one; this one stays owed
            yield Enriched(stage="summaries", changes=Changes(updated=frozenset({post_id})))

    def _word_space(self) -> TermSpace | None:
        """What the stored posts say of words; None while there are too few. Learnt anew when their number changes."""
        from engine.ranking.fresh import SPACE_POSTS, learn_space

        stored = self._store.counts().posts
        with self._lock:
            if self._space is None or self._space[0] != stored:
                ids = self._store.timeline(TimelineQuery(order="newest", limit=0))
                texts = self._store.texts(ids[:: -(-len(ids) // SPACE_POSTS) or 1])
                self._space = (stored, learn_space([PlainPost(title=text.title, text=text.text) for text in texts]))
            space = self._space[1]
        return space if space.dims else None


def fetched_from_plain(post: PlainPost) -> FetchedPost:
    """Return a post as if a source had returned it; its text is taken as plain text."""
    from engine.ranking.features import sketch
    from engine.sources.clean import canonical_url, word_count
    from engine.sources.language import script_language

    body = "".join(f"<p>{html.escape(part, quote=False)}</p>" for part in post.text.split("\n") if part.strip())
    digest = hashlib.blake2b("\x00".join((post.title, post.author, post.text, post.url)).encode(), digest_size=32)
    return FetchedPost(
        guid=post.guid or digest.hexdigest(),
        url=post.url,
        canonical_url=canonical_url(post.url) if post.url else "",
        title=post.title,
        author=post.author,
        body_html=body,
        text=post.text,
        published_at=post.published_at,
        language=script_language(f"{post.title} {post.text}"),
        content_hash=digest.digest(),
        sketch=sketch(post.title, post.text, post.url),
        word_count=word_count(post.text),
    )

