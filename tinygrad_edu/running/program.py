"""A program runs here as ``python program.py`` would run it: as ``__main__``, with its arguments and exit code."""

from __future__ import annotations

import ast
import builtins
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from tinygrad_edu.running import lacking

__all__ = ["Cell", "run", "script"]


@dataclass(frozen=True)
class Cell:
    """A piece of program: source text, the file name that tracebacks show, and whether its last value is shown."""

    source: str | bytes
    name: str
    shows: bool = False


def script(path: Path, source: bytes) -> list[Cell]:
    """A script is one cell."""
    return [Cell(source, str(path.absolute()))]


def run(path: Path, argv: Sequence[str], cells: Sequence[Cell], names: Mapping[str, Any]) -> int:
    """Run the cells in order as one ``__main__``, in which `names` are defined; returns the exit code.

    An exception is shown with the program's frames only, and gives 1; ``sys.exit`` gives what it was given.
    """
    main = ModuleType("__main__")
    main.__dict__.update(names, __builtins__=builtins)
    sys.modules["__main__"] = main
    sys.argv[:] = argv
    sys.path[0] = str(path.resolve().parent)
    try:
        for cell in cells:
            _run(cell, main.__dict__, names.get("display", print))
    except SystemExit as end:
        return _exit_code(end)
    except BaseException as error:
        lacking.noticed(error)
        _show(error, "__file__" in names)
        return 130 if isinstance(error, KeyboardInterrupt) else 1
    return 0


def _run(cell: Cell, namespace: dict[str, Any], display: Callable[[Any], None]) -> None:
    """Run a cell. Where it shows, and ends with an expression, display that expression's value unless it is None."""
    tree: Any = compile(cell.source, cell.name, "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    last = tree.body.pop() if cell.shows and tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, cell.name, "exec", dont_inherit=True), namespace)
    if isinstance(last, ast.Expr):
        value = eval(compile(ast.Expression(last.value), cell.name, "eval", dont_inherit=True), namespace)
        namespace["_"] = value
        if value is not None:
            display(value)


def _exit_code(end: SystemExit) -> int:
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    print(end.code, file=sys.stderr)
    return 1


def _show(error: BaseException, is_file: bool) -> None:
    """Print the traceback as the interpreter would (by the program's own hook if it set one), without our frames."""
    frames = []
    trace = error.__traceback__
    while trace is not None:
        if Path(trace.tb_frame.f_code.co_filename).parent != _RUNNER:
            frames.append(trace)
        trace = trace.tb_next
    for k, frame in enumerate(frames):
        frame.tb_next = frames[k + 1] if k + 1 < len(frames) else None
    error.__traceback__ = frames[0] if frames else None
    sys.stdout.flush()
    if sys.excepthook is sys.__excepthook__ and not is_file:
        traceback.print_exception(error)  # which finds the lines of a notebook's cells, as the interpreter does not
    else:
        sys.excepthook(type(error), error, error.__traceback__)


_RUNNER = Path(__file__).parent
