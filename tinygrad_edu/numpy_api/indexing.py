"""NumPy's functions that read by index, on Tensors, with NumPy's signatures."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_edu.functions import indexing as functions
from tinygrad_edu.numpy_api.table import stands_for
from tinygrad_edu.primitive import TensorBase, wrap
from tinygrad_edu.rules import indexing as rules
from tinygrad_edu.rules import shaping


def _plain(x: Any) -> Any:
    return x._array if isinstance(x, TensorBase) else x


@stands_for(np.take)
def _(a: Any, indices: Any, axis: Any = None, *, mode: str = "raise") -> Any:
    if mode != "raise":
        raise TypeError(f"np.take on a Tensor: mode={mode!r} is not supported; clip or wrap the indices yourself")
    if not isinstance(indices, TensorBase):
        indices = np.asarray(indices)
    if axis is None:
        a, axis = shaping.reshape(a, shape=(-1,)), 0
    return functions.rows(a, indices, axis)


@stands_for(np.take_along_axis)
def _(arr: Any, indices: Any, axis: Any = -1) -> Any:
    if axis is None:
        arr, axis = shaping.reshape(arr, shape=(-1,)), 0
    return rules.take_along_axis(arr, indices, axis=axis % arr.ndim)


@stands_for(np.compress)
def _(condition: Any, a: Any, axis: Any = None) -> Any:
    return np.take(a, np.flatnonzero(_plain(condition)), axis)


@stands_for(np.extract)
def _(condition: Any, arr: Any) -> Any:
    return np.take(arr, np.flatnonzero(_plain(condition)))


@stands_for(np.nonzero)
def _(a: Any) -> Any:
    return tuple(map(wrap, np.nonzero(a._array)))


@stands_for(np.argwhere)
def _(a: Any) -> Any:
    return wrap(np.argwhere(a._array))


@stands_for(np.flatnonzero)
def _(a: Any) -> Any:
    return wrap(np.flatnonzero(a._array))


@stands_for(np.count_nonzero)
def _(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return wrap(np.asarray(np.count_nonzero(a._array, axis, keepdims=keepdims)))
