"""Joining arrays, and taking them apart again."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.dtypes import promote
from tinygrad_edu.primitive import rule


def seams(xs: Any, axis: int) -> Any:
    """Where along `axis` each of the joined arrays but the first begins."""
    return np.cumsum([x.shape[axis] for x in xs[:-1]])


def slices(x: Any, axis: int) -> Any:
    """The slices of an array along `axis`, as views (also of a vector)."""
    front = np.moveaxis(x, axis, 0)
    return tuple(front[k, ...] for k in range(x.shape[axis]))


def in_order(y: Any) -> Any:
    """A new array in C order, as PyTorch has it and `view` needs it (NumPy keeps the order of transposed operands)."""
    return y if type(y) is not ndarray or y.flags.c_contiguous else np.ascontiguousarray(y)


concatenate = rule(
    lambda *xs, axis: in_order(np.concatenate(promote(*xs), axis)),
    joint=lambda g, _xs, axis: np.split(g, seams(_xs, axis), axis),
    name="concatenate",
)
stack = rule(
    lambda *xs, axis: in_order(np.stack(promote(*xs), axis)),
    joint=lambda g, axis: np.moveaxis(g, axis, 0),
    name="stack",
)
split = rule(
    lambda x, *, seams, axis: tuple(np.split(x, seams, axis)),
    lambda g, axis: np.concatenate(g, axis),
    name="split",
    view=True,
)
unbind = rule(
    lambda x, *, axis: slices(x, axis),
    lambda g, axis: np.stack(g, axis),
    name="unbind",
    view=True,
)
