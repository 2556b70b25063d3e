"""What a township without asks of its own would get: `python -m assistant evaluate --transfer`.

The list is made another township's (order, ids, names of township and departments changed); its
duties are linked to the trained list by likeness. Then a fifth of the duties is denied its link.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from assistant.evaluation import judge, line
from assistant.fitting import read_labelled
from assistant.links import link
from assistant.ranking import Head, Ranker, load_trained
from assistant.service import Assistant
from assistant.settings import Settings
from assistant.transfer import adapted, inherited
from corpus.model import Duty, DutyList
from corpus.store import list_folder, load_list, read_asks, training_asks
from index.encoder import BUNDLED, BundledEncoder
from index.index import Index

HIDDEN = 5  # every fifth duty


def report(settings: Settings) -> str:
    """The three figures as text."""
    folder = list_folder(settings.list_slug)
    reference = load_list(folder)
    encoder = BundledEncoder.load(BUNDLED)
    head, _, _ = load_trained(encoder.fingerprint)
    assert head is not None
    neighbour, origin = neighbouring(reference)
    links = link(neighbour, reference)
    right = [links.get(own) == there for own, there in origin.items()]
    hidden = {duty.id for duty in neighbour.duties[::HIDDEN]}
    shown = {own: there for own, there in links.items() if own not in hidden}
    heirs = {there: own for own, there in origin.items()}
    labelled = [
        replace(one, duty=heirs[one.duty or ""], accept=frozenset(heirs[a] for a in one.accept))
        for one in read_labelled([folder / "checks" / "everyday.jsonl"])
    ]
    lines = ["换一个镇（没有自己的问法）：", line("事项按文字找到对应的", right)]
    for name, used in (("找到的对应都用上", links), ("五分之一的事项不给对应", shown)):
        assistant = _assistant(neighbour, reference, used, head, encoder, settings)
        judged = judge(assistant, labelled)
        for part, chosen in (("其余事项", False), ("这五分之一", True)):
            hits = [one for one in judged if (one.labelled.duty in hidden) is chosen]
            lines.append(line(f"{name}，{part}首位", [one.hit(1) for one in hits]))
            lines.append(line(f"{name}，{part}前三", [one.hit(3) for one in hits]))
    return "\n".join(lines)


def neighbouring(duty_list: DutyList) -> tuple[DutyList, dict[str, str]]:
    """The list as another township's, and for each of its duties the one that it was."""
    order = np.random.default_rng(1).permutation(len(duty_list))
    names = {name: f"云溪县{name.removeprefix('区')}" for name in duty_list.department_names}

    def renamed(text: str) -> str:
        for name in sorted(names, key=len, reverse=True):
            text = text.replace(name, names[name])
        return text.replace(duty_list.township, "松杨湖镇").replace("全区", "全县")

    duties: list[Duty] = []
    origin: dict[str, str] = {}
    for row in order:
        there = duty_list.duties[int(row)]
        part = there.id.partition("-")[0]
        own = f"{part}-{900 + len(duties)}"
        origin[own] = there.id
        duties.append(
            replace(
                there,
                id=own,
                name=renamed(there.name),
                method=renamed(there.method),
                departments=tuple(replace(d, name=names[d.name]) for d in there.departments),
                clauses=tuple(
                    replace(
                        c,
                        text=renamed(c.text),
                        departments=tuple(renamed(name) for name in c.departments),
                    )
                    for c in there.clauses
                ),
            )
        )
    return replace(duty_list, slug="neighbour", township="松杨湖镇", duties=tuple(duties)), origin


def _assistant(
    duty_list: DutyList,
    reference: DutyList,
    links: dict[str, str],
    head: Head,
    encoder: BundledEncoder,
    settings: Settings,
) -> Assistant:
    asks = training_asks(read_asks(list_folder(settings.list_slug), reference))
    index = Index.build(duty_list, inherited(asks, links), encoder, encoder.tokenizer)
    _, calibration, _ = load_trained(encoder.fingerprint)
    ids = index.duty_ids
    return Assistant(duty_list, index, Ranker(ids, adapted(head, ids, links, index), calibration))
