"""Another township's list: its duties are linked to those worded alike, and inherit from them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from assistant.links import link
from assistant.ranking import Head
from assistant.transfer import UNLEARNED, adapted, inherited
from corpus.model import Duty, DutyList, Handling, Part, Section
from corpus.store import Ask
from index.encoder import BUNDLED, BundledEncoder
from index.index import Index

UNRELATED = (
    "训练宇航员适应失重环境。",
    "校准望远镜的镜面并记录星图。",
    "组装火箭发动机涡轮泵。",
    "揉面、发酵、烤制法棍面包。",
    "熬煮焦糖布丁和香草奶冻。",
    "装饰婚礼蛋糕的糖霜花边。",
)


def _list_of(names: Sequence[str]) -> DutyList:
    section = Section(Part.BASIC, 1, "民生", len(names))
    duties = (
        Duty(f"basic-{n}", Part.BASIC, "民生", n, name, Handling.TOWNSHIP)
        for n, name in enumerate(names, start=1)
    )
    return DutyList("mini", "青山乡", "平原县", "一", "0", (section,), tuple(duties))


def _neighbour(heshi: DutyList) -> tuple[DutyList, dict[str, str]]:
    """The list as another township of another county would publish it, and the true links."""
    names = {
        name: f"平原县{name.removeprefix('区')}"
        for duty in heshi
        for name in [d.name for d in duty.departments]
        + [d for clause in duty.clauses for d in clause.departments]
    }
    in_order = sorted(names, key=len, reverse=True)

    def renamed(text: str) -> str:
        for position, name in enumerate(in_order):
            text = text.replace(name, f"\0{position}\0")
        for position, name in enumerate(in_order):
            text = text.replace(f"\0{position}\0", names[name])
        return text.replace(heshi.township, "青山乡")

    shuffled = list(heshi)
    random.Random(0).shuffle(shuffled)
    duties, truth, counts = [], {}, Counter()
    for duty in shuffled:
        counts[duty.part] += 1
        new = replace(
            duty,
            id=f"{duty.part}-{counts[duty.part]}",
            number=counts[duty.part],
            name=renamed(duty.name),
            method=renamed(duty.method),
            departments=tuple(replace(d, name=names[d.name]) for d in duty.departments),
            clauses=tuple(
                replace(c, text=renamed(c.text), departments=tuple(names[n] for n in c.departments))
                for c in duty.clauses
            ),
        )
        truth[new.id] = duty.id
        duties.append(new)
    copy = DutyList("mini", "青山乡", "平原县", "一", "0", heshi.sections, tuple(duties))
    return copy, truth


@pytest.mark.parametrize("slug", ["heshi", "copy"])
def test_a_list_is_linked_to_itself(heshi, slug):
    """A copy under another slug is not known to be the same; its duties are compared."""
    links = link(replace(heshi, slug=slug), heshi)
    same = [links.get(duty.id) == duty.id for duty in heshi]
    assert len(links) == len(heshi)
    assert all(same) if slug == "heshi" else np.mean(same) >= 0.99


def test_a_neighbours_list_is_linked_by_its_wording(heshi):
    neighbour, truth = _neighbour(heshi)
    assert sum(truth[d] == d for d in truth) < 20  # ids alone say nothing
    assert "平原县水利局" in neighbour.department_names
    links = link(neighbour, heshi)
    assert np.mean([links.get(own) == reference for own, reference in truth.items()]) >= 0.95


def test_a_list_that_is_worded_a_little_differently_is_linked(heshi):
    """As other editions are: other verbs, and a clause fewer."""
    neighbour, truth = _neighbour(heshi)
    duties = tuple(
        replace(
            duty,
            name=duty.name.replace("负责", "做好").replace("开展", "推进").replace("工作", ""),
            clauses=duty.clauses[:-1],
        )
        for duty in neighbour
    )
    links = link(replace(neighbour, duties=duties), heshi)
    assert np.mean([links.get(own) == reference for own, reference in truth.items()]) >= 0.95


def test_unrelated_duties_are_linked_to_nothing(heshi):
    assert link(_list_of(UNRELATED), heshi) == {}


def test_only_the_duties_worded_alike_are_linked(heshi):
    names = [*UNRELATED, heshi.duty("basic-31").name]
    assert link(_list_of(names), heshi) == {"basic-7": "basic-31"}


ASKS = (
    Ask("河里好多垃圾", "joint-1", "chat", 2),
    Ask("飞机票怎么退", None, "call"),
    Ask("入党要找谁", "basic-1", "letter"),
)


def test_asks_are_inherited_along_links():
    found = inherited(ASKS, {"basic-7": "joint-1", "basic-9": "joint-1", "basic-8": "joint-5"})
    assert sorted(found, key=lambda ask: ask.duty or "") == [
        Ask("飞机票怎么退", None, "call"),
        Ask("河里好多垃圾", "basic-7", "chat", None),
        Ask("河里好多垃圾", "basic-9", "chat", None),
    ]


def test_without_links_only_asks_of_no_duty_are_inherited():
    assert inherited(ASKS, {}) == (ASKS[1],)


@pytest.fixture(scope="module")
def head_and_index():
    encoder = BundledEncoder.load(BUNDLED)
    vectors = np.random.default_rng(0).normal(size=(3, encoder.dimension)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    head = Head(("joint-1", "joint-2"), vectors, encoder.fingerprint)
    duty_list = _list_of(["低保申请受理。", "村道日常养护。"])
    asks = (Ask("路坏了", "basic-1"), Ask("低保", "basic-1"))
    return head, Index.build(duty_list, asks, encoder, encoder.tokenizer)


def test_a_linked_duty_gets_the_learned_vector(head_and_index):
    head, index = head_and_index
    new = adapted(head, ["basic-1", "basic-2"], {"basic-2": "joint-2", "basic-1": "joint-9"}, index)
    assert new.duty_ids == ("basic-1", "basic-2")
    assert new.encoder_fingerprint == head.encoder_fingerprint
    assert (new.vectors[1] == head.vectors[1]).all()
    assert (new.vectors[2] == head.vectors[2]).all()  # "no duty" is the same everywhere


def test_an_unlinked_duty_gets_its_own_passages_vector(head_and_index):
    head, index = head_and_index
    new = adapted(head, ["basic-1", "basic-2"], {}, index)
    np.testing.assert_allclose(
        np.linalg.norm(new.vectors, axis=1), [UNLEARNED, UNLEARNED, 1], atol=1e-5
    )
    # Of its own passages, not of the asks that lie near it.
    np.testing.assert_allclose(new.vectors[:2], UNLEARNED * index.dense.vectors()[:2], atol=1e-5)
