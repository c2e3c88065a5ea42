"""Tiny random language models as GGUF files, of several architectures, and broken ones. They write nonsense, quickly.

    path = write(folder / "llama.gguf", "llama")          # 300 kB, loads in a moment
    path = damaged(folder / "cut.gguf", "truncated")
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
from gguf import GGUFWriter, TokenType
from numpy.typing import NDArray

WRITERS = ("llama", "qwen2", "qwen3", "gemma3", "mamba", "lfm2")  # pure attention, a sliding window, a state, both
WORDS = ("good", "bad", "yes", "no", "the", "and")  # of one token each, with a space before them
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")

_WIDTH, _HEADS, _KV_HEADS, _INNER, _LAYERS, _CONTEXT = 32, 4, 2, 64, 2, 2048
_HEAD = _WIDTH // _HEADS

Vocabulary = Literal["bpe", "spm", "none"]


def write(
    path: Path,
    architecture: str = "llama",
    *,
    vocabulary: Vocabulary = "bpe",
    seed: int = 1,
    context_tokens: int = _CONTEXT,
    layers: int = _LAYERS,
    without: tuple[str, ...] = (),
    named: str | None = None,
) -> Path:
    """Write a model with random weights.

    Args:
        architecture: of WRITERS.   without: tensors, by their names, that the file lacks.
        named: what the file calls its architecture, where that is not the truth.
    """
    writer = GGUFWriter(path, named or architecture)
    writer.add_context_length(context_tokens)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(_INNER)
    writer.add_head_count(_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    if architecture == "mamba":
        writer.add_ssm_conv_kernel(4)
        writer.add_ssm_inner_size(2 * _WIDTH)
        writer.add_ssm_state_size(8)
        writer.add_ssm_time_step_rank(4)
    else:
        # The first layer of the hybrid carries a state, the others look back.
        writer.add_head_count_kv([0] + [_KV_HEADS] * (layers - 1) if architecture == "lfm2" else _KV_HEADS)
        writer.add_rope_dimension_count(_HEAD)
    if architecture == "lfm2":
        writer.add_shortconv_l_cache(3)
    if architecture == "gemma3":
        writer.add_key_length(_HEAD)
        writer.add_value_length(_HEAD)
        writer.add_sliding_window(16)
    size = _add_vocabulary(writer, vocabulary)
    random = np.random.default_rng(seed)
    for name, shape in _tensors(architecture, size, layers):
        if name in without:
            continue
        writer.add_tensor(name, _weights(random, name, shape))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _weights(random: np.random.Generator, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    if "norm" in name and name.endswith("weight"):
        return np.ones(shape, dtype=np.float32)
    if name.endswith("ssm_a"):
        return -random.uniform(0.5, 2.0, shape).astype(np.float32)
    scale = 1.0 if name.startswith(("token_embd", "output")) else shape[-1] ** -0.5
    return (random.standard_normal(shape) * scale).astype(np.float32)


def _tensors(architecture: str, vocabulary: int, layers: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The name and numpy shape of each."""
    yield "token_embd.weight", (vocabulary, _WIDTH)
    yield ("token_embd_norm.weight" if architecture == "lfm2" else "output_norm.weight"), (_WIDTH,)
    if architecture in {"llama", "qwen2", "qwen3", "mamba"}:
        yield "output.weight", (vocabulary, _WIDTH)
    for layer in range(layers):
        for name, shape in _layer(architecture, layer):
            yield f"blk.{layer}.{name}", shape


def _layer(architecture: str, layer: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield "attn_norm.weight", (_WIDTH,)
    if architecture == "mamba":
        inner = 2 * _WIDTH
        yield "ssm_in.weight", (2 * inner, _WIDTH)
        yield "ssm_conv1d.weight", (inner, 4)
        yield "ssm_conv1d.bias", (inner,)
        yield "ssm_x.weight", (4 + 2 * 8, inner)
        yield "ssm_dt.weight", (inner, 4)
        yield "ssm_dt.bias", (inner,)
        yield "ssm_a", (inner, 8)
        yield "ssm_d", (inner,)
        yield "ssm_out.weight", (_WIDTH, inner)
        return
    if architecture == "lfm2" and layer == 0:
        yield "shortconv.conv.weight", (_WIDTH, 3)
        yield "shortconv.in_proj.weight", (3 * _WIDTH, _WIDTH)
        yield "shortconv.out_proj.weight", (_WIDTH, _WIDTH)
    else:
        yield "attn_q.weight", (_WIDTH, _WIDTH)
        yield "attn_k.weight", (_KV_HEADS * _HEAD, _WIDTH)
        yield "attn_v.weight", (_KV_HEADS * _HEAD, _WIDTH)
        yield "attn_output.weight", (_WIDTH, _WIDTH)
        if architecture == "qwen2":
            yield "attn_q.bias", (_WIDTH,)
            yield "attn_k.bias", (_KV_HEADS * _HEAD,)
            yield "attn_v.bias", (_KV_HEADS * _HEAD,)
        if architecture in {"qwen3", "gemma3", "lfm2"}:
            yield "attn_q_norm.weight", (_HEAD,)
            yield "attn_k_norm.weight", (_HEAD,)
    if architecture == "gemma3":
        yield "post_attention_norm.weight", (_WIDTH,)
        yield "post_ffw_norm.weight", (_WIDTH,)
    yield "ffn_norm.weight", (_WIDTH,)
    yield "ffn_gate.weight", (_INNER, _WIDTH)
    yield "ffn_up.weight", (_INNER, _WIDTH)
    yield "ffn_down.weight", (_WIDTH, _INNER)


# ---- vocabularies -----------------------------------------------------------------------------------


def _add_vocabulary(writer: GGUFWriter, kind: Vocabulary) -> int:
    """Returns how many tokens there are."""
    if kind == "none":
        writer.add_tokenizer_model("no_vocab")
        writer.add_vocab_size(300)
        return 300
    return _add_bpe(writer) if kind == "bpe" else _add_spm(writer)


def _add_bpe(writer: GGUFWriter) -> int:
    """Bytes as GPT-2 writes them, the words of WORDS, and special tokens."""
    tokens = list(_byte_signs().values())
    merges: list[str] = []
    for word in WORDS:
        part = "Ġ"
        for sign in word:
            if (merge := f"{part} {sign}") not in merges:
                merges.append(merge)
                tokens.append(part + sign)
            part += sign
    types = [TokenType.NORMAL] * len(tokens) + [TokenType.CONTROL] * len(SPECIAL)
    first = len(tokens)
    tokens += SPECIAL
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(first + 1)
    writer.add_eos_token_id(first + 2)
    return len(tokens)


def _add_spm(writer: GGUFWriter) -> int:
    """Pieces as sentencepiece has them: bytes, letters, and the words of WORDS with all that they grow from."""
    tokens: list[str] = ["<unk>", "<s>", "</s>"]
    types = [TokenType.UNKNOWN, TokenType.CONTROL, TokenType.CONTROL]
    scores = [0.0, 0.0, 0.0]
    tokens += [f"<0x{byte:02X}>" for byte in range(256)]
    types += [TokenType.BYTE] * 256
    scores += [0.0] * 256
    pieces = ["▁", *map(chr, range(ord("!"), ord("~") + 1))]
    for word in WORDS:
        pieces += [f"▁{word[:size]}" for size in range(1, len(word) + 1)]
    pieces = list(dict.fromkeys(pieces))
    tokens += [*pieces, "<|im_start|>", "<|im_end|>"]
    types += [TokenType.NORMAL] * len(pieces) + [TokenType.CONTROL] * 2
    scores += [-float(place) for place in range(len(pieces))] + [0.0, 0.0]
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores(scores)
    writer.add_token_types(types)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    return len(tokens)


def _byte_signs() -> dict[int, str]:
    """The sign that GPT-2's vocabulary writes for each byte."""
    plain = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    found = {byte: chr(byte) for byte in plain}
    others = [byte for byte in range(256) if byte not in found]
    return found | {byte: chr(256 + place) for place, byte in enumerate(others)}


# ---- broken files -----------------------------------------------------------------------------------


def damaged(path: Path, how: str) -> Path:
    """Write a file that is no model, in one of the ways of DAMAGES or CRASHES."""
    write(path)
    path.write_bytes((DAMAGES | CRASHES)[how](path.read_bytes()))
    return path


def _number_at(place: int, value: int, code: str = "<Q") -> Callable[[bytes], bytes]:
    def change(whole: bytes) -> bytes:
        return whole[:place] + struct.pack(code, value) + whole[place + struct.calcsize(code) :]

    return change


def _first_text(value: int) -> Callable[[bytes], bytes]:
    """Claim that the text of `general.architecture` has so many bytes."""
    return lambda whole: _number_at(whole.index(b"general.architecture") + 20 + 4, value)(whole)


def _offset_beyond(whole: bytes) -> bytes:
    """Say of the first tensor that it begins far behind the end: after its name come dimensions, sizes, type and offset."""
    name = b"token_embd.weight"
    place = whole.rindex(struct.pack("<Q", len(name)) + name) + 8 + len(name) + 4 + 2 * 8 + 4
    return _number_at(place, 1 << 40)(whole)


def _token_twice(whole: bytes) -> bytes:
    """Write the token “#” as “'”, which is there already."""
    place = whole.index(struct.pack("<Q", 1) + b"#", whole.index(b"tokenizer.ggml.tokens")) + 8
    return whole[:place] + b"'" + whole[place + 1 :]


def _weights_of(byte: bytes) -> Callable[[bytes], bytes]:
    """Replace the last third of the file, which is weights."""
    return lambda whole: whole[: len(whole) * 2 // 3] + byte * (len(whole) - len(whole) * 2 // 3)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda whole: b"",
    "wrong magic": lambda whole: b"GGML" + whole[4:],
    "a page of the web": lambda whole: b"<!DOCTYPE html><html><body>Not found</body></html>" * 100,
    "unknown version": _number_at(4, 99, "<I"),
    "truncated header": lambda whole: whole[:1000],
    "truncated": lambda whole: whole[: len(whole) // 2],
    "huge tensor count": _number_at(8, 1 << 62),
    "huge fact count": _number_at(16, 1 << 62),
    "absurd text": _first_text((1 << 63) - 1),
    "long text": _first_text(1 << 30),
    "offset beyond the file": _offset_beyond,
    "weights that are no numbers": _weights_of(b"\xff"),
}
# llama.cpp ends the whole process at these: only for workers.
CRASHES: dict[str, Callable[[bytes], bytes]] = {"a token twice": _token_twice}


def options(**more: Any) -> dict[str, Any]:
    """What a completion of a tiny model is asked with, so that it ends soon."""
    return {"max_tokens": 8} | more
