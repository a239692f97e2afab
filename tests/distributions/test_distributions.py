"""Draws have the distribution's moments, gradients pass where they can, bad parameters are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.distributions import (
    Bernoulli,
    Beta,
    Categorical,
    Dirichlet,
    Exponential,
    Gamma,
    Gumbel,
    Independent,
    Laplace,
    MixtureSameFamily,
    MultivariateNormal,
    Normal,
    Poisson,
    Uniform,
    kl_divergence,
)  # fmt: skip

COVARIANCE = [[1.0, 0.5], [0.5, 2.0]]


@pytest.mark.parametrize(
    "d",
    [
        Normal(tg.tensor([1.0, -2.0]), 0.5),
        Uniform(tg.tensor([0.0, 2.0]), 3.0),
        Exponential(tg.tensor([2.0])),
        Poisson(tg.tensor([2.0, 0.5])),
        Bernoulli(tg.tensor([0.25, 1.0])),
        Bernoulli(logits=tg.tensor([0.0, 2.0])),
        MultivariateNormal(tg.tensor([1.0, 2.0]), tg.tensor(COVARIANCE)),
    ],
    ids=repr,
)
def test_draws_have_the_mean_and_variance(d: Any) -> None:
    tg.manual_seed(1)
    x = d.sample((20_000,))
    np.testing.assert_allclose(x.mean(0), d.mean, atol=0.05)
    np.testing.assert_allclose(x.var(0), d.variance, atol=0.1)


def test_classes_come_as_often_as_their_weights_say() -> None:
    tg.manual_seed(1)
    d = Categorical(tg.tensor([[1.0, 3.0], [1.0, 1.0]]))
    np.testing.assert_allclose(d.sample((20_000,)).float().mean(0), [0.75, 0.5], atol=0.02)
    assert d.mode.tolist() == [1, 0] and d.enumerate_support().tolist() == [[0, 0], [1, 1]]


def test_gradients_pass_through_rsample_and_log_prob() -> None:
    mean, spread = tg.tensor([0.5], requires_grad=True), tg.tensor([2.0], requires_grad=True)
    x = Normal(mean, spread).rsample((5,))
    x.sum().backward()
    noise = (x.detach() - 0.5) / 2
    assert mean.grad is not None and spread.grad is not None
    np.testing.assert_allclose([mean.grad.item(), spread.grad.item()], [5.0, noise.sum().item()], rtol=1e-5)
    assert not Normal(mean, spread).sample().requires_grad
    weights = tg.tensor([0.0, 0.0], requires_grad=True)
    Categorical(logits=weights).log_prob(tg.tensor(1)).backward()
    assert weights.grad is not None and weights.grad.tolist() == [-0.5, 0.5]


def test_the_normals_quantiles_invert_its_probabilities() -> None:
    d = Normal(tg.tensor(1.0, dtype=tg.float64), 2.0)
    assert d.cdf(tg.tensor(1.0)).item() == 0.5
    assert abs(d.icdf(d.cdf(tg.tensor(2.5, dtype=tg.float64))).item() - 2.5) < 1e-6


def test_certain_events_have_finite_log_probabilities() -> None:
    assert Bernoulli(tg.tensor(1.0)).log_prob(tg.tensor(1.0)).abs().item() < 1e-5
    assert Categorical(tg.tensor([1.0, 0.0])).entropy().item() < 1e-4


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (
            lambda: Normal(0.0, -1.0),
            ValueError,
            r"Expected parameter scale \(Tensor of shape \(\)\) of distribution Normal",
        ),
        (lambda: Normal(float("nan"), 1.0), ValueError, r"Expected parameter loc .* Real\(\)"),
        (lambda: Uniform(2.0, 1.0), ValueError, "not defined when low >= high"),
        (lambda: Exponential(0.0), ValueError, r"GreaterThan\(lower_bound=0.0\)"),
        (lambda: Poisson(-1.0), ValueError, r"GreaterThanEq\(lower_bound=0.0\)"),
        (lambda: Bernoulli(1.5), ValueError, r"Interval\(lower_bound=0.0, upper_bound=1.0\)"),
        (lambda: Bernoulli(), ValueError, "Either `probs` or `logits`"),
        (lambda: Bernoulli(0.5, 0.5), ValueError, "Either `probs` or `logits`"),
        (lambda: Categorical(tg.tensor([-1.0, 2.0])), ValueError, r"Simplex\(\)"),
        (lambda: Categorical(0.5), ValueError, "at least one-dimensional"),
        (lambda: Categorical(tg.tensor([0.5, 0.5])).log_prob(tg.tensor(2)), ValueError, "within the support"),
        (lambda: Categorical(tg.tensor([0.5, 0.5])).rsample(), NotImplementedError, "no gradient passes"),
        (lambda: Independent(Normal(0.0, 1.0), 1), ValueError, "reinterpreted_batch_ndims"),
        (lambda: MultivariateNormal(tg.zeros(2)), ValueError, "Exactly one"),
        (lambda: MultivariateNormal(tg.zeros(3), tg.tensor(COVARIANCE)), ValueError, r"\(3, 3\)"),
        (lambda: kl_divergence(Normal(0.0, 1.0), Poisson(1.0)), NotImplementedError, "Normal and q type Poi"),
        (lambda: Poisson(1.0).entropy(), NotImplementedError, "no entropy"),
    ],
)
def test_what_cannot_be_is_refused(make: Any, error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        make()


@pytest.mark.parametrize(
    "d",
    [
        Laplace(tg.tensor([1.0, -2.0]), 0.5),
        Gumbel(tg.tensor([1.0, -2.0]), 0.5),
        Gamma(tg.tensor([0.7, 2.0]), tg.tensor([1.0, 3.0])),
        Beta(tg.tensor([0.7, 2.0]), 1.5),
        Dirichlet(tg.tensor([0.7, 2.0, 1.0])),
        MixtureSameFamily(Categorical(tg.tensor([1.0, 3.0])), Normal(tg.tensor([-1.0, 2.0]), 0.5)),
    ],
    ids=lambda d: type(d).__name__,
)
def test_draws_of_the_others_have_the_mean_and_variance(d: Any) -> None:
    tg.manual_seed(1)
    x = d.sample((20_000,))
    assert x.shape == (20_000, *d.batch_shape, *d.event_shape) and not x.requires_grad
    np.testing.assert_allclose(x.mean(0).numpy(), d.mean.numpy(), atol=0.05)
    np.testing.assert_allclose(x.var(0).numpy(), d.variance.numpy(), atol=0.1)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: Laplace(0.0, -1.0), "scale .* of distribution Laplace"),
        (lambda: Gumbel(0.0, 0.0), "scale .* of distribution Gumbel"),
        (lambda: Gamma(-1.0, 1.0), "concentration .* of distribution Gamma"),
        (lambda: Gamma(1.0, -1.0), "rate .* of distribution Gamma"),
        (lambda: Beta(0.0, 1.0), "concentration1 .* of distribution Beta"),
        (lambda: Dirichlet(tg.tensor(1.0)), "at least one-dimensional"),
        (lambda: MixtureSameFamily(Normal(0.0, 1.0), Normal(0.0, 1.0)), "Mixture distribution needs to be"),
        (lambda: MixtureSameFamily(Categorical(tg.ones(2)), 3), "Component distribution need to be"),
        (lambda: MixtureSameFamily(Categorical(tg.ones(2)), Normal(tg.zeros(3), 1.0)), "does not equal"),
    ],
)
def test_bad_parameters_of_the_others_are_refused(call: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()


def test_draws_without_a_gradient_say_so() -> None:
    with pytest.raises(NotImplementedError, match="Poisson has no rsample"):
        Poisson(1.0).rsample()
    loc = tg.tensor([0.0], requires_grad=True)
    (Laplace(loc, 1.0).rsample() + Gumbel(loc, 1.0).rsample()).sum().backward()
    assert loc.grad is not None and loc.grad.item() == 2
