"""The web application, whole: real list, real index, real ranker."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import escape

from assistant.service import Assistant
from assistant.settings import Settings
from web import create_app
from web.cards import mark
from web.chat import EXAMPLES

STRAW = "秸秆能不能烧"
LEAD = "岳阳市生态环境局屈原分局"


@pytest.fixture(scope="session")
def assistant() -> Assistant:
    return Assistant.open(Settings.load())


@pytest.fixture(scope="session")
def app(assistant: Assistant) -> Flask:
    return create_app({"TESTING": True}, assistant=assistant)


@pytest.fixture()
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def refused(response: Any, status: int) -> dict[str, str]:
    """The error of an API response, after a check of its one shape."""
    assert response.status_code == status
    body = response.get_json()
    assert set(body) == {"error"} and set(body["error"]) == {"code", "message"}
    assert any("一" <= c <= "鿿" for c in body["error"]["message"])
    error: dict[str, str] = body["error"]
    return error


def test_page_has_form_and_examples(client: FlaskClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    text = page.get_data(as_text=True)
    assert '<html lang="zh-CN">' in text and 'method="post"' in text
    assert all(f'value="{example}"' in text for example in EXAMPLES)


def test_post_without_javascript_shows_the_answer(client: FlaskClient) -> None:
    text = client.post("/", data={"text": STRAW}).get_data(as_text=True)
    assert "<html" in text and 'class="bubble"' in text
    assert f"<strong>{LEAD}</strong>" in text
    assert "镇配合办理" in text and "/duty/heshi/joint-78" in text
    assert "<mark>秸秆</mark>" in text
    assert "第78项" in text


def test_fetch_gets_only_the_cards(client: FlaskClient) -> None:
    response = client.post("/", data={"text": STRAW}, headers={"X-Requested-With": "fetch"})
    text = response.get_data(as_text=True).strip()
    assert text.startswith("<article") and "<html" not in text and "bubble" not in text


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_answered_with_a_card(client: FlaskClient, example: str) -> None:
    page = client.post("/", data={"text": example})
    assert page.status_code == 200
    assert '<article class="card' in page.get_data(as_text=True)


def test_danger_comes_first(client: FlaskClient) -> None:
    text = client.post("/", data={"text": "快来人，我家房子着火了"}).get_data(as_text=True)
    assert 'href="tel:119"' in text
    assert text.index('class="danger"') < text.index('class="headline"')


def test_not_listed_is_said_and_names_no_department(client: FlaskClient) -> None:
    response = client.post(
        "/", data={"text": "帮我写一首关于月亮的英文诗"}, headers={"X-Requested-With": "fetch"}
    )
    text = response.get_data(as_text=True)
    assert "清单里没有这件事。" in text and "不是答案" in text
    assert 'class="departments"' not in text


def test_empty_form_is_refused_kindly(client: FlaskClient) -> None:
    for data in ({}, {"text": "  \n"}):
        page = client.post("/", data=data)
        assert page.status_code == 400
        assert "没有内容" in page.get_data(as_text=True)


def test_written_markup_is_escaped(client: FlaskClient) -> None:
    attack = '<script>alert(1)</script>"><img src=x onerror=alert(1)> 秸秆能不能烧'
    text = client.post("/", data={"text": attack}).get_data(as_text=True)
    assert "<script>alert" not in text and "<img" not in text
    assert str(escape(attack)) in text


def test_marks_keep_the_clause_and_escape_it() -> None:
    assert str(mark("焚烧<秸秆>&行为", ["秸秆", "秸", "烧"])) == (
        "焚烧&lt;<mark>秸秆</mark>&gt;&amp;行为"
    )
    assert str(mark("a+b", [])) == "a+b"


@pytest.mark.parametrize("path", ["/", "/duty/heshi/joint-78", "/healthz", "/nothing", "/api/v1/x"])
def test_security_headers_everywhere(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_pages_have_no_inline_style_or_script(client: FlaskClient) -> None:
    for text in (
        client.post("/", data={"text": STRAW}).get_data(as_text=True),
        client.get("/duty/heshi/joint-78").get_data(as_text=True),
    ):
        assert "style=" not in text and "<style" not in text and " onclick" not in text
        assert text.count("<script") == text.count('<script type="module" src=')


def test_duty_page_says_all_that_the_list_says(client: FlaskClient, assistant: Assistant) -> None:
    for duty in assistant.list:
        page = client.get(f"/duty/heshi/{duty.id}")
        assert page.status_code == 200
        text = page.get_data(as_text=True)
        for said in (duty.title, duty.method, *(c.text for c in duty.clauses)):
            assert str(escape(said)) in text, duty.id
        assert all(str(escape(d.name)) in text for d in duty.departments), duty.id


@pytest.mark.parametrize("path", ["/duty/heshi/joint-999", "/duty/other/joint-78", "/nothing"])
def test_unknown_page_in_plain_chinese(client: FlaskClient, path: str) -> None:
    page = client.get(path)
    assert page.status_code == 404
    assert "没有这个页面" in page.get_data(as_text=True)


def test_api_answer(client: FlaskClient) -> None:
    response = client.post("/api/v1/ask", json={"text": STRAW, "title": "咨询"})
    assert response.status_code == 200
    body = response.get_json()
    assert body["duty"] == "joint-78" and body["lead"] == LEAD
    assert body["handling"] == "joint" and body["outcome"] == "answered"
    assert body["clause"]["owner"] == "department"
    assert len(body["matters"]) == 1 and body["matters"][0]["duty"] == "joint-78"
    assert body["list"] == {"slug": "heshi", "edition": body["list"]["edition"]}
    assert "秸秆" in response.get_data(as_text=True)  # Chinese is not escaped


@pytest.mark.parametrize(
    ("data", "content_type", "status"),
    [
        ("text=秸秆", "application/x-www-form-urlencoded", 415),
        ("{", "application/json", 400),
        ("[" * 100_000, "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        ('["秸秆"]', "application/json", 400),
        ("null", "application/json", 400),
        ("{}", "application/json", 400),
        ('{"text": 7}', "application/json", 400),
        ('{"text": "秸秆", "title": []}', "application/json", 400),
        ('{"text": ""}', "application/json", 400),
    ],
)
def test_api_refusals(
    client: FlaskClient, data: str | bytes, content_type: str, status: int
) -> None:
    refused(client.post("/api/v1/ask", data=data, content_type=content_type), status)


def test_api_refuses_what_is_too_long(client: FlaskClient) -> None:
    error = refused(client.post("/api/v1/ask", json={"text": "烧" * 20_001}), 400)
    assert "20001" in error["message"]
    body = json.dumps({"text": "a" * 300 * 1024})
    refused(client.post("/api/v1/ask", data=body, content_type="application/json"), 413)
    page = client.post("/", data={"text": "a" * 300 * 1024})
    assert page.status_code == 413 and "太长" in page.get_data(as_text=True)


def test_longest_message_fits_in_a_form(client: FlaskClient) -> None:
    assert client.post("/", data={"text": "烧" * 20_000}).status_code == 200


def test_api_errors_for_path_and_method(client: FlaskClient) -> None:
    refused(client.get("/api/v1/nothing"), 404)
    wrong = client.get("/api/v1/ask")
    refused(wrong, 405)
    assert "POST" in wrong.headers["Allow"]
    assert client.put("/").status_code == 405


def test_lone_surrogates_do_no_harm(client: FlaskClient) -> None:
    body = '{"text": "秸秆\\ud800能不能烧\\udfff"}'
    response = client.post("/api/v1/ask", data=body, content_type="application/json")
    assert response.status_code == 200
    json.loads(response.get_data().decode("utf-8"))
    assert (
        client.post(
            "/",
            data=b"text=%ED%A0%80%E7%A7%B8%E7%A7%86",
            content_type="application/x-www-form-urlencoded",
        ).status_code
        == 200
    )


def test_an_unexpected_failure_is_told_without_details(assistant: Assistant) -> None:
    app = create_app(assistant=assistant)

    @app.get("/api/v1/broken")
    def broken() -> str:
        raise RuntimeError("内部细节")

    error = refused(app.test_client().get("/api/v1/broken"), 500)
    assert "内部细节" not in error["message"]


def test_probes(client: FlaskClient, assistant: Assistant) -> None:
    assert client.get("/healthz").get_json() == {"status": "ok"}
    ready = client.get("/readyz").get_json()
    assert ready == {
        "list": "heshi",
        "edition": assistant.list.edition,
        "duties": len(assistant.list),
    }
