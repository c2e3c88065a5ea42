"""The `probe` worker: what this machine has for models. It lives for one look, so that a broken driver takes nothing with it.

Operations: processor (touches no native library), cards (the drivers' own libraries), llama (what is installed of llama.cpp).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil

Payload = dict[str, Any]
Replies = Iterator[dict[str, Any]]

VENDORS = {"0x1002": "AMD", "0x10de": "NVIDIA", "0x8086": "Intel"}
_FLAGS = {
    "avx": "AVX", "avx2": "AVX2", "fma": "FMA", "f16c": "F16C", "avx512f": "AVX512", "avx512_vnni": "AVX512-VNNI", "avx512_bf16": "AVX512-BF16",
    "avx_vnni": "AVX-VNNI", "amx_tile": "AMX", "asimd": "NEON", "sve": "SVE", "i8mm": "I8MM",
}  # fmt: skip
_GPU_TYPES = (1, 2)  # ggml_backend_dev_type: GPU, IGPU
_CUDA_LIBRARIES = ("libcuda.so.1", "nvcuda.dll")
_VULKAN_LIBRARIES = ("libvulkan.so.1", "vulkan-1.dll")


def start(config: Mapping[str, Any]) -> dict[str, Callable[[Payload, Callable[[], bool]], Replies]]:
    return {"processor": _processor, "cards": _cards, "llama": _llama}


def _processor(payload: Payload, cancelled: Callable[[], bool]) -> Replies:
    name, flags = cpu(Path("/proc/cpuinfo"))
    if sys.platform == "darwin" and platform.machine() == "arm64":
        flags = ["NEON"]
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    cores = min(psutil.cpu_count(logical=False) or allowed, allowed)
    yield {"name": name or platform.processor() or platform.machine(), "features": flags, "cores": cores}


def cpu(path: Path) -> tuple[str, list[str]]:
    """The processor's name and those of its abilities that matter to models, from Linux' cpuinfo."""
    name, flags = "", set[str]()
    with contextlib.suppress(OSError):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name" and not name:
                name = value.strip()[:120]
            elif key.strip() in ("flags", "Features"):
                flags = set(value.split())
                break
    return name, [word for flag, word in _FLAGS.items() if flag in flags]


def _cards(payload: Payload, cancelled: Callable[[], bool]) -> Replies:
    cards, cuda = _cuda()
    cards += other_cards(Path("/sys/class/drm"), vulkan=_has(_VULKAN_LIBRARIES), known=bool(cards))
    if sys.platform == "darwin" and platform.machine() == "arm64":
        memory = psutil.virtual_memory()
        cards.append({"name": "Apple GPU", "backend": "metal", "total": memory.total, "free": memory.available})
    yield {"cards": cards, "cuda": cuda}


def _has(names: tuple[str, ...]) -> bool:
    for name in names:
        with contextlib.suppress(OSError):
            ctypes.CDLL(name)
            return True
    return False


def _cuda() -> tuple[list[dict[str, Any]], str]:
    """NVIDIA's cards as their driver tells them, and the newest CUDA that it takes."""
    driver: Any = None
    for name in _CUDA_LIBRARIES:
        with contextlib.suppress(OSError):
            driver = ctypes.CDLL(name)
            break
    if driver is None or driver.cuInit(0) != 0:
        return [], ""
    version, count = ctypes.c_int(0), ctypes.c_int(0)
    driver.cuDriverGetVersion(ctypes.byref(version))
    driver.cuDeviceGetCount(ctypes.byref(count))
    found = []
    for number in range(min(count.value, 16)):
        handle, total, free = ctypes.c_int(0), ctypes.c_size_t(0), ctypes.c_size_t(0)
        words = ctypes.create_string_buffer(128)
        if driver.cuDeviceGet(ctypes.byref(handle), number) != 0:
            continue
        driver.cuDeviceGetName(words, 128, handle)
        driver.cuDeviceTotalMem_v2(ctypes.byref(total), handle)
        context = ctypes.c_void_p()
        if driver.cuDevicePrimaryCtxRetain(ctypes.byref(context), handle) == 0:
            whole = ctypes.c_size_t(0)
            if driver.cuCtxSetCurrent(context) == 0:
                driver.cuMemGetInfo_v2(ctypes.byref(free), ctypes.byref(whole))
            driver.cuDevicePrimaryCtxRelease_v2(handle)
        found.append({"name": words.value.decode("utf-8", "replace"), "backend": "cuda", "total": total.value, "free": free.value})
    return found, f"{version.value // 1000}.{version.value % 1000 // 10}" if version.value else ""


def other_cards(folder: Path, *, vulkan: bool, known: bool) -> list[dict[str, Any]]:
    """Cards that the kernel knows (Linux), for whom there is a Vulkan driver; `known`: NVIDIA's were found already."""
    found = []
    for card in sorted(folder.glob("card[0-9]*")) if vulkan else []:
        vendor = _line(card / "device" / "vendor")
        if vendor not in VENDORS or (known and VENDORS[vendor] == "NVIDIA"):
            continue
        total, used = _line(card / "device" / "mem_info_vram_total"), _line(card / "device" / "mem_info_vram_used")
        size = int(total) if total.isdigit() else 0
        free = size - int(used) if used.isdigit() else size
        found.append({"name": f"{VENDORS[vendor]} graphics ({card.name})", "backend": "vulkan", "total": size, "free": max(free, 0)})
    return found


def _line(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _llama(payload: Payload, cancelled: Callable[[], bool]) -> Replies:
    """Import llama.cpp, which opens the libraries of its graphics back ends, and let it list the devices that it can use."""
    try:
        import llama_cpp
        from llama_cpp import _ggml
        from llama_cpp import llama_cpp as low
    except (ImportError, OSError, RuntimeError) as error:
        yield {"version": "", "build": "", "offloads": False, "devices": [], "trouble": f"llama.cpp cannot be loaded ({type(error).__name__})"}
        return
    low.llama_backend_init()
    yield {
        "version": str(llama_cpp.__version__),
        "build": low.llama_print_system_info().decode("utf-8", "replace").strip()[:1000],
        "offloads": bool(low.llama_supports_gpu_offload()),
        "devices": _devices(_ggml.libggml),
        "trouble": "",
    }


def _devices(library: Any) -> list[dict[str, Any]]:
    """Graphics cards that this build of ggml can use, with their free memory (ggml-backend.h)."""
    found = []
    with contextlib.suppress(AttributeError):  # a build without one of these calls
        library.ggml_backend_dev_count.restype = ctypes.c_size_t
        library.ggml_backend_dev_get.restype = ctypes.c_void_p
        library.ggml_backend_dev_get.argtypes = (ctypes.c_size_t,)
        base = ctypes.CDLL(None) if not hasattr(library, "ggml_backend_dev_name") else library
        for call, kind in (("name", ctypes.c_char_p), ("description", ctypes.c_char_p), ("type", ctypes.c_int)):
            function = getattr(base, f"ggml_backend_dev_{call}")
            function.restype, function.argtypes = kind, (ctypes.c_void_p,)
        base.ggml_backend_dev_memory.argtypes = (ctypes.c_void_p, ctypes.POINTER(ctypes.c_size_t), ctypes.POINTER(ctypes.c_size_t))
        base.ggml_backend_dev_memory.restype = None
        for number in range(min(int(library.ggml_backend_dev_count()), 32)):
            device = library.ggml_backend_dev_get(number)
            if base.ggml_backend_dev_type(device) not in _GPU_TYPES:
                continue
            free, total = ctypes.c_size_t(0), ctypes.c_size_t(0)
            base.ggml_backend_dev_memory(device, ctypes.byref(free), ctypes.byref(total))
            name = (base.ggml_backend_dev_name(device) or b"").decode("utf-8", "replace")
            words = (base.ggml_backend_dev_description(device) or b"").decode("utf-8", "replace")
            found.append({"name": name, "description": words, "total": total.value, "free": free.value})
    return found
