"""Choices made soft, so that gradients pass through their draws (Jang et al. 2017, Maddison et al. 2017).

The lower the temperature, the closer draws are to a hard choice, and the wilder their gradients.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

from tinygrad_edu import functions
from tinygrad_edu.distributions import constraints
from tinygrad_edu.distributions.continuous import noise
from tinygrad_edu.distributions.discrete import Bernoulli, Categorical, chances, one_of, softplus
from tinygrad_edu.distributions.distribution import Distribution, broadcast
from tinygrad_edu.distributions.transformed import TransformedDistribution
from tinygrad_edu.distributions.transforms import ExpTransform, SigmoidTransform
from tinygrad_edu.functions.data import as_tensor
from tinygrad_edu.primitive import TensorBase
from tinygrad_edu.size import Size

__all__ = ["ExpRelaxedCategorical", "LogitRelaxedBernoulli", "RelaxedBernoulli", "RelaxedOneHotCategorical"]


def _temperature(owner: str, given: Any, like: Any) -> Any:
    """The temperature as a tensor. Raises ValueError unless it is above 0."""
    temperature: Any = given if isinstance(given, TensorBase) else as_tensor(given, dtype=like._array.dtype)
    if not (temperature > 0).all():
        raise ValueError(f"{owner}: temperature must be greater than 0, not {given!r}")
    return temperature


class LogitRelaxedBernoulli(Distribution):
    """The logits of draws of `RelaxedBernoulli`: (log p/(1 − p) + log u/(1 − u)) / t, where u is uniform."""

    constants = ("temperature",)
    arg_constraints: ClassVar = Bernoulli.arg_constraints
    support = constraints.real
    has_rsample = True

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        name = one_of(type(self).__name__, probs, logits)
        self.parameters = (name,)
        self.probs, self.logits = chances(name, *broadcast(probs if logits is None else logits))
        self.temperature = _temperature(type(self).__name__, temperature, self.probs)
        super().__init__(self.probs.shape, (), validate_args)

    def _draw(self, sample_shape: Size) -> Any:
        shape = self._extended_shape(sample_shape)
        waits = [functions.log(noise("exponential", shape, self.probs)) for _ in range(2)]  # their difference is
        return (self.logits + waits[0] - waits[1]) / self.temperature  # distributed as log u/(1 − u), and finite

    def _log_prob(self, value: Any) -> Any:
        apart = self.logits - value * self.temperature
        return functions.log(self.temperature) + apart - 2 * softplus(apart)


class RelaxedBernoulli(TransformedDistribution):
    """A number between 0 and 1, near one of them with the chances of a `Bernoulli`.

    >>> from tinygrad_edu import tensor
    >>> from tinygrad_edu.distributions import RelaxedBernoulli
    >>> RelaxedBernoulli(0.5, probs=tensor([0.2, 0.8])).rsample().shape
    Size([2])
    """

    constants = ("temperature",)
    arg_constraints: ClassVar = Bernoulli.arg_constraints

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        base = LogitRelaxedBernoulli(temperature, probs, logits, validate_args)
        self.parameters, self.temperature = base.parameters, base.temperature
        self.probs, self.logits = base.probs, base.logits
        super().__init__(base, SigmoidTransform(), validate_args)


class ExpRelaxedCategorical(Distribution):
    """The logarithms of draws of `RelaxedOneHotCategorical`: (log p + Gumbel noise) / t, made shares' logarithms."""

    constants = ("temperature",)
    arg_constraints: ClassVar = Categorical.arg_constraints
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        classes = Categorical(probs, logits, validate_args)
        self.parameters, self.probs, self.logits = classes.parameters, classes.probs, classes.logits
        self.temperature = _temperature(type(self).__name__, temperature, self.probs)
        super().__init__(classes.batch_shape, self.probs.shape[-1:], validate_args)

    param_shape = Categorical.param_shape

    def _draw(self, sample_shape: Size) -> Any:
        waiting = noise("exponential", self._extended_shape(sample_shape), self.probs)
        return functions.log_softmax((self.logits - functions.log(waiting)) / self.temperature, -1)

    def _log_prob(self, value: Any) -> Any:
        """log (n − 1)! + (n − 1) log t + Σ log softmax(log p − t x)."""
        n = self.event_shape[0]
        scores = functions.log_softmax(self.logits - value * self.temperature, -1).sum(-1)
        return scores + (n - 1) * functions.log(self.temperature) + math.lgamma(n)


class RelaxedOneHotCategorical(TransformedDistribution):
    """Shares that add up to 1, most of them for one class with the chances of a `Categorical`: Gumbel softmax.

    >>> from tinygrad_edu import zeros
    >>> from tinygrad_edu.distributions import RelaxedOneHotCategorical
    >>> RelaxedOneHotCategorical(0.5, logits=zeros(3)).rsample((2,)).shape
    Size([2, 3])
    """

    constants = ("temperature",)
    arg_constraints: ClassVar = Categorical.arg_constraints
    support = constraints.simplex

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        base = ExpRelaxedCategorical(temperature, probs, logits, validate_args)
        self.parameters, self.temperature = base.parameters, base.temperature
        self.probs, self.logits = base.probs, base.logits
        super().__init__(base, ExpTransform(), validate_args)
