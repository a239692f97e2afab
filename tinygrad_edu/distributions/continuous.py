"""Distributions of real numbers. Their draws are functions of the parameters and of noise that has none."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from tinygrad_edu import functions
from tinygrad_edu.distributions import constraints
from tinygrad_edu.distributions.distribution import Distribution, broadcast
from tinygrad_edu.size import Size

__all__ = ["Cauchy", "Exponential", "Gumbel", "Laplace", "LocationScale", "Normal", "Uniform", "noise"]

EULER = 0.5772156649015329  # lim Σ 1/k − log n


def noise(kind: str, shape: Size, like: Any) -> Any:
    """Numbers of the dtype of `like`: "uniform" in [0, 1), "normal", or "exponential" (all finite and above 0)."""
    dtype = like._array.dtype
    if kind == "exponential":
        return functions.empty(shape, dtype=dtype).exponential_()
    return (functions.rand if kind == "uniform" else functions.randn)(shape, dtype=dtype)


class LocationScale(Distribution):
    """μ + σ times noise: a shape that `loc` μ moves and `scale` σ > 0 stretches. A family says which noise."""

    parameters = ("loc", "scale")
    arg_constraints: ClassVar = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast(loc, scale)
        super().__init__(self.loc.shape, (), validate_args)

    def _standard(self, value: Any) -> Any:
        """z = (x − μ) / σ."""
        return (value - self.loc) / self.scale

    @property
    def mode(self) -> Any:
        return self.loc


class Normal(LocationScale):
    """The normal distribution with mean `loc` and standard deviation `scale`.

        log p(x) = −(x − μ)² / 2σ² − log σ − log √(2π)

    >>> from tinygrad_edu.distributions import Normal
    >>> Normal(0.0, 1.0)
    Normal(loc: 0.0, scale: 1.0)
    """

    def _draw(self, sample_shape: Size) -> Any:
        return self.loc + self.scale * noise("normal", self._extended_shape(sample_shape), self.loc)

    def _log_prob(self, value: Any) -> Any:
        z = self._standard(value)
        return -(z * z) / 2 - functions.log(self.scale) - math.log(math.sqrt(2 * math.pi))

    def entropy(self) -> Any:
        return functions.log(self.scale) + (0.5 + 0.5 * math.log(2 * math.pi))

    def _cdf(self, value: Any) -> Any:
        return 0.5 * (1 + functions.erf(self._standard(value) / math.sqrt(2)))

    def icdf(self, value: Any) -> Any:
        return self.loc + self.scale * functions.erfinv(2 * value - 1) * math.sqrt(2)

    @property
    def mean(self) -> Any:
        return self.loc

    @property
    def variance(self) -> Any:
        return self.scale**2


class Laplace(LocationScale):
    """Two exponential distributions back to back: log p(x) = −|x − μ| / b − log 2b.

    >>> from tinygrad_edu.distributions import Laplace
    >>> Laplace(0.0, 1.0).log_prob(0.0).exp()
    tensor(0.5000)
    """

    def _draw(self, sample_shape: Size) -> Any:
        shape = self._extended_shape(sample_shape)
        return self.loc + self.scale * (noise("exponential", shape, self.loc) - noise("exponential", shape, self.loc))

    def _log_prob(self, value: Any) -> Any:
        return -functions.abs(self._standard(value)) - functions.log(2 * self.scale)

    def entropy(self) -> Any:
        return 1 + functions.log(2 * self.scale)

    def _cdf(self, value: Any) -> Any:
        z = self._standard(value)
        return 0.5 - 0.5 * functions.sign(z) * functions.expm1(-functions.abs(z))

    def icdf(self, value: Any) -> Any:
        beyond = value - 0.5
        return self.loc - self.scale * functions.sign(beyond) * functions.log1p(-2 * functions.abs(beyond))

    @property
    def mean(self) -> Any:
        return self.loc

    @property
    def variance(self) -> Any:
        return 2 * self.scale**2


class Gumbel(LocationScale):
    """The largest of many draws: log p(x) = −z − e⁻ᶻ − log β, where z = (x − μ) / β.

    >>> from tinygrad_edu.distributions import Gumbel
    >>> Gumbel(0.0, 1.0).mean
    tensor(0.5772)
    """

    def _draw(self, sample_shape: Size) -> Any:
        return self.loc - self.scale * functions.log(noise("exponential", self._extended_shape(sample_shape), self.loc))

    def _log_prob(self, value: Any) -> Any:
        z = self._standard(value)
        return -z - functions.exp(-z) - functions.log(self.scale)

    def entropy(self) -> Any:
        return functions.log(self.scale) + (1 + EULER)

    def _cdf(self, value: Any) -> Any:
        return functions.exp(-functions.exp(-self._standard(value)))

    def icdf(self, value: Any) -> Any:
        return self.loc - self.scale * functions.log(-functions.log(value))

    @property
    def mean(self) -> Any:
        return self.loc + self.scale * EULER

    @property
    def variance(self) -> Any:
        return self.scale**2 * (math.pi**2 / 6)


class Cauchy(LocationScale):
    """Tails so heavy that there is no mean: log p(x) = −log πγ − log(1 + z²), where z = (x − μ) / γ.

    >>> from tinygrad_edu.distributions import Cauchy
    >>> Cauchy(0.0, 1.0).cdf(1.0), Cauchy(0.0, 1.0).mean
    (tensor(0.7500), tensor(nan))
    """

    def _draw(self, sample_shape: Size) -> Any:
        return self.icdf(noise("uniform", self._extended_shape(sample_shape), self.loc))

    def _log_prob(self, value: Any) -> Any:
        z = self._standard(value)
        return -math.log(math.pi) - functions.log(self.scale) - functions.log1p(z * z)

    def entropy(self) -> Any:
        return math.log(4 * math.pi) + functions.log(self.scale)

    def _cdf(self, value: Any) -> Any:
        return functions.atan(self._standard(value)) / math.pi + 0.5

    def icdf(self, value: Any) -> Any:
        return self.loc + self.scale * functions.tan(math.pi * (value - 0.5))

    @property
    def mean(self) -> Any:
        return functions.full_like(self.loc, math.nan)

    @property
    def variance(self) -> Any:
        return functions.full_like(self.loc, math.inf)


class Uniform(Distribution):
    """All numbers from `low` to `high` alike.

    >>> from tinygrad_edu.distributions import Uniform
    >>> Uniform(0.0, 4.0).cdf(1.0)
    tensor(0.2500)
    """

    parameters = ("low", "high")
    arg_constraints: ClassVar = {"low": constraints.real, "high": constraints.real}
    has_rsample = True

    def __init__(self, low: Any, high: Any, validate_args: bool | None = None) -> None:
        self.low, self.high = broadcast(low, high)
        super().__init__(self.low.shape, (), validate_args)
        if self._validate_args and not (self.low < self.high).all():
            raise ValueError(f"Uniform is not defined when low >= high: low={low!r}, high={high!r}")

    @property
    def support(self) -> constraints.Constraint:
        return constraints.interval(self.low, self.high)

    def _draw(self, sample_shape: Size) -> Any:
        return self.icdf(noise("uniform", self._extended_shape(sample_shape), self.low))

    def _log_prob(self, value: Any) -> Any:
        inside = (value >= self.low) & (value < self.high)
        return functions.where(inside, -functions.log(self.high - self.low), -math.inf)

    def entropy(self) -> Any:
        return functions.log(self.high - self.low)

    def _cdf(self, value: Any) -> Any:
        return functions.clamp((value - self.low) / (self.high - self.low), 0, 1)

    def icdf(self, value: Any) -> Any:
        return self.low + value * (self.high - self.low)

    @property
    def mean(self) -> Any:
        return (self.low + self.high) / 2

    @property
    def mode(self) -> Any:
        """NaN: no value is more probable than the others."""
        return functions.full_like(self.low, math.nan)

    @property
    def variance(self) -> Any:
        return (self.high - self.low) ** 2 / 12


class Exponential(Distribution):
    """Waiting times between events that come at `rate`: log p(x) = log λ − λx for x ≥ 0.

    >>> from tinygrad_edu.distributions import Exponential
    >>> Exponential(2.0).mean
    tensor(0.5000)
    """

    parameters = ("rate",)
    arg_constraints: ClassVar = {"rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        (self.rate,) = broadcast(rate)
        super().__init__(self.rate.shape, (), validate_args)

    def _draw(self, sample_shape: Size) -> Any:
        return noise("exponential", self._extended_shape(sample_shape), self.rate) / self.rate

    def _log_prob(self, value: Any) -> Any:
        return functions.log(self.rate) - self.rate * value

    def entropy(self) -> Any:
        return 1 - functions.log(self.rate)

    def _cdf(self, value: Any) -> Any:
        return -functions.expm1(-self.rate * value)

    def icdf(self, value: Any) -> Any:
        return -functions.log1p(-value) / self.rate

    @property
    def mean(self) -> Any:
        return 1 / self.rate

    @property
    def mode(self) -> Any:
        return functions.zeros_like(self.rate)

    @property
    def variance(self) -> Any:
        return self.rate**-2
