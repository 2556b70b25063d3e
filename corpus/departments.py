"""Names of departments: where one ends in a narrow column, and which ones a text names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

# The endings of Chinese public bodies. A name broken over lines is whole once it has one of
# them and the next line starts another name.
_ENDING = (
    r"(?:局|分局|办|办公室|部|委|委员会|政法委|机关|院|法院|检察院|大队|支队|中心|公司|会|总工会"
    r"|妇联|残联|工商联|团委|所|站|社|室|队)"
)
_WHOLE = re.compile(rf".*{_ENDING}$")
_STARTS_NAME = re.compile(r"[区县市省州镇乡]|[^，。；、]{2,4}[省市县区]")

# A body's name inside a sentence: introduced by 区/县/市, closed by one of the plainer endings.
# Used only to *find* spellings that the columns don't have, never to build data from.
_SHAPE = re.compile(
    r"(?<![全本辖中心城社山景灾片线校库市])[区县](?:[一-鿿]{2,12}?)(?:局|委员会|大队|总工会)"
)


def starts_name(text: str) -> bool:
    """Whether a line of a department column begins a new name."""
    return bool(_STARTS_NAME.match(text))


def is_whole(text: str) -> bool:
    """Whether the text could be a complete department name."""
    return bool(_WHOLE.match(text))


def named_in(text: str, vocabulary: Iterable[str]) -> tuple[str, ...]:
    """The names of the vocabulary that a text contains, longest match first, in text order."""
    names = sorted(vocabulary, key=len, reverse=True)
    if not names:
        return ()
    pattern = re.compile("|".join(map(re.escape, names)))
    return tuple(dict.fromkeys(pattern.findall(text)))


def shaped_like_names(text: str) -> Sequence[str]:
    """Substrings that look like a district department's name, known or not."""
    return _SHAPE.findall(text)
