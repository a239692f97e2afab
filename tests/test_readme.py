"""Everything that the README shows is run here."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(python|pycon)\n(.*?)^```$", README, re.M | re.S)


def test_every_block_runs_in_order_and_shows_what_is_written(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict = {"__name__": "__main__"}
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    for number, (kind, code) in enumerate(BLOCKS):
        if kind == "python":
            exec(compile(code, f"README.md, block {number}", "exec"), names)
        else:
            example = doctest.DocTestParser().get_doctest(code, names, f"block {number}", "README.md", 0)
            runner.run(example, clear_globs=False)
            names = example.globs
    assert runner.summarize(verbose=False).failed == 0, capsys.readouterr().out
    assert (tmp_path / "line.svg").read_text().startswith("<?xml")


def test_the_ten_lines_are_ten():
    lines = [line for line in BLOCKS[0][1].splitlines() if line and "import" not in line]
    assert len(lines) == 10


def test_the_diagram_shows_the_graph_of_the_ten_lines():
    import tinygrad_edu as tg
    from tinygrad_edu import viz

    names: dict = {"tg": tg, "viz": viz}
    code = BLOCKS[0][1].replace("1000", "1").replace('viz.graph(loss).render("line.svg")', "graph = viz.graph(loss)")
    exec(code, names)
    operations = [v.primitive for v in names["graph"].nodes if v.primitive]
    diagram = re.search(r"```mermaid\n(.*?)```", README, re.S).group(1)
    assert re.findall(r"\(\[\"?(?:loss = )?(\w+)", diagram) == operations


def test_the_files_and_commands_that_it_names_exist():
    for path in re.findall(r"`(tinygrad_edu/[\w/.]+)`", README):
        assert (ROOT / path).exists(), path
    for extra in re.findall(r"'\.\[(\w+)\]'", README):
        assert re.search(rf"^{extra} = \[", (ROOT / "pyproject.toml").read_text(), re.M), extra


def test_the_lesson_that_it_names_exists():
    pytest.importorskip("sklearn")
    from demos.__main__ import LESSONS

    assert "line" in LESSONS
