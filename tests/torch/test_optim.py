"""Optimizers do what PyTorch's do, to the last digits after hundreds of steps."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.optim.references import CASES, OPTIONS, problem, run

torch = pytest.importorskip("torch")

NAMES = [name for name in OPTIONS if name != "Momentum"]


@pytest.mark.parametrize(
    ("name", "options"),
    [c for c in CASES if c[0] in NAMES],
    ids=lambda v: v if isinstance(v, str) else ",".join(v) or "-",
)
def test_it_is_pytorchs(name, options):
    start, grads = problem(shapes=[(3,), (2, 2)])
    ours, _ = run(tg, name, options, start, grads)
    theirs, _ = run(torch, name, {**options, "foreach": False}, start, grads)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


def test_momentum_is_sgd_with_momentum():
    start, grads = problem(50)
    ours, _ = run(tg, "Momentum", {"lr": 0.05}, start, grads)
    theirs, _ = run(torch, "SGD", {"lr": 0.05, "momentum": 0.9}, start, grads)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9)


def fitted(lib, name, steps=200, **options):
    """Parameters after descending a function with different curvature in each direction, in two groups."""
    rng = np.random.default_rng(0)
    w = lib.tensor(rng.standard_normal((3, 2)), requires_grad=True)
    b = lib.tensor(rng.standard_normal(2), requires_grad=True)
    x, y = lib.tensor(rng.standard_normal((5, 3))), lib.tensor(rng.standard_normal((5, 2)))
    o = getattr(lib.optim, name)([{"params": [w]}, {"params": [b], "lr": 0.02}], **options)
    for k in range(steps):
        o.zero_grad()
        error = lib.sin(x @ w + b) - y
        (error * error).mean().backward()
        if k == steps // 2:
            o.param_groups[0]["lr"] *= 0.5
        o.step()
    return [t.detach().numpy() for t in (w, b)]


@pytest.mark.parametrize("name", ["SGD", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "Adadelta", "ASGD"])
def test_descending_with_it_ends_where_pytorchs_ends(name):
    for ours, theirs in zip(fitted(tg, name, lr=0.03), fitted(torch, name, lr=0.03), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-10)


def converted(value, to):
    """A state_dict of one library as the other's."""
    if isinstance(value, dict):
        return {k: converted(v, to) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(converted(v, to) for v in value)
    if isinstance(value, (tg.Tensor, torch.Tensor)):
        return to.tensor(value.detach().numpy().copy())
    return value


STATEFUL = [
    ("SGD", {"momentum": 0.9}),
    ("Adam", {"amsgrad": True}),
    ("RMSprop", {"centered": True, "momentum": 0.5}),
    *((name, {}) for name in NAMES if name not in ("SGD", "Adam", "RMSprop")),
]


@pytest.mark.parametrize(("name", "options"), STATEFUL, ids=lambda v: v if isinstance(v, str) else "")
@pytest.mark.parametrize("first", [tg, torch], ids=["from ours", "from theirs"])
def test_training_goes_on_in_the_other_library(name, options, first):
    second = torch if first is tg else tg
    start, grads = problem(30)
    middle, optimizer = run(first, name, options, start, grads[:15])
    saved = converted(copy.deepcopy(optimizer.state_dict()), second)
    for group in saved["param_groups"]:
        group["foreach"] = False
    params = [second.tensor(x.copy(), requires_grad=True) for x in middle]
    other = getattr(second.optim, name)(params, lr=7.0)
    other.load_state_dict(saved)
    for given in grads[15:]:
        for p, g in zip(params, given, strict=True):
            p.grad = second.from_numpy(g)
        other.step()
    whole, _ = run(first, name, options, start, grads)
    # PyTorch casts NAdam's and ASGD's numbers to the parameter's dtype when it loads them, we keep float32
    tolerance = 1e-6 if name in ("NAdam", "ASGD") else 1e-9
    for p, x in zip(params, whole, strict=True):
        np.testing.assert_allclose(p.detach().numpy(), x, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("name", "options"), STATEFUL, ids=lambda v: v if isinstance(v, str) else "")
def test_a_state_dict_has_pytorchs_form(name, options):
    start, grads = problem(4)
    ours = run(tg, name, options, start, grads)[1].state_dict()
    theirs = run(torch, name, options, start, grads)[1].state_dict()
    assert ours.keys() == theirs.keys()
    assert ours["param_groups"] == theirs["param_groups"]
    for k, entries in theirs["state"].items():
        assert list(ours["state"][k]) == list(entries)
        for entry, t in entries.items():
            a = ours["state"][k][entry].numpy()
            assert (a.shape, str(a.dtype)) == (tuple(t.shape), str(t.dtype).removeprefix("torch."))
            np.testing.assert_allclose(a, t.numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_nan_in_a_gradient_does_what_it_does_in_pytorch(name):
    start, grads = problem(6)
    grads[2][0][1] = np.nan
    ours, _ = run(tg, name, {}, start, grads)
    theirs, _ = run(torch, name, {"foreach": False}, start, grads)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9)


def rosenbrock(lib, steps, **options):
    x = lib.tensor([-1.5, 2.0, 0.3], dtype=lib.float64, requires_grad=True)
    o = lib.optim.LBFGS([x], **options)
    losses = []

    def closure():
        o.zero_grad()
        loss = (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()
        loss.backward()
        return loss

    for _ in range(steps):
        losses.append(float(o.step(closure).detach()))
    state = o.state[x]
    return losses, x.detach().numpy(), state["func_evals"], state["n_iter"], o


@pytest.mark.parametrize(
    "options",
    [
        {"line_search_fn": "strong_wolfe"},
        {"line_search_fn": "strong_wolfe", "history_size": 2, "max_iter": 6},
        {"line_search_fn": "strong_wolfe", "lr": 0.3, "max_iter": 5},
        {"line_search_fn": "strong_wolfe", "max_iter": 10, "max_eval": 7},
        {"line_search_fn": "strong_wolfe", "tolerance_grad": 1e-1, "tolerance_change": 1e-3},
        {"lr": 0.01},
        {"lr": 0.01, "history_size": 3, "max_iter": 4},
        {"lr": 0.05, "max_iter": 3, "max_eval": 2},
    ],
    ids=str,
)
def test_lbfgs_takes_pytorchs_steps(options):
    steps = 2 if options.get("history_size") else 6  # a short history lets roundings grow
    losses, x, evaluations, iterations, _ = rosenbrock(tg, steps, **options)
    theirs, y, *counts, _ = rosenbrock(torch, steps, **options)
    np.testing.assert_allclose(losses, theirs, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(x, y, rtol=1e-6)
    assert [evaluations, iterations] == counts


def test_the_state_of_lbfgs_is_pytorchs():
    ours, theirs = (rosenbrock(lib, 2, line_search_fn="strong_wolfe", max_iter=6)[-1] for lib in (tg, torch))
    a, b = (o.state_dict()["state"][0] for o in (ours, theirs))
    assert a.keys() == b.keys() - {"al"}  # scratch
    np.testing.assert_allclose(a["d"].numpy(), b["d"].numpy(), rtol=1e-6)
    for entry in ("old_dirs", "old_stps", "ro"):
        for u, v in zip(a[entry], b[entry], strict=True):
            np.testing.assert_allclose(u.numpy(), v.numpy(), rtol=1e-6)
    np.testing.assert_allclose([a["t"], a["prev_loss"], float(a["H_diag"])], [b["t"], b["prev_loss"], b["H_diag"]])
