"""Schedulers give the rates that PyTorch's give, to the last bit: programs print them."""

from __future__ import annotations

import copy
import warnings

import pytest

import tinygrad_edu as tg

torch = pytest.importorskip("torch")

CASES = {
    "LambdaLR": [{"lr_lambda": lambda k: 0.95**k}],
    "MultiplicativeLR": [{"lr_lambda": lambda k: 0.95}],
    "StepLR": [{"step_size": 3}, {"step_size": 1, "gamma": 0.9}],
    "MultiStepLR": [{"milestones": [2, 5, 5, 9], "gamma": 0.3}],
    "ConstantLR": [{}, {"factor": 0.7, "total_iters": 3}],
    "LinearLR": [{}, {"start_factor": 0.2, "end_factor": 0.7, "total_iters": 9}],
    "ExponentialLR": [{"gamma": 0.9}],
    "PolynomialLR": [{}, {"total_iters": 11, "power": 2.5}],
    "CosineAnnealingLR": [{"T_max": 7}, {"T_max": 4, "eta_min": 0.001}],
    "CosineAnnealingWarmRestarts": [{"T_0": 3}, {"T_0": 2, "T_mult": 2, "eta_min": 0.01}],
    "OneCycleLR": [
        {"max_lr": 0.5, "total_steps": 31},
        {"max_lr": [0.5, 0.1], "epochs": 4, "steps_per_epoch": 8, "anneal_strategy": "linear", "three_phase": True},
        {"max_lr": 0.5, "total_steps": 40, "pct_start": 0.5, "cycle_momentum": False, "div_factor": 10.0},
    ],
    "CyclicLR": [
        {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 4},
        {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 4, "step_size_down": 3, "mode": "triangular2"},
        {"base_lr": [0.01, 0.02], "max_lr": 0.1, "step_size_up": 5, "mode": "exp_range", "gamma": 0.9},
        {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 5, "scale_fn": lambda n: 0.9**n, "scale_mode": "iterations"},
    ],
}
FLAT = [(name, options) for name, some in CASES.items() for options in some]


def optimizer(lib, kind="SGD", **options):
    groups = [{"params": [lib.tensor([1.0], requires_grad=True)]}, {"params": [lib.tensor([1.0])], "lr": 0.03}]
    return getattr(lib.optim, kind)(groups, lr=0.1, **options)


def trace(o, scheduler, n=30):
    out = []
    for _ in range(n):
        o.step()
        scheduler.step()
        options = [g.get("betas", g.get("momentum")) for g in o.param_groups]
        out.append((scheduler.get_last_lr(), [g["lr"] for g in o.param_groups], options))
    return out


def both(make, **options):
    results = []
    for lib in (tg, torch):
        o = optimizer(lib, **options)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results.append(trace(o, make(lib.optim.lr_scheduler, o)))
    return results


@pytest.mark.parametrize(("name", "options"), FLAT, ids=lambda v: v if isinstance(v, str) else ",".join(v))
@pytest.mark.parametrize("kind", ["SGD", "Adam"])
def test_the_rates_are_pytorchs(name, options, kind):
    ours, theirs = both(
        lambda lrs, o: getattr(lrs, name)(o, **options), kind=kind, **({"momentum": 0.9} if kind == "SGD" else {})
    )
    assert ours == theirs


@pytest.mark.parametrize(
    "make",
    [
        lambda lrs, o: lrs.ChainedScheduler([lrs.ConstantLR(o, 0.1, 4), lrs.ExponentialLR(o, 0.9)]),
        lambda lrs, o: lrs.SequentialLR(o, [lrs.LinearLR(o, 0.1), lrs.CosineAnnealingLR(o, 9)], [5]),
        lambda lrs, o: lrs.SequentialLR(
            o, [lrs.ConstantLR(o, 0.5, 2), lrs.StepLR(o, 2), lrs.CosineAnnealingWarmRestarts(o, 4)], [3, 9]
        ),
        lambda lrs, o: lrs.SequentialLR(
            o, [lrs.ChainedScheduler([lrs.LinearLR(o), lrs.ExponentialLR(o, 0.9)]), lrs.StepLR(o, 3)], [6]
        ),
    ],
    ids=["chained", "warm-up", "three", "nested"],
)
def test_combinations_are_pytorchs(make):
    ours, theirs = both(make)
    assert ours == theirs


@pytest.mark.parametrize(
    "options",
    [
        {"patience": 2},
        {"patience": 1, "factor": 0.5, "cooldown": 2, "min_lr": [0.01, 0.001]},
        {"patience": 0, "mode": "max", "threshold": 0.1},
        {"patience": 1, "threshold": 0.2, "threshold_mode": "abs", "eps": 0.01},
        {"patience": 1, "mode": "max", "threshold": 0.05, "threshold_mode": "abs"},
    ],
    ids=str,
)
def test_plateaus_are_pytorchs(options):
    losses = [1, 0.9, 0.95, 0.9, 0.91, 0.5, 0.6, 0.55, 0.5, 0.51, 0.52, 0.49999, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]
    results = []
    for lib in (tg, torch):
        scheduler = lib.optim.lr_scheduler.ReduceLROnPlateau(optimizer(lib), **options)
        rates = []
        for loss in losses:
            scheduler.step(loss)
            rates.append((scheduler.get_last_lr(), scheduler.num_bad_epochs, scheduler.best))
        results.append(rates)
    assert results[0] == results[1]


@pytest.mark.parametrize(("name", "options"), FLAT, ids=lambda v: v if isinstance(v, str) else ",".join(v))
def test_training_goes_on_in_the_other_library(name, options):
    for first, second in ((tg, torch), (torch, tg)):
        o = optimizer(first, momentum=0.9)
        scheduler = getattr(first.optim.lr_scheduler, name)(o, **options)
        trace(o, scheduler, 6)
        other = optimizer(second, momentum=0.9)
        resumed = getattr(second.optim.lr_scheduler, name)(other, **options)
        resumed.load_state_dict(copy.deepcopy(scheduler.state_dict()))
        for mine, theirs in zip(other.param_groups, o.param_groups, strict=True):
            mine.update({k: v for k, v in theirs.items() if k != "params"})
        assert trace(other, resumed, 10) == trace(o, scheduler, 10)


@pytest.mark.parametrize(("name", "options"), FLAT[:13], ids=lambda v: v if isinstance(v, str) else ",".join(v))
def test_going_on_from_last_epoch_is_pytorchs(name, options):
    results = []
    for lib in (tg, torch):
        o = optimizer(lib)
        kind = getattr(lib.optim.lr_scheduler, name)
        trace(o, kind(o, **options), 4)
        results.append(trace(o, kind(o, **options, last_epoch=3), 9))
    assert results[0] == results[1]
