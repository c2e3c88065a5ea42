"""Trying feeds again that fail: now, where they moved to, and where their sites say that they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from engine.conversation import Asked, Conversation
from engine.errors import EngineError, FetchError, NotAFeedError
from engine.health import address_key
from engine.refresh import Refresher, next_state
from engine.sources.discovery import guesses
from engine.store import Answer
from engine.types import (
    Changes,
    Feed,
    FeedFailed,
    FeedRefreshed,
    FeedRepaired,
    FetchState,
    Offline,
    Progress,
    RefreshEvent,
)

CANDIDATES = 4  # addresses that are tried for one feed
USUAL = 3  # of the places where sites keep feeds, when their page names none
_FEED = "feed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repairer:
    """What repairing needs beside a refresh."""

    refresher: Refresher
    conversation: Conversation
    clock: Callable[[], datetime]
    publish: Callable[[Changes], Changes]

    def run(self, feed_ids: Sequence[int]) -> Iterator[Progress | RefreshEvent | FeedRepaired]:
        """Ask each feed at once; one that has moved for good is read from there, one that fails is looked for on its site.

        Closing it stops between two feeds; what was repaired stays. A feed that was stopped and still fails stays stopped.
        """
        store = self.refresher.store
        before = {state.feed_id: state for state in store.fetch_states(feed_ids)}
        feeds = {feed.id: feed for feed in store.feeds() if feed.id in before}
        yield Progress(stage="repair", done=0, total=len(feeds))
        stopped = [feed_id for feed_id, state in before.items() if state.stopped]
        for feed_id in stopped:
            store.update_feed(feed_id, stopped=False)
        left, done = set(feeds), 0
        why = "Its turn has not come yet: it is asked later."
        try:
            for event in self.refresher.run(list(feeds), force=True):
                if isinstance(event, Progress):
                    continue
                if isinstance(event, Offline):
                    why = event.error
                    continue
                yield event
                yield from self._after(event, feeds[event.feed_id], before[event.feed_id])
                left.discard(event.feed_id)
                done += 1
                yield Progress(stage="repair", done=done, total=len(feeds), detail=event.title)
            for feed_id in sorted(left):  # its service lets itself be asked seldom
                done += 1
                yield FeedRepaired(feed_id=feed_id, title=feeds[feed_id].title, outcome="failed", error=why)
                yield Progress(stage="repair", done=done, total=len(feeds))
        finally:
            for feed_id in left & set(stopped):
                self.publish(store.update_feed(feed_id, stopped=True))

    def _after(self, event: FeedRefreshed | FeedFailed, feed: Feed, before: FetchState) -> Iterator[FeedRepaired]:
        store = self.refresher.store
        (state,) = store.fetch_states([feed.id]) or [before]
        if isinstance(event, FeedRefreshed):
            yield self._settled(feed, before, state, event.new)
            return
        found = self._elsewhere(feed, state) if feed.kind == _FEED else None
        if found is not None:
            yield found
            return
        if before.stopped and not state.stopped:
            self.publish(store.update_feed(feed.id, stopped=True))
        yield FeedRepaired(feed_id=feed.id, title=feed.title, outcome="failed", error=event.error)

    def _settled(self, feed: Feed, before: FetchState, state: FetchState, new: int) -> FeedRepaired:
        """A feed that answers: adopt the address that its server has moved it to for good."""
        told = FeedRepaired(feed_id=feed.id, title=feed.title, outcome="works", address=state.url, new=new)
        if state.url != before.url:
            return replace(told, outcome="moved", before=before.url)
        if state.moved_to is None:
            return told
        if self._followed(state.moved_to, feed.id):
            return replace(told, outcome="duplicate", address=state.moved_to)
        same_host = urlsplit(state.moved_to).netloc == urlsplit(state.url).netloc
        moved = replace(
            state, url=state.moved_to, allow_private=state.allow_private and same_host, moved_to=None, moved_since=None, moved_times=0
        )
        self.publish(self.refresher.store.save_fetch_state(moved))
        return replace(told, outcome="moved", address=moved.url, before=before.url)

    # ---- looking on its site ---------------------------------------------------------------------

    def _elsewhere(self, feed: Feed, state: FetchState) -> FeedRepaired | None:
        """Look for a feed that no longer answers, on the page of its site, and read it from there."""
        tried: set[str] = {address_key(state.url)}
        for url in self._candidates(feed, state):
            if address_key(url) in tried:
                continue
            if len(tried) > CANDIDATES:
                return None
            tried.add(address_key(url))
            try:
                asked = self._ask(url, state)
            except EngineError:
                continue
            if asked.parsed is None or not asked.parsed.posts or not self._is_it(feed, state, url, asked):
                continue
            url = self.refresher.hide(asked.permanent_url or url)
            if self._followed(url, feed.id):
                return FeedRepaired(feed_id=feed.id, title=feed.title, outcome="duplicate", address=url)
            return self._take_over(feed, state, url, asked)
        return None

    def _candidates(self, feed: Feed, state: FetchState) -> Iterator[str]:
        """The addresses where a feed may be now, as its site and then custom have it."""
        for page in dict.fromkeys(page for page in (feed.site_url, _root(state.url)) if page):
            try:
                self._ask(page, state)
            except NotAFeedError as error:
                named = [url for url in error.candidates if "comment" not in url.lower()]
                yield from named
                if not named:
                    yield from guesses(page)[:USUAL]
            except EngineError:
                continue

    def _ask(self, url: str, state: FetchState) -> Asked:
        """Ask an address that a site named, never one inside this machine's network unless the feed itself is there."""
        same_host = urlsplit(url).netloc == urlsplit(state.url).netloc
        asked = self.conversation.ask(FetchState(feed_id=0, url=url, allow_private=state.allow_private and same_host))
        if asked.broken is not None:
            raise FetchError(str(asked.broken))
        return asked

    def _is_it(self, feed: Feed, state: FetchState, url: str, asked: Asked) -> bool:
        """Whether what was found is that feed: it shares posts with it, or is on its site and was the only one never read."""
        assert asked.parsed is not None
        known = self.refresher.store.recent_posts().get(feed.id, [])
        pages = {address_key(post.url) for post in known if post.url} | {post.guid for post in known}
        if any(post.guid in pages or (post.url and address_key(post.url) in pages) for post in asked.parsed.posts):
            return True
        title = asked.parsed.info.title.strip().casefold()
        at_home = _site(url) in {_site(state.url), _site(feed.site_url)}
        return at_home and (not known or (bool(title) and title == feed.title.strip().casefold()))

    def _take_over(self, feed: Feed, state: FetchState, url: str, asked: Asked) -> FeedRepaired:
        assert asked.parsed is not None
        same_host = urlsplit(url).netloc == urlsplit(state.url).netloc
        settled = replace(
            state, url=url, etag=None, last_modified=None, body_hash=None, stopped=False, moved_to=None, moved_since=None, moved_times=0,
            allow_private=state.allow_private and same_host,
        )  # fmt: skip
        following = next_state(
            settled, replace(asked, permanent_url=None), now=self.clock(), refresh_minutes=self.refresher.refresh_minutes
        )
        (changes,) = self.refresher.store.ingest(
            [Answer(feed_id=feed.id, info=asked.parsed.info, posts=asked.parsed.posts, state=following)]
        )
        self.refresher.settle(changes)
        return FeedRepaired(feed_id=feed.id, title=feed.title, outcome="found", address=url, before=state.url, new=len(changes.new))

    def _followed(self, url: str, but: int) -> bool:
        return any(state.url == url and state.feed_id != but for state in self.refresher.store.fetch_states(None))


def _site(url: str) -> str:
    return address_key(url).partition("/")[0].partition("?")[0]


def _root(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/" if parts.netloc else ""
