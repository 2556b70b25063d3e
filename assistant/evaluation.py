"""How often the assistant is right, printed with 95 % intervals.

On the repository's own held-out asks (a fixed tenth, neither trained on nor indexed), and on
files of real messages where their path is given. No message's text is printed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import sqrt
from pathlib import Path

from assistant.fitting import Labelled, read_labelled
from assistant.matters import query_of
from assistant.model import Matter, Message, Outcome, Tier
from assistant.service import Assistant
from assistant.settings import Settings
from corpus.store import is_held_out, list_folder, load_list, read_asks


def evaluate(settings: Settings, real: Sequence[Path]) -> str:
    """The whole report as text."""
    assistant = Assistant.open(settings)
    folder = list_folder(settings.list_slug)
    asks = [a for a in read_asks(folder, load_list(folder)) if is_held_out(a)]
    own = [Labelled(Matter(a.text), a.duty, frozenset()) for a in asks]
    parts = [report(assistant, "留出的问法", own)]
    parts += [report(assistant, path.name, read_labelled([path])) for path in real]
    return "\n\n".join(parts)


def report(assistant: Assistant, name: str, labelled: Sequence[Labelled]) -> str:
    """One set's figures: duty, handling, not listed, tiers, and the pairs most confused."""
    messages = [Message(one.matter.text, one.matter.title) for one in labelled]
    found = assistant.index.search([query_of(one.matter) for one in labelled])
    ranked = assistant.ranker.rank(found)
    decisions = [decision.main for decision in assistant.decide_many(messages)]
    listed = [row for row, one in enumerate(labelled) if one.duty]
    others = [row for row, one in enumerate(labelled) if not one.duty]
    lines = [f"{name}：{len(labelled)} 条，清单内 {len(listed)} 条"]
    for k in (1, 3, 10):
        hits = [bool(labelled[r].right & set(ranked[r].duty_ids[:k])) for r in listed]
        lines.append(_line(f"事项在前{k}位", hits))
    handling = []
    for row in listed:
        right = {assistant.list.duty(duty_id).handling for duty_id in labelled[row].right}
        handling.append(assistant.list.duty(ranked[row].duty_ids[0]).handling in right)
    lines.append(_line("办理方式正确", handling))
    refused = {Outcome.NOT_LISTED}
    lines.append(
        _line("清单内的有回答或追问", [decisions[r].outcome not in refused for r in listed])
    )
    answered = (Outcome.ANSWERED, Outcome.DIVERTED)
    lines.append(_line("清单外的没有回答", [decisions[r].outcome not in answered for r in others]))
    auto = [r for r, d in enumerate(decisions) if d.tier is Tier.AUTO]
    right_auto = [
        bool(d.duty and d.duty.id in labelled[r].right)
        for r, d in enumerate(decisions)
        if r in set(auto)
    ]
    lines.append(_line("自动档正确", right_auto))
    lines.append(_line("自动档占清单内", [r in set(auto) for r in listed]))
    confused = Counter(
        (labelled[r].duty, ranked[r].duty_ids[0])
        for r in listed
        if ranked[r].duty_ids[0] not in labelled[r].right
    )
    pairs = "；".join(f"{a}→{b} {n}" for (a, b), n in confused.most_common(8))
    return "\n".join([*lines, f"  最常混淆：{pairs or '无'}"])


def _line(name: str, hits: Sequence[bool]) -> str:
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
