"""Sums are NumPy's, and as exact along every axis as NumPy's are along the last one."""

from itertools import combinations

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.sums import add_up, sum_of_all, sum_of_columns, sum_of_rows, sum_of_squares


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (1, 1), (5, 3), (100, 10), (10, 5000), (5000, 10), (300, 1)])
def test_sums_of_matrices(shape, dtype):
    x = np.random.default_rng(0).random(shape).astype(dtype)
    for y in (x, x.T, x[::-1, ::2]):
        near = {"rtol": 20 * np.finfo(dtype).eps}
        for ours, axis in ((sum_of_rows, 0), (sum_of_columns, 1), (sum_of_all, None)):
            assert ours(y).dtype == dtype
            np.testing.assert_allclose(ours(y), y.sum(axis, np.float64), **near)
        assert sum_of_squares(y).dtype == dtype
        np.testing.assert_allclose(sum_of_squares(y), (y.astype(np.float64) ** 2).sum(), **near)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int32])
@pytest.mark.parametrize(
    "shape", [(1000,), (300, 3), (3, 0, 200), (0, 300), (130, 2, 131), (5, 143, 7), (9, 40, 3, 30)]
)
def test_sums_along_all_axes(shape, dtype):
    whole = (np.random.default_rng(0).random(shape) * (5 if dtype == np.int32 else 1)).astype(dtype)
    for x in (whole, whole.T, whole[::-1], whole[..., ::2], np.broadcast_to(whole[..., :1], shape)):
        axes = range(-x.ndim, x.ndim)
        some = [c for r in range(1, x.ndim + 1) for c in combinations(range(-x.ndim, 0), r)]
        for axis in (None, *axes, *some):
            for keepdims in (False, True):
                ours = add_up(x, axis, keepdims)
                theirs = np.add.reduce(x, axis=axis, keepdims=keepdims, dtype=None if dtype == np.int32 else np.float64)
                assert ours.shape == theirs.shape
                assert ours.dtype == np.add.reduce(x.ravel()[:1]).dtype
                np.testing.assert_allclose(ours, theirs, rtol=1e-2 if dtype == np.float16 else 5e-6)


def test_what_is_not_finite_stays_in_its_row_and_column():
    x = np.array([[1.0, np.inf], [np.nan, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(sum_of_rows(x), [np.nan, np.inf])
    np.testing.assert_array_equal(sum_of_columns(x), [np.inf, np.nan, 7])
    many = np.ones((1000, 2), np.float32)
    many[500, 0] = np.inf
    np.testing.assert_array_equal(add_up(many, 0), [np.inf, 1000])


@pytest.mark.parametrize("n", [777, 4096, 100_000, 1_000_000])
def test_sums_of_many_small_numbers_are_exact(n):
    x = np.full((n, 2), 0.1, np.float32)
    exact = n * float(np.float32(0.1))
    for total in (add_up(x, 0), add_up(x.T, 1), add_up(x[:, :1], 0), add_up(x[:, None], (0, 1)), sum_of_rows(x)):
        np.testing.assert_allclose(total, exact, rtol=4e-7)
    np.testing.assert_allclose(sum_of_columns(x.T.copy()), exact, rtol=3e-6)
    np.testing.assert_allclose(sum_of_all(x), 2 * exact, rtol=1e-6)
    np.testing.assert_allclose(sum_of_squares(x), 2 * n * float(np.float32(0.1)) ** 2, rtol=1e-6)


def test_statistics_of_columns_are_exact_in_float32():
    x = tg.tensor(np.random.default_rng(0).standard_normal((60_000, 3)) + 100, dtype=tg.float32)
    exact = x.numpy().astype(np.float64)
    np.testing.assert_allclose(x.mean(0), exact.mean(0), rtol=4e-7)
    np.testing.assert_allclose(x.std(0, unbiased=False), exact.std(0), rtol=1.2e-7)
    scaled = (x - x.mean(0)) / x.std(0)
    assert str(scaled.std(0)) == "tensor([1., 1., 1.])"  # to the last digit
    np.testing.assert_allclose(x.sum((0,)), exact.sum(0), rtol=4e-7)


@pytest.mark.parametrize("axis", [0, 1, (0, 1), (0, 2), (-3, -1), None])
def test_expanded_arrays_are_added_up_as_exactly_as_others(axis):
    x = np.broadcast_to(np.random.default_rng(0).random((1, 3, 50), np.float32), (30_000, 3, 50))
    exact = np.add.reduce(x[:1].astype(np.float64), axis=axis, keepdims=True)
    exact = exact * 30_000 if axis != 1 else np.broadcast_to(exact, (30_000, 1, 50))
    np.testing.assert_allclose(add_up(x, axis, keepdims=True), exact, rtol=3e-6)
    assert add_up(x, axis).dtype == np.float32


def test_gradients_of_what_was_broadcast_over_many_rows_are_exact():
    x, b = tg.zeros(200_000, 3), tg.zeros(3, requires_grad=True)
    (x + b).mean().backward()
    np.testing.assert_allclose(b.grad.numpy(), 1 / 3, rtol=1e-6)


def test_float16_counts_beyond_2048():
    x, b = tg.zeros(4096, 2, dtype=tg.float16), tg.zeros(2, dtype=tg.float16, requires_grad=True)
    (x + b).sum().backward()
    assert (b.grad.dtype, b.grad.tolist()) == (tg.float16, [4096, 4096])
    assert tg.ones(4096, 2, dtype=tg.float16).sum(0).tolist() == [4096, 4096]
