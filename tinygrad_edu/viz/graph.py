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
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from tinygrad_edu.viz import dot, layout

__all__ = ["Cluster", "Edge", "Graph", "Kind", "Vertex"]

Kind = Literal["leaf", "parameter", "buffer", "constant", "primitive", "output", "folded"]


@dataclass(slots=True)
class Vertex:
    """A tensor: created by the user (leaf), not recorded (constant), or the result of a primitive."""

    key: str
    symbol: str  # what formulas call it: its name, the number that it is, or v₁, v₂, … (c₁, … for constants)
    kind: Kind
    name: str | None = None  # what the user's program calls it
    primitive: str | None = None  # what made it
    options: str | None = None  # the call's keyword arguments
    shape: Any = None  # None where it is not known any more, or where there are several results
    results: Any = None  # the shapes of several results
    dtype: str | None = None
    value: str | None = None  # a short text
    gradient: str | None = None
    where: str | None = None  # with formulas: what they name besides operands and result
    output: bool = False  # the graph was asked for it
    site: str | None = None  # the line of the user's program, where it was recorded
    module: str | None = None  # the path of the module that made it, or owns it
    order: int = 0  # how often it was differentiated to get here (create_graph)
    bad: Literal["nan", "inf"] | None = None  # what its value holds
    born: bool = False  # no operand is known to be bad
    cluster: str | None = None


@dataclass(slots=True)
class Edge:
    """`source` is an operand of the primitive `target`."""

    source: str
    target: str
    operand: str  # as the primitive's rules call it
    position: int
    result: int | None = None  # which one of the source's several results
    formula: str | None = None  # what the primitive passes back to this operand


@dataclass(slots=True)
class Cluster:
    """Nodes that belong together: a module's, or a stretch that is repeated."""

    key: str
    kind: Literal["module", "repeat"]
    label: str
    path: str | None = None
    parent: str | None = None
    folded: bool = False
    count: int = 1


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
        parts = {"nodes": self.nodes, "edges": self.edges, "clusters": self.clusters}
        rows = {name: [asdict(part) for part in listed] for name, listed in parts.items()}
        for row in (*rows["nodes"], *rows["clusters"]):
            row["id"] = row.pop("key")
        for row in rows["nodes"]:
            row["shape"] = None if row["shape"] is None else list(row["shape"])
            row["results"] = None if row["results"] is None else [list(s) for s in row["results"]]
        return {"version": 1, **rows}

    def text(self) -> str:
        """One line for each tensor, to be read like a program.

        >>> import tinygrad_edu as tg
        >>> from tinygrad_edu import viz
        >>> w = tg.tensor(2.0, requires_grad=True)
        >>> print(viz.graph(w * 3, formulas=True).text())
        w   leaf            scalar  float32  = 2
        v₁  multiply(w, 3)  scalar  float32  = 6
              w: g · 3
        """
        symbols = {v.key: v.symbol for v in self.nodes}
        operands: dict[str, list[Edge]] = {}
        for e in self.edges:
            operands.setdefault(e.target, []).append(e)
        rows, notes = [], []
        for v in self.nodes:
            if v.kind == "constant" and v.symbol == v.value:
                continue  # a number: it stands where it is used
            uses = sorted(operands.get(v.key, ()), key=lambda e: e.position)
            call = ", ".join(symbols[e.source] + ("" if e.result is None else f"[{e.result}]") for e in uses)
            facts = [dot.shape_text(v.results or v.shape), v.dtype or "", f"= {n}" if (n := dot.number(v)) else ""]
            facts += [f"grad {v.gradient}"] if v.gradient and dot.small(v) else []
            rows.append([v.symbol, f"{v.primitive}({call})" if v.primitive else v.kind, *facts])
            notes.append([f"{symbols[e.source]}: {e.formula}" for e in uses if e.formula])
            notes[-1] += [f"where {v.where}"] if v.where else []
        widths = [max((len(r[k]) for r in rows), default=0) for k in range(4)]
        lines = []
        for row, formulas in zip(rows, notes, strict=True):
            columns = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
            lines.append("  ".join([*columns, *row[4:]]).rstrip())
            lines += [f"      {f}" for f in formulas]
        return "\n".join(lines)

    def dot(self, direction: str = "TB") -> str:
        """The source text for Graphviz; `direction` is TB (downwards) or LR (to the right)."""
        return dot.source(self, direction)

    def render(self, path: str | os.PathLike[str], direction: str = "TB") -> str:
        """Write the picture to `path`, in the format of its ending (.svg, .png, .pdf; none: .svg); returns the path.

        Raises LayoutMissing where no layout program is installed, ValueError for an unknown format.
        """
        return layout.write(self.dot(direction), os.fspath(path))

    def _repr_svg_(self) -> str:
        return layout.picture(self.dot(), "svg").decode()
