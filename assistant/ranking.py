"""What the index found -> a probability for each duty, and for "no duty".

Three witnesses speak for a duty: the trained head (how near the message's vector is to the
duty's own), the most similar asks and passages (dense neighbours), and BM25 over the same
passages. A small linear model trained on labelled messages weighs them; a temperature makes the
result a probability that can be taken at its word.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.index import Found, Hit
from index.passages import Kind

Floats = npt.NDArray[np.float32]

TRAINED = Path(__file__).parent / "trained"
# Columns of the evidence that `weights` has a number for, in order.
EVIDENCE = ("head", "nearest", "neighbours", "list_passage", "bm25", "bm25_list")


@dataclass(frozen=True, slots=True)
class Head:
    """One vector a duty, and one for "no duty" (last): softmax(scale * vectors @ v + bias)."""

    duty_ids: tuple[str, ...]
    vectors: Floats
    bias: Floats
    scale: float
    encoder_fingerprint: str

    def log_probabilities(self, vectors: Floats) -> Floats:
        """Shape (queries, duties + 1)."""
        logits = self.scale * (vectors @ self.vectors.T) + self.bias
        logits -= logits.max(axis=1, keepdims=True)
        return np.asarray(logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)), np.float32)


@dataclass(frozen=True, slots=True)
class Calibration:
    """What turns evidence into probabilities, and probabilities into a decision.

    `weights` has a number a column of EVIDENCE; `listed` are the coefficients of the logistic
    that says whether any duty covers the message; thresholds are probabilities.
    """

    weights: tuple[float, ...]
    temperature: float
    listed: tuple[float, ...]
    answer_at: float
    clarify_at: float
    listed_at: float
    auto_at: float
    review_at: float


# For an encoder or a list that nothing was trained on: neighbours and BM25 alone.
UNTRAINED = Calibration(
    weights=(0.0, 8.0, 1.0, 4.0, 3.0, 2.0),
    temperature=1.0,
    listed=(0.0, 1.0, 0.0, 0.0),
    answer_at=0.45,
    clarify_at=0.2,
    listed_at=0.3,
    auto_at=2.0,
    review_at=0.6,
)


@dataclass(frozen=True, slots=True)
class Ranked:
    """Duties best first with probabilities that add up to one over the list's duties.

    `listed` is the probability that any duty of the list covers the message at all.
    """

    duty_ids: tuple[str, ...]
    probabilities: Floats
    listed: float


class Ranker:
    """Ranks the duties of one list."""

    def __init__(
        self, duty_ids: Sequence[str], head: Head | None, calibration: Calibration = UNTRAINED
    ) -> None:
        self.duty_ids = tuple(duty_ids)
        self.calibration = calibration
        self._row = {duty_id: row for row, duty_id in enumerate(self.duty_ids)}
        self._head = head
        if head is not None:
            known = {duty_id: column for column, duty_id in enumerate(head.duty_ids)}
            columns = [known.get(duty_id, -1) for duty_id in self.duty_ids]
            self._columns = np.array([*columns, len(head.duty_ids)])

    def evidence(self, found: Sequence[Found]) -> Floats:
        """Shape (messages, duties + 1, columns of EVIDENCE); the last row is "no duty"."""
        table = np.zeros((len(found), len(self.duty_ids) + 1, len(EVIDENCE)), dtype=np.float32)
        if self._head is not None and found:
            logs = self._head.log_probabilities(np.stack([f.vector for f in found]))
            floor = logs.min(axis=1, keepdims=True)
            table[:, :, 0] = np.where(self._columns >= 0, logs[:, self._columns], floor)
        for rows, one in zip(table, found, strict=True):
            self._add_hits(rows, one.hits)
        return table

    def _add_hits(self, rows: Floats, hits: Sequence[Hit]) -> None:
        best_bm25 = max((hit.lexical for hit in hits), default=0.0) or 1.0
        for hit in hits:
            row = rows[self._row[hit.duty_id] if hit.duty_id else -1]
            row[1] = max(row[1], hit.dense)
            row[2] += max(0.0, hit.dense) ** 4
            row[4] = max(row[4], hit.lexical / best_bm25)
            if hit.kind is not Kind.ASK:
                row[3] = max(row[3], hit.dense)
                row[5] = max(row[5], hit.lexical / best_bm25)

    def rank(self, found: Sequence[Found]) -> list[Ranked]:
        """Rank every message's duties."""
        if not found:
            return []
        logits = self.logits(self.evidence(found))
        return [self._ranked(row) for row in logits]

    def logits(self, evidence: Floats) -> Floats:
        """Weighted evidence, shape (messages, duties + 1)."""
        weights = np.array(self.calibration.weights, dtype=np.float32)
        return np.asarray(evidence @ weights / self.calibration.temperature, dtype=np.float32)

    def _ranked(self, logits: Floats) -> Ranked:
        duties = logits[:-1]
        probabilities = np.exp(duties - duties.max())
        probabilities /= probabilities.sum()
        order = np.argsort(-probabilities, kind="stable")
        return Ranked(
            duty_ids=tuple(self.duty_ids[row] for row in order),
            probabilities=probabilities[order],
            listed=self.listed_probability(logits),
        )

    def listed_probability(self, logits: Floats) -> float:
        """Whether any duty covers the message, from the shape of its logits."""
        return float(1 / (1 + np.exp(-listed_features(logits) @ np.array(self.calibration.listed))))


def listed_features(logits: Floats) -> npt.NDArray[np.float64]:
    """Intercept, best duty against "no duty", the best duty's share, all duties against none."""
    duties, none = logits[:-1].astype(np.float64), float(logits[-1])
    top = float(duties.max())
    total = top + float(np.log(np.exp(duties - top).sum()))
    return np.array([1.0, top - none, np.exp(top - total), total - none])


def load_ranker(
    duty_ids: Sequence[str], encoder_fingerprint: str, folder: Path = TRAINED
) -> Ranker:
    """The trained ranker if it fits this encoder, else one that needs no training."""
    try:
        arrays = np.load(folder / "head.npz")
        stored = json.loads((folder / "ranking.json").read_bytes())
    except OSError:
        return Ranker(duty_ids, None)
    if stored["encoder"] != encoder_fingerprint:
        return Ranker(duty_ids, None)
    head = Head(
        duty_ids=tuple(stored["duties"]),
        vectors=arrays["vectors"].astype(np.float32),
        bias=arrays["bias"],
        scale=float(arrays["scale"]),
        encoder_fingerprint=encoder_fingerprint,
    )
    return Ranker(duty_ids, head, read_calibration(stored["calibration"]))


def read_calibration(stored: Mapping[str, Any]) -> Calibration:
    """A calibration as `ranking.json` holds it."""
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in stored.items()}
    return Calibration(**values)
