"""Text -> vector. The bundled encoder needs numpy alone; any sentence-transformers model may
take its place.

The bundled model is a sentence-transformers folder (`StaticEmbedding` + `Normalize`): one vector
a token, averaged and brought to unit length. Its tokens are ours: give it `spell(query)`, the
tokens that `index.tokens` finds, separated by blanks. Plain Chinese works too, cut greedily
into known words.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from index.errors import EncoderProblem
from index.passages import Query
from index.tokens import Tokenizer

Floats = npt.NDArray[np.float32]

BUNDLED = Path(__file__).parent / "model"
BUNDLED_NAME = "bundled"
MODEL_FILES = ("model.safetensors", "tokenizer.json", "terms.txt")


class Encoder(Protocol):
    """What the index needs of an encoder."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same text could get another vector."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    def encode(self, queries: Sequence[Query]) -> Floats:
        """Unit vectors, shape (queries, dimension); a text with no known token gets zeros."""


def load_encoder(name: str = BUNDLED_NAME) -> Encoder:
    """The bundled encoder, or the sentence-transformers model of that name or path."""
    if name == BUNDLED_NAME:
        return BundledEncoder.load(BUNDLED)
    return SentenceTransformersEncoder(name)


def spell(query: Query, tokenizer: Tokenizer) -> str:
    """A query as the bundled model reads it: its tokens, and again those of its emphasis."""
    tokens = tokenizer.tokens(query.text)
    cut = {part: tokenizer.tokens(part) for part in query.emphasis}
    for part in query.emphasis:
        tokens = tokens + cut[part]
    return " ".join(tokens)


class BundledEncoder:
    """The model in `index/model`, read without torch."""

    def __init__(
        self,
        vocabulary: Any,
        codes: npt.NDArray[np.int8],
        scales: Floats,
        fingerprint: str,
        tokenizer: Tokenizer,
    ) -> None:
        self._vocabulary = vocabulary
        self._codes = codes
        self._scales = scales[:, None]
        self._fingerprint = fingerprint
        self.tokenizer = tokenizer

    @classmethod
    def load(cls, folder: Path) -> BundledEncoder:
        """Open a model folder; EncoderProblem if it is missing or not as it was written."""
        fingerprint = _checked_fingerprint(folder)
        # Imported here: a user of another encoder needs neither.
        import tokenizers
        from safetensors.numpy import load_file

        tensors = load_file(folder / "model.safetensors")
        terms = (folder / "terms.txt").read_text("utf-8").split("\n")
        vocabulary = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        return cls(
            vocabulary, tensors["embeddings"], tensors["weights"], fingerprint, Tokenizer(terms)
        )

    @property
    def fingerprint(self) -> str:
        return self._fingerprint

    @property
    def dimension(self) -> int:
        return int(self._codes.shape[1])

    def encode(self, queries: Sequence[Query]) -> Floats:
        return self.encode_spelled([spell(query, self.tokenizer) for query in queries])

    def encode_spelled(self, spelled: Sequence[str]) -> Floats:
        """Vectors of texts already written as tokens; what `SentenceTransformer.encode` does."""
        vectors = np.zeros((len(spelled), self.dimension), dtype=np.float32)
        encodings = self._vocabulary.encode_batch_fast(list(spelled), add_special_tokens=False)
        for vector, encoding in zip(vectors, encodings, strict=True):
            if encoding.ids:
                rows = self._codes[encoding.ids].astype(np.float32) * self._scales[encoding.ids]
                vector[:] = rows.mean(axis=0)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        np.divide(vectors, norms, out=vectors, where=norms > 0)
        return vectors


class SentenceTransformersEncoder:
    """Any sentence-transformers model, by folder or by name."""

    def __init__(self, name: str) -> None:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError:
            raise EncoderProblem(
                f"使用编码器“{name}”需要另装软件包：pip install -e '.[encoders]'"
            ) from None
        try:
            self._model = SentenceTransformer(name)
        except Exception as error:  # the library raises many kinds for a missing or broken model
            reason = (
                str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            )
            raise EncoderProblem(
                f"打不开编码器“{name}”（{reason}）；请检查名称或文件夹，离线时须先把模型放到本机"
            ) from None
        self._name = name
        self._dimension = int(self.encode([Query("试")]).shape[1])

    @property
    def fingerprint(self) -> str:
        probe = self.encode([Query("镇里谁来管这件事？"), Query("邻居半夜打麻将太吵")])
        return f"{self._name}:{zlib.crc32(np.round(probe, 4).tobytes()):08x}"

    @property
    def dimension(self) -> int:
        return self._dimension

    def encode(self, queries: Sequence[Query]) -> Floats:
        vectors = self._model.encode(
            [query.whole for query in queries],
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return np.asarray(vectors, dtype=np.float32)


def checksums(folder: Path) -> dict[str, str]:
    """CRC-32 of the files that make up a bundled model."""
    return {name: f"{zlib.crc32((folder / name).read_bytes()):08x}" for name in MODEL_FILES}


def _checked_fingerprint(folder: Path) -> str:
    try:
        expected = json.loads((folder / "checksums.json").read_bytes())
        actual = checksums(folder)
    except OSError as error:
        raise EncoderProblem(
            f"自带编码器缺少文件 {error.filename}；请从版本库恢复 index/model，或运行 make model"
        ) from None
    except ValueError:
        raise EncoderProblem(
            f"{folder / 'checksums.json'} 已损坏；请从版本库恢复 index/model，或运行 make model"
        ) from None
    for name in MODEL_FILES:
        if actual[name] != expected.get(name):
            raise EncoderProblem(
                f"{folder / name} 与训练时不一致（可能已损坏）；"
                "请从版本库恢复 index/model，或运行 make model"
            )
    return "-".join(actual.values())
