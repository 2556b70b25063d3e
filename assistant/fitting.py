"""`train`: fit encoder, head and calibration, and write them where they are loaded from."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant import training
from assistant.matters import query_of
from assistant.model import Matter
from assistant.ranking import (
    TRAINED,
    UNTRAINED,
    Calibration,
    Ranker,
    listed_features,
    load_ranker,
    read_calibration,
)
from assistant.settings import Settings
from corpus.model import DutyList
from corpus.store import (
    NOT_LISTED,
    Ask,
    list_folder,
    load_list,
    read_asks,
    training_asks,
    write_atomically,
)
from index.encoder import BUNDLED, BundledEncoder
from index.index import Index
from index.passages import list_terms
from index.tokens import Tokenizer

Floats = npt.NDArray[np.float64]
# A real message says more of how people write than an ask that was written to be like one.
REAL_WEIGHT = 1.5
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Labelled:
    """A message with its duty (None: none covers it) and others that a fair judge accepts."""

    matter: Matter
    duty: str | None
    accept: frozenset[str]

    @property
    def right(self) -> frozenset[str]:
        return self.accept | {self.duty} if self.duty else self.accept


def read_labelled(paths: Sequence[Path]) -> list[Labelled]:
    """Labelled messages of JSON Lines files: id, title, body, duty, accept."""
    found = []
    for path in paths:
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            duty = None if row["duty"] == NOT_LISTED else row["duty"]
            accept = frozenset(row.get("accept", ())) - {NOT_LISTED}
            found.append(Labelled(Matter(row["body"], row["title"]), duty, accept))
    return found


def train(
    settings: Settings,
    real: Sequence[Path],
    calibrate_on: Sequence[Path],
    report: Callable[[str], None],
) -> None:
    """Train and write the bundled model. Without files of real messages the calibration in
    place is kept: thresholds learned from asks alone would trust themselves too much."""
    folder = list_folder(settings.list_slug)
    duty_list = load_list(folder)
    asks = training_asks(read_asks(folder, duty_list))
    terms = list_terms(duty_list)
    tokenizer = Tokenizer(terms)
    report(f"{len(duty_list)} 项，{len(asks)} 条问法，正在分词……")
    examples = _examples(duty_list, asks, tokenizer, read_labelled(real))
    regression = training.fit_regression(examples, len(duty_list) + 1, report)
    vectors, duties = training.compress(regression)
    training.write_model(BUNDLED, list(regression.vocabulary), vectors, terms)
    encoder = BundledEncoder.load(BUNDLED)
    ids = [duty.id for duty in duty_list]
    head = training.head_of(ids, duties, encoder.fingerprint)
    training.write_head(TRAINED, head)
    stored = _stored_calibration()
    _write_ranking(ids, encoder.fingerprint, stored)
    if not calibrate_on:
        return
    report("正在建立索引并校准……")
    index = Index.build(duty_list, asks, encoder, encoder.tokenizer)
    ranker = load_ranker(ids, encoder.fingerprint)
    calibration = calibrate(ranker, index, read_labelled(calibrate_on), report)
    _write_ranking(ids, encoder.fingerprint, calibration)


def _examples(
    duty_list: DutyList, asks: Sequence[Ask], tokenizer: Tokenizer, real: Sequence[Labelled]
) -> list[training.Example]:
    rows = {duty.id: row for row, duty in enumerate(duty_list)}
    queries = [query_of(Matter(ask.text)) for ask in asks]
    examples = training.examples_of(duty_list, asks, tokenizer, queries)
    for one in real:
        tokens = training.weighted_tokens(query_of(one.matter), tokenizer)
        row = rows[one.duty] if one.duty else len(rows)
        examples.append(training.Example(tokens, row, REAL_WEIGHT))
    return examples


def calibrate(
    ranker: Ranker, index: Index, labelled: Sequence[Labelled], report: Callable[[str], None]
) -> Calibration:
    """Weights of the evidence, the "listed" logistic and the thresholds, from labelled messages.

    Thresholds are read off cross-validated scores, never off the fit itself.
    """
    evidence = ranker.evidence(index.search([query_of(one.matter) for one in labelled]))
    rows = {duty_id: row for row, duty_id in enumerate(ranker.duty_ids)}
    right = np.zeros(evidence.shape[:2], dtype=bool)
    for target, one in zip(right, labelled, strict=True):
        for duty_id in one.right:
            target[rows[duty_id]] = True
        target[-1] = one.duty is None
    listed = np.array([one.duty is not None for one in labelled])
    fold = np.arange(len(labelled)) % FOLDS
    scores = np.zeros((len(labelled), 3))
    for part in range(FOLDS):
        fitted = _fit(evidence[fold != part], right[fold != part], listed[fold != part])
        scores[fold == part] = _scores(fitted, evidence[fold == part], right[fold == part])
    fitted = _fit(evidence, right, listed)
    calibration = _thresholds(fitted, scores, listed)
    report(_summary(calibration, scores, listed))
    return calibration


def _fit(
    evidence: npt.NDArray[np.float32], right: npt.NDArray[np.bool_], listed: Any
) -> Calibration:
    import torch

    table = torch.from_numpy(evidence[listed][:, :-1].astype(np.float64))
    target = torch.from_numpy(right[listed][:, :-1])
    start = torch.tensor([1.0, 4.0, 0.5, 2.0, 1.0, 1.0], dtype=torch.float64)
    weights = start.clone().requires_grad_()
    optimiser = torch.optim.LBFGS([weights], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> Any:
        optimiser.zero_grad()
        logs = torch.log_softmax(table @ weights, dim=1)
        hit = torch.logsumexp(logs.masked_fill(~target, -1e9), dim=1)
        value = -hit.mean() + 0.002 * ((weights - start) ** 2).sum()
        value.backward()
        return value

    optimiser.step(loss)
    fitted = replace(UNTRAINED, weights=tuple(weights.detach().tolist()), temperature=1.0)
    logits = Ranker(_blank(evidence.shape[1] - 1), None, fitted).logits(evidence)
    features = np.stack([listed_features(row) for row in logits])
    return replace(fitted, listed=tuple(_logistic(features, listed).tolist()))


def _blank(count: int) -> list[str]:
    return [str(row) for row in range(count)]


def _logistic(features: Floats, target: npt.NDArray[np.bool_]) -> Floats:
    """Logistic regression by Newton steps with a little ridge."""
    weights = np.zeros(features.shape[1])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(features @ weights, -30, 30)))
        slope = features.T @ (chance - target) + 0.01 * weights
        curve = (features * (chance * (1 - chance))[:, None]).T @ features
        weights = weights - np.linalg.solve(curve + 0.01 * np.eye(len(weights)), slope)
    return np.asarray(weights)


def _scores(fitted: Calibration, evidence: Any, right: Any) -> Floats:
    """A row a message: probability listed, probability of the best duty, whether it is right."""
    ranker = Ranker(_blank(evidence.shape[1] - 1), None, fitted)
    rows = []
    for logits, ok in zip(ranker.logits(evidence), right, strict=True):
        duties = logits[:-1].astype(np.float64)
        share = np.exp(duties - duties.max())
        share /= share.sum()
        best = int(duties.argmax())
        rows.append((ranker.listed_probability(logits), share[best], float(ok[best])))
    return np.array(rows)


def _thresholds(fitted: Calibration, scores: Floats, listed: npt.NDArray[np.bool_]) -> Calibration:
    listed_at = float(np.quantile(scores[listed, 0], 0.07))
    confidence = scores[:, 0] * scores[:, 1]
    correct = listed & (scores[:, 2] > 0)
    order = np.argsort(-confidence)
    precision = np.cumsum(correct[order]) / np.arange(1, len(order) + 1)
    safe = np.flatnonzero(precision >= 0.98)
    auto_at = float(confidence[order[safe[-1]]]) if len(safe) else 2.0
    return replace(
        fitted, listed_at=listed_at, answer_at=0.35, clarify_at=0.05, auto_at=auto_at, review_at=0.5
    )


def _summary(calibration: Calibration, scores: Floats, listed: npt.NDArray[np.bool_]) -> str:
    kept = scores[:, 0] >= calibration.listed_at
    auto = listed & (scores[:, 0] * scores[:, 1] >= calibration.auto_at)
    return (
        f"交叉验证：首位正确 {scores[listed, 2].mean():.3f}；清单内保留 {kept[listed].mean():.3f}；"
        f"清单外识别 {1 - kept[~listed].mean():.3f}；自动档占清单内 {auto[listed].mean():.3f}\n"
        f"权重 {[round(w, 2) for w in calibration.weights]}"
    )


def _stored_calibration() -> Calibration:
    try:
        stored = json.loads((TRAINED / "ranking.json").read_bytes())["calibration"]
    except OSError:
        return UNTRAINED
    return read_calibration(stored)


def _write_ranking(ids: Sequence[str], encoder: str, calibration: Calibration) -> None:
    content = {"encoder": encoder, "calibration": asdict(calibration), "duties": list(ids)}
    write_atomically(
        TRAINED / "ranking.json", json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    )
