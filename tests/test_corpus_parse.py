"""The parser: nothing lost, nothing invented, and bad input refused with file and line."""

from __future__ import annotations

import json
from collections import Counter, defaultdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.errors import ListError
from corpus.model import Handling, Owner, Part, Role
from corpus.parse import Parsed, parse_bytes, parse_text
from corpus.store import LISTS, load_list, parse_folder

ABOUT = json.loads((LISTS / "heshi" / "list.json").read_bytes())
SOURCE = (LISTS / "heshi" / "source.txt").read_text("utf-8-sig")
LINES = SOURCE.split("\n")


@pytest.fixture(scope="module")
def parsed() -> Parsed:
    return parse_text(SOURCE, "source.txt", ABOUT["aliases"])


@pytest.fixture(scope="module")
def by_id(parsed):
    return {duty.id: duty for duty in parsed.duties}


# Counts


def test_numbers_of_duties(parsed):
    assert Counter(d.part for d in parsed.duties) == {
        Part.BASIC: 115,
        Part.JOINT: 113,
        Part.RECLAIMED: 124,
    }
    assert Counter(d.handling for d in parsed.duties) == {
        Handling.TOWNSHIP: 115,
        Handling.JOINT: 113,
        Handling.DEPARTMENT: 90,
        Handling.CANCELLED: 34,
    }
    assert len({d.id for d in parsed.duties}) == 352


def test_numbers_of_clauses(parsed):
    owners = Counter(c.owner for d in parsed.duties for c in d.clauses)
    assert owners == {Owner.DEPARTMENT: 354, Owner.TOWNSHIP: 319}
    assert all(not d.clauses for d in parsed.duties if d.part is not Part.JOINT)


def test_numbers_run_through_each_part(parsed):
    for part, last in ((Part.BASIC, 115), (Part.JOINT, 113), (Part.RECLAIMED, 124)):
        duties = [d for d in parsed.duties if d.part is part]
        assert [d.number for d in duties] == list(range(1, last + 1))
        assert [d.id for d in duties] == [f"{part}-{n}" for n in range(1, last + 1)]


def test_sections_hold_what_their_headings_state(parsed):
    held = Counter((d.part, d.section) for d in parsed.duties)
    stated = {(s.part, s.name): s.count for s in parsed.sections}
    assert held == stated
    assert Counter(s.part for s in parsed.sections)[Part.BASIC] == 19
    assert Counter(s.part for s in parsed.sections)[Part.JOINT] == 18
    first = parsed.sections[0]
    assert (first.ordinal, first.name, first.count) == (1, "党的建设", 24)


# Nothing lost


def _visible(text: str) -> list[int]:
    return [i for i, character in enumerate(text) if not character.isspace()]


def assert_lossless(source: str, parsed: Parsed) -> None:
    """Each non-blank character is claimed once, and each field is what its pieces say."""
    lines = source.split("\n")
    claims: dict[int, Counter[int]] = defaultdict(Counter)
    fields: dict[str, str] = defaultdict(str)
    for piece in parsed.ledger.pieces:
        claims[piece.line].update(range(piece.start, piece.end))
        fields[piece.field] += lines[piece.line - 1][piece.start : piece.end]
    for number, line in enumerate(lines, start=1):
        for column in _visible(line):
            assert claims[number][column] == 1, (number, column, line)
        assert all(count == 1 for count in claims[number].values()), number
        assert all(column < len(line) for column in claims[number]), number
    shown: set[str] = {"furniture"}
    for duty in parsed.duties:
        expected = {f"{duty.id}/number": str(duty.number), f"{duty.id}/name": duty.name}
        if duty.part is Part.JOINT:
            expected[f"{duty.id}/department"] = "".join(d.name for d in duty.departments)
            leads = sum(d.role is Role.LEAD for d in duty.departments)
            if leads:
                expected[f"{duty.id}/lead"] = "（牵头）" * leads
            for owner in Owner:
                marks = ""
                for clause in duty.clauses_of(owner):
                    expected[f"{duty.id}/{owner}/{clause.number or 'text'}"] = clause.text
                    marks += f"（{clause.number}）" if clause.number else ""
                if marks:
                    expected[f"{duty.id}/{owner}/mark"] = marks
        elif duty.part is Part.RECLAIMED:
            expected[f"{duty.id}/method"] = duty.method
            # A lead in this part comes from the method's own words: there was no column.
            if any(d.role is not Role.LEAD for d in duty.departments):
                expected[f"{duty.id}/receivers"] = "、".join(d.name for d in duty.departments)
        for name, text in expected.items():
            assert fields[name] == text, name
        shown |= expected.keys()
    assert set(fields) == shown


def test_every_character_is_claimed_once_and_fields_are_their_pieces(parsed):
    assert_lossless(SOURCE, parsed)


def test_furniture_holds_no_content(parsed):
    """Only titles, headings, table heads, page numbers and the two labels may be dropped."""
    texts = {
        LINES[p.line - 1][p.start : p.end] for p in parsed.ledger.pieces if p.field == "furniture"
    }
    odd = [
        t
        for t in texts
        if not (t.startswith("序号 事项名称") or t.endswith(("项）", "事项清单")))
        and not (t.startswith("第") and t.endswith("页"))
        and t not in ("承接部门：", "工作方式：", "工作方法：")
    ]
    assert odd == []


def test_source_lines_enclose_each_duty(parsed):
    pieces = defaultdict(list)
    for piece in parsed.ledger.pieces:
        pieces[piece.field.partition("/")[0]].append(piece.line)
    for duty in parsed.duties:
        first, last = duty.source_lines
        assert first == min(pieces[duty.id]) and max(pieces[duty.id]) <= last
    spans = [d.source_lines for d in parsed.duties]
    assert all(a[1] < b[0] for a, b in zip(spans, spans[1:], strict=False))


def test_no_text_keeps_layout(parsed):
    for duty in parsed.duties:
        for text in (duty.name, duty.method, *(c.text for c in duty.clauses)):
            assert "\n" not in text and text == text.strip()
            assert "（牵头）" not in text and "承接部门：" not in text and "工作方式：" not in text
        assert duty.name.endswith("。"), duty.id


# Rows that are hard


def test_joint_31_keeps_two_counts_apart(by_id):
    duty = by_id["joint-31"]
    assert [c.number for c in duty.clauses_of(Owner.DEPARTMENT)] == list(range(1, 12))
    assert [c.number for c in duty.clauses_of(Owner.TOWNSHIP)] == list(range(1, 6))
    assert duty.clauses_of(Owner.TOWNSHIP)[4].text == "调处禁捕退捕纠纷和信访问题。"
    assert duty.lead == "区农业农村局" and len(duty.departments) == 11


def test_clauses_count_up_in_every_numbered_cell(parsed):
    for duty in parsed.duties:
        for owner in Owner:
            numbers = [c.number for c in duty.clauses_of(owner)]
            assert numbers in ([], [None], list(range(1, len(numbers) + 1))), duty.id


def test_unnumbered_cells(parsed):
    found = [d.number for d in parsed.duties if any(c.number is None for c in d.clauses)]
    assert found == [11, 17, 32, 33, 37, 49, 50, 65, 68, 79, 109, 113]


def test_both_cells_of_joint_11(by_id):
    department, *township = by_id["joint-11"].clauses
    assert department.number is None
    assert department.text == "做好选调生、挂职锻炼人员的安排建议、培养、保障服务、考核等工作。"
    assert [c.number for c in township] == [1, 2, 3]
    assert by_id["joint-11"].departments[0].role is Role.SOLE


def test_several_departments_and_no_lead(parsed):
    found = [
        d.id
        for d in parsed.duties
        if d.part is Part.JOINT and len(d.departments) > 1 and d.lead is None
    ]
    assert found == ["joint-8", "joint-20", "joint-64"]


def test_at_most_one_lead(parsed):
    for duty in parsed.duties:
        roles = Counter(d.role for d in duty.departments)
        assert roles[Role.LEAD] + roles[Role.SOLE] <= 1, duty.id
        assert not (roles[Role.SOLE] and len(duty.departments) > 1)


def test_every_joint_duty_has_a_department_and_both_cells(parsed):
    for duty in parsed.duties:
        if duty.part is Part.JOINT:
            assert duty.departments, duty.id
            assert duty.clauses_of(Owner.DEPARTMENT) and duty.clauses_of(Owner.TOWNSHIP), duty.id


@pytest.mark.parametrize(
    ("duty_id", "number", "outside"),
    [
        ("joint-84", 5, {"区财政局", "区民政局", "区教育体育局", "区文化旅游广电局"}),
        ("joint-108", 6, {"区科技和工业信息局", "区财政局", "区交通运输局"}),
    ],
)
def test_clauses_that_name_departments_outside_the_column(by_id, duty_id, number, outside):
    duty = by_id[duty_id]
    clause = duty.clauses_of(Owner.DEPARTMENT)[number - 1]
    assert clause.number == number
    assert outside <= set(clause.departments) - {d.name for d in duty.departments}


def test_joint_84_names_all_ten(by_id):
    assert by_id["joint-84"].clauses[4].departments == (
        "区市场监督管理局",
        "区教育体育局",
        "区公安局",
        "区科技和工业信息化局",
        "区文化旅游广电局",
        "区卫生健康局",
        "区应急管理局",
        "区城市管理和综合执法局",
        "区财政局",
        "区民政局",
    )


def test_clause_departments_stand_in_the_clause(parsed):
    for duty in parsed.duties:
        for clause in duty.clauses:
            places = [clause.text.index(name) for name in clause.departments]
            assert places == sorted(places), duty.id


def test_reclaimed_114_has_a_lead_but_no_columns(by_id):
    duty = by_id["reclaimed-114"]
    assert duty.name == "负责对辖区内非法生产、储存、经营等违法行为的执法。"
    assert [(d.name, d.role) for d in duty.departments] == [("区应急管理局", Role.LEAD)]
    assert duty.method == "区应急管理局牵头其他负有安全生产监管监察职责的部门。"
    assert duty.handling is Handling.DEPARTMENT


def test_reclaimed_55(by_id):
    duty = by_id["reclaimed-55"]
    assert [(d.name, d.role) for d in duty.departments] == [("区自然资源局", Role.SOLE)]
    assert duty.method == "规划设计全区绿化范围科学进行造林、补植。"
    assert duty.name == "代为恢复植被和林业生产条件或代为补种树木。"


def test_cancelled_duties_name_nobody(parsed):
    for duty in parsed.duties:
        if duty.handling is Handling.CANCELLED:
            assert duty.departments == () and duty.method == "收回并取消。"
        elif duty.part is Part.RECLAIMED:
            assert duty.departments and "收回并取消" not in duty.method


def test_stored_duties_equal_a_fresh_parse(heshi_folder):
    fresh, stored = parse_folder(heshi_folder), load_list(heshi_folder)
    assert stored == fresh
    assert stored.fingerprint == fresh.fingerprint


# Bad input


def _refused(source: str | bytes) -> ListError:
    data = source if isinstance(source, bytes) else source.encode()
    with pytest.raises(ListError) as caught:
        parse_bytes(data, "坏.txt")
    error = caught.value
    assert error.source == "坏.txt" and str(error).startswith("坏.txt")
    assert error.problem and error.problem in str(error)
    if error.line:
        assert f"第{error.line}行" in str(error)
        assert error.line <= data.count(b"\n") + 1
    return error


@pytest.mark.parametrize("source", ["", "\n\n  \n", "\ufeff"])
def test_empty(source):
    error = _refused(source)
    assert "空" in error.problem and error.line == 1


def test_not_a_list():
    error = _refused("\n岳阳市人民政府公报\n第三期\n")
    assert error.line == 2
    assert "基本履职事项清单" in error.problem and "岳阳市人民政府公报" in error.problem


@pytest.mark.parametrize("title", ["配合履职事项清单", "上级部门收回事项清单"])
def test_missing_part(title):
    error = _refused(SOURCE.replace(title, "", 1))
    # Without its title the next part's items go on in the part before, or none is found.
    assert error.line > 0 and error.problem


def test_cut_after_the_first_part():
    kept = SOURCE[: SOURCE.index("配合履职事项清单")]
    error = _refused(kept)
    assert "配合履职事项清单" in error.problem
    assert error.line == len(kept.rstrip().split("\n"))


def test_part_without_content():
    error = _refused("基本履职事项清单\n配合履职事项清单\n上级部门收回事项清单\n")
    assert "基本履职事项清单" in error.problem and "没有内容" in error.problem


def test_wrong_section_count():
    error = _refused(SOURCE.replace("二、经济发展（6项）", "二、经济发展（7项）", 1))
    assert error.line == 77
    assert "7项" in error.problem and "6项" in error.problem and "经济发展" in error.problem


def test_jumping_number():
    error = _refused(SOURCE.replace("\n5 加强党员", "\n6 加强党员", 1))
    assert LINES[error.line - 1].startswith("5 加强党员")
    assert "第5项" in error.problem and "第6项" in error.problem


def test_jumping_clause_number():
    error = _refused(SOURCE.replace("（2）负责统筹纪检", "（7）负责统筹纪检", 1))
    assert LINES[error.line - 1].startswith("（2）负责统筹纪检")
    assert "joint-1" in error.problem and "（7）" in error.problem and "（2）" in error.problem


def test_undecodable_bytes():
    data = SOURCE.encode()
    at = data.index("二、经济发展".encode())
    error = _refused(data[:at] + b"\xff\xfe" + data[at:])
    assert error.line == 77 and "UTF-8" in error.problem
    assert "UTF-8" in _refused("基本履职事项清单\n一、党的建设（24项）".encode("gb18030")).problem


@pytest.mark.parametrize("title", ["基本履职事项清单", "配合履职事项清单", "上级部门收回事项清单"])
def test_duplicated_part(title):
    error = _refused(f"{SOURCE}\n{title}\n")
    assert error.line == len(LINES) + 1
    assert title in error.problem and "第二次" in error.problem


def test_last_item_cut_short():
    error = _refused(SOURCE.rstrip().removesuffix("。"))
    assert "第124项" in error.problem and "句号" in error.problem


def test_item_before_any_heading():
    assert "分类标题" in _refused(SOURCE.replace("一、党的建设（24项）", "", 1)).problem


# Another township's list

MINIATURE = """\ufeff基本履职事项清单
序号 事项名称
一、党的建设（2项）
1 加强党员队伍建设。
2 做好清廉
村居建设；建好3个阵地。
第1页
二、民生服务（1项）
3
发放80-89岁高龄补贴。
配合履职事项清单
序号 事项名称 对应上级部门 上级部门职责 乡配合职责
一、生态环保（2项）
1
开展河道保洁工
作。
县水利局（牵头）
市生态环境局青
山分局
（1）县水利局负责制定河道保洁的年度工作方案；
（2）市生态环境局青山分局负责监测水质并
第2页
序号 事项名称 对应上级部门 上级部门职责 乡配合职责
（1）打捞水面漂浮物；
（2）劝阻向河道倾倒垃圾。
及时通报结果。
2
负责献血宣传。
县卫生健康局
（1）组织献血。
（1）动员群众；
（2）报送人数。
上级部门收回事项清单
序号 事项名称 承接部门及工作方式
一、综合政务（3项）
1 开具婚育证明。 收回并取消。
2 负责水库大坝安全
鉴定。
承接部门：县水利局、
县应急管理局
工作方式：委托有资质的
单位鉴定。
3 推广应用程序。 收回并取消。
"""


def test_another_township_in_the_same_layout():
    parsed = parse_bytes(MINIATURE.encode(), "qingshan.txt")
    assert_lossless(MINIATURE.removeprefix("\ufeff"), parsed)
    duties = {d.id: d for d in parsed.duties}
    assert [(s.part.value, s.name, s.count) for s in parsed.sections] == [
        ("basic", "党的建设", 2),
        ("basic", "民生服务", 1),
        ("joint", "生态环保", 2),
        ("reclaimed", "综合政务", 3),
    ]
    assert duties["basic-2"].name == "做好清廉村居建设；建好3个阵地。"
    assert duties["basic-3"].name == "发放80-89岁高龄补贴。"
    assert duties["basic-3"].section == "民生服务"
    river = duties["joint-1"]
    assert river.name == "开展河道保洁工作。"
    assert [(d.name, d.role.value) for d in river.departments] == [
        ("县水利局", "lead"),
        ("市生态环境局青山分局", "co"),
    ]
    assert [(c.owner.value, c.number, c.text) for c in river.clauses] == [
        ("department", 1, "县水利局负责制定河道保洁的年度工作方案；"),
        ("department", 2, "市生态环境局青山分局负责监测水质并及时通报结果。"),
        ("township", 1, "打捞水面漂浮物；"),
        ("township", 2, "劝阻向河道倾倒垃圾。"),
    ]
    assert river.clauses[1].departments == ("市生态环境局青山分局",)
    assert [(d.name, d.role.value) for d in duties["joint-2"].departments] == [
        ("县卫生健康局", "sole")
    ]
    assert duties["reclaimed-1"].handling is Handling.CANCELLED
    dam = duties["reclaimed-2"]
    assert dam.handling is Handling.DEPARTMENT
    assert [d.name for d in dam.departments] == ["县水利局", "县应急管理局"]
    assert dam.method == "委托有资质的单位鉴定。"


def test_windows_line_ends_change_nothing(parsed):
    again = parse_bytes(SOURCE.replace("\n", "\r\n").encode(), "source.txt", ABOUT["aliases"])
    assert again.duties == parsed.duties


# Any damage: parsed, or refused as a ListError

_EDITS = st.lists(
    st.tuples(
        st.sampled_from(["delete", "swap", "double", "cut"]),
        st.integers(0, len(LINES) - 1),
        st.integers(0, len(LINES) - 1),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(edits=_EDITS)
def test_damaged_source_is_parsed_or_refused(edits):
    lines = list(LINES)
    for kind, one, other in edits:
        one, other = one % len(lines), other % len(lines)
        if kind == "delete":
            del lines[one]
        elif kind == "swap":
            lines[one], lines[other] = lines[other], lines[one]
        elif kind == "double":
            lines.insert(other, lines[one])
        else:
            lines[one] = lines[one][: len(lines[one]) // 2]
    _parses_or_refuses("\n".join(lines))


_MINI = MINIATURE.removeprefix("\ufeff").split("\n")


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    edits=st.lists(
        st.tuples(
            st.sampled_from(["delete", "swap", "double", "cut"]),
            st.integers(0, len(_MINI) - 1),
            st.integers(0, len(_MINI) - 1),
        ),
        max_size=8,
    )
)
def test_damaged_miniature_is_parsed_or_refused(edits):
    lines = list(_MINI)
    for kind, one, other in edits:
        one, other = one % len(lines), other % len(lines)
        if kind == "delete":
            del lines[one]
        elif kind == "swap":
            lines[one], lines[other] = lines[other], lines[one]
        elif kind == "double":
            lines.insert(other, lines[one])
        else:
            lines[one] = lines[one][: len(lines[one]) // 2]
    _parses_or_refuses("\n".join(lines))


def _parses_or_refuses(source: str) -> None:
    try:
        parsed = parse_text(source, "source.txt", ABOUT["aliases"])
    except ListError as error:
        assert error.source == "source.txt"
        assert 0 <= error.line <= source.count("\n") + 1
        return
    claimed = Counter((p.line, c) for p in parsed.ledger.pieces for c in range(p.start, p.end))
    assert max(claimed.values(), default=1) == 1
    for number, line in enumerate(source.split("\n"), start=1):
        assert all(claimed[number, column] == 1 for column in _visible(line)), number


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_refused(data):
    with pytest.raises(ListError):
        parse_bytes(data)
