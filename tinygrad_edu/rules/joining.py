"""Joining arrays, and taking them apart again."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_edu.dtypes import promote
from tinygrad_edu.primitive import rule


def seams(xs: Any, axis: int) -> Any:
    """Where along `axis` each of the joined arrays but the first begins."""
    return np.cumsum([x.shape[axis] for x in xs[:-1]])


def slices(x: Any, axis: int) -> Any:
    """The slices of an array along `axis`, as views (also of a vector)."""
    front = np.moveaxis(x, axis, 0)
    return tuple(front[k, ...] for k in range(x.shape[axis]))


concatenate = rule(
    lambda *xs, axis: np.concatenate(promote(*xs), axis),
    joint=lambda g, _xs, axis: np.split(g, seams(_xs, axis), axis),
    name="concatenate",
)
stack = rule(
    lambda *xs, axis: np.stack(promote(*xs), axis),
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
