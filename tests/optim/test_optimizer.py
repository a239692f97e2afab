"""What all optimizers promise: groups, state, saving and loading, errors that change nothing."""

from __future__ import annotations

import copy
import re

import numpy as np
import pytest

import tinygrad_edu as tg


def parameter(*values, dtype=None):
    return tg.tensor(list(values), dtype=dtype or tg.float64).requires_grad_()


def take_steps(o, *params, n=1):
    for _ in range(n):
        o.zero_grad()
        sum((p * p * p).sum() for p in params).backward()
        o.step()


def test_a_step_changes_the_memory_of_the_parameter_itself():
    array = np.array([1.0, 2.0])
    w = tg.from_numpy(array).requires_grad_()
    seen = w.detach()
    take_steps(tg.optim.SGD([w], lr=0.1), w)
    np.testing.assert_allclose(array, [1 - 0.3, 2 - 1.2])
    np.testing.assert_array_equal(seen.numpy(), array)


def test_a_backward_pass_through_what_a_step_has_changed_is_an_error_that_names_it():
    w = parameter(1.0, 2.0)
    o = tg.optim.SGD([w], lr=0.1)
    loss = (w * w).sum()
    loss.backward(retain_graph=True)
    o.step()
    with pytest.raises(RuntimeError, match=re.escape("SGD.step")):
        loss.backward()


def test_a_step_leaves_gradients_as_they_are():
    for options in ({}, {"momentum": 0.9, "weight_decay": 0.1, "nesterov": True}, {"maximize": True}):
        w = parameter(1.0, 2.0)
        o = tg.optim.SGD([w], lr=0.1, **options)
        (w * w).sum().backward()
        o.step()
        o.step()
        np.testing.assert_array_equal(w.grad.numpy(), [2, 4])


def test_parameters_without_gradient_stay():
    w, frozen = parameter(1.0), tg.tensor([5.0])
    o = tg.optim.SGD([w, frozen], lr=0.1, momentum=0.9, weight_decay=0.1)
    w.sum().backward()
    o.step()
    assert frozen.item() == 5
    assert frozen not in o.state


def test_zero_grad_forgets_or_zeroes():
    w = parameter(1.0, 2.0)
    o = tg.optim.SGD([w], lr=0.1)
    o.zero_grad()
    assert w.grad is None
    w.sum().backward()
    o.zero_grad(set_to_none=False)
    np.testing.assert_array_equal(w.grad.numpy(), [0, 0])
    (3 * w).sum().backward()
    np.testing.assert_array_equal(w.grad.numpy(), [3, 3])
    o.zero_grad()
    assert w.grad is None


def test_float32_parameters_stay_float32():
    w = parameter(1.0, 2.0, dtype=tg.float32)
    o = tg.optim.SGD([w], lr=0.1, momentum=0.9, dampening=0.1, weight_decay=0.1)
    take_steps(o, w, n=3)
    assert w.dtype == tg.float32
    assert o.state[w]["momentum_buffer"].dtype == tg.float32


def test_numbers_and_empty_tensors_can_be_optimized():
    w, nothing = tg.tensor(2.0).requires_grad_(), tg.zeros(0).requires_grad_()
    take_steps(tg.optim.SGD([w, nothing], lr=0.1, momentum=0.5, nesterov=True), w, nothing)
    np.testing.assert_allclose(w.item(), 2 - 0.1 * 1.5 * 12, rtol=1e-6)


def test_groups_have_options_of_their_own():
    a, b = parameter(1.0), parameter(1.0)
    o = tg.optim.SGD([{"params": a}, {"params": [b], "lr": 1.0}], lr=0.5)
    (a + b).backward()
    o.step()
    assert (a.item(), b.item()) == (0.5, 0.0)
    c = parameter(1.0)
    o.add_param_group({"params": [c], "weight_decay": 1.0})
    (a + b + c).backward()
    o.step()
    assert c.item() == 1 - 0.5 * 2
    assert [g["lr"] for g in o.param_groups] == [0.5, 1.0, 0.5]


def test_a_closure_computes_the_loss_again_even_under_no_grad():
    w = parameter(1.0)
    o = tg.optim.SGD([w], lr=0.1)

    def closure():
        o.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    with tg.no_grad():
        assert o.step(closure).item() == 1
    np.testing.assert_allclose(w.item(), 0.8)


def test_training_goes_on_from_a_state_dict_as_if_it_had_not_been_interrupted():
    options = {"lr": 0.01, "momentum": 0.9, "nesterov": True}
    w, b = parameter(1.0, 2.0), parameter(3.0)
    whole = tg.optim.SGD([{"params": [w]}, {"params": [b], "lr": 0.02}], **options)
    take_steps(whole, w, b, n=3)
    w2, b2 = parameter(*w.tolist()), parameter(*b.tolist())
    resumed = tg.optim.SGD([{"params": [w2]}, {"params": [b2]}], lr=7.0)
    saved = copy.deepcopy(whole.state_dict())
    resumed.load_state_dict(saved)
    take_steps(whole, w, b, n=3)
    take_steps(resumed, w2, b2, n=3)
    np.testing.assert_array_equal(w2.tolist(), w.tolist())
    np.testing.assert_array_equal(b2.tolist(), b.tolist())


def test_a_loaded_state_is_a_copy_in_the_dtype_of_the_parameter():
    w = parameter(1.0, 2.0)
    o = tg.optim.SGD([w], lr=0.1, momentum=0.9)
    take_steps(o, w)
    saved = o.state_dict()
    w32 = parameter(1.0, 2.0, dtype=tg.float32)
    other = tg.optim.SGD([w32], lr=0.1, momentum=0.9)
    other.load_state_dict(saved)
    before = np.array(saved["state"][0]["momentum_buffer"].numpy())
    take_steps(other, w32, n=2)
    assert other.state[w32]["momentum_buffer"].dtype == tg.float32
    np.testing.assert_array_equal(saved["state"][0]["momentum_buffer"].numpy(), before)


def test_a_state_dict_that_does_not_fit_is_an_error_and_changes_nothing():
    w, b = parameter(1.0), parameter(1.0)
    o = tg.optim.SGD([w], lr=0.1, momentum=0.9)
    take_steps(o, w)
    before = o.state_dict()
    with pytest.raises(ValueError, match=r"\[2\] parameters, where this optimizer has \[1\]"):
        o.load_state_dict(tg.optim.SGD([w, b], lr=0.5).state_dict())
    wrong = o.state_dict()
    wrong["param_groups"][0]["lr"] = -1
    with pytest.raises(ValueError, match="Invalid learning rate"):
        o.load_state_dict(wrong)
    assert o.state_dict() == before


@pytest.mark.parametrize(
    ("params", "error", "text"),
    [
        (lambda: [], ValueError, "empty parameter list"),
        (lambda: iter(()), ValueError, "used up"),
        (lambda: parameter(1.0), TypeError, r"write SGD"),
        (lambda: [np.ones(2)], TypeError, "can only optimize Tensors, but one of the params is ndarray"),
        (lambda: [("w", parameter(1.0)), parameter(1.0)], ValueError, "with/without names"),
        (lambda: [parameter(1.0) * 2], ValueError, "can't optimize a non-leaf Tensor"),
        (lambda: [{"params": {parameter(1.0)}}], TypeError, "a set has no order"),
        (lambda: [{"params": [parameter(1.0)]}, 3], TypeError, "must be a dict"),
        (lambda: [parameter(1.0)] * 2, ValueError, "twice in the same group"),
        (lambda: [{"params": [w]} for w in [parameter(1.0)] * 2], ValueError, "more than one parameter group"),
        (lambda: [tg.from_numpy(np.broadcast_to(1.0, (2,)))], RuntimeError, "read-only"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_wrong_parameters_are_errors(params, error, text):
    with pytest.raises(error, match=text):
        tg.optim.SGD(params(), lr=0.1)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"lr": -1.0}, "Invalid learning rate: -1"),
        ({"lr": float("nan")}, "Invalid learning rate: nan"),
        ({"momentum": -0.1}, "Invalid momentum value"),
        ({"weight_decay": -0.1}, "Invalid weight_decay value"),
        ({"nesterov": True}, "Nesterov momentum requires a momentum and zero dampening"),
        ({"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "Nesterov"),
    ],
)
def test_wrong_options_are_errors_also_in_groups(options, text):
    with pytest.raises(ValueError, match=text):
        tg.optim.SGD([parameter(1.0)], **options)
    o = tg.optim.SGD([parameter(1.0)], lr=0.1)
    with pytest.raises(ValueError, match=text):
        o.add_param_group({"params": [parameter(1.0)], **options})
    assert len(o.param_groups) == 1


def test_its_repr_lists_the_options():
    text = repr(tg.optim.Momentum([parameter(1.0)], lr=0.25))
    assert text.startswith("Momentum (\nParameter Group 0\n")
    assert "    lr: 0.25\n" in text
    assert "    momentum: 0.9\n" in text
