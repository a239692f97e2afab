"""Losses for samples that may have several labels. input (C,) or (N, C): a number for each of the C labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.functions.pointwise import raw
from tinygrad_edu.nn.functional.checks import chosen_reduction, reduced, warn_of_broadcast
from tinygrad_edu.rules import activations, elementwise, indexing, reductions, shaping

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["multilabel_margin_loss", "multilabel_soft_margin_loss"]


def multilabel_soft_margin_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """binary_cross_entropy_with_logits of each label, averaged over the labels: (N, C), (N, C) → (N,).

    target: 1 for the labels of a sample, 0 for the others. weight (C,): multiplies the loss of each label.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.multilabel_soft_margin_loss(tg.tensor([[0.0, 100.0]]), tg.tensor([[1.0, 1.0]]))
    tensor(0.3466)
    """
    name = "multilabel_soft_margin_loss"
    reduction = chosen_reduction(name, reduction, size_average, reduce)
    warn_of_broadcast(name, input, target)
    # (1 − target) · x + log(1 + e⁻ˣ)
    loss = elementwise.multiply(elementwise.subtract(1, target), input)
    loss = elementwise.add(loss, activations.softplus(elementwise.negative(input)))
    if weight is not None:
        loss = elementwise.multiply(loss, weight)
    return reduced(reductions.mean(loss, axis=-1), reduction)


def multilabel_margin_loss(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Σ max(0, 1 − input[label] + input[other]) / C over the pairs of a label and another class: (N, C), (N, C) → (N,).

    target: the labels of each sample, as many as there are, then −1 to the end.
    Raises RuntimeError for other shapes, for floats, and for what is no label.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.multilabel_margin_loss(tg.tensor([0.1, 0.2, 0.4, 0.8]), tg.tensor([3, 0, -1, -1]))
    tensor(0.8500)
    """
    name = "multilabel_margin_loss"
    reduction = chosen_reduction(name, reduction, size_average, reduce)
    x, labels = raw(input, name), np.asarray(raw(target, name))
    _check_labels(name, x, labels)
    n, classes = x.shape[0] if x.ndim == 2 else 1, x.shape[-1] if x.ndim else 1
    labels = labels.reshape(n, classes)
    given = np.logical_and.accumulate(labels >= 0, axis=1)
    labels = np.where(given, labels, np.maximum(labels[:, :1], 0))  # what is not given repeats the first
    others = np.ones((n, classes), bool)
    np.put_along_axis(others, labels, False, axis=1)
    scores = shaping.reshape(input, shape=(n, classes))
    right = indexing.take_along_axis(scores, labels, axis=1)
    gaps = elementwise.subtract(
        shaping.reshape(scores, shape=(n, 1, classes)), shaping.reshape(right, shape=(n, classes, 1))
    )
    pairs = given[:, :, None] & others[:, None, :]
    loss = elementwise.where(pairs, activations.relu(elementwise.add(gaps, 1)), 0)
    loss = elementwise.divide(reductions.sum(loss, axis=(1, 2)), classes)
    return reduced(shaping.reshape(loss, shape=tuple(x.shape[:-1])), reduction)


def _check_labels(name: str, x: Any, labels: Any) -> None:
    """Raises RuntimeError where `labels` are not those of the samples in `x`."""
    if x.ndim > 2 or x.shape[-1:] == (0,):
        raise RuntimeError(
            f"{name}: Expected non-empty vector or matrix with optional 0-dim batch size, (C,) or (N, C), but got: "
            f"{tuple(x.shape)}"
        )
    if x.shape != labels.shape:
        raise RuntimeError(
            f"{name}: inconsistent target size: {tuple(labels.shape)} for input of size: {tuple(x.shape)}. Each "
            f"sample's labels are followed by -1 up to the number of classes."
        )
    if labels.dtype != np.int64:
        raise RuntimeError(
            f"{name}: expected scalar type Long but found {labels.dtype}: the target are the labels' numbers. For rows "
            f"of 0 and 1 use multilabel_soft_margin_loss."
        )
    classes = x.shape[-1] if x.ndim else 1
    wrong = (labels < -1) | (labels >= classes)
    if wrong.any():
        at = tuple(int(k) for k in np.argwhere(wrong)[0])
        raise RuntimeError(
            f"{name}: argument 'target' is out of range: target{list(at)} = {labels[at]}, but there are {classes} "
            f"classes, 0 to {classes - 1}, and -1 for no more"
        )
