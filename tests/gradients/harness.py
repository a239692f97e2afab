"""What every primitive has to stand: a `Call` of it, drawn at random, is checked in all the ways below.

Tolerances: a central difference with step h = 6e-6·max(1, |x|) in float64 has an error of about h²/6 times
the third derivative (6e-12) and ε/h times the value (4e-11); rtol 1e-6 and atol 1e-7 leave four digits to
sums of some dozens of terms and to values and third derivatives in the thousands, and a wrong rule is off
by far more. float32 has 7 digits, of which an ill-conditioned call may use up three.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_edu import autograd
from tinygrad_edu.autograd.gradcheck import gradcheck, gradgradcheck, random_like
from tinygrad_edu.primitive import TensorBase, wrap
from tinygrad_edu.testing import LAYOUTS, laid_out

EPS = 6e-6


@dataclass(frozen=True)
class Call:
    """A deterministic function of tensors, and float64 arrays to call it with, all of them differentiable.

    The tolerances may be widened where the function is badly conditioned; say why where that is done.
    """

    f: Callable[..., Any]
    inputs: tuple[Any, ...]
    rtol: float = 1e-6
    atol: float = 1e-7
    float32: float = 1e-4  # relative to the largest gradient


def check(call: Call) -> None:
    """Every check on one call."""
    check_gradients(call)
    check_second_gradients(call)
    check_recorded(call)
    check_adjoint(call)
    check_float32(call)
    check_layouts(call)
    check_contracts(call)


def leaves(call: Call, dtype: Any = np.float64) -> tuple[Any, ...]:
    return tuple(wrap(np.array(a, dtype), leaf=True) for a in call.inputs)


def outputs(call: Call, xs: Any) -> list[Any]:
    """The results that are connected to the inputs."""
    y = call.f(*xs)
    ys = y if isinstance(y, (tuple, list)) else (y,)
    return [t for t in ys if isinstance(t, TensorBase) and t._edge() is not None]


def cotangents(ys: Any, seed: int = 0) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [random_like(t._array, rng) for t in ys]


def gradients(call: Call, xs: Any, cots: Any = None) -> list[Any]:
    """The gradients (arrays) for the cotangents, or for random ones that do not depend on the dtype."""
    ys = outputs(call, xs)
    assert ys, "the result is not connected to the inputs"
    vs = cotangents(ys) if cots is None else cots
    found = autograd.grad(
        ys, xs, [wrap(v.astype(t._array.dtype)) for v, t in zip(vs, ys, strict=True)], allow_unused=True
    )
    return [np.zeros_like(x._array) if g is None else g._array for g, x in zip(found, xs, strict=True)]


def check_gradients(call: Call) -> None:
    assert gradcheck(call.f, leaves(call), eps=EPS, rtol=call.rtol, atol=call.atol)


def check_second_gradients(call: Call) -> None:
    # along random directions; where that fails gradgradcheck goes through every element to say which
    assert gradgradcheck(call.f, leaves(call), eps=EPS, rtol=10 * call.rtol, atol=10 * call.atol, fast_mode=True)


def check_recorded(call: Call) -> None:
    """A pass that is recorded gives the same numbers: by-products made anew are what the forward call saved."""
    xs = leaves(call)
    ys = outputs(call, xs)
    given = [wrap(v) for v in cotangents(ys)]
    plain = autograd.grad(ys, xs, given, retain_graph=True, allow_unused=True)
    recorded = autograd.grad(ys, xs, given, create_graph=True, allow_unused=True)
    for a, b in zip(plain, recorded, strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            size = float(np.max(np.abs(a._array), initial=0.0))
            np.testing.assert_allclose(b._array, a._array, rtol=1e-9, atol=1e-9 * size + 1e-12, err_msg="create_graph")


def check_adjoint(call: Call) -> None:
    """⟨v, J u⟩ = ⟨Jᵀ v, u⟩, with J u from a backward pass through the backward pass."""
    xs = leaves(call)
    ys = outputs(call, xs)
    rng = np.random.default_rng(1)
    vs = [wrap(random_like(t._array, rng), leaf=True) for t in ys]
    us = [random_like(x._array, rng) for x in xs]
    back = autograd.grad(ys, xs, vs, create_graph=True, allow_unused=True)
    pairs = [(g, u) for g, u in zip(back, us, strict=True) if g is not None]
    linked = [(g, u) for g, u in pairs if g._edge() is not None]  # the others are constant, as floor's 0
    forth = autograd.grad([g for g, _ in linked], vs, [wrap(u) for _, u in linked], allow_unused=True) if linked else ()
    products = [t._array * v._array for t, v in zip(forth, vs, strict=False) if t is not None]
    left = sum(float(np.sum(p)) for p in products)
    right = sum(float(np.sum(g._array * u)) for g, u in pairs)
    size = sum(float(np.sum(np.abs(g._array * u))) for g, u in pairs) + sum(float(np.sum(np.abs(p))) for p in products)
    assert abs(left - right) <= 1e-9 * size + 1e-12, f"<v, Ju> = {left} but <J'v, u> = {right}"


def check_float32(call: Call) -> None:
    narrow = leaves(call, np.float32)
    wide = tuple(wrap(np.array(x._array, np.float64), leaf=True) for x in narrow)
    vs = cotangents(outputs(call, wide))
    for x, g, exact in zip(narrow, gradients(call, narrow, vs), gradients(call, wide, vs), strict=True):
        assert g.dtype == np.float32, f"the gradient of a float32 operand has dtype {g.dtype}"
        assert g.shape == x._array.shape
        size = float(np.max(np.abs(exact), initial=0.0))
        np.testing.assert_allclose(g, exact, rtol=call.float32, atol=call.float32 * size + 1e-6, err_msg="float32")


def check_layouts(call: Call) -> None:
    expected = gradients(call, leaves(call))
    for layout in LAYOUTS[1:]:
        xs = tuple(wrap(laid_out(a, layout), leaf=True) for a in call.inputs)
        for g, e in zip(gradients(call, xs), expected, strict=True):
            size = float(np.max(np.abs(e), initial=0.0))
            np.testing.assert_allclose(g, e, rtol=1e-9, atol=1e-9 * size + 1e-12, err_msg=f"inputs in layout {layout}")


def check_contracts(call: Call) -> None:
    """Nothing given is changed, nothing that comes out shares memory, nothing stays behind."""
    gc.disable()
    gc.freeze()  # what is there already is not looked at, so that the collector is quick
    try:
        _run_contracts(call)
        left = gc.collect()
        assert left == 0, f"{left} objects were left in reference cycles"
    finally:
        gc.unfreeze()
        gc.enable()


def _run_contracts(call: Call) -> None:
    xs = leaves(call)
    ys = outputs(call, xs)
    given = [wrap(v) for v in cotangents(ys)]
    before = [np.array(t._array) for t in (*xs, *given)]
    values = [np.array(t._array) for t in ys]
    autograd.backward(ys, given)
    for t, b in zip((*xs, *given), before, strict=True):
        np.testing.assert_array_equal(t._array, b, err_msg="an input or a cotangent was changed")
    for t, b in zip(ys, values, strict=True):
        np.testing.assert_array_equal(t._array, b, err_msg="a result was changed by the backward pass")
    grads = [x._grad for x in xs if x._grad is not None]
    for k, g in enumerate(grads):
        for t in (*xs, *ys, *given, *grads[:k]):
            assert not np.shares_memory(g._array, t._array), "a gradient shares memory with another tensor"
