"""Danger now or talk of danger: a small classifier over tokens, learned by `make model`.

One ridge regression onto the numbers to call and "none". Stored in `trained/danger.npz`.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.ranking import TRAINED
from index.tokens import Tokenizer

Floats = npt.NDArray[np.float32]

FILE = "danger.npz"
CORPUS = Path(__file__).parents[1] / "corpus" / "danger.jsonl"
# Whom to call; "water" is 110 and 120 with a warning of its own.
CALLS = ("119", "water", "110", "120", "122")
TOKENS = 12_000
RIDGE = 0.3
LONG = 130
# A text is never taken for danger below this, however few examples there are.
_LEAST = 0.3


class Source(StrEnum):
    """Where an example comes from, which says how bad a false alarm on it would be."""

    WRITTEN = "written"
    """Written to be hard: some talk is bound to sound like danger."""
    ASK = "ask"
    REAL = "real"


# The share of each that may be taken for danger: a missed cry is worse than a number shown in
# vain. A few asks do tell of danger.
FALSE_ALARMS = {Source.WRITTEN: 0.15, Source.ASK: 0.025, Source.REAL: 0.001}


@dataclass(frozen=True, slots=True)
class DangerExample:
    """A text and whom to call (None: nobody)."""

    text: str
    call: str | None
    source: Source = Source.WRITTEN


@dataclass(frozen=True, slots=True)
class DangerModel:
    """`weights` has shape (tokens, calls); a score is how far a call beats "none"."""

    rows: Mapping[str, int]
    rarity: Floats
    weights: Floats
    threshold: float
    """For a cry, a text of at most LONG characters."""
    threshold_long: float
    """For a letter: a story has many words, some of them of danger."""

    def call_for(self, text: str, tokenizer: Tokenizer) -> str | None:
        """Whom to call, or None."""
        scores = self.scores(tokenizer.tokens(text))
        best = int(scores.argmax())
        bound = self.threshold if len(text) <= LONG else self.threshold_long
        return CALLS[best] if scores[best] >= bound else None

    def scores(self, tokens: Sequence[str]) -> Floats:
        """How strongly a text's tokens speak for each call, against none."""
        known = [row for token in tokens if (row := self.rows.get(token)) is not None]
        values = self.rarity[known]
        length = float(np.linalg.norm(values)) or 1.0
        return np.asarray((values / length) @ self.weights[known], dtype=np.float32)


def read_examples(path: Path = CORPUS) -> list[DangerExample]:
    """Texts of danger and of talk about it, written for this."""
    rows = (json.loads(line) for line in path.read_text("utf-8").splitlines())
    return [DangerExample(row["text"], row["call"]) for row in rows]


def fit(examples: Sequence[DangerExample], tokenizer: Tokenizer) -> DangerModel:
    """Solve the regression; the threshold is read off leave-one-out scores."""
    from scipy import linalg, sparse

    bags = [tokenizer.tokens(example.text) for example in examples]
    counts = Counter(token for bag in bags for token in bag)
    urgent = {t for bag, e in zip(bags, examples, strict=True) if e.call for t in bag}
    kept = sorted(
        (t for t, n in counts.items() if n > 1), key=lambda t: (t not in urgent, -counts[t], t)
    )
    rows = {token: row for row, token in enumerate(kept[:TOKENS])}
    rarity = np.log(len(bags) / np.array([counts[t] for t in rows], dtype=np.float32)) + 1
    known = [[rows[t] for t in bag if t in rows] for bag in bags]
    ends = np.cumsum([0] + [len(one) for one in known])
    columns = np.concatenate([np.array(one, dtype=np.int32) for one in known])
    values = rarity[columns]
    table = sparse.csr_matrix((values, columns, ends), (len(bags), len(rows)), dtype=np.float32)
    norms = np.sqrt(np.asarray(table.multiply(table).sum(axis=1)).ravel())
    table = sparse.diags(1 / np.where(norms > 0, norms, 1)).astype(np.float32) @ table
    targets = np.array([[float(e.call == c) for c in (*CALLS, None)] for e in examples])
    mean = targets.mean(axis=0)
    kernel = (table @ table.T).toarray()
    kernel[np.diag_indices_from(kernel)] += RIDGE
    inverse = linalg.inv(kernel, overwrite_a=True, check_finite=False)
    dual = inverse @ (targets - mean)
    held_out = targets - dual / np.diag(inverse)[:, None]
    weights = np.asarray(table.T @ dual)
    offset = mean[:-1] - mean[-1]
    margins = held_out[:, :-1] - held_out[:, -1:] - offset
    short, long = _thresholds(margins.max(axis=1), examples)
    return DangerModel(
        rows, rarity, (weights[:, :-1] - weights[:, -1:]).astype(np.float32), short, long
    )


def _thresholds(
    margins: npt.NDArray[Any], examples: Sequence[DangerExample]
) -> tuple[float, float]:
    """For short and long texts: above every real message, and above all but a few others."""
    long = np.array([len(e.text) > LONG for e in examples])

    def bound(length: npt.NDArray[np.bool_]) -> float:
        bounds = [_LEAST]
        for source, allowed in FALSE_ALARMS.items():
            talk = np.array([e.call is None and e.source is source for e in examples])
            if (chosen := margins[talk & length]).size:
                bounds.append(float(np.quantile(chosen, 1 - allowed)) + 0.01)
        return float(max(bounds))

    return bound(~long), bound(long)


def summary(model: DangerModel, examples: Iterable[DangerExample], tokenizer: Tokenizer) -> str:
    """Shares diverted, for the person who trains (on what was learned from: an upper bound)."""
    hits: dict[str, list[bool]] = {"正在发生": [], "只是谈到": [], "平常来信": []}
    for example in examples:
        kind = (
            "正在发生"
            if example.call
            else "平常来信"
            if example.source is not Source.WRITTEN
            else "只是谈到"
        )
        hits[kind].append(model.call_for(example.text, tokenizer) is not None)
    shares = "；".join(f"{kind} {np.mean(own):.3f}" for kind, own in hits.items() if own)
    return f"紧急情况：{shares}；门槛 {model.threshold:.2f}、{model.threshold_long:.2f}"


def save(model: DangerModel, folder: Path = TRAINED) -> None:
    """Write the model, whole or not at all."""
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".npz", delete=False) as file:
        np.savez_compressed(
            file,
            tokens=np.frombuffer("\n".join(model.rows).encode(), dtype=np.uint8),
            rarity=model.rarity.astype(np.float16),
            weights=model.weights.astype(np.float16),
            thresholds=np.array([model.threshold, model.threshold_long], dtype=np.float32),
        )
    Path(file.name).chmod(0o644)
    Path(file.name).replace(folder / FILE)


@lru_cache(maxsize=1)
def load(folder: Path = TRAINED) -> DangerModel:
    """The trained model."""
    with np.load(folder / FILE) as arrays:
        tokens = arrays["tokens"].tobytes().decode().split("\n")
        return DangerModel(
            {token: row for row, token in enumerate(tokens)},
            arrays["rarity"].astype(np.float32),
            arrays["weights"].astype(np.float32),
            *arrays["thresholds"].tolist(),
        )
