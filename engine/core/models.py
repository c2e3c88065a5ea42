"""What the models make of posts: vectors, signals, summaries."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from engine.types import Changes, Enriched, EnrichEvent, ModelStatus, Progress, Signals, Summary, TimelineQuery, Vectors

if TYPE_CHECKING:
    from engine.language.summary import Steps
from engine.core.reading import Reading
from engine.core.rules import Rules
from engine.core.stories import Stories

SUMMARY_WORDS = 60
SUMMARISE_FROM_WORDS = 90  # shorter posts are their own summary


class Models(Reading, Rules, Stories):
    """The models."""

    def enrich(self, *, visible: Sequence[int] = ()) -> Iterator[EnrichEvent]:
        """Let the models read what is new: languages, rules, vectors and signals, stories, scores, summaries.

        Args:
            visible: posts on screen, which come first.
        Raises:
            BusyError: as for `refresh`.
        """
        from engine.enrich import Enricher
        from engine.installation import signals_name, trained_heads

        with self._store.lock("jobs"):
            self.expire_rules()
            entry = self._model()
            heads = trained_heads(entry.name)
            for event in Enricher(
                store=self._store,
                parse=self._parse,
                embed=self._models.embedder(),
                model=entry.name,
                heads=signals_name(entry.name),
                speaks=entry.speaks,
                usual_language=entry.usual_language(),
                heads_speak=heads.speaks if heads is not None else lambda _language: False,
                settle_rules=self._settle,
                reapply_rules=self._reapply_if_free,
                settle_by_model=self._settle_by_model,
                fold=self._fold,
                clock=self._clock,
                rescore=self._rescore,
                summarise_top=self._summarise_top,
            ).run(visible):
                if isinstance(event, Enriched):
                    self._publish(event.changes)
                yield event

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return (n, d) float32 unit vectors. Raises ModelError when the model is off or not installed."""
        return self._models.embed(texts)

    def signals(self, texts: Sequence[str]) -> list[Signals]:
        """Return what the trained heads say of each text; what they do not tell in its language is missing.

        Raises ModelError as `embed` does.
        """
        return self._models.signals(texts)

    def languages(self, texts: Sequence[str]) -> list[str]:
        """Return the ISO 639-1 code of each text, by its first 300 characters; "" where there is too little to tell.

        Raises WorkerError.
        """
        return self._parse.languages(texts)

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
