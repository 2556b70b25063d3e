"""Characters and typed pinyin -> syllables, folded as people of the region and hasty fingers
confuse them. `data/syllables.txt` is made from pypinyin by `make tables`."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

SYLLABLES = Path(__file__).parent / "data" / "syllables.txt"

_FOLD_INITIAL = {"zh": "z", "ch": "c", "sh": "s", "n": "l"}
_FOLD_FINAL = {"ing": "in", "eng": "en", "ang": "an", "uang": "uan", "iang": "ian"}
_LONGEST_SYLLABLE = 6


@lru_cache(maxsize=1)
def _table() -> tuple[dict[str, str], dict[str, str], frozenset[str]]:
    """Character -> syllable, character -> folded syllable, and every syllable."""
    typed: dict[str, str] = {}
    folded: dict[str, str] = {}
    spelled: set[str] = set()
    for line in SYLLABLES.read_text("utf-8").splitlines():
        syllable, _, characters = line.partition(" ")
        spelled.add(syllable)
        typed.update(dict.fromkeys(characters, syllable))
        folded.update(dict.fromkeys(characters, fold_syllable(syllable)))
    return typed, folded, frozenset(spelled)


def syllable_of(character: str) -> str:
    """The toneless syllable of a character (itself if it has none)."""
    return _table()[0].get(character, character)


def folded_syllables(run: str) -> list[str]:
    """The folded syllable of each character of a run."""
    folded = _table()[1]
    return [folded.get(character, character) for character in run]


@lru_cache(maxsize=1024)
def fold_syllable(syllable: str) -> str:
    """A toneless pinyin syllable without the distinctions that are commonly missed."""
    match = re.fullmatch(r"(zh|ch|sh|[bpmfdtnlgkhjqxzcsryw]?)([a-z]+)", syllable)
    if match is None:
        return syllable
    initial, final = match.groups()
    return _FOLD_INITIAL.get(initial, initial) + _FOLD_FINAL.get(final, final)


@lru_cache(maxsize=1)
def _spelled() -> frozenset[str]:
    true = {syllable for syllable in _table()[2] if set(syllable) & set("aeiouv")}
    return frozenset(true | {fold_syllable(syllable) for syllable in true})


def split_pinyin(letters: str) -> list[str]:
    """Latin letters as pinyin syllables; empty if they don't divide into syllables.

    A syllable may be typed as it is folded (tin for ting); the interjections n and m are none.
    """
    spelled = _spelled()
    best: list[list[str] | None] = [[]] + [None] * len(letters)
    for end in range(1, len(letters) + 1):
        for start in range(max(0, end - _LONGEST_SYLLABLE), end):
            before = best[start]
            piece = letters[start:end]
            if before is None or piece not in spelled:
                continue
            longer = best[end]
            if longer is None or len(before) + 1 < len(longer):
                best[end] = [*before, piece]
    return best[-1] or []
