"""Briefings: a few minutes' worth of what came, told in two lines each, with an end."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from engine.core.summaries import Summaries, on_battery
from engine.errors import EngineError, InputError
from engine.types import Briefing, BriefingEvent, BriefingItem, Floats, PostRow, Summary, TimelineQuery

if TYPE_CHECKING:
    from engine.store import Came

log = logging.getLogger(__name__)

T = TypeVar("T")

LEAST_MINUTES, MOST_MINUTES = 0.5, 60.0
BEAT_SECONDS = 0.25  # between two events while the model works
ITEM_SECONDS = 30.0  # that the model may take for one item, waiting for its turn and loading included
LEAST_SECONDS = 2.0  # with less of the budget left no other item is begun
SPARE_SECONDS = 1.0  # of the budget, for what is done besides
END_SECONDS = 0.6  # that a cancelled item is waited for
GIVE_UP = 2  # items in a row at which the model failed
_PASSING = ("slow", "failed")
LEADS_DAYS = 7  # how much older than its newest telling the post that stands for a story may be


class Briefings(Summaries):
    """Briefings."""

    def brief(self, minutes: float = 5.0, since: datetime | None = None, *, idle: bool = False) -> Iterator[BriefingEvent]:
        """Make a briefing of about so many minutes of reading.

        The first event has headlines and picked sentences. Then the language model writes its own about one post after the
        other, as far as "briefing_model_minutes" reaches; what it writes must stand in the post. Closing stops it within
        a second; what is there by then is kept, and `finish_briefing` goes on with it.

        Args:
            since: aware; posts from then on, also what was told before. None: what is unread and came since the last
                briefing, and of stories that were told what is new in them.
            idle: nobody waits for it; the model gives way to what somebody does wait for.
        Raises:
            InputError: so many minutes are no briefing, or `since` lies ahead.
        """
        if not LEAST_MINUTES <= minutes <= MOST_MINUTES:  # nan is in no interval
            raise InputError(f"A briefing takes {LEAST_MINUTES:g} to {MOST_MINUTES:g} minutes to read; {minutes:g} it cannot.")
        if since is not None and since > self._clock():
            raise InputError("A briefing tells what came since a moment that is past.")
        briefing, rest = self._plan(minutes, since)
        if not briefing.items:
            yield BriefingEvent(briefing=replace(briefing, done=True), done=0, total=0)
            return
        briefing = self._store.save_briefing(briefing)
        yield BriefingEvent(briefing=briefing, done=0, total=len(briefing.items))
        found = self._outside(briefing, rest)
        if found is not None:
            briefing = self._with_totals(replace(briefing, outside=found), rest)
            briefing = self._store.save_briefing(briefing)
            yield BriefingEvent(briefing=briefing, done=0, total=len(briefing.items), post_id=found.post_id)
        yield from self._shown_events(self._improve(briefing, idle=idle))

    def finish_briefing(self, briefing_id: int) -> Iterator[BriefingEvent]:
        """Go on with a briefing that was interrupted. Raises NotFoundError."""
        briefing = self._store.briefing(briefing_id)
        yield BriefingEvent(briefing=self._shown(briefing), done=0, total=len(briefing.items))
        if not briefing.done:
            yield from self._shown_events(self._improve(briefing, idle=False))

    def briefings(self) -> list[Briefing]:
        """Return the briefings that are kept, the newest first; with summaries switched off without what a model wrote."""
        kept = self._store.briefings()
        return kept if self._switched_on("summaries") else [_by_nobody(briefing) for briefing in kept]

    def briefing(self, briefing_id: int) -> Briefing:
        """Return a kept briefing; with summaries switched off sentences are picked where a model wrote. Raises NotFoundError."""
        return self._shown(self._store.briefing(briefing_id))

    def briefing_due(self) -> bool:
        """Whether the briefing that is made by itself each day is due; never on battery."""
        from engine.language.briefing import due

        at = str(self._settings["briefing_at"])
        if not at or not due(self._clock().astimezone(), at, str(self._settings["briefing_days"]), self._store.last_briefed_at()):
            return False
        return not on_battery()

    def write_briefing(self, briefing_id: int, path: Path | str) -> Path:
        """Write a briefing as a file by itself: .html, or .md for Markdown.

        Pictures that were fetched already are in the HTML, where the person's policy lets them be shown; nothing in either
        file is loaded from elsewhere.

        Raises:
            InputError: another ending, or the file cannot be written.   NotFoundError.
        """
        from engine.language import briefing_file

        target = Path(path)
        writers = {".html": briefing_file.html, ".htm": briefing_file.html, ".md": briefing_file.markdown, ".markdown": briefing_file.markdown}
        write = writers.get(target.suffix.lower())
        if write is None:
            raise InputError("A briefing is written as a file that ends in .html or .md.")
        briefing = self.briefing(briefing_id)
        text = write(briefing, self._pictures_of(briefing) if write is briefing_file.html else {})
        try:
            target.write_text(text, encoding="utf-8")
        except OSError as error:
            raise InputError(f"{target} cannot be written: {error.strerror or error}.") from error
        return target

    # ---- planning --------------------------------------------------------------------------------

    def _plan(self, minutes: float, since: datetime | None) -> tuple[Briefing, list[Came]]:
        """Return a briefing of headlines and picked sentences, and what came in its time."""
        from engine.language import briefing as planning

        now = self._clock()
        last = self._store.last_briefed_at()
        start = since or last or now - timedelta(hours=planning.FIRST_HOURS)
        only_new = since is None
        came = self._store.came_since(start, late_seconds=planning.LATE_SECONDS if only_new else 0.0)
        if only_new:
            came = [post for post in came if not post.read]
        chosen = planning.fitting(self._items(came, start, only_new), minutes - min(planning.OUTSIDE_MINUTES, 0.1 * minutes))
        vectors = self._item_vectors([item.post_id for item in chosen])
        folders = {feed.id: feed.folder for feed in self._store.feeds()}
        feeds = {row.id: row.feed_id for row in self._store.rows([item.post_id for item in chosen])}
        groups = planning.grouped(
            chosen, folders={post_id: folders.get(feed_id, "") for post_id, feed_id in feeds.items()}, vectors=vectors
        )
        briefing = Briefing(
            made_at=now, since=start, since_last=only_new and last is not None, minutes=minutes, groups=groups, posts=len(came)
        )
        return self._with_totals(briefing, came), came

    def _items(self, came: Sequence[Came], start: datetime, only_new: bool) -> Iterator[BriefingItem]:
        """Yield what could stand in a briefing, one post for each story, the best unread one first."""
        told_posts, told_stories = self._store.told_in_briefings()
        stories: dict[int, list[Came]] = {}
        for post in came:
            stories.setdefault(-post.story_id if post.story_id is not None else post.lead_id, []).append(post)
        by_lead = {posts[0].lead_id: posts for posts in stories.values()}
        query = TimelineQuery(order="for_you", since=start - timedelta(days=LEADS_DAYS), limit=0)
        order = [post_id for post_id in self.timeline(query) if post_id in by_lead]
        unread = [lead for lead in order if any(not post.read for post in by_lead[lead])]
        for some in _parts([*unread, *(lead for lead in order if lead not in set(unread))]):
            plans: list[tuple[int, list[Came], datetime | None]] = []
            for lead in some:
                posts = by_lead[lead]
                story = posts[0].story_id
                told = told_stories.get(story) if story is not None else told_posts.get(lead)
                grown = [post for post in posts if told is not None and post.arrived > told.timestamp() and post.post_id not in told_posts]
                if told is None or grown:
                    plans.append((grown[0].post_id if grown else lead, grown or posts, told))
                elif not only_new:
                    plans.append((lead, posts, None))
            yield from self._told(plans)

    def _told(self, plans: Sequence[tuple[int, list[Came], datetime | None]]) -> Iterator[BriefingItem]:
        from engine.language import briefing as planning
        from engine.language import extractive

        ids = [post_id for post_id, _, _ in plans]
        rows = {row.id: row for row in self._store.rows(ids)}
        texts = {text.id: text for text in self._store.texts(ids)}
        for post_id, posts, told in plans:
            row, text = rows.get(post_id), texts.get(post_id)
            if row is None or text is None or row.hidden:
                continue
            kept = self.stored_summary(post_id)
            summary = kept if kept is not None and kept.method == "model" else None
            yield planning.with_summary(
                _item(row, posts, told), summary or extractive.summarise(text.text, max_words=planning.ITEM_WORDS, note="")
            )

    def _item_vectors(self, ids: Sequence[int]) -> dict[int, Floats]:
        from engine.vectors import dequantise, unit

        found, codes, scales = self._store.vectors(self._model_name(), ids)
        return dict(zip(found.tolist(), unit(dequantise(codes, scales)), strict=True)) if len(found) else {}

    def _shown(self, briefing: Briefing) -> Briefing:
        return briefing if self._switched_on("summaries") else self._picked(briefing)

    def _shown_events(self, events: Generator[BriefingEvent, None, None]) -> Iterator[BriefingEvent]:
        with contextlib.closing(events):
            for event in events:
                yield replace(event, briefing=self._shown(event.briefing))

    def _picked(self, briefing: Briefing) -> Briefing:
        """Return a briefing with picked sentences where a model wrote; none where the post is gone."""
        from engine.language import briefing as planning
        from engine.language import extractive

        written = [item for item in briefing.items if item.method == "model"]
        texts = {text.id: text.text for text in self._store.texts([item.post_id for item in written])}
        briefing = _by_nobody(briefing)
        for item in written:
            if item.post_id in texts:
                picked = extractive.summarise(texts[item.post_id], max_words=planning.ITEM_WORDS, note="off")
                briefing = _put(briefing, planning.with_summary(replace(item, sentences=(), method="extractive", model=""), picked))
        return briefing

    def _outside(self, briefing: Briefing, came: Sequence[Came]) -> BriefingItem | None:
        """One good unread post far from what the person likes."""
        inside = {post_id for item in briefing.items for post_id in (item.post_id, *item.tellings)}
        by_lead: dict[int, list[Came]] = {}
        for post in came:
            by_lead.setdefault(post.lead_id, []).append(post)
        told_posts, told_stories = self._store.told_in_briefings()
        free = [
            lead
            for lead, posts in by_lead.items()
            if not inside.intersection([lead, *(post.post_id for post in posts)])
            and not any(post.read for post in posts)
            and lead not in told_posts
            and posts[0].story_id not in told_stories
        ]
        if not free:
            return None
        for post_id, closeness in self._scorer.far_from_liked(free)[:10]:
            for item in self._told([(post_id, by_lead[post_id], None)]):
                if item.sentences:
                    return replace(item, nearest_liked=closeness)
        return None

    @staticmethod
    def _with_totals(briefing: Briefing, came: Sequence[Came]) -> Briefing:
        from engine.language.briefing import item_minutes

        told = {post_id for item in briefing.items for post_id in item.tellings}
        left_out = sum(post.post_id not in told for post in came)
        return replace(briefing, left_out=left_out, reading_minutes=sum((item_minutes(item) for item in briefing.items), 0.0))

    # ---- the model -------------------------------------------------------------------------------

    def _improve(self, briefing: Briefing, *, idle: bool) -> Generator[BriefingEvent, None, None]:
        """Let the model write about one item after the other; what was under way when it ends stays picked sentences."""
        deadline = time.monotonic() + float(self._settings["briefing_model_minutes"]) * 60.0 - SPARE_SECONDS
        total, failures, why = len(briefing.items), 0, self._no_model(idle)
        stop = threading.Event()
        try:
            with contextlib.nullcontext() if idle else self._waiting():
                for done, item in enumerate(briefing.items):
                    if item.method == "model":
                        continue
                    left = deadline - time.monotonic()
                    why = why or ("budget" if left < LEAST_SECONDS else "" if self._switched_on("summaries") else "off")
                    if why:
                        break
                    work = partial(self._by_model, item.post_id, stop, time.monotonic() + min(left, ITEM_SECONDS), urgent=not idle)
                    found = yield from _with_beats(_beside(work, stop), BriefingEvent(briefing=briefing, done=done, total=total))
                    improved = _improved(item, found)
                    failures = failures + 1 if improved.note in _PASSING else 0
                    why = improved.note if failures == GIVE_UP else ""
                    briefing = self._store.save_briefing(_put(briefing, improved))
                    yield BriefingEvent(briefing=briefing, done=done + 1, total=total, post_id=item.post_id)
            briefing = replace(briefing, done=True, note=why)
        except GeneratorExit:
            briefing = replace(briefing, note="cancelled")
            raise
        finally:
            stop.set()
            if not self._closed:
                self._store.save_briefing(briefing)
        yield BriefingEvent(briefing=briefing, done=total, total=total)

    def _no_model(self, idle: bool) -> str:
        """Why no model can write, as a key; "" where one can."""
        if not self._switched_on("summaries"):
            return "off"
        if not self._settings["briefing_model_minutes"]:
            return "budget"
        if idle and not self._sends_when_idle():
            return "server"
        try:
            return "" if self._models.generator() is not None else "no_model"
        except EngineError as error:
            log.info("no model for a briefing kind=%s", type(error).__name__)
            return "no_model"

    def _by_model(self, post_id: int, stop: threading.Event, until: float, *, urgent: bool) -> Summary | str:
        """Summarise a post as `summarise` does, or say why not: "slow" when it is later than `until`, "failed".

        Raises CancelledError once `stop` is set.
        """
        from engine.language.summary import finish
        from engine.workers.supervisor import CancelledError

        try:
            return finish(self._summarising(post_id, None, lambda: stop.is_set() or time.monotonic() > until, urgent=urgent))
        except CancelledError:
            if stop.is_set() or self._closed:
                raise
            return "slow"
        except EngineError as error:
            log.info("briefing item failed kind=%s", type(error).__name__)
            return "failed"

    def _pictures_of(self, briefing: Briefing) -> dict[int, tuple[str, bytes]]:
        """The first fetched picture of each item, as MIME type and bytes, where the policy lets it be shown."""
        found: dict[int, tuple[str, bytes]] = {}
        for row in self._store.rows([item.post_id for item in briefing.items]):
            if self.picture_policy(row.feed_id) != "never" and not (row.extras is not None and (row.extras.sensitive or row.extras.content_warning)):
                for picture in self.stored_pictures(row.id)[:1]:
                    found[row.id] = (picture.mime, picture.data)
        return found


def _item(row: PostRow, posts: Sequence[Came], told: datetime | None) -> BriefingItem:
    return BriefingItem(
        post_id=row.id,
        title=row.title,
        feed_title=row.feed_title,
        url=row.url,
        published_at=row.published_at,
        sentences=(),
        method="extractive",
        outlets=row.outlets,
        tellings=tuple(post.post_id for post in posts),
        read=all(post.read for post in posts),
        new=len(posts) if told is not None else 0,
        new_since=told,
    )


def _improved(item: BriefingItem, found: Summary | str) -> BriefingItem:
    """Return an item as the model told it, or as it was, with why not."""
    from engine.language.briefing import with_summary

    if isinstance(found, str):
        return replace(item, note=found)
    written = with_summary(item, found) if found.method == "model" else item
    return written if written.sentences and written is not item else replace(item, note=found.note)


def _put(briefing: Briefing, item: BriefingItem) -> Briefing:
    """Return the briefing with another telling of one of its items."""

    def chosen(old: BriefingItem) -> BriefingItem:
        return item if old.post_id == item.post_id else old

    groups = tuple(replace(group, items=tuple(map(chosen, group.items))) for group in briefing.groups)
    return replace(briefing, groups=groups, outside=chosen(briefing.outside) if briefing.outside is not None else None)


def _by_nobody(briefing: Briefing) -> Briefing:
    """Return a briefing without what a model wrote."""
    for item in briefing.items:
        if item.method == "model":
            briefing = replace(_put(briefing, replace(item, sentences=(), method="extractive", model="")), note="off")
    return briefing


def _parts(ids: Sequence[int], size: int = 16) -> Iterator[list[int]]:
    for start in range(0, len(ids), size):
        yield list(ids[start : start + size])


def _beside(work: Callable[[], T], stop: threading.Event) -> Generator[None, None, T]:
    """Run `work` on a thread of its own, in steps of BEAT_SECONDS; closing sets `stop` and waits a moment for it.

    A worker may hang, and a model may take long to load: whoever closes the briefing waits for neither.
    """
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(work())
        except BaseException as error:  # noqa: BLE001 (carried to the caller's thread)
            answer.set_exception(error)

    thread = threading.Thread(target=run, name="briefing", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(BEAT_SECONDS)
            if thread.is_alive():
                yield
        return answer.result()
    finally:
        if thread.is_alive():
            stop.set()
            thread.join(END_SECONDS)


def _with_beats(writing: Generator[None, None, T], beat: BriefingEvent) -> Generator[BriefingEvent, None, T]:
    """Turn each step into an event without news, so that whoever listens can close it."""
    try:
        while True:
            try:
                next(writing)
            except StopIteration as end:
                found: T = end.value
                return found
            yield beat
    finally:
        writing.close()
