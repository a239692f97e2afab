"""Notebooks: their code cells in order, without what only Jupyter understands."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import io
import json
import linecache
import os
import re
import sys
import tokenize
import warnings
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from tinygrad_edu.running.program import Cell

__all__ = ["NotANotebook", "cells", "display", "prepared"]

_RUN_ANYWAY = {"time", "timeit", "capture", "prun"}  # cell magics whose cell is Python
_JUPYTER = re.compile(r"\s*([%!?]|\w[\w\s,.]*=\s*[%!][\w ]|[\w.%]+\?{1,2}\s*$)")


class NotANotebook(ValueError):
    """The file is no notebook of version 4."""


def cells(path: Path, text: bytes) -> list[Cell]:
    """The code cells of a notebook. What is skipped of them is said on stderr, with cell and line."""
    try:
        found = json.loads(text)["cells"]
        sources = ["".join(c["source"]) for c in found if c["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError) as error:
        raise NotANotebook(f"{path} is not a Jupyter notebook of format 4 ({type(error).__name__}: {error})") from None
    out = []
    for k, source in enumerate(sources, 1):
        name = f"{path.name} cell {k}"
        python = _python(source, name)
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        shows = not source.rstrip().endswith(";")
        out.append(Cell(python, name, shows))
    return out


def prepared(path: Path) -> dict[str, Any]:
    """Let a notebook find what Jupyter gives it: its directory as working directory, and names of its own."""
    os.environ.setdefault("MPLBACKEND", "Agg")  # pictures are in the notebook there; no window waits to be closed
    warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")  # plt.show()
    os.chdir(path.resolve().parent)
    if importlib.util.find_spec("IPython") is None:
        sys.modules.update(_ipython())
    if importlib.util.find_spec("tqdm") and importlib.util.find_spec("ipywidgets") is None:
        sys.modules["tqdm.notebook"] = _progress()
    return {"display": display, "get_ipython": _Shell}


def _ipython() -> dict[str, ModuleType]:
    """Stands in for the part of IPython that notebooks import, where that is not installed: they show text."""
    package, shown = ModuleType("IPython"), ModuleType("IPython.display")
    shown.__dict__.update(
        display=display,
        clear_output=lambda wait=False: None,
        set_matplotlib_formats=lambda *formats, **options: None,
        **dict.fromkeys(("Audio", "HTML", "Image", "Latex", "Markdown", "SVG", "Video"), _Media),
    )
    package.__dict__.update(display=shown, get_ipython=_Shell, version_info=(9, 0, 0, ""), __path__=[])
    pictures = ModuleType("matplotlib_inline.backend_inline")
    pictures.__dict__.update(set_matplotlib_formats=shown.set_matplotlib_formats)
    inline = ModuleType("matplotlib_inline")
    inline.__dict__.update(backend_inline=pictures, __path__=[])
    return {
        "IPython": package,
        "IPython.display": shown,
        "matplotlib_inline": inline,
        "matplotlib_inline.backend_inline": pictures,
    }


def _progress() -> ModuleType:
    """Stands in for `tqdm.notebook`, whose bars are widgets: these are of text."""
    module, text = ModuleType("tqdm.notebook"), importlib.import_module("tqdm.std")
    module.__dict__.update(tqdm=text.tqdm, tqdm_notebook=text.tqdm, trange=text.trange, tnrange=text.trange)
    return module


class _Media:
    """A picture, a page: something that a text cannot show."""

    def __init__(self, data: Any = None, **options: Any) -> None:
        self.data = data


class _Shell:
    """``get_ipython()``, of which every method is skipped."""

    events = SimpleNamespace(register=lambda *call: None, unregister=lambda *call: None)  # matplotlib asks for these

    def __getattr__(self, name: str) -> Any:
        def skipped(*args: Any) -> None:
            print(f"tinygrad_edu run: skipped: get_ipython().{name}{args}", file=sys.stderr)

        return skipped


def display(*values: Any, **options: Any) -> None:
    """Show values as text, one a line: what Jupyter's function of that name does where there are no pictures."""
    for value in values:
        print(value if options.get("raw") else repr(value))


def _python(source: str, name: str) -> str:
    """The cell with its magics and shell lines replaced by comments, so that the line numbers stay."""
    lines = source.splitlines()
    first = next((k for k, line in enumerate(lines) if line.strip()), 0)
    if lines and (file := re.match(r"%%(?:write)?file\s+(-a\s+)?(\S+)\s*$", lines[first])):
        return _writing(file[2], "\n".join(lines[first + 1 :]) + "\n", "a" if file[1] else "w")
    if lines and lines[first].startswith("%%"):
        magic = re.match(r"%%(\w*)", lines[first])
        python = magic is not None and magic[1] in _RUN_ANYWAY
        _note(name, first + 1, lines[first] if python else f"the cell {lines[first]}")
        lines = ["#"] * (first + 1) + (lines[first + 1 :] if python else [])
    while not _parses(lines):
        k = next((k for k, line in enumerate(lines) if _JUPYTER.match(line) and _is_start(lines[:k])), None)
        if k is None:
            break  # the error is the program's own, and shows when the cell runs
        end = k
        while lines[end].endswith("\\") and end + 1 < len(lines):
            end += 1
        timed = re.match(r"\s*%time\s+(.+)", lines[k])  # which runs, untimed
        _note(name, k + 1, "%time" if timed else lines[k].strip())
        indent = lines[k][: len(lines[k]) - len(lines[k].lstrip())]
        lines[k : end + 1] = [indent + (timed[1] if timed else "pass")] + ["#"] * (end - k)
    return "\n".join(lines) + "\n"


def _writing(path: str, text: str, mode: str) -> str:
    """Python that does what ``%%writefile PATH`` does: later cells import it."""
    said = f"{'Appending to' if mode == 'a' else 'Writing'} {path}"
    return f"with open({path!r}, {mode!r}, encoding='utf-8') as _:\n    _.write({text!r})\nprint({said!r})\n"


def _parses(lines: list[str]) -> bool:
    try:
        ast.parse("\n".join(lines))
    except (SyntaxError, ValueError):
        return False
    return True


def _is_start(before: list[str]) -> bool:
    """Whether a statement starts after these lines: they leave no bracket, string or line open."""
    if before and before[-1].endswith("\\"):
        return False
    try:
        for _ in tokenize.generate_tokens(io.StringIO("\n".join([*before, ""])).readline):
            pass
    except tokenize.TokenError:
        return False
    except IndentationError:
        return True
    return True


def _note(name: str, line: int, what: str) -> None:
    print(f"tinygrad_edu run: skipped in {name}, line {line}: {what}", file=sys.stderr)
