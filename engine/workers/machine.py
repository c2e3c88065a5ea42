"""What this machine has for models, asked of a child process that ends with its answer."""

from __future__ import annotations

import logging
import threading
from typing import Any

import psutil

from engine.errors import EngineError
from engine.types import Gpu, Machine
from engine.workers.process import Limits
from engine.workers.supervisor import Supervisor

log = logging.getLogger(__name__)

PROBE_LIMITS = Limits(resident_bytes=2 << 30, start_seconds=60.0, idle_seconds=30.0, nice=1)
PROBE_SECONDS = 60.0  # the first call of a graphics driver may take long
MAX_CARDS = 32


_looking = threading.Lock()
_found: list[Machine] = []  # what was found in this process; a machine seldom changes


def known(*, again: bool = False) -> Machine:
    """What `look` found before in this process; it looks where it did not, or `again`."""
    with _looking:
        if again or not _found:
            _found[:] = [look()]
        return _found[0]


def known_already() -> Machine | None:
    """What `known` would return at once; None where it would have to look."""
    return _found[0] if _found else None


def look() -> Machine:
    """Ask for the processor, the graphics cards and llama.cpp. What a child could not tell, because it crashed or took
    too long, is missing, and `Machine.trouble` says so."""
    troubles: list[str] = []
    with Supervisor("probe", {}, PROBE_LIMITS) as supervisor:

        def ask(op: str, what: str) -> dict[str, Any]:
            try:
                return next(iter(list(supervisor.request(op, {}, timeout_seconds=PROBE_SECONDS))), {})
            except EngineError as error:
                log.info("probe failed op=%s error=%s", op, type(error).__name__)
                troubles.append(f"{what} could not be asked ({str(error).rstrip('.')})")
                return {}

        processor, cards, llama = ask("processor", "the processor"), ask("cards", "the graphics drivers"), ask("llama", "llama.cpp")
    if llama.get("trouble"):
        troubles.append(str(llama["trouble"]))
    memory = psutil.virtual_memory()
    return Machine(
        processor=str(processor.get("name", "")),
        cores=int(processor.get("cores") or 1),
        features=tuple(map(str, processor.get("features") or ())),
        memory_bytes=int(memory.total),
        free_bytes=int(memory.available),
        gpus=merged(list(cards.get("cards") or ()), list(llama.get("devices") or ())),
        llama_version=str(llama.get("version", "")),
        llama_build=str(llama.get("build", "")),
        offloads=bool(llama.get("offloads")),
        cuda_version=str(cards.get("cuda", "")),
        trouble="; ".join(troubles),
    )


def merged(cards: list[dict[str, Any]], devices: list[dict[str, Any]]) -> tuple[Gpu, ...]:
    """Cards that llama.cpp can use, by its own figures, and those that only the system knows."""
    usable = tuple(
        Gpu(
            name=f"{each['description'] or each['name']} ({each['name']})", backend=backend_of(str(each["name"])),
            total_bytes=int(each["total"]), free_bytes=int(each["free"]), usable=True,
        )
        for each in devices[:MAX_CARDS]
    )  # fmt: skip
    if usable:
        return usable
    return tuple(
        Gpu(name=str(each["name"])[:200], backend=str(each["backend"]), total_bytes=int(each["total"]), free_bytes=int(each["free"]), usable=False)
        for each in cards[:MAX_CARDS]
    )


def backend_of(device: str) -> str:
    """"cuda" of "CUDA0"."""
    return device.rstrip("0123456789").lower() or "gpu"
