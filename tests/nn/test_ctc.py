"""The CTC loss against a sum over all paths, its gradient, and what bad input is told."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_edu as tg
import tinygrad_edu.nn.functional as F
from tinygrad_edu import nn
from tinygrad_edu.autograd import gradcheck


def spelled(path, blank):
    """What a path says: without repetitions, then without blanks."""
    return tuple(label for label, _ in itertools.groupby(path) if label != blank)


def by_all_paths(p, target, blank):
    """−log Σ of the probabilities of all paths through p (T, C) that spell the target."""
    steps, classes = p.shape
    paths = [q for q in itertools.product(range(classes), repeat=steps) if spelled(q, blank) == tuple(target)]
    total = sum(math.prod(p[t, k] for t, k in enumerate(q)) for q in paths)
    return -math.log(total) if paths else math.inf


@st.composite
def problems(draw):
    steps, n, classes = draw(st.integers(1, 5)), draw(st.integers(1, 3)), draw(st.integers(2, 3))
    blank = draw(st.integers(0, classes - 1))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    labels = [k for k in range(classes) if k != blank]
    targets = rng.choice(labels, (n, 3))
    ends, sizes = rng.integers(1, steps + 1, n), rng.integers(0, 4, n)
    return rng.standard_normal((steps, n, classes)), targets, ends, sizes, blank


@given(problems(), st.booleans())
def test_the_loss_is_a_sum_over_all_paths(problem, in_a_row):
    x, targets, ends, sizes, blank = problem
    p = np.exp(x) / np.exp(x).sum(2, keepdims=True)
    expected = np.array(
        [by_all_paths(p[:e, k], targets[k, :s], blank) for k, (e, s) in enumerate(zip(ends, sizes, strict=True))]
    )
    given_targets = np.concatenate([t[:s] for t, s in zip(targets, sizes, strict=True)]) if in_a_row else targets
    args = (tg.tensor(np.log(p)), tg.tensor(given_targets), tg.tensor(ends), tg.tensor(sizes), blank)
    np.testing.assert_allclose(F.ctc_loss(*args, reduction="none").numpy(), expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(F.ctc_loss(*args, reduction="sum").item(), expected.sum(), rtol=1e-9)
    np.testing.assert_allclose(F.ctc_loss(*args).item(), (expected / np.maximum(sizes, 1)).mean(), rtol=1e-9)
    zeroed = np.where(np.isinf(expected), 0, expected)
    found = nn.CTCLoss(blank, "none", zero_infinity=True)(*args[:4])
    np.testing.assert_allclose(found.numpy(), zeroed, rtol=1e-9, atol=1e-12)


@given(problems())
@settings(max_examples=15)
def test_gradients(problem):
    x, targets, ends, sizes, blank = problem

    def f(x):
        t = [tg.tensor(a) for a in (targets, ends, sizes)]
        return F.ctc_loss(F.log_softmax(x, 2), *t, blank, "none", zero_infinity=True)

    assert gradcheck(f, (tg.tensor(x, requires_grad=True),))


def test_an_impossible_target_has_an_infinite_loss_and_no_gradient():
    x = tg.randn(2, 1, 3, requires_grad=True)
    loss = F.ctc_loss(F.log_softmax(x, 2), tg.tensor([[1, 1]]), [2], [2])  # 1 blank 1 takes three steps
    assert loss.item() == math.inf
    loss.backward()
    assert (x.grad == 0).all()


def test_without_a_batch_and_in_float32():
    x = tg.randn(4, 3).log_softmax(1)
    one = F.ctc_loss(x, tg.tensor([1, 2]), 4, 2, reduction="none")
    assert one.shape == () and one.dtype == tg.float32
    assert tg.allclose(one, F.ctc_loss(x[:, None], tg.tensor([[1, 2]]), [4], [2], reduction="none")[0])


X = tg.zeros(4, 2, 3)
T = tg.tensor([[1, 2], [2, 1]])
BAD = [
    (lambda: F.ctc_loss(X, T, [4], [2, 2]), RuntimeError, r"input_lengths must be of size batch_size, \(2,\).*\(1,\)"),
    (lambda: F.ctc_loss(X, T, [4, 4], [2]), RuntimeError, "target_lengths must be of size batch_size"),
    (lambda: F.ctc_loss(X, T, [4, 5], [2, 2]), RuntimeError, "input_lengths to have value at most 4.*got value 5"),
    (lambda: F.ctc_loss(X, T, [4, -1], [2, 2]), RuntimeError, "input_lengths must not be negative, but has -1"),
    (lambda: F.ctc_loss(X, T, [4, 4], [2, 3]), RuntimeError, r"at least 3 at dimension 1.*shape is \(2, 2\)"),
    (lambda: F.ctc_loss(X, T[0], [4, 4], [2, 2]), RuntimeError, "must be of size 4, the sum of target_lengths, not 2"),
    (lambda: F.ctc_loss(X, T, [4, 4], [2, 2], blank=3), RuntimeError, "blank must be in label range, 0 to 2, not 3"),
    (lambda: F.ctc_loss(X, T + 1, [4, 4], [2, 2]), IndexError, "the target 3 is no label, 0 to 2"),
    (
        lambda: F.ctc_loss(X[0, 0], T, [4, 4], [2, 2]),
        RuntimeError,
        r"\(T, N, C\) or \(T, C\), not float32 of shape \(3,\)",
    ),
    (lambda: F.ctc_loss(X.long(), T, [4, 4], [2, 2]), RuntimeError, "log_probs are floats.*int64"),
    (lambda: nn.CTCLoss(reduction="avg"), ValueError, "'avg' is not a valid value for reduction"),
]


@pytest.mark.parametrize(("f", "error", "message"), BAD)
def test_bad_input_is_told_what_is_wrong(f, error, message):
    with pytest.raises(error, match=message):
        f()
