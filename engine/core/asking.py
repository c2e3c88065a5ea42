"""Questions in plain words, answered from the stored posts alone, or about the app from its help and the person's own rules.

Nothing of a question or an answer is stored.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.core.reading import Reading
from engine.errors import EngineError, InputError
from engine.types import (
    Answer,
    AskDone,
    AskDraft,
    AskEvent,
    AskFound,
    AskSource,
    Looked,
    PlainPost,
    SearchQuery,
    TimelineQuery,
)

if TYPE_CHECKING:
    from engine.language.ask.answering import Asked
    from engine.language.ask.app import FeedFacts
    from engine.language.ask.passages import Embed
    from engine.language.ask.words import Question
    from engine.models.catalogue import Model

NEWEST = 80  # posts whose titles examples are made of
MOST_HIDDEN = 2_000  # posts of a feed in the tray that are counted
READ_CLOSELY = 40  # posts of a search that are read for an answer


class Asking(Reading):
    """Ask my feeds."""

    def ask(
        self,
        question: str,
        *,
        before: Sequence[Answer] = (),
        feed_id: int | None = None,
        folder: str | None = None,
        cancel: threading.Event | None = None,
    ) -> Iterator[AskEvent]:
        """Answer a question from the stored posts. First come the posts found by words, then sentences picked from them, then
        both again with meaning, then what the language model writes; the last event is `AskDone`.

        Args:
            before: answers of the same conversation, the newest last: "and in Germany?" takes over what they were about.
            feed_id, folder: look there only.   cancel: once set, the model stops after its current token.
        Raises:
            InputError: nothing is asked, or Ask is switched off.   NotFoundError: no such feed.   CancelledError.
        """
        if not question.strip():
            raise InputError("Ask a question: a few words are enough.")
        self._require_feature("ask")
        about_app = self._about_app(question)
        if about_app is not None:
            return iter([AskDone(answer=about_app)])
        cancelled = cancel.is_set if cancel else None
        asked = self._as_asked(question, before, feed_id, cancelled)
        return self._ask_events(asked, folder)

    def answer(
        self,
        question: str,
        *,
        passages: Sequence[PlainPost] | None = None,
        before: Sequence[Answer] = (),
        feed_id: int | None = None,
        folder: str | None = None,
        model: bool = True,
        cancel: threading.Event | None = None,
    ) -> Answer:
        """Return the answer to a question, as `ask` tells it in the end.

        Args:
            passages: answer from these alone, and from no stored post.   model: False lets no language model write.
        Raises:
            InputError, NotFoundError, CancelledError: as for `ask`.
        """
        if passages is None:
            *_, last = self.ask(question, before=before, feed_id=feed_id, folder=folder, cancel=cancel)
            assert isinstance(last, AskDone)
            return last.answer
        from engine.language.ask import answering

        asked = self._as_asked(question, before, None, cancel.is_set if cancel else None, model=model)
        sources = [
            AskSource(
                number=number, post_id=0, title=post.title, feed_title=post.source, url=post.url, published_at=post.published_at,
                text=f"{post.title}\n{post.text}" if post.title else post.text,
            )
            for number, post in enumerate(passages, 1)
        ]  # fmt: skip
        looked = Looked(posts=len(sources), words=asked.question.words)
        *_, done = answering.answer(asked, sources, looked, embed=self._question_vectors(asked.question), drafts=False)
        assert isinstance(done, AskDone)
        return done.answer

    def ask_examples(self) -> list[str]:
        """Return questions that the newest posts could answer, made of names in their titles."""
        from engine.language.ask import answering

        newest = self._store.rows(self._store.timeline(TimelineQuery(order="newest", limit=NEWEST)))
        feeds = Counter(row.feed_title for row in newest)
        return answering.examples([row.title for row in newest], max(feeds, key=lambda title: feeds[title], default=""))

    # ---- about the app -----------------------------------------------------------------------------

    def _about_app(self, question: str) -> Answer | None:
        """Answer a question about Millpond from its help, the rules, the feeds and the tray; None for one about the world."""
        from engine.language.ask import app

        asked = app.recognise(question)
        if asked is None:
            return None
        if asked.missing:
            feeds = self._store.feeds()
            feed_id = app.named_feed(asked.missing, {feed.title: feed.id for feed in feeds}) if not asked.about else 0
            facts = self._feed_facts(feed_id) if feed_id else None
            return app.why_missing(asked, facts, self._store.rules(), self._store.rule_counts())
        return app.from_help(asked, self._help_paragraphs(), now=self._clock())

    def _feed_facts(self, feed_id: int) -> FeedFacts:
        from engine.language.ask.app import FeedFacts

        feed = self._store.feed(feed_id)
        hidden = self._store.rows(self._store.timeline(TimelineQuery(order="newest", hidden=True, feed_id=feed_id, limit=MOST_HIDDEN)))
        by: dict[int, int] = {}
        for row in hidden:
            by[row.hidden_by or 0] = by.get(row.hidden_by or 0, 0) + 1
        newest = self._store.rows(self._store.timeline(TimelineQuery(order="newest", feed_id=feed_id, limit=1)))
        return FeedFacts(
            id=feed.id, title=feed.title, posts=feed.posts, unread=feed.unread, error=feed.error, stopped=feed.stopped,
            newest=newest[0].published_at if newest else None, hidden=len(hidden),
            hidden_by=tuple(sorted(by.items(), key=lambda pair: -pair[1])),
        )  # fmt: skip

    @staticmethod
    def _help_paragraphs() -> list[AskSource]:
        from engine.language.ask.app import plain_help
        from resources import path

        found: list[AskSource] = []
        for file in sorted(path("help").glob("*.md")):
            head, _, rest = file.read_text(encoding="utf-8").partition("\n")
            title, topic = head.removeprefix("#").strip(), file.stem.partition("-")[2]
            for text in plain_help(rest):
                source = AskSource(number=len(found) + 1, post_id=0, title=title, feed_title="", url=f"help:{topic}", text=f"{title}\n{text}")
                found.append(source)
        return found

    # ---- inside ------------------------------------------------------------------------------------

    def _as_asked(
        self, text: str, before: Sequence[Answer], feed_id: int | None, cancelled: Callable[[], bool] | None, *, model: bool = True
    ) -> Asked:
        from engine.language.ask import answering

        now = self._clock()
        feeds = {feed.title: feed.id for feed in self._store.feeds()}
        if feed_id is not None:
            self._store.feed(feed_id)
        earlier: list[Question] = []
        for answer in before:
            earlier.append(answering.understand(answer.question, now=now, feeds=feeds, before=earlier))
        question = answering.understand(text, now=now, feeds=feeds, before=earlier)
        if feed_id is not None:
            titles = {number: title for title, number in feeds.items()}
            question = replace(question, feed_id=feed_id, feed_title=titles.get(feed_id, ""))
        entry = self._models.text_model()
        asked = answering.Asked(question=question, now=now, template=entry.template, name=entry.name, cancelled=cancelled)
        return self._with_writer(asked, entry) if model else asked

    def _with_writer(self, asked: Asked, entry: Model) -> Asked:
        """Give a question the language model that may write its answer, or why there is none."""
        from engine.workers.remote import RemoteModel

        if not self._settings["ai"]:
            return replace(asked, note="off")
        writer = self._models.generator()
        if isinstance(writer, RemoteModel):
            return replace(asked, model=writer, template=writer.template, name=writer.name)
        if writer is None:
            return replace(asked, note="no_model")
        language = "zh" if asked.question.chinese else "en"
        return replace(asked, model=writer) if entry.speaks(language, asked.question.text) else replace(asked, note="language")

    def _question_vectors(self, question: Question) -> Embed | None:
        """What embeds a question with sentences; None where the model does not speak its language."""
        language = "en" if question.text.isascii() else self._parse.languages([question.text])[0]
        return self._models.sentence_vectors(language, question.text)

    def _ask_events(self, asked: Asked, folder: str | None) -> Iterator[AskEvent]:
        from engine.language.ask import answering

        question = asked.question
        sources, looked = self._ask_sources(question, folder, by_meaning=False)
        yield AskFound(sources=sources, looked=looked)
        embedder = self._models.embedder()
        if embedder is not None and embedder.known_info() is None:
            # The model is still to be loaded: what words find is shown meanwhile.
            *_, done = answering.answer(replace(asked, model=None), sources, looked)
            if isinstance(done, AskDone) and done.answer.sentences:
                yield AskDraft(answer=done.answer)
        embed = None
        if embedder is not None:
            try:
                embed = self._question_vectors(question)
                if embed is not None:
                    sources, looked = self._ask_sources(question, folder, by_meaning=True)
                    yield AskFound(sources=sources, looked=looked)
            except EngineError:
                embed = None
        yield from answering.answer(asked, sources, looked, embed=embed)

    def _ask_sources(self, question: Question, folder: str | None, *, by_meaning: bool) -> tuple[tuple[AskSource, ...], Looked]:
        """Search posts for a question: for its telling words, and by meaning where asked for."""
        if question.broad and (question.feed_id is not None or question.since is not None or folder is not None):
            return self._ask_newest(question, folder)
        text = question.search or question.text
        query = SearchQuery(
            text=text.replace('"', " ").replace("-", " "), mode="hybrid" if by_meaning else "words", limit=READ_CLOSELY,
            feed_id=question.feed_id, folder=folder, since=question.since, until=question.until,
        )  # fmt: skip
        hits = self.search(query, wait=True).hits
        if by_meaning:
            known = {hit.id for hit in hits}
            hits += tuple(hit for hit in self.search(replace(query, mode="words", limit=READ_CLOSELY // 2)).hits if hit.id not in known)
        sources = self._sources_of([hit.id for hit in hits])
        return sources, self._where_looked(question, folder, sources, question.words, by_meaning=by_meaning)

    def _ask_newest(self, question: Question, folder: str | None) -> tuple[tuple[AskSource, ...], Looked]:
        """The newest posts of a feed, a folder or a time, where a question asks for all there is."""
        query = TimelineQuery(order="newest", feed_id=question.feed_id, folder=folder, since=question.since, limit=READ_CLOSELY)
        until = question.until
        found = self._sources_of(self._store.timeline(query))
        sources = tuple(source for source in found if until is None or source.published_at is None or source.published_at < until)
        return sources, self._where_looked(question, folder, sources, ())

    def _sources_of(self, ids: Sequence[int]) -> tuple[AskSource, ...]:
        rows = {row.id: row for row in self._store.rows(ids)}
        sources: list[AskSource] = []
        for found in self._store.texts(ids):
            row = rows.get(found.id)
            if row is None:
                continue
            sources.append(
                AskSource(
                    number=len(sources) + 1, post_id=found.id, title=found.title, feed_title=row.feed_title, url=found.url,
                    published_at=found.published_at, text=f"{found.title}\n{found.text}" if found.title else found.text,
                )
            )  # fmt: skip
        return tuple(sources)

    @staticmethod
    def _where_looked(
        question: Question, folder: str | None, sources: Sequence[AskSource], words: tuple[str, ...], *, by_meaning: bool = False
    ) -> Looked:
        return Looked(
            posts=len(sources), since=question.since, until=question.until, feed_id=question.feed_id, feed_title=question.feed_title,
            folder=folder, words=words, by_meaning=by_meaning,
        )  # fmt: skip
