"""Evidence of labelled messages -> the numbers that turn evidence into probabilities.

Everything here is read off messages that the encoder and the head have not learned from, and
thresholds off scores that were themselves cross-validated, never off the fit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.ranking import UNTRAINED, Calibration, Ranker, signs_of

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

FOLDS = 5
# Share of listed messages that must be answered or asked back rather than refused.
KEPT = 0.93
# Share of messages that no duty covers that must not be answered.
HELD_BACK = 0.91
# Share of the auto tier that must be right.
SAFE = 0.98
# Weights to start from, and how strongly they are pulled back to them.
_START = (12.0, 4.0, 0.5, 2.0, 1.0, 1.0)
PULL = 0.002


@dataclass(frozen=True, slots=True)
class Sample:
    """Evidence of labelled messages from models that had not learned from them.

    `evidence` is (messages, duties + 1, columns), `right` (messages, duties + 1): the rows that a
    fair judge accepts, the last being "no duty"; `lengths` are in tokens.
    """

    evidence: npt.NDArray[np.float32]
    lengths: npt.NDArray[Any]
    right: Flags

    def at(self, chosen: npt.NDArray[Any]) -> Sample:
        return Sample(self.evidence[chosen], self.lengths[chosen], self.right[chosen])


@dataclass(frozen=True, slots=True)
class Scores:
    """What a ranker says of labelled messages, one entry a message.

    `listed` and `confidence`: probabilities that any duty and that the best duty covers it;
    `right` and `truly_listed`: whether the best duty, and whether any duty does.
    """

    listed: Floats
    confidence: Floats
    right: Flags
    truly_listed: Flags


def fold_of(count: int) -> npt.NDArray[np.int64]:
    """The fold of each of `count` messages; the same at every run."""
    return np.random.default_rng(0).permutation(count) % FOLDS


def calibrate(sample: Sample, report: Callable[[str], None]) -> Calibration:
    """Weights of the evidence, the logistics and the thresholds."""
    folds = fold_of(len(sample.evidence))
    parts = [scores(fit(sample.at(folds != k)), sample.at(folds == k)) for k in range(FOLDS)]
    pooled = Scores(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("listed", "confidence", "right", "truly_listed")
        )
    )
    calibration = with_thresholds(fit(sample), pooled)
    report(summary(calibration, pooled))
    return calibration


def fit(sample: Sample) -> Calibration:
    """Weights and logistics, without thresholds."""
    listed = ~sample.right[:, -1]
    weights = _weights(sample.evidence[listed][:, :-1], sample.right[listed][:, :-1])
    logits = sample.evidence @ weights.astype(np.float32)
    shares = _softmax(logits[:, :-1].astype(np.float64))
    signs = signs_of(sample.evidence, logits, shares, sample.lengths)
    # A duty that a fair judge accepts is right, though he would sooner say "not listed".
    right = sample.right[np.arange(len(shares)), shares.argmax(axis=1)]
    return replace(
        UNTRAINED,
        weights=tuple(weights.tolist()),
        listed=tuple(logistic(signs, listed).tolist()),
        right=tuple(logistic(signs, right).tolist()),
    )


def _weights(table: npt.NDArray[np.float32], target: Flags) -> Floats:
    """Weights under which the right duties' softmax is likeliest, held near a plain start."""
    from scipy.optimize import minimize

    start = np.array(_START)
    masked = np.where(target, 0.0, -1e9)

    def loss(weights: Floats) -> tuple[float, Floats]:
        logits = table @ weights
        share = _softmax(logits)
        right_share = _softmax(logits + masked)
        value = _logsumexp(logits) - _logsumexp(logits + masked)
        slope = np.einsum("md,mdc->c", share - right_share, table) / len(table)
        pull = weights - start
        return float(value.mean() + PULL * pull @ pull), slope + 2 * PULL * pull

    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B").x)


def _softmax(logits: Floats) -> Floats:
    power = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(power / power.sum(axis=1, keepdims=True))


def _logsumexp(logits: Floats) -> Floats:
    top = logits.max(axis=1)
    return np.asarray(top + np.log(np.exp(logits - top[:, None]).sum(axis=1)))


def logistic(signs: Floats, target: Flags) -> Floats:
    """Logistic regression by Newton steps, with a ridge that is the same for signs of any scale."""
    spread = signs.std(axis=0)
    spread[spread == 0] = 1.0
    scaled = signs / spread
    weights = np.zeros(signs.shape[1])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(scaled @ weights, -30, 30)))
        slope = scaled.T @ (chance - target) + weights
        curve = (scaled * (chance * (1 - chance))[:, None]).T @ scaled
        weights = weights - np.linalg.solve(curve + np.eye(len(weights)), slope)
    return np.asarray(weights / spread)


def scores(fitted: Calibration, sample: Sample) -> Scores:
    """What a ranker so calibrated says of a sample."""
    blank = [str(row) for row in range(sample.evidence.shape[1] - 1)]
    ranker = Ranker(blank, None, fitted)
    shares, listed, confidence = ranker.judge(sample.evidence, sample.lengths)
    right = sample.right[np.arange(len(shares)), shares.argmax(axis=1)]
    return Scores(
        listed.astype(np.float64), confidence.astype(np.float64), right, ~sample.right[:, -1]
    )


def with_thresholds(fitted: Calibration, seen: Scores) -> Calibration:
    """The calibration with thresholds read off cross-validated scores."""
    order = np.argsort(-seen.confidence)
    precision = np.cumsum(seen.right[order]) / np.arange(1, len(order) + 1)
    safe = np.flatnonzero(precision >= SAFE)
    return replace(
        fitted,
        listed_at=float(np.quantile(seen.listed[seen.truly_listed], 1 - KEPT)),
        answer_at=float(np.quantile(seen.confidence[~seen.truly_listed], HELD_BACK)),
        auto_at=float(seen.confidence[order[safe[-1]]]) if len(safe) else 2.0,
        review_at=0.5,
    )


def summary(calibration: Calibration, seen: Scores) -> str:
    """A few figures for the person who trains."""
    listed = seen.truly_listed
    kept = seen.listed >= calibration.listed_at
    answered = kept & (seen.confidence >= calibration.answer_at)
    auto = seen.confidence >= calibration.auto_at
    error = calibration_error(seen.confidence, seen.right)
    return (
        f"交叉验证：首位正确 {seen.right[listed].mean():.3f}；"
        f"清单内回答 {answered[listed].mean():.3f}、回答或追问 {kept[listed].mean():.3f}；"
        f"清单外没有回答 {1 - answered[~listed].mean():.3f}、认出 {1 - kept[~listed].mean():.3f}；"
        f"自动档占清单内 {auto[listed].mean():.3f}；校准误差 {error:.3f}\n"
        f"权重 {[round(w, 2) for w in calibration.weights]}"
    )


def calibration_error(confidence: Floats, right: Flags, bins: int = 10) -> float:
    """Expected calibration error over bins of equal count."""
    order = np.argsort(confidence)
    gaps = [
        len(part) * abs(float(confidence[part].mean()) - float(right[part].mean()))
        for part in np.array_split(order, bins)
        if len(part)
    ]
    return sum(gaps) / len(confidence) if len(confidence) else 0.0
