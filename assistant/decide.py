"""Ranked duties -> answered, clarify or not listed; and how much a clerk must look at it."""

from __future__ import annotations

from assistant.clarify import Questions
from assistant.model import Candidate, Divert, Matter, MatterDecision, Outcome, Question, Tier
from assistant.ranking import Calibration, Ranked
from assistant.wording import plain_question
from corpus.model import Clause, Duty, DutyList

CANDIDATES = 10


def outcome_of(ranked: Ranked, calibration: Calibration) -> Outcome:
    """Say so when not listed; answer when sure enough; else ask."""
    best = float(ranked.probabilities[0])
    if ranked.listed < calibration.listed_at:
        return Outcome.NOT_LISTED
    if best >= calibration.answer_at:
        return Outcome.ANSWERED
    return Outcome.CLARIFY


def tier_of(outcome: Outcome, confidence: float, calibration: Calibration) -> Tier:
    """Only an answer can be dispatched unseen; what was asked back needs a person."""
    if outcome is Outcome.ANSWERED and confidence >= calibration.auto_at:
        return Tier.AUTO
    if outcome in (Outcome.ANSWERED, Outcome.NOT_LISTED) and confidence >= calibration.review_at:
        return Tier.REVIEW
    return Tier.MANUAL


def decide(
    matter: Matter,
    ranked: Ranked,
    duty_list: DutyList,
    calibration: Calibration,
    questions: Questions,
    divert: Divert | None,
    clause: Clause | None,
    responsible: str | None,
) -> MatterDecision:
    """The decision for one matter. `clause` and `responsible` belong to the best duty."""
    candidates = tuple(
        Candidate(duty_list.duty(duty_id), round(float(p), 6))
        for duty_id, p in zip(
            ranked.duty_ids[:CANDIDATES], ranked.probabilities[:CANDIDATES], strict=True
        )
    )
    question = questions.between(ranked.duty_ids)
    outcome = outcome_of(ranked, calibration)
    answered = outcome is Outcome.ANSWERED
    confidence = 1 - ranked.listed if outcome is Outcome.NOT_LISTED else candidates[0].probability
    tier = tier_of(outcome, confidence, calibration)
    if divert is not None:
        # A life comes before a dispatch: a person must see it, whatever the ranking says.
        tier = Tier.MANUAL
    duty: Duty | None = candidates[0].duty if answered else None
    return MatterDecision(
        matter=matter,
        outcome=Outcome.DIVERTED if divert else outcome,
        tier=tier,
        duty=duty,
        responsible=responsible if answered else None,
        clause=clause if answered else None,
        confidence=round(confidence, 6),
        candidates=candidates,
        divert=divert,
        question=_question(question, candidates) if outcome is Outcome.CLARIFY else None,
    )


def _question(question: Question | None, candidates: tuple[Candidate, ...]) -> Question:
    """The written question for the pair, else the plain one: which of these do you mean?"""
    if question is not None:
        return question
    return plain_question(candidates[:3])
