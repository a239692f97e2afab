"""Softplus at its threshold, softmax of numbers whose exponentials overflow, with cotangents that are not 1."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tinygrad_edu as tg
import tinygrad_edu.nn.functional as F


def test_softplus_is_not_linear_yet_at_its_threshold() -> None:
    x = tg.tensor([1.5, 1.500001], dtype=tg.float64, requires_grad=True)
    y = F.softplus(x, 2.0, 3.0)
    assert y.tolist() == pytest.approx([math.log1p(math.exp(3)) / 2, 1.500001], rel=1e-12)
    y.backward(tg.tensor([3.0, 5.0], dtype=tg.float64))
    assert x.grad.tolist() == pytest.approx([3 / (1 + math.exp(-3)), 5], rel=1e-12)


def test_an_activation_keeps_the_order_of_its_operand() -> None:
    assert not F.relu(tg.rand(2, 3).t()).is_contiguous()


@pytest.mark.parametrize("classes", [1, 3, 31, 32, 33, 70])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_softmax_of_large_numbers(classes: int, axis: int) -> None:
    x = np.random.default_rng(classes).standard_normal((5, classes)) * 1000
    e = np.exp(x - x.max(axis, keepdims=True))
    expected = e / e.sum(axis, keepdims=True)
    np.testing.assert_allclose(tg.tensor(x).softmax(axis).numpy(), expected, atol=1e-15)
    logs = tg.tensor(x).log_softmax(axis).numpy()
    np.testing.assert_allclose(logs, x - x.max(axis, keepdims=True) - np.log(e.sum(axis, keepdims=True)), atol=1e-12)


def test_softmax_of_large_numbers_of_more_dimensions_and_of_dask() -> None:
    x = np.random.default_rng(0).standard_normal((2, 3, 4)) * 1000
    e = np.exp(x - x.max(1, keepdims=True))
    np.testing.assert_allclose(tg.tensor(x).softmax(1).numpy(), e / e.sum(1, keepdims=True), atol=1e-15)
    da = pytest.importorskip("dask.array")
    lazy = tg.as_tensor(da.from_array(x, chunks=(1, 3, 4))).softmax(1)
    np.testing.assert_allclose(lazy.numpy(), e / e.sum(1, keepdims=True), atol=1e-15)
