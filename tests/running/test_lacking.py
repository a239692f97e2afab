"""What a program uses and the library lacks is listed by name and line; what PyTorch lacks too is not."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tests.running.conftest import Run
from tinygrad_edu.running.lacking import pytorch_names


def _listed(stderr: str) -> dict[str, list[str]]:
    _, found, rest = stderr.partition("tinygrad_edu lacks what this program uses:\n")
    assert found, stderr
    rows = [line.split(maxsplit=1) for line in rest.splitlines()]
    return {name: [Path(p).name for p in places.split(", ")] for name, places in rows}


def test_names_are_listed_with_their_lines_reached_or_not(run: Run) -> None:
    done = run(
        """
        import torch, torch.nn as nn
        def later():
            return torch.hub.list("x"), nn.FractionalMaxPool3d, nn.FractionalMaxPool3d
        if torch.cuda.is_available():
            torch.cuda.Event()
        later()
        """
    )
    assert done.returncode == 1
    assert _listed(done.stderr) == {"torch.hub": ["program.py:4"], "torch.nn.FractionalMaxPool3d": ["program.py:4"]}
    assert "AttributeError: module 'torch' has no attribute 'hub'" in done.stderr


def test_imports_are_listed_and_raise_what_python_raises(run: Run) -> None:
    done = run("from torch.utils.tensorboard import SummaryWriter\n")
    assert done.returncode == 1 and "ModuleNotFoundError: No module named 'torch.utils.tensorboard'" in done.stderr
    assert _listed(done.stderr) == {"torch.utils.tensorboard": ["program.py:1"]}
    done = run("from torch import hub\n")
    assert "ImportError: cannot import name 'hub' from 'torch'" in done.stderr
    assert _listed(done.stderr) == {"torch.hub": ["program.py:1"]}


def test_a_program_that_manages_without_is_told_what_it_missed(run: Run) -> None:
    done = run(
        """
        try:
            import torch.onnx
        except ImportError:
            print("without")
        import torch
        print(hasattr(torch, "hub"), getattr(torch, "no_such_thing", None))
        """
    )
    assert (done.returncode, done.stdout) == (0, "without\nFalse None\n")
    assert _listed(done.stderr) == {"torch.onnx": ["program.py:3"], "torch.hub": ["program.py:7"]}


def test_methods_of_tensors_are_listed(run: Run) -> None:
    done = run("import torch\nx = torch.ones(2)\nx.to_sparse()\n")
    assert done.returncode == 1 and "AttributeError" in done.stderr
    assert _listed(done.stderr) == {"Tensor.to_sparse": ["program.py:3"]}


@pytest.mark.parametrize(
    "mistake", ["torch.ones(2).sumn()", "torch.onse(2)", "torch.nn.Liner(1, 1)", "import torch.nnn"]
)
def test_the_programs_own_mistakes_are_not(run: Run, mistake: str) -> None:
    done = run(f"import torch\n{mistake}\n")
    assert done.returncode == 1 and "lacks" not in done.stderr


def test_a_misspelt_name_gets_the_nearest_one(run: Run) -> None:
    done = run("import torch.nn as nn\nnn.Liner(1, 1)\n")
    assert "module 'torch.nn' has no attribute 'Liner'. The nearest is torch.nn.Linear." in done.stderr


def test_modules_beside_the_program_are_listed_where_they_ask(run: Run, tmp_path: Path) -> None:
    (tmp_path / "part.py").write_text("import torch\n\nf = torch.stft\n")
    done = run("import part\n")
    assert _listed(done.stderr) == {"torch.stft": ["part.py:3"]}


def test_a_program_that_lacks_nothing_is_told_nothing(run: Run) -> None:
    assert run("import torch\nprint(torch.ones(1))\n").stderr == ""


def test_the_list_of_pytorchs_names_is_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    for name in pytorch_names():
        owner, _, member = name.rpartition(".")
        if owner.startswith("torch.") and not owner.startswith("torch.utils.tensorboard") and name.count(".") == 2:
            module = importlib.import_module(owner)
            if not hasattr(module, member):
                assert importlib.util.find_spec(name), name
        elif owner == "Tensor":
            assert hasattr(torch.Tensor, member)
