"""Distributions of real numbers. Their draws are functions of the parameters and of noise that has none."""

from __future__ import annotations

import math
from typing import Any

from tinygrad_edu import functions, linalg
from tinygrad_edu.distributions.distribution import Distribution, check, parameters
from tinygrad_edu.size import Size

__all__ = ["Exponential", "Gumbel", "Laplace", "MultivariateNormal", "Normal", "Uniform"]


class Normal(Distribution):
    """The normal distribution with mean `loc` and standard deviation `scale`.

        log p(x) = −(x − μ)² / 2σ² − log σ − log √(2π)

    >>> from tinygrad_edu.distributions import Normal
    >>> Normal(0.0, 1.0)
    Normal(loc: 0.0, scale: 1.0)
    """

    parameters = ("loc", "scale")
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: Any = None) -> None:
        self.loc, self.scale = parameters("Normal", loc=loc, scale=scale)
        check("Normal", "scale", self.scale, self.scale > 0, "greater than 0")
        self.batch_shape = self.loc.shape

    def _draw(self, sample_shape: Size) -> Any:
        noise = functions.randn(sample_shape + self.loc.shape, dtype=self.loc._array.dtype)
        return self.loc + noise * self.scale

    def log_prob(self, value: Any) -> Any:
        z = (value - self.loc) / self.scale
        return -(z * z) / 2 - functions.log(self.scale) - math.log(math.sqrt(2 * math.pi))

    def entropy(self) -> Any:
        return functions.log(self.scale) + (0.5 + 0.5 * math.log(2 * math.pi))

    def cdf(self, value: Any) -> Any:
        """The probability of a draw below `value`."""
        return 0.5 * (1 + functions.erf((value - self.loc) / (self.scale * math.sqrt(2))))

    def icdf(self, value: Any) -> Any:
        """The number below which draws fall with probability `value`."""
        return self.loc + self.scale * functions.erfinv(2 * value - 1) * math.sqrt(2)

    @property
    def mean(self) -> Any:
        return self.loc

    mode = mean

    @property
    def variance(self) -> Any:
        return self.scale**2


class Uniform(Distribution):
    """All numbers from `low` to `high` alike."""

    parameters = ("low", "high")
    has_rsample = True

    def __init__(self, low: Any, high: Any, validate_args: Any = None) -> None:
        self.low, self.high = parameters("Uniform", low=low, high=high)
        check("Uniform", "low", self.low, self.low < self.high, "less than high")
        self.batch_shape = self.low.shape

    def _draw(self, sample_shape: Size) -> Any:
        noise = functions.rand(sample_shape + self.low.shape, dtype=self.low._array.dtype)
        return self.low + noise * (self.high - self.low)

    def log_prob(self, value: Any) -> Any:
        inside = (value >= self.low) & (value < self.high)
        return functions.log(inside.to(self.low._array.dtype)) - functions.log(self.high - self.low)

    def entropy(self) -> Any:
        return functions.log(self.high - self.low)

    @property
    def mean(self) -> Any:
        return (self.low + self.high) / 2

    @property
    def variance(self) -> Any:
        return (self.high - self.low) ** 2 / 12


class Exponential(Distribution):
    """Waiting times between events that come at `rate`: log p(x) = log λ − λx for x ≥ 0."""

    parameters = ("rate",)
    has_rsample = True

    def __init__(self, rate: Any, validate_args: Any = None) -> None:
        (self.rate,) = parameters("Exponential", rate=rate)
        check("Exponential", "rate", self.rate, self.rate > 0, "greater than 0")
        self.batch_shape = self.rate.shape

    def _draw(self, sample_shape: Size) -> Any:
        noise = functions.rand(sample_shape + self.rate.shape, dtype=self.rate._array.dtype)
        return -functions.log1p(-noise) / self.rate

    def log_prob(self, value: Any) -> Any:
        return functions.log(self.rate) - self.rate * value

    def entropy(self) -> Any:
        return 1 - functions.log(self.rate)

    @property
    def mean(self) -> Any:
        return 1 / self.rate

    @property
    def variance(self) -> Any:
        return self.rate**-2


class Laplace(Distribution):
    """Two exponential distributions back to back: log p(x) = −|x − μ| / b − log 2b."""

    parameters = ("loc", "scale")
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: Any = None) -> None:
        self.loc, self.scale = parameters("Laplace", loc=loc, scale=scale)
        check("Laplace", "scale", self.scale, self.scale > 0, "greater than 0")
        self.batch_shape = self.loc.shape

    def _draw(self, sample_shape: Size) -> Any:
        blank = functions.empty(sample_shape + self.loc.shape, dtype=self.loc._array.dtype)
        return self.loc + self.scale * (blank.exponential_() - blank.clone().exponential_())  # (and always finite)

    def log_prob(self, value: Any) -> Any:
        return -functions.abs(value - self.loc) / self.scale - functions.log(2 * self.scale)

    def entropy(self) -> Any:
        return 1 + functions.log(2 * self.scale)

    @property
    def mean(self) -> Any:
        return self.loc

    mode = mean

    @property
    def variance(self) -> Any:
        return 2 * self.scale**2


class Gumbel(Distribution):
    """The largest of many draws: log p(x) = −z − e⁻ᶻ − log β, where z = (x − μ) / β."""

    parameters = ("loc", "scale")
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: Any = None) -> None:
        self.loc, self.scale = parameters("Gumbel", loc=loc, scale=scale)
        check("Gumbel", "scale", self.scale, self.scale > 0, "greater than 0")
        self.batch_shape = self.loc.shape

    def _draw(self, sample_shape: Size) -> Any:
        waiting = functions.empty(sample_shape + self.loc.shape, dtype=self.loc._array.dtype).exponential_()
        return self.loc - self.scale * functions.log(waiting)

    def log_prob(self, value: Any) -> Any:
        z = (value - self.loc) / self.scale
        return -z - functions.exp(-z) - functions.log(self.scale)

    def entropy(self) -> Any:
        return functions.log(self.scale) + (1 + _EULER)

    @property
    def mean(self) -> Any:
        return self.loc + self.scale * _EULER

    @property
    def variance(self) -> Any:
        return self.scale**2 * (math.pi**2 / 6)


_EULER = 0.5772156649015329  # lim Σ 1/k − log n


class MultivariateNormal(Distribution):
    """Vectors with mean `loc` and a covariance Σ = L Lᵀ, given as `covariance_matrix` or as its factor `scale_tril`.

    log p(x) = −½ |L⁻¹(x − μ)|² − Σ log Lₖₖ − (n/2) log 2π
    """

    parameters = ("loc", "scale_tril")
    has_rsample = True

    def __init__(
        self, loc: Any, covariance_matrix: Any = None, precision_matrix: Any = None, scale_tril: Any = None,
        validate_args: Any = None,
    ) -> None:  # fmt: skip
        if (covariance_matrix is not None) + (precision_matrix is not None) + (scale_tril is not None) != 1:
            raise ValueError("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.")
        if precision_matrix is not None:
            covariance_matrix = linalg.inv(precision_matrix)
        self.loc = loc
        self.scale_tril = scale_tril if scale_tril is not None else linalg.cholesky(covariance_matrix)
        n = loc.shape[-1] if loc.ndim else 0
        if not n or self.scale_tril.shape[-2:] != (n, n):
            raise ValueError(
                f"MultivariateNormal: loc of shape {loc.shape} needs a matrix of shape ({n}, {n}), "
                f"not {self.scale_tril.shape}"
            )
        self.batch_shape, self.event_shape = (
            functions.broadcast_shapes(loc.shape[:-1], self.scale_tril.shape[:-2]),
            Size((n,)),
        )

    @property
    def covariance_matrix(self) -> Any:
        """Σ."""
        return self.scale_tril @ self.scale_tril.mT

    def _draw(self, sample_shape: Size) -> Any:
        noise = functions.randn(sample_shape + self.batch_shape + self.event_shape, dtype=self.loc._array.dtype)
        return self.loc + (self.scale_tril @ noise.unsqueeze(-1)).squeeze(-1)

    def _log_scale(self) -> Any:
        return functions.log(functions.diagonal(self.scale_tril, 0, -2, -1)).sum(-1)

    def log_prob(self, value: Any) -> Any:
        z = linalg.solve_triangular(self.scale_tril, (value - self.loc).unsqueeze(-1), upper=False).squeeze(-1)
        return -(z * z).sum(-1) / 2 - self._log_scale() - 0.5 * self.event_shape[0] * math.log(2 * math.pi)

    def entropy(self) -> Any:
        return self._log_scale() + 0.5 * self.event_shape[0] * (1 + math.log(2 * math.pi))

    @property
    def mean(self) -> Any:
        return self.loc

    @property
    def variance(self) -> Any:
        return (self.scale_tril**2).sum(-1)
