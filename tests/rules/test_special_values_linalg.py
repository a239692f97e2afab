"""Linear algebra where derivatives need care: singular matrices, equal eigenvalues, zero singular values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import linalg
from tinygrad_edu.autograd import grad, gradcheck, gradgradcheck

rng = np.random.default_rng(2)


def of_rank(rank: int, n: int) -> Any:
    a = rng.standard_normal((n, n))
    u, s, vh = np.linalg.svd(a)
    s[rank:] = 0
    return (u * s) @ vh


def adjugate(a: Any) -> Any:
    """By its definition, from minors."""
    n = len(a)
    cofactors = [
        [(-1) ** (i + j) * np.linalg.det(np.delete(np.delete(a, i, 0), j, 1)) for j in range(n)] for i in range(n)
    ]
    return np.array(cofactors).T


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_the_gradient_of_det_is_exact_at_every_rank(n: int) -> None:
    for rank in range(n + 1):
        a = of_rank(rank, n)
        x = tg.tensor(a).requires_grad_()
        (found,) = grad(linalg.det(x), x, tg.tensor(-1.7).double())
        np.testing.assert_allclose(found.numpy(), -1.7 * adjugate(a).T, atol=1e-12)


@pytest.mark.parametrize("rank", [0, 1, 2, 3])
def test_the_second_derivative_of_det_is_exact_at_every_rank(rank: int) -> None:
    x = tg.tensor(of_rank(rank, 3)).requires_grad_()
    assert gradgradcheck(linalg.det, (x,))


def test_det_of_the_identity_has_second_derivatives() -> None:
    x = tg.tensor(np.eye(3)).requires_grad_()
    assert gradgradcheck(linalg.det, (x,))


def test_det_of_an_empty_matrix_is_one() -> None:
    x = tg.tensor(np.zeros((0, 0))).requires_grad_()
    y = linalg.det(x)
    y.backward()
    assert y.item() == 1 and x.grad.shape == (0, 0)


def test_the_logarithm_of_a_zero_determinant_has_no_derivative() -> None:
    x = tg.tensor(np.ones((2, 2))).requires_grad_()
    y = linalg.slogdet(x).logabsdet
    assert y.item() == -np.inf
    with pytest.raises(np.linalg.LinAlgError, match="determinant"):
        y.backward()


def test_a_loss_on_eigenvalues_does_not_mind_equal_ones() -> None:
    x = tg.tensor(np.eye(3)).requires_grad_()
    weights = np.array([1.0, 1.0, 1.0])
    linalg.eigvalsh(x).backward(tg.tensor(2.5 * weights))
    np.testing.assert_allclose(x.grad.numpy(), 2.5 * np.eye(3), atol=1e-12)


def test_the_gradient_of_eigh_is_symmetric() -> None:
    a = rng.standard_normal((3, 3))
    x = tg.tensor(a + a.T).requires_grad_()
    w, v = linalg.eigh(x)
    tg.autograd.backward([w, v], [tg.tensor(rng.standard_normal(3)), tg.tensor(rng.standard_normal((3, 3)))])
    np.testing.assert_allclose(x.grad.numpy(), x.grad.numpy().T, atol=1e-12)
    assert abs(x.grad.numpy()).max() > 0


def test_only_one_triangle_is_read() -> None:
    a = np.array([[2.0, 99.0], [1.0, 2.0]])
    np.testing.assert_allclose(linalg.eigvalsh(tg.tensor(a)).numpy(), [1, 3])
    np.testing.assert_allclose(linalg.eigvalsh(tg.tensor(a.T), "U").numpy(), [1, 3])


def test_the_nuclear_norm_has_a_gradient_where_singular_values_are_zero_or_equal() -> None:
    x = tg.tensor(np.diag([1.0, 1.0, 0.0])[:, :2]).requires_grad_()
    linalg.matrix_norm(x, "nuc").backward(tg.tensor(3.0).double())
    np.testing.assert_allclose(x.grad.numpy(), 3 * np.eye(3)[:, :2], atol=1e-12)
    zero = tg.tensor(np.zeros((2, 2))).requires_grad_()
    linalg.svdvals(zero).sum().backward()
    assert np.all(np.isfinite(zero.grad.numpy()))


def test_tied_largest_singular_values_share_the_gradient() -> None:
    x = tg.tensor(np.diag([2.0, 2.0])).requires_grad_()
    linalg.matrix_norm(x, 2).backward(tg.tensor(4.0).double())
    np.testing.assert_allclose(x.grad.numpy(), 2 * np.eye(2), atol=1e-12)


@pytest.mark.parametrize("shape", [(4, 2), (2, 4)])
def test_full_matrices_have_the_gradient_of_their_first_vectors(shape: tuple[int, int]) -> None:
    a = rng.standard_normal(shape)
    found = []
    for full in (False, True):
        x = tg.tensor(a).requires_grad_()
        u, _, vh = linalg.svd(x, full)
        ((u[:, :2] @ vh[:2]) * tg.tensor(np.arange(8.0).reshape(shape))).sum().backward()
        found.append(x.grad.numpy())
    np.testing.assert_allclose(found[0], found[1], atol=1e-12)
    assert gradcheck(lambda x: linalg.svd(x)[1], (tg.tensor(a).requires_grad_(),))


def test_complete_qr_of_a_tall_matrix_has_no_derivative_and_says_so() -> None:
    x = tg.tensor(rng.standard_normal((3, 2))).requires_grad_()
    with pytest.raises(RuntimeError, match=r"mode='complete'.*\(3 by 2\).*mode='reduced'"):
        linalg.qr(x, "complete").Q.sum().backward()
    assert x.grad is None
    wide = tg.tensor(rng.standard_normal((2, 3))).requires_grad_()
    assert gradcheck(lambda x: tuple(linalg.qr(x, "complete")), (wide,))


def test_pinv_of_a_singular_matrix_has_the_derivative_at_its_rank() -> None:
    b, c = rng.standard_normal((4, 2)), rng.standard_normal((2, 3))
    inputs = (tg.tensor(b).requires_grad_(), tg.tensor(c).requires_grad_())
    assert gradcheck(lambda b, c: linalg.pinv(b @ c, rtol=1e-6), inputs)
    identity = tg.tensor(np.eye(3)).requires_grad_()
    assert gradcheck(linalg.pinv, (identity,)) and gradgradcheck(linalg.pinv, (identity,))
    assert gradcheck(lambda x: linalg.pinv(x + x.T, hermitian=True), (tg.tensor(of_rank(3, 3)).requires_grad_(),))


def test_the_gradient_of_a_cholesky_factor_is_symmetric() -> None:
    a = rng.standard_normal((3, 3))
    for upper in (False, True):
        x = tg.tensor(a @ a.T + np.eye(3)).requires_grad_()
        y = linalg.cholesky(x, upper=upper)
        y.backward(tg.tensor(rng.standard_normal((3, 3))))
        np.testing.assert_allclose(x.grad.numpy(), x.grad.numpy().T, atol=1e-12)


def test_the_zeroth_power_is_connected_with_gradient_zero() -> None:
    x = tg.tensor(rng.standard_normal((2, 2))).requires_grad_()
    linalg.matrix_power(x, 0).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.zeros((2, 2)))


def test_second_derivatives_of_compositions() -> None:
    def matrix(*shape: int) -> Any:
        return tg.tensor(rng.standard_normal(shape)).requires_grad_()

    a, b = matrix(3, 3), matrix(3, 2)
    for f, inputs in (
        (lambda a, b: linalg.lstsq(b, a).solution, (a, b)),
        (lambda a, b: linalg.solve_triangular(a, b, upper=True), (a, b)),
        (lambda a, b: linalg.solve(a, b[:, 0]), (a, b)),
        (lambda a: linalg.matrix_norm(a, "nuc"), (a,)),
        (lambda a: linalg.matrix_norm(a, 2), (a,)),
        (lambda a: linalg.cond(a, "fro"), (a,)),
        (lambda a: linalg.matrix_power(a, -3), (a,)),
        (lambda a: linalg.slogdet(a).logabsdet, (a,)),
        (lambda a, b: tg.kron(a, b), (a, b)),
        (lambda a, b: tg.einsum("ii,ij->j", a, b), (a, b)),
    ):
        assert gradcheck(f, inputs) and gradgradcheck(f, inputs)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((3,), (3,)), ((3,), (3, 4)), ((3,), (2, 3, 4)), ((2, 3), (3,)), ((5, 2, 3), (3,)), ((2, 3), (5, 3, 4)),
        ((5, 2, 3), (3, 4)), ((4, 1, 2, 3), (5, 3, 2)), ((2, 5, 2, 3), (3, 2)),
    ],
)  # fmt: skip
def test_products_of_every_pair_of_dimensions(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    a, b = (tg.tensor(rng.standard_normal(shape)).requires_grad_() for shape in (left, right))
    assert gradcheck(tg.matmul, (a, b))
    assert gradgradcheck(tg.matmul, (a, b))


@pytest.mark.parametrize("shape", [(2, 2, 4), (3, 4, 2)])
def test_singular_vectors_of_batches_of_oblong_matrices(shape: tuple[int, ...]) -> None:
    x = tg.tensor(rng.standard_normal(shape)).requires_grad_()

    def projections(x: Any) -> Any:
        u, s, vh = linalg.svd(x, full_matrices=False)
        return (u * s.unsqueeze(-2)) @ u.mT, vh.mT @ (s.unsqueeze(-1) * vh)  # which signs do not change

    assert gradcheck(projections, (x,))


def test_vectors_of_equal_eigenvalues_have_no_derivative() -> None:
    x = tg.tensor(np.eye(2)).requires_grad_()
    with np.errstate(all="ignore"):
        (linalg.eigh(x)[1] * tg.tensor([[1.0, 2.0], [3.0, 5.0]]).double()).sum().backward()
    assert not np.isfinite(x.grad.numpy()).all()  # rather than a number that means nothing


def test_the_second_derivative_of_det_is_each_matrixs_own() -> None:
    x = tg.tensor(rng.standard_normal((2, 3, 3))).requires_grad_()
    assert gradgradcheck(linalg.det, (x,))
