"""Reductions, cumulative functions and norms under PyTorch's names: values, arguments, dtypes, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy import inf, nan
from numpy.testing import assert_allclose, assert_array_equal

import tinygrad_edu as tg
from tinygrad_edu.primitive import wrap
from tinygrad_edu.testing import arrays, axes, shapes


def t(x: Any, dtype: Any = np.float64) -> Any:
    return wrap(np.array(x, dtype))


NUMPY = {
    "sum": np.sum,
    "mean": np.mean,
    "prod": np.prod,
    "amax": np.max,
    "amin": np.min,
    "logsumexp": lambda a, axis, keepdims: np.log(np.sum(np.exp(a), axis=axis, keepdims=keepdims)),
    "var": lambda a, axis, keepdims: np.var(a, axis=axis, keepdims=keepdims, ddof=1),
    "std": lambda a, axis, keepdims: np.std(a, axis=axis, keepdims=keepdims, ddof=1),
    "norm": lambda a, axis, keepdims: np.sqrt(np.sum(a * a, axis=axis, keepdims=keepdims)),
    "nansum": np.nansum,
    "nanmean": np.nanmean,
}


@st.composite
def calls(draw: Any, min_side: int = 2) -> tuple[Any, Any, bool]:
    shape = draw(shapes(min_dims=1, min_side=min_side))
    return draw(arrays(shape)), draw(axes(len(shape))), draw(st.booleans())


@pytest.mark.parametrize("name", NUMPY)
@given(call=calls())
def test_reductions_have_numpys_values_over_any_dimensions(name: str, call: tuple[Any, Any, bool]) -> None:
    a, dim, keepdim = call
    axis = None if dim == () else dim  # PyTorch's empty tuple means all
    if name == "norm" and isinstance(dim, tuple) and len(dim) > 2:
        dim = None if len(dim) == a.ndim else dim[:2]
        axis = dim
    y = getattr(tg, name)(wrap(a), dim=dim, keepdim=keepdim)._array
    expected = NUMPY[name](a, axis=axis, keepdims=keepdim)
    assert y.shape == np.shape(expected)
    assert_allclose(y, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", [n for n in NUMPY if n not in ("var", "std")] + ["any", "all", "count_nonzero"])
def test_a_tensor_without_dimensions_may_be_reduced_over_its_last_one(name: str) -> None:
    f = getattr(tg, name)
    assert f(t(3.0), dim=-1).shape == f(t(3.0), dim=0).shape == ()
    assert f(t(3.0), dim=0).item() == pytest.approx({"any": True, "all": True, "count_nonzero": 1}.get(name, 3.0))
    with pytest.raises(IndexError):
        f(t(3.0), dim=1)


@pytest.mark.parametrize("name", [*NUMPY, "any", "all"])
def test_the_names_and_methods_agree(name: str) -> None:
    x = t([[1.0, 2.0], [3.0, 5.0]])
    y = getattr(tg, name)(x, dim=1, keepdim=True)._array
    assert_array_equal(getattr(tg, name)(x, axis=1, keepdims=True)._array, y)
    assert_array_equal(getattr(tg, name)(input=x, dim=1, keepdim=True)._array, y)
    assert_array_equal(getattr(x, name)(dim=[1], keepdim=True)._array, y)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("name", [*NUMPY, "median", "max"])
def test_floats_keep_their_dtype(name: str, dtype: Any) -> None:
    x = wrap(np.array([[1.0, 2.0], [3.0, 5.0]], dtype), leaf=True)
    y = getattr(tg, name)(x) if name != "logsumexp" else tg.logsumexp(x, (0, 1))
    assert y.dtype == dtype
    y.backward()
    assert x.grad is not None and x.grad.dtype == dtype


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int8, np.int16, np.int32, np.int64])
def test_sums_and_products_of_integers_are_int64(dtype: Any) -> None:
    x = t([[1, 1], [1, 1]], dtype)
    for f in (tg.sum, tg.prod, tg.nansum):
        assert f(x).dtype == f(x, 0).dtype == np.int64
    assert tg.cumsum(x, 0).dtype == tg.cumprod(x, 0).dtype == np.int64
    assert tg.sum(x).item() == 4


def test_many_uint8_do_not_overflow() -> None:
    assert tg.sum(t([200, 200], np.uint8)).item() == 400
    assert_array_equal(tg.cumsum(t([200, 200], np.uint8), 0)._array, [200, 400])


def test_the_mean_and_the_length_of_half_precision_do_not_overflow() -> None:
    x = t(np.full(1000, 300.0), np.float16)
    assert tg.mean(x).item() == 300
    assert tg.norm(t([300.0, 400.0], np.float16)).item() == 500


def test_a_dtype_is_cast_to_before_reducing_and_recorded() -> None:
    x = wrap(np.array([1.0, 2.0], np.float32), leaf=True)
    y = tg.sum(x, dtype=tg.float64)
    y.backward()
    assert y.dtype == np.float64 and x.grad is not None and x.grad.dtype == np.float32
    assert tg.mean(t([1, 2], np.int64), dtype=tg.float32).item() == 1.5
    assert tg.prod(t([True, True], bool), dtype=tg.float32).dtype == np.float32
    assert tg.cumsum(t([1, 2], np.int64), 0, dtype=tg.float64).dtype == np.float64


@pytest.mark.parametrize("f", [tg.mean, tg.var, tg.std, tg.norm, tg.nanmean, lambda x: tg.quantile(x, 0.5)])
def test_integers_have_no_mean_without_a_dtype_and_the_error_says_what_to_do(f: Any) -> None:
    with pytest.raises(RuntimeError, match=r"x\.float\(\)"):
        f(t([1, 2], np.int64))


@pytest.mark.parametrize("f", [tg.sum, tg.mean, tg.prod, tg.amax, tg.std, tg.nansum, tg.any, tg.count_nonzero])
def test_a_dimension_that_is_not_there_or_named_twice_is_an_error(f: Any) -> None:
    x = t(np.ones((2, 3)))
    with pytest.raises(IndexError):
        f(x, 2)
    with pytest.raises(RuntimeError):
        f(x, (0, -2))
    with pytest.raises(TypeError):
        f(x, "rows")


@pytest.mark.parametrize("name", ["amax", "amin", "max", "min", "argmax", "argmin", "median", "mode"])
def test_there_is_nothing_to_choose_from_an_empty_dimension(name: str) -> None:
    f = getattr(tg, name)
    with pytest.raises(IndexError, match="non-zero size"):
        f(t(np.ones((0, 3))), 0)
    other = f(t(np.ones((0, 3))), 1)
    assert (other[0] if isinstance(other, tuple) else other).shape == (0,)
    if name not in ("median", "mode"):
        with pytest.raises(RuntimeError, match="numel"):
            f(t([]))


def test_reductions_of_nothing_are_the_neutral_elements() -> None:
    e = t(np.ones((0, 3)))
    assert_array_equal(tg.sum(e, 0)._array, [0, 0, 0])
    assert_array_equal(tg.prod(e, 0)._array, [1, 1, 1])
    assert_array_equal(tg.logsumexp(e, 0)._array, [-inf] * 3)
    assert_array_equal(tg.norm(e, 2, 0)._array, [0, 0, 0])
    assert_array_equal(tg.any(e, 0)._array, [False] * 3)
    assert_array_equal(tg.all(e, 0)._array, [True] * 3)
    assert tg.sum(e, 1).shape == tg.cumsum(e[:, 0], 0).shape == (0,)
    with pytest.raises(RuntimeError):
        tg.norm(e, inf)


# -- extremes -----------------------------------------------------------------------------------------------


def test_max_has_three_forms() -> None:
    x = t([[1.0, 5.0], [7.0, 3.0]])
    assert tg.max(x).item() == 7
    found = x.max(1)
    assert_array_equal(found.values._array, [5, 7])
    assert_array_equal(found.indices._array, [1, 0])
    values, indices = x.min(dim=0, keepdim=True)
    assert_array_equal(values._array, [[1, 3]])
    assert indices.dtype == np.int64 and indices.shape == (1, 2) and not indices.requires_grad
    assert_array_equal(x.max(t(4.0))._array, [[4, 5], [7, 4]])
    assert_array_equal(tg.min(x, other=t([4.0, 4.0]))._array, [[1, 4], [4, 3]])
    with pytest.raises(TypeError, match="amax"):
        tg.max(x, (0, 1))


def test_the_first_of_equal_elements_is_found_and_nan_before_all() -> None:
    x = t([2.0, 7.0, 7.0])
    assert tg.argmax(x).item() == x.max(0).indices.item() == 1
    y = t([2.0, nan, 7.0, nan])
    assert tg.argmax(y).item() == tg.argmin(y).item() == y.max(0).indices.item() == 1
    assert np.isnan(y.max(0).values.item()) and np.isnan(tg.amin(y).item())


def test_argmax_counts_in_the_flat_tensor_or_along_a_dimension() -> None:
    x = t([[1.0, 5.0], [7.0, 3.0]])
    assert x.argmax().item() == 2
    assert_array_equal(x.argmin(0)._array, [0, 1])
    assert x.argmax(1, keepdim=True).shape == (2, 1)
    assert x.argmax(keepdim=True).shape == (1, 1)
    assert tg.argmax(t(3.0)).item() == tg.argmax(t(3.0), 0).item() == 0
    with pytest.raises(RuntimeError, match="bool"):
        tg.argmax(t([True], bool))


def test_aminmax_gives_both() -> None:
    both = tg.aminmax(t([[1.0, 5.0], [7.0, 3.0]]), dim=1, keepdim=True)
    assert_array_equal(both.min._array, [[1], [3]])
    assert_array_equal(both.max._array, [[5], [7]])


def test_any_and_all_reduce_over_no_dimension_if_the_tuple_is_empty_and_keep_uint8() -> None:
    assert_array_equal(tg.any(t([[0.0, 2.0]]), ())._array, [[False, True]])
    assert tg.all(t([1, 2], np.uint8)).dtype == np.uint8
    assert tg.any(t([1, 2], np.int32)).dtype == bool


# -- NaN left out -------------------------------------------------------------------------------------------


def test_nans_are_left_out_and_get_no_gradient() -> None:
    x = wrap(np.array([[1.0, nan], [2.0, 3.0]]), leaf=True)
    (g,) = tg.autograd.grad(tg.nanmean(x, 1), x, t([4.0, 6.0]))
    assert_array_equal(g._array, [[4, 0], [3, 3]])
    (g,) = tg.autograd.grad(tg.nansum(x), x, t(5.0))
    assert_array_equal(g._array, [[5, 0], [5, 5]])


# -- along a dimension --------------------------------------------------------------------------------------


@given(st.data())
def test_cumulative_functions_have_numpys_values(data: Any) -> None:
    a = data.draw(arrays(shapes(min_dims=1)))
    dim = data.draw(st.integers(-a.ndim, a.ndim - 1))
    assert_allclose(tg.cumsum(wrap(a), dim)._array, np.cumsum(a, dim))
    assert_allclose(tg.cumprod(wrap(a), dim)._array, np.cumprod(a, dim))
    assert_allclose(tg.logcumsumexp(wrap(a), dim)._array, np.log(np.cumsum(np.exp(a), dim)), atol=1e-12)
    best = tg.cummax(wrap(a), dim)
    assert_array_equal(best.values._array, np.maximum.accumulate(a, dim))
    assert_array_equal(np.take_along_axis(a, best.indices._array, dim), best.values._array)
    assert_array_equal(tg.cummin(wrap(a), dim).values._array, np.minimum.accumulate(a, dim))


@pytest.mark.parametrize("f", [tg.cumsum, tg.cumprod, tg.logcumsumexp])
def test_a_number_is_its_own_cumulative_sum(f: Any) -> None:
    assert f(t(3.0), 0).shape == () and f(t(3.0), -1).item() == 3
    with pytest.raises(IndexError):
        f(t(3.0), 1)


def test_running_extremes_point_to_the_last_of_equal_ones_and_stay_at_nan() -> None:
    best = tg.cummax(t([1.0, 1.0, 0.0, nan, 5.0, nan]), 0)
    assert_array_equal(best.values._array, [1, 1, 1, nan, nan, nan])
    assert_array_equal(best.indices._array, [0, 1, 1, 3, 3, 5])


def test_cumulative_functions_write_in_place() -> None:
    x = t([1.0, 2.0, 3.0])
    assert x.cumsum_(0) is x
    assert_array_equal(x._array, [1, 3, 6])
    assert_array_equal(x.cumprod_(0)._array, [1, 3, 18])


@given(st.data())
def test_differences_are_numpys(data: Any) -> None:
    a = data.draw(arrays(shapes(min_dims=1)))
    dim, n = data.draw(st.integers(-a.ndim, a.ndim - 1)), data.draw(st.integers(0, 3))
    y = tg.diff(wrap(a), n, dim)._array
    assert_allclose(y, np.diff(a, n, dim) if n <= a.shape[dim] else np.diff(a, a.shape[dim], dim), atol=1e-12)


def test_differences_take_neighbours_from_outside_and_know_bools() -> None:
    assert_array_equal(tg.diff(t([1.0, 3.0]), prepend=t([0.0]), append=t([9.0]))._array, [1, 2, 6])
    assert_array_equal(tg.diff(t([True, False, False], bool))._array, [True, False])
    with pytest.raises(RuntimeError, match="one dimension"):
        tg.diff(t(1.0))


def test_the_area_under_points_is_numpys() -> None:
    y, x = np.array([[1.0, 2.0, 4.0], [0.0, 3.0, 1.0]]), np.array([0.0, 1.0, 3.0])
    assert_allclose(tg.trapezoid(t(y), t(x))._array, np.trapezoid(y, x))
    assert_allclose(tg.trapezoid(t(y), dx=0.5, dim=0)._array, np.trapezoid(y, dx=0.5, axis=0))
    assert_allclose(tg.trapz(t(y), t(y * 2), dim=0)._array, np.trapezoid(y, y * 2, axis=0))
    assert_allclose(tg.cumulative_trapezoid(t(y), t(x))._array, [[1.5, 7.5], [1.5, 5.5]])
    with pytest.raises(RuntimeError, match="one `x` value"):
        tg.trapezoid(t(y), t([1.0, 2.0]))


# -- lengths ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("p", [0, 0.5, 1, 1.5, 2, 3, -1, inf, -inf])
def test_vector_norms_are_numpys(p: float) -> None:
    a = np.array([[3.0, -4.0, 1.0], [1.0, -2.0, 0.5]])
    for y, k in ((tg.norm(t(a), p, 1), 0), (tg.norm(t(a), p, (1,), keepdim=True), 1)):
        assert_allclose(y._array, np.linalg.norm(a, p, axis=1, keepdims=bool(k)))
    assert_allclose(tg.norm(t(a), p).item(), np.linalg.norm(a.reshape(-1), p))


def test_matrix_norms_by_name() -> None:
    a = np.arange(12.0).reshape(2, 2, 3)
    assert_allclose(tg.norm(t(a), "nuc", (1, 2))._array, np.linalg.norm(a, "nuc", axis=(1, 2)))
    assert tg.norm(t(a), "nuc", (0, 2), keepdim=True).shape == (1, 2, 1)
    assert_allclose(tg.norm(t(a), dim=(0, 2))._array, np.linalg.norm(a, "fro", axis=(0, 2)))
    assert_allclose(tg.norm(t(a)).item(), np.linalg.norm(a))
    for wrong in (lambda: tg.norm(t(a), "nuc"), lambda: tg.norm(t(a), "fro", (0, 1, 2)), lambda: tg.norm(t(a), "max")):
        with pytest.raises(RuntimeError, match="norm"):
            wrong()


def test_distances_between_rows() -> None:
    a, b = np.arange(6.0).reshape(3, 2), np.array([[1.0, -1.0], [0.0, 2.0]])
    for p in (0, 1, 2, 3, inf):
        expected = [[np.linalg.norm(x - y, p) for y in b] for x in a]
        assert_allclose(tg.cdist(t(a), t(b), p)._array, expected)
    assert tg.cdist(t(np.ones((4, 1, 3, 2))), t(np.ones((5, 6, 2)))).shape == (4, 5, 3, 6)
    assert_allclose(tg.dist(t(a), t([1.0, 1.0]), 1).item(), np.abs(a - 1).sum())
    with pytest.raises(RuntimeError, match="columns"):
        tg.cdist(t(a), t(np.ones((2, 3))))


def test_renorm_scales_long_slices_down_and_leaves_the_others() -> None:
    x = t([[3.0, 4.0], [0.3, 0.4]])
    assert_allclose(tg.renorm(x, 2, 0, 1.0)._array, [[0.6, 0.8], [0.3, 0.4]], rtol=1e-6)
    assert np.all(tg.norm(tg.renorm(x, 1, 1, 2.0), 1, 0)._array <= 2)
    with pytest.raises(RuntimeError, match="2 dimensions"):
        tg.renorm(t([1.0]), 2, 0, 1.0)


def test_the_variance_of_float32_is_exact_far_from_zero() -> None:
    x = (1e4 + np.random.default_rng(0).random(1000)).astype(np.float32)
    expected = x.astype(np.float64).var(ddof=1)
    assert_allclose(tg.var(t(x, np.float32))._array, expected, rtol=1e-6)
    assert_allclose(tg.std(t(x, np.float32))._array, np.sqrt(expected), rtol=1e-6)


def test_the_median_is_nan_where_a_number_is_missing() -> None:
    assert np.isnan(tg.median(t([1.0, np.nan, 3.0, 2.0]))._array)
    assert np.isnan(tg.median(t([]))._array)


def test_variances_of_float16_do_not_overflow() -> None:
    x = np.arange(2000) % 100
    y = tg.var(t(x, np.float16))
    assert y.dtype == np.float16
    assert_allclose(y._array, x.var(ddof=1), rtol=1e-3)
    assert_allclose(tg.std(t(x, np.float16))._array, x.std(ddof=1), rtol=1e-3)
