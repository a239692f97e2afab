"""NumPy's reductions, order and statistics called on Tensors mean what they mean on arrays, and are recorded."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy import nan
from numpy.testing import assert_allclose, assert_array_equal

from tinygrad_edu.autograd.gradcheck import gradcheck
from tinygrad_edu.primitive import NUMPY, TensorBase, wrap

A = np.array([[1.5, -2.0, 0.3, 4.0], [0.7, 3.1, -1.2, 2.2], [5.0, 0.1, 2.9, -0.4]])
LINE = np.array([0.5, 2.0, -1.0, 3.0])
HOLES = np.where(A > 3, nan, A)

CALLS = {
    "sum": lambda x: np.sum(x, 0),
    "sum keepdims": lambda x: np.sum(x, axis=(0, -1), keepdims=True),
    "sum over no axis": lambda x: np.sum(x, ()),
    "mean": lambda x: np.mean(x, axis=-1),
    "prod": lambda x: np.prod(x, 1, keepdims=True),
    "var": lambda x: np.var(x),
    "var ddof": lambda x: np.var(x, 1, ddof=1, keepdims=True),
    "std": lambda x: np.std(x, axis=(0, 1), ddof=0.5),
    "average": lambda x: np.average(x, 0),
    "average weights": lambda x: np.average(x, 1, weights=list(LINE)),
    "average returned": lambda x: np.average(x, axis=1, weights=np.abs(A), returned=True),
    "average returned count": lambda x: np.average(x, axis=1, returned=True),
    "max": lambda x: np.max(x, 1),
    "amin": lambda x: np.amin(x, axis=(0, 1), keepdims=True),
    "ptp": lambda x: np.ptp(x, axis=0),
    "cumsum": lambda x: np.cumsum(x),
    "cumsum axis": lambda x: np.cumsum(x, axis=1),
    "cumprod": lambda x: np.cumprod(x, 0),
    "diff": lambda x: np.diff(x, 2),
    "diff prepend": lambda x: np.diff(x, axis=0, prepend=0, append=x[:1]),
    "ediff1d": lambda x: np.ediff1d(x, to_begin=1.0, to_end=[2.0, 3.0]),
    "trapezoid": lambda x: np.trapezoid(x, list(LINE)),
    "trapezoid dx": lambda x: np.trapezoid(x, dx=0.5, axis=0),
    "sort": lambda x: np.sort(x),
    "sort axis": lambda x: np.sort(x, axis=None),
    "partition": lambda x: np.sort(np.partition(x, 2, axis=1)[:, :2], 1),
    "unique": lambda x: np.unique(x),
    "unique axis": lambda x: np.unique(x, axis=0),
    "median": lambda x: np.median(x),
    "median axis": lambda x: np.median(x, 1, keepdims=True),
    "median axes": lambda x: np.median(x[None], axis=(0, 2)),
    "quantile": lambda x: np.quantile(x, [0.3, 0.8], axis=0),
    "quantile lower": lambda x: np.quantile(x, 0.3, axis=(0, 1), method="lower", keepdims=True),
    "percentile": lambda x: np.percentile(x, 30, axis=1),
    "cov": lambda x: np.cov(x),
    "cov columns": lambda x: np.cov(x, rowvar=False, bias=True),
    "cov with": lambda x: np.cov(x, LINE, ddof=0, aweights=np.abs(LINE)),
    "corrcoef": lambda x: np.corrcoef(x),
}
if hasattr(np, "cumulative_sum"):
    CALLS["cumulative_sum"] = lambda x: np.cumulative_sum(x, axis=1, include_initial=True)
    CALLS["cumulative_prod"] = lambda x: np.cumulative_prod(x, axis=0)

WITH_HOLES = {
    "nansum": lambda x: np.nansum(x, 0),
    "nanprod": lambda x: np.nanprod(x, axis=1),
    "nanmean": lambda x: np.nanmean(x, 1, keepdims=True),
    "nanvar": lambda x: np.nanvar(x, axis=1, ddof=1),
    "nanstd": lambda x: np.nanstd(x),
    "nanmax": lambda x: np.nanmax(x, 0),
    "nanmin": lambda x: np.nanmin(x),
    "nanmedian": lambda x: np.nanmedian(x, axis=1),
    "nanquantile": lambda x: np.nanquantile(x, 0.4, axis=0),
    "nanpercentile": lambda x: np.nanpercentile(x, [20, 70], axis=0),
    "nancumsum": lambda x: np.nancumsum(x, 1),
    "nancumprod": lambda x: np.nancumprod(x),
}

WHOLE = {
    "argmax": lambda x: np.argmax(x),
    "argmin": lambda x: np.argmin(x, axis=1, keepdims=True),
    "nanargmax": lambda x: np.nanargmax(x, 0),
    "nanargmin": lambda x: np.nanargmin(x),
    "any": lambda x: np.any(x > 4, axis=1),
    "all": lambda x: np.all(x > -3),
    "argsort": lambda x: np.argsort(x, axis=0),
    "argpartition": lambda x: np.sort(np.argpartition(x, 1, axis=1)[:, :1], 1),
    "lexsort": lambda x: np.lexsort((x[0], x[1])),
    "searchsorted": lambda x: np.searchsorted(np.array([0.0, 1.0]), x),
    "digitize": lambda x: np.digitize(x, [0.0, 1.0]),
    "histogram": lambda x: np.histogram(x, 3)[0],
    "bincount": lambda x: np.bincount(np.argmax(x, 1), minlength=5),
    "count_nonzero": lambda x: np.count_nonzero(x, axis=1),
}


def arrays_of(y: Any) -> list[Any]:
    return [t._array if isinstance(t, TensorBase) else t for t in (y if isinstance(y, tuple) else (y,))]


@pytest.mark.parametrize("name", CALLS)
def test_values_are_numpys_and_gradients_are_right(name: str) -> None:
    call = CALLS[name]
    x = wrap(A.copy(), leaf=True)
    for y, expected in zip(arrays_of(call(x)), arrays_of(call(A)), strict=True):
        assert y.shape == np.shape(expected)
        assert_allclose(y, expected, rtol=1e-12, atol=1e-14)
    first = lambda x: call(x)[0] if isinstance(call(x), tuple) else call(x)
    assert gradcheck(first, (x,))


@pytest.mark.parametrize("name", WITH_HOLES)
def test_functions_that_leave_nan_out(name: str) -> None:
    call = WITH_HOLES[name]
    assert_allclose(call(wrap(HOLES.copy()))._array, call(HOLES), rtol=1e-12, atol=1e-14)
    assert gradcheck(lambda x: call(np.where(np.isnan(HOLES), nan, x)), (wrap(A.copy(), leaf=True),))


@pytest.mark.parametrize("name", WHOLE)
def test_integers_and_bools_come_without_gradient(name: str) -> None:
    y = WHOLE[name](wrap(A.copy(), leaf=True))
    assert isinstance(y, TensorBase) and not y.requires_grad
    assert_array_equal(y._array, WHOLE[name](A))


@pytest.mark.parametrize("call", [np.sum, np.prod, np.cumsum, np.max, np.sort])
def test_integers_are_reduced_too(call: Any) -> None:
    a = np.array([3, 1, 2])
    assert_array_equal(call(wrap(a))._array, call(a))


def test_the_mean_and_median_of_integers_are_floats() -> None:
    a = wrap(np.array([1, 2]))
    assert np.mean(a).item() == np.median(a).item() == 1.5
    assert np.mean(a).dtype == np.float32


def test_a_dtype_is_cast_to() -> None:
    x = wrap(np.array([1.0, 2.0], np.float32), leaf=True)
    assert np.sum(x, dtype=np.float64).dtype == np.cumsum(x, dtype=np.float64).dtype == np.float64


def test_nothing_has_no_largest_element_and_only_nan_has_none_either() -> None:
    with pytest.raises(RuntimeError, match="without elements"):
        np.max(wrap(np.zeros((0, 2)), leaf=True))
    assert np.isnan(np.nanmax(wrap(np.array([nan, nan]))).item())


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.sum(x, where=A > 0),
        lambda x: np.mean(x, out=np.empty(())),
        lambda x: np.quantile(x, 0.5, method="hazen"),
        lambda x: np.add.reduce(x),
        lambda x: np.maximum.accumulate(x),
        lambda x: np.gradient(x),
        lambda x: np.histogram(A, weights=x),
        lambda x: np.average(x, 0, weights=LINE),
    ],
)
def test_what_is_not_supported_is_an_error_not_a_lost_gradient(call: Any) -> None:
    with pytest.raises(TypeError):
        call(wrap(A.copy(), leaf=True))


def test_every_adapter_of_these_modules_is_called_here() -> None:
    modules = ("tinygrad_edu.numpy_api.reductions", "tinygrad_edu.numpy_api.sorting")
    ours = {f.__name__ for f, adapter in NUMPY.items() if getattr(adapter, "__module__", "") in modules}
    called = {n.partition(" ")[0] for n in (*CALLS, *WITH_HOLES, *WHOLE)}
    assert ours - {"max", "min", "amax", "amin"} <= called
