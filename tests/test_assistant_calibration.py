"""Evidence becomes probabilities that can be believed, and thresholds keep their promises."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.calibration import (
    FOLDS,
    HELD_BACK,
    KEPT,
    SAFE,
    Sample,
    Scores,
    calibrate,
    calibration_error,
    fit,
    fold_of,
    logistic,
    scores,
    with_thresholds,
)
from assistant.ranking import EVIDENCE, HEAD, SIGNS, UNTRAINED

DUTIES = 12
LOUD = EVIDENCE.index("bm25_list")


def _signs(count, seed=0):
    rng = np.random.default_rng(seed)
    signs = np.concatenate([np.ones((count, 1)), rng.normal(size=(count, 3))], axis=1)
    truth = np.array([-0.5, 2.0, -1.0, 0.0])
    return signs, rng.random(count) < 1 / (1 + np.exp(-signs @ truth)), truth


def test_logistic_finds_the_direction():
    signs, target, truth = _signs(20_000)
    np.testing.assert_allclose(logistic(signs, target), truth, atol=0.1)


def test_logistic_is_calibrated_on_what_it_has_not_seen():
    signs, target, _ = _signs(5_000)
    weights = logistic(signs, target)
    signs, target, _ = _signs(5_000, seed=1)
    chance = 1 / (1 + np.exp(-signs @ weights))
    assert calibration_error(chance, target) < 0.03
    assert calibration_error(1 / (1 + np.exp(-3 * signs @ weights)), target) > 0.05


def test_logistic_does_not_mind_the_scale_of_a_sign():
    signs, target, _ = _signs(300)
    scale = np.array([1.0, 1000.0, 0.01, 1.0])
    np.testing.assert_allclose(logistic(signs * scale, target) * scale, logistic(signs, target))


def test_logistic_stays_finite_where_a_sign_decides_alone():
    signs = np.stack([np.ones(100), np.linspace(-1, 1, 100)], axis=1)
    weights = logistic(signs, signs[:, 1] > 0)
    assert np.isfinite(weights).all() and weights[1] > 0


def _sample(count=600, seed=0):
    """The head knows the right duty; a loud column shouts for another that is wrong."""
    rng = np.random.default_rng(seed)
    evidence = rng.uniform(0, 0.2, (count, DUTIES + 1, len(EVIDENCE))).astype(np.float32)
    row = np.where(rng.random(count) < 0.3, DUTIES, rng.integers(0, DUTIES, count))
    wrong = (row + rng.integers(1, DUTIES, count)) % DUTIES
    evidence[np.arange(count), row, HEAD] += rng.uniform(0.2, 0.5, count)
    evidence[np.arange(count), wrong, LOUD] += 8
    right = np.zeros((count, DUTIES + 1), dtype=bool)
    right[np.arange(count), row] = True
    return Sample(evidence, rng.integers(5, 200, count), right)


def test_fit_ranks_the_right_duty_first():
    fitted = fit(_sample())
    assert len(fitted.weights) == len(EVIDENCE)
    assert len(fitted.listed) == len(fitted.right) == len(SIGNS)
    unseen = _sample(seed=1)
    seen = scores(fitted, unseen)
    assert seen.right[seen.truly_listed].mean() > 0.95
    untaught = scores(UNTRAINED, unseen)
    assert untaught.right[untaught.truly_listed].mean() < 0.1
    assert seen.listed[seen.truly_listed].mean() > seen.listed[~seen.truly_listed].mean() + 0.5
    assert calibration_error(seen.confidence, seen.right & seen.truly_listed) < 0.05


def test_calibrate_reports_and_sets_thresholds():
    said = []
    calibration = calibrate(_sample(), said.append)
    assert len(said) == 1 and "交叉验证" in said[0]
    assert 0 < calibration.listed_at < 1 and 0 < calibration.answer_at < 1


def _scores(count, seed):
    """Confidence that means what it says, for listed messages and others."""
    rng = np.random.default_rng(seed)
    listed = rng.random(count) < 0.7
    confidence = np.where(listed, rng.beta(4, 1, count), rng.beta(1, 3, count))
    right = rng.random(count) < confidence
    return Scores(np.sqrt(confidence), confidence, right & listed, listed)


@pytest.mark.parametrize("count", [40, 333, 5_000])
@pytest.mark.parametrize("seed", range(5))
def test_thresholds_keep_their_promises(count, seed):
    seen = _scores(count, seed)
    calibration = with_thresholds(UNTRAINED, seen)
    listed = seen.truly_listed
    # A share of few messages is only good to one of them.
    answered = seen.confidence[~listed] >= calibration.answer_at
    assert answered.sum() <= (1 - HELD_BACK) * len(answered) + 1
    kept = seen.listed[listed] >= calibration.listed_at
    assert kept.sum() >= KEPT * len(kept) - 1
    assert kept.mean() < 1 and (not answered.size or answered.any())
    auto = seen.confidence >= calibration.auto_at
    assert calibration.auto_at == 2.0 or (seen.right & listed)[auto].mean() >= SAFE


def test_no_tier_is_automatic_where_the_surest_is_wrong():
    seen = _scores(500, 0)
    wrong = Scores(seen.listed, seen.confidence, np.zeros(500, dtype=bool), seen.truly_listed)
    assert with_thresholds(UNTRAINED, wrong).auto_at == 2.0


def test_the_automatic_tier_is_as_wide_as_is_safe():
    confidence = np.linspace(1, 0, 1000)
    yes = np.ones(1000, dtype=bool)
    right = np.arange(1000) < 490
    listed = np.arange(1000) < 900
    seen = Scores(confidence, confidence, right, listed)
    assert with_thresholds(UNTRAINED, seen).auto_at == confidence[499]
    # A duty that a fair judge accepts is right though he would sooner say "not listed".
    accepted = Scores(confidence, confidence, yes, listed)
    assert with_thresholds(UNTRAINED, accepted).auto_at == confidence[-1]


def test_calibration_error():
    sure = np.array([1.0, 0.0] * 50)
    assert calibration_error(sure, sure == 1) == 0
    assert calibration_error(sure, sure == 0, bins=2) == 1
    assert calibration_error(np.full(100, 0.7), np.arange(100) < 70, bins=1) == pytest.approx(0)
    assert calibration_error(np.full(100, 0.7), np.arange(100) < 20, bins=1) == pytest.approx(0.5)
    assert calibration_error(np.array([]), np.array([], dtype=bool)) == 0


@pytest.mark.parametrize("count", [0, 1, FOLDS, 103, 2000])
def test_folds_repeat_and_are_of_one_size(count):
    folds = fold_of(count)
    assert len(folds) == count and (folds == fold_of(count)).all()
    sizes = np.bincount(folds, minlength=FOLDS)
    assert len(sizes) == FOLDS and sizes.max() - sizes.min() <= 1


def test_folds_are_not_in_the_order_of_the_messages():
    assert len(set(fold_of(100)[:20].tolist())) == FOLDS
    assert not (fold_of(100) == np.arange(100) % FOLDS).all()
