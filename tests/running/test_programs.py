"""Programs in the style of the public tutorials and courses end here as they end under PyTorch.

Each runs under ``run`` here; what it prints is compared with PyTorch in tests/torch/test_running.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running.conftest import Run

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.py"))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.stem)
def test_it_runs_to_its_end(run: Run, program: Path) -> None:
    text = program.read_text()
    if "sklearn" in text:
        pytest.importorskip("sklearn")
    done = run(text)
    assert "lacks" not in done.stderr
    if program.stem == "wrong_shapes":
        assert done.returncode == 1 and "never" not in done.stdout
        assert done.stdout.splitlines() == ["before torch.Size([5, 10])", "RuntimeError", "2.0"]
        assert "    model(x)" in done.stderr and "RuntimeError: " in done.stderr.splitlines()[-1]
    else:
        assert (done.returncode, done.stderr) == (0, "")


def test_a_program_gets_its_arguments(run: Run) -> None:
    pytest.importorskip("sklearn")
    done = run((Path(__file__).parent / "programs" / "digits.py").read_text(), "--epochs", "0")
    assert done.returncode == 0 and "Train Epoch" not in done.stdout
