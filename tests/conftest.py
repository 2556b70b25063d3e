"""What the tests share: the bundled list, its text, and one opened assistant."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus.model import DutyList
from corpus.store import LISTS, load_list

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def heshi_folder() -> Path:
    return LISTS / "heshi"


@pytest.fixture(scope="session")
def heshi(heshi_folder: Path) -> DutyList:
    return load_list(heshi_folder)


@pytest.fixture(scope="session")
def source_bytes(heshi_folder: Path) -> bytes:
    return (heshi_folder / "source.txt").read_bytes()


@pytest.fixture(scope="session")
def assistant():
    """The assistant as people run it; the index is built first if there is none."""
    from assistant.service import Assistant
    from assistant.settings import Settings

    return Assistant.open(Settings.load())
