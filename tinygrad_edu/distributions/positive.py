"""Distributions of positive numbers whose draws are functions of the parameters: halves, Weibull's, Pareto's."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from tinygrad_edu import functions
from tinygrad_edu.distributions import constraints
from tinygrad_edu.distributions.continuous import EULER, Cauchy, LocationScale, Normal, noise
from tinygrad_edu.distributions.distribution import Distribution, broadcast
from tinygrad_edu.size import Size

__all__ = ["HalfCauchy", "HalfNormal", "Pareto", "Weibull"]


class _Half(Distribution):
    """|x| where x has a distribution that is symmetric about 0: on its half the density is twice as high."""

    parameters = ("scale",)
    arg_constraints: ClassVar = {"scale": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    _family: type[LocationScale]

    def __init__(self, scale: Any, validate_args: bool | None = None) -> None:
        (self.scale,) = broadcast(scale)
        super().__init__(self.scale.shape, (), validate_args)
        self._whole = self._family(0.0, self.scale, validate_args=False)

    def _draw(self, sample_shape: Size) -> Any:
        return functions.abs(self._whole._draw(sample_shape))

    def _log_prob(self, value: Any) -> Any:
        return functions.where(value >= 0, math.log(2) + self._whole._log_prob(value), -math.inf)

    def _cdf(self, value: Any) -> Any:
        return 2 * self._whole._cdf(value) - 1

    def icdf(self, value: Any) -> Any:
        return self._whole.icdf((value + 1) / 2)

    def entropy(self) -> Any:
        return self._whole.entropy() - math.log(2)

    @property
    def mode(self) -> Any:
        return functions.zeros_like(self.scale)


class HalfNormal(_Half):
    """The size of a normal number with mean 0 and standard deviation `scale`.

    >>> from tinygrad_edu.distributions import HalfNormal
    >>> HalfNormal(1.0).mean
    tensor(0.7979)
    """

    _family = Normal

    @property
    def mean(self) -> Any:
        return self.scale * math.sqrt(2 / math.pi)

    @property
    def variance(self) -> Any:
        return self.scale**2 * (1 - 2 / math.pi)


class HalfCauchy(_Half):
    """The size of a number that has a `Cauchy` distribution about 0.

    >>> from tinygrad_edu.distributions import HalfCauchy
    >>> HalfCauchy(1.0).cdf(1.0)
    tensor(0.5000)
    """

    _family = Cauchy

    @property
    def mean(self) -> Any:
        return functions.full_like(self.scale, math.inf)

    @property
    def variance(self) -> Any:
        return functions.full_like(self.scale, math.inf)


class Weibull(Distribution):
    """Lifetimes: log p(x) = log(k / λ) + (k − 1) log(x / λ) − (x / λ)ᵏ with `scale` λ and `concentration` k.

    k < 1 where things fail early, k = 1 where age does not matter, k > 1 where things wear out. (The moments need
    SciPy.)

    >>> from tinygrad_edu.distributions import Weibull
    >>> Weibull(2.0, 1.0).mean
    tensor(2.)
    """

    parameters = ("scale", "concentration")
    arg_constraints: ClassVar = {"scale": constraints.positive, "concentration": constraints.positive}
    support = constraints.positive
    has_rsample = True

    def __init__(self, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.scale, self.concentration = broadcast(scale, concentration)
        super().__init__(self.scale.shape, (), validate_args)

    def _draw(self, sample_shape: Size) -> Any:
        waiting = noise("exponential", self._extended_shape(sample_shape), self.scale)
        return self.scale * waiting ** (1 / self.concentration)

    def _log_prob(self, value: Any) -> Any:
        k, ratio = self.concentration, value / self.scale
        return functions.log(k / self.scale) + (k - 1) * functions.log(ratio) - ratio**k

    def _cdf(self, value: Any) -> Any:
        return -functions.expm1(-((value / self.scale) ** self.concentration))

    def icdf(self, value: Any) -> Any:
        return self.scale * (-functions.log1p(-value)) ** (1 / self.concentration)

    def entropy(self) -> Any:
        k = self.concentration
        return EULER * (1 - 1 / k) + functions.log(self.scale / k) + 1

    @property
    def mean(self) -> Any:
        return self.scale * functions.exp(functions.lgamma(1 + 1 / self.concentration))

    @property
    def mode(self) -> Any:
        """λ (1 − 1 / k)^(1 / k), and 0 for k up to 1."""
        above = self.concentration > 1
        k = functions.where(above, self.concentration, 2.0)
        return functions.where(above, self.scale * (1 - 1 / k) ** (1 / k), 0.0)

    @property
    def variance(self) -> Any:
        first, second = (functions.lgamma(1 + n / self.concentration) for n in (1, 2))
        return self.scale**2 * (functions.exp(second) - functions.exp(2 * first))


class Pareto(Distribution):
    """Incomes above `scale` m: log p(x) = log α + α log m − (α + 1) log x. A small `alpha` has a heavy tail.

    >>> from tinygrad_edu.distributions import Pareto
    >>> Pareto(1.0, 2.0).cdf(2.0)
    tensor(0.7500)
    """

    parameters = ("alpha", "scale")
    arg_constraints: ClassVar = {"scale": constraints.positive, "alpha": constraints.positive}
    has_rsample = True

    def __init__(self, scale: Any, alpha: Any, validate_args: bool | None = None) -> None:
        self.scale, self.alpha = broadcast(scale, alpha)
        super().__init__(self.scale.shape, (), validate_args)

    @property
    def support(self) -> constraints.Constraint:
        return constraints.greater_than_eq(self.scale)

    def _draw(self, sample_shape: Size) -> Any:
        waiting = noise("exponential", self._extended_shape(sample_shape), self.scale)
        return self.scale * functions.exp(waiting / self.alpha)

    def _log_prob(self, value: Any) -> Any:
        return functions.log(self.alpha / value) + self.alpha * functions.log(self.scale / value)

    def _cdf(self, value: Any) -> Any:
        return 1 - (self.scale / value) ** self.alpha

    def icdf(self, value: Any) -> Any:
        return self.scale * (1 - value) ** (-1 / self.alpha)

    def entropy(self) -> Any:
        return functions.log(self.scale / self.alpha) + 1 + 1 / self.alpha

    @property
    def mean(self) -> Any:
        """mα / (α − 1), and ∞ for α up to 1."""
        finite = self.alpha > 1
        a = functions.where(finite, self.alpha, 2.0)
        return functions.where(finite, self.scale * a / (a - 1), math.inf)

    @property
    def mode(self) -> Any:
        return self.scale

    @property
    def variance(self) -> Any:
        """m²α / (α − 1)²(α − 2), and ∞ for α up to 2."""
        finite = self.alpha > 2
        a = functions.where(finite, self.alpha, 3.0)
        return functions.where(finite, self.scale**2 * a / ((a - 1) ** 2 * (a - 2)), math.inf)
