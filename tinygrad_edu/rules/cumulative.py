"""Cumulative functions along an axis: sums, products, and the recurrence that their derivatives run backwards."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.lazy import no_counterpart
from tinygrad_edu.primitive import TensorBase, rule

# -- what the rules call ----------------------------------------------------------------------------------


def sum_from_end(g: Any, axis: int) -> Any:
    """The cumulative sum from the end: at each position, all that comes from there on."""
    return np.flip(np.cumsum(np.flip(g, axis), axis), axis)


def moved_on(y: Any, axis: int, first: float) -> Any:
    """Everything moved on by one place, with `first` coming in and the last element dropped."""
    head = np.full((*y.shape[:axis], min(1, y.shape[axis]), *y.shape[axis + 1 :]), first, y.dtype)
    return np.concatenate([head, y[(*(slice(None),) * axis, slice(None, -1))]], axis)


def before(x: Any, axis: int) -> Any:
    """At each position, the product of all elements before it."""
    return moved_on(np.cumprod(x, axis), axis, 1)


def may_have_zeros(x: Any) -> bool:
    """Whether an element of `x` is 0. (Arrays that are not computed yet are not asked.)"""
    x = x._array if isinstance(x, TensorBase) else x
    return type(x) is not ndarray or bool(np.count_nonzero(x) < x.size)


def recurrence(x: Any, decay: Any, axis: int) -> Any:
    """y[k] = x[k] + decay[k] · y[k − 1] along `axis`, from y[−1] = 0."""
    if isinstance(x, TensorBase) or isinstance(decay, TensorBase):
        return decayed_sum(x, decay, axis=axis)
    y = np.array(np.broadcast_to(x, np.broadcast_shapes(x.shape, decay.shape)), np.result_type(x, decay))
    steps, factors = np.moveaxis(y, axis, 0), np.moveaxis(np.asarray(np.broadcast_to(decay, y.shape)), axis, 0)
    for k in range(1, len(steps)):
        steps[k] += factors[k] * steps[k - 1]
    return y


def recurrence_from_end(g: Any, decay: Any, axis: int) -> Any:
    """s[k] = g[k] + decay[k + 1] · s[k + 1]: the adjoint of the recurrence."""
    return np.flip(recurrence(np.flip(g, axis), moved_on(np.flip(decay, axis), axis, 0), axis), axis)


def cumprod_cotangent(g: Any, y: Any, x: Any, axis: int) -> Any:
    """Σₖ g[k] · (the product of the others up to k), exact with zeros, and to any order.

    Without zeros y[k] / x is that product. With zeros nothing is divided: it is the product of those before,
    times the terms from here on, each multiplied by what lies in between.
    """
    if may_have_zeros(x):
        return moved_on(y, axis, 1) * recurrence_from_end(g, x, axis)
    return sum_from_end(g * y, axis) / x


def numpy_only(x: Any, name: str) -> Any:
    """`x`. Raises TypeError for the arrays of other libraries, which have no such function."""
    if not isinstance(x, (ndarray, np.generic)):
        raise no_counterpart(name, x)
    return x


def floored(y: Any) -> Any:
    """`y` with the lowest finite number for −∞, so that differences are numbers: e^(−∞ − y) is 0, not NaN."""
    return np.where(y == -np.inf, float(np.finfo(y.dtype).min), y)


def logcumsumexp_cotangent(g: Any, y: Any, x: Any, axis: int) -> Any:
    """Σₖ g[k] · e^(x − y[k]) from here on, in steps e^(y[k] − y[k + 1]) ≤ 1: nothing overflows."""
    y = floored(y)
    return np.exp(x - y) * recurrence_from_end(g, np.exp(moved_on(y, axis, -np.inf) - y), axis)


# -- the rules --------------------------------------------------------------------------------------------

cumsum = rule(lambda x, *, axis: np.cumsum(x, axis), lambda g, axis: sum_from_end(g, axis), name="cumsum")
cumprod = rule(
    lambda x, *, axis: np.cumprod(x, axis),
    lambda g, y, x, axis: cumprod_cotangent(g, y, x, axis),
    name="cumprod",
)
logcumsumexp = rule(
    lambda x, *, axis: np.logaddexp.accumulate(numpy_only(x, "logcumsumexp"), axis),
    lambda g, y, x, axis: logcumsumexp_cotangent(g, y, x, axis),
    name="logcumsumexp",
)
decayed_sum = rule(
    lambda x, decay, *, axis: recurrence(x, decay, axis),
    lambda g, decay, axis: recurrence_from_end(g, decay, axis),
    lambda g, y, decay, axis: recurrence_from_end(g, decay, axis) * moved_on(y, axis, 0),
    name="decayed_sum",
)
