"""Gradients of gradients: what a backward pass that is itself recorded (`create_graph=True`) does besides."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_edu.node import Node, pick, wrap
from tinygrad_edu.rules.shaping import cast

__all__ = ["as_tensors", "mark"]


def as_tensors(node: Node) -> tuple[Any, ...]:
    """The saved values of a node as Tensors that lead back into the graph; constants stay arrays."""
    plan, p = node.plan, node.primitive
    edges = dict(zip(plan.wanted, node.edges, strict=True))
    kwargs = node.kwargs or {}
    out: dict[int, Any] = {}
    for k, (source, a) in enumerate(zip(plan.sources, node.saved or (), strict=True)):
        if k in plan.ghosts:
            out.setdefault(source, a)  # another rule may name the array itself
        elif source == 0:
            out[0] = tuple(wrap(x, pick(node, i)) for i, x in enumerate(a)) if type(a) is tuple else wrap(a, node)
        elif p.spread:
            out[source] = tuple(_on_edge(x, edges.get(i)) for i, x in enumerate(a))
        elif source <= len(p.operands):
            out[source] = _on_edge(a, edges.get(source - 1))
    for name, define in p.saves.items():  # by-products are made anew, recorded
        if (source := p.environment[name]) in plan.sources:
            reads, names = p.reads(define)
            operands = (out[p.environment[n.removeprefix("_")]] for n in reads)
            out[source] = define(*operands, **{n: kwargs[n] for n in names if n in kwargs})
    return tuple(
        a if k in plan.ghosts else out[source]
        for k, (source, a) in enumerate(zip(plan.sources, node.saved or (), strict=True))
    )


def _on_edge(a: Any, edge: Any) -> Any:
    """A saved operand as a Tensor that leads to its edge."""
    if edge is None or edge.dtype == a.dtype:
        return a if edge is None else wrap(a, edge)
    # promotion has cast it: a recorded cast leads back to the edge
    return wrap(a, cast(wrap(np.zeros(edge.shape, edge.dtype), edge), dtype=a.dtype)._node)


def mark(cots: dict[Any, Any], began: int, nodes: Iterable[Node]) -> None:
    """Note on the results of a recorded pass over `nodes` when it began, and how often was differentiated by then."""
    order = 1 + max((n.derived[1] for n in nodes if n.derived), default=0)
    for c in cots.values():
        for t in c if c.__class__ is tuple else (c,):
            node = getattr(t, "_node", None)
            if isinstance(node, Node) and node.seq > began:
                node.derived = began, order
