"""Products and extremes by index where elements are 0 or equal; cotangents are never 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import tinygrad_edu as tg
from tinygrad_edu.autograd import grad, gradcheck, gradgradcheck
from tinygrad_edu.primitive import wrap
from tinygrad_edu.rules.scattering import scatter_extreme, scatter_prod


def leaf(x: Any) -> Any:
    return wrap(np.array(x, np.float64), leaf=True)


def slopes(y: Any, *xs: Any) -> list[Any]:
    """The gradients for the cotangent 10, 20, 30 …"""
    v = 10 * np.arange(1.0, 1 + y.numel()).reshape(y.shape)
    return [g.tolist() for g in grad(y, xs, wrap(v))]


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("zeros", [[], [0], [1], [4], [0, 1], [0, 2], [0, 2, 4], [3, 5], [1, 3, 5], [0, 1, 2, 3, 4, 5]])
def test_products_with_any_number_of_zeros(axis: int, zeros: list[int]) -> None:
    rng = np.random.default_rng(0)
    values = rng.uniform(0.5, 2, 6)
    values[zeros] = 0
    x, src = leaf(rng.uniform(0.5, 2, (3, 3))), leaf(values.reshape(3, 2))
    index = wrap(np.array([[2, 0], [2, 0], [0, 2]] if axis == 0 else [[2, 2], [0, 2], [1, 1]]))
    f = lambda x, src: scatter_prod(x, src, index, axis=axis)
    assert gradcheck(f, (x, src))
    assert gradgradcheck(f, (x, src))


def test_the_product_of_the_others_by_hand() -> None:
    x, src = leaf([2.0, 3.0, 5.0]), leaf([0.0, 7.0, 4.0, 0.0, 6.0])
    y = scatter_prod(x, src, wrap(np.array([0, 0, 1, 2, 2])), axis=0)
    assert y.tolist() == [0, 12, 0]
    assert slopes(y, x, src) == [[0, 80, 0], [140, 0, 60, 900, 0]]


def test_equal_extremes_share_the_cotangent() -> None:
    index = wrap(np.array([0, 0, 0, 1, 1, 2]))
    x, src = leaf([5.0, 1.0, 4.0, 8.0]), leaf([5.0, 5.0, 2.0, 3.0, 1.0, 6.0])
    y = scatter_extreme(x, src, index, axis=0, largest=True)
    assert y.tolist() == [5, 3, 6, 8]
    of_x, of_src = slopes(y, x, src)
    assert_allclose(of_x, [10 / 3, 0, 0, 40])
    assert_allclose(of_src, [10 / 3, 10 / 3, 0, 20, 0, 30])
    y = scatter_extreme(x, src, index, axis=0, largest=False)
    assert y.tolist() == [2, 1, 4, 8]
    of_x, of_src = slopes(y, x, src)
    assert_array_equal(of_x, [0, 10, 30, 40])
    assert_array_equal(of_src, [0, 0, 10, 0, 10, 0])


def test_extremes_along_the_last_axis() -> None:
    x, src = leaf([[1.0, 2.0], [3.0, 4.0]]), leaf([[2.0, 2.0, 9.0], [4.0, 0.0, 4.0]])
    y = scatter_extreme(x, src, wrap(np.array([[1, 1, 0], [1, 0, 1]])), axis=1, largest=True)
    assert y.tolist() == [[9, 2], [3, 4]]
    of_x, of_src = slopes(y, x, src)
    assert_allclose(of_x, [[0, 20 / 3], [30, 40 / 3]])
    assert_allclose(of_src, [[20 / 3, 20 / 3, 10], [40 / 3, 0, 40 / 3]])


def test_scatter_reduce_names_them() -> None:
    x, src = leaf([2.0, 3.0]), leaf([0.0, 7.0])
    index = tg.tensor([0, 0])
    assert slopes(x.scatter_reduce(0, index, src, "prod"), x, src) == [[0, 20], [140, 0]]
    assert slopes(x.scatter_reduce(0, index, src, "amax"), x, src) == [[0, 20], [0, 10]]
