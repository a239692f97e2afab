"""gumbel_softmax chooses with the right probabilities, and can be differentiated."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tinygrad_edu as tg
import tinygrad_edu.nn.functional as F
from tinygrad_edu.autograd import gradcheck


def test_choices_have_the_probabilities_of_softmax():
    tg.manual_seed(0)
    logits = tg.tensor([1.0, 0.0, -1.0])
    n = 20_000
    chosen = F.gumbel_softmax(logits.expand(n, 3), hard=True)
    assert ((chosen == 0) | (chosen == 1)).all() and (chosen.sum(1) == 1).all()
    p = logits.softmax(0).numpy()
    np.testing.assert_allclose(chosen.mean(0).numpy(), p, atol=5 * 0.5 / math.sqrt(n))


@pytest.mark.parametrize("dim", [0, -1])
def test_soft_choices_get_harder_as_tau_gets_smaller(dim):
    x = tg.randn(4, 5, dtype=tg.float64)
    tg.manual_seed(1)
    soft = F.gumbel_softmax(x, tau=2.0, dim=dim)
    assert tg.allclose(soft.sum(dim), tg.ones(5 if dim == 0 else 4, dtype=tg.float64))
    tg.manual_seed(1)
    harder = F.gumbel_softmax(x, tau=0.1, dim=dim)
    assert (harder.max(dim).values > soft.max(dim).values).all()
    assert tg.equal(harder.argmax(dim), soft.argmax(dim))


def test_a_hard_choice_has_the_gradient_of_the_soft_one():
    x, v = tg.randn(4, 5, dtype=tg.float64, requires_grad=True), tg.randn(4, 5, dtype=tg.float64)
    found = []
    for hard in (False, True):
        tg.manual_seed(2)
        (g,) = tg.autograd.grad(F.gumbel_softmax(x, 0.5, hard), x, v)
        found.append(g)
    assert tg.equal(*found) and (found[0] != 0).any()

    def f(x):
        tg.manual_seed(2)
        return F.gumbel_softmax(x, 0.5)

    assert gradcheck(f, (x,))


BAD = [
    (lambda: F.gumbel_softmax(tg.zeros(3), tau=0), ValueError, "tau must be positive, but is 0"),
    (lambda: F.gumbel_softmax(tg.zeros(3).long()), RuntimeError, "gumbel_softmax: expected a floating input.*int64"),
    (lambda: F.gumbel_softmax(tg.zeros(3), dim=2), IndexError, "2"),
]


@pytest.mark.parametrize(("f", "error", "message"), BAD)
def test_bad_input_is_told_what_is_wrong(f, error, message):
    with pytest.raises(error, match=message):
        f()
