"""`backward` and `grad`: from tensors to gradients, with everything checked before anything is changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu import lazy
from tinygrad_edu.autograd.propagate import accumulate, alone, propagate
from tinygrad_edu.lazy import copied
from tinygrad_edu.operands import as_operand
from tinygrad_edu.primitive import Leaf, TensorBase, wrap

__all__ = ["backward", "grad"]


def _seeds(outputs: Sequence[Any], gradients: Any, create_graph: bool, call: str) -> dict[Any, Any]:
    """The cotangent of each output, checked, by the output's edge."""
    given = (None,) * len(outputs) if gradients is None else _sequence(gradients)
    if len(given) != len(outputs):
        raise RuntimeError(f"{call}: {len(outputs)} outputs but {len(given)} gradients; give one for each output")
    seeds: dict[Any, Any] = {}
    for t, g in zip(outputs, given, strict=True):
        try:
            edge, a = t._node if t._view is None else t._edge(), t._array
        except AttributeError:
            raise TypeError(f"{call}: expected Tensors, got {type(t).__name__}") from None
        if edge is None:
            raise RuntimeError(
                f"{call}: element {len(seeds)} of tensors does not require grad and does not have a grad_fn: nothing "
                f"that this tensor (shape {tuple(a.shape)}) was computed from requires grad, or it was computed under "
                f"no_grad() or after detach(), item() or numpy(). Create the parameters with requires_grad=True and "
                f"compute the loss from them by tensor operations."
            )
        seed = _one(a, call) if g is None else _given(a, g, create_graph, call)
        if create_graph and not isinstance(seed, TensorBase):
            seed = wrap(np.asarray(seed))
        seeds[edge] = seeds[edge] + seed if edge in seeds else seed
    return seeds


def _one(a: Any, call: str) -> Any:
    """The cotangent of an output of one element."""
    if a.shape == ():
        return a.dtype.type(1)
    if a.size != 1:
        raise RuntimeError(
            f"{call}: grad can be implicitly created only for scalar outputs, but this one has shape {tuple(a.shape)}. "
            f"Reduce it to a scalar first (loss.mean() or loss.sum()), or pass the cotangent, a tensor of "
            f"that shape: {call}(gradient)."
        )
    return np.ones_like(a)


def _given(a: Any, g: Any, create_graph: bool, call: str) -> Any:
    """The cotangent `g` that the user gave for an output `a`, in its dtype."""
    x = g._array if isinstance(g, TensorBase) else as_operand(g, call)
    x = x if hasattr(x, "dtype") else np.asarray(x, a.dtype)
    if x.shape != a.shape:
        raise RuntimeError(
            f"{call}: the gradient has shape {tuple(x.shape)}, the output has shape "
            f"{tuple(a.shape)}; they must be equal"
        )
    if create_graph and isinstance(g, TensorBase) and x.dtype == a.dtype:
        return g
    return x.astype(a.dtype, copy=False)


def _sequence(x: Any) -> Sequence[Any]:
    """One tensor as a tuple; several as they are, model.parameters() among them."""
    if isinstance(x, (tuple, list)):
        return x
    return (x,) if hasattr(x, "dtype") or not isinstance(x, Iterable) else tuple(x)


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
    retain = create_graph if retain_graph is None else retain_graph
    goals = None if inputs is None else {_goal(t, "backward"): t for t in _sequence(inputs)}
    if goals is not None and not goals:
        raise RuntimeError("backward: `inputs` argument to `backward` cannot be empty; leave it out for all leaves")
    found, shared = propagate(seeds, None if goals is None else set(goals), retain, create_graph)
    for c in found.values():
        if c.__class__ is not ndarray:
            _realise(found, [(edge.tensor(), edge) for edge in found if isinstance(edge, Leaf)], outputs)
            break
    targets = []
    for edge, c in found.items():
        t = edge.tensor() if goals is None else goals.get(edge)
        if t is None or (goals is not None and t.retains_grad):  # a leaf that is gone; or retain_grad's hook has it
            continue
        if c.__class__ is ndarray:
            shape, old = c.shape, t._grad
            if t._array.shape != shape or (old is not None and old._array.shape != shape):
                raise _stale(t, c)
        targets.append((t, c, edge in shared))
    for t, c, in_use in targets:
        accumulate(t, c, in_use)


def _stale(t: Any, c: ndarray) -> RuntimeError:
    """The error for a leaf whose memory was exchanged (`.data = …`) by memory of another shape."""
    if t._array.shape != c.shape:
        return RuntimeError(
            f"backward: the gradient has shape {c.shape}, but the leaf has shape {t._array.shape} now: its .data was "
            f"replaced after the forward pass. Compute the loss again first."
        )
    return RuntimeError(
        f"backward: the gradient has shape {c.shape}, but the leaf still has a .grad of shape "
        f"{t._grad._array.shape}, from before its .data was replaced. Forget that first: x.grad = None."
    )


def _realise(found: dict[Any, Any], pairs: list[tuple[Any, Any]], outputs: Sequence[Any]) -> None:
    """Compute the lazy cotangents of leaves that are NumPy arrays, together and together with the outputs."""
    wait = []
    for t, edge in pairs:
        if lazy.is_lazy(found.get(edge)) and t is not None and type(t._array) is ndarray:
            wait.append(edge)
    if wait:
        pending = [t for t in outputs if lazy.is_lazy(t._array)]
        done = lazy.realise([*(found[edge] for edge in wait), *(t._array for t in pending)])
        found.update(zip(wait, done, strict=False))
        for t, a in zip(pending, done[len(wait) :], strict=True):
            t._array = a


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
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The gradients of `outputs` with respect to `inputs`, as a tuple; no `.grad` is touched.

    Args:
        outputs, inputs: a Tensor or a sequence of them.
        grad_outputs: the cotangent of each output (default: 1, for outputs of one element).
        retain_graph, create_graph: as in `backward`.
        only_inputs: always true, as in PyTorch.
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
    if not goals:
        raise RuntimeError("grad: the inputs cannot be empty: name the tensors whose gradients are wanted")
    retain = create_graph if retain_graph is None else retain_graph
    found, shared = propagate(seeds, set(goals), retain, create_graph)
    unused = [k for k, e in enumerate(goals) if e not in found]
    if unused and not allow_unused and not materialize_grads:
        t = ins[unused[0]]
        raise RuntimeError(
            f"grad: input {unused[0]} (shape {tuple(t._array.shape)}) was not used to compute the outputs. Check that "
            f"the loss depends on it, or pass allow_unused=True to get None for it (materialize_grads=True for zeros)."
        )
    _realise(found, list(zip(ins, goals, strict=True)), outs)
    for edge, t in dict(zip(goals, ins, strict=True)).items():
        if isinstance(edge, Leaf) and t._hooks is not None and edge in found:
            found[edge] = t._hooks.run(found[edge])
            shared.add(edge)  # what a hook returned may be the user's
    result = []
    for t, edge in zip(ins, goals, strict=True):
        c = found.get(edge)
        if c is None:
            c = wrap(np.zeros_like(t._array)) if materialize_grads else None
        elif isinstance(c, TensorBase):
            c = alone(c, edge in shared)
        else:
            c = wrap(c if type(c) is ndarray and c.base is None and edge not in shared else copied(c))
        shared.add(edge)  # the same input may be asked for twice
        result.append(c)
    return tuple(result)
