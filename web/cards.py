"""View models: all that templates show, decided here so that templates hold no logic."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from markupsafe import Markup, escape

from assistant import wording
from assistant.model import Candidate, Decision, MatterDecision
from corpus.model import Clause, Duty, DutyList, Handling, Owner, Role
from index.tokens import Tokenizer

Link = Callable[[str], str]

# A sign that can be read without its colour.
BADGE_ICONS = {
    Handling.TOWNSHIP: "镇",
    Handling.JOINT: "配",
    Handling.DEPARTMENT: "区",
    Handling.CANCELLED: "✕",
}
# Fields of a sentence that name who is responsible, shown bold.
_WHO = {"department", "departments", "lead"}
_ALTERNATIVES = 3
_LEAST_LIKELY = 0.05


@dataclass(frozen=True, slots=True)
class Badge:
    """How a duty is handled: a colour (by style class), a sign and words."""

    style: str
    icon: str
    text: str


@dataclass(frozen=True, slots=True)
class DepartmentLine:
    """A department, its role, and whether the matter asked about is its own part."""

    name: str
    role: str
    lead: bool
    matched: bool


@dataclass(frozen=True, slots=True)
class ClauseLine:
    """One clause, word for word; `matched` where it is the one quoted."""

    number: int | None
    text: str
    matched: bool = False


@dataclass(frozen=True, slots=True)
class DutyView:
    """A duty with everything that the list says of it."""

    id: str
    title: str
    url: str
    badge: Badge
    sentence: Markup
    warning: str
    departments: tuple[DepartmentLine, ...]
    department_clauses: tuple[ClauseLine, ...]
    township_clauses: tuple[ClauseLine, ...]
    method: str
    source: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A duty to go to; `share` is how likely it is, or empty."""

    text: str
    url: str
    share: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """The answer for one matter, in the order in which it is shown."""

    number: int  # 0 where the message is about one matter only
    matter: str
    outcome: str
    divert_number: str
    divert_reason: str
    sentences: tuple[Markup, ...]
    duty: DutyView | None
    clause_heading: str
    clause: Markup
    alternatives: tuple[Choice, ...]
    question: str
    options: tuple[Choice, ...]
    near_heading: str
    nearest: tuple[Choice, ...]


def cards_of(
    decision: Decision, duty_list: DutyList, tokenizer: Tokenizer, link: Link
) -> tuple[Card, ...]:
    """One card for each matter of a message."""
    several = len(decision.matters) > 1
    return tuple(
        _card(matter, duty_list, tokenizer, link, number if several else 0)
        for number, matter in enumerate(decision.matters, start=1)
    )


def _card(
    decision: MatterDecision, duty_list: DutyList, tokenizer: Tokenizer, link: Link, number: int
) -> Card:
    sentences = wording.headline(decision, duty_list)
    near = [s.text for s in sentences if s.template == "not_listed_near"]
    divert = decision.divert
    question = decision.question if decision.duty is None else None
    return Card(
        number=number,
        matter=_shorten(decision.matter.text),
        outcome=decision.outcome.value,
        divert_number=divert.number if divert else "",
        divert_reason=wording.Sentence("emergency", (("reason", divert.reason),)).text
        if divert
        else "",
        sentences=tuple(emphasised(s) for s in sentences if s.template != "not_listed_near"),
        duty=_matter_duty(decision, duty_list, link),
        clause_heading=wording.clause_heading(decision, duty_list),
        clause=_quoted(decision, tokenizer),
        alternatives=_alternatives(decision, link),
        question=question.text if question else "",
        options=tuple(Choice(o.text, link(o.duty_id)) for o in question.options)
        if question
        else (),
        near_heading=near[0] if near else "",
        nearest=_choices(decision.candidates[:_ALTERNATIVES], link) if near else (),
    )


def duty_view(
    duty: Duty,
    duty_list: DutyList,
    url: str,
    responsible: str | None = None,
    quoted: Clause | None = None,
) -> DutyView:
    """A duty as shown; `responsible` and `quoted` are what a matter made of it, if one did."""
    warning = wording.clerk_warning(duty, duty_list)
    return DutyView(
        id=duty.id,
        title=duty.title,
        url=url,
        badge=Badge(
            duty.handling.value, BADGE_ICONS[duty.handling], wording.HANDLING_NAMES[duty.handling]
        ),
        sentence=emphasised(wording.who(duty, duty_list)),
        warning=warning.text if warning else "",
        departments=_departments(duty, responsible),
        department_clauses=_clauses(duty, Owner.DEPARTMENT, quoted),
        township_clauses=_clauses(duty, Owner.TOWNSHIP, quoted),
        method=duty.method,
        source=wording.source_line(duty, duty_list).text,
    )


def emphasised(sentence: wording.Sentence) -> Markup:
    """A sentence as HTML with those who are responsible in bold."""
    fields = {
        name: Markup("<strong>{}</strong>").format(value) if name in _WHO else escape(value)
        for name, value in sentence.fields
    }
    return Markup(wording.TEMPLATES[sentence.template]).format(**fields)


def mark(text: str, words: Iterable[str]) -> Markup:
    """A text as HTML with the words that also stand in the message marked, longest first."""
    found = sorted({w for w in words if len(w) >= 2}, key=lambda w: (-len(w), w))
    if not found:
        return escape(text)
    pieces = re.split(f"({'|'.join(map(re.escape, found))})", text, flags=re.IGNORECASE)
    # re.split puts what the group matched at the odd places.
    return Markup("").join(
        Markup("<mark>{}</mark>").format(piece) if position % 2 else escape(piece)
        for position, piece in enumerate(pieces)
    )


def _matter_duty(decision: MatterDecision, duty_list: DutyList, link: Link) -> DutyView | None:
    duty = decision.duty
    if duty is None:
        return None
    return duty_view(duty, duty_list, link(duty.id), decision.responsible, decision.clause)


def _quoted(decision: MatterDecision, tokenizer: Tokenizer) -> Markup:
    if decision.clause is None or decision.duty is None:
        return Markup("")
    words = tokenizer.words(f"{decision.matter.title}\n{decision.matter.text}")
    return mark(decision.clause.text, words)


def _departments(duty: Duty, responsible: str | None) -> tuple[DepartmentLine, ...]:
    several = len(duty.departments) > 1
    ordered = sorted(duty.departments, key=lambda d: d.role is Role.CO)
    return tuple(
        DepartmentLine(
            name=d.name,
            role=wording.ROLE_NAMES[d.role],
            lead=d.role is not Role.CO,
            matched=several and d.name == responsible,
        )
        for d in ordered
    )


def _clauses(duty: Duty, owner: Owner, quoted: Clause | None) -> tuple[ClauseLine, ...]:
    return tuple(ClauseLine(c.number, c.text, c == quoted) for c in duty.clauses_of(owner))


def _alternatives(decision: MatterDecision, link: Link) -> tuple[Choice, ...]:
    duty = decision.duty
    if duty is None:
        return ()
    others = [c for c in decision.candidates if c.duty.id != duty.id][:_ALTERNATIVES]
    likely = [c for c in others if c.probability >= _LEAST_LIKELY]
    return _choices(likely, link, share=True)


def _choices(
    candidates: Iterable[Candidate], link: Link, share: bool = False
) -> tuple[Choice, ...]:
    return tuple(
        Choice(c.duty.title, link(c.duty.id), f"{c.probability:.0%}" if share else "")
        for c in candidates
    )


def _shorten(text: str, longest: int = 60) -> str:
    text = " ".join(text.split())
    return text if len(text) <= longest else text[:longest] + "……"
