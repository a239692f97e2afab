"""Slopes of elementwise functions at kinks, ties and poles, as design fixes them; cotangents are never 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy import inf, nan
from numpy.testing import assert_allclose, assert_array_equal

import tinygrad_edu as tg
from tinygrad_edu.primitive import wrap


def leaf(x: Any) -> Any:
    return wrap(np.array(x, np.float64), leaf=True)


def slopes(f: Callable[..., Any], *points: Any) -> list[Any]:
    """The derivatives at each point, element by element: gradients under uneven cotangents, divided by these."""
    xs = [leaf(x) for x in points]
    with np.errstate(all="ignore"):
        y = f(*xs)
        cotangent = np.linspace(0.5, 3.7, y._array.size).reshape(y._array.shape)
        return [g._array / cotangent for g in tg.autograd.grad(y, xs, wrap(cotangent))]


def second_slopes(f: Callable[[Any], Any], x: Any) -> Any:
    leaf_ = leaf(x)
    with np.errstate(all="ignore"):
        y = f(leaf_)
        (g,) = tg.autograd.grad(y, leaf_, wrap(np.full(y._array.shape, 2.5)), create_graph=True)
        (h,) = tg.autograd.grad(g, leaf_, wrap(np.full(g._array.shape, 1.5)))
    return h._array / 3.75


# -- ties -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("f", [tg.maximum, tg.minimum])
def test_equal_operands_of_maximum_and_minimum_share_the_cotangent(f: Any) -> None:
    left, right = slopes(f, [1.0, 2.0, -inf, inf], [1.0, 2.0, -inf, inf])
    assert_array_equal(left, 0.5)
    assert_array_equal(right, 0.5)


@pytest.mark.parametrize(("f", "left"), [(tg.maximum, [0, 1]), (tg.minimum, [1, 0])])
def test_without_a_tie_the_chosen_operand_has_the_cotangent(f: Any, left: Any) -> None:
    a, b = slopes(f, [1.0, 5.0], [2.0, 4.0])
    assert_array_equal(a, left)
    assert_array_equal(b, 1 - np.array(left))


@pytest.mark.parametrize("f", [tg.fmax, tg.fmin])
def test_fmax_and_fmin_give_a_tie_to_the_first_and_pass_by_nan(f: Any) -> None:
    left, right = slopes(f, [1.0, nan, 1.0, nan], [1.0, 1.0, nan, nan])
    assert_array_equal(left, [1, 0, 1, 1])
    assert_array_equal(right, [0, 1, 0, 0])


def test_clamp_at_a_number_has_slope_0_at_both_bounds() -> None:
    (x,) = slopes(lambda x: tg.clamp(x, -1, 1), [-2.0, -1.0, 0.0, 1.0, 2.0])
    assert_array_equal(x, [0, 0, 1, 0, 0])
    (x,) = slopes(lambda x: tg.clamp(x, min=0), [-1.0, 0.0, 1.0])
    assert_array_equal(x, [0, 0, 1])
    (x,) = slopes(lambda x: tg.clamp(x, max=0), [-1.0, 0.0, 1.0])
    assert_array_equal(x, [1, 0, 0])


def test_clamp_at_a_tensor_bound_shares_the_cotangent() -> None:
    x, low, high = slopes(tg.clamp, [-2.0, -1.0, 0.0, 1.0, 2.0], np.full(5, -1.0), np.full(5, 1.0))
    assert_array_equal(x, [0, 0.5, 1, 0.5, 0])
    assert_array_equal(low, [1, 0.5, 0, 0, 0])
    assert_array_equal(high, [0, 0, 0, 0.5, 1])


def test_clamp_with_crossed_bounds_gives_the_upper_one() -> None:
    x, low, high = slopes(tg.clamp, [0.0, 5.0], [3.0, 3.0], [1.0, 1.0])
    assert_array_equal([x, low, high], [[0, 0], [0, 0], [1, 1]])
    assert_array_equal(tg.clamp(tg.tensor([0.0, 2.0, 5.0]), 3, 1)._array, [1, 1, 1])


# -- kinks ------------------------------------------------------------------------------------------------


def test_absolute_value_has_slope_0_at_0() -> None:
    assert_array_equal(slopes(tg.abs, [0.0, -0.0, -2.0])[0], [0, 0, -1])


@pytest.mark.parametrize("f", [tg.sign, tg.floor, tg.ceil, tg.round, tg.trunc])
def test_steps_have_slope_0_everywhere_and_stay_connected(f: Any) -> None:
    assert_array_equal(slopes(f, [0.0, 1.0, 0.5, -2.3])[0], 0)


def test_copysign_has_slope_0_at_0_and_minus_1_where_it_turns_the_sign() -> None:
    a, b = slopes(tg.copysign, [0.0, 1.0, -2.0, -3.0], [-1.0, -0.0, 1.0, -1.0])
    assert_array_equal(a, [0, -1, -1, 1])
    assert_array_equal(b, 0)


# -- powers -----------------------------------------------------------------------------------------------


def test_the_slope_of_x_to_the_0_is_0_and_of_x_to_the_1_is_1_everywhere() -> None:
    points = [0.0, 2.0, -3.0, inf]
    for zero in (0, 0.0):
        assert_array_equal(slopes(lambda x, n=zero: x**n, points)[0], 0)
    for one in (1, 1.0):
        assert_array_equal(slopes(lambda x, n=one: x**n, points)[0], 1)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 2.0, 3.0])
@pytest.mark.parametrize("as_tensor", [False, True])
def test_whole_exponents_never_give_nan_to_the_second_order(n: float, as_tensor: bool) -> None:
    points = np.array([0.0, -2.0, 3.0])
    exponent = wrap(np.array(n, np.float64)) if as_tensor else n
    assert_allclose(slopes(lambda x: x**exponent, points)[0], n * points ** max(n - 1, 0))
    assert_allclose(second_slopes(lambda x: x**exponent, points), n * (n - 1) * points ** max(n - 2, 0), atol=1e-12)


@pytest.mark.parametrize("base", [0.5, 3])
def test_the_slope_in_the_exponent_is_as_accurate_when_it_is_recorded(base: float) -> None:
    x = wrap(np.array([0.82177012, -1.5]), leaf=True)
    (plain,) = tg.autograd.grad((base**x).sum(), x)
    (recorded,) = tg.autograd.grad((base**x).sum(), x, create_graph=True)
    assert_allclose(recorded._array, plain._array, rtol=1e-15)


def test_negative_exponents_are_infinitely_steep_at_0() -> None:
    assert_array_equal(slopes(lambda x: x**-1, [0.0, 2.0])[0], [-inf, -0.25])
    assert_array_equal(slopes(lambda x: x**-2, [0.0, 2.0])[0], [-inf, -0.25])
    assert_array_equal(slopes(lambda x: x**0.5, [0.0, 4.0])[0], [inf, 0.25])


def test_0_to_the_y_has_slope_0_from_0_on_and_minus_infinity_below() -> None:
    for base in (0.0, wrap(np.zeros(3))):
        assert_array_equal(slopes(lambda y, b=base: tg.pow(b, y), [0.0, 2.0, -1.0])[0], [0, 0, -inf])


def test_0_to_the_0_has_slope_0_in_both() -> None:
    a, b = slopes(tg.pow, [0.0, 0.0, 2.0], [0.0, 1.0, 0.0])
    assert_allclose(a, [0, 1, 0])
    assert_allclose(b, [0, 0, np.log(2)])


def test_the_mixed_second_slope_of_a_power_is_right_at_exponent_0() -> None:
    a, b = leaf(2.0), leaf(0.0)
    (da,) = tg.autograd.grad(tg.pow(a, b), a, create_graph=True)  # b · a^(b−1), so its slope in b is 1 / a
    (dab,) = tg.autograd.grad(da, b, wrap(np.array(3.0)))
    assert_allclose(dab._array, 1.5)


# -- poles ------------------------------------------------------------------------------------------------


def test_sqrt_is_infinitely_steep_at_0() -> None:
    assert_array_equal(slopes(tg.sqrt, [0.0, 4.0])[0], [inf, 0.25])


def test_hypot_at_the_origin_is_nan() -> None:
    a, b = slopes(tg.hypot, [0.0, 3.0], [0.0, 4.0])
    assert_array_equal(a, [nan, 0.6])
    assert_array_equal(b, [nan, 0.8])


def test_atan2_at_the_origin_has_slope_0_and_no_warning() -> None:
    a, b = leaf([0.0, 1.0]), leaf([0.0, 0.0])
    y = tg.atan2(a, b)
    da, db = tg.autograd.grad(y, (a, b), wrap(np.array([3.0, 2.0])))  # outside of errstate: a warning is an error
    assert_array_equal(da._array, [0, 0])
    assert_array_equal(db._array, [0, -2])


def test_atan2_at_the_origin_has_second_slopes_0() -> None:
    a, b = leaf([0.0, 1.0]), leaf([0.0, 2.0])
    da, db = tg.autograd.grad(tg.atan2(a, b), (a, b), wrap(np.array([3.0, 2.0])), create_graph=True)
    for g, slope in ((da, -3 / 25), (db, 4 / 25)):  # elsewhere (a² − b²) / (a² + b²)² and 2ab / (a² + b²)²
        (second,) = tg.autograd.grad(g, b, wrap(np.array([5.0, 1.0])), retain_graph=True)
        assert_allclose(second._array, [0, 2 * slope])


def test_inverse_functions_are_infinitely_steep_where_they_end() -> None:
    assert_array_equal(slopes(tg.asin, [1.0, -1.0])[0], [inf, inf])
    assert_array_equal(slopes(tg.acos, [1.0, -1.0])[0], [-inf, -inf])
    assert_array_equal(slopes(tg.acosh, [1.0])[0], [inf])
    assert_array_equal(slopes(tg.atanh, [1.0, -1.0])[0], [inf, inf])


def test_sinc_is_smooth_at_0_to_the_second_order() -> None:
    near = np.array([0.0, 1e-9, -1e-4, 0.03, 0.0319])
    exact = [
        0.0,
        -3.289868133696453e-09,
        0.0003289868101226756,
        -0.09860840363600457,
        -0.10484142891706738,
    ]  # with 40 digits
    assert_allclose(slopes(tg.sinc, near)[0], exact, rtol=1e-12)
    assert_allclose(second_slopes(tg.sinc, [0.0, 1e-9]), -(np.pi**2) / 3, rtol=1e-12)


# -- nan, infinity, the branch that is not taken ----------------------------------------------------------


def test_nan_passes_from_the_branch_of_where_that_is_not_taken() -> None:
    (x,) = slopes(lambda x: tg.where(x > 0, x.log(), x), [0.0, 2.0])
    assert_array_equal(x, [nan, 0.5])


def test_a_double_where_keeps_nan_out() -> None:
    (x,) = slopes(lambda x: tg.where(x > 0, tg.where(x > 0, x, 1.0).log(), x), [0.0, -1.0, 2.0])
    assert_array_equal(x, [1, 1, 0.5])


def test_nan_to_num_passes_the_cotangent_of_finite_elements_only() -> None:
    assert_array_equal(slopes(tg.nan_to_num, [1.0, nan, inf, -inf])[0], [1, 0, 0, 0])


def test_0_times_a_logarithm_is_0_with_the_slopes_of_pytorch() -> None:
    a, b = slopes(tg.xlogy, [0.0, 0.0, 0.0, 0.0, 2.0], [0.0, -1.0, 0.5, 2.0, 4.0])
    assert_allclose(a, [0, 0, np.log(0.5), np.log(2), np.log(4)])
    assert_allclose(b, [nan, 0, 0, 0, 0.5])
    a, b = slopes(tg.special.xlog1py, [0.0, 0.0, 0.0, 0.0, 2.0], [-1.0, -2.0, -0.5, 1.0, 3.0])
    assert_allclose(a, [0, 0, np.log(0.5), np.log(2), np.log(4)])
    assert_allclose(b, [nan, 0, 0, 0, 0.5])


def test_entropy_is_0_at_0_and_minus_infinity_below() -> None:
    assert_array_equal(tg.special.entr(wrap(np.array([0.0, 1.0, -1.0, nan])))._array, [0, 0, -inf, nan])
    assert_array_equal(slopes(tg.special.entr, [0.0, 1.0, -1.0])[0], [inf, -1, nan])


def test_logaddexp_far_away_has_slopes_0_and_1() -> None:
    a, b = slopes(tg.logaddexp, [1000.0, -inf, 3.0], [-1000.0, 0.0, 3.0])
    assert_array_equal(a, [1, 0, 0.5])
    assert_array_equal(b, [0, 1, 0.5])


def test_sigmoid_saturates_without_a_warning_and_without_nan_to_the_second_order() -> None:
    x = leaf([-1e4, -800.0, 0.0, 800.0])
    y = tg.sigmoid(x)
    assert_array_equal(y._array, [0, 0, 0.5, 1])
    (g,) = tg.autograd.grad(y, x, wrap(np.full(4, 4.0)), create_graph=True)
    assert_array_equal(g._array, [0, 0, 1, 0])
    assert_array_equal(tg.autograd.grad(g, x, wrap(np.ones(4)))[0]._array, 0)


def test_sigmoid_keeps_relative_accuracy_far_below_0() -> None:
    assert_allclose(tg.sigmoid(wrap(np.array([-40.0, -700.0])))._array, np.exp([-40.0, -700.0]), rtol=1e-14)


def test_fmod_counts_whole_steps_where_the_quotient_rounds_up_to_one_more() -> None:
    # 0.1 is a little more than a tenth: it fits into 1 nine times only, though 1 / 0.1 rounds to 10
    for f in (tg.fmod, tg.remainder):
        assert_array_equal(slopes(f, [1.0], [0.1])[1], [-9])


def test_the_fractional_part_has_the_sign_of_its_number_and_slope_1() -> None:
    x = tg.tensor([[-1.75, 2.5, 3.0], [0.25, -0.5, -4.0]], dtype=tg.float64, requires_grad=True)
    y = x.t().frac()
    assert y.tolist() == [[-0.75, 0.25], [0.5, -0.5], [0, 0]]
    assert not y.is_contiguous()  # as elementwise results are
    y.backward(tg.arange(6.0).view(3, 2).double())
    assert x.grad.tolist() == [[0, 2, 4], [1, 3, 5]]
