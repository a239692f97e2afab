"""NumPy's changes of shape on Tensors, with NumPy's signatures."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_edu.numpy_api.table import stands_for
from tinygrad_edu.rules import shaping


@stands_for(np.reshape)
def _(a: Any, shape: Any) -> Any:
    return shaping.reshape(a, shape=shape)


@stands_for(np.transpose)
def _(a: Any, axes: Any = None) -> Any:
    return shaping.transpose(a, axes=tuple(reversed(range(a.ndim))) if axes is None else tuple(axes))


@stands_for(np.swapaxes)
def _(a: Any, axis1: int, axis2: int) -> Any:
    order = list(range(a.ndim))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return shaping.transpose(a, axes=tuple(order))


@stands_for(np.broadcast_to)
def _(array: Any, shape: Any) -> Any:
    return shaping.broadcast_to(array, shape=shape)


@stands_for(np.expand_dims)
def _(a: Any, axis: Any) -> Any:
    return shaping.reshape(a, shape=np.expand_dims(np.empty(a.shape), axis).shape)


@stands_for(np.squeeze)
def _(a: Any, axis: Any = None) -> Any:
    return shaping.reshape(a, shape=np.squeeze(np.empty(a.shape), axis).shape)
