"""Convolutions against loops written by hand, their options, and what they refuse."""

from __future__ import annotations

import itertools
import math
import re

import numpy as np
import pytest

import tinygrad_edu as tg
import tinygrad_edu.nn.functional as F
from tinygrad_edu import nn
from tinygrad_edu.nn.functional import convolution as parts

rng = np.random.default_rng(0)


def normal(*shape):
    return rng.standard_normal(shape)


def by_loops(x, w, b, stride, padding, dilation, groups):
    """Every output is one sum over a window: the definition, pixel by pixel."""
    x = np.pad(x, ((0, 0), (0, 0), (padding[0],) * 2, (padding[1],) * 2))
    n, _, height, width = x.shape
    out, part, kh, kw = w.shape
    (s, t), (d, e) = stride, dilation
    y = np.zeros((n, out, (height - d * (kh - 1) - 1) // s + 1, (width - e * (kw - 1) - 1) // t + 1))
    for k, o, i, j in itertools.product(*map(range, y.shape)):
        first = o // (out // groups) * part  # of the channels that this output sees
        window = x[k, first : first + part, i * s : i * s + d * (kh - 1) + 1 : d, j * t : j * t + e * (kw - 1) + 1 : e]
        y[k, o, i, j] = np.sum(w[o] * window) + b[o]
    return y


def transposed_by_loops(x, w, b, stride, padding, dilation, groups, extra):
    """Every input paints the weights into a window."""
    n, channels, height, width = x.shape
    _, part, kh, kw = w.shape
    (s, t), (d, e) = stride, dilation
    sides = ((height - 1) * s + d * (kh - 1) + 1 + extra[0], (width - 1) * t + e * (kw - 1) + 1 + extra[1])
    y = np.zeros((n, part * groups, *sides))
    for k, c, i, j in itertools.product(*map(range, x.shape)):
        first = c // (channels // groups) * part
        rows, columns = i * s + d * np.arange(kh), j * t + e * np.arange(kw)
        y[np.ix_([k], range(first, first + part), rows, columns)] += x[k, c, i, j] * w[c]
    p, q = padding
    return y[:, :, p : y.shape[2] - p, q : y.shape[3] - q] + b[:, None, None]


OPTIONS = [
    # stride, padding, dilation, groups
    ((1, 1), (0, 0), (1, 1), 1),
    ((2, 1), (1, 2), (1, 1), 1),
    ((1, 3), (2, 0), (2, 1), 2),
    ((2, 2), (1, 1), (1, 2), 4),
]


@pytest.mark.parametrize("n", [1, 3, 50])  # a large batch lies in memory another way
@pytest.mark.parametrize(("stride", "padding", "dilation", "groups"), OPTIONS)
def test_conv2d_is_a_sum_over_windows(n, stride, padding, dilation, groups):
    x, w, b = normal(n, 4, 6, 5), normal(8, 4 // groups, 3, 2), normal(8)
    y = F.conv2d(*map(tg.tensor, (x, w, b)), stride, padding, dilation, groups)
    np.testing.assert_allclose(y.numpy(), by_loops(x, w, b, stride, padding, dilation, groups), atol=1e-12)


@pytest.mark.parametrize("n", [1, 50])
@pytest.mark.parametrize(("stride", "padding", "dilation", "groups"), OPTIONS)
def test_conv_transpose2d_paints_windows(n, stride, padding, dilation, groups):
    x, w, b = normal(n, 4, 4, 5), normal(4, 8 // groups, 3, 2), normal(8)
    extra = tuple(max(s, d) - 1 for s, d in zip(stride, dilation, strict=True))
    y = F.conv_transpose2d(*map(tg.tensor, (x, w, b)), stride, padding, extra, groups, dilation)
    expected = transposed_by_loops(x, w, b, stride, padding, dilation, groups, extra)
    np.testing.assert_allclose(y.numpy(), expected, atol=1e-12)


def test_conv1d_and_conv3d_are_conv2d_with_other_dimensions():
    x, w = normal(2, 3, 7), normal(4, 3, 3)
    flat = F.conv2d(tg.tensor(x[:, :, None]), tg.tensor(w[:, :, None]), padding=(0, 1))
    np.testing.assert_allclose(F.conv1d(tg.tensor(x), tg.tensor(w), padding=1).numpy(), flat.numpy()[:, :, 0])
    flat = F.conv3d(tg.tensor(x[:, :, None, None]), tg.tensor(w[:, :, None, None]), padding=(0, 0, 1))
    np.testing.assert_allclose(F.conv1d(tg.tensor(x), tg.tensor(w), padding=1).numpy(), flat.numpy()[:, :, 0, 0])


def test_padding_by_name():
    x, w = tg.tensor(normal(1, 2, 5, 6)), tg.tensor(normal(3, 2, 2, 3))
    assert F.conv2d(x, w, padding="same").shape == (1, 3, 5, 6)
    np.testing.assert_array_equal(
        F.conv2d(x, w, padding="same").numpy(), F.conv2d(F.pad(x, (1, 1, 0, 1)), w).numpy()
    )  # one more behind than before
    np.testing.assert_array_equal(F.conv2d(x, w, padding="valid").numpy(), F.conv2d(x, w).numpy())


def test_an_input_without_a_batch():
    x, w = normal(2, 5, 5), tg.tensor(normal(3, 2, 2, 2))
    y = F.conv2d(tg.tensor(x), w)
    assert y.shape == (3, 4, 4)
    np.testing.assert_array_equal(y.numpy(), F.conv2d(tg.tensor(x[None]), w).numpy()[0])
    assert F.conv_transpose2d(tg.tensor(x), tg.tensor(normal(2, 3, 2, 2))).shape == (3, 6, 6)


def test_an_empty_batch_gives_an_empty_result_and_zero_gradients():
    layer = nn.Conv2d(2, 3, 3)
    x = tg.zeros(0, 2, 5, 5, requires_grad=True)
    y = layer(x)
    assert y.shape == (0, 3, 3, 3)
    y.sum().backward()
    assert x.grad.shape == x.shape
    assert layer.weight.grad.abs().sum() == 0
    assert nn.MaxPool2d(2)(x).shape == (0, 2, 2, 2)


def test_results_can_be_viewed_in_any_shape():
    """Whatever way the rules choose through memory, results lie there as their shape says."""
    for n in (1, 100):
        x = tg.ones(n, 3, 8, 8)
        y = F.max_pool2d(F.relu(F.conv2d(x, tg.ones(4, 3, 3, 3))), 2)
        assert y.is_contiguous()
        assert y.view(n, -1).shape == (n, 36)
        assert F.conv_transpose2d(x, tg.ones(3, 2, 2, 2), stride=2).view(-1).numel() == n * 2 * 256


def test_a_large_batch_is_taken_in_parts_when_nothing_is_recorded(monkeypatch):
    monkeypatch.setattr(parts, "_MOST", 500)
    x, w, b = tg.tensor(normal(7, 2, 5, 5)), tg.tensor(normal(3, 2, 3, 3), requires_grad=True), tg.tensor(normal(3))
    whole = F.conv2d(x, w, b)
    with tg.no_grad():
        np.testing.assert_allclose(F.conv2d(x, w, b).numpy(), whole.detach().numpy(), atol=1e-12)
    assert not F.conv2d(x, w.detach(), b).requires_grad
    assert whole.requires_grad


def test_weights_start_within_one_over_the_root_of_the_fan_in():
    for layer, fan_in in ((nn.Conv2d(4, 6, 3, groups=2), 2 * 9), (nn.ConvTranspose2d(4, 6, 3, groups=2), 3 * 9)):
        for p in layer.parameters():
            assert 0.8 / math.sqrt(fan_in) < p.abs().max() <= 1 / math.sqrt(fan_in) or p.numel() < 10
        before = layer.weight.clone()
        layer.reset_parameters()
        assert not layer.weight.equal(before)


def test_margins_of_every_kind():
    x = normal(1, 1, 4, 5)
    kinds = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    for mode, kind in kinds.items():
        layer = nn.Conv2d(1, 2, 3, padding=(1, 2), padding_mode=mode).double()
        framed = np.pad(x, ((0, 0), (0, 0), (1, 1), (2, 2)), kind)
        expected = F.conv2d(tg.tensor(framed), layer.weight, layer.bias)
        np.testing.assert_allclose(layer(tg.tensor(x)).detach().numpy(), expected.detach().numpy(), atol=1e-12)


def test_unfold_makes_convolution_a_product_and_fold_counts_windows():
    x, w = normal(2, 3, 5, 6), normal(4, 3, 2, 2)
    columns = F.unfold(tg.tensor(x), 2, padding=1, stride=2)
    y = tg.tensor(w.reshape(4, -1)) @ columns
    expected = F.conv2d(tg.tensor(x), tg.tensor(w), padding=1, stride=2)
    np.testing.assert_allclose(y.numpy().reshape(expected.shape), expected.numpy(), atol=1e-12)
    ones = tg.ones(1, 1, 4, 4)
    windows = F.fold(F.unfold(ones, 3), (4, 4), 3)
    assert windows[0, 0].tolist() == [[1, 2, 2, 1], [2, 4, 4, 2], [2, 4, 4, 2], [1, 2, 2, 1]]


X = tg.ones(2, 3, 8, 8)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: F.conv2d(tg.ones(2, 1, 8, 8), tg.ones(4, 3, 3, 3)), RuntimeError,
         "Given groups=1, weight of size [4, 3, 3, 3], expected input[2, 1, 8, 8] to have 3 channels, but got 1 "
         "channels instead"),
        (lambda: F.conv2d(tg.ones(2, 8, 8, 3), tg.ones(4, 3, 3, 3)), RuntimeError, "x.permute(0, 3, 1, 2)"),
        (lambda: F.conv2d(tg.ones(2, 8, 8), tg.ones(4, 1, 3, 3)), RuntimeError, "x.unsqueeze(1)"),
        (lambda: F.conv2d(tg.ones(8, 8), tg.ones(4, 1, 3, 3)), RuntimeError,
         "Expected 3D (unbatched) or 4D (batched) input to conv2d, but got input of size: [8, 8]"),
        (lambda: F.conv1d(X, tg.ones(4, 3, 3)), RuntimeError,
         "Expected 2D (unbatched) or 3D (batched) input to conv1d"),
        (lambda: F.conv2d(X, tg.ones(4, 3, 3)), RuntimeError, "the weight must have 4 dimensions"),
        (lambda: F.conv2d(X.double(), tg.ones(4, 3, 3, 3)), RuntimeError,
         "Input type (float64) and weight type (float32) should be the same"),
        (lambda: F.conv2d(X, tg.ones(4, 3, 3, 3), tg.ones(4).double()), RuntimeError, "bias type (float64)"),
        (lambda: F.conv2d(X, tg.ones(4, 3, 3, 3), tg.ones(3)), RuntimeError,
         "expected bias to be 1-dimensional with 4 elements, but got bias of size [3] instead"),
        (lambda: F.conv2d(X, tg.ones(4, 3, 9, 9)), RuntimeError,
         "Calculated padded input size per channel: (8 x 8). Kernel size: (9 x 9). Kernel size can't be greater than "
         "actual input size"),
        (lambda: F.conv2d(X, tg.ones(4, 3, 3, 3), stride=0), RuntimeError, "non-positive stride is not supported"),
        (lambda: F.conv2d(X, tg.ones(4, 3, 3, 3), padding=-1), RuntimeError, "negative padding is not supported"),
        (lambda: F.conv2d(X, tg.ones(4, 3, 3, 3), dilation=0), RuntimeError, "dilation should be greater than"),
        (lambda: F.conv2d(X, tg.ones(4, 3, 3, 3), padding=(1, 2, 3)), RuntimeError,
         "expected padding to be a single integer value or a list of 2 values"),
        (lambda: F.conv2d(X, tg.ones(4, 3, 3, 3), stride=1.5), TypeError, "stride must be an int or 2 ints"),
        (lambda: F.conv2d(X, tg.ones(4, 3, 3, 3), padding="some"), ValueError, "Invalid padding string 'some'"),
        (lambda: F.conv2d(X, tg.ones(4, 3, 3, 3), padding="same", stride=2), ValueError,
         "padding='same' is not supported for strided convolutions"),
        (lambda: F.conv2d(X, tg.ones(4, 1, 3, 3), groups=3), RuntimeError, "divisible by groups=3"),
        (lambda: F.conv2d(X, tg.ones(4, 3, 3, 3), groups=0), RuntimeError, "non-positive groups"),
        (lambda: F.conv2d(X, tg.ones(4, 3, 0, 3)), RuntimeError, "Kernel size should be greater than zero"),
        (lambda: F.conv_transpose2d(X, tg.ones(4, 3, 3, 3)), RuntimeError,
         "Given transposed=1, weight of size [4, 3, 3, 3], expected input[2, 3, 8, 8] to have 4 channels, but got 3"),
        (lambda: F.conv_transpose2d(X, tg.ones(3, 3, 3, 3), output_padding=1), RuntimeError,
         "output padding must be smaller than either stride or dilation"),
        (lambda: F.conv_transpose2d(tg.ones(1, 1, 1, 1), tg.ones(1, 1, 2, 2), padding=2), RuntimeError,
         "Output size is too small"),
        (lambda: F.conv_transpose2d(X, tg.ones(3, 3, 3, 3), padding="same"), TypeError, "padding must be an int"),
        (lambda: F.unfold(tg.ones(3, 3), 2), RuntimeError, "Expected 3D or 4D (batch mode) tensor"),
        (lambda: F.unfold(X, 9), RuntimeError, "components must be at least one"),
        (lambda: F.fold(tg.ones(1, 4, 3), (3, 3), 2), RuntimeError,
         "sliding blocks 2 x 2 = 4, but got input.size(2)=3"),
        (lambda: F.fold(tg.ones(1, 5, 4), (3, 3), 2), RuntimeError, "divisible by the product of kernel_size"),
        (lambda: F.fold(tg.ones(1, 1, 5, 4), (3, 3), 2), RuntimeError, "Expected 2D or 3D (batch mode) tensor"),
        (lambda: nn.Conv2d(3, 4, 2, groups=2), ValueError, "in_channels must be divisible by groups"),
        (lambda: nn.Conv2d(4, 3, 2, groups=2), ValueError, "out_channels must be divisible by groups"),
        (lambda: nn.Conv2d(4, 4, 2, groups=0), ValueError, "groups must be a positive integer"),
        (lambda: nn.Conv2d(4, 4, 2, padding="some"), ValueError, "Invalid padding string 'some'"),
        (lambda: nn.Conv2d(4, 4, 2, 2, padding="same"), ValueError, "not supported for strided convolutions"),
        (lambda: nn.Conv2d(4, 4, 2, padding_mode="mirror"), ValueError, "padding_mode must be one of zeros, reflect"),
        (lambda: nn.Conv2d(4, 4.0, 2), TypeError, "out_channels must be an integer"),
        (lambda: nn.Conv2d(4, 4, (2, 2, 2)), RuntimeError,
         "expected kernel_size to be a single integer value or a list"),
        (lambda: nn.ConvTranspose2d(4, 4, 2, padding_mode="reflect"), ValueError, 'Only "zeros" padding mode'),
        (lambda: nn.ConvTranspose2d(4, 4, 2, padding="same"), TypeError, "padding must be an int"),
        (lambda: nn.ConvTranspose2d(3, 4, 2, 2)(X, output_size=(99, 99)), ValueError,
         "requested an output size of (99, 99), but valid sizes range from [16, 16] to [17, 17]"),
        (lambda: nn.ConvTranspose2d(3, 4, 2, 2)(X, output_size=(16,)), ValueError, "output_size must have 2 or 4"),
    ],
)  # fmt: skip
def test_what_is_refused(call, error, text):
    with pytest.raises(error, match=re.escape(text)):
        call()


def test_a_refused_input_leaves_the_layer_as_it_was():
    layer = nn.Conv2d(3, 4, 3)
    before = layer.weight.clone()
    with pytest.raises(RuntimeError, match="3 channels"):
        layer(tg.ones(1, 1, 8, 8))
    assert layer.weight.equal(before)
    assert layer.weight.grad is None
    assert layer(X).shape == (2, 4, 6, 6)


# -- layers that learn their channels ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lazy", "plain", "shape"),
    [
        (lambda: nn.LazyConv1d(4, 3, padding=1), nn.Conv1d, (2, 3, 5)),
        (lambda: nn.LazyConv2d(6, 3, groups=3), nn.Conv2d, (2, 3, 5, 5)),
        (lambda: nn.LazyConv3d(2, 2), nn.Conv3d, (3, 3, 3, 3)),
        (lambda: nn.LazyConvTranspose1d(4, 3, 2, 1, 1), nn.ConvTranspose1d, (2, 3, 5)),
        (lambda: nn.LazyConvTranspose2d(4, 3, output_padding=0), nn.ConvTranspose2d, (2, 3, 5, 5)),
        (lambda: nn.LazyConvTranspose3d(2, 2), nn.ConvTranspose3d, (1, 3, 2, 2, 2)),
        (lambda: nn.LazyBatchNorm1d(), nn.BatchNorm1d, (2, 3)),
        (lambda: nn.LazyBatchNorm2d(1e-3, affine=False), nn.BatchNorm2d, (2, 3, 4, 4)),
        (lambda: nn.LazyBatchNorm3d(), nn.BatchNorm3d, (2, 3, 2, 2, 2)),
        (lambda: nn.LazyInstanceNorm1d(affine=True), nn.InstanceNorm1d, (3, 4)),
        (lambda: nn.LazyInstanceNorm2d(), nn.InstanceNorm2d, (2, 3, 4, 4)),
        (lambda: nn.LazyInstanceNorm3d(track_running_stats=True), nn.InstanceNorm3d, (2, 3, 2, 2, 2)),
    ],
)  # fmt: skip
def test_a_layer_learns_its_channels_from_the_first_input(lazy, plain, shape):
    layer = lazy()
    parameters = list(layer.parameters())
    x = tg.tensor(normal(*shape), dtype=tg.float32)
    y = layer(x)
    assert type(layer) is plain
    assert [p is q for p, q in zip(layer.parameters(), parameters, strict=True)] == [True] * len(parameters)
    assert all(p.numel() for p in layer.parameters())
    assert "3" in repr(layer)
    assert layer(x).shape == y.shape
    copy = plain(3, *((layer.out_channels, layer.kernel_size) if hasattr(layer, "kernel_size") else ()), **(
        {"groups": layer.groups} if hasattr(layer, "groups") else
        {"affine": layer.affine, "track_running_stats": layer.track_running_stats}
    ))  # fmt: skip
    assert {k: v.shape for k, v in layer.state_dict().items()} == {k: v.shape for k, v in copy.state_dict().items()}


def test_a_lazy_layer_refuses_an_input_without_becoming_anything():
    layer = nn.LazyConv2d(4, 3, groups=2)
    with pytest.raises(RuntimeError, match="Expected 3D"):
        layer(tg.ones(3, 5))
    with pytest.raises(ValueError, match="in_channels must be divisible by groups"):
        layer(tg.ones(1, 3, 5, 5))
    assert type(layer) is nn.LazyConv2d
    assert layer(tg.ones(1, 4, 5, 5)).shape == (1, 4, 3, 3)
    norm = nn.LazyBatchNorm2d()
    with pytest.raises(ValueError, match="expected 4D input"):
        norm(tg.ones(3, 5))
    assert type(norm) is nn.LazyBatchNorm2d
