"""NumPy's reductions and cumulative functions on Tensors, with NumPy's signatures.

Where they differ from PyTorch's functions of the same name, these are NumPy's: `ddof` is 0 by default, an empty
tuple of axes reduces over none, cumulative functions flatten if there is no axis.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_edu.functions import cumulative as along
from tinygrad_edu.functions.axes import cut, in_dtype, nonempty, whole
from tinygrad_edu.functions.pointwise import floating
from tinygrad_edu.functions.shaping import lifted, many_axes
from tinygrad_edu.numpy_api.table import stands_for
from tinygrad_edu.primitive import wrap
from tinygrad_edu.rules import elementwise, joining, reductions, shaping


def _axes(axis: Any, x: Any, name: str) -> Any:
    return None if axis is None else many_axes(axis, x._array.ndim, f"np.{name}")


def given(x: Any, name: str) -> Any:
    """What NumPy takes for an array (lists, too) as a Tensor."""
    return lifted(x if hasattr(x, "__array_function__") else np.asarray(x), f"np.{name}")


def _mean(a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
    x = floating(in_dtype(a, dtype, "mean"))
    return reductions.mean(x, axis=_axes(axis, x, "mean"), keepdims=keepdims)


# -- sums, products, means ----------------------------------------------------------------------------------


@stands_for(np.sum)
def _(a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Any:
    x = in_dtype(a, dtype, "sum")
    return reductions.sum(x, axis=_axes(axis, x, "sum"), keepdims=keepdims)


@stands_for(np.mean)
def _(a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Any:
    return _mean(a, axis, dtype, keepdims)


@stands_for(np.prod)
def _(a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Any:
    x = in_dtype(a, dtype, "prod")
    return reductions.prod(x, axis=_axes(axis, x, "prod"), keepdims=keepdims)


def _spread_by(rule: Any) -> Any:
    def adapter(
        a: Any, axis: Any = None, dtype: Any = None, *, ddof: float = 0, keepdims: bool = False, correction: Any = None
    ) -> Any:
        x = floating(in_dtype(a, dtype, "var"))
        d = ddof if correction is None else correction
        return rule(x, axis=_axes(axis, x, "var"), correction=d, keepdims=keepdims)

    return adapter


stands_for(np.var)(_spread_by(reductions.var))
stands_for(np.std)(_spread_by(reductions.std))


@stands_for(np.average)
def _(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: bool = False) -> Any:
    x = floating(given(a, "average"))
    axes = _axes(axis, x, "average")
    if weights is None:
        y, total = _mean(x, axes, keepdims=keepdims), None
        return (y, wrap(np.full(y._array.shape, x._array.size / max(y._array.size, 1)))) if returned else y
    w = given(weights, "average")
    if w._array.shape != x._array.shape:
        if axes is None or len(axes) != 1 or w._array.shape != (x._array.shape[axes[0]],):
            raise TypeError(
                f"np.average: weights must have the tensor's shape {tuple(x._array.shape)}, or be one line along one "
                f"axis; they have shape {tuple(w._array.shape)}"
            )
        w = shaping.reshape(w, shape=tuple(-1 if k == axes[0] else 1 for k in range(x._array.ndim)))
        w = shaping.broadcast_to(w, shape=x._array.shape)
    total = reductions.sum(w, axis=axes, keepdims=keepdims)
    y = elementwise.divide(reductions.sum(elementwise.multiply(x, w), axis=axes, keepdims=keepdims), total)
    return (y, total) if returned else y


# -- extremes -----------------------------------------------------------------------------------------------


def _largest(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    axes = _axes(axis, a, "max")
    nonempty("np.max", a._array.shape, axes)
    return reductions.amax(a, axis=axes, keepdims=keepdims)


def _smallest(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    axes = _axes(axis, a, "min")
    nonempty("np.min", a._array.shape, axes)
    return reductions.amin(a, axis=axes, keepdims=keepdims)


stands_for(np.max, np.amax)(_largest)
stands_for(np.min, np.amin)(_smallest)


@stands_for(np.ptp)
def _(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return elementwise.subtract(_largest(a, axis, keepdims=keepdims), _smallest(a, axis, keepdims=keepdims))


# -- NaN left out -------------------------------------------------------------------------------------------


def _filled(a: Any, value: float) -> Any:
    """`a`, with `value` for NaN."""
    return elementwise.where(np.isnan(a._array), value, a) if a._array.dtype.kind == "f" else a


def _number(a: Any, axis: Any, keepdims: bool) -> Any:
    """How many elements are not NaN."""
    return whole(np.sum(~np.isnan(a._array), axis=axis, keepdims=keepdims))


def _nanvar(a: Any, axis: Any, ddof: float, keepdims: bool) -> Any:
    x, there = floating(a), ~np.isnan(a._array)
    mean = elementwise.divide(reductions.sum(_filled(x, 0), axis=axis, keepdims=True), _number(x, axis, True))
    d = elementwise.where(there, elementwise.subtract(x, mean), 0)
    freedom = elementwise.subtract(_number(x, axis, keepdims), ddof)
    return elementwise.divide(reductions.sum(elementwise.square(d), axis=axis, keepdims=keepdims), freedom)


@stands_for(np.nansum)
def _(a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Any:
    return reductions.sum(_filled(in_dtype(a, dtype, "sum"), 0), axis=_axes(axis, a, "nansum"), keepdims=keepdims)


@stands_for(np.nanprod)
def _(a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Any:
    return reductions.prod(_filled(in_dtype(a, dtype, "prod"), 1), axis=_axes(axis, a, "nanprod"), keepdims=keepdims)


@stands_for(np.nanmean)
def _(a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Any:
    axes, x = _axes(axis, a, "nanmean"), floating(in_dtype(a, dtype, "mean"))
    return elementwise.divide(reductions.sum(_filled(x, 0), axis=axes, keepdims=keepdims), _number(x, axes, keepdims))


@stands_for(np.nanvar)
def _(a: Any, axis: Any = None, dtype: Any = None, *, ddof: float = 0, keepdims: bool = False) -> Any:
    return _nanvar(in_dtype(a, dtype, "var"), _axes(axis, a, "nanvar"), ddof, keepdims)


@stands_for(np.nanstd)
def _(a: Any, axis: Any = None, dtype: Any = None, *, ddof: float = 0, keepdims: bool = False) -> Any:
    return elementwise.sqrt(_nanvar(in_dtype(a, dtype, "std"), _axes(axis, a, "nanstd"), ddof, keepdims))


def _nan_extreme(a: Any, axes: Any, keepdims: bool, rule: Any, none: float) -> Any:
    y = rule(_filled(a, none), axis=axes, keepdims=keepdims)
    return elementwise.where(_number(a, axes, keepdims)._array > 0, y, math.nan) if a._array.dtype.kind == "f" else y


@stands_for(np.nanmax)
def _(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return _nan_extreme(a, _axes(axis, a, "nanmax"), keepdims, reductions.amax, -math.inf)


@stands_for(np.nanmin)
def _(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return _nan_extreme(a, _axes(axis, a, "nanmin"), keepdims, reductions.amin, math.inf)


# -- along an axis ------------------------------------------------------------------------------------------


def _line(a: Any, axis: Any) -> tuple[Any, Any]:
    """The tensor and the axis to run along: flat if there is none."""
    return (shaping.reshape(a, shape=(-1,)), 0) if axis is None else (a, axis)


@stands_for(np.cumsum)
def _(a: Any, axis: Any = None, dtype: Any = None) -> Any:
    x, k = _line(a, axis)
    return along.cumsum(x, k, dtype=dtype)


@stands_for(np.cumprod)
def _(a: Any, axis: Any = None, dtype: Any = None) -> Any:
    x, k = _line(a, axis)
    return along.cumprod(x, k, dtype=dtype)


@stands_for(np.nancumsum)
def _(a: Any, axis: Any = None, dtype: Any = None) -> Any:
    x, k = _line(_filled(a, 0), axis)
    return along.cumsum(x, k, dtype=dtype)


@stands_for(np.nancumprod)
def _(a: Any, axis: Any = None, dtype: Any = None) -> Any:
    x, k = _line(_filled(a, 1), axis)
    return along.cumprod(x, k, dtype=dtype)


def _cumulative(function: Any, first: int) -> Any:
    def adapter(x: Any, /, *, axis: Any = None, dtype: Any = None, include_initial: bool = False) -> Any:
        if axis is None and x._array.ndim != 1:
            raise ValueError(f"np.{function.__name__}: say along which axis (the shape is {tuple(x._array.shape)})")
        k = (axis or 0) % x._array.ndim
        y = function(x, k, dtype=dtype)
        if include_initial:
            shape = (*y._array.shape[:k], 1, *y._array.shape[k + 1 :])
            y = joining.concatenate(np.full(shape, first, y._array.dtype), y, axis=k)
        return y

    return adapter


if hasattr(np, "cumulative_sum"):  # from NumPy 2.1 on
    stands_for(np.cumulative_sum)(_cumulative(along.cumsum, 0))
    stands_for(np.cumulative_prod)(_cumulative(along.cumprod, 1))


@stands_for(np.diff)
def _(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    x = given(a, "diff")
    k = axis % max(x._array.ndim, 1)

    def edge(e: Any) -> Any:
        if e is None:
            return None
        e = given(e, "diff")
        shape = x._array.shape
        return shaping.broadcast_to(e, shape=(*shape[:k], 1, *shape[k + 1 :])) if e._array.ndim == 0 else e

    return along.diff(x, n, k, edge(prepend), edge(append))


@stands_for(np.ediff1d)
def _(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    x = shaping.reshape(ary, shape=(-1,))
    d = elementwise.subtract(cut(x, 0, 1, None), cut(x, 0, None, -1))
    parts = [shaping.reshape(given(p, "ediff1d"), shape=(-1,)) for p in (to_begin, d, to_end) if p is not None]
    return joining.concatenate(*parts, axis=0) if len(parts) > 1 else d


@stands_for(np.trapezoid)
def _(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    return along.trapezoid(given(y, "trapezoid"), None if x is None else given(x, "trapezoid"), dx=dx, dim=axis)


# -- integers and bools -------------------------------------------------------------------------------------


@stands_for(np.argmax)
def _(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return whole(np.argmax(a._array, axis, keepdims=keepdims))


@stands_for(np.argmin)
def _(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return whole(np.argmin(a._array, axis, keepdims=keepdims))


@stands_for(np.nanargmax)
def _(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return whole(np.nanargmax(a._array, axis, keepdims=keepdims))


@stands_for(np.nanargmin)
def _(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return whole(np.nanargmin(a._array, axis, keepdims=keepdims))


@stands_for(np.any)
def _(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return whole(np.any(a._array, axis, keepdims=keepdims))


@stands_for(np.all)
def _(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return whole(np.all(a._array, axis, keepdims=keepdims))
