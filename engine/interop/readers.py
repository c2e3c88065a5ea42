"""Which reader a database is from, and its feeds and articles as values: runs in the `parse` worker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from engine.errors import ParseError
from engine.interop.library import ORPHANS, ForeignFeed, ForeignPost, Reader
from engine.interop.liferea import Liferea
from engine.interop.newsboat import Newsboat
from engine.interop.quiterss import QuiteRss
from engine.interop.rssguard import RssGuard
from engine.sources.assemble import assemble
from engine.sources.clean import one_line
from engine.sources.raw import RawFeed
from engine.store.foreign import Foreign
from engine.types import ForeignLibrary, ImportedPost, Subscription

READERS: tuple[type[Reader], ...] = (RssGuard, QuiteRss, Liferea, Newsboat)
PAGE = 250  # articles of one job: a page must be done within the worker's processor time


@contextmanager
def opened(path: str, copy: bool, companions: Mapping[str, bytes]) -> Iterator[tuple[Reader, list[ForeignFeed]]]:
    """Raises ParseError when no reader that is known made the file."""
    with Foreign(Path(path), copy=copy) as database:
        for kind in READERS:
            if kind.made(database):
                reader = kind(database, companions)
                feeds = reader.feeds()
                yield reader, [*feeds, ForeignFeed(ORPHANS, "", f"From {reader.label}")]
                return
        known = ", ".join(kind.label for kind in READERS)
        raise ParseError(f"This is no database of a reader that can be taken over ({known}).")


def library(path: str, copy: bool, companions: Mapping[str, bytes]) -> tuple[ForeignLibrary, list[Subscription]]:
    """What is there, and its feeds; those that cannot be followed any more have no address. Raises ParseError."""
    with opened(path, copy, companions) as (reader, feeds):
        totals = reader.totals()
        about = ForeignLibrary(
            reader=reader.name, label=reader.label, posts=totals.posts, unread=totals.unread, starred=totals.starred
        )
        return about, [
            Subscription(url=feed.url[:4000], title=one_line(feed.title, 300), site_url=feed.site_url[:4000], folder=feed.folder)
            for feed in feeds
        ]


def posts(
    path: str, copy: bool, companions: Mapping[str, bytes], after: int, now: datetime
) -> tuple[list[ImportedPost], int | None]:
    """One page of articles behind row `after`, clean, and the row to go on from; None at the end. Raises ParseError."""
    with opened(path, copy, companions) as (reader, feeds):
        places = {feed.key: place for place, feed in enumerate(feeds)}
        last: int | None = None
        found = []
        for number, post in reader.posts(after, PAGE):
            if number <= (after if last is None else last):
                raise ParseError("The database is damaged: its rows are out of order.")
            last = number
            if post is not None:
                place = places.get(post.feed, len(feeds) - 1)
                found += _made(post, place, feeds[place].url, now)
        return found, last


def _made(post: ForeignPost, place: int, url: str, now: datetime) -> list[ImportedPost]:
    clean = assemble(RawFeed(kind="rss", posts=[post.raw]), url=url, now=now)
    return [ImportedPost(feed=place, read=post.read, saved=post.starred, post=made) for made in clean.posts]
