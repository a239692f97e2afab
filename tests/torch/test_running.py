"""Programs print under ``run`` what they print under PyTorch, but for numbers that depend on random ones."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running.conftest import Done, Run, forks, run
from tests.running.test_programs import PROGRAMS

__all__ = ["forks", "run"]  # fixtures

pytest.importorskip("torch")
pytest.importorskip("sklearn")

NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|\.\d+|inf|nan)")


def _lines(text: str) -> list[str]:
    """The lines without numbers, widths, and the names of graph nodes, which are this library's own."""
    text = NUMBER.sub("#", re.sub(r"<\w+Backward\w*>", "<node>", text))
    return [" ".join(line.split()) for line in text.splitlines()]


def _under_pytorch(tmp_path: Path, programs: list[Path]) -> list[Done]:
    """All programs in one process, since importing PyTorch takes longer than they do."""
    command = [sys.executable, str(Path(__file__).with_name("under_pytorch.py")), *map(str, programs)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}  # more threads only wait for one another
    subprocess.run(command, cwd=tmp_path, check=True, timeout=300, env=environment)
    out = []
    for program in programs:
        files = [tmp_path / f"{program.stem}.{kind}" for kind in ("code", "stdout", "stderr")]
        code, stdout, stderr = (file.read_text() for file in files)
        out.append(subprocess.CompletedProcess([], int(code), stdout, stderr))
    return out


def test_programs_end_alike(tmp_path: Path, run: Run) -> None:
    for program, theirs in zip(PROGRAMS, _under_pytorch(tmp_path, PROGRAMS), strict=True):
        text = program.read_text()
        ours = run(text)
        assert ours.returncode == theirs.returncode, program.stem
        assert _lines(ours.stdout) == _lines(theirs.stdout), program.stem
        if theirs.returncode:
            last = [done.stderr.splitlines()[-1].partition(":")[0] for done in (ours, theirs)]
            assert last[0] == last[1], program.stem
        if text.startswith("# deterministic"):
            for a, b in zip(NUMBER.findall(ours.stdout), NUMBER.findall(theirs.stdout), strict=True):
                x, y = float(a), float(b)
                assert math.isclose(x, y, rel_tol=1e-3, abs_tol=1e-4) or a == b, (program.stem, a, b)
