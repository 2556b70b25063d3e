"""Pinyin is sounded out and English looked up; the tables behind both are well formed."""

from __future__ import annotations

import re
from string import ascii_lowercase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.latin import ENGLISH, WORDS, read_latin, sound_out, translate
from index.syllables import (
    SYLLABLES,
    fold_syllable,
    folded_syllables,
    split_pinyin,
    syllable_of,
)
from index.tokens import Tokenizer

SENTENCES = [
    ("cun li lu deng bu liang le", ["村里", "路"]),
    ("nongcun yibao zenme jiao", ["农村", "医保", "怎么", "交"]),
    ("wo jia di bao bei qu xiao le zen me ban", ["我家", "低保", "取消", "怎么办"]),
    ("lin ju ban ye da ma jiang", ["邻居", "半夜", "打麻将"]),
    ("dao lu huai le mei ren xiu", ["道路", "坏"]),
]


@pytest.mark.parametrize(("typed", "words"), SENTENCES)
def test_pinyin_sounds_out_to_words(typed, words):
    chinese, _ = read_latin(typed.split())
    assert [word for word in words if word not in chinese[0]] == []


@pytest.mark.parametrize(("typed", "_words"), SENTENCES)
def test_spaces_between_syllables_change_nothing(typed, _words):
    assert read_latin([typed.replace(" ", "")]) == read_latin(typed.split())


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("long cun", "农村"),  # n as l
        ("zu fang", "住房"),  # zh as z, not 租房 alone
        ("sen qing", "申请"),  # sh as s
        ("shen qin", "申请"),  # ing as in
        ("cai qian", "拆迁"),  # ch as c
        ("lao ling", "老龄"),
    ],
)
def test_a_confused_sound_still_finds_its_word(typed, word):
    _, typed_sounds = read_latin(typed.split())
    assert typed_sounds == folded_syllables(word)


@pytest.mark.parametrize(
    ("typed", "word"), [("long cun yi bao", "农村"), ("sen qin di bao", "申请")]
)
def test_a_confused_sound_is_sounded_out(typed, word):
    assert word in sound_out(typed.split())[0]


def test_an_exact_sound_is_preferred_to_a_confused_one():
    assert sound_out(["zu", "jin"])[0] == "租金"
    assert sound_out(["zhu", "fang"])[0] == "住房"


def test_what_sounds_like_nothing_is_passed_over():
    assert sound_out(["di", "bao", "zzz", "yi", "bao"])[:2] == ["低保", "医保"]
    assert sound_out([]) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [("zhong", "zong"), ("chi", "ci"), ("shan", "san"), ("nan", "lan"), ("ning", "lin")],
)
def test_confused_syllables_fold_to_one(one, other):
    assert fold_syllable(one) == fold_syllable(other)


@pytest.mark.parametrize(("one", "other"), [("ban", "pan"), ("ji", "zhi"), ("lu", "lü"), ("", "a")])
def test_distinct_syllables_stay_distinct(one, other):
    assert fold_syllable(one) != fold_syllable(other)


def test_letters_are_split_into_the_fewest_syllables():
    assert split_pinyin("nongcun") == ["nong", "cun"]
    assert split_pinyin("xian") == ["xian"]
    assert split_pinyin("shengqingdibao") == ["sheng", "qing", "di", "bao"]
    assert split_pinyin("street") == split_pinyin("") == []


@pytest.mark.parametrize(
    ("phrase", "chinese"),
    [
        ("street light", ["路灯"]),  # not 街道 and 灯
        ("medical insurance enrolment", ["医保", "参保登记"]),
        ("medical insurance", ["医保", "医疗保险"]),
        ("village road", ["村级公路", "村道", "乡村公路"]),
        ("the street lights xyzzy", ["路灯"]),
    ],
)
def test_the_longest_phrase_is_looked_up_first(phrase, chinese):
    assert translate(phrase.split()) == chinese
    assert read_latin(phrase.split()) == (chinese, [])


@pytest.mark.parametrize(
    ("form", "base"),
    [
        ("villages", "village"),
        ("lorries", "lorry"),
        ("branches", "branch"),
        ("argued", "argue"),
        ("mediating", "mediate"),
        ("bullied", "bully"),
        ("shipped", "ship"),
        ("trapping", "trap"),
    ],
)
def test_plurals_and_verb_forms_are_brought_to_their_base(form, base):
    assert translate([base])
    assert translate([form]) == translate([base])


def test_a_lone_word_that_is_english_and_pinyin_gives_both():
    chinese, syllables = read_latin(["women"])
    assert {"妇女", "我们"} <= set(chinese)
    assert syllables == ["wo", "men"]


def test_in_a_pinyin_sentence_english_is_not_looked_for():
    chinese, _ = read_latin(["women", "cun", "li", "de", "lu"])
    assert chinese[0].startswith("我们村里") and "妇女" not in chinese


def test_latin_in_a_message_gives_the_tokens_of_the_chinese():
    tokenizer = Tokenizer()
    assert {"农村", "医保", "+农村", "~long.cun"} <= set(
        tokenizer.tokens("Nongcun YIBAO zenme jiao")
    )
    assert {"路灯", "+路灯"} <= set(tokenizer.tokens("Street lights!"))


WORDS_TYPED = st.one_of(
    st.text(ascii_lowercase, min_size=1, max_size=30),
    st.sampled_from(["n", "ng", "women", "zh", "lv", "cun", "roads", "ing", "ied", "es", "ss"]),
)


@settings(max_examples=1000, deadline=None)
@given(st.lists(WORDS_TYPED, max_size=12))
def test_any_letters_are_read(words):
    chinese, syllables = read_latin(words)
    assert all(chinese) and all(syllables)
    assert "".join(split_pinyin("".join(words))) in ("", "".join(words))


def test_every_line_of_the_glossary_is_well_formed():
    lines = ENGLISH.read_text("utf-8").splitlines()
    # 反诈中心 APP and 光荣在党50年 are so called.
    form = re.compile(r"[a-z]+( [a-z]+){0,2}\t([一-鿿]+(50年)?|APP)( ([一-鿿]+(50年)?|APP))*")
    assert [line for line in lines if not form.fullmatch(line)] == []
    english = [line.partition("\t")[0] for line in lines]
    assert len(english) > 2000 and len(set(english)) == len(english)


def test_every_entry_of_the_glossary_is_found():
    for line in ENGLISH.read_text("utf-8").splitlines():
        english, _, chinese = line.partition("\t")
        assert translate(english.split()) == chinese.lower().split(), line


def test_the_words_are_counted_and_the_most_frequent_come_first():
    lines = WORDS.read_text("utf-8").splitlines()
    assert [line for line in lines if not re.fullmatch("[一-鿿]{1,4} [1-9][0-9]*", line)] == []
    words, counts = zip(*(line.split(" ") for line in lines), strict=True)
    assert len(set(words)) == len(words) > 10_000
    numbers = [int(count) for count in counts]
    assert numbers == sorted(numbers, reverse=True)


def test_every_syllable_is_read_back_and_every_character_has_one_alone():
    lines = [line.split(" ") for line in SYLLABLES.read_text("utf-8").splitlines()]
    characters = "".join(own for _, own in lines)
    assert len(set(characters)) == len(characters)
    for syllable, own in lines:
        assert {syllable_of(character) for character in own} == {syllable}
        # The interjections n and m are no syllables to build words with.
        assert split_pinyin(syllable) == ([syllable] if set(syllable) & set("aeiouv") else [])


def test_syllables_typed_without_their_g_and_with_tones():
    assert split_pinyin("tin") == ["tin"]
    assert "停电" in sound_out(["tin", "dian", "le"])[0]
    assert "路灯" in sound_out(["lu", "den", "huai", "le"])[0]
    assert Tokenizer().tokens("cūn lǐ lù dēng") == Tokenizer().tokens("cun li lu deng")
