"""Which clause of a duty speaks of a matter, and so which department answers for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from corpus.model import Clause, Duty, DutyList, Owner
from index.index import Index
from index.passages import Kind, Passage, Query

Floats = npt.NDArray[np.float32]

# A clause must stand out from the lead's own by this much before it moves the responsibility.
MARGIN = 0.02
# What a shared word is worth beside a cosine, once its rarity is counted.
WORDS = 0.6


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

    def choose(self, duty: Duty, query: Query, vector: Floats) -> tuple[Clause | None, str | None]:
        """The department clause that speaks of the matter and the department it makes answerable."""
        clauses = [c for c in duty.clauses if c.owner is Owner.DEPARTMENT]
        if not clauses:
            return None, duty.lead
        scores = self._scores(duty, query, vector)
        best = clauses[int(np.argmax(scores))]
        lead = duty.lead
        if len(duty.departments) < 2:
            return best, lead
        named = self._named(best, duty)
        if lead is None:
            return best, named[0] if named else None
        if lead in named or not named:
            return best, lead
        own = [s for s, c in zip(scores, clauses, strict=True) if lead in self._named(c, duty)]
        if own and max(own) + MARGIN >= float(np.max(scores)):
            return clauses[int(np.argmax([s if lead in self._named(c, duty) else -9.0 for s, c in zip(scores, clauses, strict=True)]))], lead
        return best, named[0]

    def _named(self, clause: Clause, duty: Duty) -> list[str]:
        """Departments that a clause names, as the duty's column spells them where it does."""
        column = {self._list.canonical(d.name): d.name for d in duty.departments}
        names = (self._list.canonical(name) for name in clause.departments)
        return [column.get(name, name) for name in names]

    def _scores(self, duty: Duty, query: Query, vector: Floats) -> list[float]:
        rows = self._rows[duty.id]
        tokens = frozenset(self._index.tokenizer.tokens(f"{query.emphasis}\n{query.text}"))
        scores = []
        for (position, row), known in zip(rows, self._clause_tokens(duty), strict=True):
            if duty.clauses[position].owner is Owner.DEPARTMENT:
                scores.append(float(self._vectors[row] @ vector) + WORDS * self._overlap(tokens, known))
        return scores

    def _clause_tokens(self, duty: Duty) -> Sequence[frozenset[str]]:
        """Tokens of each clause without those that all clauses of the duty share."""
        if duty.id not in self._tokens:
            sets = [frozenset(self._index.tokenizer.tokens(_without_names(c))) for c in duty.clauses]
            self._tokens[duty.id] = sets
        return self._tokens[duty.id]

    def _overlap(self, tokens: frozenset[str], known: frozenset[str]) -> float:
        lexical = self._index.lexical
        shared = [t for t in tokens & known if t in lexical.vocabulary]
        weight = 0.0
        for token in shared:
            row = lexical.vocabulary[token]
            df = int(lexical.starts[row + 1] - lexical.starts[row])
            weight += float(np.log(1 + lexical.size / df))
        return weight / (60.0 + weight)


def _without_names(clause: Clause) -> str:
    text = clause.text
    for name in clause.departments:
        text = text.replace(name, " ")
    return text


__all__ = ["ClauseChooser", "Passage"]
