"""The chat page and the JSON API. No routing logic lives here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask, Response

from assistant.service import Assistant
from assistant.settings import Settings
from web import api, chat, duties, errors
from web.state import EXTENSION, current_assistant

# 20 000 characters, the longest message, take 180 KB when a form percent-encodes them.
LARGEST_REQUEST = 256 * 1024

# No inline style or script anywhere, so that text that slips through can never run.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def create_app(
    config: Mapping[str, Any] | None = None, *, assistant: Assistant | None = None
) -> Flask:
    """The WSGI application; opens an assistant with the settings in force if none is given."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_REQUEST
    app.config.update(config or {})
    # Tags on lines of their own leave no blank lines behind in the fragment sent to chat.js.
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.extensions[EXTENSION] = assistant or Assistant.open(Settings.load())
    app.register_blueprint(chat.blueprint)
    app.register_blueprint(duties.blueprint)
    app.register_blueprint(api.blueprint)
    errors.register(app)
    app.context_processor(lambda: {"duty_list": current_assistant().list})
    app.after_request(_secure)
    return app


def _secure(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers[name] = value
    return response
