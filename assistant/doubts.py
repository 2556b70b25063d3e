"""Asks that may carry the wrong duty: a model without the ask would give it to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assistant import training
from assistant.matters import query_of
from assistant.model import Matter
from corpus.model import DutyList
from corpus.store import NOT_LISTED, Ask
from index.passages import list_terms
from index.tokens import Tokenizer


@dataclass(frozen=True, slots=True)
class Doubt:
    """`position` counts from 0 in the asks given; `better` is what the others would call it."""

    position: int
    ask: Ask
    better: str
    margin: float


def doubtful(duty_list: DutyList, asks: Sequence[Ask]) -> list[Doubt]:
    """Asks whose own duty loses to another, the clearest losses first. Needs scipy, and minutes."""
    tokenizer = Tokenizer(list_terms(duty_list))
    queries = [query_of(Matter(ask.text)) for ask in asks]
    examples = training.examples_of(duty_list, asks, tokenizer, queries)
    scores = training.leave_one_out(examples, len(duty_list) + 1)[len(examples) - len(asks) :]
    names = [*(duty.id for duty in duty_list), NOT_LISTED]
    found = []
    for position, (ask, row, example) in enumerate(
        zip(asks, scores, examples[-len(asks) :], strict=True)
    ):
        best = int(np.argmax(row))
        if best != example.row:
            margin = float(row[best] - row[example.row])
            found.append(Doubt(position, ask, names[best], margin))
    return sorted(found, key=lambda doubt: -doubt.margin)
