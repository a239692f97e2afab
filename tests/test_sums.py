"""Sums of matrices by BLAS are NumPy's, and as exact."""

import numpy as np
import pytest

from tinygrad_edu.sums import sum_of_columns, sum_of_rows


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (1, 1), (5, 3), (100, 10), (10, 5000), (5000, 10)])
def test_sums_of_rows_and_columns(shape, dtype):
    x = np.random.default_rng(0).random(shape).astype(dtype)
    for y in (x, x.T, x[::-1, ::2]):
        for ours, axis in ((sum_of_rows, 0), (sum_of_columns, 1)):
            assert ours(y).dtype == dtype
            np.testing.assert_allclose(ours(y), y.sum(axis, np.float64), rtol=20 * np.finfo(dtype).eps)


def test_what_is_not_finite_stays_in_its_row_and_column():
    x = np.array([[1.0, np.inf], [np.nan, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(sum_of_rows(x), [np.nan, np.inf])
    np.testing.assert_array_equal(sum_of_columns(x), [np.inf, np.nan, 7])


def test_a_sum_of_a_million_small_numbers_is_exact():
    x = np.full((1, 1_000_000), 0.1, np.float32)
    assert sum_of_columns(x)[0] == pytest.approx(100_000, rel=1e-6)
