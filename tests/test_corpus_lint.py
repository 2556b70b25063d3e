"""The lint: what is really odd in the bundled list, and nothing that is not."""

from __future__ import annotations

import pytest

from corpus.lint import Finding, lint


@pytest.fixture(scope="module")
def findings(heshi) -> tuple[Finding, ...]:
    return lint(heshi)


def _of(findings, kind):
    return [(f.duty_id, f.message) for f in findings if f.kind == kind]


def test_unknown_departments(findings):
    assert _of(findings, "unknown-department") == [
        (
            "joint-106",
            "条款中的“区应急和管理局”不在任何一项的“对应上级部门”栏，疑为“区应急管理局”",
        ),
        (
            "joint-108",
            "条款中的“区科技和工业信息局”不在任何一项的“对应上级部门”栏，疑为“区科技和工业信息化局”",
        ),
    ]


def test_two_spellings_of_one_department(findings):
    (found,) = _of(findings, "two-spellings")
    assert "“区党委政法委”" in found[1] and "“区党委政法委员会”" in found[1]


def test_reversed_meaning_in_joint_78_alone(findings):
    (found,) = _of(findings, "reversed-meaning")
    assert found[0] == "joint-78"
    assert "组织实施秸秆焚烧工作" in found[1]


def test_joint_31_is_clean(findings):
    assert [f for f in findings if f.duty_id == "joint-31"] == []


def test_duties_without_a_lead(findings):
    assert [duty_id for duty_id, _ in _of(findings, "no-lead")] == [
        "joint-8",
        "joint-20",
        "joint-64",
        "reclaimed-12",
        "reclaimed-23",
        "reclaimed-40",
        "reclaimed-68",
        "reclaimed-81",
        "reclaimed-92",
        "reclaimed-108",
    ]
    assert dict(_of(findings, "no-lead"))["joint-20"] == "列了2个部门，没有注明哪个牵头"


def test_clauses_that_name_others(findings):
    found = dict(_of(findings, "clause-only-department"))
    assert set(found) == {"joint-84", "joint-108"}
    assert found["joint-84"].startswith("第（5）条")
    assert found["joint-108"].startswith("第（6）条")


def test_unnumbered_and_receiver_less(findings):
    assert {i for i, _ in _of(findings, "unnumbered")} == {
        f"joint-{n}" for n in (11, 17, 32, 33, 37, 49, 50, 65, 68, 79, 109, 113)
    }
    assert [i for i, _ in _of(findings, "no-receiver")] == ["reclaimed-114"]


def test_every_finding_points_at_its_duty(findings, heshi):
    for finding in findings:
        assert finding.duty_id is not None
        assert finding.line == heshi.duty(finding.duty_id).source_lines[0]


def test_two_spellings_points_at_the_odd_one_out(findings, heshi):
    """The duty named by the finding is one whose column has the longer spelling."""
    (found,) = _of(findings, "two-spellings")
    names = {d.name for d in heshi.duty(found[0]).departments}
    assert "区党委政法委员会" in names
