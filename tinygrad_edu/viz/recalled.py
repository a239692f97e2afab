"""The forward pass of a tensor that nobody filmed: what its graph still knows, and what can be computed again."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_edu.autograd.function import FunctionNode
from tinygrad_edu.autograd.propagate import ordered
from tinygrad_edu.memory import changed_since
from tinygrad_edu.primitive import Leaf, Node, Pick
from tinygrad_edu.viz.recorder import Recorder
from tinygrad_edu.viz.replay import run

__all__ = ["recall"]

_Unknown = object()


def recall(root: Any, tensors: dict[Any, Any], recorder: Recorder) -> None:
    """Write down the calls that made the node `root`, as if they were happening now.

    A result is known if its tensor is at hand (`tensors`, by node), if the graph saved it for its own rules or
    those of its consumers, or if it follows from operands that are known. Others are left open.
    """
    nodes = [n for n in reversed(ordered([root])) if type(n) is not Pick]
    known: dict[Any, Any] = {node: t._array for node, t in tensors.items() if isinstance(node, Node)}
    for node in nodes:
        for position, a in _saved(node):
            if position is None:
                known.setdefault(node, a)
            elif position in node.plan.wanted:
                edge = node.edges[node.plan.wanted.index(position)]
                if type(edge) is Node and edge.dtype == a.dtype:
                    known.setdefault(edge, a)
    for node in nodes:
        p = node.primitive
        edges = dict(zip(node.plan.wanted, node.edges, strict=True))
        saved = dict(_saved(node))
        count = max([*edges, -1]) + 1 if p.spread or isinstance(node, FunctionNode) else len(p.operands)
        operands = [_operand(edges.get(i), saved.get(i, _Unknown), known) for i in range(count)]
        complete = not any(x is _Unknown for x in operands) and not isinstance(node, FunctionNode)
        if node not in known and complete:
            known[node] = run(p, operands, node.kwargs)
        given = [None if x is _Unknown else x for x in operands]
        recorder.recall(node, given, [edges.get(i) for i in range(count)], known.get(node), complete)


def _saved(node: Node) -> list[tuple[int | None, Any]]:
    """Arrays that a node keeps, with the operand's position (None: its result), unless changed since."""
    plan, p = node.plan, node.primitive
    found: list[tuple[int | None, Any]] = []
    for k, (source, a) in enumerate(zip(plan.sources, node.saved or (), strict=False)):
        if k in plan.ghosts or p.spread or source > len(p.operands) or isinstance(node, FunctionNode):
            continue
        if isinstance(a, np.ndarray) and changed_since(a, node.seq):
            continue
        found.append((source - 1 if source else None, a))
    return found


def _operand(edge: Any, saved: Any, known: dict[Any, Any]) -> Any:
    if isinstance(edge, Leaf):
        tensor: Any = edge.tensor()
        return saved if tensor is None else tensor._array
    if isinstance(edge, Pick):
        several = known.get(edge.edges[0])
        return saved if several is None else several[edge.index]
    return known.get(edge, saved)
