"""FAISS over the encoder's vectors: exact inner-product search."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Dense:
    """An exact FAISS index; vectors are expected to have unit length, so scores are cosines."""

    index: faiss.IndexFlatIP

    @classmethod
    def build(cls, vectors: Floats) -> Dense:
        """Index vectors of shape (passages, dimension), in passage order."""
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        return cls(index)

    def top(self, queries: Floats, k: int) -> tuple[Ints, Floats]:
        """For queries (n, dimension): passages and cosines, both (n, min(k, passages))."""
        scores, passages = self.index.search(queries, min(k, self.index.ntotal))
        return passages, scores

    def vectors(self) -> Floats:
        """All vectors, shape (passages, dimension), without a copy."""
        flat = faiss.vector_to_array(self.index.codes).view(np.float32)
        return flat.reshape(self.index.ntotal, self.index.d)

    def save(self, folder: Path) -> None:
        faiss.write_index(self.index, str(folder / "dense.faiss"))

    @classmethod
    def load(cls, folder: Path) -> Dense:
        index: Any = faiss.read_index(str(folder / "dense.faiss"))
        return cls(index)
