"""What is still owed to stored posts, stage by stage: language → rules → vectors and signals → scores → summaries.

Each stage asks the store what is owed, so that a killed run goes on where it stood. Newest and visible posts come first.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engine.errors import EngineError
from engine.store import Store, Text
from engine.types import Changes, Enriched, EnrichEvent, Progress, Signals, StageFailed
from engine.vectors import quantise
from engine.workers.clients import EmbedWorker, ParseWorker

log = logging.getLogger(__name__)

LANGUAGE_BATCH = 500
EMBED_BATCH = 256
EMBED_CHARACTERS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Enricher:
    """What enriching needs. `speaks(language, text)` is about the embedding model: see `Model.speaks`."""

    store: Store
    parse: ParseWorker
    embed: EmbedWorker | None  # None: AI is off or the model is not installed
    model: str
    speaks: Callable[[str, str], bool]
    settle_rules: Callable[[Sequence[int]], Changes]
    settle_by_model: Callable[[Sequence[int]], Changes]  # for rules that ask what models say
    rescore: Callable[[], Changes]
    summarise_top: Callable[[], Iterator[EnrichEvent]]

    def run(self, visible: Sequence[int] = ()) -> Iterator[EnrichEvent]:
        """Do all that is owed. A stage that fails is told and the next one tried; closing the generator cancels."""
        for name, stage in (
            ("language", self._languages),
            ("rules", self._rules),
            ("embed", lambda: self._vectors(visible)),
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

    def _rules(self) -> Iterator[EnrichEvent]:
        while ids := self.store.owed("rules", limit=1000):
            yield Enriched(stage="rules", changes=self.settle_rules(ids))

    def _vectors(self, visible: Sequence[int]) -> Iterator[EnrichEvent]:
        if self.embed is None:
            return
        done, total = 0, self.store.owed_count("vectors", self.model)
        started = time.monotonic()
        while ids := self.store.owed("vectors", self.model, limit=EMBED_BATCH, first=visible):
            texts = self.store.texts(ids)
            spoken = [
                text
                for text in texts
                if (text.title or text.text) and self.speaks(text.language, for_embedding(text.title, text.text))
            ]
            silent = set(ids) - {text.id for text in spoken}
            if silent:
                self.store.settle("vectors", self.model, sorted(silent))
                self.store.settle("signals", self.model, sorted(silent))
            if spoken:
                yield from self._embed(spoken)
            done += len(ids)
            rate = done / max(time.monotonic() - started, 1e-6)
            info = self.embed.known_info()
            detail = f"{rate:.0f}/s on {info}" if info is not None else ""
            yield Progress(stage="embed", done=done, total=max(total, done), detail=detail)

    def _embed(self, texts: Sequence[Text]) -> Iterator[EnrichEvent]:
        assert self.embed is not None
        inputs = [for_embedding(text.title, text.text) for text in texts]
        for batch in self.embed.embed(inputs, heads=True):
            ids = [texts[index].id for index in batch.indices]
            codes, scales = quantise(batch.vectors)
            self.store.save_vectors(self.model, np.asarray(ids, dtype=np.int64), codes, scales)
            signals: dict[int, Signals | None] = dict(zip(ids, batch.signals, strict=True))
            yield Enriched(stage="embed", changes=self.store.save_signals(self.model, signals) | self.settle_by_model(ids))

    def _scores(self) -> Iterator[EnrichEvent]:
        yield Progress(stage="scores", done=0, total=None)
        yield Enriched(stage="scores", changes=self.rescore())


def for_embedding(title: str, text: str) -> str:
    """What of a post the embedding model reads."""
    if not title or text.startswith(title):
        return text[:EMBED_CHARACTERS]
    return f"{title}\n{text}"[:EMBED_CHARACTERS]
