"""Taking over from another reader: its feeds, its articles, what was read and what was starred, as one act that can be undone."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from engine.errors import InputError
from engine.sources.registry import known
from engine.store import LOCAL, Store
from engine.subscribe import Subscriber, address, looks_private
from engine.types import (
    Changes,
    ForeignLibrary,
    ImportDone,
    ImportedPost,
    ImportPreview,
    Progress,
    Subscription,
)
from engine.workers.clients import ParseWorker

MAX_DATABASE_BYTES = 8 << 30
MAX_TEXT_BYTES = 4 << 20  # of a list that lies beside a database
SQLITE = b"SQLite format 3\0"

# Where readers keep their database below the folder that a person names.
_DATABASES = (
    "database/local/database.db", "database/database.db", "database.db", "feeds.db", "QuiteRss/feeds.db", "liferea.db", "cache.db",
)  # fmt: skip
# Lists that lie beside a database, seen from its folder.
_COMPANIONS = {
    "urls": ("urls", "../../../.config/newsboat/urls", "../.newsboat/urls"),
    "feedlist.opml": ("feedlist.opml", "../../../.config/liferea/feedlist.opml"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """The files of another reader: a database with the lists beside it, or a list alone."""

    database: Path | None
    companions: Mapping[str, bytes]
    opml: Path | None = None


def locate(path: Path) -> Place:
    """Find what can be imported in a file or folder. Raises InputError."""
    path = path.expanduser()
    if path.is_dir():
        found = next((path / name for name in _DATABASES if _is_database(path / name)), None)
        if found is None:
            raise InputError(
                f"Nothing to import was found in {path}: no database of RSS Guard, QuiteRSS, Liferea or Newsboat lies there."
            )
        path = found
    if not path.is_file():
        raise InputError(f"{path} cannot be read: there is no such file.")
    if path.name == "urls" and _is_database(path.parent / "cache.db"):
        path = path.parent / "cache.db"
    if not _is_database(path):
        return Place(None, {}, path)
    if path.stat().st_size > MAX_DATABASE_BYTES:
        raise InputError(f"{path.name} is larger than {MAX_DATABASE_BYTES >> 30} GB.")
    return Place(path, {name: body for name, where in _COMPANIONS.items() if (body := _beside(path.parent, where)) is not None})


def _is_database(path: Path) -> bool:
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(len(SQLITE)) == SQLITE
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error


def _beside(folder: Path, where: Sequence[str]) -> bytes | None:
    for name in where:
        path = folder / name
        try:
            if path.is_file() and path.stat().st_size <= MAX_TEXT_BYTES:
                return path.read_bytes()
        except OSError:
            continue
    return None


@contextmanager
def _held(database: Path, profile: Path) -> Iterator[tuple[str, bool]]:
    """Yield the path to read and whether it is a copy: one is made while a log says that the reader is at work on it."""
    for left in profile.glob(".import-*"):  # of a run that was killed
        shutil.rmtree(left, ignore_errors=True)
    logs = [path for end in ("-wal", "-journal") if _size(path := database.with_name(database.name + end)) > 0]
    if not logs:
        yield str(database.absolute()), False
        return
    try:
        with tempfile.TemporaryDirectory(prefix=".import-", dir=profile) as folder:
            for path in (database, *logs):
                shutil.copyfile(path, Path(folder) / path.name)
            yield str(Path(folder) / database.name), True
    except OSError as error:
        raise InputError(f"{database} cannot be copied: {error.strerror or error}.") from error


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Feeds as they will be followed. `places[i]` says which of them feed i of the library is; None: left out."""

    feeds: list[tuple[Subscription, bool]]
    auths: dict[str, tuple[str, str]]
    places: list[int | None]
    already: int
    private: tuple[str, ...]
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Importer:
    store: Store
    parse: ParseWorker
    subscriber: Subscriber
    settle: Callable[[Changes], Changes]  # applies rules and tells who listens

    def preview(self, path: Path, *, allow_private: bool = False) -> ImportPreview:
        """Count what an import would bring, without doing it. Raises InputError, ParseError."""
        place = locate(path)
        library, listed = self._library(place)
        wanted = self._wanted(library, listed, allow_private)
        follow = [one for one, _ in wanted.feeds if one.kind != LOCAL]
        return ImportPreview(
            reader=library.reader, label=library.label, path=str(place.database or place.opml), feeds=len(follow),
            new_feeds=len(follow) - wanted.already, folders=len({one.folder for one in follow if one.folder}), posts=library.posts,
            unread=library.unread, starred=library.starred, private=wanted.private, refused=wanted.refused,
        )  # fmt: skip

    def run(self, path: Path, *, allow_private: bool = False) -> Iterator[Progress | ImportDone]:
        """Import; yields progress, and at last what came of it. Closing it keeps what was done, which can be undone.

        Raises:
            InputError, ParseError.
        """
        place = locate(path)
        library, listed = self._library(place)
        wanted = self._wanted(library, listed, allow_private)
        import_id = self.store.begin_import(library.reader, path.name)
        wanted = replace(wanted, feeds=[(replace(one, url=self.subscriber.vault.keep(one.url)), inside) for one, inside in wanted.feeds])
        firm = [number for number, (one, _) in enumerate(wanted.feeds) if one.kind != LOCAL]
        ids, changes = self.store.import_feeds(import_id, [wanted.feeds[number] for number in firm])
        feed_ids = dict(zip(firm, ids, strict=True))
        for feed_id, number in zip(ids, firm, strict=True):
            auth = wanted.auths.get(wanted.feeds[number][0].url)
            if auth is not None and feed_id in changes.feeds:
                self.store.save_auth(feed_id, (auth[0], self.subscriber.vault.keep(auth[1])))
        added_feeds = len(changes.feeds)
        self.settle(changes)
        done = posts = updated = 0
        yield Progress(stage="import", done=0, total=library.posts)
        for page in self._pages(place):
            made = []
            for post in page:
                chosen = wanted.places[post.feed] if post.feed < len(wanted.places) else None
                if chosen is None:
                    continue
                if chosen not in feed_ids:  # articles of what cannot be followed any more: now there are some
                    (feed_ids[chosen],), opened = self.store.import_feeds(import_id, [wanted.feeds[chosen]])
                    changes |= opened
                made.append(replace(post, feed=feed_ids[chosen]))
            fresh = self.settle(self.store.import_posts(import_id, made)) if made else Changes()
            posts, updated, done = posts + len(fresh.new), updated + len(fresh.updated - fresh.new), done + len(page)
            changes |= fresh
            yield Progress(stage="import", done=done, total=library.posts)
        yield ImportDone(
            id=import_id, reader=library.reader, label=library.label, feeds=added_feeds, already=wanted.already, posts=posts,
            updated=updated, private=wanted.private, refused=wanted.refused, changes=changes,
        )  # fmt: skip

    def _library(self, place: Place) -> tuple[ForeignLibrary, tuple[Subscription, ...]]:
        if place.database is None:
            assert place.opml is not None
            return ForeignLibrary(reader="opml", label="OPML"), self.subscriber.read_opml(place.opml)
        with _held(place.database, self.store.profile) as (path, copy):
            return self.parse.library(path, copy, place.companions)

    def _pages(self, place: Place) -> Iterator[list[ImportedPost]]:
        if place.database is None:
            return
        with _held(place.database, self.store.profile) as (path, copy):
            after: int | None = 0
            while after is not None:
                page, beyond = self.parse.library_posts(path, copy, place.companions, after)
                yield page
                after = beyond

    def _wanted(self, library: ForeignLibrary, listed: Sequence[Subscription], allow_private: bool) -> _Wanted:
        followed = {feed.url for feed in self.store.feeds()}
        feeds: list[tuple[Subscription, bool]] = []
        auths: dict[str, tuple[str, str]] = {}
        by_url: dict[str, int] = {}
        places: list[int | None] = []
        private: list[str] = []
        refused: list[str] = []
        already = 0
        for one in listed:
            auth, inside = None, False
            try:
                if one.url:
                    target = known(one.url) if not one.kind else None
                    url, auth = (target.url, None) if target is not None else address(one.url)
                    vault = self.subscriber.vault
                    auth = vault.hide_auth(url, auth) if auth is not None else None
                    one = replace(one, url=vault.hide(url, followed), kind=target.kind if target is not None else one.kind or "feed")
                    inside = looks_private(url)
                else:
                    name = hashlib.blake2b(f"{library.reader}\0{one.title}".encode(), digest_size=8).hexdigest()
                    one = replace(one, url=f"millpond:local/{name}", kind=LOCAL, title=one.title or library.label)
            except InputError:
                refused.append(one.url[:200])
                places.append(None)
                continue
            if inside and not allow_private and one.url not in followed:
                private.append(one.url)
                places.append(None)
                continue
            if one.url not in by_url:
                by_url[one.url] = len(feeds)
                already += one.url in followed and one.kind != LOCAL
                feeds.append((one, inside))
                if auth is not None:
                    auths[one.url] = auth
            places.append(by_url[one.url])
        return _Wanted(feeds, auths, places, already, tuple(private), tuple(refused))
