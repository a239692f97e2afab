"""Quotients of gamma draws: what remains when a spread is itself estimated."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from tinygrad_edu import functions
from tinygrad_edu.distributions import constraints
from tinygrad_edu.distributions.continuous import LocationScale, noise
from tinygrad_edu.distributions.distribution import Distribution, broadcast
from tinygrad_edu.distributions.gammas import gammas
from tinygrad_edu.size import Size

__all__ = ["FisherSnedecor", "InverseGamma", "StudentT"]


class StudentT(Distribution):
    """A normal number over the root of a chi-squared one: like `Normal`, with heavier tails for fewer `df` ν.

        log p(x) = log Γ((ν + 1) / 2) − log Γ(ν / 2) − ½ log πν − log σ − ((ν + 1) / 2) log(1 + z² / ν)

    where z = (x − μ) / σ. (Needs SciPy.)

    >>> from tinygrad_edu.distributions import StudentT
    >>> StudentT(4.0).variance
    tensor(2.)
    """

    parameters = ("df", "loc", "scale")
    arg_constraints: ClassVar = {"df": constraints.positive, **LocationScale.arg_constraints}
    support = constraints.real
    has_rsample = True

    def __init__(self, df: Any, loc: Any = 0.0, scale: Any = 1.0, validate_args: bool | None = None) -> None:
        self.df, self.loc, self.scale = broadcast(df, loc, scale)
        super().__init__(self.df.shape, (), validate_args)

    def _draw(self, sample_shape: Size) -> Any:
        squares = 2 * gammas(sample_shape, self.df / 2)
        z = noise("normal", self._extended_shape(sample_shape), self.loc) * functions.sqrt(self.df / squares)
        return self.loc + self.scale * z

    def _log_prob(self, value: Any) -> Any:
        half, z = self.df / 2, (value - self.loc) / self.scale
        orders = functions.lgamma(half + 0.5) - functions.lgamma(half) - functions.log(math.pi * self.df) / 2
        return orders - functions.log(self.scale) - (half + 0.5) * functions.log1p(z * z / self.df)

    def entropy(self) -> Any:
        half = self.df / 2
        orders = functions.lgamma(half) + math.log(math.pi) / 2 - functions.lgamma(half + 0.5)
        slopes = (half + 0.5) * (functions.digamma(half + 0.5) - functions.digamma(half))
        return functions.log(self.scale) + slopes + functions.log(self.df) / 2 + orders

    @property
    def mean(self) -> Any:
        """μ, and NaN for ν ≤ 1."""
        return functions.where(self.df > 1, self.loc, math.nan)

    @property
    def mode(self) -> Any:
        return self.loc

    @property
    def variance(self) -> Any:
        """σ² ν / (ν − 2); ∞ for ν from 1 to 2, NaN up to 1."""
        finite = self.df > 2
        spread = self.scale**2 * self.df / functions.where(finite, self.df - 2, 1.0)
        return functions.where(finite, spread, functions.where(self.df > 1, math.inf, math.nan))


class InverseGamma(Distribution):
    """1 / x where x has a gamma distribution: log p(y) = α log β − log Γ(α) − (α + 1) log y − β / y. (Needs SciPy.)

    >>> from tinygrad_edu.distributions import InverseGamma
    >>> InverseGamma(3.0, 4.0).mean
    tensor(2.)
    """

    parameters = ("concentration", "rate")
    arg_constraints: ClassVar = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.positive
    has_rsample = True

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        self.concentration, self.rate = broadcast(concentration, rate)
        super().__init__(self.rate.shape, (), validate_args)

    def _draw(self, sample_shape: Size) -> Any:
        return self.rate / gammas(sample_shape, self.concentration)

    def _log_prob(self, value: Any) -> Any:
        a, b = self.concentration, self.rate
        return a * functions.log(b) - functions.lgamma(a) - (a + 1) * functions.log(value) - b / value

    def entropy(self) -> Any:
        a = self.concentration
        return a + functions.log(self.rate) + functions.lgamma(a) - (1 + a) * functions.digamma(a)

    @property
    def mean(self) -> Any:
        """β / (α − 1), and ∞ for α up to 1."""
        finite = self.concentration > 1
        return functions.where(finite, self.rate / functions.where(finite, self.concentration - 1, 1.0), math.inf)

    @property
    def mode(self) -> Any:
        return self.rate / (self.concentration + 1)

    @property
    def variance(self) -> Any:
        """β² / (α − 1)² (α − 2), and ∞ for α up to 2."""
        finite = self.concentration > 2
        a = functions.where(finite, self.concentration, 3.0)
        return functions.where(finite, self.rate**2 / ((a - 1) ** 2 * (a - 2)), math.inf)


class FisherSnedecor(Distribution):
    """The F distribution: the quotient of two `Chi2` draws, each over its degrees of freedom. (Needs SciPy.)

    >>> from tinygrad_edu.distributions import FisherSnedecor
    >>> FisherSnedecor(2.0, 4.0).mean
    tensor(2.)
    """

    parameters = ("df1", "df2")
    arg_constraints: ClassVar = {"df1": constraints.positive, "df2": constraints.positive}
    support = constraints.positive
    has_rsample = True

    def __init__(self, df1: Any, df2: Any, validate_args: bool | None = None) -> None:
        self.df1, self.df2 = broadcast(df1, df2)
        super().__init__(self.df1.shape, (), validate_args)

    def _draw(self, sample_shape: Size) -> Any:
        above, below = gammas(sample_shape, self.df1 / 2), gammas(sample_shape, self.df2 / 2)
        return above / below * (self.df2 / self.df1)

    def _log_prob(self, value: Any) -> Any:
        """log x^(a−1) rᵃ (1 + r x)^−(a+b) / B(a, b), where a = d₁ / 2, b = d₂ / 2 and r = d₁ / d₂."""
        a, b, ratio = self.df1 / 2, self.df2 / 2, self.df1 / self.df2
        orders = functions.lgamma(a + b) - functions.lgamma(a) - functions.lgamma(b)
        powers = a * functions.log(ratio) + (a - 1) * functions.log(value)
        return orders + powers - (a + b) * functions.log1p(ratio * value)

    @property
    def mean(self) -> Any:
        """d₂ / (d₂ − 2), and NaN for d₂ up to 2."""
        d = functions.where(self.df2 > 2, self.df2, math.nan)
        return d / (d - 2)

    @property
    def mode(self) -> Any:
        """(d₁ − 2) d₂ / d₁ (d₂ + 2), and NaN for d₁ up to 2."""
        d = functions.where(self.df1 > 2, self.df1, math.nan)
        return (d - 2) / d * self.df2 / (self.df2 + 2)

    @property
    def variance(self) -> Any:
        """2 d₂² (d₁ + d₂ − 2) / d₁ (d₂ − 2)² (d₂ − 4), and NaN for d₂ up to 4."""
        d = functions.where(self.df2 > 4, self.df2, math.nan)
        return 2 * d**2 * (self.df1 + d - 2) / (self.df1 * (d - 2) ** 2 * (d - 4))
