"""What a graph consists of: vertices, edges, clusters (`tinygrad_edu.viz.graph` says what each field means)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["WINDOWS", "Cluster", "Edge", "Kind", "Vertex"]

Kind = Literal["leaf", "parameter", "buffer", "constant", "primitive", "output", "folded"]


WINDOWS = "windows"
"""The name of what a convolution multiplies its weights with, where its input needs no gradient."""


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
    noted: bool = False  # an observer noted the module; otherwise it is that of the parameters


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
