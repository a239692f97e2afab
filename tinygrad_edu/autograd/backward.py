"""`backward` and `grad`: from tensors to gradients, with everything checked before anything is changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu import lazy
from tinygrad_edu.autograd.propagate import accumulate, copied, propagate, run_hooks
from tinygrad_edu.dtypes import as_operand
from tinygrad_edu.memory import observing, recording
from tinygrad_edu.primitive import Node, TensorBase, wrap

__all__ = ["backward", "grad"]


def _seeds(outputs: Sequence[Any], gradients: Any, create_graph: bool, call: str) -> list[tuple[Any, Any]]:
    """The edges of the outputs with their cotangents, checked."""
    given: Sequence[Any] = [None] * len(outputs) if gradients is None else _sequence(gradients)
    if len(given) != len(outputs):
        raise RuntimeError(f"{call}: {len(outputs)} outputs but {len(given)} gradients; give one for each output")
    seeds = []
    for t, g in zip(outputs, given, strict=True):
        if not isinstance(t, TensorBase):
            raise TypeError(f"{call}: expected Tensors, got {type(t).__name__}")
        edge = t._edge()
        if edge is None:
            raise RuntimeError(
                f"{call}: this tensor (shape {tuple(t._array.shape)}) has no graph: nothing that it was computed from "
                f"requires grad, or it was computed under no_grad() or after detach(), item() or numpy(). Create the "
                f"parameters with requires_grad=True and compute the loss from them by tensor operations."
            )
        a = t._array
        if g is None:
            if a.size != 1:
                raise RuntimeError(
                    f"{call}: the gradient is implicit for a scalar only, but the output has shape {tuple(a.shape)}. "
                    f"Reduce it to a scalar first (loss.mean() or loss.sum()), or pass the cotangent, a tensor of "
                    f"that shape: {call}(gradient)."
                )
            g = np.ones_like(a) if create_graph or a.shape else a.dtype.type(1)
        else:
            x = g._array if isinstance(g, TensorBase) else as_operand(g, call)
            x = np.asarray(x, a.dtype) if not hasattr(x, "dtype") else x
            if x.shape != a.shape:
                raise RuntimeError(
                    f"{call}: the gradient has shape {tuple(x.shape)}, the output has shape {tuple(a.shape)}; "
                    f"they must be equal"
                )
            g = (
                g
                if create_graph and isinstance(g, TensorBase) and x.dtype == a.dtype
                else x.astype(a.dtype, copy=False)
            )
        seeds.append((edge, wrap(g) if create_graph and not isinstance(g, TensorBase) else g))
    return seeds


def _sequence(x: Any) -> Sequence[Any]:
    return x if isinstance(x, (tuple, list)) else (x,)


def _run(
    seeds: list[tuple[Any, Any]], goals: set[Any] | None, retain_graph: bool | None, create_graph: bool
) -> tuple[dict[Any, Any], set[Any]]:
    retain = create_graph if retain_graph is None else retain_graph
    if not create_graph:
        return propagate(seeds, goals, retain, False)
    before = recording.get()
    recording.set(before or observing.get())
    try:
        return propagate(seeds, goals, retain, True)
    finally:
        recording.set(before)


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Add the gradient of `tensors` to the `.grad` of every leaf that they were computed from.

    Args:
        tensors: a Tensor, or several; each with its graph.
        grad_tensors: for each the cotangent, of its shape; may be left out for tensors of one element.
        retain_graph: keep what the nodes saved, for a second pass (default: as `create_graph`).
        create_graph: record the pass itself, so that gradients can be differentiated again.
        inputs: the tensors whose `.grad` is wanted (default: all leaves).

    Raises RuntimeError, before any `.grad` is touched: no graph, not a scalar, wrong shapes, a second
    pass without `retain_graph`, an array that was changed in place after the graph saved it.

    >>> from tinygrad_edu import autograd, tensor
    >>> x = tensor([1.0, 2.0], requires_grad=True)
    >>> autograd.backward(x * x, tensor([1.0, 10.0]))
    >>> x.grad
    tensor([ 2., 40.])
    """
    outputs = _sequence(tensors)
    seeds = _seeds(outputs, grad_tensors, create_graph, "backward")
    targets = None if inputs is None else [(t, _goal(t, "backward")) for t in _sequence(inputs)]
    found, own = _run(seeds, None if targets is None else {e for _, e in targets}, retain_graph, create_graph)
    if targets is None:
        pairs = [(edge, edge, c) for edge, c in found.items() if isinstance(edge, TensorBase)]
    else:
        pairs = [(t, edge, found[edge]) for t, edge in targets if edge in found]
    cots = _realised(pairs, outputs)
    for (t, edge, _), c in zip(pairs, cots, strict=True):
        accumulate(t, c, edge in own)


def _realised(pairs: list[Any], outputs: Sequence[Any]) -> list[Any]:
    """The cotangents; lazy ones of leaves that are NumPy arrays are computed now, together with the outputs."""
    cots = [c for _, _, c in pairs]
    wait = [
        k
        for k, (t, _, c) in enumerate(pairs)
        if type(c) is not ndarray and lazy.is_lazy(c) and type(t._array) is ndarray
    ]
    if wait:
        pending = [t for t in outputs if lazy.is_lazy(t._array)]
        done = lazy.realise([*(cots[k] for k in wait), *(t._array for t in pending)])
        for k, a in zip(wait, done, strict=False):
            cots[k] = a
        for t, a in zip(pending, done[len(wait) :], strict=True):
            t._array = a
    return cots


def _goal(t: Any, call: str) -> Any:
    edge = t._edge() if isinstance(t, TensorBase) else None
    if edge is None:
        raise RuntimeError(
            f"{call}: one of the inputs does not require grad (or is no Tensor: {type(t).__name__}). "
            f"Create it with requires_grad=True before it is used."
        )
    return edge


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The gradients of `outputs` with respect to `inputs`, as a tuple; no `.grad` is touched.

    Args:
        outputs, inputs: a Tensor or a sequence of them.
        grad_outputs: the cotangent of each output (default: 1, for outputs of one element).
        retain_graph, create_graph: as in `backward`.
        allow_unused: give None for an input that the outputs do not depend on, instead of an error.
        materialize_grads: give zeros for it.

    Raises RuntimeError as `backward` does, and for an unused input.

    >>> from tinygrad_edu import autograd, tensor
    >>> x = tensor(3.0, requires_grad=True)
    >>> (dx,) = autograd.grad(x**3, x, create_graph=True)
    >>> autograd.grad(dx, x)
    (tensor(18.),)
    """
    outs, ins = _sequence(outputs), _sequence(inputs)
    seeds = _seeds(outs, grad_outputs, create_graph, "grad")
    goals = [_goal(t, "grad") for t in ins]
    found, own = _run(seeds, set(goals), retain_graph, create_graph)
    unused = [k for k, e in enumerate(goals) if e not in found]
    if unused and not allow_unused and not materialize_grads:
        t = ins[unused[0]]
        raise RuntimeError(
            f"grad: input {unused[0]} (shape {tuple(t._array.shape)}) was not used to compute the outputs. Check that "
            f"the loss depends on it, or pass allow_unused=True to get None for it (materialize_grads=True for zeros)."
        )
    cots = _realised([(t, e, found.get(e)) for t, e in zip(ins, goals, strict=True)], outs)
    result, given = [], set()
    for t, edge, c in zip(ins, goals, cots, strict=True):
        if c is None:
            c = wrap(np.zeros_like(t._array)) if materialize_grads else None
        elif not isinstance(c, TensorBase):
            if not isinstance(edge, Node) and edge._hooks:
                c = run_hooks(edge._hooks, c)
            c = wrap(c if type(c) is ndarray and edge in own and edge not in given else copied(c))
            given.add(edge)
        elif not isinstance(edge, Node) and edge._hooks:
            c = run_hooks(edge._hooks, c)
        result.append(c)
    return tuple(result)
