"""What the index found -> a probability for each duty, and for "no duty".

Three witnesses speak for a duty: the trained head (how near the message's vector is to the
duty's own), the most similar asks and passages (dense neighbours), and BM25 over the same
passages. A small linear model trained on labelled messages weighs them. Two logistics over the
shape of that evidence say how far it can be trusted: does any duty cover the message, and is the
best duty right?
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.splitting import Splitter
from index.index import Found, Hit
from index.passages import Kind

Floats = npt.NDArray[np.float32]

TRAINED = Path(__file__).parent / "trained"
# Columns of the evidence that `weights` has a number for, in order.
EVIDENCE = ("head", "nearest", "neighbours", "list_passage", "bm25", "bm25_list")
HEAD, NEAREST, NEIGHBOURS, LIST_PASSAGE, BM25, BM25_LIST = range(len(EVIDENCE))
# What the logistics `listed` and `right` see of a message, in order.
SIGNS = (
    "one",
    "head: best duty over none",
    "head: best duty",
    "nearest passage of the best duty",
    "BM25 of the best duty",
    "BM25 of asks no duty covers",
    "neighbours no duty covers",
    "length",
    "all evidence: best duty over none",
    "all evidence: best duty over other duties",
)


@dataclass(frozen=True, slots=True)
class Head:
    """One unit vector a duty, and one for "no duty" (last)."""

    duty_ids: tuple[str, ...]
    vectors: Floats
    encoder_fingerprint: str

    def cosines(self, vectors: Floats) -> Floats:
        """Shape (queries, duties + 1)."""
        return np.asarray(vectors @ self.vectors.T, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Calibration:
    """What turns evidence into probabilities, and probabilities into a decision.

    `weights` has a number a column of EVIDENCE; `listed` and `right` a coefficient each of SIGNS:
    logistics that say whether any duty covers the message, and whether the best one does.
    Thresholds are probabilities.
    """

    weights: tuple[float, ...]
    listed: tuple[float, ...]
    right: tuple[float, ...]
    answer_at: float
    listed_at: float
    auto_at: float
    review_at: float


# For an encoder or a list that nothing was trained on: neighbours and BM25 alone.
UNTRAINED = Calibration(
    weights=(0.0, 8.0, 1.0, 4.0, 3.0, 2.0),
    listed=(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0),
    right=(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 1.0),
    answer_at=0.45,
    listed_at=0.3,
    auto_at=2.0,
    review_at=0.6,
)


@dataclass(frozen=True, slots=True)
class Ranked:
    """Duties best first, each with the probability that it covers the message.

    `listed` is the probability that any duty of the list does.
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

    def cosines(self, vectors: Floats) -> Floats:
        """With every duty of the list and, last, "no duty"; needs a head."""
        assert self._head is not None
        return np.asarray(self._head.cosines(vectors)[:, self._columns], dtype=np.float32)

    def evidence(self, found: Sequence[Found]) -> Floats:
        """Shape (messages, duties + 1, columns of EVIDENCE); the last row is "no duty"."""
        table = np.zeros((len(found), len(self.duty_ids) + 1, len(EVIDENCE)), dtype=np.float32)
        if self._head is not None and found:
            cosines = self._head.cosines(np.stack([f.vector for f in found]))
            table[:, :, HEAD] = np.where(self._columns >= 0, cosines[:, self._columns], 0.0)
        for rows, one in zip(table, found, strict=True):
            self._add_hits(rows, one.hits)
        return table

    def _add_hits(self, rows: Floats, hits: Sequence[Hit]) -> None:
        best_bm25 = max((hit.lexical for hit in hits), default=0.0) or 1.0
        for hit in hits:
            row = rows[self._row[hit.duty_id] if hit.duty_id else -1]
            row[NEAREST] = max(row[NEAREST], hit.dense)
            row[NEIGHBOURS] += max(0.0, hit.dense) ** 4
            row[BM25] = max(row[BM25], hit.lexical / best_bm25)
            if hit.kind is not Kind.ASK:
                row[LIST_PASSAGE] = max(row[LIST_PASSAGE], hit.dense)
                row[BM25_LIST] = max(row[BM25_LIST], hit.lexical / best_bm25)

    def rank(self, found: Sequence[Found]) -> list[Ranked]:
        """Rank every message's duties."""
        if not found:
            return []
        evidence = self.evidence(found)
        lengths = np.array([one.length for one in found])
        return [self._ranked(*row) for row in zip(*self.judge(evidence, lengths), strict=True)]

    def judge(self, evidence: Floats, lengths: npt.NDArray[Any]) -> tuple[Floats, Floats, Floats]:
        """Of each message: its duties' shares (summing to one), and the probabilities that any
        duty covers it and that the best one does."""
        logits = evidence @ np.array(self.calibration.weights, dtype=np.float32)
        shares = _softmax(logits[:, :-1])
        signs = signs_of(evidence, logits, shares, lengths)
        listed, right = (
            1 / (1 + np.exp(-np.clip(signs @ np.array(coefficients), -30, 30)))
            for coefficients in (self.calibration.listed, self.calibration.right)
        )
        return shares, listed, np.minimum(right, listed)

    def _ranked(self, shares: Floats, listed: float, right: float) -> Ranked:
        order = np.argsort(-shares, kind="stable")
        ordered = shares[order]
        # What is listed but not the best duty is spread over the others.
        rest = ordered[1:] / max(float(ordered[1:].sum()), 1e-12) * (listed - right)
        return Ranked(
            duty_ids=tuple(self.duty_ids[row] for row in order),
            probabilities=np.concatenate([[right], np.minimum(rest, right)]),
            listed=float(listed),
        )


def _softmax(logits: Floats) -> Floats:
    power = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(power / power.sum(axis=1, keepdims=True))


def signs_of(
    evidence: Floats, logits: Floats, shares: npt.NDArray[Any], lengths: npt.NDArray[Any]
) -> npt.NDArray[np.float64]:
    """SIGNS of each message, shape (messages, len(SIGNS)); `lengths` in tokens."""
    rows = np.arange(len(evidence))
    best = shares.argmax(axis=1)
    duty, none = evidence[rows, best], evidence[:, -1]
    share = np.clip(shares[rows, best], 1e-6, 1 - 1e-6)
    columns = (
        np.ones(len(evidence)),
        duty[:, HEAD] - none[:, HEAD],
        duty[:, HEAD],
        duty[:, NEAREST],
        duty[:, BM25],
        none[:, BM25],
        none[:, NEIGHBOURS],
        np.log1p(lengths),
        logits[rows, best] - logits[:, -1],
        np.log(share / (1 - share)),
    )
    return np.stack(columns, axis=1).astype(np.float64)


def load_trained(
    encoder_fingerprint: str, folder: Path = TRAINED
) -> tuple[Head | None, Calibration, Splitter | None]:
    """The trained head, calibration and splitter if they fit this encoder, else what needs no
    training."""
    try:
        arrays = np.load(folder / "head.npz")
        stored = json.loads((folder / "ranking.json").read_bytes())
    except OSError:
        return None, UNTRAINED, None
    if stored["encoder"] != encoder_fingerprint:
        return None, UNTRAINED, None
    vectors = arrays["vectors"].astype(np.float32)
    head = Head(tuple(stored["duties"]), vectors, encoder_fingerprint)
    splitter = stored["splitter"]
    return (
        head,
        read_calibration(stored["calibration"]),
        Splitter(tuple(splitter["coefficients"]), splitter["cut_at"]),
    )


def read_calibration(stored: Mapping[str, Any]) -> Calibration:
    """A calibration as `ranking.json` holds it."""
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in stored.items()}
    return Calibration(**values)
