"""Batch normalisation in one rule: statistics per channel, scale and shift. (N, C, *D), or (N, C)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.primitive import primitive
from tinygrad_edu.sums import add_up


def per_channel(x: Any) -> Any:
    """The sum over all axes but the second, which stay."""
    if type(x) is ndarray and x.ndim > 2 and x.flags.c_contiguous and x.size:
        n, c, *sides = x.shape
        size = math.prod(sides)
        # a product with ones goes through memory three times as fast as a sum over several axes
        sums = np.add.reduce(np.matmul(x.reshape(n, c, size), np.ones(size, x.dtype)), 0)
        return sums.reshape(1, c, *(1,) * len(sides))
    axes = (0, *range(2, x.ndim))
    return add_up(x, axes, True) if type(x) is ndarray else np.sum(x, axis=axes, keepdims=True)


def products_per_channel(a: Any, b: Any) -> Any:
    """The sum of a · b over all axes but the second, which stay."""
    if type(a) is type(b) is ndarray and a.ndim > 2 and a.flags.c_contiguous and b.flags.c_contiguous and a.size:
        n, c, *sides = a.shape
        size = math.prod(sides)
        rows = np.vecdot(a.reshape(n, c, size), b.reshape(n, c, size))
        return np.add.reduce(rows, 0).reshape(1, c, *(1,) * len(sides))
    return per_channel(a * b)


def number(x: Any) -> float:
    """How many elements a channel has (NaN for none: nothing has no mean)."""
    return math.prod(x.shape[:1] + x.shape[2:]) or math.nan


def along(g: Any, d: Any, scale: Any, slope: Any, shift: Any) -> Any:
    """scale · g + slope · d + shift; overwrites `d`."""
    if type(g) is type(d) is ndarray:
        d *= slope
        d += shift
        d += scale * g
        return d
    return scale * g + slope * d + shift


def mean(x: Any) -> Any:
    """That of each channel."""
    return per_channel(x) / number(x)


def variance(x: Any) -> Any:
    """That of each channel."""
    d = x - mean(x)
    return products_per_channel(d, d) / number(x)


def batch_cotangents(g: Any, x: Any, m: Any, r: Any, weight: Any) -> Any:
    """Those of x, weight and bias; of x, what a shift or a scale of it would change is taken out."""
    (g, g_mean, g_var), n, d = g, number(x), x - m
    total, product, scale = per_channel(g), products_per_channel(g, d), r if weight is None else r * weight
    slope, shift = (2 * g_var - scale * r * r * product) / n, (g_mean - scale * total) / n
    return along(g, d, scale, slope, shift), product * r, total


@primitive(
    joint=lambda g, x, m, r, weight: batch_cotangents(g, x, m, r, weight),
    saves={"m": lambda x: mean(x), "r": lambda x, *, eps: 1 / np.sqrt(variance(x) + eps)},
)
def batch_norm(x: Any, weight: Any, bias: Any, *, eps: float) -> Any:
    """(x − mean) / √(variance + eps) · weight + bias, the mean and the variance; all but x (1, C, 1, …) or None."""
    m = mean(x)
    d = x - m
    v = products_per_channel(d, d) / number(x)
    r = 1 / np.sqrt(v + eps)
    scale = r if weight is None else r * weight
    d *= scale
    if bias is not None:
        d += bias
    return (d, m, v), m, r
