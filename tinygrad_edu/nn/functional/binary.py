"""Losses for yes or no: `target` is 1 or 0 (or a probability between), of the same shape as `input`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.functions.pointwise import raw
from tinygrad_edu.nn.functional.checks import alike, chosen_reduction, reduced, warn_of_result
from tinygrad_edu.rules import activations, elementwise, losses

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits", "soft_margin_loss"]

_TWICE = "It takes logits and applies it itself; twice, it learns slowly. Leave it out of the model."


def _same_shape(name: str, input: Any, target: Any) -> None:
    """Raises ValueError where the shapes differ."""
    a, b = tuple(raw(input, name).shape), tuple(raw(target, name).shape)
    if a == b:
        return
    if a == (*b, 1):
        fix = "Write target.unsqueeze(-1), or input.squeeze(-1)."
    elif b == (*a, 1):
        fix = "Write target.squeeze(-1), or input.unsqueeze(-1)."
    elif len(a) == 2 and len(b) == 1 and a[0] == b[0]:
        fix = f"With {a[1]} classes for each sample, use cross_entropy."
    else:
        fix = "There is one target for each number that the model gives."
    raise ValueError(
        f"{name}: Using a target size ({b}) that is different to the input size ({a}): target size must be the same as "
        f"input size. {fix}"
    )


def _worst(a: Any) -> str:
    """The entry that is farthest outside of [0, 1], and where it is."""
    at = np.unravel_index(np.argmax(np.where(np.isnan(a), np.inf, np.abs(a - 0.5))), a.shape)
    return f"{a[at]:.6g}" + (f" at [{', '.join(map(str, at))}]" if a.ndim else "")


def binary_cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """−target · log(input) − (1 − target) · log(1 − input) for probabilities; logs are at least −100.

    weight: multiplies the loss of each element (broadcast). Raises RuntimeError for probabilities outside of
    [0, 1] and for dtypes that differ, ValueError for shapes that differ.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.binary_cross_entropy(tg.tensor([0.5, 1.0]), tg.tensor([1.0, 0.0]), reduction="none")
    tensor([  0.6931, 100.0000])
    """
    name = "binary_cross_entropy"
    reduction = chosen_reduction(name, reduction, size_average, reduce)
    _same_shape(name, input, target)
    p, t = raw(input, name), raw(target, name)
    if p.dtype.kind != "f" or p.dtype != t.dtype:
        raise RuntimeError(
            f"{name}: expected input and target of one floating dtype, but found {p.dtype} and {t.dtype}. Write "
            f"target = target.to(input.dtype)."
        )
    if type(p) is ndarray and not np.all((p >= 0) & (p <= 1)):
        raise RuntimeError(
            f"{name}: all elements of input should be between 0 and 1, but {_worst(p)} is not. It takes probabilities: "
            f"apply sigmoid first, or better give the model's output to binary_cross_entropy_with_logits."
        )
    if type(t) is ndarray and not np.all((t >= 0) & (t <= 1)):
        raise RuntimeError(
            f"{name}: all elements of target should be between 0 and 1, but {_worst(t)} is not. Labels are 0 and 1: "
            f"for -1 and 1 write (target + 1) / 2, for more than two classes use cross_entropy."
        )
    loss = losses.binary_cross_entropy(input, target)
    return reduced(loss if weight is None else elementwise.multiply(loss, weight), reduction)


def binary_cross_entropy_with_logits(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Tensor:
    """binary_cross_entropy(sigmoid(input), target), exact and without overflow for logits of any size.

    weight: multiplies the loss of each element; pos_weight: that of the positive ones (both broadcast).
    Raises ValueError for shapes that differ; warns if the input is the result of sigmoid.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.binary_cross_entropy_with_logits(tg.tensor([0.0, 1000.0]), tg.tensor([1.0, 0.0]))
    tensor(500.3466)
    """
    warn_of_result("binary_cross_entropy_with_logits", input, "sigmoid", _TWICE)
    plain = reduction == "mean" and weight is pos_weight is size_average is reduce is None
    if plain and alike(input, target):
        return losses.binary_cross_entropy_with_logits(input, target)
    name = "binary_cross_entropy_with_logits"
    reduction = chosen_reduction(name, reduction, size_average, reduce)
    _same_shape(name, input, target)
    # (1 − target) · x + (1 + (pos_weight − 1) · target) · softplus(−x)
    loss = activations.softplus(elementwise.negative(input))
    if pos_weight is not None:
        more = elementwise.add(elementwise.multiply(elementwise.subtract(pos_weight, 1), target), 1)
        loss = elementwise.multiply(more, loss)
    loss = elementwise.add(elementwise.multiply(elementwise.subtract(1, target), input), loss)
    return reduced(loss if weight is None else elementwise.multiply(loss, weight), reduction)


def soft_margin_loss(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """log(1 + exp(−target · input)), with targets 1 and −1.

    Raises ValueError for shapes that differ.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.soft_margin_loss(tg.tensor([0.0]), tg.tensor([1.0]))
    tensor(0.6931)
    """
    reduction = chosen_reduction("soft_margin_loss", reduction, size_average, reduce)
    _same_shape("soft_margin_loss", input, target)
    return reduced(activations.softplus(elementwise.multiply(elementwise.negative(target), input)), reduction)
