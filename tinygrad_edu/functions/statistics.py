"""Variances, medians, quantiles, covariances and counts. A median of an even number of elements is the lower one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.dtypes import refuse_complex
from tinygrad_edu.functions.axes import ValuesAndIndices, at, floats, lines, nonempty, over
from tinygrad_edu.functions.names import numpy_names
from tinygrad_edu.functions.pointwise import floating, raw
from tinygrad_edu.functions.shaping import lifted, movedim, one_axis
from tinygrad_edu.functions.sorting import order, sort
from tinygrad_edu.primitive import TensorBase, wrap
from tinygrad_edu.rules import elementwise, indexing, linalg, shaping
from tinygrad_edu.rules import reductions as rules

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "bincount", "corrcoef", "cov", "histc", "median", "nanmedian", "nanquantile", "quantile", "std", "std_mean",
    "var", "var_mean",
]  # fmt: skip


# -- variances ----------------------------------------------------------------------------------------------


def _deviation(
    rule: Any, name: str, input: Any, dim: Any, unbiased: bool | None, keepdim: bool, correction: float | None
) -> tuple[Any, Any, Any, bool]:
    """The result of `var` or `std`, and what the mean of the same would be called with."""
    if isinstance(dim, bool):  # PyTorch's var(input, unbiased)
        dim, unbiased = None, dim
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    elif unbiased is not None:
        raise TypeError(f"{name}: give unbiased or correction, not both (unbiased=False is correction=0)")
    x = floats(name, input)
    axis = over(dim, x._array.ndim, name)
    return rule(x, axis=axis, correction=correction, keepdims=keepdim), x, axis, keepdim


@numpy_names
def var(
    input: Any, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: float | None = None
) -> Tensor:
    """The variance over the dimensions `dim`: Σ (x − mean)² / (n − correction), by default with correction 1.

    Args:
        unbiased: True and False are corrections 1 and 0. May be the second argument, as in PyTorch.

    Raises RuntimeError for integers and bools.

    >>> import tinygrad_edu as tg
    >>> tg.var(tg.tensor([1., 2., 3.])), tg.var(tg.tensor([1., 3.]), correction=0)
    (tensor(1.), tensor(1.))
    """
    out: Tensor = _deviation(rules.var, "var", input, dim, unbiased, keepdim, correction)[0]
    return out


@numpy_names
def std(
    input: Any, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: float | None = None
) -> Tensor:
    """The standard deviation over the dimensions `dim`: the root of `var`. Its gradient for constants is 0.

    >>> import tinygrad_edu as tg
    >>> tg.std(tg.tensor([1., 2., 3.]))
    tensor(1.)
    """
    out: Tensor = _deviation(rules.std, "std", input, dim, unbiased, keepdim, correction)[0]
    return out


@numpy_names
def var_mean(
    input: Any, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: float | None = None
) -> tuple[Tensor, Tensor]:
    """`var` and `mean`.

    >>> import tinygrad_edu as tg
    >>> tg.var_mean(tg.tensor([1., 2., 3.]))
    (tensor(1.), tensor(2.))
    """
    y, x, axis, keepdims = _deviation(rules.var, "var_mean", input, dim, unbiased, keepdim, correction)
    return y, rules.mean(x, axis=axis, keepdims=keepdims)


@numpy_names
def std_mean(
    input: Any, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: float | None = None
) -> tuple[Tensor, Tensor]:
    """`std` and `mean`.

    >>> import tinygrad_edu as tg
    >>> tg.std_mean(tg.tensor([1., 2., 3.]))
    (tensor(1.), tensor(2.))
    """
    y, x, axis, keepdims = _deviation(rules.std, "std_mean", input, dim, unbiased, keepdim, correction)
    return y, rules.mean(x, axis=axis, keepdims=keepdims)


# -- medians and quantiles ----------------------------------------------------------------------------------


@numpy_names
def median(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """The middle element in order, the lower one of two; along one dimension `dim` with its index. NaN if one is.

    Returns:
        Without `dim` a tensor (equal elements share its gradient). With `dim` a named tuple (values, indices):
        the gradient goes to the index that is returned.

    >>> import tinygrad_edu as tg
    >>> tg.median(tg.tensor([4., 1., 3., 2.]))
    tensor(2.)
    >>> tg.median(tg.tensor([[4., 1., 3.]]), dim=1)
    ValuesAndIndices(values=tensor([3.]), indices=tensor([2]))
    """
    if dim is None:
        return rules.median(lifted(input, "median"))
    return _middle(input, dim, keepdim, False)


@numpy_names
def nanmedian(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """`median` of what is not NaN.

    >>> import tinygrad_edu as tg
    >>> tg.nanmedian(tg.tensor([float("nan"), 1., 3., 2.]))
    tensor(2.)
    """
    if dim is not None:
        return _middle(input, dim, keepdim, True)
    x = lifted(input, "nanmedian")
    there = ~np.isnan(x._array)
    return rules.median(x if np.all(there) else indexing.getitem(x, index=(there,)))


@lines
def _middle(input: Any, dim: Any, keepdim: bool, ignore_nan: bool) -> ValuesAndIndices:
    name = "nanmedian" if ignore_nan else "median"
    a, axis = input._array, one_axis(dim, input._array.ndim, name)
    nonempty(name, a.shape, axis)
    missing = np.isnan(a)
    there = np.sum(~missing, axis=axis, keepdims=True)
    found = np.take_along_axis(order(a, axis), np.maximum(there - 1, 0) // 2, axis)
    if not ignore_nan:
        found = np.where(there < a.shape[axis], np.argmax(missing, axis=axis, keepdims=True), found)
    return at(input, found, axis, keepdim)


INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantile(name: str, input: Any, q: Any, dim: Any, keepdim: bool, interpolation: str, ignore_nan: bool) -> Tensor:
    """Sort, and go q of the way through what is there, between the neighbours as `interpolation` says."""
    x, levels = floats(name, input), raw(q, name)
    if interpolation not in INTERPOLATIONS:
        raise RuntimeError(f"{name}: interpolation must be one of {', '.join(INTERPOLATIONS)}, not {interpolation!r}")
    if np.ndim(levels) > 1:
        raise RuntimeError(f"{name}: q must be a number or a line of numbers, but its shape is {np.shape(levels)}")
    if not np.all((levels >= 0) & (levels <= 1)):
        raise RuntimeError(f"{name}: q must be in the range [0, 1] but got {levels}")
    ndim = x._array.ndim
    axis = 0 if dim is None else one_axis(dim, ndim, name)
    kept = [1] * ndim if dim is None else [1 if k == axis else n for k, n in enumerate(x._array.shape)]
    x = shaping.reshape(x, shape=(-1,)) if dim is None or ndim == 0 else movedim(x, axis, -1)
    n = x._array.shape[-1]
    if n == 0:
        raise RuntimeError(f"{name}: needs at least one element along the dimension, but the shape is {x._array.shape}")
    rising = sort(x).values
    missing = np.sum(np.isnan(x._array), axis=-1, keepdims=True)
    last = np.maximum(n - 1 - missing, 0) if ignore_nan else n - 1
    step = lifted(q, name) if isinstance(q, TensorBase) else wrap(np.asarray(q, x._array.dtype))
    place = elementwise.multiply(shaping.reshape(step, shape=(-1,)), wrap(np.asarray(last, x._array.dtype)))
    if not ignore_nan:  # NaNs are sorted to the end: that is where a line with one ends up
        place = elementwise.where(missing > 0, last, place)
    place = shaping.broadcast_to(place, shape=(*x._array.shape[:-1], step._array.size))
    low, high = np.floor(place._array), np.ceil(place._array)
    if interpolation in ("lower", "higher", "nearest"):
        near = {"lower": low, "higher": high, "nearest": np.rint(place._array)}[interpolation]
        y = indexing.take_along_axis(rising, near.astype(np.int64), axis=x._array.ndim - 1)
    else:
        a, b = (indexing.take_along_axis(rising, k.astype(np.int64), axis=x._array.ndim - 1) for k in (low, high))
        y = elementwise.lerp(a, b, 0.5 if interpolation == "midpoint" else elementwise.subtract(place, low))
    y = movedim(y, -1, 0) if y._array.ndim > 1 else y
    shape = tuple(kept) if keepdim else y._array.shape[1:]
    return shaping.reshape(y, shape=shape if np.ndim(levels) == 0 else (step._array.size, *shape))


@numpy_names
def quantile(input: Any, q: Any, dim: Any = None, keepdim: bool = False, *, interpolation: str = "linear") -> Tensor:
    """The values that a share q of the elements lies below, along `dim` or over all. NaN if one is.

    Args:
        q: between 0 and 1; for a line of them the result has a first dimension more.
        interpolation: between the neighbours "linear", "midpoint", or "lower", "higher", "nearest".

    >>> import tinygrad_edu as tg
    >>> tg.quantile(tg.tensor([1., 2., 3., 4.]), tg.tensor([0.25, 0.5]))
    tensor([1.7500, 2.5000])
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation, False)


@numpy_names
def nanquantile(input: Any, q: Any, dim: Any = None, keepdim: bool = False, *, interpolation: str = "linear") -> Tensor:
    """`quantile` of what is not NaN.

    >>> import tinygrad_edu as tg
    >>> tg.nanquantile(tg.tensor([1., float("nan"), 2.]), 0.5)
    tensor(1.5000)
    """
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, True)


# -- covariances --------------------------------------------------------------------------------------------


def _weights(name: str, w: Any, n: int) -> Any:
    w = lifted(w, "cov")
    if w._array.shape != (n,):
        raise RuntimeError(f"cov: {name} must have one weight per observation, ({n},), not {tuple(w._array.shape)}")
    if np.any(w._array < 0):
        raise RuntimeError(f"cov: {name} cannot be negative")
    return w


def cov(input: Any, *, correction: float = 1, fweights: Any = None, aweights: Any = None) -> Tensor:
    """The covariances of variables (rows) over observations (columns): (D, N) → (D, D); of a line its variance.

    Args:
        fweights: how often each observation was made.
        aweights: how much each observation counts.

    >>> import tinygrad_edu as tg
    >>> tg.cov(tg.tensor([[1., 2., 3.], [2., 4., 6.]]))
    tensor([[1., 2.],
            [2., 4.]])
    """
    x = floating(lifted(input, "cov"))
    refuse_complex("cov", x._array)
    if x._array.ndim > 2:
        raise RuntimeError(f"cov: expected input to have two or fewer dimensions, got shape {tuple(x._array.shape)}")
    if x._array.ndim < 2:
        x = shaping.reshape(x, shape=(1, -1))
    n = x._array.shape[1]
    w = None if fweights is None else _weights("fweights", fweights, n)
    if w is not None and w._array.dtype.kind == "f":
        raise RuntimeError("cov: fweights are counts and must be integers; weights that are not are aweights")
    if aweights is not None:
        a = _weights("aweights", aweights, n)
        w = a if w is None else elementwise.multiply(w, a)
    if w is None:
        d = elementwise.subtract(x, rules.mean(x, axis=1, keepdims=True))
        weighted, freedom = d, max(n - correction, 0)
    else:
        total = rules.sum(w)
        average = elementwise.divide(rules.sum(elementwise.multiply(x, w), axis=1, keepdims=True), total)
        lost: Any = correction
        if aweights is not None:
            lost = elementwise.divide(elementwise.multiply(rules.sum(elementwise.multiply(w, a)), correction), total)
        freedom = elementwise.maximum(elementwise.subtract(total, lost), 0)
        d = elementwise.subtract(x, average)
        weighted = elementwise.multiply(d, w)
    c = elementwise.divide(linalg.matmul(d, shaping.transpose(weighted, axes=(1, 0))), freedom)
    return shaping.reshape(c, shape=()) if c._array.size == 1 else c


def corrcoef(input: Any) -> Tensor:
    """The correlations of variables (rows) over observations (columns), between −1 and 1: (D, N) → (D, D).

    >>> import tinygrad_edu as tg
    >>> tg.corrcoef(tg.tensor([[1., 2., 3.], [3., 2., 1.]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    c = cov(input)
    if c._array.ndim == 0:
        return elementwise.divide(c, c)
    s = elementwise.sqrt(shaping.diagonal(c, offset=0, axis1=0, axis2=1))
    c = elementwise.divide(elementwise.divide(c, shaping.reshape(s, shape=(-1, 1))), s)
    return elementwise.clip(c, min=-1, max=1)


# -- counts -------------------------------------------------------------------------------------------------


def bincount(input: Any, weights: Any = None, minlength: int = 0) -> Tensor:
    """How often each of 0, 1, 2, … occurs in a line of integers, or the sums of their weights.

    Raises RuntimeError for floats, negative numbers, and anything but a line.

    >>> import tinygrad_edu as tg
    >>> tg.bincount(tg.tensor([0, 2, 2]), minlength=4)
    tensor([1, 0, 2, 0])
    """
    a = lifted(input, "bincount")._array
    if a.ndim != 1 or a.dtype.kind not in "iu" or np.any(a < 0):
        raise RuntimeError(
            f"bincount: only supports 1-d non-negative integral inputs, got {a.dtype} of shape {tuple(a.shape)}"
            + (f" with the smallest element {np.min(a)}" if a.ndim == 1 and a.size else "")
        )
    if minlength < 0:
        raise RuntimeError(f"bincount: minlength must be at least 0, got {minlength}")
    if weights is None:
        return wrap(np.bincount(a, minlength=minlength))
    w = lifted(weights, "bincount")
    if w._array.shape != a.shape:
        raise RuntimeError(f"bincount: input and weights differ in shape: {tuple(a.shape)} and {tuple(w._array.shape)}")
    if w._array.dtype.kind != "f":
        w = wrap(w._array.astype(np.float64))
    return indexing.scatter_rows(w, a.astype(np.int64), shape=(max(minlength, int(np.max(a, initial=-1)) + 1),), axis=0)


def histc(input: Any, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """How many elements fall into each of `bins` equal intervals from min to max; by default of the whole range.

    The counts are in the input's dtype and carry no gradient.

    >>> import tinygrad_edu as tg
    >>> tg.histc(tg.tensor([1., 2., 2., 4.]), bins=3)
    tensor([1., 2., 1.])
    """
    a = floats("histc", input)._array
    if bins <= 0 or min > max:
        raise RuntimeError(f"histc: bins must be positive and max at least min, got bins={bins}, min={min}, max={max}")
    low, high = float(min), float(max)
    if low == high and a.size:
        low, high = float(np.min(a)), float(np.max(a))
    if not np.isfinite([low, high]).all():
        raise RuntimeError(f"histc: range of [{low}, {high}] is not finite: give min and max, or remove NaN and inf")
    if low == high:
        low, high = low - 1, high + 1
    inside = a[(a >= low) & (a <= high)]
    return wrap(np.histogram(inside, int(bins), (low, high))[0].astype(a.dtype))
