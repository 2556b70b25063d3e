"""For each joint duty with several department clauses: tokens that tell its clauses apart.

A small ridge regression a duty, learned by `make model` from asks that note their clause and from
the clauses themselves. Stored in `trained/clauses.npz`, a few hundred kilobytes.
"""

from __future__ import annotations

import tempfile
import threading
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant.matters import query_of
from assistant.model import Matter
from assistant.ranking import TRAINED
from corpus.model import Clause, Duty, DutyList, Owner
from corpus.store import Ask
from index.passages import Query
from index.tokens import Tokenizer

Floats = npt.NDArray[np.float32]

FILE = "clauses.npz"
RIDGE = 0.3
# Tokens kept a duty: those whose weights differ most between its clauses.
TOKENS = 800


@dataclass(frozen=True, slots=True)
class ClauseWeights:
    """`weights` has shape (tokens, department clauses), for the tokens of `rows`."""

    rows: Mapping[str, int]
    weights: Floats

    def scores(self, tokens: Mapping[str, float]) -> Floats:
        """Of each department clause, how strongly the weighted tokens of a text speak for it."""
        known = [
            (row, w) for token, w in tokens.items() if (row := self.rows.get(token)) is not None
        ]
        if not known:
            return np.zeros(self.weights.shape[1], dtype=np.float32)
        share = np.array([weight for _, weight in known], dtype=np.float32)
        return np.asarray(share @ self.weights[[row for row, _ in known]] / len(tokens) ** 0.5)


def department_clauses(duty: Duty) -> list[Clause]:
    """The clauses that say what departments do, in the list's order."""
    return [clause for clause in duty.clauses if clause.owner is Owner.DEPARTMENT]


def has_a_choice(duty: Duty) -> bool:
    """Whether which clause speaks of a matter decides which department answers for it."""
    named = {name for clause in department_clauses(duty) for name in clause.departments}
    return len(named) > 1


def without_names(clause: Clause) -> str:
    """A clause's text without the departments it names: asks don't name them."""
    text = clause.text
    for name in clause.departments:
        text = text.replace(name, " ")
    return text


def tokens_of(query: Query, tokenizer: Tokenizer) -> dict[str, float]:
    """Tokens of a query, those of its emphasis counted again."""
    counts = Counter(tokenizer.tokens(query.text))
    for part in query.emphasis:
        counts.update(tokenizer.tokens(part))
    return {token: float(count) for token, count in counts.items()}


def fit(duty_list: DutyList, asks: Iterable[Ask], tokenizer: Tokenizer) -> dict[str, ClauseWeights]:
    """Weights for every duty whose asks note their clauses."""
    by_duty: dict[str, list[Ask]] = defaultdict(list)
    frequency: Counter[str] = Counter()
    total = 0
    for ask in asks:
        if ask.duty is not None and ask.clause is not None:
            by_duty[ask.duty].append(ask)
            frequency.update(set(tokenizer.tokens(ask.text)))
            total += 1
    rarity = {token: float(np.log((total + 1) / (n + 1)) + 1) for token, n in frequency.items()}
    return {
        duty.id: _fit_duty(duty, by_duty[duty.id], rarity, tokenizer)
        for duty in duty_list
        if has_a_choice(duty) and by_duty[duty.id]
    }


def _fit_duty(
    duty: Duty, asks: Sequence[Ask], rarity: Mapping[str, float], tokenizer: Tokenizer
) -> ClauseWeights:
    clauses = department_clauses(duty)
    position = {clause.number: column for column, clause in enumerate(clauses)}
    texts = [(without_names(clause), column) for column, clause in enumerate(clauses)]
    texts += [(a.text, position[a.clause]) for a in asks if a.clause in position]
    bags = [tokens_of(query_of(Matter(text)), tokenizer) for text, _ in texts]
    rows = {token: row for row, token in enumerate(dict.fromkeys(t for bag in bags for t in bag))}
    rare = np.array([rarity.get(token, 1.0) for token in rows], dtype=np.float32)
    table = np.zeros((len(bags), len(rows)), dtype=np.float32)
    for target, bag in zip(table, bags, strict=True):
        target[[rows[token] for token in bag]] = list(bag.values())
    table *= rare
    table /= np.linalg.norm(table, axis=1, keepdims=True)
    targets = np.eye(len(clauses), dtype=np.float32)[[column for _, column in texts]]
    targets -= targets.mean(axis=0)
    dual = np.linalg.solve(table @ table.T + RIDGE * np.eye(len(table)), targets)
    weights = (table.T @ dual).astype(np.float32) * rare[:, None]
    telling = np.argsort(-weights.std(axis=1), kind="stable")[:TOKENS]
    names = list(rows)
    return ClauseWeights({names[row]: kept for kept, row in enumerate(telling)}, weights[telling])


def save(models: Mapping[str, ClauseWeights], duty_list: DutyList, folder: Path = TRAINED) -> None:
    """Write the weights; each duty's carry a mark of the clauses they were learned for."""
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    for duty_id, model in models.items():
        key = f"{duty_id}:{clauses_mark(duty_list.duty(duty_id))}"
        arrays[f"{key}:tokens"] = np.frombuffer("\n".join(model.rows).encode(), dtype=np.uint8)
        arrays[f"{key}:weights"] = model.weights.astype(np.float16)
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".npz", delete=False) as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    Path(file.name).chmod(0o644)
    Path(file.name).replace(folder / FILE)


def clauses_mark(duty: Duty) -> str:
    """Changes with the wording of a duty's clauses: weights learned for others are not used."""
    return f"{zlib.crc32(repr([c.text for c in department_clauses(duty)]).encode()):08x}"


class ClauseModels:
    """The stored weights, each read when a duty first needs it."""

    def __init__(self, folder: Path = TRAINED) -> None:
        path = folder / FILE
        self._file = np.load(path) if path.is_file() else None
        self._read: dict[str, ClauseWeights | None] = {}
        # A zip file can't be read by two threads at once.
        self._lock = threading.Lock()

    def of(self, duty: Duty) -> ClauseWeights | None:
        """The duty's weights; None if none were learned for clauses so worded."""
        key = f"{duty.id}:{clauses_mark(duty)}"
        if key not in self._read:
            with self._lock:
                self._read.setdefault(key, self._load(key))
        return self._read[key]

    def _load(self, key: str) -> ClauseWeights | None:
        if self._file is None or f"{key}:weights" not in self._file:
            return None
        tokens = self._file[f"{key}:tokens"].tobytes().decode().split("\n")
        return ClauseWeights(
            {token: row for row, token in enumerate(tokens)},
            self._file[f"{key}:weights"].astype(np.float32),
        )
