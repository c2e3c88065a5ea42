"""Which models are here, and bringing or removing one: what the window, the command line and `make` share."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, lru_cache
from itertools import count
from pathlib import Path

import numpy as np
import psutil

import resources
from engine.errors import FetchError, ModelError
from engine.http import Client, HttpRequest, Policy, Recorder
from engine.models import catalogue, fit, memory, own
from engine.models.gguf_header import Header, read, read_file
from engine.models.install import install, remove
from engine.types import Fit, Machine, ModelStatus, Progress


def list_models(*, everything: bool = False, machine: Machine | None = None) -> list[ModelStatus]:
    """Return every model of the catalogue that this version can run, and the person's own.

    Args:
        everything: also those that no worker of this version can run.   machine: with its graphics cards, where that is known.
    """
    folder = catalogue.default_models_dir()
    free = fit.free_bytes()
    speeds = {
        model.name: speed for model in _known(folder) if (speed := _speed(model, folder)) is not None
    }  # fmt: skip
    card = max((gpu.free_bytes for gpu in machine.gpus if gpu.usable), default=0) if machine is not None else 0
    advised = fit.recommended(
        catalogue.catalogue(),
        memory_bytes=int(psutil.virtual_memory().total),
        cores=psutil.cpu_count(logical=False) or os.cpu_count() or 1,
        card_bytes=card,
        speed=lambda model: speeds.get(model.name),
    )
    return [
        _status(model, folder, free, speeds.get(model.name), advised)
        for model in _known(folder)
        if everything or (model.runs and model.kind in {"embedding", "text"})
    ]


def _known(folder: Path) -> tuple[catalogue.Model, ...]:
    return (*catalogue.catalogue(), *catalogue.own_models(folder))


def _speed(model: catalogue.Model, folder: Path) -> float | None:
    if model.kind == "embedding":
        return memory.embedding_speed(folder, model.path(folder).name)
    return memory.text_speed(folder, model.name)


def _status(model: catalogue.Model, folder: Path, free: int, speed: float | None, advised: str) -> ModelStatus:
    installed = model.installed(folder)
    header = known_header(model, folder) if model.runs and model.kind == "text" else None
    return ModelStatus(
        name=model.name,
        kind=model.kind,
        licence=model.licence,
        size_bytes=model.size_bytes,
        memory_bytes=model.memory_bytes,
        languages=model.languages,
        description=model.description,
        default=model.default,
        installed=installed,
        path=str(model.path(folder)) if installed else "",
        runs=model.runs,
        own=bool(model.own),
        sha256=model.files[0].sha256 if model.own and len(model.files) == 1 else "",
        trouble=model.trouble() if model.own else "",
        recommended=model.name == advised or (model.kind == "embedding" and model.default),
        fit=fit.of_header(header, free) if header is not None else fit.of_catalogue(model, free),
        speed=speed,
        architecture=header.architecture if header is not None else "",
        quantisation=header.quantisation if header is not None else "",
        context_tokens=header.context_tokens if header is not None else 0,
        rolls_back=header.can_roll_back if header is not None else None,
    )


# ---- headers -----------------------------------------------------------------------------------------

_asked: dict[str, Header] = {}  # headers read over the network in this process, by the SHA-256 of their files


def known_header(model: catalogue.Model, folder: Path) -> Header | None:
    """The header of a GGUF model that is here, or that was asked for over the network in this process; None otherwise."""
    if model.files[0].sha256 in _asked:
        return _asked[model.files[0].sha256]
    path = model.path(folder)
    if not model.installed(folder) or path.suffix != ".gguf":
        return None
    found = path.stat()
    with contextlib.suppress(ModelError):
        return _read_header(path, found.st_size, found.st_mtime_ns)
    return None


@lru_cache(maxsize=32)
def _read_header(path: Path, _size: int, _modified: int) -> Header:
    return read_file(path)


def fetch_header(model: catalogue.Model, client: Client) -> Header | None:
    """Read the header of a model that is not here in pieces of its file, a ledger row each; None where it has no GGUF file at an address.

    Raises:
        ModelError: the file is no GGUF file, or goes beyond a limit.   FetchError: it is not to be had, or not in pieces.
    """
    file = model.files[0]
    if not file.url or not file.name.endswith(".gguf") or len(model.files) != 1:
        return None
    if file.sha256 not in _asked:
        whole = file.expected_bytes
        request = HttpRequest(url=file.url, purpose="model")

        def read_at(offset: int, size: int) -> bytes:
            nonlocal whole
            piece, total = client.fetch_range(request, offset, size)
            whole = total or whole
            return piece

        found = read(read_at, 0, tensors=False)
        _asked[file.sha256] = replace(found, file_bytes=whole)
    return _asked[file.sha256]


def check_fit(name: str, client: Client) -> Fit:
    """Whether a model fits into the memory that is free now, by its own header where that can be read. Raises as `fetch_header`."""
    model, folder = catalogue.by_name(name), catalogue.default_models_dir()
    header = known_header(model, folder) or fetch_header(model, client)
    free = fit.free_bytes()
    return fit.of_header(header, free) if header is not None else fit.of_catalogue(model, free)


class _NoLedger:
    """Takes what is recorded where no profile is open, as when `make setup` brings the default models."""

    def __init__(self) -> None:
        self._rows = count(1)

    def begin(self, *, host: str, purpose: str, method: str, sent_bytes: int) -> int:
        return next(self._rows)

    def complete(self, row: int, /, *, status: int | None, received_bytes: int, error: str) -> None:
        """Nobody keeps it."""

    def pause(self, host: str, until: datetime, /) -> None:
        """Nobody keeps it."""


def install_model(
    name: str, *, client: Client | None = None, recorder: Recorder | None = None, anyway: bool = False
) -> Iterator[Progress]:
    """Look whether a model fits, fetch it and check its hash.

    Args:
        anyway: fetch it though it does not fit into the memory that is free now.
    Raises:
        NotFoundError.   ModelError: it does not fit, or what came is not it.   FetchError.
    """
    entry = catalogue.by_name(name)
    ledger = recorder or _NoLedger()
    ours = client is None
    client = client or Client(lambda: datetime.now(UTC), Policy(), ledger)
    try:
        if not anyway and entry.runs and not entry.installed(catalogue.default_models_dir()):
            yield Progress(stage="check", done=0, total=0, detail=entry.name)
            require_fit(entry, client)
        yield from install(entry, catalogue.default_models_dir(), client=client, recorder=ledger, proxy=client.policy.proxy)
    finally:
        if ours:
            client.close()


def require_fit(entry: catalogue.Model, client: Client) -> None:
    """Raises ModelError when a model does not fit into the memory that is free now. A header that cannot be had is no hindrance."""
    free = fit.free_bytes()
    found = fit.of_catalogue(entry, free)
    with contextlib.suppress(FetchError):
        header = fetch_header(entry, client)
        found = fit.of_header(header, free) if header is not None else found
    if found.word == "does not fit":
        raise ModelError(
            f"{entry.name} does not fit: it needs {found.need_bytes / 1e9:.1f} GB of memory, and {found.free_bytes / 1e9:.1f} GB are free. "
            "Close other programs, take a smaller one, or install it anyway."
        )


def remove_model(name: str) -> None:
    """Delete a model's files; one of the person's own is only forgotten. Raises NotFoundError."""
    entry = catalogue.by_name(name)
    if entry.own:
        own.forget(entry.name, catalogue.default_models_dir())
    else:
        remove(entry, catalogue.default_models_dir())


@dataclass(frozen=True, slots=True)
class TrainedHeads:
    """What can be told of trained heads without reading their weights."""

    path: Path
    version: str  # names this file's content
    languages: frozenset[str]  # ISO 639-1, that heads speak by words and characters alone

    def speaks(self, language: str) -> bool:
        return language in self.languages


@cache
def trained_heads(model: str) -> TrainedHeads | None:
    """Return the heads that read this model's layers, None when there are none. A damaged file speaks nothing."""
    path = heads_path(model)
    if path is None:
        return None
    content = path.read_bytes()
    languages: set[str] = set()
    with (
        contextlib.suppress(ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile),
        np.load(io.BytesIO(content), allow_pickle=False) as archive,
    ):
        for reading in json.loads(str(archive["meta"]))["readings"]:
            if not reading["branch"]:  # the others ask what the model makes of a text
                languages |= set(map(str, reading["languages"]))
    return TrainedHeads(path, hashlib.sha256(content).hexdigest()[:10], frozenset(languages))


def signals_name(model: str) -> str:
    """What the store calls the heads of a model, "" where it has none: other heads owe every post its signals again."""
    heads = trained_heads(model)
    return f"{model} heads {heads.version}" if heads is not None else ""


def heads_path(model: str) -> Path | None:
    """Return the trained heads that read this model's layers, None when there are none."""
    path = resources.path("heads", f"{model}.npz")
    return path if path.exists() else None
