"""The exponential of matrices.

Source: N. Higham, "The scaling and squaring method for the matrix exponential revisited" (2005).
"""

from __future__ import annotations

from math import comb, factorial
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.functions.comparison import where
from tinygrad_edu.functions.pointwise import raw
from tinygrad_edu.functions.products import matmul
from tinygrad_edu.linalg.checks import square
from tinygrad_edu.rules import decompositions
from tinygrad_edu.rules import elementwise as rules

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["matrix_exp"]

_DEGREE, _REACH = 13, 5.37
"""Up to this norm, the quotient of two polynomials of this degree is exact to float64's precision (Higham's θ₁₃)."""

_PADE = [comb(_DEGREE, j) * factorial(2 * _DEGREE - j) / factorial(2 * _DEGREE) for j in range(_DEGREE + 1)]
"""The coefficients of Padé's p, for which p(x) / p(−x) agrees with exp(x) up to x to the power of 26."""


def matrix_exp(A: Any) -> Tensor:
    """exp(A) = Σ_k Aᵏ / k! of square matrices, (…, n, n) → (…, n, n); not the exponentials of the elements.

    By scaling and squaring: exp(A) = exp(A / 2ˢ) to the power of 2ˢ, with s so large that Padé's approximant
    p(x) / p(−x) is exact for A / 2ˢ. Its gradient is that of these steps.

    Raises RuntimeError for matrices that are not square, or hold whole numbers.

    >>> import tinygrad_edu as tg
    >>> turn = tg.tensor([[0., -1.], [1., 0.]])
    >>> tg.linalg.matrix_exp(turn * tg.pi / 2).round(decimals=4) + 0  # by a quarter of a circle
    tensor([[ 0., -1.],
            [ 1.,  0.]])
    """
    shape = square("matrix_exp", A, "fc")
    one, squarings = np.eye(shape[-1], dtype=A.dtype), _squarings(raw(A, "matrix_exp"))
    scale = np.exp2(-squarings).astype(raw(A, "matrix_exp").real.dtype)
    even, odd = _halves(rules.multiply(A, scale), one)
    y: Any = decompositions.solve(rules.subtract(even, odd), rules.add(even, odd))
    for k in range(int(np.max(squarings, initial=0))):
        y = matmul(y, where(squarings > k, y, one))
    return y


def _squarings(a: Any) -> Any:
    """How often to halve each matrix, (…, n, n) → (…, 1, 1), until its norm (the largest sum of a column) is small."""
    norms = np.max(np.sum(np.abs(a), -2, keepdims=True), -1, keepdims=True, initial=0)
    sensible = np.where(np.isfinite(norms), norms, 0)  # what holds NaN or inf stays that anyway
    return np.ceil(np.log2(np.maximum(sensible / _REACH, 1)))


def _halves(x: Any, one: Any) -> tuple[Any, Any]:
    """The terms of p(x) with even powers and those with odd ones: p(−x) is their difference."""
    x2 = matmul(x, x)
    x4 = matmul(x2, x2)
    powers = (one, x2, x4, matmul(x4, x2))

    def polynomial(coefficients: list[float]) -> Any:
        """c₀ + c₁ x² + … + c₆ x¹², from products with x⁶."""
        low, high = (_combined(c, powers) for c in (coefficients[:4], [0.0, *coefficients[4:]]))
        return rules.add(low, matmul(powers[3], high))

    return polynomial(_PADE[::2]), matmul(x, polynomial(_PADE[1::2]))


def _combined(coefficients: Any, matrices: Any) -> Any:
    terms = [rules.multiply(m, c) for c, m in zip(coefficients, matrices, strict=True) if c]
    total = terms[0]
    for term in terms[1:]:
        total = rules.add(total, term)
    return total
