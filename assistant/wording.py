"""A decision in words. Every sentence is a field of the list or one of the templates below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.model import Candidate, MatterDecision, Option, Outcome, Question
from corpus.model import Duty, DutyList, Handling, Part, Role

HANDLING_NAMES = {
    Handling.TOWNSHIP: "镇独立承担",
    Handling.JOINT: "镇配合办理",
    Handling.DEPARTMENT: "区部门承担（已收回）",
    Handling.CANCELLED: "已取消",
}
PART_NAMES = {
    Part.BASIC: "基本履职事项",
    Part.JOINT: "配合履职事项",
    Part.RECLAIMED: "上级部门收回事项",
}
ROLE_NAMES = {Role.LEAD: "牵头", Role.CO: "参与", Role.SOLE: "负责"}

# Every template, by name. Fields of the list go between the braces.
TEMPLATES = {
    "township": "这件事由{township}负责办理。",
    "joint": "这件事由{department}负责，{township}配合。",
    "joint_lead": "这件事由{lead}牵头负责，{others}参与，{township}配合。",
    "joint_several": "这件事由{departments}按各自职责负责，{township}配合。",
    "matter_department": "您说的这种情况，归{department}管。",
    "department": "这件事由{departments}负责，{township}不再办理。",
    "department_lead": "这件事由{lead}牵头负责，{township}不再办理。",
    "cancelled": "这项工作已经取消，不用再办，也不用再开这样的证明或材料。",
    "cancelled_work": "这项工作已经收回并取消，{township}不再办理。",
    "not_listed": "清单里没有这件事。",
    "not_listed_near": "下面几项字面上最接近，但不是答案：",
    "clarify": "还差一点才能确定，请选一选：",
    "clarify_question": "您说的是下面哪一件？",
    "emergency": "{reason}。",
    "return_to_department": "不得派给{township}：清单已将这件事收回，由{departments}承担。",
    "return_cancelled": "不得派给{township}：清单已将这件事收回并取消。",
    "source": "出自《{township}履职事项清单》{part}“{section}”第{number}项（{edition}）。",
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """A template and the fields that fill it; `text` is what people read."""

    template: str
    fields: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        return TEMPLATES[self.template].format(**dict(self.fields))


def _say(template: str, **fields: str) -> Sentence:
    return Sentence(template, tuple(fields.items()))


def headline(decision: MatterDecision, duty_list: DutyList) -> list[Sentence]:
    """Who answers for the matter, in one or two plain sentences."""
    if decision.duty is not None:
        sentences = [who(decision.duty, duty_list)]
        extra = decision.responsible
        if extra and len(decision.duty.departments) > 1 and extra != decision.duty.lead:
            sentences.append(_say("matter_department", department=extra))
        return sentences
    if decision.question is not None:
        return [_say("clarify")]
    return [_say("not_listed"), _say("not_listed_near")]


def who(duty: Duty, duty_list: DutyList) -> Sentence:
    """Who handles a duty, as the list says it."""
    township = duty_list.township
    names = [department.name for department in duty.departments]
    everyone = "、".join(names)
    if duty.handling is Handling.TOWNSHIP:
        return _say("township", township=township)
    if duty.handling is Handling.CANCELLED:
        if "证明" in duty.name:
            return _say("cancelled")
        return _say("cancelled_work", township=township)
    if duty.handling is Handling.DEPARTMENT:
        if duty.departments and duty.departments[0].role is Role.LEAD:
            return _say("department_lead", lead=names[0], township=township)
        return _say("department", departments=everyone, township=township)
    if len(names) == 1:
        return _say("joint", department=everyone, township=township)
    if duty.lead:
        others = "、".join(name for name in names if name != duty.lead)
        return _say("joint_lead", lead=duty.lead, others=others, township=township)
    return _say("joint_several", departments=everyone, township=township)


def clerk_warning(duty: Duty, duty_list: DutyList) -> Sentence | None:
    """不得派给镇, where the list has taken the duty back."""
    if duty.handling is Handling.CANCELLED:
        return _say("return_cancelled", township=duty_list.township)
    if duty.handling is Handling.DEPARTMENT:
        names = "、".join(department.name for department in duty.departments)
        return _say("return_to_department", township=duty_list.township, departments=names)
    return None


def source_line(duty: Duty, duty_list: DutyList) -> Sentence:
    """Where in the list a duty stands."""
    return _say(
        "source",
        township=duty_list.township,
        part=PART_NAMES[duty.part],
        section=duty.section,
        number=str(duty.number),
        edition=duty_list.edition,
    )


def plain_question(candidates: Sequence[Candidate]) -> Question:
    """The question where none is written for a pair: the duties' own names to choose from."""
    return Question(
        TEMPLATES["clarify_question"],
        tuple(Option(candidate.duty.title, candidate.duty.id) for candidate in candidates),
    )


def clause_heading(decision: MatterDecision, duty_list: DutyList) -> str:
    """Whose clause is quoted, and its number."""
    clause = decision.clause
    if clause is None:
        return ""
    return f"上级部门职责（{clause.number}）" if clause.number else "上级部门职责"


def as_text(decision: MatterDecision, duty_list: DutyList) -> str:
    """A decision as plain lines, for a terminal."""
    lines: list[str] = []
    if decision.divert:
        lines.append(
            f"【{decision.divert.number}】" + _say("emergency", reason=decision.divert.reason).text
        )
    lines += [sentence.text for sentence in headline(decision, duty_list)]
    duty = decision.duty
    if duty is not None:
        lines += _duty_lines(decision, duty, duty_list)
    elif decision.question is not None:
        lines.append(decision.question.text)
        lines += [f"  {n}. {o.text}" for n, o in enumerate(decision.question.options, start=1)]
    else:
        lines += [f"  · {c.duty.title}（{c.duty.id}）" for c in decision.candidates[:3]]
    return "\n".join(lines)


def _duty_lines(decision: MatterDecision, duty: Duty, duty_list: DutyList) -> list[str]:
    lines = [f"〔{HANDLING_NAMES[duty.handling]}〕{duty.title}"]
    if warning := clerk_warning(duty, duty_list):
        lines.append(warning.text)
    if duty.departments:
        lines.append(
            "部门：" + "、".join(f"{d.name}（{ROLE_NAMES[d.role]}）" for d in duty.departments)
        )
    if decision.clause:
        lines.append(f"{clause_heading(decision, duty_list)}：“{decision.clause.text}”")
    elif duty.method and duty.handling is not Handling.CANCELLED:
        lines.append(f"工作方式：“{duty.method}”")
    lines.append(source_line(duty, duty_list).text)
    lines.append(f"把握：{decision.confidence:.0%}")
    others = [c for c in decision.candidates[1:4] if c.probability >= 0.05]
    if decision.outcome in (Outcome.ANSWERED, Outcome.DIVERTED) and others:
        lines.append("也可能是：" + "；".join(f"{c.duty.title}（{c.duty.id}）" for c in others))
    return lines
