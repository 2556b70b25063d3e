"""BM25 against the formula written out, document by document."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from index.lexical import QUERY_TOKENS, Lexical


def _brute_force(documents: list[list[str]], query: list[str]) -> list[float]:
    mean = sum(map(len, documents)) / len(documents)
    scores = []
    for document in documents:
        score = 0.0
        for token in set(query):
            containing = sum(token in other for other in documents)
            count = document.count(token)
            if not containing:
                continue
            idf = math.log(1 + (len(documents) - containing + 0.5) / (containing + 0.5))
            norm = 1.2 * (1 - 0.75 + 0.75 * len(document) / mean)
            score += idf * count * 2.2 / (count + norm)
        scores.append(score)
    return scores


def _random_documents(seed: int, size: int = 60) -> list[list[str]]:
    rng = random.Random(seed)
    words = [f"词{n}" for n in range(40)]
    weights = [1 / (n + 1) for n in range(40)]
    return [rng.choices(words, weights, k=rng.randint(1, 25)) for _ in range(size)]


@pytest.mark.parametrize("seed", range(8))
def test_scores_are_bm25(seed):
    documents = _random_documents(seed)
    lexical = Lexical.build(documents)
    rng = random.Random(seed + 100)
    for _ in range(20):
        query = [f"词{rng.randrange(45)}" for _ in range(rng.randint(1, 12))]
        expected = _brute_force(documents, query)
        np.testing.assert_allclose(lexical.score(query), expected, rtol=1e-4, atol=1e-5)
        passages, scores = lexical.top(query, 7)
        best = sorted(expected, reverse=True)[:7]
        np.testing.assert_allclose(scores, [s for s in best if s > 0], rtol=1e-4)
        np.testing.assert_allclose([expected[p] for p in passages], scores, rtol=1e-4)


def test_worked_by_hand():
    lexical = Lexical.build([["甲", "乙"], ["甲", "甲"], ["丙", "丙"]])
    # Every length is the mean: the norm is k1.
    idf = math.log(1 + 1.5 / 2.5)
    scores = lexical.score(["甲"])
    assert scores == pytest.approx([idf * 2.2 / 2.2, idf * 2 * 2.2 / 3.2, 0], rel=1e-5)
    passages, _ = lexical.top(["甲"], 3)
    assert passages.tolist() == [1, 0]


def test_a_token_said_twice_counts_once():
    lexical = Lexical.build(_random_documents(3))
    assert (lexical.score(["词1", "词1", "词2"]) == lexical.score(["词2", "词1"])).all()


def test_unknown_tokens_find_nothing():
    lexical = Lexical.build([["甲"], ["乙"]])
    passages, scores = lexical.top(["丁"], 5)
    assert passages.size == scores.size == 0
    assert lexical.top([], 5)[0].size == 0


def test_long_query_keeps_its_rarest_tokens():
    common = [f"常{n}" for n in range(QUERY_TOKENS)]
    documents = [[*common, "稀"]] + [list(common) for _ in range(9)]
    lexical = Lexical.build(documents)
    assert lexical.top([*common, "稀"], 1)[0].tolist() == [0]
    kept = lexical.score([*common, "稀"])
    assert kept[0] > kept[1]
    # One of the common ones had to go.
    assert kept[1] == pytest.approx(_brute_force(documents, common[1:])[1], rel=1e-3)


@pytest.mark.parametrize("documents", [[], [[]], [[], ["甲"]]])
def test_empty_documents(documents, tmp_path):
    lexical = Lexical.build(documents)
    expected = [1] if ["甲"] in documents else []
    assert lexical.top(["甲"], 3)[0].tolist() == expected
    lexical.save(tmp_path)
    assert Lexical.load(tmp_path, lexical.size).top(["甲"], 3)[0].tolist() == expected


def test_ties_go_to_the_earlier_passage():
    lexical = Lexical.build([["乙"], ["甲"], ["甲"], ["甲"]])
    assert lexical.top(["甲"], 4)[0].tolist() == [1, 2, 3]


def test_saved_and_loaded_alike(tmp_path):
    lexical = Lexical.build(_random_documents(5))
    lexical.save(tmp_path)
    loaded = Lexical.load(tmp_path, lexical.size)
    assert loaded.vocabulary == lexical.vocabulary
    for n in range(40):
        for one, other in zip(
            lexical.top([f"词{n}", "词3"], 10), loaded.top([f"词{n}", "词3"], 10), strict=True
        ):
            assert (one == other).all()
