"""Gaussian elimination: A = P L U, a permutation of rows, a lower triangle with ones on its diagonal, an upper one.

In each step the row with the largest first element moves to the top; multiples of it are taken from the others:

    A = [p uᵀ; v R] = [1 0; v/p 1] [p uᵀ; 0 R − v uᵀ/p], and so on with R − v uᵀ/p, which is smaller by one

The steps are recorded one by one, and so have derivatives; the choice of rows has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tinygrad_edu.functions.comparison import where
from tinygrad_edu.functions.indexing import take_along_dim
from tinygrad_edu.functions.joining import cat
from tinygrad_edu.functions.pointwise import raw
from tinygrad_edu.functions.products import matmul
from tinygrad_edu.functions.rearranging import pad, tril, triu
from tinygrad_edu.linalg.checks import matrices, square, transposed
from tinygrad_edu.linalg.solving import solve_triangular
from tinygrad_edu.primitive import wrap
from tinygrad_edu.rules import elementwise
from tinygrad_edu.rules.indexing import getitem

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["LU", "LUFactor", "lu", "lu_factor", "lu_solve"]


class LU(NamedTuple):
    """A = P L U."""

    P: Tensor
    L: Tensor
    U: Tensor


class LUFactor(NamedTuple):
    """L (without its ones) and U in one matrix, and for each row the one that it changed places with, from 1."""

    LU: Tensor
    pivots: Tensor


def lu(A: Any, *, pivot: bool = True) -> LU:
    """A = P L U: (…, m, n) → (…, m, m), (…, m, k), (…, k, n) with k = min(m, n).

    Raises RuntimeError for pivot=False, as PyTorch does on the CPU.

    >>> import tinygrad_edu as tg
    >>> tg.linalg.lu(tg.tensor([[1., 2.], [2., 0.]])).U
    tensor([[2., 0.],
            [0., 2.]])
    """
    lower, upper, pivots = _eliminated("lu", A, pivot)
    order = _order(pivots, A.shape[-2])
    return LU(wrap(np.swapaxes(np.eye(A.shape[-2], dtype=A.dtype)[order], -1, -2).copy()), lower, upper)


def lu_factor(A: Any, *, pivot: bool = True) -> LUFactor:
    """`lu` in the form that `lu_solve` takes: (…, m, n) → (…, m, n), int32 (…, k). Raises as `lu`.

    >>> import tinygrad_edu as tg
    >>> tg.linalg.lu_factor(tg.tensor([[1., 2.], [2., 0.]])).LU
    tensor([[2.0000, 0.0000],
            [0.5000, 2.0000]])
    """
    lower, upper, pivots = _eliminated("lu_factor", A, pivot)
    m, n = A.shape[-2:]
    right, below = (0, n - lower.shape[-1]), (0, 0, 0, m - upper.shape[-2])
    return LUFactor(elementwise.add(pad(tril(lower, -1), right), pad(upper, below)), wrap(pivots))


def lu_solve(LU: Any, pivots: Any, B: Any, *, left: bool = True, adjoint: bool = False) -> Tensor:
    """The solution X of A X = B (X A = B if not `left`; with Aᵀ for A if `adjoint`), given `lu_factor` of A.

    >>> import tinygrad_edu as tg
    >>> LU, pivots = tg.linalg.lu_factor(tg.tensor([[1., 2.], [2., 0.]]))
    >>> tg.linalg.lu_solve(LU, pivots, tg.tensor([[5.], [2.]]))
    tensor([[1.],
            [2.]])
    """
    square("lu_solve", LU)
    matrices("lu_solve", B, "B")
    if not left:
        return transposed(lu_solve(LU, pivots, transposed(B), adjoint=not adjoint))
    order = _order(raw(pivots, "lu_solve"), LU.shape[-1])[..., None]
    if adjoint:
        half = solve_triangular(transposed(LU), B, upper=False)
        x = solve_triangular(transposed(LU), half, upper=True, unitriangular=True)
        return take_along_dim(x, wrap(np.argsort(order, -2)), -2)
    half = solve_triangular(LU, take_along_dim(B, wrap(order), -2), upper=False, unitriangular=True)
    return solve_triangular(LU, half, upper=True)


def _eliminated(name: str, A: Any, pivot: bool) -> tuple[Any, Any, Any]:
    """L, U and the pivots."""
    shape = matrices(name, A)
    if not pivot:
        raise RuntimeError(f"linalg.{name}: LU without pivoting is not implemented on the CPU. Leave out pivot=False.")
    pivots = _pivots(raw(A, name))
    rest = take_along_dim(A, wrap(_order(pivots, shape[-2])[..., None]), -2)
    columns, rows = [], []
    for k in range(min(shape[-2:])):
        column, row = _cut(rest, slice(None), slice(1)), _cut(rest, slice(1), slice(None))
        corner = _cut(rest, slice(1), slice(1))
        nothing = raw(corner, name) == 0  # then there is nothing below it either
        column = elementwise.divide(column, where(nothing, 1.0, corner))
        columns.append(pad(column, (0, 0, k, 0)))
        rows.append(pad(row, (k, 0, 0, 0)))
        rest = _cut(elementwise.subtract(rest, matmul(column, row)), slice(1, None), slice(1, None))
    if not columns:
        return *(wrap(np.zeros((*shape[:-2], *s), A.dtype)) for s in ((shape[-2], 0), (0, shape[-1]))), pivots
    lower = elementwise.add(tril(cat(columns, -1), -1), np.eye(shape[-2], len(columns), dtype=A.dtype))
    return lower, triu(cat(rows, -2)), pivots


def _cut(x: Any, rows: slice, columns: slice) -> Any:
    return getitem(x, index=(..., rows, columns))


def _pivots(a: Any) -> Any:
    """In each step the number, from 1, of the row that moves to the top: (…, m, n) → int32 (…, k)."""
    a, (m, n) = np.array(a), a.shape[-2:]
    pivots = np.zeros((*a.shape[:-2], min(m, n)), np.int32)
    for place in np.ndindex(a.shape[:-2]):
        x = a[place]
        for k in range(min(m, n)):
            best = k + int(np.argmax(np.abs(x[k:, k])))
            x[[k, best]] = x[[best, k]]
            if x[k, k]:
                x[k + 1 :] -= x[k + 1 :, k : k + 1] / x[k, k] * x[k]
            pivots[(*place, k)] = best + 1
    return pivots


def _order(pivots: Any, m: int) -> Any:
    """Which row of A is the first, the second … after these exchanges: (…, k) → (…, m)."""
    order = np.broadcast_to(np.arange(m), (*pivots.shape[:-1], m)).copy()
    for place in np.ndindex(pivots.shape[:-1]):
        row = order[place]
        for k, p in enumerate(pivots[place] - 1):
            row[[k, p]] = row[[p, k]]
    return order
