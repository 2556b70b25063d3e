"""Clarifying questions: written, well formed, asked for the two best duties, and decisive."""

from __future__ import annotations

import json

import pytest

from assistant.clarify import Questions
from corpus.errors import StoreError
from corpus.store import list_folder, load_list


@pytest.fixture(scope="module")
def duty_list():
    return load_list(list_folder())


@pytest.fixture(scope="module")
def questions(duty_list):
    return Questions.load(list_folder(), duty_list)


def test_every_question_is_short_and_has_answers_for_different_duties(questions):
    assert len(questions.all) >= 150
    for question in questions.all:
        duties = [option.duty_id for option in question.options]
        assert 2 <= len(duties) == len(set(duties)) <= 3
        assert len(question.text) <= 40 and question.text.endswith("？")
        assert all(0 < len(option.text) <= 25 for option in question.options)


CLOSE_PAIRS = [
    ("joint-71", "joint-74"),
    ("joint-71", "joint-76"),
    ("joint-71", "joint-77"),
    ("basic-84", "basic-89"),
    ("basic-84", "basic-87"),
    ("joint-83", "joint-64"),
    ("joint-41", "reclaimed-62"),
    ("joint-85", "reclaimed-62"),
    ("basic-76", "joint-52"),
]


@pytest.mark.parametrize("pair", CLOSE_PAIRS)
def test_close_pairs_have_a_question_whichever_comes_first(questions, pair):
    question = questions.between(pair)
    assert question is not None
    assert {option.duty_id for option in question.options} >= set(pair)
    assert questions.between(pair[::-1]) == question


def test_unrelated_duties_have_none(questions):
    assert questions.between(["basic-1", "reclaimed-99"]) is None
    assert questions.between(["basic-1"]) is None


@pytest.mark.parametrize(
    ("stored", "named"),
    [
        ('[{"question": "？", "options": [{"text": "甲", "duty": "basic-999"}]}]', "basic-999"),
        ('[{"question": "？"}]', "options"),
        ("{", "读不出来"),
    ],
)
def test_a_wrong_file_is_named(tmp_path, duty_list, stored, named):
    (tmp_path / "clarify.json").write_text(stored, "utf-8")
    with pytest.raises(StoreError, match=named):
        Questions.load(tmp_path, duty_list)


def test_the_file_is_as_it_would_be_written(questions):
    path = list_folder() / "clarify.json"
    stored = json.loads(path.read_bytes())
    assert path.read_text("utf-8") == json.dumps(stored, ensure_ascii=False, indent=1) + "\n"
