"""The `embed` worker: texts in, unit vectors and what the trained heads say out. Operations: embed, signals, info.

Texts are cut, tokenised, sorted by length and put through the model in batches of about equal work, several at a time
with one thread each: threads that share one small matrix product spend their time waiting for each other as soon as
anything else runs. The first use on a machine measures which precision is fastest there and close enough to fp32.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import platform
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when torch is loaded
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "96")  # each shape keeps scratch memory

import numpy as np
import psutil
import torch

from engine.errors import ModelError
from engine.signals.heads import Branch, Heads
from engine.types import SIGNAL_NAMES, Floats, Sentiment, Signals, Vectors
from engine.workers.branch import Layers
from engine.workers.lean import leave_out
from engine.workers.samples import SAMPLES

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

MAX_CHARACTERS = 2000  # more than any model here reads, and cheap to cut before tokenising
MAX_TOKENS = 256
BATCH_TOKENS = 512  # padded; larger batches are no faster on one thread and need more memory
BATCH_TEXTS = 64
PAD_TO = 8
TOKENISE_TEXTS = 256
MIN_MEAN_COSINE = 0.99
MIN_COSINE = 0.985
MAX_THREADS = 8
SIGNAL_TEXTS = 50  # of one reply
NAN = float("nan")

Payload = dict[str, Any]
Cancelled = Callable[[], bool]
Replies = Iterator[dict[str, Any]]
Ids = list[int]


@dataclass(frozen=True, slots=True)
class Batch:
    indices: list[int]
    vectors: Vectors
    means: Floats | None  # (n, width): what the branch of the trained heads makes of each text


def start(config: Mapping[str, Any]) -> dict[str, Callable[[Payload, Cancelled], Replies]]:
    """config: "model_dir"; "heads_path" or ""; "threads", 0 to choose; "measured", a mapping of what was kept before.

    Raises:
        ModelError: the folder holds no model that can be loaded safely.
    """
    leave_out("scipy", "sklearn")
    encoder = Encoder(Path(config["model_dir"]), int(config.get("threads", 0)), dict(config.get("measured") or {}))
    heads_path = str(config.get("heads_path") or "")

    @cache
    def heads() -> Heads:  # loaded when first asked for: vectors come without them, even when their file is damaged
        try:
            found = Heads.from_bytes(Path(heads_path).read_bytes())
        except OSError as error:
            raise ModelError("The file of trained heads is missing; install Millpond again.") from error
        encoder.add(found.branch)
        found = replace(found, branch=None)  # its arrays live in the encoder now
        give_back_memory()
        return found

    def embed(payload: Payload, cancelled: Cancelled) -> Replies:
        wanted = heads() if payload.get("heads") and heads_path else None
        texts, languages = payload["texts"], payload.get("languages") or []
        for batch in encoder.encode(texts, branch=wanted is not None, cancelled=cancelled):
            said: list[list[float]] = []
            if wanted is not None:
                spoken = [languages[index] if languages else "" for index in batch.indices]
                said = _numbers(wanted.signals([texts[index] for index in batch.indices], spoken, batch.means))
            yield {
                "indices": batch.indices,
                "vectors": batch.vectors.astype("<f4", copy=False).tobytes(),
                "dimensions": batch.vectors.shape[1],
                "signals": said,
            }
        give_back_memory()

    def signals(payload: Payload, cancelled: Cancelled) -> Replies:
        texts, languages = payload["texts"], payload["languages"]
        for at in range(0, len(texts), SIGNAL_TEXTS):
            if cancelled():
                return
            some = slice(at, at + SIGNAL_TEXTS)
            yield {"signals": _numbers(heads().signals(texts[some], languages[some], None)) if heads_path else []}

    def info(payload: Payload, cancelled: Cancelled) -> Replies:
        yield encoder.info()

    return {"embed": embed, "signals": signals, "info": info}


def _numbers(said: Sequence[Signals]) -> list[list[float]]:
    """Three numbers of the sentiment and one for each of SIGNAL_NAMES; NaN: nobody asked."""
    nothing = Sentiment(NAN, NAN, NAN)
    return [
        [tone.negative, tone.neutral, tone.positive, *(one.shares.get(name, NAN) for name in SIGNAL_NAMES)]
        for one in said
        for tone in [one.sentiment or nothing]
    ]


class Encoder:
    """A model in the precision that suits this machine, and the threads that run it."""

    def __init__(self, folder: Path, threads: int, measured: dict[str, Any]) -> None:
        check_folder(folder)
        self._folder = folder
        self._branch: Layers | None = None
        self._shared = 0  # layers that the branch has in common with the model
        self._threads = threads or min(MAX_THREADS, psutil.cpu_count(logical=False) or os.cpu_count() or 1)
        torch.set_num_threads(1)
        self._pool = ThreadPoolExecutor(self._threads, "embed", initializer=torch.set_num_threads, initargs=(1,))
        self.key = f"{folder.name}; {processor_name()}; torch {torch.__version__}; {self._threads} threads"
        kept = measured.get(self.key)
        if isinstance(kept, dict) and kept.get("precision") in ("fp32", "bf16", "bf16-autocast", "int8"):
            self._model = load(folder, torch.bfloat16 if kept["precision"] == "bf16" else torch.float32)
            self._use(str(kept["precision"]))
            self.posts_per_second = float(kept["posts_per_second"])
            self.cosine = float(kept["cosine"])
        else:
            self._model = load(folder, torch.float32)
            self._measure()
        give_back_memory()

    def info(self) -> dict[str, Any]:
        return {
            "device": "cpu",
            "precision": self.precision,
            "dimensions": int(self._model.get_embedding_dimension() or 0),
            "posts_per_second": self.posts_per_second,
            "cosine": self.cosine,
            "threads": self._threads,
            "key": self.key,
        }

    def encode(
        self, texts: Sequence[str], *, branch: bool = False, cancelled: Cancelled = lambda: False
    ) -> Iterator[Batch]:
        """Vectors of `texts` in batches, longest texts first, in the same batches each time."""
        waiting: deque[Future[Batch]] = deque()
        try:
            for indices, ids in batches(self._tokenise(texts)):
                if cancelled():
                    return
                waiting.append(self._pool.submit(self._forward, indices, ids, branch))
                if len(waiting) > self._threads:
                    yield waiting.popleft().result()
            while waiting:
                if cancelled():
                    return
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def add(self, branch: Branch | None) -> None:
        """Run a branch of the model, too: on what its first layers make of texts, in the precision that it runs in."""
        if branch is None:
            return
        config: Any = self._model[0].auto_model.config  # type: ignore[union-attr]
        here = (config.hidden_size, config.num_attention_heads)
        if here != (branch.width, branch.attention_heads) or branch.shared > config.num_hidden_layers:
            raise ModelError("The trained heads belong to another embedding model; install Millpond again.")
        inner = branch.layers[0]["up.weight"].shape[0]
        layers = Layers(len(branch.layers), branch.width, inner, branch.attention_heads)
        layers.load_state_dict(
            {
                f"layers.{number}.{name}": torch.from_numpy(part)
                for number, layer in enumerate(branch.layers)
                for name, part in layer.items()
            }
        )
        layers.eval()
        if self.precision == "bf16":
            layers.to(torch.bfloat16)
        elif self.precision == "int8":
            in_eight_bits(layers)
        self._branch, self._shared = layers, branch.shared

    def _tokenise(self, texts: Sequence[str]) -> list[Ids]:
        found: list[Ids] = []
        limit = min(MAX_TOKENS, int(self._model.max_seq_length or MAX_TOKENS))
        for start_at in range(0, len(texts), TOKENISE_TEXTS):
            some = [text[:MAX_CHARACTERS] for text in texts[start_at : start_at + TOKENISE_TEXTS]]
            found += self._model.tokenizer(some, truncation=True, max_length=limit, padding=False)["input_ids"]
        return found

    def _forward(self, indices: list[int], ids: list[Ids], branch: bool) -> Batch:
        longest = -(-max(map(len, ids)) // PAD_TO) * PAD_TO
        tokens = torch.full((len(ids), longest), int(self._model.tokenizer.pad_token_id or 0), dtype=torch.long)
        mask = torch.zeros((len(ids), longest), dtype=torch.long)
        for row, some in enumerate(ids):
            tokens[row, : len(some)] = torch.tensor(some)
            mask[row, : len(some)] = 1
        autocast = torch.autocast("cpu", torch.bfloat16, enabled=self.precision == "bf16-autocast", cache_enabled=False)
        with torch.inference_mode():
            with autocast:
                features = self._model[0]({"input_ids": tokens, "attention_mask": mask})
            hidden = features.pop("all_layer_embeddings", ())
            features["token_embeddings"] = features["token_embeddings"].float()
            for module in list(self._model)[1:]:
                features = module(features)
            vectors = torch.nn.functional.normalize(features["sentence_embedding"].float(), dim=-1)
            means = None
            if branch and self._branch is not None:
                with autocast:
                    means = self._branch(hidden[self._shared], mask.bool()).float().numpy()
            return Batch(indices, vectors.numpy(), means)

    # ---- choosing a precision ----------------------------------------------------------------------

    def _measure(self) -> None:
        """Keep the fastest precision that stays close to fp32 on the sample texts.

        int8 is tried only where bf16 brings little: it takes seconds to make and is seldom close enough.
        """
        self._use("fp32")
        exact, fp32_seconds = self._timed()
        found = [("fp32", fp32_seconds, 1.0)]
        self._try("bf16", exact, found)
        if found[-1][0] != "bf16":
            self._try("bf16-autocast", exact, found)
        if len(found) == 1 or found[-1][1] > 0.75 * fp32_seconds:
            self._try("int8", exact, found)
        precision, seconds, self.cosine = min(found, key=lambda item: item[1])
        self.posts_per_second = len(SAMPLES) / seconds
        if precision != self.precision:
            self._model = load(self._folder, torch.float32)
            self._use(precision)

    def _try(self, precision: str, exact: Vectors, found: list[tuple[str, float, float]]) -> None:
        """Append (precision, seconds, mean cosine) to `found` when it is close enough and not hopelessly slow."""
        if self.precision not in ("fp32", precision):
            self._model = load(self._folder, torch.float32)
        try:
            self._use(precision)
            vectors, seconds = self._timed(give_up_seconds=2 * found[0][1])
        except (RuntimeError, NotImplementedError):  # this processor or build of torch lacks it
            return
        cosines = np.einsum("ij,ij->i", exact, vectors)
        if cosines.mean() >= MIN_MEAN_COSINE and cosines.min() >= MIN_COSINE:
            found.append((precision, seconds, float(cosines.mean())))

    def _use(self, precision: str) -> None:
        transformer = self._model[0]
        if precision == "bf16":
            transformer.to(torch.bfloat16)
        elif precision == "int8":
            in_eight_bits(transformer)
        self.precision = precision

    def _timed(self, give_up_seconds: float = float("inf")) -> tuple[Vectors, float]:
        """Vectors of the samples in their order, and the better time of two rounds after one short warm-up."""
        began = time.perf_counter()
        for _ in self.encode(SAMPLES[:4]):
            pass
        best = float("inf")
        vectors = np.zeros((0, 0), np.float32)
        for _ in range(2):
            if time.perf_counter() - began > give_up_seconds:
                break
            started = time.perf_counter()
            vectors = collect(self.encode(SAMPLES), len(SAMPLES))
            best = min(best, time.perf_counter() - started)
        if best == float("inf"):
            raise RuntimeError("too slow")
        return vectors, best


def collect(found: Iterator[Batch], count: int) -> Vectors:
    """All vectors in the order of the texts."""
    vectors = np.zeros((0, 0), np.float32)
    for batch in found:
        if not len(vectors):
            vectors = np.zeros((count, batch.vectors.shape[1]), np.float32)
        vectors[batch.indices] = batch.vectors
    return vectors


def batches(tokenised: list[Ids]) -> Iterator[tuple[list[int], list[Ids]]]:
    """Texts of about equal length together, at most BATCH_TOKENS padded tokens each; longest first."""
    order = sorted(range(len(tokenised)), key=lambda index: -len(tokenised[index]))
    at = 0
    while at < len(order):
        longest = -(-len(tokenised[order[at]]) // PAD_TO) * PAD_TO
        count = max(1, min(BATCH_TEXTS, BATCH_TOKENS // longest))
        chosen = order[at : at + count]
        yield chosen, [tokenised[index] for index in chosen]
        at += count


def load(folder: Path, dtype: torch.dtype) -> SentenceTransformer:
    """Load from the folder alone: no network, no pickles, no code of the model's."""
    from sentence_transformers import SentenceTransformer

    try:
        model = SentenceTransformer(
            str(folder),
            device="cpu",
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True, "dtype": dtype, "attn_implementation": "sdpa"},
            config_kwargs={"output_hidden_states": True},
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(f"The model in {folder.name} cannot be loaded; install it again.") from error
    model.eval()
    return model


def check_folder(folder: Path) -> None:
    """Raises ModelError unless the folder holds a safetensors model without code of its own."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"There is no model in {folder.name}; install it again.") from error
    own_code = "auto_map" in config or not all(
        str(module.get("type", "")).startswith("sentence_transformers.") for module in modules
    )
    if own_code or list(folder.rglob("*.py")):
        raise ModelError(f"The model in {folder.name} wants to run code of its own, which Millpond refuses.")


def in_eight_bits(module: torch.nn.Module) -> None:
    """Make the dense layers of a module run in 8 bits."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch.ao.quantization import per_channel_dynamic_qconfig, quantize_dynamic

        quantise: Callable[..., Any] = quantize_dynamic
        quantise(module, {torch.nn.Linear: per_channel_dynamic_qconfig}, inplace=True)


def give_back_memory() -> None:
    """Return to the system what loading has freed; glibc alone keeps it."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def processor_name() -> str:
    """The processor and what torch makes of it; asking `platform.processor` would start a program."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    parts = [line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "model\t"))][:2]
    return " ".join([*dict.fromkeys(parts), platform.machine(), torch.backends.cpu.get_cpu_capability()])
