"""Losses for one of several classes.

input (C,), (N, C) or (N, C, d₁, …): for each sample (and place) a number for each of the C classes.
target (), (N,) or (N, d₁, …): the class of each, from 0 to C − 1; or probabilities of the input's shape.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.functions.pointwise import raw
from tinygrad_edu.nn.functional.checks import chosen_reduction, reduced, warn_of_broadcast, warn_of_result
from tinygrad_edu.rules import activations, elementwise, losses, reductions, shaping, special
from tinygrad_edu.warning import warn

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["cross_entropy", "kl_div", "multi_margin_loss", "nll_loss"]

_CLASSES = np.dtype(np.int64)

_TWICE = "cross_entropy takes logits and applies it itself; twice, it learns slowly. Leave it out of the model."
_NO_LOGARITHM = "nll_loss takes log-probabilities: write log_softmax (or cross_entropy on the logits, without either)."


def _are_classes(x: Any, t: Any) -> bool:
    """Whether it is the usual case: x (N, C), t (N,) with whole numbers from 0 to C − 1, N > 0."""
    if not (type(t) is ndarray and t.dtype is _CLASSES and x.ndim == 2 and x.shape[:1] == t.shape and t.size):
        return False
    unsigned = t.view(np.uint64)  # in which negative numbers are huge
    return x.dtype.kind == "f" and bool(unsigned[unsigned.argmax()] < x.shape[1])


def _check_input(name: str, x: Any, t: Any) -> None:
    if not x.ndim:
        raise ValueError(f"{name}: expected an input (C,), (N, C) or (N, C, …), not a single number")
    if x.dtype.kind != "f" and t.dtype.kind == "f":
        raise RuntimeError(
            f"{name}: the input must be floats, but is {x.dtype}, and the target is {t.dtype}: are they swapped? What "
            f"the model says comes first: {name}(output, target)."
        )
    if x.dtype.kind != "f":
        raise RuntimeError(f"{name}: the input must be floats, but is {x.dtype}: write input.float()")


def _check_classes(name: str, x: Any, t: Any, ignore_index: int | None) -> None:
    """Raises where `t` is not the class of each sample of `x`."""
    _check_input(name, x, t)
    shape, given = tuple(x.shape), tuple(t.shape)
    places = shape[:1] + shape[2:] if len(shape) > 1 else ()
    if given != places and given[:1] + given[2:] == places and given[1:2] == (1,):
        raise RuntimeError(
            f"{name}: 0D or 1D target tensor expected, multi-target not supported: the target's shape is {given}, one "
            f"class for each of the {shape[0]} samples is ({shape[0]},). Write target.squeeze(1)."
        )
    if given == shape and len(shape) > 1 and t.dtype.kind != "f":
        raise RuntimeError(
            f"{name}: 0D or 1D target tensor expected, multi-target not supported: a target of the input's shape "
            f"{shape} means probabilities, which are floats. For one-hot rows: target.float() or target.argmax(1)."
        )
    if t.dtype.kind == "f" and given != places:
        raise RuntimeError(
            f"{name}: a floating target means probabilities of the input's shape {shape}, but its shape is {given}."
        )
    if t.dtype not in (_CLASSES, np.uint8):
        raise RuntimeError(
            f"{name}: expected scalar type Long but found {t.dtype}: classes are whole numbers, target.long()"
        )
    if given[:1] != places[:1]:
        raise ValueError(
            f"{name}: Expected input batch_size ({shape[0] if places else 1}) to match target batch_size "
            f"({given[0] if given else 1}): the input's shape is {shape}, the target's {given}."
        )
    if given != places:
        raise RuntimeError(f"{name}: expected a target of shape {places} for an input of shape {shape}, not {given}")
    if type(t) is ndarray and t.size:
        wrong = (t < 0) | (t >= x.shape[len(shape) > 1])
        if ignore_index is not None:
            wrong &= t != ignore_index
        if wrong.any():
            _raise_for_worst(name, t, wrong, x.shape[len(shape) > 1])


def _raise_for_worst(name: str, t: Any, wrong: Any, classes: int) -> None:
    distance = np.where(wrong, np.maximum(t.astype(np.int64) - classes, -t.astype(np.int64)), -1)
    at = np.unravel_index(np.argmax(distance), t.shape)
    worst = int(t[at])
    why = ""
    if classes == 1:
        why = " Give the model an output for each class, or take binary_cross_entropy_with_logits for the one."
    elif worst == classes and t.min() >= 1:
        why = " If the classes are counted from 1, write target - 1."
    elif worst == -1:
        why = " Leave samples without a class out with ignore_index=-1."
    where = f"target[{', '.join(map(str, at))}]" if t.ndim else "the target"
    raise IndexError(
        f"{name}: Target {worst} is out of bounds: {where} = {worst}, but the input has "
        f"{'1 class, 0' if classes == 1 else f'{classes} classes, 0 to {classes - 1}'}.{why}"
    )


def _check_weight(name: str, weight: Any, classes: int) -> None:
    if weight is not None and tuple(raw(weight, name).shape) != (classes,):
        raise RuntimeError(
            f"{name}: weight tensor should be defined either for all {classes} classes or no classes but got weight "
            f"tensor of shape {tuple(raw(weight, name).shape)}"
        )


def _nll(logs: Any, target: Any, weight: Any, ignore_index: int, smoothing: float, reduction: str) -> Tensor:
    """−weight · log p at the class of each sample; smoothing mixes in the mean over all classes."""
    x, t = raw(logs, "nll_loss"), raw(target, "nll_loss").astype(_CLASSES)
    axis = 1 if x.ndim > 1 else 0
    used = t != ignore_index
    hot = losses.one_hot(np.where(used, t, -1), x)  # what is ignored has no class
    share = hot.astype(x.dtype)
    if weight is not None:
        w = np.reshape(raw(weight, "nll_loss"), (-1,) + (1,) * (x.ndim - axis - 1)).astype(x.dtype)
        share, logs = share * w, elementwise.multiply(logs, w)
    loss = elementwise.negative(reductions.sum(elementwise.where(hot, logs, 0), axis=axis))
    if smoothing:
        uniform = reductions.sum(elementwise.where(np.expand_dims(used, axis), logs, 0), axis=axis)
        uniform = elementwise.multiply(uniform, -smoothing / x.shape[axis])
        loss = elementwise.add(elementwise.multiply(loss, 1 - smoothing), uniform)
    if type(t) is not ndarray:  # lazy targets were not checked: what is no class gives NaN
        loss = elementwise.where(used & ((t < 0) | (t >= x.shape[axis])), math.nan, loss)
    if reduction != "mean":
        return reduced(loss, reduction)
    total = np.sum(share)
    if isinstance(total, np.generic) and not total:
        total = math.nan  # the mean of nothing
    return elementwise.multiply(reductions.sum(loss), 1 / total)


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """−log softmax(input) at the target's class, or −Σ target · log softmax(input) for probabilities.

    weight (C,): one for each class; the mean is then weighted. Samples of class `ignore_index` do not count.
    label_smoothing: the share of the target that is spread over all classes. (Szegedy et al., 2016.)
    Raises IndexError for a class that is not there, RuntimeError and ValueError for other shapes and dtypes; warns if
    the input is the result of softmax.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.cross_entropy(tg.tensor([[0.0, 0.0], [1000.0, 0.0]]), tg.tensor([0, 1]), reduction="none")
    tensor([6.9315e-01, 1.0000e+03])
    """
    warn_of_result("cross_entropy", input, "softmax", _TWICE)
    simple = weight is None and size_average is None and reduce is None and not label_smoothing
    if simple and reduction == "mean":
        try:
            x, t = input._array, target._array
        except AttributeError:
            x, t = raw(input, "cross_entropy"), raw(target, "cross_entropy")
        if _are_classes(x, t) and (ignore_index < 0 or not np.any(t == ignore_index)):
            return losses.cross_entropy(input, target)
    name = "cross_entropy"
    reduction = chosen_reduction(name, reduction, size_average, reduce)
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(f"{name}: label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    x, t = raw(input, name), raw(target, name)
    _check_input(name, x, t)
    axis = 1 if x.ndim > 1 else 0
    _check_weight(name, weight, x.shape[axis])
    if t.dtype.kind == "f" and t.shape == x.shape:
        return _of_probabilities(input, target, weight, label_smoothing, reduction)
    _check_classes(name, x, t, ignore_index)
    logs = activations.log_softmax(input, axis=axis)
    return _nll(logs, target, weight, ignore_index, label_smoothing, reduction)


def _of_probabilities(input: Any, target: Any, weight: Any, smoothing: float, reduction: str) -> Tensor:
    x = raw(input, "cross_entropy")
    axis = 1 if x.ndim > 1 else 0
    if smoothing:
        target = elementwise.add(elementwise.multiply(target, 1 - smoothing), smoothing / x.shape[axis])
    terms = elementwise.multiply(activations.log_softmax(input, axis=axis), target)
    if weight is not None:
        terms = elementwise.multiply(terms, shaping.reshape(weight, shape=(-1, *(1,) * (x.ndim - axis - 1))))
    loss = elementwise.negative(reductions.sum(terms, axis=axis))
    return reduced(loss, reduction)


def nll_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """−weight · input at the target's class, where `input` are log-probabilities (log_softmax).

    The mean is Σ loss / Σ weight over the samples whose class is not `ignore_index`.
    Raises IndexError for a class that is not there, RuntimeError and ValueError for other shapes and dtypes; warns if
    the input is the result of softmax.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.nll_loss(tg.tensor([[-0.5, -1.0], [-0.1, -3.0]]), tg.tensor([0, 1]))
    tensor(1.7500)
    """
    warn_of_result("nll_loss", input, "softmax", _NO_LOGARITHM)
    reduction = chosen_reduction("nll_loss", reduction, size_average, reduce)
    x, t = raw(input, "nll_loss"), raw(target, "nll_loss")
    _check_classes("nll_loss", x, t, ignore_index)
    _check_weight("nll_loss", weight, x.shape[1 if x.ndim > 1 else 0])
    return _nll(input, target, weight, ignore_index, 0.0, reduction)


def kl_div(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """target · (log target − input): the divergence of log-probabilities `input` from probabilities `target`.

    log_target: `target` holds logarithms, too. reduction="batchmean" is the sum over the batch size: the
    divergence as books define it, while "mean" also divides by the number of classes (and warns).

    >>> import tinygrad_edu as tg
    >>> p = tg.tensor([[0.5, 0.5]])
    >>> tg.nn.functional.kl_div(tg.tensor([[0.9, 0.1]]).log(), p, reduction="batchmean")
    tensor(0.5108)
    """
    if reduction == "mean" and size_average is None and reduce is None:
        warn(
            "kl_div: reduction='mean' divides the total loss by both the batch size and the support size. "
            "reduction='batchmean' divides only by the batch size, and aligns with the KL div math definition."
        )
    batch = reduction == "batchmean"
    reduction = chosen_reduction("kl_div", "sum" if batch else reduction, size_average, reduce)
    warn_of_broadcast("kl_div", input, target)
    if log_target:
        loss = elementwise.multiply(elementwise.exp(target), elementwise.subtract(target, input))
    else:
        loss = elementwise.subtract(special.xlogy(target, target), elementwise.multiply(target, input))
    y = reduced(loss, reduction)
    shape = raw(input, "kl_div").shape
    return elementwise.multiply(y, 1 / (shape[0] or math.nan)) if batch and shape else y


def multi_margin_loss(
    input: Any,
    target: Any,
    p: int = 1,
    margin: float = 1.0,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Σ max(0, margin − input[target] + input[c])ᵖ / C over the wrong classes c, times the weight of the target's.

    input (N, C) or (C,), target (N,) or (). Raises ValueError for p other than 1 and 2, else as cross_entropy.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.multi_margin_loss(tg.tensor([[0.1, 0.2, 0.4, 0.8]]), tg.tensor([3]))
    tensor(0.3250)
    """
    name = "multi_margin_loss"
    reduction = chosen_reduction(name, reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError(f"{name}: only p == 1 and p == 2 supported, not {p}")
    x, t = raw(input, name), raw(target, name)
    _check_classes(name, x, t, None)
    axis = 1 if x.ndim > 1 else 0
    _check_weight(name, weight, x.shape[axis])
    hot = losses.one_hot(t, x)
    right = reductions.sum(elementwise.where(hot, input, 0), axis=axis, keepdims=True)
    excess = activations.relu(elementwise.add(elementwise.subtract(input, right), margin))
    wrong = elementwise.where(hot, 0, excess if p == 1 else elementwise.square(excess))
    loss = elementwise.divide(reductions.sum(wrong, axis=axis), x.shape[axis])
    return reduced(loss if weight is None else elementwise.multiply(loss, raw(weight, name)[t]), reduction)
