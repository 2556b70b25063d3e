"""The danger classifier is stored whole, and what it learns from is well formed and its own."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest

from assistant.danger_model import (
    CALLS,
    CORPUS,
    FILE,
    LONG,
    DangerExample,
    Source,
    fit,
    load,
    read_examples,
    save,
    summary,
)
from index.tokens import Tokenizer

TOKENIZER = Tokenizer()


@pytest.fixture(scope="module")
def examples():
    return read_examples()


@pytest.fixture(scope="module")
def learned(examples):
    """From every other example."""
    return fit(examples[::2], TOKENIZER)


def test_a_saved_model_says_the_same(learned, examples, tmp_path):
    save(learned, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    loaded = load(tmp_path)
    assert list(loaded.rows) == list(learned.rows)
    assert loaded.threshold == pytest.approx(learned.threshold)
    assert loaded.threshold_long == pytest.approx(learned.threshold_long)
    for example in examples[:200]:
        tokens = TOKENIZER.tokens(example.text)
        np.testing.assert_allclose(loaded.scores(tokens), learned.scores(tokens), atol=0.005)


def test_danger_it_has_not_seen_is_told_from_talk(learned, examples):
    calls = [(e.call, learned.call_for(e.text, TOKENIZER)) for e in examples[1::2]]
    danger = [(call, said) for call, said in calls if call]
    assert np.mean([said is not None for _, said in danger]) > 0.75
    assert np.mean([said == call for call, said in danger if said]) > 0.6  # chance: a fifth
    assert np.mean([said is not None for call, said in calls if not call]) < 0.2


def test_real_messages_learned_from_raise_no_alarm(examples):
    """Their leave-one-out scores lie below the threshold that they set."""
    talk = [e for e in examples[::5] if e.call is None]
    real = [DangerExample(e.text, None, Source.REAL) for e in talk]
    written = [e for e in examples[::3] if e.call]
    model = fit([*written, *real], TOKENIZER)
    assert [e.text for e in real if model.call_for(e.text, TOKENIZER)] == []
    # Where the same texts were only written to be hard, a few may be taken for danger.
    assert model.threshold > fit([*written, *talk], TOKENIZER).threshold + 0.05
    assert "只是谈到" not in summary(model, [*written, *real], TOKENIZER)


def test_a_text_of_no_known_token_is_no_danger():
    model = load()
    assert not model.scores([]).any()
    assert model.call_for("", TOKENIZER) is None
    assert model.call_for("🙂" * (LONG + 1), TOKENIZER) is None


def test_the_trained_model_is_whole():
    model = load()
    assert model.weights.shape == (len(model.rows), len(CALLS))
    assert model.rarity.shape == (len(model.rows),)
    assert np.isfinite(model.weights).all() and np.isfinite(model.rarity).all()
    assert 0 < model.threshold < 1.5 and 0 < model.threshold_long < 1.5


def test_every_line_of_the_corpus_is_well_formed(examples):
    lines = CORPUS.read_text("utf-8").split("\n")
    assert lines.pop() == ""
    for number, line in enumerate(lines, start=1):
        row = json.loads(line)
        assert set(row) == {"text", "call"}, number
        assert isinstance(row["text"], str) and row["text"].strip(), number
        assert row["call"] is None or row["call"] in CALLS, number
    assert len(examples) == len(lines)


def test_the_corpus_has_every_call_and_as_much_talk(examples):
    counts = Counter(example.call for example in examples)
    assert set(counts) == {*CALLS, None} and min(counts.values()) >= 50
    assert counts[None] >= 500
    assert [text for text, n in Counter(e.text for e in examples).items() if n > 1] == []


def test_nothing_is_learned_from_the_texts_that_check_it(examples, heshi_folder):
    path = heshi_folder / "checks" / "danger.jsonl"
    checked = {json.loads(line)["text"] for line in path.read_text("utf-8").splitlines()}
    assert len(checked) >= 200
    assert checked & {example.text for example in examples} == set()
