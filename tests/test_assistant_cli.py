"""The command line as people run it, and decisions on any text at all."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.model import BadMessage, Message, Outcome
from assistant.serialize import decision_json
from corpus.model import Handling

ROOT = Path(__file__).resolve().parent.parent
OUTCOMES = {"answered", "clarify", "not_listed", "diverted"}
FIELDS = {
    "outcome",
    "tier",
    "duty",
    "handling",
    "lead",
    "responsible",
    "departments",
    "clause",
    "confidence",
    "candidates",
    "divert",
    "question",
    "matters",
    "list",
}


def _run(*arguments: str, stdin: bytes | None = None):
    done = subprocess.run(
        [sys.executable, "-m", "assistant", *arguments],
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        timeout=120,
    )
    done.out, done.err = done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
    assert "Traceback" not in done.err, done.err
    return done


def _check_contract(row: dict, heshi) -> None:
    assert set(row) >= FIELDS
    assert row["outcome"] in OUTCOMES
    assert row["tier"] in {"auto", "review", "manual"}
    assert 0 <= row["confidence"] <= 1
    assert len(row["candidates"]) == 10
    shares = [c["probability"] for c in row["candidates"]]
    assert shares == sorted(shares, reverse=True) and sum(shares) <= 1.0001
    for candidate in row["candidates"]:
        duty = heshi.duty(candidate["duty"]["id"])
        assert candidate["duty"]["name"] == duty.name
        assert candidate["duty"]["section"] == duty.section
        assert candidate["handling"] == duty.handling
    assert row["list"] == {"slug": "heshi", "edition": heshi.edition}
    assert {k: v for k, v in row["matters"][0].items() if k != "text"} == {
        k: v for k, v in row.items() if k not in ("matters", "list", "id")
    }
    assert (row["outcome"] == "clarify") == (row["question"] is not None)
    assert (row["outcome"] == "diverted") == (row["divert"] is not None)
    if row["outcome"] == "answered":
        duty = heshi.duty(row["duty"])
        assert row["duty"] == row["candidates"][0]["duty"]["id"]
        assert row["handling"] == duty.handling and row["lead"] == duty.lead
        assert row["departments"] == [{"name": d.name, "role": d.role} for d in duty.departments]
        if row["clause"]:
            assert row["clause"]["text"] in {c.text for c in duty.clauses}
    elif row["outcome"] != "diverted":
        assert row["duty"] is None and row["departments"] == [] and row["responsible"] is None


# duties, lint


def test_duties_json(heshi):
    done = _run("duties", "--json")
    assert done.returncode == 0
    rows = json.loads(done.out)
    assert len(rows) == 352
    for row, duty in zip(rows, heshi, strict=True):
        assert row == {
            "id": duty.id,
            "list": "heshi",
            "section": duty.section,
            "number": duty.number,
            "name": duty.name,
            "handling": duty.handling.value,
            "departments": [{"name": d.name, "role": d.role.value} for d in duty.departments],
            "department_clauses": [
                {"number": c.number, "text": c.text}
                for c in duty.clauses
                if c.owner == "department"
            ],
            "township_clauses": [
                {"number": c.number, "text": c.text} for c in duty.clauses if c.owner == "township"
            ],
            "method": duty.method,
        }
    assert sum(r["handling"] == Handling.CANCELLED for r in rows) == 34


def test_duties_text():
    lines = _run("duties").out.splitlines()
    assert len(lines) == 352
    assert (
        lines[4]
        == "basic-5\t镇独立承担\t加强党员队伍建设，负责党员发展、教育、管理、监督和服务工作"
    )


def test_lint():
    done = _run("lint")
    assert done.returncode == 0
    lines = done.out.splitlines()
    assert f"共 {len(lines)} 处" in done.err
    assert any(
        x.startswith("source.txt:3911  joint-106  ") and "区应急和管理局" in x for x in lines
    )
    assert not any("joint-31 " in line for line in lines)


@pytest.mark.parametrize("command", [["duties"], ["lint"], ["ask", "低保"]])
def test_unknown_list(command):
    done = _run("--list", "nowhere", *command)
    assert done.returncode == 1 and done.out == ""
    assert "nowhere" in done.err and "heshi" in done.err


def test_bad_setting_is_told():
    done = _run("serve", "--port", "0")
    assert done.returncode == 1 and "SHUI_PORT" in done.err


def test_misuse_is_2():
    assert _run().returncode == 2
    assert _run("nonsense").returncode == 2


def test_help_names_every_setting():
    from assistant.settings import TABLE

    out = _run("--help").out
    assert all(setting.variable in out for setting in TABLE.values())


# ask


def test_ask_text(assistant):
    done = _run("ask", "村里有人在河里电鱼")
    assert done.returncode == 0
    decision = assistant.decide(Message("村里有人在河里电鱼"))
    top = decision.main.candidates[0].duty
    assert top.title in done.out
    if decision.main.outcome is Outcome.ANSWERED:
        assert f"第{top.number}项" in done.out


def test_ask_json_is_the_contract_and_the_same_decision(assistant, heshi):
    text = "我要申请低保，去哪里办"
    row = json.loads(_run("ask", text, "--json").out)
    _check_contract(row, heshi)
    assert row == json.loads(json.dumps(decision_json(assistant.decide(Message(text)))))


def test_ask_emergency(assistant):
    done = _run("ask", "快来人啊，我家厨房着火了！")
    assert done.out.startswith("【119】")


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\u3000"])
def test_ask_nothing_is_refused(text):
    done = _run("ask", text)
    assert done.returncode == 1 and done.out == "" and "没有内容" in done.err


def test_ask_too_long_is_refused_from_stdin():
    done = _run("ask", "-", stdin=("长" * 20_001).encode())
    assert done.returncode == 1 and "20001" in done.err


def test_ask_stdin_that_is_not_utf8(assistant):
    assert _run("ask", "-", stdin="低保怎么办".encode("gb18030")).returncode == 0


# route


def test_route_keeps_order_ids_and_errors_in_place(assistant, heshi, tmp_path):
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    lines = [
        json.dumps({"id": 7, "text": "我要申请低保，去哪里办"}).encode(),
        b'{"id": "broken", "text": ',
        b"[1, 2]",
        json.dumps(
            {"id": "t", "title": "河里有人电鱼", "body": "每天晚上都有人在河里电鱼。"}
        ).encode(),
        b"",
        json.dumps({"id": "wrong", "text": 5}).encode(),
        json.dumps({"id": "none", "text": "  "}).encode(),
        b"   ",
        json.dumps({"text": "老人高龄补贴多少钱"}).encode(),
        b'{"id": "bytes", "text": "\xff\xfe"}',
        json.dumps({"id": {"a": [1]}, "text": "路灯坏了"}).encode(),
        b'{"id": "lone", "text": "\\ud800\\u8def\\u706f\\u574f\\u4e86"}',
        json.dumps({"id": "long", "text": "长" * 20_001}).encode(),
        json.dumps({"id": "no-text"}).encode(),
        b"[" * 100_000,
    ]
    source.write_bytes(b"\xef\xbb\xbf" + b"\n".join(lines) + b"\n")
    done = _run("route", str(source), str(target))
    assert done.returncode == 0
    rows = [json.loads(line) for line in target.read_text("utf-8").split("\n") if line]
    assert [row["id"] for row in rows] == [
        7,
        None,
        None,
        "t",
        "wrong",
        "none",
        None,
        None,
        {"a": [1]},
        "lone",
        "long",
        "no-text",
        None,
    ]
    good = [0, 3, 6, 8, 9]
    for position, row in enumerate(rows):
        if position in good:
            assert "error" not in row
            _check_contract(row, heshi)
        else:
            assert row["outcome"] is None and row["error"].startswith("第")
    assert [rows[n]["error"].partition("行")[0] for n in (1, 2, 4, 5, 7, 10, 11, 12)] == [
        "第2",
        "第3",
        "第6",
        "第7",
        "第10",
        "第13",
        "第14",
        "第15",
    ]
    assert "text" in rows[4]["error"] and "UTF-8" in rows[7]["error"]
    assert "已判定 5 件" in done.err and "另有 8 行" in done.err
    alone = decision_json(assistant.decide(Message("老人高龄补贴多少钱")))
    best, expected = rows[6]["candidates"][0], alone["candidates"][0]
    assert rows[6]["duty"] == alone["duty"] and best["duty"] == expected["duty"]
    # A batch multiplies its matrices in another order than one message alone.
    assert best["probability"] == pytest.approx(expected["probability"], abs=1e-5)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl"]


def test_route_an_id_with_a_lone_surrogate_that_is_refused(assistant, tmp_path):
    """A refused row goes through the same cleaning as a decided one."""
    from assistant.tickets import route

    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(b'{"id": "\\ud800", "text": ""}\n{"id": "b", "text": "\\u8def\\u706f"}\n')
    assert route(assistant, source, target).refused == 1
    assert [json.loads(x)["id"] for x in target.read_text("utf-8").splitlines()] == ["?", "b"]


def test_route_keeps_falsy_ids(assistant, tmp_path):
    from assistant.tickets import route

    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"id": 0, "text": "路灯坏了"}\n{"id": "", "text": "路灯坏了"}\n', "utf-8")
    route(assistant, source, target)
    assert [json.loads(x)["id"] for x in target.read_text("utf-8").splitlines()] == [0, ""]


def test_route_more_than_a_batch(assistant, tmp_path):
    from assistant.tickets import BATCH, route

    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    n = BATCH * 2 + 3
    source.write_text(
        "".join(json.dumps({"id": i, "text": f"路灯坏了{i}"}) + "\n" for i in range(n))
    )
    seen = []
    assert route(assistant, source, target, seen.append).decided == n
    assert [json.loads(x)["id"] for x in target.read_text("utf-8").splitlines()] == list(range(n))
    assert seen[-1] == n


def test_route_empty_file(assistant, tmp_path):
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(b"\n\n")
    assert _run("route", str(source), str(target)).returncode == 0
    assert target.read_bytes() == b""


def test_route_missing_input(tmp_path):
    done = _run("route", str(tmp_path / "none.jsonl"), str(tmp_path / "out.jsonl"))
    assert done.returncode == 1 and "none.jsonl" in done.err
    assert list(tmp_path.iterdir()) == []


def test_route_into_a_missing_folder(tmp_path):
    source = tmp_path / "in.jsonl"
    source.write_text('{"text": "路灯坏了"}\n', "utf-8")
    done = _run("route", str(source), str(tmp_path / "no" / "out.jsonl"))
    assert done.returncode == 1 and str(tmp_path / "no") in done.err


def test_route_onto_a_folder_leaves_no_draft(tmp_path):
    source = tmp_path / "in.jsonl"
    source.write_text('{"text": "路灯坏了"}\n', "utf-8")
    (tmp_path / "out").mkdir()
    done = _run("route", str(source), str(tmp_path / "out"))
    assert done.returncode == 1 and "写不进" in done.err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.jsonl", "out"]


# Any text


NASTY = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=200),
    st.text(
        st.sampled_from("\x00\x07\x1b\x7f\u200b\u202e\u2066\ufeff\ud800\udfff \n\t\u3000"),
        max_size=40,
    ),
    st.text(st.sampled_from("😀👨‍👩‍👧🏳️‍🌈🔥🚒"), max_size=30),
    st.sampled_from(
        [
            "<script>alert(1)</script>",
            "'; DROP TABLE duties; --",
            "{{7*7}}{township}",
            "%s%n\\u0000",
            "مرحبا كيف حالك",
            "שלום",
            "a" * 5000,
            "低" * 20_000,
            "1、" * 50,
            "（1）路灯坏了；（2）低保怎么办",
            "1. 路灯坏了没人修\n2. 我要申请低保\n3. 河里有人电鱼",
            "\n" * 500 + "低保",
            "①②③④⑤⑥",
        ]
    ),
    st.lists(
        st.sampled_from(
            [
                "1、",
                "2、",
                "\n",
                "。",
                "低保",
                "路灯坏了",
                "第一",
                "着火了",
                "请",
                "（",
                "）",
                "\u202e",
            ]
        ),
        max_size=40,
    ).map("".join),
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    text=NASTY,
    title=st.one_of(st.just(""), st.text(st.characters(exclude_categories=()), max_size=30)),
)
def test_any_text_is_decided_or_a_bad_message(assistant, text, title):
    try:
        (decision,) = assistant.decide_many([Message(text, title)])
    except BadMessage as problem:
        assert not f"{title}{text}".strip() or len(title + text) > 20_000
        assert str(problem)
        return
    assert decision.matters
    for matter in decision.matters:
        assert len(matter.candidates) == 10
        assert len({c.duty.id for c in matter.candidates}) == 10
        shares = [c.probability for c in matter.candidates]
        assert all(0 <= share <= 1 for share in shares) and sum(shares) <= 1.0001
        assert 0 <= matter.confidence <= 1
    json.dumps(decision_json(decision), ensure_ascii=False, allow_nan=False)


def test_batch_and_single_agree(assistant, heshi):
    messages = [Message(duty.title) for duty in list(heshi)[::9]]
    together = [decision_json(d) for d in assistant.decide_many(messages)]
    for message, row in zip(messages, together, strict=True):
        alone = decision_json(assistant.decide(message))
        assert alone["duty"] == row["duty"] and alone["outcome"] == row["outcome"]
        assert alone["confidence"] == pytest.approx(row["confidence"], abs=1e-4)


def test_nothing_to_decide(assistant):
    assert assistant.decide_many([]) == []
    for text in ("", " \n", "\u3000"):
        with pytest.raises(BadMessage, match="没有内容"):
            assistant.decide(Message(text))
    assert assistant.decide(Message("", "路灯坏了")).main.candidates
