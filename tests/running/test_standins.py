"""The modules that stand in for PyTorch's: what is in them, and what they do not need."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.running.conftest import Run

OPTIONAL = ("hypothesis", "scipy", "safetensors", "matplotlib", "sklearn", "dask", "PIL")


def test_a_program_needs_numpy_alone(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text("import torch, torchvision\nimport torch.nn as nn\nprint(torch.ones(2))\n")
    without = (
        f"import sys; sys.modules.update(dict.fromkeys({OPTIONAL}))\n"
        f"from tinygrad_edu.__main__ import main; sys.exit(main(['run', 'program.py']))"
    )
    command = [sys.executable, "-c", without]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=dict(os.environ))
    assert (done.stdout, done.stderr) == ("tensor([1., 1.])\n", "")


def test_functions_and_modules_of_one_name_are_told_apart(run: Run) -> None:
    done = run(
        """
        import torch
        import torch.nn as nn
        from torch.autograd import gradcheck
        from torch.autograd.gradcheck import gradcheck as again
        from torch.nn.utils import weight_norm
        from torch.utils.checkpoint import checkpoint
        import torch.nn.utils.spectral_norm
        print(gradcheck is again, callable(weight_norm), callable(checkpoint), callable(nn.utils.spectral_norm))
        print(torch.save.__name__, torch.compile.__name__, torch.vmap.__name__)
        try:
            from torch.optim import Adafactor
        except ImportError:
            print("no module stands in for a class")
        """
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "True True True True",
        "save compile vmap",
        "no module stands in for a class",
    ]


def test_base_classes_and_helpers_that_programs_import_are_there(run: Run) -> None:
    done = run(
        """
        import torch
        import torch.nn as nn
        import torch.nn.parallel
        from torch.nn.modules.batchnorm import _BatchNorm, _NormBase
        from torch.nn.modules.conv import _ConvNd
        from torch.nn.modules.loss import _Loss, _WeightedLoss
        from torch.nn.modules.utils import _pair, _single, _triple

        class Mine(_Loss):
            def forward(self, x, y):
                d = (x - y).abs()
                return d.mean() if self.reduction == "mean" else d.sum() if self.reduction == "sum" else d

        class Weighted(_WeightedLoss):
            def forward(self, x, y):
                return (self.weight * (x - y).abs()).mean()

        x, y = torch.zeros(2), torch.tensor([1.0, 3.0])
        print(Mine()(x, y), Mine(reduction="sum")(x, y), Mine(reduce=False)(x, y), Mine())
        loss = Weighted(weight=torch.tensor([1.0, 2.0]))
        print(loss(x, y), list(loss.state_dict()), Weighted(torch.ones(2), reduction="none").reduction)
        print(isinstance(nn.BatchNorm2d(1), _BatchNorm), isinstance(nn.InstanceNorm1d(1), _NormBase))
        print(isinstance(nn.ConvTranspose2d(1, 1, 1), _ConvNd), isinstance(nn.MSELoss(), _Loss))
        print(_pair(3), _pair((1, 2)), _single(1), _triple([1, 2, 3]))
        print(nn.parallel.data_parallel(nn.ReLU(), torch.tensor([-1.0])))
        try:
            Mine(reduction="avg")(x, y)
        except ValueError as error:
            print("ValueError")
        """
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "tensor(2.) tensor(4.) tensor([1., 3.]) Mine()",
        "tensor(3.5000) ['weight'] none",
        "True True",
        "True True",
        "(3, 3) (1, 2) (1,) (1, 2, 3)",
        "tensor([0.])",
        "ValueError",
    ]


def test_bfloat16_is_a_name_that_autocast_takes(run: Run) -> None:
    done = run(
        """
        import torch
        dtypes = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
        with torch.autocast("cpu", dtype=dtypes["bfloat16"]):
            print((torch.ones(2) @ torch.ones(2)).dtype)
        print(dtypes["bfloat16"], torch.bfloat16 == torch.float16, isinstance(torch.bfloat16, torch.dtype))
        try:
            torch.zeros(2, dtype=torch.bfloat16)
        except TypeError as error:
            print(error)
        """
    )
    assert done.returncode == 0, done.stderr
    assert "program.py:4: UserWarning: autocast: there is no mixed precision here" in done.stderr
    assert done.stdout.splitlines()[:2] == ["torch.float32", "torch.bfloat16 False True"]
    assert "dtype torch.bfloat16 is not supported; use one of float32" in done.stdout


def test_results_with_names_print_as_pytorchs(run: Run) -> None:
    done = run("import torch\nprint(torch.aminmax(torch.arange(3)), torch.linalg.qr(torch.eye(1)).R, sep='\\n')\n")
    assert done.stdout == "torch.return_types.aminmax(\nmin=tensor(0),\nmax=tensor(2))\ntensor([[1.]])\n", done.stderr
    done = run("import torch\nf = torch.finfo(torch.float32)\nprint(f.eps, f.max, f.bits, -torch.finfo().max)\n")
    assert done.stdout == "1.1920928955078125e-07 3.4028234663852886e+38 32 -3.4028234663852886e+38\n"
