"""A message with two matters is cut between them; one matter stays whole."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.splitting import CUT_SIGNS, MOST, MOST_UNITS, Reader, Splitter, best_cut, units_of

ONE, NONE = 0, 0.3
# Of each duty, the character that speaks for it.
DUTIES = "路保水树狗医"


def _encode(texts):
    counts = np.array([[text.count(c) for c in DUTIES] for text in texts], np.float32)
    return counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1)


def _cosines(vectors):
    return np.concatenate([vectors, np.full((len(vectors), 1), NONE, np.float32)], axis=1)


READER = Reader(_encode, _cosines)
# Cuts where the weaker side prefers its own duty by more than 0.1.
SPLITTER = Splitter((-2.0, 20.0, *[0.0] * (len(CUT_SIGNS) - 2)), 0.5)

ROAD, ALLOWANCE = "村口那条路没有人修。", "我家的低保停发了。"


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("路灯坏了好几天了。低保怎么申请呢？", ["路灯坏了好几天了。", "低保怎么申请呢？"]),
        ("路灯坏了好几天了\n低保怎么申请呢", ["路灯坏了好几天了\n", "低保怎么申请呢"]),
        # Commas count only where nothing else divides the text.
        ("路灯坏了好几天了，低保怎么申请呢", ["路灯坏了好几天了，", "低保怎么申请呢"]),
        (
            "路灯坏了，好几天了都没修。低保怎么申请呢",
            ["路灯坏了，好几天了都没修。", "低保怎么申请呢"],
        ),
        ("路灯坏了好几天了，另外低保怎么申请", ["路灯坏了好几天了，", "另外低保怎么申请"]),
        # Too short to be a matter of its own.
        (
            "您好！路灯坏了好几天了。低保怎么申请呢？谢谢。",
            ["您好！路灯坏了好几天了。", "低保怎么申请呢？谢谢。"],
        ),
        ("路灯坏了", ["路灯坏了"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_units(text, units):
    assert units_of(text) == units


@given(st.text(st.sampled_from("路灯坏了低保。！；，、\n 另外还有also"), max_size=200))
def test_units_together_are_the_text(text):
    units = units_of(text)
    assert "".join("".join(units).split()) == "".join(text.split())
    assert all(unit.strip() for unit in units)
    assert all(len(unit.strip()) >= 6 for unit in units[:-1] if len(units) > 1)


@pytest.mark.parametrize("between", ["", "另外，", "\n"])
def test_two_duties_are_cut_apart(between):
    parts = SPLITTER.split(ROAD + between + ALLOWANCE, READER)
    assert parts == [ROAD, between.strip() + ALLOWANCE]


def test_one_duty_on_both_sides_is_not_cut():
    text = ROAD + "车子过这条路都打滑。" + "请把路修好。"
    assert SPLITTER.split(text, READER) == [text]
    units = units_of(text)
    assert best_cut(units, READER.weigh(units), READER) is None


def test_a_side_that_speaks_for_no_duty_is_not_a_matter():
    text = ROAD + "我们全家谢谢政府了。"
    assert SPLITTER.split(text, READER) == [text]


def test_the_cut_is_where_the_duties_change():
    units = [ROAD, "车子过这条路都打滑。", ALLOWANCE]
    cut = best_cut(units, READER.weigh(units), READER)
    assert cut is not None and cut.at == 2
    signs = dict(zip(CUT_SIGNS, cut.signs, strict=True))
    assert signs["one"] == 1
    assert signs[
        "the weaker side's preference for its own duty over the other's and over none"
    ] == (pytest.approx(1 - NONE))
    assert signs["a word like 另外 follows"] == 0
    assert signs["number of units"] == pytest.approx(np.log(3))
    assert signs["length of the shorter side"] == pytest.approx(np.log(len(ALLOWANCE)))


def test_a_word_that_announces_another_matter_is_seen():
    units = [ROAD, "另外" + ALLOWANCE]
    cut = best_cut(units, READER.weigh(units), READER)
    assert cut is not None and cut.signs[CUT_SIGNS.index("a word like 另外 follows")] == 1


def test_three_duties_are_cut_twice():
    text = f"{ROAD}{ALLOWANCE}我家的自来水发黄。"
    assert SPLITTER.split(text, READER) == [ROAD, ALLOWANCE, "我家的自来水发黄。"]


def _matters(count):
    return "".join(f"这是关于{duty}的一件事。" for duty in DUTIES[:count])


def test_up_to_most_parts_and_no_more():
    assert len(SPLITTER.split(_matters(MOST), READER)) == MOST
    for count in range(MOST + 1, len(DUTIES) + 1):
        text = _matters(count)
        assert SPLITTER.split(text, READER) == [text]


def test_a_long_story_is_left_whole():
    longest = "这条路要修一修。" * (MOST_UNITS - 1) + ALLOWANCE
    assert len(SPLITTER.split(longest, READER)) == 2
    text = "这条路要修一修。" + longest
    assert len(units_of(text)) == MOST_UNITS + 1
    assert SPLITTER.split(text, READER) == [text]


@pytest.mark.parametrize("text", ["", "？", "路", " \n", "。" * 50, "狗，" * 400])
def test_odd_text_is_left_whole(text):
    assert SPLITTER.split(text, READER) == [text]


TWO_MATTERS = [
    ("自来水这几天发黄没法喝。另外我家的低保年审要交什么材料？", "自来水", "低保"),
    ("村口的路灯坏了半个月没有人来修。还有，我想给我妈办残疾证，去哪里办？", "路灯", "残疾证"),
    ("有人天天在田里烧秸秆，烟好大。顺便问一下孩子的医保在哪里交？", "秸秆", "医保"),
]

COMPLAINTS = [
    "我家门口那条水泥路去年就烂了，坑坑洼洼，下雨天积水好深。老人走路摔了两次。请尽快派人来修。",
    "隔壁半夜打麻将，吵得人睡不着。说了几次都不听，小孩第二天还要上学。请你们来管一管。",
    "我爸去年得了癌症，花了十几万。家里没有收入，欠了好多债。想申请低保，要交什么材料？",
]


@pytest.mark.parametrize(("text", "first", "second"), TWO_MATTERS)
def test_the_trained_splitter_cuts_two_matters_apart(assistant, text, first, second):
    from assistant.model import Message

    matters = [m.matter.text for m in assistant.decide(Message(text)).matters]
    assert len(matters) == 2
    assert first in matters[0] and second not in matters[0]
    assert second in matters[1] and first not in matters[1]


@pytest.mark.parametrize("text", COMPLAINTS)
def test_the_trained_splitter_leaves_one_matter_whole(assistant, text):
    from assistant.model import Message

    (matter,) = assistant.decide(Message(text)).matters
    assert matter.matter.text == text


def test_the_trained_splitter_has_a_coefficient_a_sign(assistant):
    assert len(assistant.splitter.coefficients) == len(CUT_SIGNS)
    assert 0 < assistant.splitter.cut_at < 1
