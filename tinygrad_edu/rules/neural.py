"""Layers, fused where the composition would be slower: the linear map, normalisation, dropout."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.primitive import primitive, rule
from tinygrad_edu.rules.activations import total
from tinygrad_edu.rules.linalg import product


def rows(x: Any) -> Any:
    """`x` as a matrix: all leading axes in one."""
    return x if x.ndim == 2 else np.reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))


def T(x: Any) -> Any:
    """The transpose of a matrix."""
    return x.T if type(x) is ndarray else np.transpose(x)  # np.transpose takes four times as long


@primitive(
    lambda g, weight: product(g, weight),
    lambda g, x: product(T(rows(g)), rows(x)),
    lambda g: g,
)
def linear(x: Any, weight: Any, bias: Any = None) -> Any:
    """x @ weightᵀ + bias: one matrix product, however many axes `x` has."""
    y = product(x, T(weight))
    if bias is not None:
        y += bias
    return y


def mean(x: Any, axis: Any) -> Any:
    """The mean over the axes, which stay."""
    return total(x, axis) / (math.prod(x.shape[k] for k in axis) or math.nan)


def deviation(d: Any, axis: Any, eps: float) -> Any:
    """√(variance + eps), of what has mean 0."""
    return np.sqrt(mean(d * d, axis) + eps)


def unscaled(g: Any, y: Any, axis: Any) -> Any:
    """`g` without what a shift or a scale of the standardized `y` would change."""
    return g - mean(g, axis) - y * mean(g * y, axis)


# the result is not read, so that it may be changed in place: ReLU(inplace=True) often follows
@primitive(
    lambda g, x, m, s, axis: unscaled(g, (x - m) / s, axis) / s,
    saves={
        "m": lambda x, *, axis: mean(x, axis),
        "s": lambda x, *, axis, eps: deviation(x - mean(x, axis), axis, eps),
    },
)
def standardize(x: Any, *, axis: Any, eps: float) -> Any:
    """(x − mean) / √(variance + eps) over the axes."""
    m = mean(x, axis)
    d = x - m
    s = deviation(d, axis, eps)
    return d / s, m, s


dropout = rule(lambda x, mask: x * mask, lambda g, mask: g * mask, None, name="dropout")
