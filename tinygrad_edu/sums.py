"""Sums, exact and fast along every axis.

Along the last axis NumPy adds in pairs of pairs; along any other one row after the other, and in float32 the sum of
100,000 rows is off by a ten-thousandth. `add_up` puts the rows in slabs first. A product with ones is faster still,
and BLAS adds along a row in several lanes; rows it, too, adds one after the other.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.dtypes import float16, float32, float64

__all__ = ["add_up", "sum_of_all", "sum_of_columns", "sum_of_rows", "sum_of_squares"]

LONG = 1 << 10  # terms: up to which lanes are as exact as pairs of pairs
FEW = 128  # terms: up to which adding one after the other is exact enough
SLABS = 8
_add: Any = np.add.reduce


@lru_cache(maxsize=64)
def _ones(n: int, dtype: np.dtype) -> ndarray:
    return np.ones(n, dtype)


def sum_of_all(x: ndarray) -> Any:
    """The sum of all elements of a float array."""
    n = x.size
    return np.vdot(_ones(n, x.dtype), x) if n <= LONG else _add(x, None)


def sum_of_squares(x: ndarray) -> Any:
    """The sum of the squares of all elements of a float array."""
    n = x.size
    if n <= LONG:
        return np.vdot(x, x)
    x = x.ravel()
    rest = x[n - n % LONG :]
    rows = x[: n - n % LONG].reshape(n // LONG, LONG)
    return _add(np.vecdot(rows, rows)) + np.vdot(rest, rest)


def sum_of_rows(x: ndarray) -> ndarray:
    """Σᵢ x[i, :]."""
    n, width = x.shape
    if n <= FEW or (width == 1 and n <= LONG):
        out: ndarray = np.dot(_ones(n, x.dtype), x)
        return out
    return add_up(x, 0)


def sum_of_columns(x: ndarray) -> ndarray:
    """Σⱼ x[:, j]."""
    n = x.shape[1]
    if n <= FEW or (n <= LONG and x.flags.c_contiguous):
        out: ndarray = np.dot(x, _ones(n, x.dtype))
        return out
    return add_up(x, 1)


def add_up(x: ndarray, axis: Any, keepdims: bool = False) -> Any:
    """np.add.reduce, as exact along every axis as NumPy is along the last one."""
    if x.dtype is float16:  # 2048 + 1 = 2048: added up in float32, as PyTorch does
        with np.errstate(over="ignore"):
            return np.asarray(_add(x, axis=axis, keepdims=keepdims, dtype=float32)).astype(float16)
    few = x.size <= FEW or (isinstance(axis, int) and x.shape[axis] <= FEW)
    if few or x.ndim < 2 or (x.dtype is not float32 and x.dtype is not float64):
        return _add(x, axis=axis, keepdims=keepdims)
    axes = range(x.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    if not x.flags.c_contiguous:
        if x.flags.f_contiguous:
            return add_up(x.T, tuple(-1 - k for k in axes), keepdims).T
        repeated = {k % x.ndim for k in axes if x.strides[k] == 0 and x.shape[k] > 1}
        if repeated:  # expanded: n equal terms are n times one
            n = math.prod(x.shape[k] for k in repeated)
            one = x[tuple(slice(1) if k in repeated else slice(None) for k in range(x.ndim))]
            return np.multiply(add_up(one, tuple(axes), keepdims), n, dtype=x.dtype)
        if 0 in x.strides:  # expanded along what stays: a copy could be far larger
            return _add(x, axis=axis, keepdims=keepdims)
        x = np.ascontiguousarray(x)
    added = {k % x.ndim for k in axes}
    left = [1 if k in added else n for k, n in enumerate(x.shape) if keepdims or k not in added]
    k = x.ndim
    while k:  # runs of neighbouring axes, from the last to the first
        last = k
        while k and k - 1 in added:
            k -= 1
        if k < last:
            before, n, after = (math.prod(sides) for sides in (x.shape[:k], x.shape[k:last], x.shape[last:]))
            x = _rows(x.reshape(before, n, after)).reshape(x.shape[:k] + x.shape[last:])
        k -= k > 0
    return x.reshape(left)


def _rows(x: ndarray) -> ndarray:
    """The sum along the middle axis of three."""
    before, n, after = x.shape
    while n >= SLABS * SLABS and after > 1:
        rows, odd = divmod(n, SLABS)
        y = _add(x[:, : n - odd].reshape(before, SLABS, rows * after), 1).reshape(before, rows, after)
        if odd:
            y[:, :odd] += x[:, n - odd :]
        x, n = y, rows
    out: ndarray = _add(x, 1)
    return out
