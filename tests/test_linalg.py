"""tinygrad_edu.linalg: definitions, shapes, batches, defaults and errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import linalg

rng = np.random.default_rng(1)


def leaf(*shape: int) -> Any:
    return tg.tensor(rng.standard_normal(shape)).requires_grad_()


def numbers(t: Any) -> Any:
    return t.detach().numpy()


def T(a: Any) -> Any:
    return np.swapaxes(a, -1, -2)


BATCHES = [(), (2,), (2, 3), (0,), (2, 0)]


@pytest.mark.parametrize("batch", BATCHES)
def test_every_function_takes_batches(batch: tuple[int, ...]) -> None:
    a, b, tall, wide = leaf(*batch, 3, 3), leaf(*batch, 3, 2), leaf(*batch, 4, 3), leaf(*batch, 4, 2)
    x = numbers(a)
    spd = tg.tensor(x @ T(x) + np.eye(3)).requires_grad_()
    results = [
        (a, linalg.inv(a), np.linalg.inv(x)),
        (b, linalg.solve(a, b), np.linalg.solve(x, numbers(b))),
        (a, linalg.det(a), np.linalg.det(x)),
        (a, linalg.slogdet(a).logabsdet, np.linalg.slogdet(x)[1]),
        (spd, linalg.cholesky(spd), np.linalg.cholesky(numbers(spd))),
        (spd, linalg.eigvalsh(spd), np.linalg.eigvalsh(numbers(spd))),
        (tall, linalg.svdvals(tall), np.linalg.svd(numbers(tall), compute_uv=False)),
        (tall, linalg.pinv(tall), np.linalg.pinv(numbers(tall))),
        (a, linalg.matrix_power(a, 3), x @ x @ x),
        (a, linalg.matrix_power(a, -2), np.linalg.inv(x) @ np.linalg.inv(x)),
        (tall, linalg.lstsq(tall, wide).solution, np.linalg.pinv(numbers(tall)) @ numbers(wide)),
        (tall, linalg.qr(tall).R, np.linalg.qr(numbers(tall)).R),
    ]
    for k, (operand, y, expected) in enumerate(results):
        np.testing.assert_allclose(numbers(y), expected, rtol=1e-9, atol=1e-12, err_msg=str(k))
        (found,) = tg.autograd.grad(y, operand, tg.tensor(rng.standard_normal(y.shape)))
        assert found.shape == operand.shape and np.all(np.isfinite(found.numpy()))


@pytest.mark.parametrize(("m", "n"), [(4, 3), (3, 4), (3, 3), (0, 3), (3, 0), (0, 0), (1, 1)])
@pytest.mark.parametrize("batch", [(), (2,), (0,)])
def test_decompositions_multiply_back_to_the_matrix(batch: tuple[int, ...], m: int, n: int) -> None:
    a = leaf(*batch, m, n)
    k = min(m, n)
    for full in (False, True):
        u, s, vh = linalg.svd(a, full)
        assert u.shape == (*batch, m, m if full else k) and vh.shape == (*batch, n if full else k, n)
        np.testing.assert_allclose(
            (numbers(u)[..., :k] * numbers(s)[..., None, :]) @ numbers(vh)[..., :k, :], numbers(a)
        )
    for mode in ("reduced", "complete"):
        q, r = linalg.qr(a, mode)
        assert q.shape == (*batch, m, m if mode == "complete" else k)
        np.testing.assert_allclose(numbers(q @ r), numbers(a), atol=1e-12)
    q, r = linalg.qr(a, "r")
    assert q.shape == (0,) and r.shape == (*batch, k, n)


def test_results_have_pytorchs_names() -> None:
    a = tg.tensor(np.diag([2.0, 3.0]))
    assert linalg.slogdet(a)._fields == ("sign", "logabsdet")
    assert linalg.eigh(a)._fields == ("eigenvalues", "eigenvectors")
    assert linalg.svd(a)._fields == ("U", "S", "Vh")
    assert linalg.qr(a)._fields == ("Q", "R")
    assert linalg.lstsq(a, a)._fields == ("solution", "residuals", "rank", "singular_values")
    assert tg.svd(a)._fields == ("U", "S", "V")


def test_methods_and_top_level_names_are_the_same_functions() -> None:
    a = tg.tensor(np.array([[2.0, 1.0], [0.5, 3.0]])).requires_grad_()
    x = numbers(a)
    np.testing.assert_allclose(numbers(a.det()), np.linalg.det(x))
    np.testing.assert_allclose(numbers(tg.det(a)), np.linalg.det(x))
    np.testing.assert_allclose(numbers(a.inverse()), np.linalg.inv(x))
    np.testing.assert_allclose(numbers(tg.inverse(a)), np.linalg.inv(x))
    np.testing.assert_allclose(numbers(a.pinverse()), np.linalg.inv(x))
    np.testing.assert_allclose(numbers(a.logdet()), np.log(np.linalg.det(x)))
    np.testing.assert_allclose(numbers(a.matrix_power(2)), x @ x)
    u, s, v = a.svd()
    np.testing.assert_allclose((numbers(u) * numbers(s)) @ numbers(v).T, x)
    assert not tg.svd(a, compute_uv=False).U.numpy().any()
    np.testing.assert_allclose(numbers(tg.cholesky(tg.tensor(x @ x.T), upper=True)), np.linalg.cholesky(x @ x.T).T)
    assert a.qr(some=False).Q.shape == (2, 2)


def test_solve_counts_as_vectors_what_pytorch_does() -> None:
    a = leaf(2, 3, 3)
    assert linalg.solve(a, leaf(3)).shape == (2, 3)
    assert linalg.solve(a, leaf(2, 3)).shape == (2, 3)
    assert linalg.solve(a, leaf(3, 4)).shape == (2, 3, 4)
    b = leaf(2, 4, 3)
    np.testing.assert_allclose(numbers(linalg.solve(a, b, left=False) @ a), numbers(b))


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("unitriangular", [False, True])
def test_solve_triangular_reads_one_triangle(upper: bool, left: bool, unitriangular: bool) -> None:
    a, b = leaf(2, 3, 3), leaf(2, 3, 3)
    t = np.triu(numbers(a)) if upper else np.tril(numbers(a))
    if unitriangular:
        t[..., range(3), range(3)] = 1
    x = linalg.solve_triangular(a, b, upper=upper, left=left, unitriangular=unitriangular)
    np.testing.assert_allclose(t @ numbers(x) if left else numbers(x) @ t, numbers(b), atol=1e-9)
    x.backward(tg.tensor(rng.standard_normal(x.shape)))
    unread = np.tril(np.ones((3, 3)), -1) if upper else np.triu(np.ones((3, 3)), 1)
    if unitriangular:
        unread = unread + np.eye(3)
    assert not (a.grad.numpy() * unread).any() and a.grad.numpy().any()


def test_pinv_cuts_off_small_singular_values() -> None:
    a = np.diag([4.0, 1e-3, 0.0])
    x = tg.tensor(a)
    np.testing.assert_allclose(numbers(linalg.pinv(x)), np.diag([0.25, 1e3, 0]))
    for y in (
        linalg.pinv(x, rtol=1e-2),
        linalg.pinv(x, atol=1e-2),
        linalg.pinv(x, 1e-2),
        linalg.pinv(x, hermitian=True, rtol=0.01),
    ):
        np.testing.assert_allclose(numbers(y), np.diag([0.25, 0, 0]))
    both = tg.tensor(np.stack([a, a]))
    np.testing.assert_allclose(
        numbers(linalg.pinv(both, atol=tg.tensor(np.array([0.0, 1e-2])))[1]), np.diag([0.25, 0, 0])
    )
    assert linalg.matrix_rank(x).item() == 2
    assert linalg.matrix_rank(x, atol=0.1).item() == 1
    assert linalg.matrix_rank(x, hermitian=True).item() == 2
    np.testing.assert_array_equal(linalg.matrix_rank(both).numpy(), [2, 2])
    assert linalg.matrix_rank(tg.tensor(np.zeros((0, 3)))).item() == 0


def test_lstsq_fills_what_the_driver_gives() -> None:
    a, b = leaf(5, 3), leaf(5, 2)
    solution, residuals, _, _ = np.linalg.lstsq(numbers(a), numbers(b), rcond=None)
    for driver, filled in ((None, 0), ("gelsy", 0), ("gels", 2), ("gelsd", 2), ("gelss", 2)):
        found = linalg.lstsq(a, b, driver=driver)
        np.testing.assert_allclose(numbers(found.solution), solution)
        assert found.residuals.shape == ((filled,) if filled else (0,))
        assert found.rank.shape == ((0,) if driver == "gels" else ())
        assert found.singular_values.shape == ((3,) if driver in ("gelsd", "gelss") else (0,))
    np.testing.assert_allclose(numbers(linalg.lstsq(a, b, driver="gelsd").residuals), residuals)
    x, _, rank, s = np.linalg.lstsq(a, b)
    assert x.requires_grad and rank == 3 and s.shape == (3,)
    assert linalg.lstsq(a, leaf(5)).solution.shape == (3,)
    collinear = tg.tensor(np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]]))
    np.testing.assert_allclose(
        numbers(linalg.lstsq(collinear, tg.tensor(np.array([1.0, 2.0, 3.0]))).solution), [0.2, 0.4]
    )


def test_logdet_says_what_has_no_logarithm() -> None:
    negative, singular = tg.tensor(np.diag([1.0, -1.0])), tg.tensor(np.zeros((2, 2)))
    assert np.isnan(tg.logdet(negative).item()) and tg.logdet(singular).item() == -np.inf
    sign, logabs = linalg.slogdet(negative.requires_grad_())
    assert sign.item() == -1 and logabs.item() == 0 and not sign.requires_grad


def test_powers() -> None:
    a = leaf(3, 3)
    for n in (0, 1, 2, 5, -1, -3):
        np.testing.assert_allclose(numbers(linalg.matrix_power(a, n)), np.linalg.matrix_power(numbers(a), n), rtol=1e-6)
    whole = tg.tensor(np.array([[1, 1], [0, 1]]))
    np.testing.assert_array_equal(linalg.matrix_power(whole, 4).numpy(), [[1, 4], [0, 1]])
    assert linalg.matrix_power(tg.tensor([[np.inf, 1.0], [1.0, np.nan]]), 0).tolist() == [[1, 0], [0, 1]]
    linalg.matrix_power(whole, 1).zero_()  # has memory of its own
    assert whole.sum().item() == 3


ORDERS = [None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("keepdim", [False, True])
def test_norms_of_matrices_are_numpys(order: Any, keepdim: bool) -> None:
    a = leaf(3, 4)
    expected = np.linalg.norm(numbers(a), order, keepdims=keepdim)
    for y in (linalg.norm(a, order, keepdim=keepdim), np.linalg.norm(a, order, keepdims=keepdim)):
        assert y.requires_grad
        np.testing.assert_allclose(numbers(y), expected)
    if order is not None:
        batch = leaf(3, 2, 4)
        expected = np.linalg.norm(numbers(batch), order, axis=(2, 0), keepdims=keepdim)
        np.testing.assert_allclose(numbers(linalg.matrix_norm(batch, order, (2, 0), keepdim)), expected)


@pytest.mark.parametrize("order", [0, 1, 2, 3, 0.5, -1, -2, np.inf, -np.inf])
def test_norms_of_vectors_are_numpys(order: float) -> None:
    a = leaf(3, 4)
    np.testing.assert_allclose(numbers(linalg.norm(a, order, 1)), np.linalg.norm(numbers(a), order, axis=1))
    np.testing.assert_allclose(numbers(linalg.vector_norm(a, order)), np.linalg.norm(numbers(a).ravel(), order))
    np.testing.assert_allclose(numbers(np.linalg.norm(a, order, axis=0)), np.linalg.norm(numbers(a), order, axis=0))


@pytest.mark.parametrize("p", ORDERS)
def test_condition_numbers_are_numpys(p: Any) -> None:
    a = leaf(3, 3)
    np.testing.assert_allclose(numbers(linalg.cond(a, p)), np.linalg.cond(numbers(a), p))


def test_numpys_functions_keep_the_gradient() -> None:
    a = leaf(3, 3)
    spd = a @ a.T + tg.tensor(np.eye(3))
    for y in (
        np.linalg.inv(a),
        np.linalg.solve(a, a),
        np.linalg.solve(a, a[0]),
        np.linalg.det(a),
        np.linalg.slogdet(a).logabsdet,
        np.linalg.cholesky(spd),
        np.linalg.eigh(spd).eigenvectors,
        np.linalg.eigvalsh(spd),
        np.linalg.svd(a).S,
        np.linalg.svd(a, compute_uv=False),
        np.linalg.svdvals(a),
        np.linalg.qr(a).Q,
        np.linalg.qr(a, mode="r"),
        np.linalg.pinv(a),
        np.linalg.matrix_power(a, 2),
        np.linalg.matrix_transpose(a),
        np.linalg.vecdot(a, a),
        np.linalg.cond(a),
        np.linalg.diagonal(a),
        np.linalg.vector_norm(a),
        np.linalg.matrix_norm(a),
    ):
        assert y.requires_grad
    assert int(np.linalg.matrix_rank(a)) == 3
    with pytest.raises(TypeError, match=r"np\.linalg\.eig has no derivative"):
        np.linalg.eig(a)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: linalg.inv(leaf(2, 3)), RuntimeError, r"must be batches of square matrices.*2 by 3"),
        (lambda: linalg.inv(leaf(3)), RuntimeError, r"at least 2 dimensions.*\(3,\)"),
        (lambda: linalg.inv([[1.0]]), TypeError, r"expected a Tensor or an array, got list"),
        (lambda: linalg.inv(tg.tensor(np.eye(2, dtype=int))), RuntimeError, r"floating point.*int64.*x\.float\(\)"),
        (
            lambda: linalg.inv(tg.tensor(np.ones((2, 2)))),
            linalg.LinAlgError,
            r"^linalg\.inv: The inversion could not be completed because the input matrix is singular.*pinv",
        ),
        (
            lambda: linalg.solve(tg.tensor(np.ones((2, 2))), leaf(2)),
            linalg.LinAlgError,
            r"linalg\.solve: The solver failed because the input matrix is singular",
        ),
        (lambda: linalg.solve(leaf(3, 3), leaf(4)), RuntimeError, r"AX = B \(3x3 and 4x1"),
        (lambda: linalg.solve(leaf(3, 3), leaf(3), left=False), RuntimeError, r"XA = B \(3x3 and 3x1"),
        (lambda: linalg.solve(leaf(2, 3, 3), leaf(5, 3, 1)), RuntimeError, r"batch dimensions .*\(2,\) and \(5,\)"),
        (lambda: linalg.solve(leaf(3, 3), leaf(3, 1).float()), RuntimeError, r"same dtype"),
        (
            lambda: linalg.cholesky(tg.tensor(-np.eye(2))),
            linalg.LinAlgError,
            r"^linalg\.cholesky: The factorization could not .* the input is not positive-definite",
        ),
        (lambda: linalg.eigh(leaf(2, 2), "X"), RuntimeError, r"UPLO must be 'L' or 'U'"),
        (lambda: linalg.qr(leaf(2, 2), "full"), RuntimeError, r"'reduced', 'complete' or 'r'"),
        (lambda: linalg.lstsq(leaf(3, 2), leaf(4, 1)), RuntimeError, r"same number of rows.*\(3, 2\) and \(4, 1\)"),
        (lambda: linalg.lstsq(leaf(3, 2), leaf(3, 1), driver="x"), RuntimeError, r"driver must be one of"),
        (lambda: linalg.norm(leaf(2, 2, 2), 2), RuntimeError, r"no dim.*\(2, 2, 2\)"),
        (lambda: linalg.matrix_norm(leaf(2, 2), 3), RuntimeError, r"Order 3 not supported"),
        (lambda: linalg.matrix_norm(leaf(2, 2), dim=(0, 2)), IndexError, r"out of range"),
        (lambda: linalg.matrix_norm(leaf(2, 2), dim=(1, -1)), RuntimeError, r"must be different"),
        (lambda: linalg.vector_norm(leaf(2), "fro"), TypeError, r"ord must be a number"),
        (lambda: linalg.svd(tg.tensor(np.full((2, 2), np.nan))), linalg.LinAlgError, r"NaN or inf"),
        (lambda: linalg.det(leaf(2, 3)), RuntimeError, r"square"),
        (lambda: linalg.matrix_power(leaf(2, 3), 2), RuntimeError, r"square"),
    ],
)
def test_bad_matrices_say_why(call: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        call()


def test_numpys_and_pytorchs_error_classes_catch_singular_matrices() -> None:
    for kind in (np.linalg.LinAlgError, RuntimeError):
        with pytest.raises(kind):
            linalg.inv(tg.tensor(np.zeros((2, 2))))


def test_pinv_measures_singular_values_by_the_largest_of_them() -> None:
    tiny = tg.tensor(1e-20 * np.eye(2))
    np.testing.assert_allclose(numbers(linalg.pinv(tiny)), 1e20 * np.eye(2))
    np.testing.assert_array_equal(numbers(linalg.pinv(tg.zeros(2, 2), rtol=0.0, atol=0.0)), np.zeros((2, 2)))
    np.testing.assert_array_equal(numbers(linalg.pinv(tg.eye(2), rtol=1.0)), np.zeros((2, 2)))
