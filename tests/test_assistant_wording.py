"""Every sentence shown is a template filled with the list's own words, for all 352 duties."""

from __future__ import annotations

import string

import pytest

from assistant.model import Candidate, Matter, MatterDecision, Outcome, Tier
from assistant.wording import (
    HANDLING_NAMES,
    PART_NAMES,
    TEMPLATES,
    as_text,
    clerk_warning,
    headline,
    source_line,
)
from corpus.model import Handling, Owner, Role


def _answered(duty, responsible=None, clause=None) -> MatterDecision:
    return MatterDecision(
        matter=Matter("问"),
        outcome=Outcome.ANSWERED,
        tier=Tier.REVIEW,
        duty=duty,
        responsible=duty.lead if responsible is None else responsible,
        clause=clause,
        confidence=0.8,
        candidates=(Candidate(duty, 0.8),),
    )


def _sentences(duty, duty_list):
    yield from headline(_answered(duty), duty_list)
    yield source_line(duty, duty_list)
    if (warning := clerk_warning(duty, duty_list)) is not None:
        yield warning


def _holes(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(TEMPLATES[template]) if name}


def test_every_sentence_is_a_template_of_list_fields(heshi):
    count = 0
    for duty in heshi:
        column = {d.name for d in duty.departments}
        for sentence in _sentences(duty, heshi):
            count += 1
            fields = dict(sentence.fields)
            assert sentence.template in TEMPLATES
            assert _holes(sentence.template) <= set(fields), duty.id
            assert sentence.text == TEMPLATES[sentence.template].format(**fields)
            assert "{" not in sentence.text
            for name, value in fields.items():
                assert value, (duty.id, name)
                if name == "township":
                    assert value == heshi.township == "河市镇"
                elif name in ("department", "lead"):
                    assert value in column, duty.id
                elif name in ("departments", "others"):
                    assert set(value.split("、")) <= column, duty.id
                elif name == "section":
                    assert value in {s.name for s in heshi.sections}
                    assert value == duty.section
                elif name == "number":
                    assert value == str(duty.number)
                elif name == "edition":
                    assert value == heshi.edition
                elif name == "part":
                    assert value == PART_NAMES[duty.part]
                else:
                    raise AssertionError(f"unexpected field {name}")
    assert count == 352 * 2 + 124


def test_every_department_of_the_column_is_named_once(heshi):
    for duty in heshi:
        if duty.handling is Handling.DEPARTMENT or duty.handling is Handling.JOINT:
            text = headline(_answered(duty), heshi)[0].text
            assert all(d.name in text for d in duty.departments), duty.id


def test_exactly_the_taken_back_duties_are_not_for_the_township(heshi):
    for duty in heshi:
        warning = clerk_warning(duty, heshi)
        if duty.handling in (Handling.TOWNSHIP, Handling.JOINT):
            assert warning is None
        else:
            assert warning.text.startswith("不得派给河市镇")
            assert all(d.name in warning.text for d in duty.departments)


@pytest.mark.parametrize(
    ("duty_id", "text"),
    [
        ("basic-1", "这件事由河市镇负责办理。"),
        ("joint-1", "这件事由区纪委监工委机关负责，河市镇配合。"),
        ("joint-78", "这件事由岳阳市生态环境局屈原分局牵头负责，区农业农村局参与，河市镇配合。"),
        ("reclaimed-1", "这项工作已经收回并取消，河市镇不再办理。"),
        ("reclaimed-3", "这件事由区农业农村局负责，河市镇不再办理。"),
        ("reclaimed-114", "这件事由区应急管理局牵头负责，河市镇不再办理。"),
    ],
)
def test_headlines(heshi, duty_id, text):
    duty = heshi.duty(duty_id)
    expected = (
        text if duty_id != "joint-1" else text.replace("区纪委监工委机关", duty.departments[0].name)
    )
    (sentence,) = headline(_answered(duty), heshi)
    assert sentence.text == expected


def test_no_lead_is_invented(heshi):
    for duty in heshi:
        several = len(duty.departments) > 1
        if several and duty.handling is Handling.JOINT and duty.lead is None:
            (sentence,) = headline(_answered(duty), heshi)
            assert sentence.template == "joint_several" and "牵头" not in sentence.text
        if all(d.role is not Role.LEAD for d in duty.departments):
            assert "牵头" not in headline(_answered(duty), heshi)[0].text


def test_responsible_from_a_clause_is_added_only_where_it_differs(heshi):
    duty = heshi.duty("joint-31")
    assert len(headline(_answered(duty), heshi)) == 1
    first, second = headline(_answered(duty, "区民政局"), heshi)
    assert second.text == "您说的这种情况，归区民政局管。"


def test_source_line(heshi):
    assert source_line(heshi.duty("joint-84"), heshi).text == (
        f"出自《河市镇履职事项清单》配合履职事项“城乡建设”第84项（{heshi.edition}）。"
    )


def test_terminal_text_quotes_the_list(heshi):
    for duty in heshi:
        clause = next(iter(duty.clauses_of(Owner.DEPARTMENT)), None)
        text = as_text(_answered(duty, clause=clause), heshi)
        assert duty.title in text and HANDLING_NAMES[duty.handling] in text
        assert clause is None or f"“{clause.text}”" in text
        assert "None" not in text


def test_departments_an_answer_shows_are_the_lists(assistant, heshi):
    from assistant.model import Message

    named = {d.name for d in heshi_all(heshi)} | {
        heshi.canonical(n) for d in heshi for c in d.clauses for n in c.departments
    }
    decisions = assistant.decide_many([Message(d.title) for d in heshi])
    for decision in decisions:
        main = decision.main
        assert main.responsible is None or main.responsible in named
        if main.duty is not None:
            clause_names = {heshi.canonical(n) for c in main.duty.clauses for n in c.departments}
            column = {d.name for d in main.duty.departments}
            assert main.responsible is None or main.responsible in column | clause_names
            assert main.clause is None or main.clause in main.duty.clauses


def heshi_all(duty_list):
    return (department for duty in duty_list for department in duty.departments)
