"""What is odd in a published list. Findings for its keeper, never failures or corrections."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from corpus.departments import shaped_like_names
from corpus.model import Duty, DutyList, Handling, Owner, Part, Role

_BANNED = re.compile(r"禁止?([烧捕燃放渔钓采伐])")
_DOES = r"(?:组织|实施|开展)[^，；。]{0,4}"
_AGAINST = re.compile(r"禁|查处|制止|防|打击|违法|非法|有序")


@dataclass(frozen=True, slots=True)
class Finding:
    """One oddity: its kind, the duty (None: the list as a whole), a source line, a sentence."""

    kind: str
    duty_id: str | None
    line: int
    message: str


def lint(duty_list: DutyList) -> tuple[Finding, ...]:
    """All findings, in the list's order."""
    findings = [*_spellings(duty_list)]
    for duty in duty_list:
        findings += _unknown_departments(duty, duty_list)
        findings += _outside_column(duty, duty_list)
        findings += _lead(duty)
        findings += _reversed_meaning(duty)
        findings += _gaps(duty)
    return tuple(findings)


def _spellings(duty_list: DutyList) -> Iterator[Finding]:
    """Two department columns that seem to spell one department in two ways."""
    for one, two in combinations(duty_list.department_names, 2):
        short, long = sorted((one, two), key=len)
        if long.startswith(short) or duty_list.canonical(one) == duty_list.canonical(two):
            where = next(d for d in duty_list if any(x.name == long for x in d.departments))
            yield Finding(
                "two-spellings",
                where.id,
                where.source_lines[0],
                f"“{short}”和“{long}”可能是同一个部门的两种写法",
            )


def _unknown_departments(duty: Duty, duty_list: DutyList) -> Iterator[Finding]:
    known = set(duty_list.department_names)
    for clause in duty.clauses:
        for name in shaped_like_names(clause.text):
            if name in known or any(name.startswith(k) or k.endswith(name) for k in known):
                continue
            near = duty_list.canonical(name)
            guess = f"，疑为“{near}”" if near != name else ""
            yield Finding(
                "unknown-department",
                duty.id,
                duty.source_lines[0],
                f"条款中的“{name}”不在任何一项的“对应上级部门”栏{guess}",
            )


def _outside_column(duty: Duty, duty_list: DutyList) -> Iterator[Finding]:
    column = {duty_list.canonical(d.name) for d in duty.departments}
    for clause in duty.clauses:
        outside = [n for n in clause.departments if duty_list.canonical(n) not in column]
        if outside:
            mark = f"第（{clause.number}）条" if clause.number else "条款"
            yield Finding(
                "clause-only-department",
                duty.id,
                duty.source_lines[0],
                f"{mark}提到了“对应上级部门”栏没有列出的{'、'.join(outside)}",
            )


def _lead(duty: Duty) -> Iterator[Finding]:
    roles = [department.role for department in duty.departments]
    if len(roles) > 1 and Role.LEAD not in roles:
        yield Finding(
            "no-lead",
            duty.id,
            duty.source_lines[0],
            f"列了{len(roles)}个部门，没有注明哪个牵头",
        )


def _reversed_meaning(duty: Duty) -> Iterator[Finding]:
    """A clause that organises what the duty's own name bans: almost surely a lost 禁."""
    verbs = set(_BANNED.findall(duty.name))
    for clause in duty.clauses:
        for phrase in re.split(r"[，；。]", clause.text):
            does = any(re.search(_DOES + verb, phrase) for verb in verbs)
            if does and not _AGAINST.search(phrase):
                yield Finding(
                    "reversed-meaning",
                    duty.id,
                    duty.source_lines[0],
                    f"“{phrase}”与事项名称“{duty.title}”意思相反，疑漏“禁”字",
                )


def _gaps(duty: Duty) -> Iterator[Finding]:
    line = duty.source_lines[0]
    if duty.part is Part.JOINT:
        for owner, side in ((Owner.DEPARTMENT, "上级部门职责"), (Owner.TOWNSHIP, "镇配合职责")):
            clauses = duty.clauses_of(owner)
            if not clauses:
                yield Finding("empty-cell", duty.id, line, f"“{side}”一栏是空的")
            elif clauses[0].number is None:
                yield Finding("unnumbered", duty.id, line, f"“{side}”一栏没有编号")
    elif duty.handling is Handling.DEPARTMENT:
        if not duty.departments:
            yield Finding("no-receiver", duty.id, line, "没有写明承接部门")
        elif duty.departments[0].role is Role.LEAD:
            yield Finding(
                "no-receiver", duty.id, line, f"没有“承接部门”“工作方式”两栏，只写了“{duty.method}”"
            )
