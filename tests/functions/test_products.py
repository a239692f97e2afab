"""Products: values, shapes, errors, what an equation may say, and what the backward pass costs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.functions.chains import best_splits

rng = np.random.default_rng(0)


def leaf(*shape: int) -> Any:
    return tg.tensor(rng.standard_normal(shape)).requires_grad_()


def numbers(t: Any) -> Any:
    return t.detach().numpy()


# -- matmul -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b"),
    [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)), ((6, 1, 2, 3), (5, 3, 4))],
)
def test_matmul_takes_vectors_matrices_and_batches(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    x, y = leaf(*a), leaf(*b)
    for z in (x @ y, tg.matmul(x, y), x.matmul(y), np.matmul(x, y), tg.linalg.matmul(x, y)):
        assert isinstance(z, tg.Tensor) and z.requires_grad
        np.testing.assert_allclose(numbers(z), numbers(x) @ numbers(y))


def test_an_array_may_stand_on_either_side_of_the_sign() -> None:
    x, a = leaf(2, 3), rng.standard_normal((3, 2))
    np.testing.assert_allclose(numbers(x @ a), numbers(x) @ a)
    np.testing.assert_allclose(numbers(a @ x), a @ numbers(x))
    (a @ x).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), a.T @ np.ones((3, 3)))


def test_the_weight_gradient_under_a_batch_is_one_product(monkeypatch: pytest.MonkeyPatch) -> None:
    x, w = leaf(6, 5, 3), leaf(3, 4)
    y = x @ w
    g = rng.standard_normal(y.shape)
    used = []
    tensordot = np.tensordot

    def counting(*args: Any, **kwargs: Any) -> Any:
        used.append([a.shape for a in args[:2]])
        return tensordot(*args, **kwargs)

    monkeypatch.setattr(np, "tensordot", counting)
    y.backward(tg.tensor(g))
    assert used == [[(6, 5, 3), (6, 5, 4)]]
    np.testing.assert_allclose(w.grad.numpy(), np.einsum("abi,abj->ij", numbers(x), g))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: leaf(3, 4) @ leaf(3, 4), r"cannot be multiplied \(3x4 and 3x4\).*Transpose the second one"),
        (lambda: leaf(3, 4) @ leaf(3, 5), r"cannot be multiplied \(3x4 and 3x5\).*Transpose the first one"),
        (lambda: tg.mm(leaf(3, 4), leaf(3, 4)), r"mat1 and mat2 shapes cannot be multiplied \(3x4 and 3x4\)"),
        (lambda: tg.mm(leaf(4), leaf(4, 2)), r"mm: input must be a matrix .*its shape is \(4,\)"),
        (lambda: tg.mv(leaf(3, 4), leaf(3)), r"3x4 and 3"),
        (lambda: tg.dot(leaf(3), leaf(4)), r"dot: input and tensor shapes cannot be multiplied \(3 and 4\)"),
        (lambda: tg.dot(leaf(3, 1), leaf(3)), r"must be a vector"),
        (lambda: leaf(2, 3, 4) @ leaf(3, 4, 5), r"batch dimensions .*\(2,\) and \(3,\), do not broadcast"),
        (lambda: tg.bmm(leaf(2, 3, 4), leaf(3, 4, 5)), r"same number of matrices.*\(2, 3, 4\) and \(3, 4, 5\)"),
        (lambda: tg.bmm(leaf(3, 4), leaf(4, 5)), r"batch of matrices \(3 dimensions\), but its shape is \(3, 4\)"),
        (lambda: leaf(3) @ 2.0, r"at least 1 dimension.*use \*"),
        (lambda: tg.tensor(2.0).double() @ leaf(3), r"at least 1 dimension.*use \*"),
        (
            lambda: leaf(3, 4) @ leaf(4, 5).float(),
            r"expected both .* same dtype, but got float64 and float32.*x\.float\(\)",
        ),
        (lambda: tg.mm(leaf(3, 4), tg.tensor(np.ones((4, 2), int))), r"same dtype, but got float64 and int64"),
        (lambda: tg.inner(leaf(3), leaf(4)), r"last sides must be equal.*\(3,\) and \(4,\)"),
        (lambda: tg.outer(leaf(3, 1), leaf(4)), r"outer: input must be a vector"),
        (lambda: tg.tensordot(leaf(3, 4), leaf(3, 4), 1), r"dimension 1 of \(3, 4\) has side 4 and dimension 0"),
        (lambda: tg.tensordot(leaf(3), leaf(3, 4), 2), r"dims=2 .* between 0 and 1"),
        (lambda: tg.tensordot(leaf(3, 3), leaf(3, 3), ([0, 0], [0, 1])), r"appears twice"),
        (lambda: tg.cross(leaf(2), leaf(2)), r"no dimension of size 3 in input, whose shape is \(2,\)"),
        (lambda: tg.linalg.cross(leaf(3), leaf(2)), r"must have size 3 in both.*\(3,\) and \(2,\)"),
        (lambda: tg.chain_matmul(leaf(2, 3), leaf(2, 3)), r"2x3 and 2x3"),
        (lambda: tg.chain_matmul(), r"at least one"),
        (lambda: tg.linalg.multi_dot([leaf(2)]), r"at least 2 tensors, got 1"),
    ],
)
def test_products_that_do_not_fit_say_why(call: Any, says: str) -> None:
    with pytest.raises(RuntimeError, match=says):
        call()


def test_a_dimension_that_is_not_there_is_an_index_error() -> None:
    with pytest.raises(IndexError, match=r"out of range \(expected to be in range of \[-2, 1\], but got 2\)"):
        tg.tensordot(leaf(3, 3), leaf(3, 3), ([2], [0]))


def test_lists_are_refused_by_name() -> None:
    with pytest.raises(TypeError, match="matmul: expected a Tensor, an array or a number, got list"):
        tg.matmul([[1.0]], leaf(1, 1))


def test_a_failed_product_leaves_no_trace() -> None:
    x = leaf(3, 4)
    with pytest.raises(RuntimeError):
        x @ x
    y = (x @ x.T).sum()
    y.backward()
    assert x.grad.shape == (3, 4)


# -- tensordot, inner, outer, kron, cross -------------------------------------------------------------------


@pytest.mark.parametrize("dims", [0, 1, 2, ([2], [0]), ([0, 1], [1, 0]), ([-1], [-3]), (2, 0)])
def test_tensordot_takes_a_number_or_two_lists(dims: Any) -> None:
    x, y = leaf(4, 3, 4), leaf(4, 3, 4) if dims == 2 else leaf(4, 4, 3) if dims == ([0, 1], [1, 0]) else leaf(4, 3, 2)
    if dims == 2:
        x, y = leaf(2, 3, 4), leaf(3, 4, 5)
    if dims == ([0, 1], [1, 0]):
        x, y = leaf(4, 3, 2), leaf(3, 4, 5)
    expected = np.tensordot(numbers(x), numbers(y), dims)
    np.testing.assert_allclose(numbers(tg.tensordot(x, y, dims)), expected)
    np.testing.assert_allclose(numbers(np.tensordot(x, y, dims)), expected)


def test_tensordot_sums_over_a_side_that_meets_a_one() -> None:
    x, y = leaf(2, 3), leaf(1, 4)
    z = tg.tensordot(x, y, 1)
    np.testing.assert_allclose(numbers(z), numbers(x).sum(1, keepdims=True) @ numbers(y))


def test_inner_outer_vdot_and_kron_agree_with_numpy() -> None:
    x, y, m = leaf(3), leaf(4), leaf(2, 3)
    np.testing.assert_allclose(numbers(tg.inner(m, x)), np.inner(numbers(m), numbers(x)))
    np.testing.assert_allclose(numbers(tg.inner(x, tg.tensor(2.0).double())), 2 * numbers(x))
    np.testing.assert_allclose(numbers(x.outer(y)), np.outer(numbers(x), numbers(y)))
    np.testing.assert_allclose(numbers(np.outer(m, y)), np.outer(numbers(m), numbers(y)))
    np.testing.assert_allclose(numbers(tg.vdot(x, x)), numbers(x) @ numbers(x))
    np.testing.assert_allclose(numbers(np.vdot(m, m)), np.vdot(numbers(m), numbers(m)))
    for a, b in ((m, m), (x, m), (m, x), (x, tg.tensor(2.0).double())):
        np.testing.assert_allclose(numbers(tg.kron(a, b)), np.kron(numbers(a), numbers(b)))
        np.testing.assert_allclose(numbers(np.kron(a, b)), np.kron(numbers(a), numbers(b)))


@pytest.mark.parametrize(
    ("a", "b"), [((3,), ()), ((2, 3), (3,)), ((2, 3), (3, 4)), ((5, 2, 3), (4, 3, 6)), ((2, 3, 4), (4,))]
)
def test_np_dot_is_numpys(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    x, y = leaf(*a), leaf(*b)
    z = np.dot(x, y)
    assert z.requires_grad
    np.testing.assert_allclose(numbers(z), np.dot(numbers(x), numbers(y)))


def test_cross_finds_the_first_dimension_of_three_and_broadcasts() -> None:
    x, y = leaf(2, 3, 3), leaf(2, 3, 3)
    np.testing.assert_allclose(numbers(tg.cross(x, y)), np.cross(numbers(x), numbers(y), axis=1))
    np.testing.assert_allclose(numbers(tg.linalg.cross(x, y)), np.cross(numbers(x), numbers(y)))
    np.testing.assert_allclose(numbers(np.cross(x, y, axis=1)), np.cross(numbers(x), numbers(y), axis=1))
    np.testing.assert_allclose(
        numbers(np.cross(x, y, axisa=1, axisb=2, axisc=0)), np.cross(numbers(x), numbers(y), axisa=1, axisb=2, axisc=0)
    )
    wide = tg.linalg.cross(leaf(1, 3), leaf(4, 3))
    assert wide.shape == (4, 3)


# -- a product and a sum ------------------------------------------------------------------------------------


def test_beta_and_alpha_weigh_the_summands() -> None:
    m, a, b, v = leaf(2, 4), leaf(2, 3), leaf(3, 4), leaf(3)
    np.testing.assert_allclose(numbers(m.addmm(a, b, beta=2, alpha=3)), 2 * numbers(m) + 3 * numbers(a) @ numbers(b))
    np.testing.assert_allclose(numbers(tg.addmv(leaf(2), a, v, beta=0.0, alpha=3)), 3 * numbers(a) @ numbers(v))
    np.testing.assert_allclose(numbers(tg.addr(leaf(1), leaf(2), leaf(3), beta=0)).shape, (2, 3))
    p, q = leaf(5, 2, 3), leaf(5, 3, 4)
    np.testing.assert_allclose(numbers(tg.addbmm(m, p, q, beta=2)), 2 * numbers(m) + (numbers(p) @ numbers(q)).sum(0))
    np.testing.assert_allclose(numbers(tg.baddbmm(m, p, q, alpha=2)), numbers(m) + 2 * numbers(p) @ numbers(q))


def test_with_beta_zero_what_the_input_holds_does_not_matter() -> None:
    nan = tg.tensor(np.full((2, 2), np.nan))
    a = leaf(2, 2)
    np.testing.assert_allclose(numbers(tg.addmm(nan, a, a, beta=0)), numbers(a) @ numbers(a))


def test_addmm_in_place_keeps_the_memory() -> None:
    m, a = tg.tensor(np.ones((2, 2))), leaf(2, 2)
    before = m
    m.addmm_(a, a, beta=0.5)
    assert m is before and m.requires_grad
    np.testing.assert_allclose(numbers(m), 0.5 + numbers(a) @ numbers(a))


# -- chains -------------------------------------------------------------------------------------------------


def test_chains_are_multiplied_in_the_cheapest_order() -> None:
    # the example of Cormen et al., "Introduction to Algorithms": ((A1 (A2 A3)) ((A4 A5) A6))
    split = best_splits([30, 35, 15, 5, 10, 20, 25])
    assert (split[0, 5], split[0, 2], split[3, 5]) == (2, 0, 4)
    xs = [leaf(5, 2), leaf(2, 7), leaf(7, 1), leaf(1, 4)]
    expected = np.linalg.multi_dot([numbers(x) for x in xs])
    np.testing.assert_allclose(numbers(tg.chain_matmul(*xs)), expected)
    np.testing.assert_allclose(numbers(np.linalg.multi_dot(xs)), expected)


def test_multi_dot_may_begin_and_end_with_vectors() -> None:
    u, m, v = leaf(2), leaf(2, 3), leaf(3)
    assert tg.linalg.multi_dot([u, m, v]).shape == ()
    assert tg.linalg.multi_dot([u, m]).shape == (3,)
    assert tg.linalg.multi_dot([m, v]).shape == (2,)


# -- einsum -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("ij,jk->ik", [(2, 3), (3, 4)]),
        ("ij,jk", [(2, 3), (3, 4)]),
        ("ba,cb", [(2, 3), (4, 2)]),
        ("ii", [(3, 3)]),
        ("ii->i", [(3, 3)]),
        ("iij->ji", [(3, 3, 2)]),
        ("ij->", [(2, 3)]),
        ("ij->ji", [(2, 3)]),
        ("i,j->ij", [(2,), (3,)]),
        ("bij,bjk,bk->bi", [(5, 2, 3), (5, 3, 4), (5, 4)]),
        ("...ij,...jk->...ik", [(5, 2, 3), (3, 4)]),
        ("...ij,...jk->...ik", [(6, 1, 2, 3), (5, 3, 4)]),
        ("i...,i...->...", [(2, 3), (2, 3)]),
        ("...", [(2, 3)]),
        (" i j , j k -> i k ", [(2, 3), (3, 4)]),
        ("ij,jk->ik", [(2, 1), (3, 4)]),
        (",i->i", [(), (3,)]),
        ("->", [()]),
        ("Ab,bC->CA", [(2, 3), (3, 4)]),
    ],
)
def test_einsum_agrees_with_numpy(equation: str, shapes: list[tuple[int, ...]]) -> None:
    xs = [leaf(*s) for s in shapes]
    expected = np.einsum(equation, *map(numbers, xs))
    np.testing.assert_allclose(numbers(tg.einsum(equation, *xs)), expected)
    np.testing.assert_allclose(numbers(tg.einsum(equation, xs)), expected)
    np.testing.assert_allclose(numbers(np.einsum(equation, *xs)), expected)


def test_einsum_takes_lists_of_indices() -> None:
    x, y = leaf(2, 3), leaf(3, 4)
    np.testing.assert_allclose(numbers(tg.einsum(x, [0, 1], y, [1, 2], [2, 0])), (numbers(x) @ numbers(y)).T)
    np.testing.assert_allclose(numbers(tg.einsum(x, [0, 26], y, [26, 2])), numbers(tg.einsum("ab,bc->ac", x, y)))
    np.testing.assert_allclose(numbers(tg.einsum(x, [..., 1], [1, ...])), numbers(x).T)
    np.testing.assert_allclose(numbers(np.einsum(x, [0, 1], y, [1, 2])), numbers(x) @ numbers(y))


def test_an_ellipsis_that_the_output_lacks_is_summed_over() -> None:
    x = leaf(5, 2, 3)
    np.testing.assert_allclose(numbers(tg.einsum("...ij->ij", x)), numbers(x).sum(0))


def test_the_result_of_einsum_is_not_a_view() -> None:
    x = tg.tensor(np.eye(3))
    tg.einsum("ii->i", x).fill_(7)
    for equation in ("ij->ji", "ij->ij"):
        assert not np.shares_memory(numbers(tg.einsum(equation, x)), numbers(x))
    np.testing.assert_array_equal(numbers(x), np.eye(3))


@pytest.mark.parametrize(
    ("equation", "shapes", "says"),
    [
        ("ij,jk->ik", [(2, 3)], r"names 2 operands, but 1 were given"),
        ("ij->i", [(2,)], r"operand 1 has 2 indices, but its shape \(2,\) has 1 dimensions"),
        ("i->i", [(2, 3)], r"has 1 indices, but its shape \(2, 3\).*write \"\.\.\.\" for the rest"),
        (
            "ij,jk->ik",
            [(2, 3), (4, 5)],
            r"operands 1 and 2 do not fit: index j has side 3 in \(2, 3\) and side 4 in \(4, 5\)",
        ),
        ("ii->i", [(2, 3)], r"index i is repeated in operand 1.*2 and 3"),
        ("ij->k", [(2, 3)], r"index k of the output is in none of the operands"),
        ("ij->ii", [(2, 2)], r"index i occurs twice in the output"),
        ("i$->i", [(2, 2)], r"may hold letters"),
        ("i->i->i", [(2,)], r"may hold letters"),
    ],
)
def test_equations_that_do_not_fit_say_why(equation: str, shapes: list[tuple[int, ...]], says: str) -> None:
    with pytest.raises(RuntimeError, match=says):
        tg.einsum(equation, *(leaf(*s) for s in shapes))


def test_einsum_without_operands_is_an_error() -> None:
    with pytest.raises(ValueError, match="give an equation and its operands"):
        tg.einsum()


def test_operands_that_need_no_gradient_may_take_part() -> None:
    x, data = leaf(2, 3), rng.standard_normal((3, 4))
    tg.einsum("ij,jk->ik", x, tg.tensor(data)).backward(tg.tensor(np.ones((2, 4))))
    np.testing.assert_allclose(x.grad.numpy(), np.ones((2, 4)) @ data.T)


def test_einsum_keeps_float32() -> None:
    x = tg.tensor(np.ones((2, 3), np.float32)).requires_grad_()
    y = tg.einsum("ij,kj->ik", x, x)
    y.backward(tg.tensor(np.ones((2, 2), np.float32)))
    assert y.dtype == np.float32 and x.grad.dtype == np.float32


# -- lazy arrays --------------------------------------------------------------------------------------------


def test_products_of_dask_arrays_stay_lazy() -> None:
    da = pytest.importorskip("dask.array")
    data, w = rng.standard_normal((6, 3)), leaf(3, 2)
    x = tg.as_tensor(da.from_array(data, chunks=(2, 3)))
    for y in (x @ w, tg.tensordot(x, w, 1), tg.einsum("ij,jk->ik", x, w)):
        assert hasattr(y._array, "__dask_graph__")
        w.grad = None
        (y * y).sum().backward()
        np.testing.assert_allclose(w.grad.numpy(), 2 * data.T @ (data @ numbers(w)))


@pytest.mark.parametrize("f", [np.matmul, np.linalg.matmul, tg.matmul, lambda a, b: a @ b])
def test_matrices_that_do_not_fit_are_named_under_every_name(f: Any) -> None:
    with pytest.raises(RuntimeError, match=r"matmul: mat1 and mat2 shapes cannot be multiplied \(2x3 and 2x3\)"):
        f(tg.ones(2, 3), tg.ones(2, 3))
