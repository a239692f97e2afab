"""Order: sorted elements, the largest, the most frequent, the distinct, places in sequences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy import nan
from numpy.testing import assert_array_equal

import tinygrad_edu as tg
from tinygrad_edu.autograd.gradcheck import gradcheck
from tinygrad_edu.primitive import wrap
from tinygrad_edu.testing import arrays, shapes


def t(x: Any, dtype: Any = np.float64) -> Any:
    return wrap(np.array(x, dtype))


@st.composite
def lines(draw: Any, min_side: int = 0) -> tuple[Any, int]:
    """An array with repeats, and a dimension of it."""
    shape = draw(shapes(min_dims=1, min_side=min_side))
    return draw(arrays(shape, 0, 3, dtype=np.int64)), draw(st.integers(-len(shape), len(shape) - 1))


@given(lines(), st.booleans())
def test_sorted_elements_keep_equal_ones_in_order(line: tuple[Any, int], descending: bool) -> None:
    a, dim = line
    values, indices = tg.sort(wrap(a), dim, descending)
    sign = -1 if descending else 1
    assert_array_equal(values._array, sign * np.sort(sign * a, dim))
    assert_array_equal(indices._array, np.argsort(sign * a, dim, kind="stable"))
    assert_array_equal(tg.argsort(wrap(a), dim, descending)._array, indices._array)
    assert indices.dtype == np.int64


@given(lines(min_side=1), st.data())
def test_topk_and_kthvalue_are_places_in_the_order(line: tuple[Any, int], data: Any) -> None:
    a, dim = line
    k = data.draw(st.integers(1, a.shape[dim]))
    order = np.sort(a, dim)
    values, indices = tg.topk(wrap(a), k, dim)
    assert_array_equal(values._array, np.flip(np.take(order, range(-k, 0), dim), dim))
    assert_array_equal(np.take_along_axis(a, indices._array, dim), values._array)
    assert_array_equal(tg.topk(wrap(a), k, dim, largest=False).values._array, np.take(order, range(k), dim))
    found = tg.kthvalue(wrap(a), k, dim, keepdim=True)
    assert_array_equal(found.values._array, np.take(order, [k - 1], dim))
    assert_array_equal(np.take_along_axis(a, found.indices._array, dim), found.values._array)
    assert tg.kthvalue(wrap(a), k, dim).values.shape == a.shape[: dim % a.ndim] + a.shape[dim % a.ndim + 1 :]


@given(lines(min_side=1))
def test_the_mode_is_the_most_frequent_element(line: tuple[Any, int]) -> None:
    a, dim = line
    values, indices = tg.mode(wrap(a), dim)
    for where in np.ndindex(values._array.shape):
        row = np.moveaxis(a, dim, -1)[where]
        counts = [np.count_nonzero(row == v) for v in range(4)]
        assert values._array[where] == np.argmax(counts)
        assert indices._array[where] == np.flatnonzero(row == values._array[where])[-1]


def test_nan_is_larger_than_everything() -> None:
    x = t([1.0, nan, 2.0])
    assert_array_equal(tg.sort(x).values._array, [1, 2, nan])
    assert_array_equal(tg.sort(x, descending=True).indices._array, [1, 2, 0])
    assert tg.topk(x, 1).indices.item() == 1


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x.sort().values,
        lambda x: x.sort(0, descending=True).values,
        lambda x: x.topk(2).values,
        lambda x: x.kthvalue(2, 0).values,
        lambda x: x.median(1, keepdim=True).values,
        lambda x: x.mode(1).values,
        lambda x: x.max(0).values,
        lambda x: x.msort(),
        lambda x: x.cummax(1).values,
        lambda x: x.cummin(0).values,
        lambda x: x.unique(),
        lambda x: x.unique(dim=1),
        lambda x: x.unique_consecutive(dim=0),
        lambda x: x.quantile(t([0.2, 0.7]), 1),
        lambda x: x.median(),
    ],
)
@given(arrays((3, 4), distinct=True))
def test_values_carry_the_gradient_of_the_elements_that_they_are(f: Any, a: Any) -> None:
    assert gradcheck(f, (wrap(a, leaf=True),))


def test_a_number_is_sorted() -> None:
    for f in (tg.sort, tg.mode, lambda x: tg.topk(x, 1), lambda x: tg.kthvalue(x, 1), lambda x: tg.median(x, 0)):
        values, indices = f(t(3.0))
        assert values.shape == indices.shape == () and values.item() == 3 and indices.item() == 0
    assert tg.argsort(t(3.0)).shape == ()


def test_results_have_names_and_need_no_gradient_for_indices() -> None:
    x = wrap(np.array([3.0, 1.0]), leaf=True)
    for found in (x.sort(), x.topk(1), x.max(0), x.median(0), x.mode(), x.kthvalue(1), x.cummax(0)):
        assert found._fields == ("values", "indices")
        assert found.values.requires_grad and not found.indices.requires_grad
        assert found[0] is found.values


@pytest.mark.parametrize("wrong", [lambda x: x.topk(3), lambda x: x.topk(-1), lambda x: x.kthvalue(0)])
def test_there_are_not_so_many_elements(wrong: Any) -> None:
    with pytest.raises(RuntimeError, match="out of range"):
        wrong(t([1.0, 2.0]))


@given(arrays(shapes(), 0, 3, dtype=np.int64))
def test_distinct_elements_are_numpys(a: Any) -> None:
    values, inverse, counts = tg.unique(wrap(a), return_inverse=True, return_counts=True)
    expected, times = np.unique(a, return_counts=True)
    assert_array_equal(values._array, expected)
    assert_array_equal(counts._array, times)
    assert_array_equal(values._array[inverse._array], a)
    assert_array_equal(tg.unique(wrap(a))._array, expected)


@given(arrays(shapes(max_dims=2, min_dims=2), 0, 1, dtype=np.int64), st.integers(0, 1))
def test_distinct_slices_are_numpys(a: Any, dim: int) -> None:
    values, inverse, counts = tg.unique(wrap(a), return_inverse=True, return_counts=True, dim=dim)
    assert_array_equal(values._array, np.unique(a, axis=dim))
    assert_array_equal(np.take(values._array, inverse._array, dim), a)
    assert counts._array.sum() == a.shape[dim]


@given(arrays(shapes(), 0, 1, dtype=np.int64))
def test_runs_of_equal_elements_become_one(a: Any) -> None:
    values, inverse, counts = tg.unique_consecutive(wrap(a), return_inverse=True, return_counts=True)
    assert_array_equal(np.repeat(values._array, counts._array), a.reshape(-1))
    assert_array_equal(values._array[inverse._array], a)
    assert not np.any(values._array[1:] == values._array[:-1])


def test_every_nan_is_distinct() -> None:
    assert tg.unique(t([nan, 1.0, nan])).shape == (3,)


def test_the_gradient_of_distinct_elements_goes_to_the_first_of_equal_ones() -> None:
    x = wrap(np.array([3.0, 1.0, 3.0]), leaf=True)
    (g,) = tg.autograd.grad(x.unique(), x, t([5.0, 7.0]))
    assert_array_equal(g._array, [7, 5, 0])


@given(arrays((5,), 0, 4, dtype=np.int64), arrays(shapes(), 0, 5, dtype=np.int64), st.booleans())
def test_places_in_a_sequence_are_numpys(sequence: Any, a: Any, right: bool) -> None:
    sequence = np.sort(sequence)
    side = "right" if right else "left"
    expected = np.searchsorted(sequence, a, side)
    assert_array_equal(tg.searchsorted(wrap(sequence), wrap(a), right=right)._array, expected)
    assert_array_equal(tg.searchsorted(wrap(sequence), wrap(a), side=side)._array, expected)
    assert_array_equal(tg.bucketize(wrap(a), wrap(sequence), right=right)._array, expected)


def test_every_line_has_its_own_sequence() -> None:
    sequences = t([[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]])
    found = tg.searchsorted(sequences, t([[3.0, 6.0], [3.0, 6.0]]), out_int32=True)
    assert_array_equal(found._array, [[1, 3], [1, 2]])
    assert found.dtype == np.int32
    assert tg.searchsorted(t([1.0, 3.0]), 2.0).item() == 1
    order = tg.argsort(t([5.0, 1.0, 3.0]))
    assert_array_equal(tg.searchsorted(t([5.0, 1.0, 3.0]), t([4.0]), sorter=order)._array, [2])
    for wrong in (
        lambda: tg.searchsorted(sequences, t([3.0])),
        lambda: tg.searchsorted(t([1.0]), t([1.0]), side="middle"),
        lambda: tg.searchsorted(t([1.0]), t([1.0]), side="left", right=True),
        lambda: tg.bucketize(t([3.0]), sequences),
    ):
        with pytest.raises(RuntimeError):
            wrong()
