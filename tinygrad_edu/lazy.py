"""Arrays that are computed later (Dask's): realise what a step needs in one go, so that the data are read once."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import ndarray

__all__ = ["as_result", "copied", "in_order", "is_lazy", "no_counterpart", "realise", "unknown_size"]


def is_lazy(a: Any) -> bool:
    """Whether `a` is an array whose numbers are not there yet."""
    return type(a) is not ndarray and hasattr(a, "__dask_graph__")


def realise(arrays: Sequence[Any]) -> list[Any]:
    """All of them as NumPy arrays, computed together."""
    if any(map(is_lazy, arrays)):
        return [np.asarray(a) for a in sys.modules["dask"].compute(*arrays)]
    return [np.asarray(a) for a in arrays]


def as_result(y: Any, operands: Sequence[Any], name: str) -> Any:
    """Results are arrays (NumPy returns scalars for 0-d), and those of lazy arrays stay lazy."""
    if y.__class__ is not ndarray:
        return np.array(y) if isinstance(y, np.generic) or not hasattr(y, "dtype") else y
    for a in operands:
        if a.__class__ is not ndarray and hasattr(a, "__array_function__"):
            raise no_counterpart(name, a)
    return y


def in_order(y: Any) -> Any:
    """An array in C order, as PyTorch has it and `view` needs it: NumPy keeps the order of transposed operands."""
    return y if type(y) is not ndarray or y.flags.c_contiguous else np.ascontiguousarray(y)


def copied(c: Any) -> Any:
    """A copy of `c` in memory of its own, in C order (lazy arrays cannot be written to, and stay)."""
    return c if is_lazy(c) else np.array(c, order="C")


def no_counterpart(name: str, a: Any) -> TypeError:
    """The error for a function that the library of the array `a` does not have."""
    kind = type(a).__module__.partition(".")[0]
    return TypeError(
        f"{name}: {kind} has no {name} of its own and would compute everything as one NumPy array. Compute it "
        f"yourself first (x.compute()), or write the step with functions that {kind} has."
    )


def unknown_size(shape: Sequence[float]) -> str:
    """The remedy, if a side of `shape` is unknown (Dask says nan)."""
    if any(isinstance(n, float) and math.isnan(n) for n in shape):
        return " The size is unknown here: call compute_chunk_sizes() on the Dask array first."
    return ""
