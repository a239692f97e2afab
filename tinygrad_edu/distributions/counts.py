"""How many: successes, failures, events. Their draws have no gradient; their log-probabilities do.

Their log-probabilities contain factorials, which need SciPy (log Γ).
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from tinygrad_edu import functions
from tinygrad_edu.distributions import constraints
from tinygrad_edu.distributions.discrete import Categorical, chances, cross_entropy, one_of, softplus
from tinygrad_edu.distributions.distribution import Distribution, broadcast
from tinygrad_edu.functions.exponentials import xlog1py
from tinygrad_edu.generator import generator
from tinygrad_edu.primitive import wrap
from tinygrad_edu.size import Size

__all__ = ["Binomial", "Geometric", "Multinomial", "NegativeBinomial", "Poisson"]


def _of_dtype(array: Any, like: Any) -> Any:
    return wrap(np.asarray(array).astype(like._array.dtype))


class Binomial(Distribution):
    """How many of `total_count` n attempts succeed, each with probability `probs` (or by its `logits`). (Needs SciPy.)

        log p(k) = log n! − log k! − log (n − k)! + k log p + (n − k) log(1 − p)

    >>> from tinygrad_edu.distributions import Binomial
    >>> Binomial(2, 0.5).log_prob(1).exp()
    tensor(0.5000)
    """

    arg_constraints: ClassVar = {
        "total_count": constraints.nonnegative_integer,
        "probs": constraints.unit_interval,
        "logits": constraints.real,
    }
    has_enumerate_support = True

    def __init__(
        self, total_count: Any = 1, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        name = one_of("Binomial", probs, logits)
        self.parameters = ("total_count", name)
        given, self.total_count = broadcast(probs if logits is None else logits, total_count)
        self.total_count = self.total_count.to(given._array.dtype)
        self.probs, self.logits = chances(name, given)
        super().__init__(self.probs.shape, (), validate_args)

    @property
    def support(self) -> constraints.Constraint:
        return constraints.integer_interval(0, self.total_count)

    def _draw(self, sample_shape: Size) -> Any:
        n, p = self.total_count._array.astype(np.int64), self.probs._array
        return _of_dtype(generator().binomial(n, p, self._extended_shape(sample_shape)), self.probs)

    def _log_prob(self, value: Any) -> Any:
        n = self.total_count
        orders = functions.lgamma(n + 1) - functions.lgamma(value + 1) - functions.lgamma(n - value + 1)
        return orders + value * self.logits - n * softplus(self.logits)

    def entropy(self) -> Any:
        """−Σ p log p over all counts, for batches in which `total_count` is the same."""
        log_probs = self._log_prob(self.enumerate_support(expand=False))
        return -(functions.exp(log_probs) * log_probs).sum(0)

    def enumerate_support(self, expand: bool = True) -> Any:
        """0 … total_count, which must be the same for the whole batch (else NotImplementedError)."""
        n = int(self.total_count.max())
        if not (self.total_count == n).all():
            raise NotImplementedError(
                f"Inhomogeneous total count not supported by `enumerate_support`: {self.total_count.detach()}"
            )
        return self._enumerated(functions.arange(n + 1, dtype=self.probs._array.dtype), expand)

    @property
    def mean(self) -> Any:
        return self.total_count * self.probs

    @property
    def mode(self) -> Any:
        return functions.minimum(functions.floor((self.total_count + 1) * self.probs), self.total_count)

    @property
    def variance(self) -> Any:
        return self.total_count * self.probs * (1 - self.probs)


class Geometric(Distribution):
    """How many attempts fail before the first success: log p(k) = k log(1 − p) + log p.

    >>> from tinygrad_edu.distributions import Geometric
    >>> Geometric(0.25).mean, Geometric(0.25).log_prob(1).exp()
    (tensor(3.), tensor(0.1875))
    """

    arg_constraints: ClassVar = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.nonnegative_integer

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        name = one_of("Geometric", probs, logits)
        self.parameters = (name,)
        self.probs, self.logits = chances(name, *broadcast(probs if logits is None else logits))
        super().__init__(self.probs.shape, (), validate_args)
        if self._validate_args and name == "probs" and not (self.probs > 0).all():
            raise ValueError(
                f"Expected parameter probs (Tensor of shape {tuple(self.probs.shape)}) of distribution {self!r} to be "
                f"positive but found invalid values:\n{self.probs.detach()}"
            )

    def _draw(self, sample_shape: Size) -> Any:
        return _of_dtype(generator().geometric(self.probs._array, self._extended_shape(sample_shape)) - 1, self.probs)

    def _log_prob(self, value: Any) -> Any:
        return xlog1py(value, -self.probs) + functions.log(self.probs)

    def entropy(self) -> Any:
        return cross_entropy(self.probs, self.logits) / self.probs

    @property
    def mean(self) -> Any:
        return 1 / self.probs - 1

    @property
    def mode(self) -> Any:
        return functions.zeros_like(self.probs)

    @property
    def variance(self) -> Any:
        return (1 / self.probs - 1) / self.probs


class NegativeBinomial(Distribution):
    """How many attempts succeed before `total_count` r failures; `probs` is the chance of success. (Needs SciPy.)

        log p(k) = log Γ(r + k) − log k! − log Γ(r) + k log p + r log(1 − p)

    r need not be whole: a Poisson distribution whose rate has a gamma distribution.

    >>> from tinygrad_edu.distributions import NegativeBinomial
    >>> NegativeBinomial(3, 0.5).mean
    tensor(3.)
    """

    arg_constraints: ClassVar = {
        "total_count": constraints.nonnegative,
        "probs": constraints.half_open_interval(0.0, 1.0),
        "logits": constraints.real,
    }
    support = constraints.nonnegative_integer

    def __init__(
        self, total_count: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        name = one_of("NegativeBinomial", probs, logits)
        self.parameters = ("total_count", name)
        given, self.total_count = broadcast(probs if logits is None else logits, total_count)
        self.total_count = self.total_count.to(given._array.dtype)
        self.probs, self.logits = chances(name, given)
        super().__init__(self.probs.shape, (), validate_args)

    def _draw(self, sample_shape: Size) -> Any:
        rng, odds = generator(), np.exp(self.logits._array)
        rates = rng.standard_gamma(self.total_count._array, self._extended_shape(sample_shape)) * odds
        return _of_dtype(rng.poisson(rates), self.probs)

    def _log_prob(self, value: Any) -> Any:
        r = self.total_count
        never = (r + value) == 0  # log Γ(0) − log Γ(0), which stands for 0
        orders = functions.lgamma(functions.where(never, 1.0, r + value)) - functions.lgamma(value + 1)
        orders = orders - functions.lgamma(functions.where(never, 1.0, r))
        return orders - value * softplus(-self.logits) - r * softplus(self.logits)

    @property
    def mean(self) -> Any:
        return self.total_count * functions.exp(self.logits)

    @property
    def mode(self) -> Any:
        return functions.clamp(functions.floor((self.total_count - 1) * functions.exp(self.logits)), min=0)

    @property
    def variance(self) -> Any:
        return self.mean / functions.sigmoid(-self.logits)


class Multinomial(Distribution):
    """How often each of n classes comes in `total_count` draws; parameters as in `Categorical`. (Needs SciPy.)

    log p(k) = log N! − Σ log kᵢ! + Σ kᵢ log pᵢ

    >>> from tinygrad_edu import tensor
    >>> from tinygrad_edu.distributions import Multinomial
    >>> Multinomial(10, tensor([1.0, 3.0])).mean
    tensor([2.5000, 7.5000])
    """

    constants = ("total_count",)
    arg_constraints = Categorical.arg_constraints

    def __init__(
        self, total_count: int = 1, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        if not isinstance(total_count, int):
            raise NotImplementedError("inhomogeneous total_count is not supported: it must be one whole number")
        if total_count < 0:
            raise ValueError(f"Multinomial: total_count must be at least 0, not {total_count}")
        one_of("Multinomial", probs, logits)
        self.total_count, self._classes = total_count, Categorical(probs, logits, validate_args)
        self.parameters = self._classes.parameters
        self.probs, self.logits = self._classes.probs, self._classes.logits
        super().__init__(self._classes.batch_shape, self.probs.shape[-1:], validate_args)

    param_shape = Categorical.param_shape

    @property
    def support(self) -> constraints.Constraint:
        return constraints.multinomial(self.total_count)

    def _draw(self, sample_shape: Size) -> Any:
        p = self.probs._array.astype(np.float64)
        shape = tuple(sample_shape) + tuple(self.batch_shape)
        return _of_dtype(generator().multinomial(self.total_count, p / p.sum(-1, keepdims=True), shape), self.probs)

    def _log_prob(self, value: Any) -> Any:
        orders = functions.lgamma(value.sum(-1) + 1) - functions.lgamma(value + 1).sum(-1)
        return orders + functions.where(value == 0, 0.0, value * self.logits).sum(-1)

    def entropy(self) -> Any:
        """N H(p) − log N! + Σ E[log kᵢ!], where each kᵢ is binomial."""
        n = self.total_count
        counts = Binomial(n, self.probs, validate_args=False)
        k = counts.enumerate_support(expand=False)
        factorials = (functions.exp(counts._log_prob(k)) * functions.lgamma(k + 1)).sum((0, -1))
        return n * self._classes.entropy() - functions.lgamma(functions.full_like(factorials, n + 1)) + factorials

    @property
    def mean(self) -> Any:
        return self.probs * self.total_count

    @property
    def variance(self) -> Any:
        return self.total_count * self.probs * (1 - self.probs)


class Poisson(Distribution):
    """How many events happen where `rate` are expected: log p(k) = k log λ − λ − log k! (Needs SciPy.)

    >>> from tinygrad_edu.distributions import Poisson
    >>> Poisson(2.0).log_prob(0).exp()
    tensor(0.1353)
    """

    parameters = ("rate",)
    arg_constraints: ClassVar = {"rate": constraints.nonnegative}
    support = constraints.nonnegative_integer

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        (self.rate,) = broadcast(rate)
        super().__init__(self.rate.shape, (), validate_args)

    def _draw(self, sample_shape: Size) -> Any:
        return functions.poisson(self.rate.detach().expand(*self._extended_shape(sample_shape)))

    def _log_prob(self, value: Any) -> Any:
        return functions.xlogy(value, self.rate) - self.rate - functions.lgamma(value + 1)

    @property
    def mean(self) -> Any:
        return self.rate

    @property
    def mode(self) -> Any:
        return functions.floor(self.rate)

    @property
    def variance(self) -> Any:
        return self.rate
