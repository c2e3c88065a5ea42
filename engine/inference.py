"""The models that are in use, and what they say of texts. They are loaded when they are first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine import installation
from engine.enrich import for_embedding
from engine.errors import ModelError, WorkerError
from engine.generating import WatchedWorker, backend, choose_layers, gpu_backends, note_failure, try_text, writing_speed
from engine.http import Client
from engine.models import catalogue, memory
from engine.settings import Value
from engine.types import Device, LayerChoice, Machine, ModelServer, PlainPost, Signals, Vectors
from engine.vectors import unit
from engine.workers.clients import EMBED_LIMITS, EmbedWorker, GenerateWorker, ParseWorker
from engine.workers.machine import known, known_already
from engine.workers.remembered import Remembered
from engine.workers.remote import RemoteModel, host_of
from engine.workers.supervisor import CancelledError

EMBED_SPARE_BYTES = 600 << 20


class Inference:
    """Thread-safe. `settings` are asked each time, so that they take effect; `drop` lets go of what runs with old ones.

    Args:
        server: the model server that is switched on, if any.   key: its API key by its id.   client: the door to the network.
    """

    def __init__(
        self,
        settings: Callable[[], Mapping[str, Value]],
        parse: ParseWorker,
        *,
        server: Callable[[], ModelServer | None] = lambda: None,
        key: Callable[[int], str] = lambda _server: "",
        client: Callable[[], Client] | None = None,
    ) -> None:
        self._settings = settings
        self._lock = threading.RLock()
        self._embed: EmbedWorker | None = None
        self._embedding: catalogue.Model | None = None  # what `_embed` runs
        self._generate: WatchedWorker | None = None
        self._remote: RemoteModel | None = None
        self._remote_of: ModelServer | None = None
        self._server, self._key, self._client = server, key, client
        self._tried: set[catalogue.Model] = set()  # that loaded once
        self._languages = Remembered(parse.languages)
        self._vectors = Remembered(self._ask_vectors)

    def close(self) -> None:
        """Stop the workers. They start again when they are needed."""
        self.keep_speed()
        self.drop_server()
        with self._lock:
            dropped = (self._embed, self._generate)
            self._embed = self._generate = None
            self._vectors = Remembered(self._ask_vectors)
        for worker in dropped:
            if worker is not None:
                worker.close()

    drop = close

    def drop_server(self) -> None:
        """Let go of the person's server: what it was asked for is given up."""
        with self._lock:
            before, self._remote, self._remote_of = self._remote, None, None
        if before is not None:
            before.close()

    def model(self) -> catalogue.Model:
        """The embedding model that is chosen."""
        return catalogue.in_use(str(self._settings()["embedding_model"]), "embedding")

    def text_model(self) -> catalogue.Model:
        """The text model that is chosen; one that stands for the person's server where that is switched on."""
        server = self._server() if self._client is not None else None
        if server is not None:
            return catalogue.Model(
                name=RemoteModel.name_of(server), kind="text", licence="", files=(), memory_bytes=0, template=RemoteModel.template
            )
        return catalogue.in_use(str(self._settings()["text_model"]), "text")

    def device(self) -> str:
        """What the embedding model runs on; "" before it was first used."""
        return str(info) if self._embed is not None and (info := self._embed.known_info()) else ""

    def embedder(self) -> EmbedWorker | None:
        """The embedding worker; None when AI is off or the model is not here."""
        with self._lock:
            settings = self._settings()
            if not settings["ai"]:
                return None
            entry, folder = self.model(), catalogue.default_models_dir()
            if self._embed is None or self._embedding != entry:
                if not entry.installed(folder):
                    return None
                heads = installation.heads_path(entry.name)
                before, self._embedding = self._embed, entry
                self._embed = embed_worker(entry, folder, heads=heads, threads=int(settings["threads"]))
                self._end(before)
            return self._embed

    def needed_embedder(self) -> EmbedWorker:
        """The embedding worker. Raises ModelError when there is none."""
        worker = self.embedder()
        if worker is None:
            entry = self.model()
            why = (entry.trouble() if entry.own else "") or f"Install it with:  millpond models install {entry.name}"
            raise ModelError(f"The embedding model {entry.name} is not installed, or language models are switched off. {why}")
        return worker

    def generator(self) -> GenerateWorker | RemoteModel | None:
        """What writes: the person's server where one is switched on, else the worker of the text model. None when AI is off
        or the model is not here."""
        with self._lock:
            settings = self._settings()
            if not settings["ai"]:
                return None
            server = self._server() if self._client is not None else None
            if server is not None and self._client is not None:
                if self._remote is None or self._remote_of != server:
                    self.drop_server()
                    number = server.id
                    self._remote = RemoteModel(self._client, server, lambda: self._key(number))
                    self._remote_of = server
                return self._remote
            self.drop_server()
            entry, folder = catalogue.in_use(str(settings["text_model"]), "text"), catalogue.default_models_dir()
            if self._generate is not None and self._generate.entry == entry:
                return self._generate
        if not entry.installed(folder):
            return None
        choice = self.layers(entry)  # may look at the machine for seconds: nobody else waits for that
        with self._lock:
            settings = self._settings()
            if not settings["ai"]:
                return None
            if self._generate is None or self._generate.entry != entry:
                before = self._generate
                self._generate = WatchedWorker(
                    entry, entry.path(folder), choice, threads=int(settings["threads"]), failed=lambda why: self._card_failed(entry, why)
                )
                self._end(before)
            return self._generate

    def asks_server(self) -> bool:
        """Whether what is written is asked for from the person's server, to which posts are sent. Asks nobody."""
        return self._client is not None and self._server() is not None

    def writes(self) -> bool:
        """Whether `generator` gives something. Starts nothing, and looks at no graphics card."""
        settings = self._settings()
        if not settings["ai"]:
            return False
        if self.asks_server():
            return True
        return catalogue.in_use(str(settings["text_model"]), "text").installed(catalogue.default_models_dir())

    def _end(self, worker: EmbedWorker | GenerateWorker | None) -> None:
        """Let a worker go that another takes the place of; nobody waits for that."""
        if worker is not None:
            threading.Thread(target=worker.close, name="ending a worker", daemon=True).start()

    # ---- on what they run ------------------------------------------------------------------------

    def machine(self, *, again: bool = False) -> Machine:
        """What this machine has for models; a child process is asked once, or `again`. Takes a second or more."""
        return known(again=again)

    def known_machine(self) -> Machine | None:
        """What `machine` found, None before it was asked."""
        return known_already()

    def layers(self, entry: catalogue.Model) -> LayerChoice:
        """How many layers of a text model go to a graphics card, and why."""
        folder = catalogue.default_models_dir()
        return choose_layers(
            entry, entry.path(folder), folder, wanted=bool(self._settings()["gpu"]), built_for=gpu_backends(), machine=self.machine
        )

    def devices(self) -> tuple[Device, ...]:
        """On what the chosen models run, or will. Loads nothing."""
        folder = catalogue.default_models_dir()
        entry = self.model()
        with self._lock:
            embed, generate = self._embed, self._generate
        info = embed.known_info() if embed is not None else None
        embedding = Device(
            kind="embedding", model=entry.name, runs_on=str(info) if info is not None else "", known=info is not None,
            speed=info.posts_per_second if info is not None else memory.embedding_speed(folder, entry.path(folder).name),
        )  # fmt: skip
        self.keep_speed()
        writer = self.text_model()
        server = self._server() if self._client is not None else None
        speed = memory.text_speed(folder, writer.name)
        if server is not None:
            return embedding, Device(kind="text", model=writer.name, runs_on=f"the server {host_of(server.url)}", known=True, speed=speed,
                                     why="you pointed Millpond at it")  # fmt: skip
        found = generate.known_info() if generate is not None and generate.entry == writer else None
        choice = generate.choice if generate is not None and generate.entry == writer else self.layers(writer)
        planned = "the processor" if not choice.layers else f"the graphics card, {choice.layers} of {choice.of} layers"
        return embedding, Device(
            kind="text", model=writer.name, runs_on=found.device if found is not None else planned, layers=choice.layers, of=choice.of,
            why=(found.why if found is not None else "") or choice.why, speed=speed, known=found is not None,
        )  # fmt: skip

    def _card_failed(self, entry: catalogue.Model, why: str) -> None:
        note_failure(catalogue.default_models_dir(), entry, backend(self.machine()), why)
        with self._lock:
            before, self._generate = self._generate, None
        self._end(before)

    def keep_speed(self) -> None:
        """Remember how quickly the text model writes, where the worker has found out."""
        with self._lock:
            worker = self._generate
        info = worker.known_info() if worker is not None else None
        if worker is not None and info is not None and info.writing_tokens_per_second > 0:
            memory.keep_text_speed(
                catalogue.default_models_dir(), worker.entry.name, tokens_per_second=info.writing_tokens_per_second, runs_on=info.device
            )

    def measure(self, cancelled: Callable[[], bool] | None = None) -> float:
        """Have the text model write a little; returns tokens a second, and remembers them. Raises ModelError, WorkerError."""
        writer = self.generator()
        if writer is None:
            raise ModelError("There is no language model to measure: none is installed, or they are switched off.")
        speed = writing_speed(writer, cancelled)
        if speed > 0:
            memory.keep_text_speed(
                catalogue.default_models_dir(), writer.name, tokens_per_second=speed,
                runs_on=writer.host if isinstance(writer, RemoteModel) else "",
            )  # fmt: skip
        return speed

    def try_out(self, entry: catalogue.Model, cancelled: Callable[[], bool] | None = None) -> None:
        """Load a model beside the one in use, in a process of its own, and use it once. Raises ModelError, CancelledError."""
        if entry in self._tried:
            return
        folder, threads = catalogue.default_models_dir(), int(self._settings()["threads"])
        if entry.kind == "text":
            try_text(entry, entry.path(folder), threads=threads, cancelled=cancelled)
        else:
            self._try_embedding(entry, folder, threads, cancelled)
        self._tried.add(entry)

    def _try_embedding(self, entry: catalogue.Model, folder: Path, threads: int, cancelled: Callable[[], bool] | None) -> None:
        with embed_worker(entry, folder, heads=None, threads=threads) as worker:
            try:
                list(worker.embed(["Hello"], urgent=True, cancelled=cancelled))
            except CancelledError:
                raise
            except (ModelError, WorkerError) as error:
                raise ModelError(f"{entry.name} was not taken: {str(error)[:1].lower()}{str(error)[1:]}") from error

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


def embed_worker(entry: catalogue.Model, models_dir: Path, *, heads: Path | None, threads: int) -> EmbedWorker:
    """The worker of an embedding model; one of the person's own may need more memory than ours."""
    limits = EMBED_LIMITS
    if entry.own:
        limits = replace(limits, resident_bytes=max(limits.resident_bytes, 3 * entry.size_bytes + EMBED_SPARE_BYTES))
    return EmbedWorker(entry.path(models_dir), heads, threads=threads, limits=limits, measured=models_dir / memory.MEASURED)
