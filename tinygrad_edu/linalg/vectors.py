"""Products of vectors along a dimension, diagonals, and powers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu import functions
from tinygrad_edu.functions.names import numpy_names
from tinygrad_edu.functions.pointwise import raw
from tinygrad_edu.functions.products import cross_along, same_dtype
from tinygrad_edu.rules import elementwise, reductions

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["cross", "diagonal", "vander", "vecdot"]


@numpy_names
def cross(input: Any, other: Any, *, dim: int = -1) -> Tensor:
    """The vector product of vectors of 3 along `dim`; the other dimensions broadcast.

    >>> import tinygrad_edu as tg
    >>> tg.linalg.cross(tg.tensor([1., 0., 0.]), tg.tensor([0., 1., 0.]))
    tensor([0., 0., 1.])
    """
    return cross_along("linalg.cross", input, other, dim)


@numpy_names
def vecdot(x: Any, y: Any, *, dim: int = -1) -> Tensor:
    """The sums of products along `dim`; the other dimensions broadcast.

    >>> import tinygrad_edu as tg
    >>> tg.linalg.vecdot(tg.tensor([[1., 2.], [3., 4.]]), tg.tensor([10., 1.]))
    tensor([12., 34.])
    """
    same_dtype("linalg.vecdot", x, y)
    return reductions.sum(elementwise.multiply(x, y), axis=dim)


def diagonal(A: Any, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonals of matrices, (…, m, n) → (…, k): a view.

    >>> import tinygrad_edu as tg
    >>> tg.linalg.diagonal(tg.tensor([[1., 2.], [3., 4.]]))
    tensor([1., 4.])
    """
    return functions.diagonal(A, offset, dim1, dim2)


def vander(x: Any, *, N: int | None = None) -> Tensor:
    """The powers 0 … N − 1 of each element in a row, (…, n) → (…, n, N), N = n if it is not given.

    >>> import tinygrad_edu as tg
    >>> tg.linalg.vander(tg.tensor([1, 2, 3]))
    tensor([[1, 1, 1],
            [1, 2, 4],
            [1, 3, 9]])
    """
    shape = np.shape(raw(x, "linalg.vander"))
    if not shape:
        raise RuntimeError("linalg.vander: x must have at least 1 dimension, but it is a number")
    n = shape[-1] if N is None else N
    if n <= 1:
        raise RuntimeError(f"linalg.vander: N must be greater than 1, not {n} (the shape of x is {tuple(shape)})")
    return elementwise.power(functions.unsqueeze(x, -1), np.arange(n))
