"""Repeats, ties, zeros and empty operands of reading and writing by index, with cotangents that are not 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg


def gradients(f: Any, *arrays: Any, g: Any) -> list[Any]:
    xs = [tg.tensor(np.array(a, float), requires_grad=True) for a in arrays]
    y = f(*xs)
    y.backward(tg.tensor(np.array(g, float)))
    return [x.grad.tolist() for x in xs]


def test_a_row_that_is_read_twice_gets_both_cotangents() -> None:
    assert gradients(lambda x: x[[1, 1, 0]], [5.0, 6.0, 7.0], g=[2.0, 3.0, 4.0]) == [[4, 5, 0]]
    assert gradients(lambda x: x[[0, 0], [1, 1]], [[5.0, 6.0]], g=[2.0, 3.0]) == [[[0, 5]]]
    assert gradients(lambda x: x[:, [0, 0]], [[5.0, 6.0]], g=[[2.0, 3.0]]) == [[[5, 0]]]
    assert gradients(lambda x: x[-1] + x[1], [5.0, 6.0], g=3.0) == [[0, 6]]


def test_nothing_read_and_nothing_written() -> None:
    assert gradients(lambda x: x[[]], [5.0, 6.0], g=[]) == [[0, 0]]
    assert gradients(lambda x: x[2:], [5.0, 6.0], g=[]) == [[0, 0]]
    assert gradients(lambda x: x[tg.tensor([False, False])], [5.0, 6.0], g=[]) == [[0, 0]]
    assert gradients(lambda x: x.index_add(0, tg.tensor([], dtype=tg.int64), x[:0]), [5.0], g=[2.0]) == [[2]]
    empty = tg.zeros(0, 3, requires_grad=True)
    empty[:, [0, 0]].sum().backward()
    assert tuple(empty.grad.shape) == (0, 3)


def test_extremes_that_are_equal_share_the_gradient() -> None:
    i = tg.tensor([0, 0, 1])

    def amax(x: Any, s: Any) -> Any:
        return x.scatter_reduce(0, i, s, "amax")

    assert gradients(amax, [4.0, 1.0], [4.0, 4.0, 0.0], g=[6.0, 5.0]) == [[2, 5], [2, 2, 0]]


def test_products_with_no_one_and_several_zeros() -> None:
    i = tg.tensor([0, 0, 1, 1, 1])

    def prod(x: Any, s: Any) -> Any:
        return x.scatter_reduce(0, i, s, "prod")

    x, s = gradients(prod, [2.0, 3.0], [5.0, 0.0, 0.0, 0.0, 7.0], g=[1.5, 2.0])
    assert (x, s) == ([0, 0], [0, 15, 0, 0, 0])
    x, s = gradients(prod, [0.0, 3.0], [5.0, 2.0, 4.0, 1.0, 7.0], g=[1.5, 2.0])
    assert (x, s) == ([15, 56], [0, 0, 42, 168, 24])


@pytest.mark.parametrize(
    "source", [[2.0, 0.0, 3.0, 4.0], [0.0, 0.0, 3.0, 4.0], [0.0, 0.0, 0.0, 0.0], [2.0, 5.0, 3.0, 0.0]]
)
@pytest.mark.parametrize("first", [1.5, 0.0])
def test_products_with_zeros_have_derivatives_of_any_order(source: Any, first: float) -> None:
    def derivatives(f: Any) -> list[Any]:
        x = tg.tensor([first, 2.0], dtype=tg.float64, requires_grad=True)
        s = tg.tensor(source, dtype=tg.float64, requires_grad=True)
        y = (f(x, s) * tg.tensor([1.0, 10.0])).sum()
        found = []
        for k in range(3):
            a, b = tg.autograd.grad(y, [x, s], create_graph=True)
            found += [*a.tolist(), *b.tolist()]
            y = (a * tg.tensor([3.0, 5.0])).sum() + (b * tg.tensor([1.0, 2.0, 4.0, 7.0]) ** k).sum()
        return found

    places = tg.tensor([0, 0, 1, 0])
    expected = derivatives(lambda x, s: tg.stack([x[0] * s[0] * s[1] * s[3], x[1] * s[2]]))
    assert derivatives(lambda x, s: x.scatter_reduce(0, places, s, "prod")) == pytest.approx(expected)


def test_padding_repeats_and_joins_count_every_copy() -> None:
    from tinygrad_edu.functions.rearranging import pad

    assert gradients(lambda x: pad(x, (2, 1), "replicate"), [[5.0, 6.0]], g=[[1.0, 2.0, 3.0, 4.0, 5.0]]) == [[[6, 9]]]
    assert gradients(lambda x: x.repeat_interleave(2), [5.0, 6.0], g=[1.0, 2.0, 3.0, 4.0]) == [[3, 7]]
    assert gradients(lambda x: x.unfold(0, 2, 1), [5.0, 6.0, 7.0], g=[[1.0, 2.0], [3.0, 4.0]]) == [[1, 5, 4]]
    assert gradients(lambda x: tg.cat([x, x * 2]), [5.0], g=[1.0, 3.0]) == [[7]]


def test_second_derivatives_of_repeated_reads() -> None:
    x = tg.tensor([2.0, 3.0], requires_grad=True)
    y = (x[[0, 0, 1]] ** 3).sum()
    (g,) = tg.autograd.grad(y, [x], create_graph=True)
    assert g.tolist() == [24, 27]
    g.backward(tg.tensor([2.0, 5.0]))
    assert x.grad.tolist() == [2 * 24, 5 * 18]


@pytest.mark.parametrize("dtype", [tg.float32, tg.float64])
def test_dtypes_stay(dtype: Any) -> None:
    x = tg.ones(3, dtype=dtype, requires_grad=True)
    y = tg.cat([x[[0, 0]], tg.stack([x[1], x[2]])]).scatter_add(0, tg.tensor([0]), x[:1])
    y.sum().backward()
    assert y.dtype == dtype and x.grad.dtype == dtype


@pytest.mark.parametrize(
    "index",
    [
        ([0, 0, -1],), ([0, 0], [1, 1]), ([0, -2], [1, 1], [0, 0]), (slice(None), [1, 1]), (slice(1, None), [0, 0]),
        ([0, 1], slice(None), [1, 1]), ([1, 1], slice(0, 1), [0, 0]), (1, [0, 0]), (None, [0, 0]), ([],), ([], []),
        (slice(None), slice(None, None, 2), [1, 1]), (Ellipsis, [1, 1]), ([[0, 0], [1, 1]], [1, 0]),
        ([True, False], slice(None), [1, 1]), ([True, True], [0, 0]), ([False, True], [1]),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_read_twice_gets_both_cotangents_by_every_kind_of_index(index):
    index = tuple(np.array(i, None if i else int) if isinstance(i, list) else i for i in index)
    x = tg.tensor(np.arange(12.0).reshape(2, 3, 2), requires_grad=True)
    y = x[index]
    v = np.arange(1.0, 1 + y.numel()).reshape(y.shape)
    (g,) = tg.autograd.grad(y, x, tg.tensor(v))
    expected = np.zeros((2, 3, 2))
    np.add.at(expected, index, v)
    np.testing.assert_array_equal(g.numpy(), expected)


@pytest.mark.parametrize(
    "index",
    [
        (0,), (-1,), (1, 2), (slice(0, 2),), (slice(1, 2), slice(1, None)), (Ellipsis, 1), (0, Ellipsis, -1),
        (slice(None), Ellipsis), (None, 1), (slice(0, 1), None, 2), (Ellipsis, None, slice(1, 2)),
        (1, None, Ellipsis, 0), (slice(0, 2, 1),), (slice(2, 0),),
    ],
    ids=str,
)  # fmt: skip
def test_slices_of_lazy_arrays_have_their_gradients(index):
    da = pytest.importorskip("dask.array")
    a = np.arange(12.0).reshape(2, 3, 2)
    gradients = []
    for array in (a, da.from_array(a, chunks=2)):
        x = tg.as_tensor(array).requires_grad_()
        y = x[index]
        (y * y * tg.as_tensor(np.arange(1.0, 1 + y.numel()).reshape(y.shape))).sum().backward()  # y is lazy: 2 y, too
        gradients.append(np.asarray(x.grad._array))
    np.testing.assert_array_equal(gradients[1], gradients[0])


def test_steps_in_lazy_arrays_have_no_gradient():
    da = pytest.importorskip("dask.array")
    x = tg.as_tensor(da.ones(4, chunks=2)).requires_grad_()
    with pytest.raises(TypeError, match="gradient for integers and slices without a step only"):
        (x[::2] * x[::2]).sum().backward()
