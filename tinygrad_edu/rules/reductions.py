"""Reductions over axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_edu.primitive import rule


def spread(g: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """The cotangent of a reduction over `axis`, seen with the shape of its operand `x`."""
    if axis is not None and not keepdims:
        g = np.expand_dims(g, axis)
    return np.broadcast_to(g, x.shape)


sum = rule(
    lambda x, *, axis=None, keepdims=False: np.sum(x, axis=axis, keepdims=keepdims),
    lambda g, _x, axis=None, keepdims=False: spread(g, _x, axis, keepdims),
    name="sum",
)
mean = rule(
    lambda x, *, axis=None, keepdims=False: np.mean(x, axis=axis, keepdims=keepdims),
    lambda g, _y, _x, axis=None, keepdims=False: spread(g / (_x.size / _y.size), _x, axis, keepdims),
    name="mean",
)
