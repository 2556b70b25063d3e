"""The table of joint duties: five columns that the PDF's text flattens into one stream.

A row arrives as number, name, department column, department clauses, township clauses. A cell
that is split by a page break goes on after the *other* column's first half, so each numbered
clause is given to the column whose count it continues.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from corpus.departments import is_whole, starts_name
from corpus.errors import ListError
from corpus.model import Owner
from corpus.source import Field, Ledger, Line

LEAD_MARK = "（牵头）"
_CLAUSE_MARK = re.compile(r"（(\d{1,2})）")
# The department column is seven or eight characters wide; a wider line is the next column's.
_DEPARTMENT_COLUMN = 10


@dataclass(slots=True)
class Cell:
    """One side's clauses, in reading order."""

    owner: Owner
    prefix: str
    ledger: Ledger
    clauses: list[tuple[int | None, Field]] = field(default_factory=list)

    @property
    def next_number(self) -> int:
        return (self.clauses[-1][0] or 0) + 1 if self.clauses else 1

    @property
    def closed(self) -> bool:
        return bool(self.clauses) and self.clauses[-1][1].closed

    @property
    def mid_clause(self) -> bool:
        return bool(self.clauses) and not self.clauses[-1][1].value.endswith(("。", "；"))

    def begin(self, number: int | None, line: Line, start: int) -> None:
        name = f"{self.prefix}/{self.owner}/{number or 'text'}"
        clause = Field(name, self.ledger)
        clause.take(line, start)
        self.clauses.append((number, clause))

    def extend(self, line: Line) -> None:
        self.clauses[-1][1].take(line)


@dataclass(slots=True)
class JointRow:
    """A row under construction. `feed` takes its lines one by one."""

    source: str
    id: str
    ledger: Ledger
    name: Field = field(init=False)
    departments: list[tuple[Field, bool]] = field(default_factory=list)
    district: Cell = field(init=False)
    township: Cell = field(init=False)
    current: Cell | None = None

    def __post_init__(self) -> None:
        self.name = Field(f"{self.id}/name", self.ledger)
        self.district = Cell(Owner.DEPARTMENT, self.id, self.ledger)
        self.township = Cell(Owner.TOWNSHIP, self.id, self.ledger)

    @property
    def closed(self) -> bool:
        """Whether every cell read so far has come to its end."""
        cells = [cell for cell in (self.district, self.township) if cell.clauses]
        return self.name.closed and bool(cells) and all(cell.closed for cell in cells)

    def feed(self, line: Line, start: int, rest: list[Line]) -> None:
        """Take `line.text[start:]`; `rest` is what follows in this part, for looking ahead."""
        if not self.name.closed:
            self._feed_name(line, start)
        elif self.current is None and not self._opens_clauses(line, start):
            self._feed_department(line, start)
        else:
            self._feed_clause(line, start, rest)

    def _feed_name(self, line: Line, start: int) -> None:
        end = line.text.find("。", start)
        if end < 0:
            self.name.take(line, start)
            return
        self.name.take(line, start, end + 1)
        if line.text[end + 1 :].strip():
            self._feed_department(line, end + 1)

    def _opens_clauses(self, line: Line, start: int) -> bool:
        text = line.text[start:]
        if _CLAUSE_MARK.match(text):
            return True
        return len(text) > _DEPARTMENT_COLUMN and bool(self.departments)

    def _feed_department(self, line: Line, start: int) -> None:
        text = line.text[start:].strip()
        marked = text.endswith(LEAD_MARK)
        bare = text.removesuffix(LEAD_MARK)
        if bare:
            end = line.text.rindex(bare) + len(bare)
            if self._begins_department(bare):
                self.departments.append((Field(f"{self.id}/department", self.ledger), False))
            self.departments[-1][0].take(line, start, end)
            start = end
        if marked:
            if not self.departments:
                raise ListError(self.source, line.number, f"{self.id} 的“牵头”前面没有部门名称")
            self.ledger.claim(line, start, len(line.text), f"{self.id}/lead")
            self.departments[-1] = (self.departments[-1][0], True)

    def _begins_department(self, text: str) -> bool:
        if not self.departments:
            return True
        last, lead = self.departments[-1]
        return lead or (is_whole(last.value) and starts_name(text))

    def _feed_clause(self, line: Line, start: int, rest: list[Line]) -> None:
        mark = _CLAUSE_MARK.match(line.text, start)
        if mark is None:
            self._feed_plain(line, start, rest)
            return
        number = int(mark[1])
        cell = self._cell_for(number, line)
        self.ledger.claim(line, mark.start(), mark.end(), f"{self.id}/{cell.owner}/mark")
        cell.begin(number, line, mark.end())
        self.current = cell

    def _cell_for(self, number: int, line: Line) -> Cell:
        current = self.current or self.district
        other = self.township if current is self.district else self.district
        unnumbered = bool(current.clauses) and current.clauses[-1][0] is None
        fits = not unnumbered and current.next_number == number
        other_fits = other.next_number == number and (bool(other.clauses) or current.clauses != [])
        if fits and other_fits and current.closed and not other.closed:
            return other
        if fits:
            return current
        if other_fits and (current is self.district or other.clauses):
            return other
        expected = (
            " 或 ".join(f"（{cell.next_number}）" for cell in (current, other) if cell.clauses)
            or "（1）"
        )
        raise ListError(
            self.source, line.number, f"{self.id} 的职责编号应为{expected}，实际是（{number}）"
        )

    def _feed_plain(self, line: Line, start: int, rest: list[Line]) -> None:
        """A line without a mark: goes on with a clause, or is a cell that has no numbering."""
        if self.current is None:
            self.current = self.district
            self.current.begin(None, line, start)
        elif self.current is self.district and self._township_begins(rest):
            self.current = self.township
            self.current.begin(None, line, start)
        elif self.current is self.township and self.township.closed and self.district.mid_clause:
            self.current = self.district
            self.current.extend(line)
        else:
            self.current.extend(line)

    def _township_begins(self, rest: list[Line]) -> bool:
        """Whether an unmarked line after a full stop opens the township's unnumbered cell.

        It does unless a mark that follows in this row shows the sentence to be inside a clause.
        """
        if not self.district.closed or self.township.clauses:
            return False
        expected = self.district.next_number
        for line in rest:
            if mark := _CLAUSE_MARK.match(line.text):
                return int(mark[1]) not in (1, expected)
            if re.match(r"\d+( |$)", line.text):
                return True
        return True
