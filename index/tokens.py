"""One text -> tokens: jieba words, character pairs, and syllables for words typed by ear.

Everything that searches or learns sees a text through `Tokenizer`, so that spelling variants are
folded in one place: Traditional to Simplified (OpenCC), full-width and compatibility forms
(NFKC), case, and the ways one sound is typed (`syllables.txt`, made from pypinyin by
`make tables`).
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import jieba
import opencc

SYLLABLES = Path(__file__).parent / "data" / "syllables.txt"

# A message longer than this is read at its two ends: the point is there, not in the middle.
LONGEST_TEXT = 4000

_RUN = re.compile(r"[㐀-鿿]+|[a-z]+|[0-9]+")
_HAN = re.compile(r"[㐀-鿿]+")
# Sounds that people of the region (and hasty fingers) don't tell apart.
_FOLD_INITIAL = {"zh": "z", "ch": "c", "sh": "s", "n": "l"}
_FOLD_FINAL = {"ing": "in", "eng": "en", "ang": "an", "uang": "uan", "iang": "ian"}


def normalise(text: str) -> str:
    """Fold a text: unpaired surrogates dropped, NFKC, lower case, Traditional to Simplified."""
    if len(text) > LONGEST_TEXT:
        text = text[: LONGEST_TEXT // 2] + "\n" + text[-LONGEST_TEXT // 2 :]
    text = text.encode("utf-8", "ignore").decode("utf-8")
    folded = unicodedata.normalize("NFKC", text).lower()
    return str(_simplifier().convert(folded))


@lru_cache(maxsize=1)
def _simplifier() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


@lru_cache(maxsize=1)
def _syllable_table() -> tuple[dict[str, str], frozenset[str]]:
    """Character -> folded syllable, and every full syllable (for pinyin typed in Latin letters)."""
    table: dict[str, str] = {}
    spelled: set[str] = set()
    for line in SYLLABLES.read_text("utf-8").splitlines():
        syllable, _, characters = line.partition(" ")
        spelled.add(syllable)
        table.update(dict.fromkeys(characters, fold_syllable(syllable)))
    return table, frozenset(spelled)


def fold_syllable(syllable: str) -> str:
    """A toneless pinyin syllable without the distinctions that are commonly missed."""
    match = re.fullmatch(r"(zh|ch|sh|[bpmfdtnlgkhjqxzcsryw]?)([a-z]+)", syllable)
    if match is None:
        return syllable
    initial, final = match.groups()
    return _FOLD_INITIAL.get(initial, initial) + _FOLD_FINAL.get(final, final)


def split_pinyin(letters: str) -> list[str]:
    """Latin letters as pinyin syllables, folded; empty if they don't divide into syllables."""
    _, spelled = _syllable_table()
    best: list[list[str] | None] = [[]] + [None] * len(letters)
    for end in range(1, len(letters) + 1):
        for start in range(max(0, end - 6), end):
            before = best[start]
            piece = letters[start:end]
            if before is None or piece not in spelled:
                continue
            longer = best[end]
            if longer is None or len(before) + 1 < len(longer):
                best[end] = [*before, piece]
    return [fold_syllable(piece) for piece in best[-1] or []]


class Tokenizer:
    """Texts to tokens with a list's own terms known to jieba.

    Tokens carry their kind as a prefix: `低保` a word, `+低保` a pair of characters, `~di.bao` a
    pair of syllables.
    """

    def __init__(self, terms: Iterable[str] = ()) -> None:
        self._jieba = jieba.Tokenizer()
        # jieba reports its dictionary's loading on stderr; a library stays quiet.
        jieba.default_logger.setLevel(logging.WARNING)
        self._jieba.initialize()
        for term in terms:
            self._jieba.add_word(term, freq=2000)

    def words(self, text: str) -> list[str]:
        """Jieba's words of a text (folded), without punctuation."""
        return self._words_of(normalise(text))

    def _words_of(self, folded: str) -> list[str]:
        words: list[str] = []
        for run in _RUN.findall(folded):
            words += self._jieba.lcut(run, HMM=False) if _HAN.match(run) else [run]
        return words

    def tokens(self, text: str) -> list[str]:
        """All tokens of a text, each once, in order of first use."""
        folded = normalise(text)
        found = dict.fromkeys(self._words_of(folded))
        table, _ = _syllable_table()
        for run in _RUN.findall(folded):
            if _HAN.match(run):
                found.update(dict.fromkeys(f"+{a}{b}" for a, b in zip(run, run[1:], strict=False)))
                syllables = [table.get(character, character) for character in run]
            else:
                syllables = split_pinyin(run) if run.isalpha() else []
            found.update(dict.fromkeys(_pairs(syllables)))
        return list(found)


def _pairs(syllables: Sequence[str]) -> list[str]:
    return [f"~{a}.{b}" for a, b in zip(syllables, syllables[1:], strict=False)]
