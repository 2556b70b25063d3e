"""One message with several matters -> a part for each, without cutting one matter in pieces.

A cut is taken where the text on either side speaks for another duty and a logistic, learned by
`make model` from messages with one, two and three matters, says that these are two matters and
not a story that wanders. Where the writer numbered the parts (`matters.split_matters`), those are
the units: a numbered story is one matter too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
# What the logistic sees of a cut, in order. L and R are the texts on its two sides, W the whole.
CUT_SIGNS = (
    "one",
    "the weaker side's preference for its own duty over the other's and over none",
    "a word like 另外 follows",
    "the stronger side's preference",
    "L: its duty over none",
    "R: its duty over none",
    "W: the weaker of the two duties over none",
    "length of the text",
    "number of units",
    "share of the shorter side",
    "length of the shorter side",
    "L: its duty over R's",
    "R: its duty over L's",
    "the stronger side's duty over W's",
    "the weaker side's duty over W's",
)
MOST = 4
# A letter of more sentences than this is a story; trying every cut in it finds chance ones.
MOST_UNITS = 16
_SHORTEST = 6

_ANNOUNCED = (
    r"另外|还有|再一个|再就是|再有|顺便|顺带|对了|还想|还要问|第二|第三|其次|此外|至于|同时|"
    r"再问|再说|最后|也想问|另一|另有|二是|三是|一是|and also|another|also"
)
_BREAK = re.compile(rf"(?<=[。！？!?；;\n])|(?<=[，,、 ])(?={_ANNOUNCED})")
_STARTS = re.compile(rf"[\s，,、]*(?:{_ANNOUNCED})")
_COMMA = re.compile(r"(?<=[，,])")


@dataclass(frozen=True, slots=True)
class Reader:
    """How texts are read: `encode` gives unit vectors, `cosines` those of vectors with every duty
    and, last, with "no duty"."""

    encode: Callable[[Sequence[str]], Floats]
    cosines: Callable[[Floats], Floats]

    def weigh(self, units: Sequence[str]) -> Floats:
        """A vector a unit, as long as its text: a side's vector is then about their sum."""
        lengths = np.array([len(unit) for unit in units], dtype=np.float32)
        return self.encode(units) * lengths[:, None]


@dataclass(frozen=True, slots=True)
class Cut:
    """A place between two units (`at` is the first of the right side), as CUT_SIGNS."""

    at: int
    signs: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Splitter:
    """The learned logistic: a coefficient each of CUT_SIGNS, and the probability to cut at."""

    coefficients: tuple[float, ...]
    cut_at: float

    def split(self, text: str, reader: Reader) -> list[str]:
        """The parts of a text that are separate matters, in order; the text itself if one."""
        units = units_of(text)
        if not 2 <= len(units) <= MOST_UNITS:
            return [text]
        parts = self.group(units, reader)
        return parts if 1 < len(parts) <= MOST else [text]

    def group(self, units: Sequence[str], reader: Reader) -> list[str]:
        """Units that follow each other and speak of one matter, joined."""
        return self._split(units, reader.weigh(units), reader)

    def _split(self, units: Sequence[str], vectors: Floats, reader: Reader) -> list[str]:
        cut = best_cut(units, vectors, reader)
        if cut is None or self.probability(cut.signs) < self.cut_at:
            return ["".join(units).strip()]
        left = self._split(units[: cut.at], vectors[: cut.at], reader)
        return left + self._split(units[cut.at :], vectors[cut.at :], reader)

    def probability(self, signs: npt.NDArray[np.float64]) -> float:
        """That the two sides of a cut are separate matters."""
        return float(1 / (1 + np.exp(-np.clip(signs @ np.array(self.coefficients), -30, 30))))


def best_cut(units: Sequence[str], vectors: Floats, reader: Reader) -> Cut | None:
    """The cut whose sides differ most clearly; None if every cut leaves one duty on both.

    `vectors` are the units' as `Reader.weigh` gives them.
    """
    if len(units) < 2:
        return None
    sums = np.cumsum(vectors, axis=0)
    sides = np.concatenate([sums[:-1], sums[-1] - sums[:-1], sums[-1:]])
    sides /= np.maximum(np.linalg.norm(sides, axis=1, keepdims=True), 1e-9)
    scores = reader.cosines(sides)
    found: list[tuple[float, Cut]] = []
    for at in range(1, len(units)):
        left, right = scores[at - 1], scores[len(units) - 2 + at]
        own, other = int(left[:-1].argmax()), int(right[:-1].argmax())
        if own != other:
            signs = _signs(units, at, (left, right, scores[-1]), (own, other))
            # A word that announces another matter is worth a little difference.
            found.append((signs[1] + 0.15 * signs[2], Cut(at, signs)))
    return max(found, key=lambda one: one[0])[1] if found else None


def _signs(
    units: Sequence[str], at: int, scores: tuple[Floats, Floats, Floats], duties: tuple[int, int]
) -> npt.NDArray[np.float64]:
    left, right, whole = scores
    own, other = duties
    here, there = left[own] - left[other], right[other] - right[own]
    lengths = [sum(map(len, units[:at])), sum(map(len, units[at:]))]
    top = whole[:-1].max()
    values = (
        1.0,
        min(here, there, left[own] - left[-1], right[other] - right[-1]),
        float(bool(_STARTS.match(units[at]))),
        max(here, there),
        left[own] - left[-1],
        right[other] - right[-1],
        min(whole[own], whole[other]) - whole[-1],
        np.log(sum(lengths)),
        np.log(len(units)),
        min(lengths) / sum(lengths),
        np.log(min(lengths)),
        here,
        there,
        max(left[own], right[other]) - top,
        min(left[own], right[other]) - top,
    )
    return np.array(values, dtype=np.float64)


def units_of(text: str) -> list[str]:
    """Sentences, or where there are none, stretches between commas; short ones joined."""
    pieces = [piece for piece in _BREAK.split(text) if piece and piece.strip()]
    if len(pieces) < 2:
        pieces = [piece for piece in _COMMA.split(text) if piece.strip()]
    units: list[str] = []
    for piece in pieces:
        if units and (len(units[-1].strip()) < _SHORTEST or len(piece.strip()) < _SHORTEST):
            units[-1] += piece
        else:
            units.append(piece)
    return units
