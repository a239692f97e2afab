"""Draws of the gamma distribution, and how they follow its parameter: what Beta, Dirichlet, χ² and t are made of."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_edu import functions
from tinygrad_edu.autograd import is_grad_enabled
from tinygrad_edu.autograd.function import Function, once_differentiable
from tinygrad_edu.generator import generator
from tinygrad_edu.primitive import wrap
from tinygrad_edu.rules.special import psi, scipy_special

__all__ = ["gammas", "probability"]


def gammas(sample_shape: Any, concentration: Any) -> Any:
    """Draws of the gamma distribution with rate 1, in the parameter's dtype and above 0.

    A gradient passes through them once, not twice, to `concentration` (and needs SciPy).
    """
    a = concentration._array
    shape = (*sample_shape, *a.shape)
    drawn = np.asarray(generator().standard_gamma(a, shape)).astype(a.dtype)
    drawn = np.asarray(np.maximum(drawn, np.finfo(a.dtype).tiny))
    if concentration.requires_grad and is_grad_enabled():
        return _Draw.apply(concentration.expand(*shape), drawn)
    return wrap(drawn)


class _Draw(Function):
    """Draws as a function of α: where the distribution moves, a draw stays at the same quantile of it."""

    @staticmethod
    def forward(ctx: Any, concentration: Any, drawn: Any) -> Any:
        draws = wrap(drawn)
        ctx.save_for_backward(concentration, draws)
        return draws

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Any) -> Any:
        a, draws = ctx.saved_tensors
        return g * wrap(quantile_slope(draws._array, a._array)), None


def quantile_slope(x: Any, a: Any) -> Any:
    """dx/dα where the probability P(α, x) of a draw up to x stays what it is: −(∂P/∂α) / (∂P/∂x).

    Both come from P = (xᵅ e⁻ˣ / Γ(α + 1)) Σ tₙ with tₙ = xⁿ / (α + 1)…(α + n), which gives

        dx/dα = (x / α) (Σ tₙ Hₙ − (log x − ψ(α + 1)) Σ tₙ),  where Hₙ = 1 / (α + 1) + … + 1 / (α + n).

    Source of the idea: Figurnov, Mohamed and Mnih, "Implicit Reparameterization Gradients" (2018); of the series:
    Abramowitz and Stegun, 6.5.29.
    """
    dtype, x, a = x.dtype, x.astype(np.float64), a.astype(np.float64)
    term, harmonic = np.ones_like(x), np.zeros_like(x)
    total, weighted, n = np.ones_like(x), np.zeros_like(x), 0
    while (term > 1e-17 * total).any():
        n += 1
        term *= x / (a + n)
        harmonic += 1 / (a + n)
        total += term
        weighted += term * harmonic
    slope = x / a * (weighted - (np.log(x) - psi(a + 1, 0)) * total)
    return np.asarray(slope).astype(dtype)


def probability(concentration: Any, x: Any) -> Any:
    """P(α, x), the probability of a draw up to x. A gradient passes through it once. (Needs SciPy.)"""
    return _Probability.apply(*functions.broadcast_tensors(concentration, x))


class _Probability(Function):
    @staticmethod
    def forward(ctx: Any, a: Any, x: Any) -> Any:
        ctx.save_for_backward(a, x)
        return wrap(np.asarray(scipy_special("cdf").gammainc(a._array, x._array)))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Any) -> Any:
        """∂P/∂x is the density p, and ∂P/∂α = −p dx/dα."""
        a, x = ctx.saved_tensors
        density = functions.exp(functions.xlogy(a - 1, x) - x - functions.lgamma(a))
        return -g * density * wrap(quantile_slope(x._array, a._array)), g * density
