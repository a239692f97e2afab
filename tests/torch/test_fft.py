"""Fourier transforms against PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg

torch = pytest.importorskip("torch")

rng = np.random.default_rng(0)
ONE, TWO = ("fft", "ifft", "rfft", "irfft"), ("fft2", "ifft2", "rfft2", "irfft2")
MANY = ("fftn", "ifftn", "rfftn", "irfftn")


def same(name: str, a: Any, *args: Any, **kwargs: Any) -> None:
    """Equal numbers in the same dtype, or errors of the same class."""
    try:
        theirs = getattr(torch.fft, name)(torch.from_numpy(a), *args, **kwargs)
    except Exception as error:
        with pytest.raises(type(error)):
            getattr(tg.fft, name)(tg.from_numpy(a), *args, **kwargs)
        return
    ours = getattr(tg.fft, name)(tg.from_numpy(a), *args, **kwargs)
    assert str(ours.dtype) == str(theirs.dtype).removeprefix("torch.") and ours.shape == tuple(theirs.shape)
    np.testing.assert_allclose(ours.numpy(), theirs.resolve_conj().numpy(), rtol=1e-5, atol=1e-5)


def arrays(*shape: int) -> list[Any]:
    a = rng.standard_normal(shape)
    return [a, a.astype(np.float32), a + 1j, (a - 2j).astype(np.complex64), (4 * a).astype(np.int64), a > 0]


@pytest.mark.parametrize("name", ONE)
def test_along_one_dimension(name: str) -> None:
    for a in arrays(3, 4):
        for n in (None, 1, 3, 7, 0, -2):
            for dim in (-1, 0, 2):
                same(name, a, n, dim)
        for norm in ("forward", "ortho", "backward", "none"):
            same(name, a, norm=norm)


@pytest.mark.parametrize("name", TWO + MANY)
def test_along_several(name: str) -> None:
    for a in arrays(2, 3, 4):
        for s in (None, (3,), (2, 5), (-1, 3), (2, 3, 4), (0, 1), (1, 1, 1, 1)):
            for dim in ((-2, -1), (0,), (2, 0), (1, 1), (), (-1, 1, 0)):
                same(name, a, s, dim)
        same(name, a)
        same(name, a, norm="ortho")
    for s in (None, (3,), (2, 5), (-1, 3), (1, 1, 1, 1)):
        same(name, a, s)
    same(name, np.array(2.0))


def test_frequencies_and_shifts() -> None:
    for n in (1, 4, 5):
        for name in ("fftfreq", "rfftfreq"):
            for options in ({}, {"d": 0.1}, {"d": 2}):
                ours, theirs = getattr(tg.fft, name)(n, **options), getattr(torch.fft, name)(n, **options)
                np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6)
    for dim in (None, 0, (0, 1), [1, -3], 5):
        same("fftshift", rng.standard_normal((2, 3, 5)), dim)
        same("ifftshift", rng.standard_normal((2, 3, 5)), dim)


def test_the_same_names_are_there() -> None:
    assert {n for n in dir(torch.fft) if "fft" in n and "hf" not in n} - {"_fft"} == set(tg.fft.__all__)
