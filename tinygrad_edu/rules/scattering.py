"""Combining elements into others by index: products and extremes. (Sums are the adjoints in `rules.indexing`.)"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_edu.primitive import TensorBase, rule
from tinygrad_edu.rules.cumulative import may_have_zeros, moved_on, recurrence
from tinygrad_edu.rules.indexing import along, flat_along_axis, put_along_axis


def combined(ufunc: Any, x: Any, src: Any, indices: Any, axis: int) -> Any:
    """A copy of `x` into which a ufunc combines `src` where `indices` say."""
    y = np.array(x, order="C")
    ufunc.at(y.reshape(-1), flat_along_axis(indices, x.shape, axis), np.reshape(src, -1))
    return y


def multiplied(x: Any, src: Any, indices: Any, axis: int) -> Any:
    """A copy of `x` multiplied by `src` where `indices` say."""
    if isinstance(src, TensorBase):  # so is x
        return scatter_prod(x, src, indices, axis=axis)
    return combined(np.multiply, x, src, indices, axis)


def earlier(s: Any, new: Any) -> Any:
    """For each element of a vector the product of those before it in its group, which starts where `new` is true."""
    return recurrence(new.astype(s.dtype), np.where(new, 0, moved_on(s, 0, 0)), 0)


def product_of_others(x: Any, src: Any, indices: Any, axis: int) -> Any:
    """For each element of `src` the product of what it is multiplied with: of all, divided by it, where none is 0.

    With zeros, elements of the same place are made neighbours; then it is the product of those before and after.
    """
    if not may_have_zeros(src):
        return along(multiplied(x, src, indices, axis), indices, axis) / src
    place = flat_along_axis(indices, x.shape, axis)
    order = np.argsort(place, kind="stable")
    new = np.append(True, np.diff(place[order]) != 0)
    last = np.append(new[1:], True)
    s = np.ravel(src)[order]
    others = earlier(s, new) * np.flip(earlier(np.flip(s, 0), last[::-1]), 0)
    return along(x, indices, axis) * np.reshape(others[np.argsort(order)], src.shape)


def per_hit(g: Any, y: Any, x: Any, src: Any, indices: Any, axis: int) -> Any:
    """The cotangent of the extremes `y`, divided evenly among the elements that are equal to them."""
    hits = np.where(np.equal(src, along(y, indices, axis)), 1.0, 0.0)
    return g / np.maximum(put_along_axis(hits, indices, y.shape, axis) + np.equal(x, y), 1)


scatter_prod = rule(
    lambda x, src, indices, *, axis: multiplied(x, src, indices, axis),
    lambda g, src, indices, axis: g * multiplied(np.ones_like(g), src, indices, axis),
    lambda g, x, src, indices, axis: along(g, indices, axis) * product_of_others(x, src, indices, axis),
    None,
    name="scatter_prod",
)
scatter_extreme = rule(
    lambda x, src, indices, *, axis, largest: combined(np.maximum if largest else np.minimum, x, src, indices, axis),
    lambda g, y, x, src, indices, axis: np.equal(x, y) * per_hit(g, y, x, src, indices, axis),
    lambda g, y, x, src, indices, axis: (
        np.equal(src, along(y, indices, axis)) * along(per_hit(g, y, x, src, indices, axis), indices, axis)
    ),
    None,
    name="scatter_extreme",
)
