"""The exponential of matrices, eigenvalues, and attempts (`…_ex`) against PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg

torch = pytest.importorskip("torch")

rng = np.random.default_rng(4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [0.01, 1, 8])
def test_the_exponential_and_its_gradient(scale: float, dtype: Any) -> None:
    a, g = ((rng.standard_normal((2, 3, 3)) * s).astype(dtype) for s in (scale / 2, 1))
    ours, theirs = tg.tensor(a, requires_grad=True), torch.tensor(a, requires_grad=True)
    y, z = tg.linalg.matrix_exp(ours), torch.linalg.matrix_exp(theirs)
    y.backward(tg.tensor(g))
    z.backward(torch.tensor(g))
    eps = 1e-4 if dtype == np.float32 else 1e-11
    for mine, other in ((y.detach(), z.detach()), (ours.grad, theirs.grad)):
        np.testing.assert_allclose(mine.numpy(), other.numpy(), rtol=eps, atol=eps * np.abs(other.numpy()).max())


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64])
def test_eigenvalues(dtype: Any) -> None:
    a = rng.standard_normal((3, 4, 4)).astype(dtype)
    ours, theirs = tg.linalg.eig(tg.tensor(a)), torch.linalg.eig(torch.tensor(a))
    assert str(ours.eigenvalues.dtype) == str(theirs.eigenvalues.dtype).removeprefix("torch.")
    mine, other = (np.sort_complex(np.round(w.eigenvalues.numpy(), 3)) for w in (ours, theirs))
    np.testing.assert_allclose(mine, other, atol=3e-3)
    assert tg.linalg.eigvals(tg.tensor(a)).shape == tuple(torch.linalg.eigvals(torch.tensor(a)).shape)


def test_attempts() -> None:
    a = np.stack([np.diag([2.0, 3.0, 4.0]), np.arange(9.0).reshape(3, 3), np.zeros((3, 3)), np.diag([1.0, -2.0, 3.0])])
    a[1] = [[1, 2, 3], [2, 4, 5], [3, 6, 1]]  # the second column depends on the first
    b = rng.standard_normal((4, 3))
    pairs = [
        (tg.linalg.inv_ex(tg.tensor(a)), torch.linalg.inv_ex(torch.tensor(a))),
        (tg.linalg.solve_ex(tg.tensor(a), tg.tensor(b)), torch.linalg.solve_ex(torch.tensor(a), torch.tensor(b))),
        (tg.linalg.cholesky_ex(tg.tensor(a)), torch.linalg.cholesky_ex(torch.tensor(a))),
    ]
    for ours, theirs in pairs:
        assert type(ours)._fields[1] == "info" and ours[1].tolist() == theirs.info.tolist()
        assert str(ours.info.dtype) == "int32" and hasattr(theirs, type(ours)._fields[0])
        good = theirs.info.numpy() == 0
        np.testing.assert_allclose(ours[0].numpy()[good], theirs[0].numpy()[good], rtol=1e-12)


def test_powers() -> None:
    for a in (rng.standard_normal((2, 3)), np.arange(3), np.ones((0, 2))):
        for n in (None, 2, 4):
            ours, theirs = tg.linalg.vander(tg.tensor(a), N=n), torch.linalg.vander(torch.tensor(a), N=n)
            np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-12)


@pytest.mark.parametrize("shape", [(3, 3), (2, 4, 3), (3, 5)])
def test_elimination(shape: tuple[int, ...]) -> None:
    a = rng.standard_normal(shape)
    x, z = tg.tensor(a, requires_grad=True), torch.tensor(a, requires_grad=True)
    ours, theirs = tg.linalg.lu(x), torch.linalg.lu(z)
    weights = rng.standard_normal(100)
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine.detach().numpy(), other.detach().numpy(), rtol=1e-10, atol=1e-12)
    for lib, (_, lower, upper) in ((tg, ours), (torch, theirs)):
        w, v = (lib.tensor(weights[: f.numel()].reshape(f.shape)) for f in (lower, upper))
        ((w * lower).sum() + (v * upper).sum()).backward()
    np.testing.assert_allclose(x.grad.numpy(), z.grad.numpy(), rtol=1e-8, atol=1e-8)
    for mine, other in zip(tg.linalg.lu_factor(tg.tensor(a)), torch.linalg.lu_factor(torch.tensor(a)), strict=True):
        np.testing.assert_allclose(mine.numpy(), other.numpy(), rtol=1e-10, atol=1e-12)
        assert f"torch.{mine.dtype}" == str(other.dtype)
    if shape == (3, 3):
        b = rng.standard_normal((3, 2))
        for options in ({}, {"adjoint": True}, {"left": False}):
            r = b.T if options == {"left": False} else b
            y, other = (
                lib.linalg.lu_solve(*lib.linalg.lu_factor(lib.tensor(a)), lib.tensor(r), **options)
                for lib in (tg, torch)
            )
            np.testing.assert_allclose(y.numpy(), other.numpy(), rtol=1e-9)
