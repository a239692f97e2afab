"""NumPy's order, quantiles, covariances and counts on Tensors, with NumPy's signatures and meanings.

`np.median` takes the mean of the two middle elements where `tinygrad_edu.median` takes the lower one.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from tinygrad_edu.functions import sorting, statistics
from tinygrad_edu.functions.axes import whole
from tinygrad_edu.functions.shaping import one_axis
from tinygrad_edu.numpy_api.reductions import given
from tinygrad_edu.numpy_api.table import stands_for
from tinygrad_edu.primitive import TensorBase
from tinygrad_edu.rules import elementwise, indexing, joining, shaping


def _plain(x: Any) -> Any:
    return x._array if isinstance(x, TensorBase) else x


def _line(a: Any, axis: Any) -> tuple[Any, Any]:
    """The tensor and the axis to run along: flat if there is none."""
    return (shaping.reshape(a, shape=(-1,)), 0) if axis is None else (a, one_axis(axis, a._array.ndim, "axis"))


# -- order --------------------------------------------------------------------------------------------------


@stands_for(np.sort)
def _(a: Any, axis: Any = -1, kind: Any = None, *, stable: Any = None) -> Any:
    return sorting.sort(*_line(a, axis)).values


@stands_for(np.argsort)
def _(a: Any, axis: Any = -1, kind: Any = None, *, stable: Any = None) -> Any:
    return sorting.argsort(*_line(a, axis))


@stands_for(np.partition)
def _(a: Any, kth: Any, axis: Any = -1) -> Any:
    x, k = _line(a, axis)
    return indexing.take_along_axis(x, np.argpartition(x._array, kth, k), axis=k)


@stands_for(np.argpartition)
def _(a: Any, kth: Any, axis: Any = -1) -> Any:
    return whole(np.argpartition(a._array, kth, axis))


@stands_for(np.lexsort)
def _(keys: Any, axis: int = -1) -> Any:
    return whole(np.lexsort(tuple(map(_plain, keys)) if isinstance(keys, (tuple, list)) else keys._array, axis))


@stands_for(np.unique)
def _(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: Any = None,
    *,
    equal_nan: bool = True,
) -> Any:
    x = ar if axis is not None else shaping.reshape(ar, shape=(-1,))
    unique: Any = np.unique  # its overloads do not cover this use
    _, first, *more = unique(ar._array, True, return_inverse, return_counts, axis, equal_nan=equal_nan)
    values = indexing.take(x, first, axis=0 if axis is None else one_axis(axis, x._array.ndim, "np.unique"))
    extras = [whole(e) for e in ([first] if return_index else []) + more]
    return (values, *extras) if extras else values


@stands_for(np.searchsorted)
def _(a: Any, v: Any, side: Literal["left", "right"] = "left", sorter: Any = None) -> Any:
    return whole(np.searchsorted(_plain(a), _plain(v), side, _plain(sorter)))


@stands_for(np.digitize)
def _(x: Any, bins: Any, right: bool = False) -> Any:
    return whole(np.digitize(_plain(x), _plain(bins), right))


# -- quantiles ----------------------------------------------------------------------------------------------


def _quantiles(name: str, a: Any, q: Any, axis: Any, method: str, keepdims: bool, ignore_nan: bool) -> Any:
    """Quantiles over any axes: those that are reduced are made one. Raises TypeError for NumPy's other methods."""
    if method not in statistics.INTERPOLATIONS:
        known = ", ".join(statistics.INTERPOLATIONS)
        raise TypeError(f"np.{name} on a Tensor: method={method!r} is not supported; use one of {known}")
    x, function = given(a, name), statistics.nanquantile if ignore_nan else statistics.quantile
    q = q if isinstance(q, TensorBase) else np.asarray(q)
    if not isinstance(axis, (tuple, list)):
        return function(x, q, axis, keepdims, interpolation=method)
    ndim, shape = x._array.ndim, x._array.shape
    over = sorted(one_axis(k, ndim, f"np.{name}") for k in axis)
    rest = [k for k in range(ndim) if k not in over]
    flat = shaping.reshape(shaping.transpose(x, axes=(*rest, *over)), shape=(*(shape[k] for k in rest), -1))
    y = function(flat, q, -1, interpolation=method)
    if keepdims:
        kept = tuple(1 if k in over else n for k, n in enumerate(shape))
        y = shaping.reshape(y, shape=(*np.shape(_plain(q)), *kept))
    return y


def _median(name: str, a: Any, axis: Any, keepdims: bool, ignore_nan: bool) -> Any:
    if a._array.dtype.kind != "f":
        a = elementwise.multiply(a, 1.0)
    return _quantiles(name, a, 0.5, axis, "midpoint", keepdims, ignore_nan)


@stands_for(np.median)
def _(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return _median("median", a, axis, keepdims, False)


@stands_for(np.nanmedian)
def _(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return _median("nanmedian", a, axis, keepdims, True)


def _percent(q: Any) -> Any:
    return elementwise.divide(q, 100) if isinstance(q, TensorBase) else np.true_divide(q, 100)


@stands_for(np.quantile)
def _(a: Any, q: Any, axis: Any = None, *, method: str = "linear", keepdims: bool = False) -> Any:
    return _quantiles("quantile", a, q, axis, method, keepdims, False)


@stands_for(np.nanquantile)
def _(a: Any, q: Any, axis: Any = None, *, method: str = "linear", keepdims: bool = False) -> Any:
    return _quantiles("nanquantile", a, q, axis, method, keepdims, True)


@stands_for(np.percentile)
def _(a: Any, q: Any, axis: Any = None, *, method: str = "linear", keepdims: bool = False) -> Any:
    return _quantiles("percentile", a, _percent(q), axis, method, keepdims, False)


@stands_for(np.nanpercentile)
def _(a: Any, q: Any, axis: Any = None, *, method: str = "linear", keepdims: bool = False) -> Any:
    return _quantiles("nanpercentile", a, _percent(q), axis, method, keepdims, True)


# -- covariances --------------------------------------------------------------------------------------------


def _variables(m: Any, y: Any, rowvar: bool) -> Any:
    """The variables as rows, those of `y` after those of `m`."""

    def rows(x: Any) -> Any:
        x = given(x, "cov")
        if x._array.ndim > 2:
            raise ValueError(f"np.cov: expects at most 2 dimensions, got shape {tuple(x._array.shape)}")
        if x._array.ndim < 2:
            return shaping.reshape(x, shape=(1, -1))
        return x if rowvar or x._array.shape[0] == 1 else shaping.transpose(x, axes=(1, 0))

    return rows(m) if y is None else joining.concatenate(rows(m), rows(y), axis=0)


@stands_for(np.cov)
def _(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: Any = None,
    fweights: Any = None,
    aweights: Any = None,
) -> Any:
    correction = (0 if bias else 1) if ddof is None else ddof
    return statistics.cov(_variables(m, y, rowvar), correction=correction, fweights=fweights, aweights=aweights)


@stands_for(np.corrcoef)
def _(x: Any, y: Any = None, rowvar: bool = True) -> Any:
    return statistics.corrcoef(_variables(x, y, rowvar))


# -- counts -------------------------------------------------------------------------------------------------


@stands_for(np.bincount)
def _(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    return statistics.bincount(x, weights, minlength)


@stands_for(np.histogram)
def _(a: Any, bins: Any = 10, range: Any = None) -> Any:
    counts, edges = np.histogram(_plain(a), _plain(bins), range)
    return whole(counts), whole(edges)
