"""Computed weights: what is trained, what is computed, what state dicts hold, and the way back."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn
from tinygrad_edu.nn.utils import parametrizations, parametrize


class Symmetric(nn.Module):
    def forward(self, x: Any) -> Any:
        return x.triu() + x.triu(1).transpose(-1, -2)


class Double(nn.Module):
    def forward(self, x: Any) -> Any:
        return 2 * x

    def right_inverse(self, x: Any) -> Any:
        return x / 2


def test_a_parametrized_weight_is_computed_and_its_original_trained() -> None:
    layer = nn.Linear(3, 3)
    parametrize.register_parametrization(layer, "weight", Symmetric())
    assert tg.equal(layer.weight, layer.weight.T)
    assert [n for n, _ in layer.named_parameters()] == ["bias", "parametrizations.weight.original"]
    layer(tg.randn(2, 3)).sum().backward()
    assert layer.parametrizations.weight.original.grad is not None
    assert repr(layer).startswith("ParametrizedLinear(\n  in_features=3") and "(0): Symmetric()" in repr(layer)
    assert parametrize.is_parametrized(layer, "weight") and not parametrize.is_parametrized(layer, "bias")
    assert parametrize.type_before_parametrizations(layer) is nn.Linear and isinstance(layer, nn.Linear)
    twin = copy.deepcopy(layer)
    tg.nn.init.zeros_(twin.parametrizations.weight.original)
    assert not twin.weight.any() and layer.weight.any()
    assert not parametrize.is_parametrized(nn.Linear(3, 3))


def test_several_apply_in_order_and_can_be_assigned_through() -> None:
    layer = nn.Linear(2, 2)
    before = layer.weight.detach().clone()
    parametrize.register_parametrization(layer, "weight", Double())
    assert tg.allclose(layer.weight, before)  # the original is half of it
    parametrize.register_parametrization(layer, "weight", Double())
    assert tg.allclose(layer.weight, 2 * before)
    layer.weight = tg.ones(2, 2)
    assert tg.equal(layer.weight, tg.ones(2, 2)) and layer.parametrizations.weight.original[0, 0].item() == 0.25
    with parametrize.cached():
        assert layer.weight.requires_grad


@pytest.mark.parametrize("leave", [True, False])
def test_it_can_be_removed(leave: bool) -> None:
    layer = nn.Linear(2, 2)
    original = layer.weight.detach().clone()
    parametrize.register_parametrization(layer, "weight", Symmetric())
    computed = layer.weight.detach()
    parametrize.remove_parametrizations(layer, "weight", leave_parametrized=leave)
    assert type(layer) is nn.Linear and sorted(n for n, _ in layer.named_parameters()) == ["bias", "weight"]
    assert tg.equal(layer.weight, computed if leave else original)


def test_copies_have_parametrizations_of_their_own() -> None:
    layer = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Symmetric())
    kept, changed = copy.deepcopy(layer), copy.deepcopy(layer)
    parametrize.remove_parametrizations(changed, "weight")
    parametrize.register_parametrization(kept, "bias", Double())
    for copied in (kept, changed, pickle.loads(pickle.dumps(layer))):
        assert tg.equal(copied.weight, layer.weight) and copied.weight is not layer.weight
    assert list(dict(layer.named_parameters())) == ["bias", "parametrizations.weight.original"]
    assert tg.equal(kept.bias, layer.bias) and kept.bias.grad_fn is not None and type(changed) is nn.Linear
    assert "Parametrized" in repr(layer) and parametrize.type_before_parametrizations(kept) is nn.Linear


@pytest.mark.parametrize("normalize", [nn.utils.weight_norm, nn.utils.spectral_norm])
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))])
def test_layers_with_computed_weights_can_be_copied_and_pickled(normalize: Any, copied: Any) -> None:
    layer, x = normalize(nn.Linear(3, 2)).eval(), tg.ones(1, 3)
    y = layer(x)
    again = copied(layer)
    assert layer.weight.grad_fn is not None and not again.weight.requires_grad
    assert tg.equal(again(x), y) and again.state_dict().keys() == layer.state_dict().keys()
    first = next(p for name, p in again.named_parameters() if name != "bias")
    with tg.no_grad():
        first.mul_(2)  # the weight follows its own parameters
    assert normalize is nn.utils.spectral_norm or not tg.equal(again(x), layer(x))


def test_buffers_can_be_computed_too() -> None:
    norm = nn.BatchNorm1d(2)
    parametrize.register_parametrization(norm, "running_mean", Double())
    assert "parametrizations.running_mean.original" in dict(norm.named_buffers())
    parametrize.remove_parametrizations(norm, "running_mean")
    assert "running_mean" in dict(norm.named_buffers())


class Wider(nn.Module):
    def forward(self, x: Any) -> Any:
        return x.repeat(2, 1)


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda m: parametrize.register_parametrization(m, "wieght", Double()), ValueError, "name 'wieght'.*weight"),
        (lambda m: parametrize.register_parametrization(m, "weight", Wider()), ValueError, "may not change the shape"),
        (lambda m: [parametrize.register_parametrization(m, "weight", p()) for p in (Double, Wider)],
         ValueError, "may not change the shape"),
        (lambda m: parametrize.register_parametrization(m, "weight", nn.MaxPool1d(1, return_indices=True)),
         ValueError, "must return a tensor"),
        (lambda m: parametrize.remove_parametrizations(m, "weight"), ValueError, "does not have a parametrization"),
        (lambda m: nn.utils.weight_norm(m, "wieght"), ValueError, "no parameter named 'wieght'"),
        (lambda m: nn.utils.remove_weight_norm(m), ValueError, "weight_norm of 'weight' not found"),
        (lambda m: nn.utils.spectral_norm(m, n_power_iterations=0), ValueError, "to be positive"),
        (lambda m: parametrizations.spectral_norm(m, "wieght"), ValueError, "name 'wieght'"),
        (lambda m: nn.utils.weight_norm(nn.utils.weight_norm(m)), RuntimeError, "two weight_norm hooks"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(call: Any, error: Any, said: str) -> None:
    layer = nn.Linear(2, 3)
    with pytest.raises(error, match=said):
        call(layer)
    assert layer(tg.ones(1, 2)).shape == (1, 3)


def test_what_has_no_right_inverse_cannot_be_assigned() -> None:
    layer = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Symmetric())
    with pytest.raises(RuntimeError, match="right_inverse"):
        layer.weight = tg.ones(2, 2)
    pair = parametrizations.weight_norm(nn.Linear(2, 2))
    with pytest.raises(ValueError, match="sequence of tensors"):
        parametrize.remove_parametrizations(pair, "weight", leave_parametrized=False)


@pytest.mark.parametrize("dim", [0, 1, None])
def test_weight_norm_is_length_times_direction(dim: int | None) -> None:
    layer = nn.Linear(3, 2).double()
    weight, x = layer.weight.detach().clone(), tg.randn(4, 3, dtype=tg.float64)
    want = layer(x).detach()
    old = nn.utils.weight_norm(copy.deepcopy(layer), dim=dim)
    new = parametrizations.weight_norm(layer, dim=dim)
    for made in (old, new):
        np.testing.assert_allclose(made(x).detach().numpy(), want.numpy())
    assert sorted(n for n, _ in old.named_parameters()) == ["bias", "weight_g", "weight_v"]
    old.weight_g.data *= 3
    old(x).sum().backward()
    assert old.weight_v.grad is not None and tg.allclose(old.weight.detach(), 3 * weight)
    length = weight.norm() if dim is None else weight.norm(dim=1 - dim, keepdim=True)
    assert tg.allclose(new.parametrizations.weight.original0, length)
    nn.utils.remove_weight_norm(old)
    assert sorted(n for n, _ in old.named_parameters()) == ["bias", "weight"] and tg.allclose(old.weight, 3 * weight)
    g, v = (p.detach().clone().requires_grad_() for p in (new.parametrizations.weight.original0, weight))
    from_parts = parametrizations._WeightNorm(dim)
    assert tg.autograd.gradcheck(lambda g, v: from_parts(g, v), (g, v))


def test_spectral_norm_divides_by_the_largest_singular_value() -> None:
    for make in (nn.utils.spectral_norm, parametrizations.spectral_norm):
        layer = make(nn.Linear(5, 4), n_power_iterations=30)
        x = tg.ones(2, 5)
        layer(x)
        assert abs(tg.linalg.matrix_norm(layer.weight.detach(), 2).item() - 1) < 1e-3
        layer.eval()
        a, b = layer(x), layer(x)
        assert tg.equal(a, b)
        a.sum().backward()
        assert sum(p.grad is not None for p in layer.parameters()) == 2
    old = nn.utils.spectral_norm(nn.ConvTranspose2d(2, 3, 2))
    assert old.weight_u.shape == (3,) and old.weight_v.shape == (8,)
    assert sorted(old.state_dict()) == ["bias", "weight_orig", "weight_u", "weight_v"]
    old(tg.ones(1, 2, 2, 2))
    nn.utils.remove_spectral_norm(old)
    assert sorted(old.state_dict()) == ["bias", "weight"]
