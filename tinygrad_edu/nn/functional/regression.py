"""Losses for predicted numbers. Each compares `input` with `target` of the same shape, element by element.

reduction: "mean" (the default), "sum", or "none" for the loss of every element; `size_average` and
`reduce` are PyTorch's older spellings. Shapes that differ warn, as broadcasting rarely means what was meant.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.functions.pointwise import raw
from tinygrad_edu.nn.functional.checks import alike, chosen_reduction, reduced, warn_of_broadcast
from tinygrad_edu.rules import elementwise, losses, reductions, shaping, special

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["gaussian_nll_loss", "huber_loss", "l1_loss", "mse_loss", "poisson_nll_loss", "smooth_l1_loss"]


def _weighted(name: str, loss: Any, weight: Any, input: Any) -> Any:
    """loss · weight, for a weight of the input's shape."""
    if tuple(raw(weight, name).shape) != tuple(raw(input, name).shape):
        raise ValueError(
            f"{name}: Weights and input must have the same size, but have {tuple(raw(weight, name).shape)} and "
            f"{tuple(raw(input, name).shape)}."
        )
    return elementwise.multiply(loss, weight)


def _weighted_mean(loss: Any, weight: Any, reduction: str) -> Tensor:
    """Reduced; the mean is that of the weights: Σ weight · loss / Σ weight."""
    if reduction != "mean":
        return reduced(loss, reduction)
    return elementwise.divide(reductions.sum(loss), reductions.sum(weight))


def mse_loss(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Any = None,
) -> Tensor:
    """(input − target)². With `weight` of the same shape, the mean is Σ weight · (input − target)² / Σ weight.

    Warns where the shapes differ; raises RuntimeError where they do not broadcast.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.mse_loss(tg.tensor([1.0, 2.0]), tg.tensor([1.0, 4.0]))
    tensor(2.)
    """
    if reduction == "mean" and weight is size_average is reduce is None and alike(input, target):
        return losses.mse_loss(input, target)
    reduction = chosen_reduction("mse_loss", reduction, size_average, reduce)
    warn_of_broadcast("mse_loss", input, target)
    loss = elementwise.square(elementwise.subtract(input, target))
    if weight is None:
        return reduced(loss, reduction)
    return _weighted_mean(_weighted("mse_loss", loss, weight, input), weight, reduction)


def l1_loss(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Any = None,
) -> Tensor:
    """|input − target|. With `weight` of the same shape, the mean is Σ weight · |input − target| / Σ weight.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.l1_loss(tg.tensor([1.0, 2.0]), tg.tensor([1.0, 4.0]))
    tensor(1.)
    """
    reduction = chosen_reduction("l1_loss", reduction, size_average, reduce)
    warn_of_broadcast("l1_loss", input, target)
    loss = elementwise.absolute(elementwise.subtract(input, target))
    if weight is None:
        return reduced(loss, reduction)
    return _weighted_mean(_weighted("l1_loss", loss, weight, input), weight, reduction)


def _huber(input: Any, target: Any, delta: float) -> Tensor:
    """c · (d − c/2), where d = input − target and c is d between −delta and delta: d²/2 near 0, straight beyond."""
    d = elementwise.subtract(input, target)
    c = elementwise.clip(d, min=-delta, max=delta)
    return elementwise.multiply(c, elementwise.subtract(d, elementwise.multiply(c, 0.5)))


def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0, weight: Any = None) -> Tensor:
    """(input − target)² / 2 up to a difference of delta, delta · (|input − target| − delta / 2) beyond.

    `weight`, of the same shape, multiplies the loss of each element. Raises ValueError for delta ≤ 0.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.huber_loss(tg.tensor([0.5, 3.0]), tg.zeros(2), reduction="none")
    tensor([0.1250, 2.5000])
    """
    reduction = chosen_reduction("huber_loss", reduction)
    if delta <= 0:
        raise ValueError(f"huber_loss: delta must be positive, but is {delta}")
    warn_of_broadcast("huber_loss", input, target)
    loss = _huber(input, target, delta)
    return reduced(loss if weight is None else _weighted("huber_loss", loss, weight, input), reduction)


def smooth_l1_loss(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """huber_loss / beta: (input − target)² / (2 · beta) up to a difference of beta, |input − target| − beta / 2 beyond.

    beta = 0 is l1_loss. Raises ValueError for beta < 0.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.smooth_l1_loss(tg.tensor([0.5, 3.0]), tg.zeros(2), reduction="none")
    tensor([0.1250, 2.5000])
    """
    reduction = chosen_reduction("smooth_l1_loss", reduction, size_average, reduce)
    if beta < 0:
        raise ValueError(f"smooth_l1_loss: beta must not be negative, but is {beta}")
    warn_of_broadcast("smooth_l1_loss", input, target)
    if beta == 0:
        return reduced(elementwise.absolute(elementwise.subtract(input, target)), reduction)
    return reduced(elementwise.divide(_huber(input, target, beta), beta), reduction)


def poisson_nll_loss(
    input: Any,
    target: Any,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """exp(input) − target · input for counts; without `log_input`, input − target · log(input + eps).

    full: with Stirling's approximation of log(target!), for targets above 1.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.poisson_nll_loss(tg.tensor([0.0, 0.0]), tg.tensor([1.0, 3.0]))
    tensor(1.)
    """
    reduction = chosen_reduction("poisson_nll_loss", reduction, size_average, reduce)
    warn_of_broadcast("poisson_nll_loss", input, target)
    if log_input:
        loss = elementwise.subtract(elementwise.exp(input), elementwise.multiply(target, input))
    else:
        loss = elementwise.subtract(input, elementwise.multiply(target, elementwise.log(elementwise.add(input, eps))))
    if full:
        large = raw(target, "poisson_nll_loss") > 1
        t = elementwise.where(large, target, 1)  # so that the log is finite where it is not used
        stirling = elementwise.subtract(
            special.xlogy(t, t), elementwise.subtract(t, elementwise.multiply(elementwise.log(t), 0.5))
        )
        stirling = elementwise.add(stirling, 0.5 * math.log(2 * math.pi))
        loss = elementwise.add(loss, elementwise.where(large, stirling, 0))
    return reduced(loss, reduction)


def gaussian_nll_loss(
    input: Any, target: Any, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    """(log var + (input − target)² / var) / 2: predicted means and variances. (Nix & Weigend, 1994.)

    var: a number, or a tensor like `input`, or with the last dimension 1 or missing; at least eps is used.
    full: with the constant log(2π) / 2. Raises ValueError for negative or misshapen `var`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.gaussian_nll_loss(tg.tensor([2.0]), tg.tensor([0.0]), tg.tensor([1.0]))
    tensor(2.)
    """
    reduction = chosen_reduction("gaussian_nll_loss", reduction)
    warn_of_broadcast("gaussian_nll_loss", input, target)
    shape = tuple(raw(input, "gaussian_nll_loss").shape)
    if isinstance(var, (int, float)):
        var = np.full(shape, var, raw(input, "gaussian_nll_loss").dtype)
    v = raw(var, "gaussian_nll_loss")
    if np.any(v < 0):
        raise ValueError("gaussian_nll_loss: var has negative entry/entries. Predict its logarithm: var = x.exp().")
    given = tuple(v.shape)
    if given != shape:
        if given == shape[:-1]:
            var = shaping.reshape(var, shape=(*given, 1))
        elif len(given) != len(shape) or any(b not in (1, a) for a, b in zip(shape, given, strict=True)):
            raise ValueError(
                f"gaussian_nll_loss: var is of incorrect size: {given}, where the input is {shape}; the "
                f"last dimension may be 1 or missing"
            )
    v = raw(var, "gaussian_nll_loss")
    var = elementwise.add(var, np.maximum(eps - v, 0))  # at least eps; its gradient passes
    error = elementwise.square(elementwise.subtract(input, target))
    loss = elementwise.multiply(elementwise.add(elementwise.log(var), elementwise.divide(error, var)), 0.5)
    return reduced(elementwise.add(loss, 0.5 * math.log(2 * math.pi)) if full else loss, reduction)
