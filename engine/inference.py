"""The models that are in use, and what they say of texts. They are loaded when they are first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from engine import installation
from engine.enrich import for_embedding
from engine.errors import ModelError
from engine.models import catalogue
from engine.settings import Value
from engine.types import PlainPost, Signals, Vectors
from engine.vectors import unit
from engine.workers.clients import EmbedWorker, GenerateWorker, ParseWorker
from engine.workers.remembered import Remembered


class Inference:
    """Thread-safe. `settings` are asked each time, so that they take effect; `drop` lets go of what runs with old ones."""

    def __init__(self, settings: Callable[[], Mapping[str, Value]], parse: ParseWorker) -> None:
        self._settings = settings
        self._lock = threading.RLock()
        self._embed: EmbedWorker | None = None
        self._generate: GenerateWorker | None = None
        self._languages = Remembered(parse.languages)
        self._vectors = Remembered(self._ask_vectors)

    def close(self) -> None:
        """Stop the workers. They start again when they are needed."""
        with self._lock:
            dropped = (self._embed, self._generate)
            self._embed = self._generate = None
            self._vectors = Remembered(self._ask_vectors)
        for worker in dropped:
            if worker is not None:
                worker.close()

    drop = close

    def model(self) -> catalogue.Model:
        """The embedding model that is chosen."""
        return catalogue.by_name(str(self._settings()["embedding_model"]))

    def text_model(self) -> catalogue.Model:
        return catalogue.by_name(str(self._settings()["text_model"]))

    def device(self) -> str:
        """What the embedding model runs on; "" before it was first used."""
        return str(info) if self._embed is not None and (info := self._embed.known_info()) else ""

    def embedder(self) -> EmbedWorker | None:
        """The embedding worker; None when AI is off or the model is not here."""
        with self._lock:
            settings = self._settings()
            if not settings["ai"]:
                return None
            if self._embed is None:
                entry, folder = self.model(), catalogue.default_models_dir()
                if not entry.installed(folder):
                    return None
                heads = installation.heads_path(entry.name)
                self._embed = EmbedWorker(entry.path(folder), heads, threads=int(settings["threads"]))
            return self._embed

    def needed_embedder(self) -> EmbedWorker:
        """The embedding worker. Raises ModelError when there is none."""
        worker = self.embedder()
        if worker is None:
            name = self.model().name
            raise ModelError(
                f"The embedding model {name} is not installed, or language models are switched off. "
                f"Install it with:  millpond models install {name}"
            )
        return worker

    def generator(self) -> GenerateWorker | None:
        """The worker of the text model; None when AI is off or the model is not here."""
        with self._lock:
            settings = self._settings()
            if not settings["ai"]:
                return None
            if self._generate is None:
                entry, folder = self.text_model(), catalogue.default_models_dir()
                if not entry.installed(folder):
                    return None
                self._generate = GenerateWorker(entry.path(folder), entry.template, threads=int(settings["threads"]))
            return self._generate

    # ---- what they say ---------------------------------------------------------------------------

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return (n, d) float32 unit vectors, exact to half precision. Raises ModelError when there is no model."""
        worker = self.needed_embedder()
        if not texts:
            return np.zeros((0, worker.info().dim), dtype=np.float32)
        return unit(np.stack(self._vectors.of(texts)).astype(np.float32))

    def signals(self, texts: Sequence[str]) -> list[Signals]:
        """Return what the trained heads say of each text; what they do not tell in its language is missing."""
        worker = self.needed_embedder()
        found = [Signals()] * len(texts)
        languages = self._languages.of(texts)
        spoken = self._spoken(texts)
        usual = self.model().usual_language()
        for batch in worker.embed(
            [texts[index] for index in spoken], heads=True, languages=[languages[index] or usual for index in spoken]
        ):
            for index, signals in zip(batch.indices, batch.signals, strict=True):
                found[spoken[index]] = signals or Signals()
        heads = installation.trained_heads(self.model().name)
        if heads is not None:
            among = set(spoken)
            heard = [place for place, language in enumerate(languages) if place not in among and heads.speaks(language)]
            said = worker.signals([texts[place] for place in heard], [languages[place] for place in heard])
            for place, signals in zip(heard, said, strict=True):
                found[place] = signals
        return found

    def post_vectors(self, posts: Sequence[PlainPost]) -> Vectors | None:
        """Return (n, d) vectors with rows of NaN where the model does not speak the language; None without a model."""
        if self.embedder() is None or not posts:
            return None
        texts = [for_embedding(post.title, post.text) for post in posts]
        spoken = self._spoken(texts)
        if not spoken:
            return None
        found = self.embed([texts[index] for index in spoken])
        vectors = np.full((len(posts), found.shape[1]), np.nan, dtype=np.float32)
        vectors[spoken] = found
        return vectors

    def sentence_vectors(self, language: str, text: str) -> Callable[[Sequence[str]], Vectors] | None:
        """Return what embeds the sentences of a text at once; None where the model does not speak its language."""
        worker = self.embedder() if self.model().speaks(language, text) else None
        if worker is None:
            return None

        def embed(sentences: Sequence[str]) -> Vectors:
            vectors = np.zeros((len(sentences), worker.info().dim), dtype=np.float32)
            for batch in worker.embed(sentences, urgent=True):
                vectors[list(batch.indices)] = batch.vectors
            return vectors

        return embed

    def _spoken(self, texts: Sequence[str]) -> list[int]:
        """The places of the texts whose language the embedding model speaks."""
        speaks = self.model().speaks
        languages = self._languages.of(texts)
        return [place for place, language in enumerate(languages) if speaks(language, texts[place])]

    def _ask_vectors(self, texts: Sequence[str]) -> list[NDArray[np.float16]]:
        found: dict[int, NDArray[np.float16]] = {}
        for batch in self.needed_embedder().embed(texts):
            found.update(zip(batch.indices, batch.vectors.astype(np.float16), strict=True))
        return [found[place].copy() for place in range(len(texts))]
