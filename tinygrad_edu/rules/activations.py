"""Activations that are more than a composition: the rectifiers, softplus, softmax.

At kinks they have PyTorch's slopes: relu 0, leaky_relu that of the negative side, elu and celu 1, selu 1.758.
(sigmoid, tanh and clip stand with the elementwise functions.)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.primitive import rule
from tinygrad_edu.rules.special import logistic
from tinygrad_edu.sums import add_up, sum_of_columns

# -- elementwise ------------------------------------------------------------------------------------------


def elu_slope(x: Any, alpha: float, scale: float, rate: float) -> Any:
    """The derivative of elu: `scale` above 0, and below it what is left of the exponential."""
    return np.where(x > 0, scale, (alpha * scale * rate) * np.exp(rate * np.where(x > 0, 0, x)))


def softplus_slope(x: Any, beta: float, threshold: float) -> Any:
    """The derivative of softplus: the logistic function, and 1 above the threshold."""
    return np.where(beta * x > threshold, 1, logistic(beta * x))


relu = rule(lambda x: np.maximum(x, 0), lambda g, y: np.where(y <= 0, 0, g), name="relu", elementwise=True)
leaky_relu = rule(
    lambda x, slope: np.where(x > 0, x, slope * x),
    lambda g, x, slope: np.where(x > 0, g, g * slope),
    lambda g, x: np.where(x > 0, 0, g * x),
    name="leaky_relu",
    elementwise=True,
)
elu = rule(
    lambda x, *, alpha=1.0, scale=1.0, rate=1.0: np.where(
        x > 0, scale * x, (alpha * scale) * np.expm1(rate * np.where(x > 0, 0, x))
    ),
    lambda g, x, alpha=1.0, scale=1.0, rate=1.0: g * elu_slope(x, alpha, scale, rate),
    name="elu",
    elementwise=True,
)
softplus = rule(
    lambda x, *, beta=1.0, threshold=np.inf: np.where(beta * x > threshold, x, np.logaddexp(beta * x, 0) / beta),
    lambda g, x, beta=1.0, threshold=np.inf: g * softplus_slope(x, beta, threshold),
    name="softplus",
    elementwise=True,
)


# -- along an axis ----------------------------------------------------------------------------------------

_LAST = {1, -1, (1,), (-1,)}  # of two axes
FEW = 32  # columns: up to which NumPy compares columns faster than rows


def of_rows(x: Any, axis: Any) -> bool:
    """Whether `axis` goes along the rows of a matrix."""
    return x.ndim == 2 and axis in _LAST


def centred(x: Any, axis: int) -> Any:
    """`x` minus its largest entry along the axis: now exp cannot overflow."""
    if type(x) is not ndarray:
        return x - np.max(x, axis=axis, keepdims=True)
    if of_rows(x, axis) and x.shape[1] < FEW:
        return x - np.maximum.reduce(x.T.copy(), 0, initial=-np.inf)[:, None]
    return x - np.maximum.reduce(x, axis, keepdims=True, initial=-np.inf)


def total(x: Any, axis: Any) -> Any:
    """The sum along the axis, which stays."""
    if type(x) is not ndarray:
        return np.sum(x, axis=axis, keepdims=True)
    if of_rows(x, axis):
        return sum_of_columns(x)[:, None]
    return add_up(x, axis, True)


def shares(x: Any, axis: int) -> Any:
    """eˣ / Σ eˣ."""
    e = np.exp(centred(x, axis))
    return e / total(e, axis)


def log_shares(x: Any, axis: int) -> Any:
    """x − log Σ eˣ."""
    z = centred(x, axis)
    return z - np.log(total(np.exp(z), axis)) if x.shape[axis] else z


softmax = rule(
    lambda x, *, axis: shares(x, axis),
    lambda g, y, axis: y * (g - total(g * y, axis)),
    name="softmax",
)
log_softmax = rule(
    lambda x, *, axis: log_shares(x, axis),
    lambda g, y, axis: g - np.exp(y) * total(g, axis),
    name="log_softmax",
)
