"""How often the assistant is right, printed with 95 % intervals.

On the repository's own sets: a fixed tenth of the asks, neither trained on nor indexed, and the
`checks` of the list, written apart from the asks. On files of real messages where their paths are
given: as they are, if nothing was learned from them, else by cross-validation. No message's text
is printed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np

from assistant.calibration import calibrate, calibration_error
from assistant.fitting import (
    Labelled,
    cross_validate,
    read_labelled,
    read_material,
    sample_of,
)
from assistant.matters import query_of
from assistant.model import Matter, MatterDecision, Message, Outcome, Tier
from assistant.ranking import Ranked, Ranker
from assistant.safety import danger_now
from assistant.service import Assistant
from assistant.settings import Settings
from corpus.model import DutyList
from corpus.store import is_held_out, list_folder, load_list, read_asks

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Judged:
    """A labelled message with what the assistant made of it, read as one matter."""

    labelled: Labelled
    ranked: Ranked
    decision: MatterDecision

    def hit(self, k: int) -> bool:
        return bool(self.labelled.right & set(self.ranked.duty_ids[:k]))


def evaluate(settings: Settings, real: Sequence[Path]) -> str:
    """The report on the repository's sets and on files that nothing was learned from."""
    assistant = Assistant.open(settings)
    folder = list_folder(settings.list_slug)
    asks = [a for a in read_asks(folder, load_list(folder)) if is_held_out(a)]
    own = [Labelled(Matter(a.text), a.duty, frozenset()) for a in asks]
    parts = [report("留出的问法", assistant.list, judge(assistant, own))]
    checks = folder / "checks"
    for name, title in (
        ("everyday", "日常问法（每项两条）"),
        ("robust", "错字、拼音、繁体、英文、方言、长信"),
    ):
        if (path := checks / f"{name}.jsonl").is_file():
            parts.append(_check(assistant, title, path))
    parts += [
        part(assistant, _rows(path))
        for name, part in (("clauses", _clauses), ("matters", _matters), ("danger", _danger))
        if (path := checks / f"{name}.jsonl").is_file()
    ]
    for path in real:
        parts.append(report(path.name, assistant.list, judge(assistant, read_labelled([path]))))
    return "\n\n".join(parts)


def evaluate_by_folds(settings: Settings, real: Sequence[Path], progress: Report) -> str:
    """The report on files that the model learns from: encoder, head, weights and thresholds are
    learned again for each fifth of the messages, without it."""
    material = read_material(settings, real)
    folds = list(cross_validate(material, progress))
    sample = sample_of(material, folds)
    judged: dict[int, Judged] = {}
    for fold in folds:
        outside = np.setdiff1d(np.arange(len(material.real)), fold.members)
        calibration = calibrate(sample.at(outside), lambda line: None)
        ranker = Ranker(material.duty_ids, fold.head, calibration)
        assistant = Assistant(material.duty_list, fold.index, ranker)
        members = [material.real[row] for row in fold.members]
        judged |= zip(fold.members.tolist(), judge(assistant, members), strict=True)
    parts = []
    first = 0
    for path in real:
        count = len(read_labelled([path]))
        rows = [judged[row] for row in range(first, first + count)]
        parts.append(report(f"{path.name}（五折交叉验证）", material.duty_list, rows))
        first += count
    return "\n\n".join(parts)


def judge(assistant: Assistant, labelled: Sequence[Labelled]) -> list[Judged]:
    """Rank and decide each message as one matter."""
    found = assistant.index.search([query_of(one.matter) for one in labelled])
    ranked = assistant.ranker.rank(found)
    messages = [Message(one.matter.text, one.matter.title) for one in labelled]
    decisions = [assistant.decide_whole(message) for message in messages]
    return [Judged(*row) for row in zip(labelled, ranked, decisions, strict=True)]


def report(name: str, duty_list: DutyList, judged: Sequence[Judged]) -> str:
    """One set's figures: duty, handling, not listed, tiers, calibration, confused pairs."""
    listed = [one for one in judged if one.labelled.duty]
    others = [one for one in judged if not one.labelled.duty]
    auto = [one for one in judged if one.decision.tier is Tier.AUTO]
    lines = [f"{name}：{len(judged)} 条，清单内 {len(listed)} 条"]
    lines += [line(f"事项在前{k}位", [one.hit(k) for one in listed]) for k in (1, 3, 10)]
    lines.append(line("办理方式正确", [_handling_right(one, duty_list) for one in listed]))
    lines.append(line("清单内直接回答", [_answered(one.decision) for one in listed]))
    lines.append(line("清单内回答或追问", [not _refused(one.decision) for one in listed]))
    lines.append(line("清单外没有回答", [not _answered(one.decision) for one in others]))
    lines.append(line("直接回答的正确", [one.hit(1) for one in judged if _answered(one.decision)]))
    lines.append(line("自动档正确", [one.hit(1) for one in auto]))
    alarms = sum(one.decision.divert is not None for one in judged)
    lines.append(line("自动档占清单内", [one.decision.tier is Tier.AUTO for one in listed]))
    confidence = np.array([one.ranked.probabilities[0] for one in judged])
    error = calibration_error(confidence, np.array([one.hit(1) for one in judged]))
    lines.append(f"  校准误差（ECE）  {error:.3f}")
    lines.append(f"  误报紧急情况  {alarms} 条")
    confused = Counter(
        (one.labelled.duty, one.ranked.duty_ids[0]) for one in listed if not one.hit(1)
    )
    pairs = "；".join(f"{a}→{b} {n}" for (a, b), n in confused.most_common(8))
    return "\n".join([*lines, f"  最常混淆：{pairs or '无'}"])


def _handling_right(one: Judged, duty_list: DutyList) -> bool:
    right = {duty_list.duty(duty_id).handling for duty_id in one.labelled.right}
    return duty_list.duty(one.ranked.duty_ids[0]).handling in right


def _answered(decision: MatterDecision) -> bool:
    return decision.outcome in (Outcome.ANSWERED, Outcome.DIVERTED)


def _refused(decision: MatterDecision) -> bool:
    return decision.outcome is Outcome.NOT_LISTED


def _check(assistant: Assistant, title: str, path: Path) -> str:
    """Duty first and in three, for the whole set and for each kind of message in it."""
    judged = judge(assistant, read_labelled([path]))
    lines = [f"{title}：{len(judged)} 条"]
    lines += [line(f"事项在前{k}位", [one.hit(k) for one in judged]) for k in (1, 3)]
    kinds = [row.get("kind") for row in _rows(path)]
    for kind in sorted({kind for kind in kinds if kind}):
        hits = [one.hit(1) for one, own in zip(judged, kinds, strict=True) if own == kind]
        lines.append(line(f"其中 {kind}", hits))
    return "\n".join(lines)


def _clauses(assistant: Assistant, rows: list[dict[str, Any]]) -> str:
    """Whether the department whose clause speaks of the matter is found."""
    right, given = [], []
    for row in rows:
        matter = Matter(row["text"])
        decision = assistant.decide_whole(Message(row["text"]))
        best = decision.candidates[0].duty
        department = assistant.list.canonical(row["department"])
        right.append(best.id == row["duty"] and _canonical(assistant, best, matter) == department)
        duty = assistant.list.duty(row["duty"])
        given.append(_canonical(assistant, duty, matter) == department)
    return "\n".join(
        [
            f"联办事项里这件事归哪个部门：{len(rows)} 条",
            line("事项和部门都对", right),
            line("给定事项，部门对", given),
        ]
    )


def _canonical(assistant: Assistant, duty: Any, matter: Matter) -> str | None:
    responsible = assistant.responsible(duty, matter)
    return assistant.list.canonical(responsible) if responsible else None


def _matters(assistant: Assistant, rows: list[dict[str, Any]]) -> str:
    """Whether every matter of a message is found, and nothing besides."""
    found, extra = [], []
    for row in rows:
        decisions = assistant.decide(Message(row["text"])).matters
        best = [decision.candidates[0].duty.id for decision in decisions]
        found.append(set(row["duties"]) <= set(best))
        extra.append(len(best) > len(row["duties"]))
    several = [hit for hit, row in zip(found, rows, strict=True) if len(row["duties"]) > 1]
    return "\n".join(
        [
            f"一条话里几件事：{len(rows)} 条",
            line("几件事都找到", several),
            line("多分出事来", extra),
        ]
    )


def _danger(assistant: Assistant, rows: list[dict[str, Any]]) -> str:
    """Whether danger now is diverted, and talk about danger is not."""
    tokenizer = assistant.index.tokenizer
    now = [danger_now(row["text"], tokenizer) is not None for row in rows if row["danger"]]
    talk = [danger_now(row["text"], tokenizer) is not None for row in rows if not row["danger"]]
    return "\n".join(
        [f"紧急情况：{len(rows)} 条", line("正在发生的转告电话", now), line("误报", talk)]
    )


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def line(name: str, hits: Iterable[bool]) -> str:
    """A share with its interval, as one line."""
    hits = list(hits)
    if not hits:
        return f"  {name}  –"
    low, high = interval(sum(hits), len(hits))
    return f"  {name}  {sum(hits) / len(hits):.3f}  [{low:.3f}, {high:.3f}]"


def interval(hits: int, total: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    z = 1.96
    share = hits / total
    centre = share + z * z / (2 * total)
    half = z * sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return (centre - half) / scale, (centre + half) / scale
