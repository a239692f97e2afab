"""Averages of weights are the averages, statistics are those of all batches, rates go where they are told to."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn, optim
from tinygrad_edu.optim import swa_utils


def _filled(model: nn.Module, value: float) -> nn.Module:
    for p in model.parameters():
        p.data.fill_(value)
    return model


@pytest.mark.parametrize(
    ("options", "want"),
    [
        ({}, (1 + 3 + 8) / 3),
        ({"avg_fn": lambda a, p, n: 0.5 * a + 0.5 * p}, 0.5 * 2 + 0.5 * 8),
        ({"multi_avg_fn": swa_utils.get_ema_multi_avg_fn(0.5)}, 5.0),
        ({"multi_avg_fn": swa_utils.get_swa_multi_avg_fn()}, 4.0),
        ({"avg_fn": swa_utils.get_ema_avg_fn(0.0)}, 8.0),
    ],
)
def test_parameters_are_averaged(options: Any, want: float) -> None:
    model = nn.Linear(2, 1)
    average = swa_utils.AveragedModel(model, **options)
    for value in (1.0, 3.0, 8.0):
        average.update_parameters(_filled(model, value))
    assert average.n_averaged.item() == 3
    np.testing.assert_allclose(average.module.weight.detach().numpy(), want, rtol=1e-6)
    assert average(tg.ones(1, 2)).item() == pytest.approx(3 * want)
    assert model.weight[0, 0].item() == 8
    assert list(average.state_dict()) == ["n_averaged", "module.weight", "module.bias"]


@pytest.mark.parametrize("use_buffers", [False, True])
def test_buffers_are_copied_or_averaged(use_buffers: bool) -> None:
    model = nn.BatchNorm1d(1)
    average = swa_utils.AveragedModel(model, avg_fn=lambda a, p, n: (a + p) / 2, use_buffers=use_buffers)
    for value in (0.0, 4.0):
        model.running_mean.fill_(value)
        average.update_parameters(model)
    assert average.module.running_mean.item() == (2 if use_buffers else 4)


def test_statistics_are_those_of_all_batches() -> None:
    model = nn.Sequential(nn.BatchNorm1d(1, momentum=0.3), nn.Linear(1, 1)).eval()
    batches = [tg.tensor([[0.0], [2.0]]), tg.tensor([[4.0], [8.0]])]
    swa_utils.update_bn([(x, None) for x in batches], model)
    norm = model[0]
    assert norm.running_mean.item() == pytest.approx(3.5) and norm.running_var.item() == pytest.approx(5.0)
    assert norm.momentum == 0.3 and not model.training and norm.num_batches_tracked.item() == 2
    swa_utils.update_bn(batches, model)
    assert norm.running_mean.item() == pytest.approx(3.5)
    swa_utils.update_bn([], nn.Linear(1, 1))  # without batch normalization nothing is asked for


def test_what_fails_leaves_everything_as_it_was() -> None:
    model = nn.Sequential(nn.Linear(1, 2), nn.BatchNorm1d(2, momentum=0.3), nn.Linear(2, 1)).eval()
    average = swa_utils.AveragedModel(model)
    average.update_parameters(model)
    before = {name: t.clone() for name, t in average.state_dict().items()}
    other = _filled(nn.Sequential(nn.Linear(1, 2), nn.BatchNorm1d(2), nn.Linear(2, 3)), 9.0)
    with pytest.raises(ValueError, match=r"shape \(3, 2\), and its average \(1, 2\)"):
        average.update_parameters(other)
    assert all(tg.equal(t, before[name]) for name, t in average.state_dict().items())
    with pytest.raises(TypeError):
        swa_utils.update_bn([tg.ones(4, 1), {"inputs": tg.ones(4, 1)}], model)
    assert model[1].momentum == 0.3 and not model.training and not model[1].training


@pytest.mark.parametrize("strategy", ["cos", "linear"])
def test_rates_go_to_the_new_one(strategy: str) -> None:
    optimizer = optim.SGD([tg.ones(1, requires_grad=True)], lr=0.1)
    scheduler = swa_utils.SWALR(optimizer, swa_lr=0.5, anneal_epochs=4, anneal_strategy=strategy)
    rates = []
    for _ in range(6):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    share = [k / 4 if strategy == "linear" else (1 - math.cos(math.pi * k / 4)) / 2 for k in (0, 1, 2, 3, 4, 4)]
    np.testing.assert_allclose(rates, [0.1 + 0.4 * s for s in share], rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda o, m: swa_utils.SWALR(o, 0.1, anneal_strategy="exp"), "'cos' or 'linear'"),
        (lambda o, m: swa_utils.SWALR(o, 0.1, anneal_epochs=-1), "equal or greater than 0"),
        (lambda o, m: swa_utils.SWALR(o, [0.1, 0.2]), "same length"),
        (lambda o, m: swa_utils.AveragedModel(m, avg_fn=max, multi_avg_fn=max), "Only one of"),
        (lambda o, m: swa_utils.get_ema_avg_fn(1.5), r"\[0,1\]"),
        (lambda o, m: swa_utils.AveragedModel(m).update_parameters(nn.Sequential(m, nn.Linear(1, 1))), "parameters"),
    ],
)
def test_what_makes_no_sense_is_refused(call: Any, said: str) -> None:
    model = nn.Linear(1, 1)
    with pytest.raises(ValueError, match=said):
        call(optim.SGD(model.parameters(), lr=0.1), model)
