"""Published text -> DutyList. Pure; every non-blank character of the source is accounted for.

The layout: three titled parts, each with section headings that state how many items they hold.
Items are numbered through within a part. No rule here knows a particular item.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from corpus.departments import named_in
from corpus.errors import ListError
from corpus.joint import JointRow
from corpus.model import (
    Clause,
    DepartmentRole,
    Duty,
    Handling,
    Part,
    Role,
    Section,
)
from corpus.source import (
    FURNITURE,
    PART_TITLES,
    Field,
    Ledger,
    Line,
    SectionHeading,
    decode,
    is_page_furniture,
    part_of_title,
    read_lines,
    section_heading,
)

_ITEM = re.compile(r"(\d+)(?: |$)")
# A number glued to its name: only where an item is due, and never "2.", "24小时" or "80-89岁".
_GLUED_ITEM = re.compile(r"(\d+)(?=[一-鿿“《])(?![年月日岁小个项万元时])")
_RECEIVER = "承接部门："
_METHOD = re.compile(r"工作方[式法]：")
CANCELLED = "收回并取消。"


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a published text says, and the ledger that proves nothing was lost."""

    sections: tuple[Section, ...]
    duties: tuple[Duty, ...]
    ledger: Ledger


def parse_bytes(data: bytes, source: str = "source.txt", aliases: Mapping[str, str] = {}) -> Parsed:
    """Parse a published list's bytes. ListError names the file, the line and what was expected."""
    return parse_text(decode(data, source), source, aliases)


def parse_text(text: str, source: str = "source.txt", aliases: Mapping[str, str] = {}) -> Parsed:
    """Parse a published list. `aliases` maps department spellings found in clauses only."""
    parts, ledger = _split_parts(read_lines(text), source)
    sections: list[Section] = []
    duties: list[Duty] = []
    for part in Part:
        reader = _PartReader(part, source, ledger, parts[part])
        reader.read()
        sections += reader.sections
        duties += reader.duties
    return Parsed(tuple(sections), _with_clause_departments(duties, aliases), ledger)


def _split_parts(lines: list[Line], source: str) -> tuple[dict[Part, list[Line]], Ledger]:
    ledger = Ledger()
    parts: dict[Part, list[Line]] = {}
    current: list[Line] | None = None
    for line in lines:
        if part := part_of_title(line):
            if part in parts:
                raise ListError(source, line.number, f"“{line.text}”第二次出现")
            ledger.claim(line, 0, len(line.text), FURNITURE)
            current = parts.setdefault(part, [])
        elif current is None:
            raise ListError(
                source,
                line.number,
                f"不像履职事项清单：开头应是“{PART_TITLES[Part.BASIC]}”，实际是“{line.text[:20]}”",
            )
        elif is_page_furniture(line):
            ledger.claim(line, 0, len(line.text), FURNITURE)
        else:
            current.append(line)
    if not lines:
        raise ListError(source, 1, "文件是空的")
    for part, title in PART_TITLES.items():
        if part not in parts:
            raise ListError(source, lines[-1].number, f"读到文件末尾也没有找到“{title}”")
    return parts, ledger


@dataclass(slots=True)
class _PlainRow:
    """A row of the basic or the reclaimed part: a name, then perhaps receivers and a method."""

    source: str
    id: str
    ledger: Ledger
    name: Field = field(init=False)
    receivers: Field = field(init=False)
    method: Field = field(init=False)
    has_method: bool = False

    def __post_init__(self) -> None:
        self.name = Field(f"{self.id}/name", self.ledger)
        self.receivers = Field(f"{self.id}/receivers", self.ledger)
        self.method = Field(f"{self.id}/method", self.ledger)

    @property
    def closed(self) -> bool:
        if self.has_method:
            return self.method.closed
        return self.name.closed and not self.receivers.value

    def feed(self, line: Line, start: int, rest: list[Line]) -> None:
        if self.id.startswith(Part.BASIC):
            self.name.take(line, start)
        elif not self.name.closed:
            self._feed_name(line, start)
        else:
            self._feed_method(line, start)

    def _feed_name(self, line: Line, start: int) -> None:
        end = line.text.find("。", start)
        if end < 0:
            self.name.take(line, start)
            return
        self.name.take(line, start, end + 1)
        if line.text[end + 1 :].strip():
            self._feed_method(line, end + 1)

    def _feed_method(self, line: Line, start: int) -> None:
        text = line.text[start:].lstrip()
        start = len(line.text) - len(text)
        if self.has_method:
            self.method.take(line, start)
        elif text.startswith(_RECEIVER):
            self.ledger.claim(line, start, start + len(_RECEIVER), FURNITURE)
            self.receivers.take(line, start + len(_RECEIVER))
        elif match := _METHOD.match(text):
            self.ledger.claim(line, start, start + match.end(), FURNITURE)
            self.has_method = True
            self.method.take(line, start + match.end())
        elif self.receivers.value:
            self.receivers.take(line, start)
        else:  # neither label: 收回并取消, or one sentence that says who does it
            self.has_method = True
            self.method.take(line, start)


@dataclass(slots=True)
class _PartReader:
    part: Part
    source: str
    ledger: Ledger
    lines: list[Line]
    sections: list[Section] = field(default_factory=list)
    duties: list[Duty] = field(default_factory=list)
    heading: SectionHeading | None = None
    row: JointRow | _PlainRow | None = None
    number: int = 0
    in_section: int = 0
    first_line: int = 0
    last_line: int = 0

    def read(self) -> None:
        if not self.lines:
            raise ListError(self.source, 0, f"“{PART_TITLES[self.part]}”下面没有内容")
        for index, line in enumerate(self.lines):
            if heading := section_heading(line):
                self._close_section(line.number)
                self.ledger.claim(line, 0, len(line.text), FURNITURE)
                self.heading = heading
                self.sections.append(
                    Section(self.part, len(self.sections) + 1, heading.name, heading.count)
                )
                continue
            self._read_line(line, self.lines[index + 1 :])
            self.last_line = line.number
        self._close_section(self.lines[-1].number)

    def _read_line(self, line: Line, rest: list[Line]) -> None:
        start = self._item_start(line)
        if start:
            self._close_row(line.number)
            self._open_row(line, start)
            if line.text[start:].strip():
                self._row().feed(line, _skip_blanks(line.text, start), rest)
        elif self.row is None:
            raise ListError(
                self.source,
                line.number,
                f"这里应是分类标题或第{self.number + 1}项，实际是“{line.text[:20]}”",
            )
        else:
            self.row.feed(line, 0, rest)

    def _item_start(self, line: Line) -> int:
        """Where the text of a new item begins on this line, or 0 if the line begins none."""
        due = self.row is None or self.row.closed
        match = _ITEM.match(line.text) or (_GLUED_ITEM.match(line.text) if due else None)
        if match is None or not due:
            return 0
        if int(match[1]) != self.number + 1:
            raise ListError(
                self.source,
                line.number,
                f"编号不连续：{self._part_name()}应是第{self.number + 1}项，实际是第{match[1]}项",
            )
        return match.end(1)

    def _open_row(self, line: Line, start: int) -> None:
        if self.heading is None:
            raise ListError(
                self.source, line.number, "第一项之前应有分类标题，如“一、党的建设（24项）”"
            )
        self.number += 1
        self.in_section += 1
        row_id = f"{self.part}-{self.number}"
        self.ledger.claim(line, 0, start, f"{row_id}/number")
        kind = JointRow if self.part is Part.JOINT else _PlainRow
        self.row = kind(self.source, row_id, self.ledger)
        self.first_line = line.number

    def _row(self) -> JointRow | _PlainRow:
        assert self.row is not None
        return self.row

    def _close_section(self, line: int) -> None:
        self._close_row(line)
        if self.heading and self.in_section != self.heading.count:
            raise ListError(
                self.source,
                self.heading.line,
                f"{self._part_name()}“{self.heading.name}”标明{self.heading.count}项，"
                f"实际读到{self.in_section}项",
            )
        self.in_section = 0

    def _close_row(self, line: int) -> None:
        if self.row is None:
            return
        if not self.row.closed:
            raise ListError(
                self.source,
                self.last_line,
                f"{self._part_name()}第{self.number}项没有以句号结束，内容可能缺失",
            )
        assert self.heading is not None
        lines = (self.first_line, self.last_line)
        self.duties.append(_duty(self.part, self.number, self.heading.name, self.row, lines))
        self.row = None

    def _part_name(self) -> str:
        return PART_TITLES[self.part].removesuffix("清单")


def _skip_blanks(text: str, start: int) -> int:
    return len(text) - len(text[start:].lstrip())


def _duty(
    part: Part, number: int, section: str, row: JointRow | _PlainRow, lines: tuple[int, int]
) -> Duty:
    duty = Duty(
        id=f"{part}-{number}",
        part=part,
        section=section,
        number=number,
        name=row.name.value,
        handling=Handling.TOWNSHIP,
        source_lines=lines,
    )
    if isinstance(row, JointRow):
        clauses = [
            Clause(cell.owner, clause_number, text.value)
            for cell in (row.district, row.township)
            for clause_number, text in cell.clauses
        ]
        named = [(name.value, lead) for name, lead in row.departments]
        return replace(
            duty,
            handling=Handling.JOINT,
            clauses=tuple(clauses),
            departments=_roles(named),
        )
    if part is Part.RECLAIMED:
        return _reclaimed(duty, row)
    return duty


def _reclaimed(duty: Duty, row: _PlainRow) -> Duty:
    method = row.method.value
    if method == CANCELLED and not row.receivers.value:
        return replace(duty, handling=Handling.CANCELLED, method=method)
    receivers = [(name, False) for name in row.receivers.value.split("、") if name]
    if not receivers and "牵头" in method:
        receivers = [(method.partition("牵头")[0], True)]
    return replace(duty, handling=Handling.DEPARTMENT, departments=_roles(receivers), method=method)


def _roles(named: list[tuple[str, bool]]) -> tuple[DepartmentRole, ...]:
    if len(named) == 1:
        name, lead = named[0]
        return (DepartmentRole(name, Role.LEAD if lead else Role.SOLE),)
    return tuple(DepartmentRole(name, Role.LEAD if lead else Role.CO) for name, lead in named)


def _with_clause_departments(duties: list[Duty], aliases: Mapping[str, str]) -> tuple[Duty, ...]:
    """Fill each clause's departments, now that the whole list's names are known."""
    names = {department.name for duty in duties for department in duty.departments}
    vocabulary = names | set(aliases)
    return tuple(
        replace(
            duty,
            clauses=tuple(
                replace(clause, departments=named_in(clause.text, vocabulary))
                for clause in duty.clauses
            ),
        )
        for duty in duties
    )
