"""From DOT text to a picture: by the program `dot`, or by graphviz-pure where that is not installed."""

from __future__ import annotations

import os
import re
import shutil
import sysconfig
from collections.abc import Mapping
from html import escape
from pathlib import Path
from threading import Lock

import graphviz  # type: ignore[import-untyped]
from graphviz.backend import dot_command  # type: ignore[import-untyped]

from tinygrad_edu.viz import palette

__all__ = ["LayoutMissing", "picture", "program", "write"]

_FORMATS = ("svg", "png", "pdf")
_lock = Lock()


class LayoutMissing(RuntimeError):
    """No program that lays out graphs is installed, or not one that writes this format."""


def program(format: str = "svg") -> str:
    """The path of the layout program for a format: `dot`, else graphviz-pure (which writes no PDF).

    Raises LayoutMissing, which says what to install.
    """
    if found := shutil.which("dot"):
        return found
    # in a virtual environment that is not activated it is not on the PATH
    pure = shutil.which("graphviz-pure") or shutil.which("graphviz-pure", path=sysconfig.get_path("scripts"))
    if pure and format != "pdf":
        return pure
    system = "Graphviz from https://graphviz.org/download (Debian, Ubuntu: apt install graphviz; macOS: brew install "
    system += "graphviz; Windows: winget install graphviz)"
    if pure:
        raise LayoutMissing(
            f"PDF needs the program dot, and only graphviz-pure is installed, which writes SVG and PNG. Give the file "
            f"one of those endings, or install {system}."
        )
    raise LayoutMissing(
        f"to draw graphs, a layout program must be installed, one of two: pip install graphviz-pure (SVG and PNG), or "
        f"{system}. Without either, print(graph.text()) lists the graph and graph.dot() is its source text."
    )


def picture(source: str, format: str, titles: Mapping[str, str] | None = None) -> bytes:
    """The picture of a graph given as DOT text; `titles` are what an SVG says of nodes under the pointer."""
    path = program(format)
    with _lock:  # the graphviz package keeps the program's path in a global variable
        before = dot_command.DOT_BINARY
        dot_command.DOT_BINARY = Path(path)
        try:
            data = bytes(graphviz.pipe("dot", format, source.encode(), quiet=True))
        finally:
            dot_command.DOT_BINARY = before
    return _dressed(_titled(data, titles or {})) if format == "svg" else data


def _titled(svg: bytes, titles: Mapping[str, str]) -> bytes:
    """The picture with these titles for Graphviz's own, which are the names of nodes in the DOT text."""

    def title(found: re.Match[bytes]) -> bytes:
        text = titles.get(found[1].decode())
        return b"" if text is None else f"<title>{escape(text)}</title>\n".encode()

    return re.sub(rb"<title>([^<]*)</title>\n?", title, svg)


def _dressed(svg: bytes) -> bytes:
    """The picture with the style sheet of the palette, which applies to nothing else on the page."""
    start = svg.index(b"<svg")
    end = svg.index(b">", start)
    style = f"<style>{palette.css('svg.tinygrad-graph ')}</style>".encode()
    return svg[:start] + b'<svg class="tinygrad-graph"' + svg[start + 4 : end + 1] + style + svg[end + 1 :]


def write(source: str, path: str, titles: Mapping[str, str] | None = None) -> str:
    """Write the picture in the format of the path's ending; returns the path."""
    if not Path(path).name or path.endswith(("/", os.sep)):
        raise ValueError(f"give the picture a name in the folder, such as {os.path.join(path, 'graph.svg')}")
    ending = Path(path).suffix
    if not ending:
        path, ending = path + ".svg", ".svg"
    format = ending[1:].lower()
    if format not in _FORMATS:
        raise ValueError(f"pictures can be written as .svg, .png and .pdf, not as {ending}: {path}")
    data = picture(source, format, titles)
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    Path(path).write_bytes(data)
    return path
