"""Optimizers do what PyTorch's do, to the last digits after hundreds of steps."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import tinygrad_edu as tg

torch = pytest.importorskip("torch")

SGD_OPTIONS = [
    {"lr": 0.05, "momentum": m, "dampening": d, "weight_decay": wd, "nesterov": n, "maximize": up}
    for m, d, wd, n, up in itertools.product((0, 0.9), (0, 0.3), (0, 0.01), (False, True), (False, True))
    if not n or (m and not d)
]


def trained(lib, optimizer, steps=200, **options):
    """Parameters after descending (or, bounded, ascending) a function with different curvature in each direction."""
    rng = np.random.default_rng(0)
    w = lib.tensor(rng.standard_normal((3, 2)), requires_grad=True)
    b = lib.tensor(rng.standard_normal(2), requires_grad=True)
    x, y = lib.tensor(rng.standard_normal((5, 3))), lib.tensor(rng.standard_normal((5, 2)))
    groups = [{"params": [w]}, {"params": [b], "lr": 0.02}]
    o = getattr(lib.optim, optimizer)(groups, **options)
    for k in range(steps):
        o.zero_grad()
        error = lib.sin(x @ w + b) - y
        (error * error).mean().backward()
        if k == steps // 2:
            o.param_groups[0]["lr"] *= 0.5
        o.step()
    return [t.detach().numpy() for t in (w, b)]


@pytest.mark.parametrize("options", SGD_OPTIONS, ids=str)
def test_sgd_is_pytorchs(options):
    for ours, theirs in zip(trained(tg, "SGD", **options), trained(torch, "SGD", **options), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


def test_momentum_is_sgd_with_momentum():
    theirs = trained(torch, "SGD", lr=0.05, momentum=0.9)
    for ours, t in zip(trained(tg, "Momentum", lr=0.05), theirs, strict=True):
        np.testing.assert_allclose(ours, t, rtol=1e-9, atol=1e-12)


def test_a_state_dict_has_pytorchs_form():
    def state_dict(lib):
        w = lib.tensor([1.0, 2.0], requires_grad=True)
        o = lib.optim.SGD([w], lr=0.1, momentum=0.9)
        (w * w).sum().backward()
        o.step()
        return o.state_dict()

    ours, theirs = state_dict(tg), state_dict(torch)
    assert ours.keys() == theirs.keys()
    assert ours["param_groups"][0]["params"] == theirs["param_groups"][0]["params"] == [0]
    a, b = ours["state"][0]["momentum_buffer"], theirs["state"][0]["momentum_buffer"]
    np.testing.assert_array_equal(a.numpy(), b.numpy())
    for option in ("lr", "momentum", "dampening", "weight_decay", "nesterov", "maximize"):
        assert ours["param_groups"][0][option] == theirs["param_groups"][0][option]
