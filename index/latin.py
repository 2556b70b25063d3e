"""Latin letters in a Chinese message -> Chinese words: pinyin is sounded out, English looked up.

Both tables are read when the first such message comes. `words.txt` (made by `make tables`) has
the words of the list and its asks with their counts; `english.txt` is written by hand.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from index.syllables import fold_syllable, split_pinyin, syllable_of

DATA = Path(__file__).parent / "data"
WORDS = DATA / "words.txt"
ENGLISH = DATA / "english.txt"

# Share of a group's letters that must divide into syllables for it to be pinyin.
_PINYIN_SHARE = 0.8
_LONGEST_WORD = 4
_LONGEST_PHRASE = 3
# What it costs to take a word whose sound only matches after folding (zh=z, n=l, ing=in).
_FOLDED_COST = math.log(20)
_UNKNOWN_COST = 14.0

Syllables = tuple[str, ...]


def read_latin(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Chinese texts for a run of Latin words, and its syllables (folded) where it is pinyin."""
    pieces = [split_pinyin(word) for word in words]
    spelled = sum(len(word) for word, piece in zip(words, pieces, strict=True) if piece)
    if spelled < _PINYIN_SHARE * sum(map(len, words)):
        return translate(words), []
    syllables = [syllable for piece in pieces for syllable in piece]
    # One or two syllables alone are as likely an English word: "can", "women".
    english = translate(words) if len(syllables) <= 2 else []
    return english + sound_out(syllables), [fold_syllable(s) for s in syllables]


def translate(words: Sequence[str]) -> list[str]:
    """Chinese words for English ones, longest phrases first; unknown words give nothing."""
    glossary = _glossary()
    found: list[str] = []
    position = 0
    while position < len(words):
        for length in range(min(_LONGEST_PHRASE, len(words) - position), 0, -1):
            chinese = _look_up(words[position : position + length], glossary)
            if chinese:
                found += chinese
                position += length
                break
        else:
            position += 1
    return found


def _look_up(phrase: Sequence[str], glossary: dict[str, list[str]]) -> list[str]:
    """Entry of a phrase as it stands or with its last word brought to a base form."""
    *head, last = phrase
    for form in (last, *_base_forms(last)):
        if chinese := glossary.get(" ".join([*head, form])):
            return chinese
    return []


def _base_forms(word: str) -> list[str]:
    """Plausible base forms of an English word: villages, factories, burning, burned, stopped."""
    forms = []
    for ending, replacements in (
        ("ies", ("y",)),
        ("es", ("", "e")),
        ("s", ("",)),
        ("ing", ("", "e")),
        ("ied", ("y",)),
        ("ed", ("", "e")),
    ):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            stem = word[: -len(ending)]
            forms += [stem + replacement for replacement in replacements]
            if stem[-1] == stem[-2]:
                forms.append(stem[:-1])
    return forms


def sound_out(syllables: Sequence[str]) -> list[str]:
    """The likeliest text for a sequence of toneless syllables (Viterbi over word counts).

    First its runs, broken where a syllable fits no word; then the homophones that nearly won.
    """
    exact, folded = _homophones()
    cost: list[float] = [0.0]
    back: list[tuple[int, list[str]]] = [(0, [])]
    for end in range(1, len(syllables) + 1):
        best, step = cost[end - 1] + _UNKNOWN_COST, (end - 1, [""])
        for start in range(max(0, end - _LONGEST_WORD), end):
            span = tuple(syllables[start:end])
            words = exact.get(span, [])
            penalty = 0.0
            if not words:
                words = folded.get(tuple(map(fold_syllable, span)), [])
                penalty = _FOLDED_COST
            if words and cost[start] + words[0][0] + penalty < best:
                best = cost[start] + words[0][0] + penalty
                step = (start, [word for _, word in words])
        cost.append(best)
        back.append(step)
    found: list[list[str]] = []
    end = len(syllables)
    while end:
        start, words_here = back[end]
        found.append(words_here)
        end = start
    found.reverse()
    runs = "".join(words_here[0] or " " for words_here in found).split()
    return runs + [word for words_here in found for word in words_here[1:]]


@lru_cache(maxsize=1)
def _glossary() -> dict[str, list[str]]:
    entries = (line.split("\t") for line in ENGLISH.read_text("utf-8").lower().splitlines())
    return {english: chinese.split(" ") for english, chinese in entries}


_Homophones = dict[Syllables, list[tuple[float, str]]]


@lru_cache(maxsize=1)
def _homophones() -> tuple[_Homophones, _Homophones]:
    """Words by their syllables, as typed and folded: (cost, word), the two likeliest."""
    rows = [line.split(" ") for line in WORDS.read_text("utf-8").splitlines()]
    total = sum(int(count) for _, count in rows)
    exact: _Homophones = defaultdict(list)
    folded: _Homophones = defaultdict(list)
    for word, count in rows:  # most frequent first
        sounds = tuple(syllable_of(character) for character in word)
        entry = (math.log(total / int(count)), word)
        exact[sounds].append(entry)
        folded[tuple(map(fold_syllable, sounds))].append(entry)
    for table in (exact, folded):
        for sounds, entries in table.items():
            # A second homophone is kept where it is nearly as common: 农历 beside 农里.
            table[sounds] = [e for e in entries[:2] if e[0] < entries[0][0] + math.log(4)]
    return dict(exact), dict(folded)
