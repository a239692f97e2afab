"""The backward pass: walk the recorded calls from the newest to the oldest and apply each one's rules.

    a = tensor(1.0, requires_grad=True);  b = a + a;  c = b + b

Why order matters: the cotangent of `b` is complete only when both of its uses in `c` have been counted;
passing it on after the first would give `a` half of its gradient. A node is younger than everything that
it refers to, so from the newest to the oldest every cotangent is complete before it is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu import lazy, memory
from tinygrad_edu.autograd.higher_order import as_tensors, noting
from tinygrad_edu.lazy import copied
from tinygrad_edu.memory import observing, recording
from tinygrad_edu.primitive import Leaf, Node, Pick, TensorBase, wrap
from tinygrad_edu.rules.shaping import cast
from tinygrad_edu.sums import add_up, sum_of_rows

__all__ = ["accumulate", "alone", "ordered", "propagate"]


def ordered(roots: Iterable[Any]) -> list[Node]:
    """Every node that the roots were made from (they included), the newest first."""
    nodes = set()
    fronts = [roots]
    for front in fronts:  # which grows meanwhile
        for edge in front:
            if (below := edge.edges) and edge not in nodes:  # a leaf has nothing below
                nodes.add(edge)
                fronts.append(below)
    return sorted(nodes, key=_seq, reverse=True)


_seq = attrgetter("seq")


def fit(c: Any, shape: tuple[int, ...], dtype: Any, node: Node) -> Any:
    """The chores after every rule: sum over broadcast axes, cast to the operand's dtype, check the shape."""
    if c.__class__ is ndarray and c.ndim == 2 and c.shape[1:] == shape:  # a bias over the rows of a batch
        c = sum_of_rows(c)
    elif c.shape != shape:
        axes = _broadcast_axes(c.shape, shape)
        if axes is None:
            raise RuntimeError(
                f"a rule of {node.name()} gave a cotangent of shape {tuple(c.shape)} for an operand of shape "
                f"{tuple(shape)}: it must have the operand's shape, or one that broadcasting makes of it."
                f"{lazy.unknown_size(c.shape)}"
            )
        c = add_up(c, axes) if c.__class__ is ndarray else np.sum(c, axis=axes)
        if c.shape != shape:
            c = np.reshape(c, shape)
    if c.dtype != dtype:
        c = cast(c, dtype=dtype) if isinstance(c, TensorBase) else c.astype(dtype)
    return c


def _no_array(c: Any, node: Node) -> TypeError:
    return TypeError(
        f"a rule of {node.name()} gave {'None' if c is None else f'a {type(c).__name__}'}, not an array: it must give "
        f"the cotangent of its operand. (Is the `return` missing? A constant slope s is g * s.)"
    )


@lru_cache(maxsize=4096)
def _broadcast_axes(wide: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """The axes over which broadcasting repeats a `shape` to make it `wide`; None if it does not."""
    extra = len(wide) - len(shape)
    if extra < 0 or any(n not in (1, w) for n, w in zip(shape, wide[extra:], strict=True)):
        return None
    return (*range(extra), *(i + extra for i, n in enumerate(shape) if n != wide[i + extra]))


def propagate(
    cots: dict[Any, Any], goals: set[Any] | None, retain_graph: bool, create_graph: bool
) -> tuple[dict[Any, Any], set[Any]]:
    """Pass the cotangents of the roots back through everything that they were made from.

    Args:
        cots: the cotangent of each root (a leaf or node); it is used up.
        goals: leaves and nodes whose cotangents are wanted (None: all leaves).

    Returns the cotangents of the leaves (or goals), and the set of those whose array may be in use elsewhere
    too. With `create_graph` cotangents are Tensors, and since NumPy's functions on Tensors are recorded, what
    the rules compute is itself a graph.
    """
    observer = observing.get()
    if observer is True and not create_graph:
        return _propagate(cots, goals, retain_graph, False)
    done = None
    if observer is not True and (watch := getattr(observer, "watch_backward", None)):
        done = watch(list(cots.items()))  # to be called with what came out, or None
    before = recording.get()
    if create_graph:
        recording.set(noting(ordered(cots), before or observer))
    try:
        cots, shared = _propagate(cots, goals, retain_graph, create_graph)
    except BaseException:
        if done is not None:
            done(None)
        raise
    finally:
        recording.set(before)
    if done is not None:
        done(cots)
    return cots, shared


def _propagate(
    cots: dict[Any, Any], goals: set[Any] | None, retain_graph: bool, create_graph: bool
) -> tuple[dict[Any, Any], set[Any]]:
    nodes = ordered(cots)
    if goals is not None:
        nodes = _leading_to(nodes, goals)
        useful = goals.union(nodes)
    _check(nodes)
    own: set[Any] = set()  # edges whose cotangent is a sum that was allocated here
    shared = set(cots)  # edges whose cotangent may be in use elsewhere (that of all others was made by one rule)
    kept: dict[Any, Any] = {}
    for node in nodes:
        g = cots.pop(node, None)
        if g is None:
            continue
        if node.hooks is not None:
            g = node.hooks.run(g)
            shared.add(node)  # what a hook returned may be the user's
        if goals is not None and node in goals:
            kept[node] = g
        plan = node.plan
        saved: Any = node.saved
        if plan.several:  # `cots[call]` is a list with a place for each result, which the picks fill
            if isinstance(node, Pick):
                _put_together(cots, node, g)
                continue
            if g.__class__ is list:
                g = _completed(node, g, create_graph)
        if create_graph:
            saved = as_tensors(node)
        elif plan.elementwise and node.shape == ():  # NumPy is several times quicker with its scalars than with these
            saved = [a[()] if a.__class__ is ndarray else a for a in saved]
        if plan.joint:
            for edge, c in _jointly(node, g, saved):
                _add(cots, own, shared, edge, c)
        else:
            for edge, (rule, choose, names) in zip(node.edges, plan.calls):  # noqa: B905 - one for each
                if goals is not None and edge not in useful:
                    continue
                values = saved if choose is None else choose(saved)
                c = rule(g, *values, **_named(node, names)) if names else rule(g, *values)
                try:
                    if c.shape != edge.shape or c.dtype is not edge.dtype:
                        c = fit(c, edge.shape, edge.dtype, node)
                except AttributeError:
                    if hasattr(c, "shape"):
                        raise
                    raise _no_array(c, node) from None
                if edge in cots:
                    _add(cots, own, shared, edge, c)
                else:
                    cots[edge] = c
                    if c is g:
                        shared.add(edge)
        if plan.keeps_arrays and not retain_graph:
            node.saved = None
    for edge in goals or ():  # results in between that the loop had no reason to visit: their hooks have not run
        if edge in cots and not isinstance(edge, Leaf) and edge.hooks is not None:
            cots[edge] = edge.hooks.run(cots[edge])
            shared.add(edge)
    cots.update(kept)
    return cots, shared


def _put_together(cots: dict[Any, Any], node: Pick, g: Any) -> None:
    """Give the cotangent of one of several results to the call that made them all."""
    main = node.edges[0]
    parts = cots.setdefault(main, [None] * len(main.shape))
    have = parts[node.index]
    parts[node.index] = g if have is None else have + g


def _completed(node: Node, parts: list[Any], as_tensors: bool) -> tuple[Any, ...]:
    """The cotangents of several results, with zeros for those that nothing depends on."""
    if node.materialize:
        for k, (shape, dtype) in enumerate(zip(node.shape, node.dtype, strict=True)):
            if parts[k] is None:
                zeros = np.zeros(shape, dtype if dtype.kind == "f" else np.float64)
                parts[k] = wrap(zeros) if as_tensors else zeros
    return tuple(parts)


def _jointly(node: Node, g: Any, saved: Any) -> Iterator[tuple[Any, Any]]:
    """The cotangents of all operands, from one rule."""
    plan = node.plan
    rule, choose, names = plan.calls[0]
    parts = rule(g, *(saved if choose is None else choose(saved)), **_named(node, names))
    try:
        parts = [parts[i] for i in plan.wanted]
    except (TypeError, IndexError) as error:
        raise TypeError(
            f"the joint rule of {node.name()} must give a sequence: the cotangent of each operand, or None"
        ) from error
    for edge, c in zip(node.edges, parts, strict=True):
        if c is not None:
            if not hasattr(c, "shape"):
                raise _no_array(c, node)
            yield edge, fit(c, edge.shape, edge.dtype, node)


def _named(node: Node, names: tuple[str, ...]) -> dict[str, Any]:
    """The keyword arguments of the call that a rule names; for what was not given it has its own default."""
    kwargs = node.kwargs or {}
    return {n: kwargs[n] for n in names if n in kwargs}


def _add(cots: dict[Any, Any], own: set[Any], shared: set[Any], edge: Any, c: Any) -> None:
    """Count one more use: the first sum allocates, later ones add into what was allocated."""
    have = cots.get(edge)
    if have is None:
        cots[edge] = c
        shared.add(edge)
    elif edge in own and type(have) is ndarray and type(c) in (ndarray, have.dtype.type):
        np.add(have, c, out=have)
    else:
        cots[edge] = have + c
        own.add(edge)
        shared.discard(edge)


def _leading_to(nodes: list[Node], goals: set[Any]) -> list[Node]:
    """The nodes (newest first) through which a goal is reached; the others are neither run nor released."""
    useful, through = set(goals), []
    for node in reversed(nodes):
        if any(e in useful for e in node.edges):
            useful.add(node)
            through.append(node)
    return through[::-1]


def _check(nodes: Sequence[Node]) -> None:
    """Before anything is changed: is every saved array still there, and as it was in the forward pass?"""
    for node in nodes:
        if node.saved is None:
            raise RuntimeError(
                f"Trying to backward through the graph a second time: what {node.name()} saved was released by the "
                f"first pass. Run the forward computation again before each backward (usually: compute the loss inside "
                f"the loop), or call the first backward with retain_graph=True."
            )
    if nodes and nodes[-1].seq < memory.last_change:
        for node in nodes:
            memory.check_unchanged(node)


def accumulate(leaf: Any, c: Any, shared: bool) -> None:
    """Add a leaf's complete cotangent to its `.grad`, which has memory of its own (`shared`: that of `c` is not)."""
    hooks = leaf._hooks
    if hooks is not None:
        c, shared = hooks.run(c), True
    old = leaf._grad
    if old is None:
        if c.__class__ is ndarray:
            leaf._grad = wrap(copied(c) if shared or c.base is not None or not c.flags.c_contiguous else c)
        else:
            leaf._grad = alone(c, shared) if isinstance(c, TensorBase) else wrap(copied(c))
    elif isinstance(c, TensorBase) or old._node is not None:  # with a graph of its own
        leaf._grad = old + (c if isinstance(c, TensorBase) else wrap(c))
    elif old is leaf._assigned or type(old._array) is not ndarray or not old._array.flags.writeable:
        total = np.add(old._array, c, dtype=old._array.dtype)
        leaf._grad = wrap(np.array(total) if isinstance(total, np.generic) else total)
    else:
        np.add(old._array, c, out=old._array)
        memory.changed(old._array, "backward")
    if hooks is not None and hooks.after:
        hooks.run_after(leaf)


def alone(c: Any, shared: bool) -> Any:
    """A recorded cotangent in memory that it shares with no other tensor."""
    return cast(c, dtype=c._array.dtype) if shared or c._view is not None else c
