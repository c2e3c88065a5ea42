"""Whether a model fits into the memory of this machine, and how many of its layers a graphics card takes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

from engine.models.catalogue import Model
from engine.models.gguf_header import Header
from engine.types import Fit, FitWord, LayerChoice

SHARE = 0.8  # of the memory that is free, which a model may take before it gets tight
LIBRARY_BYTES = 160 << 20  # interpreter, libraries and the graph of a small model
BATCH_TOKENS = 512
CONTEXT_TOKENS = 4096


def free_bytes() -> int:
    """Memory that programs can have without pushing others out; within a container, what is left of its share."""
    free = int(psutil.virtual_memory().available)
    with contextlib.suppress(OSError, ValueError):
        limit = int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii"))
        free = min(free, max(0, limit - int(Path("/sys/fs/cgroup/memory.current").read_text(encoding="ascii"))))
    return free


def margin_bytes(header: Header) -> int:
    """What is needed beside weights and cache: the library, and the sums of one batch, most of them over the vocabulary."""
    return LIBRARY_BYTES + 4 * BATCH_TOKENS * (header.vocabulary + 8 * header.embedding_length)


def of_header(header: Header, free: int, *, context_tokens: int = CONTEXT_TOKENS, whole_window: bool = False) -> Fit:
    """Judge by a file's own header: its size, and 2 · layers · kv heads · head dimension · context · 2 bytes of cache."""
    context = min(context_tokens, header.context_tokens or context_tokens)
    cache, margin = header.cache_bytes(context, whole_window=whole_window), margin_bytes(header)
    return _judged(header.file_bytes, cache, margin, free, context, "header")


def of_catalogue(model: Model, free: int) -> Fit:
    """Judge by the catalogue's estimate, while the file is not here and was not asked."""
    weights = model.size_bytes
    return _judged(weights, 0, max(0, model.memory_bytes - weights), free, CONTEXT_TOKENS, "catalogue")


# What a processor core and a graphics card read of memory in a second; writing a token reads all weights once.
CORE_BYTES_PER_SECOND = 2.5e9
MOST_CORES = 8
CARD_BYTES_PER_SECOND = 100e9
QUICK_TOKENS_PER_SECOND = 6.0  # about as fast as people read
MEMORY_SHARE = 0.5  # of all memory, which a model may take that is recommended


def expected_speed(model: Model, *, cores: int, on_card: bool, known: tuple[Model, float] | None = None) -> float:
    """About how many tokens a second a text model will write: by one that was measured here, else by the machine's usual pace.

    Args:
        known: a model of this machine and how many tokens a second it wrote.
    """
    if on_card:
        return CARD_BYTES_PER_SECOND / model.size_bytes
    if known is not None:
        return known[1] * known[0].size_bytes / model.size_bytes
    return CORE_BYTES_PER_SECOND * min(cores, MOST_CORES) / model.size_bytes


def recommended(
    models: Iterable[Model], *, memory_bytes: int, cores: int, card_bytes: int = 0, speed: Callable[[Model], float | None]
) -> str:
    """The name of the text model of most merit that fits half of the memory, or a card, and writes about as fast as people read.

    Args:
        card_bytes: free memory of a graphics card that can be used, 0 without one.   speed: as measured here, None where not.
    """
    able = [model for model in models if model.kind == "text" and model.runs and model.merit]
    known = next(((model, found) for model in able if (found := speed(model))), None)
    best = ""
    for model in sorted(able, key=lambda model: model.merit):
        on_card = model.memory_bytes <= SHARE * card_bytes
        pace = speed(model) or expected_speed(model, cores=cores, on_card=on_card, known=known)
        if (on_card or model.memory_bytes <= MEMORY_SHARE * memory_bytes) and pace >= QUICK_TOKENS_PER_SECOND:
            best = model.name
    return best or next((model.name for model in able if model.default), "")


def _judged(weights: int, cache: int, margin: int, free: int, context: int, by: str) -> Fit:
    need = weights + cache + margin
    word: FitWord = "fits" if need <= SHARE * free else "tight" if need <= free else "does not fit"
    return Fit(
        word=word, need_bytes=need, weights_bytes=weights, cache_bytes=cache, margin_bytes=margin, free_bytes=free,
        context_tokens=context, by="header" if by == "header" else "catalogue",
    )  # fmt: skip


def layers_for(layers: int, need_bytes: int, free_bytes: int, *, device: str = "the graphics card") -> LayerChoice:
    """How many layers a device takes: all where the model needs at most 80 % of its free memory, else as many as that
    share holds, at none the processor does all.

    Args:
        layers: of the model, the output layer counted.   need_bytes: of weights, cache and margin together.
    """
    budget = int(SHARE * free_bytes)
    sizes = f"it needs {need_bytes / 1e9:.1f} GB, and of {free_bytes / 1e9:.1f} GB free there Millpond takes at most {budget / 1e9:.1f}"
    if layers <= 0 or need_bytes <= 0:
        return LayerChoice(layers=0, of=max(layers, 0), why="the model's size is not known")
    if need_bytes <= budget:
        return LayerChoice(layers=layers, of=layers, why=f"all of it fits on {device}: {sizes}")
    part = min(layers, layers * budget // need_bytes)
    if part > 0:
        return LayerChoice(layers=part, of=layers, why=f"{part} of {layers} layers fit on {device}: {sizes}")
    return LayerChoice(layers=0, of=layers, why=f"no layer fits on {device}: {sizes}")
