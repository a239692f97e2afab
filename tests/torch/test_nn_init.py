"""nn.init has PyTorch's signatures, distributions and fixed patterns."""

from __future__ import annotations

import inspect
import math

import numpy as np
import pytest

import tinygrad_edu as tg

torch = pytest.importorskip("torch")

NAMES = [n for n in tg.nn.init.__all__ if n.endswith("_")]


def test_every_name_of_pytorchs_is_there():
    theirs = {n for n in dir(torch.nn.init) if n.endswith("_") and not n.startswith("_")}
    assert theirs == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_signatures(name):
    def parameters(lib):
        given = inspect.signature(getattr(lib.nn.init, name)).parameters.values()
        return [(p.name, p.default) for p in given]

    assert parameters(tg) == parameters(torch)


DISTRIBUTIONS = [
    ("uniform_", {"a": -1, "b": 3}), ("normal_", {"mean": 2, "std": 0.3}), ("trunc_normal_", {"std": 1.5}),
    ("trunc_normal_", {"mean": 1, "std": 0.7, "a": 0, "b": 1.2}), ("xavier_uniform_", {"gain": 2}),
    ("xavier_normal_", {"gain": 2}), ("kaiming_uniform_", {}), ("kaiming_uniform_", {"a": math.sqrt(5)}),
    ("kaiming_normal_", {"mode": "fan_out", "nonlinearity": "relu"}), ("kaiming_normal_", {"nonlinearity": "tanh"}),
    ("orthogonal_", {"gain": 3}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options"), DISTRIBUTIONS)
def test_the_same_distributions(name, options):
    """The two-sample Kolmogorov-Smirnov distance stays below what chance exceeds once in 10⁸."""
    torch.manual_seed(0)
    ours = getattr(tg.nn.init, name)(tg.empty(60, 40, 9), **options, generator=tg.Generator().manual_seed(0))
    a = np.sort(ours.numpy(), None)
    b = np.sort(getattr(torch.nn.init, name)(torch.empty(60, 40, 9), **options).numpy(), None)
    points = np.concatenate([a, b])
    distance = np.abs(np.searchsorted(a, points, "right") - np.searchsorted(b, points, "right")).max() / a.size
    assert distance < 3.1 * math.sqrt(2 / a.size)


@pytest.mark.parametrize("shape", [(4, 3), (6, 4, 3), (2, 5, 4, 3), (4, 2, 3, 1, 2)])
def test_fans_and_patterns(shape):
    ours, theirs = tg.empty(shape), torch.empty(shape)
    assert tg.nn.init._calculate_fan_in_and_fan_out(ours) == torch.nn.init._calculate_fan_in_and_fan_out(theirs)
    pattern = {"eye_": {}} if len(shape) == 2 else {"dirac_": {"groups": 2}}
    for name, options in pattern.items():
        a, b = (getattr(lib.nn.init, name)(t, **options) for lib, t in ((tg, ours), (torch, theirs)))
        np.testing.assert_array_equal(a.numpy(), b.numpy())


@pytest.mark.parametrize("nonlinearity", ["linear", "conv1d", "conv_transpose2d", "sigmoid", "tanh", "relu", "selu"])
def test_gains(nonlinearity):
    assert tg.nn.init.calculate_gain(nonlinearity) == torch.nn.init.calculate_gain(nonlinearity)
    for slope in (None, 0.2, 3):
        assert tg.nn.init.calculate_gain("leaky_relu", slope) == torch.nn.init.calculate_gain("leaky_relu", slope)
