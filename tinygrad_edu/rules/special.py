"""Special functions: the logistic and error functions, sinc, entropies, the family of the gamma function.

Sources: W. J. Cody, "Rational Chebyshev approximations for the error function", Mathematics of Computation
23 (1969), for erf and erfc. The gamma family and erfinv come from SciPy where it is installed.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.primitive import TensorBase, rule
from tinygrad_edu.rules.elementwise import LN2

# -- the logistic function --------------------------------------------------------------------------------


def logistic(x: Any) -> Any:
    """1 / (1 + e⁻ˣ), on arrays and on Tensors. Where e⁻ˣ overflows, 0 is the right answer."""
    if isinstance(x, TensorBase):
        return sigmoid(x)
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-x))


sigmoid = rule(lambda x: logistic(x), lambda g, y: g * y * (1 - y), name="sigmoid", elementwise=True)
logit = rule(lambda x: np.log(x / (1 - x)), lambda g, x: g / (x * (1 - x)), name="logit", elementwise=True)
logaddexp = rule(np.logaddexp, lambda g, a, b: g * logistic(a - b), lambda g, a, b: g * logistic(b - a))
logaddexp2 = rule(
    np.logaddexp2, lambda g, a, b: g * logistic((a - b) * LN2), lambda g, a, b: g * logistic((b - a) * LN2)
)


# -- the error function -----------------------------------------------------------------------------------

ROOT_PI = math.sqrt(math.pi)
SMALL = 0.46875  # up to here erf(x) ≈ x · CENTRE(x²), then erfc(x) ≈ e^(−x²) · MIDDLE(x), from 4 on · TAIL(1/x²)
CENTRE = (
    (1.85777706184603153e-1, 3.16112374387056560e0, 1.13864154151050156e2, 3.77485237685302021e2,
     3.20937758913846947e3),
    (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3),
)  # fmt: skip
MIDDLE = (
    (2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e0, 6.61191906371416295e1,
     2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3, 1.23033935479799725e3),
    (1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
     3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3),
)  # fmt: skip
TAIL = (
    (1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
     1.60837851487422766e-2, 6.58749161529837803e-4),
    (1.0, 2.56852019228982242e0, 1.87295284992346047e0, 5.27905102951428412e-1, 6.05183413124413191e-2,
     2.33520497626869185e-3),
)  # fmt: skip
FEW, BLOCK = 500, 4096


def polynomial(x: Any, coefficients: tuple[float, ...]) -> Any:
    """Horner's scheme, the highest power first."""
    y = coefficients[0] * x
    for c in coefficients[1:-1]:
        y += c
        y *= x
    y += coefficients[-1]
    return y


def ratio(x: Any, coefficients: tuple[tuple[float, ...], tuple[float, ...]]) -> Any:
    return polynomial(x, coefficients[0]) / polynomial(x, coefficients[1])


def by_size(few: Callable[[float], float], many: Callable[[Any], Any], x: Any) -> Any:
    """One of two ways to the same: Python's own for few numbers, ours for many, by blocks that stay in the cache."""
    if type(x) is not ndarray or FEW < x.size <= BLOCK:
        return many(x)
    flat = np.ravel(x)
    if x.size <= FEW:
        y = np.array([few(v) for v in flat.tolist()], x.dtype)
    else:
        y = np.concatenate([many(flat[k : k + BLOCK]) for k in range(0, x.size, BLOCK)])
    return np.reshape(y, x.shape)


def error_function(x: Any) -> Any:
    """2/√π ∫₀ˣ e^(−t²) dt, which is ±1 to the last digit beyond ±6."""
    x = np.minimum(np.maximum(x, -6), 6)
    size, square = np.abs(x), x * x
    beyond = np.sign(x) * (1 - np.exp(-square) * ratio(size, MIDDLE))
    return np.where(size <= SMALL, x * ratio(square, CENTRE), beyond)


def complement(x: Any) -> Any:
    """1 − erf(x), with full relative accuracy where it is small; 0 beyond 30."""
    x = np.minimum(np.maximum(x, -30), 30)
    size = np.abs(x)
    coarse = np.floor(16 * size) / 16  # its square is exact: e^(−x²) in two factors keeps the digits
    bell = np.exp(-coarse * coarse) * np.exp(-(size - coarse) * (size + coarse))
    far = np.maximum(size, 4)
    r = 1 / (far * far)
    upper = bell * np.where(size <= 4, ratio(size, MIDDLE), (1 / ROOT_PI - r * ratio(r, TAIL)) / far)
    beyond = np.where(x < 0, 2 - upper, upper)
    return np.where(size <= SMALL, 1 - x * ratio(x * x, CENTRE), beyond)


erf = rule(
    lambda x: by_size(math.erf, error_function, x),
    lambda g, x: g * (2 / ROOT_PI) * np.exp(-x * x),
    name="erf",
    elementwise=True,
)
erfc = rule(
    lambda x: by_size(math.erfc, complement, x),
    lambda g, x: -g * (2 / ROOT_PI) * np.exp(-x * x),
    name="erfc",
    elementwise=True,
)
erfinv = rule(
    lambda x: scipy_special("erfinv").erfinv(x),
    lambda g, y: g * (ROOT_PI / 2) * np.exp(y * y),
    name="erfinv",
    elementwise=True,
)
ndtri = rule(
    lambda x: scipy_special("ndtri").ndtri(x).astype(x.dtype),
    lambda g, y: g * math.sqrt(2 * math.pi) * np.exp(y * y / 2),
    name="ndtri",
    elementwise=True,
)


# -- sinc, entropies --------------------------------------------------------------------------------------


def sinc_slope(x: Any) -> Any:
    """(cos πx − sinc x) / x; near 0, where that cancels, its series."""
    z = np.pi * x
    small = np.abs(z) < 0.1
    z2 = z * z
    series = -np.pi * z * (1 / 3 - z2 * (1 / 30 - z2 * (1 / 840 - z2 / 45360)))
    return np.where(small, series, (np.cos(z) - np.sinc(x)) / np.where(small, 1, x))


def entropy(x: Any) -> Any:
    """−x log x; 0 at 0, −∞ below."""
    return np.where(x < 0, -np.inf, 0 - x * np.log(np.where(x > 0, x, 1)))


def at_zero(a: Any, b: Any) -> Any:
    """Where a · log … is 0 since a is (0 · NaN stays NaN)."""
    return (a == 0) & ~np.isnan(b)


sinc = rule(lambda x: np.sinc(x), lambda g, x: g * sinc_slope(x), name="sinc", elementwise=True)
entr = rule(lambda x: entropy(x), lambda g, x: -g * (1 + np.log(x)), name="entr", elementwise=True)
xlogy = rule(
    lambda a, b: a * np.log(np.where(at_zero(a, b), 1, b)),
    lambda g, a, b: g * np.log(np.where((a == 0) & (b <= 0), 1, b)),
    lambda g, a, b: g * a / b,
    name="xlogy",
    elementwise=True,
)
xlog1py = rule(
    lambda a, b: a * np.log1p(np.where(at_zero(a, b), 0, b)),
    lambda g, a, b: g * np.log1p(np.where((a == 0) & (b <= -1), 0, b)),
    lambda g, a, b: g * a / (1 + b),
    name="xlog1py",
    elementwise=True,
)


# -- the gamma function -----------------------------------------------------------------------------------


def scipy_special(name: str) -> Any:
    """SciPy's special functions, loaded when first needed: few programs do, and it takes longer than all of this."""
    try:
        return importlib.import_module("scipy.special")
    except ImportError:
        raise ImportError(f"{name} needs SciPy: pip install tinygrad_edu[special]") from None


def psi(x: Any, n: int) -> Any:
    """The derivative number n + 1 of log Γ, on arrays and on Tensors."""
    if isinstance(x, TensorBase):
        return polygamma(x, n=n)
    if n == 0:
        return scipy_special("digamma").digamma(x)
    return scipy_special("polygamma").polygamma(n, x).astype(x.dtype)


lgamma = rule(lambda x: scipy_special("lgamma").gammaln(x), lambda g, x: g * psi(x, 0), name="lgamma", elementwise=True)
polygamma = rule(lambda x, *, n: psi(x, n), lambda g, x, n: g * psi(x, n + 1), name="polygamma", elementwise=True)
