"""Reading and writing by index: PyTorch's functions against their definitions, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.functions.indexing import one_hot

A = np.arange(12.0).reshape(3, 4)


def x() -> Any:
    return tg.tensor(A, requires_grad=True)


def equal(t: Any, expected: Any) -> None:
    np.testing.assert_array_equal(t.detach().numpy(), expected)


def test_everything_that_goes_between_brackets() -> None:
    i, mask = tg.tensor([2, 0]), tg.tensor(A > 5)
    for index, expected in (
        (1, A[1]),
        (tg.tensor(1), A[1]),
        (np.int64(1), A[1]),
        (slice(tg.tensor(1), None), A[1:]),
        ((..., -1), A[..., -1]),
        ((None, 0), A[None, 0]),
        (i, A[[2, 0]]),
        ([2, 0], A[[2, 0]]),
        ((slice(None), [True, False, True, False]), A[:, [0, 2]]),
        (mask, A[A > 5]),
        ((i, i), A[[2, 0], [2, 0]]),
        ((i[:, None], [0, 1]), A[[[2], [0]], [0, 1]]),
        (range(2), A[:2]),
        (True, A[None]),
        (tg.tensor(False), A[None][:0]),
        ([], A[:0]),
        ((), A),
        ((i, None, 1), A[[2, 0], 1][:, None]),
    ):
        equal(x()[index], expected)


def test_an_int_next_to_an_array_is_read_first_as_in_pytorch() -> None:
    t = tg.zeros(2, 3, 4)
    assert tuple(t[0, :, [1, 2]].shape) == (3, 2)  # NumPy's would be (2, 3)


BAD = {
    "out of range": (
        IndexError,
        r"3 is out of bounds for dimension 0 with size 3 \(shape \(3, 4\)\): valid are -3 … 2",
        3,
    ),
    "array out of range": (IndexError, "index 4 is out of bounds for dimension 1", (slice(None), [0, 4])),
    "too many": (IndexError, "^too many indices for tensor of dimension 2: 3", (0, 0, 0)),
    "two ellipses": (IndexError, "one ellipsis", (..., ...)),
    "float": (IndexError, "float", 1.0),
    "float tensor": (IndexError, "float32.*i.long", tg.tensor([1.0])),
    "uint8": (IndexError, r"\.bool\(\) or \.long\(\)", tg.tensor([1, 0, 1]).byte()),
    "mask": (IndexError, r"mask of shape \(2,\) does not fit", tg.tensor([True, False])),
    "ragged": (IndexError, "object", [[1], [1, 2]]),
    "text": (IndexError, "'a'", "a"),
    "backwards": (ValueError, r"x\.flip\(0\)", slice(None, None, -1)),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_index_is_refused_when_read_and_when_written(name: str) -> None:
    error, match, index = BAD[name]
    with pytest.raises(error, match=match):
        x()[index]
    y = tg.tensor(A)
    with pytest.raises(error, match=match):
        y[index] = 0.0
    equal(y, A)


def test_gather_and_scatter_are_each_other_s_definition() -> None:
    i = np.array([[0, 3], [1, 1]])
    equal(x().gather(1, tg.tensor(i)), A[[[0], [1]], i])
    out = np.zeros((3, 4))
    out[[[0], [1]], i] = A[:2, :2]
    equal(tg.zeros(3, 4).double().scatter(1, tg.tensor(i), x()), out)
    out = np.zeros((3, 4))
    np.add.at(out, (np.array([[0], [1]]), i), A[:2, :2])
    equal(tg.zeros(3, 4).double().scatter_add(1, tg.tensor(i), x()), out)


def test_scatter_reduce_with_and_without_what_was_there() -> None:
    i, src = tg.tensor([0, 0, 1]), tg.tensor([2.0, 5.0, 3.0])
    base = tg.tensor([4.0, 4.0, 4.0])
    expected = {
        "sum": ([11, 7, 4], [7, 3, 4]),
        "prod": ([40, 12, 4], [10, 3, 4]),
        "mean": ([11 / 3, 3.5, 4], [3.5, 3, 4]),
        "amax": ([5, 4, 4], [5, 3, 4]),
        "amin": ([2, 3, 4], [2, 3, 4]),
    }
    for reduce, (with_self, without) in expected.items():
        np.testing.assert_allclose(base.scatter_reduce(0, i, src, reduce).numpy(), with_self, rtol=1e-6)
        np.testing.assert_allclose(
            base.scatter_reduce(0, i, src, reduce, include_self=False).numpy(), without, rtol=1e-6
        )
    assert base.scatter(0, i, 2.0, reduce="multiply").tolist() == [16, 8, 4]


def test_writing_slices_and_masks_out_of_place_and_in_place_agree() -> None:
    i, rows = tg.tensor([2, 0]), tg.tensor(-A[:2])
    mask = tg.tensor(A % 2 == 0)
    for name, args in {
        "index_add": (0, i, rows),
        "index_copy": (0, i, rows),
        "index_fill": (1, i, 7.0),
        "masked_fill": (mask, -1.0),
        "masked_scatter": (mask, rows),
        "index_put": ((i, i), tg.tensor([1.0, 2.0]).double()),
        "scatter": (1, i[:, None], 9.0),
        "scatter_add": (0, i[:, None], rows),
        "tril": (),
    }.items():
        y = tg.tensor(A)
        out = getattr(y, name)(*args)
        equal(y, A)
        assert getattr(y, name + "_")(*args) is y
        equal(y, out.numpy())
        assert not np.array_equal(out.numpy(), A)


def test_accumulating_counts_repeats_and_writing_does_not() -> None:
    i = (tg.tensor([0, 0]), tg.tensor([1, 1]))
    v = tg.tensor([1.0, 2.0], requires_grad=True)
    assert tg.zeros(2, 2).index_put(i, v, accumulate=True).tolist() == [[0, 3], [0, 0]]
    y = tg.zeros(2, 2).index_put(i, v)
    y.sum().backward()
    assert v.grad.tolist() in ([0, 1], [1, 0])


def test_fill_diagonal() -> None:
    for shape in ((3, 3), (4, 2), (2, 4), (7, 3)):
        for wrap in (False, True):
            expected = np.zeros(shape)
            np.fill_diagonal(expected, 5.0, wrap=wrap)
            equal(tg.zeros(*shape).fill_diagonal_(5.0, wrap=wrap), expected)


def test_one_hot_and_its_refusals() -> None:
    assert one_hot(tg.tensor([[2], [0]])).tolist() == [[[0, 0, 1]], [[1, 0, 0]]]
    for bad in (tg.tensor([-1]), tg.tensor([3])):
        with pytest.raises(RuntimeError, match="is not among 0 … 2"):
            one_hot(bad, 3)
    with pytest.raises(RuntimeError, match=r"labels\.long"):
        one_hot(tg.tensor([1.0]))


REFUSED = {
    "gather": (IndexError, "index 4 is out of range: the dimension has 4", lambda t: t.gather(1, tg.tensor([[4]]))),
    "negative": (IndexError, "index -1 is out of range", lambda t: t.gather(1, tg.tensor([[-1]]))),
    "gather's dimensions": (RuntimeError, r"index.unsqueeze\(1\)", lambda t: t.gather(1, tg.tensor([0, 1, 2]))),
    "gather's size": (RuntimeError, "larger than the tensor", lambda t: t.gather(1, tg.zeros(4, 1).long())),
    "float index": (TypeError, r"index\.long\(\)", lambda t: t.gather(1, tg.zeros(1, 1))),
    "index_select": (IndexError, "out of range", lambda t: t.index_select(0, tg.tensor([3]))),
    "index_select of 0-d": (RuntimeError, "one element, not 2", lambda t: t[0, 0].index_select(0, tg.tensor([0, 0]))),
    "take": (IndexError, "out of range", lambda t: t.take(tg.tensor([12]))),
    "narrow": (RuntimeError, "do not fit", lambda t: t.narrow(0, 1, 3)),
    "mask": (RuntimeError, "holds bools", lambda t: t.masked_select(tg.tensor([1, 0, 1, 0]))),
    "masked_fill": (RuntimeError, "must be a number", lambda t: t.masked_fill(t > 0, tg.ones(2))),
    "masked_scatter": (RuntimeError, "true 12 times", lambda t: t.masked_scatter(t >= 0, t[0])),
    "scatter": (RuntimeError, "dtypes differ", lambda t: t.scatter(0, tg.tensor([[0]]), tg.ones(1, 1))),
    "index_add": (RuntimeError, r"source must have shape \(1, 4\)", lambda t: t.index_add(0, tg.tensor([0]), t)),
    "reduce": (RuntimeError, "sum, prod", lambda t: t.scatter_reduce(0, tg.tensor([[0]]), t, "median")),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused_with_the_reason(name: str) -> None:
    error, match, f = REFUSED[name]
    with pytest.raises(error, match=match):
        f(x())


def test_membership() -> None:
    assert 3.0 in x() and 99 not in x() and tg.tensor(4.0) in x()
    with pytest.raises(RuntimeError, match="str"):
        "a" in x()  # noqa: B015


def test_changing_an_index_tensor_after_it_was_an_operand_is_noticed() -> None:
    t, i = x(), tg.tensor([0, 1])
    y = t.index_select(0, i)
    i.zero_()
    with pytest.raises(RuntimeError, match=r"take needs an array .* zero_ has changed it"):
        y.sum().backward()


def test_what_arrays_choose_can_be_viewed() -> None:
    x = tg.arange(24.0).reshape(2, 3, 4).requires_grad_()
    i = tg.tensor([2, 0])
    for chosen in (x[:, i], x[..., i], x[..., [0, -1]], x[:, x[0, :, 0] > 0], x[0, :, i], x[:, i, i]):
        assert chosen.is_contiguous()
        assert chosen.view(-1).tolist() == chosen.flatten().tolist()
    x[:, i].view(2, -1)[0].sum().backward()
    assert x.grad.sum(2).tolist() == [[4, 0, 4], [0, 0, 0]]
