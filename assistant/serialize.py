"""Decisions and duties as JSON values: the one shape that the CLI, tickets and the API share."""

from __future__ import annotations

from typing import Any

from assistant.model import Decision, MatterDecision
from corpus.model import Clause, Duty, DutyList, Owner


def decision_json(decision: Decision) -> dict[str, Any]:
    """A decision: the main matter's fields at the top, every matter under `matters`."""
    return {
        **matter_json(decision.main),
        "matters": [
            {"text": matter.matter.text, **matter_json(matter)} for matter in decision.matters
        ],
        "list": {"slug": decision.list_slug, "edition": decision.list_edition},
    }


def matter_json(decision: MatterDecision) -> dict[str, Any]:
    """The decision for one matter."""
    return {
        "outcome": decision.outcome.value,
        "tier": decision.tier.value,
        "duty": decision.duty.id if decision.duty else None,
        "handling": decision.handling.value if decision.handling else None,
        "lead": decision.lead,
        "responsible": decision.responsible,
        "departments": [{"name": d.name, "role": d.role.value} for d in decision.departments],
        "clause": clause_json(decision.clause),
        "confidence": decision.confidence,
        "candidates": [
            {
                "duty": {"id": c.duty.id, "name": c.duty.name, "section": c.duty.section},
                "handling": c.duty.handling.value,
                "probability": c.probability,
            }
            for c in decision.candidates
        ],
        "divert": decision.divert
        and {"number": decision.divert.number, "reason": decision.divert.reason},
        "question": decision.question
        and {
            "text": decision.question.text,
            "options": [{"text": o.text, "duty": o.duty_id} for o in decision.question.options],
        },
    }


def clause_json(clause: Clause | None) -> dict[str, Any] | None:
    if clause is None:
        return None
    return {"owner": clause.owner.value, "number": clause.number, "text": clause.text}


def duty_json(duty: Duty, duty_list: DutyList) -> dict[str, Any]:
    """A duty with everything the list says of it."""
    return {
        "id": duty.id,
        "list": duty_list.slug,
        "section": duty.section,
        "number": duty.number,
        "name": duty.name,
        "handling": duty.handling.value,
        "departments": [{"name": d.name, "role": d.role.value} for d in duty.departments],
        "department_clauses": _clauses(duty, Owner.DEPARTMENT),
        "township_clauses": _clauses(duty, Owner.TOWNSHIP),
        "method": duty.method,
    }


def _clauses(duty: Duty, owner: Owner) -> list[dict[str, Any]]:
    return [{"number": c.number, "text": c.text} for c in duty.clauses_of(owner)]
