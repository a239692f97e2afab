"""`resize_` keeps the elements in order, and refuses what would lose a graph."""

from __future__ import annotations

import pytest

import tinygrad_edu as tg


def test_a_shape_of_as_many_elements_shares_the_memory() -> None:
    x = tg.arange(6)
    y = x.view(2, 3)
    assert x.resize_(3, 2) is x and x.tolist() == [[0, 1], [2, 3], [4, 5]]
    x[0, 0] = 9
    assert y[0, 0].item() == 9
    assert x.resize_as_(y).shape == (2, 3) and x.resize_((1, 6)).shape == (1, 6)


def test_fewer_are_the_first_and_more_are_filled_up() -> None:
    assert tg.arange(6).resize_(2, 2).tolist() == [[0, 1], [2, 3]]
    assert tg.arange(2).resize_(4).tolist() == [0, 1, 0, 0]


def test_resize_leaves_the_tensor_alone_and_is_recorded() -> None:
    x = tg.arange(4)
    assert x.resize(2, 2).shape == (2, 2) and x.shape == (4,)
    w = tg.ones(4, requires_grad=True)
    w.resize(2, 2).sum().backward()
    assert w.grad is not None and w.grad.tolist() == [1, 1, 1, 1]


def test_what_requires_grad_is_refused() -> None:
    w = tg.ones(4, requires_grad=True)
    with pytest.raises(RuntimeError, match="cannot resize variables that require grad"):
        w.resize_(2, 2)
    assert w.shape == (4,)
    with pytest.raises(RuntimeError, match="at least 0"):
        tg.ones(2).resize_(-1)
