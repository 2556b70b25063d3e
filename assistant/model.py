"""Values of a decision. Frozen; what is shown of them is made in `wording`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from corpus.model import Clause, DepartmentRole, Duty, Handling


class Outcome(StrEnum):
    """What the assistant does with a matter."""

    ANSWERED = "answered"
    CLARIFY = "clarify"  # one question tells the close duties apart
    NOT_LISTED = "not_listed"  # the list has no such duty
    DIVERTED = "diverted"  # somebody is in danger now: a number to call comes first


class Tier(StrEnum):
    """How much a clerk must look at a decision."""

    AUTO = "auto"  # 自动
    REVIEW = "review"  # 复核
    MANUAL = "manual"  # 人工


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody wrote. `title` is empty where the message has none of its own."""

    text: str
    title: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing that a message is about; `text` is the part of the message that speaks of it."""

    text: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A duty that may cover a matter, with a calibrated probability that it does."""

    duty: Duty
    probability: float


@dataclass(frozen=True, slots=True)
class Divert:
    """Danger now: the emergency number and what it is for."""

    number: str
    reason: str


@dataclass(frozen=True, slots=True)
class Option:
    """An answer to a clarifying question, and the duty that it leads to."""

    text: str
    duty_id: str


@dataclass(frozen=True, slots=True)
class Question:
    """The one question that tells close duties apart."""

    text: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class MatterDecision:
    """What was decided for one matter.

    `duty` is None unless the outcome is answered (or diverted with a duty below); `responsible`
    is the department whose clause speaks of the matter, else the lead; `confidence` is the
    calibrated probability that `duty` (or that no duty) is right. `candidates` are always there.
    """

    matter: Matter
    outcome: Outcome
    tier: Tier
    duty: Duty | None
    responsible: str | None
    clause: Clause | None
    confidence: float
    candidates: tuple[Candidate, ...]
    divert: Divert | None = None
    question: Question | None = None

    @property
    def handling(self) -> Handling | None:
        return self.duty.handling if self.duty else None

    @property
    def lead(self) -> str | None:
        return self.duty.lead if self.duty else None

    @property
    def departments(self) -> tuple[DepartmentRole, ...]:
        return self.duty.departments if self.duty else ()


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision for a message: its matters in order, the first of them the main one."""

    message: Message
    matters: tuple[MatterDecision, ...]
    list_slug: str
    list_edition: str

    @property
    def main(self) -> MatterDecision:
        return self.matters[0]


class BadMessage(ValueError):
    """A message that can't be decided; says what is wrong with it, in Chinese."""
