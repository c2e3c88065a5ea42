"""The build of llama-cpp-python for a graphics card: which one fits, and bringing it in.

Its wheels lie on the project's own package index, one for each back end; PyPI has only the source. pip runs in a child process, as
for models in packages: first the wheel is fetched, which may be cancelled, then it takes the place of the one that is here.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from engine.errors import FetchError, ModelError
from engine.models.package import Ledger, PipCommand, own_pip, pip_lines, plain_failure
from engine.types import Gpu, GpuBuild, Machine, Progress

Backend = Literal["cuda", "vulkan", "metal", "rocm"]

INDEX = "https://abetlen.github.io/llama-cpp-python/whl/"
PACKAGE = "llama-cpp-python"
CUDA_INDEXES = ("11.8", "12.1", "12.2", "12.3", "12.4", "12.5", "13.0", "13.2")  # as the project publishes them
_NAMES = {"cuda": "CUDA (NVIDIA)", "vulkan": "Vulkan", "metal": "Metal (Apple)", "rocm": "ROCm (AMD)"}


def built_for() -> tuple[str, ...]:
    """For which graphics back ends the installed llama.cpp has a library, told by their names alone; () for the processor's build."""
    found = importlib.util.find_spec("llama_cpp")
    places = list(found.submodule_search_locations or ()) if found is not None else []
    names = [file.name.lower() for place in places for file in Path(place, "lib").glob("*ggml-*")]
    return tuple(backend for backend in ("cuda", "vulkan", "metal", "hip", "sycl", "opencl") if any(f"ggml-{backend}" in name for name in names))


def plan(machine: Machine, wanted: Backend | None = None, *, pip: PipCommand = own_pip) -> GpuBuild:
    """Say which build fits this machine and by which command it comes. Changes nothing.

    Raises:
        ModelError: this is a bundle, or there is no graphics card that such a build could use.
    """
    pip([])  # a bundle has none, and says so
    card = next((gpu for gpu in machine.gpus if wanted is None or serves(gpu, wanted)), None)
    if card is None:
        what = f"for {_NAMES[wanted]} " if wanted else ""
        raise ModelError(f"No graphics card {what}was found on this machine, so another build of llama.cpp would change nothing.")
    backend = wanted or _backend(card)
    if any(gpu.usable and gpu.backend == backend for gpu in machine.gpus):
        raise ModelError(f"The llama.cpp that is installed uses {card.name} already.")
    folder: str = backend
    if backend == "cuda":
        folder = _cuda_folder(machine.cuda_version)
    elif backend == "rocm":
        folder = "rocm72"
    version = f"=={machine.llama_version}" if machine.llama_version else ""
    options = ("--no-deps", "--only-binary", ":all:", "--index-url", f"{INDEX}{folder}")
    return GpuBuild(
        backend=backend,
        card=card.name,
        index=f"{INDEX}{folder}",
        command=(sys.executable, "-m", "pip", "install", "--force-reinstall", *options, f"{PACKAGE}{version}"),
        why=f"{card.name} was found, and the llama.cpp that is installed cannot use it.",
    )


def serves(gpu: Gpu, wanted: str) -> bool:
    """Whether a card can be used through a back end: NVIDIA's through Vulkan too."""
    return gpu.backend == wanted or (wanted == "vulkan" and gpu.backend == "cuda") or (wanted == "rocm" and gpu.name.startswith("AMD"))


def install(build: GpuBuild, *, recorder: Ledger | None = None, pip: PipCommand = own_pip, proxy: str = "") -> Iterator[Progress]:
    """Fetch the wheel and put it in the place of the one that is here. Closing the generator while it is fetched changes nothing.

    Raises:
        FetchError: pip failed; the message says in plain words how, and what was here before stays.
        ModelError: a bundle has no pip.
    """
    package = build.command[-1]
    host = urlsplit(build.index).hostname or ""
    options = ("--no-deps", "--only-binary", ":all:", "--index-url", build.index, "--no-cache-dir", "--progress-bar", "raw")
    with tempfile.TemporaryDirectory(prefix="millpond-build-") as folder:
        command = pip(["download", *options, "--dest", folder, package])
        rows: list[int] = []

        def asks(host: str) -> None:
            if recorder:
                rows.append(recorder.begin(host=f"{host}:443", purpose="model", method="GET", sent_bytes=0))

        asks(host)
        error, received = "cancelled", 0
        try:
            said = yield from _run(command, package, "download", lambda other: asks(other) if other != host else None, proxy)
            wheel = next(iter(sorted(Path(folder).glob("*.whl"))), None)
            received = wheel.stat().st_size if wheel else 0
            error = "" if wheel else plain_failure(package, said)
        except FetchError as failure:
            error = str(failure)
            raise
        finally:
            for row in rows:
                assert recorder is not None
                recorder.complete(row, status=None, received_bytes=received if row == rows[-1] else 0, error=error)
        if wheel is None:
            raise FetchError(error)
        # From here on there is no way back in the middle; it takes seconds.
        install_options = ("--no-deps", "--no-index", "--force-reinstall", "--progress-bar", "off")
        tail: list[str] = []
        for line in pip_lines(pip(["install", *install_options, str(wheel)])):
            tail = [*tail[-40:], line] if line else tail
        if not any(line.startswith("Successfully installed") for line in tail):
            raise FetchError(plain_failure(package, tail))
        yield Progress(stage="verify", done=1, total=1, detail=package)


def _run(
    command: Sequence[str], package: str, stage: str, asks: Callable[[str], None], proxy: str
) -> Generator[Progress, None, list[str]]:
    """`asks` is told the host from which pip says that it fetches a file: the index only names where its wheels lie."""
    tail: list[str] = []
    for line in pip_lines(command, proxy=proxy):
        words = line.split()
        if len(words) > 1 and words[0] == "Downloading" and (host := urlsplit(words[1]).hostname):
            asks(host)
        if len(words) == 4 and words[0] == "Progress" and words[1].isdigit() and words[3].isdigit():
            yield Progress(stage=stage, done=int(words[1]), total=int(words[3]), detail=package)
        else:
            tail = [*tail[-40:], line] if line else tail
            yield Progress(stage=stage, done=0, total=0, detail=package)
    return tail


def _backend(card: Gpu) -> Backend:
    known: tuple[Backend, ...] = ("cuda", "metal", "rocm")
    return next((backend for backend in known if backend == card.backend), "vulkan")


def _cuda_folder(driver: str) -> str:
    """The newest build that a driver takes: a driver runs what was made for its own version of CUDA or an older one."""
    def parts(version: str) -> tuple[int, ...]:
        return tuple(int(part) for part in version.split(".") if part.isdigit())

    known = [version for version in CUDA_INDEXES if parts(version) <= parts(driver or "12.4")]
    if not known:
        raise ModelError(f"The graphics driver is too old: it knows CUDA {driver}, and the oldest build wants {CUDA_INDEXES[0]}.")
    return "cu" + known[-1].replace(".", "")
