"""Calls with several results: what their rules are given, and results that are used in many ways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import tinygrad_edu as tg
from tinygrad_edu.primitive import PRIMITIVES, rule


@pytest.fixture
def define() -> Iterator[Any]:
    before = dict(PRIMITIVES)
    yield lambda function, *rules, **options: rule(function, *rules, name="several", **options)
    PRIMITIVES.clear()
    PRIMITIVES.update(before)


def test_what_nothing_depends_on_gets_zeros_of_its_own_shape_and_dtype(define):
    seen = []

    def slope(g, x):
        seen.extend(g)
        return g[0] * 2

    f = define(lambda x: (x * 2, np.append(x, x), (x > 0).astype(np.int64)), slope)
    for dtype in (np.float32, np.float64):
        seen.clear()
        x = tg.tensor(np.array([1.0, -2.0, 3.0], dtype), requires_grad=True)
        f(x)[0].backward(tg.tensor(np.array([1.0, 10.0, 100.0], dtype)))
        assert [g.shape for g in seen] == [(3,), (6,), (3,)]
        assert [g.dtype for g in seen] == [dtype, dtype, np.float64]  # floats for integers: they are multiplied
        assert not seen[1].any() and not seen[2].any()
        assert_allclose(x.grad.numpy(), [2, 20, 200])


def test_a_result_counts_both_where_it_is_used_and_where_a_recorded_rule_uses_it(define):
    f = define(lambda x: (np.exp(x), np.sin(x)), lambda g, y, x: g[0] * y[0] + g[1] * np.cos(x))
    x = tg.tensor([0.5, -1.0], requires_grad=True)
    e, s = f(x)
    (slope,) = tg.autograd.grad(e.sum(), x, create_graph=True)  # eˣ, by the saved result
    (total,) = tg.autograd.grad((3 * slope + 5 * e + s).sum(), x)
    assert_allclose(total.numpy(), 8 * np.exp([0.5, -1.0]) + np.cos([0.5, -1.0]), rtol=1e-6)
