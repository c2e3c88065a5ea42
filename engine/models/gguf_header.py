"""What a GGUF file says of itself, read in pure Python within bounds: no native code sees the file before this has.

Every file is hostile: counts, lengths and nesting have limits, nothing is read beyond `MAX_HEADER_BYTES`, and what does not fit
together is a ModelError in one sentence. Format: ggml/docs/gguf.md, versions 2 and 3, little-endian.
"""

from __future__ import annotations

import os
import struct
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from engine.errors import ModelError

MAX_HEADER_BYTES = 64 << 20
MAX_KEYS = 4096
MAX_KEY_BYTES = 256
MAX_STRING_BYTES = 1 << 20
MAX_ITEMS = 4_000_000  # of one array; the largest vocabularies have some 300,000 tokens and twice as many merges
KEPT_ITEMS = 2048  # longer arrays are counted, not kept
MAX_TENSORS = 20_000
MAX_DIMENSIONS = 4
WINDOW_SPARE_TOKENS = 512  # that a layer with a sliding window keeps beside it, for the batch that is being read
CACHE_BYTES = 2  # of one number of the key-value cache: half precision
STATE_BYTES = 4

_STEP_BYTES = 2 << 20  # of a header, read at once
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9

# llama.cpp: enum llama_ftype
_QUANTISATIONS = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S", 12: "Q3_K_M",
    13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS",
    21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S",
    29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4",
}  # fmt: skip
# ggml: enum ggml_type, with the values of one block and its bytes
_TYPES = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20), 6: ("Q5_0", 32, 22), 7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34), 10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110), 12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210), 16: ("IQ2_XXS", 256, 66), 17: ("IQ2_XS", 256, 74), 18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50), 20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110), 22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136), 24: ("I8", 1, 1), 25: ("I16", 1, 2), 26: ("I32", 1, 4), 27: ("I64", 1, 8), 28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56), 30: ("BF16", 1, 2), 34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66), 39: ("MXFP4", 32, 17),
}  # fmt: skip
# Every how manieth layer looks at everything where the others have a window, and the file does not say so (llama.cpp: set_swa_pattern).
_FULL_EVERY = {"gemma2": 2, "gemma3": 6, "gemma3n": 5, "cohere2": 4, "gpt-oss": 2, "exaone4": 4, "olmo2": 4, "llama4": 4}
_NO_WINDOW = frozenset({"phi3", "qwen2", "qwen3", "llama"})  # where llama.cpp takes no notice of the window that is named
_EMBEDDERS = frozenset({"bert", "nomic-bert", "nomic-bert-moe", "jina-bert-v2", "jina-bert-v3", "modern-bert", "gemma-embedding", "t5encoder"})

T = TypeVar("T")
ReadAt = Callable[[int, int], bytes]  # (offset, size) -> bytes, fewer only at the end of the file


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What matters of a model before it is loaded."""

    architecture: str
    name: str
    file_bytes: int  # of the whole file; 0 while nobody knows
    layers: int
    kv_heads: tuple[int, ...]  # of each layer; 0 where a layer has no attention
    heads: int
    key_length: int
    value_length: int
    embedding_length: int
    context_tokens: int  # that the model was trained for; 0 when unsaid
    window_tokens: int  # of layers that see only so far; 0: none
    windowed: tuple[bool, ...]  # which layers do
    recurrent: bool  # some layers carry a state instead of looking back
    hybrid: bool  # and others look back
    state_values: int  # of that state, in all
    vocabulary: int
    quantisation: str
    has_template: bool
    template: str  # of Millpond's own prompt templates the one that its own looks like, "" when none does
    embeds: bool  # it turns text into vectors and writes nothing
    parameters: int  # 0 when the tensors were not read
    part_of: int  # how many files it is split into
    kind: str  # general.type: "model", "adapter", "mmproj", …

    @property
    def can_roll_back(self) -> bool:
        """Whether its memory can be cut in the middle, so that a shared beginning is read once."""
        return not self.recurrent and not any(self.windowed)

    def cache_bytes(self, context_tokens: int, *, whole_window: bool = False) -> int:
        """Bytes that a context needs: keys and values of each layer, of windowed ones only so far back, and the state.

        Args:
            whole_window: the runtime keeps all of a windowed layer too (llama.cpp's `swa_full`).
        """
        per_head = (self.key_length + self.value_length) * CACHE_BYTES
        short = min(context_tokens, self.window_tokens + WINDOW_SPARE_TOKENS)
        total = self.state_values * STATE_BYTES
        for heads, windowed in zip(self.kv_heads, self.windowed, strict=True):
            total += heads * per_head * (short if windowed and not whole_window else context_tokens)
        return total


def read_file(path: Path) -> Header:
    """Read the header of a file, and check that all of its tensors lie in it. Raises ModelError."""
    try:
        size = path.stat().st_size
        with path.open("rb", buffering=0) as file:

            def read_at(offset: int, wanted: int) -> bytes:
                file.seek(offset, os.SEEK_SET)
                found = b""
                while len(found) < wanted and (more := file.read(wanted - len(found))):
                    found += more
                return found

            return read(read_at, size)
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read: {error.strerror or type(error).__name__}.") from error


def read(read_at: ReadAt, file_bytes: int, *, tensors: bool = True) -> Header:
    """Read a header through `read_at`, which is asked for consecutive pieces of about 2 MB.

    Args:
        file_bytes: of the whole file; 0 when unknown.   tensors: read where each tensor lies, and check it.
    Raises:
        ModelError: this is no GGUF file, it is damaged, or it goes beyond a limit.
    """
    data = _Bytes(read_at)
    if data.take(4) != b"GGUF":
        raise ModelError("This is no GGUF file: it does not begin like one.")
    version = data.number("I")
    if version not in (2, 3):
        swapped = struct.unpack("<I", struct.pack(">I", version))[0]
        if swapped in (2, 3):
            raise ModelError("This GGUF file is written for big-endian machines; Millpond reads little-endian ones.")
        raise ModelError(f"This GGUF file has version {version}; Millpond reads versions 2 and 3.")
    tensor_count, key_count = data.number("Q"), data.number("Q")
    if tensor_count > MAX_TENSORS or key_count > MAX_KEYS:
        raise ModelError("This GGUF file claims more tensors or facts than any model has.")
    facts: dict[str, Any] = {}
    for _ in range(key_count):
        key = data.text(MAX_KEY_BYTES, "a name")
        if key in facts:
            raise ModelError("This GGUF file says one thing twice.")
        facts[key] = _value(data, data.number("I"))
    parameters, common = _tensors(data, tensor_count, facts, file_bytes) if tensors else (0, "")
    return _header(facts, file_bytes, parameters, common)


@dataclass(frozen=True, slots=True)
class _Many:
    """An array too long to keep."""

    length: int


class _Bytes:
    """The beginning of a file, read as far as somebody asked, never further than MAX_HEADER_BYTES."""

    def __init__(self, read_at: ReadAt) -> None:
        self._read_at = read_at
        self._data = bytearray()
        self._ended = False
        self.at = 0

    def need(self, size: int) -> int:
        """Have `size` more bytes; returns where they begin, and goes behind them."""
        end = self.at + size
        if end > MAX_HEADER_BYTES:
            raise ModelError(f"The header of this GGUF file is longer than {MAX_HEADER_BYTES >> 20} MB, which no model's is.")
        while end > len(self._data):
            if self._ended:
                raise ModelError("This GGUF file ends in the middle of its header.")
            wanted = min(max(_STEP_BYTES, end - len(self._data)), MAX_HEADER_BYTES - len(self._data))
            more = self._read_at(len(self._data), wanted)
            self._ended = len(more) < wanted
            self._data += more[:wanted]
        start, self.at = self.at, end
        return start

    def take(self, size: int) -> bytes:
        start = self.need(size)
        return bytes(self._data[start : start + size])

    def number(self, code: str) -> Any:
        return struct.unpack_from(f"<{code}", self._data, self.need(struct.calcsize(f"<{code}")))[0]

    def text(self, most: int = MAX_STRING_BYTES, what: str = "a text") -> str:
        length = self.number("Q")
        if length > most:
            raise ModelError(f"This GGUF file has {what} of {length} bytes, longer than Millpond reads.")
        return self.take(length).decode("utf-8", "replace")

    def skip_texts(self, count: int) -> None:
        for _ in range(count):
            length = self.number("Q")
            if length > MAX_STRING_BYTES:
                raise ModelError(f"This GGUF file has a text of {length} bytes, longer than Millpond reads.")
            self.need(length)


def _value(data: _Bytes, kind: int) -> Any:
    if kind == _STRING:
        return data.text()
    if kind != _ARRAY:
        return data.number(_scalar(kind))
    inner, count = data.number("I"), data.number("Q")
    if count > MAX_ITEMS:
        raise ModelError(f"This GGUF file has a list of {count} items, longer than Millpond reads.")
    if inner == _ARRAY:
        raise ModelError("This GGUF file has lists within lists, which no model has.")
    if inner == _STRING:
        if count <= KEPT_ITEMS:
            return [data.text() for _ in range(count)]
        data.skip_texts(count)
        return _Many(count)
    code = _scalar(inner)
    raw = data.take(struct.calcsize(f"<{code}") * count)
    return list(struct.unpack(f"<{count}{code}", raw)) if count <= KEPT_ITEMS else _Many(count)


def _scalar(kind: int) -> str:
    try:
        return _SCALARS[kind]
    except KeyError:
        raise ModelError(f"This GGUF file holds a kind of value that nobody knows ({kind}).") from None


def _tensors(data: _Bytes, count: int, facts: Mapping[str, Any], file_bytes: int) -> tuple[int, str]:
    """Return how many parameters there are and the type of most of them. Raises ModelError when a tensor lies outside the file."""
    parameters, furthest = 0, 0
    by_type: Counter[str] = Counter()
    for _ in range(count):
        data.text(MAX_KEY_BYTES, "a name")
        dimensions = data.number("I")
        if dimensions > MAX_DIMENSIONS:
            raise ModelError(f"This GGUF file has a tensor of {dimensions} dimensions, more than any model has.")
        values = 1
        for _ in range(dimensions):
            values *= data.number("Q")
        if values > 1 << 48:
            raise ModelError("This GGUF file has a tensor larger than any model.")
        name, block, block_bytes = _TYPES.get(data.number("I"), ("", 1, 0))
        offset = data.number("Q")
        parameters += values
        by_type[name] += values
        if block_bytes:
            furthest = max(furthest, offset + -(-values // block) * block_bytes)
    alignment = facts.get("general.alignment", 32)
    if not isinstance(alignment, int) or not 1 <= alignment <= 1 << 16:
        raise ModelError("This GGUF file gives no sensible alignment of its tensors.")
    begins = -(-data.at // alignment) * alignment
    if file_bytes and furthest and begins + furthest > file_bytes:
        raise ModelError(
            f"This GGUF file is cut off: it has {file_bytes / 1e6:.1f} MB where its own header speaks of {(begins + furthest) / 1e6:.1f}."
        )
    return parameters, by_type.most_common(1)[0][0] if by_type else ""


def _header(facts: Mapping[str, Any], file_bytes: int, parameters: int, common_type: str) -> Header:
    architecture = _fact(facts, "general.architecture", str, "")
    if not architecture or len(architecture) > 64:
        raise ModelError("This GGUF file does not say what kind of model it holds.")
    kind = _fact(facts, "general.type", str, "model")

    def number(key: str, default: int, most: int = 1 << 31) -> int:
        found = facts.get(f"{architecture}.{key}", default)
        if isinstance(found, list):
            found = max(found, default=default)
        if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found <= most:
            raise ModelError(f"This GGUF file says something senseless of its model ({key}).")
        return found

    layers = number("block_count", 0, 2000)
    embedding, heads = number("embedding_length", 0, 1 << 20), number("attention.head_count", 0, 1 << 14)
    if not layers and kind == "model" and architecture != "clip":
        raise ModelError("This GGUF file does not say how many layers its model has.")
    length = embedding // heads if heads else 0
    state = _state_values(number, embedding)
    looks_back = 0 if state else heads  # a recurrent model that names no heads for its memory has none
    kv_heads = _per_layer(facts.get(f"{architecture}.attention.head_count_kv", looks_back), layers, 1 << 14)
    interval = number("full_attention_interval", 0, 2000)
    if interval and state:
        kv_heads = tuple(found if (layer + 1) % interval == 0 else 0 for layer, found in enumerate(kv_heads))
    without = sum(1 for found in kv_heads if not found)
    window = 0 if architecture in _NO_WINDOW else number("attention.sliding_window", 0)
    vocabulary = facts.get("tokenizer.ggml.tokens")
    counted = vocabulary.length if isinstance(vocabulary, _Many) else len(vocabulary) if isinstance(vocabulary, list) else 0
    named = _QUANTISATIONS.get(_fact(facts, "general.file_type", int, -1), common_type)
    return Header(
        architecture=architecture,
        name=_fact(facts, "general.name", str, "")[:200],
        file_bytes=file_bytes,
        layers=layers,
        kv_heads=kv_heads,
        heads=heads,
        key_length=number("attention.key_length", length, 1 << 16),
        value_length=number("attention.value_length", length, 1 << 16),
        embedding_length=embedding,
        context_tokens=number("context_length", 0),
        window_tokens=window,
        windowed=_windowed(facts.get(f"{architecture}.attention.sliding_window_pattern"), architecture, layers, window),
        recurrent=state > 0,
        hybrid=state > 0 and without < layers,
        state_values=state * (without or layers),
        vocabulary=counted or number("vocab_size", 0),
        quantisation=named,
        has_template=bool(facts.get("tokenizer.chat_template")),
        template=_alike(_fact(facts, "tokenizer.chat_template", str, "")),
        embeds=architecture in _EMBEDDERS or f"{architecture}.pooling_type" in facts,
        parameters=parameters,
        part_of=max(1, _fact(facts, "split.count", int, 1)),
        kind=kind,
    )


def _state_values(number: Callable[..., int], embedding: int) -> int:
    """How many values one recurrent layer carries on; 0 where there is none (llama.cpp: n_embd_r and n_embd_s)."""
    if number("ssm.state_size", 0) or number("ssm.conv_kernel", 0):
        inner, size = number("ssm.inner_size", 2 * embedding), number("ssm.state_size", 16)
        groups, kernel = number("ssm.group_count", 0), number("ssm.conv_kernel", 4)
        return inner * size + max(kernel - 1, 0) * (inner + 2 * groups * size)
    if number("wkv.head_size", 0):
        return embedding * number("wkv.head_size", 0) + 2 * embedding
    if number("shortconv.l_cache", 0):
        return embedding * max(number("shortconv.l_cache", 0) - 1, 0)
    return 0


def _per_layer(found: Any, layers: int, most: int) -> tuple[int, ...]:
    values = found if isinstance(found, list) else [found] * layers
    if len(values) < layers or any(isinstance(one, bool) or not isinstance(one, int) or not 0 <= one <= most for one in values):
        raise ModelError("This GGUF file says something senseless of its model (attention.head_count_kv).")
    return tuple(values[:layers])


def _windowed(pattern: Any, architecture: str, layers: int, window: int) -> tuple[bool, ...]:
    if not window:
        return (False,) * layers
    if isinstance(pattern, list) and len(pattern) >= layers:
        return tuple(bool(one) for one in pattern[:layers])
    every = pattern if isinstance(pattern, int) and pattern > 1 else _FULL_EVERY.get(architecture, 2)
    return tuple((layer + 1) % every != 0 for layer in range(layers))


def _alike(template: str) -> str:
    if "<|im_start|>" in template:
        return "qwen" if "enable_thinking" in template or "/no_think" in template else "chatml"
    if "<|start_header_id|>" in template:
        return "llama3"
    return "gemma" if "<start_of_turn>" in template else ""


def _fact(facts: Mapping[str, Any], key: str, kind: type[T], default: T) -> T:
    found = facts.get(key, default)
    return found if isinstance(found, kind) else default
