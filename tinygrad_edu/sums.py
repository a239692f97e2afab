"""Sums over the rows or columns of a matrix: products with ones, for which BLAS takes a fraction of NumPy's time."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy import ndarray

__all__ = ["sum_of_columns", "sum_of_rows"]

LONG = 1 << 12  # terms: up to which adding one after the other is as exact as NumPy's pairs of pairs


@lru_cache(maxsize=64)
def _ones(n: int, dtype: np.dtype) -> ndarray:
    return np.ones(n, dtype)


def sum_of_rows(x: ndarray) -> ndarray:
    """Σᵢ x[i, :]."""
    n = len(x)
    out: ndarray = np.dot(_ones(n, x.dtype), x) if n <= LONG else np.add.reduce(x, 0)
    return out


def sum_of_columns(x: ndarray) -> ndarray:
    """Σⱼ x[:, j]."""
    n = x.shape[1]
    out: ndarray = np.dot(x, _ones(n, x.dtype)) if n <= LONG else np.add.reduce(x, 1)
    return out
