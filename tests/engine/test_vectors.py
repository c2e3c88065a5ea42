"""Rounded vectors stay close to what they were, and the matrix of them answers like a dense one."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine import vectors
from engine.types import Vectors
from engine.vectors import Int8Matrix, dequantise, quantise, unit


def some_vectors(count: int, dim: int, seed: int = 0) -> Vectors:
    return unit(np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float32))


@given(st.integers(0, 2**32 - 1), st.sampled_from([64, 384, 768]))
def test_rounding_keeps_a_cosine_of_999_in_a_thousand(seed: int, dim: int) -> None:
    exact = some_vectors(4, dim, seed)
    rounded = unit(dequantise(*quantise(exact)))
    assert (np.sum(exact * rounded, axis=1) >= 0.999).all()


@given(arrays(np.float32, (3, 16), elements=st.floats(-1, 1, width=32)))
def test_rounding_moves_no_component_by_more_than_half_a_step(exact: Vectors) -> None:
    codes, scales = quantise(exact)
    assert (np.abs(dequantise(codes, scales) - exact) <= scales[:, None] * 0.5001 + 1e-7).all()


def test_a_zero_vector_survives_rounding() -> None:
    assert not dequantise(*quantise(np.zeros((1, 8), np.float32))).any()


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 30)), max_size=40), st.integers(0, 1000))
@settings(max_examples=60)
def test_the_matrix_answers_like_a_dense_one_after_any_edits(edits: list[tuple[bool, int]], seed: int) -> None:
    random = np.random.default_rng(seed)
    matrix, dense = Int8Matrix(8), dict[int, Vectors]()
    for add, post in edits:
        if add:
            codes, scales = quantise(unit(random.standard_normal((1, 8)).astype(np.float32)))
            matrix.append([post], codes, scales)
            dense[post] = dequantise(codes, scales)[0]
        else:
            assert matrix.remove([post]) == (post in dense)
            dense.pop(post, None)
    query = random.standard_normal((8, 3)).astype(np.float32)
    assert sorted(matrix.ids.tolist()) == sorted(dense)
    expected = np.array([dense[int(post)] @ query for post in matrix.ids]).reshape(len(dense), 3)
    np.testing.assert_allclose(matrix.dot(query), expected, atol=1e-5)


def test_the_matrix_keeps_its_rows_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "BLOCK_ROWS", 8)
    monkeypatch.setattr(vectors, "TILE_ROWS", 4)
    exact = some_vectors(50, 16)
    codes, scales = quantise(exact)
    matrix = Int8Matrix(16)
    for start in range(0, 50, 7):
        matrix.append(np.arange(start, min(start + 7, 50)), codes[start : start + 7], scales[start : start + 7])
    matrix.remove(np.arange(0, 50, 3))
    rows = matrix.rows_of(matrix.ids)
    np.testing.assert_allclose(matrix.vectors(rows), dequantise(codes, scales)[matrix.ids], atol=1e-6)
    np.testing.assert_allclose(matrix.dot(exact[1]), dequantise(codes, scales)[matrix.ids] @ exact[1], atol=1e-5)


def test_the_nearest_row_comes_first() -> None:
    exact = some_vectors(300, 64)
    matrix = Int8Matrix(64)
    matrix.append(np.arange(100, 400), *quantise(exact))
    ids, scores = matrix.top(exact[42], 5)
    assert ids[0] == 142
    assert (np.diff(scores) <= 0).all()


def test_masked_rows_are_not_among_the_nearest() -> None:
    exact = some_vectors(50, 64)
    matrix = Int8Matrix(64)
    matrix.append(np.arange(50), *quantise(exact))
    mask = np.ones(50, dtype=bool)
    mask[7] = False
    assert 7 not in matrix.top(exact[7], 50, mask)[0]


def test_asking_for_more_than_there_are_gives_all() -> None:
    matrix = Int8Matrix(8)
    matrix.append([3, 1], *quantise(some_vectors(2, 8)))
    assert len(matrix.top(np.ones(8, np.float32), 9)[0]) == 2


def test_vectors_of_another_model_are_refused() -> None:
    with pytest.raises(ValueError, match="expected"):
        Int8Matrix(8).append([1], *quantise(some_vectors(1, 9)))


def test_an_empty_matrix_answers_with_nothing() -> None:
    matrix = Int8Matrix(8)
    assert matrix.dot(np.ones(8, np.float32)).shape == (0,)
    assert matrix.rows_of([5]).tolist() == [-1]


def test_a_product_takes_less_than_sixteen_megabytes_beside_its_answer() -> None:
    matrix = Int8Matrix(384)
    matrix.append(np.arange(20_000), *quantise(some_vectors(20_000, 384)))
    query = np.ones(384, np.float32)
    tracemalloc.start()
    answer = matrix.dot(query)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - answer.nbytes < 16 * 2**20
