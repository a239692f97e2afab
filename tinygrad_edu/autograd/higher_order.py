"""Gradients of gradients: what a backward pass that is itself recorded (`create_graph=True`) does besides."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tinygrad_edu.node import Node, pick, wrap

__all__ = ["as_tensors", "noting"]


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
    """A saved operand as a Tensor that leads to its edge (of another dtype, if it was promoted: `fit` casts back)."""
    return a if edge is None else wrap(a, edge)


def noting(nodes: Iterable[Node], other: Any) -> Callable[[Node, Any, Any], None]:
    """An observer of the calls of a pass over `nodes`, which notes on each how often was differentiated by then."""
    order = 1 + max((n.order for n in nodes), default=0)

    def note(node: Node, operands: Any, out: Any) -> None:
        node.order = order
        if other is not True:
            other(node, operands, out)

    return note
