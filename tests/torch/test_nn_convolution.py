"""Convolutions, pooling, normalisation and resizing agree with PyTorch's: values, first and second gradients."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.torch.test_nn_functional import both

torch = pytest.importorskip("torch")

rng = np.random.default_rng(0)


def normal(*shape):
    return rng.standard_normal(shape)


def distinct(*shape):
    """All different, by more than any step."""
    return rng.permutation(int(np.prod(shape))).reshape(shape) / 3.0


# -- functions --------------------------------------------------------------------------------------------

CONVOLUTIONS = [
    # d, batch, sides, kernel, options
    (1, 2, (7,), (3,), {}),
    (1, 1, (7,), (2,), {"stride": 2, "padding": 1, "groups": 2}),
    (1, 30, (5,), (3,), {"padding": "same", "dilation": 2}),  # a batch longer than eight rows
    (2, 2, (5, 4), (3, 2), {"padding": 1}),
    (2, 40, (4, 4), (3, 3), {"padding": (1, 0), "stride": (1, 2)}),
    (2, 2, (6, 7), (2, 3), {"stride": 2, "dilation": (2, 1), "groups": 2}),
    (2, 2, (4, 5), (2, 4), {"padding": "same"}),
    (2, 3, (4, 4), (1, 1), {"padding": "valid"}),
    (3, 2, (3, 4, 3), (2, 2, 3), {"padding": (1, 0, 1), "stride": (1, 2, 1)}),
]


@pytest.mark.parametrize(("d", "n", "sides", "kernel", "options"), CONVOLUTIONS)
@pytest.mark.parametrize("bias", [True, False])
def test_convolution(d, n, sides, kernel, options, bias):
    weight = normal(6, 4 // options.get("groups", 1), *kernel)
    operands = (normal(n, 4, *sides), weight, *([normal(6)] if bias else []))
    both(lambda lib, *xs: getattr(lib.nn.functional, f"conv{d}d")(*xs, **options), *operands)


@pytest.mark.parametrize(
    ("d", "n", "sides", "kernel", "options"),
    [
        (1, 2, (5,), (3,), {}),
        (1, 20, (5,), (2,), {"stride": 3, "padding": 1, "output_padding": 2}),
        (2, 2, (3, 4), (3, 2), {"stride": 2, "padding": 1, "output_padding": 1, "groups": 2}),
        (2, 2, (3, 3), (3, 3), {"dilation": 2, "padding": 3}),
        (2, 2, (3, 2), (2, 2), {"dilation": 4, "padding": 1, "output_padding": 3, "stride": 2}),
        (3, 1, (2, 3, 2), (2, 2, 2), {"stride": (2, 1, 2), "output_padding": (1, 0, 0)}),
    ],
)
@pytest.mark.parametrize("bias", [True, False])
def test_transposed_convolution(d, n, sides, kernel, options, bias):
    groups = options.get("groups", 1)
    operands = (normal(n, 4, *sides), normal(4, 6 // groups, *kernel), *([normal(6)] if bias else []))
    both(lambda lib, *xs: getattr(lib.nn.functional, f"conv_transpose{d}d")(*xs, **options), *operands)


def test_inputs_without_a_batch():
    both(lambda lib, x, w, b: lib.nn.functional.conv2d(x, w, b), normal(2, 4, 4), normal(3, 2, 2, 2), normal(3))
    both(lambda lib, x, w: lib.nn.functional.conv_transpose1d(x, w), normal(2, 4), normal(2, 3, 2))
    both(lambda lib, x: lib.nn.functional.max_pool1d(x, 2), distinct(2, 6))
    both(lambda lib, x: lib.nn.functional.avg_pool2d(x, 2), normal(2, 6, 4))
    both(lambda lib, x: lib.nn.functional.adaptive_avg_pool2d(x, (2, 3)), normal(2, 5, 4))
    both(lambda lib, x: lib.nn.functional.unfold(x, 2), normal(2, 3, 4))


def test_float32_stays_float32():
    x, w, b = normal(2, 3, 6, 6), normal(4, 3, 3, 3), normal(4)
    options = {"dtype": np.float32, "rtol": 1e-4, "atol": 1e-4}
    both(lambda lib, *xs: lib.nn.functional.conv2d(*xs, padding=1), x, w, b, **options)
    both(lambda lib, x: lib.nn.functional.avg_pool2d(x, 3, 2, 1, count_include_pad=False), x, **options)
    both(lambda lib, x: lib.nn.functional.max_pool2d(x, 2), x, **options)
    both(lambda lib, x: lib.nn.functional.interpolate(x, size=4, mode="bilinear"), x, **options)


POOLS = [
    {"kernel_size": 2},
    {"kernel_size": 3, "stride": 2},
    {"kernel_size": 3, "stride": 1, "padding": 1},
    {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
    {"kernel_size": 2, "stride": 3, "ceil_mode": True},
    {"kernel_size": 2, "stride": 3, "padding": 1, "ceil_mode": True},
]


@pytest.mark.parametrize("options", POOLS)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_pooling(d, options):
    x = distinct(2, 2, *(7, 6, 5)[:d])
    both(lambda lib, x: getattr(lib.nn.functional, f"max_pool{d}d")(x, **options), x)
    for margin in (True, False):
        more = {**options, "count_include_pad": margin}
        both(lambda lib, x, o=more: getattr(lib.nn.functional, f"avg_pool{d}d")(x, **o), x)


@pytest.mark.parametrize("options", POOLS)
def test_indices_of_pooling(options):
    x = distinct(2, 3, 7, 6)
    found = [lib.nn.functional.max_pool2d(lib.tensor(x), **options, return_indices=True)[1] for lib in (tg, torch)]
    np.testing.assert_array_equal(found[0].numpy(), found[1].numpy())


def test_pooling_with_dilation_and_divisor():
    both(lambda lib, x: lib.nn.functional.max_pool2d(x, (2, 3), 1, (1, 1), (2, 2)), distinct(2, 2, 6, 7))
    both(lambda lib, x: lib.nn.functional.avg_pool2d(x, 2, divisor_override=3, padding=1), normal(2, 2, 6, 7))
    both(lambda lib, x: lib.nn.functional.lp_pool2d(x, 3, 2), np.abs(normal(2, 2, 4, 6)) + 0.1)
    both(lambda lib, x: lib.nn.functional.lp_pool1d(x, 2, 3, 2, ceil_mode=True), np.abs(normal(2, 2, 8)) + 0.1)
    both(lambda lib, x: lib.nn.functional.lp_pool3d(x, 2, 2, 1), np.abs(normal(1, 2, 3, 2, 3)) + 0.1)


@pytest.mark.parametrize("sides", [1, 2, 3, 5, (3, None), (2, 6)])
def test_adaptive_pooling(sides):
    x = distinct(2, 2, 6, 6)
    both(lambda lib, x: lib.nn.functional.adaptive_avg_pool2d(x, sides), x)
    both(lambda lib, x: lib.nn.functional.adaptive_max_pool2d(x, sides), x)
    found = [lib.nn.functional.adaptive_max_pool2d(lib.tensor(x), sides, True)[1].numpy() for lib in (tg, torch)]
    np.testing.assert_array_equal(*found)


def test_adaptive_pooling_of_signals_and_volumes():
    both(lambda lib, x: lib.nn.functional.adaptive_avg_pool1d(x, 3), normal(2, 2, 7))
    both(lambda lib, x: lib.nn.functional.adaptive_max_pool1d(x, 3), distinct(2, 2, 7))
    both(lambda lib, x: lib.nn.functional.adaptive_avg_pool3d(x, (2, 3, 1)), normal(2, 2, 3, 4, 3))
    both(lambda lib, x: lib.nn.functional.adaptive_max_pool3d(x, (2, 3, 1)), distinct(2, 2, 3, 4, 3))


def test_unpooling():
    def there_and_back(lib, x):
        y, at = lib.nn.functional.max_pool2d(x, 2, return_indices=True)
        return lib.nn.functional.max_unpool2d(y, at, 2, output_size=x.shape)

    both(there_and_back, distinct(2, 2, 5, 6))


def test_unfold_and_fold():
    both(lambda lib, x: lib.nn.functional.unfold(x, (2, 3), 2, 1, (2, 1)), normal(2, 3, 5, 6))
    both(lambda lib, x: lib.nn.functional.fold(x, (4, 5), (2, 3), stride=(2, 1), padding=(0, 1)), normal(2, 12, 10))


@pytest.mark.parametrize(
    "options",
    [
        {"scale_factor": 2},
        {"scale_factor": (1.5, 2)},
        {"size": (7, 3)},
        {"size": (7, 3), "mode": "nearest-exact"},
        {"scale_factor": 1.7, "mode": "bilinear"},
        {"scale_factor": 1.7, "mode": "bilinear", "recompute_scale_factor": True},
        {"size": (3, 9), "mode": "bilinear", "align_corners": True},
        {"size": (3, 9), "mode": "bicubic"},
        {"scale_factor": 2, "mode": "bicubic", "align_corners": True},
        {"size": (2, 3), "mode": "area"},
    ],
)
def test_interpolation(options):
    both(lambda lib, x: lib.nn.functional.interpolate(x, **options), normal(2, 3, 4, 5))


def test_interpolation_of_signals_and_volumes():
    both(lambda lib, x: lib.nn.functional.interpolate(x, size=7, mode="linear"), normal(2, 3, 4))
    both(lambda lib, x: lib.nn.functional.interpolate(x, scale_factor=2, mode="trilinear"), normal(1, 2, 2, 3, 2))
    both(lambda lib, x: lib.nn.functional.interpolate(x, scale_factor=3), normal(1, 2, 2, 3, 2))


def test_older_names():
    both(lambda lib, x: lib.nn.functional.upsample_nearest(x, scale_factor=2), normal(1, 2, 2, 3))
    both(lambda lib, x: lib.nn.functional.upsample_bilinear(x, size=(3, 5)), normal(1, 2, 2, 3))
    both(lambda lib, x: lib.nn.functional.upsample(x, scale_factor=2, mode="linear"), normal(1, 2, 3))


def test_pixels_and_channels():
    both(lambda lib, x: lib.nn.functional.pixel_shuffle(x, 2), normal(2, 8, 3, 2))
    both(lambda lib, x: lib.nn.functional.pixel_unshuffle(x, 2), normal(2, 2, 4, 6))
    both(lambda lib, x: lib.nn.functional.channel_shuffle(x, 3), normal(2, 6, 4))


def test_local_response_norm():
    both(lambda lib, x: lib.nn.functional.local_response_norm(x, 3, 0.5, 0.7, 2.0), normal(2, 5, 3, 2))
    both(lambda lib, x: lib.nn.functional.local_response_norm(x, 2), normal(2, 5, 3))


# -- modules ----------------------------------------------------------------------------------------------

MODULES = {
    "conv1d": (lambda nn: nn.Conv1d(4, 6, 3, 2, 1, 2, 2, padding_mode="reflect"), (2, 4, 9)),
    "conv2d": (lambda nn: nn.Conv2d(3, 4, 3, padding=1), (2, 3, 5, 5)),
    "conv2d without bias": (lambda nn: nn.Conv2d(3, 4, (3, 1), bias=False, padding="same"), (2, 3, 5, 5)),
    "conv2d circular": (lambda nn: nn.Conv2d(3, 4, 3, padding=(1, 2), padding_mode="circular"), (2, 3, 5, 5)),
    "conv2d replicate": (lambda nn: nn.Conv2d(3, 4, (2, 4), padding="same", padding_mode="replicate"), (2, 3, 5, 5)),
    "conv2d valid": (lambda nn: nn.Conv2d(3, 4, 2, padding="valid", padding_mode="reflect"), (2, 3, 5, 5)),
    "conv3d": (lambda nn: nn.Conv3d(2, 2, 2, padding=1, padding_mode="reflect"), (2, 2, 3, 3, 3)),
    "transposed 1d": (lambda nn: nn.ConvTranspose1d(4, 6, 3, 2, 1, 1, 2), (2, 4, 5)),
    "transposed 2d": (lambda nn: nn.ConvTranspose2d(4, 3, 2, stride=2), (2, 4, 3, 3)),
    "transposed 3d": (lambda nn: nn.ConvTranspose3d(2, 3, 2, bias=False, dilation=2), (2, 2, 2, 3, 3)),
    "max pooling": (lambda nn: nn.MaxPool2d(3, 2, 1), (2, 3, 7, 7)),
    "mean pooling": (lambda nn: nn.AvgPool2d(3, 2, 1, count_include_pad=False), (2, 3, 7, 7)),
    "mean pooling 1d": (lambda nn: nn.AvgPool1d(3, 2, 1), (2, 3, 7)),
    "adaptive": (lambda nn: nn.AdaptiveAvgPool2d((3, 2)), (2, 3, 7, 6)),
    "adaptive max": (lambda nn: nn.AdaptiveMaxPool1d(3), (2, 3, 7)),
    "batch norm 1d": (lambda nn: nn.BatchNorm1d(4), (6, 4)),
    "batch norm of signals": (lambda nn: nn.BatchNorm1d(4, momentum=None), (3, 4, 5)),
    "batch norm 2d": (lambda nn: nn.BatchNorm2d(3, eps=1e-3, momentum=0.3), (3, 3, 2, 2)),
    "batch norm 3d": (lambda nn: nn.BatchNorm3d(2, affine=False), (3, 2, 2, 2, 2)),
    "batch norm untracked": (lambda nn: nn.BatchNorm2d(3, track_running_stats=False), (3, 3, 2, 2)),
    "instance norm 1d": (lambda nn: nn.InstanceNorm1d(4), (3, 4, 5)),
    "instance norm 2d": (lambda nn: nn.InstanceNorm2d(3, affine=True, track_running_stats=True), (3, 3, 2, 3)),
    "instance norm alone": (lambda nn: nn.InstanceNorm2d(3), (3, 4, 3)),
    "group norm": (lambda nn: nn.GroupNorm(2, 4), (3, 4, 2, 2)),
    "layer norm": (lambda nn: nn.LayerNorm((4, 5)), (3, 4, 5)),
    "layer norm without bias": (lambda nn: nn.LayerNorm(5, bias=False), (3, 4, 5)),
    "rms norm": (lambda nn: nn.RMSNorm(5), (3, 4, 5)),
    "local response": (lambda nn: nn.LocalResponseNorm(3), (3, 4, 5)),
    "upsample": (lambda nn: nn.Upsample(scale_factor=2, mode="bilinear"), (2, 3, 4, 4)),
    "upsample nearest": (lambda nn: nn.UpsamplingNearest2d(size=(5, 6)), (2, 3, 4, 4)),
    "upsample bilinear": (lambda nn: nn.UpsamplingBilinear2d(scale_factor=2), (2, 3, 4, 4)),
    "zeros": (lambda nn: nn.ZeroPad2d((1, 2, 0, 1)), (2, 3, 4, 4)),
    "constant": (lambda nn: nn.ConstantPad1d((1, -1), 2.5), (2, 3, 4)),
    "reflection": (lambda nn: nn.ReflectionPad2d(2), (2, 3, 4, 4)),
    "replication": (lambda nn: nn.ReplicationPad2d((1, 2, 3, 0)), (2, 3, 4, 4)),
    "circular": (lambda nn: nn.CircularPad1d(2), (2, 3, 4)),
    "unfold": (lambda nn: nn.Unfold(2, padding=1), (2, 3, 4, 4)),
    "fold": (lambda nn: nn.Fold((4, 4), 2, stride=2), (2, 12, 4)),
    "pixel shuffle": (lambda nn: nn.PixelShuffle(2), (2, 8, 2, 3)),
    "pixel unshuffle": (lambda nn: nn.PixelUnshuffle(2), (2, 2, 4, 4)),
}  # fmt: skip


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", MODULES)
def test_module(name, training):
    """Names and shapes of parameters and buffers, printing, results, gradients, and what running statistics become."""
    make, shape = MODULES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns of its own implementation
        ours, theirs = (make(lib.nn).double() for lib in (tg, torch))
        assert repr(ours) == repr(theirs)
        for p in theirs.parameters():
            torch.nn.init.normal_(p, 1, 0.5)
        assert [(k, tuple(v.shape)) for k, v in ours.state_dict().items()] == [
            (k, tuple(v.shape)) for k, v in theirs.state_dict().items()
        ]
        ours.load_state_dict({k: tg.tensor(v.numpy()) for k, v in theirs.state_dict().items()})
        x = distinct(*shape) / np.prod(shape)
        found = []
        for lib, module in ((tg, ours), (torch, theirs)):
            for step in range(3):  # the running statistics of the first steps are what evaluation uses
                module.train(training or step < 2)
                t = lib.tensor(x * (step + 1), requires_grad=True)
                y = module(t)
            module.zero_grad()
            y.backward(lib.tensor(np.random.default_rng(1).standard_normal(tuple(y.shape))))
            found.append([y.detach().numpy(), t.grad.numpy()])
            found[-1] += [p.grad.numpy() for p in module.parameters()]
            found[-1] += [v.numpy() for v in module.state_dict().values()]
    for a, b in zip(*found, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10)
    theirs.load_state_dict({k: torch.tensor(v.numpy()) for k, v in ours.state_dict().items()})


def test_parameters_start_from_the_same_distribution():
    tg.manual_seed(0)
    torch.manual_seed(0)
    for make in (lambda nn: nn.Conv2d(8, 64, 3, groups=2), lambda nn: nn.ConvTranspose2d(64, 64, 3)):
        ours, theirs = (make(lib.nn) for lib in (tg, torch))
        for (name, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
            a, b = p.detach().numpy(), q.detach().numpy()
            assert abs(np.abs(a).max() / np.abs(b).max() - 1) < 0.25, name  # both nearly reach the bound
            assert abs(a.mean()) < np.abs(b).max() / 3


def test_a_transposed_convolution_finds_the_padding_for_a_size():
    ours, theirs = (lib.nn.ConvTranspose2d(1, 2, 3, stride=2, padding=1).double() for lib in (tg, torch))
    theirs.load_state_dict({k: torch.tensor(v.numpy()) for k, v in ours.state_dict().items()})
    x = normal(2, 1, 4, 5)
    for sides in itertools.product((7, 8), (9, 10)):
        a, b = ours(tg.tensor(x), output_size=sides), theirs(torch.tensor(x), output_size=sides)
        assert tuple(a.shape[2:]) == sides
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), atol=1e-12)


def test_a_convolutional_network_learns_step_for_step_alike():
    def network(nn):
        return nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(4, 6, 3), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(6, 3),
        )  # fmt: skip

    ours, theirs = (network(lib.nn).double() for lib in (tg, torch))
    theirs.load_state_dict({k: torch.tensor(v.numpy()) for k, v in ours.state_dict().items()})
    x, y = normal(12, 1, 8, 8), rng.integers(0, 3, 12)
    for lib, model in ((tg, ours), (torch, theirs)):
        optimizer = lib.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        losses = []
        for _ in range(20):
            loss = lib.nn.functional.cross_entropy(model(lib.tensor(x)), lib.tensor(y))
            losses.append(loss.item())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    for (name, a), b in zip(ours.state_dict().items(), theirs.state_dict().values(), strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-8, atol=1e-9, err_msg=name)
    assert losses[-1] < 0.8 * losses[0]
