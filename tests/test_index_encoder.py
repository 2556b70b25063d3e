"""The bundled model: read by numpy and by sentence-transformers it gives the same vectors."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from corpus.store import list_folder, read_asks
from index.encoder import BUNDLED, BundledEncoder, load_encoder, spell
from index.errors import EncoderProblem
from index.passages import Query


@pytest.fixture(scope="module")
def encoder():
    return BundledEncoder.load(BUNDLED)


def test_both_ways_of_reading_the_model_agree(encoder):
    from sentence_transformers import SentenceTransformer

    asks = [ask.text for ask in read_asks(list_folder())[::50]]
    spelled = [spell(Query(text), encoder.tokenizer) for text in asks]
    texts = [*spelled, *asks, "", "🙂", "zzzz 没见过的词㐀"]
    theirs = SentenceTransformer(str(BUNDLED)).encode(texts, show_progress_bar=False)
    np.testing.assert_allclose(encoder.encode_spelled(texts), theirs, atol=1e-6)


def test_vectors_have_unit_length_and_unknown_text_none(encoder):
    vectors = encoder.encode([Query("低保怎么办"), Query("🙂")])
    assert np.linalg.norm(vectors[0]) == pytest.approx(1, abs=1e-5)
    assert not vectors[1].any()


def test_like_matters_lie_closer_than_unlike_ones(encoder):
    one, same, other = encoder.encode(
        [Query("低保怎么申请"), Query("家里困难想吃低保"), Query("村里水泥路坏了没人修")]
    )
    assert one @ same > one @ other + 0.2


def test_emphasis_moves_the_vector(encoder):
    plain, weighted = encoder.encode(
        [Query("路灯坏了，自来水也停了"), Query("路灯坏了，自来水也停了", ("自来水",))]
    )
    water = encoder.encode([Query("自来水停了")])[0]
    assert weighted @ water > plain @ water


def test_damaged_model_is_named(tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(BUNDLED, folder)
    data = bytearray((folder / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (folder / "model.safetensors").write_bytes(data)
    with pytest.raises(EncoderProblem, match=r"model\.safetensors"):
        BundledEncoder.load(folder)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(EncoderProblem, match=r"tokenizer\.json"):
        BundledEncoder.load(folder)


def test_another_encoder_that_is_not_there_is_a_clear_error(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(EncoderProblem, match="打不开编码器"):
        load_encoder(str(tmp_path / "nowhere"))


def test_another_sentence_transformers_model_is_loaded_by_its_folder(tmp_path):
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import StaticEmbedding
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "低": 1, "保": 2, "路": 3}, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    torch.manual_seed(0)
    small = SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=8)])
    small.save(str(tmp_path / "small"))
    loaded = load_encoder(str(tmp_path / "small"))
    vector = loaded.encode([Query("保")])
    assert loaded.dimension == 8 and vector.shape == (1, 8)
    expected = small.encode(["保"], normalize_embeddings=True)
    np.testing.assert_allclose(vector, expected, atol=1e-6)
    assert loaded.fingerprint == load_encoder(str(tmp_path / "small")).fingerprint
