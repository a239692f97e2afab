"""How far a distribution is from one of another family: KL(p ‖ q) = −H(p) − E log q, the expectation under p."""

from __future__ import annotations

import math
from typing import Any

from tinygrad_edu import functions
from tinygrad_edu.distributions.continuous import EULER, Exponential, Gumbel, Laplace, Normal, Uniform
from tinygrad_edu.distributions.counts import Binomial, Poisson
from tinygrad_edu.distributions.discrete import Bernoulli
from tinygrad_edu.distributions.distribution import Distribution
from tinygrad_edu.distributions.divergence import register_kl, unless
from tinygrad_edu.distributions.positive import Pareto
from tinygrad_edu.distributions.shares import Beta, Gamma

__all__: list[str] = []

# -- p has draws that q has not ---------------------------------------------------------------------------------

IMPOSSIBLE: dict[type[Distribution], tuple[type[Distribution], ...]] = {
    Beta: (Pareto,),
    Exponential: (Beta, Pareto, Uniform),
    Gamma: (Beta, Pareto, Uniform),
    Gumbel: (Beta, Exponential, Gamma, Pareto, Uniform),
    Laplace: (Beta, Exponential, Gamma, Pareto, Uniform),
    Normal: (Beta, Exponential, Gamma, Pareto, Uniform),
    Pareto: (Beta, Uniform),
    Poisson: (Bernoulli, Binomial),
}


def _infinite(p: Distribution, q: Distribution) -> Any:
    shape = functions.broadcast_shapes(p.batch_shape, q.batch_shape)
    return functions.full(shape, math.inf, dtype=p._draws_dtype())


for _p, _all in IMPOSSIBLE.items():
    for _q in _all:
        register_kl(_p, _q)(_infinite)


# -- expectations under p ---------------------------------------------------------------------------------------


def _mean_log_between(low: Any, high: Any) -> Any:
    """E log x of numbers from low ≥ 0 to high, all alike."""
    return (functions.xlogy(high, high) - functions.xlogy(low, low)) / (high - low) - 1


def _mean_log(p: Any) -> Any:
    """E log x."""
    if isinstance(p, Beta):
        return functions.digamma(p.concentration1) - functions.digamma(p.concentration1 + p.concentration0)
    if isinstance(p, Exponential):
        return -functions.log(p.rate) - EULER
    if isinstance(p, Pareto):
        return functions.log(p.scale) + 1 / p.alpha
    return _mean_log_between(functions.clamp(p.low, min=0), functions.clamp(p.high, min=0))  # Uniform


def _mean_exp(p: Any, t: Any) -> Any:
    """E e^(−tx)."""
    if isinstance(p, Exponential):
        return p.rate / (p.rate + t)
    if isinstance(p, Gamma):
        return (p.rate / (p.rate + t)) ** p.concentration
    if isinstance(p, Normal):
        return functions.exp((t * p.scale) ** 2 / 2 - t * p.loc)
    return (functions.exp(-t * p.low) - functions.exp(-t * p.high)) / (t * (p.high - p.low))  # Uniform


# -- to q, for every p whose expectations are known -------------------------------------------------------------


@register_kl(Beta, Normal)
@register_kl(Exponential, Normal)
@register_kl(Gamma, Normal)
@register_kl(Gumbel, Normal)
@register_kl(Laplace, Normal)
@register_kl(Pareto, Normal)
@register_kl(Uniform, Normal)
def _to_normal(p: Any, q: Normal) -> Any:
    """E (x − μ)² is p's variance and the square of the distance between the means."""
    squares = (p.variance + (p.mean - q.loc) ** 2) / q.scale**2
    return squares / 2 + functions.log(q.scale) + 0.5 * math.log(2 * math.pi) - p.entropy()


@register_kl(Beta, Exponential)
@register_kl(Gamma, Exponential)
@register_kl(Pareto, Exponential)
def _to_exponential(p: Any, q: Exponential) -> Any:
    return q.rate * p.mean - functions.log(q.rate) - p.entropy()


@register_kl(Uniform, Exponential)
def _uniform_to_exponential(p: Uniform, q: Exponential) -> Any:
    return unless(p.low < 0, _to_exponential(p, q))


@register_kl(Beta, Gamma)
@register_kl(Exponential, Gamma)
@register_kl(Pareto, Gamma)
def _to_gamma(p: Any, q: Gamma) -> Any:
    a, b = q.concentration, q.rate
    return functions.lgamma(a) - a * functions.log(b) - (a - 1) * _mean_log(p) + b * p.mean - p.entropy()


@register_kl(Uniform, Gamma)
def _uniform_to_gamma(p: Uniform, q: Gamma) -> Any:
    return unless(p.low < 0, _to_gamma(p, q))


@register_kl(Exponential, Gumbel)
@register_kl(Gamma, Gumbel)
@register_kl(Normal, Gumbel)
@register_kl(Uniform, Gumbel)
def _to_gumbel(p: Any, q: Gumbel) -> Any:
    """E z + E e⁻ᶻ + log β, where z = (x − μ) / β."""
    largest = functions.exp(q.loc / q.scale) * _mean_exp(p, 1 / q.scale)
    return (p.mean - q.loc) / q.scale + largest + functions.log(q.scale) - p.entropy()


@register_kl(Normal, Laplace)
def _normal_to_laplace(p: Normal, q: Laplace) -> Any:
    """E |x − μ| = σ √(2/π) e^(−z²/2) + (μp − μ) erf(z/√2), where z = (μp − μ) / σ."""
    apart = p.loc - q.loc
    z = apart / p.scale
    bell = p.scale * math.sqrt(2 / math.pi) * functions.exp(-z * z / 2)
    return (bell + apart * functions.erf(z / math.sqrt(2))) / q.scale + functions.log(2 * q.scale) - p.entropy()


@register_kl(Beta, Uniform)
def _beta_to_uniform(p: Beta, q: Uniform) -> Any:
    return unless((q.low > 0) | (q.high < 1), functions.log(q.high - q.low) - p.entropy())


@register_kl(Uniform, Beta)
def _uniform_to_beta(p: Uniform, q: Beta) -> Any:
    a, b = q.concentration1, q.concentration0
    low, high = functions.clamp(p.low, 0, 1), functions.clamp(p.high, 0, 1)
    bad = (p.low < 0) | (p.high > 1)
    low, high = functions.where(bad, 0.0, low), functions.where(bad, 1.0, high)
    logs = (a - 1) * _mean_log_between(low, high) + (b - 1) * _mean_log_between(1 - high, 1 - low)
    orders = functions.lgamma(a) + functions.lgamma(b) - functions.lgamma(a + b)
    return unless(bad, orders - logs - p.entropy())


@register_kl(Uniform, Pareto)
def _uniform_to_pareto(p: Uniform, q: Pareto) -> Any:
    spread = (q.alpha + 1) * _mean_log(p) - functions.log(q.alpha) - q.alpha * functions.log(q.scale)
    return unless(p.low < q.scale, spread - p.entropy())


@register_kl(Bernoulli, Poisson)
def _bernoulli_to_poisson(p: Bernoulli, q: Poisson) -> Any:
    return q.rate - p.probs * functions.log(q.rate) - p.entropy()
