"""The published text as lines, and the ledger that accounts for each of its characters."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from corpus.errors import ListError
from corpus.model import Part

PART_TITLES = {
    Part.BASIC: "基本履职事项清单",
    Part.JOINT: "配合履职事项清单",
    Part.RECLAIMED: "上级部门收回事项清单",
}
_PAGE_NUMBER = re.compile(r"第\d+页")
_TABLE_HEADER = re.compile(r"序号 事项名称( .*)?")
_SECTION = re.compile(r"[一二三四五六七八九十百]+、(?P<name>.+)（(?P<count>\d+)项）")

FURNITURE = "furniture"


@dataclass(frozen=True, slots=True)
class Line:
    """One non-blank line: its 1-based number, its text without outer blanks, their width."""

    number: int
    text: str
    indent: int


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters `start:end` of a source line, and what they became."""

    line: int
    start: int
    end: int
    field: str


@dataclass(slots=True)
class Ledger:
    """Which field took which characters. Every character is claimed once or the parse is wrong."""

    pieces: list[Piece] = field(default_factory=list)

    def claim(self, line: Line, start: int, end: int, name: str) -> str:
        """Book `line.text[start:end]` (blanks trimmed) under `name` and return it."""
        raw = line.text[start:end]
        text = raw.strip()
        if text:
            first = line.indent + start + raw.index(text)
            self.pieces.append(Piece(line.number, first, first + len(text), name))
        return text


@dataclass(slots=True)
class Field:
    """A field that grows line by line; `value` is its text so far, in reading order."""

    name: str
    ledger: Ledger
    value: str = ""

    def take(self, line: Line, start: int = 0, end: int | None = None) -> None:
        self.value += self.ledger.claim(
            line, start, len(line.text) if end is None else end, self.name
        )

    @property
    def closed(self) -> bool:
        """Whether the text so far ends as the list ends a cell."""
        return self.value.endswith("。")


@dataclass(frozen=True, slots=True)
class SectionHeading:
    """A section's heading as found: its line, its name and the count that it states."""

    line: int
    name: str
    count: int


def decode(data: bytes, source: str) -> str:
    """UTF-8 text of a published list; ListError names the line of the first bad byte."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ListError(
            source, line, f"第{error.start}个字节不是 UTF-8 文字；请把文件另存为 UTF-8 编码"
        ) from None


def read_lines(text: str) -> list[Line]:
    """The non-blank lines of a text. Lines end at line feeds alone, as editors count them."""
    lines = []
    for number, raw in enumerate(text.split("\n"), start=1):
        if stripped := raw.strip():
            lines.append(Line(number, stripped, raw.index(stripped)))
    return lines


def part_of_title(line: Line) -> Part | None:
    """The part whose title this line is, if it is one."""
    for part, title in PART_TITLES.items():
        if line.text == title:
            return part
    return None


def is_page_furniture(line: Line) -> bool:
    """Whether the line is a page number or a repeated table header."""
    return bool(_PAGE_NUMBER.fullmatch(line.text) or _TABLE_HEADER.fullmatch(line.text))


def section_heading(line: Line) -> SectionHeading | None:
    """The section heading that this line is, if it is one."""
    if match := _SECTION.fullmatch(line.text):
        return SectionHeading(line.number, match["name"], int(match["count"]))
    return None
