"""What a GGUF file says of itself, read within bounds, and whether such a model fits into memory."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from engine.errors import ModelError
from engine.models import catalogue, fit, gguf_header
from engine.models.gguf_header import Header, read, read_file


def text(value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(raw)) + raw


def fact(key: str, value: Any) -> bytes:
    """A key and its value as GGUF writes them."""
    if isinstance(value, bool):
        return text(key) + struct.pack("<I?", 7, value)
    if isinstance(value, int):
        return text(key) + struct.pack("<II", 4, value)
    if isinstance(value, str):
        return text(key) + struct.pack("<I", 8) + text(value)
    if value and isinstance(value[0], str):
        return text(key) + struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(text, value))
    return text(key) + struct.pack("<IIQ", 9, 4, len(value)) + struct.pack(f"<{len(value)}I", *value)


def file_of(facts: dict[str, Any], *, tensors: bytes = b"", tensor_count: int = 0, version: int = 3) -> bytes:
    return (
        b"GGUF" + struct.pack("<IQQ", version, tensor_count, len(facts)) + b"".join(fact(*pair) for pair in facts.items()) + tensors
    )


def header(raw: bytes, file_bytes: int | None = None) -> Header:
    return read(lambda offset, size: raw[offset : offset + size], len(raw) if file_bytes is None else file_bytes)


LLAMA = {
    "general.architecture": "llama",
    "general.name": "Tiny",
    "general.file_type": 15,
    "llama.block_count": 4,
    "llama.embedding_length": 64,
    "llama.attention.head_count": 8,
    "llama.attention.head_count_kv": 2,
    "llama.context_length": 2048,
}


def written(path: Path, architecture: str, facts: dict[str, Any]) -> Path:
    """A file as the gguf package writes it, with one tensor."""
    writer = gguf.GGUFWriter(path, architecture)
    for key, value in facts.items():
        if isinstance(value, list):
            writer.add_array(key, value)
        elif isinstance(value, str):
            writer.add_string(key, value)
        else:
            writer.add_uint32(key, value)
    writer.add_tensor("token_embd.weight", np.zeros((32, 64), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


# ---- what is read ----------------------------------------------------------------------------------


def test_a_header_tells_layers_heads_context_and_quantisation() -> None:
    found = header(file_of({**LLAMA, "tokenizer.ggml.tokens": ["a", "b", "c"], "tokenizer.chat_template": "{{ x }}"}))
    assert (found.architecture, found.name, found.layers, found.heads) == ("llama", "Tiny", 4, 8)
    assert (found.kv_heads, found.key_length, found.value_length) == ((2, 2, 2, 2), 8, 8)
    assert (found.context_tokens, found.vocabulary, found.quantisation) == (2048, 3, "Q4_K_M")
    assert found.has_template
    assert found.can_roll_back


def test_a_file_of_the_gguf_package_is_read_with_its_tensors(tmp_path: Path) -> None:
    path = written(tmp_path / "m.gguf", "llama", {key: value for key, value in LLAMA.items() if not key.startswith("general.a")})
    found = read_file(path)
    assert found.parameters == 32 * 64
    assert found.file_bytes == path.stat().st_size


def test_the_installed_default_model_is_read_in_no_time() -> None:
    entry = catalogue.by_name("SmolLM2-135M-Instruct")
    if not entry.installed(catalogue.default_models_dir()):
        pytest.skip("the default models are not installed")
    found = read_file(entry.path(catalogue.default_models_dir()))
    assert (found.layers, found.kv_heads[0], found.key_length, found.vocabulary) == (30, 3, 64, 49152)
    assert found.cache_bytes(4096) == 2 * 30 * 3 * 64 * 4096 * 2


def test_a_long_vocabulary_is_counted_and_not_kept() -> None:
    found = header(file_of({**LLAMA, "tokenizer.ggml.tokens": [str(number) for number in range(60_000)]}))
    assert found.vocabulary == 60_000


def test_heads_of_each_layer_are_taken_as_they_are() -> None:
    found = header(file_of({**LLAMA, "llama.attention.head_count_kv": [1, 2, 4, 0]}))
    assert found.kv_heads == (1, 2, 4, 0)
    assert found.cache_bytes(100) == 7 * 2 * 8 * 2 * 100


def test_layers_with_a_window_keep_only_that_of_a_context() -> None:
    gemma = {key.replace("llama", "gemma3"): value for key, value in LLAMA.items()} | {
        "general.architecture": "gemma3", "gemma3.block_count": 6, "gemma3.attention.sliding_window": 512,
    }  # fmt: skip
    found = header(file_of(gemma))
    assert found.windowed == (True,) * 5 + (False,)
    per_token = 2 * 2 * 8 * 2
    assert found.cache_bytes(4096) == per_token * (5 * 1024 + 4096)
    assert found.cache_bytes(4096, whole_window=True) == per_token * 6 * 4096
    assert not found.can_roll_back


def test_a_hybrid_model_has_a_cache_for_its_attention_alone_and_a_state() -> None:
    facts = {**LLAMA, "llama.full_attention_interval": 4, "llama.ssm.state_size": 16, "llama.ssm.conv_kernel": 4, "llama.ssm.inner_size": 128}
    found = header(file_of(facts))
    assert found.recurrent
    assert found.hybrid
    assert found.kv_heads == (0, 0, 0, 2)
    assert found.cache_bytes(0) == 3 * (128 * 16 + 3 * 128) * 4
    assert not found.can_roll_back


def test_a_wholly_recurrent_model_is_no_hybrid() -> None:
    facts = {"general.architecture": "mamba", "mamba.block_count": 2, "mamba.embedding_length": 64, "mamba.ssm.state_size": 16, "mamba.ssm.conv_kernel": 4}
    found = header(file_of(facts))
    assert found.recurrent
    assert not found.hybrid


def test_an_embedding_model_is_told_from_one_that_writes() -> None:
    facts = {"general.architecture": "bert", "bert.block_count": 2, "bert.embedding_length": 64, "bert.attention.head_count": 8}
    assert header(file_of(facts)).embeds
    assert not header(file_of(LLAMA)).embeds


# ---- what is refused -------------------------------------------------------------------------------


def huge_string(length: int) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text("general.architecture") + struct.pack("<IQ", 8, length)


def array(kind: int, count: int) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text("x") + struct.pack("<IIQ", 9, kind, count)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "ends in the middle"),
        (b"PK\x03\x04", "no GGUF file"),
        (b"GGUF\x03\x00", "ends in the middle"),
        (b"GGUF" + struct.pack("<I", 1), "version 1"),
        (b"GGUF" + struct.pack(">I", 3), "big-endian"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1 << 40, 1), "more tensors or facts"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1 << 63), "more tensors or facts"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1 << 62), "a name of"),
        (huge_string(1 << 62), "longer than Millpond reads"),
        (huge_string(1 << 19), "ends in the middle"),
        (array(4, 1 << 60), "longer than Millpond reads"),
        (array(9, 3), "lists within lists"),
        (array(77, 3), "nobody knows"),
        (array(8, 3_000_000), "ends in the middle"),
        (file_of({**LLAMA, "general.architecture": ""}), "what kind of model"),
        (file_of({"general.architecture": "llama"}), "how many layers"),
        (file_of({**LLAMA, "llama.block_count": 5000}), "senseless"),
        (file_of({**LLAMA, "llama.attention.head_count_kv": [1]}), "senseless"),
        (file_of({**LLAMA, "llama.attention.head_count_kv": "many"}), "senseless"),
        (file_of({**LLAMA, "llama.context_length": True}), "senseless"),
        (file_of({**LLAMA, "general.alignment": 0}), "alignment"),
        (file_of(LLAMA, tensor_count=1, tensors=text("t") + struct.pack("<IQIQ", 1, 1 << 30, 0, 0)), "cut off"),
        (file_of(LLAMA, tensor_count=1, tensors=text("t") + struct.pack("<I", 99)), "99 dimensions"),
        (file_of(LLAMA, tensor_count=1, tensors=text("t") + struct.pack("<IQQIQ", 2, 1 << 40, 1 << 40, 0, 0)), "larger than any model"),
        (file_of(LLAMA, tensor_count=1), "ends in the middle"),
    ],
)
def test_a_hostile_header_is_refused_in_one_sentence(raw: bytes, words: str) -> None:
    with pytest.raises(ModelError, match=words) as refusal:
        header(raw)
    assert str(refusal.value).count(". ") == 0


def test_a_key_that_comes_twice_is_refused() -> None:
    raw = b"GGUF" + struct.pack("<IQQ", 3, 0, 2) + 2 * fact("general.architecture", "llama")
    with pytest.raises(ModelError, match="twice"):
        header(raw)


def test_a_header_without_an_end_is_given_up_at_its_cap() -> None:
    asked = []

    def endless(offset: int, size: int) -> bytes:
        asked.append(offset + size)
        start = b"GGUF" + struct.pack("<IQQ", 3, 0, 4000)
        one = text("k") + struct.pack("<I", 8) + struct.pack("<Q", 1 << 20) + b" " * (1 << 20)
        whole = start + one
        return whole[offset : offset + size] if offset < len(whole) else (fact(f"k{offset}", "x") * 9 + one * 3)[:size].ljust(size, b"\0")

    with pytest.raises(ModelError):
        read(endless, 0)
    assert max(asked) <= gguf_header.MAX_HEADER_BYTES


def test_a_cut_file_is_refused_at_every_length() -> None:
    raw = file_of({**LLAMA, "tokenizer.ggml.tokens": ["a", "b"]})
    for length in range(0, len(raw), 3):
        with pytest.raises(ModelError):
            header(raw[:length])


def test_flipped_bytes_are_refused_or_read_and_never_a_bug() -> None:
    raw = bytearray(file_of({**LLAMA, "tokenizer.ggml.tokens": ["a", "b"]}, tensor_count=1, tensors=text("t") + struct.pack("<IQIQ", 1, 4, 0, 0)))
    for place in range(len(raw)):
        for value in (0x00, 0xFF, 0x80):
            damaged = raw.copy()
            damaged[place] = value
            try:
                found = header(bytes(damaged), 1 << 20)
            except ModelError:
                continue
            assert isinstance(found.cache_bytes(4096), int)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        read_file(tmp_path / "none.gguf")


# ---- whether it fits -------------------------------------------------------------------------------


def tiny(**more: Any) -> Header:
    return header(file_of({**LLAMA, **more}), 1_000_000_000)


def test_fit_adds_weights_cache_and_margin_against_eighty_percent_of_what_is_free() -> None:
    found = fit.of_header(tiny(), 8_000_000_000)
    assert found.cache_bytes == 2 * 4 * 2 * 8 * 2048 * 2  # the context that the model was made for, not more
    assert found.need_bytes == found.weights_bytes + found.cache_bytes + found.margin_bytes
    assert (found.word, found.by, found.context_tokens) == ("fits", "header", 2048)


def test_fit_has_three_words() -> None:
    need = fit.of_header(tiny(), 0).need_bytes
    assert fit.of_header(tiny(), need * 5 // 4 + 1).word == "fits"
    assert fit.of_header(tiny(), need * 5 // 4 - 10).word == "tight"
    assert fit.of_header(tiny(), need).word == "tight"
    assert fit.of_header(tiny(), need - 1).word == "does not fit"


def test_a_model_that_is_not_here_is_judged_by_the_catalogue() -> None:
    entry = catalogue.by_name("Qwen3-4B")
    found = fit.of_catalogue(entry, 100 * 10**9)
    assert (found.need_bytes, found.by, found.word) == (entry.memory_bytes, "catalogue", "fits")


def test_all_layers_go_to_a_card_that_has_room() -> None:
    found = fit.layers_for(31, 4_000_000_000, 5_000_000_000)
    assert (found.layers, found.of) == (31, 31)


def test_part_of_the_layers_go_to_a_card_with_less_room() -> None:
    assert fit.layers_for(31, 4_000_000_001, 5_000_000_000).layers == 30
    assert fit.layers_for(32, 4_000_000_000, 2_500_000_000).layers == 16
    assert "16 of 32" in fit.layers_for(32, 4_000_000_000, 2_500_000_000).why


def test_no_layer_goes_to_a_card_without_room() -> None:
    assert fit.layers_for(32, 4_000_000_000, 100_000_000).layers == 0
    assert fit.layers_for(32, 4_000_000_000, 0).layers == 0
    assert fit.layers_for(0, 0, 10**10).layers == 0


def test_free_memory_is_a_sensible_number() -> None:
    assert 1 << 20 < fit.free_bytes() < 1 << 50
