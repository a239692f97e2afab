"""Reductions, order and statistics against PyTorch: values, gradients, conventions at ties and errors."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy import inf, nan
from numpy.testing import assert_allclose

import tinygrad_edu as tg
from tinygrad_edu.primitive import TensorBase, wrap
from tinygrad_edu.testing import arrays, axes, shapes

torch = pytest.importorskip("torch")


def results(y: Any) -> list[Any]:
    return [y] if not isinstance(y, (tuple, list)) else list(y)


def assert_same(call: Any, *inputs: Any, seed: int = 0) -> None:
    """`call(module, *tensors)` gives the same values, and the same gradients for random cotangents."""
    ours = [wrap(np.array(a), leaf=a.dtype.kind == "f") for a in inputs]
    theirs = [torch.from_numpy(np.array(a)).requires_grad_(a.dtype.kind == "f") for a in inputs]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        mine, reference = results(call(tg, *ours)), results(call(torch, *theirs))
        assert len(mine) == len(reference)
        rng = np.random.default_rng(seed)
        cots = [rng.standard_normal(tuple(r.shape)) for r in reference]
        for y, r in zip(mine, reference, strict=True):
            assert isinstance(y, TensorBase)
            assert y._array.shape == tuple(r.shape)
            assert str(y._array.dtype) == str(r.dtype).removeprefix("torch.")
            assert_allclose(y._array, r.detach().numpy(), rtol=1e-10, atol=1e-12)
        linked = [(y, r, c) for y, r, c in zip(mine, reference, cots, strict=True) if r.requires_grad]
        if not linked:
            return
        leaves = [(x, z) for x, z in zip(ours, theirs, strict=True) if z.requires_grad]
        got = tg.autograd.grad(
            [y for y, _, _ in linked],
            [x for x, _ in leaves],
            [wrap(c.astype(y._array.dtype)) for y, _, c in linked],
            allow_unused=True,
        )
        expected = torch.autograd.grad(
            [r for _, r, _ in linked],
            [z for _, z in leaves],
            [torch.from_numpy(c).to(r.dtype) for _, r, c in linked],
            allow_unused=True,
        )
    for g, e, (x, _) in zip(got, expected, leaves, strict=True):
        zero = np.zeros_like(x._array)
        assert_allclose(
            zero if g is None else g._array, zero if e is None else e.numpy(), rtol=1e-9, atol=1e-10, equal_nan=True
        )


TIES = np.array([[1.0, 3.0, 3.0, 0.0], [2.0, 2.0, 2.0, 2.0], [0.0, -1.0, 0.0, -1.0]])
ZEROS = np.array([[2.0, 0.0, 5.0], [0.0, 3.0, 0.0], [1.0, 2.0, 3.0]])
HOLES = np.array([[1.0, nan, 3.0, 2.0], [nan, nan, nan, nan], [4.0, 4.0, nan, 1.0]])


@pytest.mark.parametrize("x", [TIES, ZEROS], ids=["ties", "zeros"])
@pytest.mark.parametrize(
    "call",
    [
        lambda m, x: m.amax(x, 1),
        lambda m, x: m.amin(x, (0, 1)),
        lambda m, x: m.max(x),
        lambda m, x: m.min(x),
        lambda m, x: m.max(x, 1),
        lambda m, x: m.min(x, 0, keepdim=True),
        lambda m, x: m.aminmax(x, dim=0),
        lambda m, x: m.median(x),
        lambda m, x: m.mode(x, 1),
        lambda m, x: m.cummax(x, 1),
        lambda m, x: m.cummin(x, 0),
        lambda m, x: m.sort(x, dim=1, stable=True),
        lambda m, x: m.sort(x, dim=0, descending=True, stable=True),
        lambda m, x: m.prod(x),
        lambda m, x: m.prod(x, 1, keepdim=True),
        lambda m, x: m.cumprod(x, 0),
        lambda m, x: m.cumprod(x, 1),
        lambda m, x: m.std(x, 1),
        lambda m, x: m.std_mean(x, 0),
        lambda m, x: m.norm(x, inf),
        lambda m, x: m.norm(x, dim=1),
        lambda m, x: m.norm(x, 1, 1),
        lambda m, x: m.norm(x, 3, 0),
        lambda m, x: m.cdist(x, x + 0.0),
        lambda m, x: m.diff(x, dim=0),
        lambda m, x: m.logsumexp(x, (0, 1)),
        lambda m, x: m.renorm(x, 2, 0, 1.5),
        lambda m, x: m.unique_consecutive(x.detach(), return_counts=True),
        lambda m, x: m.unique(x.detach(), return_inverse=True, return_counts=True),
        lambda m, x: m.histc(x.detach(), 5),
        lambda m, x: m.any(x, 0),
        lambda m, x: m.argmax(x, 1),
        lambda m, x: m.count_nonzero(x, 1),
    ],
)
def test_conventions_at_ties_and_zeros(call: Any, x: Any) -> None:
    assert_same(call, x)


@pytest.mark.parametrize(
    "call",
    [
        lambda m, x: m.nansum(x, 1),
        lambda m, x: m.nanmean(x[::2], 1, keepdim=True),  # of nothing PyTorch's gradient is NaN, ours 0
        lambda m, x: m.nanmedian(x),
        lambda m, x: m.median(x, 1),
        lambda m, x: m.quantile(x, 0.3, dim=0),
        lambda m, x: m.nanquantile(x, 0.3, dim=0),
        lambda m, x: m.sort(x, dim=1, stable=True),
        lambda m, x: m.sort(x, dim=1, descending=True, stable=True),
        lambda m, x: m.cummax(x, 1),
        lambda m, x: m.max(x, 1),
        lambda m, x: m.argmin(x, 1),
        lambda m, x: m.max(x),
        lambda m, x: m.kthvalue(x, 4, 1)[0],
    ],
)
def test_conventions_at_nan(call: Any) -> None:
    assert_same(call, HOLES)


@pytest.mark.parametrize("name", ["sum", "mean", "amax", "amin", "var", "std", "logsumexp", "nansum", "nanmean"])
@given(data=st.data())
def test_reductions_over_any_dimensions(name: str, data: Any) -> None:
    a = data.draw(arrays(shapes(min_side=2)))
    dim, keepdim = data.draw(axes(a.ndim)), data.draw(st.booleans())
    if dim == () and name in ("var", "std"):  # PyTorch's gradient divides by the wrong number
        dim = None
    if name == "logsumexp" and not isinstance(dim, int):
        dim = dim or tuple(range(a.ndim)) or 0
    assert_same(lambda m, x: getattr(m, name)(x, dim=dim, keepdim=keepdim), a)


@pytest.mark.parametrize("p", [0, 0.5, 1, 1.5, 2, 3, -1, inf, -inf])
@given(a=arrays((3, 4), distinct=True), dim=st.sampled_from([None, 0, 1, (0, 1), (-1,)]))
def test_norms_of_every_order(p: float, a: Any, dim: Any) -> None:
    assert_same(lambda m, x: m.norm(x, p, dim), a)


@given(arrays((3, 4), -2, 2), st.sampled_from([0, 1]), st.lists(st.integers(0, 11), max_size=4))
def test_second_derivatives_of_products(a: Any, dim: int, zeros: list[int]) -> None:
    a.reshape(-1)[zeros] = 0
    weights = np.random.default_rng(3).standard_normal((3, 4))

    for name in ("prod", "cumprod"):
        found = []
        for m, make in ((tg, lambda v: wrap(np.array(v), leaf=True)), (torch, torch.from_numpy)):
            x = make(a.copy())
            if m is torch:
                x.requires_grad_()
            w = make(weights)
            y = getattr(m, name)(x, dim)
            (g,) = m.autograd.grad(
                (y * y.detach().cos()).sum() if name == "prod" else (y * w).sum(), x, create_graph=True
            )
            (h,) = m.autograd.grad((g * w).sum(), x)
            found.append(h.detach().numpy())
        assert_allclose(*found, rtol=1e-9, atol=1e-10)


@given(arrays((4, 5), -5, 5), st.sampled_from([0, 1]))
def test_cumulative_functions(a: Any, dim: int) -> None:
    for name in ("cumsum", "cumprod", "logcumsumexp", "cummax", "cummin"):
        assert_same(lambda m, x, name=name: getattr(m, name)(x, dim), a)


def test_logcumsumexp_with_infinities() -> None:
    assert_same(lambda m, x: m.logcumsumexp(x, 0), np.array([0.0, 1.0, -inf, 800.0]))


@given(arrays((3, 6), distinct=True), arrays((4,), 0.01, 0.99), st.sampled_from([None, 0, 1]), st.booleans())
def test_quantiles(a: Any, q: Any, dim: Any, keepdim: bool) -> None:
    for method in ("linear", "lower", "higher", "midpoint", "nearest"):
        assert_same(lambda m, x, q, method=method: m.quantile(x, q.detach(), dim, keepdim, interpolation=method), a, q)


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int32, np.int64, np.float32])
def test_dtypes_of_results(dtype: Any) -> None:
    x = np.array([[1, 0, 2], [3, 1, 1]]).astype(dtype)
    for call in (
        lambda m, x: m.sum(x, 1),
        lambda m, x: m.prod(x),
        lambda m, x: m.cumsum(x, 0),
        lambda m, x: m.amax(x, 0),
        lambda m, x: m.any(x, 1),
        lambda m, x: m.all(x),
        lambda m, x: m.sort(x, dim=1, stable=True),
        lambda m, x: m.max(x, 1),
        lambda m, x: m.count_nonzero(x),
        lambda m, x: m.sum(x, dtype=m.float64),
    ):
        ours, theirs = results(call(tg, wrap(x))), results(call(torch, torch.from_numpy(x)))
        for y, r in zip(ours, theirs, strict=True):
            assert str(y.dtype).removeprefix("torch.") == str(r.dtype).removeprefix("torch.")
            assert_allclose(y._array, r.numpy())


@pytest.mark.parametrize(
    "call",
    [
        lambda m, x: m.sum(x, 2),
        lambda m, x: m.mean(x, (0, 0)),
        lambda m, x: m.mean(x.long()),
        lambda m, x: m.max(x[:0], 0),
        lambda m, x: m.amax(x[:0]),
        lambda m, x: m.topk(x, 9),
        lambda m, x: m.kthvalue(x, 0),
        lambda m, x: m.quantile(x, 2.0),
        lambda m, x: m.cumsum(x, 5),
        lambda m, x: m.norm(x, "max"),
        lambda m, x: m.cov(x[None]),
        lambda m, x: m.cdist(x, x[:, :1]),
        lambda m, x: m.bincount(x),
        lambda m, x: m.trapezoid(x, x[0, :1]),
    ],
)
def test_what_is_an_error_there_is_the_same_error_here(call: Any) -> None:
    with pytest.raises(Exception) as theirs:
        call(torch, torch.ones(2, 3))
    kind = RuntimeError if theirs.type is NotImplementedError else theirs.type
    with pytest.raises(kind):
        call(tg, wrap(np.ones((2, 3), np.float32)))
