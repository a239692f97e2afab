"""The backward pass: walk the recorded calls from the newest to the oldest and apply each one's rules.

    a = tensor(1.0, requires_grad=True);  b = a + a;  c = b + b

Why order matters: the cotangent of `b` is complete only when both of its uses in `c` have been counted;
passing it on after the first would give `a` half of its gradient. A node is younger than everything that
it refers to, so from the newest to the oldest every cotangent is complete before it is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu import lazy, memory
from tinygrad_edu.memory import recording
from tinygrad_edu.primitive import Node, Pick, TensorBase, pick, wrap
from tinygrad_edu.rules.shaping import cast

__all__ = ["accumulate", "copied", "ordered", "propagate", "run_hooks"]


def ordered(roots: Iterable[Any]) -> list[Node]:
    """Every node that the roots were made from (they included), the newest first."""
    seen = {r for r in roots if isinstance(r, Node)}
    stack = list(seen)
    while stack:
        for e in stack.pop().edges:
            if e not in seen and isinstance(e, Node):
                seen.add(e)
                stack.append(e)
    return sorted(seen, key=_seq, reverse=True)


def _seq(node: Node) -> int:
    return node.seq


def fit(c: Any, shape: tuple[int, ...], dtype: Any, node: Node) -> Any:
    """The chores after every rule: sum over broadcast axes, cast to the operand's dtype, check the shape."""
    if c.shape != shape:
        given, extra = tuple(c.shape), len(c.shape) - len(shape)
        if extra >= 0:
            over = (*range(extra), *(i + extra for i, n in enumerate(shape) if n == 1))
            c = np.add.reduce(c, over, keepdims=True) if type(c) is ndarray else np.sum(c, axis=over, keepdims=True)
            c = np.reshape(c, c.shape[extra:]) if extra else c
        if c.shape != shape:
            raise RuntimeError(
                f"a rule of {node.name()} gave a cotangent of shape {given} for an operand of shape {tuple(shape)}: it "
                f"must have the operand's shape, or one that broadcasting makes of it.{lazy.unknown_size(given)}"
            )
    if c.dtype != dtype:
        c = cast(c, dtype=dtype) if isinstance(c, TensorBase) else c.astype(dtype)
    return c


def propagate(
    roots: Sequence[tuple[Any, Any]],
    goals: set[Any] | None,
    retain_graph: bool,
    create_graph: bool,
) -> tuple[dict[Any, Any], set[Any]]:
    """Pass the roots' cotangents back through everything that they were made from.

    Returns the cotangents of the leaves (or of the `goals`: leaves and nodes), and the set of those that
    are arrays of the engine's own, shared with nothing. With `create_graph` cotangents are Tensors, and
    since NumPy's functions on Tensors are recorded, what the rules compute is itself a graph.
    """
    nodes = ordered(edge for edge, _ in roots)
    if goals is not None:
        nodes = _leading_to(nodes, goals)
        useful = goals.union(nodes)
    cots: dict[Any, Any] = {}
    own: set[Any] = set()
    kept: dict[Any, Any] = {}
    _check(nodes)
    for edge, c in roots:
        _add(cots, own, edge, c, False)
    for node in nodes:
        g = cots.pop(node, None)
        if g is None:
            continue
        if node.hooks is not None:
            g = run_hooks(node.hooks, g)
        if goals is not None and node in goals:
            kept[node] = g
        if type(node) is Pick:
            main = node.edges[0]
            parts = cots.setdefault(main, [None] * len(main.shape))
            have = parts[node.index]
            parts[node.index] = g if have is None else have + g
            continue
        plan, kwargs = node.plan, node.kwargs
        saved: Any = node.saved
        if type(g) is list:
            g = tuple(
                p if p is not None else _zeros(s, d, create_graph)
                for p, s, d in zip(g, node.shape, node.dtype, strict=True)
            )
        if create_graph:
            saved = as_tensors(node)
        elif node.shape == ():  # NumPy computes several times faster with its scalars than with 0-d arrays
            saved = [a[()] if type(a) is ndarray else a for a in saved]
        for edge, (rule, choose, names) in zip(node.edges, plan.calls, strict=False):  # a joint rule is one call
            if goals is not None and not plan.joint and edge not in useful:
                continue
            values = saved if choose is None else choose(saved)
            if names:
                c = rule(g, *values, **{n: kwargs[n] for n in names if kwargs and n in kwargs})
            else:
                c = rule(g, *values)
            if plan.joint:
                for edge, part in zip(node.edges, c, strict=True):
                    if part is not None:
                        _add(cots, own, edge, _fitted(part, edge, node), False)
                continue
            fresh = c is not g
            if edge.__class__ is Node:
                if c.shape != edge.shape or c.dtype is not edge.dtype:
                    c = fit(c, edge.shape, edge.dtype, node)
            else:
                c = _fitted(c, edge, node)
                if fresh:
                    fresh = type(c) is ndarray and c.base is None and not any(c is s for s in saved)
            have = cots.get(edge)
            if have is None:
                cots[edge] = c
                if fresh and edge.__class__ is not Node:
                    own.add(edge)
            else:
                _add(cots, own, edge, c, fresh)
        if not retain_graph:
            node.saved = None
    for edge, c in cots.items():
        kept[edge] = c
    return kept, own


def _fitted(c: Any, edge: Any, node: Node) -> Any:
    if isinstance(edge, Node):
        shape, dtype = edge.shape, edge.dtype
    else:
        shape, dtype = edge._array.shape, edge._array.dtype
    return fit(c, shape, dtype, node)


def _add(cots: dict[Any, Any], own: set[Any], edge: Any, c: Any, fresh: bool) -> None:
    """Count one more use: the first sum allocates, later ones add into what the engine allocated."""
    have = cots.get(edge)
    if have is None:
        cots[edge] = c
    elif edge in own and type(have) is ndarray and type(c) in (ndarray, have.dtype.type):
        np.add(have, c, out=have)
    else:
        cots[edge] = have + c
        own.add(edge)


def _zeros(shape: tuple[int, ...], dtype: Any, as_tensor: bool) -> Any:
    zeros = np.zeros(shape, dtype if dtype.kind == "f" else np.float64)
    return wrap(zeros) if as_tensor else zeros


def _leading_to(nodes: list[Node], goals: set[Any]) -> list[Node]:
    """The nodes (newest first) through which a goal is reached, goals that are nodes included."""
    useful = set(goals)
    for node in reversed(nodes):
        if any(e in useful for e in node.edges):
            useful.add(node)
    return [n for n in nodes if n in useful]


def _check(nodes: Sequence[Node]) -> None:
    """Before anything is changed: is every saved array still there, and as it was in the forward pass?"""
    for node in nodes:
        if node.saved is None and node.plan.sources:
            raise RuntimeError(
                f"backward a second time through {node.name()}, whose saved arrays were released by the first pass. "
                f"Run the forward computation again before each backward (usually: compute the loss inside the loop), "
                f"or call the first backward with retain_graph=True."
            )
    if nodes and nodes[-1].seq < memory.last_change:
        for node in nodes:
            if type(node) is not Pick:
                _check_unchanged(node)


def _check_unchanged(node: Node) -> None:
    for x in _flat(node.saved):
        if by := memory.changed_since(x, node.seq):
            where = f"it was recorded at {node.site}" if node.site else "autograd.detect_anomaly() shows the line"
            raise RuntimeError(
                f"the gradient of {node.name()} needs an array of shape {tuple(x.shape)} as it was in the forward "
                f"pass, but {by} has changed it in place since ({where}). Write the out-of-place form (x = x + 1 "
                f"instead of x += 1), or change a copy (x.clone())."
            )


def _flat(saved: Any) -> list[Any]:
    """The NumPy arrays among saved values."""
    return [x for a in saved or () for x in (a if type(a) is tuple else (a,)) if type(x) is ndarray]


def as_tensors(node: Node) -> tuple[Any, ...]:
    """The saved values of a node as Tensors that lead back into the graph; constants stay arrays."""
    plan, p = node.plan, node.primitive
    edges = dict(zip(plan.wanted, node.edges, strict=True))
    kwargs = node.kwargs or {}
    out: dict[int, Any] = {}
    for k, (source, a) in enumerate(zip(plan.sources, node.saved or (), strict=True)):
        if k in plan.ghosts:
            out[source] = a
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
    return tuple(out[source] for source in plan.sources)


def _on_edge(a: Any, edge: Any) -> Any:
    if edge is None:
        return a
    if isinstance(edge, Node):
        shape, dtype = edge.shape, edge.dtype
        if dtype == a.dtype:
            return wrap(a, edge)
    elif edge._array is a:
        return edge
    else:
        shape, dtype = edge._array.shape, edge._array.dtype
    # promotion has cast it (or a leaf's array was exchanged since): a recorded cast leads back to the edge
    link = cast(wrap(np.zeros(shape, dtype), edge) if isinstance(edge, Node) else edge, dtype=a.dtype)
    return wrap(a, link._node)


def run_hooks(hooks: Sequence[Any], g: Any) -> Any:
    """The cotangent after its hooks, each of which may return another one."""
    lift = not isinstance(g, TensorBase)
    t: Any = wrap(np.asarray(g) if isinstance(g, np.generic) else g) if lift else g
    before = recording.get()
    if lift:
        recording.set(False)
    try:
        for hook in list(hooks):
            new = hook(t)
            if new is not None:
                if not isinstance(new, TensorBase) or new._array.shape != t._array.shape:
                    raise RuntimeError(
                        f"a hook must return None or a Tensor of the gradient's shape {tuple(t._array.shape)}, not "
                        f"{tuple(new._array.shape) if isinstance(new, TensorBase) else type(new).__name__}"
                    )
                t = new
    finally:
        recording.set(before)
    return t._array if lift else t


def accumulate(leaf: Any, c: Any, own: bool) -> None:
    """Add a leaf's complete cotangent to its `.grad`, which shares memory with no other tensor."""
    if leaf._hooks:
        c, own = run_hooks(leaf._hooks, c), False
    old = leaf._grad
    if isinstance(c, TensorBase):
        leaf._grad = c if old is None else old + c
    elif old is None:
        leaf._grad = wrap(c if own and type(c) is ndarray else copied(c))
    elif (
        old is leaf._assigned
        or old._node is not None
        or type(old._array) is not ndarray
        or not old._array.flags.writeable
    ):
        leaf._grad = wrap(np.add(old._array, c, dtype=old._array.dtype))
    else:
        np.add(old._array, c, out=old._array)
        memory.changed(old._array, "backward")


def copied(c: Any) -> Any:
    """A copy of `c` that shares no memory with it (lazy arrays cannot be written to, and stay)."""
    return c if lazy.is_lazy(c) else np.array(c)
