"""The trained heads, as shipped and as a file format."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import EngineError
from engine.signals.heads import Heads, Network
from engine.types import Sentiment
from resources import resource_bytes

SHIPPED = "heads/all-MiniLM-L6-v2.npz"


def small_heads(seed: int = 0) -> Heads:
    draw = np.random.default_rng(seed)
    network = Network(
        draw.normal(size=(3 * 4, 5)).astype(np.float16).astype(np.float32),
        draw.normal(size=5).astype(np.float16).astype(np.float32),
        draw.normal(size=(5, 3)).astype(np.float16).astype(np.float32),
        draw.normal(size=3).astype(np.float16).astype(np.float32),
    )
    return Heads("an encoder", 3, network)


def with_meta(text: str) -> bytes:
    out = io.BytesIO()
    with np.load(io.BytesIO(small_heads().to_bytes())) as archive:
        np.savez(out, **{name: archive[name] for name in archive.files if name != "meta"}, meta=np.array(text))
    return out.getvalue()


def test_the_shipped_heads_fit_the_default_encoder() -> None:
    heads = Heads.from_bytes(resource_bytes(SHIPPED))
    assert (heads.encoder, heads.layers, len(heads.network.hidden)) == ("all-MiniLM-L6-v2", 7, 7 * 384)


def test_the_shipped_heads_are_small_enough_to_ship() -> None:
    assert len(resource_bytes(SHIPPED)) < 200_000


def test_the_shipped_heads_come_with_a_card_that_names_data_and_licences() -> None:
    card = resource_bytes(SHIPPED.replace(".npz", ".md")).decode()
    assert all(
        name in card for name in ("tweeteval/sentiment", "umsab/english", "sst2", "newsmtsc", "vader_gt", "Apache-2.0")
    )


def test_heads_survive_being_written_and_read() -> None:
    heads = small_heads()
    layers = np.random.default_rng(1).normal(size=(7, 3, 4)).astype(np.float32)
    again = Heads.from_bytes(heads.to_bytes())
    assert np.abs(heads.sentiment_probabilities(layers) - again.sentiment_probabilities(layers)).max() < 0.05
    assert (again.encoder, again.layers) == (heads.encoder, heads.layers)


def test_the_network_is_two_dense_layers_with_a_rectifier() -> None:
    network = Network(
        np.array([[1.0, -1.0]], np.float32),
        np.zeros(2, np.float32),
        np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], np.float32),
        np.zeros(3, np.float32),
    )
    heads = Heads("one feature", 1, network)
    (found,) = heads.sentiment(np.array([[[2.0]]], np.float32))
    e2 = float(np.exp(2.0))
    assert (found.negative, found.neutral, found.positive) == pytest.approx((e2 / (e2 + 2), 1 / (e2 + 2), 1 / (e2 + 2)))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 40), st.floats(0.01, 1e4))
def test_probabilities_sum_to_one_whatever_the_features(rows: int, size: float) -> None:
    layers = np.random.default_rng(rows).normal(size=(rows, 3, 4)) * size
    shares = small_heads().sentiment_probabilities(layers)
    assert shares.shape == (rows, 3)
    assert np.allclose(shares.sum(axis=1), 1, atol=1e-5)


def test_half_precision_features_give_the_same_answer_as_single() -> None:
    heads = Heads.from_bytes(resource_bytes(SHIPPED))
    layers = (np.random.default_rng(2).normal(size=(20, 7, 384)) * 0.3).astype(np.float16)
    assert heads.sentiment(layers) == heads.sentiment(layers.astype(np.float32))


def test_another_encoders_layers_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        small_heads().sentiment(np.zeros((2, 3, 5), np.float32))


def test_a_sentiment_without_a_majority_is_unsure() -> None:
    assert Sentiment(0.4, 0.35, 0.25).label == "unsure"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04 no archive",
        small_heads().to_bytes()[:400],
        with_meta("no json"),
        with_meta("[]"),
        with_meta('{"format": 1, "encoder": "x", "layers": 0}'),
        with_meta('{"format": 1, "encoder": "x", "layers": 7}'),
        with_meta('{"format": 1, "encoder": "x"}'),
    ],
)
def test_a_damaged_file_of_heads_is_a_clear_error(data: bytes) -> None:
    with pytest.raises(EngineError, match="damaged"):
        Heads.from_bytes(data)


def test_heads_that_are_not_numbers_are_a_clear_error() -> None:
    heads = small_heads()
    heads.network.out[0, 0] = np.nan
    with pytest.raises(EngineError, match="damaged"):
        Heads.from_bytes(heads.to_bytes())


def test_a_format_of_a_later_version_is_named() -> None:
    with pytest.raises(EngineError, match="format 2"):
        Heads.from_bytes(with_meta('{"format": 2, "encoder": "x", "layers": 3}'))


def test_a_pickled_object_is_never_loaded() -> None:
    out = io.BytesIO()
    np.savez(out, allow_pickle=True, meta=np.array([{"format": 1}], dtype=object))
    with pytest.raises(EngineError, match="damaged"):
        Heads.from_bytes(out.getvalue())


def test_the_shipped_card_and_hashes_hold_no_text() -> None:
    folder = Path(__file__).resolve().parents[2] / "resources" / "heads"
    rows = np.load(folder / "all-MiniLM-L6-v2.rows.npy", allow_pickle=False)
    assert rows.dtype == np.uint32
    assert (folder / "all-MiniLM-L6-v2.rows.npy").stat().st_size < 130_000
