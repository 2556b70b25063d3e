"""Write index/data/syllables.txt: each toneless syllable and the characters read so.

Run by `make tables`. Needs pypinyin, which takes longer to import than a question to answer;
the table is a few kilobytes and loads at once.
"""

from __future__ import annotations

from collections import defaultdict

from pypinyin import Style, lazy_pinyin

from corpus.store import write_atomically
from index.tokens import SYLLABLES


def main() -> None:
    by_syllable: dict[str, list[str]] = defaultdict(list)
    for code in range(0x4E00, 0x9FFF):
        character = chr(code)
        try:
            character.encode("gb18030")
            common = len(character.encode("gb2312")) == 2
        except UnicodeEncodeError:
            common = False
        if not common:
            continue
        syllable = lazy_pinyin(character, style=Style.NORMAL, v_to_u=False)[0]
        if syllable.isascii() and syllable.isalpha():
            by_syllable[syllable].append(character)
    lines = [f"{syllable} {''.join(chars)}" for syllable, chars in sorted(by_syllable.items())]
    write_atomically(SYLLABLES, "\n".join(lines) + "\n")
    print(f"{SYLLABLES}：{len(lines)} 个音节，{sum(map(len, by_syllable.values()))} 个字")


if __name__ == "__main__":
    main()
