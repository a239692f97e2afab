"""A mixture: first which component, then a draw of that."""

from __future__ import annotations

from typing import Any

from tinygrad_edu import functions
from tinygrad_edu.distributions import constraints
from tinygrad_edu.distributions.discrete import Categorical
from tinygrad_edu.distributions.distribution import Distribution
from tinygrad_edu.functions.data import as_tensor
from tinygrad_edu.size import Size

__all__ = ["MixtureSameFamily"]


class MixtureSameFamily(Distribution):
    """p(x) = Σ πₖ pₖ(x): the components are the last batch dimension of a distribution.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.distributions import Categorical, MixtureSameFamily, Normal
    >>> mixture = MixtureSameFamily(Categorical(tg.ones(2)), Normal(tg.tensor([-1.0, 1.0]), tg.tensor([0.5, 0.5])))
    >>> mixture.mean, mixture.variance
    (tensor(0.), tensor(1.2500))
    """

    def __init__(
        self,
        mixture_distribution: Categorical,
        component_distribution: Distribution,
        validate_args: bool | None = None,
    ) -> None:
        if not isinstance(mixture_distribution, Categorical):
            raise ValueError("The Mixture distribution needs to be an instance of torch.distributions.Categorical")
        if not isinstance(component_distribution, Distribution):
            raise ValueError("The Component distribution need to be an instance of torch.distributions.Distribution")
        shape = component_distribution.batch_shape
        count = mixture_distribution.probs.shape[-1]
        if not shape or shape[-1] != count:
            raise ValueError(
                f"`mixture_distribution component` ({count}) does not equal `component_distribution.batch_shape[-1]`, "
                f"the last of {tuple(shape)}"
            )
        self.mixture_distribution, self.component_distribution = mixture_distribution, component_distribution
        super().__init__(shape[:-1], component_distribution.event_shape, validate_args)

    @property
    def support(self) -> constraints.Constraint:
        return self.component_distribution.support

    def _draw(self, sample_shape: Size) -> Any:
        draws = self.component_distribution.sample(sample_shape)
        chosen = self.mixture_distribution._draw(Size(sample_shape))
        chosen = chosen.expand(*sample_shape, *self.batch_shape)
        axis, events = len(sample_shape) + len(self.batch_shape), len(self.event_shape)
        index = chosen.reshape(*chosen.shape, 1, *(1,) * events).expand(*chosen.shape, 1, *self.event_shape)
        return draws.gather(axis, index).squeeze(axis)

    def _for_each(self, value: Any) -> Any:
        """A value with a dimension for the components."""
        return value.unsqueeze(value.ndim - len(self.event_shape))

    def log_prob(self, value: Any) -> Any:
        log_probs = self.component_distribution.log_prob(self._for_each(as_tensor(value)))  # which checks
        return functions.logsumexp(log_probs + self.mixture_distribution.logits, -1)

    def cdf(self, value: Any) -> Any:
        return (
            self.component_distribution.cdf(self._for_each(as_tensor(value))) * self.mixture_distribution.probs
        ).sum(-1)

    def _average(self, values: Any) -> Any:
        """The mean over the components."""
        probs, events = self.mixture_distribution.probs, len(self.event_shape)
        return (probs.reshape(*probs.shape, *(1,) * events) * values).sum(-1 - events)

    @property
    def mean(self) -> Any:
        return self._average(self.component_distribution.mean)

    @property
    def variance(self) -> Any:
        of_components, axis = self.component_distribution.mean, -1 - len(self.event_shape)
        apart = (of_components - self.mean.unsqueeze(axis)) ** 2
        return self._average(self.component_distribution.variance) + self._average(apart)

    def expand(self, batch_shape: Any) -> Any:
        count = self.mixture_distribution.probs.shape[-1]
        parts = self.component_distribution.expand((*batch_shape, count))
        return MixtureSameFamily(self.mixture_distribution.expand(batch_shape), parts)._checks_like(self)

    def __repr__(self) -> str:
        return f"MixtureSameFamily(\n  {self.mixture_distribution},\n  {self.component_distribution})"
