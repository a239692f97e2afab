"""Fourier transforms: NumPy is the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg

rng = np.random.default_rng(0)
KINDS = ("fft", "ifft", "rfft", "irfft")


def numbers(kind: str, *shape: int) -> Any:
    """Numbers that this transform takes."""
    x = rng.standard_normal(shape)
    return x if kind == "rfft" else x + 1j * rng.standard_normal(shape)


@pytest.mark.parametrize("norm", [None, "backward", "forward", "ortho"])
@pytest.mark.parametrize("kind", KINDS)
def test_along_one_dimension_they_are_numpys(kind: str, norm: str | None) -> None:
    a = numbers(kind, 3, 5, 2)
    for n in (None, 3, 8):
        for dim in (-1, 1, 0):
            ours = getattr(tg.fft, kind)(tg.from_numpy(a), n, dim, norm)
            theirs = getattr(np.fft, kind)(a, n, dim, norm)
            assert ours.dtype == theirs.dtype
            np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("norm", [None, "forward", "ortho"])
@pytest.mark.parametrize("kind", KINDS)
def test_along_several_they_are_numpys(kind: str, norm: str | None) -> None:
    a = numbers(kind, 4, 3, 5)
    x = tg.from_numpy(a)
    for s in (None, (2, 6), (3, 4)):
        two, many = getattr(tg.fft, f"{kind}2"), getattr(tg.fft, f"{kind}n")
        np.testing.assert_allclose(two(x, s, norm=norm), getattr(np.fft, f"{kind}2")(a, s, norm=norm), atol=1e-12)
        expected = getattr(np.fft, f"{kind}n")(a, s, axes=(2, 0), norm=norm)
        np.testing.assert_allclose(many(x, s, (2, 0), norm), expected, atol=1e-12)
    np.testing.assert_allclose(many(x, norm=norm), getattr(np.fft, f"{kind}n")(a, norm=norm), atol=1e-12)
    np.testing.assert_allclose(many(x, (2,)), getattr(np.fft, f"{kind}n")(a, (2,), (-1,)), atol=1e-12)
    np.testing.assert_allclose(many(x, (-1, 4)), getattr(np.fft, f"{kind}n")(a, (3, 4), (-2, -1)), atol=1e-12)


@pytest.mark.parametrize(
    ("given", "real", "half"),
    [
        (tg.float32, tg.float32, tg.complex64),
        (tg.float64, tg.float64, tg.complex128),
        (tg.int32, tg.float32, tg.complex64),
        (tg.bool, tg.float32, tg.complex64),
    ],
)
def test_precision_is_that_of_the_input(given: Any, real: Any, half: Any) -> None:
    x = tg.ones(4, dtype=given)
    assert tg.fft.fft(x).dtype == tg.fft.rfft(x).dtype == tg.fft.ifft(tg.fft.fft(x)).dtype == half
    assert tg.fft.irfft(tg.fft.rfft(x)).dtype == tg.fft.irfft(x).dtype == real


def test_whole_numbers_become_the_default_dtype() -> None:
    tg.set_default_dtype(tg.float64)
    try:
        assert tg.fft.fft(tg.ones(2, dtype=tg.int64)).dtype == tg.complex128
    finally:
        tg.set_default_dtype(tg.float32)


def test_no_dimensions_at_all() -> None:
    x = tg.tensor([1.0, 2.0])
    y = tg.fft.fftn(x, dim=())
    assert y.tolist() == [1, 2] and y.dtype == tg.complex64
    assert tg.fft.fftn(tg.tensor(3.0)).tolist() == 3
    z = x.cfloat()
    tg.fft.fftn(z, dim=()).zero_()
    assert z.tolist() == [1, 2]


def test_arrays_are_taken_and_left_alone() -> None:
    a = rng.standard_normal(5)
    before = a.copy()
    np.testing.assert_allclose(tg.fft.fft(a).numpy(), np.fft.fft(a))
    np.testing.assert_array_equal(a, before)


@pytest.mark.parametrize("n", [0, 1, 2, 5, 6])
@pytest.mark.parametrize("d", [1.0, 0.25])
def test_frequencies_are_numpys(n: int, d: float) -> None:
    np.testing.assert_allclose(tg.fft.rfftfreq(n, d).numpy(), np.fft.rfftfreq(n, d) if n else [np.nan], rtol=1e-6)
    np.testing.assert_allclose(tg.fft.fftfreq(n, d, dtype=tg.float64).numpy(), np.fft.fftfreq(n, d) if n else [])
    assert tg.fft.fftfreq(n).dtype == tg.float32 and tg.fft.rfftfreq(n, requires_grad=True).requires_grad


def test_shifts_are_numpys_and_carry_gradients() -> None:
    a = rng.standard_normal((3, 4, 5))
    x = tg.from_numpy(a)
    for dim in (None, 0, -1, (0, 2)):
        np.testing.assert_array_equal(tg.fft.fftshift(x, dim).numpy(), np.fft.fftshift(a, dim))
        np.testing.assert_array_equal(tg.fft.ifftshift(x, dim).numpy(), np.fft.ifftshift(a, dim))
    leaf, g = x.clone().requires_grad_(), rng.standard_normal((3, 4, 5))
    tg.fft.fftshift(leaf).backward(tg.from_numpy(g))
    np.testing.assert_array_equal(leaf.grad.numpy(), np.fft.ifftshift(g))
    assert tg.fft.fftshift(x[:, 0, 0].cfloat()).dtype == tg.complex64


def test_what_requires_grad_is_refused_but_not_under_no_grad() -> None:
    x = tg.ones(4, requires_grad=True)
    for name in ("fft", "rfft", "ifftn", "irfft2"):
        with pytest.raises(RuntimeError, match=rf"fft\.{name}: complex numbers carry no gradients.*x\.detach\(\)"):
            getattr(tg.fft, name)(x)
    with tg.no_grad():
        assert tg.fft.rfft(x).tolist() == [4, 0, 0]


ONES = tg.ones(2, 3)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: tg.fft.fft(ONES, norm="x"), RuntimeError, 'Invalid normalization mode: "x"'),
        (lambda: tg.fft.fft(ONES, n=0), RuntimeError, r"Invalid number of data points \(0\) specified"),
        (lambda: tg.fft.irfft(ONES[:, :1]), RuntimeError, r"Invalid number of data points \(0\) specified"),
        (lambda: tg.fft.fft(ONES, dim=2), IndexError, "Dimension out of range .*but got 2"),
        (lambda: tg.fft.fft(tg.tensor(1.0)), IndexError, "Dimension specified as -1 but tensor has no dimensions"),
        (lambda: tg.fft.fft2(ONES[0]), IndexError, "Dimension out of range"),
        (lambda: tg.fft.rfft(ONES.cfloat()), RuntimeError, "rfft expects a real input tensor, but got complex64"),
        (lambda: tg.fft.rfft2(ONES.cfloat()), RuntimeError, "rfft2 expects a real"),
        (lambda: tg.fft.rfftn(ONES, dim=()), RuntimeError, "rfftn must transform at least one axis"),
        (lambda: tg.fft.irfftn(tg.tensor(1.0)), RuntimeError, "irfftn must transform at least one axis"),
        (lambda: tg.fft.fft(ONES.half()), RuntimeError, r"Unsupported dtype float16.*x\.float\(\)"),
        (lambda: tg.fft.fftn(ONES, (2, 2, 2)), RuntimeError, "Got shape with 3 values but .*only has 2 dimensions"),
        (lambda: tg.fft.fftn(ONES, (2, 2), (0,)), RuntimeError, "dim and shape arguments must have the same length"),
        (lambda: tg.fft.fftn(ONES, dim=(0, -2)), RuntimeError, "FFT dims must be unique"),
        (lambda: tg.fft.fft(ONES, n=2.5), TypeError, "expected ints"),
        (lambda: tg.fft.fft([1.0, 2.0]), TypeError, "expected a Tensor or an array, got list"),
        (lambda: tg.fft.fft(1.0), TypeError, "expected a Tensor or an array, got float"),
        (lambda: tg.fft.fft(None), TypeError, "got None"),
        (lambda: tg.fft.fftfreq(4, dtype=tg.int64), RuntimeError, "fftfreq requires a floating point or complex dtype"),
        (lambda: tg.fft.rfftfreq(-1), RuntimeError, r"negative dimension -1: \[-1\] \(fft\.rfftfreq"),
        (lambda: tg.fft.fftfreq(2.5), TypeError, "whole numbers"),
        (lambda: tg.fft.fftfreq(2, device="cuda"), RuntimeError, "cuda"),
        (lambda: tg.fft.fftshift(ONES, 2), IndexError, "Dimension out of range"),
    ],
)
def test_bad_arguments_say_why(call: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        call()
