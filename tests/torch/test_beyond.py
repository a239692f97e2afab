"""What programs use less often, against PyTorch: grids, averages, normalized weights, histograms, mixtures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg

torch = pytest.importorskip("torch")


def _both(*arrays: Any) -> list[list[Any]]:
    """The arrays as leaves of each library."""
    return [[make(a).requires_grad_() for a in arrays] for make in (tg.tensor, torch.tensor)]


def _same(ours: Any, theirs: Any) -> None:
    np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("corners", [False, True])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
def test_grids(mode: str, padding: str, corners: bool) -> None:
    rng = np.random.default_rng(0)
    image, grid = rng.standard_normal((2, 3, 5, 4)), rng.uniform(-3, 3, (2, 6, 7, 2))
    results = []
    for lib, (x, g) in zip((tg, torch), _both(image, grid), strict=True):
        y = lib.nn.functional.grid_sample(x, g, mode, padding, corners)
        (y * y).sum().backward()
        results.append((y, x.grad, g.grad if mode == "bilinear" else x.grad))
    for ours, theirs in zip(*results, strict=True):
        _same(ours, theirs)
    theta = rng.standard_normal((2, 2, 3))
    _same(*(lib.nn.functional.affine_grid(lib.tensor(theta), (2, 1, 3, 4), corners) for lib in (tg, torch)))


@pytest.mark.parametrize("strategy", ["cos", "linear"])
@pytest.mark.parametrize("epochs", [0, 1, 3])
def test_rates_of_averaging(strategy: str, epochs: int) -> None:
    rates = []
    for lib in (tg, torch):
        groups = [{"params": [lib.ones(1, requires_grad=True)], "lr": lr} for lr in (0.1, 0.7)]
        optimizer = lib.optim.SGD(groups, lr=0.1)
        scheduler = lib.optim.swa_utils.SWALR(optimizer, [0.3, 0.05], epochs, strategy)
        found = []
        for _ in range(6):
            found.append([g["lr"] for g in optimizer.param_groups])
            optimizer.step()
            scheduler.step()
        rates.append(found)
    np.testing.assert_allclose(*rates, rtol=1e-9)


@pytest.mark.parametrize("kind", ["linear", "conv", "transposed"])
def test_normalized_weights(kind: str) -> None:
    x = np.random.default_rng(1).standard_normal((2, 3) if kind == "linear" else (2, 3, 5, 5)).astype(np.float32)
    outputs = []
    state: Any = None
    for lib in (torch, tg):
        nn = lib.nn
        made = {"linear": lambda nn=nn: nn.Linear(3, 4), "conv": lambda nn=nn: nn.Conv2d(3, 4, 2)}
        layer = made[kind]() if kind in made else nn.ConvTranspose2d(3, 4, 2)
        weighed = nn.utils.parametrizations.weight_norm(layer)
        if state is None:
            state = {k: v.numpy() for k, v in weighed.state_dict().items()}
        else:
            assert list(weighed.state_dict()) == list(state)
            weighed.load_state_dict(state)
        y = weighed(lib.from_numpy(x))
        (y * y).sum().backward()
        outputs.append([y, *(p.grad for p in weighed.parameters())])
    for theirs, ours in zip(*outputs, strict=True):
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("old", [True, False])
@pytest.mark.parametrize("transposed", [True, False])
def test_spectral_norms(old: bool, transposed: bool) -> None:
    x = np.random.default_rng(2).standard_normal((2, 3, 5, 5)).astype(np.float32)
    outputs = []
    state: Any = None
    for lib in (torch, tg):
        nn = lib.nn
        norm = nn.utils.spectral_norm if old else nn.utils.parametrizations.spectral_norm
        layer = norm((nn.ConvTranspose2d if transposed else nn.Conv2d)(3, 4, 2), n_power_iterations=2)
        if state is None:
            state = {k: v.detach().clone().numpy() for k, v in layer.state_dict().items()}
        else:
            assert sorted(layer.state_dict()) == sorted(state)
            layer.load_state_dict(state)
        y = layer(lib.from_numpy(x))
        (y * y).sum().backward()
        outputs.append([y, layer.eval()(lib.from_numpy(x)), *sorted((p.grad for p in layer.parameters()), key=len)])
    for theirs, ours in zip(*outputs, strict=True):
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-3, atol=1e-3)


DISTRIBUTIONS = {
    "Laplace": ([0.3, -1.0], [0.5, 2.0]),
    "Gumbel": ([0.3, -1.0], [0.5, 2.0]),
    "Gamma": ([0.5, 3.0], [2.0, 0.5]),
    "Beta": ([0.5, 3.0], [2.0, 0.7]),
    "Dirichlet": ([[0.5, 3.0, 1.0], [1.0, 1.0, 2.0]],),
}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_distributions(name: str) -> None:
    pytest.importorskip("scipy")
    value = [[0.2, 0.3, 0.5], [0.1, 0.8, 0.1]] if name == "Dirichlet" else [0.2, 0.9]
    found = []
    for lib, leaves in zip((tg, torch), _both(*map(np.array, DISTRIBUTIONS[name])), strict=True):
        d = getattr(lib.distributions, name)(*leaves)
        log_prob = d.log_prob(lib.tensor(np.array(value)))
        (log_prob.sum() + d.entropy().sum()).backward()
        found.append([log_prob, d.entropy(), d.mean, d.variance, *(p.grad for p in leaves)])
        assert d.sample((3,)).shape == (3, *d.batch_shape, *d.event_shape)
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-5)


@pytest.mark.parametrize("events", [False, True])
def test_mixtures(events: bool) -> None:
    rng = np.random.default_rng(3)
    weights, means, scales = rng.random((2, 3)), rng.standard_normal((2, 3, 2)), rng.random((2, 3, 2)) + 0.5
    value = rng.standard_normal((4, 2, 2)) if events else rng.standard_normal((4, 2))
    found = []
    for lib, leaves in zip((tg, torch), _both(weights, means, scales), strict=True):
        w, m, s = leaves
        parts = lib.distributions.Normal(*((m, s) if events else (m[..., 0], s[..., 0])))
        if events:
            parts = lib.distributions.Independent(parts, 1)
        d = lib.distributions.MixtureSameFamily(lib.distributions.Categorical(w), parts)
        log_prob = d.log_prob(lib.tensor(value))
        log_prob.sum().backward()
        found.append([log_prob, d.mean, d.variance, *(p.grad for p in leaves)])
        assert d.sample((5, 4)).shape == (5, 4, 2, *((2,) if events else ()))
        assert d.sample().shape == ((2, 2) if events else (2,))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-5)


def test_histograms_powers_and_solutions() -> None:
    x = np.random.default_rng(4).standard_normal(40).astype(np.float32)
    for options in ({}, {"density": True}, {"range": (-1.0, 0.5)}):
        for ours, theirs in zip(*(lib.histogram(lib.tensor(x), 9, **options) for lib in (tg, torch)), strict=True):
            _same(ours, theirs)
    _same(*(lib.vander(lib.tensor(x), 3) for lib in (tg, torch)))
    _same(*(lib.heaviside(lib.tensor([-1.0, 0.0, 2.0]), lib.tensor([0.5])) for lib in (tg, torch)))
    a = np.array([[4.0, 2.0], [2.0, 3.0]])
    for upper in (False, True):
        factors = [lib.linalg.cholesky(lib.tensor(a), upper=upper) for lib in (tg, torch)]
        b = np.array([[1.0, 0.0, 5.0], [2.0, 1.0, 6.0]])
        _same(*(lib.cholesky_solve(lib.tensor(b), f, upper) for lib, f in zip((tg, torch), factors, strict=True)))


def test_vmap() -> None:
    x = np.random.default_rng(5).standard_normal((3, 4, 2))
    for options in ({}, {"in_dims": 1}, {"in_dims": 2, "out_dims": 1}):
        _same(*(lib.vmap(lambda a: a.sum(0) * a[0], **options)(lib.tensor(x)) for lib in (tg, torch)))
