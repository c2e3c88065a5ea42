"""Pictures of the Models page and its sheets; alone with `python -m tests.benchmarks.model_views [FOLDER]`.

A graphics card and what failed on it are made up: no machine here has one.
"""

from __future__ import annotations

import secrets
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QApplication

from engine import DeviceFailure, Gpu, GpuBuild, Machine, ModelError, SwitchCost, open_engine
from tests.fakenet import FakeNet
from tests.fakenet.openai import OpenAi

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

CARD = Gpu(name="NVIDIA GeForce RTX 4060", backend="cuda", total_bytes=8_000_000_000, free_bytes=7_200_000_000, usable=False)
FAILED = DeviceFailure(
    model="Qwen3-4B", sha256="0" * 64, backend="vulkan", at=datetime(2026, 11, 20, tzinfo=UTC), why="the driver ran out of memory"
)
BUILD = GpuBuild(
    backend="cuda", card=CARD.name, index="https://abetlen.github.io/llama-cpp-python/whl/cu124",
    command=("/usr/bin/python3", "-m", "pip", "install", "--force-reinstall", "--no-deps", "--only-binary", ":all:", "--index-url",
             "https://abetlen.github.io/llama-cpp-python/whl/cu124", "llama-cpp-python==0.3.36"),
    why="NVIDIA GeForce RTX 4060 was found, and the llama.cpp that is installed cannot use it.",
)  # fmt: skip


def views(studio: Any) -> None:
    """The page and its sheets, for the theme that is set."""
    from desktop.dialogs.model_server import AddServer
    from desktop.dialogs.own_model import OwnModel, SwitchModel
    from desktop.pages.model_device import BuildSheet

    window: MainWindow = studio.window
    engine = window.engine
    assert engine is not None
    with FakeNet() as net:
        server = engine.add_model_server(OpenAi(net, models=["qwen3:8b"]).url)
        engine.use_model_server(server.id)
        for name, size in (("wide", (1360, 1900)), ("narrow", (420, 1400))):
            window.resize(*size)
            window.show_page("models")
            studio.settle()
            page: Any = window._pages["models"]
            if page.device.found is not None:
                machine: Machine = replace(page.device.found.machine, gpus=(CARD,))
                page.device.show(replace(page.device.found, machine=machine, failures=(FAILED,)))
            studio.take(f"models-{name}")
            first = next(iter(page.cards.values()))
            page._fail(first.status.name, ModelError("The disk is full: it could not be installed."))
            bar = page.area.verticalScrollBar()
            bar.setValue(bar.maximum())
            studio.take(f"models-{name}-end")
            bar.setValue(0)
        window.resize(1360, 900)
        opening: dict[str, Callable[[], object]] = {
            "own": lambda: OwnModel(window, lambda _name: None).open(),
            "server": lambda: AddServer(window, lambda _server: None).open(),
            "switch": lambda: SwitchModel(window, SwitchCost(kind="embedding", model="my-embedder-0a1b2c3d", posts=5210, seconds=900), lambda _anew: None).open(),
            "anew": lambda: SwitchModel(window, SwitchCost(kind="text", model="Qwen3-1.7B", summaries=64), lambda _anew: None).open(),
            "build": lambda: BuildSheet(window, page, BUILD).open(),
        }
        for name, act in opening.items():
            studio.dialog(f"models-{name}", act)
        engine.remove_model_server(server.id)
    window.show_timeline()


def main() -> None:
    """Only these, over an empty profile."""
    from desktop.app import make_application
    from desktop.main_window import MainWindow
    from tests.benchmarks.screenshots import Studio

    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    app = make_application([])
    with tempfile.TemporaryDirectory(prefix="millpond-shots-", ignore_cleanup_errors=True) as profiles:
        window = MainWindow()
        window.show()
        studio = Studio(window, folder)
        window.attach(open_engine(Path(profiles) / "profile", key=secrets.token_bytes(32)))
        for scheme in ("light", "dark"):
            window.set_setting("theme", scheme)
            studio.settle()
            views(studio)
        window.close()
        QApplication.processEvents()
    print(f"{len(studio.taken)} pictures in {folder}")
    del app


if __name__ == "__main__":
    main()
