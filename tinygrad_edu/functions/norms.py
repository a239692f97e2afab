"""Lengths and distances."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.functions.axes import floats, in_dtype, nonempty, over
from tinygrad_edu.functions.names import numpy_names
from tinygrad_edu.functions.shaping import lifted, many_axes, movedim, one_axis
from tinygrad_edu.rules import decompositions, elementwise, shaping
from tinygrad_edu.rules import reductions as rules

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["cdist", "dist", "norm", "renorm"]


@numpy_names
def norm(input: Any, p: Any = "fro", dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """(Σ |x|^p)^(1/p) over the dimensions `dim` (default: over all). Its gradient where the norm is 0 is 0.

    Args:
        p: a number; inf and -inf for the largest and the smallest |x|, 0 for the count of what is not 0;
            "fro" is 2, "nuc" the sum of the singular values of the matrices in two dimensions.

    Raises RuntimeError for integers and bools.

    >>> import tinygrad_edu as tg
    >>> tg.norm(tg.tensor([3., 4.])), tg.norm(tg.tensor([3., 4.]), p=1)
    (tensor(5.), tensor(7.))
    """
    x = in_dtype(lifted(input, "norm"), dtype, "norm")
    x = floats("norm", elementwise.absolute(x) if x._array.dtype.kind == "c" else x)
    shape, ndim = x._array.shape, x._array.ndim
    axis = over(dim, ndim, "norm")
    number = 1 if isinstance(axis, int) else ndim if axis is None else len(axis)
    if p == "nuc":
        if number != 2:
            raise RuntimeError(f"norm: the nuclear norm needs two dimensions, dim=(…, …), got dim={dim} of {ndim}")
        axes = (0, 1) if axis is None else axis
        s = decompositions.svd(movedim(x, axes, (-2, -1)), full_matrices=False)[1]
        y = rules.sum(s, axis=s._array.ndim - 1)
        return shaping.reshape(y, shape=tuple(1 if k in axes else n for k, n in enumerate(shape))) if keepdim else y
    if p == "fro" or p is None:
        if number > 2 and axis is not None:
            raise RuntimeError(f"norm: the Frobenius norm is over at most two dimensions, got dim={dim}; use p=2")
        p = 2
    if not isinstance(p, (int, float, np.number)):
        error = RuntimeError if isinstance(p, str) else TypeError
        raise error(f"norm: the order {p!r} is not supported; it is a number, 'fro' or 'nuc'. (Dimensions: dim=…)")
    if math.isinf(p) or p < 0:
        nonempty("norm", shape, axis)
    return rules.norm(x, ord=p, axis=axis, keepdims=keepdim)


def dist(input: Any, other: Any, p: Any = 2) -> Tensor:
    """The p-norm of input − other, with broadcasting: () in any case.

    >>> import tinygrad_edu as tg
    >>> tg.dist(tg.tensor([1., 1.]), tg.tensor([4., 5.]))
    tensor(5.)
    """
    return norm(elementwise.subtract(input, other), p)


def cdist(x1: Any, x2: Any, p: Any = 2.0, compute_mode: Any = None) -> Tensor:
    """The p-norms of all differences of a row of x1 and a row of x2: (…, P, M), (…, R, M) → (…, P, R).

    >>> import tinygrad_edu as tg
    >>> tg.cdist(tg.tensor([[0., 0.], [3., 4.]]), tg.tensor([[0., 4.]]))
    tensor([[4.],
            [3.]])
    """
    a, b = floats("cdist", x1), floats("cdist", x2)
    left, right = a._array.shape, b._array.shape
    if len(left) < 2 or len(right) < 2 or left[-1] != right[-1]:
        raise RuntimeError(
            f"cdist: x1 and x2 must have the same number of columns, (…, P, M) and (…, R, M), but their shapes are "
            f"{tuple(left)} and {tuple(right)}"
        )
    if p < 0:
        raise RuntimeError(f"cdist: p must be at least 0, got {p}")
    a = shaping.reshape(a, shape=(*left[:-1], 1, left[-1]))
    b = shaping.reshape(b, shape=(*right[:-2], 1, *right[-2:]))
    d = elementwise.subtract(a, b)
    if d._array.shape[-1] == 0:
        return rules.sum(d, axis=d._array.ndim - 1)
    return rules.norm(d, ord=p, axis=d._array.ndim - 1)


def renorm(input: Any, p: Any, dim: int, maxnorm: float) -> Tensor:
    """Each slice along `dim` whose p-norm exceeds `maxnorm`, scaled down to it.

    >>> import tinygrad_edu as tg
    >>> tg.renorm(tg.tensor([[3., 4.], [0.3, 0.4]]), 2, 0, 1.0)
    tensor([[0.6000, 0.8000],
            [0.3000, 0.4000]])
    """
    x = floats("renorm", lifted(input, "renorm"))
    ndim = x._array.ndim
    if ndim < 2:
        raise RuntimeError(f"renorm: expects at least 2 dimensions, got shape {tuple(x._array.shape)}")
    if p <= 0 or maxnorm < 0:
        raise RuntimeError(f"renorm: p must be positive and maxnorm at least 0, got p={p} and maxnorm={maxnorm}")
    axis = one_axis(dim, ndim, "renorm")
    n = rules.norm(x, ord=p, axis=many_axes([k for k in range(ndim) if k != axis], ndim, "renorm"), keepdims=True)
    # 1e-7 as in PyTorch, so that rounding leaves no norm above the bound
    factor = elementwise.where(n._array > maxnorm, elementwise.divide(maxnorm, elementwise.add(n, 1e-7)), 1)
    return elementwise.multiply(x, factor)
