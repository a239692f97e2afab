"""Every optimizer follows its formula, with every pair of options, for hundreds of steps."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.optim.references import CASES, OPTIONS, asgd, problem, reference, run


@pytest.mark.parametrize(("name", "options"), CASES, ids=lambda v: v if isinstance(v, str) else ",".join(v) or "-")
def test_it_follows_the_formula(name, options):
    start, grads = problem()
    ours, _ = run(tg, name, options, start, grads)
    for a, b in zip(ours, reference(name, options, start, grads), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", OPTIONS)
def test_float32_follows_the_formula_in_its_precision(name):
    start, grads = problem(30)
    ours, optimizer = run(
        tg, name, {}, [x.astype(np.float32) for x in start], [[g.astype(np.float32) for g in gs] for gs in grads]
    )
    for a, b in zip(ours, reference(name, {}, start, grads), strict=True):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    for state in optimizer.state.values():
        assert all(t.dtype == tg.float32 for t in state.values())


@pytest.mark.parametrize("name", OPTIONS)
def test_a_nan_in_a_gradient_stays_with_its_own_element(name):
    start, grads = problem(5)
    clean, _ = run(tg, name, {}, start, grads)
    grads[2][0][1] = np.nan
    ours, _ = run(tg, name, {}, start, grads)
    touched = np.zeros(3, bool)
    touched[1] = True
    np.testing.assert_array_equal(ours[0][~touched], clean[0][~touched])
    for a, b in zip(ours[1:], clean[1:], strict=True):
        np.testing.assert_array_equal(a, b)
    if name != "Rprop":  # to which NaN has no sign, as to PyTorch
        assert np.isnan(ours[0][1])


@pytest.mark.parametrize("name", OPTIONS)
def test_options_of_pytorchs_implementation_change_nothing(name):
    start, grads = problem(3)
    plain, _ = run(tg, name, {}, start, grads)
    options = {"foreach": False} if name != "Momentum" else {}
    if name in ("Adam", "AdamW", "RMSprop", "NAdam"):
        options |= {"capturable": True, "differentiable": False}
    ours, _ = run(tg, name, options, start, grads)
    for a, b in zip(ours, plain, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_rate_may_be_a_tensor_which_may_change():
    for name in OPTIONS:
        start, grads = problem(3)
        by_number, _ = run(tg, name, {"lr": 0.125}, start, grads)
        rate = tg.tensor(0.125)
        by_tensor, optimizer = run(tg, name, {"lr": rate}, start, grads)
        for a, b in zip(by_tensor, by_number, strict=True):
            np.testing.assert_array_equal(a, b)
        assert optimizer.param_groups[0]["lr"] is rate


def test_betas_may_be_tensors():
    start, grads = problem(3)
    betas = (0.75, 0.875)
    a, _ = run(tg, "Adam", {"betas": betas}, start, grads)
    b, optimizer = run(tg, "Adam", {"betas": tuple(map(tg.tensor, betas))}, start, grads)
    np.testing.assert_array_equal(a[0], b[0])
    assert optimizer.param_groups[0]["betas"] == betas


def test_the_state_is_named_as_pytorchs():
    names = {
        "Adagrad": ["step", "sum"],
        "RMSprop": ["step", "square_avg"],
        "Adam": ["step", "exp_avg", "exp_avg_sq"],
        "Adamax": ["step", "exp_avg", "exp_inf"],
        "NAdam": ["step", "mu_product", "exp_avg", "exp_avg_sq"],
        "RAdam": ["step", "exp_avg", "exp_avg_sq"],
        "Adadelta": ["step", "square_avg", "acc_delta"],
        "Rprop": ["step", "prev", "step_size"],
        "ASGD": ["step", "eta", "mu", "ax"],
        "Momentum": ["momentum_buffer"],
        "SGD": [],
    }
    start, grads = problem(3)
    for name, entries in names.items():
        _, optimizer = run(tg, name, {}, start, grads)
        for p, x in zip(optimizer.param_groups[0]["params"], start, strict=True):
            state = optimizer.state[p]
            assert list(state) == entries
            for entry, t in state.items():
                number = entry in ("step", "mu_product", "eta", "mu")
                assert t.shape == (() if number else x.shape)
                assert t.dtype == (tg.float32 if number else tg.float64)
            if "step" in state:
                assert state["step"].item() == 3


@pytest.mark.parametrize("options", [{}, {"t0": 20.0, "lambd": 0.01, "lr": 0.05}, {"t0": 0.0, "alpha": 0.5}], ids=str)
def test_averaged_sgd_keeps_the_average(options):
    start, grads = problem(60, shapes=[(4,)])
    _, optimizer = run(tg, "ASGD", options, start, grads)
    group = optimizer.param_groups[0]
    x, state = start[0], {}
    for given in grads:
        x = asgd(group, state, x, given[0])
    ours = optimizer.state[group["params"][0]]
    np.testing.assert_allclose(ours["ax"].numpy(), state["ax"], rtol=1e-9)
    assert (ours["eta"].item(), ours["mu"].item()) == (state["eta"], state["mu"])


def test_adamw_decays_apart_from_the_gradient():
    p = tg.tensor([1.0, -2.0], dtype=tg.float64, requires_grad=True)
    optimizer = tg.optim.AdamW([p], lr=0.5, weight_decay=0.125)
    p.grad = tg.zeros_like(p)
    optimizer.step()
    np.testing.assert_allclose(p.tolist(), [0.9375, -1.875], rtol=1e-15)


def test_the_average_starts_where_the_first_step_ended():
    p = tg.tensor([1.0, -2.0], requires_grad=True)
    optimizer = tg.optim.ASGD([p], lr=0.5)
    p.grad = tg.tensor([0.5, 0.25])
    optimizer.step()
    assert optimizer.state[p]["ax"].tolist() == p.tolist()


def test_adagrad_starts_anew_where_its_state_was_deleted():
    start, grads = problem(3)
    _, optimizer = run(tg, "Adagrad", {"initial_accumulator_value": 0.5}, start, grads)
    optimizer.state.clear()
    optimizer.step()
    for p, g in zip(optimizer.param_groups[0]["params"], grads[-1], strict=True):
        assert optimizer.state[p]["step"].item() == 1
        np.testing.assert_allclose(optimizer.state[p]["sum"].numpy(), 0.5 + g * g)


def test_the_state_of_adagrad_is_there_from_the_beginning():
    a, b = tg.tensor([1.0, 2.0], requires_grad=True), tg.tensor(1.0, dtype=tg.float64, requires_grad=True)
    optimizer = tg.optim.Adagrad([{"params": a}, {"params": b, "initial_accumulator_value": 0.25}])
    assert optimizer.state[a]["sum"].tolist() == [0, 0]
    assert (optimizer.state[b]["sum"].item(), optimizer.state[b]["sum"].dtype) == (0.25, tg.float64)
    assert optimizer.state[a]["step"].item() == 0
