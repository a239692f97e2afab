"""Draws have the families' moments, gradients pass where they can, what cannot be is refused and says why."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import distributions as D
from tinygrad_edu.autograd import gradcheck
from tinygrad_edu.distributions import constraints


def _t(*numbers: float) -> Any:
    return tg.tensor(numbers, dtype=tg.float64)


# -- draws ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda: D.LogNormal(_t(0.1, -0.5), 0.3),
        lambda: D.HalfNormal(_t(0.5, 2.0)),
        lambda: D.StudentT(_t(8.0, 12.0), 1.0, 0.5),
        lambda: D.Weibull(_t(0.5, 1.0), _t(1.5, 3.0)),
        lambda: D.Pareto(_t(0.5, 0.5), _t(6.0, 9.0)),
        lambda: D.Chi2(_t(1.0, 3.0)),
        lambda: D.Binomial(9, _t(0.2, 0.7)),
        lambda: D.Binomial(_t(0.0, 4.0), logits=_t(0.5, -1.0)),
        lambda: D.Geometric(_t(0.5, 1.0)),
        lambda: D.NegativeBinomial(_t(2.5, 0.0), _t(0.4, 0.2)),
        lambda: D.Multinomial(6, _t(1.0, 2.0, 0.0)),
        lambda: D.OneHotCategorical(_t(1.0, 2.0, 0.0)),
        lambda: D.Exponential(_t(1.0, 2.0)),
        lambda: D.InverseGamma(_t(6.0, 9.0), 2.0),
        lambda: D.FisherSnedecor(_t(3.0, 5.0), _t(14.0, 20.0)),
        lambda: D.Kumaraswamy(_t(0.7, 2.0), _t(1.5, 3.0)),
    ],
)
def test_draws_have_the_mean_and_variance(make: Any) -> None:
    pytest.importorskip("scipy")
    d = make()
    x = d.sample((20_000,))
    assert x.shape == (20_000, *d.batch_shape, *d.event_shape) and x.dtype == tg.float64 and not x.requires_grad
    error = 6 * d.stddev.numpy() / math.sqrt(20_000) + 1e-12
    assert (np.abs(x.mean(0).numpy() - d.mean.numpy()) <= error).all()
    np.testing.assert_allclose(x.var(0), d.variance, rtol=0.2, atol=1e-12)


@pytest.mark.parametrize(
    "make",
    [
        lambda: D.Cauchy(_t(0.5), 2.0),
        lambda: D.HalfCauchy(_t(2.0)),
        lambda: D.Gumbel(_t(0.5), 2.0),
        lambda: D.Laplace(_t(0.5), 2.0),
        lambda: D.Pareto(_t(0.5), 2.0),
        lambda: D.Uniform(_t(0.5), 2.0),
        lambda: D.TransformedDistribution(
            D.Uniform(_t(0.0), 1.0), [D.SigmoidTransform().inv, D.AffineTransform(1.0, -2.0)]
        ),
    ],
)
def test_draws_have_the_distribution_function(make: Any) -> None:
    """F(x) is uniform: its mean, and that of its square, are ½ and ⅓, within six standard errors."""
    d = make()
    p = d.cdf(d.sample((10_000,)))
    assert abs(p.mean().item() - 1 / 2) < 6 * math.sqrt(1 / 12 / 10_000)
    assert abs((p * p).mean().item() - 1 / 3) < 6 * math.sqrt(4 / 45 / 10_000)
    for q in (0.05, 0.5, 0.9):
        assert abs(d.cdf(d.icdf(_t(q))).item() - q) < 1e-9


def test_relaxed_draws_choose_as_often_as_hard_ones() -> None:
    logits = _t(0.0, 1.0, -1.0)
    soft = D.RelaxedOneHotCategorical(tg.tensor(0.5), logits=logits).rsample((20_000,))
    np.testing.assert_allclose(soft.sum(-1), 1, rtol=1e-12)
    shares = tg.softmax(logits, -1).numpy()
    chosen = np.bincount(soft.argmax(-1).numpy(), minlength=3) / 20_000
    assert (np.abs(chosen - shares) < 6 * np.sqrt(shares * (1 - shares) / 20_000)).all()
    ones = (D.RelaxedBernoulli(tg.tensor(0.1), probs=_t(0.2)).sample((20_000,)) > 0.5).double().mean().item()
    assert abs(ones - 0.2) < 6 * math.sqrt(0.16 / 20_000)


def test_counts_have_probabilities_that_add_up() -> None:
    pytest.importorskip("scipy")
    k = tg.arange(200, dtype=tg.float64).unsqueeze(-1)
    for d in (D.Poisson(_t(3.5)), D.Geometric(_t(0.3)), D.NegativeBinomial(_t(2.8), _t(0.4))):
        p = d.log_prob(k).exp()
        assert abs(p.sum().item() - 1) < 1e-9 and abs((p * k).sum().item() - d.mean.item()) < 1e-9
        assert p.argmax().item() == d.mode.item()
    three = D.Multinomial(2, _t(0.2, 0.3, 0.5))
    outcomes = tg.tensor([[2, 0, 0], [0, 2, 0], [0, 0, 2], [1, 1, 0], [1, 0, 1], [0, 1, 1]])
    log_probs = three.log_prob(outcomes)
    assert abs(log_probs.exp().sum().item() - 1) < 1e-12
    assert abs(three.entropy().item() + (log_probs.exp() * log_probs).sum().item()) < 1e-12


# -- gradients --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda a, b: D.Normal(a, b),
        lambda a, b: D.LogNormal(a, b),
        lambda a, b: D.Cauchy(a, b),
        lambda a, b: D.Weibull(a, b),
        lambda a, b: D.Pareto(a, b),
        lambda a, b: D.StudentT(3.0, a, b),
        lambda a, b: D.HalfNormal(a * b),
        lambda a, b: D.Kumaraswamy(a, b),
        lambda a, b: D.HalfCauchy(a * b),
        lambda a, b: D.RelaxedBernoulli(tg.tensor(0.7), logits=a * b),
        lambda a, b: D.RelaxedOneHotCategorical(tg.tensor(0.7), logits=a * b),
        lambda a, b: D.TransformedDistribution(D.Normal(a, b), [D.TanhTransform(), D.AffineTransform(a, b)]),
    ],
)
def test_gradients_of_draws_and_of_their_log_probabilities(make: Any) -> None:
    pytest.importorskip("scipy")
    a, b = _t(0.5, 1.5).requires_grad_(), _t(0.7, 2.0).requires_grad_()

    def draw(a: Any, b: Any) -> Any:
        tg.manual_seed(3)
        return make(a, b).rsample((2,))

    assert gradcheck(draw, (a, b))
    value = draw(a, b).detach()
    assert gradcheck(lambda a, b: make(a, b)._log_prob(value), (a, b))


@pytest.mark.parametrize(
    ("make", "value"),
    [
        (lambda p: D.Binomial(4, p), [3.0, 0.0]),
        (lambda p: D.Geometric(p), [3.0, 0.0]),
        (lambda p: D.NegativeBinomial(1.5, p), [3.0, 0.0]),
        (lambda p: D.Multinomial(3, p), [3.0, 0.0]),
        (lambda p: D.Chi2(p), [3.0, 0.5]),
        (lambda p: D.InverseGamma(p, 2 * p), [3.0, 0.5]),
        (lambda p: D.FisherSnedecor(p, 2 * p), [3.0, 0.5]),
        (lambda p: D.VonMises(p, 2 * p), [3.0, 0.5]),
        (lambda p: D.StudentT(p), [3.0, 0.5]),
    ],
)
def test_gradients_of_log_probabilities_and_entropies(make: Any, value: Any) -> None:
    pytest.importorskip("scipy")
    p, x = _t(0.3, 0.6).requires_grad_(), _t(*value)
    assert gradcheck(lambda p: make(p).log_prob(x), (p,))
    if isinstance(make(p), D.VonMises):
        assert gradcheck(lambda p: make(p).variance, (p,))
    elif not isinstance(make(p), (D.NegativeBinomial, D.FisherSnedecor)):
        assert gradcheck(lambda p: make(p).entropy(), (p,))


def test_straight_through_draws_are_hard_and_have_the_gradient_of_the_probabilities() -> None:
    logits = _t(0.0, 1.0).requires_grad_()
    d = D.OneHotCategoricalStraightThrough(logits=logits)
    x = d.rsample((3,))
    assert set(x.detach().numpy().ravel().round(12)) == {0.0, 1.0} and not d.sample().requires_grad
    (x * _t(1.0, 2.0)).sum().backward()
    p = tg.softmax(logits.detach(), 0)[0].item()
    assert logits.grad is not None
    np.testing.assert_allclose(logits.grad, [-3 * p * (1 - p), 3 * p * (1 - p)])


def test_a_transform_that_remembers_finds_the_way_back_from_where_rounding_lost_it() -> None:
    policy = D.TransformedDistribution(D.Normal(_t(30.0), 1.0), D.TanhTransform(cache_size=1))
    action = policy.rsample()
    assert action.item() == 1.0 and math.isfinite(policy.log_prob(action).item())
    forgetful = D.TanhTransform(cache_size=1).with_cache(0)
    with np.errstate(divide="ignore"):
        assert not math.isfinite(forgetful.inv(forgetful(_t(30.0))).item())
    kept = D.ExpTransform().with_cache()
    y = _t(2.0)
    assert kept(kept.inv(y)) is y


def test_the_inverse_transform_and_equal_ones() -> None:
    a, b = D.AffineTransform(_t(1.0), 2.0), D.AffineTransform(_t(1.0), 2.0)
    assert a == b and hash(a) == hash(b) and a != D.AffineTransform(0.0, 2.0) and a != D.ExpTransform()
    assert a.inv == b.inv and a.inv != a and a.inv.inv is a and repr(D.ExpTransform().inv) == "ExpTransform().inv"
    assert D.ComposeTransform([a, D.ExpTransform()]) == D.ComposeTransform([b, D.ExpTransform()])
    assert D.AffineTransform(0, -2.0).sign == -1 and D.PowerTransform(tg.tensor(-1.0)).sign == -1
    assert D.ComposeTransform([D.AffineTransform(0, -2.0), D.AffineTransform(0, -2.0)]).sign == 1
    assert repr(D.PowerTransform(2)) == "PowerTransform(exponent=2)"
    assert repr(D.AffineTransform(0, 1)) == "AffineTransform(loc=0, scale=1)"
    assert not D.AbsTransform().bijective and D.AbsTransform()(_t(-1.0)).item() == 1
    assert D.AbsTransform().inv(_t(2.0)).item() == 2


def test_a_transform_of_ones_own() -> None:
    class Cube(D.Transform):
        def _call(self, x: Any) -> Any:
            return x**3

        def _inverse(self, y: Any) -> Any:
            return y.sign() * y.abs() ** (1 / 3)

        def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
            return (3 * x * x).log()

    d = D.TransformedDistribution(D.Normal(_t(1.0), 2.0), [Cube()])
    assert abs(d.log_prob(_t(8.0)).item() - (D.Normal(_t(1.0), 2.0).log_prob(2.0).item() - math.log(12))) < 1e-12
    assert repr(d) == "TransformedDistribution(Normal(loc: 1.0, scale: 2.0), [Cube()])"


def test_a_distribution_of_ones_own() -> None:
    class Coin(D.Distribution):
        arg_constraints = {}  # noqa: RUF012
        support = constraints.boolean
        has_rsample = True

        def rsample(self, sample_shape: Any = ()) -> Any:
            return tg.ones(self._extended_shape(sample_shape))

        def _log_prob(self, value: Any) -> Any:
            return value * 0 + math.log(0.5)

    coin = Coin((2,))
    assert coin.sample((3,)).shape == (3, 2) and coin.log_prob(1.0).item() == pytest.approx(math.log(0.5))
    assert repr(coin) == "Coin()"
    for missing in ("entropy", "enumerate_support"):
        with pytest.raises(NotImplementedError, match=f"Coin has no {missing}"):
            getattr(coin, missing)()
    for missing in ("mean", "mode", "variance"):
        with pytest.raises(NotImplementedError, match=f"Coin has no {missing}"):
            getattr(coin, missing)
    with pytest.raises(NotImplementedError, match="Coin has no icdf"):
        coin.icdf(0.5)
    with pytest.raises(NotImplementedError, match="Distribution has no support"):
        D.Distribution().log_prob(1.0)
    with pytest.raises(NotImplementedError, match="Distribution has no sample"):
        D.Distribution().sample()
    with pytest.raises(NotImplementedError, match="Coin has no cdf"):
        coin.cdf(1.0)


# -- checks -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: D.Cauchy(0.0, -1.0), r"parameter scale .* Cauchy\(loc: 0.0, scale: -1.0\) .* GreaterThan"),
        (lambda: D.StudentT(0.0), "parameter df .* of distribution StudentT"),
        (lambda: D.StudentT(1.0, math.nan), "parameter loc .* of distribution StudentT"),
        (lambda: D.LogNormal(0.0, 0.0), "parameter scale .* of distribution Normal"),
        (lambda: D.HalfNormal(-1.0), "parameter scale .* of distribution HalfNormal"),
        (lambda: D.HalfCauchy(-1.0), "parameter scale .* of distribution HalfCauchy"),
        (lambda: D.InverseGamma(0.0, 1.0), "parameter concentration .* of distribution InverseGamma"),
        (lambda: D.FisherSnedecor(1.0, 0.0), "parameter df2 .* of distribution FisherSnedecor"),
        (lambda: D.Kumaraswamy(1.0, 0.0), "parameter concentration0 .* of distribution Kumaraswamy"),
        (lambda: D.VonMises(0.0, 0.0), "parameter concentration .* of distribution VonMises"),
        (lambda: D.Weibull(1.0, 0.0), "parameter concentration .* of distribution Weibull"),
        (lambda: D.Weibull(0.0, 1.0), "parameter scale .* of distribution Weibull"),
        (lambda: D.Pareto(1.0, 0.0), "parameter alpha .* of distribution Pareto"),
        (lambda: D.Chi2(0.0), "parameter df .* of distribution Chi2"),
        (lambda: D.Binomial(2.5, 0.5), r"parameter total_count .* IntegerGreaterThan\(lower_bound=0\)"),
        (lambda: D.Binomial(2, 1.5), "parameter probs .* of distribution Binomial"),
        (lambda: D.Binomial(2), "Binomial: Either `probs` or `logits` must be specified, but not both"),
        (lambda: D.Geometric(0.0), "parameter probs .* to be positive"),
        (lambda: D.Geometric(1.5), "parameter probs .* of distribution Geometric"),
        (lambda: D.Geometric(), "Geometric: Either"),
        (lambda: D.NegativeBinomial(-1.0, 0.5), "parameter total_count .* GreaterThanEq"),
        (lambda: D.NegativeBinomial(1.0, 1.0), "parameter probs .* HalfOpenInterval"),
        (lambda: D.NegativeBinomial(1.0, 0.5, 0.5), "NegativeBinomial: Either"),
        (lambda: D.Multinomial(-1, tg.ones(2)), "total_count must be at least 0, not -1"),
        (lambda: D.Multinomial(1), "Multinomial: Either"),
        (lambda: D.Multinomial(1, tg.zeros(2)), r"Simplex\(\)"),
        (lambda: D.OneHotCategorical(), "OneHotCategorical: Either"),
        (lambda: D.OneHotCategorical(tg.tensor(0.5)), "`probs` parameter must be at least one-dimensional"),
        (lambda: D.Categorical(logits=tg.tensor([math.nan, 0.0])), "parameter logits .* IndependentConstraint"),
        (lambda: D.RelaxedBernoulli(0.0, 0.5), "temperature must be greater than 0, not 0.0"),
        (lambda: D.RelaxedBernoulli(1.0), "LogitRelaxedBernoulli: Either"),
        (lambda: D.RelaxedBernoulli(1.0, 1.5), "parameter probs .* LogitRelaxedBernoulli"),
        (lambda: D.RelaxedOneHotCategorical(-1.0, tg.ones(2)), "temperature must be greater than 0, not -1.0"),
        (lambda: D.RelaxedOneHotCategorical(1.0), "Categorical: Either"),
        (lambda: D.Normal("a", 1.0), r"numbers.Number.* not str: write tensor\('a'\)"),
        (lambda: D.Normal([1.0], 1.0), r"not list: write tensor\(\[1.0\]\)"),
        (lambda: D.MultivariateNormal(0.0, tg.ones(2, 2)), r"loc must be at least one-dimensional: .* not 0.0"),
        (lambda: D.MultivariateNormal(tg.zeros(2), tg.ones(2, 2)), r"covariance_matrix .* PositiveDefinite\(\)"),
        (lambda: D.MultivariateNormal(tg.zeros(2), tg.tensor([[1.0, 0.5], [0.0, 1.0]])), r"PositiveDefinite\(\)"),
        (lambda: D.MultivariateNormal(tg.zeros(2), scale_tril=tg.ones(2, 2)), r"scale_tril .* LowerCholesky\(\)"),
        (lambda: D.TransformedDistribution(D.Normal(0.0, 1.0), 3), "must be a Transform or a list .* was 3"),
        (lambda: D.TransformedDistribution(D.Normal(0.0, 1.0), [3]), r"must be a Transform or a list .* was \[3\]"),
        (
            lambda: D.TransformedDistribution(D.Normal(0.0, 1.0), D.AffineTransform(tg.zeros(2), 1.0, 1)),
            r"shape with size at least 1, but got \(\)",
        ),
        (lambda: D.ComposeTransform([3]), "parts must be Transforms, but found 3"),
        (lambda: D.ExpTransform(cache_size=2), "cache_size must be 0 or 1, not 2"),
        (lambda: D.Distribution.set_default_validate_args(3), "True or False, not 3"),
    ],
)
def test_bad_arguments_are_refused(make: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: D.Normal(0.0, 1.0).log_prob(math.nan), r"within the support \(Real\(\)\) of .* Normal\(loc: 0.0"),
        (lambda: D.Uniform(0.0, 1.0).log_prob(2.0), r"Interval\(lower_bound=0.0, upper_bound=1.0\)"),
        (lambda: D.Exponential(1.0).cdf(-1.0), "GreaterThanEq"),
        (lambda: D.Pareto(2.0, 1.0).log_prob(1.0), r"GreaterThanEq\(lower_bound=2.0\)"),
        (lambda: D.LogNormal(0.0, 1.0).log_prob(-1.0), "GreaterThan"),
        (lambda: D.Binomial(3, 0.5).log_prob(4.0), "IntegerInterval"),
        (lambda: D.Poisson(3.0).log_prob(math.inf), "IntegerGreaterThan"),
        (lambda: D.Bernoulli(0.5).log_prob(0.5), "Boolean"),
        (lambda: D.Multinomial(3, tg.ones(2)).log_prob(tg.tensor([1, 1])), r"Multinomial\(upper_bound=3\)"),
        (lambda: D.OneHotCategorical(tg.ones(2)).log_prob(tg.ones(2)), r"OneHot\(\)"),
        (lambda: D.Dirichlet(tg.ones(2)).log_prob(tg.ones(2)), r"Simplex\(\)"),
        (lambda: D.Normal(tg.zeros(2), 1.0).log_prob(tg.zeros(3)), r"not broadcastable .* \(3,\) vs \(2,\)"),
        (lambda: D.OneHotCategorical(tg.ones(2)).log_prob(tg.ones(3)), r"match event_shape: \(3,\) vs \(2,\)"),
        (lambda: D.Independent(D.Exponential(tg.ones(2)), 1).log_prob(-tg.ones(2)), "GreaterThanEq"),
        (
            lambda: D.kl_divergence(*(D.MultivariateNormal(tg.zeros(n), tg.eye(n)) for n in (2, 3))),
            r"different event shapes .* \(2,\) and \(3,\)",
        ),
    ],
)
def test_values_that_cannot_be_drawn_are_refused(make: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda: D.Multinomial(2.0, tg.ones(2)), NotImplementedError, "inhomogeneous total_count"),
        (lambda: D.Binomial(_t(1.0, 2.0), 0.5).entropy(), NotImplementedError, "Inhomogeneous total count"),
        (lambda: D.Cauchy(0.0, 1.0).enumerate_support(), NotImplementedError, "Cauchy has no enumerate_support"),
        (lambda: D.Geometric(0.5).rsample(), NotImplementedError, "Geometric has no rsample"),
        (lambda: D.AbsTransform().log_abs_det_jacobian(_t(1.0), _t(1.0)), NotImplementedError, "no log_abs_det"),
        (lambda: D.Transform()(_t(1.0)), NotImplementedError, "Transform has no _call"),
        (lambda: D.Transform().inv(_t(1.0)), NotImplementedError, "Transform has no inverse"),
        (
            lambda: D.kl_divergence(D.Binomial(1, 0.5), D.Binomial(2, 0.5)),
            NotImplementedError,
            r"q.total_count > p.total_count",
        ),
        (
            lambda: D.kl_divergence(*(D.Independent(D.Normal(tg.zeros(2, 2), 1.0), n) for n in (1, 2))),
            NotImplementedError,
            "Independents of 1 and 2 dimensions",
        ),
        (
            lambda: D.kl_divergence(
                D.LogNormal(0.0, 1.0), D.TransformedDistribution(D.Normal(0.0, 1.0), D.TanhTransform())
            ),
            NotImplementedError,
            r"same transforms, not \[ExpTransform\(\)\] and \[TanhTransform\(\)\]",
        ),
        (lambda: D.register_kl(int, D.Normal), TypeError, "Distribution subclasses but got <class 'int'>"),
        (lambda: D.register_kl(D.Normal, D.Normal(0.0, 1.0)), TypeError, "Distribution subclasses but got Normal"),
    ],
)
def test_what_is_not_there_says_so(make: Any, error: Any, said: str) -> None:
    with pytest.raises(error, match=said):
        make()


def test_checks_can_be_left_out() -> None:
    assert D.Normal(0.0, -1.0, validate_args=False).scale.item() == -1
    assert D.Uniform(0.0, 1.0, validate_args=False).expand((2,)).log_prob(2.0).tolist() == [-math.inf, -math.inf]
    assert D.HalfNormal(1.0, validate_args=False).log_prob(-1.0).item() == -math.inf
    try:
        D.Distribution.set_default_validate_args(False)
        assert D.Uniform(0.0, 1.0).log_prob(2.0).item() == -math.inf
        with pytest.raises(ValueError, match="Exponential"):
            D.Exponential(-1.0, validate_args=True)
    finally:
        D.Distribution.set_default_validate_args(True)


def test_divergences_are_infinite_where_p_has_draws_that_q_has_not() -> None:
    assert D.kl_divergence(D.Uniform(0.0, 2.0), D.Uniform(0.0, 1.0)).item() == math.inf
    assert D.kl_divergence(D.Uniform(-1.0, 2.0), D.Exponential(1.0)).item() == math.inf
    assert D.kl_divergence(D.Pareto(1.0, 2.0), D.Pareto(2.0, 2.0)).item() == math.inf
    never = D.Categorical(logits=tg.tensor([0.0, -math.inf]))
    assert D.kl_divergence(D.Categorical(tg.ones(2)), never).item() == math.inf
    assert D.kl_divergence(never, never).item() == 0


def test_divergences_of_the_families_closest_relatives() -> None:
    """A family of one's own uses the formula of the one that it is derived from."""

    class Standard(D.Normal):
        def __init__(self) -> None:
            super().__init__(0.0, 1.0)

    assert D.kl_divergence(Standard(), D.Normal(1.0, 1.0)).item() == 0.5
    assert D.Normal(tg.zeros(2), 1.0).perplexity()[0].item() == pytest.approx(math.sqrt(2 * math.pi * math.e))


def test_constraints_tell_for_each_event() -> None:
    x = tg.tensor([[0.5, 0.5], [1.0, 1.0]])
    assert constraints.simplex.check(x).tolist() == [True, False]
    assert constraints.real_vector.check(tg.tensor([[1.0, math.nan], [1.0, 2.0]])).tolist() == [False, True]
    assert constraints.independent(constraints.positive, 2).check(x).item() and constraints.real_vector.event_dim == 1
    assert constraints.positive_integer.check(tg.tensor([0.0, 1.0, 1.5])).tolist() == [False, True, False]
    assert constraints.less_than(1.0).check(x).tolist() == [[True, True], [False, False]]
    assert constraints.half_open_interval(0.5, 1.0).check(x).tolist() == [[True, True], [False, False]]
    assert constraints.boolean.is_discrete and not constraints.real.is_discrete
    assert "tensor([1., 2.])" in repr(constraints.greater_than(tg.tensor([1.0, 2.0])))


@pytest.mark.parametrize(
    ("make", "slope"),
    [
        (lambda a: D.Gamma(a, 2.0), [0.5, 0.5]),
        (lambda a: D.Chi2(a), [1.0, 1.0]),
        (lambda a: D.Beta(a, 1.0), [1 / 1.5**2, 1 / 4**2]),
        (lambda a: D.Dirichlet(tg.stack([a, tg.ones_like(a)], -1)), [1 / 1.5**2, 1 / 4**2]),
    ],
)
def test_gradients_of_gamma_draws_are_those_of_the_mean_on_average(make: Any, slope: Any) -> None:
    pytest.importorskip("scipy")
    a = _t(0.5, 3.0).requires_grad_()
    x = make(a).rsample((20_000,))
    (x[..., 0] if x.ndim == 3 else x).mean(0).sum().backward()
    assert a.grad is not None
    np.testing.assert_allclose(a.grad, slope, rtol=0.05)


def test_gradients_pass_once_through_gamma_draws() -> None:
    pytest.importorskip("scipy")
    df = _t(5.0).requires_grad_()
    x = D.StudentT(df).rsample((20_000,))
    (grad,) = tg.autograd.grad((x * x).mean(), df, create_graph=True)  # the variance is ν / (ν − 2)
    np.testing.assert_allclose(grad.item(), -2 / 9, rtol=0.3)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        grad.sum().backward()
    assert not D.Gamma(df, 1.0).sample().requires_grad


def test_probabilities_of_the_gamma_distribution_have_gradients() -> None:
    pytest.importorskip("scipy")
    a, x = _t(0.5, 3.0).requires_grad_(), _t(0.7, 2.0).requires_grad_()
    assert gradcheck(lambda a, x: D.Gamma(a, 1.5).cdf(x), (a, x))
    assert gradcheck(lambda a, x: D.Chi2(a).cdf(x), (a, x))


def test_draws_of_angles_come_around_their_mean() -> None:
    pytest.importorskip("scipy")
    d = D.VonMises(_t(3.0, -0.5), _t(1.0, 4.0))
    x = d.sample((20_000,))
    assert ((x >= -math.pi) & (x < math.pi)).all()
    middle = tg.atan2(x.sin().mean(0), x.cos().mean(0))
    np.testing.assert_allclose(middle, d.mean, atol=0.06)
    np.testing.assert_allclose(1 - (x - d.loc).cos().mean(0), d.variance, atol=0.03)


@pytest.mark.parametrize(
    ("make", "x"),
    [
        (lambda: D.Kumaraswamy(_t(2.0), 3.0), (0, 1)),
        (lambda: D.Weibull(_t(2.0), 3.0), (0, 5)),
        (lambda: D.FisherSnedecor(_t(5.0), 3.0), (0, 5)),
        (lambda: D.Beta(_t(2.0), 3.0), (0, 1)),
        (lambda: D.LogNormal(_t(0.2), 0.5), (0, 5)),
    ],
)
def test_modes_are_where_the_density_is_highest(make: Any, x: Any) -> None:
    pytest.importorskip("scipy")
    grid = tg.linspace(*x, 10_001, dtype=tg.float64)[1:-1]
    assert abs(grid[make().log_prob(grid).argmax()].item() - make().mode.item()) < 1e-3


def test_modes_where_the_density_has_none_inside() -> None:
    assert math.isnan(D.Kumaraswamy(1.0, 1.0).mode.item()) and math.isnan(D.Kumaraswamy(0.5, 2.0).mode.item())
    assert D.Weibull(1.0, 0.5).mode.item() == 0 and math.isnan(D.FisherSnedecor(2.0, 1.0).mode.item())
    assert D.Beta(0.3, 0.5).mode.item() == 0 and D.Beta(0.5, 0.3).mode.item() == 1


@pytest.mark.parametrize(
    "d",
    [
        D.LogNormal(_t(0.1, -0.5), 0.3),
        D.TransformedDistribution(D.Normal(_t(0.1, -0.5), 0.3), [D.AffineTransform(_t(0.0, 1.0), 2.0, event_dim=1)]),
        D.TransformedDistribution(D.Normal(_t(0.1, -0.5), 0.3), D.ComposeTransform([D.ExpTransform().inv.inv])),
        D.Independent(D.Uniform(_t(0.1, -0.5), 3.0), 1),
        D.MixtureSameFamily(D.Categorical(_t(0.1, 0.5)), D.Normal(_t(0.1, 0.5), 3.0)),
    ],
    ids=lambda d: type(d).__name__,
)
def test_distributions_can_be_pickled_and_copied(d: Any) -> None:
    value = d.sample()
    for other in (pickle.loads(pickle.dumps(d)), copy.deepcopy(d)):
        assert other.log_prob(value).equal(d.log_prob(value)) and repr(other) == repr(d)


def test_a_distribution_written_for_pytorch() -> None:
    class Shifted(D.Distribution):
        arg_constraints = {"loc": constraints.real, "rate": constraints.positive}  # noqa: RUF012
        support = constraints.nonnegative

        def __init__(self, loc: Any, validate_args: bool | None = None) -> None:
            self.loc = loc
            super().__init__(loc.size(), validate_args=validate_args)

        def sample(self, sample_shape: Any = ()) -> Any:
            return tg.zeros(self._extended_shape(sample_shape))

        def log_prob(self, value: Any) -> Any:
            if self._validate_args:
                self._validate_sample(value)
            return -value

    d = Shifted(tg.zeros(2))
    assert d.log_prob(d.sample((3,))).shape == (3, 2) and repr(d) == "Shifted(loc: Size([2]))"
    assert d.expand((4, 2)).batch_shape == (4, 2)
    with pytest.raises(ValueError, match="GreaterThanEq"):
        d.log_prob(-tg.ones(2))
    with pytest.raises(ValueError, match=r"parameter loc .* of distribution Shifted"):
        Shifted(tg.tensor([math.nan]))
