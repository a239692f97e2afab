"""Histograms, powers, divisors, steps, Python's functions: NumPy's values, PyTorch's dtypes and errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import tinygrad_edu as tg


def test_histograms_are_numpys() -> None:
    x = np.random.default_rng(0).standard_normal(50).astype(np.float32)
    weight = np.arange(50, dtype=np.float32)
    for density in (False, True):
        ours = tg.histogram(tg.from_numpy(x), 7, weight=tg.from_numpy(weight), density=density)
        counts, edges = np.histogram(x, 7, density=density, weights=weight)
        assert_allclose(ours.hist.numpy(), counts, rtol=1e-5)
        assert_allclose(ours.bin_edges.numpy(), edges, rtol=1e-5)
    edges = tg.tensor([-1.0, 0.0, 2.0])
    hist, same = tg.tensor(x).histogram(edges)
    assert_array_equal(hist.numpy(), np.histogram(x, [-1, 0, 2])[0])
    assert tg.equal(same, edges) and hist.dtype == tg.float32
    assert tg.histogram(tg.tensor(x)).hist.shape == (100,)
    hist, edges = tg.histogram(tg.zeros(0), 2)
    assert hist.tolist() == [0, 0] and edges.tolist() == [0, 0.5, 1]


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda x: tg.histogram(x, 0), RuntimeError, "bins must be > 0"),
        (lambda x: tg.histogram(x, 3, weight=tg.ones(2)), RuntimeError, "same shape as the input"),
        (lambda x: tg.histogram(x, tg.tensor([1.0, 0.0])), RuntimeError, "increase monotonically"),
        (lambda x: tg.histogram(x, tg.tensor([0.0, 1.0]), range=(0, 1)), TypeError, "edges of bins have their own"),
        (lambda x: tg.histogram(x.long(), 3), RuntimeError, "floating point"),
        (lambda x: tg.vander(x.reshape(3, 1)), RuntimeError, "one-dimensional"),
        (lambda x: tg.vander(x, -1), RuntimeError, "non-negative"),
        (lambda x: tg.heaviside(x, tg.tensor(1)), RuntimeError, "different dtypes"),
        (lambda x: tg.heaviside(x, tg.ones(2)), RuntimeError, "do not fit together"),
        (lambda x: tg.gcd(x, x), NotImplementedError, "integers"),
        (lambda x: tg.lcm(tg.arange(2), tg.arange(3)), RuntimeError, "do not fit together"),
        (lambda x: x.requires_grad_().apply_(abs), TypeError, "requires grad"),
        (lambda x: x.put_(tg.tensor([3]), tg.ones(1)), IndexError, "out of range"),
        (lambda x: x.put_(tg.tensor([0]), tg.ones(2)), RuntimeError, "same number of elements"),
        (lambda x: x.put_(tg.tensor([0.0]), tg.ones(1)), RuntimeError, r"write index.long\(\)"),
    ],
)
def test_what_makes_no_sense_is_refused(call: Any, error: Any, said: str) -> None:
    with pytest.raises(error, match=said):
        call(tg.tensor([1.0, -2.0, 3.0]))


def test_powers_have_gradients() -> None:
    x = tg.tensor([1.5, 2.0], dtype=tg.float64, requires_grad=True)
    assert_array_equal(tg.vander(x).detach().numpy(), np.vander(x.detach().numpy()))
    assert_array_equal(tg.vander(x, 4, increasing=True).detach().numpy(), np.vander(x.detach().numpy(), 4, True))
    assert tg.autograd.gradcheck(lambda x: tg.vander(x, 4), (x,))
    assert tg.vander(tg.tensor([1, 2])).dtype == tg.int64 and tg.vander(x, 0).shape == (2, 0)


def test_steps_signs_and_divisors() -> None:
    x = tg.tensor([-2.0, 0.0, -0.0, 3.0])
    assert tg.heaviside(x, tg.tensor([0.5])).tolist() == [0, 0.5, 0.5, 1]
    assert x.heaviside(x).dtype == tg.float32 and not tg.heaviside(x.requires_grad_(), tg.tensor(0.5)).requires_grad
    assert tg.signbit(x).tolist() == [True, False, True, False]
    assert tg.tensor([-1, 1]).signbit().tolist() == [True, False]
    assert tg.gcd(tg.tensor([12, -8]), tg.tensor(8)).tolist() == [4, 8]
    assert tg.lcm(tg.tensor([4, 6]), tg.tensor([6, 8])).tolist() == [12, 24]


def test_pythons_functions_are_applied_to_each_element() -> None:
    x = tg.arange(6.0).reshape(2, 3).t()  # not in order in memory
    assert x.apply_(lambda v: v + 10) is x and x.tolist() == [[10, 13], [11, 14], [12, 15]]
    assert x.map_(tg.tensor([1.0, 2.0]), lambda a, b: a * b).tolist() == [[10, 26], [11, 28], [12, 30]]
    assert tg.zeros(2, 2).put_(tg.tensor([-1, 0]), tg.tensor([1.0, 2.0])).tolist() == [[2, 0], [0, 1]]
    assert tg.zeros(2).put_(tg.tensor([1, 1]), tg.ones(2), accumulate=True).tolist() == [0, 2]


def test_functions_that_change_their_argument_are_the_methods() -> None:
    for name in ("relu_", "exp_", "neg_", "square_", "zero_"):
        x = tg.tensor([-1.0, 2.0])
        y = getattr(tg, name)(x)
        assert y is x and x.tolist() == getattr(tg.tensor([-1.0, 2.0]), name)().tolist()
    assert tg.clamp_(tg.tensor([-3.0, 3.0]), -1, 1).tolist() == [-1, 1]
    with pytest.raises(RuntimeError, match="leaf"):
        tg.relu_(tg.ones(1, requires_grad=True))
