"""Reductions over axes: sums, means, products, extremes, norms. `spread` brings cotangents back to full shape.

Conventions are PyTorch's (the subgradient of least norm): equal extremes share the cotangent evenly, a norm
at 0 and the deviation of constants have slope 0. Products are exact with any number of zeros.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.dtypes import float16, float32, float64, int64, uint8
from tinygrad_edu.primitive import rule
from tinygrad_edu.rules.cumulative import before, floored, may_have_zeros, numpy_only
from tinygrad_edu.sums import add_up

FEW = 10_000

# -- what the rules call ----------------------------------------------------------------------------------


def spread(g: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """`g` repeated for everything that was added up or compared along `axis`, so that it has the shape of `x`."""
    plain = isinstance(g, (ndarray, np.generic))
    if axis is not None and not keepdims:
        g = g.reshape(kept(x.shape, axis)) if plain else np.expand_dims(g, axis)
    if plain and math.prod(x.shape) <= FEW:  # np.broadcast_to takes 3 µs, a copy of few elements less
        y = np.empty(x.shape, g.dtype)
        y[...] = g
        return y
    return np.broadcast_to(g, x.shape)


def kept(shape: Any, axis: Any) -> list[int]:
    """The shape after a reduction that keeps its axes."""
    sides = list(shape)
    for k in (axis,) if isinstance(axis, int) else axis:
        sides[k] = 1
    return sides


def count(x: Any, axis: Any) -> int:
    """How many elements go into one result."""
    sides = x.shape if axis is None else [x.shape[axis]] if isinstance(axis, int) else [x.shape[k] for k in axis]
    return math.prod(sides)


def share(g: Any, x: Any, axis: Any) -> Any:
    """`g`, divided among the elements that went into one result."""
    return g / max(count(x, axis), 1)


def reduction(plain: Callable[..., Any], function: Callable[..., Any]) -> Callable[..., Any]:
    """A reduction by NumPy's `function`; by `plain` on arrays, which takes half the time."""

    def reduce(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
        if type(x) is not ndarray:
            return function(x, axis=axis, keepdims=keepdims)
        if x.dtype is uint8:  # NumPy's sums of uint8 are uint64
            x = x.astype(int64)
        return plain(x, axis=axis, keepdims=keepdims)

    return reduce


def extreme(plain: Callable[..., Any], function: Callable[..., Any]) -> Callable[..., Any]:
    """The same for a reduction that keeps the dtype."""

    def reduce(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
        if type(x) is not ndarray:
            return function(x, axis=axis, keepdims=keepdims)
        return plain(x, axis=axis, keepdims=keepdims)

    return reduce


total, largest = reduction(add_up, np.sum), extreme(np.maximum.reduce, np.max)


def average(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum over the count: half of np.mean's time. (float16 is left to NumPy, which adds it up in float32.)"""
    if type(x) is not ndarray or x.dtype is float16:
        return np.mean(x, axis=axis, keepdims=keepdims)
    return add_up(x, axis, keepdims) / count(x, axis)


def centred(x: Any, axis: Any) -> Any:
    """The deviations from the mean."""
    return x - average(x, axis=axis, keepdims=True)


def freedom(x: Any, axis: Any, correction: float) -> float:
    """The degrees of freedom that a variance is divided by."""
    return max(count(x, axis) - correction, 0)


WIDER: dict[Any, Any] = {float16: float32, float32: float64}


def variance(x: Any, *, axis: Any = None, correction: float = 1, keepdims: bool = False) -> Any:
    """The sum of squared deviations over the degrees of freedom, computed in the next wider dtype, as in PyTorch."""
    d = centred(x.astype(WIDER.get(x.dtype, x.dtype), copy=False) if type(x) is ndarray else x, axis)
    return (total(d * d, axis=axis, keepdims=keepdims) / freedom(x, axis, correction)).astype(x.dtype)


def or_infinity(y: Any) -> Any:
    """`y`, and ∞ for 0: what is divided by it becomes 0."""
    return np.where(y == 0, np.inf, y)


def others(x: Any, axis: Any) -> Any:
    """For each element, the product of all others, by products of those before and those after it along each axis."""
    axes = range(x.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    y: Any = np.ones(x.shape, x.dtype)
    for k in axes:
        y = y * before(x, k) * np.flip(before(np.flip(x, k), k), k)
        x = np.prod(x, axis=k, keepdims=True)
    return y


def prod_slope(x: Any, y: Any, axis: Any, keepdims: bool) -> Any:
    """The product of the other elements: y / x, unless that could be 0 / 0."""
    return others(x, axis) if may_have_zeros(x) else spread(y, x, axis, keepdims) / x


def evenly(g: Any, mask: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """`g`, divided evenly among the elements where the mask is true."""
    number = np.sum(mask, axis=axis, keepdims=keepdims, dtype=g.dtype)
    return np.where(mask, spread(g / number, mask, axis, keepdims), 0)


def attained(x: Any, y: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Where `x` is its extreme `y` (a NaN makes the extreme NaN)."""
    return (x == spread(y, x, axis, keepdims)) | np.isnan(x)


def log_of_sum(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """log Σ eˣ, with the largest x taken out so that nothing overflows; of nothing: −∞."""
    if count(x, axis) == 0:
        return np.sum(x, axis=axis, keepdims=keepdims) - np.inf
    top = largest(x, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    with np.errstate(divide="ignore"):  # log 0 is −∞
        y = np.log(total(np.exp(x - top), axis=axis, keepdims=keepdims))
    return y + (top if keepdims else np.reshape(top, y.shape))


def length(x: Any, *, ord: float = 2, axis: Any = None, keepdims: bool = False) -> Any:
    """(Σ |x|^ord)^(1/ord) and its limits: the largest |x| for ∞, the smallest for −∞, the count of x ≠ 0 for 0."""
    if type(x) is ndarray and x.dtype is float16:  # whose squares overflow from 256 on
        return length(x.astype(float32), ord=ord, axis=axis, keepdims=keepdims).astype(float16)
    if ord == 2:
        return np.sqrt(total(x * x, axis=axis, keepdims=keepdims))
    if ord == 0:
        return np.sum(x != 0, axis=axis, keepdims=keepdims, dtype=x.dtype)
    x = np.abs(x)
    if ord == 1:
        return total(x, axis=axis, keepdims=keepdims)
    if math.isinf(ord):
        return (np.max if ord > 0 else np.min)(x, axis=axis, keepdims=keepdims)
    with np.errstate(divide="ignore"):  # a negative order of 0 is ∞, and the norm 0
        return np.power(total(np.power(x, ord), axis=axis, keepdims=keepdims), 1 / ord)


def norm_cotangent(g: Any, y: Any, x: Any, ord: float, axis: Any, keepdims: bool) -> Any:
    """g · sign(x) · (|x| / y)^(ord − 1), and 0 where x or y is 0."""
    if ord == 2:
        return spread(g / or_infinity(y), x, axis, keepdims) * x
    if ord == 1:
        return spread(g, x, axis, keepdims) * np.sign(x)
    if ord == 0:
        return np.zeros(x.shape, g.dtype)
    if math.isinf(ord):
        return np.sign(x) * evenly(g, attained(np.abs(x), y, axis, keepdims), axis, keepdims)
    y = spread(y, x, axis, keepdims)
    slopes = (x != 0) & (y != 0)
    ratio = np.where(slopes, np.abs(x), 1) / np.where(slopes, y, 1)
    return np.where(slopes, spread(g, x, axis, keepdims) * np.sign(x) * np.power(ratio, ord - 1), 0)


def lower_median(x: Any) -> Any:
    """The middle element in order, the lower one of two; NaN if one is NaN, or if there are none."""
    flat = np.ravel(numpy_only(x, "median"))
    if flat.size == 0 or np.isnan(flat).any():
        return np.full((), np.nan, x.dtype)
    k = (flat.size - 1) // 2
    return np.partition(flat, k)[k]


# -- the rules --------------------------------------------------------------------------------------------

sum = rule(total, lambda g, _x, axis=None, keepdims=False: spread(g, _x, axis, keepdims), name="sum")
mean = rule(
    average,
    lambda g, _x, axis=None, keepdims=False: spread(share(g, _x, axis), _x, axis, keepdims),
    name="mean",
)
prod = rule(
    reduction(np.multiply.reduce, np.prod),
    lambda g, y, x, axis=None, keepdims=False: spread(g, x, axis, keepdims) * prod_slope(x, y, axis, keepdims),
    name="prod",
)
var = rule(
    variance,
    lambda g, x, axis=None, correction=1, keepdims=False: (
        spread(2 * g / freedom(x, axis, correction), x, axis, keepdims) * centred(x, axis)
    ),
    name="var",
)
std = rule(
    lambda x, *, axis=None, correction=1, keepdims=False: np.sqrt(
        variance(x, axis=axis, correction=correction, keepdims=keepdims)
    ),
    lambda g, y, x, axis=None, correction=1, keepdims=False: (
        spread(g / or_infinity(y) / freedom(x, axis, correction), x, axis, keepdims) * centred(x, axis)
    ),
    name="std",
)
amax = rule(
    largest,
    lambda g, y, x, axis=None, keepdims=False: evenly(g, attained(x, y, axis, keepdims), axis, keepdims),
    name="amax",
)
amin = rule(
    extreme(np.minimum.reduce, np.min),
    lambda g, y, x, axis=None, keepdims=False: evenly(g, attained(x, y, axis, keepdims), axis, keepdims),
    name="amin",
)
logsumexp = rule(
    log_of_sum,
    lambda g, y, x, axis=None, keepdims=False: (
        spread(g, x, axis, keepdims) * np.exp(x - spread(floored(y), x, axis, keepdims))
    ),
    name="logsumexp",
)
norm = rule(
    length,
    lambda g, y, x, ord=2, axis=None, keepdims=False: norm_cotangent(g, y, x, ord, axis, keepdims),
    name="norm",
)
median = rule(lower_median, lambda g, y, x: evenly(g, attained(x, y)), name="median")
