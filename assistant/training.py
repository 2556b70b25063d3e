"""Training: the bundled encoder and the ranking head, from the list, its asks and field weights.

    tokens ──► softmax regression over duties ──► its weights, brought to 256 dimensions,
    are the token vectors (encoder) and the duty vectors (head)

A linear classifier over sparse tokens learns best from few examples, and its low-rank form is a
sentence encoder: texts that the classifier takes for the same duty lie close together. Needs
torch; answering doesn't. Everything is seeded: the same input gives the same files.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
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

DIMENSION = 256
VOCABULARY = 60_000
SEED = 20250101
EPOCHS = 8
BATCH = 512
RATE = 0.1
DECAY = 1e-6
SCALE = 12.0

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Example:
    """A text's tokens with their weights, and the row of its duty (the last row: none)."""

    tokens: dict[str, float]
    row: int
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Regression:
    """Softmax regression over sparse tokens: weights (tokens, rows), bias, inverse frequency."""

    vocabulary: dict[str, int]
    idf: Floats
    weights: Floats
    bias: Floats


def examples_of(
    duty_list: DutyList, asks: Sequence[Ask], tokenizer: Tokenizer, queries: Sequence[Query]
) -> list[Example]:
    """Every passage of the list and every ask; `queries` are the asks as they are searched."""
    rows = {duty.id: row for row, duty in enumerate(duty_list)}
    found = [
        Example(dict.fromkeys(tokenizer.tokens(passage.text), 1.0), rows[duty.id], 0.5)
        for duty in duty_list
        for passage in list_passages(duty)
    ]
    for ask, query in zip(asks, queries, strict=True):
        row = len(rows) if ask.duty is None else rows[ask.duty]
        found.append(Example(weighted_tokens(query, tokenizer), row))
    return found


def weighted_tokens(query: Query, tokenizer: Tokenizer) -> dict[str, float]:
    """Tokens of a query; those of its emphasis count once more."""
    tokens = dict.fromkeys(tokenizer.tokens(query.text), 1.0)
    for token in tokenizer.tokens(query.emphasis) if query.emphasis else ():
        tokens[token] = tokens.get(token, 0.0) + 1.0
    return tokens


def fit_regression(examples: Sequence[Example], rows: int, report: Report) -> Regression:
    """Adam on the cross-entropy of TF-IDF rows of unit length."""
    import torch

    torch.manual_seed(SEED)
    torch.set_num_threads(2)
    counts = Counter(token for example in examples for token in example.tokens)
    # Ties in frequency are broken by the token itself, so that a run repeats exactly.
    kept = sorted((t for t, n in counts.items() if n > 1), key=lambda t: (-counts[t], t))
    vocabulary = {token: row for row, token in enumerate(kept[:VOCABULARY])}
    frequency = np.array([counts[token] for token in vocabulary], dtype=np.float32)
    idf = np.log((len(examples) + 1) / (frequency + 1)).astype(np.float32) + 1
    packed = [_pack(example.tokens, vocabulary, idf) for example in examples]
    targets = torch.tensor([example.row for example in examples])
    importance = torch.tensor([example.weight for example in examples])
    weights = torch.zeros(len(vocabulary), rows, requires_grad=True)
    bias = torch.zeros(rows, requires_grad=True)
    optimiser = torch.optim.Adam([weights, bias], lr=RATE)
    steps = -(-len(examples) // BATCH) * EPOCHS
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 1 - step / steps)
    shuffle = np.random.default_rng(SEED)
    for epoch in range(EPOCHS):
        order = shuffle.permutation(len(examples))
        total = 0.0
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            logits = _sparse_rows(packed, batch, len(vocabulary)) @ weights + bias
            losses = torch.nn.functional.cross_entropy(logits, targets[batch], reduction="none")
            share = importance[batch]
            loss = (losses * share).sum() / share.sum() + DECAY * (weights * weights).sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += float(loss.detach()) * len(batch)
        report(f"第{epoch + 1}/{EPOCHS}轮，损失 {total / len(order):.3f}")
    return Regression(vocabulary, idf, weights.detach().numpy(), bias.detach().numpy())


def _pack(tokens: dict[str, float], vocabulary: dict[str, int], idf: Floats) -> tuple[Ints, Floats]:
    known = [(vocabulary[t], w) for t, w in tokens.items() if t in vocabulary]
    columns = np.array([column for column, _ in known], dtype=np.int64)
    values = np.array([weight for _, weight in known], dtype=np.float32) * idf[columns]
    return columns, values / (np.linalg.norm(values) or 1.0)


def _sparse_rows(packed: Sequence[tuple[Ints, Floats]], batch: Ints, width: int) -> Any:
    import torch

    starts = np.cumsum([0] + [len(packed[i][0]) for i in batch])
    return torch.sparse_csr_tensor(
        torch.from_numpy(starts),
        torch.from_numpy(np.concatenate([packed[i][0] for i in batch])),
        torch.from_numpy(np.concatenate([packed[i][1] for i in batch])),
        size=(len(batch), width),
    )


def compress(regression: Regression, dimension: int = DIMENSION) -> tuple[Floats, Floats]:
    """Token vectors (tokens, dimension) and unit duty vectors (rows, dimension).

    Their products are the regression's weights, up to what the left-out dimensions held.
    """
    centred = regression.weights - regression.weights.mean(axis=1, keepdims=True)
    centred = (centred * regression.idf[:, None]).astype(np.float64)
    values, basis = np.linalg.eigh(centred.T @ centred)
    basis = basis[:, np.argsort(-values)[: min(dimension, len(values))]]
    # The sign of an eigenvector is arbitrary; fix it so that a run repeats exactly.
    basis *= np.sign(basis[np.abs(basis).argmax(axis=0), np.arange(basis.shape[1])])
    tokens = centred @ basis
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
    """The head that goes with compressed weights.

    Without the regression's bias: how often asks were written for a duty is no prior.
    """
    return Head(tuple(duty_ids), duties, np.zeros(len(duties), np.float32), SCALE, fingerprint)


def write_head(folder: Path, head: Head) -> None:
    """Save a head as `ranking.load_ranker` reads it (half precision, without its calibration)."""
    folder.mkdir(exist_ok=True)
    target = folder / "head.npz"
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".npz", delete=False) as file:
        np.savez(
            file,
            vectors=head.vectors.astype(np.float16),
            bias=head.bias,
            scale=np.float32(head.scale),
        )
    Path(file.name).chmod(0o644)
    Path(file.name).replace(target)
