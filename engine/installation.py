"""Which models are here, and bringing or removing one: what the window, the command line and `make` share."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import count
from pathlib import Path

import numpy as np

import resources
from engine.http import Client, Policy, Recorder
from engine.models import catalogue
from engine.models.install import install, remove
from engine.types import ModelStatus, Progress


def list_models() -> list[ModelStatus]:
    """Return every model of the catalogue that this version can run."""
    folder = catalogue.default_models_dir()
    return [
        ModelStatus(
            name=model.name,
            kind=model.kind,
            licence=model.licence,
            size_bytes=model.size_bytes,
            memory_bytes=model.memory_bytes,
            languages=model.languages,
            description=model.description,
            default=model.default,
            installed=model.installed(folder),
            path=str(model.path(folder)) if model.installed(folder) else "",
        )
        for model in catalogue.catalogue()
        if model.runs and model.kind in {"embedding", "text"}
    ]


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


def install_model(name: str, *, client: Client | None = None, recorder: Recorder | None = None) -> Iterator[Progress]:
    """Fetch a model and check its hash. Raises NotFoundError, ModelError, FetchError."""
    entry = catalogue.by_name(name)
    ledger = recorder or _NoLedger()
    own = client is None
    client = client or Client(lambda: datetime.now(UTC), Policy(), ledger)
    try:
        yield from install(entry, catalogue.default_models_dir(), client=client, recorder=ledger)
    finally:
        if own:
            client.close()


def remove_model(name: str) -> None:
    """Delete a model's files. Raises NotFoundError."""
    remove(catalogue.by_name(name), catalogue.default_models_dir())


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
