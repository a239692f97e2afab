"""Elementwise functions against PyTorch: values, dtypes, first and second derivatives, also at awkward points."""

from __future__ import annotations

import itertools
import operator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy import inf, nan
from numpy.testing import assert_allclose

import tinygrad_edu as tg
from tinygrad_edu.primitive import wrap
from tinygrad_edu.testing import arrays, broadcastable

torch = pytest.importorskip("torch")

ONE = [
    "abs", "acos", "acosh", "asin", "asinh", "atan", "atanh", "ceil", "cos", "cosh", "deg2rad", "erf", "erfc", "exp",
    "exp2", "expm1", "floor", "frac", "log", "log10", "log1p", "log2", "logit", "nan_to_num", "neg", "rad2deg",
    "reciprocal", "round", "rsqrt", "sigmoid", "sign", "sgn", "sin", "sinc", "sinh", "sqrt", "square", "tan", "tanh",
    "trunc",
]  # fmt: skip
TWO = [
    "add", "sub", "mul", "div", "pow", "atan2", "hypot", "copysign", "fmod", "remainder", "logaddexp", "logaddexp2",
    "maximum", "minimum", "fmax", "fmin", "xlogy",
]  # fmt: skip
SCIPY = ["digamma", "lgamma", "erfinv"]


def compare(f: Any, g: Any, *inputs: Any, second: bool = True, rtol: float = 1e-8) -> None:
    """f on our tensors and g on PyTorch's: the same value, gradients and gradients of gradients."""
    ours = [wrap(np.array(x, np.float64), leaf=True) for x in inputs]
    theirs = [torch.tensor(np.array(x, np.float64), requires_grad=True) for x in inputs]
    with np.errstate(all="ignore"):
        y, z = f(*ours), g(*theirs)
        same(y, z, rtol)
        cotangent = np.random.default_rng(0).uniform(0.5, 2, z.shape)
        dy = tg.autograd.grad(y, ours, wrap(cotangent), create_graph=True, allow_unused=True)
        dz = torch.autograd.grad(z, theirs, torch.tensor(cotangent), create_graph=True, allow_unused=True)
        for a, b in zip(dy, dz, strict=True):
            same(a, b, rtol)
        for a, b in zip(dy, dz, strict=True):
            if second and b is not None and b.requires_grad:
                weights = np.random.default_rng(1).uniform(0.5, 2, b.shape)
                ddy = tg.autograd.grad(a, ours, wrap(weights), retain_graph=True, allow_unused=True)
                ddz = torch.autograd.grad(b, theirs, torch.tensor(weights), retain_graph=True, allow_unused=True)
                for c, d in zip(ddy, ddz, strict=True):
                    same(c, d, rtol)


def same(a: Any, b: Any, rtol: float) -> None:
    if a is None or b is None:  # no path and a gradient of zeros are the same
        a, b = (np.zeros(1) if x is None else x for x in (a, b))
    left = a._array if isinstance(a, tg.Tensor) else a
    right = b.resolve_conj().detach().numpy(force=True) if isinstance(b, torch.Tensor) else b
    assert_allclose(left, right, rtol=rtol, atol=1e-10)


@pytest.mark.parametrize("name", ONE)
@given(x=arrays(low=0.05, high=0.95))
def test_functions_of_one_operand(name: str, x: Any) -> None:
    x = x + 1 if name == "acosh" else x
    compare(getattr(tg, name), getattr(torch, name), x)


@pytest.mark.parametrize("name", SCIPY)
@given(x=arrays(low=0.05, high=0.95))
def test_functions_that_scipy_computes(name: str, x: Any) -> None:
    pytest.importorskip("scipy")
    compare(getattr(tg, name), getattr(torch, name), x)
    compare(lambda x: tg.polygamma(1, x), lambda x: torch.polygamma(1, x), x, rtol=1e-6)
    compare(lambda x: tg.mvlgamma(x + 2, 3), lambda x: torch.mvlgamma(x + 2, 3), x)


@pytest.mark.parametrize("name", TWO)
@given(data=st.data())
def test_functions_of_two_operands(name: str, data: Any) -> None:
    left, right = data.draw(broadcastable(2))
    compare(getattr(tg, name), getattr(torch, name), data.draw(arrays(left, 0.1, 3)), data.draw(arrays(right, 0.1, 3)))


POINTS = [-2.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 2.0, 3.0]


@pytest.mark.parametrize("name", [n for n in ONE if n not in ("acosh", "logit")])
def test_functions_of_one_operand_at_awkward_points(name: str) -> None:
    ends = [inf, -inf] if name in ("abs", "sign", "sgn") else [inf, -inf, nan]  # the sign of NaN is NaN here, 0 there
    compare(getattr(tg, name), getattr(torch, name), [*POINTS, *ends], second=False)


@pytest.mark.parametrize("name", [n for n in TWO if n not in ("fmod", "remainder")])
def test_functions_of_two_operands_at_awkward_points(name: str) -> None:
    a, b = np.array(list(itertools.product(POINTS, POINTS))).T
    compare(getattr(tg, name), getattr(torch, name), a, b, second=False)


@pytest.mark.parametrize("name", ["maximum", "minimum", "fmax", "fmin"])
def test_nan_in_the_larger_and_the_smaller(name: str) -> None:
    a, b = np.array(list(itertools.product([1.0, 2.0, nan, inf, -inf], repeat=2))).T
    compare(getattr(tg, name), getattr(torch, name), a, b)


@pytest.mark.parametrize("op", [operator.mod, torch.fmod])
def test_remainders_of_all_signs(op: Any) -> None:
    a, b = np.array(list(itertools.product([-7.0, -3.5, 3.5, 7.0], [-3.0, -2.0, 2.0, 3.0]))).T
    compare(tg.fmod if op is torch.fmod else op, op, a, b)


@pytest.mark.parametrize("exponent", [-2, -1, -0.5, 0, 0.5, 1, 2, 3, 1.5])
def test_powers_with_a_number(exponent: float) -> None:
    compare(lambda x: x**exponent, lambda x: x**exponent, [0.0, 0.5, 2.0], second=exponent not in (0, 1, 0.5, 1.5))
    compare(lambda x: exponent**x, lambda x: exponent**x, [0.0, 1.0, 2.0], second=False, rtol=1e-6)


def test_clamp_between_tensors_away_from_ties() -> None:
    x, low, high = np.random.default_rng(0).normal(size=(3, 50))
    compare(tg.clamp, torch.clamp, x, low, high)
    compare(lambda x: tg.clamp(x, -0.5, 0.7), lambda x: torch.clamp(x, -0.5, 0.7), x)
    compare(lambda x, m: tg.clamp(x, max=m), lambda x, m: torch.clamp(x, max=m), x, high)


@pytest.mark.parametrize("name", ["entr", "xlog1py"])
def test_special_functions(name: str) -> None:
    a, b = np.array(list(itertools.product([0.0, 0.5, 2.0], [-1.0, -0.5, 0.0, 1.0]))).T
    operands = (a,) if name == "entr" else (a, b)
    compare(getattr(tg.special, name), getattr(torch.special, name), *operands, second=name == "entr")


DTYPES = ["bool", "uint8", "int32", "int64", "float32", "float64"]


@pytest.mark.parametrize("name", ["add", "mul", "div", "pow", "maximum", "eq", "remainder", "atan2", "where", "xlogy"])
@pytest.mark.parametrize(("left", "right"), list(itertools.product(DTYPES, DTYPES)))
def test_result_types_are_pytorchs(name: str, left: str, right: str) -> None:
    if name == "pow" and left == "bool":
        return  # bool ** bool is int8 in NumPy, bool in PyTorch
    values: list[Any] = [[1, 1], 1]
    for a, b in itertools.product(values, values):
        theirs = [torch.tensor(x, dtype=getattr(torch, d)) for x, d in ((a, left), (b, right))]
        ours = [wrap(x.numpy()) for x in theirs]
        c = [True]
        f, g = getattr(tg, name), getattr(torch, name)
        try:
            z = g(torch.tensor(c), *theirs) if name == "where" else g(*theirs)
        except RuntimeError:
            continue  # not defined for these dtypes in PyTorch
        y = f(wrap(np.array(c)), *ours) if name == "where" else f(*ours)
        assert str(y.dtype) == str(z.dtype).removeprefix("torch."), (a, b)
        for number in (True, 3, 2.5):
            try:
                w = g(torch.tensor(c), theirs[0], number) if name == "where" else g(theirs[0], number)
            except (RuntimeError, TypeError):
                continue
            v = f(wrap(np.array(c)), ours[0], number) if name == "where" else f(ours[0], number)
            assert str(v.dtype) == str(w.dtype).removeprefix("torch."), (a, number)
