"""Reading, checking and writing one list folder.

lists/<slug>/list.json     who publishes it, the keeper's name for the edition, aliases
lists/<slug>/source.txt    the published text, byte for byte
lists/<slug>/duties.json   parsed from it; never edited by hand
lists/<slug>/asks.jsonl    how people ask: {"text", "duty" or "NONE", "kind"} a line
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.errors import StoreError
from corpus.model import (
    Clause,
    DepartmentRole,
    Duty,
    DutyList,
    Handling,
    Owner,
    Part,
    Role,
    Section,
)
from corpus.parse import parse_bytes

LISTS = Path(__file__).parent / "lists"
DEFAULT_LIST = "heshi"
NOT_LISTED = "NONE"


@dataclass(frozen=True, slots=True)
class Ask:
    """One way people put a matter. `duty` is None where no duty of the list covers it.

    `kind` is the form (title, chat, call, ticket, letter, dialect, noisy); `clause` the number
    of the department clause that the matter falls under, where it was noted.
    """

    text: str
    duty: str | None
    kind: str = ""
    clause: int | None = None


def list_folder(slug: str = DEFAULT_LIST, root: Path = LISTS) -> Path:
    """The folder of a list; StoreError names the lists that there are."""
    folder = root / slug
    if not (folder / "list.json").is_file():
        known = "、".join(sorted(path.parent.name for path in root.glob("*/list.json"))) or "无"
        raise StoreError(f"没有名为“{slug}”的清单；现有清单：{known}")
    return folder


def load_list(folder: Path) -> DutyList:
    """The list of a folder, from duties.json; refuses one that is older than source.txt."""
    stored = _read_json(folder / "duties.json")
    digest = source_digest(folder)
    if stored.get("source_sha256") != digest:
        raise StoreError(
            f"{folder / 'duties.json'} 与 source.txt 不一致；请运行 python -m assistant parse"
        )
    try:
        return _decode(_read_about(folder), stored)
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(
            f"{folder / 'duties.json'} 内容不完整（{error}）；请运行 python -m assistant parse"
        ) from None


def parse_folder(folder: Path) -> DutyList:
    """The list of a folder, freshly parsed from its source.txt."""
    about = _read_about(folder)
    source = folder / "source.txt"
    parsed = parse_bytes(_read_bytes(source), str(source), about.get("aliases", {}))
    return _assemble(about, source_digest(folder), parsed.sections, parsed.duties)


def write_duties(duty_list: DutyList, folder: Path) -> Path:
    """Write duties.json, whole or not at all."""
    path = folder / "duties.json"
    write_atomically(path, json.dumps(_encode(duty_list), ensure_ascii=False, indent=1) + "\n")
    return path


def read_asks(folder: Path, known: DutyList | None = None) -> tuple[Ask, ...]:
    """The asks of a folder (none if it has no asks.jsonl). StoreError names file and line.

    With `known`, an ask whose duty that list does not have is an error too.
    """
    return tuple(_iter_asks(folder / "asks.jsonl", known))


def is_held_out(ask: Ask) -> bool:
    """Whether an ask belongs to the fixed tenth that nothing is ever trained on."""
    return zlib.crc32(ask.text.encode("utf-8", "replace")) % 10 == 0


def training_asks(asks: Iterable[Ask]) -> tuple[Ask, ...]:
    """The asks that may be learned from and searched."""
    return tuple(ask for ask in asks if not is_held_out(ask))


def _iter_asks(path: Path, known: DutyList | None) -> Iterator[Ask]:
    if not path.is_file():
        return
    # Line feeds alone end a line here: a text may hold other separators.
    for number, line in enumerate(_read_bytes(path).removesuffix(b"\n").split(b"\n"), start=1):
        try:
            ask = _decode_ask(json.loads(line.decode("utf-8")))
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"{path} 第{number}行不是一条问法（{error}）；每行应为 "
                '{"text": …, "duty": …, "kind": …}'
            ) from None
        if known is not None and ask.duty is not None and ask.duty not in known:
            raise StoreError(f"{path} 第{number}行：清单里没有事项 {ask.duty}")
        yield ask


def _decode_ask(row: Any) -> Ask:
    text, duty = row["text"], row["duty"]
    if not isinstance(text, str) or not text.strip() or not isinstance(duty, str):
        raise ValueError("text 和 duty 应是文字")
    return Ask(text, None if duty == NOT_LISTED else duty, row.get("kind", ""), row.get("clause"))


def source_digest(folder: Path) -> str:
    """SHA-256 of source.txt."""
    return hashlib.sha256(_read_bytes(folder / "source.txt")).hexdigest()


def asks_digest(folder: Path) -> str:
    """SHA-256 of asks.jsonl: far quicker than reading the asks when only a change matters."""
    path = folder / "asks.jsonl"
    return hashlib.sha256(_read_bytes(path)).hexdigest() if path.is_file() else "none"


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write beside the target and rename: a reader sees the old file or the whole new one."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _assemble(
    about: Mapping[str, Any], digest: str, sections: tuple[Section, ...], duties: tuple[Duty, ...]
) -> DutyList:
    return DutyList(
        slug=about["slug"],
        township=about["township"],
        district=about["district"],
        # Where the keeper gives the edition no name, the text's own digest names it.
        edition=about.get("edition") or f"公开版{digest[:8]}",
        source_digest=digest,
        sections=sections,
        duties=duties,
        aliases=tuple(sorted(about.get("aliases", {}).items())),
    )


def _encode(duty_list: DutyList) -> dict[str, Any]:
    return {
        "source_sha256": duty_list.source_digest,
        "sections": [
            {"part": s.part, "ordinal": s.ordinal, "name": s.name, "count": s.count}
            for s in duty_list.sections
        ],
        "duties": [_encode_duty(duty) for duty in duty_list],
    }


def _encode_duty(duty: Duty) -> dict[str, Any]:
    return {
        "id": duty.id,
        "section": duty.section,
        "name": duty.name,
        "handling": duty.handling,
        "departments": [{"name": d.name, "role": d.role} for d in duty.departments],
        "clauses": [
            {
                "owner": clause.owner,
                "number": clause.number,
                "text": clause.text,
                "departments": list(clause.departments),
            }
            for clause in duty.clauses
        ],
        "method": duty.method,
        "source_lines": list(duty.source_lines),
    }


def _decode(about: Mapping[str, Any], stored: Mapping[str, Any]) -> DutyList:
    sections = tuple(
        Section(Part(s["part"]), s["ordinal"], s["name"], s["count"]) for s in stored["sections"]
    )
    duties = tuple(_decode_duty(row) for row in stored["duties"])
    return _assemble(about, stored["source_sha256"], sections, duties)


def _decode_duty(row: Mapping[str, Any]) -> Duty:
    part, _, number = row["id"].partition("-")
    first, last = row["source_lines"]
    return Duty(
        id=row["id"],
        part=Part(part),
        section=row["section"],
        number=int(number),
        name=row["name"],
        handling=Handling(row["handling"]),
        departments=tuple(DepartmentRole(d["name"], Role(d["role"])) for d in row["departments"]),
        clauses=tuple(
            Clause(Owner(c["owner"]), c["number"], c["text"], tuple(c["departments"]))
            for c in row["clauses"]
        ),
        method=row["method"],
        source_lines=(first, last),
    )


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreError(f"读不了 {path}：{error.strerror}") from None


def _read_about(folder: Path) -> dict[str, Any]:
    about = _read_json(folder / "list.json")
    for key in ("slug", "township", "district"):
        if not isinstance(about.get(key), str):
            raise StoreError(f'{folder / "list.json"} 缺少 {key}；请补上，如 "{key}": "…"')
    return about


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(_read_bytes(path))
    except ValueError as error:
        raise StoreError(f"{path} 不是完整的 JSON（{error}）；请从备份或版本库恢复") from None
    if not isinstance(value, dict):
        raise StoreError(f"{path} 应是一个 JSON 对象")
    return value
