"""Values of a duty list. Frozen, hashable, free of behaviour beyond looking things up."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class Part(StrEnum):
    """The three parts of a published list; the value is the prefix of a duty's id."""

    BASIC = "basic"
    JOINT = "joint"
    RECLAIMED = "reclaimed"


class Handling(StrEnum):
    """Who handles a duty (办理方式)."""

    TOWNSHIP = "township"  # 基本履职：镇独立承担
    JOINT = "joint"  # 配合履职：区部门负责、镇配合
    DEPARTMENT = "department"  # 收回：由区部门承担
    CANCELLED = "cancelled"  # 收回并取消


class Role(StrEnum):
    """A department's role in a duty."""

    LEAD = "lead"  # 牵头
    CO = "co"  # 参与；also every department of a duty that names several and no lead
    SOLE = "sole"  # the only department of the duty


class Owner(StrEnum):
    """Whose column of a joint duty a clause stands in."""

    DEPARTMENT = "department"
    TOWNSHIP = "township"


@dataclass(frozen=True, slots=True)
class DepartmentRole:
    """A department as one duty's department column names it."""

    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Clause:
    """One numbered sub-clause (职责条款), word for word; `number` is None in an unnumbered cell.

    `departments` are those that the clause's own text names, as spelled there, in order.
    """

    owner: Owner
    number: int | None
    text: str
    departments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A heading such as 党的建设（24项）; `count` is the number that the heading itself states."""

    part: Part
    ordinal: int
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Duty:
    """One item of the list. `name` and every clause keep their final punctuation."""

    id: str
    part: Part
    section: str
    number: int
    name: str
    handling: Handling
    departments: tuple[DepartmentRole, ...] = ()
    clauses: tuple[Clause, ...] = ()
    method: str = ""
    source_lines: tuple[int, int] = (0, 0)

    @property
    def title(self) -> str:
        """The name without its final full stop, for use inside sentences."""
        return self.name.removesuffix("。")

    @property
    def lead(self) -> str | None:
        """The department that answers for the duty, or None where the list names none or several."""
        for department in self.departments:
            if department.role in (Role.LEAD, Role.SOLE):
                return department.name
        return None

    def clauses_of(self, owner: Owner) -> tuple[Clause, ...]:
        """The clauses of one side, in the list's order."""
        return tuple(clause for clause in self.clauses if clause.owner is owner)


@dataclass(frozen=True, slots=True)
class DutyList:
    """One township's published list.

    `edition` names the published text (the keeper's name for it, or the source's digest);
    `aliases` maps other spellings of a department to the spelling of the department column.
    """

    slug: str
    township: str
    district: str
    edition: str
    source_digest: str
    sections: tuple[Section, ...]
    duties: tuple[Duty, ...]
    aliases: tuple[tuple[str, str], ...] = ()
    _by_id: dict[str, Duty] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_id", {duty.id: duty for duty in self.duties})

    def __iter__(self) -> Iterator[Duty]:
        return iter(self.duties)

    def __len__(self) -> int:
        return len(self.duties)

    def __contains__(self, duty_id: object) -> bool:
        return duty_id in self._by_id

    def duty(self, duty_id: str) -> Duty:
        """The duty of that id; KeyError where the list has none."""
        return self._by_id[duty_id]

    @property
    def department_names(self) -> tuple[str, ...]:
        """Every department of a department column, each once, in order of first mention."""
        names = (department.name for duty in self.duties for department in duty.departments)
        return tuple(dict.fromkeys(names))

    def canonical(self, name: str) -> str:
        """A department's spelling in the department columns (itself where no alias is known)."""
        return dict(self.aliases).get(name, name)

    @property
    def fingerprint(self) -> str:
        """Digest of everything that an index is built from: changes when any duty changes."""
        digest = hashlib.sha256(self.slug.encode())
        for duty in self.duties:
            digest.update(repr(duty).encode())
        return digest.hexdigest()
