"""Danger now -> the number to call.

A report *about* fire safety or a drowned field is no emergency; a house on fire is. What is said
outright is found by rule (`danger_rules`); what must be read between the lines is learned from
messages written for both (`danger_model`).
"""

from __future__ import annotations

import re

from assistant import danger_model
from assistant.danger_rules import said_outright
from assistant.model import Divert
from index.tokens import Tokenizer

_DIVERTS = {
    "119": Divert("119", "发生火灾、燃气泄漏或有人被困，请立即拨打119，并先离开危险的地方"),
    "water": Divert("110", "有人落水或被困水中，请立即拨打110和120，大声呼救，不要盲目下水"),
    "110": Divert("110", "有人正受到伤害或生命有危险，请立即拨打110"),
    "120": Divert("120", "有人受伤、中毒或突发急病，请立即拨打120"),
    "122": Divert("122", "发生交通事故，请立即拨打122；有人受伤同时拨打120"),
}
# Nobody in danger speaks of hidden hazards, drills or compensation.
_ABOUT = re.compile("隐患|演练|宣传|培训|赔偿|补助|报销|担心|怕[^，。]{0,4}[掉摔着起倒塌伤触出滑]")


def danger_now(text: str, tokenizer: Tokenizer) -> Divert | None:
    """The number to call if the text tells of danger now, else None."""
    call = said_outright(text)
    if call is None and not _ABOUT.search(text):
        call = danger_model.load().call_for(text.strip(), tokenizer)
    return _DIVERTS[call] if call else None
