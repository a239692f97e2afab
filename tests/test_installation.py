"""What `pip install` brings: the package's files that are no modules, and what the lessons import."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def listed(name: str) -> list[str]:
    """The strings of a one-line list in pyproject.toml."""
    line = re.search(rf"^{name} = \[(.*)\]", PROJECT, re.M)
    assert line, name
    return re.findall(r'"([^"]+)"', line.group(1))


def test_files_that_are_no_modules_are_installed() -> None:
    package = ROOT / "tinygrad_edu"
    files = {p for p in package.rglob("*") if p.is_file() and p.suffix not in (".py", ".pyc")}
    installed = {p for pattern in listed("tinygrad_edu") for p in package.glob(pattern)}
    assert sorted(files - installed) == []


@pytest.mark.parametrize("path", sorted((ROOT / "demos").glob("*.py")), ids=lambda p: p.name)
def test_the_extra_demos_has_what_the_lessons_import(path: Path) -> None:
    brought = {re.split(r"\W", name.replace("scikit-learn", "sklearn"))[0] for name in listed("demos")}
    known = brought | {"numpy", "graphviz", "tinygrad_edu", "demos"} | set(sys.stdlib_module_names)
    imported = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    assert sorted(imported - known) == []
