"""Elementwise functions: the table of derivatives of a calculus book.

One line per function, and in it one rule per operand: `g` is the cotangent of the result, `y` the result, `x` (or `a`
and `b`) the operands; None where there is no derivative. `elementwise=True` says of a function written here what is
known of NumPy's: its operands broadcast, and are promoted to one dtype.

Conventions at kinks, ties and poles are PyTorch's (the subgradient of least norm): |x| and sign have slope
0 at 0, equal operands of maximum and minimum share the cotangent, a bound that is reached has slope 0.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_edu.dtypes import promoted
from tinygrad_edu.primitive import rule

LN2, LN10 = math.log(2), math.log(10)


# -- arithmetic -------------------------------------------------------------------------------------------


def lowered(a: Any, b: Any) -> Any:
    """b − 1, but 0 for 0⁰, whose slope b · a^(b−1) in a is 0 (and not 0 · 1/0)."""
    if isinstance(b, (int, float)):
        return b - (b != 0)
    return b - ((a != 0) | (b != 0))


def log_of_base(a: Any, b: Any) -> Any:
    """log a, and 0 where a is 0 and b ≥ 0: there aᵇ has slope 0 in b."""
    return np.log(np.where((a == 0) & (b >= 0), np.ones_like(b), a))  # in the dtype of b: a may be a number


add = rule(np.add, lambda g: g, lambda g: g)
subtract = rule(np.subtract, lambda g: g, lambda g: -g)
multiply = rule(np.multiply, lambda g, b: g * b, lambda g, a: g * a)
divide = rule(np.divide, lambda g, b: g / b, lambda g, a, b: -g / b * (a / b))  # not y, so that y may be changed
negative = rule(np.negative, lambda g: -g)
reciprocal = rule(lambda x: 1 / x, lambda g, y: -g * y * y, name="reciprocal", elementwise=True)
absolute = rule(np.absolute, lambda g, x: g * np.sign(x))
square = rule(np.square, lambda g, x: g * (2 * x))
sqrt = rule(np.sqrt, lambda g, y: g / (2 * y))
rsqrt = rule(lambda x: 1 / np.sqrt(x), lambda g, y: -g / 2 * y * y * y, name="rsqrt", elementwise=True)
power = rule(
    np.power,
    lambda g, a, b: g * b * np.power(a, lowered(a, b)),
    lambda g, y, a, b: g * y * log_of_base(a, b),
)
lerp = rule(
    lambda start, end, weight: start + weight * (end - start),
    lambda g, weight: g * (1 - weight),
    lambda g, weight: g * weight,
    lambda g, start, end: g * (end - start),
    name="lerp",
    elementwise=True,
)


# -- rounding and signs -----------------------------------------------------------------------------------


def flat(g: Any) -> Any:
    """0: the slope of steps."""
    return np.zeros_like(g)


floor = rule(np.floor, flat)
ceil = rule(np.ceil, flat)
trunc = rule(np.trunc, flat)
round = rule(lambda x, *, decimals=0: np.round(x, decimals), flat, name="round", elementwise=True)
sign = rule(np.sign, flat)
copysign = rule(np.copysign, lambda g, y, a: g * np.sign(y) * np.sign(a), flat)
frac = rule(lambda x: x - np.trunc(x), lambda g: g, name="frac", elementwise=True)
fmod = rule(np.fmod, lambda g: g, lambda g, y, a, b: -g * np.rint((a - y) / b))  # a = y + b · (a whole number)
remainder = rule(np.remainder, lambda g: g, lambda g, a, b: -g * np.floor_divide(a, b))
floor_divide = rule(np.floor_divide, flat, flat)


# -- exponentials and logarithms --------------------------------------------------------------------------

exp = rule(np.exp, lambda g, y: g * y)
exp2 = rule(np.exp2, lambda g, y: g * y * LN2)
expm1 = rule(np.expm1, lambda g, y: g * (y + 1))
log = rule(np.log, lambda g, x: g / x)
log2 = rule(np.log2, lambda g, x: g / (x * LN2))
log10 = rule(np.log10, lambda g, x: g / (x * LN10))
log1p = rule(np.log1p, lambda g, x: g / (x + 1))


# -- trigonometry -----------------------------------------------------------------------------------------


def inverse_or_zero(x: Any) -> Any:
    """1 / x, and 0 for 0."""
    zero = x == 0
    return np.where(zero, 0, 1 / np.where(zero, 1, x))


sin = rule(np.sin, lambda g, x: g * np.cos(x))
cos = rule(np.cos, lambda g, x: -g * np.sin(x))
tan = rule(np.tan, lambda g, y: g * (1 + y * y))
arcsin = rule(np.arcsin, lambda g, x: g / np.sqrt(1 - x * x))
arccos = rule(np.arccos, lambda g, x: -g / np.sqrt(1 - x * x))
arctan = rule(np.arctan, lambda g, x: g / (1 + x * x))
arctan2 = rule(
    np.arctan2,
    lambda g, a, b: g * b * inverse_or_zero(a * a + b * b),
    lambda g, a, b: -g * a * inverse_or_zero(a * a + b * b),
)
sinh = rule(np.sinh, lambda g, x: g * np.cosh(x))
cosh = rule(np.cosh, lambda g, x: g * np.sinh(x))
tanh = rule(np.tanh, lambda g, y: g * (1 - y * y))
arcsinh = rule(np.arcsinh, lambda g, x: g / np.sqrt(x * x + 1))
arccosh = rule(np.arccosh, lambda g, x: g / np.sqrt(x * x - 1))
arctanh = rule(np.arctanh, lambda g, x: g / (1 - x * x))
hypot = rule(np.hypot, lambda g, y, a: g * (a / y), lambda g, y, b: g * (b / y))
deg2rad = rule(np.deg2rad, lambda g: np.deg2rad(g))
rad2deg = rule(np.rad2deg, lambda g: np.rad2deg(g))


# -- the larger, the smaller, one or the other ------------------------------------------------------------


def halved(g: Any, tie: Any) -> Any:
    """`g`, and half of it at a tie: equal operands share it."""
    return np.where(tie, g / 2, g)


maximum = rule(
    np.maximum,
    lambda g, a, b: np.where(a < b, 0, halved(g, a == b)),
    lambda g, a, b: np.where(a > b, 0, halved(g, a == b)),
)
minimum = rule(
    np.minimum,
    lambda g, a, b: np.where(a > b, 0, halved(g, a == b)),
    lambda g, a, b: np.where(a < b, 0, halved(g, a == b)),
)
fmax = rule(
    np.fmax,
    lambda g, a, b: np.where((a >= b) | np.isnan(b), g, 0),
    lambda g, a, b: np.where((a >= b) | np.isnan(b), 0, g),
)
fmin = rule(
    np.fmin,
    lambda g, a, b: np.where((a <= b) | np.isnan(b), g, 0),
    lambda g, a, b: np.where((a <= b) | np.isnan(b), 0, g),
)


def clipped(x: Any, *, min: Any = None, max: Any = None) -> Any:
    """`x` between two numbers (None: no bound). Two plain calls: np.clip alone costs more."""
    y = x if min is None else np.maximum(x, min)
    return y if max is None else np.minimum(y, max)


def inside(x: Any, min: Any, max: Any) -> Any:
    """True strictly between the bounds."""
    if min is None or max is None:
        return x < max if min is None else x > min
    return (x > min) & (x < max)


def chosen(condition: Any, a: Any, b: Any) -> Any:
    """np.where with PyTorch's type promotion."""
    y, dtype = np.where(condition, a, b), promoted((a, b))
    return y if y.dtype == dtype else y.astype(dtype)


def finite(x: Any, *, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """`x` with what is not finite replaced, infinities by the largest numbers unless given."""
    largest = np.finfo(x.dtype).max
    y = np.where(x == np.inf, largest if posinf is None else posinf, x)
    y = np.where(x == -np.inf, -largest if neginf is None else neginf, y)
    return np.where(np.isnan(x), nan, y)


clip = rule(
    clipped,
    lambda g, x, min=None, max=None: np.where(inside(x, min, max), g, 0),
    name="clip",
    elementwise=True,
)
where = rule(
    chosen,
    None,
    lambda g, condition: np.where(condition, g, 0),
    lambda g, condition: np.where(condition, 0, g),
    name="where",
)
nan_to_num = rule(finite, lambda g, x: np.where(np.isfinite(x), g, 0), name="nan_to_num", elementwise=True)
fill = rule(lambda x, value: np.full_like(x, value), flat, lambda g: g, name="fill")
