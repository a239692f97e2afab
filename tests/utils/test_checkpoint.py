"""What is computed again in the backward pass has the same values and gradients."""

from __future__ import annotations

import weakref
from typing import Any

import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn
from tinygrad_edu.utils.checkpoint import checkpoint, checkpoint_sequential


@pytest.mark.parametrize("grad", [True, False])
@pytest.mark.parametrize("drop", [0.0, 0.5])
def test_gradients_are_those_of_the_function(grad: bool, drop: float) -> None:
    layer = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(drop), nn.Linear(8, 1))
    x = tg.randn(5, 4, requires_grad=grad)
    found = []
    for run in (lambda: layer(x), lambda: checkpoint(layer, x, use_reentrant=False)):
        tg.manual_seed(3)
        y = run()
        tg.rand(7)  # random numbers drawn between the passes change nothing
        (y * y).sum().backward()
        found.append([y.detach(), *(p.grad for p in layer.parameters()), x.grad])
        layer.zero_grad()
        x.grad = None
    for a, b in zip(*found, strict=True):
        assert a is b is None or tg.equal(a, b)


def test_random_numbers_go_on_as_if_nothing_had_been_computed_twice() -> None:
    layer, x = nn.Dropout(0.5), tg.ones(10, requires_grad=True)
    tg.manual_seed(1)
    layer(x).sum().backward()
    want = tg.rand(2)
    tg.manual_seed(1)
    checkpoint(layer, x).sum().backward()
    assert tg.equal(tg.rand(2), want)


def test_random_numbers_go_on_after_an_error_too() -> None:
    calls = []

    def once(x: Any) -> Any:
        calls.append(1)
        if len(calls) > 1:
            raise OSError("gone")
        return tg.dropout(x, 0.5, True)

    y = checkpoint(once, tg.ones(10, requires_grad=True)).sum()
    state = tg.get_rng_state()
    want = tg.rand(2)
    tg.set_rng_state(state)
    with pytest.raises(OSError, match="gone"):
        y.backward()
    assert tg.equal(tg.rand(2), want)


def test_what_is_kept_is_the_input() -> None:
    calls = []

    def function(a: Any, b: Any, scale: float, *, shift: float = 0.0) -> Any:
        calls.append(1)
        return (a * b).exp() * scale + shift, a.detach()

    a, b = tg.tensor(0.5, requires_grad=True), tg.tensor(2.0)
    y, same = checkpoint(function, a, b, 3.0, shift=1.0, preserve_rng_state=False)
    assert not same.requires_grad and b.grad is None
    assert len(calls) == 1
    y.backward()
    assert len(calls) == 2 and a.grad is not None
    assert a.grad.item() == pytest.approx(2 * 3 * 2.718281828, rel=1e-6)
    with tg.no_grad():
        assert not checkpoint(function, a, b, 3.0)[0].requires_grad
    assert not checkpoint(lambda x: x + 1, b).requires_grad  # nothing in it is trained


def test_gradients_that_are_asked_for_touch_no_others() -> None:
    layer, x = nn.Linear(3, 2), tg.randn(4, 3, requires_grad=True)
    wanted = [x, *layer.parameters()]
    found = []
    for run in (lambda f, a: f(a), checkpoint):
        h = x * 2  # computed outside, used inside and afterwards
        y = run(lambda a, *, b=h: layer(a) * b[:, :2], h) + h[:, :2]
        found.append(tg.autograd.grad((y * y).sum(), wanted))
        assert all(t.grad is None for t in wanted)
    for a, b in zip(*found, strict=True):
        assert tg.allclose(a, b)
    checkpoint(layer, x).sum().backward(inputs=[x])
    assert x.grad is not None and layer.weight.grad is None


def test_what_is_computed_in_between_is_freed() -> None:
    kept: list[Any] = []

    def function(x: Any) -> Any:
        h = x.exp()
        kept.append(weakref.ref(h._array))
        return h.sin()

    y = checkpoint(function, tg.ones(3, requires_grad=True))
    assert kept[0]() is None
    y.sum().backward()
    assert kept[1]() is None


def test_hooks_of_parameters_are_called_once() -> None:
    layer, seen = nn.Linear(2, 1), []
    layer.weight.register_hook(lambda g: seen.append(1) or g * 10)
    (checkpoint(layer, tg.ones(1, 2)) + checkpoint(checkpoint, layer, tg.ones(1, 2))).sum().backward()
    assert layer.weight.grad is not None and layer.weight.grad.tolist() == [[20, 20]] and seen == [1]


def test_what_cannot_be_computed_again_is_refused() -> None:
    layer, x = nn.Linear(2, 1), tg.ones(1, 2, requires_grad=True)
    with pytest.raises(TypeError, match="not a dict"):
        checkpoint(lambda x: {"y": x}, x)
    with pytest.raises(RuntimeError, match="gradients of gradients"):
        tg.autograd.grad(checkpoint(layer, x).sum(), x, create_graph=True)
    y = checkpoint(layer, x).sum()
    with tg.no_grad():
        layer.weight.mul_(2)
    with pytest.raises(RuntimeError, match="has changed it in place"):
        y.backward()
    assert x.grad is layer.weight.grad is None


@pytest.mark.parametrize("segments", [1, 2, 3])
def test_in_parts(segments: int) -> None:
    layers = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    x = tg.randn(4, 2, requires_grad=True)
    layers(x).sum().backward()
    want, x.grad = x.grad, None
    checkpoint_sequential(layers, segments, x, use_reentrant=False).sum().backward()
    assert x.grad is not None and tg.allclose(x.grad, want)
    assert checkpoint_sequential(list(layers), segments, x).shape == (4, 1)


@pytest.mark.parametrize("segments", [0, 4])
def test_more_parts_than_layers_are_refused(segments: int) -> None:
    with pytest.raises(ValueError, match="cannot be cut"):
        checkpoint_sequential(nn.Sequential(nn.ReLU(), nn.ReLU(), nn.ReLU()), segments, tg.ones(1))
