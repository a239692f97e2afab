"""NumPy's changes of shape, joins and cuts on Tensors, with NumPy's signatures."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_edu.dtypes import as_dtype
from tinygrad_edu.functions import broadcasting, joining, rearranging
from tinygrad_edu.functions import shaping as functions
from tinygrad_edu.numpy_api.table import stands_for
from tinygrad_edu.operands import as_operand
from tinygrad_edu.primitive import TensorBase, wrap
from tinygrad_edu.rules import joining as joins
from tinygrad_edu.rules import shaping as rules


def _stand_in(a: Any) -> Any:
    """An array of the shape of `a` that holds no memory, to ask NumPy what a shape becomes."""
    return np.broadcast_to(np.empty((), bool), a.shape)


def _plain(x: Any) -> Any:
    """The array of a Tensor; anything else as it is."""
    return x._array if isinstance(x, TensorBase) else x


# -- shapes -----------------------------------------------------------------------------------------------


@stands_for(np.shape)
def _(a: Any) -> tuple[int, ...]:
    return tuple(a._array.shape)


@stands_for(np.ndim)
def _(a: Any) -> int:
    return int(a._array.ndim)


@stands_for(np.size)
def _(a: Any, axis: Any = None) -> int:
    return int(np.size(_stand_in(a._array), axis))


@stands_for(np.reshape)
def _(a: Any, /, shape: Any, *, order: str = "C", copy: bool | None = None) -> Any:
    if order not in ("C", "A"):
        raise TypeError(f"np.reshape on a Tensor: order={order!r} is not supported; transpose first, then reshape")
    y = rules.reshape(a, shape=(shape,) if isinstance(shape, (int, np.integer)) else tuple(shape))
    return rules.clone(y) if copy else y


@stands_for(np.ravel)
def _(a: Any, order: str = "C") -> Any:
    if order not in ("C", "A"):
        raise TypeError(f"np.ravel on a Tensor: order={order!r} is not supported; transpose first, then ravel")
    return rules.reshape(a, shape=(-1,))


@stands_for(np.transpose)
def _(a: Any, axes: Any = None) -> Any:
    return functions.permute(a, tuple(reversed(range(a.ndim))) if axes is None else tuple(axes))


@stands_for(np.permute_dims)
def _(a: Any, axes: Any = None) -> Any:
    return functions.permute(a, tuple(reversed(range(a.ndim))) if axes is None else tuple(axes))


@stands_for(np.swapaxes)
def _(a: Any, axis1: int, axis2: int) -> Any:
    return functions.transpose(a, axis1, axis2)


@stands_for(np.moveaxis)
def _(a: Any, source: Any, destination: Any) -> Any:
    return functions.movedim(a, source, destination)


@stands_for(np.rollaxis)
def _(a: Any, axis: int, start: int = 0) -> Any:
    strides = np.rollaxis(np.empty(range(1, a.ndim + 1), bool), axis, start).shape
    return rules.transpose(a, axes=tuple(n - 1 for n in strides))


@stands_for(np.broadcast_to)
def _(array: Any, shape: Any) -> Any:
    return rules.broadcast_to(array, shape=(shape,) if isinstance(shape, (int, np.integer)) else tuple(shape))


@stands_for(np.broadcast_arrays)
def _(*args: Any) -> tuple[Any, ...]:
    return broadcasting.broadcast_tensors(*args)


@stands_for(np.expand_dims)
def _(a: Any, axis: Any) -> Any:
    return rules.reshape(a, shape=np.expand_dims(_stand_in(a), axis).shape)


@stands_for(np.squeeze)
def _(a: Any, axis: Any = None) -> Any:
    return rules.reshape(a, shape=np.squeeze(_stand_in(a), axis).shape)


@stands_for(np.atleast_1d)
def _(*arys: Any) -> Any:
    return broadcasting.atleast_1d(*arys)


@stands_for(np.atleast_2d)
def _(*arys: Any) -> Any:
    return broadcasting.atleast_2d(*arys)


@stands_for(np.atleast_3d)
def _(*arys: Any) -> Any:
    return broadcasting.atleast_3d(*arys)


# -- order and repetition ---------------------------------------------------------------------------------


@stands_for(np.flip)
def _(m: Any, axis: Any = None) -> Any:
    return rules.flip(m, axis=axis)


@stands_for(np.flipud)
def _(m: Any) -> Any:
    return rules.flip(m, axis=0)


@stands_for(np.fliplr)
def _(m: Any) -> Any:
    return rules.flip(m, axis=1)


@stands_for(np.roll)
def _(a: Any, shift: Any, axis: Any = None) -> Any:
    return rules.roll(a, shift=shift, axis=axis)


@stands_for(np.rot90)
def _(m: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    return rearranging.rot90(m, k, axes)


@stands_for(np.tile)
def _(A: Any, reps: Any) -> Any:
    return rules.tile(A, reps=(reps,) if isinstance(reps, (int, np.integer)) else tuple(reps))


@stands_for(np.repeat)
def _(a: Any, repeats: Any, axis: Any = None) -> Any:
    return rearranging.repeat_interleave(a, _plain(repeats), axis)


@stands_for(np.pad)
def _(array: Any, pad_width: Any, mode: str = "constant", *, constant_values: Any = 0) -> Any:
    if mode != "constant" or not isinstance(constant_values, (int, float)):
        raise TypeError(
            f"np.pad on a Tensor supports mode='constant' with one number, not mode={mode!r}, "
            f"constant_values={constant_values!r}. For reflect, replicate and circular use nn.functional.pad."
        )
    widths = np.broadcast_to(np.asarray(pad_width), (array.ndim, 2))
    return rules.pad(array, widths=tuple((int(a), int(b)) for a, b in widths), value=constant_values)


@stands_for(np.copy)
def _(a: Any, order: str = "K") -> Any:
    return rules.clone(a)


@stands_for(np.ascontiguousarray)
def _(a: Any) -> Any:
    return functions.contiguous(a)


# -- joins and cuts ---------------------------------------------------------------------------------------


@stands_for(np.concatenate)
def _(arrays: Any, /, axis: Any = 0, *, dtype: Any = None) -> Any:
    y = joining.cat(arrays, axis) if axis is not None else joining.cat([rules.reshape(a, shape=(-1,)) for a in arrays])
    return y if dtype is None else rules.cast(y, dtype=as_dtype(dtype))


@stands_for(np.stack)
def _(arrays: Any, axis: int = 0, *, dtype: Any = None) -> Any:
    y = joining.stack(arrays, axis)
    return y if dtype is None else rules.cast(y, dtype=as_dtype(dtype))


@stands_for(np.hstack)
def _(tup: Any) -> Any:
    return joining.hstack(tup)


@stands_for(np.vstack)
def _(tup: Any) -> Any:
    return joining.vstack(tup)


@stands_for(np.dstack)
def _(tup: Any) -> Any:
    return joining.dstack(tup)


@stands_for(np.column_stack)
def _(tup: Any) -> Any:
    return joining.column_stack(tup)


@stands_for(np.append)
def _(arr: Any, values: Any, axis: Any = None) -> Any:
    pair = [wrap(np.asarray(as_operand(a, "np.append"))) if not isinstance(a, TensorBase) else a for a in (arr, values)]
    if axis is None:
        return joining.cat([rules.reshape(a, shape=(-1,)) for a in pair])
    return joining.cat(pair, axis)


def _seams(ary: Any, parts: Any, axis: int, equal: bool) -> tuple[int, ...]:
    """Where the parts begin (but the first); `parts` is their number, or the seams themselves."""
    if not isinstance(parts, (int, np.integer)):
        return tuple(int(k) for k in _plain(parts))
    n = ary.shape[axis]
    if equal and n % parts:
        raise ValueError(
            f"np.split: {n} elements along axis {axis} do not make {parts} equal parts; use np.array_split"
        )
    return tuple(int(k) for k in np.cumsum([n // parts + (k < n % parts) for k in range(parts - 1)], dtype=int))


@stands_for(np.split)
def _(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    return list(joins.split(ary, seams=_seams(ary, indices_or_sections, axis, True), axis=axis))


@stands_for(np.array_split)
def _(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    return list(joins.split(ary, seams=_seams(ary, indices_or_sections, axis, False), axis=axis))


@stands_for(np.hsplit)
def _(ary: Any, indices_or_sections: Any) -> Any:
    return np.split(ary, indices_or_sections, 1 if ary.ndim > 1 else 0)


@stands_for(np.vsplit)
def _(ary: Any, indices_or_sections: Any) -> Any:
    return np.split(ary, indices_or_sections, 0)


@stands_for(np.dsplit)
def _(ary: Any, indices_or_sections: Any) -> Any:
    return np.split(ary, indices_or_sections, 2)


def _unstack(x: Any, /, *, axis: int = 0) -> Any:
    return joining.unbind(x, axis)


if hasattr(np, "unstack"):  # since NumPy 2.1
    stands_for(np.unstack)(_unstack)


@stands_for(np.meshgrid)
def _(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> Any:
    if sparse:
        raise TypeError("np.meshgrid on a Tensor: sparse=True is not supported; reshape the vectors instead")
    return list(joining.meshgrid(*xi, indexing=indexing))


# -- diagonals and triangles ------------------------------------------------------------------------------


@stands_for(np.diagonal)
def _(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    return rearranging.diagonal(a, offset, axis1, axis2)


@stands_for(np.diag)
def _(v: Any, k: int = 0) -> Any:
    return rearranging.diag(v, k)


@stands_for(np.diagflat)
def _(v: Any, k: int = 0) -> Any:
    return rearranging.diagflat(v, k)


@stands_for(np.trace)
def _(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Any:
    return np.sum(rearranging.diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype)


@stands_for(np.tril)
def _(m: Any, k: int = 0) -> Any:
    return rules.tril(m, k=k)


@stands_for(np.triu)
def _(m: Any, k: int = 0) -> Any:
    return rules.triu(m, k=k)


# -- new arrays like others -------------------------------------------------------------------------------


def _like(fill: Any, a: Any, dtype: Any, shape: Any) -> Any:
    d = None if dtype is None else as_dtype(dtype)
    return wrap(fill(np.empty(_plain(a).shape if shape is None else shape, d or _plain(a).dtype)))


@stands_for(np.zeros_like)
def _(a: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None) -> Any:
    return _like(np.zeros_like, a, dtype, shape)


@stands_for(np.ones_like)
def _(a: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None) -> Any:
    return _like(np.ones_like, a, dtype, shape)


@stands_for(np.empty_like)
def _(prototype: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None) -> Any:
    return _like(np.empty_like, prototype, dtype, shape)


@stands_for(np.full_like)
def _(a: Any, fill_value: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None) -> Any:
    if isinstance(fill_value, TensorBase):  # a Tensor keeps its gradient
        return functions.clone(rules.broadcast_to(fill_value, shape=_plain(a).shape if shape is None else shape))
    return _like(lambda e: np.full_like(e, fill_value), a, dtype, shape)
