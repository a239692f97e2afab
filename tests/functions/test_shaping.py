"""Changes of shape, joins and cuts: values against NumPy, views, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.functions.rearranging import pad

A = np.arange(24.0).reshape(2, 3, 4)


def x(a: Any = A) -> Any:
    return tg.tensor(a)


SAME = {
    "reshape": (lambda t: t.reshape(4, -1), lambda a: a.reshape(4, -1)),
    "reshape of a tuple": (lambda t: tg.reshape(t, (6, 4)), lambda a: a.reshape(6, 4)),
    "flatten": (lambda t: t.flatten(1), lambda a: a.reshape(2, 12)),
    "unflatten": (lambda t: t.unflatten(-1, (2, -1)), lambda a: a.reshape(2, 3, 2, 2)),
    "permute": (lambda t: t.permute(2, 0, -2), lambda a: a.transpose(2, 0, 1)),
    "transpose": (lambda t: t.transpose(0, -1), lambda a: a.swapaxes(0, 2)),
    "movedim": (lambda t: t.movedim((0, 1), (-1, 0)), lambda a: np.moveaxis(a, (0, 1), (-1, 0))),
    "mT": (lambda t: t.mT, lambda a: a.swapaxes(-1, -2)),
    "T": (lambda t: t[0].T, lambda a: a[0].T),
    "expand": (lambda t: t[:, :1].expand(5, -1, 3, 4), lambda a: np.broadcast_to(a[:, :1], (5, 2, 3, 4))),
    "unsqueeze": (lambda t: t.unsqueeze(-2), lambda a: a[:, :, None]),
    "squeeze": (lambda t: t[:1, :, :1].squeeze((0, 1)), lambda a: a[0, :, :1]),
    "flip": (lambda t: t.flip(0, 2), lambda a: np.flip(a, (0, 2))),
    "flip by axis": (lambda t: tg.flip(t, axis=1), lambda a: np.flip(a, 1)),
    "roll": (lambda t: t.roll((1, -2), (0, 2)), lambda a: np.roll(a, (1, -2), (0, 2))),
    "rot90": (lambda t: t.rot90(3, (0, 2)), lambda a: np.rot90(a, 3, (0, 2))),
    "rot90 backwards": (lambda t: tg.rot90(t, -1), lambda a: np.rot90(a, -1)),
    "tile": (lambda t: t.tile(2), lambda a: np.tile(a, 2)),
    "repeat": (lambda t: t.repeat(2, 1, 1, 2), lambda a: np.tile(a, (2, 1, 1, 2))),
    "repeat_interleave": (lambda t: t.repeat_interleave(tg.tensor([0, 2, 1]), 1), lambda a: np.repeat(a, [0, 2, 1], 1)),
    "tril": (lambda t: t.tril(1), lambda a: np.tril(a, 1)),
    "triu": (lambda t: tg.triu(t, -1), lambda a: np.triu(a, -1)),
    "diagonal": (lambda t: t.diagonal(1, 0, 2), lambda a: a.diagonal(1, 0, 2)),
    "trace": (lambda t: t[0].trace(), lambda a: np.trace(a[0])),
    "unfold": (lambda t: t.unfold(2, 2, 2), lambda a: a.reshape(2, 3, 2, 2)),
    "cat": (lambda t: tg.cat([t, t[:, :1]], axis=1), lambda a: np.concatenate([a, a[:, :1]], 1)),
    "stack": (lambda t: tg.stack([t, t * 2], -1), lambda a: np.stack([a, a * 2], -1)),
    "hstack": (lambda t: tg.hstack([t, t]), lambda a: np.hstack([a, a])),
    "vstack of vectors": (lambda t: tg.vstack([t[0, 0], t[0, 1]]), lambda a: a[0, :2]),
    "dstack": (lambda t: tg.dstack([t[0], t[1]]), lambda a: np.dstack([a[0], a[1]])),
    "column_stack": (lambda t: tg.column_stack([t[0, 0], t[1].t()]), lambda a: np.column_stack([a[0, 0], a[1].T])),
}


@pytest.mark.parametrize("name", SAME)
def test_values_are_those_of_numpy(name: str) -> None:
    ours, theirs = SAME[name]
    np.testing.assert_array_equal(ours(x()).numpy(), theirs(A))


def test_parts_are_those_of_numpy() -> None:
    for ours, theirs in (
        (tg.split(x(), 2, 1), np.split(A, [2], 1)),
        (tg.split(x(), [1, 0, 2], 1), np.split(A, [1, 1], 1)),
        (x().chunk(3, -1), np.split(A, [2], 2)),
        (x().tensor_split(3, 2), np.array_split(A, 3, 2)),
        (x().tensor_split((3, 1), 2), np.array_split(A, (3, 1), 2)),
        (x().hsplit(3), np.hsplit(A, 3)),
        (x().dsplit([1, 3]), np.dsplit(A, [1, 3])),
        (x().unbind(1), [A[:, 0], A[:, 1], A[:, 2]]),
        (list(x()), list(A)),
    ):
        assert len(ours) == len(theirs)
        for t, a in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(t.numpy(), a)


def test_joined_dtypes_are_promoted() -> None:
    assert tg.cat([tg.tensor([1]), tg.tensor([0.5])]).dtype == tg.float32
    assert tg.stack([tg.tensor([True]), tg.tensor([2])]).dtype == tg.int64


def test_the_default_of_meshgrid_is_pytorch_s() -> None:
    a, b = tg.tensor([1, 2]), tg.tensor([3, 4, 5])
    assert tuple(tg.meshgrid(a, b)[0].shape) == (2, 3)
    assert tuple(tg.meshgrid(a, b, indexing="xy")[0].shape) == (3, 2)
    assert np.meshgrid(a, b)[0].tolist() == np.meshgrid([1, 2], [3, 4, 5])[0].tolist()


def test_views_share_memory_and_copies_do_not() -> None:
    t = x()
    views = t.view(-1), t.reshape(24), t[0].t(), t.diagonal(), t.unfold(0, 1, 1), t.expand(1, 2, 3, 4), t[0, 0, 0]
    for view in views:
        assert np.shares_memory(view.numpy(), t.numpy())
    for copy in (
        t.clone(),
        t.flip(0),
        t.tile(1),
        t.roll(0),
        t.tril(),
        t.mT.reshape(-1),
        tg.cat([t]),
        t.mT.contiguous(),
    ):
        assert not np.shares_memory(copy.numpy(), t.numpy())
    assert t.contiguous() is t


def test_view_refuses_a_layout_that_needs_a_copy_and_says_what_to_do() -> None:
    with pytest.raises(RuntimeError, match=r"stride \(1, 4\).*Use reshape\(12\), or \.contiguous\(\)"):
        x()[0].t().view(12)
    assert x()[0].t().contiguous().view(12).tolist() == A[0].T.reshape(-1).tolist()


def test_padding_of_every_mode() -> None:
    a = tg.tensor([[1.0, 2.0, 3.0]])
    assert pad(a, (1, 2), value=9.0).tolist() == [[9, 1, 2, 3, 9, 9]]
    assert pad(a, (-1, 1, 1, 0)).tolist() == [[0, 0, 0], [2, 3, 0]]
    assert pad(a, (2, 1), "reflect").tolist() == [[3, 2, 1, 2, 3, 2]]
    assert pad(a, (2, 1), "replicate").tolist() == [[1, 1, 1, 2, 3, 3]]
    assert pad(a, (2, 1), "circular").tolist() == [[2, 3, 1, 2, 3, 1]]


REFUSED = {
    "reshape": (
        RuntimeError,
        r"'\[5, 5\]' is invalid for input of size 24.*has 25",
        lambda t: t.reshape(5, 5),
    ),
    "two -1": (RuntimeError, "one of them may be -1", lambda t: t.reshape(-1, -1)),
    "-1 that does not divide": (RuntimeError, "no multiple of 5", lambda t: t.reshape(5, -1)),
    "no ints": (TypeError, "expected ints", lambda t: t.reshape("a")),
    "dimension": (IndexError, r"out of range .* \[-3, 2\], but got 3\): the tensor has 3", lambda t: t.transpose(0, 3)),
    "permute": (RuntimeError, "needs 3 numbers", lambda t: t.permute(0, 1)),
    "twice": (RuntimeError, "named twice", lambda t: t.permute(0, 1, 1)),
    "t": (RuntimeError, "mT", lambda t: t.t()),
    "expand": (
        RuntimeError,
        r"^The expanded size of the tensor \(5\) must match the existing size \(3\) at non-singleton dimension 1\.  "
        r"Target sizes: \[2, 5, 4\]\.  Tensor sizes: \[2, 3, 4\]",
        lambda t: t.expand(2, 5, 4),
    ),
    "expand to fewer": (RuntimeError, r"number of sizes provided \(2\) must be greater", lambda t: t.expand(3, 4)),
    "expand in front": (
        RuntimeError,
        r"\(-1\) isn't allowed in a leading, non-existing dimension 0",
        lambda t: t.expand(-1, 2, 3, 4),
    ),
    "expand by less than nothing": (RuntimeError, "at least 0", lambda t: t[:1].expand(-2, 3, 4)),
    "broadcast": (
        RuntimeError,
        "do not fit together",
        lambda t: tg.broadcast_tensors(t, tg.zeros(3)),
    ),
    "cat": (RuntimeError, r"\(2, 3, 4\), \(3,\)", lambda t: tg.cat([t, tg.zeros(3)])),
    "cat without a list": (TypeError, r"write cat\(\[a, b\], dim=…\)", lambda t: tg.cat(t, t)),
    "stack without a list": (TypeError, r"write stack\(\[a, b\], dim=…\)", lambda t: tg.stack(t, t)),
    "cat of nothing": (ValueError, "expected a non-empty list of Tensors", lambda t: tg.cat([])),
    "stack of nothing": (RuntimeError, "stack expects a non-empty TensorList", lambda t: tg.stack([])),
    "cat of numbers": (RuntimeError, "Use stack", lambda t: tg.cat([tg.tensor(1.0), tg.tensor(2.0)])),
    "cat of no list": (TypeError, "tuple or list", lambda t: tg.cat(3)),
    "stack": (RuntimeError, "expects each tensor to be equal size", lambda t: tg.stack([t, t[0]])),
    "split": (RuntimeError, "add up to 2", lambda t: t.split([1, 1], 1)),
    "chunk": (RuntimeError, "without dimensions", lambda t: t[0, 0, 0].chunk(2)),
    "hsplit": (RuntimeError, "do not make 2 equal parts", lambda t: t.hsplit(2)),
    "diagonal": (RuntimeError, "two different dimensions", lambda t: t.diagonal(0, 1, -2)),
    "unfold": (RuntimeError, "at most 3", lambda t: t.unfold(1, 4, 1)),
    "repeat": (RuntimeError, "repeat_interleave", lambda t: t.repeat(2, 2)),
    "pad": (RuntimeError, "two margins for each dimension", lambda t: pad(t, (1, 2, 3))),
    "reflect": (RuntimeError, "at most 3 from 4", lambda t: pad(t, (4, 0), "reflect")),
    "roll": (RuntimeError, "2 shifts", lambda t: t.roll((1, 2), 0)),
    "operand": (TypeError, "got list", lambda t: tg.flatten([1, 2])),
    "iteration": (TypeError, "^iteration over a 0-d tensor", lambda t: list(t[0, 0, 0])),
    "len": (TypeError, r"^len\(\) of a 0-d tensor", lambda t: len(t[0, 0, 0])),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused_with_the_reason(name: str) -> None:
    error, match, f = REFUSED[name]
    with pytest.raises(error, match=match):
        f(x())


def test_numpy_s_functions_on_tensors_keep_the_gradient_and_numpy_s_meaning() -> None:
    for f in (
        lambda a: np.transpose(a),
        lambda a: np.rollaxis(a, 2),
        lambda a: np.repeat(a, 2, axis=1),
        lambda a: np.stack([a, a], axis=1),
        lambda a: np.concatenate([a, a], axis=None),
        lambda a: np.split(a, 3, axis=1)[1],
        lambda a: np.array_split(a, 3, axis=2)[0],
        lambda a: np.pad(a, ((1, 0), (0, 0), (2, 1)), constant_values=3.0),
        lambda a: np.trace(a, 1, 1, 2),
        lambda a: np.diag(a[0]),
        lambda a: np.rot90(a),
        lambda a: np.roll(a, 2),
        lambda a: np.expand_dims(a, (0, 2)),
        lambda a: np.squeeze(a[:1]),
        lambda a: np.atleast_3d(a[0]),
        lambda a: np.append(a, a),
        lambda a: np.take(a, [[0, -1]], axis=2),
        lambda a: np.take_along_axis(a, np.argsort(-a, axis=1), axis=1),
        lambda a: np.column_stack([a[0, 0], a[0, 1]]),
        lambda a: np.meshgrid(a[0, 0], a[0, 1])[1],
        lambda a: np.full_like(a, 3.0) * a,
    ):
        t = tg.tensor(A, requires_grad=True)
        y = f(t)
        np.testing.assert_array_equal(y.detach().numpy(), f(A))
        assert y.requires_grad
    assert (np.shape(x()), np.ndim(x()), np.size(x()), np.size(x(), 1)) == ((2, 3, 4), 3, 24, 3)


def test_dask_arrays_pass_through_shapes_joins_and_slices() -> None:
    da = pytest.importorskip("dask.array")
    lazy = tg.as_tensor(da.from_array(A, chunks=2)).requires_grad_()
    t = tg.tensor(A, requires_grad=True)
    grads = []
    for z in (lazy, t):
        y = tg.cat(
            [
                z[:, 1:].transpose(0, 2).reshape(4, 4),
                z.reshape(6, 4)[1:3, None].squeeze(1),
                z[0, :, 1].expand(1, 3).repeat(1, 2)[:, :4],
            ]
        )
        y = tg.stack([y, y.flip(0)]) * 2
        w = np.random.default_rng(0).standard_normal(y.shape)
        (y * w).sum().backward()
        grads.append(np.asarray(z.grad.numpy()))
    np.testing.assert_allclose(*grads, rtol=1e-12)


def test_what_is_joined_can_be_viewed() -> None:
    b = tg.arange(6.0).view(2, 3).t()
    for joined in (tg.cat([b, b]), tg.cat([b, b], 1), tg.stack([b, b]), tg.stack([b, b], -1), tg.hstack([b, b])):
        assert joined.view(-1).tolist() == joined.flatten().tolist()


def test_what_is_computed_from_a_transposed_tensor_can_be_viewed() -> None:
    x = tg.rand(2, 3, 4).permute(2, 0, 1)
    F = tg.nn.functional
    for y in (
        x.softmax(-1), x.log_softmax(0), x.cumsum(1), x.roll(1, 0), x.masked_fill(x > 0.5, 0), x.sum(0), x.mean(1),
        x.std(2), x.amax(0, keepdim=True), x.sort(1)[0], x.logsumexp(0), F.layer_norm(x, (3,)), F.instance_norm(x),
        x.tril(), F.one_hot((x > 0.5).long()), x @ tg.rand(3, 2), tg.einsum("ijk,kl->ijl", x, tg.rand(3, 2)),
        F.pad(x, (1, 1)), tg.nn.MultiheadAttention(3, 1)(x, x, x)[0], tg.nn.BatchNorm1d(2)(x),
    ):  # fmt: skip
        assert y.is_contiguous()
        assert y.view(-1).tolist() == y.flatten().tolist()
    assert not (x + 1).is_contiguous()  # elementwise results keep their operands' order, as PyTorch's do
