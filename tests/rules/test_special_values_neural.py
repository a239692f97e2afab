"""Kinks, bounds and extreme values of activations, losses and layers, with cotangents other than 1."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

import tinygrad_edu as tg
import tinygrad_edu.nn.functional as F
from tinygrad_edu import autograd

G = 2.5


def slope(f, x, dtype=np.float64):
    """The value and the gradient of f at the number x, for the cotangent G."""
    t = tg.tensor(np.array([x], dtype), requires_grad=True)
    y = f(t)
    (g,) = autograd.grad(y, [t], [tg.tensor(np.full(y.shape, G, dtype))])
    return float(y.detach().numpy()[0]), float(g.numpy()[0]) / G


@pytest.mark.parametrize(
    ("f", "x", "value", "derivative"),
    [
        (F.relu, 0.0, 0, 0),
        (F.relu, -0.0, 0, 0),
        (F.relu, math.inf, math.inf, 1),
        (F.relu, math.nan, math.nan, 1),
        (F.relu6, 0.0, 0, 0),
        (F.relu6, 6.0, 6, 0),
        (F.leaky_relu, 0.0, 0, 0.01),
        (F.elu, 0.0, 0, 1),
        (lambda x: F.elu(x, 2.0), 0.0, 0, 2),
        (F.elu, 1000.0, 1000, 1),
        (F.elu, -1000.0, -1, 0),
        (lambda x: F.celu(x, 2.0), 0.0, 0, 1),
        (F.selu, 0.0, 0, 1.0507009873554805 * 1.6732632423543772),
        (F.hardtanh, 1.0, 1, 0),
        (F.hardtanh, -1.0, -1, 0),
        (F.hardsigmoid, 3.0, 1, 0),
        (F.hardsigmoid, -3.0, 0, 0),
        (F.hardswish, -3.0, 0, 0),
        (F.hardswish, 3.0, 3, 1),
        (F.hardshrink, 0.5, 0, 0),
        (F.hardshrink, 0.51, 0.51, 1),
        (F.softshrink, -0.5, 0, 0),
        (F.softshrink, 0.75, 0.25, 1),
        (lambda x: F.threshold(x, 0.5, 9.0), 0.5, 9, 0),
        (F.softplus, 20.5, 20.5, 1),
        (F.softplus, -1000.0, 0, 0),
        (F.softplus, 1000.0, 1000, 1),
        (F.logsigmoid, 1000.0, 0, 0),
        (F.logsigmoid, -1000.0, -1000, 1),
        (F.logsigmoid, 0.0, -math.log(2), 0.5),
        (F.silu, 1000.0, 1000, 1),
        (F.silu, -1000.0, 0, 0),
        (F.mish, 1000.0, 1000, 1),
        (F.mish, -1000.0, 0, 0),
        (F.gelu, 40.0, 40, 1),
        (F.gelu, -40.0, 0, 0),
        (lambda x: F.gelu(x, "tanh"), 40.0, 40, 1),
    ],
)
def test_slope_at_a_kink_or_far_out(f, x, value, derivative):
    with np.errstate(invalid="ignore"):
        y, d = slope(f, x)
    np.testing.assert_allclose([y, d], [value, derivative], rtol=1e-12, atol=1e-12)


def test_losses_have_slope_0_where_prediction_and_target_are_equal():
    zero = tg.tensor([0.0], dtype=tg.float64)
    for loss in (F.l1_loss, F.mse_loss, F.huber_loss, F.smooth_l1_loss):
        assert slope(lambda x, loss=loss: loss(x, zero, reduction="none"), 0.0) == (0, 0)


def test_huber_has_slope_delta_where_its_parabola_becomes_a_line():
    zero = tg.tensor([0.0], dtype=tg.float64)
    assert slope(lambda x: F.huber_loss(x, zero, "none", 2.0), 2.0) == (2, 2)
    assert slope(lambda x: F.smooth_l1_loss(x, zero, reduction="none", beta=2.0), -2.0) == (1, -1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("x", "target", "value", "derivative"),
    [(1000, 0, 1000, 1), (1000, 1, 0, 0), (-1000, 0, 0, 0), (-1000, 1, 1000, -1), (0, 1, math.log(2), -0.5)],
)
def test_bce_with_logits_of_any_size(dtype, x, target, value, derivative):
    t = tg.tensor(np.array([target], dtype))
    for reduction in ("mean", "none"):  # the fused form, and the composition

        def f(x, reduction=reduction):
            return F.binary_cross_entropy_with_logits(x, t, reduction=reduction).reshape(1)

        np.testing.assert_allclose(slope(f, x, dtype), (value, derivative), rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cross_entropy_with_logits_of_any_size(dtype):
    x = tg.tensor(np.array([[1000, -1000, 0], [0, 0, 0]], dtype), requires_grad=True)
    t = tg.tensor([1, 2])
    for reduction in ("mean", "none"):
        loss = F.cross_entropy(x, t, reduction=reduction)
        each = np.array([2000, math.log(3)])
        np.testing.assert_allclose(loss.detach().numpy(), each.mean() if reduction == "mean" else each, rtol=1e-6)
        c = np.asarray(G if reduction == "mean" else [G, G], dtype)
        (g,) = autograd.grad(loss, [x], [tg.tensor(c)])
        expected = G * np.array([[1, -1, 0], [1 / 3, 1 / 3, -2 / 3]]) / (2 if reduction == "mean" else 1)
        np.testing.assert_allclose(g.numpy(), expected, rtol=1e-6)
        assert g.numpy().dtype == dtype


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softmax_and_log_softmax_with_logits_of_any_size(dtype):
    x = tg.tensor(np.array([1000, -1000, 1000], dtype), requires_grad=True)
    np.testing.assert_array_equal(F.softmax(x, 0).detach().numpy(), [0.5, 0, 0.5])
    np.testing.assert_allclose(
        F.log_softmax(x, 0).detach().numpy(), [-math.log(2), -2000 - math.log(2), -math.log(2)], rtol=1e-6
    )
    c = tg.tensor(np.array([1, 2, 3], dtype))
    np.testing.assert_allclose(autograd.grad(F.softmax(x, 0), [x], [c])[0].numpy(), [-0.5, 0, 0.5], atol=1e-6)
    np.testing.assert_allclose(autograd.grad(F.log_softmax(x, 0), [x], [c])[0].numpy(), [-2, 2, 0], atol=1e-6)


def test_bce_has_logs_of_at_least_minus_100_and_finite_slopes():
    for x, target, value in ((0, 1, 100), (1, 0, 100), (0, 0, 0), (1, 1, 0)):
        t = tg.tensor([float(target)], dtype=tg.float64)
        y, d = slope(lambda x, t=t: F.binary_cross_entropy(x, t, reduction="none"), x)
        assert y == value
        np.testing.assert_allclose(d, (x - target) * 1e12)
    target = tg.tensor([0.3], dtype=tg.float64, requires_grad=True)
    loss = F.binary_cross_entropy(tg.tensor([0.0], dtype=tg.float64), target, reduction="none")
    np.testing.assert_allclose(autograd.grad(loss, [target], [tg.tensor([G]).double()])[0].numpy(), [100 * G])


def test_prelu_at_0_has_the_negative_slope():
    x = tg.tensor([0.0], requires_grad=True)
    w = tg.tensor([0.25], requires_grad=True)
    F.prelu(x, w).backward(tg.tensor([G]))
    assert x.grad.numpy() == G * 0.25
    assert w.grad.numpy() == 0


def test_normalize_and_cosine_similarity_of_zero_vectors_are_finite():
    x = tg.zeros(1, 3).requires_grad_()
    for f in (F.normalize, lambda x: F.cosine_similarity(x, tg.ones(1, 3))):
        y = f(x)
        np.testing.assert_array_equal(y.detach().numpy(), np.zeros(y.shape))
        assert np.isfinite(autograd.grad(y.sum(), [x])[0].numpy()).all()


def test_losses_of_nothing_are_nan_without_a_warning_and_their_gradients_are_empty():
    x, y = tg.zeros(0, 3).requires_grad_(), tg.zeros(0, 3)
    for loss in (F.mse_loss, F.l1_loss, F.binary_cross_entropy_with_logits, F.huber_loss):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            value = loss(x, y)
            assert math.isnan(value.item())
            value.backward()
        assert x.grad.shape == (0, 3)
    assert math.isnan(F.cross_entropy(x, tg.zeros(0).long()).item())


def test_softmax_over_no_classes_is_empty():
    x = tg.zeros(2, 0).requires_grad_()
    for f in (F.softmax, F.log_softmax, F.softmin):
        y = f(x, 1)
        assert y.shape == (2, 0)
        y.backward(tg.zeros(2, 0))
        assert x.grad.shape == (2, 0)


def test_constant_activations_are_normalized_to_zero():
    x = tg.full((4, 2), 3.0).requires_grad_()
    for f in (lambda x: F.layer_norm(x, (2,)), lambda x: F.batch_norm(x, None, None, training=True)):
        y = f(x)
        np.testing.assert_array_equal(y.detach().numpy(), np.zeros((4, 2)))
        assert np.isfinite(autograd.grad(y, [x], [tg.rand(4, 2)])[0].numpy()).all()


def test_cross_entropy_of_probabilities_0_and_1_is_at_most_100_and_has_slopes_in_the_target():
    x = tg.tensor(np.array([0.0, 1.0, 0.0, 1.0, 0.25]), requires_grad=True)
    target = tg.tensor(np.array([1.0, 0.0, 0.0, 1.0, 0.5]), requires_grad=True)
    y = F.binary_cross_entropy(x, target, reduction="none")
    np.testing.assert_allclose(y.tolist(), [100, 100, 0, 0, -np.log(0.25 * 0.75) / 2])
    (g,) = autograd.grad(y, target, tg.tensor(np.full(5, G)))
    np.testing.assert_allclose(g.numpy() / G, [100, -100, 100, -100, np.log(3)])
