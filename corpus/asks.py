"""What keeps a corpus of asks honest: near-duplicates found, spread over duties and forms shown."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from corpus.model import DutyList
from corpus.store import Ask

_SHINGLE = 4
# A shingle that more asks than this share is a common turn of phrase, not a copy.
_COMMON = 60
ALIKE = 0.5

_SOUNDLESS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Alike:
    """Two asks that share most of their character shingles: `likeness` is their Jaccard index."""

    first: int
    second: int
    likeness: float


def near_duplicates(asks: Sequence[Ask], at_least: float = ALIKE) -> Iterator[Alike]:
    """Pairs of asks whose wording is nearly the same, in order; positions are those in `asks`."""
    shingles = [_shingles(ask.text) for ask in asks]
    holders: dict[str, list[int]] = defaultdict(list)
    for position, own in enumerate(shingles):
        shared: Counter[int] = Counter()
        for shingle in own:
            others = holders[shingle]
            if len(others) <= _COMMON:
                shared.update(others)
            others.append(position)
        for other, count in sorted(shared.items()):
            # Common shingles are not counted above, so look closely where many are shared.
            if count * 4 < at_least * len(own):
                continue
            union = len(own | shingles[other])
            likeness = len(own & shingles[other]) / union
            if likeness >= at_least:
                yield Alike(other, position, likeness)


def _shingles(text: str) -> set[str]:
    plain = _SOUNDLESS.sub("", text).lower()
    if len(plain) <= _SHINGLE:
        return {plain}
    return {plain[i : i + _SHINGLE] for i in range(len(plain) - _SHINGLE + 1)}


def distribution(asks: Sequence[Ask], duty_list: DutyList) -> str:
    """How many asks there are a duty, a form and a length, as text."""
    by_duty = Counter(ask.duty for ask in asks)
    covered = sorted((by_duty[duty.id], duty.id) for duty in duty_list)
    lengths = sorted(len(ask.text) for ask in asks)
    forms = "；".join(
        f"{form or '未注明'} {n}" for form, n in Counter(a.kind for a in asks).most_common()
    )
    tenths = "、".join(str(lengths[len(lengths) * k // 10]) for k in range(1, 10)) if asks else "–"
    most = "、".join(f"{duty} {n}" for n, duty in covered[:-21:-1])
    least = "、".join(f"{duty} {n}" for n, duty in covered[:10])
    return "\n".join(
        [
            f"共 {len(asks)} 条，其中清单没有的 {by_duty[None]} 条",
            f"形式：{forms}",
            f"字数的十分位：{tenths}",
            f"最多的二十项：{most}",
            f"最少的十项：{least}",
        ]
    )
