"""What is still owed to stored posts, stage by stage: language → flags → rules → vectors and signals → stories → scores → summaries.

Each stage asks the store what is owed, so that a killed run goes on where it stood. Newest and visible posts come first.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from engine.errors import EngineError
from engine.language import injection
from engine.store import Store, Text
from engine.types import Changes, Enriched, EnrichEvent, Progress, Signals, StageFailed
from engine.vectors import quantise
from engine.workers.clients import EmbedWorker, ParseWorker

log = logging.getLogger(__name__)

LANGUAGE_BATCH = 500
EMBED_BATCH = 256
FOLD_BATCH = 256
FOLDED_FIRST_HOURS = 168  # the last week's posts, then those before it
EMBED_CHARACTERS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Enricher:
    """What enriching needs. `speaks(language, text)` is about the embedding model (see `Model.speaks`), `heads_speak` about
    the heads, which go by words and characters where that model understands nothing."""

    store: Store
    parse: ParseWorker
    embed: EmbedWorker | None  # None: AI is off or the model is not installed
    model: str
    signals: Callable[[], bool]  # whether the heads are asked, now; else what they owe stays owed
    heads: str  # what the store calls the trained heads; "" where the model has none
    speaks: Callable[[str, str], bool]
    usual_language: str  # see `Model.usual_language`
    heads_speak: Callable[[str], bool]  # a language, without the embedding model
    settle_rules: Callable[[Sequence[int]], Changes]
    reapply_rules: Callable[[], Iterator[Progress]]  # over the past, where rules changed
    settle_by_model: Callable[[Sequence[int]], Changes]  # for rules that ask what models say
    fold: Callable[[Sequence[int]], Changes]  # puts posts to their stories
    clock: Callable[[], datetime]
    rescore: Callable[[], Changes]
    summarise_top: Callable[[], Iterator[EnrichEvent]]

    def run(self, visible: Sequence[int] = ()) -> Iterator[EnrichEvent]:
        """Do all that is owed. A stage that fails is told and the next one tried; closing the generator cancels."""
        for name, stage in (
            ("language", self._languages),
            ("flags", self._flags),
            ("rules", self._rules),
            ("embed", lambda: self._ask_models(visible)),
            ("stories", self._stories),
            ("scores", self._scores),
            ("summaries", self.summarise_top),
        ):
            try:
                yield from stage()
            except EngineError as error:
                log.info("stage failed stage=%s kind=%s", name, type(error).__name__)
                yield StageFailed(stage=name, error=str(error))

    def _languages(self) -> Iterator[EnrichEvent]:
        done, total = 0, self.store.owed_count("language")
        while ids := self.store.owed("language", limit=LANGUAGE_BATCH):
            texts = self.store.texts(ids)
            found = self.parse.languages([f"{text.title} {text.text[:300]}" for text in texts])
            changes = self.store.save_languages(dict(zip((text.id for text in texts), found, strict=True)))
            self.store.settle("language", "", ids)
            done += len(ids)
            yield Enriched(stage="language", changes=changes)
            yield Progress(stage="language", done=done, total=max(total, done))

    def _flags(self) -> Iterator[EnrichEvent]:
        """Remark what speaks to a model instead of people. No model is asked for it."""
        while ids := self.store.owed("flags", injection.VERSION, limit=LANGUAGE_BATCH):
            hidden = self.store.hidden_texts(ids)
            found: dict[int, tuple[str, ...]] = dict.fromkeys(ids, ())
            for text in self.store.texts(ids):
                found[text.id] = injection.find(text.title, text.text, hidden.get(text.id, ""))
            if changes := self.store.save_flags(injection.VERSION, found):
                yield Enriched(stage="flags", changes=changes)

    def _rules(self) -> Iterator[EnrichEvent]:
        while ids := self.store.owed("rules", limit=1000):
            yield Enriched(stage="rules", changes=self.settle_rules(ids))
        yield from self.reapply_rules()

    def _ask_models(self, visible: Sequence[int]) -> Iterator[EnrichEvent]:
        """Vectors and signals of posts without vectors; then signals alone, of posts that only other heads have seen."""
        if self.embed is None:
            return
        yield from self._stage("vectors", self.model, "embed", visible)
        if self.heads and self.signals():
            yield from self._stage("signals", self.heads, "signals", visible)

    def _stage(self, stage: str, model: str, name: str, visible: Sequence[int]) -> Iterator[EnrichEvent]:
        assert self.embed is not None
        done, total = 0, self.store.owed_count(stage, model)
        started = time.monotonic()
        while ids := self.store.owed(stage, model, limit=EMBED_BATCH, first=visible):
            if stage == "signals" and not self.signals():
                return
            texts = [text for text in self.store.texts(ids) if text.title or text.text]
            spoken = [text for text in texts if self.speaks(text.language, for_embedding(text.title, text.text))]
            silent = sorted(set(ids) - {text.id for text in spoken})
            if silent:
                if stage == "vectors":
                    self.store.settle("vectors", self.model, silent)
                there = set(silent)
                yield from self._by_heads_alone(silent, [text for text in texts if text.id in there])
            if spoken:
                yield from self._embed(spoken, vectors=stage == "vectors")
            done += len(ids)
            rate = done / max(time.monotonic() - started, 1e-6)
            info = self.embed.known_info()
            detail = f"{rate:.0f}/s on {info}" if info is not None else ""
            yield Progress(stage=name, done=done, total=max(total, done), detail=detail)

    def _embed(self, texts: Sequence[Text], *, vectors: bool) -> Iterator[EnrichEvent]:
        assert self.embed is not None
        inputs = [for_embedding(text.title, text.text) for text in texts]
        languages = [text.language or self.usual_language for text in texts]
        heads = self.signals()
        for batch in self.embed.embed(inputs, heads=heads, languages=languages):
            ids = [texts[index].id for index in batch.indices]
            if vectors:
                codes, scales = quantise(batch.vectors)
                self.store.save_vectors(self.model, np.asarray(ids, dtype=np.int64), codes, scales)
            changes = Changes()
            if heads and self.signals():
                changes = self.store.save_signals(self.heads, dict(zip(ids, batch.signals, strict=True)))
            yield Enriched(stage="embed", changes=Changes(updated=frozenset(ids)) | changes | self.settle_by_model(ids))

    def _by_heads_alone(self, ids: Sequence[int], texts: Sequence[Text]) -> Iterator[EnrichEvent]:
        """Posts that the embedding model does not understand: some have signals all the same."""
        assert self.embed is not None
        if not self.signals():
            return
        heard = [text for text in texts if self.heads_speak(text.language)]
        said = self.embed.signals(
            [for_embedding(text.title, text.text) for text in heard], [text.language for text in heard]
        )
        signals: dict[int, Signals | None] = dict.fromkeys(ids)
        signals |= zip((text.id for text in heard), said, strict=True)
        changes = self.store.save_signals(self.heads, signals)
        if changes:
            yield Enriched(stage="signals", changes=changes | self.settle_by_model(sorted(changes.updated)))

    def _stories(self) -> Iterator[EnrichEvent]:
        done, total = 0, self.store.owed_count("stories")
        since = (self.clock() - timedelta(hours=FOLDED_FIRST_HOURS)).timestamp()
        while ids := self.store.owed_stories(since=since, limit=FOLD_BATCH):
            yield Enriched(stage="stories", changes=self.fold(ids))
            done += len(ids)
            yield Progress(stage="stories", done=done, total=max(total, done))

    def _scores(self) -> Iterator[EnrichEvent]:
        yield Progress(stage="scores", done=0, total=None)
        yield Enriched(stage="scores", changes=self.rescore())


def for_embedding(title: str, text: str) -> str:
    """What of a post the embedding model reads."""
    whole = text if not title or text.startswith(title) else f"{title}\n{text}"
    return injection.readable(whole[: 2 * EMBED_CHARACTERS])[:EMBED_CHARACTERS]
