"""A distribution whose draws go through functions: the change of variables."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from tinygrad_edu import functions
from tinygrad_edu.distributions import constraints
from tinygrad_edu.distributions.continuous import Normal
from tinygrad_edu.distributions.distribution import Distribution, Independent
from tinygrad_edu.distributions.transforms import ExpTransform, Transform, _total
from tinygrad_edu.size import Size

__all__ = ["LogNormal", "TransformedDistribution"]


class TransformedDistribution(Distribution):
    """The distribution of y = f(x) where x has another one: log p(y) = log p(x) − log |dy / dx|.

    >>> from tinygrad_edu.distributions import ExpTransform, Normal, TransformedDistribution
    >>> TransformedDistribution(Normal(0.0, 1.0), ExpTransform()).log_prob(1.0)
    tensor(-0.9189)
    """

    def __init__(self, base_distribution: Distribution, transforms: Any, validate_args: bool | None = None) -> None:
        self.transforms = [transforms] if isinstance(transforms, Transform) else transforms
        if not isinstance(self.transforms, list) or not all(isinstance(t, Transform) for t in self.transforms):
            raise ValueError(f"transforms must be a Transform or a list of Transforms, but was {transforms!r}")
        shape = base_shape = base_distribution.batch_shape + base_distribution.event_shape
        dims = max((t.event_dim for t in self.transforms), default=0)
        if len(shape) < dims:
            raise ValueError(
                f"base_distribution needs to have shape with size at least {dims}, but got {tuple(shape)}: its draws "
                f"have fewer dimensions than the transform sees together. Expand it: base_distribution.expand(...)"
            )
        for t in self.transforms:
            shape = t.forward_shape(shape)
        events = len(base_distribution.event_shape)
        if shape != base_shape:
            base_distribution = base_distribution.expand(shape[: len(shape) - events])
        missing = dims - events
        if missing > 0:
            base_distribution = Independent(base_distribution, missing)
        self.base_dist = base_distribution
        super().__init__(base_distribution.batch_shape, base_distribution.event_shape, validate_args)

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]
        return self.base_dist.has_rsample

    def _draws_dtype(self) -> Any:
        return self.base_dist._draws_dtype()

    @property
    def support(self) -> constraints.Constraint:
        if not self.transforms:
            return self.base_dist.support
        last = self.transforms[-1]
        return constraints.independent(last.codomain, len(self.event_shape) - last.event_dim)

    def _draw(self, sample_shape: Size) -> Any:
        x = self.base_dist.rsample(sample_shape) if self.has_rsample else self.base_dist._draw(sample_shape)
        for t in self.transforms:
            x = t(x)
        return x

    def _log_prob(self, value: Any) -> Any:
        total, events = 0.0, len(self.event_shape)
        for t in reversed(self.transforms):
            x = t._undo(value)
            total = total - _total(t.log_abs_det_jacobian(x, value), events - t.event_dim)
            value = x
        return total + self.base_dist.log_prob(value)

    def _turned(self, probability: Any) -> Any:
        """p, but 1 − p where a function falls: what was above is below."""
        sign = math.prod((t.sign for t in self.transforms), start=1)
        return sign * (probability - 0.5) + 0.5

    def _cdf(self, value: Any) -> Any:
        for t in reversed(self.transforms):
            value = t._undo(value)
        return self._turned(self.base_dist.cdf(value))

    def icdf(self, value: Any) -> Any:
        x = self.base_dist.icdf(self._turned(value))
        for t in self.transforms:
            x = t(x)
        return x

    def expand(self, batch_shape: Any) -> Any:
        if self.parameters:  # a family with a constructor of its own
            return super().expand(batch_shape)
        return TransformedDistribution(self.base_dist.expand(batch_shape), self.transforms)._checks_like(self)

    def __repr__(self) -> str:
        if self.parameters:
            return super().__repr__()
        return f"{type(self).__name__}({self.base_dist}, {self.transforms})"


class LogNormal(TransformedDistribution):
    """e^x for a normal x: log p(y) = −(log y − μ)² / 2σ² − log yσ − log √(2π).

    >>> from tinygrad_edu.distributions import LogNormal
    >>> LogNormal(0.0, 1.0).mean
    tensor(1.6487)
    """

    parameters = ("loc", "scale")
    arg_constraints: ClassVar = Normal.arg_constraints

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        normal = Normal(loc, scale, validate_args)
        self.loc, self.scale = normal.loc, normal.scale
        super().__init__(normal, ExpTransform(), validate_args)

    def entropy(self) -> Any:
        return self.base_dist.entropy() + self.loc

    @property
    def mean(self) -> Any:
        return functions.exp(self.loc + self.scale**2 / 2)

    @property
    def mode(self) -> Any:
        return functions.exp(self.loc - self.scale**2)

    @property
    def variance(self) -> Any:
        return functions.expm1(self.scale**2) * functions.exp(2 * self.loc + self.scale**2)
