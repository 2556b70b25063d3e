"""Tokens: one spelling for what people write in many."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.syllables import fold_syllable, split_pinyin
from index.tokens import LONGEST_TEXT, Tokenizer, normalise


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer()


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("農村醫療保險", "农村医疗保险"),
        ("低保怎麼辦", "低保怎么办"),
        ("ＡＰＰ１２３４５", "app12345"),
        ("WiFi", "wifi"),
        ("①号楼", "1号楼"),
        ("㎡", "m2"),
        ("", ""),
        ("救命\ud83d", "救命"),
        ("\udc00\ud800", ""),
    ],
)
def test_normalise(written, folded):
    assert normalise(written) == folded


def test_variants_have_the_same_tokens(tokenizer):
    assert tokenizer.tokens("農村醫保ＡＢＣ") == tokenizer.tokens("农村医保abc")


def test_kinds_of_tokens(tokenizer):
    assert tokenizer.tokens("低保") == ["低保", "+低保", "~di.bao"]
    assert tokenizer.tokens("低保，低保") == ["低保", "+低保", "~di.bao"]
    assert tokenizer.tokens("，。！ \n") == []
    assert tokenizer.tokens("") == []


def test_pairs_do_not_cross_punctuation(tokenizer):
    assert "+保户" in tokenizer.tokens("低保户口")
    assert "+保户" not in tokenizer.tokens("低保，户口")
    assert not [t for t in tokenizer.tokens("保，户") if t.startswith(("+", "~"))]


def _sounds(tokenizer, text):
    return [t for t in tokenizer.tokens(text) if t.startswith("~")]


@pytest.mark.parametrize(
    ("right", "by_ear"),
    [
        ("低保", "底包"),
        ("残疾", "残级"),
        ("户口", "护口"),
        ("医保", "一保"),
        ("补贴", "补帖"),
        ("农民", "龙民"),  # n and l
        ("知道", "资道"),  # zh and z
        ("商量", "桑凉"),  # sh and s
        ("名单", "民单"),  # ing and in
    ],
)
def test_homophones_share_syllable_pairs(tokenizer, right, by_ear):
    assert _sounds(tokenizer, right) == _sounds(tokenizer, by_ear) != []


def test_other_sounds_differ(tokenizer):
    assert _sounds(tokenizer, "低保") != _sounds(tokenizer, "社保")


def test_pinyin_typed_in_letters_meets_the_characters(tokenizer):
    assert set(_sounds(tokenizer, "低保")) <= set(tokenizer.tokens("dibao"))
    assert set(_sounds(tokenizer, "高龄补贴")) <= set(tokenizer.tokens("GaoLingBuTie"))


@pytest.mark.parametrize(
    ("letters", "syllables"),
    [
        ("dibao", ["di", "bao"]),
        ("zhongguo", ["zhong", "guo"]),
        ("shuang", ["shuang"]),
        ("nongmin", ["nong", "min"]),
        ("xyz", []),
        ("app", []),
        ("", []),
    ],
)
def test_split_pinyin(letters, syllables):
    assert split_pinyin(letters) == syllables


def test_fold_syllable():
    assert fold_syllable("zhang") == fold_syllable("zan") == "zan"
    assert fold_syllable("chuang") == "cuan"
    assert fold_syllable("ling") == fold_syllable("nin") == "lin"
    assert fold_syllable("?") == "?"


def test_own_terms_are_one_word():
    assert "屈原管理区" in Tokenizer(["屈原管理区"]).words("我住屈原管理区这边")


def test_tokenizers_do_not_share_terms(tokenizer):
    Tokenizer(["谁家的事"])
    assert "谁家的事" not in tokenizer.words("谁家的事")


def test_long_text_is_read_at_both_ends_quickly(tokenizer):
    text = "低保" + "的" * 100_000 + "户口"
    start = time.perf_counter()
    tokens = tokenizer.tokens(text)
    assert time.perf_counter() - start < 2
    assert "低保" in tokens and "户口" in tokens
    assert len(normalise("字" * 100_000)) == LONGEST_TEXT + 1


@pytest.mark.parametrize("unit", ["a", "dibao", "x1", "低", "ﷺ", "\ud800", "1", "，"])
def test_long_runs_are_quick(tokenizer, unit):
    start = time.perf_counter()
    tokenizer.tokens(unit * (100_000 // len(unit)))
    assert time.perf_counter() - start < 2


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=120))
def test_any_text_gives_clean_tokens(text):
    tokens = _SHARED.tokens(text)
    assert len(tokens) == len(set(tokens))
    for token in tokens:
        assert token and not any(c.isspace() for c in token)
        token.encode("utf-8")


_SHARED = Tokenizer()
