"""Errors of the index package; messages are Chinese and meant for people.

IndexProblem           anything that keeps the index from being used
├── StaleIndex         none built yet for this list, these asks and this encoder
├── DamagedIndex       files missing, cut short or altered
└── EncoderProblem     the encoder is missing, damaged, or needs a package
"""

from __future__ import annotations


class IndexProblem(Exception):
    """The index or its encoder cannot be used; the message says what to do."""


class StaleIndex(IndexProblem):
    """No saved index fits the list, asks and encoder in use."""


class DamagedIndex(IndexProblem):
    """A saved index whose files are not what its manifest says."""


class EncoderProblem(IndexProblem):
    """An encoder that cannot be loaded."""
