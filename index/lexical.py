"""BM25 over passages: an inverted index in flat arrays that load by memory map.

Scores follow Lucene's BM25 (Robertson & Zaragoza 2009, k1 = 1.2, b = 0.75) with each token of a
query counted once. They are computed when building, so a search only adds up postings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

K1 = 1.2
B = 0.75
# The rarest tokens of a query decide; the common ones of a long letter cost most and say least.
QUERY_TOKENS = 48

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Lexical:
    """`starts[t]:starts[t+1]` are the postings of token t: passages and their scores."""

    vocabulary: dict[str, int]
    starts: Ints
    passages: Ints
    scores: Floats
    size: int

    @classmethod
    def build(cls, documents: Sequence[Sequence[str]]) -> Lexical:
        """Index the tokens of each passage, in passage order."""
        counts = [Counter(document) for document in documents]
        lengths = np.array([len(document) for document in documents], dtype=np.float32)
        mean = float(lengths.mean()) if len(documents) else 1.0
        postings: dict[str, list[tuple[int, int]]] = {}
        for passage, counter in enumerate(counts):
            for token, count in counter.items():
                postings.setdefault(token, []).append((passage, count))
        starts = np.zeros(len(postings) + 1, dtype=np.int32)
        passages: list[npt.NDArray[np.int32]] = []
        scores: list[Floats] = []
        for row, entries in enumerate(postings.values()):
            where, count = np.array(entries, dtype=np.int32).T
            idf = np.log(1 + (len(documents) - len(entries) + 0.5) / (len(entries) + 0.5))
            damp = K1 * (1 - B + B * lengths[where] / mean)
            passages.append(where)
            scores.append((idf * count * (K1 + 1) / (count + damp)).astype(np.float32))
            starts[row + 1] = starts[row] + len(entries)
        return cls(
            vocabulary={token: row for row, token in enumerate(postings)},
            starts=starts,
            passages=np.concatenate(passages) if passages else np.zeros(0, np.int32),
            scores=np.concatenate(scores) if scores else np.zeros(0, np.float32),
            size=len(documents),
        )

    def score(self, tokens: Sequence[str]) -> Floats:
        """BM25 of every passage for a query's tokens; shape (passages,)."""
        total = np.zeros(self.size, dtype=np.float32)
        rows = {self.vocabulary[token] for token in tokens if token in self.vocabulary}
        spans = sorted((int(self.starts[row + 1] - self.starts[row]), row) for row in rows)
        for _, row in spans[:QUERY_TOKENS]:
            span = slice(self.starts[row], self.starts[row + 1])
            total[self.passages[span]] += self.scores[span]
        return total

    def top(self, tokens: Sequence[str], k: int) -> tuple[Ints, Floats]:
        """The k best passages with a score above zero, best first."""
        total = self.score(tokens)
        k = min(k, self.size)
        best = np.argpartition(-total, k - 1)[:k] if k else np.zeros(0, np.int64)
        best = best[np.lexsort((best, -total[best]))]
        best = best[total[best] > 0]
        return best.astype(np.int32), total[best]

    def save(self, folder: Path) -> None:
        """Write the arrays and the vocabulary into a folder."""
        np.save(folder / "lexical_starts.npy", self.starts)
        np.save(folder / "lexical_passages.npy", self.passages)
        np.save(folder / "lexical_scores.npy", self.scores)
        (folder / "lexical_tokens.txt").write_text("\n".join(self.vocabulary), "utf-8")

    @classmethod
    def load(cls, folder: Path, size: int) -> Lexical:
        """Open what `save` wrote; the arrays are memory mapped."""
        tokens = (folder / "lexical_tokens.txt").read_text("utf-8")
        return cls(
            vocabulary={
                token: row for row, token in enumerate(tokens.split("\n") if tokens else [])
            },
            starts=np.load(folder / "lexical_starts.npy", mmap_mode="r"),
            passages=np.load(folder / "lexical_passages.npy", mmap_mode="r"),
            scores=np.load(folder / "lexical_scores.npy", mmap_mode="r"),
            size=size,
        )
