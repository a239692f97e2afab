"""Variances, medians, quantiles, covariances and counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy import nan
from numpy.testing import assert_allclose, assert_array_equal

import tinygrad_edu as tg
from tinygrad_edu.autograd.gradcheck import gradcheck
from tinygrad_edu.primitive import wrap
from tinygrad_edu.testing import arrays, shapes


def t(x: Any, dtype: Any = np.float64) -> Any:
    return wrap(np.array(x, dtype))


A = np.array([[1.0, 4.0, 2.0], [0.5, -3.0, 7.0]])


def test_the_correction_has_three_spellings() -> None:
    for f, numpy in ((tg.var, np.var), (tg.std, np.std)):
        assert_allclose(f(t(A)).item(), numpy(A, ddof=1))
        assert_allclose(f(t(A), False).item(), numpy(A))
        assert_allclose(f(t(A), unbiased=True).item(), numpy(A, ddof=1))
        assert_allclose(f(t(A), 1, False, True)._array, numpy(A, axis=1, keepdims=True))
        assert_allclose(f(t(A), 1, correction=0.5)._array, numpy(A, axis=1, ddof=0.5))
        with pytest.raises(TypeError, match="not both"):
            f(t(A), 1, False, correction=0)


def test_the_mean_comes_along() -> None:
    for f, g in ((tg.var_mean, tg.var), (tg.std_mean, tg.std)):
        y, mean = f(t(A), 1, keepdim=True, correction=0)
        assert_array_equal(y._array, g(t(A), 1, keepdim=True, correction=0)._array)
        assert_array_equal(mean._array, A.mean(1, keepdims=True))
        assert_allclose(f(t(A), False)[0].item(), g(t(A), correction=0).item())


# -- medians ------------------------------------------------------------------------------------------------


@given(st.data())
def test_the_median_is_the_lower_of_two_middle_elements(data: Any) -> None:
    a = data.draw(arrays(shapes(min_dims=1, min_side=1), 0, 3, dtype=np.int64)).astype(float)
    dim = data.draw(st.integers(-a.ndim, a.ndim - 1))
    assert tg.median(wrap(a)).item() == np.sort(a.reshape(-1))[(a.size - 1) // 2]
    values, indices = tg.median(wrap(a), dim, keepdim=True)
    assert_array_equal(values._array, np.take(np.sort(a, dim), [(a.shape[dim] - 1) // 2], dim))
    assert_array_equal(np.take_along_axis(a, indices._array, dim), values._array)


def test_a_nan_makes_the_median_nan_and_nanmedian_leaves_it_out() -> None:
    x = t([1.0, nan, 2.0, nan])
    assert np.isnan(tg.median(x).item()) and tg.median(x, 0).indices.item() == 1
    assert tg.nanmedian(x).item() == tg.nanmedian(x, 0).values.item() == 1
    assert np.isnan(tg.nanmedian(t([nan, nan]), 0).values.item())
    assert np.isnan(tg.median(t([])).item()) and np.isnan(tg.nanmedian(t([nan])).item())


def test_integers_have_a_median() -> None:
    assert tg.median(t([3, 1, 2], np.int64)).item() == 2
    assert tg.median(t([3, 1, 2], np.int64)).dtype == np.int64


# -- quantiles ----------------------------------------------------------------------------------------------

METHODS = ["linear", "lower", "higher", "midpoint", "nearest"]


@pytest.mark.parametrize("method", METHODS)
@given(data=st.data())
def test_quantiles_are_numpys(method: str, data: Any) -> None:
    a = data.draw(arrays(shapes(min_dims=1, min_side=1)))
    q = data.draw(arrays(data.draw(st.sampled_from([(), (1,), (3,)])), 0, 1))
    dim = data.draw(st.one_of(st.none(), st.integers(-a.ndim, a.ndim - 1)))
    keepdim = data.draw(st.booleans())
    y = tg.quantile(wrap(a), wrap(q), dim, keepdim, interpolation=method)._array
    expected = np.quantile(a, q, axis=dim, keepdims=keepdim, method=method)
    assert y.shape == expected.shape
    assert_allclose(y, expected, rtol=1e-12, atol=1e-12)
    assert_allclose(tg.nanquantile(wrap(a), wrap(q), dim, keepdim, interpolation=method)._array, y)


def test_quantiles_know_nan() -> None:
    x = t([[1.0, nan, 3.0], [4.0, 5.0, 6.0]])
    assert_array_equal(tg.quantile(x, 0.5, 1)._array, [nan, 5])
    assert_array_equal(tg.nanquantile(x, 0.5, 1)._array, [2, 5])
    assert np.isnan(tg.quantile(x, 0.0).item())


def test_quantiles_of_float32_stay_float32() -> None:
    assert tg.quantile(t(A, np.float32), 0.3).dtype == np.float32


@given(arrays((2, 5), distinct=True), arrays((3,), 0.05, 0.95, avoid=(0.25, 0.5, 0.75), gap=0.02))
def test_quantiles_have_gradients_for_the_elements_and_for_q(a: Any, q: Any) -> None:
    assert gradcheck(lambda x, q: tg.quantile(x, q, 1), (wrap(a, leaf=True), wrap(q, leaf=True)))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: tg.quantile(t(A), 1.5),
        lambda: tg.quantile(t(A), t([0.1, nan])),
        lambda: tg.quantile(t(A), 0.5, interpolation="cubic"),
        lambda: tg.quantile(t(A), t([[0.5]])),
        lambda: tg.quantile(t([]), 0.5),
    ],
)
def test_wrong_quantiles_are_errors(wrong: Any) -> None:
    with pytest.raises(RuntimeError, match="quantile"):
        wrong()


# -- covariances --------------------------------------------------------------------------------------------


def test_covariances_are_numpys() -> None:
    f, w = np.array([2, 1, 3]), np.array([0.5, 1.0, 2.0])
    assert_allclose(tg.cov(t(A))._array, np.cov(A))
    assert_allclose(tg.cov(t(A), correction=0)._array, np.cov(A, ddof=0))
    assert_allclose(tg.cov(t(A), fweights=wrap(f), aweights=t(w))._array, np.cov(A, fweights=f, aweights=w))
    assert_allclose(tg.cov(t(A), fweights=wrap(f))._array, np.cov(A, fweights=f))
    assert_allclose(tg.cov(t(A[0])).item(), np.cov(A[0]))
    assert_allclose(tg.corrcoef(t(A))._array, np.corrcoef(A))
    assert tg.corrcoef(t(A[0])).item() == 1


def test_covariances_have_gradients() -> None:
    x, w = wrap(A.copy(), leaf=True), wrap(np.array([0.5, 1.0, 2.0]), leaf=True)
    assert gradcheck(lambda x, w: tg.cov(x, aweights=w), (x, w))
    assert gradcheck(lambda x: tg.corrcoef(x)[0, 1], (x,))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: tg.cov(t(np.ones((1, 2, 3)))),
        lambda: tg.cov(t(A), fweights=t([1, 2], np.int64)),
        lambda: tg.cov(t(A), fweights=t([1.0, 2.0, 3.0])),
        lambda: tg.cov(t(A), aweights=t([1.0, -2.0, 3.0])),
    ],
)
def test_wrong_covariances_are_errors(wrong: Any) -> None:
    with pytest.raises(RuntimeError, match="cov"):
        wrong()


# -- counts -------------------------------------------------------------------------------------------------


@given(arrays((6,), 0, 4, dtype=np.int64), arrays((6,)), st.integers(0, 8))
def test_counts_are_numpys(a: Any, w: Any, minlength: int) -> None:
    assert_array_equal(tg.bincount(wrap(a), minlength=minlength)._array, np.bincount(a, minlength=minlength))
    y = tg.bincount(wrap(a), wrap(w), minlength)
    assert_allclose(y._array, np.bincount(a, w, minlength), atol=1e-12)


def test_weights_of_counts_have_gradients_and_keep_their_dtype() -> None:
    w = wrap(np.array([1.0, 2.0, 3.0], np.float32), leaf=True)
    y = tg.bincount(t([1, 0, 1], np.int64), w)
    assert y.dtype == np.float32
    (g,) = tg.autograd.grad(y, w, t([5.0, 7.0], np.float32))
    assert_array_equal(g._array, [7, 5, 7])
    assert tg.bincount(t([1], np.int64), t([2], np.int64)).dtype == np.float64
    assert tg.bincount(t([], np.int64)).shape == (0,)


@pytest.mark.parametrize("wrong", [t([-1], np.int64), t([1.0]), t([[1]], np.int64)])
def test_only_lines_of_numbers_that_count_are_counted(wrong: Any) -> None:
    with pytest.raises(RuntimeError, match="non-negative"):
        tg.bincount(wrong)


def test_histograms_are_numpys() -> None:
    a = np.array([1.0, 2.0, 2.0, 4.0, 9.0])
    assert_array_equal(tg.histc(t(a), 4)._array, np.histogram(a, 4)[0])
    y = tg.histc(t(a, np.float32), 3, min=1, max=4)
    assert_array_equal(y._array, np.histogram(a, 3, (1, 4))[0])
    assert y.dtype == np.float32
    assert_array_equal(tg.histc(t([1.0, 1.0]), 4)._array, [0, 0, 2, 0])
    for wrong in (lambda: tg.histc(t([nan])), lambda: tg.histc(t(a), 0), lambda: tg.histc(t(a), 3, 2, 1)):
        with pytest.raises(RuntimeError, match="histc"):
            wrong()
