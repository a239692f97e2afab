"""Distributions of whole numbers. Their draws have no gradient; their log-probabilities do."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_edu import functions
from tinygrad_edu.distributions.distribution import Distribution, check, parameters
from tinygrad_edu.functions.data import as_tensor
from tinygrad_edu.primitive import TensorBase
from tinygrad_edu.size import Size

__all__ = ["Bernoulli", "Categorical", "Poisson"]


def _one_of(owner: str, probs: Any, logits: Any) -> None:
    if (probs is None) == (logits is None):
        raise ValueError(f"{owner}: either `probs` or `logits` must be specified, but not both")


class Bernoulli(Distribution):
    """1 with probability `probs`, 0 otherwise; or given by ``logits = log(p / (1 − p))``.

    >>> from tinygrad_edu import tensor
    >>> from tinygrad_edu.distributions import Bernoulli
    >>> Bernoulli(tensor([0.25])).log_prob(tensor([1.0])).exp()
    tensor([0.2500])
    """

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: Any = None) -> None:
        _one_of("Bernoulli", probs, logits)
        self.parameters = ("probs",) if logits is None else ("logits",)
        if logits is None:
            (self.probs,) = parameters("Bernoulli", probs=probs)
            check("Bernoulli", "probs", self.probs, (self.probs >= 0) & (self.probs <= 1), "between 0 and 1")
            self.logits = functions.logit(self.probs, np.finfo(self.probs._array.dtype).eps)
        else:
            (self.logits,) = parameters("Bernoulli", logits=logits)
            self.probs = functions.sigmoid(self.logits)
        self.batch_shape = self.probs.shape

    def _draw(self, sample_shape: Size) -> Any:
        return functions.bernoulli(self.probs.detach().expand(*sample_shape, *self.probs.shape))

    def log_prob(self, value: Any) -> Any:
        """value · log p + (1 − value) · log(1 − p), from the logits."""
        return value * self.logits - functions.logaddexp(self.logits, functions.zeros_like(self.logits))

    def entropy(self) -> Any:
        return -self.log_prob(self.probs)

    @property
    def mean(self) -> Any:
        return self.probs

    @property
    def variance(self) -> Any:
        return self.probs * (1 - self.probs)


class Categorical(Distribution):
    """One of n classes, with the weights `probs` (which are made to add up to 1) or the log-weights `logits`.

    The last dimension of the parameter counts the classes; a draw is the number of one.

    >>> from tinygrad_edu import tensor
    >>> from tinygrad_edu.distributions import Categorical
    >>> Categorical(tensor([1.0, 3.0])).probs
    tensor([0.2500, 0.7500])
    """

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: Any = None) -> None:
        _one_of("Categorical", probs, logits)
        given = probs if logits is None else logits
        if not isinstance(given, TensorBase) or given.ndim < 1:  # type: ignore[attr-defined]
            raise ValueError("Categorical: the parameter must be a tensor of at least one dimension, the classes")
        weights: Any = given
        check("Categorical", "probs" if logits is None else "logits", weights, weights == weights, "a number")
        if logits is None:
            self.parameters = ("probs",)
            check("Categorical", "probs", weights, weights >= 0, "at least 0")
            self.probs = weights / weights.sum(-1, keepdim=True)
            eps = float(np.finfo(self.probs._array.dtype).eps)
            self.logits = functions.log(functions.clamp(self.probs, eps, 1 - eps))
        else:
            self.parameters = ("logits",)
            self.logits = weights - functions.logsumexp(weights, -1, keepdim=True)
            self.probs = functions.softmax(self.logits, -1)
        self.batch_shape = Size(self.probs.shape[:-1])

    @property
    def param_shape(self) -> Size:
        """The shape of the parameter."""
        shape: Size = self.probs.shape
        return shape

    def _draw(self, sample_shape: Size) -> Any:
        n = sample_shape.numel()
        rows = self.probs.detach().reshape(-1, self.probs.shape[-1])
        drawn = functions.multinomial(rows, n, replacement=True)
        return drawn.T.reshape(sample_shape + self.batch_shape)

    def log_prob(self, value: Any) -> Any:
        classes = as_tensor(value).long().unsqueeze(-1)
        if not ((classes >= 0) & (classes < self.logits.shape[-1])).all():
            raise ValueError(
                f"Expected value argument to be within the support (integers from 0 to {self.logits.shape[-1] - 1}) of "
                f"the distribution {self!r}, but found invalid values:\n{value}"
            )
        shape = functions.broadcast_shapes(classes.shape[:-1], self.batch_shape)
        logits = self.logits.expand(*shape, self.logits.shape[-1])
        return functions.gather(logits, -1, classes.expand(*shape, 1)).squeeze(-1)

    def entropy(self) -> Any:
        lowest = float(np.finfo(self.logits._array.dtype).min)
        return -(functions.clamp(self.logits, min=lowest) * self.probs).sum(-1)

    @property
    def mode(self) -> Any:
        """The most probable class."""
        return functions.argmax(self.probs, -1)

    def enumerate_support(self) -> Any:
        """All classes: 0 … n − 1."""
        return functions.arange(self.probs.shape[-1])


class Poisson(Distribution):
    """How many events happen where `rate` are expected: log p(k) = k log λ − λ − log k!"""

    parameters = ("rate",)

    def __init__(self, rate: Any, validate_args: Any = None) -> None:
        (self.rate,) = parameters("Poisson", rate=rate)
        check("Poisson", "rate", self.rate, self.rate >= 0, "at least 0")
        self.batch_shape = self.rate.shape

    def _draw(self, sample_shape: Size) -> Any:
        return functions.poisson(self.rate.detach().expand(*sample_shape, *self.rate.shape))

    def log_prob(self, value: Any) -> Any:
        return functions.xlogy(value, self.rate) - self.rate - functions.lgamma(value + 1)

    @property
    def mean(self) -> Any:
        return self.rate

    variance = mean
