"""tinygrad_edu.linalg: the exponential, eigenvalues in general, and attempts that raise no error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import linalg
from tinygrad_edu.autograd import gradcheck, gradgradcheck

rng = np.random.default_rng(2)
NAN = np.nan


def series(a: Any) -> Any:
    """exp(a) by its definition, for small matrices."""
    total = term = np.eye(len(a), dtype=a.dtype)
    for k in range(1, 60):
        term = term @ a / k
        total = total + term
    return total


# -- the exponential ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [0, 1e-8, 0.1, 1, 5, 12])
def test_the_exponential_is_its_series(scale: float) -> None:
    a = rng.uniform(-1, 1, (4, 4)) * scale / 2
    np.testing.assert_allclose(linalg.matrix_exp(tg.from_numpy(a)).numpy(), series(a), rtol=1e-10, atol=1e-10)
    z = a + 0.5j * a.T
    np.testing.assert_allclose(tg.matrix_exp(tg.from_numpy(z)).numpy(), series(z), rtol=1e-10, atol=1e-10)


def test_large_and_small_matrices_in_one_batch_do_not_disturb_each_other() -> None:
    batch = rng.uniform(-1, 1, (3, 2, 3, 3)) * np.array([1e-6, 0.5, 40.0])[:, None, None, None]
    values, vectors = np.linalg.eig(batch)
    expected = (vectors * np.exp(values)[..., None, :] @ np.linalg.inv(vectors)).real
    np.testing.assert_allclose(linalg.matrix_exp(tg.from_numpy(batch)).numpy(), expected, rtol=1e-9)
    alone = linalg.matrix_exp(tg.from_numpy(batch[0, 0]))
    np.testing.assert_allclose(linalg.matrix_exp(tg.from_numpy(batch)).numpy()[0, 0], alone.numpy(), rtol=1e-15)


def test_the_exponential_in_float32_and_of_nothing() -> None:
    a = rng.uniform(-2, 2, (3, 3)).astype(np.float32)
    y = linalg.matrix_exp(tg.from_numpy(a))
    assert y.dtype == tg.float32 and y.tolist() == tg.matrix_exp(tg.from_numpy(a)).tolist()
    np.testing.assert_allclose(y.numpy(), series(a.astype(float)), rtol=1e-5, atol=1e-5)
    assert linalg.matrix_exp(tg.zeros(0, 0)).shape == (0, 0) and linalg.matrix_exp(tg.zeros(0, 2, 2)).shape == (0, 2, 2)
    assert np.isnan(linalg.matrix_exp(tg.full((2, 2), NAN)).numpy()).all()
    assert tg.eye(2).matrix_exp().diagonal().tolist() == pytest.approx([np.e] * 2, rel=1e-6)


@pytest.mark.parametrize("scale", [0.1, 2, 10])
def test_the_exponentials_gradient(scale: float) -> None:
    a = tg.tensor(rng.uniform(-1, 1, (2, 3, 3)) * np.array([scale, 0.3])[:, None, None]).requires_grad_()
    assert gradcheck(linalg.matrix_exp, (a,))
    if scale < 5:
        assert gradgradcheck(linalg.matrix_exp, (a,))


# -- eigenvalues --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
@pytest.mark.parametrize("batch", [(), (2, 3), (0,)])
def test_eigenvectors_are_stretched_by_the_eigenvalues(dtype: Any, batch: tuple[int, ...]) -> None:
    a = rng.standard_normal((*batch, 4, 4)).astype(dtype)
    values, vectors = linalg.eig(tg.from_numpy(a))
    wide = np.result_type(dtype, np.complex64)
    assert values.dtype == vectors.dtype == linalg.eigvals(tg.from_numpy(a)).dtype == wide
    assert values.shape == (*batch, 4) and vectors.shape == (*batch, 4, 4)
    np.testing.assert_allclose(a @ vectors.numpy(), vectors.numpy() * values.numpy()[..., None, :], atol=1e-4)
    np.testing.assert_allclose(linalg.eigvals(tg.from_numpy(a)).numpy(), np.linalg.eigvals(a), atol=1e-6)


def test_real_eigenvalues_are_complex_numbers_too() -> None:
    values, vectors = linalg.eig(tg.tensor([[2.0, 0.0], [0.0, 3.0]]))
    assert values.tolist() == [2 + 0j, 3 + 0j] and vectors.is_complex()


# -- attempts -----------------------------------------------------------------------------------------------

MATRICES = tg.tensor(np.array([[[2.0, 0.0], [0.0, 4.0]], [[1.0, 2.0], [2.0, 4.0]], [[0.0, 1.0], [0.0, 3.0]]]))


def test_what_can_be_inverted_is_and_the_rest_is_told() -> None:
    inverse, info = linalg.inv_ex(MATRICES)
    assert info.tolist() == [0, 2, 1] and info.dtype == tg.int32
    np.testing.assert_array_equal(inverse.numpy(), [[[0.5, 0], [0, 0.25]], [[NAN, NAN]] * 2, [[NAN, NAN]] * 2])
    assert linalg.inv_ex(MATRICES[0]).info.tolist() == 0 and linalg.inv_ex(MATRICES[1]).info.shape == ()
    assert linalg.inv_ex(tg.zeros(2, 0, 3, 3)).info.shape == (2, 0)


def test_what_can_be_solved_is() -> None:
    for right, left in ((tg.ones(3, 2), True), (tg.ones(3, 2, 1), True), (tg.ones(5, 3, 1, 2), False)):
        result, info = linalg.solve_ex(MATRICES, right.double(), left=left)
        assert info.tolist() == [0, 2, 1] and result.shape == right.shape
        by_matrix = np.moveaxis(result.numpy(), right.ndim - 3 if right.ndim > 2 else 0, 0)
        assert np.isfinite(by_matrix[0]).all() and np.isnan(by_matrix[1:]).all()
    x, info = linalg.solve_ex(MATRICES[0], tg.ones(2).double())
    assert x.tolist() == [0.5, 0.25] and info.item() == 0
    assert linalg.solve_ex(MATRICES[1], tg.ones(2).double()).info.item() == 2


def test_what_has_a_cholesky_factor_gets_it() -> None:
    a = tg.tensor(np.array([[[4.0, 2.0], [2.0, 5.0]], [[4.0, 2.0], [2.0, -5.0]], [[-1.0, 0.0], [0.0, 1.0]]]))
    lower, info = linalg.cholesky_ex(a)
    assert info.tolist() == [0, 2, 1] and info.dtype == tg.int32
    assert lower[0].tolist() == [[2, 0], [1, 2]] and np.isnan(lower[1:].numpy()).all()
    assert linalg.cholesky_ex(a[0], upper=True).L.tolist() == [[2, 1], [0, 2]]


def test_gradients_flow_where_there_is_a_result() -> None:
    a = MATRICES.clone().requires_grad_()
    linalg.inv_ex(a).inverse[0].sum().backward()
    (expected,) = tg.autograd.grad(linalg.inv(b := MATRICES[0].clone().requires_grad_()).sum(), b)
    np.testing.assert_array_equal(a.grad.numpy(), [expected.numpy(), np.zeros((2, 2)), np.zeros((2, 2))])
    assert gradcheck(
        lambda x: linalg.cholesky_ex(x @ x.mT)[0], (tg.tensor(rng.uniform(1, 2, (2, 2)), requires_grad=True),)
    )


# -- Vandermonde's matrix -----------------------------------------------------------------------------------


def test_the_powers_of_each_element() -> None:
    a = rng.standard_normal((2, 3))
    x = tg.tensor(a, requires_grad=True)
    for n in (None, 2, 5):
        np.testing.assert_allclose(
            linalg.vander(x, N=n).detach().numpy(), [np.vander(row, n, increasing=True) for row in a]
        )
    assert gradcheck(linalg.vander, (x,)) and linalg.vander(tg.tensor([2, 3])).dtype == tg.int64


SINGULAR = tg.ones(2, 2)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: linalg.matrix_exp(tg.ones(2, 3)), RuntimeError, r"matrix_exp: A must be batches of square matrices"),
        (lambda: linalg.matrix_exp(tg.ones(3)), RuntimeError, r"matrix_exp: .*at least 2 dimensions"),
        (lambda: linalg.matrix_exp(tg.ones(2, 2).int()), RuntimeError, r"matrix_exp: .*floating point.*int32"),
        (lambda: linalg.eigvals(tg.ones(2, 3)), RuntimeError, r"eigvals: A must be batches of square matrices"),
        (lambda: linalg.eig(tg.ones(2, 2).long()), RuntimeError, r"eig: .*floating point.*int64"),
        (lambda: linalg.eig(tg.full((2, 2), NAN)), linalg.LinAlgError, r"eig: .*should not contain infs or NaNs"),
        (lambda: linalg.eig(tg.eye(2, requires_grad=True)), RuntimeError, r"carry no gradients.*linalg\.eigh has"),
        (lambda: linalg.eigvals(tg.eye(2, requires_grad=True)), RuntimeError, r"carry no gradients.*linalg\.eigvalsh"),
        (lambda: linalg.inv_ex(SINGULAR, check_errors=True), linalg.LinAlgError, "singular"),
        (lambda: linalg.solve_ex(SINGULAR, tg.ones(2), check_errors=True), linalg.LinAlgError, "singular"),
        (lambda: linalg.cholesky_ex(-SINGULAR, check_errors=True), linalg.LinAlgError, "not positive-definite"),
        (lambda: linalg.inv_ex(tg.ones(2, 3)), RuntimeError, "square"),
        (lambda: linalg.solve_ex(SINGULAR, tg.ones(3)), RuntimeError, "AX = B"),
        (lambda: linalg.solve_ex(SINGULAR, 1.0), TypeError, "expected a Tensor or an array for B, got float"),
        (lambda: linalg.solve_ex(1.0, SINGULAR), TypeError, "expected a Tensor or an array, got float"),
        (lambda: linalg.vander(tg.ones(2), N=1), RuntimeError, r"N must be greater than 1"),
        (lambda: linalg.vander(tg.tensor(1.0)), RuntimeError, r"at least 1 dimension"),
    ],
)
def test_bad_matrices_say_why(call: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        call()


# -- complex matrices ---------------------------------------------------------------------------------------


def test_a_matrix_is_put_together_from_its_eigenvectors() -> None:
    a = rng.standard_normal((2, 4, 4))
    values, vectors = linalg.eig(tg.from_numpy(a))
    again = vectors @ tg.diag_embed(values) @ linalg.inv(vectors)
    np.testing.assert_allclose(again.real.numpy(), a, atol=1e-10)
    np.testing.assert_allclose(again.imag.numpy(), 0 * a, atol=1e-10)
    other = vectors @ tg.diag_embed(values) @ linalg.matrix_power(vectors, -1)
    np.testing.assert_allclose(other.numpy(), again.numpy(), atol=1e-12)
    np.testing.assert_allclose((vectors @ linalg.solve(vectors, vectors**2)).numpy(), (vectors**2).numpy(), atol=1e-10)
    np.testing.assert_allclose(values.prod(-1).numpy(), linalg.det(tg.from_numpy(a).cdouble()).numpy(), atol=1e-10)
