"""Batch normalisation on numbers that can be followed by hand, at constants and in any memory order."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import autograd
from tinygrad_edu.rules import normalization as n

rng = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(3, 2), (3, 2, 4), (3, 2, 4, 5), (0, 2, 3), (3, 0, 2), (3, 2, 0)])
def test_sums_per_channel(shape):
    axes = (0, *range(2, len(shape)))
    a, b = rng.standard_normal((2, *shape))
    for x in (a, np.asfortranarray(a), a[::-1]):
        np.testing.assert_allclose(n.per_channel(x), x.sum(axes, keepdims=True), atol=1e-12)
        np.testing.assert_allclose(n.products_per_channel(x, b), (x * b).sum(axes, keepdims=True), atol=1e-12)
        np.testing.assert_allclose(n.products_per_channel(b, x), (x * b).sum(axes, keepdims=True), atol=1e-12)
    assert n.per_channel(a).shape == n.products_per_channel(a, b).shape == (1, shape[1], *(1,) * (len(shape) - 2))
    assert n.per_channel(a.astype(np.float32)).dtype == np.float32


def test_values_mean_and_variance():
    x = tg.tensor([[1.0, 10.0], [3.0, 30.0]], dtype=tg.float64)
    y, mean, var = n.batch_norm(x, tg.tensor([[2.0, 1.0]]).double(), tg.tensor([[0.0, 5.0]]).double(), eps=0.0)
    assert y.tolist() == [[-2, 4], [2, 6]]
    assert mean.tolist() == [[2, 20]]
    assert var.tolist() == [[1, 100]]


def test_the_gradient_of_constants_is_that_of_their_deviations():
    x = tg.full((4, 1), 7.0, dtype=tg.float64, requires_grad=True)
    w, b = (tg.full((1, 1), a, dtype=tg.float64, requires_grad=True) for a in (3.0, 1.0))
    y, *_ = n.batch_norm(x, w, b, eps=0.25)
    assert y.tolist() == [[1]] * 4
    g = tg.tensor([[1.0], [2.0], [3.0], [6.0]], dtype=tg.float64)
    gx, gw, gb = autograd.grad(y, [x, w, b], g)
    assert gx.tolist() == [[-12], [-6], [0], [18]]  # 3 / √0.25 · (g − 3)
    assert gw.tolist() == [[0]]
    assert gb.tolist() == [[12]]


@pytest.mark.parametrize("shape", [(5, 3), (4, 3, 2), (2, 3, 2, 2)])
def test_gradients_are_those_of_the_composition(shape):
    axes = (0, *range(2, len(shape)))
    column = (1, 3, *(1,) * (len(shape) - 2))
    arrays = [rng.standard_normal(s) for s in (shape, column, column)]
    cotangents = [rng.standard_normal(s) for s in (shape, column, column)]
    found = []
    for composed in (True, False):
        x, w, b = (tg.tensor(a, requires_grad=True) for a in arrays)
        if composed:
            mean, var = x.mean(axes, keepdim=True), x.var(axes, correction=0, keepdim=True)
            ys = ((x - mean) / (var + 1e-3).sqrt() * w + b, mean, var)
        else:
            ys = n.batch_norm(x, w, b, eps=1e-3)
        grads = autograd.grad(ys, [x, w, b], [tg.tensor(c) for c in cotangents])
        found.append([t.detach().numpy() for t in (*ys, *grads)])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10)


def test_gradients_that_are_a_graph_are_the_same_numbers():
    """Then the mean and the deviation are made anew."""
    arrays = [rng.standard_normal(s) for s in ((4, 3, 2), (1, 3, 1), (1, 3, 1))]
    found = []
    for create_graph in (False, True):
        xs = [tg.tensor(a, requires_grad=True) for a in arrays]
        y, *_ = n.batch_norm(*xs, eps=0.5)
        grads = autograd.grad(y, xs, tg.tensor(arrays[0][::-1].copy()), create_graph=create_graph)
        found.append([g.detach().numpy() for g in grads])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)
