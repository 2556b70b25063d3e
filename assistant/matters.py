"""One message -> the separate matters in it, and which parts of a matter count most."""

from __future__ import annotations

import re

from assistant.model import Matter, Message
from index.passages import Query

# A title is short; a first line longer than this is the beginning of the story.
_LONGEST_TITLE = 40
# A text longer than this has an opening and a request; a shorter one is all point.
_LONG = 100
_OPENING = 60
_LIST_MARK = re.compile(
    r"(?:^|[\n。；;：:！!？?])\s*(?:[（(]?[一二三四五六1-6][）)、.．]|第[一二三四五六](?:个|件|点)?[是，,、：:]?|[①②③④⑤⑥])\s*"
)
_REQUEST = re.compile(
    r"请求|希望|要求|恳请|恳求|建议|盼|请.{0,6}(?:解决|处理|整治|给予|帮|查|答复)|诉求|想问|请问|咨询"
)
_SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;\n]?")


def query_of(matter: Matter) -> Query:
    """A matter as the index searches it.

    A title says what it is about: it counts twice. So does a letter's opening, after the title,
    and what it asks for.
    """
    title, body = _title_and_body(matter)
    emphasis = [title, title] if title else []
    if len(body) > _LONG:
        emphasis += [body[:_OPENING], _requests(body)]
    return Query(body, tuple(part for part in emphasis if part))


def _title_and_body(matter: Matter) -> tuple[str, str]:
    """The title that was given, else a short first line; a title alone is the body."""
    text = matter.text.strip()
    if matter.title:
        return (matter.title, text) if text else ("", matter.title)
    first, newline, rest = text.partition("\n")
    if newline and rest.strip() and len(first) <= _LONGEST_TITLE:
        return first, rest.strip()
    return "", text


def _requests(text: str) -> str:
    return "".join(s for s in _SENTENCE.findall(text) if _REQUEST.search(s))[:200]


def split_matters(message: Message) -> list[Matter]:
    """Parts of a message that its writer numbered as separate; else the message as one matter.

    Only the writer's own numbering splits here: prose that wanders is still one matter.
    """
    text = message.text.strip()
    marks = list(_LIST_MARK.finditer(text))
    if len(marks) < 2:
        return [Matter(text, message.title)]
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    parts = [text[mark.end() : end].strip() for mark, end in zip(marks, ends, strict=True)]
    if any(len(part) < 6 for part in parts) or len(parts) > 4:
        return [Matter(text, message.title)]
    return [Matter(part) for part in parts]
