"""Slopes of reductions at ties, zeros and infinities, as design fixes them; cotangents are never 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy import inf, nan
from numpy.testing import assert_allclose, assert_array_equal

import tinygrad_edu as tg
from tinygrad_edu.primitive import wrap
from tinygrad_edu.rules.cumulative import decayed_sum
from tinygrad_edu.testing import arrays


def leaf(x: Any) -> Any:
    return wrap(np.array(x, np.float64), leaf=True)


def slopes(f: Callable[[Any], Any], x: Any, cotangent: Any = None) -> Any:
    """The gradient for a cotangent that is 2.5 unless it is given, divided by 2.5 in the first case."""
    x = leaf(x)
    y = f(x)
    v = np.full(y._array.shape, 2.5) if cotangent is None else np.array(cotangent, np.float64)
    (g,) = tg.autograd.grad(y, x, wrap(v))
    return g._array / 2.5 if cotangent is None else g._array


def hessian(f: Callable[[Any], Any], x: Any) -> Any:
    """The second derivatives of a function whose result has one element, one row at a time."""
    x = leaf(x)
    (g,) = tg.autograd.grad(f(x), x, create_graph=True)
    flat = g.reshape(-1)
    n = x._array.size
    rows = []
    for k in range(n):
        (row,) = tg.autograd.grad(flat, x, wrap(np.eye(n)[k]), retain_graph=True)
        rows.append(row._array.reshape(-1))
    return np.array(rows)


# -- ties -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("f", [tg.amax, tg.max, lambda x: tg.aminmax(x).max])
def test_the_largest_elements_share_the_cotangent_evenly(f: Any) -> None:
    assert_allclose(slopes(f, [[3.0, 1.0], [3.0, 3.0]]), [[1 / 3, 0], [1 / 3, 1 / 3]], rtol=1e-15)


@pytest.mark.parametrize("f", [tg.amin, tg.min, lambda x: tg.aminmax(x).min])
def test_the_smallest_elements_share_the_cotangent_evenly(f: Any) -> None:
    assert_array_equal(slopes(f, [[1.0, 3.0], [2.0, 1.0]]), [[0.5, 0], [0, 0.5]])


def test_ties_are_counted_within_each_line() -> None:
    x = [[2.0, 2.0, 1.0], [1.0, 5.0, 0.0]]
    assert_array_equal(slopes(lambda x: tg.amax(x, 1), x, [4.0, 6.0]), [[2, 2, 0], [0, 6, 0]])
    assert_array_equal(slopes(lambda x: tg.amax(x, 1, keepdim=True), x, [[4.0], [6.0]]), [[2, 2, 0], [0, 6, 0]])


def test_infinite_extremes_are_attained() -> None:
    assert_array_equal(slopes(tg.amax, [inf, 1.0, inf]), [0.5, 0, 0.5])
    assert_array_equal(slopes(tg.amin, [-inf, 1.0]), [1, 0])


def test_the_nans_share_the_cotangent_of_an_extreme_that_is_nan() -> None:
    assert_array_equal(slopes(tg.amax, [nan, 1.0, nan]), [0.5, 0, 0.5])


@pytest.mark.parametrize("f", [tg.max, tg.min, tg.median])
def test_with_a_dimension_the_index_that_is_returned_gets_everything(f: Any) -> None:
    x = [[2.0, 2.0, 2.0], [2.0, 2.0, 2.0]]
    found = f(tg.tensor(x), dim=1).indices._array
    assert_array_equal(slopes(lambda x: f(x, dim=1).values, x, [4.0, 6.0])[[0, 1], found], [4, 6])
    assert np.count_nonzero(slopes(lambda x: f(x, dim=1).values, x)) == 2


def test_equal_medians_share_the_cotangent_evenly() -> None:
    assert_array_equal(slopes(tg.median, [2.0, 1.0, 2.0, 5.0, 0.0]), [0.5, 0, 0.5, 0, 0])
    assert_array_equal(slopes(tg.nanmedian, [2.0, nan, 2.0, 5.0, nan, 0.0]), [0.5, 0, 0.5, 0, 0, 0])


def test_the_infinity_norm_shares_evenly_and_keeps_signs() -> None:
    assert_array_equal(slopes(lambda x: tg.norm(x, inf), [3.0, -3.0, 1.0]), [0.5, -0.5, 0])
    assert_array_equal(slopes(lambda x: tg.norm(x, -inf), [3.0, -1.0, 1.0]), [0, -0.5, 0.5])


def test_running_extremes_give_a_tie_to_the_last() -> None:
    assert_array_equal(slopes(lambda x: tg.cummax(x, 0).values, [1.0, 1.0, 0.0], [2.0, 3.0, 5.0]), [2, 8, 0])
    assert_array_equal(slopes(lambda x: tg.cummin(x, 0).values, [1.0, 1.0, 2.0], [2.0, 3.0, 5.0]), [2, 8, 0])


# -- norms and deviations at 0 ------------------------------------------------------------------------------


@pytest.mark.parametrize("p", [0, 0.5, 1, 1.5, 2, 3, inf, -inf, -1])
def test_a_norm_has_slope_zero_at_zero(p: float) -> None:
    assert_array_equal(slopes(lambda x: tg.norm(x, p), [0.0, 0.0]), [0, 0])
    if p != 0:  # whose gradient is constant
        assert_array_equal(hessian(lambda x: tg.norm(x, p), [0.0, 0.0]), np.zeros((2, 2)))


@pytest.mark.parametrize("p", [0.5, 1, 1.5, 2, 3])
def test_a_zero_element_of_a_norm_has_slope_zero(p: float) -> None:
    g = slopes(lambda x: tg.norm(x, p), [0.0, 4.0])
    assert_allclose(g, [0, 1], rtol=1e-15)


def test_each_line_of_zeros_has_slope_zero_next_to_others() -> None:
    assert_array_equal(slopes(lambda x: tg.norm(x, dim=1), [[0.0, 0.0], [3.0, 4.0]]), [[0, 0], [0.6, 0.8]])


def test_the_sum_of_absolute_values_has_slopes_of_sign_even_where_it_is_infinite() -> None:
    assert_array_equal(slopes(lambda x: tg.norm(x, 1), [inf, -2.0, 0.0]), [1, -1, 0])  # and no warning


@pytest.mark.parametrize("p", [0.5, 1, 2, 3, 4.5, inf])
def test_a_norm_of_one_has_the_slope_of_its_only_element(p: float) -> None:
    assert_array_equal(slopes(lambda x: tg.norm(x, p, dim=1), [[1.0, 0.0], [0.0, -1.0]]), [[1, 0], [0, -1]])


def test_the_curvature_of_the_euclidean_norm_counts_zero_elements() -> None:
    assert_allclose(hessian(tg.norm, [0.0, 4.0]), [[0.25, 0], [0, 0]], atol=1e-15)


def test_the_deviation_of_constants_has_slope_zero() -> None:
    assert_array_equal(slopes(tg.std, [3.0, 3.0, 3.0]), [0, 0, 0])
    assert_array_equal(hessian(tg.std, [3.0, 3.0, 3.0]), np.zeros((3, 3)))
    assert_array_equal(slopes(lambda x: tg.std(x, 1), [[1.0, 1.0], [1.0, 3.0]])[0], [0, 0])


def test_coinciding_points_have_distance_slope_zero() -> None:
    a = leaf([[1.0, 2.0]])
    (g,) = tg.autograd.grad(tg.cdist(a, wrap(np.array([[1.0, 2.0], [1.0, 5.0]]))), a, wrap(np.array([[3.0, 7.0]])))
    assert_array_equal(g._array, [[0, -7]])


# -- products with zeros ------------------------------------------------------------------------------------


def test_a_product_with_one_zero_has_slope_at_the_zero_only() -> None:
    assert_array_equal(slopes(tg.prod, [2.0, 0.0, 5.0]), [0, 10, 0])


def test_a_product_with_two_zeros_has_no_slope_but_a_mixed_second_derivative() -> None:
    assert_array_equal(slopes(tg.prod, [0.0, 3.0, 0.0]), [0, 0, 0])
    assert_array_equal(hessian(tg.prod, [0.0, 3.0, 0.0]), [[0, 0, 3], [0, 0, 0], [3, 0, 0]])


def test_second_derivatives_of_a_product_with_one_zero_are_exact() -> None:
    assert_array_equal(hessian(tg.prod, [2.0, 0.0, 5.0]), [[0, 5, 0], [5, 0, 2], [0, 2, 0]])


def test_zeros_in_one_line_leave_the_others_as_they_are() -> None:
    x = [[2.0, 0.0], [3.0, 4.0]]
    assert_array_equal(slopes(lambda x: tg.prod(x, 1), x), [[0, 2], [4, 3]])
    assert_array_equal(slopes(lambda x: tg.prod(x, (0, 1)), x), [[0, 24], [0, 0]])


def test_a_product_of_nothing_and_of_one_number() -> None:
    assert tg.prod(tg.tensor([])).item() == 1
    assert slopes(tg.prod, []).shape == (0,)
    assert_array_equal(slopes(tg.prod, 0.0), 1)


def test_running_products_with_zeros_are_exact() -> None:
    # y = (a, ab, abc, abcd) at b = c = 0
    x, v = [2.0, 0.0, 0.0, 5.0], [1.0, 10.0, 100.0, 1000.0]
    assert_array_equal(slopes(lambda x: tg.cumprod(x, 0), x, v), [1, 20, 0, 0])
    h = hessian(lambda x: (tg.cumprod(x, 0) * wrap(np.array(v))).sum(), x)
    expected = np.zeros((4, 4))
    expected[0, 1] = expected[1, 0] = 10
    expected[1, 2] = expected[2, 1] = 2 * 100 + 2 * 5 * 1000
    assert_array_equal(h, expected)


@given(arrays((4,), -2, 2), st.lists(st.integers(0, 3), max_size=3))
def test_the_slow_way_of_a_product_agrees_with_the_fast_one(a: Any, zeros: list[int]) -> None:
    tiny = a.copy()
    a[zeros], tiny[zeros] = 0, 1e-9
    assert_allclose(slopes(tg.prod, a), slopes(tg.prod, tiny), atol=1e-7)
    f = lambda x: tg.cumprod(x, 0)
    v = [1.0, -2.0, 3.0, 0.5]
    assert_allclose(slopes(f, a, v), slopes(f, tiny, v), atol=1e-7)


def test_the_recurrence_is_what_its_name_says() -> None:
    y = decayed_sum(tg.tensor([1.0, 1.0, 1.0]), tg.tensor([9.0, 0.5, 0.1]), axis=0)
    assert_allclose(y._array, [1, 1.5, 1.15])


# -- logarithms of sums -------------------------------------------------------------------------------------


def test_logsumexp_does_not_overflow_and_minus_infinity_counts_nothing() -> None:
    assert_allclose(slopes(lambda x: tg.logsumexp(x, 0), [1000.0, 1000.0, -inf]), [0.5, 0.5, 0])


def test_the_logarithm_of_a_sum_of_nothing_has_slope_zero() -> None:
    x = [-inf, -inf]
    assert tg.logsumexp(tg.tensor(x), 0).item() == -inf
    assert_array_equal(slopes(lambda x: tg.logsumexp(x, 0), x), [0, 0])
    assert_array_equal(slopes(lambda x: tg.logcumsumexp(x, 0), x), [0, 0])


def test_logcumsumexp_starts_with_minus_infinity_and_spans_any_range() -> None:
    x = [-inf, 0.0, 0.0, 1000.0]
    assert_allclose(slopes(lambda x: tg.logcumsumexp(x, 0), x, [2.0, 3.0, 4.0, 5.0]), [0, 5, 2, 5], atol=1e-12)


# -- degrees of freedom -------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:(invalid value|divide by zero):RuntimeWarning")
def test_a_variance_without_degrees_of_freedom_is_nan_or_infinite() -> None:
    assert np.isnan(tg.var(tg.tensor([1.0])).item())
    assert tg.var(tg.tensor([1.0, 2.0]), correction=3).item() == inf
    assert np.isnan(tg.mean(tg.tensor([])).item())


def test_a_mean_of_nothing_has_a_gradient_of_nothing() -> None:
    with np.errstate(invalid="ignore"):
        assert slopes(tg.mean, []).shape == (0,)
    assert slopes(lambda x: tg.mean(x, 1), np.zeros((0, 3))).shape == (0, 3)
