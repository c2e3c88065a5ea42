"""Models: which there are, what they cost on this machine, and on what they run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

FitWord = Literal["fits", "tight", "does not fit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Whether a model fits into memory: "fits" up to 80 % of what is free, "tight" up to all of it."""

    word: FitWord
    need_bytes: int  # the sum of the next three
    weights_bytes: int
    cache_bytes: int  # keys and values of `context_tokens`
    margin_bytes: int
    free_bytes: int
    context_tokens: int
    by: Literal["header", "catalogue"]  # from the file itself, or an estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerChoice:
    """How many layers of a model go to a graphics card, of how many, and why."""

    layers: int
    of: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStatus:
    """A model of the catalogue or of the person's own, and whether it is here."""

    name: str
    kind: Literal["embedding", "text", "vision"]
    licence: str
    size_bytes: int
    memory_bytes: int
    languages: tuple[str, ...]
    description: str
    default: bool
    installed: bool
    path: str  # "" when not installed
    runs: bool = True  # False: this version cannot run it
    own: bool = False  # a file or folder of the person's
    sha256: str = ""  # of the person's own
    trouble: str = ""  # why it cannot be used though it was added: it changed, or is gone
    recommended: bool = False  # for this machine
    fit: Fit | None = None
    speed: float | None = None  # measured here: posts a second of an embedding model, tokens a second of a text model
    architecture: str = ""  # of a GGUF file that is here or was asked, as the next ones
    quantisation: str = ""
    context_tokens: int = 0
    rolls_back: bool | None = None  # whether a shared beginning is read once


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """A graphics card. `usable`: the llama.cpp that is installed here can use it."""

    name: str
    backend: str  # "cuda", "vulkan", "metal", "rocm", …
    total_bytes: int
    free_bytes: int
    usable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What this machine has for models, as a child process found it."""

    processor: str
    cores: int
    features: tuple[str, ...]  # "AVX2", "AVX512", "AMX", "NEON", … that the processor has
    memory_bytes: int
    free_bytes: int
    gpus: tuple[Gpu, ...]
    llama_version: str  # of llama-cpp-python; "" where there is none
    llama_build: str  # what llama.cpp says it was built with
    offloads: bool  # whether that build can use a graphics card at all
    cuda_version: str = ""  # the newest that the driver takes
    trouble: str = ""  # why the child could not tell, "" when it could


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """On what one model runs."""

    kind: Literal["embedding", "text"]
    model: str
    runs_on: str  # "processor", "CUDA0", "the server 127.0.0.1:11434", …
    layers: int = 0  # on a graphics card
    of: int = 0
    why: str = ""
    speed: float | None = None
    known: bool = False  # it has run, so this is what happened and not what is planned


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFailure:
    """A model that could not be run on something; Millpond does not try that again by itself."""

    model: str
    sha256: str
    backend: str
    at: datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Devices:
    """The machine, what the models run on, and what failed before."""

    machine: Machine
    devices: tuple[Device, ...]
    failures: tuple[DeviceFailure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuBuild:
    """The build of llama.cpp for the graphics card that was found, and the command that installs it."""

    backend: str
    card: str
    index: str  # address of the package index that has it
    command: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelServer:
    """An OpenAI-compatible server of the person's own."""

    id: int
    url: str  # with its path, as "http://127.0.0.1:11434/v1"
    model: str  # as the server names it
    enabled: bool
    has_key: bool
    confirmed_at: datetime | None  # when the person confirmed an address outside the home network


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchCost:
    """What choosing another model means for what was made with the one before."""

    kind: Literal["embedding", "text"]
    model: str
    posts: int = 0  # that will get new vectors
    seconds: float | None = None  # about how long that takes; None while the speed is not known
    summaries: int = 0  # that another model wrote, and that stay unless they are to be made anew
