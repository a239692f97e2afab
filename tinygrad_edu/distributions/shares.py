"""Distributions of positive numbers and of shares. Their draws have no gradient here; their log-probabilities do.

(PyTorch's draws of these have one, through the inverse of the distribution function.)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_edu import functions
from tinygrad_edu.distributions.distribution import Distribution, check, parameters
from tinygrad_edu.functions.data import as_tensor
from tinygrad_edu.generator import generator
from tinygrad_edu.primitive import wrap
from tinygrad_edu.size import Size
from tinygrad_edu.tensor import Tensor

__all__ = ["Beta", "Dirichlet", "Gamma"]


def _gammas(shape: Size, concentration: Any) -> Any:
    """Draws of the gamma distribution with rate 1, in the parameter's dtype and above 0."""
    a = concentration._array
    drawn = generator(None).standard_gamma(np.broadcast_to(a, shape + a.shape)).astype(a.dtype)
    return wrap(np.asarray(np.maximum(drawn, np.finfo(a.dtype).tiny)))


class Gamma(Distribution):
    """log p(x) = α log β + (α − 1) log x − βx − log Γ(α): `concentration` α and `rate` β. (Needs SciPy.)"""

    parameters = ("concentration", "rate")

    def __init__(self, concentration: Any, rate: Any, validate_args: Any = None) -> None:
        self.concentration, self.rate = parameters("Gamma", concentration=concentration, rate=rate)
        check("Gamma", "concentration", self.concentration, self.concentration > 0, "greater than 0")
        check("Gamma", "rate", self.rate, self.rate > 0, "greater than 0")
        self.batch_shape = self.rate.shape

    def _draw(self, sample_shape: Size) -> Any:
        return _gammas(sample_shape, self.concentration) / self.rate

    def log_prob(self, value: Any) -> Any:
        a, b = self.concentration, self.rate
        return functions.xlogy(a, b) + functions.xlogy(a - 1, value) - b * value - functions.lgamma(a)

    def entropy(self) -> Any:
        a = self.concentration
        return a - functions.log(self.rate) + functions.lgamma(a) + (1 - a) * functions.digamma(a)

    @property
    def mean(self) -> Any:
        return self.concentration / self.rate

    @property
    def variance(self) -> Any:
        return self.concentration / self.rate**2


class Dirichlet(Distribution):
    """Shares that add up to 1: log p(x) = Σ (αₖ − 1) log xₖ + log Γ(Σ αₖ) − Σ log Γ(αₖ). (Needs SciPy.)"""

    parameters = ("concentration",)

    def __init__(self, concentration: Any, validate_args: Any = None) -> None:
        self.concentration = concentration if isinstance(concentration, Tensor) else as_tensor(concentration)
        if self.concentration.ndim < 1:
            raise ValueError("`concentration` parameter must be at least one-dimensional.")
        check("Dirichlet", "concentration", self.concentration, self.concentration > 0, "greater than 0")
        shape = self.concentration.shape
        self.batch_shape, self.event_shape = Size(shape[:-1]), Size(shape[-1:])

    def _draw(self, sample_shape: Size) -> Any:
        parts = _gammas(sample_shape, self.concentration)
        return parts / parts.sum(-1, keepdim=True)

    def log_prob(self, value: Any) -> Any:
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
    def variance(self) -> Any:
        total = self.concentration.sum(-1, keepdim=True)
        return self.concentration * (total - self.concentration) / (total**2 * (total + 1))


class Beta(Distribution):
    """A share: log p(x) = (α − 1) log x + (β − 1) log(1 − x) − log B(α, β). (Needs SciPy.)

    `concentration1` is α, `concentration0` β.
    """

    parameters = ("concentration1", "concentration0")

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: Any = None) -> None:
        pair = parameters("Beta", concentration1=concentration1, concentration0=concentration0)
        self._both = Dirichlet(functions.stack(pair, -1))
        self.concentration1, self.concentration0 = pair
        self.batch_shape = self.concentration1.shape

    def _draw(self, sample_shape: Size) -> Any:
        return self._both._draw(sample_shape)[..., 0]

    def log_prob(self, value: Any) -> Any:
        value = value if isinstance(value, Tensor) else as_tensor(value)
        return self._both.log_prob(functions.stack([value, 1 - value], -1))

    def entropy(self) -> Any:
        return self._both.entropy()

    @property
    def mean(self) -> Any:
        return self.concentration1 / (self.concentration1 + self.concentration0)

    @property
    def variance(self) -> Any:
        total = self.concentration1 + self.concentration0
        return self.concentration1 * self.concentration0 / (total**2 * (total + 1))
