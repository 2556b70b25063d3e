"""Fences: who imports whom, what stays unloaded, whose names these are."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = {"assistant", "corpus", "index", "web"}
MAY_IMPORT = {
    "corpus": {"corpus"},
    "index": {"index", "corpus"},
    "assistant": {"assistant", "index", "corpus"},
    "web": OURS,
}
HEAVY = ("torch", "sentence_transformers", "transformers", "pypinyin", "sklearn")


def _imports(path):
    """(line, top-level package) of every import of a file, those inside functions too."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} relative import"
            yield node.lineno, (node.module or "").partition(".")[0]
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "import_module":
            raise AssertionError(f"{path}:{node.lineno} imports by a computed name")


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_imports_point_one_way(package):
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in files
        for line, name in _imports(path)
        if name in OURS - MAY_IMPORT[package] or name in ("tools", "tests")
    ]
    assert wrong == []


def test_corpus_needs_the_standard_library_alone():
    wrong = {
        name
        for path in (ROOT / "corpus").rglob("*.py")
        for _, name in _imports(path)
        if name != "corpus" and name not in sys.stdlib_module_names
    }
    assert wrong == set()


def _loaded_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint('\\n'.join(m for m in sys.modules if '.' not in m))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_the_command_line_loads_next_to_nothing():
    loaded = _loaded_after("import assistant.cli; assistant.cli.build_parser()")
    assert loaded.isdisjoint({*HEAVY, "numpy", "faiss", "jieba", "opencc", "flask", "tqdm"})


def test_answering_does_not_load_torch(assistant):
    loaded = _loaded_after(
        "from assistant.service import Assistant\n"
        "from assistant.settings import Settings\n"
        "from assistant.model import Message\n"
        "d = Assistant.open(Settings.load()).decide(Message('低保怎么申请'))\n"
        "assert len(d.main.candidates) == 10\n"
        "sys.stdout.flush()"
    )
    assert "faiss" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_the_web_does_not_load_torch():
    assert _loaded_after("import web").isdisjoint(HEAVY)


def test_no_other_distribution_owns_our_names():
    owners = packages_distributions()
    for name in OURS:
        assert set(owners.get(name, [])) <= {"shui-lai-guan"}, name


def test_our_names_are_these_folders():
    for name in OURS:
        found = subprocess.run(
            [sys.executable, "-c", f"import {name}; print({name}.__file__)"],
            cwd=ROOT,
            capture_output=True,
            text=True,
        ).stdout.strip()
        assert found == str(ROOT / name / "__init__.py")


def test_a_wheel_build_is_refused(tmp_path):
    """The four names don't belong in a shared site-packages."""
    import shutil

    root = Path(__file__).parent.parent
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(root / name, tmp_path / name)
    for name in ("assistant", "corpus", "index", "web"):
        (tmp_path / name).mkdir()
    done = subprocess.run(
        [sys.executable, "setup.py", "bdist_wheel"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "make setup" in done.stderr + done.stdout
