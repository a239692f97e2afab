"""Inverses, solutions and Cholesky factors that say which matrices have none, and raise no error (`…_ex`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tinygrad_edu.functions.comparison import where
from tinygrad_edu.functions.pointwise import raw
from tinygrad_edu.linalg.decompositions import cholesky
from tinygrad_edu.linalg.solving import inv, solve
from tinygrad_edu.primitive import wrap
from tinygrad_edu.rules.decompositions import LinAlgError

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["cholesky_ex", "inv_ex", "solve_ex"]


class InvEx(NamedTuple):
    """Inverses, and for each matrix 0, or the number of the first column that depends on those before it."""

    inverse: Tensor
    info: Tensor


class SolveEx(NamedTuple):
    """Solutions, and for each matrix 0, or the number of the first column that depends on those before it."""

    result: Tensor
    info: Tensor


class CholeskyEx(NamedTuple):
    """Cholesky factors, and for each matrix 0, or the order of the first leading minor that is not positive."""

    L: Tensor
    info: Tensor


def inv_ex(A: Any, *, check_errors: bool = False) -> InvEx:
    """`linalg.inv`, and for each matrix whether it has one, (…, n, n) → (…, n, n), int32 (…).

    Where `info` is not 0 the matrix is singular, and NaN stands for its inverse. With `check_errors` it raises
    LinAlgError instead.

    >>> import tinygrad_edu as tg
    >>> tg.linalg.inv_ex(tg.tensor([[1., 2.], [2., 4.]])).info
    tensor(2, dtype=int32)
    """
    return InvEx(*_attempt(inv, np.linalg.inv, _dependent, A, check_errors))


def solve_ex(A: Any, B: Any, *, left: bool = True, check_errors: bool = False) -> SolveEx:
    """`linalg.solve`, and for each matrix whether it can be. Singular matrices: as `inv_ex`.

    >>> import tinygrad_edu as tg
    >>> x, info = tg.linalg.solve_ex(tg.tensor([[2., 0.], [0., 4.]]), tg.tensor([1., 1.]))
    >>> x, info
    (tensor([0.5000, 0.2500]), tensor(0, dtype=int32))
    """

    def solution(a: Any) -> Tensor:
        return solve(a, B, left=left)

    shape = tuple(getattr(B, "shape", ()))
    vectors = len(shape) == 1 or shape == tuple(getattr(A, "shape", ())[:-1])
    return SolveEx(*_attempt(solution, np.linalg.inv, _dependent, A, check_errors, 1 if vectors else 2))


def cholesky_ex(A: Any, *, upper: bool = False, check_errors: bool = False) -> CholeskyEx:
    """`linalg.cholesky`, and for each matrix whether it is positive definite, (…, n, n) → (…, n, n), int32 (…).

    Where `info` is not 0 it is not, and NaN stands for the factor. With `check_errors` it raises LinAlgError instead.

    >>> import tinygrad_edu as tg
    >>> tg.linalg.cholesky_ex(tg.tensor([[1., 0.], [0., -1.]])).info
    tensor(2, dtype=int32)
    """
    return CholeskyEx(*_attempt(lambda a: cholesky(a, upper=upper), np.linalg.cholesky, _minor, A, check_errors))


def _attempt(
    function: Any, plain: Any, diagnosis: Callable[[Any], int], A: Any, strict: bool, sides: int = 2
) -> tuple[Any, Tensor]:
    """``function(A)`` with NaN where `plain` finds that a matrix does not do, and what `diagnosis` says of it.

    What there is for each matrix has as many dimensions as `sides` says.
    """
    try:
        result = function(A)
    except LinAlgError:
        if strict:
            raise
    else:
        return result, wrap(np.zeros(A.shape[:-2], np.int32))
    a = raw(A, "linalg")
    info = np.zeros(a.shape[:-2], np.int32)
    for place in np.ndindex(info.shape):
        try:
            plain(a[place])
        except np.linalg.LinAlgError:
            info[place] = diagnosis(a[place])
    good = info == 0
    result = function(where(np.expand_dims(good, (-1, -2)), A, np.eye(a.shape[-1], dtype=a.dtype)))
    return where(np.expand_dims(good, (-1, -2)[:sides]), result, np.nan), wrap(info)


def _dependent(a: Any) -> int:
    """The number, counted from 1, of the first column that depends on those before it."""
    n = a.shape[-1]
    return next((k for k in range(1, n) if np.linalg.matrix_rank(a[:, :k]) < k), n)


def _minor(a: Any) -> int:
    """The order of the first leading minor (the k rows and columns in front) that has no Cholesky factor."""
    for k in range(1, a.shape[-1]):
        try:
            np.linalg.cholesky(a[:k, :k])
        except np.linalg.LinAlgError:
            return k
    return int(a.shape[-1])
