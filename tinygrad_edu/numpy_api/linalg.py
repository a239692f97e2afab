"""NumPy's products and linear algebra on Tensors, with NumPy's signatures (np.matmul is a ufunc with a rule)."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_edu import linalg
from tinygrad_edu.functions import einsum, products
from tinygrad_edu.linalg.checks import square, transposed
from tinygrad_edu.numpy_api.table import stands_for
from tinygrad_edu.rules import decompositions, elementwise, reductions, shaping
from tinygrad_edu.rules import linalg as rules

# -- products -----------------------------------------------------------------------------------------------


def _ndim(x: Any) -> int:
    return len(getattr(x, "shape", ()))


def _flat(x: Any) -> Any:
    return shaping.reshape(x, shape=(-1,))


@stands_for(np.tensordot, np.linalg.tensordot)
def _(a: Any, b: Any, axes: Any = 2) -> Any:
    return products.contraction(a, b, axes)


@stands_for(np.einsum)
def _(*operands: Any, optimize: Any = True) -> Any:
    return einsum(*operands)


@stands_for(np.matmul, np.linalg.matmul)
def _(x1: Any, x2: Any, /) -> Any:
    try:
        return rules.matmul(x1, x2)
    except ValueError:
        raise products.unfit(x1, x2) from None


@stands_for(np.dot)
def _(a: Any, b: Any) -> Any:
    if not _ndim(a) or not _ndim(b):
        return elementwise.multiply(a, b)
    if _ndim(b) <= 2 and _ndim(a) <= 2:
        return rules.matmul(a, b)
    return products.contraction(a, b, ([-1], [-2 if _ndim(b) > 1 else -1]))


@stands_for(np.vdot)
def _(a: Any, b: Any, /) -> Any:
    return rules.matmul(_flat(a), _flat(b))


@stands_for(np.inner)
def _(a: Any, b: Any, /) -> Any:
    if not _ndim(a) or not _ndim(b):
        return elementwise.multiply(a, b)
    return products.contraction(a, b, ([-1], [-1]))


@stands_for(np.outer, np.linalg.outer)
def _(a: Any, b: Any) -> Any:
    return elementwise.multiply(shaping.reshape(a, shape=(-1, 1)), _flat(b))


@stands_for(np.kron)
def _(a: Any, b: Any) -> Any:
    return products.kron(a, b)


@stands_for(np.cross, np.linalg.cross)
def _(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    if axis is not None:
        axisa = axisb = axisc = axis
    if a.shape[axisa] != 3 or b.shape[axisb] != 3:
        raise ValueError(f"np.cross on a Tensor takes vectors of 3, but the shapes are {a.shape} and {b.shape}")
    a, b = (moved(x, k, -1) for x, k in ((a, axisa), (b, axisb)))
    return moved(rules.cross(a, b, axis=-1), -1, axisc)


def moved(x: Any, source: int, to: int) -> Any:
    """`x` with one axis elsewhere."""
    order = list(range(_ndim(x)))
    order.insert(to % _ndim(x), order.pop(source))
    return x if order == sorted(order) else shaping.transpose(x, axes=tuple(order))


@stands_for(np.linalg.multi_dot)
def _(arrays: Any) -> Any:
    return linalg.multi_dot(arrays)


@stands_for(np.vecdot, np.linalg.vecdot)
def _(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    return reductions.sum(elementwise.multiply(x1, x2), axis=axis)


# -- matrices -----------------------------------------------------------------------------------------------


@stands_for(np.matrix_transpose, np.linalg.matrix_transpose)
def _(x: Any, /) -> Any:
    return transposed(x)


@stands_for(np.linalg.inv)
def _(a: Any) -> Any:
    return linalg.inv(a)


@stands_for(np.linalg.solve)
def _(a: Any, b: Any) -> Any:
    if _ndim(b) == 1:
        return linalg.solve(a, b)
    square("solve", a)
    return decompositions.solve(a, b)


@stands_for(np.linalg.det)
def _(a: Any) -> Any:
    return linalg.det(a)


@stands_for(np.linalg.slogdet)
def _(a: Any) -> Any:
    return linalg.slogdet(a)


@stands_for(np.linalg.cholesky)
def _(a: Any, /, *, upper: bool = False) -> Any:
    return linalg.cholesky(a, upper=upper)


@stands_for(np.linalg.eigh)
def _(a: Any, UPLO: str = "L") -> Any:
    return linalg.eigh(a, UPLO)


@stands_for(np.linalg.eigvalsh)
def _(a: Any, UPLO: str = "L") -> Any:
    return linalg.eigvalsh(a, UPLO)


@stands_for(np.linalg.svd)
def _(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    return linalg.svd(a, full_matrices) if compute_uv else linalg.svdvals(a)


@stands_for(np.linalg.svdvals)
def _(x: Any, /) -> Any:
    return linalg.svdvals(x)


@stands_for(np.linalg.qr)
def _(a: Any, mode: str = "reduced") -> Any:
    q, r = linalg.qr(a, "reduced" if mode == "r" else mode)
    return r if mode == "r" else linalg.QR(q, r)


@stands_for(np.linalg.pinv)
def _(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    return linalg.pinv(a, rcond, hermitian, rtol=rtol)


@stands_for(np.linalg.lstsq)
def _(a: Any, b: Any, rcond: Any = None) -> Any:
    found = linalg.lstsq(a, b, rcond, driver="gelsd")
    return found.solution, found.residuals, int(found.rank._array), found.singular_values


@stands_for(np.linalg.matrix_power)
def _(a: Any, n: int) -> Any:
    return linalg.matrix_power(a, n)


@stands_for(np.linalg.matrix_rank)
def _(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    return linalg.matrix_rank(A, tol, hermitian, rtol=rtol)


@stands_for(np.linalg.cond)
def _(x: Any, p: Any = None) -> Any:
    return linalg.cond(x, p)


@stands_for(np.linalg.diagonal)
def _(x: Any, /, *, offset: int = 0) -> Any:
    return linalg.diagonal(x, offset=offset)


# -- norms --------------------------------------------------------------------------------------------------


@stands_for(np.linalg.norm)
def _(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    return linalg.norm(x, ord, axis, keepdims)


@stands_for(np.linalg.vector_norm)
def _(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    return linalg.vector_norm(x, ord, axis, keepdims)


@stands_for(np.linalg.matrix_norm)
def _(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    return linalg.matrix_norm(x, ord, (-2, -1), keepdims)
