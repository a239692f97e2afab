"""Losses, fused where the composition would be slower or less accurate.

The cotangent of a mean is spread over its elements: that is where `g / count(x)` comes from.
The other losses are compositions, in `nn.functional`.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.lazy import unknown_size
from tinygrad_edu.primitive import TensorBase, primitive, rule
from tinygrad_edu.rules.activations import centred, shares, softmax, total
from tinygrad_edu.rules.special import logistic
from tinygrad_edu.sums import sum_of_all, sum_of_rows, sum_of_squares


def count(x: Any) -> float:
    """The number of elements; NaN of none, so that their mean is NaN (and no division by zero)."""
    if type(x) is ndarray:
        return x.size or math.nan
    n = math.prod(x.shape)
    if n != n:
        raise ValueError(f"the mean over an array of shape {x.shape}.{unknown_size(x.shape)}")
    return n or math.nan


def mean(x: Any) -> Any:
    return (sum_of_all(x) if type(x) is ndarray else np.sum(x)) / count(x)


# -- numbers ----------------------------------------------------------------------------------------------


@primitive(
    lambda g, d: g * (2 / count(d)) * d,
    lambda g, d: g * (-2 / count(d)) * d,
    saves={"d": lambda x, target: x - target},
)
def mse_loss(x: Any, target: Any) -> Any:
    """The mean of (x − target)²."""
    d = x - target
    return (sum_of_squares(d) if type(d) is ndarray else np.sum(d * d)) / count(d), d


# -- yes or no --------------------------------------------------------------------------------------------

FLOOR = math.exp(-100)


def log(x: Any) -> Any:
    """log x, but at least −100."""
    return np.where(x <= FLOOR, -100, np.log(np.where(x <= FLOOR, 1, x)))


def log_of_rest(x: Any) -> Any:
    """log(1 − x), but at least −100."""
    return np.where(x >= 1, -100, np.log1p(-np.where(x >= 1, 0, x)))


binary_cross_entropy = rule(
    lambda x, target: -(target * log(x) + (1 - target) * log_of_rest(x)),
    lambda g, x, target: g * (x - target) / np.maximum(x * (1 - x), 1e-12),
    lambda g, x: g * (log_of_rest(x) - log(x)),
    name="binary_cross_entropy",
    elementwise=True,
)


@primitive(
    lambda g, p, target: g / count(p) * (p - target),
    lambda g, x: -g / count(x) * x,
    saves={"p": lambda x: logistic(x)},
)
def binary_cross_entropy_with_logits(x: Any, target: Any) -> Any:
    """The mean of −target · log p − (1 − target) · log(1 − p), where p = sigmoid(x)."""
    log_p = np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))  # never overflows; log(1 − p) = log p − x
    return mean((1 - target) * x - log_p), np.exp(log_p)


# -- one of several classes -------------------------------------------------------------------------------


def one_hot(target: Any, x: Any) -> Any:
    """A mask of the shape of `x`, true at the class of each sample. Classes stand in axis 1, or in the only one."""
    axis = 1 if x.ndim > 1 else 0
    classes = np.reshape(np.arange(x.shape[axis]), (-1,) + (1,) * (x.ndim - axis - 1))
    return np.equal(np.expand_dims(target, axis), classes)


def shares_of_classes(x: Any) -> Any:
    """The softmax over axis 1, on arrays and on Tensors."""
    return softmax(x, axis=1) if isinstance(x, TensorBase) else shares(x, 1)


@lru_cache(maxsize=8)
def numbers(n: int) -> ndarray:
    """0 … n − 1; batches are of few sizes."""
    return np.arange(n)


def by_class(x: ndarray, target: ndarray) -> tuple[Any, ndarray]:
    """`cross_entropy` on arrays, with each class in a row of its own: NumPy is faster along the samples."""
    p = x.T.copy()
    p -= np.maximum.reduce(p, 0)  # now exp cannot overflow
    here = target * len(target) + numbers(len(target))  # where the class of each sample stands in memory
    own = p.take(here)
    np.exp(p, p)
    s = sum_of_rows(p)
    p /= s
    p.put(here, p.take(here) - 1)
    return mean(np.log(s) - own), p.T


@primitive(
    lambda g, d: g / d.shape[0] * d,
    None,
    saves={"d": lambda x, target: shares_of_classes(x) - one_hot(target, x)},
)
def cross_entropy(x: Any, target: Any) -> Any:
    """The mean of −log p[target], where p = softmax(x): x (N, C) with N > 0, target (N,) integers in 0 … C − 1."""
    if type(x) is type(target) is ndarray:
        return by_class(x, target)
    z = centred(x, 1)
    e = np.exp(z)
    s = total(e, 1)
    hot = one_hot(target, x)
    return mean(np.log(s)[:, 0] - np.sum(np.where(hot, z, 0), axis=1)), e / s - hot
