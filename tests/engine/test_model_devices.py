"""On what models run: the probe, the choice of layers, what failed before, and the build for a graphics card.

No test machine has a graphics card: what would run on one is told by values.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine import Engine, ModelError, WorkerError
from engine.errors import FetchError
from engine.generating import WatchedWorker, choose_layers
from engine.models import catalogue, fit, gpu_build, memory
from engine.types import DeviceFailure, Gpu, LayerChoice, Machine
from engine.workers import probe
from engine.workers.machine import backend_of, look, merged
from tests.engine.test_own_models import gguf_file, models_dir, needs_models  # noqa: F401
from tests.fakenet import Ledger

NVIDIA = Gpu(name="NVIDIA RTX 4060 (CUDA0)", backend="cuda", total_bytes=8 * 10**9, free_bytes=7 * 10**9, usable=True)
TEXT = catalogue.by_name("SmolLM2-135M-Instruct")


def machine(*gpus: Gpu, **more: Any) -> Machine:
    values: dict[str, Any] = {
        "processor": "A processor", "cores": 8, "features": ("AVX2",), "memory_bytes": 16 * 10**9, "free_bytes": 12 * 10**9,
        "llama_version": "0.3.36", "llama_build": "CPU : AVX2 = 1", "offloads": any(gpu.usable for gpu in gpus), "cuda_version": "12.4",
    }  # fmt: skip
    return Machine(gpus=gpus, **(values | more))


def unusable(backend: str, name: str = "A card") -> Gpu:
    return Gpu(name=name, backend=backend, total_bytes=8 * 10**9, free_bytes=7 * 10**9, usable=False)


# ---- the probe -------------------------------------------------------------------------------------------


def test_a_child_process_tells_what_this_machine_has() -> None:
    found = look()
    assert found.cores >= 1
    assert found.llama_version
    assert found.llama_build
    assert found.trouble == ""
    if Path("/proc/cpuinfo").exists() and " avx2 " in Path("/proc/cpuinfo").read_text():
        assert "AVX2" in found.features


def test_processor_abilities_are_read_from_what_the_kernel_says(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("model name\t: Some CPU\nflags\t\t: fpu avx2 avx512f amx_tile\n\n")
    assert probe.cpu(tmp_path / "cpuinfo") == ("Some CPU", ["AVX2", "AVX512", "AMX"])
    assert probe.cpu(tmp_path / "none") == ("", [])


def card(folder: Path, number: int, vendor: str, **files: str) -> None:
    place = folder / f"card{number}" / "device"
    place.mkdir(parents=True)
    (place / "vendor").write_text(vendor + "\n")
    for name, value in files.items():
        (place / name).write_text(value + "\n")


def test_cards_of_other_makers_are_known_by_the_kernel(tmp_path: Path) -> None:
    card(tmp_path, 0, "0x1002", mem_info_vram_total="8000000000", mem_info_vram_used="1000000000")
    card(tmp_path, 1, "0x8086")
    card(tmp_path, 2, "0x1a03")  # a server's management chip
    found = probe.other_cards(tmp_path, vulkan=True, known=False)
    assert [(one["name"], one["backend"], one["free"]) for one in found] == [
        ("AMD graphics (card0)", "vulkan", 7_000_000_000),
        ("Intel graphics (card1)", "vulkan", 0),
    ]
    assert probe.other_cards(tmp_path, vulkan=False, known=False) == []


def test_what_llama_can_use_goes_before_what_only_the_system_knows() -> None:
    cards = [{"name": "NVIDIA RTX 4060", "backend": "cuda", "total": 8, "free": 7}]
    device = {"name": "CUDA0", "description": "NVIDIA RTX 4060", "total": 8, "free": 6}
    assert merged(cards, [device]) == (Gpu(name="NVIDIA RTX 4060 (CUDA0)", backend="cuda", total_bytes=8, free_bytes=6, usable=True),)
    assert not merged(cards, [])[0].usable
    assert backend_of("Vulkan1") == "vulkan"


def test_devices_of_llama_are_listed_by_its_own_library() -> None:
    library = FakeGgml()
    (found,) = probe._devices(library)
    assert found == {"name": "CUDA0", "description": "A card", "total": 800, "free": 700}


class _Call:
    """A C function's stand-in with the attributes that ctypes wants."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.restype: Any = None
        self.argtypes: Any = None

    def __call__(self, *arguments: Any) -> Any:
        return self.answer(*arguments)


class FakeGgml:
    """ggml's calls over one processor and one card."""

    def __init__(self) -> None:
        def remember(_device: int, free: Any, total: Any) -> None:
            ctypes.cast(free, ctypes.POINTER(ctypes.c_size_t))[0] = 700
            ctypes.cast(total, ctypes.POINTER(ctypes.c_size_t))[0] = 800

        self.ggml_backend_dev_count = _Call(lambda: 2)
        self.ggml_backend_dev_get = _Call(lambda number: number)
        self.ggml_backend_dev_type = _Call(lambda device: device)  # 0: the processor, 1: a card
        self.ggml_backend_dev_name = _Call(lambda device: b"CUDA0")
        self.ggml_backend_dev_description = _Call(lambda device: b"A card")
        self.ggml_backend_dev_memory = _Call(remember)


# ---- how many layers go to a card ------------------------------------------------------------------------


def choice(path: Path, folder: Path, found: Machine, *, wanted: bool = True, built_for: tuple[str, ...] = ("cuda",)) -> LayerChoice:
    return choose_layers(TEXT, path, folder, wanted=wanted, built_for=built_for, machine=lambda: found)


def test_all_layers_and_the_output_go_to_a_card_with_room(tmp_path: Path) -> None:
    found = choice(gguf_file(tmp_path), tmp_path, machine(NVIDIA))
    assert (found.layers, found.of) == (5, 5)
    assert "NVIDIA RTX 4060" in found.why


def test_the_processor_has_its_reasons(tmp_path: Path) -> None:
    path = gguf_file(tmp_path)
    assert "you chose so" in choice(path, tmp_path, machine(NVIDIA), wanted=False).why
    assert "built for the processor alone" in choice(path, tmp_path, machine(NVIDIA), built_for=()).why
    assert "finds no graphics card" in choice(path, tmp_path, machine(unusable("cuda"))).why
    assert "driver too old" in choice(path, tmp_path, machine(trouble="driver too old")).why
    assert choice(path, tmp_path, machine(unusable("cuda"))).layers == 0


def test_what_failed_before_is_not_tried_again_by_itself(tmp_path: Path) -> None:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    memory.remember_failure(tmp_path, DeviceFailure(model=TEXT.name, sha256=TEXT.files[0].sha256, backend="cuda", at=at, why="out of memory"))
    found = choice(gguf_file(tmp_path), tmp_path, machine(NVIDIA))
    assert found.layers == 0
    assert "failed with it on 20 Nov 2026: out of memory" in found.why
    assert memory.forget_failures(tmp_path) == 1
    assert choice(gguf_file(tmp_path), tmp_path, machine(NVIDIA)).layers == 5


def test_failures_are_kept_newest_last_and_not_without_end(tmp_path: Path) -> None:
    for number in range(memory.MAX_FAILURES + 5):
        at = datetime.fromtimestamp(1_700_000_000 + number, UTC)
        memory.remember_failure(tmp_path, DeviceFailure(model="m", sha256=str(number), backend="cuda", at=at, why="x"))
    found = memory.failures(tmp_path)
    assert len(found) == memory.MAX_FAILURES
    assert found[-1].sha256 == str(memory.MAX_FAILURES + 4)


@pytest.mark.parametrize("content", ["", "[]", '{"a": 1}', '{"a": {"model": "x"}}'])
def test_a_damaged_file_of_failures_holds_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "failed.json").write_text(content)
    assert memory.failures(tmp_path) == []


def test_a_model_that_fails_on_a_card_says_so_and_is_noted(tmp_path: Path) -> None:
    noted: list[str] = []
    worker = WatchedWorker(TEXT, gguf_file(tmp_path), LayerChoice(layers=5, of=5, why=""), threads=1, failed=noted.append)
    with worker, pytest.raises(ModelError, match="from now on it runs on the processor"):
        list(worker.complete([("scaffold", "Hello")], max_tokens=1))
    assert len(noted) == 1


def test_a_model_that_fails_on_the_processor_is_not_noted(tmp_path: Path) -> None:
    noted: list[str] = []
    worker = WatchedWorker(TEXT, gguf_file(tmp_path), LayerChoice(layers=0, of=0, why=""), threads=1, failed=noted.append)
    with worker, pytest.raises((ModelError, WorkerError)):
        list(worker.complete([("scaffold", "Hello")], max_tokens=1))
    assert noted == []


def test_a_model_that_does_not_fit_into_memory_is_not_loaded(tmp_path: Path) -> None:
    worker = WatchedWorker(TEXT, gguf_file(tmp_path), LayerChoice(layers=0, of=0, why=""), threads=1, free_bytes=lambda: 1000)
    with worker, pytest.raises(ModelError, match="does not fit into memory now"):
        list(worker.complete([("scaffold", "Hello")], max_tokens=1))
    assert worker.state().starts == 0


# ---- which model a machine should use --------------------------------------------------------------------


def advised(memory_gb: float, cores: int, card_gb: float = 0, speeds: dict[str, float] | None = None) -> str:
    return fit.recommended(
        catalogue.catalogue(), memory_bytes=int(memory_gb * 1e9), cores=cores, card_bytes=int(card_gb * 1e9), speed=lambda model: (speeds or {}).get(model.name)
    )


def test_the_recommended_model_grows_with_the_machine() -> None:
    names = [model.name for model in catalogue.catalogue()]
    found = [advised(1, 1), advised(8, 2), advised(8, 4), advised(16, 8), advised(16, 2, card_gb=8)]
    assert all(name in names for name in found)
    sizes = [catalogue.by_name(name).size_bytes for name in found]
    assert sizes == sorted(sizes)
    assert found[0] == TEXT.name
    assert found[-1] == "Qwen3-4B"


def test_a_slow_machine_is_judged_by_what_was_measured() -> None:
    assert advised(32, 16, speeds={TEXT.name: 8.0}) == TEXT.name
    assert advised(32, 16, speeds={TEXT.name: 400.0}) != TEXT.name


# ---- the build for a card --------------------------------------------------------------------------------


def test_the_build_that_fits_is_named_with_its_command() -> None:
    found = gpu_build.plan(machine(unusable("cuda", "NVIDIA RTX 4060")))
    assert (found.backend, found.card) == ("cuda", "NVIDIA RTX 4060")
    assert found.index == "https://abetlen.github.io/llama-cpp-python/whl/cu124"
    assert found.command[:4] == (sys.executable, "-m", "pip", "install")
    assert found.command[-1] == "llama-cpp-python==0.3.36"


@pytest.mark.parametrize(("driver", "folder"), [("11.8", "cu118"), ("12.9", "cu125"), ("13.1", "cu130"), ("14.0", "cu132")])
def test_the_newest_cuda_that_a_driver_takes_is_chosen(driver: str, folder: str) -> None:
    assert gpu_build.plan(machine(unusable("cuda"), cuda_version=driver)).index.endswith(folder)


def test_other_cards_get_vulkan_and_apples_metal() -> None:
    assert gpu_build.plan(machine(unusable("vulkan"))).index.endswith("/vulkan")
    assert gpu_build.plan(machine(unusable("metal"))).backend == "metal"
    assert gpu_build.plan(machine(unusable("cuda")), "vulkan").index.endswith("/vulkan")


def test_no_build_is_offered_without_a_card_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="No graphics card was found"):
        gpu_build.plan(machine())
    with pytest.raises(ModelError, match=r"No graphics card for CUDA \(NVIDIA\)"):
        gpu_build.plan(machine(unusable("vulkan")), "cuda")
    with pytest.raises(ModelError, match="uses NVIDIA RTX 4060"):
        gpu_build.plan(machine(NVIDIA))
    with pytest.raises(ModelError, match="too old"):
        gpu_build.plan(machine(unusable("cuda"), cuda_version="10.2"))
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with pytest.raises(ModelError, match="cannot fetch packages"):
        gpu_build.plan(machine(unusable("cuda")))


class Pip:
    """A program in pip's place: `download` writes a wheel, `install` says that it is done."""

    def __init__(self, *, says: str = "", installs: bool = True, slow: bool = False, lies: str = "") -> None:
        self.says, self.installs, self.slow, self.lies = says, installs, slow, lies
        self.calls: list[list[str]] = []

    def __call__(self, arguments: Sequence[str]) -> Sequence[str]:
        self.calls.append(list(arguments))
        if arguments[0] == "download":
            folder = arguments[list(arguments).index("--dest") + 1]
            code = f"print({'Downloading ' + self.lies + ' (551.3 MB)'!r})\n" if self.lies else ""
            code += f"print('Progress 1 of 2', flush=True)\nopen({folder + '/llama_cpp_python-1.whl'!r}, 'w').write('x')"
            if self.says:
                code = f"print({self.says!r})\nraise SystemExit(1)"
            if self.slow:
                code = "import time\nprint('Progress 1 of 2', flush=True)\ntime.sleep(60)"
        else:
            code = "print('Successfully installed llama-cpp-python-1')" if self.installs else "raise SystemExit(1)"
        return [sys.executable, "-c", code]


BUILD = gpu_build.plan(machine(unusable("cuda")))


def test_a_build_is_fetched_then_installed_with_one_ledger_row() -> None:
    pip, ledger = Pip(), Ledger()
    steps = list(gpu_build.install(BUILD, recorder=ledger, pip=pip))
    assert [call[0] for call in pip.calls] == ["download", "install"]
    assert "--no-index" in pip.calls[1]
    assert steps[-1].stage == "verify"
    (row,) = ledger.entries
    assert (row.host, row.purpose, row.error, row.received_bytes) == ("abetlen.github.io:443", "model", "", 1)


def test_where_the_wheel_lies_elsewhere_that_host_has_a_ledger_row_too() -> None:
    ledger = Ledger()
    list(gpu_build.install(BUILD, recorder=ledger, pip=Pip(lies="https://github.com/a/releases/download/v1/llama_cpp_python-1.whl")))
    assert [(row.host, row.received_bytes, row.error) for row in ledger.entries] == [("abetlen.github.io:443", 0, ""), ("github.com:443", 1, "")]


def test_a_build_that_is_not_to_be_had_changes_nothing() -> None:
    pip, ledger = Pip(says="ERROR: No matching distribution found"), Ledger()
    with pytest.raises(FetchError, match="does not have"):
        list(gpu_build.install(BUILD, recorder=ledger, pip=pip))
    assert [call[0] for call in pip.calls] == ["download"]
    assert ledger.entries[0].error


def test_a_build_that_cannot_be_installed_is_told() -> None:
    with pytest.raises(FetchError, match="pip failed"):
        list(gpu_build.install(BUILD, pip=Pip(installs=False)))


def test_closing_while_a_build_is_fetched_ends_pip() -> None:
    pip, ledger = Pip(slow=True), Ledger()
    steps = gpu_build.install(BUILD, recorder=ledger, pip=pip)
    assert next(steps).done == 1
    steps.close()  # type: ignore[attr-defined]
    assert ledger.entries[0].error == "cancelled"


# ---- in the engine ---------------------------------------------------------------------------------------


def test_the_engine_says_on_what_each_model_runs_and_why(engine: Engine) -> None:
    devices = engine.devices()
    embedding, text = devices.devices
    assert (embedding.kind, text.kind) == ("embedding", "text")
    assert text.model == TEXT.name
    if not devices.machine.offloads:
        assert text.runs_on == "the processor"
        assert "processor alone" in text.why
    assert devices.machine.cores >= 1


@needs_models
def test_speed_is_measured_on_this_machine_and_remembered(engine: Engine, models_dir: Path) -> None:  # noqa: F811
    speed = engine.measure_model()
    assert speed > 0
    assert memory.text_speed(models_dir, TEXT.name) == pytest.approx(speed, rel=2.0)
    assert next(model.speed for model in engine.models() if model.name == TEXT.name)
    assert engine.devices().devices[1].known


@needs_models
def test_while_it_is_found_out_where_a_model_runs_everybody_else_goes_on(engine: Engine, models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    inference, answered = engine._models, list[frozenset[str]]()

    def look(_entry: catalogue.Model) -> LayerChoice:
        asking = threading.Thread(target=lambda: answered.append(engine.features()))
        asking.start()
        asking.join(20)
        return LayerChoice(layers=0, of=0, why="")

    monkeypatch.setattr(inference, "layers", look)
    assert inference.generator() is not None
    assert "model" in answered[0]
