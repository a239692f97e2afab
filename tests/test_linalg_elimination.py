"""tinygrad_edu.linalg: Gaussian elimination."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import linalg
from tinygrad_edu.autograd import gradcheck, gradgradcheck

rng = np.random.default_rng(3)


@pytest.mark.parametrize("shape", [(3, 3), (5, 3), (3, 5), (2, 3, 4, 4), (1, 1), (0, 3), (3, 0), (0, 2, 2)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_factors_are_triangles_and_multiply_back(shape: tuple[int, ...], dtype: Any) -> None:
    a = rng.standard_normal(shape).astype(dtype)
    p, lower, upper = (x.numpy() for x in linalg.lu(tg.from_numpy(a)))
    assert p.dtype == lower.dtype == upper.dtype == dtype
    np.testing.assert_allclose(p @ lower @ upper, a, atol=1e-5 if dtype == np.float32 else 1e-13)
    k = min(shape[-2:])
    assert lower.shape == (*shape[:-1], k) and upper.shape == (*shape[:-2], k, shape[-1])
    np.testing.assert_array_equal(np.tril(lower), lower)
    np.testing.assert_array_equal(np.triu(upper), upper)
    assert (np.diagonal(lower, axis1=-2, axis2=-1) == 1).all() and (np.abs(lower) <= 1).all()
    assert ((p == 0) | (p == 1)).all() and (p.sum(-1) == 1).all()
    packed, pivots = linalg.lu_factor(tg.from_numpy(a))
    full = np.zeros(shape, dtype)
    full[..., :k] += np.tril(lower, -1)
    full[..., :k, :] += upper
    np.testing.assert_array_equal(packed.numpy(), full)
    assert pivots.dtype == tg.int32 and pivots.shape == (*shape[:-2], k)


def test_singular_matrices_have_factors_too() -> None:
    for a in (np.zeros((3, 3)), np.ones((3, 3)), np.array([[0.0, 1, 2], [0, 3, 4], [0, 6, 9]])):
        p, lower, upper = (x.numpy() for x in linalg.lu(tg.from_numpy(a)))
        np.testing.assert_allclose(p @ lower @ upper, a, atol=1e-15)


@pytest.mark.parametrize("batch", [(), (2, 3)])
def test_systems_are_solved_from_every_side(batch: tuple[int, ...]) -> None:
    a, b = rng.standard_normal((*batch, 4, 4)), rng.standard_normal((*batch, 4, 2))
    packed, pivots = linalg.lu_factor(tg.from_numpy(a))
    t, right = np.matrix_transpose, tg.from_numpy(b)
    across = tg.from_numpy(t(b).copy())
    np.testing.assert_allclose(a @ linalg.lu_solve(packed, pivots, right).numpy(), b, atol=1e-12)
    np.testing.assert_allclose(t(a) @ linalg.lu_solve(packed, pivots, right, adjoint=True).numpy(), b, atol=1e-12)
    np.testing.assert_allclose(linalg.lu_solve(packed, pivots, across, left=False).numpy() @ a, t(b), atol=1e-12)
    x = linalg.lu_solve(packed, pivots, across, left=False, adjoint=True)
    np.testing.assert_allclose(x.numpy() @ t(a), t(b), atol=1e-12)


def test_it_has_derivatives() -> None:
    a, b = (tg.tensor(rng.standard_normal(s), requires_grad=True) for s in ((2, 3, 3), (2, 3, 1)))
    tall = tg.tensor(rng.standard_normal((4, 3)), requires_grad=True)
    for x in (a, tall, tall.detach().T.contiguous().requires_grad_()):
        assert gradcheck(lambda x: linalg.lu(x)[1:], (x,)) and gradgradcheck(lambda x: linalg.lu(x)[1:], (x,))
    for options in ({}, {"adjoint": True}):
        assert gradcheck(lambda a, b: linalg.lu_solve(*linalg.lu_factor(a), b, **options), (a, b))  # noqa: B023


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: linalg.lu(tg.ones(3)), RuntimeError, r"lu: .*at least 2 dimensions"),
        (lambda: linalg.lu_factor(tg.ones(2, 2).int()), RuntimeError, "lu_factor: .*floating point"),
        (lambda: linalg.lu(tg.eye(2), pivot=False), RuntimeError, "without pivoting is not implemented on the CPU"),
        (lambda: linalg.lu_solve(*linalg.lu_factor(tg.ones(2, 3)), tg.ones(2, 1)), RuntimeError, "lu_solve: .*square"),
        (lambda: linalg.lu_solve(*linalg.lu_factor(tg.eye(2)), tg.ones(2)), RuntimeError, "B must have at least 2"),
    ],
)
def test_bad_matrices_say_why(call: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        call()
