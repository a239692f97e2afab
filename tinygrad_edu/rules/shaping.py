"""Changes of shape, layout and dtype: what goes forward one way comes back the other."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.primitive import TensorBase, rule

# -- what the rules call ----------------------------------------------------------------------------------


def owned(a: Any) -> Any:
    """`a` as an array of its own. (NumPy gives a view where PyTorch copies; other libraries' arrays never change.)"""
    return np.array(a) if type(a) is ndarray else a


def inverse(axes: Any) -> Any:
    """The order of axes that undoes the order `axes`."""
    return tuple(int(k) for k in np.argsort([k % len(axes) for k in axes]))


def back(shift: Any) -> Any:
    """The opposite shift, or shifts."""
    return tuple(-s for s in shift) if isinstance(shift, (tuple, list)) else -shift


def inner(g: Any, widths: Any) -> Any:
    """`g` without its margins."""
    return g[tuple(slice(a, n - b) for (a, b), n in zip(widths, g.shape, strict=True))]


def copies_summed(g: Any, shape: Any, reps: Any) -> Any:
    """The sum of the copies of an array of `shape` that `np.tile` has laid side by side."""
    d = max(len(shape), len(reps))
    shape, reps = (1,) * (d - len(shape)) + tuple(shape), (1,) * (d - len(reps)) + tuple(reps)
    pairs = tuple(n for pair in zip(reps, shape, strict=True) for n in pair)
    return np.sum(np.reshape(g, pairs), axis=tuple(range(0, 2 * d, 2)))


def put_diagonal(g: Any, shape: Any, offset: int, axis1: int, axis2: int) -> Any:
    """Zeros of `shape` with `g` on a diagonal: the adjoint of `np.diagonal`."""
    if isinstance(g, TensorBase):
        return scatter_diagonal(g, shape=shape, offset=offset, axis1=axis1, axis2=axis2)
    z = np.zeros(shape, g.dtype)
    diagonal_view(z, offset, axis1, axis2)[...] = g
    return z


def diagonal_view(x: Any, offset: int, axis1: int, axis2: int) -> Any:
    """`np.diagonal`, as writeable as `x` is."""
    d = np.diagonal(x, offset, axis1, axis2)
    if type(d) is ndarray:
        d.flags.writeable = x.flags.writeable
    return d


def windows(x: Any, axis: int, size: int, step: int) -> Any:
    """Every `step`-th window of `size` along `axis`; the last axis of the result runs through the window."""
    if isinstance(x, TensorBase):
        return unfold(x, axis=axis, size=size, step=step)
    view = np.lib.stride_tricks.sliding_window_view(x, size, axis, writeable=x.flags.writeable)
    return view[(*(slice(None),) * axis, slice(None, None, step))]


def fold(g: Any, shape: Any, axis: int, size: int, step: int) -> Any:
    """Windows added up where they came from: the adjoint of `windows`."""
    if isinstance(g, TensorBase):
        return overlap_add(g, shape=shape, axis=axis, size=size, step=step)
    z = np.zeros(shape, g.dtype)
    before = (slice(None),) * axis
    count = g.shape[axis]
    for k in range(size):
        z[(*before, slice(k, k + (count - 1) * step + 1, step))] += g[..., k]
    return z


# -- the rules --------------------------------------------------------------------------------------------

cast = rule(lambda x, *, dtype: x.astype(dtype), lambda g: g, name="cast")  # the engine casts it back
clone = rule(lambda x: x.copy(), lambda g: g, name="clone")
reshape = rule(
    lambda x, *, shape: np.reshape(x, shape), lambda g, _x: np.reshape(g, _x.shape), name="reshape", view=True
)
transpose = rule(
    lambda x, *, axes: np.transpose(x, axes),
    lambda g, axes: np.transpose(g, inverse(axes)),
    name="transpose",
    view=True,
)
broadcast_to = rule(lambda x, *, shape: np.broadcast_to(x, shape), lambda g: g, name="broadcast_to", view=True)
flip = rule(lambda x, *, axis: owned(np.flip(x, axis)), lambda g, axis: np.flip(g, axis), name="flip")
roll = rule(
    lambda x, *, shift, axis: np.roll(x, shift, axis), lambda g, shift, axis: np.roll(g, back(shift), axis), name="roll"
)
tile = rule(lambda x, *, reps: np.tile(x, reps), lambda g, _x, reps: copies_summed(g, _x.shape, reps), name="tile")
pad = rule(
    lambda x, *, widths, value: np.pad(x, widths, constant_values=value),
    lambda g, widths: inner(g, widths),
    name="pad",
)
tril = rule(lambda x, *, k: np.tril(x, k), lambda g, k: np.tril(g, k), name="tril")
triu = rule(lambda x, *, k: np.triu(x, k), lambda g, k: np.triu(g, k), name="triu")
diagonal = rule(
    lambda x, *, offset, axis1, axis2: diagonal_view(x, offset, axis1, axis2),
    lambda g, _x, offset, axis1, axis2: put_diagonal(g, _x.shape, offset, axis1, axis2),
    name="diagonal",
    view=True,
)
scatter_diagonal = rule(
    lambda x, *, shape, offset, axis1, axis2: put_diagonal(x, shape, offset, axis1, axis2),
    lambda g, offset, axis1, axis2: np.diagonal(g, offset, axis1, axis2),
    name="scatter_diagonal",
)
unfold = rule(
    lambda x, *, axis, size, step: windows(x, axis, size, step),
    lambda g, _x, axis, size, step: fold(g, _x.shape, axis, size, step),
    name="unfold",
    view=True,
)
overlap_add = rule(
    lambda x, *, shape, axis, size, step: fold(x, shape, axis, size, step),
    lambda g, axis, size, step: windows(g, axis, size, step),
    name="overlap_add",
)
