"""What every view needs: the assistant that the application was made with."""

from __future__ import annotations

from typing import cast

from flask import current_app

from assistant.service import Assistant

EXTENSION = "shui-lai-guan"


def current_assistant() -> Assistant:
    """The assistant of the running application."""
    return cast(Assistant, current_app.extensions[EXTENSION])


def clean(text: str) -> str:
    """A text that can be encoded: lone surrogates become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
