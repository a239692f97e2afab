"""A program runs as ``python program.py`` would run it: arguments, directory, ``__main__``, output, exit code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.running.conftest import Run


def test_its_arguments_directory_and_name_are_its_own(run: Run, tmp_path: Path) -> None:
    done = run(
        """
        import os, sys
        print(sys.argv)
        print(os.getcwd() == os.path.dirname(__file__), __name__, __file__)
        print(sys.path[0] == os.path.realpath(os.getcwd()))
        """,
        "--lr", "0.1", "--help", "data.csv",
    )  # fmt: skip
    assert done.stdout.splitlines() == [
        "['program.py', '--lr', '0.1', '--help', 'data.csv']",
        f"True __main__ {tmp_path / 'program.py'}",
        "True",
    ]
    assert (done.returncode, done.stderr) == (0, "")


def test_it_finds_modules_beside_it_wherever_it_is_started(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "model.py").write_text("import torch\nw = torch.ones(2)\n")
    (tmp_path / "project" / "train.py").write_text("import os, model\nprint(os.listdir('.'), model.w)\n")
    command = [sys.executable, "-m", "tinygrad_edu", "run", "project/train.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == "['project'] tensor([1., 1.])\n", done.stderr


def test_torch_is_this_library_and_never_pytorch(run: Run) -> None:
    done = run(
        """
        import sys
        import torch, torch.nn as nn, torch.nn.functional as F, torch.optim as optim
        from torch.utils.data import DataLoader
        from torch.autograd import Variable
        from torch.nn.parameter import Parameter
        from torch.nn.modules.linear import Linear
        import tinygrad_edu
        print(torch.Tensor is tinygrad_edu.Tensor, nn.Linear is tinygrad_edu.nn.Linear is Linear)
        print(torch.nn is nn, nn.functional is F, torch.optim is optim, nn.Parameter is Parameter)
        print([n for n, m in sys.modules.items() if n.startswith("torch") and "tinygrad_edu" not in (m.__file__ or "")
               and m.__file__ != __import__("multiprocessing").__file__])
        """
    )
    assert done.stdout.splitlines() == ["True True", "True True True True", "[]"], done.stderr


def test_the_main_guard_holds_and_classes_of_main_pickle(run: Run) -> None:
    done = run(
        """
        import copy, pickle
        import torch
        class Net(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(2, 1)
        def again(net):
            return pickle.loads(pickle.dumps(net))
        if __name__ == "__main__":
            net = Net()
            print(type(again(net)), torch.equal(again(net).layer.weight, net.layer.weight), type(copy.deepcopy(net)))
            print(pickle.loads(pickle.dumps([torch.float32, torch.ones(1), torch.Size([1])])))
        """
    )
    assert done.stdout.splitlines() == [
        "<class '__main__.Net'> True <class '__main__.Net'>",
        "[torch.float32, tensor([1.]), torch.Size([1])]",
    ], done.stderr


@pytest.mark.parametrize(
    ("ending", "code", "said"),
    [
        ("pass", 0, ""),
        ("import sys; sys.exit()", 0, ""),
        ("import sys; sys.exit(3)", 3, ""),
        ("import sys; sys.exit('no data')", 1, "no data\n"),
        ("raise SystemExit(True)", 1, ""),
        ("exit(4)", 4, ""),
        ("import os; print('x', flush=True); os._exit(5)", 5, ""),
    ],
)
def test_its_exit_code_is_kept(run: Run, ending: str, code: int, said: str) -> None:
    done = run(ending)
    assert (done.returncode, done.stderr) == (code, said)


def test_an_exception_gives_1_and_a_traceback_of_its_own_frames(run: Run, tmp_path: Path) -> None:
    done = run("def f():\n    raise ValueError('too big')\nprint('before')\nf()\n")
    assert (done.returncode, done.stdout) == (1, "before\n")
    lines = done.stderr.splitlines()
    assert lines[:2] == [
        "Traceback (most recent call last):",
        f'  File "{tmp_path / "program.py"}", line 4, in <module>',
    ]
    assert lines[-1] == "ValueError: too big"
    assert "running" not in done.stderr and "runpy" not in done.stderr


def test_an_exception_of_the_library_shows_where_the_program_called_it(run: Run) -> None:
    done = run("import torch\ntorch.ones(2, 3) @ torch.ones(2, 3)\n")
    assert done.returncode == 1
    assert 'program.py", line 2, in <module>' in done.stderr and "RuntimeError" in done.stderr


def test_interrupted_it_gives_130(run: Run) -> None:
    done = run("raise KeyboardInterrupt")
    assert done.returncode == 130 and done.stderr.splitlines()[-1] == "KeyboardInterrupt"


def test_a_syntax_error_shows_the_line(run: Run) -> None:
    done = run("x = 1\nif x\n    y = 2\n")
    assert done.returncode == 1
    assert "line 2" in done.stderr and "SyntaxError" in done.stderr and "Traceback" not in done.stderr


def test_its_own_exception_hook_is_asked(run: Run) -> None:
    done = run("import sys\nsys.excepthook = lambda kind, error, trace: print('hook', error)\n1 / 0\n")
    assert (done.returncode, done.stdout) == (1, "hook division by zero\n")


def test_a_file_that_is_not_there_gives_2(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tinygrad_edu", "run", "nowhere.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and "nowhere.py" in done.stderr and "Traceback" not in done.stderr


def test_output_passes_through_as_it_is(run: Run) -> None:
    done = run("import sys\nprint('é', end='')\nsys.stderr.write('warn')\nsys.stdout.write('\\rdone')\n")
    assert done.stdout.encode() in ("é\rdone".encode(), "é\ndone".encode())  # text mode may translate \r
    assert done.stderr == "warn"


def test_source_may_declare_its_encoding(run: Run, tmp_path: Path) -> None:
    (tmp_path / "latin.py").write_bytes("# -*- coding: latin-1 -*-\nprint(len('é'))\n".encode("latin-1"))
    command = [sys.executable, "-m", "tinygrad_edu", "run", "latin.py"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, text=True).stdout == "1\n"


def test_future_imports_of_the_runner_do_not_reach_the_program(run: Run) -> None:
    assert run("def f(x: int): pass\nprint(f.__annotations__)").stdout == "{'x': <class 'int'>}\n"
