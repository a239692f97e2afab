"""Norms of vectors and matrices, and what is made of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tinygrad_edu import functions
from tinygrad_edu.functions.names import numpy_names
from tinygrad_edu.linalg.checks import matrices, square
from tinygrad_edu.linalg.decompositions import svdvals
from tinygrad_edu.linalg.solving import inv
from tinygrad_edu.rules import elementwise

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["cond", "matrix_norm", "norm", "vector_norm"]


@numpy_names
def vector_norm(x: Any, ord: Any = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """(Σ |x|^ord)^(1/ord) over the dimensions `dim` (default: over all elements).

    ord = inf and −inf give the largest and the smallest |x|, 0 counts what is not 0. Its gradient is 0 where x is.

    >>> import tinygrad_edu as tg
    >>> tg.linalg.vector_norm(tg.tensor([3., 4.]))
    tensor(5.)
    """
    if isinstance(ord, str):
        raise TypeError(f"linalg.vector_norm: ord must be a number, not {ord!r}: matrix_norm takes 'fro' and 'nuc'")
    return functions.norm(x, ord, dim, keepdim, dtype=dtype)


def matrix_norm(A: Any, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The norms of the matrices in the two dimensions `dim`.

    Args:
        ord: "fro" (the root of the sum of squares), "nuc" (the sum of singular values), inf and −inf (the largest
            and the smallest sum of |a| in a row), 1 and −1 (likewise in a column), 2 and −2 (the largest and the
            smallest singular value).

    >>> import tinygrad_edu as tg
    >>> A = tg.tensor([[3., 0.], [0., -4.]])
    >>> tg.linalg.matrix_norm(A), tg.linalg.matrix_norm(A, "nuc"), tg.linalg.matrix_norm(A, 2)
    (tensor(5.), tensor(7.), tensor(4.))
    """
    shape = matrices("matrix_norm", A)
    if isinstance(dim, int) or len(dim) != 2:
        raise RuntimeError(f"linalg.matrix_norm: dim must be two dimensions, not {dim}")
    ndim = len(shape)
    if any(not -ndim <= d < ndim for d in dim):
        raise IndexError(
            f"linalg.matrix_norm: Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got "
            f"{tuple(dim)})"
        )
    row, column = (d % ndim for d in dim)
    if row == column:
        raise RuntimeError(f"linalg.matrix_norm: dims must be different, but both are {row}")
    if dtype is not None:
        A = A.to(dtype)
    if ord == "fro":
        return functions.norm(A, 2, (row, column), keepdim)
    if ord in ("nuc", 2, -2):
        s = svdvals(functions.movedim(A, (row, column), (-2, -1)))
        y = functions.sum(s, -1) if ord == "nuc" else functions.amax(s, -1) if ord == 2 else functions.amin(s, -1)
        kept = tuple(1 if k in (row, column) else n for k, n in enumerate(shape))
        return functions.reshape(y, kept) if keepdim else y
    if isinstance(ord, str) or abs(ord) not in (1, math.inf):
        raise RuntimeError(
            f"linalg.matrix_norm: Order {ord} not supported; it is one of fro, nuc, inf, -inf, 1, -1, 2, -2"
        )
    along, over = (row, column) if abs(ord) == 1 else (column, row)
    sums = functions.sum(elementwise.absolute(A), along, True)
    y = functions.amax(sums, over, True) if ord > 0 else functions.amin(sums, over, True)
    return y if keepdim else functions.squeeze(y, (row, column))


@numpy_names
def norm(input: Any, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """A vector or a matrix norm: by default the root of the sum of all squares.

    With one `dim`, or a vector and no `dim`, that of `vector_norm`; with two dims, or a matrix and an `ord`,
    that of `matrix_norm`.

    >>> import tinygrad_edu as tg
    >>> A = tg.tensor([[3., 0.], [0., 4.]])
    >>> tg.linalg.norm(A), tg.linalg.norm(A, 1), tg.linalg.norm(A, dim=0)
    (tensor(5.), tensor(4.), tensor([3., 4.]))
    """
    dims = (dim,) if isinstance(dim, int) else dim
    if ord is None:
        return vector_norm(input, 2, dims, keepdim, dtype=dtype)
    if dims is None:
        ndim = len(input.shape)
        if ndim not in (1, 2):
            raise RuntimeError(
                f"linalg.norm: with ord={ord!r} and no dim, the input must be a vector or a matrix, but its shape is "
                f"{tuple(input.shape)}. Say over which dimensions: dim=(-2, -1) for matrices, dim=-1 for vectors."
            )
        dims = tuple(range(ndim))
    if len(dims) == 2:
        return matrix_norm(input, ord, dims, keepdim, dtype=dtype)
    return vector_norm(input, ord, dims, keepdim, dtype=dtype)


def cond(A: Any, p: Any = None) -> Tensor:
    """The condition number |A| · |A⁻¹| in the matrix norm `p` (default 2: largest over smallest singular value).

    >>> import tinygrad_edu as tg
    >>> tg.linalg.cond(tg.tensor([[4., 0.], [0., 2.]]))
    tensor(2.)
    """
    if p in (None, 2, -2):
        matrices("cond", A)
        s = svdvals(A)
        largest, smallest = functions.amax(s, -1), functions.amin(s, -1)
        return elementwise.divide(smallest, largest) if p == -2 else elementwise.divide(largest, smallest)
    square("cond", A)
    return elementwise.multiply(matrix_norm(A, p), matrix_norm(inv(A), p))
