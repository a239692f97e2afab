"""nn.utils: clipping gradients, parameters as a vector."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu import nn
from tinygrad_edu.nn.utils import (
    clip_grad_norm_,
    clip_grad_value_,
    get_total_norm,
    parameters_to_vector,
    vector_to_parameters,
)
from tinygrad_edu.testing import arrays, shapes


def with_gradients(*grads):
    params = [nn.Parameter(tg.zeros(np.shape(g), dtype=tg.float64)) for g in grads]
    for p, g in zip(params, grads, strict=True):
        p.grad = tg.tensor(np.array(g, np.float64))
    return params


@given(st.lists(arrays(), max_size=4), st.sampled_from([0.5, 1, 2, 3, float("inf")]), st.floats(0.01, 20))
def test_the_total_norm_is_bounded(grads, p, bound):
    params = with_gradients(*grads)
    whole = np.concatenate([np.ravel(g) for g in grads]) if grads else np.zeros(0)
    before = np.linalg.norm(whole, p) if whole.size else 0.0
    total = clip_grad_norm_(params, bound, norm_type=p)
    np.testing.assert_allclose(total.item(), before, rtol=1e-12)
    for q, g in zip(params, grads, strict=True):
        np.testing.assert_allclose(q.grad.numpy(), g * min(1.0, bound / (before + 1e-6)), rtol=1e-12)
    after = get_total_norm([q.grad for q in params], p).item()
    assert after <= bound * (1 + 1e-9)


def test_what_is_clipped():
    p, q, r = *with_gradients([3.0, 4.0], [0.0]), nn.Parameter(tg.ones(1))
    held = p.grad
    assert clip_grad_norm_(iter([p, q, r]), 1).item() == 5 and r.grad is None
    assert p.grad is held  # in place
    np.testing.assert_allclose(held.numpy(), [0.6, 0.8], rtol=1e-6)
    assert clip_grad_norm_(r, 1.0).item() == 0 == clip_grad_norm_([], 1.0).item()
    assert clip_grad_norm_(p, 10.0).dtype == tg.float64
    clip_grad_value_([p, r], 0.7)
    np.testing.assert_allclose(p.grad.numpy(), [0.6, 0.7], rtol=1e-6)
    clip_grad_value_(p, 0)
    assert p.grad.tolist() == [0, 0]
    model = nn.Linear(2, 1)
    model(tg.full((1, 2), 100.0)).sum().backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
    assert get_total_norm([p.grad for p in model.parameters()]).item() == pytest.approx(1)


def test_norms_that_are_not_finite():
    (p,) = with_gradients([np.nan, 1.0])
    with pytest.raises(RuntimeError, match=r"total norm of order 2\.0 .* is non-finite"):
        clip_grad_norm_([p], 1.0, error_if_nonfinite=True)
    assert p.grad[1].item() == 1
    assert np.isnan(clip_grad_norm_([p], 1.0).item()) and np.isnan(p.grad[1].item())
    (p,) = with_gradients([np.inf, 1.0])
    assert clip_grad_norm_([p], 1.0).item() == np.inf and p.grad[1].item() == 0


@given(st.lists(arrays(shapes(min_side=1)), min_size=1, max_size=4))
def test_vectors_go_round(values):
    params = [nn.Parameter(tg.tensor(v)) for v in values]
    vector = parameters_to_vector(params)
    np.testing.assert_array_equal(vector.detach().numpy(), np.concatenate([v.ravel() for v in values]))
    (vector * 2).sum().backward()
    assert all((p.grad == 2).all() for p in params)
    vector_to_parameters(vector * 3, params)
    for p, v in zip(params, values, strict=True):
        np.testing.assert_array_equal(p.detach().numpy(), 3 * v)
        assert p.requires_grad and p.is_leaf


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda p: clip_grad_norm_(nn.Linear(1, 1).named_parameters(), 1.0), TypeError, "named_parameters.* pairs"),
        (lambda p: clip_grad_norm_([3.0], 1.0), TypeError, "one of the parameters is float"),
        (lambda p: clip_grad_norm_(p, -1.0), ValueError, "max_norm must be at least 0"),
        (lambda p: clip_grad_value_(p, -1.0), ValueError, "at least 0"),
        (lambda p: parameters_to_vector([]), ValueError, "non-empty list"),
        (lambda p: vector_to_parameters([1.0], p), TypeError, "expected Tensor, but got: list"),
        (lambda p: vector_to_parameters(tg.ones(3), p), RuntimeError, r"have 2 elements.*\(2,\), not \(3,\)"),
        (lambda p: vector_to_parameters(tg.ones(1, 2), p), RuntimeError, r"not \(1, 2\)"),
    ],
)
def test_mistakes(call, error, message):
    params = with_gradients([3.0, 4.0])
    with pytest.raises(error, match=message):
        call(params)
    assert params[0].grad.tolist() == [3, 4] and params[0].tolist() == [0, 0]
