"""Errors as people and programs read them: one JSON shape under /api, a page elsewhere."""

from __future__ import annotations

import json
from typing import Any

from flask import Flask, Response, current_app, render_template, request
from werkzeug.exceptions import HTTPException

from assistant.model import BadMessage

# HTTP status -> (code for programs, message for people).
MESSAGES = {
    400: ("bad_request", "这个请求看不懂，请返回重试"),
    404: ("not_found", "没有这个页面，可能网址写错了，或清单换了新版本"),
    405: ("method_not_allowed", "这个网址不接受这种请求方式"),
    413: ("too_large", "内容太长，请删减后再发，留下要解决的事"),
    415: ("not_json", "请用 JSON 发送，Content-Type 应是 application/json"),
    500: ("internal", "系统出了问题，请稍后再试；急事请直接打12345"),
}


class ApiError(Exception):
    """A request that the API refuses, and why."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def json_response(value: Any, status: int = 200) -> Response:
    """JSON with its Chinese unescaped; a lone surrogate becomes a question mark, not a crash."""
    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    return Response(body, status, content_type="application/json; charset=utf-8")


def register(app: Flask) -> None:
    """Install the handlers."""
    app.register_error_handler(ApiError, _api_error)
    app.register_error_handler(BadMessage, _bad_message)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)


def _api_error(error: ApiError) -> Response:
    return _answer(error.status, error.code, error.message)


def _bad_message(error: BadMessage) -> Response:
    return _answer(400, "bad_message", str(error))


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if 300 <= status < 400:  # a redirect is no error
        return Response(error.get_response().get_data(), status, error.get_response().headers)
    code, message = MESSAGES.get(status, MESSAGES[400 if status < 500 else 500])
    response = _answer(status, code, message)
    if "Allow" in (headers := error.get_response().headers):
        response.headers["Allow"] = headers["Allow"]
    return response


def _unexpected(error: Exception) -> Response:
    current_app.logger.exception("请求处理失败", exc_info=error)
    return _answer(500, *MESSAGES[500])


def _answer(status: int, code: str, message: str) -> Response:
    if request.path.startswith("/api/"):
        return json_response({"error": {"code": code, "message": message}}, status)
    page = render_template("error.html", status=status, message=message)
    return Response(page, status, content_type="text/html; charset=utf-8")
