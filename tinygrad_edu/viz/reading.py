"""From the engine's record to a graph: which calls were made, on what, and what the user calls it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from tinygrad_edu.autograd.propagate import ordered
from tinygrad_edu.primitive import Leaf, Node, Pick, Primitive, TensorBase
from tinygrad_edu.symbols import byproducts, formula
from tinygrad_edu.viz.graph import Edge, Graph, Vertex

__all__ = ["graph"]

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def graph(tensors: Any, params: Any = None, *, formulas: bool = False) -> Graph:
    """What `tensors` (one, or several) were computed from.

    Args:
        tensors: results of a computation that requires grad: usually the loss.
        params: names of tensors: a dict ``{"w": w}``, pairs ``(name, tensor)``, an object with
            `named_parameters`, or a list of names for the leaves in the order of their use. What has no
            name there is called as the variable of the caller that holds it.
        formulas: put on each edge the derivative formula of the operation for that operand.

    Raises RuntimeError where nothing was recorded, TypeError for what is no Tensor.

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor(2.0, requires_grad=True)
    >>> [v.name or v.primitive or v.value for v in graph(tg.exp(w) * 3).nodes]
    ['w', 'exp', '3', 'multiply']
    """
    outputs = list(tensors) if isinstance(tensors, (tuple, list)) else [tensors]
    for t in outputs:
        if not isinstance(t, TensorBase):
            raise TypeError(f"graph: expected Tensors, got {type(t).__name__}")
        if t._edge() is None:
            raise RuntimeError(
                f"graph: nothing was recorded for this tensor (shape {tuple(t._array.shape)}): nothing that it was "
                f"computed from requires grad, or it was computed under no_grad() or after detach(). Create the "
                f"parameters with requires_grad=True and compute from them by tensor operations."
            )
    known = _Known(outputs)
    listed = known.name_params(params)
    frame = sys._getframe(1)
    for variables in (frame.f_locals, frame.f_globals):
        known.name_all((n, t) for n, t in list(variables.items()) if not n.startswith("_"))
    del frame
    return _Reader(known, listed, formulas).read(outputs)


class _Known:
    """Tensors that the caller holds: their names, and values that the record may have released."""

    def __init__(self, outputs: list[Any]) -> None:
        self.tensors: dict[Any, Any] = {t._edge(): t for t in outputs}  # by node or leaf
        self.names: dict[Any, str] = {}  # by node or leaf
        self.arrays: dict[int, str] = {}  # names of constants, by the identity of their array

    def name_params(self, params: Any) -> list[str]:
        """Take the names in `params`; returns those that are given to the leaves by position."""
        if params is None:
            return []
        if hasattr(params, "named_parameters"):
            params = params.named_parameters()
        pairs = list(params.items() if isinstance(params, Mapping) else params)
        if pairs and all(isinstance(p, str) for p in pairs):
            return pairs
        if not all(isinstance(p, tuple) and len(p) == 2 and isinstance(p[0], str) for p in pairs):
            raise TypeError('graph: params must be a dict {"w": w}, pairs ("w", w), a module or a list of names')
        self.name_all(pairs)
        return []

    def name_all(self, pairs: Iterable[tuple[str, Any]]) -> None:
        for name, t in pairs:
            if isinstance(t, TensorBase):
                edge = t._edge()
                if edge is None:
                    self.arrays.setdefault(id(t._array), name)
                else:
                    self.names.setdefault(edge, name)
                    self.tensors.setdefault(edge, t)
            elif isinstance(t, np.ndarray):
                self.arrays.setdefault(id(t), name)


class _Reader:
    """Turns recorded calls into vertices and edges, oldest first."""

    def __init__(self, known: _Known, listed: list[str], formulas: bool) -> None:
        self.known, self.listed, self.formulas = known, iter(listed), formulas
        self.graph = Graph()
        self.counts = {"v": 0, "c": 0}
        self.made: dict[Any, Vertex] = {}  # by node, leaf, or identity of a constant's array

    def read(self, outputs: list[Any]) -> Graph:
        roots = [t._edge() for t in outputs]
        self.outputs = {_unpicked(edge)[0] for edge in roots}
        for node in reversed(ordered(roots)):
            if type(node) is not Pick:
                self.operation(node)
        for edge in roots:
            main, _ = _unpicked(edge)
            (self.made.get(main) or self.leaf(main)).output = True
        return self.graph

    def add(self, kind: Any, name: str | None, **facts: Any) -> Vertex:
        symbol = name or (facts.get("value") if kind == "constant" else None)
        if symbol is None:
            letter = "c" if kind == "constant" else "v"
            self.counts[letter] += 1
            symbol = letter + str(self.counts[letter]).translate(_SUBSCRIPTS)
        vertex = Vertex(f"n{len(self.graph.nodes)}", symbol, kind, name, **facts)
        self.graph.nodes.append(vertex)
        return vertex

    def leaf(self, edge: Leaf) -> Vertex:
        tensor: Any = edge.tensor()  # the graph does not keep it alive
        self.made[edge] = vertex = self.add(
            kind="leaf",
            name=self.known.names.get(edge) or next(self.listed, None),
            shape=tuple(edge.shape),
            dtype=str(edge.dtype),
            value=None if tensor is None else _number(tensor._array),
            gradient=None if tensor is None or tensor._grad is None else _number(tensor._grad._array),
        )
        return vertex

    def constant(self, a: Any, known: bool) -> Vertex:
        """`a` is an operand that needs no gradient: None if it is forgotten, of unknown value if not `known`."""
        if known and id(a) in self.made:
            return self.made[id(a)]
        facts = {} if a is None else _facts(a)
        if not known:
            facts["value"] = None
        name = self.known.arrays.get(id(a)) if known else None
        vertex = self.add(kind="constant", name=name, **facts)
        if known and isinstance(a, np.ndarray):
            self.made[id(a)] = vertex
        return vertex

    def operation(self, node: Node) -> None:
        p, plan = node.primitive, node.plan
        edges = dict(zip(plan.wanted, node.edges, strict=True))
        operands: list[tuple[int, Vertex, int | None]] = []
        for i in range(max(edges) + 1 if p.spread else len(p.operands)):
            if i in edges:
                edge, result = _unpicked(edges[i])
                operands.append((i, self.made.get(edge) or self.leaf(edge), result))
            elif not p.spread and (vertex := self.unrecorded(node, i)) is not None:
                operands.append((i, vertex, None))
        tensor = self.known.tensors.get(node)
        if tensor is None and node.saved is not None and 0 in plan.sources:
            k = plan.sources.index(0)
            value = None if k in plan.ghosts else _number(node.saved[k])
        else:
            value = None if tensor is None else _number(tensor._array)
        self.made[node] = vertex = self.add(
            kind="output" if node in self.outputs else "primitive",
            name=self.known.names.get(node),
            primitive=p.name,
            shape=None if isinstance(node.dtype, tuple) else tuple(node.shape),
            results=tuple(map(tuple, node.shape)) if isinstance(node.dtype, tuple) else None,
            dtype=str(node.dtype[0] if isinstance(node.dtype, tuple) else node.dtype),
            value=value,
            gradient=None if tensor is None or tensor._grad is None else _number(tensor._grad._array),
            site=node.site,
        )
        symbols = {"y": vertex.symbol, **{_operand(p, i): v.symbol for i, v, _ in operands}}
        if self.formulas:
            vertex.where = ", ".join(f"{n} = {d}" for n, d in byproducts(p, symbols).items()) or None
        for i, v, result in operands:
            edge = Edge(v.key, vertex.key, _operand(p, i), i, result)
            if self.formulas and i in edges:
                edge.formula = formula(p, p.operands[0 if p.spread else i], symbols)
            self.graph.edges.append(edge)

    def unrecorded(self, node: Node, i: int) -> Vertex | None:
        """The vertex of an operand that needs no gradient (None: it was left out, or may have been)."""
        p, sources = node.primitive, node.plan.sources
        if node.saved is not None and i + 1 in sources:
            k = sources.index(i + 1)
            a = node.saved[k]
            return None if a is None else self.constant(a, k not in node.plan.ghosts)
        optional = len(getattr(p.function, "__defaults__", None) or ())
        return None if i >= len(p.operands) - optional else self.constant(None, False)


def _unpicked(edge: Any) -> tuple[Any, int | None]:
    """The call behind one of several results, with the result's index."""
    return (edge.edges[0], edge.index) if isinstance(edge, Pick) else (edge, None)


def _operand(p: Primitive, i: int) -> str:
    return f"{p.operands[0]}[{i}]" if p.spread else p.operands[i]


def _facts(a: Any) -> dict[str, Any]:
    if not hasattr(a, "dtype"):
        return {"shape": (), "value": _number(a)}
    return {"shape": tuple(a.shape), "dtype": str(a.dtype), "value": _number(a)}


def _number(a: Any) -> str | None:
    """The value of one element as text (None for more of them, and for arrays that are not computed yet)."""
    if isinstance(a, (np.ndarray, np.generic)):
        if a.size != 1:
            return None
        a = a.item()
    return f"{a:.4g}".replace("-", "−") if isinstance(a, (int, float)) else None
