"""Summaries of posts: when they are made, how they are kept, and what the person wants of them."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from engine.core.reading import Reading
from engine.core.stories import Stories
from engine.errors import InputError
from engine.types import (
    Changes,
    Enriched,
    EnrichEvent,
    Post,
    Progress,
    StorySummary,
    StoryText,
    Summary,
    SummaryBudget,
    SummaryWish,
    Thread,
    TimelineQuery,
)

if TYPE_CHECKING:
    from engine.language.summary import Steps

SUMMARY_WORDS = 60
STORY_WORDS = 90
THREAD_WORDS = 80
SUMMARISE_FROM_WORDS = 90  # shorter posts are their own summary
MOST_OWED = 200  # posts of one rule that are looked at in one pass
COUNTED_SECONDS = 5.0  # of a model's time that a killed process may forget


class Summaries(Reading, Stories):
    """Summaries."""

    def summarise(
        self, id_or_text: int | str, max_words: int | None = None, *, whole: bool = True, cancel: threading.Event | None = None
    ) -> Summary:
        """Summarise a post or a text: by the language model where every sentence stands in the source, else picked
        sentences. A post's summary is kept, by its content, the model and how it was asked for.

        Args:
            max_words: None: what the person wants of the post's feed, else 60.
            whole: of a post, its whole article where that was fetched; False: what the feed gave.
            cancel: once set, the model stops after its current token, and nothing is kept.
        Raises:
            NotFoundError.   CancelledError.
        """
        from engine.language.summary import finish

        with self._waiting():
            return finish(self._summarising(id_or_text, max_words, cancel.is_set if cancel else None, whole=whole, urgent=True))

    def stored_summary(self, post_id: int, *, whole: bool = True) -> Summary | None:
        """Return a kept summary of the post's present text, as the person wants it; loads no model. Raises NotFoundError.

        Args:
            whole: as for `summarise`.
        """
        post = self._store.post(post_id)
        words, wish = self._wanted(post.row.feed_id)
        return self._known(post.content_hash, words, wish, self._article(post) if whole else "")

    def summarise_story(self, post_id: int, *, cancel: threading.Event | None = None) -> StorySummary:
        """Sum up the story that a post tells with others: what they agree on, what one says, where they differ.

        The model reads one telling at a time; every claim stands in the tellings that it names. It is kept until a telling
        changes or one comes.

        Args:
            cancel: as for `summarise`.
        Raises:
            InputError: only this post tells it.   NotFoundError.   CancelledError.
        """
        from engine.language import tellings
        from engine.language.summary import finish

        told, key = self._tellings(post_id)
        kept = self._kept_story(told, key)
        if kept is not None:
            return kept
        entry, asked = self._models.text_model(), self._model_asked()
        on = self._switched_on("summaries")
        languages = {text.id: text.language for text in self._store.texts([one.post_id for one in told])}

        def reader(one: StoryText) -> tellings.Reader:
            if not asked:
                return tellings.Reader(note="no_model" if on else "off")
            language = languages.get(one.post_id) or self._language(one.title, one.text, cancel.is_set if cancel else None)
            if not entry.speaks(language, one.text):
                return tellings.Reader(note="language")
            return tellings.Reader(self._models.generator(), "", self._models.sentence_vectors(language, one.text))

        with self._waiting():
            found = finish(
                tellings.write(
                    told, reader, template=entry.template, model=entry.name, max_words=STORY_WORDS,
                    cancelled=cancel.is_set if cancel else None, urgent=True,
                )
            )  # fmt: skip
        if found.note not in ("slow", "failed"):
            self._store.save_written(key, "story", asked, f"{tellings.VERSION}/{STORY_WORDS}", tellings.packed(found))
        return found

    def stored_story_summary(self, post_id: int) -> StorySummary | None:
        """Return a kept summary of the story in its present tellings; None where only this post tells it. Loads no model.

        Raises:
            NotFoundError.
        """
        try:
            told, key = self._tellings(post_id)
        except InputError:
            return None
        return self._kept_story(told, key)

    def summarise_thread(self, thread: Thread, *, cancel: threading.Event | None = None) -> Summary:
        """Sum up the comments below a post; each sentence stands in one of them. As of the comments, nothing is kept of it.

        `Summary.text` is that of `comment_text(thread.comments)`, which also says where each comment stands in it.

        Raises:
            CancelledError.
        """
        from engine.language import comments
        from engine.language.summary import finish

        cancelled = cancel.is_set if cancel else None
        entry, on = self._models.text_model(), self._switched_on("summaries")
        text, _ = comments.comment_text(thread.comments)
        language = self._language("", text, cancelled)
        spoken = not self._model_asked() or entry.speaks(language, text)
        generate = self._models.generator() if on and spoken else None
        with self._waiting():
            return finish(
                comments.write(
                    thread.comments, generate=generate, template=entry.template, model=entry.name, max_words=THREAD_WORDS,
                    embed=self._models.sentence_vectors(language, text) if generate is not None else None,
                    note="off" if not on else "no_model" if spoken else "language", cancelled=cancelled, urgent=True,
                )
            )  # fmt: skip

    def _tellings(self, post_id: int) -> tuple[list[StoryText], bytes]:
        """The tellings of a post's story that are not hidden, the one that stands for it first; and a hash of their contents."""
        self._store.post(post_id)
        story = self._store.story(post_id)
        posts = {post.post_id: post for post in story.posts if not post.hidden} if story is not None else {}
        if len(posts) < 2:
            raise InputError("Only this post tells it: summarise the post itself.")
        texts = self._store.texts(list(posts))
        key = hashlib.blake2b(b"".join(sorted(text.content_hash for text in texts)), digest_size=16).digest()
        return [
            StoryText(
                post_id=text.id, feed_title=posts[text.id].feed_title, title=text.title, text=text.text,
                published_at=posts[text.id].published_at,
            )
            for text in texts
        ], key  # fmt: skip

    def _kept_story(self, told: Sequence[StoryText], key: bytes) -> StorySummary | None:
        from engine.language import tellings

        content = self._store.written(key, "story", self._model_asked(), f"{tellings.VERSION}/{STORY_WORDS}")
        return tellings.unpacked(content, told) if content is not None else None

    def summary_wish(self, feed_id: int) -> SummaryWish:
        """Return what the person wants of summaries of a feed's posts."""
        return self._store.summary_wishes().get(feed_id, SummaryWish())

    def set_summary_wish(self, feed_id: int, wish: SummaryWish | None) -> Changes:
        """Set what summaries of a feed's posts shall be like; None: as usual. Raises InputError."""
        return self._publish(self._store.set_summary_wish(feed_id, wish))

    def summary_budget(self) -> SummaryBudget:
        """Return how much of today's time for summaries in idle time is used, and why they pause. Loads no model."""
        minutes = float(self._settings["summary_minutes"])
        used = self._store.summary_seconds(self._today())
        limit = minutes * 60 if minutes else None
        paused: Literal["", "budget", "battery", "off", "no_model", "server"] = ""
        if not self._switched_on("summaries"):
            paused = "off"
        elif not self._models.writes():
            paused = "no_model"
        elif not self._sends_when_idle():
            paused = "server"
        elif limit is not None and used >= limit:
            paused = "budget"
        elif not self._settings["summaries_on_battery"] and on_battery():
            paused = "battery"
        return SummaryBudget(used_seconds=used, limit_seconds=limit, paused=paused)

    # ---- one post ----------------------------------------------------------------------------------

    def _wanted(self, feed_id: int) -> tuple[int, str]:
        """The words and the person's own prompt of a feed's summaries."""
        wish = self.summary_wish(feed_id)
        return wish.max_words or SUMMARY_WORDS, wish.prompt

    def _model_asked(self) -> str:
        """The model that would be asked now; "" where none is."""
        on = self._switched_on("summaries") and self._models.writes()
        return self._models.text_model().name if on else ""

    def _article(self, post: Post) -> str:
        """The whole article of a post, where it was fetched and says more than the feed did; else ""."""
        return _longer(self._store.whole_texts([post.row.id]).get(post.row.id, ""), post.text)

    def _known(self, content_hash: bytes, words: int, wish: str, article: str) -> Summary | None:
        """What is kept of a content, or of its whole article, for this wish: of the model that would be asked now, else of one before it."""
        from engine.language.summary import prompt_name

        asked, prompt = self._model_asked(), prompt_name(words, wish, article)
        known = self._store.summary(content_hash, model=asked, prompt=prompt)
        if known is not None or not asked:
            return known
        other = self._store.summary(content_hash, prompt=prompt)
        return other if other is not None and other.method == "model" else None

    def _summarising(
        self,
        id_or_text: int | str,
        max_words: int | None,
        cancelled: Callable[[], bool] | None,
        *,
        whole: bool = True,
        urgent: bool,
    ) -> Steps:
        """Summarise in steps; what is kept of a post and would come out again is returned at once."""
        from engine.language.summary import counted, owed, prompt_name

        if isinstance(id_or_text, str):
            language = self._language("", id_or_text, cancelled)
            return (yield from self._written("", id_or_text, language, max_words or SUMMARY_WORDS, "", cancelled, urgent))
        post = self._store.post(id_or_text)
        words, wish = self._wanted(post.row.feed_id)
        words = max_words or words
        article = self._article(post) if whole else ""
        asked, prompt = self._model_asked(), prompt_name(words, wish, article)
        before = self._store.summary(post.content_hash, model=asked, prompt=prompt)
        if before is not None and not owed(before):
            return before
        language = post.row.language or self._language(post.row.title, post.text, cancelled)
        summary = yield from self._written(post.row.title, article or _what_is_told(post), language, words, wish, cancelled, urgent)
        summary = counted(summary, before)
        self._publish(self._store.save_summary(post.content_hash, summary, prompt=prompt, asked=asked))
        return summary

    def _language(self, title: str, text: str, cancelled: Callable[[], bool] | None) -> str:
        """The language of a text; "" where no model will be asked, so that picked sentences come at once."""
        return self._parse.languages([f"{title} {text}"], cancelled=cancelled)[0] if self._model_asked() else ""

    def _written(
        self,
        title: str,
        text: str,
        language: str,
        max_words: int,
        wish: str,
        cancelled: Callable[[], bool] | None,
        urgent: bool,
    ) -> Steps:
        from engine.language import summary as summaries

        entry, on = self._models.text_model(), self._switched_on("summaries")
        spoken = not self._model_asked() or entry.speaks(language, text)
        generate = self._models.generator() if on and spoken else None
        return summaries.write(
            text,
            title=title,
            generate=generate,
            template=entry.template,
            model=entry.name,
            embed=self._models.sentence_vectors(language, text) if generate is not None else None,
            max_words=max_words,
            wish=wish,
            off=not on,
            spoken=spoken,
            cancelled=cancelled,
            urgent=urgent,
        )

    # ---- in idle time ------------------------------------------------------------------------------

    def _summarise_owed(self) -> Iterator[EnrichEvent]:
        """Summarise what the settings and feeds ask for, as long as today's time and the battery last."""
        from engine.workers.supervisor import CancelledError

        if self.summary_budget().paused:
            return
        owed = self._owed_summaries()
        for done, post_id in enumerate(owed):
            budget = self.summary_budget()
            if budget.paused:
                return
            progress = Progress(stage="summaries", done=done, total=len(owed), detail=_of_today(budget))
            yield progress
            try:
                for _ in self._on_the_clock(self._summarising(post_id, None, self._somebody_waits, urgent=False)):
                    yield progress  # between tokens, so that closing stops the model
            except CancelledError:
                if not self._summaries_asked:
                    raise
                continue  # a person waits for another one; this one stays owed
            yield Enriched(stage="summaries", changes=Changes(updated=frozenset({post_id})))

    def _owed_summaries(self) -> list[int]:
        """Posts that shall have a summary and have none: saved ones, feeds that always want one, the top, long ones."""
        from engine.language.sentences import count_words
        from engine.language.summary import owed

        candidates: dict[int, int] = {}  # post: from how many words on
        if self._settings["summarise_saved"]:
            found = self.timeline(TimelineQuery(order="newest", saved=True, limit=MOST_OWED))
            candidates |= dict.fromkeys(found, SUMMARISE_FROM_WORDS)
        wishes = self._store.summary_wishes()
        for feed_id in sorted(feed_id for feed_id, wish in wishes.items() if wish.always):
            found = self.timeline(TimelineQuery(order="newest", feed_id=feed_id, unread=True, limit=MOST_OWED))
            candidates |= dict.fromkeys(found, SUMMARISE_FROM_WORDS)
        if wanted := int(self._settings["summaries_top"]):
            found = self.timeline(TimelineQuery(order="for_you", unread=True, limit=wanted))
            candidates |= dict.fromkeys(found, SUMMARISE_FROM_WORDS)
        if long := int(self._settings["summarise_long_words"]):
            found = self.timeline(TimelineQuery(order="newest", unread=True, limit=MOST_OWED))
            candidates = dict.fromkeys(found, max(long, SUMMARISE_FROM_WORDS)) | candidates
        feeds = {row.id: row.feed_id for row in self._store.rows(list(candidates))}
        articles = self._store.whole_texts(list(candidates))
        due = []
        for text in self._store.texts(list(candidates)):
            article = _longer(articles.get(text.id, ""), text.text)
            if count_words(article or text.text) < candidates[text.id]:
                continue
            wish = wishes.get(feeds.get(text.id, 0), SummaryWish())
            if owed(self._known(text.content_hash, wish.max_words or SUMMARY_WORDS, wish.prompt, article)):
                due.append(text.id)
        return due

    def _sends_when_idle(self) -> bool:
        """False where what is written unasked would be sent to the person's server, and they did not say that it may."""
        return bool(self._settings["server_when_idle"]) or not self._models.asks_server()

    def _somebody_waits(self) -> bool:
        return self._summaries_asked > 0

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """While a person waits for a summary: those of idle time give way."""
        with self._lock:
            self._summaries_asked += 1
        try:
            yield
        finally:
            with self._lock:
                self._summaries_asked -= 1

    def _on_the_clock(self, steps: Steps) -> Steps:
        """Take steps and count the time they take as today's, a few seconds at a time."""
        began = time.monotonic()
        try:
            while True:
                try:
                    next(steps)
                except StopIteration as end:
                    found: Summary = end.value
                    return found
                if time.monotonic() - began >= COUNTED_SECONDS:
                    now = time.monotonic()
                    self._store.add_summary_seconds(self._today(), now - began)
                    began = now
                yield
        finally:
            steps.close()
            self._store.add_summary_seconds(self._today(), time.monotonic() - began)

    def _today(self) -> str:
        return self._clock().astimezone().date().isoformat()


def _what_is_told(post: Post) -> str:
    """The text of a post; of a video or a recording what its description tells of it."""
    from engine.language import descriptions

    shown = post.row.extras is not None and post.row.extras.source_kind == "youtube"
    recorded = shown or any(media.kind in ("video", "audio") for media in post.media)
    return descriptions.told(post.text) if recorded else post.text


def _longer(article: str, text: str) -> str:
    """A post's whole article where it says more than the feed did; else ""."""
    return article if len(article) > len(text) else ""


def _of_today(budget: SummaryBudget) -> str:
    if budget.limit_seconds is None:
        return ""
    return f"{budget.used_seconds / 60:.0f} of {budget.limit_seconds / 60:.0f} min today"


def on_battery() -> bool:
    """Whether the machine runs on its battery; False where it has none, or the system does not say."""
    import psutil

    if not hasattr(psutil, "sensors_battery"):
        return False
    try:
        battery = psutil.sensors_battery()
    except (OSError, RuntimeError, ValueError, NotImplementedError):
        return False
    return battery is not None and battery.power_plugged is False
