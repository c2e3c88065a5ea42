"""llama.cpp as the `generate` worker uses it: one model and one context, read and written by one thread.

A context holds several sequences in one memory (`kv_unified`), so that texts which begin alike share what was read of
their beginning. Sequence 0 is the trunk: the last prompt, or what many texts have in common.
"""

from __future__ import annotations

import contextlib
import ctypes
import re
import sys
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError, ModelError
from engine.models import gguf_header

# Read at once. From 64 tokens on, flash attention works by tiles (ggml: GGML_FA_TILE_Q), which reads a prompt 1.7 times as
# quickly; below, it computes each token by itself, to the last bit as if it were alone, where tiles move a small model's
# logits by a tenth. A graphics card wants to be filled.
EXACT_TOKENS = 63
CPU_BATCH_TOKENS = 128
GPU_BATCH_TOKENS = 512
SEQUENCES = 64  # of a memory that is one table for all; each costs nothing
STATES = 2  # of a memory that is a state for each sequence; each costs a state
PENALISED_TOKENS = 64  # how far back a repetition counts
MAX_GRAMMAR_BYTES = 64 << 10

_TOKEN = np.dtype([("id", np.intc), ("logit", np.single), ("p", np.single)], align=True)
_AGAIN = "remove it and install it again, or choose another model."
_OTHER = "choose another model."


class Stopped(Exception):
    """Nobody waits any more for what was being read; the sequences of that batch are to be forgotten."""


class Llama:
    """A loaded model. `device` says in words where it runs, `why` for what reason that is not what was asked."""

    def __init__(
        self, path: Path, *, context_tokens: int, threads: int, reading_threads: int, gpu_layers: int = 0
    ) -> None:
        """Raises ModelError: there is no such file, it is damaged or of an unknown kind, or memory does not suffice."""
        self._name = path.name
        header = _header(path)
        self.architecture = header.architecture
        self._native, self._log = _native()
        native = self._native
        self._model: Any = None
        self._context: Any = None
        self._memory: Any = None
        words = "1 thread" if reading_threads == 1 else f"{reading_threads} threads"
        self.device, self.why, self.on_gpu = f"CPU, {words}", "", False
        if gpu_layers:
            self.why = self._load_on_gpu(path, gpu_layers)
        if self._model is None:
            self._load(path, 0)
        self._vocabulary = native.llama_model_get_vocab(self._model)
        self.vocabulary = int(native.llama_vocab_n_tokens(self._vocabulary))
        self._refuse_what_does_not_write()
        whole = not (native.llama_model_is_recurrent(self._model) or native.llama_model_is_hybrid(self._model))
        self.sequences = SEQUENCES if whole else STATES
        trained = int(native.llama_model_n_ctx_train(self._model)) or context_tokens
        self._stop: Callable[[], bool] = lambda: False
        self._start_context(min(context_tokens, trained), threads, reading_threads)
        self.context_tokens = int(native.llama_n_ctx(self._context))
        self.batch_tokens = int(native.llama_n_batch(self._context))
        self._batch = _Batch(native, self.batch_tokens)
        self._callback = native.ggml_abort_callback(lambda _: bool(self._stop()))
        self._no_callback = native.ggml_abort_callback()
        self.can_roll_back = self._try()

    # ---- words and tokens ----------------------------------------------------------------------------

    def tokens(self, text: str, *, special: bool = False) -> list[int]:
        """The tokens of a text; what looks like a special token is one only where `special`."""
        raw = text.encode("utf-8")
        room = len(raw) + 8
        while True:
            found = np.empty(room, dtype=np.intc)
            pointer = found.ctypes.data_as(ctypes.POINTER(ctypes.c_int32))
            count = self._native.llama_tokenize(self._vocabulary, raw, len(raw), pointer, room, False, special)
            if count >= 0:
                return [int(token) for token in found[:count]]
            room = -count

    def piece(self, token: int) -> bytes:
        """The bytes of a token; none of a special one."""
        room = 64
        while True:
            buffer = ctypes.create_string_buffer(room)
            count = self._native.llama_token_to_piece(self._vocabulary, token, buffer, room, 0, False)
            if count >= 0:
                return buffer.raw[:count]
            room = -count

    def ends(self, token: int) -> bool:
        """Whether the model says with this token that it has nothing more to say."""
        return bool(self._native.llama_vocab_is_eog(self._vocabulary, token))

    # ---- the memory ------------------------------------------------------------------------------------

    def read(
        self,
        tokens: Sequence[int],
        positions: Sequence[int] | NDArray[np.intc],
        sequences: Sequence[int] | NDArray[np.intc],
        wanted: Sequence[int],
        stop: Callable[[], bool] | None = None,
    ) -> None:
        """Read at most `batch_tokens` tokens, of one sequence or several; `wanted` are places in them whose logits are kept.

        Raises:
            Stopped: `stop()` said so while it read.   ModelError: there is no room, or the model fails on it.
        """
        self._batch.fill(tokens, positions, sequences, wanted)
        self._stop = stop or (lambda: False)
        # Asked at each step of the computation: dear for one token, nothing for many.
        callback = self._callback if stop is not None and len(tokens) > 1 else self._no_callback
        self._native.llama_set_abort_callback(self._context, callback, None)
        self._log.clear()
        outcome = int(self._native.llama_decode(self._context, self._batch.struct))
        if outcome == 0:
            self._native.llama_synchronize(self._context)
        elif outcome == 2:
            raise Stopped
        elif outcome == 1:
            raise ModelError("This text is too long for the language model; use a shorter one.")
        elif _no_memory(self._log.text()):
            raise ModelError(_too_large(self._name))
        else:
            raise ModelError(f"The language model {self._name} fails on this text; try another text, or {_OTHER}")

    def logits(self, place: int) -> NDArray[np.single]:
        """(vocabulary,) of a place that was wanted; valid until the next `read`. Raises ModelError: they are no numbers."""
        pointer = self._native.llama_get_logits_ith(self._context, place)
        if not pointer:
            raise ModelError(f"The language model {self._name} gave no answer; {_OTHER}")
        found: NDArray[np.single] = np.ctypeslib.as_array(pointer, shape=(self.vocabulary,))
        if np.isnan(found).any():
            raise ModelError(f"The language model {self._name} does not compute numbers: its file is damaged; {_AGAIN}")
        return found

    def copy(self, source: int, target: int) -> None:
        """Let an empty sequence begin as another one."""
        self._native.llama_memory_seq_cp(self._memory, source, target, -1, -1)

    def cut(self, sequence: int, length: int) -> bool:
        """Forget what lies behind the first `length` tokens; False, and nothing done, where this memory cannot."""
        return bool(self._native.llama_memory_seq_rm(self._memory, sequence, length, -1))

    def forget(self, sequence: int) -> None:
        self._native.llama_memory_seq_rm(self._memory, sequence, -1, -1)

    def forget_all(self) -> None:
        self._native.llama_memory_clear(self._memory, True)

    def sampler(self, **wishes: Any) -> Sampler:
        """See `Sampler`."""
        return Sampler(self, self._native, self._vocabulary, self._log, **wishes)

    # ---- loading -----------------------------------------------------------------------------------------

    def _load(self, path: Path, gpu_layers: int) -> None:
        native = self._native
        params = native.llama_model_default_params()
        params.n_gpu_layers = gpu_layers
        params.load_mode = native.LLAMA_LOAD_MODE_MMAP
        # llama.cpp lays weights out anew for a processor's AMX unit, whose code then crashes at the first product on
        # some builds (llama.cpp issue 20824, `ldtilecfg`).
        params.use_extra_bufts = not _has_amx()
        self._log.clear()
        self._model = native.llama_model_load_from_file(str(path).encode(), params)
        if self._model is None:
            raise ModelError(_refusal(self._name, self._log.text()))

    def _load_on_gpu(self, path: Path, layers: int) -> str:
        """Load so many layers onto the GPU (all below 0); returns why it was not possible."""
        if not self._native.llama_supports_gpu_offload():
            return "This build of the model runtime has no GPU support; install the one for your GPU."
        try:
            self._load(path, layers if layers > 0 else 0x7FFFFFFF)
        except ModelError as error:
            return f"The GPU could not take it: {error}"
        placed = re.search(r"offloaded (\d+)/(\d+) layers to GPU", self._log.text())
        if placed is None or placed[1] == "0":
            return "The model runtime found no GPU that it can use."
        self.on_gpu = True
        name = re.search(r"using device \S+ \(([^()\n]{1,60})\)", self._log.text())
        self.device = f"GPU {placed[1]} of {placed[2]} layers" + (f", {name[1].strip()}" if name else "")
        return ""

    def _refuse_what_does_not_write(self) -> None:
        native, model = self._native, self._model
        if native.llama_vocab_type(self._vocabulary) == native.LLAMA_VOCAB_TYPE_NONE or not self.vocabulary:
            raise ModelError(f"The language model {self._name} has no vocabulary, so it cannot write; {_OTHER}")
        if (
            native.llama_model_has_encoder(model)
            or not native.llama_model_has_decoder(model)
            or native.llama_model_is_diffusion(model)
        ):
            raise ModelError(_writes_nothing(self._name, self.architecture))

    def _start_context(self, context_tokens: int, threads: int, reading_threads: int) -> None:
        native = self._native
        params = native.llama_context_default_params()
        params.n_ctx = context_tokens
        # A memory that is a state carries what rounding did on to all that follows.
        on_cpu = CPU_BATCH_TOKENS if self.sequences == SEQUENCES else EXACT_TOKENS
        params.n_batch = params.n_ubatch = min(GPU_BATCH_TOKENS if self.on_gpu else on_cpu, context_tokens)
        params.n_seq_max = self.sequences
        params.n_outputs_max = self.sequences  # else room is made for the logits of a whole batch
        params.kv_unified = True
        params.swa_full = True  # so that a sliding window can be rolled back
        params.n_threads, params.n_threads_batch = threads, reading_threads
        params.flash_attn_type = native.LLAMA_FLASH_ATTN_TYPE_AUTO
        self._log.clear()
        self._context = native.llama_init_from_model(self._model, params)
        if self._context is None:
            said = self._log.text()
            raise ModelError(_too_large(self._name) if _no_memory(said) else _refusal(self._name, said))
        self._memory = native.llama_get_memory(self._context)
        if not self._memory:
            raise ModelError(_writes_nothing(self._name, self.architecture))

    def _try(self) -> bool:
        """Read three tokens, and find out whether the last of them can be forgotten alone."""
        first = int(self._native.llama_vocab_bos(self._vocabulary))
        token = first if 0 <= first < self.vocabulary else 0
        self.read([token] * 3, range(3), [0] * 3, [2])
        self.logits(2)
        can = self.cut(0, 2)
        self.forget_all()
        return can


class Sampler:
    """Draws the next token from the logits of what was read last."""

    def __init__(
        self,
        llama: Llama,
        native: Any,
        vocabulary: Any,
        log: _Log,
        *,
        temperature: float = 0.0,
        repeat_penalty: float = 1.0,
        seed: int | None = None,
        grammar: str = "",
        bias: NDArray[np.single] | None = None,
    ) -> None:
        """Greedy at a temperature of 0. `grammar`: GBNF that the text is held to; `bias`: (vocabulary,), added to the logits.

        Raises:
            InputError: the grammar cannot be read.
        """
        self._llama, self._native, self._bias = llama, native, bias
        self._tokens = np.empty(llama.vocabulary, dtype=_TOKEN)
        self._ids = np.arange(llama.vocabulary, dtype=np.intc)
        self._grammar = self._read_grammar(grammar, vocabulary, log) if grammar else None
        self._chain = native.llama_sampler_chain_init(native.llama_sampler_chain_default_params())

        def add(sampler: Any) -> None:
            native.llama_sampler_chain_add(self._chain, sampler)

        add(native.llama_sampler_init_penalties(llama.vocabulary, PENALISED_TOKENS, repeat_penalty, 0.0, 0.0))
        if temperature <= 0:
            add(native.llama_sampler_init_greedy())
            return
        add(native.llama_sampler_init_top_k(40))
        add(native.llama_sampler_init_top_p(0.95, 1))
        add(native.llama_sampler_init_min_p(0.05, 1))
        add(native.llama_sampler_init_temp(temperature))
        add(native.llama_sampler_init_dist(native.LLAMA_DEFAULT_SEED if seed is None else seed & 0xFFFFFFFF))

    def next(self, place: int) -> int | None:
        """The token after a place that was wanted; None when the grammar allows none."""
        logits = self._llama.logits(place)
        token, _ = self._draw(logits)
        if self._grammar is not None:
            # Asking the grammar about one token is quick, about a whole vocabulary is not.
            one = self._fill(self._ids[token : token + 1], logits[token : token + 1])
            self._native.llama_sampler_apply(self._grammar, ctypes.byref(one))
            if one.data[0].logit == -np.inf:
                token, likely = self._draw(logits, self._grammar)
                if likely == -np.inf:
                    return None
            # The end of the text ends the grammar too, and a grammar that has ended must not be told anything more.
            if not self._llama.ends(token):
                self._native.llama_sampler_accept(self._grammar, token)
        self._native.llama_sampler_accept(self._chain, token)
        return token

    def close(self) -> None:
        for sampler in (self._chain, self._grammar):
            if sampler is not None:
                self._native.llama_sampler_free(sampler)
        self._chain = self._grammar = None

    def _draw(self, logits: NDArray[np.single], grammar: Any = None) -> tuple[int, float]:
        found = self._fill(self._ids, logits)
        if self._bias is not None:
            self._tokens["logit"] += self._bias
        if grammar is not None:
            self._native.llama_sampler_apply(grammar, ctypes.byref(found))
        self._native.llama_sampler_apply(self._chain, ctypes.byref(found))
        chosen = found.data[max(int(found.selected), 0)]
        return int(chosen.id), float(chosen.logit)

    def _fill(self, ids: NDArray[np.intc], logits: NDArray[np.single]) -> Any:
        table = self._tokens[: len(ids)]
        table["id"], table["logit"], table["p"] = ids, logits, 0.0
        data = table.ctypes.data_as(self._native.llama_token_data_p)
        return self._native.llama_token_data_array(data=data, size=len(ids), selected=-1, sorted=False)

    def _read_grammar(self, grammar: str, vocabulary: Any, log: _Log) -> Any:
        raw = grammar.encode("utf-8")
        if len(raw) > MAX_GRAMMAR_BYTES or b"\0" in raw:
            raise InputError("This grammar is longer than a language model can be held to; shorten it.")
        log.clear()
        found = self._native.llama_sampler_init_grammar(vocabulary, raw, b"root")
        if not found:
            raise InputError("This grammar cannot be read: it is no GBNF, or has no rule “root”. Correct it and try again.")
        return found


class _Batch:
    """The arrays that llama.cpp reads a batch from; each token belongs to one sequence."""

    def __init__(self, native: Any, size: int) -> None:
        self._token = np.zeros(size, dtype=np.int32)
        self._position = np.zeros(size, dtype=np.int32)
        self._sequence = np.zeros(size, dtype=np.int32)
        self._ones = np.ones(size, dtype=np.int32)
        self._wanted = np.zeros(size, dtype=np.int8)
        int32 = ctypes.POINTER(ctypes.c_int32)
        first = self._sequence.ctypes.data
        self._places = (int32 * size)(
            *(ctypes.cast(first + place * 4, int32) for place in range(size))  # each token's own list of sequences
        )
        self.struct = native.llama_batch(
            n_tokens=0,
            token=self._token.ctypes.data_as(int32),
            embd=None,
            pos=self._position.ctypes.data_as(int32),
            n_seq_id=self._ones.ctypes.data_as(int32),
            seq_id=ctypes.cast(self._places, ctypes.POINTER(int32)),
            logits=self._wanted.ctypes.data_as(ctypes.POINTER(ctypes.c_int8)),
        )

    def fill(
        self,
        tokens: Sequence[int],
        positions: Sequence[int] | NDArray[np.intc],
        sequences: Sequence[int] | NDArray[np.intc],
        wanted: Sequence[int],
    ) -> None:
        count = len(tokens)
        self._token[:count], self._position[:count], self._sequence[:count] = tokens, positions, sequences
        self._wanted[:count] = 0
        self._wanted[list(wanted)] = 1
        self.struct.n_tokens = count


class _Log:
    """What llama.cpp said last: its only way to tell why it does not load a file."""

    def __init__(self) -> None:
        self._said: deque[str] = deque(maxlen=400)

    def take(self, level: int, text: bytes, _: object) -> None:
        line = text.decode("utf-8", "replace")
        self._said.append(line[:1000])
        if level == 4:  # an error (ggml: enum ggml_log_level)
            with contextlib.suppress(OSError, ValueError):
                sys.stderr.write(line[:1000])

    def clear(self) -> None:
        self._said.clear()

    def text(self) -> str:
        return "".join(self._said)


_loaded: list[Any] = []


def _native() -> tuple[Any, _Log]:
    """The library and what it says; loaded at the first call."""
    if not _loaded:
        from llama_cpp import llama_cpp

        log = _Log()
        callback = llama_cpp.llama_log_callback(log.take)
        llama_cpp.llama_log_set(callback, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
        _loaded.extend((llama_cpp, log, callback))
    return _loaded[0], _loaded[1]


def _header(path: Path) -> gguf_header.Header:
    """Read what the file says of itself before native code does. Raises ModelError."""
    if not path.is_file():
        raise ModelError(f"The language model {path.name} is not there any more; install it again, or {_OTHER}")
    if not path.stat().st_size:
        raise ModelError(f"The language model {path.name} is an empty file; {_AGAIN}")
    try:
        header = gguf_header.read_file(path)
    except ModelError as error:
        said = str(error).rstrip(".")
        said = said[:1].lower() + said[1:] if said.startswith("This ") else said
        raise ModelError(f"The language model {path.name} cannot be loaded: {said}; {_AGAIN}") from error
    if header.embeds or header.kind != "model":
        raise ModelError(_writes_nothing(path.name, header.architecture if header.kind == "model" else header.kind))
    return header


def _no_memory(said: str) -> bool:
    return bool(re.search(r"failed to allocate|unable to allocate|out of memory|bad_alloc|annot allocate|too large to fit", said))


def _too_large(name: str) -> str:
    return f"There is not enough memory for the language model {name}; close other programs, or choose a smaller model."


def _writes_nothing(name: str, architecture: str) -> str:
    return f"The file {name} holds a model that does not write text ({_plain(architecture)}); {_OTHER}"


def _plain(foreign: str) -> str:
    return re.sub(r"[^\w.-]", "", foreign)[:40] or "unnamed"


def _refusal(name: str, said: str) -> str:
    """Why llama.cpp loads no such file, from what it said."""
    start = f"The language model {name} cannot be loaded: "
    if _no_memory(said):
        return _too_large(name)
    if unknown := re.search(r"unknown (?:model )?architecture:? '?([\w.-]{1,80})", said):
        return f"{start}this version does not know models of the kind “{_plain(unknown[1])}”; {_OTHER}"
    if re.search(r"unknown (?:pre-)?tokenizer|unknown pre-tokenizer|cannot find tokenizer|invalid vocab", said):
        return f"{start}this version does not know its vocabulary; {_OTHER}"
    if re.search(r"not within the file bounds|corrupted or incomplete|failed to read|unexpectedly reached end", said):
        return f"{start}the file is damaged or not whole; {_AGAIN}"
    if re.search(r"missing tensor|wrong number of tensors|wrong shape|key not found|tensor .* not found", said):
        return f"{start}parts of it are missing or do not fit together; {_AGAIN}"
    return f"{start}the file is damaged, or of a kind that this version does not know; {_AGAIN}"


def _has_amx() -> bool:
    try:
        return "amx_int8" in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
