"""How far one distribution is from another: a table of formulas, by the two families. (Here both are of one.)"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from tinygrad_edu import functions, linalg
from tinygrad_edu.distributions.continuous import (
    EULER,
    Cauchy,
    Exponential,
    Gumbel,
    Laplace,
    Normal,
    Uniform,
)
from tinygrad_edu.distributions.counts import Binomial, Geometric, Poisson
from tinygrad_edu.distributions.discrete import Bernoulli, Categorical, OneHotCategorical, cross_entropy
from tinygrad_edu.distributions.distribution import Distribution, Independent
from tinygrad_edu.distributions.multivariate import MultivariateNormal
from tinygrad_edu.distributions.positive import HalfNormal, Pareto
from tinygrad_edu.distributions.shares import Beta, Dirichlet, Gamma
from tinygrad_edu.distributions.transformed import TransformedDistribution

__all__ = ["kl_divergence", "register_kl", "unless"]

Formula = Callable[[Any, Any], Any]
FORMULAS: dict[tuple[type, type], Formula] = {}


def register_kl(type_p: type, type_q: type) -> Callable[[Formula], Formula]:
    """A decorator: the function computes KL(p ‖ q) for these families (and those derived from them).

    >>> from tinygrad_edu.distributions import Exponential, HalfNormal, kl_divergence, register_kl
    >>> @register_kl(HalfNormal, Exponential)
    ... def _half_normal_exponential(p, q):
    ...     return q.rate * p.mean - q.rate.log() - p.entropy()
    >>> kl_divergence(HalfNormal(1.0), Exponential(1.0))
    tensor(0.0721)
    """
    for family in (type_p, type_q):
        if not (isinstance(family, type) and issubclass(family, Distribution)):
            raise TypeError(f"Expected type_p and type_q to be Distribution subclasses but got {family!r}")

    def enter(formula: Formula) -> Formula:
        FORMULAS[type_p, type_q] = formula
        return formula

    return enter


def kl_divergence(p: Distribution, q: Distribution) -> Any:
    """KL(p ‖ q), the expected log p(x) − log q(x) under p. Raises NotImplementedError for pairs without a formula.

    >>> from tinygrad_edu.distributions import Normal, kl_divergence
    >>> kl_divergence(Normal(0.0, 1.0), Normal(1.0, 1.0))
    tensor(0.5000)
    """
    for family_p in type(p).__mro__:
        for family_q in type(q).__mro__:
            if (family_p, family_q) in FORMULAS:
                return FORMULAS[family_p, family_q](p, q)
    raise NotImplementedError(
        f"No KL(p || q) is implemented for p type {type(p).__name__} and q type {type(q).__name__}"
    )


def unless(bad: Any, value: Any) -> Any:
    """`value`, and ∞ where p has draws that q has not."""
    return functions.where(bad, math.inf, value)


@register_kl(Normal, Normal)
def _normal(p: Normal, q: Normal) -> Any:
    ratio = (p.scale / q.scale) ** 2
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale) ** 2 - 1 - functions.log(ratio))


@register_kl(MultivariateNormal, MultivariateNormal)
def _multivariate_normal(p: MultivariateNormal, q: MultivariateNormal) -> Any:
    """½ (tr Σq⁻¹Σp + |Lq⁻¹(μp − μq)|² − n) + log |Lq| − log |Lp|."""
    if p.event_shape != q.event_shape:
        raise ValueError(
            f"KL-divergence between two Multivariate Normals with different event shapes cannot be computed: "
            f"{tuple(p.event_shape)} and {tuple(q.event_shape)}"
        )
    batch, n = functions.broadcast_shapes(p.batch_shape, q.batch_shape), p.event_shape[0]
    factors = (q.scale_tril.expand(*batch, n, n), p.scale_tril.expand(*batch, n, n))
    trace = (linalg.solve_triangular(*factors, upper=False) ** 2).sum((-2, -1))
    return (trace + q._distance(p.loc) - n) / 2 + q._log_scale() - p._log_scale()


@register_kl(Laplace, Laplace)
def _laplace(p: Laplace, q: Laplace) -> Any:
    ratio, apart = p.scale / q.scale, functions.abs(p.loc - q.loc)
    return ratio * functions.exp(-apart / p.scale) + apart / q.scale - functions.log(ratio) - 1


@register_kl(Gumbel, Gumbel)
def _gumbel(p: Gumbel, q: Gumbel) -> Any:
    ratio, apart = p.scale / q.scale, (p.loc - q.loc) / q.scale
    spread = functions.exp(functions.lgamma(1 + ratio) - apart)
    return ratio * EULER + spread + apart - functions.log(ratio) - (1 + EULER)


@register_kl(Cauchy, Cauchy)
def _cauchy(p: Cauchy, q: Cauchy) -> Any:
    """Source: Chyzak and Nielsen (2019)."""
    return functions.log(((p.scale + q.scale) ** 2 + (p.loc - q.loc) ** 2) / (4 * p.scale * q.scale))


@register_kl(Uniform, Uniform)
def _uniform(p: Uniform, q: Uniform) -> Any:
    return unless((p.low < q.low) | (p.high > q.high), functions.log((q.high - q.low) / (p.high - p.low)))


@register_kl(Exponential, Exponential)
def _exponential(p: Exponential, q: Exponential) -> Any:
    ratio = q.rate / p.rate
    return ratio - functions.log(ratio) - 1


@register_kl(HalfNormal, HalfNormal)
def _half_normal(p: HalfNormal, q: HalfNormal) -> Any:
    ratio = (p.scale / q.scale) ** 2
    return 0.5 * (ratio - 1 - functions.log(ratio))


@register_kl(Pareto, Pareto)
def _pareto(p: Pareto, q: Pareto) -> Any:
    ratio = q.alpha / p.alpha
    value = q.alpha * functions.log(p.scale / q.scale) - functions.log(ratio) + ratio - 1
    return unless(p.scale < q.scale, value)


@register_kl(Gamma, Gamma)
def _gamma(p: Gamma, q: Gamma) -> Any:
    a, b, c, d = p.concentration, p.rate, q.concentration, q.rate
    orders = functions.lgamma(c) - functions.lgamma(a) + (a - c) * functions.digamma(a)
    return c * functions.log(b / d) + orders + (d - b) * (a / b)


@register_kl(Dirichlet, Dirichlet)
def _dirichlet(p: Dirichlet, q: Dirichlet) -> Any:
    a, b = p.concentration, q.concentration
    total = a.sum(-1, keepdim=True)
    orders = functions.lgamma(b) - functions.lgamma(a) + (a - b) * (functions.digamma(a) - functions.digamma(total))
    return orders.sum(-1) + functions.lgamma(total.squeeze(-1)) - functions.lgamma(b.sum(-1))


@register_kl(Beta, Beta)
def _beta(p: Beta, q: Beta) -> Any:
    return _dirichlet(p._both, q._both)


@register_kl(Bernoulli, Bernoulli)
def _bernoulli(p: Bernoulli, q: Bernoulli) -> Any:
    return _of_chances(p, q)


def _of_chances(p: Any, q: Any) -> Any:
    """Of one attempt with two outcomes."""
    return cross_entropy(p.probs, q.logits) - cross_entropy(p.probs, p.logits)


@register_kl(Categorical, Categorical)
def _categorical(p: Categorical, q: Categorical) -> Any:
    never, not_here = p.probs == 0, q.probs == 0  # their logits may be −∞, and 0 · ∞ is no number
    apart = functions.where(never, 0.0, p.logits) - functions.where(never | not_here, 0.0, q.logits)
    return unless(not_here & ~never, p.probs * apart).sum(-1)


@register_kl(OneHotCategorical, OneHotCategorical)
def _one_hot(p: OneHotCategorical, q: OneHotCategorical) -> Any:
    return _categorical(p._classes, q._classes)


@register_kl(Binomial, Binomial)
def _binomial(p: Binomial, q: Binomial) -> Any:
    if (p.total_count < q.total_count).any():
        raise NotImplementedError("KL between Binomials where q.total_count > p.total_count is not implemented")
    return unless(p.total_count > q.total_count, p.total_count * _of_chances(p, q))


@register_kl(Geometric, Geometric)
def _geometric(p: Geometric, q: Geometric) -> Any:
    return -p.entropy() - q._log_prob(p.mean)


@register_kl(Poisson, Poisson)
def _poisson(p: Poisson, q: Poisson) -> Any:
    return functions.xlogy(p.rate, p.rate / q.rate) - (p.rate - q.rate)


@register_kl(Independent, Independent)
def _independent(p: Independent, q: Independent) -> Any:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError(
            f"KL between Independents of {p.reinterpreted_batch_ndims} and {q.reinterpreted_batch_ndims} dimensions"
        )
    return p._total(kl_divergence(p.base_dist, q.base_dist))


@register_kl(TransformedDistribution, TransformedDistribution)
def _transformed(p: TransformedDistribution, q: TransformedDistribution) -> Any:
    """What is done to both alike keeps them as far apart."""
    if p.transforms != q.transforms or p.event_shape != q.event_shape:
        raise NotImplementedError(
            f"KL between TransformedDistributions needs the same transforms, not {p.transforms} and {q.transforms}"
        )
    return kl_divergence(p.base_dist, q.base_dist)
