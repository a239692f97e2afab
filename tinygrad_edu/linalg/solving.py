"""Inverses, and systems of linear equations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tinygrad_edu import functions
from tinygrad_edu.functions.products import same_dtype
from tinygrad_edu.linalg.checks import matrices, square, transposed
from tinygrad_edu.primitive import TensorBase, wrap
from tinygrad_edu.rules import decompositions as rules
from tinygrad_edu.rules import elementwise, linalg, reductions, shaping

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["inv", "lstsq", "matrix_rank", "pinv", "solve", "solve_triangular"]


def inv(A: Any) -> Tensor:
    """The inverse of square matrices, (…, n, n) → (…, n, n).

    Raises LinAlgError (a RuntimeError) if a matrix has none.

    >>> import tinygrad_edu as tg
    >>> tg.linalg.inv(tg.tensor([[0., 2.], [1., 0.]]))
    tensor([[0.0000, 1.0000],
            [0.5000, 0.0000]])
    """
    square("inv", A, "fc")
    return rules.inv(A)


def solve(A: Any, B: Any, *, left: bool = True) -> Tensor:
    """The solution X of A X = B (of X A = B if not `left`): (…, n, n), (…, n, k) or (…, n) → like B.

    B counts as vectors if it has one dimension, or the shape of A without its last side.
    Raises LinAlgError if a matrix is singular, RuntimeError for shapes that do not fit.

    >>> import tinygrad_edu as tg
    >>> tg.linalg.solve(tg.tensor([[2., 0.], [0., 4.]]), tg.tensor([1., 1.]))
    tensor([0.5000, 0.2500])
    """
    shape, rhs = square("solve", A, "fc"), _right_side("solve", A, B)
    if len(rhs) == 1 or rhs == shape[:-1]:
        if left and rhs[-1] == shape[-1]:
            x = rules.solve(A, shaping.reshape(B, shape=(*rhs, 1)))
            return shaping.reshape(x, shape=x.shape[:-1])
        rhs = (*rhs, 1)
    _fits("solve", shape, rhs, left)
    return rules.solve(A, B) if left else transposed(rules.solve(transposed(A), transposed(B)))


def solve_triangular(A: Any, B: Any, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Tensor:
    """The solution X of A X = B (of X A = B if not `left`) for triangular A: the other triangle is not read.

    Args:
        upper: which triangle A is.
        unitriangular: take the diagonal as ones, whatever A holds there.

    >>> import tinygrad_edu as tg
    >>> tg.linalg.solve_triangular(tg.tensor([[2., 9.], [1., 4.]]), tg.tensor([[2.], [9.]]), upper=False)
    tensor([[1.],
            [2.]])
    """
    shape, rhs = square("solve_triangular", A), _right_side("solve_triangular", A, B)
    matrices("solve_triangular", B, "B")
    _fits("solve_triangular", shape, rhs, left)
    beside = 1 if unitriangular else 0
    triangle = functions.triu(A, beside) if upper else functions.tril(A, -beside)
    if unitriangular:
        triangle = elementwise.add(triangle, np.eye(shape[-1], dtype=A.dtype))
    return rules.solve(triangle, B) if left else transposed(rules.solve(transposed(triangle), transposed(B)))


def _right_side(name: str, A: Any, B: Any) -> tuple[int, ...]:
    if not hasattr(B, "dtype"):
        raise TypeError(f"linalg.{name}: expected a Tensor or an array for B, got {type(B).__name__}")
    same_dtype(f"linalg.{name}", A, B)
    if not B.shape:
        raise RuntimeError(f"linalg.{name}: B must have at least 1 dimension, but it is a number")
    return tuple(B.shape)


def _fits(name: str, shape: tuple[int, ...], rhs: tuple[int, ...], left: bool) -> None:
    """Do the sides of B fit those of A, and do the batch dimensions broadcast?"""
    if rhs[-2 if left else -1] != shape[-2 if left else -1]:
        equation = "AX = B" if left else "XA = B"
        raise RuntimeError(
            f"linalg.{name}: Incompatible shapes of A and B for the equation {equation} "
            f"({shape[-2]}x{shape[-1]} and {rhs[-2]}x{rhs[-1]}; whole shapes {shape} and {rhs}): "
            f"the {'rows' if left else 'columns'} of B must be {shape[-1]}."
        )
    if any(a != b and 1 not in (a, b) for a, b in zip(shape[-3::-1], rhs[-3::-1], strict=False)):
        raise RuntimeError(
            f"linalg.{name}: the batch dimensions of A and B, {shape[:-2]} and {rhs[:-2]}, do not broadcast"
        )


def _tolerance(x: Any) -> Any:
    """One number for all matrices, or one for each."""
    x = x._array if isinstance(x, TensorBase) else x
    return np.expand_dims(np.asarray(x), -1) if x is not None and np.ndim(x) else x


def _cutoffs(A: Any, atol: Any, rtol: Any) -> tuple[Any, Any]:
    """Singular values up to max(atol, rtol · the largest) count as 0; PyTorch's defaults."""
    atol, rtol = _tolerance(0.0 if atol is None else atol), _tolerance(rtol)
    if rtol is None:
        rtol = np.where(atol > 0, 0.0, max(A.shape[-2:]) * np.finfo(A.dtype).eps)
    return atol, rtol


def pinv(A: Any, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Tensor:
    """The pseudo-inverse (Moore and Penrose), (…, m, n) → (…, n, m); of square matrices of full rank, the inverse.

    Args:
        atol, rtol: singular values up to max(atol, rtol · the largest) count as 0
            (default: rtol = max(m, n) · eps, or 0 where atol > 0). `rcond` is the older name of rtol.
        hermitian: A is symmetric, which is faster.

    Its derivative is that at constant rank.

    >>> import tinygrad_edu as tg
    >>> tg.linalg.pinv(tg.tensor([[2.], [0.]]))
    tensor([[0.5000, 0.0000]])
    """
    (square if hermitian else matrices)("pinv", A)
    atol, rtol = _cutoffs(A, atol, rcond if rtol is None else rtol)
    return rules.pinv(A, rtol=rtol, atol=atol, hermitian=hermitian)


def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Tensor:
    """How many singular values are above max(atol, rtol · the largest) (defaults as `pinv`); no gradient.

    >>> import tinygrad_edu as tg
    >>> tg.linalg.matrix_rank(tg.tensor([[1., 2.], [2., 4.]]))
    tensor(1)
    """
    (square if hermitian else matrices)("matrix_rank", A)
    x = A._array if isinstance(A, TensorBase) else A
    s = np.abs(np.linalg.eigvalsh(x)) if hermitian else np.linalg.svd(x, compute_uv=False)
    atol, rtol = _cutoffs(x, tol if atol is None else atol, rtol)
    largest = np.max(s, axis=-1, keepdims=True, initial=0)
    return wrap(np.asarray(np.sum(s > np.maximum(atol, rtol * largest), axis=-1, dtype=np.int64)))


class Lstsq(NamedTuple):
    """A least-squares solution, its squared residuals, and the rank and singular values of A."""

    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor


def lstsq(A: Any, B: Any, rcond: Any = None, *, driver: str | None = None) -> Lstsq:
    """The X with the least |A X − B|², of several the shortest: (…, m, n), (…, m, k) → (…, n, k), or vectors.

    Args:
        rcond: singular values up to rcond · the largest count as 0 (default: max(m, n) · eps).
        driver: decides as in PyTorch which of the other results are filled: residuals only with "gels" and
            "gelsd"/"gelss", the singular values with the last two, the rank with all but "gels".

    The solution comes from the pseudo-inverse whatever the driver, so rank-deficient A are fine.

    >>> import tinygrad_edu as tg
    >>> A, b = tg.tensor([[1., 1.], [1., 2.], [1., 3.]]), tg.tensor([[3.], [5.], [7.]])
    >>> print(tg.linalg.lstsq(A, b).solution.round(decimals=4))
    tensor([[1.],
            [2.]])
    """
    shape, rhs = matrices("lstsq", A), _right_side("lstsq", A, B)
    if driver not in (None, "gels", "gelsy", "gelsd", "gelss"):
        raise RuntimeError(f"linalg.lstsq: driver must be one of gels, gelsy, gelsd, gelss, not {driver!r}")
    vectors = len(rhs) == 1 or rhs == shape[:-1]
    if vectors:
        rhs = (*rhs, 1)
        B = shaping.reshape(B, shape=rhs)
    if rhs[-2] != shape[-2]:
        raise RuntimeError(
            f"linalg.lstsq: A and B must have the same number of rows, but their shapes are {shape} and {tuple(rhs)}"
        )
    pseudo = pinv(A, rcond)
    x = linalg.matmul(pseudo, B)
    empty = np.zeros(0, A.dtype)
    rank, s = wrap(np.zeros(0, np.int64)), wrap(empty)
    if driver != "gels":
        rank = matrix_rank(A, rtol=rcond)
    if driver in ("gelsd", "gelss"):
        s = wrap(np.linalg.svd(A._array if isinstance(A, TensorBase) else A, compute_uv=False))
    residuals = wrap(empty)
    if driver in ("gels", "gelsd", "gelss") and shape[-2] > shape[-1] and np.all(matrix_rank(A)._array == shape[-1]):
        residuals = reductions.sum(elementwise.square(elementwise.subtract(linalg.matmul(A, x), B)), axis=-2)
    if vectors:
        x = shaping.reshape(x, shape=x.shape[:-1])
    return Lstsq(x, residuals, rank, s)
