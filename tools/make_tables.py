"""Write the tables of `index/data` that are made, not written: run by `make tables`.

syllables.txt   each toneless syllable and the characters read so (needs pypinyin, which takes
                longer to import than a question to answer; the table loads at once)
words.txt       the words of the list and its asks with their counts, for reading pinyin
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict

from pypinyin import Style, lazy_pinyin

from corpus.store import list_folder, load_list, read_asks, training_asks, write_atomically
from index.latin import WORDS
from index.passages import list_passages, list_terms
from index.syllables import SYLLABLES
from index.tokens import Tokenizer

_SOUNDED = re.compile("[一-鿿]{1,4}")
_RAREST = 3


def main() -> None:
    write_syllables()
    write_words()


def write_syllables() -> None:
    by_syllable: dict[str, list[str]] = defaultdict(list)
    for code in range(0x4E00, 0x9FFF):
        character = chr(code)
        if not _is_common(character):
            continue
        syllable = lazy_pinyin(character, style=Style.NORMAL, v_to_u=False)[0]
        if syllable.isascii() and syllable.isalpha():
            by_syllable[syllable].append(character)
    lines = [f"{syllable} {''.join(chars)}" for syllable, chars in sorted(by_syllable.items())]
    write_atomically(SYLLABLES, "\n".join(lines) + "\n")
    print(f"{SYLLABLES}：{len(lines)} 个音节，{sum(map(len, by_syllable.values()))} 个字")


def _is_common(character: str) -> bool:
    try:
        return len(character.encode("gb2312")) == 2
    except UnicodeEncodeError:
        return False


def write_words() -> None:
    folder = list_folder()
    duty_list = load_list(folder)
    tokenizer = Tokenizer(list_terms(duty_list))
    texts = [p.text for duty in duty_list for p in list_passages(duty)]
    texts += [ask.text for ask in training_asks(read_asks(folder, duty_list))]
    counts = Counter(word for text in texts for word in tokenizer.words(text))
    kept = [(w, n) for w, n in counts.items() if n >= _RAREST and _SOUNDED.fullmatch(w)]
    kept.sort(key=lambda entry: (-entry[1], entry[0]))
    write_atomically(WORDS, "".join(f"{word} {count}\n" for word, count in kept))
    print(f"{WORDS}：{len(kept)} 个词")


if __name__ == "__main__":
    main()
