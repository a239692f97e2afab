"""Windows on numbers that can be followed by hand: cutting out, adding up, sums, the largest, ties and margins."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.rules import windows as w

rng = np.random.default_rng(0)


def grid(kernel, stride=(1, 1), padding=((0, 0), (0, 0)), dilation=(1, 1)):
    return w.Grid(kernel, stride, padding, dilation)


GRIDS = [
    grid((2, 2)),
    grid((2, 3), (2, 1), ((1, 0), (0, 2))),
    grid((1, 2), (1, 2), dilation=(1, 3)),
    grid((3, 1), (2, 3), ((0, 1), (2, 1)), (2, 1)),
    grid((2, 2), (2, 2), ((0, 1), (1, 0))),
    grid((2, 2), (1, 1), dilation=(1, 2)),  # neighbours have one column in common
    grid((2, 3), (2, 2)),
]


def window(x, g, place):
    """The elements (N, C, *kernel) of one window of a framed array."""
    rows, columns = (
        [a * s + k * d for k in range(n)] for a, s, d, n in zip(place, g.stride, g.dilation, g.kernel, strict=True)
    )
    return x[:, :, rows][:, :, :, columns]


def framed(x, g, value=0.0):
    return np.pad(x, ((0, 0), (0, 0), *g.padding), constant_values=value)


@pytest.mark.parametrize("g", GRIDS)
def test_counts_are_the_places_where_a_window_fits(g):
    for sides in ((4, 5), (7, 8)):
        z = framed(np.zeros((1, 1, *sides)), g)
        assert g.framed(sides) == z.shape[2:]
        for n, count, k, s, d in zip(z.shape[2:], g.counts(sides), g.kernel, g.stride, g.dilation, strict=True):
            assert count == len([a for a in range(0, n, s) if a + (k - 1) * d < n])
        assert z[(..., *g.inner)].shape == (1, 1, *sides)


@pytest.mark.parametrize("g", GRIDS)
@pytest.mark.parametrize("n", [1, 2, 60])
@pytest.mark.parametrize("groups", [1, 2])
def test_columns_are_windows(g, n, groups):
    x = rng.standard_normal((n, 4, 7, 8))
    columns = w.cut(x, g, groups)
    counts, z = g.counts((7, 8)), framed(x, g)
    size = math.prod(g.kernel)
    assert columns.shape == (groups, 4 // groups * size, n * math.prod(counts))
    last = w.batch_last(n, counts)
    lines = columns.reshape(4 * size, *((*counts, n) if last else (n, *counts)))
    lines = np.moveaxis(lines, -1, 1) if last else lines
    for place in itertools.product(*map(range, counts)):
        expected = window(z, g, place).reshape(n, -1).T
        np.testing.assert_array_equal(lines[(slice(None), slice(None), *place)], expected)


@pytest.mark.parametrize("g", GRIDS)
@pytest.mark.parametrize("n", [1, 60])
def test_adding_up_is_the_adjoint_of_cutting_out(g, n):
    x = rng.standard_normal((n, 2, 7, 8))
    columns = w.cut(x, g)
    v = rng.standard_normal(columns.shape)
    z = w.add_up(v, x.shape, g)
    assert z.shape == x.shape
    assert z.flags.c_contiguous
    np.testing.assert_allclose(np.sum(columns * v), np.sum(x * z), rtol=1e-10)
    ones = w.add_up(np.ones_like(columns), x.shape, g)
    counted = w.add_up(w.cut(np.ones_like(x), g), x.shape, g)  # each element as often as it is in a window
    np.testing.assert_array_equal(ones, counted)


@pytest.mark.parametrize("n", [1, 3, 60])
@pytest.mark.parametrize("groups", [1, 3])
def test_rows_and_planes_are_inverse_and_in_the_order_of_columns(n, groups):
    x = rng.standard_normal((n, 6, 2, 4))
    h = w.as_rows(x, groups)
    assert h.shape == (groups, 6 // groups, n * 8)
    np.testing.assert_array_equal(h, w.cut(x, grid((1, 1)), groups))
    y = w.as_planes(h, None, n, (2, 4))
    assert y.flags.c_contiguous
    np.testing.assert_array_equal(y, x)
    bias = rng.standard_normal(6)
    np.testing.assert_array_equal(w.as_planes(h, bias, n, (2, 4)), x + bias[:, None, None])


@pytest.mark.parametrize("g", GRIDS)
def test_sums_and_their_adjoint(g):
    x = rng.standard_normal((2, 3, 7, 8))
    counts, z, y = g.counts((7, 8)), framed(x, g), w.summed(x, g)
    for place in itertools.product(*map(range, counts)):
        np.testing.assert_allclose(y[(..., *place)], window(z, g, place).sum((2, 3)), atol=1e-12)
    v = rng.standard_normal(y.shape)
    np.testing.assert_allclose(np.sum(y * v), np.sum(x * w.spread(v, x.shape, g)), rtol=1e-10)


@pytest.mark.parametrize("g", GRIDS)
def test_the_largest_and_where_it_is(g):
    x = rng.standard_normal((2, 3, 7, 8))
    y, at = w.largest(x, g)
    numbers = w.numbers_in_planes(at, (7, 8), g)
    z = framed(x, g, -np.inf)
    for place in itertools.product(*map(range, g.counts((7, 8)))):
        elements = window(z, g, place).reshape(2, 3, -1)
        np.testing.assert_array_equal(y[(..., *place)], elements.max(2))
        np.testing.assert_array_equal(at[(..., *place)], elements.argmax(2))
    inside = np.isfinite(y)  # some windows see nothing but the margin
    assert inside.any()
    np.testing.assert_array_equal(x.reshape(6, -1)[np.nonzero(inside.reshape(6, -1))[0], numbers[inside]], y[inside])


@pytest.mark.parametrize("g", GRIDS)
def test_put_and_pick_at_one_position(g):
    x = rng.standard_normal((2, 3, 7, 8))
    counts, z = g.counts((7, 8)), framed(x, g)
    at = rng.integers(0, math.prod(g.kernel), (2, 3, *counts)).astype(np.uint8)
    y = w.picked(x, at, g)
    for place in itertools.product(*map(range, counts)):
        elements = window(z, g, place).reshape(2, 3, -1)
        expected = np.take_along_axis(elements, at[(..., *place)][..., None].astype(int), 2)[..., 0]
        np.testing.assert_array_equal(y[(..., *place)], expected)
    v = rng.standard_normal(y.shape)
    np.testing.assert_allclose(np.sum(y * v), np.sum(x * w.put(v, at, x.shape, g)), rtol=1e-10)


def test_of_equal_ones_the_first_is_taken():
    y, at = w.largest(np.array([[[[3.0, 3.0], [3.0, 1.0]]]]), grid((2, 2)))
    assert (y.item(), at.item()) == (3, 0)
    y, at = w.largest(np.array([[[[1.0, 3.0], [3.0, 3.0]]]]), grid((2, 2)))
    assert (y.item(), at.item()) == (3, 1)


def test_windows_with_more_than_256_elements():
    x = np.zeros((1, 1, 20, 20))
    x[0, 0, 18, 17] = 1
    y, at = w.largest(x, grid((20, 20)))
    assert (y.item(), at.item()) == (1, 18 * 20 + 17)
    assert w.numbers_in_planes(at, (20, 20), grid((20, 20))).item() == 18 * 20 + 17
    t = tg.tensor(x, requires_grad=True)
    w.max_pool(t, grid=grid((20, 20))).sum().backward()
    np.testing.assert_array_equal(t.grad.numpy(), x)


def test_integers_have_a_largest_element_too():
    x = np.full((1, 1, 2, 2), np.iinfo(np.int64).min)
    y, _ = w.largest(x, grid((2, 2), padding=((1, 1), (1, 1))))
    assert (y == np.iinfo(np.int64).min).all()
    y, _ = w.largest(x + 1, grid((2, 2), padding=((1, 1), (1, 1))))
    assert (y == np.iinfo(np.int64).min + 1).all()


def test_windows_are_apart_if_each_begins_behind_the_one_before():
    assert grid((2, 2), (2, 2)).apart
    assert grid((1, 2), (1, 3), dilation=(9, 2)).apart
    assert not grid((2, 2), (2, 1)).apart
    assert not grid((1, 2), (1, 2), dilation=(1, 2)).apart
