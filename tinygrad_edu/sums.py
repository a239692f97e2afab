"""Sums over the rows or columns of a matrix: products with ones, for which BLAS takes a fraction of NumPy's time."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy import ndarray

__all__ = ["sum_of_columns", "sum_of_rows"]


@lru_cache(maxsize=64)
def _ones(n: int, dtype: np.dtype) -> ndarray:
    return np.ones(n, dtype)


def sum_of_rows(x: ndarray) -> ndarray:
    """Σᵢ x[i, :]."""
    out: ndarray = np.dot(_ones(len(x), x.dtype), x)
    return out


def sum_of_columns(x: ndarray) -> ndarray:
    """Σⱼ x[:, j]."""
    out: ndarray = np.dot(x, _ones(x.shape[1], x.dtype))
    return out
