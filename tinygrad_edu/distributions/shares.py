"""The gamma distribution and what is made of its draws: sums of squares, and shares of a whole."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from tinygrad_edu import functions
from tinygrad_edu.distributions import constraints
from tinygrad_edu.distributions.continuous import EULER, noise
from tinygrad_edu.distributions.distribution import Distribution, broadcast
from tinygrad_edu.distributions.gammas import gammas, probability
from tinygrad_edu.functions.data import as_tensor
from tinygrad_edu.functions.indexing import one_hot
from tinygrad_edu.size import Size
from tinygrad_edu.tensor import Tensor

__all__ = ["Beta", "Chi2", "Dirichlet", "Gamma", "Kumaraswamy"]


class Gamma(Distribution):
    """log p(x) = α log β + (α − 1) log x − βx − log Γ(α): `concentration` α and `rate` β. (Needs SciPy.)

    >>> from tinygrad_edu.distributions import Gamma
    >>> Gamma(3.0, 2.0).mean, Gamma(3.0, 2.0).mode
    (tensor(1.5000), tensor(1.))
    """

    parameters: tuple[str, ...] = ("concentration", "rate")
    arg_constraints: ClassVar = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        self.concentration, self.rate = broadcast(concentration, rate)
        super().__init__(self.rate.shape, (), validate_args)

    def _draw(self, sample_shape: Size) -> Any:
        return gammas(sample_shape, self.concentration) / self.rate

    def _log_prob(self, value: Any) -> Any:
        a, b = self.concentration, self.rate
        return functions.xlogy(a, b) + functions.xlogy(a - 1, value) - b * value - functions.lgamma(a)

    def _cdf(self, value: Any) -> Any:
        return probability(self.concentration, value * self.rate)

    def entropy(self) -> Any:
        a = self.concentration
        return a - functions.log(self.rate) + functions.lgamma(a) + (1 - a) * functions.digamma(a)

    @property
    def mean(self) -> Any:
        return self.concentration / self.rate

    @property
    def mode(self) -> Any:
        return functions.clamp((self.concentration - 1) / self.rate, min=0)

    @property
    def variance(self) -> Any:
        return self.concentration / self.rate**2


class Chi2(Gamma):
    """The sum of the squares of `df` normal numbers: the gamma distribution with α = df / 2, β = ½. (Needs SciPy.)

    >>> from tinygrad_edu.distributions import Chi2
    >>> Chi2(3.0).mean, Chi2(3.0).variance
    (tensor(3.), tensor(6.))
    """

    parameters = ("df",)
    arg_constraints: ClassVar = {"df": constraints.positive}

    def __init__(self, df: Any, validate_args: bool | None = None) -> None:
        (self.df,) = broadcast(df)
        Distribution.__init__(self, self.df.shape, (), validate_args)
        self.concentration, self.rate = self.df / 2, functions.full_like(self.df, 0.5)


class Dirichlet(Distribution):
    """Shares that add up to 1: log p(x) = Σ (αₖ − 1) log xₖ + log Γ(Σ αₖ) − Σ log Γ(αₖ). (Needs SciPy.)

    >>> from tinygrad_edu import tensor
    >>> from tinygrad_edu.distributions import Dirichlet
    >>> Dirichlet(tensor([1.0, 3.0])).mean
    tensor([0.2500, 0.7500])
    """

    parameters = ("concentration",)
    arg_constraints: ClassVar = {"concentration": constraints.independent(constraints.positive, 1)}
    support = constraints.simplex
    has_rsample = True

    def __init__(self, concentration: Any, validate_args: bool | None = None) -> None:
        self.concentration = concentration if isinstance(concentration, Tensor) else as_tensor(concentration)
        if self.concentration.ndim < 1:
            raise ValueError("`concentration` parameter must be at least one-dimensional.")
        shape = self.concentration.shape
        super().__init__(shape[:-1], shape[-1:], validate_args)

    def _draw(self, sample_shape: Size) -> Any:
        parts = gammas(sample_shape, self.concentration)
        return parts / parts.sum(-1, keepdim=True)

    def _log_prob(self, value: Any) -> Any:
        a = self.concentration
        return functions.xlogy(a - 1, value).sum(-1) + functions.lgamma(a.sum(-1)) - functions.lgamma(a).sum(-1)

    def entropy(self) -> Any:
        a, k = self.concentration, self.event_shape[0]
        total = a.sum(-1)
        spread = (k - total) * functions.digamma(total) + ((a - 1) * functions.digamma(a)).sum(-1)
        return functions.lgamma(a).sum(-1) - functions.lgamma(total) - spread

    @property
    def mean(self) -> Any:
        return self.concentration / self.concentration.sum(-1, keepdim=True)

    @property
    def mode(self) -> Any:
        """The shares of α − 1 (of at least 0); where every α is below 1, all for the largest."""
        a = self.concentration
        above = functions.clamp(a - 1, min=0)
        total = above.sum(-1, keepdim=True)
        corner = one_hot(functions.argmax(a, -1), a.shape[-1]).to(a._array.dtype)
        shares = functions.where(total > 0, above, math.nan) / functions.where(total > 0, total, 1.0)
        return functions.where((a < 1).all(-1, keepdim=True), corner, shares)

    @property
    def variance(self) -> Any:
        total = self.concentration.sum(-1, keepdim=True)
        return self.concentration * (total - self.concentration) / (total**2 * (total + 1))


class Beta(Distribution):
    """A share: log p(x) = (α − 1) log x + (β − 1) log(1 − x) − log B(α, β). (Needs SciPy.)

    `concentration1` is α, `concentration0` β.

    >>> from tinygrad_edu.distributions import Beta
    >>> Beta(2.0, 6.0).mean
    tensor(0.2500)
    """

    parameters = ("concentration1", "concentration0")
    arg_constraints: ClassVar = {"concentration1": constraints.positive, "concentration0": constraints.positive}
    support = constraints.unit_interval
    has_rsample = True

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool | None = None) -> None:
        self.concentration1, self.concentration0 = pair = broadcast(concentration1, concentration0)
        super().__init__(self.concentration1.shape, (), validate_args)
        self._both = Dirichlet(functions.stack(pair, -1), validate_args=False)

    def _draw(self, sample_shape: Size) -> Any:
        return self._both._draw(sample_shape)[..., 0]

    def _log_prob(self, value: Any) -> Any:
        return self._both._log_prob(functions.stack([value, 1 - value], -1))

    def entropy(self) -> Any:
        return self._both.entropy()

    @property
    def mean(self) -> Any:
        return self.concentration1 / (self.concentration1 + self.concentration0)

    @property
    def mode(self) -> Any:
        return self._both.mode[..., 0]

    @property
    def variance(self) -> Any:
        total = self.concentration1 + self.concentration0
        return self.concentration1 * self.concentration0 / (total**2 * (total + 1))


class Kumaraswamy(Distribution):
    """A share, like `Beta` but with a distribution function that is easy: F(x) = 1 − (1 − xᵃ)ᵇ.

    log p(x) = log ab + (a − 1) log x + (b − 1) log(1 − xᵃ), with `concentration1` a and `concentration0` b. (The
    moments need SciPy.)

    >>> from tinygrad_edu.distributions import Kumaraswamy
    >>> Kumaraswamy(2.0, 1.0).cdf(0.5)
    tensor(0.2500)
    """

    parameters = ("concentration1", "concentration0")
    arg_constraints: ClassVar = Beta.arg_constraints
    support = constraints.unit_interval
    has_rsample = True

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool | None = None) -> None:
        self.concentration1, self.concentration0 = broadcast(concentration1, concentration0)
        super().__init__(self.concentration1.shape, (), validate_args)

    def _draw(self, sample_shape: Size) -> Any:
        waiting = noise("exponential", self._extended_shape(sample_shape), self.concentration1)  # −log(1 − u)
        return (-functions.expm1(-waiting / self.concentration0)) ** (1 / self.concentration1)

    def _log_prob(self, value: Any) -> Any:
        a, b = self.concentration1, self.concentration0
        return functions.log(a * b) + functions.xlogy(a - 1, value) + functions.xlogy(b - 1, 1 - value**a)

    def _cdf(self, value: Any) -> Any:
        return 1 - (1 - value**self.concentration1) ** self.concentration0

    def icdf(self, value: Any) -> Any:
        return (1 - (1 - value) ** (1 / self.concentration0)) ** (1 / self.concentration1)

    def entropy(self) -> Any:
        a, b = self.concentration1, self.concentration0
        return 1 - 1 / b + (1 - 1 / a) * (functions.digamma(b + 1) + EULER) - functions.log(a * b)

    def _moment(self, n: int) -> Any:
        """E xⁿ = b B(1 + n / a, b)."""
        a, b = 1 + n / self.concentration1, self.concentration0
        return b * functions.exp(functions.lgamma(a) + functions.lgamma(b) - functions.lgamma(a + b))

    @property
    def mean(self) -> Any:
        return self._moment(1)

    @property
    def mode(self) -> Any:
        """((a − 1) / (ab − 1))^(1/a); NaN unless a and b are at least 1 and one of them above."""
        a, b = self.concentration1, self.concentration0
        inside = (a >= 1) & (b >= 1) & (a * b > 1)
        ratio = functions.where(inside, a - 1, math.nan) / functions.where(inside, a * b - 1, 1.0)
        return ratio ** (1 / a)

    @property
    def variance(self) -> Any:
        return self._moment(2) - self._moment(1) ** 2
