"""The saved index: same hits after a load, and nothing damaged or stale is ever used."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Sequence

import numpy as np
import pytest

from corpus.model import DutyList
from corpus.parse import parse_text
from corpus.store import Ask
from index.errors import DamagedIndex, StaleIndex
from index.index import Index, remove_others, sources_of
from index.passages import NO_CLAUSE, Kind, Query, passages_of
from index.tokens import Tokenizer

TOKENIZER = Tokenizer()


class CharacterEncoder:
    """A bag of characters, each hashed to a fixed random direction."""

    dimension = 32

    def __init__(self, fingerprint: str = "characters-1") -> None:
        self.fingerprint = fingerprint
        self.calls = 0

    def encode(self, queries: Sequence[Query]) -> np.ndarray:
        self.calls += 1
        out = np.zeros((len(queries), self.dimension), np.float32)
        for row, query in zip(out, queries, strict=True):
            for character in query.whole:
                seed = zlib.crc32(character.encode("utf-8", "surrogatepass"))
                row += np.random.default_rng(seed).normal(size=self.dimension)
            norm = np.linalg.norm(row)
            if norm:
                row /= norm
        return out


TEXT = """基本履职事项清单
一、党的建设（2项）
1 加强党员队伍建设。
2 做好清廉村居建设。
配合履职事项清单
一、生态环保（1项）
1
开展河道保洁工作。
县水利局
（1）制定河道保洁的工作方案。
（1）打捞水面漂浮物；
（2）劝阻倾倒垃圾。
上级部门收回事项清单
一、综合政务（2项）
1 开具婚育证明。 收回并取消。
2 水库大坝安全鉴定。
承接部门：县水利局
工作方式：委托有资质的单位鉴定。
"""
ASKS = (
    Ask("河里好多垃圾没人捞", "joint-1"),
    Ask("入党要找谁", "basic-1"),
    Ask("飞机票怎么退", None),
)


def _list() -> DutyList:
    parsed = parse_text(TEXT)
    return DutyList("mini", "青山乡", "平原县", "一", "0", parsed.sections, parsed.duties)


@pytest.fixture
def encoder() -> CharacterEncoder:
    return CharacterEncoder()


@pytest.fixture
def index(encoder) -> Index:
    return Index.build(_list(), ASKS, encoder, TOKENIZER)


QUERIES = [Query(t) for t in ("河道垃圾", "入党", "退票", "水库鉴定", "？？", "")] + [
    Query("水", ("水库",))
]


def _hits(index: Index):
    return [found.hits for found in index.search(QUERIES, k=4)]


def test_passages_are_those_of_the_list_then_the_asks():
    passages = passages_of(_list(), ASKS)
    assert [(p.kind, p.duty_id, p.clause) for p in passages] == [
        (Kind.NAME, "basic-1", NO_CLAUSE),
        (Kind.NAME, "basic-2", NO_CLAUSE),
        (Kind.NAME, "joint-1", NO_CLAUSE),
        (Kind.CLAUSE, "joint-1", 0),
        (Kind.CLAUSE, "joint-1", 1),
        (Kind.CLAUSE, "joint-1", 2),
        (Kind.NAME, "reclaimed-1", NO_CLAUSE),
        (Kind.NAME, "reclaimed-2", NO_CLAUSE),
        (Kind.METHOD, "reclaimed-2", NO_CLAUSE),
        (Kind.ASK, "joint-1", NO_CLAUSE),
        (Kind.ASK, "basic-1", NO_CLAUSE),
        (Kind.ASK, None, NO_CLAUSE),
    ]
    assert passages[4].text == "打捞水面漂浮物；"


def test_a_passage_finds_itself(index):
    for row, passage in enumerate(passages_of(_list(), ASKS)):
        hits = index.search([Query(passage.text)])[0].hits
        assert hits[0].passage_id == row
        assert hits[0].dense == pytest.approx(1, abs=1e-5)
        assert hits[0].duty_id == passage.duty_id
        assert (hits[0].kind, hits[0].clause) == (passage.kind, passage.clause)
        assert max(hits, key=lambda hit: hit.lexical).passage_id == row


def test_hits_merge_both_searches(index):
    (found,) = index.search([Query("河道垃圾")], k=3)
    assert len({hit.passage_id for hit in found.hits}) == len(found.hits) <= 6
    tokens = TOKENIZER.tokens("河道垃圾")
    scores = index.lexical.score(tokens)
    cosines = index.dense.vectors() @ found.vector
    for hit in found.hits:
        assert hit.lexical in (0, pytest.approx(float(scores[hit.passage_id])))
        assert hit.dense == 0 or hit.dense == pytest.approx(
            float(cosines[hit.passage_id]), abs=1e-5
        )
        assert hit.lexical or hit.dense
    assert index.search([]) == []


def test_progress_reaches_the_end(encoder):
    seen = []
    Index.build(_list(), ASKS, encoder, TOKENIZER, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (12, 12)


def test_saved_and_loaded_hits_are_identical(index, encoder, tmp_path):
    folder = index.save(tmp_path)
    assert folder.name == index.sources.key
    calls = encoder.calls
    loaded = Index.load(tmp_path, index.sources, encoder, TOKENIZER)
    assert encoder.calls == calls  # nothing is encoded anew
    assert _hits(loaded) == _hits(index)
    assert loaded.duty_ids == index.duty_ids and (loaded.table == index.table).all()
    assert [p.name for p in tmp_path.iterdir()] == [folder.name]


def _files(index, tmp_path):
    return sorted(p.name for p in index.save(tmp_path).iterdir())


def test_files_of_a_saved_index(index, tmp_path):
    assert _files(index, tmp_path) == [
        "dense.faiss",
        "duties.txt",
        "lexical_passages.npy",
        "lexical_scores.npy",
        "lexical_starts.npy",
        "lexical_tokens.txt",
        "manifest.json",
        "table.npy",
    ]


@pytest.mark.parametrize(
    "name",
    [
        "dense.faiss",
        "duties.txt",
        "lexical_passages.npy",
        "lexical_scores.npy",
        "lexical_starts.npy",
        "lexical_tokens.txt",
        "manifest.json",
        "table.npy",
    ],
)
@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "gone"])
def test_damaged_file_is_named_and_a_save_repairs_it(index, encoder, tmp_path, name, damage):
    path = index.save(tmp_path) / name
    data = path.read_bytes()
    if damage == "flip":
        middle = 0 if name == "manifest.json" else len(data) // 2
        path.write_bytes(data[:middle] + bytes([data[middle] ^ 0x41]) + data[middle + 1 :])
    elif damage == "cut":
        path.write_bytes(data[:-3])
    elif damage == "empty":
        path.write_bytes(b"")
    else:
        path.unlink()
    with pytest.raises(DamagedIndex) as caught:
        Index.load(tmp_path, index.sources, encoder, TOKENIZER)
    assert name in str(caught.value) and "python -m assistant index" in str(caught.value)
    index.save(tmp_path)
    assert _hits(Index.load(tmp_path, index.sources, encoder, TOKENIZER)) == _hits(index)
    assert [p.name for p in tmp_path.iterdir()] == [index.sources.key]


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "null",
        "3",
        '{"sources": 1}',
        '{"sources": {}}',
        '{"sources": {"list_fingerprint":"a","asks_fingerprint":"b","encoder_fingerprint":"c"},'
        '"passages":1,"dimension":1,"files":[]}',
    ],
)
def test_manifest_of_another_shape_is_damage(index, encoder, tmp_path, content):
    (index.save(tmp_path) / "manifest.json").write_text(content)
    with pytest.raises(DamagedIndex):
        Index.load(tmp_path, index.sources, encoder, TOKENIZER)


def test_manifest_that_misses_a_file_is_damage(index, encoder, tmp_path):
    """A file that the manifest does not vouch for must not be used unchecked or crash."""
    import json

    folder = index.save(tmp_path)
    stored = json.loads((folder / "manifest.json").read_bytes())
    stored["files"] = {}
    (folder / "manifest.json").write_text(json.dumps(stored))
    (folder / "duties.txt").unlink()
    with pytest.raises(DamagedIndex):
        Index.load(tmp_path, index.sources, encoder, TOKENIZER)


def test_no_index_is_stale(index, encoder, tmp_path):
    with pytest.raises(StaleIndex) as caught:
        Index.load(tmp_path / "nowhere", index.sources, encoder, TOKENIZER)
    assert "python -m assistant index" in str(caught.value)


def test_other_sources_have_another_key(index, encoder, tmp_path):
    duty_list = _list()
    index.save(tmp_path)
    fewer = sources_of(duty_list, ASKS[:2], encoder)
    relabelled = sources_of(duty_list, (*ASKS[:2], Ask("飞机票怎么退", "basic-2")), encoder)
    reworded = sources_of(duty_list, (*ASKS[:2], Ask("火车票怎么退", None)), encoder)
    other_encoder = sources_of(duty_list, ASKS, CharacterEncoder("characters-2"))
    shorter = DutyList(
        "mini", "青山乡", "平原县", "一", "0", duty_list.sections, duty_list.duties[:4]
    )
    keys = {
        s.key
        for s in (
            index.sources,
            fewer,
            relabelled,
            reworded,
            other_encoder,
            sources_of(shorter, ASKS, encoder),
        )
    }
    assert len(keys) == 6
    assert sources_of(_list(), ASKS, CharacterEncoder()).key == index.sources.key
    for sources in (fewer, relabelled, other_encoder):
        with pytest.raises(StaleIndex):
            Index.load(tmp_path, sources, encoder, TOKENIZER)


def test_asks_cannot_be_confused_by_their_separators(encoder):
    one = sources_of(_list(), (Ask("a\nNone\tb", None),), encoder)
    two = sources_of(_list(), (Ask("a", None), Ask("b", None)), encoder)
    assert one.key != two.key


def test_a_renamed_index_is_refused(index, encoder, tmp_path):
    folder = index.save(tmp_path)
    other = sources_of(_list(), ASKS[:1], encoder)
    folder.rename(tmp_path / other.key)
    with pytest.raises(DamagedIndex):
        Index.load(tmp_path, other, encoder, TOKENIZER)


@pytest.mark.parametrize("damaged", [False, True])
def test_saves_at_once_leave_one_good_index(index, encoder, tmp_path, damaged):
    for _ in range(25):
        if damaged:
            (index.save(tmp_path) / "table.npy").write_bytes(b"")
        start, problems = threading.Barrier(4), []

        def save(start=start, problems=problems):
            start.wait()
            try:
                index.save(tmp_path)
            except BaseException as error:
                problems.append(error)

        threads = [threading.Thread(target=save) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert problems == []
        assert [p.name for p in tmp_path.iterdir()] == [index.sources.key]
        assert _hits(Index.load(tmp_path, index.sources, encoder, TOKENIZER)) == _hits(index)


def test_a_save_that_fails_leaves_nothing(index, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(OSError, match="No space"):
        index.save(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_remove_others_keeps_the_current_and_foreign_files(index, encoder, tmp_path):
    folder = index.save(tmp_path)
    old = Index.build(_list(), ASKS[:1], encoder, TOKENIZER).save(tmp_path)
    fresh_draft = tmp_path / ".building-x"
    fresh_draft.mkdir()
    (tmp_path / "notes").mkdir()
    (tmp_path / "0123456789abcdef").write_text("a file, not an index")
    remove_others(tmp_path, index.sources)
    assert not old.exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(
        [folder.name, ".building-x", "notes", "0123456789abcdef"]
    )


def test_lone_surrogates_in_asks_and_queries(encoder, tmp_path):
    index = Index.build(_list(), (Ask("坏\ud800字", "basic-1"),), encoder, TOKENIZER)
    index.save(tmp_path)
    loaded = Index.load(tmp_path, index.sources, encoder, TOKENIZER)
    assert loaded.search([Query("坏\ud800字")])[0].hits[0].duty_id == "basic-1"
