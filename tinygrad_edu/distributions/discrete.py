"""Events and classes. Their draws have no gradient; their log-probabilities do."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from tinygrad_edu import functions
from tinygrad_edu.distributions import constraints
from tinygrad_edu.distributions.distribution import Distribution, broadcast
from tinygrad_edu.dtypes import int64
from tinygrad_edu.functions.indexing import one_hot
from tinygrad_edu.size import Size

__all__ = ["Bernoulli", "Categorical", "OneHotCategorical", "OneHotCategoricalStraightThrough", "chances"]


def one_of(owner: str, probs: Any, logits: Any) -> str:
    """Which of the two was given."""
    if (probs is None) == (logits is None):
        raise ValueError(f"{owner}: Either `probs` or `logits` must be specified, but not both.")
    return "probs" if logits is None else "logits"


def chances(name: str, given: Any) -> tuple[Any, Any]:
    """The probabilities p of two outcomes and log(p / (1 − p)), one of which is given."""
    if name == "logits":
        return functions.sigmoid(given), given
    return given, functions.logit(given, float(np.finfo(given._array.dtype).eps))


def softplus(x: Any) -> Any:
    """log(1 + eˣ)."""
    return functions.logaddexp(x, functions.zeros_like(x))


def cross_entropy(probs: Any, logits: Any) -> Any:
    """−p log q − (1 − p) log(1 − q), from the logits of q."""
    return softplus(logits) - probs * logits


class Bernoulli(Distribution):
    """1 with probability `probs`, 0 otherwise; or given by ``logits = log(p / (1 − p))``.

    >>> from tinygrad_edu import tensor
    >>> from tinygrad_edu.distributions import Bernoulli
    >>> Bernoulli(tensor([0.25])).log_prob(tensor([1.0])).exp()
    tensor([0.2500])
    """

    arg_constraints: ClassVar = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.boolean
    has_enumerate_support = True

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        name = one_of("Bernoulli", probs, logits)
        self.parameters = (name,)
        self.probs, self.logits = chances(name, *broadcast(probs if logits is None else logits))
        super().__init__(self.probs.shape, (), validate_args)

    def _draw(self, sample_shape: Size) -> Any:
        return functions.bernoulli(self.probs.detach().expand(*self._extended_shape(sample_shape)))

    def _log_prob(self, value: Any) -> Any:
        return -cross_entropy(value, self.logits)

    def entropy(self) -> Any:
        return cross_entropy(self.probs, self.logits)

    def enumerate_support(self, expand: bool = True) -> Any:
        return self._enumerated(functions.arange(2, dtype=self.probs._array.dtype), expand)

    @property
    def mean(self) -> Any:
        return self.probs

    @property
    def mode(self) -> Any:
        """The more probable of 0 and 1; NaN where both are alike."""
        return functions.where(self.probs == 0.5, math.nan, (self.probs > 0.5).to(self.probs._array.dtype))

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

    arg_constraints: ClassVar = {"probs": constraints.simplex, "logits": constraints.real_vector}
    has_enumerate_support = True

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        name = one_of(type(self).__name__, probs, logits)
        self.parameters = (name,)
        weights: Any = probs if logits is None else logits
        if not getattr(weights, "ndim", 0):
            raise ValueError(
                f"`{name}` parameter must be at least one-dimensional: a tensor whose last dimension counts the classes"
            )
        if logits is None:
            with np.errstate(divide="ignore", invalid="ignore"):  # weights that add up to 0 are refused below
                self.probs = weights / weights.sum(-1, keepdim=True)
            eps = float(np.finfo(self.probs._array.dtype).eps)
            self.logits = functions.log(functions.clamp(self.probs, eps, 1 - eps))
        else:
            self.logits = weights - functions.logsumexp(weights, -1, keepdim=True)
            self.probs = functions.softmax(self.logits, -1)
        super().__init__(self.probs.shape[:-1], (), validate_args)

    @property
    def param_shape(self) -> Size:
        """The shape of the parameter."""
        shape: Size = self.probs.shape
        return shape

    @property
    def support(self) -> constraints.Constraint:
        return constraints.integer_interval(0, self.probs.shape[-1] - 1)

    def _draw(self, sample_shape: Size) -> Any:
        n = sample_shape.numel()
        rows = self.probs.detach().reshape(-1, self.probs.shape[-1])
        drawn = functions.multinomial(rows, n, replacement=True)
        return drawn.T.reshape(self._extended_shape(sample_shape))

    def _draws_dtype(self) -> Any:
        return int64

    def _log_prob(self, value: Any) -> Any:
        classes = value.long().unsqueeze(-1)
        shape = functions.broadcast_shapes(classes.shape[:-1], self.batch_shape)
        logits = self.logits if shape == self.batch_shape else self.logits.expand(*shape, self.logits.shape[-1])
        return functions.gather(logits, -1, classes.expand(*shape, 1)).squeeze(-1)

    def entropy(self) -> Any:
        lowest = float(np.finfo(self.logits._array.dtype).min)
        return -(functions.clamp(self.logits, min=lowest) * self.probs).sum(-1)

    def enumerate_support(self, expand: bool = True) -> Any:
        """All classes: 0 … n − 1."""
        return self._enumerated(functions.arange(self.probs.shape[-1]), expand)

    @property
    def mean(self) -> Any:
        """NaN: classes have no order."""
        return functions.full(self.batch_shape, math.nan, dtype=self.probs._array.dtype)

    @property
    def mode(self) -> Any:
        """The most probable class."""
        return functions.argmax(self.probs, -1)

    @property
    def variance(self) -> Any:
        """NaN: classes have no order."""
        return self.mean


class OneHotCategorical(Distribution):
    """One of n classes, as a vector with a 1 in its place; parameters as in `Categorical`.

    >>> from tinygrad_edu import tensor
    >>> from tinygrad_edu.distributions import OneHotCategorical
    >>> OneHotCategorical(tensor([0.0, 1.0])).sample()
    tensor([0., 1.])
    """

    arg_constraints = Categorical.arg_constraints
    support = constraints.one_hot
    has_enumerate_support = True

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        one_of(type(self).__name__, probs, logits)
        self._classes = Categorical(probs, logits, validate_args)
        self.parameters = self._classes.parameters
        self.probs, self.logits = self._classes.probs, self._classes.logits
        super().__init__(self._classes.batch_shape, self.probs.shape[-1:], validate_args)

    param_shape = Categorical.param_shape

    def _as_vectors(self, classes: Any) -> Any:
        return one_hot(classes, self.event_shape[0]).to(self.probs._array.dtype)

    def _draw(self, sample_shape: Size) -> Any:
        return self._as_vectors(self._classes._draw(sample_shape))

    def _log_prob(self, value: Any) -> Any:
        return self._classes._log_prob(functions.argmax(value, -1))

    def entropy(self) -> Any:
        return self._classes.entropy()

    def enumerate_support(self, expand: bool = True) -> Any:
        """All classes: the rows of an identity matrix."""
        return self._enumerated(functions.eye(self.event_shape[0], dtype=self.probs._array.dtype), expand)

    @property
    def mean(self) -> Any:
        return self.probs

    @property
    def mode(self) -> Any:
        return self._as_vectors(self._classes.mode)

    @property
    def variance(self) -> Any:
        return self.probs * (1 - self.probs)


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """A `OneHotCategorical` whose draws pass gradients on as if they were the probabilities (Bengio et al. 2013).

    >>> from tinygrad_edu import tensor
    >>> from tinygrad_edu.distributions import OneHotCategoricalStraightThrough
    >>> OneHotCategoricalStraightThrough(tensor([0.0, 1.0])).rsample()
    tensor([0., 1.])
    """

    has_rsample = True

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self._draw(Size(sample_shape)) + (self.probs - self.probs.detach())
