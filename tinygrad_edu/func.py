"""Functions of functions under the names of `torch.func`.

>>> from tinygrad_edu import func
>>> func.grad(func.grad(lambda x: x * x * x))(2.0)
tensor(12.)
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from tinygrad_edu.autograd.transforms import grad, hessian, jacobian, jvp, value_and_grad, vjp
from tinygrad_edu.functions.indexing import select
from tinygrad_edu.functions.joining import stack
from tinygrad_edu.nn.utils.stateless import functional_call
from tinygrad_edu.primitive import TensorBase

__all__ = [
    "functional_call", "grad", "grad_and_value", "hessian", "jacfwd", "jacobian", "jacrev", "jvp", "value_and_grad",
    "vjp", "vmap",
]  # fmt: skip

jacrev = jacfwd = jacobian


def grad_and_value(func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """As `value_and_grad`, with the gradient first.

    >>> from tinygrad_edu.func import grad_and_value
    >>> grad_and_value(lambda x: x * x)(3.0)
    (tensor(6.), tensor(9.))
    """
    both = value_and_grad(func, argnums, has_aux)

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        value, gradient = both(*args, **kwargs)
        return gradient, value

    return call


def vmap(func: Callable[..., Any], in_dims: Any = 0, out_dims: Any = 0, **options: Any) -> Callable[..., Any]:
    """The function that maps `func` over a dimension of its arguments, and stacks the results.

    It calls `func` once for each element of that dimension (PyTorch calls it once in all, which is faster); what it
    gives is the same, and its gradients are.

    Args:
        in_dims: the dimension of each positional argument: a number for all of them, or one (or None: the argument
            is handed on as it is) for each. Arguments may be tensors, or tuples, lists and dicts of them.
        out_dims: the dimension of the results along which they are stacked.
        options: `randomness` and `chunk_size` change nothing.

    Raises ValueError for sizes that differ, and where nothing is to be mapped over.

    >>> import tinygrad_edu as tg
    >>> tg.func.vmap(tg.dot)(tg.tensor([[1.0, 2.0], [3.0, 4.0]]), tg.ones(2, 2))
    tensor([3., 7.])
    >>> tg.vmap(tg.func.grad(lambda w, x: (w * x) ** 2), in_dims=(None, 0))(tg.tensor(1.0), tg.tensor([1.0, 2.0]))
    tensor([2., 8.])
    """

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        dims = in_dims if isinstance(in_dims, (tuple, list)) else (in_dims,) * len(args)
        if len(dims) != len(args):
            raise ValueError(f"vmap: in_dims is {in_dims}, {len(dims)} entries, but there are {len(args)} arguments")
        sizes = {n for x, dim in zip(args, dims, strict=True) for n in _sizes(x, dim)}
        sizes |= {n for x in kwargs.values() for n in _sizes(x, 0)}
        if len(sizes) != 1:
            raise ValueError(
                "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes "
                f"{sorted(sizes)} for the mapped dimension"
                if sizes
                else f"vmap: in_dims is {in_dims}, so that nothing is mapped over: give a tensor and its dimension"
            )
        results = [
            func(*(_element(x, dim, k) for x, dim in zip(args, dims, strict=True)), **_element(kwargs, 0, k))
            for k in range(sizes.pop())
        ]
        if not results:
            raise ValueError("vmap: the mapped dimension has size 0, so that the shape of the result is not known")
        return _stacked(results, out_dims)

    return call


def _sizes(x: Any, dim: Any) -> list[int]:
    """The sizes of `dim` of the tensors in `x`."""
    if dim is None:
        return []
    if isinstance(x, TensorBase):
        shape = x._array.shape
        if not -len(shape) <= dim < len(shape):
            raise ValueError(f"vmap: dimension {dim} is to be mapped over, but a tensor has shape {tuple(shape)}")
        return [shape[dim]]
    parts = x.values() if isinstance(x, dict) else x if isinstance(x, (tuple, list)) else ()
    return [n for part in parts for n in _sizes(part, dim)]


def _element(x: Any, dim: Any, k: int) -> Any:
    """The k-th element along `dim` of the tensors in `x`."""
    if dim is None:
        return x
    if isinstance(x, TensorBase):
        return select(x, dim, k)
    if isinstance(x, dict):
        return {key: _element(part, dim, k) for key, part in x.items()}
    return type(x)([_element(part, dim, k) for part in x]) if isinstance(x, (tuple, list)) else x


def _stacked(results: list[Any], dim: Any) -> Any:
    """Results that are alike, as one: each tensor in them stacked along `dim`."""
    first = results[0]
    if isinstance(first, dict):
        return {key: _stacked([r[key] for r in results], dim) for key in first}
    if isinstance(first, (tuple, list)):
        dims = dim if isinstance(dim, (tuple, list)) else (dim,) * len(first)
        columns = zip(*results, strict=True)
        return type(first)([_stacked(list(parts), d) for parts, d in zip(columns, dims, strict=True)])
    if not isinstance(first, TensorBase):
        raise ValueError(f"vmap: `func` must only return Tensors, got type {type(first).__name__}")
    return stack(results, dim)
