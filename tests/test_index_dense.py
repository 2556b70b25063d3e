"""FAISS against numpy."""

from __future__ import annotations

import numpy as np
import pytest

from index.dense import Dense


def _unit(rows: int, seed: int, dimension: int = 24) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(rows, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize("k", [1, 5, 200, 500])
def test_top_is_the_exact_cosine_order(k):
    vectors, queries = _unit(200, 1), _unit(30, 2)
    passages, scores = Dense.build(vectors).top(queries, k)
    cosines = queries @ vectors.T
    order = np.argsort(-cosines, axis=1)[:, :k]
    assert passages.shape == (30, min(k, 200))
    assert (passages == order).mean() > 0.999
    np.testing.assert_allclose(scores, np.take_along_axis(cosines, order, 1), atol=1e-5)


def test_a_vector_is_nearest_to_itself():
    vectors = _unit(50, 3)
    passages, scores = Dense.build(vectors).top(vectors, 1)
    assert passages[:, 0].tolist() == list(range(50))
    np.testing.assert_allclose(scores, 1, atol=1e-5)


def test_vectors_come_back():
    vectors = _unit(17, 4)
    assert (Dense.build(vectors).vectors() == vectors).all()


def test_column_major_input_is_the_same():
    vectors = _unit(17, 4)
    assert (Dense.build(np.asfortranarray(vectors)).vectors() == vectors).all()


def test_saved_and_loaded_alike(tmp_path):
    dense, queries = Dense.build(_unit(120, 5)), _unit(9, 6)
    dense.save(tmp_path)
    loaded = Dense.load(tmp_path)
    for one, other in zip(dense.top(queries, 11), loaded.top(queries, 11), strict=True):
        assert (one == other).all()
    assert (loaded.vectors() == dense.vectors()).all()


def test_a_file_cut_short_is_refused(tmp_path):
    Dense.build(_unit(12, 7)).save(tmp_path)
    path = tmp_path / "dense.faiss"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(RuntimeError):
        Dense.load(tmp_path)
