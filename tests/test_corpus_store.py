"""List folders: whatever is missing, damaged or out of step is named with what to do."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from corpus.errors import StoreError
from corpus.store import (
    Ask,
    list_folder,
    load_list,
    parse_folder,
    read_asks,
    write_atomically,
    write_duties,
)


@pytest.fixture
def folder(tmp_path, heshi_folder):
    for name in ("list.json", "source.txt", "duties.json"):
        shutil.copyfile(heshi_folder / name, tmp_path / name)
    return tmp_path


def _asks(folder, *lines):
    (folder / "asks.jsonl").write_text("\n".join(lines) + "\n", "utf-8")


GOOD = '{"text": "低保怎么办", "duty": "joint-50", "kind": "chat", "clause": 2}'


def test_asks_are_read(folder, heshi):
    _asks(folder, GOOD, '{"text": "飞机票怎么退", "duty": "NONE"}')
    assert read_asks(folder, heshi) == (
        Ask("低保怎么办", "joint-50", "chat", 2),
        Ask("飞机票怎么退", None, "", None),
    )


def test_no_asks_file_is_no_asks(folder):
    assert read_asks(folder) == ()


@pytest.mark.parametrize(
    "bad",
    ["", "{", "[]", '"text"', "3", '{"text": "x"}', '{"duty": "joint-1"}', "null"],
)
def test_bad_ask_names_file_and_line(folder, bad):
    _asks(folder, GOOD, bad, GOOD)
    with pytest.raises(StoreError) as caught:
        read_asks(folder)
    assert f"{folder / 'asks.jsonl'} 第2行" in str(caught.value)


@pytest.mark.parametrize(
    "bad",
    [
        '{"text": 5, "duty": "joint-1"}',
        '{"text": null, "duty": "joint-1"}',
        '{"text": "x", "duty": ["joint-1"]}',
    ],
)
def test_ask_of_the_wrong_type_names_file_and_line(folder, heshi, bad):
    _asks(folder, GOOD, bad)
    with pytest.raises(StoreError) as caught:
        read_asks(folder, heshi)
    assert f"{folder / 'asks.jsonl'} 第2行" in str(caught.value)


def test_undecodable_asks_name_the_file(folder):
    (folder / "asks.jsonl").write_bytes(GOOD.encode() + b"\n\xff\xfe\n")
    with pytest.raises(StoreError) as caught:
        read_asks(folder)
    assert str(folder / "asks.jsonl") in str(caught.value)


def test_ask_with_a_line_separator_in_its_text_is_one_line(folder):
    """JSON allows U+2028 and U+0085 inside a string; only line feeds end a line."""
    _asks(folder, '{"text": "一\u2028二\u0085三", "duty": "NONE"}', GOOD)
    assert [a.text for a in read_asks(folder)] == ["一\u2028二\u0085三", "低保怎么办"]


def test_unknown_duty_in_asks(folder, heshi):
    _asks(folder, GOOD, GOOD, '{"text": "x", "duty": "joint-999"}')
    assert len(read_asks(folder)) == 3
    with pytest.raises(StoreError) as caught:
        read_asks(folder, heshi)
    assert "第3行" in str(caught.value) and "joint-999" in str(caught.value)


def test_bundled_asks_all_fit_the_list(heshi, heshi_folder):
    asks = read_asks(heshi_folder, heshi)
    assert len(asks) == sum(1 for _ in (heshi_folder / "asks.jsonl").open("rb"))
    assert all(ask.text.strip() for ask in asks)
    clauses = [a for a in asks if a.clause is not None]
    for ask in clauses:
        numbers = {c.number for c in heshi.duty(ask.duty).clauses}
        assert ask.clause in numbers, ask


@pytest.mark.parametrize("slug", ["nowhere", "", "../lists", "heshi/../nowhere"])
def test_unknown_list_names_those_there_are(slug):
    with pytest.raises(StoreError) as caught:
        list_folder(slug)
    assert "heshi" in str(caught.value) and f"“{slug}”" in str(caught.value)


def test_stale_duties(folder):
    load_list(folder)
    with (folder / "source.txt").open("ab") as file:
        file.write(b"\n")
    with pytest.raises(StoreError) as caught:
        load_list(folder)
    assert str(folder / "duties.json") in str(caught.value)
    assert "python -m assistant parse" in str(caught.value)
    write_duties(parse_folder(folder), folder)
    assert len(load_list(folder)) == 352


@pytest.mark.parametrize("content", ["", "{", "[]", "\ufffe"])
@pytest.mark.parametrize("name", ["duties.json", "list.json"])
def test_damaged_json_is_named(folder, name, content):
    (folder / name).write_text(content, "utf-8")
    with pytest.raises(StoreError) as caught:
        load_list(folder)
    assert str(folder / name) in str(caught.value)


@pytest.mark.parametrize("name", ["duties.json", "list.json", "source.txt"])
def test_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(StoreError) as caught:
        load_list(folder)
    assert str(folder / name) in str(caught.value)


@pytest.mark.parametrize("key", ["id", "section", "departments", "clauses", "source_lines"])
def test_incomplete_duty_is_refused(folder, key):
    stored = json.loads((folder / "duties.json").read_bytes())
    del stored["duties"][200][key]
    (folder / "duties.json").write_text(json.dumps(stored), "utf-8")
    with pytest.raises(StoreError) as caught:
        load_list(folder)
    assert "duties.json" in str(caught.value) and "parse" in str(caught.value)


def test_list_json_without_a_needed_key_names_list_json(folder):
    (folder / "list.json").write_text('{"slug": "x"}', "utf-8")
    with pytest.raises(StoreError) as caught:
        load_list(folder)
    assert "list.json" in str(caught.value)


def test_parse_folder_with_incomplete_list_json_is_a_store_error(folder):
    (folder / "list.json").write_text('{"slug": "x"}', "utf-8")
    with pytest.raises(StoreError) as caught:
        parse_folder(folder)
    assert "list.json" in str(caught.value)


def test_write_then_load_is_the_same_list(folder, heshi):
    write_duties(heshi, folder)
    assert load_list(folder) == heshi


def test_edition_is_the_keepers_or_the_digest(folder):
    about = json.loads((folder / "list.json").read_bytes())
    loaded = load_list(folder)
    assert loaded.edition == f"公开版{loaded.source_digest[:8]}"
    (folder / "list.json").write_text(json.dumps({**about, "edition": "2024年版"}), "utf-8")
    assert load_list(folder).edition == "2024年版"


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_failed_write_leaves_the_old_file(tmp_path, monkeypatch, step):
    target = tmp_path / "duties.json"
    target.write_text("旧", "utf-8")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="No space"):
        write_atomically(target, "新")
    monkeypatch.undo()
    assert target.read_text("utf-8") == "旧"
    assert [p.name for p in tmp_path.iterdir()] == ["duties.json"]


def test_write_replaces_whole(tmp_path):
    target = tmp_path / "a.json"
    write_atomically(target, "很长的旧内容" * 100)
    write_atomically(target, "新")
    assert target.read_bytes() == "新".encode()
    assert target.stat().st_mode & 0o777 == 0o644
    write_atomically(target, b"\x00\x01")
    assert target.read_bytes() == b"\x00\x01"
