"""Normalisation as layers: against the formulas, running statistics, and what they refuse."""

from __future__ import annotations

import re

import numpy as np
import pytest

import tinygrad_edu as tg
import tinygrad_edu.nn.functional as F
from tinygrad_edu import nn

rng = np.random.default_rng(0)


def normal(*shape):
    return rng.standard_normal(shape)


def standardized(x, axes, eps=1e-5):
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.BatchNorm1d, (6, 4)),
        (nn.BatchNorm1d, (3, 4, 5)),
        (nn.BatchNorm2d, (3, 4, 2, 5)),
        (nn.BatchNorm3d, (2, 4, 2, 3, 2)),
    ],
)
def test_batch_norm(layer, shape):
    x, axes = normal(*shape), (0, *range(2, len(shape)))
    norm = layer(4, momentum=0.3, eps=1e-3).double()
    column = (4, *(1,) * (len(shape) - 2))
    w, b = normal(*column), normal(*column)
    norm.weight.data, norm.bias.data = tg.tensor(w.ravel()), tg.tensor(b.ravel())
    expected = standardized(x, axes, 1e-3) * w + b
    np.testing.assert_allclose(norm(tg.tensor(x)).detach().numpy(), expected, atol=1e-12)
    mean, var = 0.3 * x.mean(axes), 0.7 + 0.3 * x.var(axes, ddof=1)
    np.testing.assert_allclose(norm.running_mean.numpy(), mean, atol=1e-12)
    np.testing.assert_allclose(norm.running_var.numpy(), var, atol=1e-12)
    assert norm.num_batches_tracked.item() == 1
    z = normal(*shape)
    expected = (z - mean.reshape(column)) / np.sqrt(var.reshape(column) + 1e-3) * w + b
    np.testing.assert_allclose(norm.eval()(tg.tensor(z)).detach().numpy(), expected, atol=1e-12)
    np.testing.assert_allclose(norm.running_mean.numpy(), mean, atol=1e-12)  # evaluation changes nothing
    assert norm.num_batches_tracked.item() == 1


def test_without_momentum_the_running_statistics_are_the_means_over_all_batches():
    norm = nn.BatchNorm1d(3, momentum=None).double()
    batches = [normal(8, 3) for _ in range(5)]
    for x in batches:
        norm(tg.tensor(x))
    np.testing.assert_allclose(norm.running_mean.numpy(), np.mean([x.mean(0) for x in batches], 0), atol=1e-12)
    np.testing.assert_allclose(norm.running_var.numpy(), np.mean([x.var(0, ddof=1) for x in batches], 0), atol=1e-12)
    assert norm.num_batches_tracked.item() == 5


def test_running_statistics_are_buffers_and_keep_their_memory():
    norm = nn.BatchNorm2d(3)
    assert [n for n, _ in norm.named_parameters()] == ["weight", "bias"]
    assert [n for n, _ in norm.named_buffers()] == ["running_mean", "running_var", "num_batches_tracked"]
    shared, count = norm.running_mean.numpy(), norm.num_batches_tracked.numpy()
    norm(tg.ones(2, 3, 4, 4))
    np.testing.assert_allclose(shared, [0.1] * 3)
    assert count == 1
    assert norm.running_mean.dtype == tg.float32
    assert norm.num_batches_tracked.dtype == tg.int64
    assert norm.double().num_batches_tracked.dtype == tg.int64
    norm.reset_running_stats()
    assert norm.running_mean.tolist() == [0, 0, 0]
    assert norm.running_var.tolist() == [1, 1, 1]
    assert norm.num_batches_tracked.item() == 0


def test_without_tracking_evaluation_uses_the_batch():
    norm = nn.BatchNorm1d(3, track_running_stats=False)
    assert norm.state_dict().keys() == {"weight", "bias"}
    x = tg.tensor(normal(6, 3)).float()
    assert norm(x).equal(norm.eval()(x))


def test_without_affine_there_are_no_parameters():
    norm = nn.BatchNorm1d(3, affine=False)
    assert list(norm.parameters()) == []
    norm.reset_parameters()
    assert norm(tg.tensor(normal(6, 3)).float()).mean().abs() < 1e-6
    assert nn.BatchNorm1d(3, bias=False).bias is None


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.BatchNorm2d(4),
        lambda: nn.BatchNorm2d(4, affine=False),
        lambda: nn.InstanceNorm2d(4),
        lambda: nn.GroupNorm(2, 4, affine=False),
        lambda: nn.LayerNorm(2, elementwise_affine=False),
        lambda: nn.RMSNorm(2, elementwise_affine=False),
        lambda: nn.Conv2d(4, 4, 1),
        lambda: nn.ConvTranspose2d(4, 4, 1, bias=False),
        lambda: nn.MaxPool2d(1),
        lambda: nn.AvgPool2d(1),
        lambda: nn.Upsample(scale_factor=1),
    ],
)
def test_what_comes_out_may_be_changed_in_place(make):
    """As nn.ReLU(inplace=True) does, which often stands behind it."""
    x, c = normal(6, 4, 2, 2), tg.tensor(normal(6, 4, 2, 2))
    layer, grads = make().double(), []
    for inplace in (False, True):
        t = tg.tensor(x, requires_grad=True)
        layer.zero_grad()
        nn.Sequential(layer, nn.ReLU(inplace))(t).backward(c)
        grads.append([t.grad.numpy(), *(p.grad.numpy() for p in layer.parameters())])
    for a, b in zip(*grads, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_forward_pass_under_no_grad_still_moves_the_statistics():
    norm = nn.BatchNorm1d(2)
    with tg.no_grad():
        norm(tg.ones(4, 2))
    assert norm.running_mean.tolist() == pytest.approx([0.1, 0.1])


def test_a_refused_batch_leaves_the_statistics_as_they_were():
    norm = nn.BatchNorm1d(2)
    for x in (tg.ones(1, 2), tg.ones(4, 3), tg.ones(2)):
        with pytest.raises((ValueError, RuntimeError)):
            norm(x)
    assert norm.num_batches_tracked.item() == 0
    assert norm.running_mean.tolist() == [0, 0]
    assert norm.running_var.tolist() == [1, 1]


def test_instance_norm():
    x = normal(3, 4, 5, 2)
    norm = nn.InstanceNorm2d(4, affine=True, track_running_stats=True).double()
    np.testing.assert_allclose(norm(tg.tensor(x)).detach().numpy(), standardized(x, (2, 3)), atol=1e-12)
    mean, var = 0.1 * x.mean((0, 2, 3)), 0.9 + 0.1 * x.var((2, 3), ddof=1).mean(0)
    np.testing.assert_allclose(norm.running_mean.numpy(), mean, atol=1e-12)
    np.testing.assert_allclose(norm.running_var.numpy(), var, atol=1e-12)
    expected = (x - mean[:, None, None]) / np.sqrt(var[:, None, None] + 1e-5)
    np.testing.assert_allclose(norm.eval()(tg.tensor(x)).detach().numpy(), expected, atol=1e-12)
    plain = nn.InstanceNorm2d(4).double()
    assert list(plain.state_dict()) == []
    np.testing.assert_allclose(plain.eval()(tg.tensor(x)).numpy(), standardized(x, (2, 3)), atol=1e-12)
    np.testing.assert_allclose(plain(tg.tensor(x[0])).numpy(), standardized(x[0], (1, 2)), atol=1e-12)


def test_group_norm_layer_norm_and_rms_norm():
    x = normal(3, 6, 4)
    grouped = standardized(x.reshape(3, 2, 12), 2).reshape(x.shape)
    np.testing.assert_allclose(nn.GroupNorm(2, 6).double()(tg.tensor(x)).detach().numpy(), grouped, atol=1e-12)
    layer = nn.LayerNorm((6, 4)).double()
    np.testing.assert_allclose(layer(tg.tensor(x)).detach().numpy(), standardized(x, (1, 2)), atol=1e-12)
    roots = x / np.sqrt((x * x).mean(2, keepdims=True) + np.finfo(np.float64).eps)
    np.testing.assert_allclose(nn.RMSNorm(4).double()(tg.tensor(x)).detach().numpy(), roots, atol=1e-12)
    assert nn.LayerNorm(4, elementwise_affine=False).weight is None
    assert nn.RMSNorm(4, elementwise_affine=False).weight is None


def test_local_response_norm_divides_by_neighbouring_channels():
    x = normal(2, 5, 3)
    y = nn.LocalResponseNorm(3, alpha=0.5, beta=0.7, k=2.0)(tg.tensor(x)).numpy()
    for c in range(5):
        m = (x[:, max(c - 1, 0) : c + 2] ** 2).sum(1) / 3
        np.testing.assert_allclose(y[:, c], x[:, c] / (2 + 0.5 * m) ** 0.7, atol=1e-12)


@pytest.mark.parametrize("make", [lambda: nn.GroupNorm(2, 4), lambda: nn.LayerNorm((4, 3)), lambda: nn.BatchNorm1d(4)])
def test_parameters_start_from_one_and_zero_and_can_be_reset(make):
    norm = make()
    assert (norm.weight == 1).all()
    assert (norm.bias == 0).all()
    with tg.no_grad():
        norm.weight.mul_(3)
        norm.bias.add_(2)
    norm.reset_parameters()
    assert (norm.weight == 1).all()
    assert (norm.bias == 0).all()


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: nn.BatchNorm1d(3)(tg.ones(3)), ValueError, "expected 2D or 3D input (got 1D input"),
        (lambda: nn.BatchNorm2d(3)(tg.ones(4, 3)), ValueError, "expected 4D input (got 2D input"),
        (lambda: nn.BatchNorm3d(3)(tg.ones(4, 3)), ValueError, "expected 5D input (got 2D input"),
        (lambda: nn.BatchNorm1d(3)(tg.ones(1, 3)), ValueError, "Expected more than 1 value per channel when training"),
        (lambda: nn.BatchNorm2d(3)(tg.ones(4, 2, 3, 3)), RuntimeError, "running_mean should contain 2 elements not 3"),
        (lambda: nn.BatchNorm2d(-1), ValueError, "num_features must be at least 0"),
        (lambda: nn.BatchNorm2d(1.5), TypeError, "num_features must be an integer"),
        (lambda: nn.InstanceNorm2d(3)(tg.ones(4, 3)), ValueError, "expected 3D or 4D input (got 2D input"),
        (lambda: nn.InstanceNorm2d(3, affine=True)(tg.ones(4, 2, 3, 3)), ValueError, "to match num_features (3)"),
        (lambda: nn.InstanceNorm1d(3)(tg.ones(4, 3, 1)), ValueError, "Expected more than 1 spatial element"),
        (lambda: nn.GroupNorm(3, 4), ValueError, "num_channels (4) must be divisible by num_groups (3)"),
        (lambda: nn.GroupNorm(2, 4)(tg.ones(2, 3, 5)), RuntimeError, "to be divisible by num_groups"),
        (lambda: nn.LayerNorm(4)(tg.ones(2, 3)), RuntimeError, "Given normalized_shape=[4], expected input with shape"),
        (lambda: nn.RMSNorm(4)(tg.ones(2, 3)), RuntimeError, "Given normalized_shape=[4], expected input with shape"),
        (lambda: F.local_response_norm(tg.ones(2, 3), 2), ValueError, "Expected 3D or higher dimensionality input"),
    ],
)  # fmt: skip
def test_what_is_refused(call, error, text):
    with pytest.raises(error, match=re.escape(text)):
        call()


def test_a_channel_count_that_does_not_matter_is_a_warning():
    with pytest.warns(UserWarning, match=re.escape("match num_features (3), but got: 2")):
        nn.InstanceNorm2d(3)(tg.tensor(normal(1, 2, 3, 3)))
