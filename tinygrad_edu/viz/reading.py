"""From the engine's record to a graph: which calls were made, on what, and what the user calls it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_edu.autograd.propagate import ordered
from tinygrad_edu.memory import changed_since
from tinygrad_edu.nn.module import Module
from tinygrad_edu.primitive import Leaf, Node, Pick, Primitive, TensorBase
from tinygrad_edu.symbols import byproducts, formula
from tinygrad_edu.viz.clusters import clustered
from tinygrad_edu.viz.graph import Graph
from tinygrad_edu.viz.naming import Names
from tinygrad_edu.viz.parts import WINDOWS, Edge, Kind, Vertex
from tinygrad_edu.viz.tracing import traced
from tinygrad_edu.viz.values import bad, short

__all__ = ["Reading", "graph", "read"]

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def graph(tensors: Any, *inputs: Any, params: Any = None, formulas: bool = False) -> Graph:
    """What `tensors` were computed from, or what a module computes from `inputs`.

    Args:
        tensors: results of a computation that requires grad (usually the loss): one, or several in a tuple or
            list; or a module, which is then called with `inputs`, and left as it was (mode, buffers, gradients,
            state of the random numbers).
        params: names of tensors: a dict ``{"w": w}``, pairs ``(name, tensor)``, a module, or a list of names
            for the leaves in the order of their use; it may follow `tensors` by position. What has no name
            there is called as the user did: by ``tensor.name``, by its path in a module that is a variable
            of the caller, or as the variable that holds it.
        formulas: put on each edge the derivative formula of the primitive for that operand.

    Raises RuntimeError where nothing was recorded, TypeError for what is no Tensor.

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor(2.0, requires_grad=True)
    >>> [v.name or v.primitive or v.value for v in graph(tg.exp(w) * 3).nodes]
    ['w', 'exp', '3', 'multiply']
    """
    values: Mapping[Any, Any] = {}
    if isinstance(tensors, Module):
        outputs, values = traced(tensors, inputs)
        names = Names(outputs)
        names.params(params)
        names.module(tensors)
        names.caller(2)
        names.inputs(tensors, inputs)
    else:
        if len(inputs) > 1 or (inputs and params is not None):
            raise TypeError(
                "graph: expected tensors and at most one `params`, or a module and its inputs. Several tensors are "
                "given as a list: viz.graph([a, b])."
            )
        outputs = list(tensors) if isinstance(tensors, (tuple, list)) else [tensors]
        _check(outputs)
        names = Names(outputs)
        names.params(inputs[0] if inputs else params)
        names.caller(2)
    return read(outputs, names, values, formulas=formulas).graph


def _check(outputs: list[Any]) -> None:
    if not outputs:
        raise TypeError("graph: expected Tensors, got an empty list")
    for t in outputs:
        if not isinstance(t, TensorBase):
            raise TypeError(f"graph: expected Tensors, got {type(t).__name__}")
        if t._edge() is None:
            raise RuntimeError(
                f"graph: nothing was recorded for this tensor (shape {tuple(t._array.shape)}): nothing that it was "
                f"computed from requires grad, or it was computed under no_grad() or after detach(). Create the "
                f"parameters with requires_grad=True and compute from them by tensor operations."
            )


@dataclass(slots=True)
class Reading:
    """A graph, and which of its nodes stands for what."""

    graph: Graph
    keys: dict[Any, str]  # of vertices, by node, leaf, or identity of a constant's array


def read(outputs: list[Any], names: Names, values: Mapping[Any, Any] | None = None, *, formulas: bool) -> Reading:
    """The graph of recorded tensors, with what is known about them.

    `values` are arrays by node or leaf, and those of operands that need no gradient by (node, position).
    """
    reader = _Reader(names, dict(values or {}), formulas)
    found = reader.read([t._edge() for t in outputs])
    return Reading(found, {made: v.key for made, v in reader.made.items()})


class _Reader:
    """Turns recorded calls into vertices and edges, oldest first."""

    def __init__(self, names: Names, values: dict[Any, Any], formulas: bool) -> None:
        self.names, self.values, self.formulas = names, values, formulas
        self.listed: Iterator[str] = iter(names.listed)
        self.graph = Graph()
        self.counts = {"v": 0, "c": 0}
        self.made: dict[Any, Vertex] = {}  # by node, leaf, or identity of a constant's array
        self.outputs: set[Any] = set()
        self.convolved: set[Any] = set()  # products that a convolution makes planes of
        self.parts: dict[str, str] = {}  # the module of parameters, and of what is computed from its parameters alone
        self.suspects: set[str] = set()  # vertices that are not finite, or may be because an operand is not

    def read(self, roots: list[Any]) -> Graph:
        self.outputs = {_unpicked(edge)[0] for edge in roots}
        nodes = ordered(roots)
        orders = _orders(nodes)
        self.convolved = {node.edges[0] for node in nodes if node.primitive.name == "planes"}
        for node in nodes:
            if not isinstance(node, Pick):
                self.look(node)
        for node in reversed(nodes):
            if not isinstance(node, Pick):
                self.call(node, orders[node])
        for edge in self.outputs:
            (self.made.get(edge) or self.leaf(edge)).output = True
        clustered(self.graph, self.names.classes)
        return self.graph

    def look(self, node: Node) -> None:
        """Take the values that the node has saved, unless they have been changed since."""
        plan = node.plan
        for k, (source, a) in enumerate(zip(plan.sources, node.saved or (), strict=False)):
            if k in plan.ghosts or type(a) is not np.ndarray or changed_since(a, node.seq):
                continue
            if source == 0:
                self.values.setdefault(node, a)
            elif source - 1 in plan.wanted:
                edge = node.edges[plan.wanted.index(source - 1)]
                if type(edge) is Node and edge.dtype == a.dtype:
                    self.values.setdefault(edge, a)

    def add(self, kind: Kind, name: str | None, **facts: Any) -> Vertex:
        constant = kind in ("constant", "buffer")
        symbol = name or (facts["value"] if constant and facts.get("shape") == () else None)
        if symbol is None:
            letter = "c" if constant else "v"
            self.counts[letter] += 1
            symbol = letter + str(self.counts[letter]).translate(_SUBSCRIPTS)
        vertex = Vertex(f"n{len(self.graph.nodes)}", symbol, kind, name, **facts)
        self.graph.nodes.append(vertex)
        return vertex

    def leaf(self, edge: Leaf) -> Vertex:
        tensor: Any = edge.tensor()  # the graph does not keep it alive
        own = None if tensor is None else tensor.__dict__.get("name")
        role = self.names.roles.get(edge)
        value = self.values.get(edge) if tensor is None else tensor._array
        self.made[edge] = vertex = self.add(
            kind="parameter" if role or type(tensor).__name__ == "Parameter" else "leaf",
            name=self.names.names.get(edge) or (own if isinstance(own, str) else None) or next(self.listed, None),
            shape=tuple(edge.shape),
            dtype=str(edge.dtype),
            value=short(value),
            gradient=_gradient(tensor),
            module=self.names.owners.get(edge),
            bad=bad(value),
        )
        self.find_bad(vertex)
        if vertex.kind == "parameter" and vertex.module:
            self.parts[vertex.key] = vertex.module
        return vertex

    def constant(self, a: Any, known: bool, name: str | None = None) -> Vertex:
        """`a` is an operand that needs no gradient: None if it is forgotten, of unknown value if not `known`.

        `name` is for one that has no name of the user's.
        """
        if known and id(a) in self.made:
            return self.made[id(a)]
        facts = {} if a is None else _facts(a)
        if not known:
            facts |= {"value": None, "bad": None}
        role = self.names.roles.get(id(a)) if known else None
        name = (self.names.names.get(id(a)) if known else None) or name
        module = self.names.owners.get(id(a)) if known else None
        vertex = self.add(kind="buffer" if role else "constant", name=name, module=module, **facts)
        self.find_bad(vertex)
        if known and isinstance(a, np.ndarray):
            self.made[id(a)] = vertex
        return vertex

    def find_bad(self, vertex: Vertex) -> None:
        if vertex.bad:
            vertex.born = True
            self.suspects.add(vertex.key)

    def operands(self, node: Node, edges: dict[int, Any]) -> list[tuple[int, Vertex, int | None]]:
        """The operands of a call: position, vertex, and which one of several results it is."""
        p = node.primitive
        open_ended = p.spread or not p.operands
        count = max(edges) + 1 if open_ended else len(p.operands)
        while (node, count) in self.values:
            count += 1
        found: list[tuple[int, Vertex, int | None]] = []
        for i in range(count):
            if i in edges:
                edge, result = _unpicked(edges[i])
                found.append((i, self.made.get(edge) or self.leaf(edge), result))
            elif not open_ended or (node, i) in self.values:
                vertex = self.unrecorded(node, i)
                if vertex is not None:
                    found.append((i, vertex, None))
        return found

    def call(self, node: Node, order: int) -> None:
        p = node.primitive
        edges = dict(zip(node.plan.wanted, node.edges, strict=True))
        operands = self.operands(node, edges)
        tensor = self.names.tensors.get(node)
        own = None if tensor is None else tensor.__dict__.get("name")
        value = self.values.get(node) if tensor is None else tensor._array
        several = isinstance(node.dtype, tuple)
        parts = [self.parts.get(v.key) for _, v, _ in operands if v.shape != () or v.kind != "constant"]
        owners = {path for path in parts if path}
        self.made[node] = vertex = self.add(
            kind="output" if node in self.outputs else "primitive",
            name=self.names.names.get(node) or (own if isinstance(own, str) else None),
            primitive=p.name,
            options=_options(node),
            shape=None if several else tuple(node.shape),
            results=tuple(map(tuple, node.shape)) if several else None,
            dtype=str(node.dtype[0] if several else node.dtype),
            value=short(value),
            gradient=_gradient(tensor),
            site=node.site,
            module=self.names.path(node.module) or (next(iter(owners)) if len(owners) == 1 else None),
            order=order,
            bad=bad(value),
            noted=node.module is not None,
        )
        suspect = any(v.key in self.suspects for _, v, _ in operands)
        if len(owners) == 1 and None not in parts:
            self.parts[vertex.key] = next(iter(owners))
        vertex.born = vertex.bad is not None and not suspect
        if vertex.bad or (suspect and value is None):
            self.suspects.add(vertex.key)
        symbols = {"y": vertex.symbol, **{_operand(p, i): v.symbol for i, v, _ in operands}}
        if "g" in (vertex.symbol, *symbols.values()):
            symbols["g"] = "ḡ"  # somebody's variable is called g: the cotangent gets another name here
        if self.formulas and p.operands:
            vertex.where = ", ".join(f"{n} = {d}" for n, d in byproducts(p, symbols).items()) or None
        for i, v, result in operands:
            edge = Edge(v.key, vertex.key, _operand(p, i), i, result)
            if self.formulas and i in edges:
                written = formula(p, p.operands[0 if p.spread else i], symbols) if p.operands else None
                edge.formula = written or f"{p.name}.backward(g)" + (f"[{i}]" if i or len(edges) > 1 else "")
            self.graph.edges.append(edge)
        if self.formulas and any(v.name == WINDOWS for _, v, _ in operands) and node in self.convolved:
            vertex.where = f"{WINDOWS} = every window of the input, as a column"

    def unrecorded(self, node: Node, i: int) -> Vertex | None:
        """The vertex of an operand that needs no gradient (None: it was left out, or may have been)."""
        p, sources = node.primitive, node.plan.sources
        name = WINDOWS if i == 1 and node in self.convolved else None
        if (node, i) in self.values:  # a film has seen it
            a = self.values[node, i]
            return None if a is None else self.constant(a, True, name)
        if node.saved is not None and i + 1 in sources:
            k = sources.index(i + 1)
            a = node.saved[k]
            return None if a is None else self.constant(a, k not in node.plan.ghosts, name)
        optional = len(getattr(p.function, "__defaults__", None) or ())
        return None if i >= len(p.operands) - optional else self.constant(None, False, name)


def _orders(nodes: list[Node]) -> dict[Any, int]:
    """How often was differentiated to get to each node or to what it uses; `nodes` are given the newest first."""
    orders: dict[Any, int] = {}
    for node in reversed(nodes):
        orders[node] = max([node.order, *(orders.get(edge, 0) for edge in node.edges)])
    return orders


def _unpicked(edge: Any) -> tuple[Any, int | None]:
    """The call behind one of several results, with the result's index."""
    return (edge.edges[0], edge.index) if isinstance(edge, Pick) else (edge, None)


def _operand(p: Primitive, i: int) -> str:
    if not p.operands:  # an autograd.Function: after its ctx
        code = getattr(p.function, "__code__", None)
        names = code.co_varnames[1 : code.co_argcount] if code else ()
        return names[i] if i < len(names) else f"input {i}"
    return f"{p.operands[0]}[{i}]" if p.spread else p.operands[i]


def _facts(a: Any) -> dict[str, Any]:
    facts = {"value": short(a), "bad": bad(a)}
    if not hasattr(a, "dtype"):
        return {"shape": (), **facts}
    return {"shape": tuple(a.shape), "dtype": str(a.dtype), **facts}


def _gradient(tensor: Any) -> str | None:
    return None if tensor is None or tensor._grad is None else short(tensor._grad._array)


def _options(node: Node) -> str | None:
    """The keyword arguments of the call, without those that have their usual value."""
    if not node.primitive.operands:
        return None
    usual = getattr(node.primitive.function, "__kwdefaults__", None) or {}
    words = [f"{k}={_word(v)}" for k, v in (node.kwargs or {}).items() if not (k in usual and usual[k] is v)]
    return ", ".join(words) or None


def _word(x: Any) -> str:
    if hasattr(x, "dtype") and hasattr(x, "shape"):
        return short(x) or f"{type(x).__name__} {tuple(x.shape)}"
    if isinstance(x, slice):
        ends = ["" if e is None else str(e) for e in (x.start, x.stop, x.step)]
        return ":".join(ends if ends[2] else ends[:2])
    if isinstance(x, (tuple, list)):
        words = ", ".join(map(_word, x))
        return f"({words})" if isinstance(x, tuple) else f"[{words}]"
    if x is Ellipsis:
        return "…"
    text = getattr(x, "__name__", None) or repr(x)
    return text if len(text) <= 60 else text[:59] + "…"
