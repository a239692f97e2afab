"""What all optimizers promise: groups, state, saving and loading, errors that change nothing."""

from __future__ import annotations

import copy
import re
import weakref

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn


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


def test_pairs_of_names_and_parameters_are_parameters():
    model = nn.Linear(2, 1)
    o = tg.optim.Adam(model.named_parameters())
    assert o.param_groups[0]["param_names"] == ["weight", "bias"]
    assert o.param_groups[0]["params"][0] is model.weight
    assert o.state_dict()["param_groups"][0]["param_names"] == ["weight", "bias"]
    with pytest.raises(ValueError, match="cannot add param group without names"):
        o.add_param_group({"params": [parameter(1.0)]})
    o.add_param_group({"params": [("more", parameter(1.0))]})
    plain = tg.optim.Adam([{"params": list(model.parameters())}, {"params": parameter(1.0)}])
    o.load_state_dict(plain.state_dict())
    assert o.param_groups[0]["param_names"] == ["weight", "bias"]


def test_a_generator_of_parameters_is_used_up_after_one_loop():
    parameters = nn.Linear(2, 1).parameters()
    tg.optim.SGD(parameters)
    with pytest.raises(ValueError, match="used up after one loop: call it again"):
        tg.optim.SGD(parameters)


def test_other_keys_of_groups_are_the_users_own():
    o = tg.optim.SGD([{"params": [parameter(1.0)], "name": "head"}], lr=0.1)
    assert o.param_groups[0]["name"] == "head"
    assert o.state_dict()["param_groups"][0]["name"] == "head"


def test_hooks_are_called_around_a_step_and_can_be_removed():
    seen = []
    w = parameter(1.0, 2.0)
    o = tg.optim.SGD([w], lr=0.1)
    first = o.register_step_pre_hook(lambda o, args, kwargs: seen.append(("before", w.tolist())))
    o.register_step_post_hook(lambda o, args, kwargs: seen.append(("after", w.tolist())))
    take_steps(o, w)
    assert [name for name, _ in seen] == ["before", "after"]
    assert seen[0][1] != seen[1][1]
    first.remove()
    take_steps(o, w)
    assert [name for name, _ in seen] == ["before", "after", "after"]


def test_a_pre_hook_may_exchange_the_closure():
    w = parameter(1.0)
    o = tg.optim.SGD([w], lr=0.1)
    o.register_step_pre_hook(lambda o, args, kwargs: ((lambda: 7,), {}))
    assert o.step() == 7
    o.register_step_pre_hook(lambda o, args, kwargs: 3)
    with pytest.raises(RuntimeError, match=r"must return None or a tuple of \(new_args, new_kwargs\), but got 3"):
        o.step()


def test_hooks_are_called_once_also_around_steps_of_subclasses():
    class Twice(tg.optim.Adam):
        def step(self, closure=None):
            super().step(closure)
            return super().step()

    seen = []
    w = parameter(1.0)
    o = Twice([w])
    o.register_step_pre_hook(lambda *_: seen.append(1))
    take_steps(o, w)
    assert seen == [1]
    assert o.state[w]["step"].item() == 2

    class Thrice(Twice):
        def step(self, closure=None):
            super().step()
            return super(Twice, self).step(closure)

    o = Thrice([w])
    o.register_step_post_hook(lambda *_: seen.append(2))
    take_steps(o, w)
    assert seen == [1, 2]
    assert o.state[w]["step"].item() == 3


def test_hooks_see_the_closure_that_computes_the_loss():
    w = parameter(1.0)
    o = tg.optim.SGD([w], lr=0.1)
    seen = []
    o.register_step_post_hook(lambda o, args, kwargs: seen.append(args))
    closure = lambda: 3.5
    assert o.step(closure) == 3.5 and o.step() is None
    assert seen == [(closure,), ()]


def test_zero_grad_lets_go_of_an_assigned_gradient():
    w = parameter(1.0)
    w.grad = tg.ones(1, dtype=tg.float64)
    gone = weakref.ref(w.grad)
    tg.optim.SGD([w], lr=0.1).zero_grad()
    assert w.grad is None and gone() is None


def test_hooks_of_saving_and_loading():
    seen = []
    w = parameter(1.0, 2.0)
    o = tg.optim.SGD([w], lr=0.1, momentum=0.9)
    take_steps(o, w)
    o.register_state_dict_pre_hook(lambda o: seen.append("saving"))
    o.register_state_dict_post_hook(lambda o, d: {**d, "extra": len(seen)})
    o.register_state_dict_post_hook(lambda o, d: seen.append("second"))
    o.register_state_dict_post_hook(lambda o, d: seen.append("first"), prepend=True)
    o.register_load_state_dict_pre_hook(lambda o, d: seen.append(d["extra"]))
    o.register_load_state_dict_post_hook(lambda o: seen.append("loaded"))
    saved = o.state_dict()
    o.load_state_dict(saved)
    assert seen == ["saving", "first", "second", 2, "loaded"]


def test_an_optimizer_of_ones_own_may_define_step():
    class Mine(tg.optim.Optimizer):
        def __init__(self, params, lr=0.1):
            super().__init__(params, dict(lr=lr, betas=(0.9, 0.9, 0.9), weight_decay=None))

        @tg.no_grad()
        def step(self):
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        self.state[p]["n"] = self.state[p].get("n", 0) + 1
                        p.add_(p.grad, alpha=-group["lr"])

    w = parameter(1.0)
    o = Mine([w])
    take_steps(o, w, n=2)
    assert o.state_dict()["state"] == {0: {"n": 2}}
    scheduler = tg.optim.lr_scheduler.StepLR(o, 1, 0.5)
    o.step()
    scheduler.step()
    assert scheduler.get_last_lr() == [0.05]


def test_adamw_stays_adamw_when_it_loads_the_state_of_adam():
    w = parameter(1.0)
    o = tg.optim.AdamW([w])
    o.load_state_dict(tg.optim.Adam([w]).state_dict())
    assert o.param_groups[0]["decoupled_weight_decay"] is True


def test_options_missing_in_a_state_dict_stay():
    o = tg.optim.Adam([parameter(1.0)], amsgrad=True)
    saved = o.state_dict()
    del saved["param_groups"][0]["amsgrad"]
    saved["param_groups"][0]["lr"] = 0.5
    o.load_state_dict(saved)
    assert (o.param_groups[0]["amsgrad"], o.param_groups[0]["lr"]) == (True, 0.5)


def test_lbfgs_finds_the_minimum_of_a_curved_valley():
    x = parameter(-1.5, 2.0)
    o = tg.optim.LBFGS([x], line_search_fn="strong_wolfe")

    def closure():
        o.zero_grad()
        loss = 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2
        loss.backward()
        return loss

    for _ in range(6):
        o.step(closure)
    np.testing.assert_allclose(x.tolist(), [1, 1], rtol=1e-5)


def test_lbfgs_is_interrupted_and_goes_on():
    def make(x):
        o = tg.optim.LBFGS([x], lr=0.01, max_iter=5, history_size=3)

        def closure():
            o.zero_grad()
            loss = 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2
            loss.backward()
            return loss

        return o, closure

    x = parameter(-1.5, 2.0)
    o, closure = make(x)
    for _ in range(2):
        o.step(closure)
    y = parameter(*x.tolist())
    other, again = make(y)
    other.load_state_dict(copy.deepcopy(o.state_dict()))
    for _ in range(2):
        o.step(closure)
        other.step(again)
    np.testing.assert_array_equal(x.tolist(), y.tolist())


def test_groups_are_printed_apart():
    optimizer = tg.optim.Adam([{"params": [parameter(1.0)]}, {"params": [parameter(2.0)], "lr": 0.5}])
    lines = repr(optimizer).split("\n")
    assert lines[0] == "Adam (" and lines[1] == "Parameter Group 0" and lines[-1] == ")"
    second = lines.index("Parameter Group 1")
    assert lines[second - 1] == "" and lines.count("") == 1
    assert "    lr: 0.001" in lines[:second] and "    lr: 0.5" in lines[second:]


def test_a_state_that_is_loaded_gets_the_parameters_dtype_and_counters_keep_theirs():
    single, double = tg.zeros(2, requires_grad=True), tg.zeros(2, dtype=tg.float64, requires_grad=True)
    first, second = tg.optim.Adam([single]), tg.optim.Adam([double])
    single.grad = tg.tensor([1.0, 3.0])
    first.step()
    second.load_state_dict(first.state_dict())
    state = second.state[double]
    assert state["exp_avg"].dtype == state["exp_avg_sq"].dtype == tg.float64
    assert state["step"].dtype == tg.float32 and state["step"].item() == 1
