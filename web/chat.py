"""The chat page: a form that works by itself, and better with chat.js."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for

from assistant.model import Message
from web.cards import Card, cards_of
from web.state import clean, current_assistant

blueprint = Blueprint("chat", __name__)

EXAMPLES = (
    "秸秆能不能烧",
    "低保怎么办",
    "邻居家养猪臭死了",
    "村里的路坏了谁来修",
    "亲属关系证明还开不开",
    "医保在哪里交",
    "有人违法建房",
    "老板拖欠工资",
)


@blueprint.get("/")
def page() -> str:
    """The empty form with its examples."""
    return render_template("chat.html", examples=EXAMPLES, asked="", cards=())


@blueprint.post("/")
def ask() -> str:
    """The answer: a whole page, or only the cards for chat.js."""
    text = clean(request.form.get("text", ""))
    cards = _answer(text)
    if request.headers.get("X-Requested-With") == "fetch":
        return render_template("_cards.html", cards=cards)
    return render_template("chat.html", examples=EXAMPLES, asked=text, cards=cards)


def _answer(text: str) -> tuple[Card, ...]:
    assistant = current_assistant()
    decision = assistant.decide(Message(text))

    def link(duty_id: str) -> str:
        return url_for("duties.page", slug=assistant.list.slug, duty_id=duty_id)

    return cards_of(decision, assistant.list, assistant.index.tokenizer, link)
