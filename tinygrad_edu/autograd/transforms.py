"""Functions of functions: `grad(f)` is a function that returns the gradient of `f`. They nest to any order.

Arguments are tensors, arrays, numbers, or lists, tuples and dicts of them (a model's parameters, say);
gradients have the same structure.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_edu.autograd import backward, functional
from tinygrad_edu.autograd.grad_mode import enable_grad
from tinygrad_edu.autograd.propagate import ordered
from tinygrad_edu.dtypes import get_default_dtype
from tinygrad_edu.operands import plain_array
from tinygrad_edu.primitive import Leaf, TensorBase, wrap

__all__ = ["grad", "hessian", "jacobian", "jvp", "value_and_grad", "vjp"]


def leaves(tree: Any) -> list[Any]:
    """The tensors, arrays and numbers in nested tuples, lists and dicts, in order."""
    if isinstance(tree, (tuple, list)):
        return [leaf for part in tree for leaf in leaves(part)]
    if isinstance(tree, dict):
        return [leaf for part in tree.values() for leaf in leaves(part)]
    return [tree]


def like(tree: Any, items: Any) -> Any:
    """The same nesting with other items, taken from an iterator."""
    if isinstance(tree, tuple):
        parts = [like(part, items) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else tuple(parts)
    if isinstance(tree, list):
        return [like(part, items) for part in tree]
    if isinstance(tree, dict):
        return {k: like(part, items) for k, part in tree.items()}
    return next(items)


def _variable(x: Any, call: str) -> Any:
    """What a function is differentiated in: a new tensor, connected to `x` if that is being differentiated too."""
    if isinstance(x, TensorBase):
        if x._array.dtype.kind == "f":
            return functional.alias(x) if x._edge() is not None else wrap(x._array, leaf=True)
        raise RuntimeError(f"{call}: cannot differentiate in a {x._array.dtype} tensor; convert it first: x.float()")
    if isinstance(x, (int, float)) and not isinstance(x, bool):
        return wrap(np.array(x, get_default_dtype()), leaf=True)
    if isinstance(x, np.ndarray) and x.dtype.kind == "f":
        return wrap(plain_array(x), leaf=True)
    raise TypeError(f"{call}: cannot differentiate in {type(x).__name__}; give floating tensors, arrays or numbers")


class _Call:
    """A call of `f` with the arguments at `argnums` made variable."""

    def __init__(
        self, f: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any], argnums: Any, has_aux: bool, call: str
    ) -> None:
        numbers = argnums if isinstance(argnums, (tuple, list)) else (argnums,)
        for k in numbers:
            if not isinstance(k, int) or not -len(args) <= k < len(args):
                raise ValueError(f"{call}: argnums has {k!r}, but the function was called with {len(args)} arguments")
        picked = [args[k] for k in numbers]
        self.tree: Any = tuple(picked) if isinstance(argnums, (tuple, list)) else picked[0]
        self.xs = [_variable(x, call) for x in leaves(self.tree)]
        items = iter(self.xs)
        args = list(args)
        for k in numbers:
            args[k] = like(args[k], items)
        y = f(*args, **kwargs)
        self.aux = None
        if has_aux:
            if not isinstance(y, tuple) or len(y) != 2:
                raise TypeError(f"{call}: with has_aux=True the function must return (output, aux)")
            y, self.aux = y
        self.y = y

    def outer(self, ys: Sequence[Any]) -> bool:
        """Whether the outputs depend on more than the variables: then derivatives are part of that graph."""
        own = {x._edge() for x in self.xs if isinstance(x._edge(), Leaf)}
        roots = [edge for y in ys if (edge := y._edge()) is not None]
        return any(
            isinstance(e, Leaf) and e not in own for e in (*roots, *(e for n in ordered(roots) for e in n.edges))
        )


def value_and_grad(f: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that returns the value of `f` and its gradient.

    Args:
        f: returns a Tensor of one element; with has_aux a pair of that and anything else.
        argnums: the number of the argument to differentiate in, or a tuple of numbers.
        has_aux: return ((value, aux), gradient).

    >>> from tinygrad_edu.autograd import value_and_grad
    >>> value_and_grad(lambda x: x * x)(3.0)
    (tensor(9.), tensor(6.))
    """

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        with enable_grad():
            c = _Call(f, args, kwargs, argnums, has_aux, "grad")
            y = functional._single(c.y)
            outer = c.outer((y,))
            found = functional.gradients((y,), c.xs, (wrap(np.ones_like(y._array)),), outer)
        value = y if outer else wrap(y._array)
        return ((value, c.aux) if has_aux else value), like(c.tree, iter(found))

    return call


def grad(
    outputs: Any, inputs: Any = None, *args: Any, argnums: Any = None, has_aux: bool = False, **options: Any
) -> Any:
    """Two in one, told apart by the first argument.

    ``grad(f, argnums=0, has_aux=False)``: a function that returns the gradient of `f`, as `torch.func.grad`;
    with has_aux it returns (gradient, aux). It nests: ``grad(grad(f))``.

    ``grad(outputs, inputs, grad_outputs=None, retain_graph=None, create_graph=False, allow_unused=None,
    materialize_grads=False)``: the gradients of tensors in tensors that they were computed from, as a tuple,
    as `torch.autograd.grad`; see `tinygrad_edu.autograd.backward.grad`.

    >>> from tinygrad_edu import autograd, tensor
    >>> cube = lambda x: x * x * x
    >>> autograd.grad(cube)(2.0), autograd.grad(autograd.grad(cube))(2.0)
    (tensor(12.), tensor(12.))
    >>> x = tensor(2.0, requires_grad=True)
    >>> autograd.grad(cube(x), x)
    (tensor(12.),)
    """
    if callable(outputs) and not isinstance(outputs, TensorBase):
        numbers = argnums if inputs is None else inputs  # by position, or by name
        gradient = value_and_grad(outputs, 0 if numbers is None else numbers, has_aux or bool(args and args[0]))

        @functools.wraps(outputs)
        def call(*arguments: Any, **kwargs: Any) -> Any:
            value, found = gradient(*arguments, **kwargs)
            return (found, value[1]) if has_aux or (args and args[0]) else found

        return call
    return backward.grad(outputs, inputs, *args, **options)


def jacobian(f: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that returns all partial derivatives of `f`: shape of the output, then of the argument.

    For a nested output the same nesting, of one Jacobian each. With has_aux it returns (jacobian, aux).

    >>> from tinygrad_edu import tensor
    >>> from tinygrad_edu.autograd import jacobian
    >>> jacobian(lambda x: x * x)(tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        with enable_grad():
            c = _Call(f, args, kwargs, argnums, has_aux, "jacobian")
            ys = leaves(c.y)
            functional._tuple(tuple(ys), "the outputs of the function")
            outer = c.outer(ys)
            found = [like(c.tree, iter(functional.rows(y, c.xs, outer))) for y in ys]
        result = like(c.y, iter(found))
        return (result, c.aux) if has_aux else result

    return call


def hessian(f: Callable[..., Any], argnums: Any = 0) -> Callable[..., Any]:
    """A function that returns the second derivatives of `f`.

    >>> from tinygrad_edu import tensor
    >>> from tinygrad_edu.autograd import hessian
    >>> hessian(lambda x: (x * x * x).sum())(tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return jacobian(jacobian(f, argnums), argnums)


def vjp(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """The value of `f`, and a function that takes cotangents of it to gradients, one for each argument.

    >>> from tinygrad_edu import tensor
    >>> from tinygrad_edu.autograd import vjp
    >>> y, back = vjp(lambda x: x * x, tensor([1.0, 2.0]))
    >>> back(tensor([1.0, 10.0]))
    (tensor([ 2., 40.]),)
    """
    with enable_grad():
        c = _Call(f, primals, {}, tuple(range(len(primals))), has_aux, "vjp")
        ys = leaves(c.y)
        functional._tuple(tuple(ys), "the outputs of the function")
        outer = c.outer(ys)

    def back(*cotangents: Any) -> Any:
        given = leaves(cotangents)
        vs = functional._cotangents(tuple(given), ys, "output")
        with enable_grad():
            found = functional.gradients(ys, c.xs, vs, outer or any(v._edge() is not None for v in vs))
        return like(c.tree, iter(found))

    value = c.y if outer else like(c.y, iter([wrap(y._array) for y in ys]))
    return (value, back, c.aux) if has_aux else (value, back)


def jvp(f: Callable[..., Any], primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> Any:
    """The value of `f`, and how it changes as the arguments `primals` (a tuple) move along `tangents`.

    >>> from tinygrad_edu import tensor
    >>> from tinygrad_edu.autograd import jvp
    >>> jvp(lambda x: x * x, (tensor([1.0, 2.0]),), (tensor([1.0, 10.0]),))
    (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    if not isinstance(primals, tuple) or not isinstance(tangents, tuple):
        raise TypeError("jvp: primals and tangents must be tuples, one element for each argument: jvp(f, (x,), (v,))")
    with enable_grad():
        c = _Call(f, primals, {}, tuple(range(len(primals))), has_aux, "jvp")
        ys = leaves(c.y)
        functional._tuple(tuple(ys), "the outputs of the function")
        vs = functional._cotangents(tuple(leaves(tangents)), c.xs, "input")
        outer = c.outer(ys) or any(v._edge() is not None for v in vs)
        found = functional.forward(ys, c.xs, vs, outer, strict)
    value = c.y if outer else like(c.y, iter([wrap(y._array) for y in ys]))
    change = like(c.y, iter(found))
    return (value, change, c.aux) if has_aux else (value, change)
