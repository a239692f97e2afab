"""Reading and writing elements by index. Rules come in pairs: what one gathers, the other adds up.

An index is what goes between NumPy's brackets, as a tuple: either basic (integers, slices, None, an
ellipsis), or arrays of integers or bools among full slices.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.lazy import in_order
from tinygrad_edu.primitive import TensorBase, rule

FULL = slice(None)


# -- what the rules call ----------------------------------------------------------------------------------


def put(g: Any, index: tuple[Any, ...], shape: Any) -> Any:
    """Zeros of `shape` with `g` added at `index`: the adjoint of ``x[index]``."""
    if isinstance(g, TensorBase):
        return scatter(g, index=index, shape=shape)
    if type(g) is not ndarray and hasattr(g, "__array_function__"):
        return padded(g, index, shape)
    repeats = [k for k, i in enumerate(index) if may_repeat(i)]
    if len(repeats) == sum(type(i) is ndarray for i in index) == 1:  # among full slices
        return put_rows(g, index[repeats[0]], shape, repeats[0])
    if repeats and len(repeats) == len(index):
        k = len(index)
        rows = np.broadcast_arrays(*(counted(i, n) for i, n in zip(index, shape, strict=False)))
        numbers = np.ravel_multi_index(tuple(rows), shape[:k]) if rows[0].size else rows[0]
        return np.reshape(put_rows(g, numbers, (math.prod(shape[:k]), *shape[k:]), 0), shape)
    z = np.zeros(shape, g.dtype)
    if repeats:
        np.add.at(z, index, g)
    else:
        z[index] = g
    return z


def may_repeat(i: Any) -> bool:
    """Whether an element of an index can read something twice: arrays of integers can, all else cannot."""
    return type(i) is ndarray and i.dtype.kind != "b"


def chosen(x: Any, index: tuple[Any, ...]) -> Any:
    """``x[index]``; what arrays choose is in C order (NumPy permutes it)."""
    for i in index:
        if type(i) is ndarray:
            return in_order(x[index])
    return x[index]


def counted(i: Any, n: int) -> Any:
    """Positions counted from the start of an axis of length `n`."""
    return np.where(i < 0, i + n, i)


def put_rows(g: Any, indices: Any, shape: Any, axis: int) -> Any:
    """Zeros of `shape` with `g` added where ``np.take(x, indices, axis)`` reads: its adjoint."""
    if isinstance(g, TensorBase):
        return scatter_rows(g, indices, shape=shape, axis=axis)
    z = np.zeros((shape[axis], *shape[:axis], *shape[axis + 1 :]), g.dtype)
    if z.size and g.size:
        length = z.size // shape[axis]
        rows = np.reshape(counted(indices, shape[axis]), -1)
        # np.add.at is fast in one dimension only
        positions = rows if length == 1 else (rows[:, None] * length + np.arange(length)).reshape(-1)
        front = np.moveaxis(g, tuple(range(axis, axis + indices.ndim)), tuple(range(indices.ndim)))
        np.add.at(z.reshape(-1), positions, front.reshape(-1))
    return np.moveaxis(z, 0, axis)


def padded(g: Any, index: tuple[Any, ...], shape: Any) -> Any:
    """`put` for other libraries' arrays, which cannot be written to: zeros around what slices have read."""
    if Ellipsis in index:
        k = index.index(Ellipsis)
        missing = len(shape) - sum(i is not None for i in index) + 1
        index = (*index[:k], *(FULL,) * missing, *index[k + 1 :])
    index = tuple(i for i in index if i is not None)
    if not all(isinstance(i, int) or (isinstance(i, slice) and i.step in (None, 1)) for i in index):
        raise TypeError(
            f"indexing a {type(g).__module__.partition('.')[0]} array has a gradient for integers and slices without "
            f"a step only. Compute the array first (x.compute()), or multiply by a 0/1 mask."
        )
    ranges = [range(n)[i] if isinstance(i, slice) else range(n)[i % n :][:1] for i, n in zip(index, shape)]  # noqa: B905
    ranges += map(range, shape[len(index) :])
    widths = [(r.start, n - r.start - len(r)) for r, n in zip(ranges, shape, strict=True)]
    if 0 in g.shape:  # Dask cannot pad nothing
        return np.broadcast_to(np.zeros((), g.dtype), shape)
    return np.pad(np.reshape(g, tuple(map(len, ranges))), widths)


def put_along_axis(g: Any, indices: Any, shape: Any, axis: int) -> Any:
    """Zeros of `shape` with `g` added where `np.take_along_axis` reads: its adjoint."""
    if isinstance(g, TensorBase):
        return scatter_along_axis(g, indices, shape=shape, axis=axis)
    z = np.zeros(shape, g.dtype)
    if z.size and g.size:
        np.add.at(z.reshape(-1), flat_along_axis(indices, shape, axis), np.reshape(g, -1))
    return z


def flat_along_axis(indices: Any, shape: Any, axis: int) -> Any:
    """The flat positions, in an array of `shape`, of what `np.take_along_axis` reads."""
    at: list[Any] = [np.arange(n).reshape(-1, *(1,) * (len(shape) - k - 1)) for k, n in enumerate(indices.shape)]
    at[axis] = counted(indices, shape[axis])
    return np.ravel_multi_index(tuple(np.broadcast_arrays(*at)), shape).reshape(-1)


def along(x: Any, indices: Any, axis: int) -> Any:
    """`np.take_along_axis`, also for indices that are shorter than `x` in the other dimensions."""
    if x.shape[:axis] != indices.shape[:axis] or x.shape[axis + 1 :] != indices.shape[axis + 1 :]:
        x = x[tuple(FULL if k == axis else slice(n) for k, n in enumerate(indices.shape))]
    return np.take_along_axis(x, indices, axis)


def replace(x: Any, index: tuple[Any, ...], value: Any) -> Any:
    """A copy of `x` with `value` at `index`."""
    if isinstance(x, TensorBase):
        return setitem(x, value, index=index)
    y = np.array(x)
    y[index] = value
    return y


def last_written(g: Any, index: tuple[Any, ...]) -> Any:
    """`g` at `index`, and 0 for what the same index has overwritten again."""
    got = g[index]
    if not any(map(may_repeat, index)):
        return got
    order = np.arange(math.prod(got.shape)).reshape(got.shape)
    writer = np.empty(g.shape, np.intp)
    writer[index] = order
    return np.where(writer[index] == order, got, 0)


# -- the rules --------------------------------------------------------------------------------------------

getitem = rule(
    lambda x, *, index: chosen(x, index),
    lambda g, _x, index: put(g, index, _x.shape),
    name="getitem",
    view=True,
)
scatter = rule(lambda x, *, index, shape: put(x, index, shape), lambda g, index: g[index], name="scatter")
setitem = rule(
    lambda x, value, *, index: replace(x, index, value),
    lambda g, index: replace(g, index, 0),
    lambda g, index: last_written(g, index),
    name="setitem",
)
take = rule(
    lambda x, indices, *, axis: np.take(x, indices, axis),
    lambda g, _x, indices, axis: put_rows(g, indices, _x.shape, axis),
    None,
    name="take",
)
scatter_rows = rule(
    lambda x, indices, *, shape, axis: put_rows(x, indices, shape, axis),
    lambda g, indices, axis: np.take(g, indices, axis),
    None,
    name="scatter_rows",
)
take_along_axis = rule(
    lambda x, indices, *, axis: np.take_along_axis(x, indices, axis),
    lambda g, _x, indices, axis: put_along_axis(g, indices, _x.shape, axis),
    None,
    name="take_along_axis",
)
scatter_along_axis = rule(
    lambda x, indices, *, shape, axis: put_along_axis(x, indices, shape, axis),
    lambda g, indices, axis: along(g, indices, axis),
    None,
    name="scatter_along_axis",
)
