"""Losses of several labels and of triplets, against loops written from their formulas, and what bad input is told."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
import tinygrad_edu.nn.functional as F
from tinygrad_edu.autograd import gradcheck
from tinygrad_edu.testing import arrays

REDUCE = {"none": lambda x: x, "sum": np.sum, "mean": lambda x: np.mean(x) if np.size(x) else math.nan}


@st.composite
def samples(draw):
    """Numbers (N, C) or (C,), all of them different by much more than a finite difference."""
    shape = draw(st.one_of(st.tuples(st.integers(0, 4), st.integers(1, 5)), st.tuples(st.integers(1, 5))))
    n = math.prod(shape)
    order = np.random.default_rng(draw(st.integers(0, 99))).permutation(n)
    return (order * 0.37 - 1).reshape(shape) + draw(st.floats(0, 0.1))


def margin_loss(x, labels):
    labels = [int(k) for k in labels]
    labels = labels[: labels.index(-1)] if -1 in labels else labels
    others = [c for c in range(len(x)) if c not in labels]
    return sum(max(0, 1 - (x[k] - x[c])) for k in labels for c in others) / len(x)


@given(samples(), st.data(), st.sampled_from(sorted(REDUCE)))
def test_multilabel_margin_loss(x, data, reduction):
    labels = data.draw(arrays(x.shape, -1, x.shape[-1] - 1, dtype=np.int64))
    expected = np.array([margin_loss(*row) for row in zip(np.atleast_2d(x), np.atleast_2d(labels), strict=True)])
    t = tg.tensor(x, requires_grad=True)

    def f(t):
        return F.multilabel_margin_loss(t, tg.tensor(labels), reduction=reduction)

    np.testing.assert_allclose(f(t).detach().numpy(), REDUCE[reduction](expected.reshape(x.shape[:-1])), rtol=1e-12)
    if x.size:
        assert gradcheck(f, (t,))


@given(samples(), st.data(), st.sampled_from(sorted(REDUCE)), st.booleans())
def test_multilabel_soft_margin_loss(x, data, reduction, weighted):
    target = data.draw(arrays(x.shape, 0, 1))
    weight = data.draw(arrays(x.shape[-1:], 0, 2)) if weighted else np.ones(x.shape[-1])
    p = 1 / (1 + np.exp(-x))
    expected = np.mean(-weight * (target * np.log(p) + (1 - target) * np.log(1 - p)), -1)
    t, y = tg.tensor(x, requires_grad=True), tg.tensor(target, requires_grad=True)

    def f(t, y):
        w = tg.tensor(weight) if weighted else None
        return F.multilabel_soft_margin_loss(t, y, w, reduction=reduction)

    np.testing.assert_allclose(f(t, y).detach().numpy(), REDUCE[reduction](expected), rtol=1e-9, atol=1e-12)
    if x.size:
        assert gradcheck(f, (t, y))


@pytest.mark.parametrize("swap", [False, True])
def test_triplets_with_a_distance_of_ones_own(swap):
    rng = np.random.default_rng(0)
    a, p, n = rng.standard_normal((3, 5, 4))

    def distance(x, y):
        return np.abs(x - y).sum(-1)

    far = np.minimum(distance(a, n), distance(p, n)) if swap else distance(a, n)
    expected = np.maximum(distance(a, p) - far + 0.7, 0)
    ts = [tg.tensor(x, requires_grad=True) for x in (a, p, n)]

    def f(*ts):
        return F.triplet_margin_with_distance_loss(
            *ts, distance_function=lambda x, y: (x - y).abs().sum(-1), margin=0.7, swap=swap, reduction="none"
        )

    np.testing.assert_allclose(f(*ts).detach().numpy(), expected)
    assert gradcheck(f, ts)
    assert F.triplet_margin_with_distance_loss(*ts).equal(F.triplet_margin_loss(*ts))


# -- bad input ------------------------------------------------------------------------------------------------

X = tg.zeros(2, 3)
BAD = [
    (lambda: F.multilabel_margin_loss(X, tg.zeros(1, 3).long()), RuntimeError, r"inconsistent target size: \(1, 3\)"),
    (lambda: F.multilabel_margin_loss(X, tg.ones(2, 3)), RuntimeError, "Long but found float32.*multilabel_soft"),
    (lambda: F.multilabel_margin_loss(X, tg.tensor([[0, -1, -1], [1, 3, -1]])), RuntimeError, r"target\[1, 1\] = 3"),
    (lambda: F.multilabel_margin_loss(X, tg.tensor([[0, -2, -1], [1, 0, -1]])), RuntimeError, r"out of range.*-2"),
    (lambda: F.multilabel_margin_loss(X[None], X[None].long()), RuntimeError, r"non-empty vector or matrix.*\(1, 2"),
    (lambda: F.multilabel_margin_loss(X[:, :0], X[:, :0].long()), RuntimeError, r"non-empty vector.*\(2, 0\)"),
    (lambda: F.multilabel_margin_loss(X, X.long(), reduction="avg"), ValueError, "'avg' is not a valid value"),
    (lambda: F.multilabel_soft_margin_loss(X, tg.zeros(2, 4)), RuntimeError, r"\(2, 3\).*\(2, 4\)"),
    (lambda: F.multilabel_soft_margin_loss(X, X, tg.ones(2)), RuntimeError, r"\(2, 3\) and \(2,\) do not fit"),
    (lambda: F.triplet_margin_with_distance_loss(X, X, X, margin=0), ValueError, "margin must be greater than 0"),
    (lambda: F.triplet_margin_with_distance_loss(X, X, X[0]), RuntimeError, "anchor 2D, positive 2D, and negative 1D"),
    (lambda: F.triplet_margin_loss(X, X[0], X), RuntimeError, "same number of dimensions.*positive 1D"),
]  # fmt: skip


@pytest.mark.parametrize(("f", "error", "message"), BAD)
def test_bad_input_is_told_what_is_wrong(f, error, message):
    with pytest.raises(error, match=message):
        f()


def test_a_target_that_broadcasts_warns():
    with pytest.warns(UserWarning, match="that is different to the input size"):
        F.multilabel_soft_margin_loss(X, tg.zeros(3))
