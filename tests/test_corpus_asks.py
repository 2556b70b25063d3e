"""Asks that nearly repeat each other are found; the bundled asks are many, distinct and spread."""

from __future__ import annotations

from collections import Counter

import pytest

from corpus.asks import distribution, near_duplicates
from corpus.store import Ask, read_asks

LETTER = "我家门口那条水泥路去年就烂了，下雨天积水好深，老人走路摔了两次，请{}派人来修。"


@pytest.fixture(scope="module")
def asks(heshi, heshi_folder):
    return read_asks(heshi_folder, heshi)


def _pairs(*texts, **options):
    return [(p.first, p.second) for p in near_duplicates([Ask(t, None) for t in texts], **options)]


def test_asks_that_differ_in_a_word_are_found():
    assert _pairs(LETTER.format("尽快"), "低保怎么申请", LETTER.format("马上")) == [(0, 2)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("低保怎么申请", "低保，怎么申请？"),  # punctuation
        ("WIFI 信号太差了", "wifi信号太差了"),
        ("低保", "低保！"),
    ],
)
def test_case_and_punctuation_are_no_difference(one, other):
    assert _pairs(one, other) == [(0, 1)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("低保怎么申请要交哪些材料", "村里的路坏了没有人来修"),
        ("我想问一下低保怎么申请要哪些材料", "我想问一下村里的路灯坏了找谁来修"),
        ("低保", "医保"),
    ],
)
def test_different_asks_are_not(one, other):
    assert _pairs(one, other) == []


def test_likeness_is_that_of_the_shingles():
    one, other = "一二三四五六七八", "一二三四五六七九"  # 4 of 6 shingles
    (found,) = near_duplicates([Ask(one, None), Ask(other, None)])
    assert found.likeness == pytest.approx(4 / 6)
    assert _pairs(one, other, at_least=0.7) == []


def test_a_common_turn_of_phrase_is_no_copy():
    texts = [f"请问{chr(0x4E00 + 9 * n)}{chr(0x5E00 + 7 * n)}这件事情应该找谁" for n in range(80)]
    assert len(_pairs(*texts, at_least=0.9)) == 0
    # What was copied is found all the same, beside phrases that all share.
    letter = LETTER.format("尽快") + "这件事情应该找谁"
    assert (80, 81) in _pairs(*texts, letter, letter)


def test_no_asks_are_no_trouble(heshi):
    assert _pairs() == _pairs("") == []
    assert distribution([], heshi).startswith("共 0 条")


def test_distribution_gives_totals_forms_and_extremes(heshi):
    asks = [
        *[Ask("低保怎么申请", "basic-31", "chat")] * 3,
        Ask("飞机票怎么退", None, "call"),
        Ask("退票" * 5, None),
    ]
    text = distribution(asks, heshi)
    assert "共 5 条，其中清单没有的 2 条" in text
    assert "chat 3；call 1；未注明 1" in text
    assert "最多的二十项：basic-31 3、" in text
    least = text.splitlines()[-1]
    assert least.startswith("最少的十项：") and least.count(" 0") == 10


def test_no_two_asks_have_the_same_text(asks):
    repeated = [text for text, n in Counter(ask.text for ask in asks).items() if n > 1]
    assert repeated == []


def test_every_duty_is_asked_about(asks, heshi):
    by_duty = Counter(ask.duty for ask in asks)
    assert {duty.id: by_duty[duty.id] for duty in heshi if by_duty[duty.id] < 20} == {}


def test_there_are_many_asks_and_many_that_no_duty_covers(asks):
    assert len(asks) >= 15_000
    assert sum(ask.duty is None for ask in asks) >= 1_500


def test_every_ask_has_a_known_form(asks):
    known = {"title", "chat", "call", "ticket", "letter", "dialect", "noisy"}
    assert {ask.kind for ask in asks} == known
