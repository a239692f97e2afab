"""What `dim` means to reductions and to functions along one dimension."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy import ndarray

from tinygrad_edu.dtypes import refuse_complex
from tinygrad_edu.functions.conversion import cast
from tinygrad_edu.functions.shaping import lifted, many_axes, one_axis
from tinygrad_edu.primitive import wrap
from tinygrad_edu.rules import elementwise, indexing, reductions, shaping

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["ValuesAndIndices", "at", "cut", "floats", "in_dtype", "lines", "nonempty", "over", "whole"]


class ValuesAndIndices(NamedTuple):
    """Elements of a tensor, and their positions along the dimension that they were chosen from."""

    values: Tensor
    indices: Tensor


def over(dim: Any, ndim: int, name: str) -> Any:
    """The axis or axes to reduce over: None for all, which is also what PyTorch takes an empty tuple for."""
    if dim is None or ndim == 0:
        if dim is not None:
            many_axes(dim, ndim, name)
        return None
    if not isinstance(dim, (tuple, list)):
        return one_axis(dim, ndim, name)
    return many_axes(dim, ndim, name) or None


def nonempty(name: str, shape: Any, axis: Any) -> None:
    """Raises IndexError (over all: RuntimeError) where a dimension to choose from has no elements."""
    if 0 not in shape:
        return
    if axis is None:
        raise RuntimeError(
            f"{name}: a tensor without elements (shape {tuple(shape)}) has none to choose. Name a dimension that is "
            f"not empty (dim=…), or check x.numel() first."
        )
    for k in axis if isinstance(axis, tuple) else (axis,):
        if shape[k] == 0:
            raise IndexError(
                f"{name}: Expected reduction dim {k} to have non-zero size, but the shape is {tuple(shape)}: there is "
                f"nothing to choose from"
            )


def floats(name: str, x: Any) -> Any:
    """`x` as a Tensor. Raises RuntimeError if it holds integers or bools."""
    x = lifted(x, name)
    if x._array.dtype.kind != "f":
        refuse_complex(name, x._array)
        raise RuntimeError(f"{name}: expected a floating point tensor, got {x._array.dtype}. Convert it: x.float().")
    return x


def in_dtype(input: Any, dtype: Any, name: str) -> Any:
    """`input`, cast to `dtype` if one is given."""
    return input if dtype is None else cast(lifted(input, name), dtype)


def whole(a: Any) -> Any:
    """Integers and bools, which carry no gradient, as a Tensor."""
    return wrap(np.asarray(a) if isinstance(a, (np.generic, bool, int)) else a)


def lines(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: to a function along one dimension, a tensor without dimensions is a line of one element."""

    @wraps(function)
    def call(input: Any, *args: Any, **kwargs: Any) -> Any:
        x = lifted(input, function.__name__)
        if x._array.shape != ():
            return function(x, *args, **kwargs)
        out = function(shaping.reshape(x, shape=(1,)), *args, **kwargs)
        if isinstance(out, tuple):
            return type(out)(*(shaping.reshape(t, shape=()) for t in out))
        return shaping.reshape(out, shape=())

    return call


def at(x: Any, indices: Any, axis: int, keepdim: bool) -> ValuesAndIndices:
    """One element from each line of `x` along `axis`: `indices` has one there."""
    if type(x._array) is ndarray:
        values = indexing.take_along_axis(x, indices, axis=axis)
    else:  # other libraries pick one element by comparing positions
        places = np.arange(x._array.shape[axis]).reshape(-1, *(1,) * (x._array.ndim - axis - 1))
        values = reductions.sum(elementwise.where(indices == places, x, 0), axis=axis, keepdims=True)
    if not keepdim:
        shape = indices.shape[:axis] + indices.shape[axis + 1 :]
        values, indices = shaping.reshape(values, shape=shape), indices.reshape(shape)
    return ValuesAndIndices(values, wrap(indices))


def cut(x: Any, axis: int, start: int | None, stop: int | None) -> Any:
    """The elements from `start` to `stop` along `axis`."""
    return indexing.getitem(x, index=(*(slice(None),) * axis, slice(start, stop)))
