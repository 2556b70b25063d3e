"""Whatever people send: a decision or a clear refusal, never a traceback."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.cli import main
from web import create_app

NASTY = st.one_of(
    st.text(max_size=300),
    st.text(st.characters(categories=["Cc", "Cf", "Cs", "So", "Lo"]), max_size=120),
    st.sampled_from(
        [
            "",
            " \n\t",
            "<script>alert(1)</script>",
            "'; DROP TABLE duties; --",
            "\u202eabc\u202c",
            "👩‍🌾" * 50,
            "\x00\x1b[31m",
            "\ud800村里的路坏了",
            "路" * 20_001,
            "路" * 100_000,
            "低保",
        ]
    ),
)


@pytest.fixture(scope="module")
def client(assistant):
    return create_app({"TESTING": False}, assistant=assistant).test_client()


@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=NASTY, title=NASTY | st.none())
def test_the_api_decides_or_refuses(client, text, title):
    response = client.post("/api/v1/ask", json={"text": text, "title": title})
    body = json.loads(response.data)
    if response.status_code == 200:
        assert len(body["candidates"]) == 10
        assert body["outcome"] in {"answered", "clarify", "not_listed", "diverted"}
    else:
        assert response.status_code in (400, 413)
        assert body["error"]["message"]


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=NASTY)
def test_the_page_without_javascript_decides_or_refuses(client, text):
    response = client.post("/", data={"text": text.encode("utf-8", "replace").decode()})
    assert response.status_code in (200, 400, 413)
    assert b"Traceback" not in response.data


def test_a_file_of_nasty_tickets_is_routed_line_by_line(tmp_path):
    lines: list[str] = []

    @settings(max_examples=800, deadline=None, database=None)
    @given(text=NASTY)
    def collect(text: str) -> None:
        lines.append(json.dumps({"id": len(lines), "text": text}))

    collect()
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("\n".join(lines) + "\n", "utf-8")
    assert main(["route", str(source), str(target)]) == 0
    rows = [json.loads(line) for line in target.read_text("utf-8").splitlines()]
    assert [row["id"] for row in rows] == list(range(len(lines)))
    assert all(row["outcome"] or row["error"] for row in rows)
    assert any(row["outcome"] is None for row in rows)
    assert any(row["outcome"] for row in rows)
