"""Derivatives of functions at given inputs, with PyTorch's signatures (`torch.autograd.functional`).

Inputs and outputs are a Tensor or a tuple of them, and results are nested likewise. There is no forward
mode: J·v is taken by two backward passes, since the gradient of ⟨u, Jᵀ·w⟩ in w is J·u.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_edu.autograd.backward import grad
from tinygrad_edu.autograd.grad_mode import enable_grad
from tinygrad_edu.primitive import TensorBase, wrap
from tinygrad_edu.rules.shaping import reshape

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]


def _tuple(x: Any, what: str) -> tuple[bool, tuple[Any, ...]]:
    """Whether `x` is a tuple, and `x` as one; everything in it must be a Tensor."""
    several = isinstance(x, tuple)
    xs = x if several else (x,)
    for k, t in enumerate(xs):
        if not isinstance(t, TensorBase):
            raise TypeError(f"{what} must be a Tensor or a tuple of Tensors, but element {k} is {type(t).__name__}")
    return several, xs


def alias(t: Any) -> Any:
    """A new tensor with the same numbers, whose gradient flows on to `t`."""
    return reshape(t, shape=t._array.shape)


def _fresh(xs: Sequence[Any], create_graph: bool) -> tuple[Any, ...]:
    """The inputs as tensors that nothing else was computed from, connected to the given ones if asked."""
    return tuple(alias(t) if create_graph and t._edge() is not None else wrap(t._array, leaf=True) for t in xs)


def _called(func: Callable[..., Any], xs: Sequence[Any], strict: bool) -> tuple[bool, tuple[Any, ...]]:
    several, ys = _tuple(func(*xs), "the outputs of the function")
    for k, y in enumerate(ys):
        if strict and y._edge() is None:
            raise RuntimeError(
                f"strict: output {k} of the function does not depend on the inputs in a differentiable way"
            )
    return several, ys


def _cotangents(v: Any, ys: Sequence[Any], what: str) -> tuple[Any, ...]:
    """The given vectors, checked against what they belong to; 1 for a single number."""
    if v is None:
        if len(ys) != 1 or ys[0]._array.size != 1:
            raise RuntimeError(f"the vector v can be left out only if the function has {what} of one element")
        return (wrap(np.ones_like(ys[0]._array)),)
    _, vs = _tuple(v, "v")
    if len(vs) != len(ys):
        raise RuntimeError(f"v has {len(vs)} elements for {len(ys)} {what}s: give one for each")
    for k, (a, b) in enumerate(zip(vs, ys, strict=True)):
        if a._array.shape != b._array.shape:
            raise RuntimeError(
                f"v has shape {tuple(a._array.shape)} where {what} {k} has shape "
                f"{tuple(b._array.shape)}; they must be equal"
            )
    return vs


def gradients(ys: Sequence[Any], xs: Sequence[Any], vs: Sequence[Any], create_graph: bool, strict: bool = False) -> Any:
    """The gradients of the outputs that have a graph; zeros where there is no dependence, an error if strict."""
    live = [(y, v) for y, v in zip(ys, vs, strict=True) if y._edge() is not None]
    found: Sequence[Any] = [None] * len(xs)
    if live:
        found = grad(
            [y for y, _ in live],
            xs,
            [v for _, v in live],
            retain_graph=True,
            create_graph=create_graph,
            allow_unused=True,
        )
    for k, g in enumerate(found):
        if strict and g is None:
            raise RuntimeError(f"strict: the outputs do not depend on input {k}")
    return tuple(wrap(np.zeros_like(x._array)) if g is None else g for g, x in zip(found, xs, strict=True))


def _result(several: bool, ts: Sequence[Any], create_graph: bool) -> Any:
    kept = tuple(ts) if create_graph else tuple(wrap(t._array) for t in ts)
    return kept if several else kept[0]


def vjp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """The outputs of `func`, and vᵀ·J: one gradient for each input, for the cotangents `v` of the outputs.

    Args:
        func: takes the inputs, returns a Tensor or a tuple of Tensors.
        inputs: a Tensor or a tuple of Tensors.
        v: of the outputs' shapes; may be left out for one output of one element.
        create_graph: results that can be differentiated.
        strict: an error, instead of zeros, where an output does not depend on an input.

    >>> from tinygrad_edu import tensor
    >>> from tinygrad_edu.autograd import functional
    >>> functional.vjp(lambda x: x * x, tensor([1.0, 2.0]), tensor([1.0, 10.0]))
    (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    with enable_grad():
        several_in, given = _tuple(inputs, "inputs")
        xs = _fresh(given, create_graph)
        several_out, ys = _called(func, xs, strict)
        vs = _cotangents(v, ys, "output")
        found = gradients(ys, xs, vs, create_graph, strict)
    return _result(several_out, ys, create_graph), _result(several_in, found, create_graph)


def jvp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """The outputs of `func`, and J·v: how they change as the inputs move in the direction `v`.

    Arguments are as in `vjp`, `v` of the inputs' shapes.

    >>> from tinygrad_edu import tensor
    >>> from tinygrad_edu.autograd import functional
    >>> functional.jvp(lambda x: x * x, tensor([1.0, 2.0]), tensor([1.0, 10.0]))
    (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    with enable_grad():
        _, given = _tuple(inputs, "inputs")
        vs = _cotangents(v, given, "input")
        xs = _fresh(given, create_graph)
        several, ys = _called(func, xs, strict)
        found = forward(ys, xs, vs, create_graph, strict)
    return _result(several, ys, create_graph), _result(several, found, create_graph)


def forward(ys: Sequence[Any], xs: Sequence[Any], vs: Sequence[Any], create_graph: bool, strict: bool = False) -> Any:
    """J·v for each output: differentiate ⟨Jᵀ·w, v⟩ in w, on which it depends linearly."""
    ws = [wrap(np.zeros_like(y._array), leaf=True) for y in ys]
    return gradients(gradients(ys, xs, ws, True, strict), ws, vs, create_graph)


def rows(y: Any, xs: Sequence[Any], create_graph: bool, strict: bool = False) -> list[Any]:
    """The Jacobian of one output with respect to each input: shape of the output, then of the input."""
    seeds = np.eye(y._array.size, dtype=y._array.dtype).reshape((y._array.size, *y._array.shape))
    each = [gradients((y,), xs, (wrap(seed),), create_graph, strict) for seed in seeds]
    return [
        stacked([found[k] for found in each], (*y._array.shape, *x._array.shape), x._array.dtype)
        for k, x in enumerate(xs)
    ]


def stacked(ts: Sequence[Any], shape: tuple[int, ...], dtype: Any) -> Any:
    """Tensors one after the other in an array of this shape; recorded where they are."""
    if not ts:
        return wrap(np.zeros(shape, dtype))
    if all(t._edge() is None for t in ts):
        return wrap(np.stack([t._array for t in ts]).reshape(shape))
    return reshape(np.stack(ts), shape=shape)


def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """All partial derivatives: for output of shape (…,) and input of shape (*,) a Tensor of shape (…, *).

    With tuples: a tuple over the outputs, of tuples over the inputs. One backward pass per element of the
    outputs. `vectorize` and `strategy` are accepted, and change nothing.

    >>> from tinygrad_edu import tensor
    >>> from tinygrad_edu.autograd import functional
    >>> functional.jacobian(lambda x: x * x, tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    if strategy not in ("reverse-mode", "forward-mode"):
        raise ValueError(f'strategy must be "reverse-mode" or "forward-mode", not {strategy!r}')
    with enable_grad():
        several_in, given = _tuple(inputs, "inputs")
        xs = _fresh(given, create_graph)
        several_out, ys = _called(func, xs, strict)
        parts = tuple(_result(several_in, rows(y, xs, create_graph, strict), create_graph) for y in ys)
    return parts if several_out else parts[0]


def hessian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The second derivatives of a function that returns one number: shape (*, *) for an input of shape (*,).

    For a tuple of inputs a tuple of tuples. Arguments are as in `jacobian`.

    >>> from tinygrad_edu import tensor
    >>> from tinygrad_edu.autograd import functional
    >>> functional.hessian(lambda x: (x * x * x).sum(), tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    several, _ = _tuple(inputs, "inputs")

    def gradient(*xs: Any) -> Any:
        y = _single(func(*xs))
        if strict and y._edge() is None:
            raise RuntimeError(
                "strict: the output of the function does not depend on the inputs in a differentiable way"
            )
        found = gradients((y,), xs, (wrap(np.ones_like(y._array)),), True, strict)
        return found if several else found[0]

    return jacobian(gradient, inputs, create_graph, strict, vectorize, outer_jacobian_strategy)


def _single(y: Any) -> Any:
    """The output of a function that must return one number."""
    if not isinstance(y, TensorBase):
        raise TypeError(f"the function must return one Tensor of one element, not {type(y).__name__}")
    if y._array.size != 1:
        raise RuntimeError(
            f"the function must return one element, not shape {tuple(y._array.shape)}: take its "
            f"sum or mean, or jacobian"
        )
    return y


def vhp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """The output of `func` (one number), and vᵀ·H with its Hessian H, without computing H.

    >>> from tinygrad_edu import tensor
    >>> from tinygrad_edu.autograd import functional
    >>> functional.vhp(lambda x: (x * x * x).sum(), tensor([1.0, 2.0]), tensor([1.0, 10.0]))
    (tensor(9.), tensor([  6., 120.]))
    """
    with enable_grad():
        several, given = _tuple(inputs, "inputs")
        vs = _cotangents(v, given, "input")
        xs = _fresh(given, create_graph)
        y = _single(func(*xs))
        _called(lambda: y, (), strict)
        slopes = gradients((y,), xs, (wrap(np.ones_like(y._array)),), True, strict)
        found = gradients(slopes, xs, vs, create_graph, strict)
    return _result(False, (y,), create_graph), _result(several, found, create_graph)


def hvp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """The output of `func` (one number), and H·v. H is symmetric, so this is `vhp`.

    >>> from tinygrad_edu import tensor
    >>> from tinygrad_edu.autograd import functional
    >>> functional.hvp(lambda x: (x * x * x).sum(), tensor([1.0, 2.0]), tensor([1.0, 10.0]))
    (tensor(9.), tensor([  6., 120.]))
    """
    return vhp(func, inputs, v, create_graph, strict)
