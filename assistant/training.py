"""Training: the bundled encoder and the ranking head, from the list, its asks and field weights.

    tokens ──► kernel ridge regression onto duties ──► its weights, turned to their principal axes,
    are the token vectors (encoder) and the duty vectors (head)

A linear classifier over sparse tokens learns best from few examples, and its low-rank form is a
sentence encoder: texts that the classifier takes for the same duty lie close together. The
regression is solved in closed form, so the same input gives the same model, in a minute or two.
Source: Saunders, Gammerman, Vovk, "Ridge Regression Learning Algorithm in Dual Variables", 1998.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.ranking import Head
from corpus.model import DutyList
from corpus.store import Ask, write_atomically
from index.encoder import checksums
from index.passages import Query, list_passages
from index.tokens import Tokenizer

# One direction for every duty of the list: fewer cost the rare duties dearly.
DIMENSION = 352
VOCABULARY = 60_000
# Ridge against examples whose kernel is their cosine: 0.3 to 1.2 measure the same.
RIDGE = 0.6
# A pair of syllables says what its pair of characters says, less surely.
SOUND_WEIGHT = 0.7

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Example:
    """A text's tokens with their weights, and the row of its duty (the last row: none)."""

    tokens: dict[str, float]
    row: int
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Regression:
    """Ridge regression over sparse tokens.

    `weights` has shape (tokens, rows) for rows of unit length after `scale`, a number a token.
    """

    vocabulary: dict[str, int]
    scale: Floats
    weights: Floats


def examples_of(
    duty_list: DutyList, asks: Sequence[Ask], tokenizer: Tokenizer, queries: Sequence[Query]
) -> list[Example]:
    """Every passage of the list and every ask; `queries` are the asks as they are searched."""
    rows = {duty.id: row for row, duty in enumerate(duty_list)}
    found = [
        Example(dict.fromkeys(tokenizer.tokens(passage.text), 1.0), rows[duty.id])
        for duty in duty_list
        for passage in list_passages(duty)
    ]
    for ask, query in zip(asks, queries, strict=True):
        row = len(rows) if ask.duty is None else rows[ask.duty]
        found.append(Example(weighted_tokens(query, tokenizer), row))
    return found


def weighted_tokens(query: Query, tokenizer: Tokenizer) -> dict[str, float]:
    """Tokens of a query; those of each part of its emphasis count once more."""
    tokens = dict.fromkeys(tokenizer.tokens(query.text), 1.0)
    for part in query.emphasis:
        for token in tokenizer.tokens(part):
            tokens[token] = tokens.get(token, 0.0) + 1.0
    return tokens


def fit_regression(examples: Sequence[Example], rows: int) -> Regression:
    """Solve (K + ridge / weight) a = targets for the examples' cosines K; weights are X' a.

    Memory is 4 bytes an example squared, time its cube: 25,000 examples take 2.5 GB.
    """
    from scipy import linalg

    vocabulary, idf = _vocabulary(examples)
    table = _rows([example.tokens for example in examples], vocabulary, idf)
    targets = _targets(examples, rows)
    factor = linalg.cho_factor(_kernel(table, examples), overwrite_a=True, check_finite=False)
    dual = linalg.cho_solve(factor, targets, overwrite_b=True, check_finite=False)
    return Regression(vocabulary, idf, np.asarray(table.T @ dual, dtype=np.float32))


def leave_one_out(examples: Sequence[Example], rows: int) -> Floats:
    """What the regression without an example would say of it, shape (examples, rows).

    Closed form: target - dual / diagonal of the inverse. Takes three times as long as fitting.
    """
    from scipy import linalg

    vocabulary, idf = _vocabulary(examples)
    table = _rows([example.tokens for example in examples], vocabulary, idf)
    targets = _targets(examples, rows)
    inverse = linalg.inv(_kernel(table, examples), overwrite_a=True, check_finite=False)
    held_out = targets - (inverse @ targets) / np.diag(inverse)[:, None]
    return np.asarray(held_out, dtype=np.float32)


def _targets(examples: Sequence[Example], rows: int) -> Floats:
    """One in the row of each example's duty, less the weighted mean."""
    targets = np.zeros((len(examples), rows), dtype=np.float32)
    targets[np.arange(len(examples)), [example.row for example in examples]] = 1
    targets -= np.average(targets, axis=0, weights=[example.weight for example in examples])
    return targets


def _kernel(table: Any, examples: Sequence[Example]) -> Floats:
    kernel = (table @ table.T).toarray()
    kernel[np.diag_indices_from(kernel)] += [RIDGE / example.weight for example in examples]
    return np.asarray(kernel)


def _vocabulary(examples: Sequence[Example]) -> tuple[dict[str, int], Floats]:
    counts = Counter(token for example in examples for token in example.tokens)
    # Ties in frequency are broken by the token itself, so that a run repeats exactly.
    kept = sorted((t for t, n in counts.items() if n > 1), key=lambda t: (-counts[t], t))
    vocabulary = {token: row for row, token in enumerate(kept[:VOCABULARY])}
    frequency = np.array([counts[token] for token in vocabulary], dtype=np.float32)
    idf = np.log((len(examples) + 1) / (frequency + 1)) + 1
    sounds = np.array([token.startswith("~") for token in vocabulary])
    return vocabulary, np.where(sounds, SOUND_WEIGHT * idf, idf).astype(np.float32)


def _rows(bags: Sequence[dict[str, float]], vocabulary: dict[str, int], scale: Floats) -> Any:
    """A sparse matrix with a row of unit length a bag of tokens."""
    from scipy import sparse

    columns, values, ends = [], [], [0]
    for bag in bags:
        known = [(vocabulary[t], w) for t, w in bag.items() if t in vocabulary]
        column = np.array([c for c, _ in known], dtype=np.int32)
        value = np.array([w for _, w in known], dtype=np.float32) * scale[column]
        columns.append(column)
        values.append(value / (np.linalg.norm(value) or 1.0))
        ends.append(ends[-1] + len(known))
    shape = (len(bags), len(vocabulary))
    return sparse.csr_matrix(
        (np.concatenate(values), np.concatenate(columns), np.array(ends)), shape
    )


def compress(regression: Regression, dimension: int = DIMENSION) -> tuple[Floats, Floats]:
    """Token vectors (tokens, dimension) and unit duty vectors (rows, dimension).

    Their products are the regression's weights, up to what the left-out dimensions held.
    """
    centred = regression.weights - regression.weights.mean(axis=1, keepdims=True)
    gram = centred.T.astype(np.float64) @ centred
    values, basis = np.linalg.eigh(gram)
    order = np.argsort(-values)[: min(dimension, len(values))]
    basis = basis[:, order]
    # The sign of an eigenvector is arbitrary; fix it so that a run repeats exactly.
    basis *= np.sign(basis[np.abs(basis).argmax(axis=0), np.arange(basis.shape[1])])
    tokens = regression.scale[:, None] * (centred @ basis)
    duties = basis / np.linalg.norm(basis, axis=1, keepdims=True)
    return tokens.astype(np.float32), duties.astype(np.float32)


def write_model(
    folder: Path, vocabulary: Sequence[str], vectors: Floats, terms: Sequence[str]
) -> None:
    """Write a sentence-transformers folder: 8-bit vectors with a scale each, the tokens,
    and the terms that jieba was taught when they were cut."""
    from safetensors.numpy import save_file

    draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".model-"))
    try:
        # Row 0 is for unknown tokens: no direction, so it leaves a text's vector as it is.
        rows = np.concatenate([np.zeros((1, vectors.shape[1]), np.float32), vectors])
        scale = np.abs(rows).max(axis=1) / 127
        codes = np.round(rows / np.where(scale > 0, scale, 1)[:, None]).astype(np.int8)
        save_file(
            {"embeddings": codes, "weights": scale.astype(np.float32)}, draft / "model.safetensors"
        )
        (draft / "terms.txt").write_text("\n".join(terms), "utf-8")
        _write_tokenizer(draft / "tokenizer.json", vocabulary)
        _write_json(draft / "modules.json", _MODULES)
        _write_json(draft / "config_sentence_transformers.json", _ST_CONFIG)
        _write_json(draft / "checksums.json", checksums(draft))
        folder.mkdir(exist_ok=True)
        for path in sorted(draft.iterdir()):
            write_atomically(folder / path.name, path.read_bytes())
    finally:
        shutil.rmtree(draft, ignore_errors=True)


_MODULES = [
    {
        "idx": 0,
        "name": "0",
        "path": "",
        "type": "sentence_transformers.models.StaticEmbedding",
    },
    {
        "idx": 1,
        "name": "1",
        "path": "1_Normalize",
        "type": "sentence_transformers.models.Normalize",
    },
]
_ST_CONFIG: dict[str, Any] = {
    "similarity_fn_name": "cosine",
    "prompts": {},
    "default_prompt_name": None,
}


def _write_tokenizer(path: Path, vocabulary: Sequence[str]) -> None:
    """Tokens are separated by blanks; what is no token is cut greedily into known words."""
    import tokenizers
    from tokenizers import models, pre_tokenizers

    ids = {"[UNK]": 0, **{token: row for row, token in enumerate(vocabulary, start=1)}}
    model = models.WordPiece(
        vocab=ids, unk_token="[UNK]", continuing_subword_prefix="", max_input_chars_per_word=4000
    )
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Split(tokenizers.Regex("[，。！？、；：“”（）《》,!?;:()]"), "removed"),
        ]
    )
    tokenizer.save(str(path), pretty=False)


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", "utf-8")


def head_of(duty_ids: Sequence[str], duties: Floats, fingerprint: str) -> Head:
    """The head that goes with compressed weights."""
    return Head(tuple(duty_ids), duties, fingerprint)


def write_head(folder: Path, head: Head) -> None:
    """Save a head as `ranking.load_trained` reads it (half precision, without its calibration)."""
    folder.mkdir(exist_ok=True)
    target = folder / "head.npz"
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".npz", delete=False) as file:
        np.savez(file, vectors=head.vectors.astype(np.float16))
    Path(file.name).chmod(0o644)
    Path(file.name).replace(target)
