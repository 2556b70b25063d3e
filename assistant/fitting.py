"""`train`: fit encoder, head and calibration, and write them where they are loaded from."""

from __future__ import annotations

import json
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant import clause_model, danger_model, training
from assistant.calibration import FOLDS, Sample, calibrate, fold_of, logistic
from assistant.danger_model import DangerExample, Source
from assistant.matters import query_of
from assistant.model import Matter
from assistant.ranking import (
    EVIDENCE,
    TRAINED,
    UNTRAINED,
    Calibration,
    Head,
    Ranker,
    read_calibration,
)
from assistant.settings import Settings
from assistant.splitting import MOST_UNITS, Reader, Splitter, best_cut, units_of
from corpus.model import DutyList
from corpus.store import (
    NOT_LISTED,
    Ask,
    is_held_out,
    list_folder,
    load_list,
    read_asks,
    training_asks,
    write_atomically,
)
from index.encoder import BUNDLED, BundledEncoder, Encoder
from index.index import Index
from index.passages import Query, list_terms
from index.tokens import Tokenizer

Flags = npt.NDArray[np.bool_]
Report = Callable[[str], None]
# A real message says more of how people write than an ask that was written to be like one.
REAL_WEIGHT = 1.5
# Low: at this probability one message in forty is cut that should not be.
CUT_AT = 0.2


@dataclass(frozen=True, slots=True)
class Labelled:
    """A message with its duty (None: none covers it) and others that a fair judge accepts."""

    matter: Matter
    duty: str | None
    accept: frozenset[str]

    @property
    def right(self) -> frozenset[str]:
        return self.accept | {self.duty} if self.duty else self.accept


@dataclass(frozen=True, slots=True)
class Material:
    """What there is to learn from: a list, its asks, real messages, and the tokens of all."""

    duty_list: DutyList
    asks: tuple[Ask, ...]
    real: tuple[Labelled, ...]
    terms: tuple[str, ...]
    examples: tuple[training.Example, ...]
    """Of list and asks, then one of each real message."""

    @property
    def duty_ids(self) -> list[str]:
        return [duty.id for duty in self.duty_list]


@dataclass(frozen=True, slots=True)
class Fold:
    """A model that has not learned from the real messages at `members`."""

    members: npt.NDArray[np.int64]
    index: Index
    head: Head


def read_labelled(paths: Sequence[Path]) -> list[Labelled]:
    """Labelled messages of JSON Lines files: text or title and body, duty, accept."""
    found = []
    for path in paths:
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            duty = None if row["duty"] == NOT_LISTED else row["duty"]
            accept = frozenset(row.get("accept", ())) - {NOT_LISTED}
            matter = Matter(row["body"] if "body" in row else row["text"], row.get("title", ""))
            found.append(Labelled(matter, duty, accept))
    return found


def read_material(settings: Settings, real: Sequence[Path]) -> Material:
    """List, training asks and real messages, cut into tokens."""
    folder = list_folder(settings.list_slug)
    duty_list = load_list(folder)
    asks = training_asks(read_asks(folder, duty_list))
    labelled = read_labelled(real)
    terms = list_terms(duty_list)
    examples = _examples(duty_list, asks, Tokenizer(terms), labelled)
    return Material(duty_list, tuple(asks), tuple(labelled), terms, tuple(examples))


def train(settings: Settings, real: Sequence[Path], report: Report) -> None:
    """Train and write the bundled model. Without files of real messages the calibration in
    place is kept: thresholds learned from asks alone would trust themselves too much."""
    material = read_material(settings, real)
    report(f"{len(material.duty_list)} 项，{len(material.asks)} 条问法，正在训练……")
    encoder, head = learn(material, material.examples, BUNDLED)
    training.write_head(TRAINED, head)
    clauses = clause_model.fit(material.duty_list, material.asks, encoder.tokenizer)
    clause_model.save(clauses, material.duty_list)
    splitter = fit_splitter(material, settings, reader_of(encoder, head), report)
    danger = danger_model.fit(_danger_examples(material), encoder.tokenizer)
    danger_model.save(danger)
    report(danger_model.summary(danger, _danger_examples(material), encoder.tokenizer))
    _write_ranking(material.duty_ids, encoder.fingerprint, _stored_calibration(), splitter)
    if not material.real:
        return
    calibration = calibrate(sample_of(material, cross_validate(material, report)), report)
    _write_ranking(material.duty_ids, encoder.fingerprint, calibration, splitter)


def reader_of(encoder: Encoder, head: Head) -> Reader:
    """Texts and duties as `splitting` reads them."""
    return Reader(lambda texts: encoder.encode([Query(text) for text in texts]), head.cosines)


def fit_splitter(
    material: Material, settings: Settings, reader: Reader, report: Report
) -> Splitter:
    """Learn where to cut, from messages with one to three matters and from whole ones.

    Whole are the asks that the model has not learned from, and real messages labelled with one
    duty (they were learned from, which only makes them look more of a piece).
    """
    folder = list_folder(settings.list_slug)
    labelled = [
        json.loads(line) for line in (folder / "matters.jsonl").read_text("utf-8").splitlines()
    ]
    texts = [(row["text"], len(row["duties"]) > 1) for row in labelled]
    texts += [(a.text, False) for a in read_asks(folder) if is_held_out(a) and len(a.text) > 30]
    texts += [(one.matter.text, False) for one in material.real]
    read = [
        (units, flag) for text, flag in texts if 2 <= len(units := units_of(text)) <= MOST_UNITS
    ]
    cuts = [(best_cut(units, reader.weigh(units), reader), flag) for units, flag in read]
    signs = np.stack([cut.signs for cut, _ in cuts if cut])
    several = np.array([flag for cut, flag in cuts if cut])
    coefficients = logistic(signs, several)
    splitter = Splitter(tuple(coefficients.tolist()), CUT_AT)
    chance = np.array([splitter.probability(row) for row in signs])
    report(
        f"分开几件事：{np.mean(chance[several] >= CUT_AT):.3f}；"
        f"误分 {np.mean(chance[~several] >= CUT_AT):.3f}"
    )
    return splitter


def _danger_examples(material: Material) -> list[DangerExample]:
    """What was written about danger, and ordinary messages: half of the asks, real ones."""
    asks = [a.text for a in material.asks if zlib.crc32(a.text.encode("utf-8", "replace")) % 2 == 1]
    real = [f"{one.matter.title}\n{one.matter.text}" for one in material.real]
    written = danger_model.read_examples()
    return [
        *written,
        *(DangerExample(text, None, Source.ASK) for text in asks),
        *(DangerExample(text, None, Source.REAL) for text in real),
    ]


def learn(
    material: Material, examples: Sequence[training.Example], folder: Path
) -> tuple[BundledEncoder, Head]:
    """Fit encoder and head on some of the examples; the encoder is written to `folder`."""
    regression = training.fit_regression(examples, len(material.duty_list) + 1)
    vectors, duties = training.compress(regression)
    training.write_model(folder, list(regression.vocabulary), vectors, material.terms)
    encoder = BundledEncoder.load(folder)
    return encoder, training.head_of(material.duty_ids, duties, encoder.fingerprint)


def cross_validate(material: Material, report: Report) -> Iterator[Fold]:
    """A model for each fold of the real messages, learned from everything but the fold."""
    folds = fold_of(len(material.real))
    first = len(material.examples) - len(material.real)
    for part in range(FOLDS):
        report(f"交叉验证 {part + 1}/{FOLDS}……")
        kept = [material.examples[first + row] for row in np.flatnonzero(folds != part)]
        with tempfile.TemporaryDirectory() as scratch:
            encoder, head = learn(material, [*material.examples[:first], *kept], Path(scratch))
        index = Index.build(material.duty_list, material.asks, encoder, encoder.tokenizer)
        yield Fold(np.flatnonzero(folds == part), index, head)


def sample_of(material: Material, folds: Iterable[Fold]) -> Sample:
    """Evidence of each real message from the fold whose model has not seen it."""
    right = right_rows(material.duty_ids, material.real)
    evidence = np.zeros((*right.shape, len(EVIDENCE)), dtype=np.float32)
    lengths = np.zeros(len(right))
    for fold in folds:
        found = fold.index.search([query_of(material.real[r].matter) for r in fold.members])
        evidence[fold.members] = Ranker(material.duty_ids, fold.head).evidence(found)
        lengths[fold.members] = [one.length for one in found]
    return Sample(evidence, lengths, right)


def right_rows(duty_ids: Sequence[str], labelled: Sequence[Labelled]) -> Flags:
    """Shape (messages, duties + 1): the duties a fair judge accepts; last, whether none covers it."""
    rows = {duty_id: row for row, duty_id in enumerate(duty_ids)}
    right = np.zeros((len(labelled), len(rows) + 1), dtype=bool)
    for target, one in zip(right, labelled, strict=True):
        for duty_id in one.right:
            target[rows[duty_id]] = True
        target[-1] = one.duty is None
    return right


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


def _stored_calibration() -> Calibration:
    try:
        return read_calibration(json.loads((TRAINED / "ranking.json").read_bytes())["calibration"])
    except (OSError, TypeError):  # none yet, or one of an older form
        return UNTRAINED


def _write_ranking(
    ids: Sequence[str], encoder: str, calibration: Calibration, splitter: Splitter
) -> None:
    content = {
        "encoder": encoder,
        "calibration": asdict(calibration),
        "splitter": asdict(splitter),
        "duties": list(ids),
    }
    write_atomically(
        TRAINED / "ranking.json", json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    )
