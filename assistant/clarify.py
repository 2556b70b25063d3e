"""The one question that tells close duties apart. Questions are data, written and reviewed.

lists/<slug>/clarify.json   [{"question", "options": [{"text", "duty"}, …]}, …]
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from assistant.model import Option, Question
from corpus.errors import StoreError
from corpus.model import DutyList


class Questions:
    """The clarifying questions of one list."""

    def __init__(self, questions: Iterable[Question] = ()) -> None:
        self.all = tuple(questions)

    @classmethod
    def load(cls, folder: Path, duty_list: DutyList) -> Questions:
        """Read clarify.json (none if absent); StoreError names the entry that is wrong."""
        path = folder / "clarify.json"
        if not path.is_file():
            return cls()
        try:
            stored = json.loads(path.read_bytes())
            questions = [
                Question(
                    row["question"], tuple(Option(o["text"], o["duty"]) for o in row["options"])
                )
                for row in stored
            ]
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{path} 读不出来（{error}）") from None
        for position, question in enumerate(questions, start=1):
            for option in question.options:
                if option.duty_id not in duty_list:
                    raise StoreError(f"{path} 第{position}个问题：清单里没有事项 {option.duty_id}")
        return cls(questions)

    def between(self, duty_ids: Iterable[str]) -> Question | None:
        """The question whose options cover the two best of these duties, if one does."""
        best = list(duty_ids)[:2]
        for question in self.all:
            answers = {option.duty_id for option in question.options}
            if len(best) == 2 and answers.issuperset(best):
                return question
        return None
