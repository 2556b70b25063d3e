"""The closed-form regression, its low-rank form, and the model folder written from it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from assistant.training import (
    RIDGE,
    SOUND_WEIGHT,
    Example,
    compress,
    fit_regression,
    head_of,
    leave_one_out,
    weighted_tokens,
    write_head,
    write_model,
)
from index.encoder import BundledEncoder
from index.passages import Query
from index.tokens import Tokenizer

TEXTS = [
    ("低保怎么申请", 0),
    ("家里困难想申请低保", 0),
    ("低保停发了找谁", 0),
    ("村里的路坏了", 1),
    ("路坏了没有人修", 1),
    ("村里修路找谁", 1),
    ("秸秆能不能烧", 2),
    ("有人烧秸秆", 2),
    ("村里有人烧秸秆没人管", 2),
    ("飞机票怎么退", 3),
    ("退票找谁", 3),
    ("飞机票能不能退", 3),
]
ROWS = 4


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer(["秸秆禁烧"])


@pytest.fixture(scope="module")
def examples(tokenizer):
    return [
        Example(weighted_tokens(Query(text), tokenizer), row, 1.5 if row == 1 else 1.0)
        for text, row in TEXTS
    ]


def _table(regression, examples):
    """Rows of unit length: each token's weight in the example times its scale."""
    table = np.zeros((len(examples), len(regression.vocabulary)))
    for target, example in zip(table, examples, strict=True):
        for token, weight in example.tokens.items():
            if token in regression.vocabulary:
                column = regression.vocabulary[token]
                target[column] = weight * regression.scale[column]
        target /= np.linalg.norm(target) or 1
    return table


def _centred(scores):
    return scores - scores.mean(axis=1, keepdims=True)


def _unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_the_regression_is_right_about_what_it_learned(examples):
    regression = fit_regression(examples, ROWS)
    scores = _table(regression, examples) @ regression.weights
    assert (scores.argmax(axis=1) == [row for _, row in TEXTS]).all()


def test_tokens_used_once_are_left_out_and_sounds_weigh_less(examples):
    regression = fit_regression(examples, ROWS)
    assert "低保" in regression.vocabulary and "困难" not in regression.vocabulary
    scale = {token: regression.scale[row] for token, row in regression.vocabulary.items()}
    assert scale["~di.bao"] == pytest.approx(SOUND_WEIGHT * scale["+低保"])


def test_emphasis_counts_a_token_again(tokenizer):
    tokens = weighted_tokens(Query("村里的路坏了", ("路坏了", "路坏了")), tokenizer)
    assert tokens["路"] == 3 and tokens["村里"] == 1


def test_full_rank_gives_the_scores_of_the_regression(examples):
    regression = fit_regression(examples, ROWS)
    vectors, duties = compress(regression)
    assert vectors.shape == (len(regression.vocabulary), ROWS) and duties.shape == (ROWS, ROWS)
    np.testing.assert_allclose(np.linalg.norm(duties, axis=1), 1, atol=1e-6)
    counts = _table(regression, examples) / regression.scale
    cosines = _unit(counts @ vectors) @ duties.T
    expected = _centred(_table(regression, examples) @ regression.weights)
    np.testing.assert_allclose(_unit(cosines), _unit(expected), atol=1e-5)


def test_fewer_dimensions_keep_the_strongest(examples):
    regression = fit_regression(examples, ROWS)
    full, _ = compress(regression)
    vectors, duties = compress(regression, 2)
    assert vectors.shape[1] == duties.shape[1] == 2
    np.testing.assert_allclose(vectors, full[:, :2], atol=1e-6)
    strength = np.linalg.norm(full / regression.scale[:, None], axis=0)
    assert (np.diff(strength) <= 1e-6).all()


def test_leave_one_out_is_a_fit_without_the_example(examples):
    """Solved anew for each example; vocabulary and targets are those of all."""
    table = _table(fit_regression(examples, ROWS), examples)
    weights = np.array([example.weight for example in examples])
    targets = np.eye(ROWS)[[example.row for example in examples]]
    targets -= np.average(targets, axis=0, weights=weights)
    kernel = table @ table.T
    ridge = np.diag(RIDGE / weights)
    held_out = leave_one_out(examples, ROWS)
    assert held_out.shape == (len(examples), ROWS)
    for row in range(len(examples)):
        others = np.arange(len(examples)) != row
        dual = np.linalg.solve((kernel + ridge)[np.ix_(others, others)], targets[others])
        np.testing.assert_allclose(held_out[row], kernel[row, others] @ dual, atol=1e-5)
    fitted = table @ fit_regression(examples, ROWS).weights
    assert np.abs(held_out - fitted).max() > 0.1


def _write(folder, examples):
    regression = fit_regression(examples, ROWS)
    vectors, duties = compress(regression)
    write_model(folder, list(regression.vocabulary), vectors, ["秸秆禁烧"])
    encoder = BundledEncoder.load(folder)
    write_head(folder, head_of(["a", "b", "c"], duties, encoder.fingerprint))
    return encoder, duties


def test_a_written_model_is_loaded_and_encodes(examples, tmp_path):
    encoder, duties = _write(tmp_path / "model", examples)
    assert encoder.dimension == ROWS
    vectors = encoder.encode([Query(text) for text, _ in TEXTS])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    cosines = vectors @ duties.T
    assert (cosines.argmax(axis=1) == [row for _, row in TEXTS]).all()
    regression = fit_regression(examples, ROWS)
    expected = _unit(_centred(_table(regression, examples) @ regression.weights))
    np.testing.assert_allclose(_unit(cosines), expected, atol=0.02)  # 8 bits a number
    assert not encoder.encode([Query("🙂 hmm")]).any()
    with np.load(tmp_path / "model" / "head.npz") as stored:
        np.testing.assert_allclose(stored["vectors"], duties, atol=1e-3)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]  # no draft is left


def test_a_model_replaces_the_one_before(examples, tmp_path):
    folder = tmp_path / "model"
    first = _write(folder, examples[:6])[0].fingerprint
    second = _write(folder, examples)[0].fingerprint
    assert first != second == BundledEncoder.load(folder).fingerprint


SCRIPT = """
import sys
from pathlib import Path
sys.path[:0] = ["tests"]
import test_assistant_training as t
tokenizer = t.Tokenizer(["秸秆禁烧"])
examples = [t.Example(t.weighted_tokens(t.Query(x), tokenizer), row) for x, row in t.TEXTS]
t._write(Path(sys.argv[1]), examples)
"""


def test_another_run_gives_the_same_bytes(tmp_path):
    """In processes whose sets are ordered differently."""
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(tmp_path / seed)],
            cwd=Path(__file__).parent.parent,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / seed).iterdir()} for seed in "12"
    )
    # A zip file notes the time; what it holds is compared.
    heads = [np.load(tmp_path / seed / "head.npz")["vectors"].tobytes() for seed in "12"]
    assert heads[0] == heads[1]
    del one["head.npz"], two["head.npz"]
    assert len(one) == 6 and one == two
