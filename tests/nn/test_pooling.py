"""Pooling against loops written by hand, its options, and what it refuses; resizing and margins."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

import tinygrad_edu as tg
import tinygrad_edu.nn.functional as F
from tinygrad_edu import nn

rng = np.random.default_rng(0)
X = tg.ones(2, 3, 8, 8)


def by_loops(x, reduce, kernel, stride, padding, dilation, counts):
    """`reduce` of the elements of each window that lie in the data."""
    n, c, height, width = x.shape
    y = np.zeros((n, c, *counts))
    for i, j in itertools.product(*map(range, counts)):
        rows = [r for k in range(kernel) if 0 <= (r := i * stride - padding + k * dilation) < height]
        columns = [r for k in range(kernel) if 0 <= (r := j * stride - padding + k * dilation) < width]
        y[:, :, i, j] = reduce(x[:, :, rows][:, :, :, columns].reshape(n, c, -1), axis=2)
    return y


@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "dilation", "ceil", "counts"),
    [
        (2, 2, 0, 1, False, (3, 2)),
        (2, 2, 0, 1, True, (4, 3)),
        (3, 1, 1, 1, False, (7, 5)),
        (3, 2, 1, 1, True, (4, 3)),
        (3, 1, 0, 2, False, (3, 1)),
        (2, 3, 0, 1, True, (3, 2)),
    ],
)
def test_windows(kernel, stride, padding, dilation, ceil, counts):
    x = rng.standard_normal((2, 3, 7, 5))
    t = tg.tensor(x)
    y = F.max_pool2d(t, kernel, stride, padding, dilation, ceil)
    np.testing.assert_array_equal(y.numpy(), by_loops(x, np.max, kernel, stride, padding, dilation, counts))
    if dilation == 1:
        y = F.avg_pool2d(t, kernel, stride, padding, ceil, count_include_pad=False)
        expected = by_loops(x, np.mean, kernel, stride, padding, dilation, counts)
        np.testing.assert_allclose(y.numpy(), expected, atol=1e-12)


def test_the_gradient_of_the_largest_goes_to_the_first_of_equal_ones():
    x = tg.tensor([[[[1.0, 5.0, 2.0, 2.0], [5.0, 5.0, 2.0, 2.0]]]], requires_grad=True)
    F.max_pool2d(x, 2).backward(tg.tensor([[[[10.0, 3.0]]]]))
    assert x.grad.tolist() == [[[[0, 10, 3, 0], [0, 0, 0, 0]]]]


def test_an_element_gets_the_gradients_of_all_windows_that_it_wins():
    x = tg.tensor([[[0.0, 9.0, 1.0, 2.0]]], requires_grad=True)
    F.max_pool1d(x, 3, 1).backward(tg.tensor([[[3.0, 4.0]]]))
    assert x.grad.tolist() == [[[0, 7, 0, 0]]]


def test_margins_never_win():
    x = tg.full((1, 1, 2, 2), -7.0)
    assert F.max_pool2d(x, 2, 1, 1).tolist() == [[[[-7.0] * 3] * 3]]
    assert F.max_pool2d(tg.full((1, 1, 2, 2), -7), 2, 1, 1).tolist() == [[[[-7] * 3] * 3]]


def test_nan_is_the_largest():
    x = tg.tensor([[[1.0, float("nan"), 3.0, 4.0]]])
    assert np.isnan(F.max_pool1d(x, 2).numpy()).tolist() == [[[True, False]]]


def test_margins_count_in_the_mean_unless_told_otherwise():
    x = tg.ones(1, 1, 2, 2)
    assert F.avg_pool2d(x, 2, 2, 1).tolist() == [[[[0.25] * 2] * 2]]
    assert F.avg_pool2d(x, 2, 2, 1, count_include_pad=False).tolist() == [[[[1.0] * 2] * 2]]
    assert F.avg_pool2d(x, 2, divisor_override=1).tolist() == [[[[4.0]]]]


@pytest.mark.parametrize(("n", "m"), [(7, 3), (6, 3), (5, 5), (4, 6), (9, 1)])
def test_adaptive_pooling_divides_as_evenly_as_may_be(n, m):
    x = rng.standard_normal((2, 3, n))
    parts = [x[:, :, k * n // m : -(-(k + 1) * n // m)] for k in range(m)]
    y = F.adaptive_avg_pool1d(tg.tensor(x), m)
    np.testing.assert_allclose(y.numpy(), np.stack([p.mean(2) for p in parts], 2), atol=1e-12)
    y, at = F.adaptive_max_pool1d(tg.tensor(x), m, return_indices=True)
    np.testing.assert_array_equal(y.numpy(), np.stack([p.max(2) for p in parts], 2))
    np.testing.assert_array_equal(np.take_along_axis(x, at.numpy(), 2), y.numpy())


def test_unpooling_puts_each_back_where_it_was_found():
    x = tg.tensor(rng.standard_normal((2, 3, 5, 6)))
    y, at = nn.MaxPool2d(2, return_indices=True)(x)
    z = nn.MaxUnpool2d(2)(y, at, output_size=x.shape)
    assert z.shape == x.shape
    np.testing.assert_array_equal(nn.MaxPool2d(2)(z.abs()).numpy(), y.abs().numpy())
    assert int((z != 0).sum()) == y.numel()
    assert nn.MaxUnpool2d(2)(y, at).shape == (2, 3, 4, 6)


def test_enlarging_repeats_or_interpolates():
    x = tg.tensor([[[[1.0, 3.0], [5.0, 7.0]]]], requires_grad=True)
    y = nn.Upsample(scale_factor=2)(x)
    assert y[0, 0].tolist() == [[1, 1, 3, 3], [1, 1, 3, 3], [5, 5, 7, 7], [5, 5, 7, 7]]
    y.backward(tg.arange(16.0).view(1, 1, 4, 4))
    assert x.grad.tolist() == [[[[10, 18], [42, 50]]]]
    assert F.interpolate(x, size=3, mode="bilinear", align_corners=True)[0, 0].tolist() == [
        [1, 2, 3], [3, 4, 5], [5, 6, 7],
    ]  # fmt: skip
    assert F.interpolate(x, size=1).tolist() == [[[[1]]]]
    assert F.upsample(x, scale_factor=1).equal(x)


def test_pixels_and_channels_go_there_and_back():
    x = tg.tensor(rng.standard_normal((2, 3, 4, 6)))
    assert nn.PixelShuffle(2)(nn.PixelUnshuffle(2)(x)).equal(x)
    assert F.channel_shuffle(F.channel_shuffle(x[:, :, 0], 3), 1).equal(x[:, :, 0])


@pytest.mark.parametrize("kind", ["ZeroPad", "ConstantPad", "ReflectionPad", "ReplicationPad", "CircularPad"])
def test_margins_as_modules(kind):
    mode = {"Zero": "constant", "Constant": "constant", "Reflection": "reflect", "Replication": "edge"}
    x = rng.standard_normal((2, 3, 4, 5, 3))
    for d in (1, 2, 3):
        layer = getattr(nn, f"{kind}{d}d")(2, *([1.5] if kind == "ConstantPad" else []))
        options = {"constant_values": 1.5} if kind == "ConstantPad" else {}
        widths = ((0, 0),) * (5 - d) + ((2, 2),) * d
        expected = np.pad(x, widths, mode.get(kind.removesuffix("Pad"), "wrap"), **options)
        np.testing.assert_array_equal(layer(tg.tensor(x)).numpy(), expected)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: F.max_pool2d(tg.ones(3, 3), 2), RuntimeError, "Expected 3D or 4D (batch mode) tensor"),
        (lambda: F.avg_pool1d(X, 2), RuntimeError, "avg_pool1d: Expected 2D or 3D"),
        (lambda: F.max_pool2d(tg.ones(1, 1, 1, 1), 2), RuntimeError, "Output size is too small"),
        (lambda: F.avg_pool2d(X, 9), RuntimeError, "Calculated output size: (0x0). Output size is too small"),
        (lambda: F.max_pool2d(X, 2, padding=2), RuntimeError, "pad should be at most half of effective kernel size"),
        (lambda: F.max_pool2d(X, (2, 2, 2)), RuntimeError,
         "expected kernel_size to be a single integer value or a list"),
        (lambda: F.max_pool2d(X, 0), RuntimeError, "kernel_size should be greater than 0"),
        (lambda: F.max_pool2d(X, 2, 0), RuntimeError, "non-positive stride"),
        (lambda: F.max_pool2d(X, "2"), TypeError, "kernel_size must be an int or 2 ints, not '2'"),
        (lambda: F.avg_pool2d(X, 2, divisor_override=0), RuntimeError, "divisor must be not zero"),
        (lambda: F.lp_pool2d(X, 0, 2), RuntimeError, "norm_type must not be 0"),
        (lambda: F.adaptive_avg_pool2d(tg.ones(3, 3), 2), RuntimeError, "Expected 3D or 4D"),
        (lambda: F.adaptive_avg_pool2d(X, (2, 3, 4)), RuntimeError, "output_size must be 2"),
        (lambda: F.adaptive_max_pool2d(X, -1), RuntimeError, "must be greater than or equal to 0"),
        (lambda: F.adaptive_avg_pool1d(tg.ones(2, 3, 0), 2), RuntimeError, "Expected input to have non-zero size"),
        (lambda: F.max_unpool2d(X, tg.full((2, 3, 8, 8), 999), 2), RuntimeError, "Found an invalid max index: 999"),
        (lambda: F.max_unpool2d(X, tg.zeros(2, 3, 4, 4).long(), 2), RuntimeError,
         "Expected shape of indices to be same"),
        (lambda: F.max_unpool2d(X, X, 2), RuntimeError, "indices should be type int64"),
        (lambda: F.max_unpool2d(X, X.long(), 2, output_size=(99, 9)), ValueError, "(dim 0 must be between 15 and 17)"),
        (lambda: F.interpolate(X), ValueError, "either size or scale_factor should be defined"),
        (lambda: F.interpolate(X, 3, 2), ValueError, "only one of size or scale_factor should be defined"),
        (lambda: F.interpolate(X, (3, 3, 3)), ValueError, "must have the same number of spatial dimensions"),
        (lambda: F.interpolate(X, 3, mode="some"), NotImplementedError, "Only 3D, 4D and 5D input Tensors"),
        (lambda: F.interpolate(tg.ones(3, 3), 3), NotImplementedError, "Only 3D, 4D and 5D input Tensors"),
        (lambda: F.interpolate(X, 3, mode="linear"), NotImplementedError,
         "but linear mode needs 3D input. For this one: mode='bilinear'"),
        (lambda: F.interpolate(X, 3, align_corners=True), ValueError, "align_corners option can only be set"),
        (lambda: F.interpolate(X, 3, mode="bilinear", antialias=True), NotImplementedError, "antialias"),
        (lambda: F.interpolate(X, 0), RuntimeError, "Input and output sizes should be greater than 0"),
        (lambda: F.interpolate(X, 3, recompute_scale_factor=True), ValueError, "recompute_scale_factor"),
        (lambda: F.pixel_shuffle(X, 2), RuntimeError, "divisible by the square of upscale_factor"),
        (lambda: F.pixel_shuffle(X, 0), RuntimeError, "expects a positive upscale_factor"),
        (lambda: F.pixel_unshuffle(X, 3), RuntimeError, "expects height to be divisible by downscale_factor"),
        (lambda: F.pixel_unshuffle(X, 0), RuntimeError, "expects a positive downscale_factor"),
        (lambda: F.pixel_shuffle(tg.ones(3, 3), 2), RuntimeError, "at least 3 dimensions"),
        (lambda: F.channel_shuffle(X, 2), RuntimeError, "divisible by groups. Got 3 channels and 2 groups"),
        (lambda: nn.AvgPool1d((2, 2)), RuntimeError, "kernel_size"),
        (lambda: nn.ZeroPad2d((1, 2, 3))(X), RuntimeError, "two margins for each dimension"),
        (lambda: nn.ReflectionPad2d(9)(X), RuntimeError, "margins of at most 7"),
        (lambda: nn.ZeroPad2d(1.5), TypeError, "padding must be an int"),
    ],
)  # fmt: skip
def test_what_is_refused(call, error, text):
    with pytest.raises(error, match=re.escape(text)):
        call()


def test_arrays_that_are_computed_later_are_refused_by_name_or_stay_what_they_are():
    da = pytest.importorskip("dask.array")
    x = tg.from_numpy(da.ones((2, 3, 8, 8), dtype="float32", chunks=1))
    for f in (lambda: F.max_pool2d(x, 2), lambda: F.avg_pool2d(x, 2), lambda: F.conv2d(x, tg.ones(4, 3, 3, 3))):
        with pytest.raises(TypeError, match=re.escape("x.compute()")):
            f()
    assert isinstance(F.adaptive_avg_pool2d(x, 1)._array, da.Array)
    assert isinstance(F.batch_norm(x, None, None, training=True)._array, da.Array)
