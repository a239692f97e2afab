"""Schedulers follow their closed forms, alone and together, and can be interrupted."""

from __future__ import annotations

import copy
import itertools
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu.optim import lr_scheduler as lrs

epochs = st.integers(1, 30)
factors = st.floats(0.1, 1)


def sgd(*rates, **options):
    groups = [{"params": [tg.tensor([1.0], requires_grad=True)], "lr": lr} for lr in rates or (1.0,)]
    return tg.optim.SGD(groups, **options)


def history(scheduler, n, *metrics):
    """The rates of the first group in n epochs."""
    out = []
    for k in range(n):
        out.append(scheduler.optimizer.param_groups[0]["lr"])
        assert [g["lr"] for g in scheduler.optimizer.param_groups] == scheduler.get_last_lr()
        scheduler.optimizer.step()
        scheduler.step(*(m[k] for m in metrics))
    return out


def follows(scheduler, closed, n=40):
    np.testing.assert_allclose(history(scheduler, n), [closed(k) for k in range(n)], rtol=1e-9, atol=1e-9)


@settings(max_examples=20)
@given(epochs, factors)
def test_step(size, gamma):
    follows(lrs.StepLR(sgd(0.5), size, gamma), lambda k: 0.5 * gamma ** (k // size))


@settings(max_examples=20)
@given(st.lists(epochs, max_size=4), factors)
def test_multi_step(milestones, gamma):
    follows(lrs.MultiStepLR(sgd(0.5), milestones, gamma), lambda k: 0.5 * gamma ** sum(m <= k for m in milestones))


@settings(max_examples=20)
@given(epochs, factors)
def test_constant(n, factor):
    follows(lrs.ConstantLR(sgd(0.5), factor, n), lambda k: 0.5 * (factor if k < n else 1))


@settings(max_examples=20)
@given(epochs, factors, st.floats(0, 1))
def test_linear(n, start, end):
    follows(lrs.LinearLR(sgd(0.5), start, end, n), lambda k: 0.5 * (start + (end - start) * min(k, n) / n))


@settings(max_examples=20)
@given(factors)
def test_exponential(gamma):
    follows(lrs.ExponentialLR(sgd(0.5), gamma), lambda k: 0.5 * gamma**k)


@settings(max_examples=20)
@given(epochs, st.floats(0.5, 3))
def test_polynomial(n, power):
    follows(lrs.PolynomialLR(sgd(0.5), n, power), lambda k: 0.5 * (1 - min(k, n) / n) ** power)


@settings(max_examples=20)
@given(epochs, st.floats(0, 0.4))
def test_cosine(n, low):
    follows(lrs.CosineAnnealingLR(sgd(0.5), n, low), lambda k: low + (0.5 - low) * (1 + math.cos(math.pi * k / n)) / 2)


@settings(max_examples=20)
@given(st.integers(1, 6), st.integers(1, 3), st.floats(0, 0.4))
def test_cosine_with_restarts(first, growth, low):
    def closed(k):
        length = first
        while k >= length:
            k, length = k - length, length * growth
        return low + (0.5 - low) * (1 + math.cos(math.pi * k / length)) / 2

    follows(lrs.CosineAnnealingWarmRestarts(sgd(0.5), first, growth, low), closed)
    jumping = lrs.CosineAnnealingWarmRestarts(sgd(0.5), first, growth, low)
    for k in (0.0, 1.5, 7.25, 30.0, 3.0):
        jumping.step(k)
        np.testing.assert_allclose(jumping.get_last_lr(), [closed(k)], atol=1e-9)


def test_lambda_and_multiplicative():
    follows(lrs.LambdaLR(sgd(0.5), lambda k: 1 / (k + 1)), lambda k: 0.5 / (k + 1))
    follows(lrs.MultiplicativeLR(sgd(0.5), lambda k: k / (k + 1)), lambda k: 0.5 / (k + 1))
    optimizer = sgd(0.5, 0.25)
    scheduler = lrs.LambdaLR(optimizer, [lambda k: 1, lambda k: 2**-k])
    history(scheduler, 3)
    assert scheduler.get_last_lr() == [0.5, 0.25 / 8]


def between(start, end, part):
    return end + (start - end) * (1 + math.cos(math.pi * part)) / 2


@settings(max_examples=20)
@given(st.integers(5, 30), st.sampled_from([0.3, 0.5]), st.booleans())
def test_one_cycle(total, up, three):
    optimizer = sgd(0.5, momentum=0.9)
    scheduler = lrs.OneCycleLR(optimizer, 1.0, total_steps=total, pct_start=up, three_phase=three)
    knots = [(0, 0.04, 0.95), (up * total - 1, 1.0, 0.85)]
    knots += [(2 * up * total - 2, 0.04, 0.95)] * three + [(total - 1, 0.04 / 1e4, 0.95)]
    for k in range(total):
        if up * total > 1 and (not three or 2 * up * total - 2 < total - 1):
            (a, lr0, m0), (b, lr1, m1) = next(
                (p, q) for p, q in itertools.pairwise(knots) if k <= q[0] or q is knots[-1]
            )
            part = (k - a) / (b - a)
            np.testing.assert_allclose(optimizer.param_groups[0]["lr"], between(lr0, lr1, part), rtol=1e-9)
            np.testing.assert_allclose(optimizer.param_groups[0]["momentum"], between(m0, m1, part), rtol=1e-9)
        optimizer.step()
        if k < total - 1:
            scheduler.step()
    scheduler.step()
    with pytest.raises(ValueError, match=f"Tried to step {total + 1} times. The specified number .* is {total}"):
        scheduler.step()


def test_one_cycle_of_adam_moves_beta1_and_counts_epochs():
    optimizer = tg.optim.Adam([tg.tensor([1.0], requires_grad=True)])
    scheduler = lrs.OneCycleLR(optimizer, 1.0, epochs=2, steps_per_epoch=5, anneal_strategy="linear")
    assert optimizer.param_groups[0]["betas"] == (0.95, 0.999)
    for _ in range(2):
        optimizer.step()
        scheduler.step()
    np.testing.assert_allclose(optimizer.param_groups[0]["betas"], (0.85, 0.999))
    np.testing.assert_allclose(scheduler.get_last_lr(), [1.0])


@settings(max_examples=20)
@given(st.integers(1, 6), st.integers(1, 6), st.sampled_from(["triangular", "triangular2", "exp_range"]))
def test_cyclic(up, down, mode):
    optimizer = sgd(0.5, momentum=0.5)
    scheduler = lrs.CyclicLR(optimizer, 0.1, 0.9, up, down, mode, gamma=0.9)
    for k in range(30):
        cycle, at = divmod(k, up + down)
        part = at / up if at <= up else (up + down - at) / down
        height = {"triangular": 1, "triangular2": 0.5**cycle, "exp_range": 0.9**k}[mode] * part
        np.testing.assert_allclose(optimizer.param_groups[0]["lr"], 0.1 + 0.8 * height, rtol=1e-6)
        np.testing.assert_allclose(optimizer.param_groups[0]["momentum"], 0.9 - 0.1 * height, rtol=1e-6)
        optimizer.step()
        scheduler.step()


def test_cyclic_with_a_height_of_ones_own():
    scheduler = lrs.CyclicLR(sgd(0.5), 0.0, 1.0, 2, scale_fn=lambda n: 1 / n, cycle_momentum=False)
    np.testing.assert_allclose(history(scheduler, 9), [0, 0.5, 1, 0.5, 0, 0.25, 0.5, 0.25, 0], atol=1e-9)


def test_reduce_on_plateau():
    losses = [3, 2, 2, 2, 2, 1, 1.5, 1, 1, 1]
    scheduler = lrs.ReduceLROnPlateau(sgd(1.0, 1.0), patience=1, factor=0.5, min_lr=[0, 0.5])
    assert history_of(scheduler, losses) == [1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125]
    assert scheduler.get_last_lr() == [0.125, 0.5]
    rising = lrs.ReduceLROnPlateau(sgd(1.0), mode="max", threshold=1, threshold_mode="abs", patience=0, factor=0.5)
    assert history_of(rising, [1, 3, 3.5, 5]) == [1, 1, 0.5, 0.5]
    resting = lrs.ReduceLROnPlateau(sgd(1.0), patience=0, factor=0.5, cooldown=2)
    assert history_of(resting, [1, 1, 1, 1, 1]) == [1, 0.5, 0.5, 0.5, 0.25]
    tensors = lrs.ReduceLROnPlateau(sgd(1.0), patience=0)
    tensors.step(tg.tensor(1.0))
    assert tensors.best == 1


def history_of(scheduler, losses):
    out = []
    for loss in losses:
        scheduler.step(loss)
        out.append(scheduler.optimizer.param_groups[0]["lr"])
    return out


def test_nan_is_no_improvement():
    scheduler = lrs.ReduceLROnPlateau(sgd(1.0), patience=1, factor=0.5)
    assert history_of(scheduler, [1.0, math.nan, math.nan, math.nan]) == [1, 1, 0.5, 0.5]


def test_chained_factors_multiply():
    optimizer = sgd(0.5)
    both = lrs.ChainedScheduler([lrs.ConstantLR(optimizer, 0.1, 2), lrs.ExponentialLR(optimizer, 0.9)])
    follows(both, lambda k: 0.5 * 0.9**k * (0.1 if k < 2 else 1))


def test_sequential():
    optimizer = sgd(0.5)
    parts = [lrs.LinearLR(optimizer, 0.1, 1, 4), lrs.ExponentialLR(optimizer, 0.5), lrs.ConstantLR(optimizer, 0.25, 2)]
    scheduler = lrs.SequentialLR(optimizer, parts, milestones=[4, 7])

    def closed(k):
        if k < 4:
            return 0.5 * (0.1 + 0.9 * k / 4)
        return 0.5 * 0.5 ** (k - 4) if k < 7 else 0.5 * (0.25 if k < 9 else 1)

    follows(scheduler, closed, 12)


def test_rates_that_were_edited_stay_edited():
    optimizer = sgd(1.0)
    scheduler = lrs.ExponentialLR(optimizer, 0.5)
    history(scheduler, 2)
    optimizer.param_groups[0]["lr"] = 8.0
    optimizer.step()
    scheduler.step()
    assert scheduler.get_last_lr() == [4]


def test_a_rate_that_is_a_tensor_stays_the_tensor():
    rate = tg.tensor(0.5)
    optimizer = tg.optim.SGD([tg.tensor([1.0], requires_grad=True)], lr=rate)
    scheduler = lrs.ExponentialLR(optimizer, 0.5)
    optimizer.step()
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] is rate
    assert rate.item() == scheduler.get_last_lr()[0].item() == 0.25
    assert optimizer.param_groups[0]["initial_lr"].item() == 0.5


MAKERS = {
    "step": lambda o: lrs.StepLR(o, 3),
    "multi": lambda o: lrs.MultiStepLR(o, [2, 7]),
    "linear": lambda o: lrs.LinearLR(o, total_iters=8),
    "cosine": lambda o: lrs.CosineAnnealingLR(o, 6),
    "restarts": lambda o: lrs.CosineAnnealingWarmRestarts(o, 3, 2),
    "one cycle": lambda o: lrs.OneCycleLR(o, 1.0, total_steps=20),
    "cyclic": lambda o: lrs.CyclicLR(o, 0.1, 1.0, 3),
    "polynomial": lambda o: lrs.PolynomialLR(o, 9, 2.0),
    "lambda": lambda o: lrs.LambdaLR(o, lambda k: 0.9**k),
    "sequential": lambda o: lrs.SequentialLR(o, [lrs.ConstantLR(o, 0.5, 9), lrs.ExponentialLR(o, 0.5)], [7]),
    "chained": lambda o: lrs.ChainedScheduler([lrs.ConstantLR(o, 0.5, 7), lrs.ExponentialLR(o, 0.5)]),
}


@pytest.mark.parametrize("name", MAKERS)
def test_training_can_be_interrupted(name):
    make = MAKERS[name]
    whole = history(make(sgd(0.5, momentum=0.9)), 12)
    scheduler = make(sgd(0.5, momentum=0.9))
    history(scheduler, 5)
    saved = pickle.loads(pickle.dumps((scheduler.state_dict(), scheduler.optimizer.state_dict())))
    optimizer = sgd(0.5, momentum=0.9)
    other = make(optimizer)
    before = copy.deepcopy(saved[0])
    other.load_state_dict(saved[0])
    optimizer.load_state_dict(saved[1])
    assert saved[0] == before
    np.testing.assert_allclose(history(other, 7), whole[5:], rtol=1e-9)


@pytest.mark.parametrize("name", ["step", "multi", "linear", "cosine", "restarts", "polynomial", "lambda"])
def test_training_can_go_on_from_last_epoch(name):
    kinds = {
        "step": (lrs.StepLR, 3), "multi": (lrs.MultiStepLR, [2, 7]), "linear": (lrs.LinearLR, 0.5, 1.0, 8),
        "cosine": (lrs.CosineAnnealingLR, 6), "restarts": (lrs.CosineAnnealingWarmRestarts, 12),
        "polynomial": (lrs.PolynomialLR, 9), "lambda": (lrs.LambdaLR, lambda k: 0.9**k),
    }  # fmt: skip
    kind, *options = kinds[name]
    whole = history(kind(sgd(0.5), *options), 9)
    optimizer = sgd(0.5)
    history(kind(optimizer, *options), 5)  # the rate is that of epoch 5 now
    np.testing.assert_allclose(history(kind(optimizer, *options, last_epoch=4), 4), whole[5:], rtol=1e-9)


class Callable:
    def __init__(self, base):
        self.base = base

    def __call__(self, k):
        return self.base**k


def test_callable_objects_are_saved_with_their_attributes():
    scheduler = lrs.LambdaLR(sgd(), Callable(0.5))
    assert scheduler.state_dict()["lr_lambdas"] == [{"base": 0.5}]
    other = lrs.LambdaLR(sgd(), Callable(0.1))
    other.load_state_dict(scheduler.state_dict())
    assert other.lr_lambdas[0].base == 0.5
    cyclic = lrs.CyclicLR(sgd(), 0.1, 1.0, scale_fn=Callable(0.5), cycle_momentum=False)
    assert cyclic.state_dict()["_scale_fn_custom"] == {"base": 0.5}


def test_a_subclass_of_ones_own():
    class Half(lrs._LRScheduler):
        def __init__(self, optimizer, base, last_epoch=-1):
            self.base = base
            super().__init__(optimizer, last_epoch)

        def get_lr(self):
            return [lr * self.base**self.last_epoch for lr in self.base_lrs]

    follows(Half(sgd(0.5), 0.7), lambda k: 0.5 * 0.7**k)


def test_stepping_in_the_wrong_order_is_a_warning():
    scheduler = lrs.StepLR(sgd(), 2)
    with pytest.warns(UserWarning, match=r"lr_scheduler.step\(\)` before `optimizer.step\(\)"):
        scheduler.step()
    ordered = lrs.StepLR(sgd(), 2)
    ordered.optimizer.step()
    ordered.step()


def test_an_epoch_and_get_lr_are_warnings():
    scheduler = lrs.StepLR(sgd(1.0), 2, 0.5)
    scheduler.optimizer.step()
    with pytest.warns(UserWarning, match="epoch parameter"):
        scheduler.step(5)
    assert scheduler.get_last_lr() == [0.25]
    with pytest.warns(UserWarning, match="get_last_lr"):
        scheduler.get_lr()


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: lrs.StepLR([1], 2), TypeError, "list is not an Optimizer"),
        (lambda: lrs.StepLR(sgd(), 0), ValueError, "step_size"),
        (lambda: lrs.StepLR(sgd(), 2, last_epoch=3), KeyError, "initial_lr"),
        (lambda: lrs.StepLR(sgd(), 2, verbose=True), TypeError, r"verbose is gone, print\(scheduler.get_last_lr"),
        (lambda: lrs.StepLR(sgd(), 2, gama=0.5), TypeError, "did you mean gamma="),
        (lambda: lrs.LambdaLR(sgd(), [lambda k: 1] * 2), ValueError, "Expected 1 lr_lambdas, but got 2"),
        (lambda: lrs.MultiplicativeLR(sgd(), 0.5), TypeError, "lr_lambda should be a function, but got float"),
        (lambda: lrs.ConstantLR(sgd(), 2), ValueError, "between 0 and 1"),
        (lambda: lrs.LinearLR(sgd(), 0), ValueError, "greater than 0"),
        (lambda: lrs.LinearLR(sgd(), 1, 2), ValueError, "between 0 and 1"),
        (lambda: lrs.CosineAnnealingLR(sgd(), 0), ValueError, "T_max"),
        (lambda: lrs.CosineAnnealingWarmRestarts(sgd(), 0), ValueError, "positive integer T_0"),
        (lambda: lrs.CosineAnnealingWarmRestarts(sgd(), 1, 0), ValueError, "T_mult >= 1"),
        (lambda: lrs.CosineAnnealingWarmRestarts(sgd(), 1, 1, "0"), ValueError, "eta_min"),
        (lambda: lrs.CosineAnnealingWarmRestarts(sgd(), 1).step(-2), ValueError, "non-negative epoch"),
        (lambda: lrs.OneCycleLR(sgd(), 1.0), ValueError, "total_steps OR"),
        (lambda: lrs.OneCycleLR(sgd(), 1.0, 0), ValueError, "positive integer total_steps"),
        (lambda: lrs.OneCycleLR(sgd(), 1.0, epochs=1, steps_per_epoch=-1), ValueError, "integer steps_per_epoch"),
        (lambda: lrs.OneCycleLR(sgd(), 1.0, 9, pct_start=3), ValueError, "pct_start"),
        (lambda: lrs.OneCycleLR(sgd(), 1.0, 9, anneal_strategy="x"), ValueError, "'cos' or 'linear'"),
        (lambda: lrs.OneCycleLR(sgd(), [1.0, 2.0], 9), ValueError, "max_lr has 2 values, param_groups has 1"),
        (lambda: lrs.CyclicLR(sgd(), 0.1, 1, mode="x"), ValueError, "mode is invalid"),
        (lambda: lrs.CyclicLR(sgd(), 0.1, 1, 0), ValueError, "must be positive"),
        (lambda: lrs.CyclicLR(tg.optim.Adagrad([tg.ones(1)]), 0.1, 1), ValueError, "cycle_momentum=False"),
        (lambda: lrs.ReduceLROnPlateau(sgd(), factor=1.0), ValueError, "Factor should be < 1.0"),
        (lambda: lrs.ReduceLROnPlateau(sgd(), "low"), ValueError, "mode low is unknown"),
        (lambda: lrs.ReduceLROnPlateau(sgd(), threshold_mode="x"), ValueError, "threshold mode x is unknown"),
        (lambda: lrs.ReduceLROnPlateau(sgd(), min_lr=[0, 0]), ValueError, "expected 1 min_lrs, got 2"),
        (lambda: lrs.ReduceLROnPlateau(sgd()).step(), TypeError, r"'metrics'.*scheduler.step\(val_loss\)"),
        (lambda: lrs.ChainedScheduler([]), ValueError, "at least one scheduler"),
        (lambda: lrs.ChainedScheduler([3]), TypeError, "index 0"),
        (lambda: lrs.SequentialLR(sgd(), [lrs.StepLR(sgd(), 2)], []), ValueError, "same optimizer"),
        (lambda: two(lambda o: [lrs.StepLR(o, 2)] * 2, [1, 2]), ValueError, "number of milestones"),
        (lambda: two(lambda o: [lrs.ReduceLROnPlateau(o)], []), ValueError, "does not support `ReduceLROnPlateau`"),
    ],
)
def test_what_makes_no_sense_is_an_error(make, error, text):
    with pytest.raises(error, match=text):
        make()


def two(schedulers, milestones):
    optimizer = sgd()
    return lrs.SequentialLR(optimizer, schedulers(optimizer), milestones)


def test_groups_that_were_added_need_a_new_scheduler():
    optimizer = sgd()
    scheduler = lrs.LambdaLR(optimizer, lambda k: 1)
    optimizer.add_param_group({"params": [tg.ones(1)]})
    optimizer.step()
    with pytest.raises(ValueError, match=r"has 1 learning rates for 2 groups.*make a new scheduler"):
        scheduler.step()
    plateau = lrs.ReduceLROnPlateau(sgd(1.0), patience=0, min_lr=[0])
    plateau.optimizer.add_param_group({"params": [tg.ones(1)]})
    plateau.step(1)
    with pytest.raises(RuntimeError, match=r"set scheduler\.min_lrs"):
        plateau.step(1)
