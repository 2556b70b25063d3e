"""One text -> tokens: jieba words, character pairs, and syllables for words typed by ear.

Everything that searches or learns sees a text through `Tokenizer`, so that spelling variants are
folded in one place: Traditional to Simplified (OpenCC), full-width and compatibility forms
(NFKC), case, pinyin and English (`index.latin`), and the ways one sound is heard
(`index.syllables`).
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

import jieba
import opencc

from index.latin import read_latin
from index.syllables import folded_syllables

# A message longer than this is read at its two ends: the point is there, not in the middle.
LONGEST_TEXT = 4000
RUNS_KEPT = 2048

_HAN = re.compile(r"[㐀-鿿]+")
# Latin words in a row are read together: pinyin is often typed a syllable at a time.
_RUN = re.compile(r"[㐀-鿿]+|[a-z]+(?:[ '’-]+[a-z]+)*|[0-9]+")
_LATIN_WORD = re.compile(r"[a-z]+")


# Pinyin with its tones.
_TONELESS = str.maketrans("āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹ", "aaaaeeeeiiiioooouuuuvvvvvnnn")


def normalise(text: str) -> str:
    """Fold a text: unpaired surrogates dropped, NFKC, lower case, no tone marks, Traditional to
    Simplified."""
    if len(text) > LONGEST_TEXT:
        text = text[: LONGEST_TEXT // 2] + "\n" + text[-LONGEST_TEXT // 2 :]
    text = text.encode("utf-8", "ignore").decode("utf-8")
    folded = unicodedata.normalize("NFKC", text).lower().translate(_TONELESS)
    return str(_simplifier().convert(folded))


@lru_cache(maxsize=1)
def _simplifier() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


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
        # A message is cut whole, by sentences and by its title: the same runs come again and again.
        self._han_tokens = lru_cache(maxsize=RUNS_KEPT)(self._cut_han)

    def words(self, text: str) -> list[str]:
        """Jieba's words of a text (folded), without punctuation."""
        found: list[str] = []
        for run in _RUN.findall(normalise(text)):
            found += self._cut(run) if _HAN.match(run) else _LATIN_WORD.findall(run) or [run]
        return found

    def _cut(self, run: str) -> list[str]:
        return [str(word) for word in self._jieba.cut(run, HMM=False)]

    def tokens(self, text: str) -> list[str]:
        """All tokens of a text, each once, in order of first use."""
        found: dict[str, None] = {}
        for run in _RUN.findall(normalise(text)):
            if _HAN.match(run):
                found.update(dict.fromkeys(self._han_tokens(run)))
            elif run[0].isdigit():
                found[run] = None
            else:
                found.update(dict.fromkeys(self._latin_tokens(_LATIN_WORD.findall(run))))
        return list(found)

    def _cut_han(self, run: str) -> tuple[str, ...]:
        pairs = [f"+{a}{b}" for a, b in zip(run, run[1:], strict=False)]
        return (*self._cut(run), *pairs, *_sound_pairs(folded_syllables(run)))

    def _latin_tokens(self, words: Sequence[str]) -> list[str]:
        """The words as typed, and the Chinese that they sound like or mean."""
        chinese, syllables = read_latin(words)
        found = [*words, *_sound_pairs(syllables)]
        for word in chinese:
            found += self._han_tokens(word)
        return found


def _sound_pairs(syllables: Sequence[str]) -> list[str]:
    return [f"~{a}.{b}" for a, b in zip(syllables, syllables[1:], strict=False)]
