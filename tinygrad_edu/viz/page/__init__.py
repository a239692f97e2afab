"""A graph, or a film of its computation, as one page: no network, nothing to install, a little script of its own.

The page holds the data as JSON, the style sheet and the script (the files beside this one), and draws itself.
"""

from __future__ import annotations

import json
import os
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrad_edu.viz.page.colours import theme
from tinygrad_edu.viz.page.placing import plan
from tinygrad_edu.viz.page.portions import portioned
from tinygrad_edu.viz.page.scenes import steps
from tinygrad_edu.viz.palette import LEGEND
from tinygrad_edu.viz.words import glossary, meaning

if TYPE_CHECKING:
    from tinygrad_edu.viz.film import Film
    from tinygrad_edu.viz.graph import Graph

__all__ = ["document", "write"]

_HERE = Path(__file__).parent


def document(graph: Graph, film: Film | None = None, title: str | None = None) -> str:
    """The text of the page.

    Raises LayoutMissing where no layout program is installed.
    """
    words = graph.text()
    graph = portioned(graph)
    data: dict[str, Any] = {
        "title": title or ("A film of a computation" if film is not None else "A computation graph"),
        "graph": _compact(graph),
        "legend": LEGEND,
        "words": _words(graph),
        "plan": plan(graph, played=film is not None),
        "film": None if film is None else steps(film),
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    parts = {
        "TITLE": escape(data["title"]),
        "STYLE": theme() + (_HERE / "page.css").read_text(encoding="utf-8"),
        "TEXT": escape(words),
        "DATA": _inert(text),
        "SCRIPT": "\n".join((_HERE / f"{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS),
    }
    page = (_HERE / "page.html").read_text(encoding="utf-8")
    pieces = page.split("%%")  # text, name, text, name, …
    return "".join(parts[piece] if k % 2 else piece for k, piece in enumerate(pieces))


_SCRIPTS = ("draw", "show", "play", "page")


def _words(graph: Graph) -> dict[str, dict[str, str]]:
    """For each primitive what it does (""), and what the functions in its formulas do."""
    made = {v.key: v.primitive for v in graph.nodes if v.primitive}
    formulas = dict.fromkeys(made.values(), "")
    for e in graph.edges:
        if e.formula and (name := made.get(e.target)):
            formulas[name] += f" {e.formula}"
    found = {}
    for name, text in formulas.items():
        said = {"": meaning(name) or "", **{f: says for f, says in glossary(name).items() if f"{f}(" in text}}
        found[name] = {f: says for f, says in said.items() if says}
    return {name: said for name, said in found.items() if said}


def _inert(text: str) -> str:
    """JSON that can stand in a script element: nothing in it ends the element, or turns the direction of the text."""
    for character in "<>&\u2028\u2029\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _compact(graph: Graph) -> dict[str, Any]:
    """What `graph.json()` gives, without the keys that say nothing: the page takes them as absent."""
    parts: dict[str, list[Any]] = {"nodes": graph.nodes, "edges": graph.edges, "clusters": graph.clusters}
    return {name: [_row(part) for part in listed] for name, listed in parts.items()}


def _row(part: Any) -> dict[str, Any]:
    found = ((name, getattr(part, name)) for name in part.__slots__)
    return {("id" if name == "key" else name): x for name, x in found if x is not None and x is not False}


def write(path: str | os.PathLike[str], graph: Graph, film: Film | None = None, title: str | None = None) -> str:
    """Write the page to `path` (.html is added where there is no ending); returns the path."""
    target = Path(path)
    if not target.name or os.fspath(path).endswith(("/", os.sep)):
        raise ValueError(f"give the page a name in the folder, such as {target / 'graph.html'}")
    if not target.suffix:
        target = target.with_suffix(".html")
    if target.suffix not in (".html", ".htm"):
        raise ValueError(f"a page is written as .html, not as {target.suffix}: {target}")
    text = document(graph, film, title)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return str(target)
