"""Which clause of a duty speaks of a matter, and so which department answers for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from assistant.clause_model import (
    ClauseModels,
    department_clauses,
    tokens_of,
    without_names,
)
from corpus.model import Clause, Duty, DutyList, Owner
from index.index import Index
from index.passages import Kind, Query

Floats = npt.NDArray[np.float32]

# What a shared word is worth beside a cosine, once its rarity is counted.
WORDS = 1.0


class ClauseChooser:
    """Finds the clause of a duty nearest to a message."""

    def __init__(self, duty_list: DutyList, index: Index) -> None:
        self._list = duty_list
        self._index = index
        self._vectors = index.dense.vectors()
        self._rows: dict[str, list[tuple[int, int]]] = {}
        for row, (duty, kind, clause) in enumerate(index.table.tolist()):
            if kind == Kind.CLAUSE:
                self._rows.setdefault(index.duty_ids[duty], []).append((clause, row))
            elif kind == Kind.ASK:
                break  # the list's own passages come first
        self._tokens: dict[str, list[frozenset[str]]] = {}
        self._models = ClauseModels()

    def choose(self, duty: Duty, query: Query, vector: Floats) -> tuple[Clause | None, str | None]:
        """The department clause that speaks of the matter and the department it makes answerable."""
        clauses = department_clauses(duty)
        if not clauses:
            return None, duty.lead
        model = self._models.of(duty)
        if model is None:
            scores = self._scores(duty, query, vector)
        else:
            scores = model.scores(tokens_of(query, self._index.tokenizer)).tolist()
        best = clauses[int(np.argmax(scores))]
        if len(duty.departments) < 2:
            return best, duty.lead
        named = self._named(best, duty)
        # A clause for several co-departments makes none of them the one to answer: the lead does.
        return best, named[0] if len(named) == 1 or (duty.lead is None and named) else duty.lead

    def _named(self, clause: Clause, duty: Duty) -> list[str]:
        """Departments that a clause names, as the duty's column spells them where it does."""
        column = {self._list.canonical(d.name): d.name for d in duty.departments}
        names = (self._list.canonical(name) for name in clause.departments)
        return [column.get(name, name) for name in names]

    def _scores(self, duty: Duty, query: Query, vector: Floats) -> list[float]:
        """Of each department clause: its cosine, and the rare words it shares with the query."""
        sets = self._clause_tokens(duty)
        tokens = self._tokens_of(query.whole)
        common = frozenset.intersection(*sets) if len(sets) > 1 else frozenset()
        owned = [p for p, c in enumerate(duty.clauses) if c.owner is Owner.DEPARTMENT]
        rows = dict(self._rows[duty.id])
        return [
            float(self._vectors[rows[position]] @ vector)
            + WORDS * self._weight(tokens & known - common)
            for position, known in zip(owned, sets, strict=True)
        ]

    def _tokens_of(self, text: str) -> frozenset[str]:
        """Words, pairs and single characters: 烧 in a question is the 烧 of 焚烧 in a clause."""
        tokens = (t for t in self._index.tokenizer.tokens(text) if not t.startswith("~"))
        return frozenset(tokens) | frozenset(c for c in text if "一" <= c <= "鿿")

    def _clause_tokens(self, duty: Duty) -> Sequence[frozenset[str]]:
        """Tokens of each department clause, the names of departments left out."""
        if duty.id not in self._tokens:
            self._tokens[duty.id] = [
                self._tokens_of(without_names(c)) for c in duty.clauses_of(Owner.DEPARTMENT)
            ]
        return self._tokens[duty.id]

    def _weight(self, shared: frozenset[str]) -> float:
        weight = sum(self._rarity(token) for token in shared)
        return weight / (10.0 + weight)

    def _rarity(self, token: str) -> float:
        lexical = self._index.lexical
        row = lexical.vocabulary.get(token)
        if row is not None:
            return float(np.log(lexical.size / (lexical.starts[row + 1] - lexical.starts[row])))
        return float(np.log(len(self._list) / self._characters.get(token, 1)))

    @cached_property
    def _characters(self) -> Counter[str]:
        """In how many duties' clauses each character stands."""
        spread: Counter[str] = Counter()
        for duty in self._list:
            spread.update(set().union(*(clause.text for clause in duty.clauses)))
        return spread
