"""The JSON API and the two probes."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, request

from assistant.model import Message
from assistant.serialize import decision_json
from web.errors import ApiError, json_response
from web.state import current_assistant

blueprint = Blueprint("api", __name__)


@blueprint.post("/api/v1/ask")
def ask() -> Response:
    """The decision for {"text": "...", "title": "..."}; the title may be left out."""
    body = _body()
    text = body.get("text")
    title = body.get("title", "")
    if not isinstance(text, str):
        raise ApiError(400, "bad_text", "text 必须有，并且是字符串")
    if not isinstance(title, str):
        raise ApiError(400, "bad_title", "title 必须是字符串，也可以不写")
    return json_response(decision_json(current_assistant().decide(Message(text, title))))


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return json_response({"status": "ok"})


@blueprint.get("/readyz")
def readyz() -> Response:
    """The list is loaded: which one, and how many duties it has."""
    duty_list = current_assistant().list
    return json_response(
        {"list": duty_list.slug, "edition": duty_list.edition, "duties": len(duty_list)}
    )


def _body() -> dict[str, Any]:
    if not request.is_json:
        raise ApiError(415, "not_json", "请用 JSON 发送，Content-Type 应是 application/json")
    try:
        # RecursionError: a body of nothing but opening brackets.
        body = json.loads(request.get_data())
    except (ValueError, RecursionError):
        raise ApiError(400, "bad_json", "请求正文不是有效的 JSON") from None
    if not isinstance(body, dict):
        raise ApiError(400, "bad_json", '请求正文应是 JSON 对象，例如 {"text": "秸秆能不能烧"}')
    return body
