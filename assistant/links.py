"""Duties of one list -> the duties of another that say the same, by likeness of their text.

What was learned for one township serves another: its asks and duty vectors attach to whatever
duty of the new list is worded alike. Likeness is the cosine of the duties' character pairs,
weighted by rarity; departments' names are left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

import numpy as np

from corpus.model import Duty, DutyList, Handling

# Below this, two duties share phrases of officialese but not their matter.
ALIKE = 0.45

_HAN = re.compile("[一-鿿]+")


def link(duty_list: DutyList, reference: DutyList) -> dict[str, str]:
    """For each duty that has a like one in `reference`, that one's id."""
    if duty_list.fingerprint == reference.fingerprint:
        return {duty.id: duty.id for duty in duty_list}
    bags = [_bag(duty, own) for own in (duty_list, reference) for duty in own]
    spread = Counter(pair for bag in bags for pair in bag)
    rows = {pair: row for row, pair in enumerate(spread)}
    rarity = np.log(len(bags) / np.array(list(spread.values()))) + 0.1
    table = np.zeros((len(bags), len(rows)), dtype=np.float32)
    for target, bag in zip(table, bags, strict=True):
        columns = [rows[pair] for pair in bag]
        target[columns] = np.log1p(list(bag.values())) * rarity[columns]
    table /= np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9)
    own, others = table[: len(duty_list)], table[len(duty_list) :]
    likeness = own @ others.T
    best = likeness.argmax(axis=1)
    ids = [duty.id for duty in reference]
    return {
        duty.id: ids[column]
        for duty, column, how in zip(duty_list, best, likeness.max(axis=1), strict=True)
        if how >= ALIKE
    }


def _bag(duty: Duty, duty_list: DutyList) -> Mapping[str, int]:
    """Character pairs of a duty's name (thrice: it says most), clauses and method."""
    # 收回并取消 stands under every cancelled duty.
    method = "" if duty.handling is Handling.CANCELLED else duty.method
    text = "。".join([duty.name] * 3 + [clause.text for clause in duty.clauses] + [method])
    for name in sorted(duty_list.department_names, key=len, reverse=True):
        text = text.replace(name, " ")
    return Counter(run[i : i + 2] for run in _HAN.findall(text) for i in range(len(run) - 1))
