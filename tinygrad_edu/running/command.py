"""Run a program or notebook that was written for PyTorch, unchanged, on this library.

In that process ``import torch`` means this library, whether PyTorch is installed or not. The program has its own
arguments, ``__main__`` and exit code. What it uses and the library lacks is listed at the end, on stderr.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from tinygrad_edu.running import dialect, lacking, notebook, program, standins

__all__ = ["SUMMARY", "arguments", "main"]

SUMMARY = "run a program or notebook that was written for PyTorch"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("program", metavar="SCRIPT.py|NOTEBOOK.ipynb", help="the program")
    parser.add_argument("arguments", metavar="ARGS", nargs=argparse.REMAINDER, help="arguments of the program")


def main(options: argparse.Namespace) -> int:
    """Run the program; returns its exit code."""
    path = Path(options.program)
    try:
        text = path.read_bytes()
    except OSError as error:
        print(f"python -m tinygrad_edu run: can't open file {str(path)!r}: {error}", file=sys.stderr)
        return 2
    names: dict[str, Any] = {"__file__": str(path.absolute())}
    if path.suffix == ".ipynb":
        try:
            cells = notebook.cells(path, text)
        except notebook.NotANotebook as error:
            print(f"python -m tinygrad_edu run: {error}", file=sys.stderr)
            return 2
        names = notebook.prepared(path)
    else:
        cells = program.script(path, text)
    standins.install()
    dialect.speak()
    code = program.run(path, [str(path), *options.arguments], cells, names)
    lacking.report(cells if code else ())  # of a program that went well, what it did not get to is not missed
    return code
