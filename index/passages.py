"""Duty list + asks -> passages: the texts that are searched, each knowing what it speaks of."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from corpus.model import Duty, DutyList, Handling
from corpus.store import Ask

NO_CLAUSE = -1
# 河长制 and 两癌 are words here; a quoted slogan is not.
_QUOTED = re.compile("“([一-鿿]{2,6})”")


class Kind(IntEnum):
    """What a passage is; stored as a number in the saved index."""

    NAME = 0
    CLAUSE = 1
    METHOD = 2
    ASK = 3


@dataclass(frozen=True, slots=True)
class Passage:
    """A searchable text. `clause` is the position in `duty.clauses`, or NO_CLAUSE.

    `duty_id` is None for an ask that no duty covers: being near one is evidence too.
    """

    text: str
    kind: Kind
    duty_id: str | None
    clause: int = NO_CLAUSE


@dataclass(frozen=True, slots=True)
class Query:
    """A text to search for. Each part of `emphasis` (its title, say) counts once more."""

    text: str
    emphasis: tuple[str, ...] = ()

    @property
    def whole(self) -> str:
        """Everything that is searched, in one text."""
        return "\n".join([*self.emphasis, self.text])


def passages_of(duty_list: DutyList, asks: Iterable[Ask]) -> tuple[Passage, ...]:
    """Every name, clause and method of the list, then every ask."""
    found: list[Passage] = []
    for duty in duty_list:
        found += list_passages(duty)
    found += (Passage(ask.text, Kind.ASK, ask.duty) for ask in asks)
    return tuple(found)


def list_terms(duty_list: DutyList) -> tuple[str, ...]:
    """Words that the list teaches jieba: departments, their short names, terms in quotes."""
    names = [*duty_list.department_names, *(spelling for spelling, _ in duty_list.aliases)]
    short = [name.removeprefix("区") for name in names]
    texts = [t for d in duty_list for t in (d.name, d.method, *(c.text for c in d.clauses))]
    quoted = [term for text in texts for term in _QUOTED.findall(text)]
    return tuple(dict.fromkeys([*names, *short, *quoted]))


def list_passages(duty: Duty) -> list[Passage]:
    """The passages that the list itself gives for a duty."""
    found = [Passage(duty.name, Kind.NAME, duty.id)]
    found += (
        Passage(clause.text, Kind.CLAUSE, duty.id, position)
        for position, clause in enumerate(duty.clauses)
    )
    # 收回并取消 stands under 34 duties and tells them apart from none.
    if duty.method and duty.handling is not Handling.CANCELLED:
        found.append(Passage(duty.method, Kind.METHOD, duty.id))
    return found
