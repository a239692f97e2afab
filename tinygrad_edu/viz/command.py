"""Draw a formula and its backward pass: python -m tinygrad_edu graph "sigmoid(w @ x + b)"

The formula has names, numbers, lists, + - * / @ ** and calls of this library's functions; it is parsed, and never
run as Python. Names become random tensors, or are given: w=[[1,2]] are its numbers, w:2x3 is its shape.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
import webbrowser
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_edu.autograd.backward import backward
from tinygrad_edu.primitive import Node, TensorBase, wrap
from tinygrad_edu.viz import expressions, layout, leaves
from tinygrad_edu.viz.film import record

__all__ = ["SUMMARY", "arguments", "main"]

SUMMARY = "draw a formula and its backward pass"
_WRITTEN = ("html", "svg", "png", "pdf")
_PRINTED = ("text", "mermaid", "dot", "json")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("expression", metavar="EXPRESSION", help='a formula: "sigmoid(w @ x + b)" (-- "-x * w")')
    parser.add_argument("names", metavar="NAME=VALUE|NAME:SHAPE", nargs="*", help="numbers or shapes: w=[[1,2]] x:2x3")
    parser.add_argument("--format", choices=(*_WRITTEN, *_PRINTED), help="html (a page with a player) by default")
    parser.add_argument("-o", "--output", metavar="PATH", help="where to write; graph.html and its like by default")
    parser.add_argument("--seed", type=int, default=0, help="another seed gives other random numbers (0 by default)")
    parser.add_argument("--open", action="store_true", help="open what was written, in the browser")


def main(options: argparse.Namespace) -> int:
    """Draw the formula; returns the exit code."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # they explain how to write programs
            print(_drawn(options))
    except (expressions.FormulaError, layout.LayoutMissing, OSError) as error:
        print(f"python -m tinygrad_edu graph: {error}", file=sys.stderr)
        return 2
    return 0


def _drawn(options: argparse.Namespace) -> str:
    """What is to be printed: the path of what was written, or the graph itself."""
    form = _format(options)
    formula = expressions.Formula(options.expression)
    values, shapes = leaves.given(options.names)
    tensors = leaves.leaves(formula, values, shapes, abs(options.seed))
    with np.errstate(all="ignore"), record(params=tensors) as film:
        result = formula.compute(tensors)
        if not isinstance(result, TensorBase) or not isinstance(result._edge(), Node):
            raise expressions.FormulaError(
                "nothing is computed from a name here, so there is nothing to differentiate: write 3 * x"
            )
        backward(result, wrap(np.ones_like(result._array)))
    if form == "html":
        try:
            return _opened(film.html(options.output or "graph.html", title=formula.text), options)
        except layout.LayoutMissing as missing:
            raise layout.LayoutMissing(f"{missing}\n\n{film.graph().text(color=False)}") from None
    graph = film.graph()
    if form in _WRITTEN:
        return _opened(graph.render(options.output or f"graph.{form}"), options)
    texts: dict[str, Any] = {
        "text": graph.text,
        "mermaid": graph.mermaid,
        "dot": graph.dot,
        "json": lambda: json.dumps(graph.json(), ensure_ascii=False, indent=1),
    }
    text = str(texts[form]())
    if options.output:
        Path(options.output).write_text(text + "\n", encoding="utf-8")
        return _opened(options.output, options)
    return text


def _format(options: argparse.Namespace) -> str:
    """As asked for, or as the path ends."""
    ending = Path(options.output or "").suffix[1:].lower()
    ending = {"txt": "text", "mmd": "mermaid", "gv": "dot", "htm": "html"}.get(ending, ending)
    if options.format is None and ending and ending not in (*_WRITTEN, *_PRINTED):
        raise expressions.FormulaError(
            f"{options.output}: the ending is not one of {', '.join((*_WRITTEN, *_PRINTED))}"
        )
    return str(options.format or ending or "html")


def _opened(path: str, options: argparse.Namespace) -> str:
    if options.open:
        webbrowser.open(Path(path).resolve().as_uri())
    return path
