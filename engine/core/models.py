"""What the models make of posts: vectors, signals, and what enriching does with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.core.rules import Rules
from engine.core.summaries import Summaries
from engine.types import Enriched, EnrichEvent, Signals, StageFailed, Vectors

BY_MODELS = frozenset({"embed", "summaries"})  # stages of enriching that ask models


class Models(Summaries, Rules):
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
                signals=lambda: self._switched_on("signals"),
                speaks=entry.speaks,
                usual_language=entry.usual_language(),
                heads_speak=heads.speaks if heads is not None else lambda _language: False,
                settle_rules=self._settle,
                reapply_rules=self._reapply_if_free,
                settle_by_model=self._settle_by_model,
                fold=self._fold,
                clock=self._clock,
                rescore=self._rescore,
                summarise_top=self._summarise_owed,
            ).run(visible):
                if isinstance(event, Enriched):
                    self._publish(event.changes)
                if isinstance(event, StageFailed) and event.stage in BY_MODELS and not self._settings["ai"]:
                    continue  # models were switched off in the middle; what is owed stays owed
                yield event

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return (n, d) float32 unit vectors. Raises ModelError when the model is off or not installed."""
        return self._models.embed(texts)

    def signals(self, texts: Sequence[str]) -> list[Signals]:
        """Return what the trained heads say of each text; what they do not tell in its language is missing.

        Raises ModelError as `embed` does, InputError where signals alone are switched off.
        """
        if self._settings["ai"]:
            self._require_feature("signals")
        return self._models.signals(texts)

    def languages(self, texts: Sequence[str]) -> list[str]:
        """Return the ISO 639-1 code of each text, by its first 300 characters; "" where there is too little to tell.

        Raises WorkerError.
        """
        return self._parse.languages(texts)

    def device(self) -> str:
        """What the embedding model runs on ("CPU (bf16)"); "" before it was first used."""
        models = self._made("_models")
        return models.device() if models is not None else ""
