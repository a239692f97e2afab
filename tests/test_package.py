"""Promises about the package as a whole: what it imports, how its files depend on one another."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import tinygrad_edu as tg

ROOT = Path(tg.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))


def test_importing_it_imports_nothing_but_numpy_and_graphviz() -> None:
    code = (
        "import sys; import tinygrad_edu; "
        "print(*sorted({m.partition('.')[0] for m in sys.modules} & {'scipy', 'dask', 'distributed', 'matplotlib', "
        "'hypothesis', 'pytest', 'torch', 'sklearn', 'tqdm', 'IPython'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_what_few_programs_use_is_loaded_when_it_is_asked_for() -> None:
    code = """if True:
        import sys
        import tinygrad_edu as tg
        later = "datasets distributions serialization training transforms utils viz optim.lr_scheduler optim.swa_utils"
        for name in later.split():
            assert f"tinygrad_edu.{name}" not in sys.modules, name
            assert name.partition(".")[0] in dir(tg), name
        assert {"save", "load", "compile", "vmap"} <= set(dir(tg))
        assert tg.save is tg.serialization.save and tg.vmap is tg.func.vmap
        assert tg.optim.lr_scheduler.StepLR and tg.utils.data.DataLoader and tg.viz.graph
        from tinygrad_edu import load
        names = {}
        exec("from tinygrad_edu import *", names)
        assert {"save", "load", "vmap", "Tensor", "nn"} <= names.keys()
        from tinygrad_edu.optim import *
        assert lr_scheduler.ExponentialLR
        assert not hasattr(tg, "nonsense")
        import pickle, copy
        assert pickle.loads(pickle.dumps(tg.load)) is load
    """
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_module_imports_the_package_inside_a_function(path: Path) -> None:
    for f in ast.walk(ast.parse(path.read_text())):
        if isinstance(f, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(f):
                names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                assert not any(n.startswith("tinygrad_edu") for n in names), f"{path.name}:{node.lineno}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_module_says_what_it_is_for(path: Path) -> None:
    text = path.read_text()
    assert not text or ast.get_docstring(ast.parse(text)), path
    assert len(text.splitlines()) <= 500, f"{path.name} is more than one idea"


def test_every_public_function_has_a_docstring() -> None:
    for name in dir(tg):
        public = getattr(tg, name)
        if callable(public) and not name.startswith("_"):
            assert public.__doc__, name
