"""Which clause of a duty speaks of a matter: learned, stored, and never used for other wording."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assistant.clause_model import (
    FILE,
    ClauseModels,
    department_clauses,
    fit,
    has_a_choice,
    save,
    tokens_of,
    without_names,
)
from assistant.matters import query_of
from assistant.model import Matter
from corpus.model import Clause, Owner
from corpus.store import read_asks, training_asks
from index.passages import Query, list_terms
from index.tokens import Tokenizer

DUTIES = ("joint-31", "joint-94")
SENTENCES = [
    ("joint-31", "打鱼的船上交了，现在没有工作，想学门手艺", "区人力资源和社会保障局"),
    ("joint-31", "退捕渔民生活困难想吃低保", "区民政局"),
    ("joint-31", "菜市场有人卖野生江鱼", "区市场监督管理局"),
    ("joint-94", "划龙舟那天救护车停在哪里", "区卫生健康局"),
    ("joint-94", "龙舟赛那天要封哪几条路，车子怎么绕行", "区交通运输局"),
]


@pytest.fixture(scope="module")
def tokenizer(heshi):
    return Tokenizer(list_terms(heshi))


@pytest.fixture(scope="module")
def asks(heshi, heshi_folder):
    """Those that note a clause of the two duties."""
    return [a for a in read_asks(heshi_folder, heshi) if a.duty in DUTIES and a.clause is not None]


@pytest.fixture(scope="module")
def models(heshi, asks, tokenizer):
    return fit(heshi, asks, tokenizer)


def _chosen(model, duty, text, tokenizer):
    scores = model.scores(tokens_of(query_of(Matter(text)), tokenizer))
    return department_clauses(duty)[int(scores.argmax())]


def test_only_duties_with_labelled_asks_are_learned(models, heshi):
    assert set(models) == set(DUTIES)
    for duty_id, model in models.items():
        assert model.weights.shape == (
            len(model.rows),
            len(department_clauses(heshi.duty(duty_id))),
        )


@pytest.mark.parametrize(("duty_id", "text", "department"), SENTENCES)
def test_a_sentence_it_has_not_seen_finds_its_clause(
    models, heshi, asks, tokenizer, duty_id, text, department
):
    assert text not in {ask.text for ask in asks}
    clause = _chosen(models[duty_id], heshi.duty(duty_id), text, tokenizer)
    assert clause.departments == (department,)


def test_asks_left_out_find_their_clauses(heshi, asks, tokenizer):
    learned = fit(heshi, asks[::2], tokenizer)
    hits = [
        _chosen(learned[ask.duty], heshi.duty(ask.duty), ask.text, tokenizer).number == ask.clause
        for ask in asks[1::2]
    ]
    assert len(hits) > 80 and np.mean(hits) > 0.7  # chance: a tenth


def test_a_text_without_a_known_token_speaks_for_no_clause(models, tokenizer):
    scores = models["joint-94"].scores(tokens_of(Query("🙂"), tokenizer))
    assert scores.shape == (8,) and not scores.any()


def test_emphasis_is_counted_again(tokenizer):
    tokens = tokens_of(Query("救护车停在哪里", ("救护车",)), tokenizer)
    assert tokens["救护车"] == 2 and tokens["停"] == 1


def test_departments_are_no_part_of_a_clause(heshi):
    clause = department_clauses(heshi.duty("joint-94"))[2]
    assert "区公安局" in clause.text and "区公安局" not in without_names(clause)


def test_a_choice_needs_two_departments(heshi):
    duty = heshi.duty("joint-94")
    one = duty.clauses[2]
    assert has_a_choice(duty)
    assert not has_a_choice(replace(duty, clauses=(one, replace(one, number=9))))
    assert not has_a_choice(replace(duty, clauses=()))
    township = Clause(Owner.TOWNSHIP, 1, "配合区财政局。", ("区财政局",))
    assert not has_a_choice(replace(duty, clauses=(one, township)))


def test_saved_weights_give_the_same_scores(models, heshi, tokenizer, tmp_path):
    save(models, heshi, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    stored = ClauseModels(tmp_path)
    for duty_id, text, _ in SENTENCES:
        tokens = tokens_of(query_of(Matter(text)), tokenizer)
        loaded = stored.of(heshi.duty(duty_id))
        assert list(loaded.rows) == list(models[duty_id].rows)
        np.testing.assert_allclose(
            loaded.scores(tokens), models[duty_id].scores(tokens), rtol=0.01, atol=0.003
        )


def test_weights_for_other_wording_are_not_used(models, heshi, tmp_path):
    save(models, heshi, tmp_path)
    stored = ClauseModels(tmp_path)
    duty = heshi.duty("joint-94")
    first, *rest = duty.clauses
    reworded = replace(duty, clauses=(replace(first, text=first.text + "等"), *rest))
    assert stored.of(duty) is not None
    assert stored.of(reworded) is None
    assert stored.of(replace(duty, clauses=(*rest, first))) is None
    assert stored.of(replace(duty, name="别的名称")) is not None
    assert stored.of(heshi.duty("joint-105")) is None


def test_no_file_is_no_weights(heshi, tmp_path):
    assert ClauseModels(tmp_path).of(heshi.duty("joint-94")) is None


def test_the_trained_weights_serve_every_duty_that_was_learned(heshi, heshi_folder):
    labelled = {a.duty for a in training_asks(read_asks(heshi_folder)) if a.clause is not None}
    duties = [duty for duty in heshi if has_a_choice(duty) and duty.id in labelled]
    assert len(duties) > 20
    stored = ClauseModels()
    for duty in duties:
        model = stored.of(duty)
        assert model is not None, duty.id
        assert model.weights.shape == (len(model.rows), len(department_clauses(duty)))
        assert np.isfinite(model.weights).all() and model.weights.any()
