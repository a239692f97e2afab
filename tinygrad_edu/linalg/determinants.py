"""Determinants and powers of square matrices, and products of many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tinygrad_edu.functions.chains import best_product
from tinygrad_edu.functions.products import matmul
from tinygrad_edu.linalg.checks import square
from tinygrad_edu.linalg.solving import inv
from tinygrad_edu.primitive import wrap
from tinygrad_edu.rules import decompositions as rules
from tinygrad_edu.rules import elementwise, shaping

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["det", "logdet", "matrix_power", "multi_dot", "slogdet"]


def det(A: Any) -> Tensor:
    """The determinant, (…, n, n) → (…). Its derivative is exact for singular matrices, too.

    >>> import tinygrad_edu as tg
    >>> tg.linalg.det(tg.tensor([[2., 0.], [1., 4.]]))
    tensor(8.)
    """
    square("det", A, "fc")
    return rules.det(A)


class Slogdet(NamedTuple):
    """The sign of a determinant, and the logarithm of its absolute value."""

    sign: Tensor
    logabsdet: Tensor


def slogdet(A: Any) -> Slogdet:
    """Sign and log|det A|, (…, n, n) → (…), (…), which do not overflow as `det` does for large matrices.

    The sign carries no gradient. Singular matrices have sign 0 and logarithm −inf (and no derivative).

    >>> import tinygrad_edu as tg
    >>> tg.linalg.slogdet(tg.tensor([[0., 1.], [1., 0.]]))
    Slogdet(sign=tensor(-1.), logabsdet=tensor(0.))
    """
    square("slogdet", A)
    sign, logabsdet = rules.slogdet(A)
    return Slogdet(wrap(sign._array), logabsdet)


def logdet(A: Any) -> Tensor:
    """log(det A), (…, n, n) → (…): NaN where the determinant is negative, −inf where it is 0.

    >>> import tinygrad_edu as tg
    >>> tg.logdet(tg.tensor([[1., 0.], [0., 1.]]))
    tensor(0.)
    """
    sign, logabsdet = slogdet(A)
    valid = np.where(sign._array < 0, np.nan, 0).astype(sign.dtype)
    return elementwise.add(logabsdet, valid)


def matrix_power(A: Any, n: int) -> Tensor:
    """A multiplied with itself n times (its inverse −n times), by repeated squaring; n = 0 gives the identity.

    >>> import tinygrad_edu as tg
    >>> tg.linalg.matrix_power(tg.tensor([[1., 1.], [0., 1.]]), 5)
    tensor([[1., 5.],
            [0., 1.]])
    """
    if len(getattr(A, "shape", ())) < 2 or A.dtype.kind in "fc" or n < 0:
        square("matrix_power", A, "fc")
    if n < 0:
        A, n = inv(A), -n
    if n == 0:
        return elementwise.add(elementwise.fill(A, 0), np.eye(A.shape[-1], dtype=A.dtype))
    if n == 1:
        return shaping.clone(A)
    result: Any = None
    while True:
        if n & 1:
            result = A if result is None else matmul(result, A)
        n >>= 1
        if not n:
            break
        A = matmul(A, A)
    power: Tensor = result
    return power


def multi_dot(tensors: Sequence[Any]) -> Tensor:
    """The product of several matrices in the order that takes the fewest operations; the ends may be vectors.

    >>> import tinygrad_edu as tg
    >>> tg.linalg.multi_dot([tg.tensor([1., 2.]), tg.tensor([[3.], [4.]]), tg.tensor([10.])])
    tensor(110.)
    """
    if len(tensors) < 2:
        raise RuntimeError(f"linalg.multi_dot: expected at least 2 tensors, got {len(tensors)}")
    first, *_, last = tensors
    shape: tuple[int, ...] = ()
    matrices = list(tensors)
    if len(first.shape) == 1:
        matrices[0] = shaping.reshape(first, shape=(1, first.shape[0]))
    else:
        shape += (first.shape[0],)
    if len(last.shape) == 1:
        matrices[-1] = shaping.reshape(last, shape=(last.shape[0], 1))
    else:
        shape += (last.shape[-1],)
    return shaping.reshape(best_product("linalg.multi_dot", matrices), shape=shape)
