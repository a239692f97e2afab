"""What a program uses of PyTorch and the library lacks: noted where it is asked for, listed at the end."""

from __future__ import annotations

import ast
import functools
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from tinygrad_edu.nn.module import Module
from tinygrad_edu.optim import Optimizer
from tinygrad_edu.tensor import Tensor

if TYPE_CHECKING:
    from tinygrad_edu.running.program import Cell

__all__ = ["asked", "noticed", "pytorch_names", "report"]

_PACKAGE = str(Path(__file__).parents[1])
_found: dict[str, set[tuple[str, int]]] = {}  # a name of PyTorch's -> files and lines that use it


@functools.cache
def pytorch_names() -> frozenset[str]:
    """PyTorch's public names: "torch.fft.rfft", "Tensor.storage"; the file has a paragraph for each module or class."""
    text = Path(__file__).with_name("pytorch_names.txt").read_text()
    names: set[str] = set()
    for paragraph in text.replace("\n  ", " ").splitlines():
        owner, _, members = paragraph.partition(": ")
        names.add(owner)
        names.update(f"{owner}.{member}" for member in members.split())
    return frozenset(names)


def asked(name: str) -> None:
    """Note that the running program just asked for `name`, if PyTorch has that."""
    if name not in pytorch_names():
        return  # the program's own mistake
    frame = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith((_PACKAGE, "<frozen importlib")):
            _found.setdefault(name, set()).add((file, frame.f_lineno))
            return
        frame = frame.f_back  # type: ignore[assignment]


def noticed(error: BaseException) -> None:
    """Note what an uncaught AttributeError says is missing of one of the library's classes."""
    if isinstance(error, AttributeError) and error.name is not None:
        for cls in (Tensor, Module, Optimizer):
            name = f"{cls.__name__}.{error.name}"
            if isinstance(error.obj, cls) and name in pytorch_names():
                place = traceback.extract_tb(error.__traceback__)[-1]
                _found.setdefault(name, set()).add((place.filename, place.lineno or 0))


def report(cells: Sequence[Cell]) -> None:
    """List on stderr what the program asked for in vain; and what else the text of these cells would have asked for."""
    for cell in cells:
        _search(cell)
    if _found:
        print("tinygrad_edu lacks what this program uses:", file=sys.stderr)
        width = max(map(len, _found))
        for name in sorted(_found):
            places = ", ".join(f"{file}:{line}" for file, line in sorted(_found[name]))
            print(f"  {name.ljust(width)}  {places}", file=sys.stderr)


def _search(cell: Cell) -> None:
    """Note the names of PyTorch's that a program's text uses and a stand-in lacks, whether it got there or not."""
    try:
        tree = ast.parse(cell.source)
    except (SyntaxError, ValueError):
        return
    known = _imported(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (name := _dotted(node, known)):
            _check(name, cell.name, node.lineno)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                _check(alias.name, cell.name, node.lineno)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                _check(f"{node.module}.{alias.name}", cell.name, node.lineno)


def _imported(tree: ast.AST) -> dict[str, str]:
    """The names that mean something of PyTorch's: {"nn": "torch.nn"}. One that is also assigned to does not count."""
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                known[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            known.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    assigned = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return {k: v for k, v in known.items() if k not in assigned and _is_torchs(v)}


def _is_torchs(name: str) -> bool:
    return name.partition(".")[0] in ("torch", "torchvision")


def _dotted(node: ast.expr, known: dict[str, str]) -> str | None:
    """ "torch.nn.Linear" of ``nn.Linear``."""
    attributes: list[str] = []
    while isinstance(node, ast.Attribute):
        attributes.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name) and node.id in known:
        return ".".join([known[node.id], *reversed(attributes)])
    return None


def _check(name: str, file: str, line: int) -> None:
    """Note the first part of a dotted name that a stand-in does not have."""
    parts = name.split(".")
    if not _is_torchs(name):
        return
    for k in range(1, len(parts)):
        owner = sys.modules.get(".".join(parts[:k]))
        if isinstance(owner, ModuleType) and parts[k] not in vars(owner):
            missing = ".".join(parts[: k + 1])
            if missing in pytorch_names() and parts[1] != "cuda":  # that is asked for where there is a GPU
                _found.setdefault(missing, set()).add((file, line))
            return
