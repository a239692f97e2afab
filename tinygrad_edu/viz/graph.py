"""The computation graph as data: what was computed from what, and the ways out of it.

The data come first; text, DOT, Mermaid, pages and pictures are made from them. `Graph.json()` is the form in
which other programs read it (all keys are always there; null stands for what is not known)::

    {"version": 1,
     "nodes": [                   operands come before what is computed from them
       {"id": "n0",
        "kind": "leaf",           created by the user, requires grad
              | "parameter"       a leaf that belongs to a module, or is an nn.Parameter
              | "buffer"          belongs to a module, needs no gradient
              | "constant"        an operand that needs no gradient
              | "primitive"       the result of a recorded call
              | "output"          a primitive that the graph was asked for
              | "folded",         in a folded graph: a whole cluster
        "symbol": "v₁",           what formulas call it: its name, the number that it is, or v₁ …, c₁ …
        "name": "0.weight",       the user's name for it
        "primitive": "sum",       what was called: a name in the table of rules
        "options": "axis=1",      the call's keyword arguments
        "shape": [2, 3],          of a call with several results: null; each has its own in "results"
        "results": [[2], [2]],    null for one result
        "dtype": "float32",
        "value": "[1, 2]",        a short text: the number, a few numbers, or the range and mean of many
        "gradient": "0.5",        its .grad, likewise
        "where": "d = x − t",     with formulas: what they name besides operands, result and g
        "output": false,          the graph was asked for it (leaves can be outputs, too)
        "site": "a.py:3: y = x",  file, line and text of the user's line that made it, where recorded
        "module": "encoder.0",    the module whose forward made it (or that owns the parameter)
        "order": 0,               0: forward; 1: made by differentiating (create_graph); 2: twice; …
        "bad": "nan",             its value holds "nan", or else "inf"; null: neither, or not known
        "born": false,            bad, though no operand is known to be: the first of its kind
        "cluster": "c0"}],        the innermost cluster that it is in, or null
     "edges": [
       {"source": "n0",           the operand
        "target": "n2",           the primitive
        "operand": "a",           what the primitive's rules call it
        "position": 0,            its place among the operands
        "result": null,           of a source with several results: which one
        "formula": "g · b"}],     what is passed back to this operand, given g for the target's own cotangent
                                  (with formulas=True; null: nothing is passed back)
     "clusters": [                outer ones before inner ones
       {"id": "c0",
        "kind": "module"          a module's forward and its parameters
              | "repeat",         several clusters or stretches of the graph, one after another, that look alike
        "label": "0: Linear",
        "path": "0",              of the module; null for repeats
        "parent": null,           the cluster that this one is in
        "folded": true,           a large graph opens with this cluster folded into one node
        "count": 1}]}             for repeats: how many there are of the same structure

Reading a graph changes nothing, and works before and after the backward pass: shapes, names and edges stay
when the saved arrays are released (what is then unknown, such as values of constants, is left out).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from tinygrad_edu.viz import dot, labels, layout, listing, mermaid, page
from tinygrad_edu.viz.clusters import collapsed, flagged
from tinygrad_edu.viz.parts import Cluster, Edge, Kind, Vertex

__all__ = ["Cluster", "Edge", "Graph", "Kind", "Vertex"]


@dataclass(slots=True)
class Graph:
    """A computation graph. Operands come before what is computed from them."""

    nodes: list[Vertex] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    clusters: list[Cluster] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"<Graph: {len(self.nodes)} nodes, {len(self.edges)} edges>"

    def json(self) -> dict[str, Any]:
        """The graph as dicts, lists, strings and numbers, ready for ``json.dumps`` (the format: see this module)."""
        parts: dict[str, list[Any]] = {"nodes": self.nodes, "edges": self.edges, "clusters": self.clusters}
        rows = {name: [asdict(part) for part in listed] for name, listed in parts.items()}
        for row in (*rows["nodes"], *rows["clusters"]):
            row["id"] = row.pop("key")
        for row in rows["nodes"]:
            row["shape"] = None if row["shape"] is None else list(row["shape"])
            del row["noted"]
            row["results"] = None if row["results"] is None else [list(s) for s in row["results"]]
        return {"version": 1, **rows}

    def fold(self, *clusters: str) -> Graph:
        """The same graph with these clusters (named by path or key; none: all) folded into a node each.

        Raises KeyError for a cluster that is not there.
        """
        return replace(self, clusters=flagged(self, clusters, True))

    def unfold(self, *clusters: str) -> Graph:
        """The same graph with these clusters (and those around them; none: all) open.

        Raises KeyError for a cluster that is not there.
        """
        return replace(self, clusters=flagged(self, clusters, False))

    def text(self, color: bool | None = None) -> str:
        """One line for each tensor, to be read like a program; folded clusters are one line.

        `color` is for terminals (None: where standard output is one and NO_COLOR is not set).

        >>> import tinygrad_edu as tg
        >>> from tinygrad_edu import viz
        >>> w = tg.tensor(2.0, requires_grad=True)
        >>> print(viz.graph(w * 3, formulas=True).text())
        w   leaf            scalar  float32  = 2
        v₁  multiply(w, 3)  scalar  float32  = 6
              w: g · 3
        """
        return listing.text(collapsed(self), color)

    def mermaid(self, direction: str = "TB") -> str:
        """The source text for Mermaid, which many viewers of Markdown show as a picture."""
        return mermaid.source(collapsed(self), direction)

    def html(self, path: str | os.PathLike[str], title: str | None = None) -> str:
        """Write one page that needs no network (pan and zoom, search, details of each node, clusters that fold).

        Returns the path. Raises LayoutMissing where no layout program is installed. A page with a player is
        written by a film: `viz.record`.
        """
        return page.write(path, self, None, title)

    def dot(self, direction: str = "TB", legend: bool = True) -> str:
        """The source text for Graphviz; `direction` is TB (downwards) or LR (to the right)."""
        return dot.source(collapsed(self), direction, legend)

    def render(self, path: str | os.PathLike[str], direction: str = "TB", legend: bool = True) -> str:
        """Write the picture to `path`, in the format of its ending (.svg, .png, .pdf; none: .svg); returns the path.

        Folded clusters are one node each. Of 3000 nodes that have all been unfolded, `dot` takes some seconds to find
        their places; the page (`html`) lays each cluster out by itself, and is there sooner.
        Raises LayoutMissing where no layout program is installed, ValueError for an unknown format.
        """
        with self._or_text():
            return layout.write(self.dot(direction, legend), os.fspath(path), labels.tooltips(collapsed(self)))

    def svg(self, direction: str = "TB", legend: bool = True) -> str:
        """The picture as SVG, in light colours or dark ones as the reader prefers. Raises LayoutMissing."""
        with self._or_text():
            return layout.picture(self.dot(direction, legend), "svg", labels.tooltips(collapsed(self))).decode()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """For notebooks: the picture, or what to install, and the text."""
        try:
            return {"image/svg+xml": self.svg(), "text/plain": repr(self)}
        except layout.LayoutMissing as missing:
            return {"text/plain": str(missing)}

    def _repr_svg_(self) -> str:
        return self.svg()

    @contextmanager
    def _or_text(self) -> Iterator[None]:
        """Where pictures cannot be drawn, the error shows the graph as text."""
        try:
            yield
        except layout.LayoutMissing as missing:
            raise layout.LayoutMissing(f"{missing}\n\n{self.text(color=False)}") from None
