"""Errors of the corpus package.

CorpusError            anything wrong with a list folder; shown to people as it is
├── ListError          the published text cannot be read as a duty list (file, line, what)
└── StoreError         a file of a list folder is missing, damaged or out of step
"""

from __future__ import annotations


class CorpusError(Exception):
    """Something is wrong with a list; the message is Chinese and meant for people."""


class ListError(CorpusError):
    """A published text that is not a duty list of the known layout.

    `source` is the file's name, `line` its 1-based line (0: the file as a whole).
    """

    def __init__(self, source: str, line: int, problem: str) -> None:
        where = f"{source} 第{line}行" if line else source
        super().__init__(f"{where}：{problem}")
        self.source = source
        self.line = line
        self.problem = problem


class StoreError(CorpusError):
    """A stored file of a list folder cannot be used; says which and what to do."""
