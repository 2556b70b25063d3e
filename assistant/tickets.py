"""Files of tickets in, decided files out. JSON Lines: one ticket a line, one decision a line."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.model import BadMessage, Message
from assistant.serialize import decision_json
from assistant.service import Assistant, check

BATCH = 256


class TicketFileError(Exception):
    """A ticket file that can't be read or written; says which, where and what to do."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A line of the file: its id as it stands there, and its message or why it has none."""

    id: Any
    message: Message | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Routed:
    """How a file went: tickets decided, and tickets kept with a reason instead."""

    decided: int
    refused: int


def read_tickets(path: Path) -> Iterator[Ticket]:
    """The tickets of a JSON Lines file. A line that is no ticket becomes one with a problem."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise TicketFileError(f"打不开 {path}：{error.strerror}") from None
    with file:
        for number, raw in enumerate(file, start=1):
            if raw.strip():
                yield _ticket(raw, number)


def _ticket(raw: bytes, number: int) -> Ticket:
    try:
        row = json.loads(raw.decode("utf-8-sig" if number == 1 else "utf-8"))
    except UnicodeDecodeError:
        return Ticket(None, None, f"第{number}行不是 UTF-8 文字")
    except (ValueError, RecursionError):
        return Ticket(None, None, f"第{number}行不是完整的 JSON")
    if not isinstance(row, dict):
        return Ticket(None, None, f'第{number}行应是一个对象，如 {{"id": …, "text": …}}')
    ticket_id = row.get("id")
    fields = {name: row.get(name) for name in ("text", "title", "body")}
    wrong = [name for name, value in fields.items() if not isinstance(value, str | None)]
    if wrong:
        return Ticket(ticket_id, None, f"第{number}行的 {wrong[0]} 应是文字")
    text = fields["text"] if fields["text"] is not None else fields["body"]
    message = Message(text or "", fields["title"] or "", str(ticket_id or ""))
    try:
        check(message)
    except BadMessage as problem:
        return Ticket(ticket_id, None, f"第{number}行{problem}")
    return Ticket(ticket_id, message)


def route(
    assistant: Assistant,
    source: Path,
    target: Path,
    progress: Callable[[int], None] = lambda done: None,
) -> Routed:
    """Decide every ticket of `source` into `target`, in order; `target` appears when complete.

    A ticket that can't be decided keeps its place with `outcome: null` and an `error`.
    """
    tickets = read_tickets(source)
    first = list(_take(tickets, BATCH))
    try:
        descriptor, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise TicketFileError(f"写不进 {target.parent}：{error.strerror}") from None
    decided = refused = 0
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            batch = first
            while batch:
                for row in _decide(assistant, batch):
                    out.write(_one_line(row) + "\n")
                refused += sum(ticket.message is None for ticket in batch)
                decided += sum(ticket.message is not None for ticket in batch)
                progress(decided + refused)
                batch = list(_take(tickets, BATCH))
        Path(draft).chmod(0o644)
        Path(draft).replace(target)
    except OSError as error:
        raise TicketFileError(f"写不进 {target}：{error.strerror}") from None
    finally:
        Path(draft).unlink(missing_ok=True)
    return Routed(decided, refused)


def _decide(assistant: Assistant, batch: list[Ticket]) -> Iterator[dict[str, Any]]:
    messages = [ticket.message for ticket in batch if ticket.message is not None]
    decisions = iter(assistant.decide_many(messages))
    for ticket in batch:
        if ticket.message is None:
            yield _printable({"id": ticket.id, "outcome": None, "error": ticket.problem})
        else:
            yield _printable({"id": ticket.id, **decision_json(next(decisions))})


def _one_line(row: dict[str, Any]) -> str:
    """JSON on one line for every reader: some take these separators for line ends."""
    text = json.dumps(row, ensure_ascii=False)
    for separator in ("\x85", "\u2028", "\u2029"):
        text = text.replace(separator, f"\\u{ord(separator):04x}")
    return text


def _printable(value: Any) -> Any:
    """The value without lone surrogates, which no UTF-8 file can hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {key: _printable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_printable(item) for item in value]
    return value


def _take(tickets: Iterator[Ticket], count: int) -> Iterator[Ticket]:
    for _, ticket in zip(range(count), tickets, strict=False):
        yield ticket
