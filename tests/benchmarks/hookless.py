"""The engine as it would be if nobody could look on: a second copy in the same process, with every trace of it cut.

That is, an import of the whole package in which `observing.get()` is True, so that "is there an observer?" is never
asked and nothing is called after a recorded call. What is left is the engine that `viz` cannot film.
"""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from typing import Any

__all__ = ["engine"]

_PACKAGE = "tinygrad_edu"
_OBSERVERS = {"mode", "observer"}


class _Cut(ast.NodeTransformer):
    """Replaces the questions by their answer where nobody looks, and drops what can then not be reached."""

    def __init__(self) -> None:
        self.cuts = 0

    def visit_Call(self, call: ast.Call) -> ast.AST:
        self.generic_visit(call)
        return self._answer(call, True) if ast.unparse(call) == "observing.get()" else call

    def visit_Compare(self, asked: ast.Compare) -> ast.AST:
        self.generic_visit(asked)
        if isinstance(asked.left, ast.Name) and asked.left.id in _OBSERVERS:
            words = ast.unparse(asked).removeprefix(asked.left.id)
            if words in (" is True", " is not True"):
                return self._answer(asked, words == " is True")
        return asked

    def visit_BoolOp(self, several: ast.BoolOp) -> ast.AST:
        self.generic_visit(several)
        absorbing = isinstance(several.op, ast.Or)
        rest = [v for v in several.values if not (isinstance(v, ast.Constant) and v.value is not absorbing)]
        if any(isinstance(v, ast.Constant) and v.value is absorbing for v in rest):
            return ast.copy_location(ast.Constant(absorbing), several)
        several.values = rest
        return several if len(rest) > 1 else rest[0] if rest else ast.copy_location(ast.Constant(True), several)

    def visit_If(self, branch: ast.If) -> Any:
        self.generic_visit(branch)
        if not (isinstance(branch.test, ast.Constant) and isinstance(branch.test.value, bool)):
            return branch
        return (branch.body if branch.test.value else branch.orelse) or None

    def _answer(self, where: Any, answer: bool) -> ast.AST:
        self.cuts += 1
        return ast.copy_location(ast.Constant(answer), where)


class _Loader(SourceFileLoader):
    cuts = 0

    def get_code(self, fullname: str) -> Any:
        path = self.get_filename(fullname)
        cut = _Cut()
        tree = ast.fix_missing_locations(cut.visit(ast.parse(self.get_data(path))))
        _Loader.cuts += cut.cuts
        return compile(tree, path, "exec")


class _Finder:
    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name.partition(".")[0] != _PACKAGE:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


@contextmanager
def _without_the_package() -> Iterator[None]:
    """The package's modules are as if never imported; afterwards they are those from before."""
    before = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == _PACKAGE}
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == _PACKAGE]:
            del sys.modules[name]
        sys.modules.update(before)


def engine() -> Any:
    """A copy of the package that nobody can look at.

    Raises AssertionError where the engine asks in other words than those that are known here.
    """
    _Loader.cuts = 0
    sys.meta_path.insert(0, _Finder)  # type: ignore[arg-type]
    try:
        with _without_the_package():
            package = importlib.import_module(_PACKAGE)
    finally:
        sys.meta_path.remove(_Finder)  # type: ignore[arg-type]
    assert _Loader.cuts >= 10, f"only {_Loader.cuts} questions after an observer were found in {_PACKAGE}"
    return package
