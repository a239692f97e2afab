"""Distributions of angles."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from tinygrad_edu import functions
from tinygrad_edu.autograd.function import Function
from tinygrad_edu.distributions import constraints
from tinygrad_edu.distributions.distribution import Distribution, broadcast
from tinygrad_edu.generator import generator
from tinygrad_edu.primitive import wrap
from tinygrad_edu.rules.special import scipy_special
from tinygrad_edu.size import Size

__all__ = ["VonMises"]


class _LogBessel(Function):
    """log I₀(κ), of the modified Bessel function; I₀′ = I₁."""

    @staticmethod
    def forward(ctx: Any, k: Any) -> Any:
        ctx.save_for_backward(k)
        special = scipy_special("VonMises")
        return wrap(np.asarray(np.log(special.i0e(k._array)) + k._array))

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (k,) = ctx.saved_tensors
        return g * _resultant(k)


class _Resultant(Function):
    """A = I₁(κ) / I₀(κ), how long the mean of unit vectors is; A′ = 1 − A / κ − A²."""

    @staticmethod
    def forward(ctx: Any, k: Any) -> Any:
        special = scipy_special("VonMises")
        a = wrap(np.asarray(special.i1e(k._array) / special.i0e(k._array)))
        ctx.save_for_backward(k, a)
        return a

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        k, a = ctx.saved_tensors
        return g * (1 - a / k - a * a)


def _resultant(k: Any) -> Any:
    return _Resultant.apply(k)


class VonMises(Distribution):
    """The normal distribution of the circle: log p(x) = κ cos(x − μ) − log 2π I₀(κ). (Needs SciPy.)

    Angles in radians, around `loc` μ; the larger `concentration` κ, the closer. Draws lie in [−π, π).

    >>> from tinygrad_edu.distributions import VonMises
    >>> VonMises(0.0, 2.0).variance
    tensor(0.3022)
    """

    parameters = ("loc", "concentration")
    arg_constraints: ClassVar = {"loc": constraints.real, "concentration": constraints.positive}
    support = constraints.real

    def __init__(self, loc: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.loc, self.concentration = broadcast(loc, concentration)
        super().__init__(self.loc.shape, (), validate_args)

    def _draw(self, sample_shape: Size) -> Any:
        turns = generator().vonmises(0.0, self.concentration._array, self._extended_shape(sample_shape))
        angles = (turns + self.loc._array + math.pi) % (2 * math.pi) - math.pi
        return wrap(np.asarray(angles).astype(self.loc._array.dtype))

    def _log_prob(self, value: Any) -> Any:
        k = self.concentration
        return k * functions.cos(value - self.loc) - math.log(2 * math.pi) - _LogBessel.apply(k)

    @property
    def mean(self) -> Any:
        return self.loc

    @property
    def mode(self) -> Any:
        return self.loc

    @property
    def variance(self) -> Any:
        """The circular one: 1 − I₁(κ) / I₀(κ)."""
        return 1 - _resultant(self.concentration)
