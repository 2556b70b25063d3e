"""What was learned for one list, carried over to another through duties worded alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from assistant.ranking import Head
from corpus.store import Ask
from index.index import Index
from index.passages import Kind

# A duty known by its text alone is heard less surely than one whose asks were learned from.
UNLEARNED = 0.8


def inherited(asks: Iterable[Ask], links: Mapping[str, str]) -> tuple[Ask, ...]:
    """The reference list's asks as asks of a list whose duties are linked to its duties.

    Asks of duties that the list doesn't have are dropped: there, who knows whether it is listed.
    """
    heirs: dict[str, list[str]] = defaultdict(list)
    for duty_id, reference_id in links.items():
        heirs[reference_id].append(duty_id)
    found = []
    for ask in asks:
        if ask.duty is None:
            found.append(ask)
        # Clause numbers are those of the reference list: they mean nothing here.
        found += [replace(ask, duty=heir, clause=None) for heir in heirs.get(ask.duty or "", ())]
    return tuple(found)


def adapted(head: Head, duty_ids: Sequence[str], links: Mapping[str, str], index: Index) -> Head:
    """A head for a list's duties: learned vectors where linked, else the duty's own passages'."""
    learned = {duty_id: row for row, duty_id in enumerate(head.duty_ids)}
    vectors = np.zeros((len(duty_ids) + 1, head.vectors.shape[1]), dtype=np.float32)
    vectors[-1] = head.vectors[-1]
    passages = index.dense.vectors()
    own = index.table[:, 1] != int(Kind.ASK)
    for row, duty_id in enumerate(duty_ids):
        if (reference := links.get(duty_id)) in learned:
            vectors[row] = head.vectors[learned[reference]]
            continue
        mean = passages[own & (index.table[:, 0] == row)].mean(axis=0)
        vectors[row] = UNLEARNED * mean / max(float(np.linalg.norm(mean)), 1e-9)
    return Head(tuple(duty_ids), vectors, head.encoder_fingerprint)
